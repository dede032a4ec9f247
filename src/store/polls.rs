//! How the polling goes: who answered when, who fails and why, when the next try comes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{Failure, FailureKind, ResourceId, Round};

/// A failure about one resource counts this long, unless a reading of it comes first: longer than anything waits to be read again.
const ITEM_FAILURE_SECONDS: f64 = 900.0;

/// One poller's state.
#[derive(Debug, Default, Clone)]
pub struct Poll {
    /// The end of its last round without a failure of the whole.
    pub last_good: Option<Timestamp>,
    pub last_round: Option<Timestamp>,
    pub next: Option<Timestamp>,
    /// Since when every round has failed as a whole.
    pub failing_since: Option<Timestamp>,
    /// Since when nothing answers it at all.
    silent_since: Option<Timestamp>,
    /// Of the last round that ended.
    failures: Vec<Failure>,
    /// Of the round under way.
    gathering: Vec<Failure>,
    /// By the one resource that each is about: a later round may not ask for that one again.
    items: BTreeMap<ResourceId, (Timestamp, Failure)>,
}

/// All pollers' states, by name.
#[derive(Debug, Default, Clone)]
pub struct Polls {
    polls: BTreeMap<&'static str, Poll>,
}

impl Poll {
    /// What failed in the last round, and what is still in doubt from before.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failures.iter().chain(self.items.values().map(|(_, failure)| failure))
    }

    /// Why one resource could not be read.
    pub fn failure_of(&self, id: &ResourceId) -> Option<&Failure> {
        self.items.get(id).map(|(_, failure)| failure)
    }

    /// The resources that could not be read one by one, and why.
    pub fn unread(&self) -> impl Iterator<Item = (&ResourceId, &Failure)> {
        self.items.iter().map(|(id, (_, failure))| (id, failure))
    }

    /// The failure that puts all of this poller's resources in doubt.
    pub fn total_failure(&self) -> Option<&Failure> {
        self.failures.iter().find(|failure| is_total(failure))
    }

    /// Seconds from one round to the next.
    pub fn period_seconds(&self) -> Option<f64> {
        Some(self.next?.duration_since(self.last_round?).as_secs_f64())
    }
}

impl Polls {
    pub fn get(&self, poller: &str) -> Option<&Poll> {
        self.polls.get(poller)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Poll)> {
        self.polls.iter().map(|(name, poll)| (*name, poll))
    }

    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.polls.values().flat_map(Poll::failures)
    }

    /// Whether a poller's last round failed as a whole.
    pub fn is_failing(&self, poller: &str) -> bool {
        self.polls.get(poller).is_some_and(|poll| poll.failing_since.is_some())
    }

    /// Set when the endpoint itself is in doubt: somebody got no answer, and nobody has got one since.
    pub fn outage(&self) -> Option<&Failure> {
        let no_answer = |poll: &&Poll| poll.total_failure().is_some_and(is_no_answer);
        let newest = self.polls.values().filter(no_answer).max_by_key(|poll| poll.last_round)?;
        let answered = self.polls.values().filter_map(|poll| poll.last_good).max();
        let all_fail = || self.polls.values().all(|poll| poll.last_round.is_none() || poll.total_failure().is_some());
        (answered < newest.last_round || all_fail()).then(|| newest.total_failure()).flatten()
    }

    /// Since when the outage lasts, and when the next try comes.
    pub fn outage_times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let since = self.polls.values().filter_map(|poll| poll.silent_since).min();
        let next = self.polls.values().filter_map(|poll| poll.next).min();
        (since, next)
    }

    /// How many have finished a first round.
    pub fn answered(&self) -> usize {
        self.polls.values().filter(|poll| poll.last_round.is_some()).count()
    }

    pub(super) fn failed(&mut self, failure: Failure, at: Timestamp) {
        let poll = self.polls.entry(failure.poller).or_default();
        // Shown at once: a round with slow calls ends late.
        if is_total(&failure) {
            poll.failing_since.get_or_insert(at);
            if is_no_answer(&failure) {
                poll.silent_since.get_or_insert(at);
            }
        }
        match failure.subject.clone() {
            Some(id) if !is_total(&failure) => drop(poll.items.insert(id, (at, failure))),
            _ => poll.gathering.push(failure),
        }
    }

    /// A resource was read: nothing about it is in doubt any more.
    pub(super) fn read(&mut self, poller: &'static str, id: &ResourceId) {
        if let Some(poll) = self.polls.get_mut(poller) {
            poll.items.remove(id);
        }
    }

    pub(super) fn ended(&mut self, poller: &'static str, at: Timestamp, round: Round) {
        let poll = self.polls.entry(poller).or_default();
        poll.failures = std::mem::take(&mut poll.gathering);
        poll.items.retain(|_, (since, _)| at.duration_since(*since).as_secs_f64() < ITEM_FAILURE_SECONDS);
        poll.last_round = Some(at);
        poll.next = round.next;
        if !poll.failures.iter().any(|failure| is_total(failure) && is_no_answer(failure)) {
            poll.silent_since = None;
        }
        if poll.failures.iter().any(is_total) {
            poll.failing_since.get_or_insert(at);
        } else {
            poll.failing_since = None;
            poll.last_good = Some(at);
        }
    }
}

/// The endpoint, or the whole of our access to it, is the matter: not one service.
fn is_no_answer(failure: &Failure) -> bool {
    use FailureKind::{Expired, Garbage, Timeout, Unreachable};
    matches!(failure.kind, Unreachable | Timeout | Expired | Garbage)
}

/// A failure that puts everything of its poller in doubt: it is about no single resource, or nothing answers at all. That the
/// endpoint plainly lacks an operation is not one.
fn is_total(failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::Unreachable | FailureKind::Expired => true,
        FailureKind::NotImplemented => false,
        _ => failure.subject.is_none(),
    }
}
