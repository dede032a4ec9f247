//! The program under test as the queues see it: its calls, each with what chance makes of it, until it is killed.

use std::{
    fmt,
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use edatop::redrive::{
    message::{Message, Outgoing, system},
    queue::{Queue, Standing},
    wire::{Accepted, Ask, Each, Refusal, Why, Wire},
};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{
    Shared, State,
    faults::{Fault, Operation},
    shelf::{Shelf, Taken},
};

/// One life of the program.
pub struct Process {
    shared: Arc<Shared>,
    steps: AtomicU64,
    crash_at: Option<u64>,
    dead: CancellationToken,
}

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Process at step {}", self.steps())
    }
}

/// Does a batch, one by one; may be done later than it was asked for.
type Deed<T> = Box<dyn FnOnce(&mut State, &[bool]) -> Each<T> + Send>;

impl Process {
    pub(super) fn new(shared: Arc<Shared>, crash_at: Option<u64>) -> Self {
        Self { shared, steps: AtomicU64::new(0), crash_at, dead: CancellationToken::new() }
    }

    /// How many steps it took so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Kills it now.
    pub fn kill(&self) {
        self.dead.cancel();
    }

    /// Runs to the end, or until it is killed, which drops it at the await that it is at.
    pub async fn live<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        let end = tokio::select! {
            biased;
            () = self.dead.cancelled() => None,
            end = run => Some(end),
        };
        // What it had spawned gets no answers any more; what was woken already runs into that now.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        end
    }

    async fn step(&self) {
        if self.crash_at == Some(self.steps.fetch_add(1, Ordering::Relaxed)) {
            self.dead.cancel();
        }
        if self.dead.is_cancelled() {
            pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    /// Chance, or the script, for this call.
    fn draw(&self, operation: Operation) -> Option<Fault> {
        let mut state = self.shared.state();
        state.calls.push(operation);
        let scripted = state.script.iter().position(|(of, _)| *of == operation);
        if let Some(at) = scripted {
            return Some(state.script.remove(at).1);
        }
        let faults = state.faults.clone();
        faults.draw(operation, &mut state.rng)
    }

    /// A call that is done as a whole or not at all.
    async fn whole<T>(
        &self,
        operation: Operation,
        deed: impl AsyncFnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.step().await;
        let fault = self.draw(operation);
        let answer = match fault {
            Some(fault @ (Fault::Refused | Fault::Throttled | Fault::Denied | Fault::Unreached)) => {
                Err(fault.refusal())
            }
            Some(fault @ (Fault::AnswerLost | Fault::Late(_) | Fault::Half)) => {
                deed().await.and_then(|_| Err(fault.refusal()))
            }
            Some(Fault::Slow(how_long)) => {
                sleep(how_long).await;
                deed().await
            }
            None => deed().await,
        };
        self.step().await;
        answer
    }

    /// A call of a batch.
    async fn batch<T: Clone + Send + 'static>(&self, operation: Operation, count: usize, deed: Deed<T>) -> Each<T> {
        assert!((1..=10).contains(&count), "a batch of {count}");
        self.step().await;
        let all = vec![true; count];
        let answer = match self.draw(operation) {
            Some(fault @ (Fault::Refused | Fault::Throttled | Fault::Denied | Fault::Unreached)) => {
                vec![Err(fault.refusal()); count]
            }
            Some(fault @ Fault::AnswerLost) => {
                self.happen(deed, &all);
                vec![Err(fault.refusal()); count]
            }
            Some(fault @ Fault::Late(how_long)) => {
                let shared = self.shared.clone();
                tokio::spawn(async move {
                    sleep(how_long).await;
                    deed(&mut shared.state(), &all);
                    shared.arrival.notify_waiters();
                });
                vec![Err(fault.refusal()); count]
            }
            Some(fault @ Fault::Half) => self.half(deed, count, fault),
            Some(Fault::Slow(how_long)) => {
                let (before, after) = if how_long.as_millis().is_multiple_of(2) {
                    (how_long, Duration::ZERO)
                } else {
                    (Duration::ZERO, how_long)
                };
                sleep(before).await;
                let answer = self.happen(deed, &all);
                sleep(after).await;
                answer
            }
            None => self.happen(deed, &all),
        };
        self.step().await;
        answer
    }

    /// Of each message it is done or not, and said truly or not at all.
    fn half<T: Clone>(&self, deed: Deed<T>, count: usize, fault: Fault) -> Each<T> {
        let (done, told): (Vec<bool>, Vec<bool>) = {
            let rng = &mut self.shared.state().rng;
            (0..count).map(|_| (rng.bool(), rng.bool())).unzip()
        };
        let answer = self.happen(deed, &done);
        let one = |((result, done), told): ((Result<T, Refusal>, bool), bool)| match (done, told) {
            (true, true) => result,
            (false, true) => Err(Fault::Throttled.refusal()),
            (_, false) => Err(fault.refusal()),
        };
        answer.into_iter().zip(done).zip(told).map(one).collect()
    }

    fn happen<T>(&self, deed: Deed<T>, which: &[bool]) -> Each<T> {
        let answer = deed(&mut self.shared.state(), which);
        self.shared.arrival.notify_waiters();
        answer
    }
}

#[async_trait]
impl Wire for Process {
    async fn find(&self, queue: &str) -> Result<Queue, Refusal> {
        let is_it = |found: &Queue| [found.name(), found.url.as_str(), found.arn.as_str()].contains(&queue);
        let find = async || {
            let state = self.shared.state();
            state.shelves.iter().map(|shelf| &shelf.queue).find(|found| is_it(found)).cloned().ok_or_else(gone)
        };
        self.whole(Operation::Find, find).await
    }

    async fn sources(&self, of: &Queue) -> Result<Vec<Queue>, Refusal> {
        let is_one = |queue: &Queue| queue.redrive_policy.as_ref().is_some_and(|policy| policy.target == of.arn);
        let sources = async || {
            let state = self.shared.state();
            Ok(state.shelves.iter().map(|shelf| shelf.queue.clone()).filter(is_one).collect())
        };
        self.whole(Operation::Sources, sources).await
    }

    async fn standing(&self, queue: &Queue) -> Result<Standing, Refusal> {
        let standing = async || {
            let mut state = self.shared.state();
            let vague = state.faults.vague;
            let by = 1.0 + vague * (state.rng.f64() * 2.0 - 1.0);
            let off = |number: u64| (number as f64 * by).round() as u64;
            let now = state.now();
            let standing = state.shelf(&queue.url).ok_or_else(gone)?.standing(now);
            Ok(Standing { visible: off(standing.visible), in_flight: off(standing.in_flight), delayed: 0 })
        };
        self.whole(Operation::Standing, standing).await
    }

    async fn glimpse(&self, queue: &Queue) -> Option<Vec<Message>> {
        self.step().await;
        let mut state = self.shared.state();
        let can = state.glimpses;
        state.shelf(&queue.url).filter(|_| can).map(|shelf| shelf.messages().cloned().collect())
    }

    async fn receive(&self, from: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal> {
        assert!((1..=10).contains(&ask.most), "a receive of {}", ask.most);
        self.whole(Operation::Receive, async || receive(&self.shared, &from.url, ask).await).await
    }

    async fn send(&self, to: &Queue, batch: &[&Outgoing]) -> Each<Accepted> {
        let (url, messages) = (to.url.clone(), batch.iter().copied().cloned().collect::<Vec<_>>());
        let deed = move |state: &mut State, which: &[bool]| {
            if !Shelf::fits(&messages) {
                return vec![Err(Refusal::new(Why::Unacceptable, false, "the batch is too long")); messages.len()];
            }
            messages.iter().zip(which).map(|(message, which)| state.send(&url, message, *which)).collect()
        };
        self.batch(Operation::Send, batch.len(), Box::new(deed)).await
    }

    async fn delete(&self, from: &Queue, receipts: &[String]) -> Each<()> {
        let (url, receipts) = (from.url.clone(), receipts.to_vec());
        let count = receipts.len();
        let deed = move |state: &mut State, which: &[bool]| {
            receipts.iter().zip(which).map(|(receipt, which)| state.delete(&url, receipt, *which)).collect()
        };
        self.batch(Operation::Delete, count, Box::new(deed)).await
    }

    async fn lease(&self, on: &Queue, receipts: &[String], lease: Duration) -> Each<()> {
        let (url, receipts) = (on.url.clone(), receipts.to_vec());
        let count = receipts.len();
        let deed = move |state: &mut State, which: &[bool]| {
            receipts.iter().zip(which).map(|(receipt, which)| state.lease(&url, receipt, *which, lease)).collect()
        };
        self.batch(Operation::Lease, count, Box::new(deed)).await
    }
}

/// Receives, and waits for something as long as it is asked to.
pub(super) async fn receive(shared: &Shared, url: &str, ask: Ask) -> Result<Vec<Message>, Refusal> {
    let deadline = Instant::now() + ask.wait;
    loop {
        let woken = shared.arrival.notified();
        let messages = shared.state().receive(url, ask)?;
        if !messages.is_empty() || Instant::now() >= deadline {
            return Ok(messages);
        }
        let next = shared.state().next_return(url);
        let until = next.unwrap_or(deadline).min(deadline);
        tokio::select! {
            biased;
            _ = timeout_at(until, woken) => {}
            () = sleep_until(deadline) => {}
        }
    }
}

impl State {
    /// When the next lease there ends, by tokio's time.
    fn next_return(&mut self, url: &str) -> Option<Instant> {
        let slept = self.slept;
        let next = self.shelf(url)?.next_return()?;
        Some(next.checked_sub(slept).unwrap_or(next))
    }

    pub(super) fn receive(&mut self, url: &str, ask: Ask) -> Result<Vec<Message>, Refusal> {
        let now = self.now();
        let (limit, empty, wall) = (self.over_limit, self.faults.empty, self.wall_ms(now));
        let lot = self.rng.f64();
        let mut rng = self.rng.fork();
        let shelf = self.shelf(url).ok_or_else(gone)?;
        if !shelf.has_ready(now) || (ask.wait.is_zero() && lot < empty) {
            return Ok(Vec::new());
        }
        if !shelf.queue.is_fifo() && shelf.in_flight() >= limit {
            return Err(Refusal::new(Why::OverLimit, false, "too many messages are in flight"));
        }
        let mut ours = Vec::new();
        let source = shelf.queue.clone();
        for taken in shelf.receive(ask, (now, &wall), &mut rng) {
            match taken {
                Taken::Ours(message) => ours.push(message),
                Taken::Dead(message) => self.dead_letter(&source, message),
            }
        }
        Ok(ours)
    }

    /// Without its target a message is lost, which is a mistake in a test.
    fn dead_letter(&mut self, source: &Queue, mut message: Message) {
        let target = source.redrive_policy.as_ref().unwrap().target.clone();
        message.system.insert(system::SOURCE.to_owned(), source.arn.as_str().to_owned());
        if source.is_fifo() {
            message.system.insert(system::DEDUPLICATION.to_owned(), message.id.clone());
        }
        self.ledger.died(&message);
        let shelf = self.shelves.iter_mut().find(|shelf| shelf.queue.arn == target);
        shelf.unwrap().add(message);
    }

    fn send(&mut self, url: &str, outgoing: &Outgoing, really: bool) -> Result<Accepted, Refusal> {
        let now = self.now();
        let mut message = Message {
            id: self.id(),
            body: outgoing.body.clone(),
            attributes: outgoing.attributes.clone(),
            ..Message::default()
        };
        let wall = self.wall_ms(now);
        let shelf = self.shelf(url).ok_or_else(gone)?;
        shelf.accept(outgoing)?;
        if !really {
            return Err(Fault::Unreached.refusal());
        }
        if let Some(said) = shelf.duplicate(outgoing, now) {
            return Ok(said);
        }
        let named = [
            (system::SENT, Some(&wall)),
            (system::GROUP, outgoing.group.as_ref()),
            (system::DEDUPLICATION, outgoing.deduplication.as_ref()),
            (system::TRACE, outgoing.trace.as_ref()),
        ];
        for (name, value) in named {
            message.system.extend(value.map(|value| (name.to_owned(), value.clone())));
        }
        let accepted = shelf.sent(outgoing, message.clone(), now);
        let queue = shelf.queue.clone();
        self.ledger.sent(&message, &queue, now);
        Ok(accepted)
    }

    fn delete(&mut self, url: &str, receipt: &str, really: bool) -> Result<(), Refusal> {
        if !really {
            return Err(Fault::Unreached.refusal());
        }
        let (mut rng, now) = (self.rng.fork(), self.now());
        let shelf = self.shelf(url).ok_or_else(gone)?;
        if let Some(message) = shelf.delete(receipt, now, &mut rng)? {
            self.ledger.was_deleted(&message);
        }
        Ok(())
    }

    fn lease(&mut self, url: &str, receipt: &str, really: bool, lease: Duration) -> Result<(), Refusal> {
        if !really {
            return Err(Fault::Unreached.refusal());
        }
        let now = self.now();
        self.shelf(url).ok_or_else(gone)?.lease(receipt, lease, now)
    }

    pub(super) fn consume(&mut self, url: &str, receipt: &str) {
        let (mut rng, now) = (self.rng.fork(), self.now());
        let deleted = self.shelf(url).and_then(|shelf| shelf.delete(receipt, now, &mut rng).ok().flatten());
        if let Some(message) = deleted {
            self.ledger.was_consumed(&message);
        }
    }
}

fn gone() -> Refusal {
    Refusal::new(Why::Gone, false, "there is no such queue")
}
