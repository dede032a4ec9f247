//! What a tail brings: events of many groups in the order of their time, and what is to be said of them.

use std::sync::Arc;

/// One event of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The name of its group.
    pub group: Arc<str>,
    pub stream: Arc<str>,
    /// As the service has it; not every endpoint gives an event the same id twice.
    pub id: Option<Box<str>>,
    /// When it was said, in milliseconds since 1970: the writer's own clock.
    pub at_ms: i64,
    /// When the service took it in, likewise.
    pub ingested_ms: Option<i64>,
    /// As it was written: to be cleaned before it reaches a terminal.
    pub text: Box<str>,
}

/// Some events and what is to be said with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// By time, the oldest first. One that is older than the last of an earlier batch came late: it belongs before that.
    pub events: Vec<Event>,
    pub notes: Vec<Note>,
    /// All groups that answer were read up to here, in milliseconds since 1970.
    pub read_to_ms: Option<i64>,
}

/// What is to be said of a tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Events between these instants, in milliseconds since 1970, may be missing, and why.
    Gap { group: Arc<str>, from_ms: i64, to_ms: i64, why: String },
    /// The group cannot be read at the moment, and why; it is tried again.
    Trouble { group: Arc<str>, text: String },
    /// It is read again.
    Recovered { group: Arc<str> },
    /// It is gone; it is looked for again.
    Gone { group: Arc<str> },
}
