//! When a number must no longer be shown as if it were of now.

use jiff::Timestamp;

use super::{Entry, Store};
use crate::domain::Metric;

/// A younger reading is never shown as old, whatever the pace.
const STALE_AFTER_SECONDS: f64 = 60.0;
/// An older one than this many of its own periods is.
const STALE_AFTER_PERIODS: f64 = 3.0;
/// What nobody looks at is read up to eight times more rarely than its poller makes rounds; half as much again is late.
const STALE_AFTER_ROUNDS: f64 = 12.0;
/// CloudWatch knows a minute up to three minutes after it ended, and is asked once a minute.
const LATE_STALE_AFTER_SECONDS: f64 = 300.0;
/// The longest period that is believed: two readings with a long pause between them tell of no pace.
const LONGEST_PERIOD_SECONDS: f64 = 600.0;

impl Store {
    /// Whether all that is known of it was true once: it is gone, or its poller fails.
    pub fn is_in_doubt(&self, entry: &Entry) -> bool {
        entry.gone.is_some() || self.polls.is_failing(entry.poller)
    }

    /// Whether one of its numbers must be shown as old: all of it is in doubt, or no reading came when one was due.
    pub fn is_stale(&self, entry: &Entry, metric: Metric, now: Timestamp) -> bool {
        let Some(track) = entry.tracks.get(metric.name) else { return self.is_in_doubt(entry) };
        if track.last.comes_late() {
            // Another poller's word than the one that found it: that one's failing is no reason to doubt it.
            return entry.gone.is_some() || track.last.age_seconds(now) > LATE_STALE_AFTER_SECONDS;
        }
        let round = self.polls.get(entry.poller).and_then(|poll| poll.period_seconds()).unwrap_or(0.0);
        let own = track.period.unwrap_or(0.0).min(LONGEST_PERIOD_SECONDS);
        let late = (own * STALE_AFTER_PERIODS).max(round * STALE_AFTER_ROUNDS).max(STALE_AFTER_SECONDS);
        self.is_in_doubt(entry) || track.last.age_seconds(now) > late
    }
}
