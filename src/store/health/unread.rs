//! What was listed and never read: nothing is known of how it is, and that is not "well".

use super::{Case, Rule};
use crate::domain::{
    Health, Kind, Metric,
    reading::{LINES, VISIBLE},
    units::Age,
};

/// Reading comes after listing: in the first minute, not yet read is as it should be.
const GRACE_SECONDS: f64 = 60.0;
/// What is read in turns may wait this long for its own.
const TOO_OLD_SECONDS: f64 = 600.0;

/// A queue or log group of which only the name is known, and a function whose log is such a one.
pub(super) struct Unread;

impl Rule for Unread {
    fn name(&self) -> &'static str {
        "unread"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        let (entry, metric): (_, Metric) = match case.entry.resource.kind {
            Kind::Queue => (case.entry, VISIBLE),
            Kind::LogGroup => (case.entry, LINES),
            // A function that was never called has no log group yet, and nothing to read.
            Kind::Function => (case.store.get(case.store.topology.log_group(case.id())?)?, LINES),
            _ => return None,
        };
        let poll = case.store.polls.get(entry.poller)?;
        let is_said = poll.failure_of(&entry.resource.id).is_some() || poll.total_failure().is_some();
        // One round is all that a headless command makes, and all that there can be before the second.
        let is_over = poll.last_round.is_some_and(|round| round > entry.first_seen);
        if case.entry.gone.is_some() || entry.gone.is_some() || is_said || !is_over {
            return None;
        }
        let (what, was) = if metric == LINES { ("its log lines", "were") } else { ("its depth", "was") };
        match entry.reading(metric) {
            None if Age::between(entry.first_seen, case.now).0 < GRACE_SECONDS => None,
            None => Some((Health::Unknown, format!("{what} {was} not read yet"))),
            Some(last) if last.age_seconds(case.now) < TOO_OLD_SECONDS => None,
            Some(last) => Some((Health::Unknown, format!("{what}: last read {} ago", Age(last.age_seconds(case.now))))),
        }
    }
}
