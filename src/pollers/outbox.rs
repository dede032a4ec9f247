//! Where a poller puts what it learnt. Full boxes are sent on; a full channel makes the poller wait.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::Clock;
use crate::{
    aws::Trouble,
    domain::{Done, Fact, Failure, FailureKind, Metric, Reading, Report, ResourceId, Round, Subject},
};

/// Facts sent at once: a first listing of thousands shows as it comes.
const BOX: usize = 256;

/// What was learnt does not wait longer than this for a box to fill: where calls are spaced out, a round takes minutes.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// After so many calls without an answer in one round, the rest of them are not tried.
const MOST_TIMEOUTS: usize = 3;

/// One poller's way out.
#[derive(Debug)]
pub struct Outbox {
    poller: &'static str,
    clock: Clock,
    out: mpsc::Sender<Report>,
    facts: Vec<Fact>,
    /// When the first of them came.
    since: Option<Timestamp>,
    worst: Option<FailureKind>,
    timeouts: usize,
    done: Vec<Done>,
    /// What was said to have failed, about single resources: only of these is it news that they can be read.
    doubted: BTreeSet<(ResourceId, &'static str)>,
    /// What the endpoint was said to lack: that is said once, not of each resource.
    lacking: BTreeSet<&'static str>,
}

impl Outbox {
    pub fn new(poller: &'static str, clock: Clock, out: mpsc::Sender<Report>) -> Self {
        Self {
            poller,
            clock,
            out,
            facts: Vec::new(),
            since: None,
            worst: None,
            timeouts: 0,
            done: Vec::new(),
            doubted: BTreeSet::new(),
            lacking: BTreeSet::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Says one thing; sends the box when it is full, or when it has waited for long.
    pub async fn say(&mut self, fact: Fact) {
        if let Fact::Gone(Subject::Resource(gone)) = &fact {
            self.doubted.retain(|(id, _)| id != gone);
        }
        self.facts.push(fact);
        let now = self.now();
        let since = *self.since.get_or_insert(now);
        if self.facts.len() >= BOX || now.duration_since(since) >= LONGEST_WAIT {
            self.flush().await;
        }
    }

    pub async fn say_all(&mut self, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            self.say(fact).await;
        }
    }

    /// Says that a number was read just now.
    pub async fn measured(&mut self, id: &ResourceId, metric: Metric, value: f64, source: &'static str) {
        let reading = Reading { value, source, at: self.now() };
        self.say(Fact::Measured { id: id.clone(), metric, reading }).await;
    }

    /// Says that an operation for the whole came to a good end: what was said of its failing is over.
    pub fn done(&mut self, operation: &'static str) {
        self.lacking.remove(operation);
        self.done.push(Done { operation, subject: None });
    }

    /// Says that an operation read one resource.
    pub fn read(&mut self, operation: &'static str, id: &ResourceId) {
        if self.lacking.contains(operation) {
            self.done(operation);
        }
        self.settled(operation, id);
    }

    fn settled(&mut self, operation: &'static str, id: &ResourceId) {
        if !self.doubted.is_empty() && self.doubted.remove(&(id.clone(), operation)) {
            self.done.push(Done { operation, subject: Some(id.clone()) });
        }
    }

    /// Says that a call failed, for one resource or for all. An operation that is not there is so for all.
    ///
    /// What one resource meets does not slow down the others, unless it was that nobody answers, or that we are to ask less.
    pub async fn failed(&mut self, operation: &'static str, trouble: Trouble, subject: Option<&ResourceId>) {
        self.timeouts += usize::from(trouble.kind == FailureKind::Timeout);
        let is_for_all =
            matches!(trouble.kind, FailureKind::Unreachable | FailureKind::Expired | FailureKind::Throttled);
        if subject.is_none() || is_for_all || self.timeouts >= MOST_TIMEOUTS {
            self.worst = Some(match self.worst {
                Some(worst) if gravity(worst) >= gravity(trouble.kind) => worst,
                _ => trouble.kind,
            });
        }
        let is_lacking = trouble.kind == FailureKind::NotImplemented;
        if let (true, Some(id)) = (is_lacking, subject) {
            self.settled(operation, id);
        }
        if is_lacking && !self.lacking.insert(operation) {
            return;
        }
        let subject = subject.filter(|_| !is_lacking);
        match subject {
            Some(id) => drop(self.doubted.insert((id.clone(), operation))),
            // In place of what it was said to lack: when that is so again, it is said again.
            None if !is_lacking => drop(self.lacking.remove(operation)),
            None => {}
        }
        let failure = Failure {
            poller: self.poller,
            operation: operation.to_owned(),
            error: trouble.text,
            kind: trouble.kind,
            subject: subject.cloned(),
        };
        self.say(Fact::Failed(failure)).await;
    }

    /// The gravest failure of this round so far.
    pub fn worst(&self) -> Option<FailureKind> {
        self.worst
    }

    /// Whether there is no use in going on with this round: nothing answers, or the answer was to ask less.
    pub fn is_hopeless(&self) -> bool {
        self.timeouts >= MOST_TIMEOUTS
            || matches!(self.worst, Some(FailureKind::Unreachable | FailureKind::Expired | FailureKind::Throttled))
    }

    /// Sends what there is. False when nobody listens any more.
    pub async fn flush(&mut self) -> bool {
        if self.facts.is_empty() {
            return !self.out.is_closed();
        }
        self.send(None).await
    }

    /// Ends the round; `next` is when the poller looks again. False when nobody listens any more.
    pub async fn end(&mut self, next: Option<Timestamp>) -> bool {
        (self.worst, self.timeouts) = (None, 0);
        let done = std::mem::take(&mut self.done);
        self.send(Some(Round { next, done })).await
    }

    async fn send(&mut self, round: Option<Round>) -> bool {
        self.since = None;
        let facts = std::mem::take(&mut self.facts);
        self.out.send(Report { poller: self.poller, at: self.now(), facts, round }).await.is_ok()
    }
}

fn gravity(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::Unreachable => 6,
        FailureKind::Expired => 5,
        FailureKind::Throttled => 4,
        FailureKind::Timeout => 3,
        FailureKind::Garbage => 2,
        FailureKind::Denied | FailureKind::Other | FailureKind::Refused => 1,
        FailureKind::NotImplemented | FailureKind::NotFound => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const DESCRIBE: &str = "kinesis:DescribeStreamSummary";

    /// An outbox whose clock stands still.
    fn outbox() -> (Outbox, mpsc::Receiver<Report>) {
        let (out, reports) = mpsc::channel(8);
        (Outbox::new("kinesis", || Timestamp::UNIX_EPOCH, out), reports)
    }

    fn lacking() -> Trouble {
        Trouble { kind: FailureKind::NotImplemented, text: "not implemented by this endpoint".to_owned() }
    }

    #[tokio::test]
    async fn what_is_lacking_is_said_once_and_of_no_resource() {
        let (mut out, mut reports) = outbox();
        for name in ["a", "b"] {
            out.failed(DESCRIBE, lacking(), Some(&name.into())).await;
        }
        out.end(None).await;
        let facts = reports.recv().await.unwrap().facts;
        assert!(matches!(&facts[..], [Fact::Failed(Failure { subject: None, .. })]), "{facts:?}");

        out.read(DESCRIBE, &"a".into());
        out.read(DESCRIBE, &"b".into());
        out.end(None).await;
        let done = reports.recv().await.unwrap().round.unwrap().done;
        assert_eq!(done, [Done { operation: DESCRIBE, subject: None }]);

        out.failed(DESCRIBE, lacking(), Some(&"a".into())).await;
        out.end(None).await;
        assert_eq!(reports.recv().await.unwrap().facts.len(), 1, "it may be lacking again");
    }

    #[tokio::test]
    async fn what_is_lacking_again_after_an_outage_is_said_again() {
        let (mut out, mut reports) = outbox();
        let down = Trouble { kind: FailureKind::Unreachable, text: "connection refused".to_owned() };
        for trouble in [lacking(), down, lacking()] {
            out.failed(DESCRIBE, trouble, None).await;
        }
        out.end(None).await;
        let facts = reports.recv().await.unwrap().facts;
        let kinds: Vec<_> = facts
            .iter()
            .map(|fact| matches!(fact, Fact::Failed(failure) if failure.kind == FailureKind::NotImplemented))
            .collect();
        assert_eq!(kinds, [true, false, true], "the outage must not stay");
    }

    #[tokio::test]
    async fn what_was_learnt_does_not_wait_for_a_full_box() {
        static SECOND: AtomicI64 = AtomicI64::new(0);
        let (mut out, mut reports) = outbox();
        out.clock = || Timestamp::from_second(SECOND.load(Ordering::Relaxed)).unwrap();
        out.measured(&"a".into(), crate::domain::reading::VISIBLE, 1.0, "test").await;
        assert!(reports.try_recv().is_err(), "the next may come at once");
        SECOND.store(1, Ordering::Relaxed);
        out.measured(&"b".into(), crate::domain::reading::VISIBLE, 1.0, "test").await;
        assert_eq!(reports.try_recv().unwrap().facts.len(), 2);
    }
}
