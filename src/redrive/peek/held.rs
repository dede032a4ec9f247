//! Messages chosen on the desk, for a run: those that are held, or a hunt for those that were only seen.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::Notify, time::timeout};

use super::{
    hold::{Fate, Hold},
    hunt::{Decision, Hunt, Wanted},
    lease::Released,
};
use crate::redrive::{
    message::MOST_IN_BATCH,
    mover::supply::{Leased, Supply},
    wire::Refusal,
};

/// How long a worker waits for groups that others have.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was chosen, as a supply.
#[derive(Debug)]
pub enum Chosen {
    /// They stay leased on the desk until they are moved.
    Held(Box<Held>),
    Hunt(Box<Hunt>),
}

/// Chosen messages that are held.
pub struct Held {
    hold: Arc<Hold>,
    wanted: Wanted,
    state: Mutex<Pending>,
    /// A group may go on.
    changed: Notify,
}

/// What is still to be given out. Without a group each message stands alone; of a group one batch is out at a time.
#[derive(Debug, Default)]
struct Pending {
    alone: VecDeque<Arc<str>>,
    groups: HashMap<Arc<str>, VecDeque<Arc<str>>>,
    /// Groups of which nothing is out.
    ready: VecDeque<Arc<str>>,
    /// By id.
    out: HashMap<Arc<str>, Arc<str>>,
    /// Not given out after all.
    passed: u64,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("hold", &self.hold).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Chosen {
    pub(super) fn held(hold: Arc<Hold>, ids: &[String], wanted: Wanted) -> Self {
        let mut pending = Pending::default();
        for (id, group) in hold.in_order(ids) {
            match group {
                None => pending.alone.push_back(id),
                Some(group) => {
                    let queue = pending.groups.entry(Arc::clone(&group)).or_default();
                    if queue.is_empty() {
                        pending.ready.push_back(group);
                    }
                    queue.push_back(id);
                }
            }
        }
        let (state, changed) = (Mutex::new(pending), Notify::new());
        Self::Held(Box::new(Held { hold, wanted, state, changed }))
    }

    /// How many were not given out, not yet or not at all, or were put back.
    pub fn left(&self) -> u64 {
        match self {
            Self::Held(held) => held.state().left(),
            Self::Hunt(hunt) => hunt.tally().left,
        }
    }

    /// Ends it. What a hunt received in passing goes back; what is held stays on the desk.
    pub async fn close(&self) -> Released {
        match self {
            Self::Held(_) => Released::default(),
            Self::Hunt(hunt) => hunt.close().await,
        }
    }
}

#[async_trait]
impl Supply for Chosen {
    async fn next(&self) -> Result<Option<Vec<Leased>>, Refusal> {
        match self {
            Self::Held(held) => held.next().await,
            Self::Hunt(hunt) => hunt.next().await,
        }
    }

    async fn put_back(&self, messages: Vec<Leased>) {
        match self {
            Self::Held(held) => held.put_back(messages).await,
            Self::Hunt(hunt) => hunt.put_back(messages).await,
        }
    }

    async fn lost(&self, messages: Vec<Leased>) {
        match self {
            Self::Held(held) => held.lost(messages).await,
            Self::Hunt(hunt) => hunt.lost(messages).await,
        }
    }

    fn is_swept(&self) -> bool {
        match self {
            Self::Held(held) => held.is_swept(),
            Self::Hunt(hunt) => hunt.is_swept(),
        }
    }

    async fn moved(&self, ids: &[String]) {
        match self {
            Self::Held(held) => held.moved(ids).await,
            Self::Hunt(hunt) => hunt.moved(ids).await,
        }
    }
}

impl Pending {
    /// The ids of the next batch; none while all groups that are left are out.
    fn draw(&mut self) -> Vec<Arc<str>> {
        let mut ids: Vec<_> = self.alone.drain(..self.alone.len().min(MOST_IN_BATCH)).collect();
        while ids.len() < MOST_IN_BATCH {
            let Some(group) = self.ready.pop_front() else { break };
            let Some(queue) = self.groups.get_mut(&group) else { continue };
            let room = queue.len().min(MOST_IN_BATCH - ids.len());
            for id in queue.drain(..room) {
                self.out.insert(Arc::clone(&id), Arc::clone(&group));
                ids.push(id);
            }
        }
        ids
    }

    fn left(&self) -> u64 {
        self.passed + (self.alone.len() + self.groups.values().map(VecDeque::len).sum::<usize>()) as u64
    }

    fn is_done(&self) -> bool {
        self.alone.is_empty() && self.groups.values().all(VecDeque::is_empty)
    }

    /// These are with the mover no longer. Behind one that stays its group stays too, or its order would break.
    fn settle<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>, stays: bool) {
        let groups: HashSet<_> = ids.into_iter().filter_map(|id| self.out.remove(id)).collect();
        for group in groups {
            if stays {
                self.passed += self.groups.remove(&group).map_or(0, |queue| queue.len() as u64);
            } else if !self.out.values().any(|out| *out == group)
                && self.groups.get(&group).is_some_and(|q| !q.is_empty())
            {
                self.ready.push_back(group);
            }
        }
    }
}

impl Held {
    fn state(&self) -> MutexGuard<'_, Pending> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole message, if it is still ours and wanted.
    fn leased(&self, id: &str) -> Result<Option<Leased>, Refusal> {
        let Some(until) = self.hold.leases.until(id).filter(|_| self.hold.fate(id) == Some(Fate::Held)) else {
            return Ok(None);
        };
        let message = self.hold.message(id)?;
        Ok(match (self.wanted)(&message) {
            Decision::Take(outgoing) => Some(Leased { message: Arc::new(message), until, outgoing }),
            Decision::Leave => None,
        })
    }

    /// Those of these that are still ours and wanted. What is behind one that is not, in its group, must not overtake it: the group is
    /// closed for this run.
    ///
    /// # Errors
    /// The disk's; then none of them is given out.
    fn lease_all(&self, ids: &[Arc<str>]) -> Result<Vec<Leased>, Refusal> {
        let mut batch = Vec::with_capacity(ids.len());
        let mut closed = HashSet::new();
        for id in ids {
            let group = self.state().out.get(id).cloned();
            let is_behind = group.as_ref().is_some_and(|group| closed.contains(group));
            let leased = if is_behind { Ok(None) } else { self.leased(id) };
            match leased {
                Ok(Some(leased)) => batch.push(leased),
                Ok(None) => {
                    closed.extend(group);
                    self.pass([&**id]);
                }
                Err(refusal) => {
                    self.pass(batch.iter().map(|leased: &Leased| leased.message.id.as_str()));
                    self.pass(ids.iter().skip_while(|rest| *rest != id).map(|id| &**id));
                    return Err(refusal);
                }
            }
        }
        Ok(batch)
    }

    /// These are not given out after all.
    fn pass<'a>(&self, ids: impl IntoIterator<Item = &'a str>) {
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut state = self.state();
        state.passed += ids.len() as u64;
        state.settle(ids, true);
    }
}

#[async_trait]
impl Supply for Held {
    async fn next(&self) -> Result<Option<Vec<Leased>>, Refusal> {
        loop {
            let changed = self.changed.notified();
            let (ids, is_done) = {
                let mut state = self.state();
                (state.draw(), state.is_done())
            };
            if ids.is_empty() {
                // Whoever has the others comes back for the rest of their groups, so that nothing depends on this worker.
                if is_done || timeout(PATIENCE, changed).await.is_err() {
                    return Ok(None);
                }
                continue;
            }
            let batch = self.lease_all(&ids)?;
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
    }

    async fn put_back(&self, messages: Vec<Leased>) {
        let mut state = self.state();
        state.passed += messages.len() as u64;
        state.settle(messages.iter().map(|leased| leased.message.id.as_str()), true);
        drop(state);
        self.changed.notify_waiters();
    }

    async fn moved(&self, ids: &[String]) {
        for id in ids {
            self.hold.leases.forget(id);
            self.hold.set_fate(id, Fate::Moved);
        }
        self.state().settle(ids.iter().map(String::as_str), false);
        self.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;
    use tokio::sync::mpsc::channel;
    use tokio_util::sync::CancellationToken;

    use super::{
        super::{
            hold::Options,
            pretend::{Pretend, queue, queue_with_policy},
        },
        *,
    };
    use crate::redrive::{queue::Queue, wire::Wire};

    async fn looked_at(pretend: &Arc<Pretend>, queue: Queue) -> Arc<Hold> {
        let options = Options::new(|| Timestamp::from_second(1_000_000_000).unwrap());
        let hold = Hold::open(Arc::clone(pretend) as _, queue, options).await.unwrap();
        let (sender, mut receiver) = channel(1000);
        hold.look(None, &sender, &CancellationToken::new()).await;
        receiver.close();
        Arc::new(hold)
    }

    fn take_all() -> Wanted {
        Box::new(|_| Decision::Take(None))
    }

    fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|number| number.to_string()).collect()
    }

    fn ids(batch: &[Leased]) -> Vec<String> {
        batch.iter().map(|leased| leased.message.id.clone()).collect()
    }

    /// As a mover does it.
    async fn finish(supply: &Chosen, pretend: &Pretend, batch: &[Leased]) {
        let receipts: Vec<_> = batch.iter().map(|leased| leased.message.receipt.clone().unwrap()).collect();
        assert!(pretend.delete(&queue("q"), &receipts).await.iter().all(Result::is_ok));
        supply.moved(&ids(batch)).await;
    }

    async fn drain(supply: &Chosen, pretend: &Pretend) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(batch) = supply.next().await.unwrap() {
            assert!(batch.len() <= MOST_IN_BATCH);
            finish(supply, pretend, &batch).await;
            all.extend(ids(&batch));
        }
        all
    }

    #[tokio::test(start_paused = true)]
    async fn gives_those_chosen_and_keeps_the_others() {
        let pretend = Pretend::holding([""; 60]);
        let hold = looked_at(&pretend, queue("dlq")).await;
        let edited: Wanted = Box::new(|message| match message.id.as_str() {
            "13" => Decision::Leave,
            _ => Decision::Take(None),
        });
        let supply = hold.supply(&numbers(10..40), edited).await;
        let mut moved = drain(&supply, &pretend).await;
        moved.sort_unstable();
        assert_eq!((moved.len(), supply.left(), pretend.all()), (29, 1, 31));
        assert_eq!((hold.fate("10"), hold.fate("13")), (Some(Fate::Moved), Some(Fate::Held)));
        assert_eq!(hold.release().await.given_back, 31);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_lost_is_not_given_out() {
        let pretend = Pretend::holding([""; 3]);
        let hold = looked_at(&pretend, queue("dlq")).await;
        let supply = hold.supply(&numbers(0..3), take_all()).await;
        pretend.remove("1");
        hold.lost().await;
        assert_eq!((drain(&supply, &pretend).await.len(), supply.left()), (2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn groups_go_in_order_one_batch_at_a_time() {
        // Of each second group only three can be seen: the first receive took them with the group before.
        let pretend = Pretend::holding((0..28).map(|number| ["a", "b", "c", "d"][number / 7]));
        let hold = looked_at(&pretend, queue("dlq.fifo")).await;
        let held: Vec<_> = numbers(0..28).into_iter().filter(|id| hold.fate(id).is_some()).collect();
        assert_eq!(held.len(), 20);
        let supply = hold.supply(&held, take_all()).await;
        let mut out = Vec::new();
        while let Ok(Ok(Some(batch))) = timeout(Duration::from_secs(1), supply.next()).await {
            out.push(batch);
        }
        let groups_of = |batch: &[Leased]| -> HashSet<String> {
            batch.iter().map(|leased| leased.message.group().unwrap().to_owned()).collect()
        };
        for (place, batch) in out.iter().enumerate() {
            for other in &out[place + 1..] {
                assert!(groups_of(batch).is_disjoint(&groups_of(other)));
            }
        }
        let mut order: Vec<String> = Vec::new();
        for batch in &out {
            finish(&supply, &pretend, batch).await;
            order.extend(ids(batch));
        }
        order.extend(drain(&supply, &pretend).await);
        assert_eq!((out.len(), order.len()), (2, 20));
        for group in 0..4 {
            let of_group: Vec<u32> =
                order.iter().map(|id| id.parse().unwrap()).filter(|number| number / 7 == group).collect();
            assert!(of_group.is_sorted(), "{of_group:?}");
        }
    }

    #[rstest]
    #[case::lost("3", "")]
    #[case::not_wanted("", "3")]
    #[case::lost_in_the_middle_of_the_batch("14", "")]
    #[tokio::test(start_paused = true)]
    async fn nothing_overtakes_one_of_its_group_that_is_not_given_out(#[case] lost: &str, #[case] unwanted: &str) {
        let pretend = Pretend::holding((0..20).map(|number| if number < 10 { "a" } else { "b" }));
        let hold = looked_at(&pretend, queue("dlq.fifo")).await;
        let unwanted = unwanted.to_owned();
        let wanted: Wanted =
            Box::new(move |message| if message.id == unwanted { Decision::Leave } else { Decision::Take(None) });
        let supply = hold.supply(&numbers(0..20), wanted).await;
        if !lost.is_empty() {
            pretend.remove(lost);
            hold.lost().await;
        }
        let mut moved: Vec<u32> = drain(&supply, &pretend).await.iter().map(|id| id.parse().unwrap()).collect();
        moved.sort_unstable();
        let expected: Vec<u32> = if lost == "14" { (0..14).collect() } else { (0..3).chain(10..20).collect() };
        assert_eq!((moved.clone(), supply.left()), (expected, 20 - moved.len() as u64));
    }

    #[tokio::test(start_paused = true)]
    async fn one_whose_lease_was_over_is_hunted_again() {
        let pretend = Pretend::holding([""; 5]);
        pretend.be_free();
        let hold = looked_at(&pretend, queue("dlq")).await;
        let supply = hold.supply(&numbers(0..1), take_all()).await;
        let batch = supply.next().await.unwrap().unwrap();
        tokio::time::sleep_until(batch[0].until.awake()).await;
        supply.lost(batch).await;
        assert_eq!(drain(&supply, &pretend).await, numbers(0..1));
    }

    #[rstest]
    #[case::standard("dlq", "")]
    #[case::fifo("dlq.fifo", "a")]
    #[tokio::test(start_paused = true)]
    async fn what_is_held_beside_one_that_is_not_is_given_back_to_be_found(#[case] name: &str, #[case] group: &str) {
        let pretend = Pretend::holding([group; 10]);
        let hold = looked_at(&pretend, queue(name)).await;
        hold.give_back(&numbers(2..3)).await;
        // Of a group the two behind those chosen are held too, and would keep it shut.
        let supply = hold.supply(&numbers(0..8), take_all()).await;
        let mut moved = drain(&supply, &pretend).await;
        moved.sort_unstable();
        assert_eq!(moved, numbers(0..8));
        supply.close().await;
        assert_eq!(hold.fate("9"), Some(if group.is_empty() { Fate::Held } else { Fate::GivenBack }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_longer_than_a_batch_waits_for_its_first_part() {
        let mut pending = Pending::default();
        let ids: Vec<Arc<str>> = (0..25).map(|number| number.to_string().into()).collect();
        let group: Arc<str> = "g".into();
        pending.groups.insert(Arc::clone(&group), ids.iter().cloned().collect());
        pending.ready.push_back(group);
        assert_eq!(pending.draw(), ids[..10]);
        assert!(pending.draw().is_empty() && !pending.is_done());
        pending.settle(ids[..9].iter().map(|id| &**id), false);
        assert!(pending.draw().is_empty(), "one of them is still out");
        pending.settle([&*ids[9]], false);
        assert_eq!(pending.draw(), ids[10..20]);
        // One is refused: what is behind it stays behind it.
        pending.settle([&*ids[10]], true);
        pending.settle(ids[11..20].iter().map(|id| &**id), false);
        assert!(pending.draw().is_empty() && pending.is_done());
        assert_eq!(pending.passed, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_of_which_nothing_is_ever_heard_holds_nobody_up() {
        let pretend = Pretend::holding(["a"; 10]);
        let hold = looked_at(&pretend, queue("dlq.fifo")).await;
        let supply = hold.supply(&numbers(0..10), take_all()).await;
        let Chosen::Held(held) = &supply else { panic!("{supply:?}") };
        // As if it had more of that group than one batch.
        held.state().groups.get_mut("a").unwrap().push_back("10".into());
        assert_eq!(supply.next().await.unwrap().unwrap().len(), 10);
        assert!(supply.next().await.unwrap().is_none());
        assert_eq!(supply.left(), 1);
    }

    #[rstest]
    #[case::no_policy(queue("dlq"), true)]
    #[case::three_tries(queue_with_policy("orders", 3), true)]
    #[case::two_tries(queue_with_policy("orders", 2), false)]
    #[tokio::test(start_paused = true)]
    async fn what_was_seen_for_free_is_received_to_be_moved(#[case] queue: Queue, #[case] goes_well: bool) {
        let pretend = Pretend::holding([""; 25]);
        pretend.be_free();
        let hold = looked_at(&pretend, queue).await;
        let supply = hold.supply(&numbers(20..23), take_all()).await;
        assert!(matches!(supply, Chosen::Hunt(_)));
        if goes_well {
            assert_eq!(drain(&supply, &pretend).await, numbers(20..23));
        } else {
            let refusal = supply.next().await.unwrap_err();
            assert!(refusal.text.starts_with("stopped: a message of orders"), "{refusal}");
            assert!(supply.next().await.unwrap().is_none());
        }
        supply.close().await;
        assert_eq!(pretend.visible().len(), if goes_well { 22 } else { 25 });
        assert_eq!(pretend.highest_count(), 1);
    }
}
