//! The desk's own task: it owns what is held, the clusters, the journal and the move, and answers each [`Ask`] with news.
//!
//! ```text
//!   app::run ── Ask ──► a task for the open desk ── News, as Event::Desk ──► app::run
//!                          │ sheet     which rows are listed, chosen, under the cursor
//!                          │ looking   the hold and its news, clusters, why
//!                          │ moving    edits, plan, mover
//! ```
//!
//! It never waits for anything but the next thing to happen: what takes time is a task of its own that sends back what came of it. So a
//! key is answered at once, whatever SQS does. Full channels: asks beyond the bound are refused and said, pictures are left out, as the
//! next one tells all. When the asks end, everything that was leased is given back and the task ends.

mod awaited;
mod bench;
mod counting;
mod crew;
mod editing;
mod finding;
mod laying;
mod log;
mod moving;
mod picture;
mod planning;
mod reading;
mod refusals;
mod resuming;
mod sheet;
mod standing;
mod undoing;
mod why;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::Event;
use crate::{
    aws::Connection,
    overlays::desk::model::{Ask, News},
    redrive::{
        journal::Shelf,
        peek::{hold::Hold, lease::Owed},
    },
};

/// The folder of journals, in that of our state.
const JOURNALS: &str = "journals";
/// Asks on their way.
const ASKS: usize = 256;
/// How long the program waits at its end for leases to be given back.
const FAREWELL: Duration = Duration::from_secs(2);

/// The open desk, and those that are still giving back what they held.
#[derive(Debug)]
pub struct Desks {
    aws: Arc<Connection>,
    events: mpsc::Sender<Event>,
    state: Option<PathBuf>,
    opened: u64,
    asks: Option<mpsc::Sender<Ask>>,
    tasks: Vec<JoinHandle<()>>,
    held: Held,
}

/// What is on desks that are open or being left.
type Held = Arc<Mutex<Vec<Weak<Hold>>>>;

impl Desks {
    /// `state` is the folder where journals and memories are kept.
    pub fn new(aws: Arc<Connection>, events: mpsc::Sender<Event>, state: Option<PathBuf>) -> Self {
        Self { aws, events, state, opened: 0, asks: None, tasks: Vec::new(), held: Held::default() }
    }

    /// Looks for runs that were cut off; if there are any, the user is asked whether to go on with them.
    pub fn look_for_unfinished(&self) {
        let (aws, events) = (Arc::clone(&self.aws), self.events.clone());
        let Some(state) = self.state.clone() else { return };
        tokio::spawn(async move {
            let shelf = Shelf::new(state.join(JOURNALS));
            let cut_off = tokio::task::spawn_blocking(move || crew::unfinished(&shelf, &aws)).await.unwrap_or_default();
            if !cut_off.is_empty() {
                let runs = cut_off.iter().map(resuming::cut_off).collect();
                let _ = events.send(Event::CutOff(runs)).await;
            }
        });
    }

    pub fn connection(&self) -> &Connection {
        &self.aws
    }

    /// Hands an ask on; the first opens a desk, the last closes it.
    pub fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Close => self.asks = None,
            Ask::Open(subject) => {
                self.opened += 1;
                self.tasks.retain(|task| !task.is_finished());
                let (asks, asked) = mpsc::channel(ASKS);
                let start = bench::Start {
                    aws: Arc::clone(&self.aws),
                    state: self.state.clone(),
                    events: self.events.clone(),
                    number: self.opened,
                    subject: *subject,
                    held: Arc::clone(&self.held),
                };
                self.tasks.push(tokio::spawn(bench::serve(start, asked)));
                self.asks = Some(asks);
            }
            ask => {
                let refused = self.asks.as_ref().is_some_and(|asks| asks.try_send(ask).is_err());
                if refused {
                    let said = News::Said("the desk cannot keep up; try again in a moment".to_owned(), true);
                    // If there is no room for that either, the screen is busy with other news.
                    let _ = self.events.try_send(Event::Desk(self.opened, said));
                }
            }
        }
    }

    /// The open desk is left.
    pub fn leave(&mut self) {
        self.asks = None;
    }

    /// Waits until everything is given back.
    pub async fn all_closed(&mut self) {
        self.tasks.retain(|task| !task.is_finished());
        join_all(&mut self.tasks).await;
    }

    /// What is still to be given back.
    pub fn owed(&self) -> Owed {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().filter_map(Weak::upgrade).map(|hold| hold.owed()).fold(Owed::default(), Owed::and)
    }

    /// Waits, but not for long, until everything is given back.
    pub async fn close(mut self) {
        self.leave();
        // What is not given back by then comes back by itself when its lease ends.
        let _ = timeout(FAREWELL, self.all_closed()).await;
    }
}
