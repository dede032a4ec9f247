//! Everything that a poller may say. A small closed set: a new poller never adds a variant.

use jiff::Timestamp;
use serde::Serialize;

use super::{Link, LinkKey, Metric, Reading, Resource, ResourceId};

/// One thing that a poller learnt.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// It exists, with these attributes (they replace the ones known before).
    Found(Resource),
    /// A sends to B.
    Linked(Link),
    /// It was there and a complete listing no longer names it.
    Gone(Subject),
    /// A number was read.
    Measured { id: ResourceId, metric: Metric, reading: Reading },
    /// Something was said: a log line.
    Heard(Heard),
    /// A call failed; what it would have told is unknown.
    Failed(Failure),
}

/// What can go.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    Resource(ResourceId),
    Link(LinkKey),
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// A line that a resource said.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub id: ResourceId,
    pub at: Timestamp,
    pub level: Level,
    pub text: String,
}

/// Why a call failed, in the classes that call for different answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Nothing answers at the address.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The credentials are missing, wrong or not allowed to do this.
    Denied,
    /// The credentials were good once.
    Expired,
    /// Asked too often.
    Throttled,
    /// This endpoint does not have the operation.
    NotImplemented,
    /// The thing asked about does not exist.
    NotFound,
    /// The guard refused to send it (`--read-only`).
    Refused,
    /// The answer was not one that the service gives.
    Garbage,
    Other,
}

impl FailureKind {
    /// After such a failure a poller asks nothing more in its round: what it did not name may be there all the same.
    pub fn ends_a_round(self) -> bool {
        matches!(self, Self::Unreachable | Self::Expired | Self::Throttled | Self::Timeout)
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    pub poller: &'static str,
    /// `sqs:GetQueueAttributes`.
    pub operation: String,
    /// A sentence that says what happened and what to do.
    pub error: String,
    pub kind: FailureKind,
    /// The one resource that it was about, if it was about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<ResourceId>,
}

/// What a poller hands over: some facts, and at the end of a round, that it has ended.
#[derive(Debug, Clone)]
pub struct Report {
    pub poller: &'static str,
    /// When the facts were learnt.
    pub at: Timestamp,
    pub facts: Vec<Fact>,
    /// Set on the last report of a round.
    pub round: Option<Round>,
}

/// The end of a poller's round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// When the poller looks again; `None` when it does not (headless, or paused).
    pub next: Option<Timestamp>,
    /// What came to a good end: doubts that it had raised are over. A round that asked nothing names nothing, and what was in doubt
    /// stays so.
    pub done: Vec<Done>,
}

/// An operation that did what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub operation: &'static str,
    /// The one resource that it was about, if it was about one.
    pub subject: Option<ResourceId>,
}
