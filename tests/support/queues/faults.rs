//! What goes wrong at which call.

use std::time::Duration;

use edatop::redrive::wire::{Refusal, Why};
use fastrand::Rng;

/// The calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Find,
    Sources,
    Standing,
    Receive,
    Send,
    Delete,
    Lease,
}

/// How one call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Surely not done.
    Refused,
    Throttled,
    Denied,
    /// Not done; nobody knows.
    Unreached,
    /// Done; nobody knows.
    AnswerLost,
    /// Done so much later, when nobody waits for it any more.
    Late(Duration),
    /// A part of the batch is done; of the rest it is said that it is not, or nothing.
    Half,
    /// Done and answered, after so long.
    Slow(Duration),
}

/// How often calls go wrong, each as a share of all calls, and at which operations.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    pub refused: f64,
    pub throttled: f64,
    pub unreached: f64,
    pub answer_lost: f64,
    pub late: f64,
    pub half: f64,
    pub slow: f64,
    /// The slowest of the slow, and the latest of the late.
    pub slowest: Duration,
    /// None for all.
    pub only: Option<Operation>,
    /// A receive that does not wait finds nothing though there is something.
    pub empty: f64,
    /// Counts of messages are off by up to this share.
    pub vague: f64,
}

impl Faults {
    /// All of them, each as often as this.
    pub fn all(share: f64) -> Self {
        Self {
            refused: share,
            throttled: share,
            unreached: share,
            answer_lost: share,
            late: share,
            half: share,
            slow: share,
            slowest: Duration::from_secs(8),
            only: None,
            empty: share,
            vague: share,
        }
    }

    pub(super) fn draw(&self, operation: Operation, rng: &mut Rng) -> Option<Fault> {
        if self.only.is_some_and(|only| only != operation) {
            return None;
        }
        let how_long = self.slowest.mul_f64(rng.f64());
        let faults = [
            (self.refused, Fault::Refused),
            (self.throttled, Fault::Throttled),
            (self.unreached, Fault::Unreached),
            (self.answer_lost, Fault::AnswerLost),
            (self.late, Fault::Late(how_long)),
            (self.half, Fault::Half),
            (self.slow, Fault::Slow(how_long)),
        ];
        let mut lot = rng.f64();
        for (share, fault) in faults {
            if lot < share {
                return Some(fault);
            }
            lot -= share;
        }
        None
    }
}

impl Fault {
    /// What the caller is told.
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Refused => Refusal::new(Why::Unanswered, false, "connection refused"),
            Self::Throttled => Refusal::new(Why::Throttled, false, "rate exceeded"),
            Self::Denied => Refusal::new(Why::Denied, false, "not authorized"),
            _ => Refusal::new(Why::Unanswered, true, "no answer"),
        }
    }
}
