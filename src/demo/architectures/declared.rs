//! The kinds of resource that an architecture declares, in the terms of their services. Data only: `deploy` knows how to make them.

use crate::domain::Kind;

use super::expected::End;

/// A REST API with one resource whose POST goes to a queue by an AWS service integration: no function in between.
#[derive(Debug)]
pub struct Api {
    pub name: &'static str,
    pub path: &'static str,
    pub stage: &'static str,
    pub queue: &'static str,
}

/// A queue. FIFO when its name says so, as in SQS.
#[derive(Debug)]
pub struct Queue {
    pub name: &'static str,
    pub visibility_timeout_seconds: u32,
    pub retention_days: u32,
    pub dead_letter: Option<DeadLetter>,
}

#[derive(Debug)]
pub struct DeadLetter {
    pub queue: &'static str,
    pub max_receive_count: u32,
}

/// A queue's subscription to a topic.
#[derive(Debug)]
pub struct Subscription {
    pub topic: &'static str,
    pub queue: &'static str,
    pub filter_policy: Option<&'static str>,
    /// The subscription attribute `FilterPolicyScope`, when it is not the default.
    pub filter_policy_scope: Option<&'static str>,
    pub raw_message_delivery: bool,
    /// Where SNS puts what it cannot deliver to the queue.
    pub dead_letter_queue: Option<&'static str>,
}

/// A table with one string partition key.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub key: &'static str,
    /// Whether the table has a stream of new images.
    pub stream: bool,
}

/// What a mapping reads.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    Queue(&'static str),
    /// The stream of a table.
    Table(&'static str),
    Stream(&'static str),
}

#[derive(Debug)]
pub enum Trigger {
    Schedule(&'static str),
    Pattern(&'static str),
}

/// A Kinesis stream.
#[derive(Debug)]
pub struct Stream {
    pub name: &'static str,
    pub shards: u32,
}

/// A Firehose delivery stream that is put to directly, changes its records by a function, and writes to a bucket.
#[derive(Debug)]
pub struct DeliveryStream {
    pub name: &'static str,
    pub bucket: &'static str,
    /// What the keys of its objects begin with, before the date.
    pub prefix: &'static str,
    pub transformer: &'static str,
    pub buffer_seconds: u32,
    pub buffer_megabytes: u32,
}

/// A Kinesis Analytics application from a stream to a delivery stream.
#[derive(Debug)]
pub struct Application {
    pub name: &'static str,
    pub engine: Engine,
    pub input: &'static str,
    pub output: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub enum Engine {
    /// The SQL of an application of the first kind; where an endpoint has only the second API, its SQL runtime.
    Sql(&'static str),
    /// Managed Flink: what it reads and writes is told by its environment properties alone.
    Flink,
}

impl Queue {
    /// A queue that functions read: four days of retention, dead letters after three receives.
    pub(super) const fn source(
        name: &'static str,
        dead_letters: &'static str,
        visibility_timeout_seconds: u32,
    ) -> Self {
        let dead_letter = Some(DeadLetter { queue: dead_letters, max_receive_count: 3 });
        Self { name, visibility_timeout_seconds, retention_days: 4, dead_letter }
    }

    /// A queue of dead letters, kept as long as SQS keeps anything.
    pub(super) const fn dead_letters(name: &'static str) -> Self {
        Self { name, visibility_timeout_seconds: 30, retention_days: 14, dead_letter: None }
    }

    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
}

impl Source {
    pub fn queue(self) -> Option<&'static str> {
        match self {
            Self::Queue(name) => Some(name),
            Self::Table(_) | Self::Stream(_) => None,
        }
    }

    /// The resource that it belongs to: a table's stream is the table's.
    pub fn end(self) -> End {
        match self {
            Self::Queue(name) => End::new(Kind::Queue, name),
            Self::Table(name) => End::new(Kind::Table, name),
            Self::Stream(name) => End::new(Kind::Stream, name),
        }
    }
}
