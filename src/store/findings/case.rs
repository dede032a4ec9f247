//! One resource before the rules, with the questions that several of them ask.

use jiff::Timestamp;

use super::{Need, need};
use crate::{
    domain::{Kind, Link, LinkKind, Metric, Resource, ResourceId, Severity},
    store::{Entry, Store},
};

pub struct Case<'a> {
    pub(super) store: &'a Store,
    pub(super) entry: &'a Entry,
    pub(super) now: Timestamp,
}

/// What a rule says: a [`Finding`](crate::domain::Finding) without what follows from the rule itself.
#[derive(Debug)]
pub struct Said {
    pub(super) severity: Severity,
    pub(super) about: Option<ResourceId>,
    pub(super) sentence: String,
    pub(super) advice: String,
}

impl Said {
    pub(super) fn new(severity: Severity, sentence: String, advice: String) -> Self {
        Self { severity, about: None, sentence, advice }
    }

    pub(super) fn about(self, id: &ResourceId) -> Self {
        Self { about: Some(id.clone()), ..self }
    }
}

/// The listing that tells whether a resource of a kind exists.
pub(super) const LISTINGS: [(Kind, Need); 9] = [
    (Kind::Queue, need("sqs", "sqs:ListQueues")),
    (Kind::Function, need("lambda", "lambda:ListFunctions")),
    (Kind::Topic, need("sns", "sns:ListTopics")),
    (Kind::LogGroup, need("logs", "logs:DescribeLogGroups")),
    (Kind::Bus, need("events", "events:ListEventBuses")),
    (Kind::Table, need("dynamodb", "dynamodb:ListTables")),
    (Kind::Stream, need("kinesis", "kinesis:ListStreams")),
    (Kind::DeliveryStream, need("firehose", "firehose:ListDeliveryStreams")),
    (Kind::StateMachine, need("states", "states:ListStateMachines")),
];

pub(super) fn listing(kind: Kind) -> Option<&'static Need> {
    LISTINGS.iter().find(|(of, _)| *of == kind).map(|(_, listing)| listing)
}

impl<'a> Case<'a> {
    pub(super) fn id(&self) -> &'a ResourceId {
        &self.entry.resource.id
    }

    pub(super) fn resource(&self) -> &'a Resource {
        &self.entry.resource
    }

    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        self.entry.value(metric)
    }

    pub(super) fn outgoing(&self, kind: LinkKind) -> impl Iterator<Item = &'a Link> {
        self.store.topology.from(self.id()).filter(move |link| link.kind == kind)
    }

    pub(super) fn incoming(&self, kind: LinkKind) -> impl Iterator<Item = &'a Link> {
        self.store.topology.to(self.id()).filter(move |link| link.kind == kind)
    }

    /// The functions that a mapping feeds from here, or would.
    pub(super) fn functions(&self) -> impl Iterator<Item = (&'a Link, &'a Resource)> {
        self.outgoing(LinkKind::Invokes).filter_map(|link| Some((link, self.living(&link.to)?)))
    }

    /// A resource that is there.
    pub(super) fn living(&self, id: &ResourceId) -> Option<&'a Resource> {
        self.store.get(id).filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource)
    }

    /// A queue that is there and whose attributes were read.
    pub(super) fn queue(&self, id: &ResourceId) -> Option<&'a Resource> {
        self.living(id).filter(|resource| is_read_queue(resource))
    }

    /// Whether something that is named here exists; `None` where that cannot be told: it is another account's or Region's, or the
    /// listing that would name it could not be read to the end.
    pub(super) fn exists(&self, id: &ResourceId) -> Option<bool> {
        let (here, there) = (self.id().arn()?, id.arn()?);
        if (here.partition, here.region, here.account) != (there.partition, there.region, there.account) {
            return None;
        }
        let listing = listing(Kind::of_arn(&there))?;
        listing.is_complete(&self.store.polls).then(|| self.living(id).is_some())
    }
}

/// Whether a queue's attributes were read: what is not among them is not set, then.
pub(super) fn is_read_queue(resource: &Resource) -> bool {
    resource.kind == Kind::Queue && resource.attribute("VisibilityTimeout").is_some()
}

/// FIFO queues and topics are told by their names.
pub(super) fn is_fifo(id: &ResourceId) -> bool {
    id.short_name().ends_with(".fifo")
}

/// `aws sqs set-queue-attributes …` for one attribute.
pub(super) fn set_queue(queue: &Resource, attribute: &str, value: impl std::fmt::Display) -> String {
    let url = queue.attribute("QueueUrl").unwrap_or(&queue.name);
    let value = value.to_string();
    // The short form is for plain values.
    let attributes = match value.parse::<u64>() {
        Ok(number) => format!("{attribute}={number}"),
        Err(_) => serde_json::json!({ attribute: value }).to_string(),
    };
    let attributes = quoted(&attributes);
    format!("aws sqs set-queue-attributes --queue-url {} --attributes {attributes}", quoted(url))
}

/// A word of a shell's command line, whatever is in it: names come from outside.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("http://localhost:4566/000000000000/q", "http://localhost:4566/000000000000/q")]
    #[case("a b", "'a b'")]
    #[case("x'; rm -rf ~ #", r"'x'\''; rm -rf ~ #'")]
    #[case("$(id)", "'$(id)'")]
    #[case("", "''")]
    fn names_cannot_become_commands(#[case] name: &str, #[case] word: &str) {
        assert_eq!(quoted(name), word);
    }
}
