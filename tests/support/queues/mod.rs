//! A simulated SQS behind [`Wire`]: deterministic by seed, on tokio's clock (pause it), with everything that makes a redrive hard.
//!
//! What it does as SQS does: leases and receive counts, dead-lettering with `DeadLetterQueueSourceArn`, receives that sample, receipt
//! handles that go stale (a standard queue says yes and may not delete), FIFO groups locked while in flight, deduplication for five
//! minutes, a deduplication id replaced in a FIFO dead-letter queue. What it does not: retention, delays, policies.
//!
//! [`faults`] decides what goes wrong at which call, [`process`] is the program under test until it is killed, [`ledger`] counts every
//! message by the token in its body, [`consumer`] takes messages as a function would, [`clock`] holds simulated
//! time while the real disk is at work. This module knows nothing of the rest of
//! `support`, so that any test can mount it.

pub mod clock;
pub mod consumer;
pub mod faults;
pub mod ledger;
pub mod process;
mod shelf;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use edatop::{
    domain::ResourceId,
    redrive::{
        message::{MOST_BYTES, Message, system},
        queue::{Queue, RedrivePolicy, Standing},
        wire::Wire,
    },
};
use fastrand::Rng;
use tokio::{sync::Notify, time::Instant};

use faults::{Fault, Faults, Operation};
use ledger::{Census, Ledger};
use process::Process;
use shelf::Shelf;

/// 2026-11-21T08:00:00Z: the wall clock's time when a simulation begins.
const BEGINNING_MS: u128 = 1_795_248_000_000;
/// How long SQS remembers a deduplication id.
pub const DEDUPLICATION_WINDOW: Duration = Duration::from_mins(5);
const ACCOUNT: &str = "000000000000";

/// The queues of one account.
#[derive(Clone)]
pub struct Queues {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Something may be there that was not before.
    arrival: Notify,
}

struct State {
    rng: Rng,
    began: Instant,
    /// So far the queues' time is ahead of tokio's, because the machine slept.
    slept: Duration,
    shelves: Vec<Shelf>,
    ledger: Ledger,
    faults: Faults,
    /// The next calls of these operations go so, before chance is asked.
    script: Vec<(Operation, Fault)>,
    calls: Vec<Operation>,
    ids: u64,
    tokens: u64,
    over_limit: usize,
    glimpses: bool,
}

/// What a queue is made with.
#[derive(Debug, Clone)]
pub struct Shape<'a> {
    pub visibility_timeout: Duration,
    pub redrive: Option<(&'a Queue, u32)>,
    pub content_based_deduplication: bool,
    pub maximum_message_bytes: usize,
}

impl Default for Shape<'_> {
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_secs(30),
            redrive: None,
            content_based_deduplication: false,
            maximum_message_bytes: MOST_BYTES,
        }
    }
}

impl fmt::Debug for Queues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Queues")
    }
}

impl Queues {
    pub fn new(seed: u64) -> Self {
        let state = State {
            rng: Rng::with_seed(seed),
            began: Instant::now(),
            slept: Duration::ZERO,
            shelves: Vec::new(),
            ledger: Ledger::default(),
            faults: Faults::default(),
            script: Vec::new(),
            calls: Vec::new(),
            ids: 0,
            tokens: 0,
            over_limit: 120_000,
            glimpses: false,
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), arrival: Notify::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// Makes a queue; `….fifo` is a FIFO queue.
    pub fn queue(&self, name: &str, shape: &Shape<'_>) -> Queue {
        let queue = Queue {
            url: format!("http://sqs.test/{ACCOUNT}/{name}"),
            arn: ResourceId::from(format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{name}").as_str()),
            visibility_timeout: shape.visibility_timeout,
            retention: Duration::from_hours(96),
            maximum_message_bytes: shape.maximum_message_bytes,
            redrive_policy: shape
                .redrive
                .map(|(target, max_receive_count)| RedrivePolicy { target: target.arn.clone(), max_receive_count }),
            content_based_deduplication: shape.content_based_deduplication,
        };
        self.state().shelves.push(Shelf::new(queue.clone()));
        queue
    }

    /// Puts messages on a queue as if `source` had given them up after `receives`; on a FIFO queue into that many groups in turn.
    /// Their tokens, in order.
    pub fn dead_letters(&self, on: &Queue, source: &Queue, count: usize, groups: usize) -> Vec<String> {
        (0..count)
            .map(|number| self.dead_letter(on, source, &format!("group-{}", number % groups.max(1)), ""))
            .collect()
    }

    /// One such message; `extra` are more fields of its body, with a comma first. Its token.
    pub fn dead_letter(&self, on: &Queue, source: &Queue, group: &str, extra: &str) -> String {
        let mut state = self.state();
        let token = state.token();
        let mut message = Message { id: state.id(), body: body(&token, extra), ..Message::default() };
        let sent = state.wall_ms(state.now());
        message.system.insert(system::SENT.to_owned(), sent);
        message.system.insert(system::RECEIVE_COUNT.to_owned(), "3".to_owned());
        message.system.insert(system::SOURCE.to_owned(), source.arn.as_str().to_owned());
        if on.is_fifo() {
            message.system.insert(system::GROUP.to_owned(), group.to_owned());
            message.system.insert(system::DEDUPLICATION.to_owned(), message.id.clone());
        }
        state.ledger.came(&message);
        state.shelf(&on.url).unwrap().add(message);
        drop(state);
        self.shared.arrival.notify_waiters();
        token
    }

    /// The calls, for a program that is never killed.
    pub fn wire(&self) -> Arc<dyn Wire> {
        Arc::new(Process::new(self.shared.clone(), None))
    }

    /// The calls, for a program that is killed at its so-manieth step: each call has one before it happens and one after.
    pub fn process(&self, crash_at: Option<u64>) -> Arc<Process> {
        Arc::new(Process::new(self.shared.clone(), crash_at))
    }

    /// From now on calls fail so often.
    pub fn fail(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// The next call of this operation goes so; several such wait for their turn.
    pub fn next(&self, operation: Operation, fault: Fault) {
        self.state().script.push((operation, fault));
    }

    /// The machine that the program runs on sleeps so long: the queues' time goes on, and tokio's stands still.
    pub fn sleep_through(&self, how_long: Duration) {
        self.state().slept += how_long;
        self.shared.arrival.notify_waiters();
    }

    /// From now on so many messages in flight are too many for a standard queue.
    pub fn limit_in_flight(&self, most: usize) {
        self.state().over_limit = most;
    }

    /// From now on there is a free look, as LocalStack has it.
    pub fn allow_glimpses(&self) {
        self.state().glimpses = true;
    }

    /// Deletes a queue with all that it holds.
    pub fn remove(&self, queue: &Queue) {
        let mut state = self.state();
        let Some(at) = state.shelves.iter().position(|shelf| shelf.queue.url == queue.url) else { return };
        for message in state.shelves.remove(at).into_messages() {
            state.ledger.went_with_its_queue(&message);
        }
    }

    /// The calls so far that reached the queues or were meant to, by operation.
    pub fn calls(&self, operation: Operation) -> usize {
        self.state().calls.iter().filter(|call| **call == operation).count()
    }

    /// Where every token is now.
    pub fn census(&self) -> Census {
        let state = self.state();
        state.ledger.census(state.shelves.iter().map(|shelf| (shelf.queue.name(), shelf.messages())))
    }

    /// What a queue holds, in its order.
    pub fn messages(&self, queue: &Queue) -> Vec<Message> {
        let mut state = self.state();
        state.shelf(&queue.url).map(|shelf| shelf.messages().cloned().collect()).unwrap_or_default()
    }

    /// True numbers, where [`Wire::standing`] may be told to be vague.
    pub fn standing(&self, queue: &Queue) -> Standing {
        let mut state = self.state();
        let now = state.now();
        state.shelf(&queue.url).map(|shelf| shelf.standing(now)).unwrap_or_default()
    }

    /// The ledger, to ask and to tell it what counts as safe.
    pub fn ledger<T>(&self, ask: impl FnOnce(&mut Ledger) -> T) -> T {
        ask(&mut self.state().ledger)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    /// As the queues have it.
    fn now(&self) -> Instant {
        Instant::now() + self.slept
    }

    fn shelf(&mut self, url: &str) -> Option<&mut Shelf> {
        self.shelves.iter_mut().find(|shelf| shelf.queue.url == url)
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", self.rng.u32(..), self.ids)
    }

    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("{}{:06}", ledger::TOKEN, self.tokens)
    }

    fn wall_ms(&self, now: Instant) -> String {
        (BEGINNING_MS + now.saturating_duration_since(self.began).as_millis()).to_string()
    }
}

/// A body with its token.
pub fn body(token: &str, extra: &str) -> String {
    format!(r#"{{"token":"{token}"{extra}}}"#)
}
