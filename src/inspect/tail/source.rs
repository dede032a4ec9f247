//! Where a tail's lines come from: the calls behind a trait, so that tests can be the endpoint.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::event::Event;
use crate::aws::Trouble;

/// One page of one group's events to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub group: Arc<str>,
    /// From this instant on, in milliseconds since 1970, it included.
    pub from_ms: i64,
    /// And until then, it included.
    pub until_ms: Option<i64>,
    /// A CloudWatch Logs filter pattern: a saving where the endpoint knows it, and no promise where it does not.
    pub pattern: Option<Arc<str>>,
    /// What the page before gave.
    pub token: Option<String>,
}

/// Some events of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub events: Vec<Event>,
    /// To go on with. A page may be empty and not be the last.
    pub next: Option<String>,
}

/// A group that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: Arc<str>,
    /// Without the `:*` at its end.
    pub arn: Option<Arc<str>>,
}

/// What a live session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// From now on it brings what is taken in.
    Began,
    /// Some events, and whether more came than it brings.
    Update { events: Vec<Event>, sampled: bool },
}

/// Logs that can be read.
#[async_trait]
pub trait LogSource: fmt::Debug + Send + Sync {
    /// One page of events.
    ///
    /// # Errors
    /// The call's.
    async fn page(&self, ask: &Ask) -> Result<Page, Trouble>;

    /// The groups whose names begin so, at most so many; and whether there are more.
    ///
    /// # Errors
    /// The calls'.
    async fn groups(&self, prefix: &str, most: usize) -> Result<(Vec<Found>, bool), Trouble>;

    /// Hears what these groups take in from now on, until the session ends.
    ///
    /// # Errors
    /// Why there is no session, or none any more; none when it ended as sessions do, after its time.
    async fn live(&self, groups: &[Found], out: mpsc::Sender<Live>) -> Result<(), Trouble>;

    /// Whether an event has the same id each time it is read.
    fn ids_are_stable(&self) -> bool;
}
