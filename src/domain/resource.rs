//! One AWS thing, identified by its ARN and never by a row number.

use std::{borrow::Borrow, collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Arn;

/// An ARN, or the address of an endpoint that has none (an e-mail address, an https URL).
///
/// Cheap to clone: ids are copied into links, series and selections.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(Arc<str>);

impl ResourceId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as an ARN, if it is one.
    pub fn arn(&self) -> Option<Arn<'_>> {
        Arn::parse(&self.0)
    }

    /// The short name that an ARN ends in; the address itself where there is no ARN.
    pub fn short_name(&self) -> &str {
        self.arn().map_or(&self.0, |arn| arn.name())
    }
}

impl<T: AsRef<str>> From<T> for ResourceId {
    fn from(text: T) -> Self {
        Self(text.as_ref().into())
    }
}

impl Borrow<str> for ResourceId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    Queue,
    Topic,
    Endpoint,
    Function,
    Table,
    Bucket,
    LogGroup,
    Bus,
    Rule,
    Stream,
    DeliveryStream,
    Application,
    Api,
    StateMachine,
    Pipe,
    Schedule,
    /// A CloudFormation stack, or the resources that carry one tag.
    Group,
    /// Something outside this account or Region, known only because something here names it.
    External,
}

/// How a kind is written in JSON, drawn, and named in a sentence.
#[derive(Debug)]
pub struct KindRow {
    pub kind: Kind,
    /// The name in `snapshot` JSON, part of its contract.
    pub key: &'static str,
    pub glyph: &'static str,
    pub ascii: &'static str,
    pub one: &'static str,
    pub many: &'static str,
}

const fn row(
    kind: Kind,
    key: &'static str,
    glyphs: (&'static str, &'static str),
    words: (&'static str, &'static str),
) -> KindRow {
    KindRow { kind, key, glyph: glyphs.0, ascii: glyphs.1, one: words.0, many: words.1 }
}

/// One row a kind, in the order of [`Kind`].
pub const KINDS: [KindRow; 18] = [
    row(Kind::Queue, "sqs.queue", ("▤", "Q"), ("queue", "queues")),
    row(Kind::Topic, "sns.topic", ("◇", "T"), ("topic", "topics")),
    row(Kind::Endpoint, "sns.endpoint", ("✉", "@"), ("endpoint", "endpoints")),
    row(Kind::Function, "lambda.function", ("ƒ", "f"), ("function", "functions")),
    row(Kind::Table, "dynamodb.table", ("▦", "#"), ("table", "tables")),
    row(Kind::Bucket, "s3.bucket", ("◍", "B"), ("bucket", "buckets")),
    row(Kind::LogGroup, "logs.group", ("≡", "="), ("log group", "log groups")),
    row(Kind::Bus, "events.bus", ("⬡", "U"), ("bus", "buses")),
    row(Kind::Rule, "events.rule", ("⌁", "R"), ("rule", "rules")),
    row(Kind::Stream, "kinesis.stream", ("≋", "~"), ("stream", "streams")),
    row(Kind::DeliveryStream, "firehose.stream", ("⇉", "D"), ("delivery stream", "delivery streams")),
    row(Kind::Application, "kinesisanalytics.application", ("∑", "S"), ("application", "applications")),
    row(Kind::Api, "apigateway.api", ("⇥", "A"), ("API", "APIs")),
    row(Kind::StateMachine, "states.machine", ("⧉", "M"), ("state machine", "state machines")),
    row(Kind::Pipe, "pipes.pipe", ("⊸", "P"), ("pipe", "pipes")),
    row(Kind::Schedule, "scheduler.schedule", ("◷", "C"), ("schedule", "schedules")),
    row(Kind::Group, "group", ("▣", "G"), ("group", "groups")),
    row(Kind::External, "external", ("↗", "X"), ("outside resource", "outside resources")),
];

impl Kind {
    pub fn row(self) -> &'static KindRow {
        &KINDS[self as usize]
    }

    /// The name in `snapshot` JSON.
    pub fn key(self) -> &'static str {
        self.row().key
    }

    /// "1 queue", "3 queues".
    pub fn counted(self, n: usize) -> String {
        format!("{n} {}", if n == 1 { self.row().one } else { self.row().many })
    }

    /// What an ARN names, as far as the ARN alone tells.
    pub fn of_arn(arn: &Arn<'_>) -> Self {
        match arn.service {
            "sqs" => Self::Queue,
            "sns" => Self::Topic,
            "lambda" => Self::Function,
            "dynamodb" => Self::Table,
            "s3" => Self::Bucket,
            "logs" => Self::LogGroup,
            "events" if arn.resource.starts_with("rule/") => Self::Rule,
            "events" if arn.resource.starts_with("event-bus/") => Self::Bus,
            "kinesis" => Self::Stream,
            "firehose" => Self::DeliveryStream,
            "kinesisanalytics" => Self::Application,
            "apigateway" | "execute-api" => Self::Api,
            "states" => Self::StateMachine,
            "pipes" => Self::Pipe,
            "scheduler" => Self::Schedule,
            "cloudformation" => Self::Group,
            _ => Self::External,
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

/// Attributes under the names that AWS gives them (`VisibilityTimeout`, `RedrivePolicy`, …), values as text.
pub type Attributes = BTreeMap<String, String>;

/// A value in a resource's configuration that may be the exact name of another resource.
///
/// Only the store, which knows all names, can tell; what is no name may be private, so values are never written anywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Mention {
    pub variable: String,
    pub value: String,
}

impl fmt::Debug for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mention").field("variable", &self.variable).finish_non_exhaustive()
    }
}

/// A thing that some API said exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub id: ResourceId,
    pub kind: Kind,
    pub name: String,
    pub attributes: Attributes,
    /// What its environment may name. Never shown, never serialised.
    pub mentions: Vec<Mention>,
}

impl Resource {
    pub fn new(id: impl Into<ResourceId>, kind: Kind, name: impl Into<String>) -> Self {
        Self { id: id.into(), kind, name: name.into(), attributes: Attributes::new(), mentions: Vec::new() }
    }

    /// Adds an attribute, unless there is no value.
    #[must_use]
    pub fn with(mut self, key: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.attributes.insert(key.to_owned(), value.to_string());
        }
        self
    }

    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    /// An attribute that AWS writes as a whole number.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.attribute(key)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_row() {
        for (index, row) in KINDS.iter().enumerate() {
            assert_eq!(row.kind as usize, index);
        }
        let keys: std::collections::BTreeSet<_> = KINDS.iter().map(|row| row.key).collect();
        assert_eq!(keys.len(), KINDS.len());
    }

    #[test]
    fn a_mention_keeps_its_value_to_itself() {
        let mut resource = Resource::new("f", Kind::Function, "f");
        resource.mentions.push(Mention { variable: "TABLE".into(), value: "hunter2".into() });
        let text = format!("{resource:?}");
        assert!(text.contains("TABLE") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn an_id_knows_its_short_name() {
        assert_eq!(ResourceId::from("arn:aws:sqs:eu-west-1:1:q.fifo").short_name(), "q.fifo");
        assert_eq!(ResourceId::from("on-call@example.com").short_name(), "on-call@example.com");
    }
}
