//! Links that nobody configured, but that a function's environment or an application's properties give away: a variable whose value
//! is the exact name of something that is here. What names two things at once names neither, unless the variable's own name says which
//! is meant.

use std::collections::BTreeMap;

use crate::domain::{Kind, KnownBy, Link, LinkKind, Mention, Resource, application};

/// Names shorter than this are words, not references.
const SHORTEST_NAME: usize = 3;

/// The words in a variable's name that say what its value names.
const HINTS: [(&str, Kind); 11] = [
    ("QUEUE", Kind::Queue),
    ("TOPIC", Kind::Topic),
    ("TABLE", Kind::Table),
    ("BUCKET", Kind::Bucket),
    ("BUS", Kind::Bus),
    ("DELIVERY", Kind::DeliveryStream),
    ("FIREHOSE", Kind::DeliveryStream),
    ("STREAM", Kind::Stream),
    ("KINESIS", Kind::Stream),
    ("FUNCTION", Kind::Function),
    ("MACHINE", Kind::StateMachine),
];

/// All links that the mentions of these resources give away.
pub(super) fn links<'a>(resources: impl Iterator<Item = &'a Resource> + Clone) -> Vec<Link> {
    let mut named: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
    let mentioning = resources.clone().filter(|resource| !resource.mentions.is_empty());
    if mentioning.clone().next().is_none() {
        return Vec::new();
    }
    for resource in resources.filter(|resource| sends(resource.kind).is_some()) {
        named.entry(&resource.name).or_default().push(resource);
    }
    mentioning
        .flat_map(|resource| {
            let named = &named;
            resource
                .mentions
                .iter()
                .filter_map(move |mention| link(resource, mention, named.get(mention.value.as_str())?))
        })
        .collect()
}

fn link(from: &Resource, mention: &Mention, candidates: &[&Resource]) -> Option<Link> {
    if mention.value.len() < SHORTEST_NAME {
        return None;
    }
    let variable = mention.variable.to_ascii_uppercase();
    let hint = HINTS.iter().find(|(word, _)| variable.contains(word)).map(|(_, kind)| *kind);
    let meant: Vec<&&Resource> = match hint {
        Some(kind) => candidates.iter().filter(|candidate| candidate.kind == kind).collect(),
        None => candidates.iter().collect(),
    };
    let [to] = meant[..] else { return None };
    // Every account has a bus of this name, and many a setting has this value.
    if to.kind == Kind::Bus && to.name == "default" && hint != Some(Kind::Bus) {
        return None;
    }
    if to.id == from.id {
        return None;
    }
    if from.kind == Kind::Application {
        return Some(application::link(&from.id, &mention.variable, (to.kind, to.id.clone())));
    }
    let link = Link::configured(from.id.clone(), sends(to.kind)?, to.id.clone()).labelled(mention.variable.clone());
    Some(Link { known_by: KnownBy::Inferred, ..link })
}

/// How a function uses a thing of this kind that it names.
fn sends(kind: Kind) -> Option<LinkKind> {
    match kind {
        Kind::Queue | Kind::Topic | Kind::Bus | Kind::Stream | Kind::DeliveryStream | Kind::StateMachine => {
            Some(LinkKind::Publishes)
        }
        Kind::Table | Kind::Bucket => Some(LinkKind::Writes),
        Kind::Function => Some(LinkKind::Invokes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn resource(kind: Kind, name: &str) -> Resource {
        Resource::new(format!("{}:{name}", kind.key()), kind, name)
    }

    #[rstest]
    #[case("TABLE_NAME", "orders", Some("dynamodb.table:orders"))]
    // Two things have this name, and the variable does not say which.
    #[case("TARGET", "orders", None)]
    #[case("TARGET", "invoices", Some("s3.bucket:invoices"))]
    #[case("BUCKET", "orders", None)]
    #[case("TARGET", "nothing", None)]
    #[case("EVENT_BUS_NAME", "default", Some("events.bus:default"))]
    #[case("PROFILE", "default", None)]
    #[case("TARGET", "store-orders", Some("events.bus:store-orders"))]
    #[case("KINESIS_STREAM", "sales", Some("kinesis.stream:sales"))]
    #[case("FIREHOSE_STREAM", "sales", Some("firehose.stream:sales"))]
    #[case("TARGET", "sales", None)]
    #[case("STATE_MACHINE", "checkout", Some("states.machine:checkout"))]
    fn a_name_links_if_it_names_one_thing(#[case] variable: &str, #[case] value: &str, #[case] to: Option<&str>) {
        let mut function = resource(Kind::Function, "fn");
        function.mentions = vec![Mention { variable: variable.into(), value: value.into() }];
        let all = [
            function,
            resource(Kind::Table, "orders"),
            resource(Kind::Queue, "orders"),
            resource(Kind::Bucket, "invoices"),
            resource(Kind::Bus, "default"),
            resource(Kind::Bus, "store-orders"),
            resource(Kind::Stream, "sales"),
            resource(Kind::DeliveryStream, "sales"),
            resource(Kind::StateMachine, "checkout"),
        ];
        let found = links(all.iter());
        assert_eq!(found.first().map(|link| link.to.as_str()), to);
        assert!(found.iter().all(|link| link.known_by == KnownBy::Inferred && link.label == variable));
    }

    #[test]
    fn an_application_reads_and_writes_what_its_properties_name() {
        let mut flink = resource(Kind::Application, "windows");
        let mention = |variable: &str, value: &str| Mention { variable: variable.into(), value: value.into() };
        flink.mentions = vec![
            mention("InputStream0/stream.name", "sales"),
            mention("FirehoseSink/stream.name", "revenue"),
            mention("Application/name", "windows"),
        ];
        let all = [flink, resource(Kind::Stream, "sales"), resource(Kind::DeliveryStream, "revenue")];
        let ends: Vec<_> = links(all.iter()).iter().map(|l| format!("{} {:?} {}", l.from, l.kind, l.to)).collect();
        let application = "kinesisanalytics.application:windows";
        assert_eq!(
            ends,
            [
                format!("kinesis.stream:sales Streams {application}"),
                format!("{application} Delivers firehose.stream:revenue")
            ]
        );
    }
}
