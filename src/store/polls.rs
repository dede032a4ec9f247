//! How the polling goes: who answered when, who fails and why, when the next try comes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{Failure, FailureKind, ResourceId, Round};

/// One poller's state.
#[derive(Debug, Default, Clone)]
pub struct Poll {
    /// The last time that it was answered, with nothing of the whole in doubt.
    pub last_good: Option<Timestamp>,
    pub last_round: Option<Timestamp>,
    pub next: Option<Timestamp>,
    /// Since when every round has failed as a whole.
    pub failing_since: Option<Timestamp>,
    /// Since when nothing answers it at all.
    silent_since: Option<Timestamp>,
    /// When somebody there last answered anything.
    answered: Option<Timestamp>,
    /// Somebody did not answer in the round under way.
    silent_now: bool,
    /// By operation, until that operation comes to a good end: a later round may not ask it again.
    failures: BTreeMap<String, Failure>,
    /// By the one resource and the operation that each is about, until that operation reads it, or the resource goes.
    items: BTreeMap<(ResourceId, String), Failure>,
}

/// All pollers' states, by name.
#[derive(Debug, Default, Clone)]
pub struct Polls {
    polls: BTreeMap<&'static str, Poll>,
}

impl Poll {
    /// Whether anything was ever learnt by it.
    pub fn has_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// What is in doubt, and why.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failures.values().chain(self.items.values())
    }

    /// Why one resource could not be read.
    pub fn failure_of(&self, id: &ResourceId) -> Option<&Failure> {
        let first = (id.clone(), String::new());
        self.items.range(first..).next().filter(|((of, _), _)| of == id).map(|(_, failure)| failure)
    }

    /// Why an operation, as a whole, did not come to a good end.
    pub fn failure_to(&self, operation: &str) -> Option<&Failure> {
        self.failures.get(operation)
    }

    /// The resources that could not be read one by one, and why.
    pub fn unread(&self) -> impl Iterator<Item = (&ResourceId, &Failure)> {
        self.items.iter().map(|((id, _), failure)| (id, failure))
    }

    /// The failure that puts all of this poller's resources in doubt.
    pub fn total_failure(&self) -> Option<&Failure> {
        self.failures.values().find(|failure| is_total(failure))
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

    /// Whether all that a poller knows is in doubt.
    pub fn is_failing(&self, poller: &str) -> bool {
        self.polls.get(poller).is_some_and(|poll| poll.failing_since.is_some())
    }

    /// Set when the endpoint, or our access to it, is in doubt as a whole: nobody answers one poller and no other has been answered
    /// since, or no poller gets what it asks for.
    pub fn outage(&self) -> Option<&Failure> {
        let tried = || self.polls.values().filter(|poll| poll.last_round.is_some() || poll.failing_since.is_some());
        let (silent, since) = tried()
            .filter_map(|poll| Some((poll.total_failure().filter(|failure| is_silence(failure))?, poll.silent_since?)))
            .min_by_key(|(_, since)| *since)
            .unzip();
        if let (Some(failure), Some(since)) = (silent, since)
            && tried().all(|poll| poll.answered.is_none_or(|answered| answered < since))
        {
            return Some(failure);
        }
        // What the endpoint lacks, and what had nothing to ask, tells nothing of whether anybody is there.
        let tells = |poll: &&Poll| poll.answered.is_some() || poll.total_failure().is_some();
        let mut failures = tried().filter(tells).map(Poll::total_failure);
        let first = failures.next().flatten()?;
        failures.all(|failure| failure.is_some()).then_some(first)
    }

    /// Since when the outage lasts, and when the next try comes.
    pub fn outage_times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let silent = self.polls.values().filter_map(|poll| poll.silent_since).min();
        let since = silent.or_else(|| self.polls.values().filter_map(|poll| poll.failing_since).max());
        let next = self.polls.values().filter_map(|poll| poll.next).min();
        (since, next)
    }

    /// How many have finished a first round.
    pub fn answered(&self) -> usize {
        self.polls.values().filter(|poll| poll.last_round.is_some()).count()
    }

    /// A call failed. Shown at once: a round with slow calls ends late.
    pub(super) fn failed(&mut self, failure: Failure, at: Timestamp) {
        let poll = self.polls.entry(failure.poller).or_default();
        poll.silent_now |= is_silence(&failure);
        match failure.subject.clone() {
            Some(id) if !is_total(&failure) => {
                poll.items.insert((id, failure.operation.clone()), failure);
            }
            _ => {
                poll.failures.insert(failure.operation.clone(), failure);
            }
        }
        poll.settle(at);
    }

    /// Somebody answered something.
    pub(super) fn answered_at(&mut self, poller: &'static str, at: Timestamp) {
        let poll = self.polls.entry(poller).or_default();
        poll.answered = poll.answered.max(Some(at));
    }

    /// A resource is gone: that it could not be read says nothing any more.
    pub(super) fn went(&mut self, id: &ResourceId) {
        for poll in self.polls.values_mut().filter(|poll| !poll.items.is_empty()) {
            poll.items.retain(|(of, _), _| of != id);
        }
    }

    pub(super) fn ended(&mut self, poller: &'static str, at: Timestamp, round: &Round) {
        let poll = self.polls.entry(poller).or_default();
        for done in &round.done {
            poll.answered = Some(at);
            match &done.subject {
                Some(id) => drop(poll.items.remove(&(id.clone(), done.operation.to_owned()))),
                None => drop(poll.failures.remove(done.operation)),
            }
        }
        // Somebody answers again, so nobody's silence is over as well, whichever operation met it.
        if !std::mem::take(&mut poll.silent_now) && poll.answered > poll.silent_since {
            poll.failures.retain(|_, failure| !is_silence(failure));
        }
        poll.last_round = Some(at);
        poll.next = round.next;
        poll.settle(at);
        if poll.failing_since.is_none() && poll.answered.is_some() {
            poll.last_good = poll.answered;
        }
    }
}

impl Poll {
    /// Notes since when it fails, after its failures have changed.
    fn settle(&mut self, at: Timestamp) {
        let is_silent = self.failures.values().any(is_silence);
        self.silent_since = is_silent.then(|| self.silent_since.unwrap_or(at));
        self.failing_since = self.total_failure().is_some().then(|| self.failing_since.unwrap_or(at));
    }
}

/// Nobody answers, or nobody lets us in any more: that is never one service's matter at a custom endpoint.
fn is_silence(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Unreachable | FailureKind::Expired)
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
