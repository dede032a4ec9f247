//! How many calls a run has under way at once, which batch calls next, and how many batches it works on so that a call always is.
//!
//! Between its calls a batch waits for the journal to be on the disk. Were there as many batches as calls, the endpoint would wait with
//! it. So there are more; but of a FIFO queue the next batch shows only when the last one is through, and by a rate there is nothing to
//! hurry for.
//!
//! What was begun is ended first: a lane that is free goes to whoever deletes, then to whoever sends, and only then to a receive. So no
//! more messages are out of their queue than keep the calls busy, and that is what a killed run may leave in doubt. A receive may wait
//! for messages that do not come: while others are carried, half of the lanes are kept from such; when none is, all may look for more.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::redrive::plan::Options;

/// Batches under way for each call. Measured: with two the calls still stand still now and then, with more nothing is gained.
const BATCHES_A_CALL: usize = 3;

/// What a lane is wanted for; what comes first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Delete,
    Send,
    Receive,
}

const STEPS: [Step; 3] = [Step::Delete, Step::Send, Step::Receive];

/// Who may call.
#[derive(Debug)]
pub(super) struct Lanes {
    queue: Arc<Mutex<Queue>>,
    batches: usize,
}

/// The right to call, as long as it is held.
#[derive(Debug)]
pub(super) struct Lane {
    queue: Arc<Mutex<Queue>>,
    step: Step,
}

/// Some batch is on its way from its receive to its delete, as long as this is held.
#[derive(Debug)]
pub(super) struct Carrying {
    queue: Arc<Mutex<Queue>>,
}

/// Those who call and those who wait for it.
#[derive(Debug)]
struct Queue {
    free: usize,
    receiving: usize,
    /// Batches that were received and are not yet through.
    carried: usize,
    /// How many may receive at once while others are carried.
    most_beside: usize,
    waiting: [VecDeque<oneshot::Sender<Lane>>; STEPS.len()],
}

impl Lanes {
    pub fn new(options: &Options, is_fifo: bool) -> Self {
        let calls = options.concurrency.max(1);
        let is_hurried = calls > 1 && options.rate.is_none() && !is_fifo;
        let most_beside = if is_hurried { calls.div_ceil(2) } else { calls };
        let queue = Queue { free: calls, receiving: 0, carried: 0, most_beside, waiting: Default::default() };
        let batches = if is_hurried { calls.saturating_mul(BATCHES_A_CALL) } else { calls };
        Self { queue: Arc::new(Mutex::new(queue)), batches }
    }

    /// How many batches to work on at once.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// Waits for a lane. Whoever no longer waits leaves its turn to the next.
    pub async fn call(&self, step: Step) -> Option<Lane> {
        let (grant, granted) = oneshot::channel();
        lock(&self.queue).waiting[step as usize].push_back(grant);
        give_out(&self.queue);
        // A sender is only ever dropped after it has sent.
        granted.await.ok()
    }

    /// Whether nobody waits who could be given the next lane that is free.
    pub fn are_hungry(&self) -> bool {
        lock(&self.queue).next_step().is_none()
    }

    /// To be held while a batch is carried.
    pub fn carry(&self) -> Carrying {
        lock(&self.queue).carried += 1;
        Carrying { queue: Arc::clone(&self.queue) }
    }
}

impl Drop for Carrying {
    fn drop(&mut self) {
        lock(&self.queue).carried -= 1;
        give_out(&self.queue);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        {
            let mut queue = lock(&self.queue);
            queue.free += 1;
            queue.receiving -= usize::from(self.step == Step::Receive);
        }
        give_out(&self.queue);
    }
}

impl Queue {
    /// Who is next, if there is a lane for it.
    fn next(&mut self) -> Option<(Step, oneshot::Sender<Lane>)> {
        if self.free == 0 {
            return None;
        }
        let step = self.next_step()?;
        let grant = self.waiting[step as usize].pop_front()?;
        self.free -= 1;
        self.receiving += usize::from(step == Step::Receive);
        Some((step, grant))
    }

    /// What the next lane is for.
    fn next_step(&self) -> Option<Step> {
        let may_receive = self.carried == 0 || self.receiving < self.most_beside;
        let is_next = |step: &Step| !self.waiting[*step as usize].is_empty() && (*step != Step::Receive || may_receive);
        STEPS.into_iter().find(is_next)
    }
}

/// Gives the lanes that are free to those who wait.
fn give_out(queue: &Arc<Mutex<Queue>>) {
    loop {
        let Some((step, grant)) = lock(queue).next() else { return };
        // Where nobody waits for it any more it comes back, is dropped and so goes to the next.
        drop(grant.send(Lane { queue: Arc::clone(queue), step }));
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use proptest::prelude::*;
    use rstest::rstest;

    fn lanes(concurrency: usize, rate: Option<f64>, is_fifo: bool) -> Lanes {
        Lanes::new(&Options { concurrency, rate, ..Options::default() }, is_fifo)
    }

    fn at_once(lanes: &Lanes, step: Step) -> Option<Lane> {
        lanes.call(step).now_or_never().map(Option::unwrap)
    }

    #[rstest]
    #[case::in_a_hurry(4, None, false, 12)]
    #[case::by_a_rate(4, Some(9.0), false, 4)]
    #[case::in_order(4, None, true, 4)]
    #[case::one_by_one(1, None, false, 1)]
    #[case::none(0, None, false, 1)]
    fn there_are_more_batches_than_calls_where_that_helps(
        #[case] concurrency: usize,
        #[case] rate: Option<f64>,
        #[case] is_fifo: bool,
        #[case] batches: usize,
    ) {
        assert_eq!(lanes(concurrency, rate, is_fifo).batches(), batches);
    }

    #[test]
    fn never_more_calls_than_allowed_and_never_receives_alone_while_others_are_carried() {
        let lanes = lanes(4, None, false);
        let carried = lanes.carry();
        let receives: Vec<_> = (0..2).map(|_| at_once(&lanes, Step::Receive).unwrap()).collect();
        assert!(at_once(&lanes, Step::Receive).is_none(), "two calls are kept for what was received");
        let sends: Vec<_> = (0..2).map(|_| at_once(&lanes, Step::Send).unwrap()).collect();
        assert!(at_once(&lanes, Step::Delete).is_none());
        drop((receives, carried));
        let more: Vec<_> = (0..2).map(|_| at_once(&lanes, Step::Send).unwrap()).collect();
        assert!(at_once(&lanes, Step::Send).is_none());
        drop((sends, more));
    }

    #[test]
    fn with_nothing_in_hand_all_look_for_more() {
        let lanes = lanes(4, None, false);
        let carried = lanes.carry();
        let mut receives: Vec<_> = (0..2).map(|_| at_once(&lanes, Step::Receive).unwrap()).collect();
        let mut third = Box::pin(lanes.call(Step::Receive));
        assert!((&mut third).now_or_never().is_none());
        drop(carried);
        receives.extend(third.now_or_never().unwrap());
        receives.extend(at_once(&lanes, Step::Receive));
        assert_eq!(receives.len(), 4);
    }

    #[test]
    fn what_came_has_the_lane_it_came_by() {
        let lanes = lanes(4, None, false);
        let mut receives: Vec<_> = (0..4).map(|_| at_once(&lanes, Step::Receive).unwrap()).collect();
        let mut other = Box::pin(lanes.call(Step::Receive));
        assert!((&mut other).now_or_never().is_none());
        let carried = lanes.carry();
        drop(receives.pop());
        assert!((&mut other).now_or_never().is_none(), "it may wait for messages that do not come");
        assert!(at_once(&lanes, Step::Send).is_some());
        drop(carried);
    }

    #[test]
    fn lanes_are_hungry_when_nobody_waits_who_may_have_one() {
        let lanes = lanes(4, None, false);
        assert!(lanes.are_hungry());
        let carried = lanes.carry();
        let mut held: Vec<_> = (0..4).map(|_| at_once(&lanes, Step::Send).unwrap()).collect();
        assert!(lanes.are_hungry());
        let mut receives: Vec<_> = (0..3).map(|_| Box::pin(lanes.call(Step::Receive))).collect();
        assert!(receives.iter_mut().all(|receive| receive.now_or_never().is_none()));
        assert!(!lanes.are_hungry(), "a receive would be next");
        held.truncate(2);
        assert!(lanes.are_hungry(), "two receive, and the third may not while others are carried");
        held.clear();
        assert!(lanes.are_hungry());
        drop(carried);
        assert!(lanes.are_hungry(), "the third has its lane");
    }

    #[tokio::test]
    async fn what_was_begun_is_ended_first() {
        let lanes = lanes(1, None, false);
        let busy = at_once(&lanes, Step::Receive).unwrap();
        let order = Mutex::new(Vec::new());
        let take = async |step| {
            let lane = lanes.call(step).await;
            order.lock().unwrap().push(step);
            drop(lane);
        };
        let free = async { drop(busy) };
        // The last of these to be polled is the one that frees the lane, when all others wait already.
        tokio::join!(biased; take(Step::Receive), take(Step::Send), take(Step::Delete), take(Step::Delete), free);
        assert_eq!(*order.lock().unwrap(), [Step::Delete, Step::Delete, Step::Send, Step::Receive]);
    }

    #[tokio::test]
    async fn whoever_gives_up_leaves_its_turn_to_the_next() {
        let lanes = lanes(1, None, false);
        let busy = at_once(&lanes, Step::Send).unwrap();
        // Asked for, and no longer waited for.
        assert!(at_once(&lanes, Step::Delete).is_none());
        assert!(at_once(&lanes, Step::Delete).is_none());
        let mut waits = Box::pin(lanes.call(Step::Receive));
        assert!((&mut waits).now_or_never().is_none());
        drop(busy);
        assert!(waits.now_or_never().is_some());
    }

    proptest! {
        /// Whatever is taken, given up and given back: no lane is lost and none comes from nowhere.
        #[test]
        fn lanes_are_neither_lost_nor_made(calls in 1usize..6, deeds in prop::collection::vec((0usize..3, any::<bool>()), 0..60)) {
            let lanes = lanes(calls, None, false);
            let mut held = Vec::new();
            for (step, gives_back) in deeds {
                if gives_back && !held.is_empty() {
                    drop(held.swap_remove(step % held.len()));
                } else {
                    held.extend(at_once(&lanes, STEPS[step]));
                }
                prop_assert!(held.len() <= calls);
            }
            held.clear();
            let all: Vec<_> = (0..calls).filter_map(|_| at_once(&lanes, Step::Send)).collect();
            prop_assert_eq!(all.len(), calls);
        }
    }
}
