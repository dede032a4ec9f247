//! Messages that stay ours: their leases are renewed in the background at half time, in batches, and ended all at once.
//!
//! The monotonic clock counts here; a wall clock that ran ahead of it tells of a machine that slept. A lease that could not be renewed is
//! said, never hidden: from then on somebody else may have the message.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use super::{length::Lease, spool::Spool};
pub use super::{
    length::length_for,
    released::{Owed, Released},
    spool::Receipt,
};
use crate::redrive::{
    message::MOST_IN_BATCH,
    moment::{Clock, Moment},
    queue::Queue,
    wire::{Refusal, Why, Wire},
};

/// Longer than this after its receive SQS lets nobody keep a message.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
const MOST: Duration = Duration::from_secs(12 * 3600);
/// The clocks of both sides may differ so much in speed, and an answer may take so long.
const MARGIN: Duration = Duration::from_secs(10);
/// Leases that end within the same second are renewed together.
const GRAIN: Duration = Duration::from_secs(1);
/// After a renewal that got no answer.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
const CONCURRENCY: usize = 8;
/// How often to look whether it did.
const WAKES_EVERY: Duration = Duration::from_secs(2);

/// Hears of a message that is ours no longer, and why.
pub type OnLost = Box<dyn Fn(&str, &str) + Send + Sync>;

/// The messages of one queue that are ours.
pub struct Leases {
    inner: Arc<Inner>,
    renewing: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Held {
    leases: HashMap<Arc<str>, Lease>,
    /// When the background looks at them next; none while there is nothing to do.
    planned: Option<Instant>,
    /// The last look whether the machine slept.
    seen: Moment,
}

struct Inner {
    wire: Arc<dyn Wire>,
    queue: Queue,
    spool: Option<Arc<Spool>>,
    on_lost: OnLost,
    clock: Clock,
    held: Mutex<Held>,
    /// Something is due earlier than was planned.
    earlier: Notify,
    /// No renewals any more.
    ending: AtomicBool,
    /// Being given back: so many, of which the last would end by then.
    leaving: Mutex<(u64, Option<Instant>)>,
    /// Held during renewals, so that an end waits for the one under way.
    calls: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases")
            .field("queue", &self.inner.queue.url)
            .field("held", &self.len())
            .finish_non_exhaustive()
    }
}

impl Leases {
    /// None yet. Receipts may be in the spool. By the wall clock it is known when the machine slept.
    pub fn new(wire: Arc<dyn Wire>, queue: Queue, spool: Option<Arc<Spool>>, on_lost: OnLost, clock: Clock) -> Self {
        let held = Held { leases: HashMap::new(), planned: None, seen: Moment::now(clock) };
        let inner = Inner {
            wire,
            queue,
            spool,
            on_lost,
            clock,
            held: Mutex::new(held),
            earlier: Notify::new(),
            ending: AtomicBool::new(false),
            leaving: Mutex::default(),
            calls: tokio::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner), renewing: Mutex::default() }
    }

    /// Keeps a message that was received at `since` and is ours until then. A newer receipt replaces an older one.
    pub fn keep(&self, id: Arc<str>, receipt: Receipt, since: Moment, until: Moment) {
        // What was slept through so far is in these two moments already.
        self.inner.note_sleep();
        let lease = Lease::new(receipt, since, until, self.inner.clock);
        let mut held = self.inner.held();
        if held.planned.is_none_or(|planned| lease.due < Some(planned)) {
            self.inner.earlier.notify_one();
        }
        held.leases.insert(id, lease);
        drop(held);
        self.renew_in_the_background();
    }

    /// No longer renewed; the lease is somebody else's business now. The receipt, if it was held.
    pub fn forget(&self, id: &str) -> Option<Receipt> {
        self.inner.held().leases.remove(id).map(|lease| lease.receipt)
    }

    /// When the lease ends if nothing is done.
    pub fn until(&self, id: &str) -> Option<Moment> {
        self.inner.note_sleep();
        let until = self.inner.held().leases.get(id).map(|lease| lease.until)?;
        Some(Moment::now(self.inner.clock).plus(until.saturating_duration_since(Instant::now())))
    }

    /// The receipt handle of one that is held.
    pub fn receipt(&self, id: &str) -> Option<String> {
        let receipt = self.inner.held().leases.get(id).map(|lease| lease.receipt.clone())?;
        self.inner.text_of(&receipt).ok()
    }

    pub fn len(&self) -> usize {
        self.inner.held().leases.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The end of the lease that ends first.
    pub fn first_end(&self) -> Option<Instant> {
        self.inner.held().leases.values().map(|lease| lease.until).min()
    }

    /// What is still ours, or on its way back.
    pub fn owed(&self) -> Owed {
        let held = self.inner.held();
        let (leaving, last) = *self.inner.leaving();
        let last = held.leases.values().map(|lease| lease.until).max().max(last);
        let messages = held.leases.len() as u64 + leaving;
        Owed { messages, back_in: last.map(|last| last.saturating_duration_since(Instant::now())) }
    }

    /// Gives all of them back at once. Twice is the same as once.
    pub async fn release(&self) -> Released {
        self.inner.ending.store(true, Ordering::Release);
        let _renewals_are_over = self.inner.calls.lock().await;
        let all: Vec<_> = {
            let mut held = self.inner.held();
            let all: Vec<_> = held.leases.drain().collect();
            *self.inner.leaving() = (all.len() as u64, all.iter().map(|(_, lease)| lease.until).max());
            all
        };
        let released = self.inner.give_back(all).await;
        *self.inner.leaving() = (0, None);
        self.inner.ending.store(false, Ordering::Release);
        released
    }

    /// Gives some of them back at once.
    pub async fn give_back(&self, ids: impl IntoIterator<Item = &str>) -> Released {
        let some: Vec<_> = {
            let mut held = self.inner.held();
            ids.into_iter().filter_map(|id| held.leases.remove_entry(id)).collect()
        };
        self.inner.give_back(some).await
    }

    fn renew_in_the_background(&self) {
        let mut renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        if renewing.as_ref().is_none_or(JoinHandle::is_finished) {
            let inner = Arc::clone(&self.inner);
            *renewing = Some(tokio::spawn(async move { inner.renew().await }));
        }
    }
}

impl Drop for Leases {
    fn drop(&mut self) {
        if let Some(renewing) = self.renewing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            renewing.abort();
        }
    }
}

/// What a renewal needs of a lease.
type Due = (Arc<str>, Receipt, Instant);

impl Inner {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leaving(&self) -> MutexGuard<'_, (u64, Option<Instant>)> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// For as long as anybody may add leases.
    async fn renew(&self) {
        loop {
            self.note_sleep();
            let Some(next) = self.plan() else {
                self.earlier.notified().await;
                continue;
            };
            tokio::select! {
                () = sleep_until(next) => self.renew_due().await,
                () = sleep(WAKES_EVERY) => {}
                () = self.earlier.notified() => {}
            }
        }
    }

    /// While the machine slept our clock stood still, and SQS's did not: all leases are so much nearer to their ends. Those that are over
    /// are lost, the others are renewed at once.
    fn note_sleep(&self) {
        let now = Instant::now();
        let mut held = self.held();
        let slept = held.seen.slept(self.clock);
        held.seen = Moment::now(self.clock);
        if slept.is_zero() {
            return;
        }
        for lease in held.leases.values_mut() {
            lease.since = lease.since.checked_sub(slept).unwrap_or(lease.since);
            lease.until = lease.until.checked_sub(slept).unwrap_or(now);
            lease.due = lease.due.map(|_| now);
        }
        let ended: Vec<_> = held.leases.extract_if(|_, lease| lease.until <= now).collect();
        drop(held);
        self.earlier.notify_one();
        let why = format!("this machine slept for {:.0} s, and its lease ended meanwhile", slept.as_secs_f64());
        for (id, _) in ended {
            (self.on_lost)(&id, &why);
        }
    }

    /// When something is to be done next: a lease is to be renewed, or one that cannot be has ended.
    fn plan(&self) -> Option<Instant> {
        let mut held = self.held();
        held.planned = held.leases.values().map(|lease| lease.due.unwrap_or(lease.until)).min();
        held.planned
    }

    async fn renew_due(&self) {
        let _calls = self.calls.lock().await;
        let now = Instant::now();
        self.lose_those_that_ended(now);
        let (mut due, held) = {
            let held = self.held();
            let is_due = |lease: &Lease| lease.due.is_some_and(|due| due <= now + GRAIN);
            let due: Vec<Due> = held
                .leases
                .iter()
                .filter(|(_, lease)| is_due(lease))
                .map(|(id, lease)| (Arc::clone(id), lease.receipt.clone(), lease.since))
                .collect();
            (due, held.leases.len())
        };
        // A batch has one length, and its oldest message bounds it.
        due.sort_by_key(|(_, _, since)| *since);
        let length = length_for(held);
        stream::iter(due.chunks(MOST_IN_BATCH))
            .take_while(|_| std::future::ready(!self.is_ending()))
            .for_each_concurrent(CONCURRENCY, |batch| self.renew_batch(batch, length))
            .await;
    }

    async fn renew_batch(&self, batch: &[Due], length: Duration) {
        let now = Instant::now();
        let oldest = batch.first().map_or(now, |(_, _, since)| *since);
        let length = length.min((oldest + MOST).saturating_duration_since(now + MARGIN));
        // Whole seconds are all that SQS knows.
        let length = Duration::from_secs(length.as_secs());
        let receipts: Result<Vec<_>, _> = batch.iter().map(|(_, receipt, _)| self.text_of(receipt)).collect();
        let each = match receipts {
            Ok(receipts) if length > AGAIN_AFTER => self.wire.lease(&self.queue, &receipts, length).await,
            Ok(_) => {
                let over = "twelve hours are over, and SQS lets nobody keep a message longer";
                batch.iter().map(|_| Err(Refusal::new(Why::Unacceptable, false, over))).collect()
            }
            Err(refusal) => batch.iter().map(|_| Err(refusal.clone())).collect(),
        };
        for ((id, _, _), result) in batch.iter().zip(each) {
            self.renewed(id, result, now, length);
        }
    }

    fn renewed(&self, id: &Arc<str>, result: Result<(), Refusal>, asked: Instant, length: Duration) {
        let mut held = self.held();
        let Some(lease) = held.leases.get_mut(id) else { return };
        match result {
            Ok(()) => {
                lease.until = asked + length;
                lease.due = Some(asked + length / 2);
            }
            Err(refusal) if refusal.is_passing() => lease.due = Some(Instant::now() + AGAIN_AFTER),
            Err(refusal) if matches!(refusal.why, Why::LeaseOver | Why::Gone) => {
                held.leases.remove(id);
                drop(held);
                (self.on_lost)(id, &refusal.text);
            }
            // It is ours till the end that was agreed on.
            Err(_) => lease.due = None,
        }
    }

    fn lose_those_that_ended(&self, now: Instant) {
        let ended: Vec<_> = self.held().leases.extract_if(|_, lease| lease.until <= now).collect();
        for (id, lease) in ended {
            let why = if lease.due.is_none() {
                "SQS would not prolong its lease"
            } else {
                "its lease could not be renewed in time"
            };
            (self.on_lost)(&id, why);
        }
    }

    async fn give_back(&self, leases: Vec<(Arc<str>, Lease)>) -> Released {
        let calls: Vec<_> = leases.chunks(MOST_IN_BATCH).map(|batch| self.give_back_batch(batch)).collect();
        let each: Vec<Released> = stream::iter(calls).buffer_unordered(CONCURRENCY).collect().await;
        each.into_iter().fold(Released::default(), |all, one| Released {
            given_back: all.given_back + one.given_back,
            stuck: all.stuck + one.stuck,
            back_in: all.back_in.max(one.back_in),
            trouble: all.trouble.or(one.trouble),
        })
    }

    async fn give_back_batch(&self, batch: &[(Arc<str>, Lease)]) -> Released {
        let receipts: Result<Vec<_>, _> = batch.iter().map(|(_, lease)| self.text_of(&lease.receipt)).collect();
        let each = match receipts {
            Ok(receipts) => self.wire.lease(&self.queue, &receipts, Duration::ZERO).await,
            Err(refusal) => batch.iter().map(|_| Err(refusal.clone())).collect(),
        };
        let mut leaving = self.leaving();
        leaving.0 = leaving.0.saturating_sub(batch.len() as u64);
        drop(leaving);
        let mut released = Released::default();
        for ((_, lease), result) in batch.iter().zip(each) {
            match result {
                // Somebody else's already, or visible already.
                Ok(()) | Err(Refusal { why: Why::LeaseOver, .. }) => released.given_back += 1,
                Err(refusal) => {
                    released.stuck += 1;
                    released.back_in =
                        released.back_in.max(Some(lease.until.saturating_duration_since(Instant::now())));
                    released.trouble.get_or_insert(refusal.text);
                }
            }
        }
        released
    }

    fn text_of(&self, receipt: &Receipt) -> Result<String, Refusal> {
        let slip = match receipt {
            Receipt::Here(text) => return Ok(text.to_string()),
            Receipt::Spooled(slip) => *slip,
        };
        let bytes = self.spool.as_ref().and_then(|spool| spool.get(slip).ok());
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            Refusal::new(Why::Other, false, "its receipt could not be read back from the temporary file")
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, sync::atomic::Ordering::Relaxed};

    use jiff::Timestamp;
    use rstest::rstest;

    use super::{
        super::pretend::{Pretend, queue},
        *,
    };
    use crate::redrive::wire::Ask;

    const HOUR: Duration = Duration::from_secs(3600);

    thread_local!(static AHEAD_BY: Cell<i64> = const { Cell::new(0) });

    /// Stands still but for sleep.
    fn wall() -> Timestamp {
        Timestamp::from_second(1_000_000_000 + AHEAD_BY.get()).unwrap()
    }

    type Heard = Arc<Mutex<Vec<(String, String)>>>;

    /// All messages of a queue, received and kept.
    async fn kept(pretend: &Arc<Pretend>, lease: Duration) -> (Leases, Heard) {
        AHEAD_BY.set(0);
        let heard = Heard::default();
        let hears = Arc::clone(&heard);
        let on_lost = Box::new(move |id: &str, why: &str| hears.lock().unwrap().push((id.into(), why.into())));
        let leases = Leases::new(Arc::clone(pretend) as _, queue("q"), None, on_lost, wall);
        loop {
            let asked = Moment::now(wall);
            let ask = Ask { most: 10, lease, wait: Duration::ZERO };
            let messages = pretend.receive(&queue("q"), ask).await.unwrap();
            if messages.is_empty() {
                return (leases, heard);
            }
            for message in messages {
                let receipt = Receipt::Here(message.receipt.unwrap().into());
                leases.keep(message.id.into(), receipt, asked, asked.plus(lease));
            }
        }
    }

    #[rstest]
    #[case(0, 120)]
    #[case(1_000, 120)]
    #[case(10_000, 200)]
    #[case(120_000, 2400)]
    #[case(1_000_000, 3600)]
    fn the_more_are_held_the_longer_the_leases(#[case] held: usize, #[case] seconds: u64) {
        assert_eq!(length_for(held).as_secs(), seconds);
    }

    #[tokio::test(start_paused = true)]
    async fn are_renewed_in_batches_until_they_are_given_back_at_once() {
        let pretend = Pretend::holding([""; 95]);
        let (leases, heard) = kept(&pretend, Duration::from_secs(30)).await;
        for _ in 0..100 {
            sleep(Duration::from_secs(36)).await;
            assert!(pretend.visible().is_empty());
        }
        let calls = pretend.leases.load(Relaxed);
        assert!((10 * 58..10 * 64).contains(&calls), "{calls} renewals in an hour, each a minute after the last");
        assert_eq!(leases.release().await, Released { given_back: 95, ..Released::default() });
        assert_eq!((pretend.visible().len(), pretend.highest_count()), (95, 1));
        assert_eq!(pretend.leases.load(Relaxed), calls + 10);
        assert_eq!(leases.release().await, Released::default());
        sleep(HOUR).await;
        assert_eq!(pretend.leases.load(Relaxed), calls + 10, "nothing is held, nothing is renewed");
        assert!(heard.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn throttled_renewals_are_tried_again() {
        let pretend = Pretend::holding([""; 10]);
        let (leases, heard) = kept(&pretend, Duration::from_secs(60)).await;
        pretend.spoil_leases(Why::Throttled, 5);
        sleep(Duration::from_secs(90)).await;
        assert_eq!((pretend.visible().len(), leases.len()), (0, 10));
        assert!(heard.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_cannot_be_renewed_in_time_is_said_to_be_lost() {
        let pretend = Pretend::holding([""; 10]);
        let (leases, heard) = kept(&pretend, Duration::from_secs(60)).await;
        pretend.spoil_leases(Why::Unanswered, 1000);
        sleep(Duration::from_secs(90)).await;
        assert_eq!((pretend.visible().len(), leases.len()), (10, 0));
        assert_eq!(heard.lock().unwrap().len(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_somebody_else_deleted_is_said_to_be_lost_and_the_others_stay() {
        let pretend = Pretend::holding([""; 10]);
        let (leases, heard) = kept(&pretend, Duration::from_secs(60)).await;
        pretend.remove("3");
        sleep(Duration::from_secs(300)).await;
        assert_eq!(*heard.lock().unwrap(), [("3".to_owned(), "not in flight".to_owned())]);
        assert_eq!((leases.len(), leases.until("3").is_none()), (9, true));
    }

    #[tokio::test(start_paused = true)]
    async fn after_twelve_hours_they_are_lost_and_said_so() {
        let pretend = Pretend::holding([""; 12]);
        let (leases, heard) = kept(&pretend, 10 * HOUR).await;
        sleep(HOUR * 12 - Duration::from_secs(30)).await;
        assert_eq!((pretend.visible().len(), leases.len()), (0, 12));
        assert!(heard.lock().unwrap().is_empty());
        sleep(Duration::from_secs(60)).await;
        assert_eq!((pretend.visible().len(), leases.len()), (12, 0));
        let heard = heard.lock().unwrap();
        assert_eq!(heard.len(), 12);
        assert!(heard.iter().all(|(_, why)| why.contains("would not prolong")), "{heard:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_given_back_is_said_with_when_it_comes_back() {
        let pretend = Pretend::holding([""; 20]);
        let (leases, _) = kept(&pretend, Duration::from_secs(300)).await;
        sleep(Duration::from_secs(100)).await;
        pretend.spoil_leases(Why::Denied, 1);
        let released = leases.release().await;
        assert_eq!((released.given_back, released.stuck), (10, 10));
        assert_eq!(released.to_string(), "10 given back; 10 come back by themselves within 200 s (Denied)");
        sleep(released.back_in.unwrap() + GRAIN).await;
        assert_eq!(pretend.visible().len(), 20);
    }

    #[rstest]
    #[case::longer_than_the_lease(300, false)]
    #[case::shorter(40, true)]
    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_does_not_give_out_what_ended_meanwhile(#[case] slept: i64, #[case] is_kept: bool) {
        let pretend = Pretend::holding([""; 10]);
        let (leases, heard) = kept(&pretend, Duration::from_secs(60)).await;
        AHEAD_BY.set(slept);
        let left = leases.until("3").map(|until| until.left(wall));
        assert_eq!((left.is_some(), heard.lock().unwrap().len()), (is_kept, if is_kept { 0 } else { 10 }));
        assert!(left.is_none_or(|left| left <= Duration::from_secs(20)), "{left:?}");
        let said = "this machine slept for 300 s, and its lease ended meanwhile";
        assert!(heard.lock().unwrap().iter().all(|(_, why)| why == said));
        sleep(Duration::from_secs(3)).await;
        let left = leases.until("3").map(|until| until.left(wall));
        assert_eq!(left.is_some_and(|left| left > Duration::from_secs(100)), is_kept, "renewed at once");
    }

    #[rstest]
    #[case::longer_than_the_lease(300, None)]
    #[case::shorter(40, Some(20))]
    #[tokio::test(start_paused = true)]
    async fn what_was_received_before_the_machine_slept_and_is_kept_after_it_counts_the_sleep(
        #[case] slept: i64,
        #[case] left: Option<u64>,
    ) {
        let pretend = Pretend::holding([""; 1]);
        let (leases, heard) = kept(&pretend, Duration::from_secs(60)).await;
        leases.forget("0");
        let asked = Moment::now(wall);
        AHEAD_BY.set(slept);
        leases.keep("0".into(), Receipt::Here("r".into()), asked, asked.plus(Duration::from_secs(60)));
        let until = leases.until("0").map_or(0, |until| until.left(wall).as_secs());
        assert_eq!(until, left.unwrap_or_default());
        pretend.spoil_leases(Why::Throttled, 1);
        sleep(Duration::from_secs(1)).await;
        assert_eq!((leases.len(), heard.lock().unwrap().len()), if left.is_some() { (1, 0) } else { (0, 1) });
    }

    #[tokio::test(start_paused = true)]
    async fn while_they_are_given_back_it_is_known_how_many_are_left() {
        let pretend = Pretend::holding([""; 200]);
        let (leases, _) = kept(&pretend, Duration::from_secs(300)).await;
        assert_eq!(leases.owed().messages, 200);
        let mut release = std::pin::pin!(leases.release());
        assert!(
            tokio::time::timeout(Duration::from_millis(15), &mut release).await.is_err(),
            "20 calls, eight at once"
        );
        let owed = leases.owed();
        assert_eq!(owed.messages, 120);
        assert!(owed.back_in.is_some_and(|back| (298..=300).contains(&back.as_secs())), "{owed:?}");
        release.await;
        assert_eq!(leases.owed(), Owed::default());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_under_way_does_not_undo_the_release() {
        let pretend = Pretend::holding([""; 200]);
        let (leases, _) = kept(&pretend, Duration::from_secs(60)).await;
        // The renewals of the first batches are under way, the others are to follow.
        while pretend.leases.load(Relaxed) == 0 {
            sleep(Duration::from_millis(3)).await;
        }
        assert_eq!(leases.release().await.given_back, 200);
        sleep(Duration::from_millis(100)).await;
        assert_eq!(pretend.visible().len(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_they_end_by_themselves() {
        let pretend = Pretend::holding([""; 5]);
        drop(kept(&pretend, Duration::from_secs(60)).await);
        sleep(Duration::from_secs(61)).await;
        assert_eq!(pretend.visible().len(), 5);
    }
}
