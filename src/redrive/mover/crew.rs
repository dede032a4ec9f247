//! The workers of a run: each takes messages, carries them over batch by batch, and stops where the gate is shut.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::{
    Progress,
    book::{Book, Known},
    gate::Gate,
    lanes::{Lane, Lanes, Step},
    route::Router,
    supply::{Leased, Supply},
};
use crate::redrive::{
    journal::{Journal, JournalError, Record},
    message::{MOST_IN_BATCH, Message},
    moment::{Clock, Moment},
    queue::Queue,
    wire::{Refusal, Why, Wire},
};

/// How long a lease is made when it is renewed.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// A message is sent only while it is ours for so long at least: longer than a send with its time-out may take.
pub(super) const MARGIN: Duration = Duration::from_secs(20);

/// Where messages are written to in place of a queue.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Writes them all; comes back when they are on the disk.
    async fn write(&self, messages: &[&Message]) -> Result<(), Refusal>;
}

/// What became of one message, told as it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    pub fate: Telling,
}

/// See [`Told`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Telling {
    Moved {
        new_id: Option<String>,
    },
    Refused(String),
    Doubtful(String),
    /// It came back to the dead-letter queue after it was moved.
    Bounced,
}

/// Why a run does not go on. Nothing is lost by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Halt(pub String);

impl From<JournalError> for Halt {
    fn from(error: JournalError) -> Self {
        Self(error.to_string())
    }
}

/// What all workers share.
pub(super) struct Crew {
    pub wire: Arc<dyn Wire>,
    pub journal: Journal,
    pub supply: Arc<dyn Supply>,
    pub sink: Option<Arc<dyn Sink>>,
    pub router: Router,
    pub gate: Gate,
    pub book: Mutex<Book>,
    pub batches: AtomicU64,
    /// Of those that the book has as refused: so many are to be tried again.
    pub tried_again: AtomicU64,
    pub progress: watch::Sender<Progress>,
    pub tell: Option<mpsc::Sender<Told>>,
    pub clock: Clock,
    pub patience: Duration,
    pub halted: Mutex<Option<String>>,
    /// FIFO groups, by the destination's index, of which one was refused: what is behind it stays where it is.
    pub closed: Mutex<HashSet<(usize, String)>>,
    /// FIFO groups of which a lease was lost: what is in hand of them may not overtake it.
    pub lost_groups: Mutex<HashSet<String>>,
    pub lanes: Lanes,
}

impl Crew {
    /// One worker, until nothing is left or the gate is shut.
    pub async fn work(&self) {
        let mut pending: VecDeque<Leased> = VecDeque::new();
        if let Err(halt) = self.work_off(&mut pending).await {
            self.halt(halt);
        }
        self.supply.put_back(pending.into()).await;
    }

    /// Lets nothing more set out; the first reason is the one that is told.
    pub fn halt(&self, halt: Halt) {
        lock(&self.halted).get_or_insert(halt.0);
        self.gate.shut();
    }

    async fn work_off(&self, pending: &mut VecDeque<Leased>) -> Result<(), Halt> {
        loop {
            let admitted = self.admit(pending).await;
            if admitted == 0 {
                return Ok(());
            }
            let mut carried = None;
            if pending.is_empty() {
                let lane = self.lane(Step::Receive).await;
                let next = self.supply.next().await;
                // Before the lane is free: it would go to another receive, and what came would wait for that.
                carried = Some(self.lanes.carry());
                drop(lane);
                match next {
                    Ok(Some(more)) => pending.extend(more),
                    Ok(None) => {
                        self.gate.give_back(admitted as u64);
                        return Ok(());
                    }
                    Err(refusal) => {
                        self.gate.give_back(admitted as u64);
                        return Err(Halt(refusal.text));
                    }
                }
            }
            let batch: Vec<Leased> = pending.drain(..admitted.min(pending.len())).collect();
            let carried = carried.unwrap_or_else(|| self.lanes.carry());
            let sent = self.carry(batch).await?;
            drop(carried);
            self.let_go(pending).await;
            // What did not set out after all leaves its place to others.
            self.gate.give_back(admitted.saturating_sub(sent) as u64);
        }
    }

    /// Gives up those in hand that would overtake one of their group.
    async fn let_go(&self, pending: &mut VecDeque<Leased>) {
        let lost_groups = std::mem::take(&mut *lock(&self.lost_groups));
        if lost_groups.is_empty() {
            return;
        }
        let overtakes = |leased: &Leased| leased.message.group().is_some_and(|group| lost_groups.contains(group));
        let (lost, kept): (Vec<_>, Vec<_>) = pending.drain(..).partition(overtakes);
        pending.extend(kept);
        self.supply.lost(lost).await;
    }

    /// Waits at the gate; meanwhile what is in hand stays ours.
    async fn admit(&self, pending: &mut VecDeque<Leased>) -> usize {
        loop {
            tokio::select! {
                admitted = self.gate.admit(MOST_IN_BATCH as u64) => return usize::try_from(admitted).unwrap_or(MOST_IN_BATCH),
                () = sleep(LEASE / 3), if !pending.is_empty() => {
                    let held = self.renewed(pending.drain(..).collect(), LEASE * 2 / 3).await;
                    pending.extend(held);
                    self.let_go(pending).await;
                }
            }
        }
    }

    /// Those that are ours; leases that end within this time are renewed. What is somebody else's by now is given up, and what would
    /// overtake it in its group.
    pub(super) async fn renewed(&self, mut leased: Vec<Leased>, within: Duration) -> Vec<Leased> {
        let Some(from) = self.from() else { return leased };
        let left = |leased: &Leased| leased.until.left(self.clock);
        let ending: Vec<usize> = (0..leased.len()).filter(|index| left(&leased[*index]) < within).collect();
        // Whoever has it by now, a standard queue may say yes to our old receipt all the same: it is not asked.
        let (over, ending): (Vec<usize>, Vec<usize>) =
            ending.into_iter().partition(|index| left(&leased[*index]).is_zero());
        let mut lost = vec![false; leased.len()];
        over.into_iter().for_each(|index| lost[index] = true);
        for some in ending.chunks(MOST_IN_BATCH) {
            let receipts: Vec<String> = some.iter().map(|index| receipt(&leased[*index].message)).collect();
            let until = Moment::now(self.clock).plus(LEASE);
            for (index, result) in some.iter().zip(self.wire.lease(from, &receipts, LEASE).await) {
                match result {
                    Ok(()) => leased[*index].until = until,
                    // Nobody answers: it is ours as long as it was.
                    Err(refusal) if refusal.is_passing() => lost[*index] = left(&leased[*index]).is_zero(),
                    Err(_) => lost[*index] = true,
                }
            }
        }
        if from.is_fifo() {
            let gone = |(leased, _): (&Leased, &bool)| leased.message.group().map(ToOwned::to_owned);
            let groups: HashSet<String> =
                leased.iter().zip(&lost).filter(|(_, is_lost)| **is_lost).filter_map(gone).collect();
            for (leased, is_lost) in leased.iter().zip(&mut lost) {
                *is_lost |= leased.message.group().is_some_and(|group| groups.contains(group));
            }
            lock(&self.lost_groups).extend(groups);
        }
        let (ours, others): (Vec<_>, Vec<_>) = leased.into_iter().zip(lost).partition(|(_, is_lost)| !is_lost);
        let only = |some: Vec<(Leased, bool)>| some.into_iter().map(|(leased, _)| leased).collect();
        self.supply.lost(only(others)).await;
        only(ours)
    }

    pub fn from(&self) -> Option<&Queue> {
        self.router.from.queue()
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    pub(super) fn next_batch(&self) -> u64 {
        self.batches.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes it down. While others keep the calls busy it may wait for their records.
    pub(super) async fn append(&self, record: Record) -> Result<(), Halt> {
        let written = self.journal.hand_in(&record)?;
        self.feed();
        Ok(written.wait().await?)
    }

    /// Waits for the right to call.
    pub(super) async fn lane(&self, step: Step) -> Option<Lane> {
        let lane = self.lanes.call(step).await;
        self.feed();
        lane
    }

    /// Where no call is left to be made, what is to be written down must not keep its batch any longer.
    fn feed(&self) {
        if self.lanes.are_hungry() {
            self.journal.hurry();
        }
    }

    pub(super) async fn tell(&self, id: &str, fate: Telling) {
        if let Some(tell) = &self.tell {
            // Who no longer listens need not be told.
            let _ = tell.send(Told { id: id.to_owned(), fate }).await;
        }
    }

    /// Brings the progress up to date with the book.
    pub(super) fn note_progress(&self, trouble: Option<String>) {
        let (counts, bounced) = {
            let book = self.book();
            (book.counts(), book.bounced())
        };
        self.progress.send_modify(|progress| {
            progress.moved = counts.moved;
            progress.arrived = counts.arrived;
            progress.refused = counts.refused.saturating_sub(self.tried_again.load(Ordering::Relaxed));
            progress.maybe_twice = counts.maybe_twice;
            progress.bounced = progress.bounced.max(bounced);
            if trouble.is_some() {
                progress.trouble = trouble;
            }
        });
    }

    /// What the book says of a message that was met again.
    pub(super) fn known(&self, id: &str) -> Option<Known> {
        self.book().get(id).cloned()
    }
}

/// One that has none cannot be ours, and SQS will say so.
pub(super) fn receipt(message: &Message) -> String {
    message.receipt.clone().unwrap_or_default()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether after this refusal no other message will fare better.
pub(super) fn is_for_all(refusal: &Refusal) -> bool {
    matches!(refusal.why, Why::Gone | Why::Denied | Why::ReadOnly)
}
