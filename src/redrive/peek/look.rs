//! The look itself: receives until nothing new comes, and says honestly how much of the queue that was.
//!
//! A receive under way is always waited for, even when the look is cancelled: what it brings would be leased to nobody.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    sync::mpsc::Sender,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    hold::{Found, Hold},
    lease::length_for,
    receive::receive,
};
use crate::redrive::{
    message::{MOST_IN_BATCH, Message},
    wire::{Ask, Refusal},
};

/// Rows of a free look that are sent at once.
const FREE_BATCH: usize = 100;

/// Why a look ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nothing new came any more.
    NothingNew,
    /// As many as were asked for.
    Limit,
    Cancelled,
    /// A message was received so often that a further look may cost its consumer the last try.
    Count(u32),
    /// Not started.
    Refused(String),
    Trouble(Refusal),
}

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Messages on the desk.
    pub known: u64,
    /// Messages that the queue has, about.
    pub about: u64,
    pub is_fifo: bool,
    pub end: End,
}

impl Looked {
    /// Whether there is no reason to think that there are more.
    pub fn is_complete(&self) -> bool {
        self.end == End::NothingNew && self.known >= self.about
    }
}

impl fmt::Display for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            f.write_str("complete: ")?;
        }
        write!(f, "{} of ≈ {}", self.known, self.about)?;
        match &self.end {
            End::NothingNew if self.is_complete() => Ok(()),
            End::NothingNew if self.is_fifo => {
                f.write_str("; of a FIFO group no more can be seen while its first messages are held")
            }
            End::NothingNew => f.write_str("; nothing more comes: the rest is delayed, with somebody else, or gone"),
            End::Limit => f.write_str("; more were not asked for"),
            End::Cancelled => f.write_str("; cancelled"),
            End::Count(count) => {
                write!(
                    f,
                    "; stopped at a message received {count} times: one more receive may take its consumer's last try"
                )
            }
            End::Refused(why) => write!(f, "; {why}"),
            End::Trouble(refusal) => write!(f, "; {refusal}"),
        }
    }
}

/// What the receives of one look share.
struct Round<'a> {
    hold: &'a Hold,
    found: &'a Sender<Vec<Found>>,
    cancel: &'a CancellationToken,
    lease: Duration,
    stop_at: Option<u32>,
    state: Mutex<State>,
}

struct State {
    /// How many more may come, those under way not counted.
    left: u64,
    news: Instant,
    empty: u32,
    end: Option<End>,
}

impl Hold {
    /// Receives each message once until nothing new comes, at most so many, and gives them out as they come. Ends early where the
    /// cost rule says so, when it is cancelled, and when nobody listens.
    pub async fn look(&self, most: Option<u64>, found: &Sender<Vec<Found>>, cancel: &CancellationToken) -> Looked {
        let end = match self.permission() {
            Err(why) => End::Refused(why),
            Ok(_) if self.is_free() => self.show(most, found, cancel).await,
            Ok(cost) => {
                let stop_at = cost.stop_at();
                let expected = most.unwrap_or(u64::MAX).min(self.standing().total()) as usize;
                let state = State { left: most.unwrap_or(u64::MAX), news: Instant::now(), empty: 0, end: None };
                let lease = length_for(expected);
                let round = Round { hold: self, found, cancel, lease, stop_at, state: Mutex::new(state) };
                round.run().await
            }
        };
        let standing = self.wire.standing(&self.queue).await.unwrap_or_else(|_| self.standing());
        Looked { known: self.len() as u64, about: standing.total(), is_fifo: self.queue.is_fifo(), end }
    }

    /// A free look.
    async fn show(&self, most: Option<u64>, found: &Sender<Vec<Found>>, cancel: &CancellationToken) -> End {
        let first = self.free.lock().unwrap_or_else(PoisonError::into_inner).take();
        let messages = match first {
            Some(messages) => messages,
            None => self.wire.glimpse(&self.queue).await.unwrap_or_default(),
        };
        let most = usize::try_from(most.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let is_limited = messages.len() > most;
        let mut messages = messages.into_iter().take(most).peekable();
        while messages.peek().is_some() {
            let batch = messages.by_ref().take(FREE_BATCH).map(|message| self.keep(message, None));
            let batch = match batch.collect::<Result<Vec<_>, _>>() {
                Ok(batch) => batch.into_iter().flatten().collect(),
                Err(refusal) => return End::Trouble(refusal),
            };
            if cancel.is_cancelled() || found.send(batch).await.is_err() {
                return End::Cancelled;
            }
        }
        if is_limited { End::Limit } else { End::NothingNew }
    }
}

impl Round<'_> {
    async fn run(&self) -> End {
        let careful = self.stop_at.is_some();
        if careful {
            self.receive_one(1).await;
        }
        let workers = if careful { 1 } else { self.hold.options.concurrency.max(1) };
        join_all((0..workers).map(|_| self.work())).await;
        self.state().end.clone().unwrap_or(End::NothingNew)
    }

    async fn work(&self) {
        while let Some(most) = self.turn() {
            self.receive_one(most).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, end: End) {
        self.state().end.get_or_insert(end);
    }

    /// How many to receive next.
    fn turn(&self) -> Option<usize> {
        let mut state = self.state();
        if self.cancel.is_cancelled() {
            state.end.get_or_insert(End::Cancelled);
        }
        if state.left == 0 {
            state.end.get_or_insert(End::Limit);
        }
        if state.end.is_some() {
            return None;
        }
        let most = usize::try_from(state.left).unwrap_or(usize::MAX).min(MOST_IN_BATCH);
        Some(most)
    }

    async fn receive_one(&self, most: usize) {
        {
            let mut state = self.state();
            state.left = state.left.saturating_sub(most as u64);
        }
        let asked = Instant::now();
        let ask = Ask { most, lease: self.lease, wait: self.hold.options.wait };
        let batch = match receive(&self.hold.wire, &self.hold.queue, ask).await {
            Ok(messages) => self.keep(messages, asked).await,
            Err(refusal) => return self.end(End::Trouble(refusal)),
        };
        {
            // Room that was not needed is free again.
            let mut state = self.state();
            state.left = state.left.saturating_add((most - batch.len().min(most)) as u64);
        }
        if batch.is_empty() {
            return self.nothing_came(asked).await;
        }
        {
            let mut state = self.state();
            (state.news, state.empty) = (Instant::now(), 0);
        }
        if self.found.send(batch).await.is_err() {
            self.end(End::Cancelled);
        }
    }

    async fn keep(&self, messages: Vec<Message>, asked: Instant) -> Vec<Found> {
        let until = asked + self.lease;
        let mut batch = Vec::with_capacity(messages.len());
        let mut too_many = Vec::new();
        let highest = messages.iter().filter_map(Message::receive_count).max();
        if let Some(count) = highest {
            self.hold.saw(count);
        }
        if let Some(count) = highest.filter(|count| self.stop_at.is_some_and(|stop_at| *count >= stop_at)) {
            self.end(End::Count(count));
        }
        for message in messages {
            let receipt = message.receipt.clone();
            match self.hold.keep(message, Some((asked, until))) {
                Ok(found) => batch.extend(found),
                Err(refusal) => {
                    too_many.extend(receipt);
                    self.end(End::Trouble(refusal));
                }
            }
        }
        if !too_many.is_empty() {
            self.hold.wire.lease(&self.hold.queue, &too_many, Duration::ZERO).await;
        }
        batch
    }

    /// An empty answer is no empty queue: some of SQS's servers may not have been asked. Several in a row are, or one if SQS counts
    /// nothing that could still come.
    async fn nothing_came(&self, asked: Instant) {
        let is_first = {
            let mut state = self.state();
            state.empty += u32::from(asked >= state.news);
            if state.empty >= self.hold.options.waits {
                state.end.get_or_insert(End::NothingNew);
            }
            state.empty == 1
        };
        let standing = if is_first { self.hold.wire.standing(&self.hold.queue).await.ok() } else { None };
        if standing.is_some_and(|standing| standing.visible == 0 && standing.total() <= self.hold.leases.len() as u64) {
            return self.end(End::NothingNew);
        }
        if self.state().end.is_none() {
            // An endpoint that answers at once without waiting must not be asked again at once.
            tokio::select! {
                () = sleep_until(asked + self.hold.options.wait) => {}
                () = self.cancel.cancelled() => {}
            }
        }
    }
}
