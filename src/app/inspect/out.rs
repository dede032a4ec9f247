//! A reader's way to the screen: pictures, of which only the newest counts, and news, of which none is left out as long as they are few.
//! The screen is never waited for.

use std::{collections::VecDeque, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use crate::{app::Event, overlays::inspect::News};

/// Between two pictures that no key asked for.
pub(super) const PICTURE: Duration = Duration::from_millis(66);
/// News that wait for the screen; pictures are not among them.
const MOST_WAITING: usize = 16;

/// The way to the screen.
pub(super) struct Out {
    events: mpsc::Sender<Event>,
    /// The reader's.
    number: u64,
    waiting: VecDeque<News>,
    dirty: bool,
    drawn: Instant,
}

impl Out {
    pub(super) fn new(events: mpsc::Sender<Event>, number: u64) -> Self {
        Self { events, number, waiting: VecDeque::new(), dirty: true, drawn: Instant::now() }
    }

    /// The next picture will be another one.
    pub(super) fn change(&mut self) {
        self.dirty = true;
    }

    /// Whether the last picture is old enough for another one.
    pub(super) fn is_time(&self) -> bool {
        self.drawn.elapsed() >= PICTURE
    }

    /// Whether a picture would be news, and nothing waits before it.
    pub(super) fn wants_picture(&mut self) -> bool {
        self.flush() && self.dirty
    }

    /// Sends a picture, if there is room for it.
    pub(super) fn show(&mut self, picture: News) {
        if self.events.try_send(Event::Inspected(self.number, picture)).is_ok() {
            (self.dirty, self.drawn) = (false, Instant::now());
        }
    }

    pub(super) fn tell(&mut self, news: News) {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(news);
        self.flush();
    }

    pub(super) fn say(&mut self, text: impl Into<String>, bad: bool) {
        self.tell(News::Said(text.into(), bad));
    }

    /// Whether all that waited is on its way.
    fn flush(&mut self) -> bool {
        while let Some(news) = self.waiting.pop_front() {
            let event = Event::Inspected(self.number, news);
            if let Err(mpsc::error::TrySendError::Full(Event::Inspected(_, news))) = self.events.try_send(event) {
                self.waiting.push_front(news);
                return false;
            }
        }
        true
    }
}
