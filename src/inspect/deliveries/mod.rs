//! What a bus or a delivery stream handed on, and what became of it, as far as that can be known without harm.
//!
//! ```text
//!   Store ── places ──► rules, targets, destinations, with what is known of each      calls nothing
//!   Look  ── look ────► log lines, messages that can be seen for free, the newest objects
//! ```
//!
//! Nobody keeps the events of a bus: what is known of one is what its targets wrote down. A place says what can be looked at, or why
//! nothing can; looking is done at one place at a time, when asked. To show another kind of target: an arm in [`mod@places`].
//! Must not: receive a message, start a replay, or take lines that a function wrote for somebody else for this bus's.

mod endpoint;
pub mod look;
pub mod places;

#[cfg(test)]
mod tests;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

pub use endpoint::Endpoint;
pub use look::look;
pub use places::places;

use super::objects::{Newest, Refused};
use crate::{
    aws::Trouble,
    domain::{Kind, ResourceId},
    redrive::{message::Message, why::lines::LogReader},
};

/// A rule, a target, a destination: something that was handed to, or that tells of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    /// The same at the next look: the way that leads to it.
    #[serde(skip)]
    pub key: String,
    /// A target stands below its rule.
    #[serde(skip)]
    pub depth: u16,
    pub kind: Kind,
    pub id: ResourceId,
    pub name: String,
    /// In a few words.
    pub says: String,
    /// Something is wrong there.
    #[serde(skip)]
    pub is_bad: bool,
    /// All that is known of it, as names and values.
    #[serde(serialize_with = "as_map")]
    pub facts: Vec<(&'static str, String)>,
    #[serde(skip)]
    pub look: Look,
}

/// What can be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The last lines of a log group.
    Lines(Arc<str>),
    /// What a queue holds, where that can be seen without receiving it.
    Waiting(ResourceId),
    /// The newest objects.
    Objects(Folder),
    /// Nothing, and why.
    Nothing(String),
}

/// Where objects are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub bucket: ResourceId,
    pub name: String,
    /// Where it is, as far as that is known.
    pub region: Option<String>,
    /// What all of their keys begin with.
    pub prefix: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sight {
    /// The newest first.
    pub seen: Vec<Seen>,
    /// How far it was looked, and what was not read.
    pub said: String,
}

/// A line, a message, an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub at: Option<Timestamp>,
    /// As it was written; of an object its key.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// It says that something went wrong.
    pub is_bad: bool,
}

/// What is asked. The real one is [`Endpoint`]; tests are another.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    fn logs(&self) -> &dyn LogReader;

    /// What a queue holds; none if it would have to be received.
    ///
    /// # Errors
    /// The call's.
    async fn waiting(&self, queue: &ResourceId) -> Result<Option<Vec<Message>>, Trouble>;

    /// The newest objects of a folder, this many.
    ///
    /// # Errors
    /// The listing's.
    async fn newest(&self, folder: &Folder, wanted: usize) -> Result<Newest, Refused>;
}

fn as_map<S: serde::Serializer>(facts: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().map(|(name, value)| (name, value)))
}
