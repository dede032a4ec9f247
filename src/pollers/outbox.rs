//! Where a poller puts what it learnt. Full boxes are sent on; a full channel makes the poller wait.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Clock;
use crate::{
    aws::Trouble,
    domain::{Fact, Failure, FailureKind, Metric, Reading, Report, ResourceId, Round},
};

/// Facts sent at once: a first listing of thousands shows as it comes.
const BOX: usize = 256;

/// Failures said in one round; the rest only count.
const MOST_FAILURES: usize = 20;

/// One poller's way out.
#[derive(Debug)]
pub struct Outbox {
    poller: &'static str,
    clock: Clock,
    out: mpsc::Sender<Report>,
    facts: Vec<Fact>,
    worst: Option<FailureKind>,
    failures: usize,
}

impl Outbox {
    pub fn new(poller: &'static str, clock: Clock, out: mpsc::Sender<Report>) -> Self {
        Self { poller, clock, out, facts: Vec::new(), worst: None, failures: 0 }
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Says one thing; sends the box when it is full.
    pub async fn say(&mut self, fact: Fact) {
        self.facts.push(fact);
        if self.facts.len() >= BOX {
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

    /// Says that a call failed, for one resource or for all.
    pub async fn failed(&mut self, operation: &'static str, trouble: Trouble, subject: Option<&ResourceId>) {
        self.worst = Some(match self.worst {
            Some(worst) if gravity(worst) >= gravity(trouble.kind) => worst,
            _ => trouble.kind,
        });
        self.failures += 1;
        if self.failures > MOST_FAILURES {
            return;
        }
        self.say(Fact::Failed(Failure {
            poller: self.poller,
            operation: operation.to_owned(),
            error: trouble.text,
            kind: trouble.kind,
            subject: subject.cloned(),
        }))
        .await;
    }

    /// The gravest failure of this round so far.
    pub fn worst(&self) -> Option<FailureKind> {
        self.worst
    }

    /// Whether there is no use in going on with this round: nothing answers, or the answer was to ask less.
    pub fn is_hopeless(&self) -> bool {
        matches!(self.worst, Some(FailureKind::Unreachable | FailureKind::Expired | FailureKind::Throttled))
    }

    /// Sends what there is. False when nobody listens any more.
    pub async fn flush(&mut self) -> bool {
        if self.facts.is_empty() {
            return !self.out.is_closed();
        }
        self.send(None).await
    }

    /// Ends the round. False when nobody listens any more.
    pub async fn end(&mut self, round: Round) -> bool {
        self.worst = None;
        self.failures = 0;
        self.send(Some(round)).await
    }

    async fn send(&mut self, round: Option<Round>) -> bool {
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
