//! The readers' own tasks: each open reader has one, which calls, keeps what was read, and answers asks with news.
//!
//! A task never waits for anything but the next thing to happen, so a key is answered at once, whatever the endpoint does; what takes
//! time is a task of its own. Full channels: asks beyond the bound are refused and said; pictures are left out, as the next one tells
//! all. A task ends when its asks end. To add one: a file here with `serve`, and an arm in [`Readers::ask`].

mod deliveries;
mod feed;
mod file;
mod items;
mod objects;
mod probe;
mod records;
mod rows;
mod shelf;
pub mod tail;
mod thread;

#[cfg(test)]
mod watcher;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use tokio::sync::mpsc;

use super::{Event, out::Out};
use crate::{
    aws::Connection,
    inspect::tail::{Budget, book::Limits},
    overlays::inspect::{Ask, News, Subject},
};

/// Asks on their way.
const ASKS: usize = 64;

/// The open readers.
#[derive(Debug)]
pub struct Readers {
    aws: Arc<Connection>,
    events: mpsc::Sender<Event>,
    state: Option<PathBuf>,
    open: BTreeMap<u64, mpsc::Sender<Ask>>,
    /// Bytes in memory for the lines of each log reader.
    scrollback: usize,
    /// All log readers together ask no more than this.
    logs: Option<Budget>,
}

/// What a reader's task needs from outside.
#[derive(Debug)]
pub struct Start {
    pub aws: Arc<Connection>,
    pub events: mpsc::Sender<Event>,
    /// The folder of our state; none without a home.
    pub state: Option<PathBuf>,
    pub number: u64,
    pub asks: mpsc::Receiver<Ask>,
}

impl Start {
    /// Tells the reader something; false if nobody listens any more.
    pub async fn tell(&self, news: News) -> bool {
        self.events.send(Event::Inspected(self.number, news)).await.is_ok()
    }

    /// A way to the screen that is never waited for.
    fn out(&self) -> Out<News> {
        Out::new(self.events.clone(), self.number, Event::Inspected)
    }
}

impl Out<News> {
    fn say(&mut self, text: impl Into<String>, bad: bool) {
        self.tell(News::Said(text.into(), bad));
    }
}

impl Readers {
    pub fn new(aws: Arc<Connection>, events: mpsc::Sender<Event>, state: Option<PathBuf>) -> Self {
        Self { aws, events, state, open: BTreeMap::new(), scrollback: Limits::default().memory, logs: None }
    }

    #[must_use]
    pub fn with_scrollback(self, bytes: usize) -> Self {
        Self { scrollback: bytes, ..self }
    }

    /// Hands an ask on; the first begins a task, the last ends it.
    pub fn ask(&mut self, number: u64, ask: Ask) {
        match ask {
            Ask::Close => {
                self.open.remove(&number);
            }
            Ask::Open(subject) => {
                let (asks, asked) = mpsc::channel(ASKS);
                self.open.insert(number, asks);
                let start = Start {
                    aws: Arc::clone(&self.aws),
                    events: self.events.clone(),
                    state: self.state.clone(),
                    number,
                    asks: asked,
                };
                self.begin(start, *subject);
            }
            ask => {
                let refused = self.open.get(&number).is_some_and(|asks| asks.try_send(ask).is_err());
                if refused {
                    let said = News::Said("the reader cannot keep up; try again in a moment".to_owned(), true);
                    // If there is no room for that either, the screen is busy with other news.
                    let _ = self.events.try_send(Event::Inspected(number, said));
                }
            }
        }
    }

    fn begin(&mut self, start: Start, subject: Subject) {
        match subject {
            Subject::Tail(subject) => {
                let budget = self.logs.get_or_insert_with(|| Budget::of(self.aws.is_aws())).clone();
                let feed = tail::of_connection(&start, budget);
                let settings = tail::Settings::new(start.state.clone()).with_memory(self.scrollback);
                tail::spawn(start, subject, settings, feed);
            }
            Subject::Items(table) => drop(tokio::spawn(items::serve(start, table))),
            Subject::Records(stream) => drop(tokio::spawn(records::serve(start, stream))),
            Subject::Objects(subject) => drop(tokio::spawn(objects::serve(start, subject))),
            Subject::Deliveries(subject) => drop(tokio::spawn(deliveries::serve(start, subject))),
            Subject::Probe(errand) => drop(tokio::spawn(probe::serve(start, *errand))),
            Subject::Thread(follow) => drop(tokio::spawn(thread::serve(start, *follow))),
        }
    }
}
