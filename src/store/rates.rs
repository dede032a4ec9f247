//! How much flows along a link, from the best source there is, and how certain that is.
//!
//! A source may stand at either end. What the sender counts for this link alone is best (a rule's matches); then what the receiver
//! counts, if nothing else that we know sends to it. Several senders to one receiver share its count: which part is whose is told by
//! elimination, where the other parts are known exactly, and else said to be shared. CloudWatch is asked first, then what is derived:
//!
//! | flows into | counted by | derived from | what the derived one misses |
//! |---|---|---|---|
//! | queue | `NumberOfMessagesSent` | rises of the depth | what came and went between two looks |
//! | topic | `NumberOfMessagesPublished` | its busiest subscription | what every filter policy holds back |
//! | function | `Invocations` | REPORT lines of its log group | nothing, a few seconds late |
//! | bus | | its busiest rule | events that no rule matches |
//! | rule | `TriggeredRules` | its target | what other senders add there, if they are unknown |
//! | table | | new keys in samples | most of a fast writer's items; overwritten items |
//! | bucket | | objects of the last minute | objects overwritten, and beyond three pages |
//! | log group | | lines of the last minute | nothing, a few seconds late |
//!
//! Here is no task and no clock. A new source is a line in [`Gauge::into`] or [`Gauge::sent_along`].

mod backlog;
mod gauge;

use jiff::Timestamp;
use serde::Serialize;

use super::Store;
use crate::domain::{Link, ResourceId};

pub use super::depths::Loss;
pub use backlog::Backlog;
use gauge::Gauge;

/// What the number says of the true rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// As good as its source counts.
    Exact,
    /// There may have been more.
    AtLeast,
    /// Of all links that end there, or of all that begin there, together.
    Shared,
}

/// How much flows, as a mean over the source's period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// Messages, records, requests, items, objects or lines a second: what the link carries.
    pub per_second: f64,
    /// The metric, or the derivation.
    pub source: &'static str,
    /// The end of the time that it is true of.
    pub at: Timestamp,
    pub bound: Bound,
}

impl Rate {
    #[must_use]
    fn with(self, bound: Bound) -> Self {
        // What is shared stays so: of a part of a sum not even a lower bound is known.
        Self { bound: self.bound.max(bound), ..self }
    }

    /// The more certain of two; of two lower bounds the higher.
    fn better(self, other: Self) -> Self {
        match self.bound.cmp(&other.bound) {
            std::cmp::Ordering::Less => self,
            std::cmp::Ordering::Greater => other,
            std::cmp::Ordering::Equal if self.bound == Bound::AtLeast && other.per_second > self.per_second => other,
            std::cmp::Ordering::Equal => self,
        }
    }
}

impl Store {
    /// How much flows along a link; nothing where no source tells, or all of them are too old.
    pub fn rate(&self, link: &Link, now: Timestamp) -> Option<Rate> {
        Gauge::new(self, now).along(link)
    }

    /// How much comes into a resource from all sides.
    pub fn inflow(&self, id: &ResourceId, now: Timestamp) -> Option<Rate> {
        Gauge::new(self, now).into(id)
    }

    /// How much of what a link carried comes back to be tried again: what a queue handed out and nobody deleted.
    pub fn retries(&self, link: &Link, now: Timestamp) -> Option<Rate> {
        Gauge::new(self, now).back_along(link)
    }
}

#[cfg(test)]
mod tests;
