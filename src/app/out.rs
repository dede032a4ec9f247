//! A task's way to the screen: pictures, of which only the newest counts, and news, of which none is left out as long as they are few.
//! The screen is never waited for.
//!
//! The desk has one and each reader has one; they differ in what their news are, and in the event that these become.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::Instant,
};

use super::Event;

/// Between two pictures that no key asked for.
pub(super) const PICTURE: Duration = Duration::from_millis(66);
/// News that wait for the screen; pictures are not among them.
const MOST_WAITING: usize = 16;

/// The way to the screen, for news of this kind.
#[derive(Debug)]
pub struct Out<N> {
    events: mpsc::Sender<Event>,
    /// Whose news they are: the desk's number, or the reader's.
    number: u64,
    as_event: fn(u64, N) -> Event,
    waiting: VecDeque<N>,
    dirty: bool,
    drawn: Instant,
}

impl<N> Out<N> {
    pub(super) fn new(events: mpsc::Sender<Event>, number: u64, as_event: fn(u64, N) -> Event) -> Self {
        Self { events, number, as_event, waiting: VecDeque::new(), dirty: true, drawn: Instant::now() }
    }

    /// The next picture will be another one.
    pub(super) fn change(&mut self) {
        self.dirty = true;
    }

    /// Whether there is something to send.
    pub(super) fn is_due(&self) -> bool {
        self.dirty || !self.waiting.is_empty()
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
    pub(super) fn show(&mut self, picture: N) {
        if self.events.try_send((self.as_event)(self.number, picture)).is_ok() {
            (self.dirty, self.drawn) = (false, Instant::now());
        }
    }

    pub(super) fn tell(&mut self, news: N) {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(news);
        self.flush();
    }

    /// Whether all that waited is on its way. Where nobody listens any more nothing waits.
    pub(super) fn flush(&mut self) -> bool {
        while !self.waiting.is_empty() {
            match self.events.try_reserve() {
                Ok(room) => {
                    if let Some(news) = self.waiting.pop_front() {
                        room.send((self.as_event)(self.number, news));
                    }
                }
                Err(TrySendError::Full(())) => return false,
                Err(TrySendError::Closed(())) => self.waiting.clear(),
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlays::inspect::News;

    fn out(room: usize) -> (Out<News>, mpsc::Receiver<Event>) {
        let (events, shown) = mpsc::channel(room);
        (Out::new(events, 7, Event::Inspected), shown)
    }

    fn said(text: impl ToString) -> News {
        News::Said(text.to_string(), false)
    }

    /// What has arrived so far.
    fn arrived(shown: &mut mpsc::Receiver<Event>) -> Vec<String> {
        let mut texts = Vec::new();
        while let Ok(event) = shown.try_recv() {
            match event {
                Event::Inspected(7, News::Said(text, _)) => texts.push(text),
                other => panic!("{other:?}"),
            }
        }
        texts
    }

    #[tokio::test(start_paused = true)]
    async fn news_wait_for_room_and_come_in_their_order() {
        let (mut out, mut shown) = out(2);
        (0..5).for_each(|n| out.tell(said(n)));
        assert!(!out.flush());
        assert_eq!(arrived(&mut shown), ["0", "1"]);
        assert!(!out.flush());
        assert_eq!(arrived(&mut shown), ["2", "3"]);
        assert!(out.flush());
        assert_eq!(arrived(&mut shown), ["4"]);
    }

    #[tokio::test(start_paused = true)]
    async fn of_too_many_news_the_oldest_are_left_out() {
        let (mut out, mut shown) = out(1);
        (0..MOST_WAITING + 4).for_each(|n| out.tell(said(n)));
        let mut texts = arrived(&mut shown);
        while !out.flush() || !shown.is_empty() {
            texts.extend(arrived(&mut shown));
        }
        // The first had room at once; of those behind it three had to go.
        let expected: Vec<String> = std::iter::once(0).chain(4..MOST_WAITING + 4).map(|n| n.to_string()).collect();
        assert_eq!(texts, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_picture_comes_behind_what_waits_and_is_due_until_it_is_sent() {
        let (mut out, mut shown) = out(1);
        out.tell(said("first"));
        out.tell(said("second"));
        assert!(!out.wants_picture(), "something waits before it");
        assert_eq!(arrived(&mut shown), ["first"]);
        assert!(out.wants_picture());
        out.show(said("no room"));
        assert!(out.is_due(), "it was not sent");
        assert_eq!(arrived(&mut shown), ["second"]);
        out.show(said("picture"));
        assert!(!out.is_due() && !out.wants_picture());
        out.change();
        assert!(out.is_due());
        assert_eq!(arrived(&mut shown), ["picture"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_picture_that_was_sent_keeps_the_next_one_waiting() {
        let (mut out, _shown) = out(1);
        tokio::time::advance(PICTURE).await;
        assert!(out.is_time());
        out.show(said("picture"));
        assert!(!out.is_time());
        out.show(said("no room"));
        tokio::time::advance(PICTURE - Duration::from_millis(1)).await;
        assert!(!out.is_time());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(out.is_time());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_for_a_screen_that_is_gone() {
        let (mut out, shown) = out(1);
        out.tell(said("sent"));
        out.tell(said("waits"));
        drop(shown);
        assert!(out.flush());
        out.change();
        assert!(out.wants_picture());
        out.show(said("nobody sees it"));
        assert!(out.is_due());
    }
}
