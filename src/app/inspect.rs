//! The readers' own tasks: each open reader has one, which calls, keeps what was read, and answers asks with news.
//!
//! A task never waits for anything but the next thing to happen, so a key is answered at once, whatever the endpoint does; what takes
//! time is a task of its own. Full channels: asks beyond the bound are refused and said; pictures are left out, as the next one tells
//! all. A task ends when its asks end. To add one: a file here with `serve`, and an arm in [`Readers::ask`].

mod thread;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use tokio::sync::mpsc;

use super::Event;
use crate::{
    aws::Connection,
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
}

impl Readers {
    pub fn new(aws: Arc<Connection>, events: mpsc::Sender<Event>, state: Option<PathBuf>) -> Self {
        Self { aws, events, state, open: BTreeMap::new() }
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
                begin(start, *subject);
            }
            Ask::Thread(_) => {
                // A reader that asks more than its task takes is told nothing new: the next picture tells all.
                if let Some(asks) = self.open.get(&number) {
                    let _ = asks.try_send(ask);
                }
            }
        }
    }
}

fn begin(start: Start, subject: Subject) {
    match subject {
        Subject::Thread(follow) => {
            tokio::spawn(thread::serve(start, *follow));
        }
    }
}
