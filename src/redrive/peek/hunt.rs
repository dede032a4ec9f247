//! Messages received from the queue as a run goes, and only those that are wanted.
//!
//! Several workers may ask at once: each asks the queue itself, nothing but counters is shared. What is not wanted stays leased till
//! the end, so that it does not come again and again; [`Hunt::close`] gives it back.
//!
//! Of a FIFO group SQS gives no more while one of its messages is leased: behind a message that is left, the rest of its group stays
//! out of reach, and in order.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};

use super::{
    hunting::Sorted,
    lease::{Leases, Receipt, Released},
    own::Ids,
    receive::receive,
};
use crate::redrive::{
    message::{MOST_IN_BATCH, Message},
    moment::Moment,
    mover::supply::{Leased, Supply},
    queue::Queue,
    wire::{Ask, Refusal, Why, Wire},
};

pub use super::hunting::{Decision, Hunting, Tally, Wanted};

/// Between two looks whether what is hidden has come back.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A supply of messages from a queue.
pub struct Hunt {
    wire: Arc<dyn Wire>,
    queue: Queue,
    hunting: Hunting,
    wanted: Wanted,
    left: Leases,
    state: Mutex<State>,
    began: Instant,
    /// Something was moved, put back or found.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// With somebody who moves them.
    out: HashMap<Box<str>, Out>,
    moved: Ids,
    /// Left, and never to be taken.
    passed: Ids,
    tally: Tally,
    blocked: HashSet<Box<str>>,
    /// How many of those allowed may come by receives under way.
    reserved: u64,
    /// The last time that something new came, and how many receives since then brought nothing.
    news: Instant,
    empty: u32,
    ended: bool,
    swept: bool,
    /// Said to one worker, then it is over.
    halt: Option<Refusal>,
}

#[derive(Debug)]
struct Out {
    group: Option<Box<str>>,
    until: Moment,
    /// It came a second time, with this receipt: its lease was over.
    newer: Option<String>,
}

/// What a worker may do now.
enum Turn<'a> {
    Receive(Reservation<'a>),
    /// Others may find all that are still wanted.
    Wait,
    Over,
}

/// Room under the limit. Given back when it is dropped.
struct Reservation<'a> {
    hunt: &'a Hunt,
    most: usize,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.hunt.state();
        state.reserved = state.reserved.saturating_sub(self.most as u64);
        drop(state);
        self.hunt.changed.notify_waiters();
    }
}

impl fmt::Debug for Hunt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hunt").field("queue", &self.queue).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Hunt {
    /// For all messages that `wanted` takes, each once.
    pub fn new(wire: Arc<dyn Wire>, queue: Queue, hunting: Hunting, wanted: Wanted) -> Self {
        let state = State {
            out: HashMap::new(),
            moved: Ids::default(),
            passed: Ids::default(),
            tally: Tally::default(),
            blocked: HashSet::new(),
            reserved: 0,
            news: Instant::now(),
            empty: 0,
            ended: false,
            swept: false,
            halt: None,
        };
        let left = Leases::new(Arc::clone(&wire), queue.clone(), None, Box::new(|_, _| {}), hunting.now);
        let (state, changed) = (Mutex::new(state), Notify::new());
        let began = Instant::now();
        Self { began, wire, queue, hunting, wanted, left, state, changed }
    }

    /// For all there are.
    pub fn for_all(wire: Arc<dyn Wire>, queue: Queue, hunting: Hunting) -> Self {
        Self::new(wire, queue, hunting, Box::new(|_| Decision::Take(None)))
    }

    /// For these ids. It ends as soon as all were found.
    pub fn for_ids(wire: Arc<dyn Wire>, queue: Queue, hunting: Hunting, ids: Ids) -> Self {
        let limit = Some(hunting.limit.unwrap_or(u64::MAX).min(ids.len() as u64));
        let wanted =
            move |message: &Message| if ids.contains(&message.id) { Decision::Take(None) } else { Decision::Leave };
        Self::new(wire, queue, Hunting { limit, ..hunting }, Box::new(wanted))
    }

    pub fn tally(&self) -> Tally {
        let state = self.state();
        Tally { blocked_groups: state.blocked.len() as u64, ..state.tally }
    }

    /// Ends the hunt and gives back at once what was left. Those that are out stay with their movers.
    pub async fn close(&self) -> Released {
        self.state().ended = true;
        self.changed.notify_waiters();
        self.left.release().await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> Turn<'_> {
        let mut state = self.state();
        let Some(limit) = self.hunting.limit else {
            return if state.ended { Turn::Over } else { Turn::Receive(self.reserve(&mut state, MOST_IN_BATCH)) };
        };
        let wanted = limit.saturating_sub(state.tally.taken);
        let free = usize::try_from(wanted.saturating_sub(state.reserved)).unwrap_or(usize::MAX);
        if state.ended || wanted == 0 {
            Turn::Over
        } else if free == 0 {
            Turn::Wait
        } else if state.tally.left > 0 {
            // Most of what comes may not be wanted: what is too many goes back.
            Turn::Receive(self.reserve(&mut state, MOST_IN_BATCH))
        } else {
            Turn::Receive(self.reserve(&mut state, free.min(MOST_IN_BATCH)))
        }
    }

    fn reserve<'a>(&'a self, state: &mut State, most: usize) -> Reservation<'a> {
        state.reserved += most as u64;
        Reservation { hunt: self, most }
    }

    async fn receive(&self, most: usize) -> Result<Vec<Message>, Refusal> {
        let ask = Ask { most, lease: self.hunting.lease, wait: self.hunting.wait };
        receive(&self.wire, &self.queue, ask).await
    }

    /// Decides on each message that came, in one step for all workers.
    fn sort(&self, messages: Vec<Message>, asked: Moment) -> Sorted {
        let until = asked.plus(self.hunting.lease);
        let mut sorted = Sorted::default();
        let mut state = self.state();
        let busy: HashSet<Box<str>> = state.out.values().filter_map(|out| out.group.clone()).collect();
        for message in messages {
            let Some(receipt) = message.receipt.clone() else { continue };
            if state.moved.contains(&message.id) {
                sorted.gone_already.push(receipt);
            } else if let Some(out) = state.out.get_mut(message.id.as_str()) {
                out.newer = Some(receipt);
            } else if state.passed.contains(&message.id) {
                self.leave(&message.id, receipt, asked, until);
            } else if message.group().is_some_and(|group| busy.contains(group)) {
                // Out of its turn; it comes again when the ones before it are through.
                sorted.give_back.push(receipt);
            } else {
                sorted.is_news = true;
                self.decide(&mut state, &mut sorted, message, (asked, until));
            }
        }
        let seen = state.tally.taken + state.tally.left;
        state.ended |= self.hunting.most_seen.is_some_and(|most| seen >= most);
        if sorted.is_news {
            (state.news, state.empty) = (Instant::now(), 0);
        }
        sorted
    }

    fn decide(&self, state: &mut State, sorted: &mut Sorted, message: Message, (asked, until): (Moment, Moment)) {
        let receipt = message.receipt.clone().unwrap_or_default();
        match (self.wanted)(&message) {
            Decision::Take(_) if self.hunting.limit.is_some_and(|limit| state.tally.taken >= limit) => {
                sorted.give_back.push(receipt);
            }
            Decision::Take(outgoing) => {
                state.tally.taken += 1;
                let out = Out { group: message.group().map(Into::into), until, newer: None };
                state.out.insert(message.id.as_str().into(), out);
                sorted.take.push(Leased { message: Arc::new(message), until, outgoing });
            }
            Decision::Leave => {
                state.tally.left += 1;
                state.passed.insert(&message.id);
                state.blocked.extend(message.group().map(Into::into));
                self.leave(&message.id, receipt, asked, until);
                self.count_the_cost(state, &message);
            }
        }
    }

    /// A message that is left must keep a try for its consumer: see [`super::cost`].
    fn count_the_cost(&self, state: &mut State, left: &Message) {
        let Some(policy) = self.queue.redrive_policy.as_ref().filter(|_| !self.hunting.accept_cost) else { return };
        let count = left.receive_count().unwrap_or(0);
        if count + 1 >= policy.max_receive_count && !state.ended {
            let (name, target) = (self.queue.name(), policy.target.short_name());
            let text = format!(
                "stopped: a message of {name} that is not wanted was received {count} times, and after {} it goes to {target}; \
                 to go on all the same, accept the cost by the queue's name",
                policy.max_receive_count
            );
            state.ended = true;
            state.halt = Some(Refusal::new(Why::Other, false, text));
        }
    }

    fn leave(&self, id: &str, receipt: String, asked: Moment, until: Moment) {
        self.left.keep(id.into(), Receipt::Here(receipt.into()), asked, until);
    }

    /// Whether so many receives brought nothing that there is nothing more.
    fn nothing_came(&self, asked: Instant) -> bool {
        let mut state = self.state();
        // The rest of a group shows only when the part that is out is through.
        let more_may_show =
            self.queue.is_fifo() && state.out.values().any(|out| !out.until.left(self.hunting.now).is_zero());
        if asked >= state.news && !more_may_show {
            state.empty += 1;
        }
        state.ended || state.empty >= self.hunting.waits
    }

    /// After nothing has come for a while: whether that is all. Hidden messages are waited for, as long as patience lasts.
    async fn ends(&self) -> bool {
        let standing = self.wire.standing(&self.queue).await;
        let mut state = self.state();
        let ours = (state.out.len() + self.left.len()) as u64;
        let is_bare = standing.is_ok_and(|standing| standing.total() <= ours);
        if !state.ended && (is_bare || self.began.elapsed() >= self.hunting.patience) {
            (state.ended, state.swept) = (true, is_bare);
        }
        state.ended
    }

    fn halted(&self) -> Result<Option<Vec<Leased>>, Refusal> {
        self.state().halt.take().map_or(Ok(None), Err)
    }

    /// An endpoint that answers at once without waiting must not be asked again at once.
    async fn rest(&self, asked: Instant) {
        let changed = self.changed.notified();
        // Whether it changed or time is over: the next receive tells.
        let _ = timeout_at(asked + self.hunting.wait, changed).await;
    }

    /// A supply passes over what it cannot give back or delete again: the lease of the one ends, the other shows once more.
    async fn settle(&self, sorted: &Sorted) {
        if !sorted.give_back.is_empty() {
            self.wire.lease(&self.queue, &sorted.give_back, Duration::ZERO).await;
        }
        if !sorted.gone_already.is_empty() {
            self.wire.delete(&self.queue, &sorted.gone_already).await;
        }
    }
}

#[async_trait]
impl Supply for Hunt {
    async fn next(&self) -> Result<Option<Vec<Leased>>, Refusal> {
        loop {
            let changed = self.changed.notified();
            let reservation = match self.turn() {
                Turn::Receive(reservation) => reservation,
                Turn::Wait => {
                    changed.await;
                    continue;
                }
                Turn::Over => return self.halted(),
            };
            let asked = Moment::now(self.hunting.now);
            let messages = self.receive(reservation.most).await?;
            let sorted = self.sort(messages, asked);
            drop(reservation);
            self.settle(&sorted).await;
            if !sorted.take.is_empty() {
                return Ok(Some(sorted.take));
            }
            if sorted.is_news {
                continue;
            }
            if self.nothing_came(asked.awake()) {
                if self.ends().await {
                    self.changed.notify_waiters();
                    return self.halted();
                }
                sleep(LOOK_EVERY).await;
            }
            self.rest(asked.awake()).await;
        }
    }

    async fn put_back(&self, messages: Vec<Leased>) {
        let now = Moment::now(self.hunting.now);
        let mut state = self.state();
        for Leased { message, until, .. } in messages {
            let out = state.out.remove(message.id.as_str());
            state.tally.left += 1;
            state.passed.insert(&message.id);
            state.blocked.extend(message.group().map(Into::into));
            let receipt = out.and_then(|out| out.newer).or_else(|| message.receipt.clone());
            if let Some(receipt) = receipt {
                self.leave(&message.id, receipt, now, until);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Behind what is left of a group there may be more of it.
    fn is_swept(&self) -> bool {
        let state = self.state();
        state.swept && state.blocked.is_empty() && !self.hunting.patience.is_zero()
    }

    /// They are wanted when they come again.
    async fn lost(&self, messages: Vec<Leased>) {
        let mut state = self.state();
        for leased in messages {
            let was_out = state.out.remove(leased.message.id.as_str()).is_some();
            state.tally.taken -= u64::from(was_out).min(state.tally.taken);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    async fn moved(&self, ids: &[String]) {
        let newer: Vec<String> = {
            let mut state = self.state();
            let gone = |id: &String| {
                state.moved.insert(id);
                state.out.remove(id.as_str())?.newer
            };
            ids.iter().filter_map(gone).collect()
        };
        self.changed.notify_waiters();
        // It came again while it was being moved: the delete with the old receipt may not have counted.
        for batch in newer.chunks(MOST_IN_BATCH) {
            self.wire.delete(&self.queue, batch).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use jiff::Timestamp;

    use super::{
        super::pretend::{Pretend, queue},
        *,
    };

    /// Stands still: no machine sleeps here.
    fn wall() -> Timestamp {
        Timestamp::from_second(1_000_000_000).unwrap()
    }

    fn all(pretend: &Arc<Pretend>, name: &str, hunting: Hunting) -> Hunt {
        Hunt::for_all(Arc::clone(pretend) as Arc<dyn Wire>, queue(name), hunting)
    }

    fn ids(batch: &[Leased]) -> Vec<String> {
        batch.iter().map(|leased| leased.message.id.clone()).collect()
    }

    async fn delete(pretend: &Pretend, batch: &[Leased]) {
        let receipts: Vec<_> = batch.iter().filter_map(|leased| leased.message.receipt.clone()).collect();
        pretend.delete(&queue("q"), &receipts).await;
    }

    /// Takes and deletes all there is; the ids in their order.
    async fn drain(hunt: &Hunt, pretend: &Pretend) -> Vec<String> {
        let mut taken = Vec::new();
        while let Some(batch) = hunt.next().await.unwrap() {
            assert!(batch.len() <= MOST_IN_BATCH);
            delete(pretend, &batch).await;
            hunt.moved(&ids(&batch)).await;
            taken.extend(ids(&batch));
        }
        taken
    }

    #[tokio::test(start_paused = true)]
    async fn takes_all_once_though_some_answers_are_empty() {
        let pretend = Pretend::holding([""; 35]);
        pretend.be_blind(2);
        let hunt = all(&pretend, "q", Hunting::new(wall));
        let mut taken = drain(&hunt, &pretend).await;
        taken.sort_unstable();
        taken.dedup();
        assert_eq!((taken.len(), pretend.all()), (35, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn several_workers_share_one_queue() {
        let pretend = Pretend::holding([""; 400]);
        let hunt = Arc::new(all(&pretend, "q", Hunting::new(wall)));
        let started = Instant::now();
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (hunt, pretend) = (Arc::clone(&hunt), Arc::clone(&pretend));
                tokio::spawn(async move { drain(&hunt, &pretend).await.len() })
            })
            .collect();
        let mut taken = 0;
        for worker in workers {
            taken += worker.await.unwrap();
        }
        assert_eq!((taken, pretend.all()), (400, 0));
        // Forty receives of ten milliseconds, four at once; then the empty ones, which wait side by side.
        let receiving = Duration::from_millis(100);
        assert!(started.elapsed() < receiving + Duration::from_millis(2100), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_wanted_stays_leased_and_goes_back_at_the_end() {
        let pretend = Pretend::holding([""; 30]);
        let even = |message: &Message| match message.id.parse::<u32>().unwrap() % 2 {
            0 => Decision::Take(None),
            _ => Decision::Leave,
        };
        let hunt = Hunt::new(Arc::clone(&pretend) as _, queue("q"), Hunting::new(wall), Box::new(even));
        assert_eq!(drain(&hunt, &pretend).await.len(), 15);
        // Far longer than a lease: it is renewed.
        tokio::time::sleep(Duration::from_secs(3000)).await;
        assert_eq!((pretend.visible().len(), pretend.highest_count()), (0, 1));
        assert_eq!(hunt.close().await, Released { given_back: 15, ..Released::default() });
        assert_eq!(pretend.visible().len(), 15);
        assert_eq!(hunt.tally(), Tally { taken: 15, left: 15, ..Tally::default() });
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_put_back_comes_no_more_and_what_is_lost_does() {
        let pretend = Pretend::holding([""; 3]);
        let hunt = all(&pretend, "q", Hunting::new(wall));
        let mut batch = hunt.next().await.unwrap().unwrap();
        let lost = batch.pop().into_iter().collect::<Vec<_>>();
        assert_eq!(ids(&lost), ["2"]);
        hunt.put_back(batch).await;
        hunt.lost(lost.clone()).await;
        tokio::time::sleep(Hunting::new(wall).lease).await;
        let again = hunt.next().await.unwrap().unwrap();
        assert_eq!(ids(&again), ["2"]);
        hunt.put_back(again).await;
        assert!(hunt.next().await.unwrap().is_none());
        assert_eq!(hunt.tally(), Tally { taken: 3, left: 3, blocked_groups: 0 });
        assert_eq!(hunt.close().await.given_back, 3);
        assert_eq!(pretend.visible(), ["0", "1", "2"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_holds_for_all_workers_together() {
        let pretend = Pretend::holding([""; 60]);
        let hunt = all(&pretend, "q", Hunting { limit: Some(25), ..Hunting::new(wall) });
        let (a, b, c) = tokio::join!(drain(&hunt, &pretend), drain(&hunt, &pretend), drain(&hunt, &pretend));
        assert_eq!(a.len() + b.len() + c.len(), 25);
        assert_eq!((pretend.all(), pretend.visible().len()), (35, 35), "none is leased that was not taken");
    }

    #[tokio::test(start_paused = true)]
    async fn ends_without_waiting_when_all_ids_were_found() {
        let pretend = Pretend::holding([""; 40]);
        let wanted = ["3", "17"].into_iter().collect();
        let hunt = Hunt::for_ids(Arc::clone(&pretend) as _, queue("q"), Hunting::new(wall), wanted);
        let started = Instant::now();
        assert_eq!(drain(&hunt, &pretend).await, ["3", "17"]);
        assert!(started.elapsed() < Duration::from_secs(1));
        hunt.close().await;
        assert_eq!(pretend.visible().len(), 38);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fifo_group_is_with_one_worker_at_a_time_and_in_order() {
        for sloppy in [false, true] {
            let pretend = Pretend::holding(["a"; 30]);
            if sloppy {
                pretend.be_sloppy();
            }
            let hunt = all(&pretend, "q.fifo", Hunting::new(wall));
            let first = hunt.next().await.unwrap().unwrap();
            let second = tokio::time::timeout(Duration::from_secs(20), hunt.next()).await;
            assert!(second.is_err(), "the group is out: wait, and do not think that this is all: {second:?}");
            delete(&pretend, &first).await;
            hunt.moved(&ids(&first)).await;
            let mut taken = ids(&first);
            taken.extend(drain(&hunt, &pretend).await);
            let expected: Vec<_> = (0..30).map(|number| number.to_string()).collect();
            assert_eq!(taken, expected, "sloppy: {sloppy}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn behind_a_message_that_is_left_its_group_is_out_of_reach() {
        let groups = (0..24).map(|number| if number % 2 == 0 { "a" } else { "b" });
        let pretend = Pretend::holding(groups);
        let not_the_first = |message: &Message| if message.id == "0" { Decision::Leave } else { Decision::Take(None) };
        let hunt = Hunt::new(Arc::clone(&pretend) as _, queue("q.fifo"), Hunting::new(wall), Box::new(not_the_first));
        let taken = drain(&hunt, &pretend).await;
        assert_eq!(taken.iter().filter(|id| id.parse::<u32>().unwrap() % 2 == 1).count(), 12);
        assert_eq!(hunt.tally().blocked_groups, 1);
        assert!(pretend.all() > 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_comes_again_while_it_is_moved_is_not_given_out_twice() {
        let pretend = Pretend::holding([""]);
        let hunt = all(&pretend, "q", Hunting { lease: Duration::from_secs(2), ..Hunting::new(wall) });
        let batch = hunt.next().await.unwrap().unwrap();
        // The lease ends while the mover is still at it.
        assert!(hunt.next().await.unwrap().is_none());
        assert_eq!(pretend.highest_count(), 2);
        // The mover's receipt is too old to delete anything.
        delete(&pretend, &batch).await;
        assert_eq!(pretend.all(), 1);
        hunt.moved(&ids(&batch)).await;
        assert_eq!(pretend.all(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_passes_and_a_queue_that_is_gone_does_not() {
        let pretend = Pretend::holding([""]);
        pretend.spoil_receives(Why::Throttled, 3);
        let hunt = all(&pretend, "q", Hunting::new(wall));
        assert_eq!(hunt.next().await.unwrap().unwrap().len(), 1);
        pretend.spoil_receives(Why::Gone, 1);
        assert_eq!(hunt.next().await.unwrap_err().why, Why::Gone);
        assert_eq!(pretend.receives.load(Ordering::Relaxed), 5);
    }
}
