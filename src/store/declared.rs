//! Links that the user's configuration declares, drawn between what is here. What cannot be drawn is said, in words, each time.
//!
//! An ARN stands for itself, listed or not. A name must be the exact name of one thing; `queue:orders` says which.

use std::collections::BTreeMap;

use crate::domain::{
    Arn, Declaration, Failure, FailureKind, Kind, KnownBy, Link, LinkKind, Resource, ResourceId, resource::KINDS,
    unqualified,
};

/// What failures of declarations are said to come from.
const SAID_BY: &str = "config";

/// Things by their names.
type Names<'a> = BTreeMap<&'a str, Vec<&'a Resource>>;

/// The links that can be drawn, and why the others cannot.
pub(super) fn links<'a>(
    declarations: &[Declaration],
    resources: impl Iterator<Item = &'a Resource>,
) -> (Vec<Link>, Vec<Failure>) {
    if declarations.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let mut names = Names::new();
    for resource in resources.filter(|resource| resource.kind != Kind::Group) {
        names.entry(&resource.name).or_default().push(resource);
        names.entry(resource.id.as_str()).or_default().push(resource);
    }
    let (mut links, mut failures) = (Vec::new(), Vec::new());
    for declaration in declarations {
        match link(declaration, &names) {
            Ok(link) => links.push(link),
            Err(why) => failures.push(Failure {
                poller: SAID_BY,
                operation: format!("[[link]] {} → {}", declaration.from, declaration.to),
                error: why,
                kind: FailureKind::NotFound,
                subject: None,
            }),
        }
    }
    (links, failures)
}

fn link(declaration: &Declaration, names: &Names<'_>) -> Result<Link, String> {
    let (from, of_from) = end(&declaration.from, names)?;
    let (to, of_to) = end(&declaration.to, names)?;
    if from == to {
        return Err("it leads from a thing to itself".to_owned());
    }
    let kind = declaration.kind.unwrap_or_else(|| usual(of_from, of_to));
    if !kind.carries() {
        return Err("nothing flows along a link of this kind: leave `kind` out".to_owned());
    }
    Ok(Link { known_by: KnownBy::Declared, ..Link::configured(from, kind, to).labelled(declaration.label.clone()) })
}

/// The one thing that a text names.
fn end(text: &str, names: &Names<'_>) -> Result<(ResourceId, Kind), String> {
    if let Some(arn) = Arn::parse(text) {
        return Ok((unqualified(text).into(), Kind::of_arn(&arn)));
    }
    let (kind, name) = match text.split_once(':').and_then(|(word, name)| Some((kind_of_word(word)?, name))) {
        Some((kind, name)) => (Some(kind), name),
        None => (None, text),
    };
    let all = names.get(name).map(Vec::as_slice).unwrap_or_default();
    let mut meant: Vec<&Resource> =
        all.iter().filter(|resource| kind.is_none_or(|kind| resource.kind == kind)).copied().collect();
    meant.dedup_by(|a, b| a.id == b.id);
    match meant[..] {
        [one] => Ok((one.id.clone(), one.kind)),
        [] => Err(format!("no {} known so far is called {name}", kind.map_or("resource", |kind| kind.row().one))),
        [first, second, ..] if first.kind != second.kind => {
            let prefixed = |one: &Resource| format!("{}:{name}", word(one.kind));
            Err(format!("{name} names more than one thing: write {} or {}", prefixed(first), prefixed(second)))
        }
        _ => Err(format!("{name} names more than one {}: write its ARN", meant[0].kind.row().one)),
    }
}

/// How a kind is written before a name: `queue`, `delivery-stream`.
fn word(kind: Kind) -> String {
    kind.row().one.replace(' ', "-").to_lowercase()
}

fn kind_of_word(text: &str) -> Option<Kind> {
    KINDS.iter().map(|row| row.kind).find(|kind| word(*kind) == text.to_lowercase() || kind.key() == text)
}

/// What things of these kinds do with each other.
fn usual(from: Kind, to: Kind) -> LinkKind {
    match (from, to) {
        (Kind::Topic, _) => LinkKind::Subscribes,
        (Kind::Bus, Kind::Rule) => LinkKind::Routes,
        (Kind::Rule | Kind::Schedule | Kind::Pipe | Kind::Bus, _) => LinkKind::Targets,
        (Kind::Queue | Kind::Stream | Kind::Table, Kind::Function) | (Kind::Function, Kind::Function) => {
            LinkKind::Invokes
        }
        (Kind::Stream | Kind::Table, _) => LinkKind::Streams,
        (Kind::Bucket, _) => LinkKind::Notifies,
        (Kind::DeliveryStream | Kind::Application, _) => LinkKind::Delivers,
        (Kind::Api, _) => LinkKind::Integrates,
        (Kind::StateMachine, _) => LinkKind::Calls,
        (_, Kind::Table | Kind::Bucket) => LinkKind::Writes,
        _ => LinkKind::Publishes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn declared(from: &str, to: &str, kind: Option<LinkKind>) -> Declaration {
        Declaration { from: from.into(), to: to.into(), kind, label: "as the code says".into() }
    }

    fn all() -> [Resource; 6] {
        let one = |kind: Kind, id: &str| Resource::new(id, kind, id.rsplit([':', '/']).next().unwrap());
        [
            one(Kind::Function, "arn:aws:lambda:r:1:function:POC-Lambda-1"),
            one(Kind::Table, "arn:aws:dynamodb:r:1:table/orders"),
            one(Kind::Queue, "arn:aws:sqs:r:1:orders"),
            one(Kind::Queue, "arn:aws:sqs:r:1:twice"),
            one(Kind::Queue, "arn:aws:sqs:s:1:twice"),
            one(Kind::Group, "POC-Lambda-1"),
        ]
    }

    #[rstest]
    #[case("POC-Lambda-1", "table:orders", None, "POC-Lambda-1 Writes orders")]
    #[case("queue:orders", "POC-Lambda-1", None, "orders Invokes POC-Lambda-1")]
    #[case("POC-Lambda-1", "sqs.queue:orders", None, "POC-Lambda-1 Publishes orders")]
    #[case("POC-Lambda-1", "arn:aws:sns:r:2:elsewhere", None, "POC-Lambda-1 Publishes elsewhere")]
    #[case("arn:aws:sqs:r:1:twice", "POC-Lambda-1", Some(LinkKind::Targets), "twice Targets POC-Lambda-1")]
    fn one_that_can_be_drawn(
        #[case] from: &str,
        #[case] to: &str,
        #[case] kind: Option<LinkKind>,
        #[case] picture: &str,
    ) {
        let (links, failures) = links(&[declared(from, to, kind)], all().iter());
        assert_eq!(failures, []);
        let link = &links[0];
        assert_eq!(format!("{} {:?} {}", link.from.short_name(), link.kind, link.to.short_name()), picture);
        assert_eq!((link.known_by, link.label.as_str()), (KnownBy::Declared, "as the code says"));
    }

    #[rstest]
    #[case("POC-Lambda-1", "orders", None, "orders names more than one thing: write table:orders or queue:orders")]
    #[case("POC-Lambda-1", "twice", None, "twice names more than one queue: write its ARN")]
    #[case("POC-Lambda-1", "order", None, "no resource known so far is called order")]
    #[case("POC-Lambda-1", "topic:orders", None, "no topic known so far is called orders")]
    #[case("POC-Lambda-1", "POC-Lambda-1", None, "it leads from a thing to itself")]
    #[case(
        "POC-Lambda-1",
        "table:orders",
        Some(LinkKind::Logs),
        "nothing flows along a link of this kind: leave `kind` out"
    )]
    fn one_that_cannot_is_said(
        #[case] from: &str,
        #[case] to: &str,
        #[case] kind: Option<LinkKind>,
        #[case] why: &str,
    ) {
        let (links, failures) = links(&[declared(from, to, kind)], all().iter());
        assert_eq!(links, []);
        assert_eq!(failures[0].error, why);
        assert_eq!(failures[0].operation, format!("[[link]] {from} → {to}"));
    }
}
