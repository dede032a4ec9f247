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
    moment::Moment,
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
        if let End::Refused(why) = &self.end {
            return f.write_str(why);
        }
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
            End::Refused(_) => Ok(()),
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
        let asked = Moment::now(self.hold.options.now);
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
            return self.nothing_came(asked.awake()).await;
        }
        {
            let mut state = self.state();
            (state.news, state.empty) = (Instant::now(), 0);
        }
        if self.found.send(batch).await.is_err() {
            self.end(End::Cancelled);
        }
    }

    async fn keep(&self, messages: Vec<Message>, asked: Moment) -> Vec<Found> {
        let until = asked.plus(self.lease);
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::Ordering::Relaxed};

    use jiff::Timestamp;
    use rstest::rstest;
    use tokio::sync::mpsc::{Receiver, channel};

    use super::{
        super::{
            hold::{Fate, Options},
            looks::Looks,
            pretend::{Pretend, queue, queue_with_policy},
        },
        *,
    };
    use crate::redrive::{
        queue::Queue,
        wire::{Why, Wire},
    };

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000_000).unwrap()
    }

    async fn open(pretend: &Arc<Pretend>, queue: Queue, options: Options) -> Hold {
        Hold::open(Arc::clone(pretend) as Arc<dyn Wire>, queue, options).await.unwrap()
    }

    /// Looks, and what came.
    async fn look(hold: &Hold, most: Option<u64>) -> (Looked, Vec<Found>) {
        let (sender, receiver) = channel(4);
        let all = tokio::spawn(collect(receiver));
        let looked = hold.look(most, &sender, &CancellationToken::new()).await;
        drop(sender);
        (looked, all.await.unwrap())
    }

    async fn collect(mut receiver: Receiver<Vec<Found>>) -> Vec<Found> {
        let mut all = Vec::new();
        while let Some(found) = receiver.recv().await {
            all.extend(found);
        }
        all
    }

    #[tokio::test(start_paused = true)]
    async fn sees_each_message_once_and_gives_all_back() {
        let pretend = Pretend::holding([""; 137]);
        pretend.be_blind(2);
        let hold = open(&pretend, queue("dlq"), Options::new(now)).await;
        let (looked, found) = look(&hold, None).await;
        assert_eq!(looked.to_string(), "complete: 137 of ≈ 137");
        assert_eq!((found.len(), hold.len(), pretend.highest_count()), (137, 137, 1));
        // Much later it is still ours, and nothing was received again.
        tokio::time::sleep(Duration::from_secs(20_000)).await;
        assert_eq!((pretend.visible().len(), pretend.highest_count()), (0, 1));
        let message = hold.message("77").unwrap();
        assert_eq!((message.body.as_str(), message.receive_count()), ("body", Some(1)));
        assert_eq!(message.receipt, found.iter().find(|found| &*found.row.id == "77").unwrap().message.receipt);
        assert_eq!(hold.release().await.given_back, 137);
        assert_eq!(pretend.visible().len(), 137);
        assert_eq!(hold.fate("77"), Some(Fate::GivenBack));
        assert_eq!(hold.message("77").unwrap().receipt, None, "a receipt that is void is none");
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_answer_is_no_empty_queue_and_some_in_a_row_are() {
        let pretend = Pretend::holding([""; 3]);
        pretend.be_blind(2);
        let hold = open(&pretend, queue("dlq"), Options { concurrency: 1, ..Options::new(now) }).await;
        assert_eq!(look(&hold, None).await.0.known, 3);
        pretend.add("new", "", "body");
        pretend.be_blind(3);
        let (looked, found) = look(&hold, None).await;
        assert_eq!(
            looked.to_string(),
            "3 of ≈ 4; nothing more comes: the rest is delayed, with somebody else, or gone"
        );
        assert!(found.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_fifo_group_the_first_ten_and_it_says_so() {
        let pretend = Pretend::holding(["a"; 25]);
        let hold = open(&pretend, queue("dlq.fifo"), Options::new(now)).await;
        let (looked, found) = look(&hold, None).await;
        assert_eq!(found.len(), 10);
        let said = "10 of ≈ 25; of a FIFO group no more can be seen while its first messages are held";
        assert_eq!(looked.to_string(), said);
    }

    #[tokio::test(start_paused = true)]
    async fn takes_no_more_than_asked_for() {
        let pretend = Pretend::holding([""; 100]);
        let hold = open(&pretend, queue("dlq"), Options::new(now)).await;
        let (looked, found) = look(&hold, Some(23)).await;
        assert_eq!((found.len(), looked.end, pretend.visible().len()), (23, End::Limit, 77));
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_it_leaves_nothing_behind() {
        let pretend = Pretend::holding([""; 1000]);
        let hold = open(&pretend, queue("dlq"), Options::new(now)).await;
        let (sender, mut receiver) = channel(1);
        let cancel = CancellationToken::new();
        let (looked, ()) = tokio::join!(hold.look(None, &sender, &cancel), async {
            receiver.recv().await;
            cancel.cancel();
            while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(1), receiver.recv()).await {}
        });
        assert_eq!(looked.end, End::Cancelled);
        assert!(looked.known < 200);
        assert_eq!(hold.release().await.given_back, looked.known);
        assert_eq!(pretend.visible().len(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_listens_any_more() {
        let pretend = Pretend::holding([""; 1000]);
        let hold = open(&pretend, queue("dlq"), Options::new(now)).await;
        let (sender, receiver) = channel(1);
        drop(receiver);
        assert_eq!(hold.look(None, &sender, &CancellationToken::new()).await.end, End::Cancelled);
        hold.release().await;
        assert_eq!(pretend.visible().len(), 1000);
    }

    #[rstest]
    #[case(3, 2)]
    #[case(5, 4)]
    #[case(2, 1)]
    #[tokio::test(start_paused = true)]
    async fn however_often_it_looks_no_message_loses_its_last_try(#[case] most: u32, #[case] highest: u32) {
        let folder = tempfile::tempdir().unwrap();
        let pretend = Pretend::holding([""; 40]);
        for _ in 0..8 {
            let options = Options { memory: Some(Looks::in_folder(folder.path())), ..Options::new(now) };
            let hold = open(&pretend, queue_with_policy("orders", most), options).await;
            look(&hold, None).await;
            hold.release().await;
        }
        assert_eq!(pretend.highest_count(), highest);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_receive_is_of_one_and_a_high_count_stops_at_once() {
        let pretend = Pretend::holding([""; 40]);
        pretend.counts("0", 1);
        let hold = open(&pretend, queue_with_policy("orders", 3), Options::new(now)).await;
        let (looked, found) = look(&hold, None).await;
        assert_eq!((found.len(), &looked.end, pretend.receives.load(Relaxed)), (1, &End::Count(2), 1));
        // The same hold knows it too, and only its name helps.
        assert!(matches!(look(&hold, None).await.0.end, End::Refused(_)));
        hold.accept("orders");
        assert_eq!(look(&hold, None).await.0.end, End::NothingNew);
        assert_eq!(hold.len(), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_in_flight_is_a_sentence() {
        let pretend = Pretend::holding([""; 40]);
        pretend.spoil_receives(Why::OverLimit, 4);
        let hold = open(&pretend, queue("dlq"), Options::new(now)).await;
        let said = look(&hold, None).await.0.to_string();
        assert_eq!(
            said,
            "0 of ≈ 40; dlq has as many messages in flight as SQS allows (about 120,000) and gives out no more; give some back first"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_lost_is_said_and_marked() {
        let pretend = Pretend::holding([""; 12]);
        let hold = open(&pretend, queue("dlq"), Options::new(now)).await;
        look(&hold, None).await;
        pretend.remove("5");
        let lost = hold.lost().await;
        assert_eq!((lost.len(), lost[0].id.as_str()), (1, "5"));
        assert_eq!((hold.fate("5"), hold.fate("6")), (Some(Fate::Lost), Some(Fate::Held)));
        assert!(hold.message("5").is_ok(), "what it was can still be read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_look_touches_nothing() {
        let pretend = Pretend::holding([""; 250]);
        pretend.be_free();
        let hold = open(&pretend, queue_with_policy("orders", 1), Options::new(now)).await;
        let (looked, found) = look(&hold, None).await;
        assert_eq!((looked.to_string().as_str(), found.len()), ("complete: 250 of ≈ 250", 250));
        assert_eq!((pretend.receives.load(Relaxed), hold.fate("3")), (0, Some(Fate::Seen)));
        assert_eq!(hold.message("3").unwrap().body, "body");
        assert_eq!(look(&hold, Some(3)).await.0.end, End::Limit);
        assert_eq!(hold.release().await.given_back, 0);
    }
}
