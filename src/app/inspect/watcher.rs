//! A screen with nobody at it but a test: it asks a reader of rows, and waits for pictures.

use std::time::Duration;

use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::rows::{Note, Reads, serve};
use crate::{
    app::{Event, out::Out},
    overlays::inspect::{Ask, News},
};

/// Longer than anything takes on a clock that stands still.
const LONG: Duration = Duration::from_secs(36_000);

pub(super) struct Watcher<P> {
    asks: mpsc::Sender<Ask>,
    events: mpsc::Receiver<Event>,
    task: JoinHandle<()>,
    /// A picture, if it is one of this reader.
    of: fn(News) -> Result<P, News>,
    pub(super) picture: P,
    /// Sentences in passing, and documents that were handed over.
    pub(super) said: Vec<String>,
    pub(super) paged: Vec<String>,
    pub(super) edited: Vec<String>,
}

impl<P: Default> Watcher<P> {
    pub(super) fn new<R: Reads + 'static>(
        of: fn(News) -> Result<P, News>,
        open: impl FnOnce(Out<News>) -> (R, mpsc::Receiver<Note<R::Found>>),
    ) -> Self {
        let (events, shown) = mpsc::channel(64);
        let (asks, asked) = mpsc::channel(64);
        let (reader, noted) = open(Out::new(events, 1, Event::Inspected));
        let task = tokio::spawn(serve(reader, asked, noted));
        let picture = P::default();
        Self { asks, events: shown, task, of, picture, said: Vec::new(), paged: Vec::new(), edited: Vec::new() }
    }

    pub(super) async fn ask(&self, ask: Ask) {
        self.asks.send(ask).await.unwrap();
    }

    async fn take(&mut self) {
        match timeout(LONG, self.events.recv()).await.expect("nothing comes").unwrap() {
            Event::Inspected(1, News::Said(text, _)) => self.said.push(text),
            Event::Inspected(1, News::Page(text)) => self.paged.push(text),
            Event::Inspected(1, News::Edit(text)) => self.edited.push(text),
            Event::Inspected(1, news) => match (self.of)(news) {
                Ok(picture) => self.picture = picture,
                Err(other) => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a picture like that, or for what was said besides.
    pub(super) async fn until(&mut self, is_it: impl Fn(&Self) -> bool) {
        // One that goes on drawing the same never ends.
        for _ in 0..10_000 {
            if is_it(self) {
                return;
            }
            self.take().await;
        }
        panic!("it never looks like that");
    }

    /// Takes in what comes while nothing is asked.
    pub(super) async fn wait(&mut self, long: Duration) {
        let end = tokio::time::Instant::now() + long;
        while tokio::time::timeout_at(end, self.take()).await.is_ok() {}
    }

    /// Leaves it; what it still tells.
    pub(super) async fn leave(self) -> usize {
        let Self { asks, mut events, task, .. } = self;
        drop(asks);
        timeout(LONG, task).await.expect("it goes on").unwrap();
        let mut told = 0;
        while events.try_recv().is_ok() {
            told += 1;
        }
        told
    }
}
