//! Moves messages without losing one: journal, send, journal, delete, journal.

pub mod supply;

use std::time::Duration;

use crate::redrive::journal::Ended;

/// How a run goes, as of now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// How many there are to move; approximate unless they were chosen one by one.
    pub total: u64,
    /// At their destination and gone from where they were.
    pub moved: u64,
    /// At their destination; the delete is still to come.
    pub arrived: u64,
    /// Refused for good; they stay where they were.
    pub refused: u64,
    /// Sent again because the answer to their first send never came: these may be there twice.
    pub maybe_twice: u64,
    /// Came back to the dead-letter queue after they were moved.
    pub bounced: u64,
    /// Of the moved, still waiting at their destination, as far as is known.
    pub waiting: Option<u64>,
    pub stage: Stage,
    pub elapsed: Duration,
    /// A sentence on the last thing that went wrong.
    pub trouble: Option<String>,
    pub ended: Option<Ended>,
}

/// How far the run dares to go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// So many were sent first and are being watched.
    Canary { size: u64, watching: bool },
    #[default]
    All,
}

impl Progress {
    /// Messages a second so far.
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        (seconds > 0.0 && self.moved > 0).then(|| self.moved as f64 / seconds)
    }

    /// How long it will take if it goes on like this.
    pub fn left(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.moved + self.refused) as f64;
        Duration::try_from_secs_f64(left / self.rate()?).ok()
    }
}
