//! What a queue holds, how long until it is empty, and how long until it loses the first of it.
//!
//! How certain the time to loss is, [`Entry::time_to_loss`](crate::store::Entry::time_to_loss) says.

use jiff::Timestamp;

use crate::{
    domain::{ResourceId, reading::VISIBLE},
    store::{Store, depths::Loss},
};

/// One queue's waiting messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backlog {
    /// Messages that wait to be taken, approximately.
    pub waiting: f64,
    /// Seconds that the oldest has waited, if that is known.
    pub oldest_seconds: Option<f64>,
    /// Seconds until all are gone at the rate of now; infinite where nothing drains it; `None` before there are two readings.
    pub drains_seconds: Option<f64>,
    /// Until the first is lost. `None` for an empty queue, and where nothing tells.
    pub loss: Option<Loss>,
}

impl Store {
    /// What waits in a queue; nothing where its depth was not read.
    pub fn backlog(&self, id: &ResourceId, now: Timestamp) -> Option<Backlog> {
        let entry = self.get(id)?;
        let waiting = entry.value(VISIBLE)?;
        let mut readers = self.topology().readers(id).peekable();
        let is_stopped = readers.peek().is_some() && readers.all(|link| link.is_off());
        let holds = waiting >= 1.0;
        Some(Backlog {
            waiting,
            oldest_seconds: entry.known_oldest_age_seconds(now),
            drains_seconds: if is_stopped && holds { Some(f64::INFINITY) } else { entry.drains_seconds() },
            loss: entry.time_to_loss(is_stopped, now).filter(|_| holds),
        })
    }
}
