//! What a queue holds, how long until it is empty, and how long until it loses the first of it.
//!
//! The time to loss is exact where the age of the oldest message was read (LocalStack's free look, CloudWatch). Where it was not, it is
//! at most the retention less the time that the queue has not fallen; that is said only where nothing can leave unseen.

use jiff::Timestamp;

use crate::{
    domain::{LinkKind, ResourceId, reading::VISIBLE, units::Age},
    store::Store,
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

/// Seconds until the queue drops its oldest message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    In(f64),
    /// It may be sooner.
    InAtMost(f64),
}

impl Store {
    /// What waits in a queue; nothing where its depth was not read.
    pub fn backlog(&self, id: &ResourceId, now: Timestamp) -> Option<Backlog> {
        let entry = self.get(id)?;
        let waiting = entry.value(VISIBLE)?;
        let mut readers = self.topology().from(id).filter(|link| link.kind == LinkKind::Invokes).peekable();
        let is_stopped = readers.peek().is_some() && readers.all(|link| link.is_off());
        let drains = if is_stopped && waiting >= 1.0 { Some(f64::INFINITY) } else { entry.drains_seconds() };
        let retention = entry.resource.number("MessageRetentionPeriod").map(|seconds| seconds as f64);
        let oldest = entry.known_oldest_age_seconds(now);
        // A depth that only grows may hide messages that leave, unless those who could take them are switched off.
        let held = if is_stopped { entry.holding_since() } else { entry.standing_since() };
        let loss = match (retention.filter(|_| waiting >= 1.0), oldest, held) {
            (Some(retention), Some(oldest), _) => Some(Loss::In((retention - oldest).max(0.0))),
            (Some(retention), None, Some(held)) => {
                Some(Loss::InAtMost((retention - Age::between(held, now).0).max(0.0)))
            }
            _ => None,
        };
        Some(Backlog { waiting, oldest_seconds: oldest, drains_seconds: drains, loss })
    }
}
