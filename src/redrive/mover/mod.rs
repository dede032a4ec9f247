//! Moves messages without losing one: journal, send, journal, delete, journal.
//!
//! ```text
//!                 ┌──────── refused, or its lease is over: it stays where it was ────────┐
//!                 ▼                                                                      │
//!   in the source ──lease──▶ leased ──journal──▶ taken ──send──▶ arrived ──journal──▶ ──delete──▶ moved
//!                                                  │ ▲              │
//!                                   no answer came ▼ │ sent again   └─ crash here: deleted by the next run, never sent again
//!                                               doubtful
//! ```
//!
//! At each arrow the program may be killed. Before `taken` the message is in the source; from `taken` on it is in the journal as well; it
//! leaves the source only after the journal says that it has arrived. What is `doubtful` is sent again: a standard queue may then have it
//! twice, and the run counts it; a FIFO queue knows the second one by its deduplication id. Counted as well is what an earlier run has
//! sent and what is here all the same.

mod backlog;
mod batch;
mod book;
mod conduct;
mod crew;
mod earlier;
mod gate;
mod item;
mod lanes;
pub mod listener;
mod resume;
mod route;
pub mod supply;
mod waves;
mod witness;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

pub use crew::{Sink, Telling, Told};
pub use resume::reopen;
use supply::Supply;

use self::{
    book::Book,
    conduct::Eyes,
    crew::Crew,
    gate::Gate,
    lanes::Lanes,
    listener::{Ear, Listener},
    route::Router,
    witness::Witness,
};
use crate::redrive::{
    journal::{Begun, Ended, Journal, Ledger, Record, id_of},
    moment::Clock,
    peek::own::Ids,
    plan::Options,
    queue::Queue,
    undo::sources_of_brought_back,
    wire::Wire,
};

/// How long a batch is tried again while nobody answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run, ready to go. What is to be moved, from where and to where, is what the journal begins with.
pub struct Job {
    pub wire: Arc<dyn Wire>,
    pub journal: Journal,
    /// What the journal says so far: little, if it is new.
    pub ledger: Ledger,
    pub supply: Arc<dyn Supply>,
    /// Hears the consumer fail, where somebody can.
    pub listener: Option<Arc<dyn Listener>>,
    /// Where they are written to, if it is a file.
    pub sink: Option<Arc<dyn Sink>>,
    pub options: Options,
    /// How many there are, as far as is known.
    pub total: u64,
    /// Is told how it goes.
    pub progress: watch::Sender<Progress>,
    /// Is told of each message.
    pub tell: Option<mpsc::Sender<Told>>,
    /// Finishes what is in hand, and leaves.
    pub stop: CancellationToken,
    pub clock: Clock,
}

impl Job {
    /// Moves until nothing is left, somebody stops it, or nothing more can be done. Dropped in the middle it leaves a journal that
    /// [`reopen`] goes on with.
    pub async fn run(self) -> Ended {
        let began = Instant::now();
        let begun = &self.ledger.begun;
        self.progress.send_modify(|progress| progress.total = self.total);
        let router = Router {
            from: begun.from.clone(),
            to: begun.to.clone(),
            run: id_of(self.journal.path()),
            brought_back: self
                .journal
                .path()
                .parent()
                .map_or_else(HashMap::new, |folder| sources_of_brought_back(folder, &begun.from)),
        };
        let book = Book::of(&self.ledger).beside(sent_earlier(&self.journal, begun, (self.clock)()).await);
        let witness = Witness::new(Arc::clone(&self.wire), begun.from.queue().cloned(), begun.to.queues().to_vec());
        let eyes = Eyes::new(witness, Ear::new(self.listener));
        let crew = Arc::new(Crew {
            wire: self.wire,
            supply: self.supply,
            sink: self.sink,
            router,
            gate: Gate::new(self.options.rate),
            book: Mutex::new(book),
            batches: AtomicU64::new(self.ledger.batches),
            tried_again: AtomicU64::new(0),
            progress: self.progress,
            tell: self.tell,
            clock: self.clock,
            patience: PATIENCE,
            halted: Mutex::default(),
            closed: Mutex::default(),
            lost_groups: Mutex::default(),
            lanes: Lanes::new(&self.options, begun.from.queue().is_some_and(Queue::is_fifo)),
            journal: self.journal,
        });
        let (options, stop) = (self.options, self.stop.clone());
        let mut workers = JoinSet::new();
        for _ in 0..crew.lanes.batches() {
            let crew = Arc::clone(&crew);
            workers.spawn(async move { crew.work().await });
        }
        let mut conductor = JoinSet::new();
        let (conducted, over) = (Arc::clone(&crew), CancellationToken::new());
        let all_done = over.clone();
        conductor.spawn(async move { conduct::conduct(&conducted, eyes, options, stop, all_done).await });
        while workers.join_next().await.is_some() {
            crew.progress.send_modify(|progress| progress.elapsed = began.elapsed());
        }
        over.cancel();
        if let Some(Ok(eyes)) = conductor.join_next().await {
            conduct::look_last(&crew, eyes).await;
        }
        let ended = crew.end(self.stop.is_cancelled()).await;
        crew.progress.send_modify(|progress| {
            progress.elapsed = began.elapsed();
            progress.ended = Some(ended.clone());
        });
        ended
    }
}

impl Crew {
    /// Says why it ends, here and in the journal.
    async fn end(&self, is_cancelled: bool) -> Ended {
        let mut halted = crew::lock(&self.halted).clone();
        if halted.is_none() && self.supply.is_swept() {
            halted = self.settle_the_unseen().await.err().map(|halt| halt.0);
        }
        self.note_progress(None);
        let counts = self.book().counts();
        let (open, missing) = (counts.arrived + counts.doubtful, counts.missing);
        let ended = match halted {
            Some(why) => Ended::Stopped { why },
            None if is_cancelled => Ended::Cancelled,
            None if open > 0 => Ended::Stopped { why: format!("{open} are not settled: `edatop redrive --resume`") },
            None if missing > 0 => {
                let why = "are no longer in the source, and whether they arrived nobody knows; the journal has them";
                Ended::Stopped { why: format!("{missing} {why}: `edatop journal export`") }
            }
            None => Ended::Done,
        };
        let record = Record::Ended { at: (self.clock)(), why: ended.clone() };
        match self.append(record).await {
            Ok(()) => ended,
            Err(halt) => Ended::Stopped { why: halt.0 },
        }
    }
}

impl Crew {
    async fn settle_the_unseen(&self) -> Result<(), crew::Halt> {
        let ids = self.book().settle_the_unseen();
        if ids.is_empty() {
            return Ok(());
        }
        self.append(Record::Missing { at: (self.clock)(), ids }).await
    }
}

/// What cannot be read of earlier runs is not counted, and keeps nobody.
async fn sent_earlier(journal: &Journal, begun: &Begun, now: Timestamp) -> Ids {
    let (path, begun) = (journal.path().to_owned(), begun.clone());
    tokio::task::spawn_blocking(move || earlier::may_have_sent(&path, &begun, now)).await.unwrap_or_default()
}

/// How a run goes, as of now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// How many there are to move; approximate unless they were chosen one by one.
    pub total: u64,
    /// At their destination and gone from where they were.
    pub moved: u64,
    /// At their destination; the delete is still to come.
    pub arrived: u64,
    /// Refused for good; they stay where they were.
    pub refused: u64,
    /// Sent again because the answer to their first send never came, or because an earlier run's message was still here: these may be
    /// there twice.
    pub maybe_twice: u64,
    /// Came back to the dead-letter queue after they were moved.
    pub bounced: u64,
    /// Of the moved, still waiting at their destination, as far as is known.
    pub waiting: Option<u64>,
    pub stage: Stage,
    pub elapsed: Duration,
    /// A sentence on the last thing that went wrong.
    pub trouble: Option<String>,
    pub ended: Option<Ended>,
}

/// How far the run dares to go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// So many were sent first and are being watched.
    Canary { size: u64, watching: bool },
    #[default]
    All,
}

impl Progress {
    /// Messages a second so far.
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        (seconds > 0.0 && self.moved > 0).then(|| self.moved as f64 / seconds)
    }

    /// How long it will take if it goes on like this.
    pub fn left(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.moved + self.refused) as f64;
        Duration::try_from_secs_f64(left / self.rate()?).ok()
    }
}
