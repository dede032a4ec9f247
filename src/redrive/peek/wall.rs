//! How long the machine slept, from two clocks. Only what needs to know when a lease ends may look here.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// So far may the wall clock run ahead of ours before it means that the machine slept.
const AHEAD: SignedDuration = SignedDuration::from_secs(5);

/// The wall clock beside ours, which stands still while the machine sleeps.
#[derive(Debug)]
pub(super) struct Wall {
    clock: fn() -> Timestamp,
    /// The last look at both.
    at: Timestamp,
    seen: Instant,
}

impl Wall {
    pub(super) fn new(clock: fn() -> Timestamp) -> Self {
        Self { clock, at: clock(), seen: Instant::now() }
    }

    /// How long the machine slept since the last look, if it did.
    pub(super) fn slept(&mut self, now: Instant) -> Option<Duration> {
        let at = (self.clock)();
        let awake = SignedDuration::try_from(now.saturating_duration_since(self.seen)).unwrap_or(SignedDuration::MAX);
        let ahead = at.duration_since(self.at).saturating_sub(awake);
        (self.at, self.seen) = (at, now);
        Duration::try_from(ahead).ok().filter(|_| ahead > AHEAD)
    }
}
