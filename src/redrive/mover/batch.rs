//! One batch, from lease to delete. The order of the steps is the promise: nothing is sent before it is in the journal, nothing deleted
//! before the journal says that it has arrived.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    book::Known,
    crew::{Crew, Halt, LEASE, MARGIN, Telling, is_for_all, lock, receipt},
    item::{Item, State, hopeless, is_surely_not_sent, sent, trouble},
    lanes::Step,
    route::Routed,
    supply::Leased,
    waves::{Piece, next_wave},
};
use crate::redrive::{
    journal::{Deleted, Record, Taken, taken_at},
    message::{MOST_IN_BATCH, Message, Outgoing},
    wire::{Accepted, Refusal, Why},
};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A message that has arrived, and its id there if that is to be told.
type ToDelete = (Arc<Message>, Option<String>);

impl Crew {
    /// Carries these over. Says how many of them set out.
    pub(super) async fn carry(&self, leased: Vec<Leased>) -> Result<usize, Halt> {
        let mut fresh = Vec::new();
        let mut arrived_before = Vec::new();
        let mut back = Vec::new();
        for one in leased {
            self.book().meet(&one.message.id);
            let is_back = self.book().is_back(&one.message.id);
            match self.known(&one.message.id) {
                Some(Known::Arrived | Known::Moved) => arrived_before.push(one),
                _ if is_back => {
                    self.tell(&one.message.id, Telling::Bounced).await;
                    back.push(one);
                }
                _ => fresh.push(one),
            }
        }
        self.supply.put_back(back).await;
        let fresh = self.paced(fresh).await;
        let mut items = Vec::new();
        for leased in fresh {
            items.push(self.item(leased).await?);
        }
        let sent = if items.is_empty() { Ok(()) } else { self.send_all(&mut items).await };
        let count = items.iter().filter(|item| item.is_settled()).count();
        let (arrived, others): (Vec<Item>, Vec<Item>) =
            items.into_iter().partition(|item| matches!(item.state, State::Arrived(_)));
        // What has arrived is deleted even when something else went wrong, unless the journal could not say that it has.
        let deleted = match &sent {
            Err(NotSent::Unwritten(_)) => Ok(()),
            _ => self.delete_all(arrived_before, arrived).await,
        };
        self.close(others).await;
        self.note_progress(None);
        match sent {
            Ok(()) => deleted.map(|()| count),
            Err(NotSent::Unwritten(halt) | NotSent::Hopeless(halt)) => Err(halt),
        }
    }

    /// Waits for their turn by the rate, with their leases kept. None of them if the gate is shut meanwhile.
    async fn paced(&self, mut leased: Vec<Leased>) -> Vec<Leased> {
        let at = self.gate.slot(leased.len());
        while Instant::now() < at {
            let step = at.min(Instant::now() + LEASE / 3);
            if !self.gate.wait_until(step).await {
                self.supply.put_back(leased).await;
                return Vec::new();
            }
            leased = self.renewed(leased, LEASE * 2 / 3).await;
        }
        self.renewed(leased, MARGIN).await
    }

    /// What an earlier run meant to send goes as it was meant: a FIFO queue knows it by its deduplication id.
    async fn item(&self, leased: Leased) -> Result<Item, Halt> {
        let place = self.book().place(&leased.message.id);
        let before = match place {
            Some(place) => {
                let path = self.journal.path().to_owned();
                let read = tokio::task::spawn_blocking(move || taken_at(&path, place)).await;
                let taken = read.map_err(std::io::Error::other).and_then(|taken| taken);
                let taken = taken.map_err(|error| Halt(format!("the journal cannot be read: {error}")))?;
                taken.into_iter().find(|taken| taken.message.id == leased.message.id)
            }
            None => None,
        };
        let edited = before.as_ref().and_then(|taken| taken.outgoing.as_deref()).or(leased.outgoing.as_deref());
        let mut routed = self.router.route(&leased.message, edited);
        if let (Ok(routed), Some(before)) = (&mut routed, &before)
            && before.deduplication.is_some()
        {
            routed.outgoing.deduplication.clone_from(&before.deduplication);
        }
        let state = routed.as_ref().err().map_or(State::Waiting, |refusal| State::Refused(refusal.clone()));
        let was_in_doubt =
            matches!(self.known(&leased.message.id), Some(Known::Doubtful { .. } | Known::Missing { .. }));
        Ok(Item { leased, routed, was_in_doubt, state })
    }

    /// Sends until each has an answer, or patience ends. Whatever happens, the journal says of each what is known.
    async fn send_all(&self, items: &mut [Item]) -> Result<(), NotSent> {
        let batch = self.next_batch();
        self.append(self.taken(batch, items)).await.map_err(NotSent::Unwritten)?;
        self.mark_doubtful(items);
        let (began, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            self.send_once(items).await;
            self.append(sent(batch, (self.clock)(), items)).await.map_err(NotSent::Unwritten)?;
            self.note(items);
            if let Some(refusal) = items.iter().find_map(|item| hopeless(&item.state)) {
                return Err(NotSent::Hopeless(Halt(refusal.text.clone())));
            }
            let Some(trouble) = items.iter().find_map(|item| trouble(&item.state)) else { return Ok(()) };
            if began.elapsed() >= self.patience || self.gate.is_shut() {
                let halt = Halt(format!("{trouble}; tried for {} s", began.elapsed().as_secs()));
                return if self.gate.is_shut() { Ok(()) } else { Err(NotSent::Hopeless(halt)) };
            }
            // Not sent so far, and not refused as long as it is tried.
            let tried = items.iter().filter(|item| item.is_open() && is_surely_not_sent(&item.state)).count() as u64;
            self.tried_again.fetch_add(tried, Ordering::Relaxed);
            self.note_progress(Some(trouble));
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let begun = self.try_again(batch, items).await;
            self.tried_again.fetch_sub(tried, Ordering::Relaxed);
            begun?;
        }
    }

    /// Opens again what got no answer, as far as it is still ours.
    async fn try_again(&self, batch: u64, items: &mut [Item]) -> Result<(), NotSent> {
        let open: Vec<Leased> = items.iter().filter(|item| item.is_open()).map(|item| item.leased.clone()).collect();
        let ours = self.renewed(open, MARGIN).await;
        for item in items.iter_mut().filter(|item| item.is_open()) {
            match ours.iter().find(|leased| leased.message.id == item.leased.message.id) {
                Some(lease) => item.leased.until = lease.until,
                None => {
                    let text = "its lease is over: somebody else may have it by now; it was not sent again";
                    item.state = State::Refused(Refusal::new(Why::LeaseOver, item.was_in_doubt, text));
                }
            }
        }
        let ids = items.iter().filter(|item| item.is_open()).map(|item| item.id().to_owned()).collect();
        self.append(Record::Again { batch, at: (self.clock)(), ids }).await.map_err(NotSent::Unwritten)?;
        self.mark_doubtful(items);
        Ok(())
    }

    fn taken(&self, batch: u64, items: &[Item]) -> Record {
        let book = self.book();
        let taken = |item: &Item| {
            let routed = item.routed();
            let queue = routed.and_then(|routed| self.router.to.queues().get(routed.to?));
            Taken {
                message: Arc::clone(&item.leased.message),
                to: queue.map(|queue| queue.url.clone()),
                outgoing: routed
                    .filter(|_| item.leased.outgoing.is_some())
                    .map(|routed| Box::new(routed.outgoing.clone())),
                deduplication: routed.and_then(|routed| routed.outgoing.deduplication.clone()),
                sent_before: item.is_open() && book.was_sent_earlier(item.id()),
            }
        };
        Record::Taken { batch, at: (self.clock)(), messages: items.iter().map(taken).collect() }
    }

    /// From now until an answer is written down they are in doubt. One that was so before may be there twice.
    fn mark_doubtful(&self, items: &[Item]) {
        let (mut book, now) = (self.book(), (self.clock)());
        for item in items.iter().filter(|item| item.is_open()) {
            let before = match book.get(item.id()) {
                Some(Known::Doubtful { since, .. } | Known::Missing { since, .. }) => Some(*since),
                _ => None,
            };
            let doubles = before.is_some_and(|since| self.router.to.doubles(since, now));
            let doubles = doubles || book.was_sent_earlier(item.id());
            book.sent_in_doubt(u64::from(doubles));
            book.set(item.id(), Known::Doubtful { place: None, since: before.unwrap_or(now) });
        }
    }

    /// Each open one at most once. Behind one that could not be sent, those of its group wait.
    async fn send_once(&self, items: &mut [Item]) {
        let mut left: Vec<usize> = (0..items.len()).filter(|index| items[*index].is_open()).collect();
        let mut blocked: HashSet<(usize, String)> = HashSet::new();
        let refused = items.iter().filter(|item| matches!(item.state, State::Refused(_)));
        lock(&self.closed).extend(refused.filter_map(|item| item.order(self)));
        if self.router.to.queues().is_empty() {
            return self.write_once(items, &left).await;
        }
        // Before leases are looked at: waiting takes time.
        let _lane = self.lane(Step::Send).await;
        while !left.is_empty() {
            let orders: Vec<Option<(usize, String)>> = left.iter().map(|index| items[*index].order(self)).collect();
            let is_ordered = |at: usize| orders[at].is_some();
            let pieces: Vec<Piece<'_>> = left
                .iter()
                .enumerate()
                .filter_map(|(at, index)| {
                    let routed = items[*index].routed()?;
                    Some(Piece { to: routed.to?, ordered: is_ordered(at), outgoing: &routed.outgoing })
                })
                .collect();
            let wave: Vec<usize> = next_wave(&pieces).into_iter().map(|at| left[at]).collect();
            left.retain(|index| !wave.contains(index));
            let (mut going, mut waiting) = (Vec::new(), Vec::new());
            for index in wave {
                let order = items[index].order(self);
                match order {
                    Some(order) if lock(&self.closed).contains(&order) => {
                        let text = "it is behind a message of its group that cannot be sent; order is kept";
                        let in_doubt = items[index].was_in_doubt;
                        items[index].state = State::Refused(Refusal::new(Why::Other, in_doubt, text));
                    }
                    order if items[index].leased.until.left(self.clock) < MARGIN => {
                        blocked.extend(order);
                        waiting.push(index);
                    }
                    Some(order) if blocked.contains(&order) => waiting.push(index),
                    _ => going.push(index),
                }
            }
            for index in waiting {
                if items[index].state == State::Waiting {
                    let text = "it waits for one of its group, or for its lease";
                    let in_doubt = items[index].was_in_doubt;
                    items[index].state = State::NotYet(Refusal::new(Why::Unanswered, in_doubt, text));
                }
            }
            for (index, result) in going.iter().zip(self.send_wave(items, &going).await) {
                items[*index].settle(result);
                if let Some(order) = items[*index].order(self) {
                    match &items[*index].state {
                        State::NotYet(_) => drop(blocked.insert(order)),
                        State::Refused(_) => drop(lock(&self.closed).insert(order)),
                        _ => {}
                    }
                }
            }
        }
    }

    async fn send_wave(&self, items: &[Item], wave: &[usize]) -> Vec<Result<Accepted, Refusal>> {
        let routed: Vec<&Routed> = wave.iter().filter_map(|index| items[*index].routed()).collect();
        let queue = routed.first().and_then(|routed| self.router.to.queues().get(routed.to?));
        let Some(queue) = queue else { return Vec::new() };
        let batch: Vec<&Outgoing> = routed.iter().map(|routed| &routed.outgoing).collect();
        self.wire.send(queue, &batch).await
    }

    /// Into a file, or into the journal alone, where they are already.
    async fn write_once(&self, items: &mut [Item], open: &[usize]) {
        let messages: Vec<&Message> = open.iter().map(|index| &*items[*index].leased.message).collect();
        let result = match &self.sink {
            Some(sink) => sink.write(&messages).await,
            None => Ok(()),
        };
        for index in open {
            items[*index].state = match &result {
                Ok(()) => State::Arrived(items[*index].id().to_owned()),
                Err(refusal) => State::Refused(refusal.clone()),
            };
        }
    }

    fn note(&self, items: &[Item]) {
        let mut book = self.book();
        let has_new_ids = !self.router.to.queues().is_empty();
        for item in items {
            match &item.state {
                State::Arrived(new_id) if has_new_ids => {
                    book.arrived(item.id(), new_id);
                    item.routed().and_then(|routed| routed.to).into_iter().for_each(|to| book.reach(to));
                }
                State::Arrived(_) => book.set(item.id(), Known::Arrived),
                state if is_surely_not_sent(state) => book.set(item.id(), Known::Refused { place: None }),
                _ => {}
            }
        }
    }

    /// Deletes what is at its destination.
    async fn delete_all(&self, before: Vec<Leased>, now: Vec<Item>) -> Result<(), Halt> {
        let new_id = |item: &Item| match &item.state {
            State::Arrived(new_id) => Some(new_id.clone()),
            _ => None,
        };
        let goes_to_queue = !self.router.to.queues().is_empty();
        let mut open: Vec<ToDelete> = before.into_iter().map(|leased| (leased.message, None)).collect();
        open.extend(now.into_iter().map(|item| {
            let new_id = new_id(&item).filter(|_| goes_to_queue);
            (item.leased.message, new_id)
        }));
        if open.is_empty() {
            return Ok(());
        }
        let (batch, began, mut pause) = (self.next_batch(), Instant::now(), FIRST_PAUSE);
        loop {
            let results = self.delete_once(&open).await;
            let record = |((message, _), result): (&ToDelete, &Result<(), Refusal>)| Deleted {
                id: message.id.clone(),
                refusal: result.as_ref().err().cloned(),
            };
            let records: Vec<Deleted> = open.iter().zip(&results).map(record).collect();
            // Not waited for: what a later run does not read here it finds out by looking.
            self.journal.note(&Record::Deleted { batch, results: records })?;
            let mut gone = Vec::new();
            let mut left = Vec::new();
            let mut trouble = None;
            for ((message, new_id), result) in open.into_iter().zip(results) {
                match result {
                    Ok(()) => {
                        let was_moved = self.known(&message.id) == Some(Known::Moved);
                        self.book().set(&message.id, Known::Moved);
                        if !was_moved {
                            self.tell(&message.id, Telling::Moved { new_id }).await;
                        }
                        gone.push(message.id.clone());
                    }
                    Err(refusal) if refusal.is_passing() => {
                        trouble = Some(refusal.text);
                        left.push((message, new_id));
                    }
                    Err(refusal) if is_for_all(&refusal) => trouble = Some(refusal.text),
                    // It will be met again, and then only be deleted.
                    Err(refusal) => self.tell(&message.id, Telling::Doubtful(refusal.text)).await,
                }
            }
            self.supply.moved(&gone).await;
            let Some(trouble) = trouble else { return Ok(()) };
            if left.is_empty() || began.elapsed() >= self.patience {
                return Err(Halt(format!("{trouble}; what has arrived could not be deleted where it was")));
            }
            self.note_progress(Some(trouble));
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            open = left;
        }
    }

    async fn delete_once(&self, open: &[ToDelete]) -> Vec<Result<(), Refusal>> {
        let Some(from) = self.from() else { return vec![Ok(()); open.len()] };
        let mut results = Vec::new();
        for some in open.chunks(MOST_IN_BATCH) {
            let receipts: Vec<String> = some.iter().map(|(message, _)| receipt(message)).collect();
            let _lane = self.lane(Step::Delete).await;
            results.extend(self.wire.delete(from, &receipts).await);
        }
        results
    }

    /// What was not sent stays where it was.
    async fn close(&self, items: Vec<Item>) {
        let mut back = Vec::new();
        for item in items {
            // Those were given up when their leases were found to be over.
            let is_lost = matches!(&item.state, State::Refused(refusal) if refusal.why == Why::LeaseOver);
            match &item.state {
                State::Refused(refusal) | State::NotYet(refusal) if refusal.in_doubt => {
                    self.tell(item.id(), Telling::Doubtful(refusal.text.clone())).await;
                }
                State::Refused(refusal) | State::NotYet(refusal) => {
                    self.tell(item.id(), Telling::Refused(refusal.text.clone())).await;
                }
                State::Waiting | State::Arrived(_) => {}
            }
            back.extend(Some(item.leased).filter(|_| !is_lost));
        }
        self.supply.put_back(back).await;
    }
}

/// Why a batch did not come to its end.
enum NotSent {
    /// The journal could not be written.
    Unwritten(Halt),
    /// More messages would fare no better.
    Hopeless(Halt),
}
