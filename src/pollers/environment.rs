//! What a function's environment variables, or an application's properties, say of other resources. Pure; values go nowhere but
//! into ids and [`Mention`]s.
//!
//! A value that is an ARN, a queue URL or an `s3://` address is a link in itself; a value that looks like a name is kept as a
//! mention, for the store to compare with the names it knows. Variables that sound like secrets are not looked at.

use crate::domain::{Arn, Kind, KnownBy, Link, LinkKind, Mention, ResourceId, application};

/// A function has at most 4 KB of environment, an application 50 properties; more names than this are no architecture.
const MOST_MENTIONS: usize = 64;
/// The longest name that AWS allows (a log group's), in characters.
const LONGEST_NAME: usize = 512;
const SECRETS: [&str; 7] = ["KEY", "SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE"];

/// What the variables of one function say.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    pub links: Vec<Link>,
    pub mentions: Vec<Mention>,
}

/// Reads all variables of `function`, whose id is an ARN. In the order given: sort them first, so that rounds agree.
pub fn read<'a>(function: &ResourceId, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Said {
    let mut said = Said::default();
    for (variable, value) in variables {
        let value = value.trim();
        if sounds_secret(variable) {
            continue;
        }
        if let Some((kind, to)) = target(function, value) {
            if to != *function {
                let link = Link::configured(function.clone(), kind, to).labelled(variable);
                said.links.push(Link { known_by: KnownBy::Inferred, ..link });
            }
        } else if may_be_a_name(value) && said.mentions.len() < MOST_MENTIONS {
            said.mentions.push(Mention { variable: variable.to_owned(), value: value.to_owned() });
        }
    }
    said
}

/// The same of an application's properties, each called `GROUP/key`: what they name may be what it reads.
pub fn read_properties<'a>(application: &ResourceId, properties: impl IntoIterator<Item = (&'a str, &'a str)>) -> Said {
    let mut said = read(application, properties);
    for link in &mut said.links {
        let kind = link.to.arn().map_or(Kind::External, |arn| Kind::of_arn(&arn));
        *link = application::link(application, &link.label, (kind, link.to.clone()));
    }
    said
}

fn sounds_secret(variable: &str) -> bool {
    let variable = variable.to_ascii_uppercase();
    SECRETS.iter().any(|word| variable.contains(word))
}

fn may_be_a_name(value: &str) -> bool {
    let in_names = |c: char| c.is_ascii_alphanumeric() || "-_./#".contains(c);
    (3..=LONGEST_NAME).contains(&value.len())
        && value.chars().all(in_names)
        && value.chars().any(|c| c.is_ascii_alphabetic())
        && !matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "none" | "null" | "info" | "debug")
}

fn target(function: &ResourceId, value: &str) -> Option<(LinkKind, ResourceId)> {
    if let Some(arn) = Arn::parse(value) {
        return named_by_arn(&arn);
    }
    let own = function.arn()?;
    if let Some(rest) = value.strip_prefix("s3://") {
        let bucket = rest.split('/').next().filter(|bucket| !bucket.is_empty())?;
        return Some((LinkKind::Writes, format!("arn:{}:s3:::{bucket}", own.partition).into()));
    }
    Some((LinkKind::Publishes, queue_of_url(&own, value)?))
}

/// The resource that an ARN is about, without the parts that name something inside it.
fn named_by_arn(arn: &Arn<'_>) -> Option<(LinkKind, ResourceId)> {
    let Arn { partition, service, region, account, resource } = *arn;
    if resource.chars().any(|c| c.is_whitespace() || c == ',') {
        return None;
    }
    let up_to = |n: usize, separator: char| {
        resource.match_indices(separator).nth(n).map_or(resource, |(at, _)| &resource[..at])
    };
    let (kind, resource) = match service {
        "sqs" | "sns" | "states" | "firehose" | "pipes" => (LinkKind::Publishes, resource),
        "events" if resource.starts_with("event-bus/") => (LinkKind::Publishes, resource),
        "kinesis" => (LinkKind::Publishes, up_to(1, '/')),
        "lambda" if resource.starts_with("function:") => (LinkKind::Publishes, up_to(1, ':')),
        "dynamodb" if resource.starts_with("table/") => (LinkKind::Writes, up_to(1, '/')),
        "s3" => (LinkKind::Writes, up_to(0, '/')),
        _ => return None,
    };
    Some((kind, format!("arn:{partition}:{service}:{region}:{account}:{resource}").into()))
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME` and its forms on emulators: the path ends in an account and a name.
pub(super) fn queue_of_url(own: &Arn<'_>, value: &str) -> Option<ResourceId> {
    let (_, rest) = value.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let (host, path) = rest.split_once('/')?;
    let parts: Vec<&str> = path.split('/').collect();
    let [before @ .., account, name] = parts.as_slice() else { return None };
    let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_account || !is_name {
        return None;
    }
    let mut labels = host.split('.');
    let region = match (before, labels.next(), labels.next()) {
        (["queue", region], ..) => region,
        (_, Some("sqs"), Some(region)) if region.contains('-') => region,
        (_, Some(region), Some("queue")) => region,
        _ => own.region,
    };
    Some(format!("arn:{}:sqs:{region}:{account}:{name}", own.partition).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000001:function:f";

    #[rstest]
    #[case("arn:aws:sns:eu-west-1:1:t.fifo", LinkKind::Publishes, "arn:aws:sns:eu-west-1:1:t.fifo")]
    #[case("arn:aws:events:eu-west-1:1:event-bus/b", LinkKind::Publishes, "arn:aws:events:eu-west-1:1:event-bus/b")]
    #[case("arn:aws:dynamodb:eu-west-1:1:table/t/stream/2", LinkKind::Writes, "arn:aws:dynamodb:eu-west-1:1:table/t")]
    #[case("arn:aws:s3:::b/prefix/*", LinkKind::Writes, "arn:aws:s3:::b")]
    #[case("s3://b/prefix", LinkKind::Writes, "arn:aws:s3:::b")]
    #[case("arn:aws:lambda:eu-west-1:1:function:g:live", LinkKind::Publishes, "arn:aws:lambda:eu-west-1:1:function:g")]
    #[case(
        "https://sqs.eu-west-2.amazonaws.com/000000000002/q",
        LinkKind::Publishes,
        "arn:aws:sqs:eu-west-2:000000000002:q"
    )]
    #[case(
        "http://localhost:4566/000000000000/q.fifo",
        LinkKind::Publishes,
        "arn:aws:sqs:eu-west-1:000000000000:q.fifo"
    )]
    #[case(
        "http://localhost:4566/queue/us-east-1/000000000000/q",
        LinkKind::Publishes,
        "arn:aws:sqs:us-east-1:000000000000:q"
    )]
    #[case(
        "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q",
        LinkKind::Publishes,
        "arn:aws:sqs:us-east-1:000000000000:q"
    )]
    fn a_value_that_is_an_address_is_a_link(#[case] value: &str, #[case] kind: LinkKind, #[case] to: &str) {
        let said = read(&FUNCTION.into(), [("TARGET", value)]);
        assert_eq!(said.mentions, []);
        let link = &said.links[0];
        assert_eq!((link.kind, link.to.as_str(), link.label.as_str()), (kind, to, "TARGET"));
        assert_eq!(link.known_by, KnownBy::Inferred);
    }

    #[rstest]
    #[case("orders", true)]
    #[case("/aws/lambda/f", true)]
    #[case("42", false)]
    #[case("true", false)]
    #[case("postgres://user:hunter2@db/x", false)]
    #[case("two words", false)]
    #[case("https://example.com/000000000000", false)]
    #[case("arn:aws:kms:eu-west-1:1:key/k", false)]
    fn a_value_that_may_be_a_name_is_a_mention(#[case] value: &str, #[case] is: bool) {
        let said = read(&FUNCTION.into(), [("V", value)]);
        assert_eq!((said.links.len(), said.mentions.len()), (0, usize::from(is)));
    }

    #[rstest]
    #[case("API_KEY")]
    #[case("db_password")]
    #[case("GithubToken")]
    fn what_sounds_secret_is_not_looked_at(#[case] variable: &str) {
        assert_eq!(
            read(&FUNCTION.into(), [(variable, "arn:aws:sns:eu-west-1:1:t"), (variable, "name")]),
            Said::default()
        );
    }

    #[test]
    fn a_function_does_not_link_to_itself() {
        assert_eq!(read(&FUNCTION.into(), [("SELF", FUNCTION)]), Said::default());
    }

    #[test]
    fn an_application_reads_what_its_properties_call_input() {
        let application = "arn:aws:kinesisanalytics:eu-west-1:000000000001:application/a".into();
        let properties = [
            ("InputStream0/stream.arn", "arn:aws:kinesis:eu-west-1:1:stream/in"),
            ("OutputStream0/stream.arn", "arn:aws:kinesis:eu-west-1:1:stream/out"),
            ("OutputStream0/table", "orders"),
            ("Source/password", "hunter2"),
        ];
        let said = read_properties(&application, properties);
        let ends: Vec<_> = said.links.iter().map(|link| (link.from.short_name(), link.to.short_name())).collect();
        assert_eq!(ends, [("in", "a"), ("a", "out")]);
        assert_eq!(said.mentions.len(), 1);
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC*") { read(&FUNCTION.into(), [("V", value.as_str())]); }
    }
}
