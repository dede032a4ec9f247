//! One group of a tail: its reader, whether it can be read at the moment, and when it is due. Pure.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    event::{Event, Note},
    reader::{Reader, Taken},
    source::Page,
};
use crate::{aws::Trouble, domain::FailureKind};

/// A few of these in a row happen on any day, and are no news.
const MOST_SILENT: u32 = 1;
/// What is said is with a session within so many milliseconds.
const SETTLES_MS: i64 = 5_000;
/// So often is a group that has to end tried before it ends without.
const MOST_TRIES: u32 = 5;

/// One group.
#[derive(Debug)]
pub struct Member {
    pub reader: Reader,
    /// Asked for by its name, or there from the beginning: others wait for its first lines.
    pub is_waited_for: bool,
    pub is_read: bool,
    pub due: Instant,
    /// Why it could not be read the last time.
    pub failing: Option<FailureKind>,
    /// Since when a live session brings what is new.
    pub live_since_ms: Option<i64>,
    pub has_ended: bool,
    pub has_answered: bool,
    group: Arc<str>,
    tries: u32,
    was_said: bool,
    /// New lines came with the reading under way, with the last whole one.
    has_news: bool,
    had_news: bool,
}

impl Member {
    pub fn new(group: Arc<str>, reader: Reader, now: Instant, is_waited_for: bool) -> Self {
        Self {
            reader,
            is_waited_for,
            is_read: false,
            due: now,
            failing: None,
            live_since_ms: None,
            has_ended: false,
            has_answered: false,
            group,
            tries: 0,
            was_said: false,
            has_news: false,
            had_news: false,
        }
    }

    /// It answers, and is not at its end.
    pub fn counts(&self) -> bool {
        self.failing.is_none() && !self.has_ended
    }

    /// It may be read now.
    pub fn is_due(&self, now: Instant) -> bool {
        !self.is_read && !self.has_ended && !self.rests() && self.due <= now
    }

    /// A session brings what is new, and what came before it was read: nothing is left to be read.
    pub fn rests(&self) -> bool {
        let settled_ms = self.live_since_ms.map(|since| since + SETTLES_MS);
        settled_ms.is_some_and(|settled| self.reader.whole_ms() >= Some(settled)) && !self.reader.has_more()
    }

    /// A session brought these, or none: the new ones of them.
    pub fn heard(&mut self, events: Vec<Event>, now_ms: i64) -> Vec<Event> {
        if self.rests() {
            self.reader.is_heard_to(now_ms - SETTLES_MS);
        }
        self.reader.heard(events, now_ms)
    }

    /// How much it is wanted: the longer it was not read, and the more it had to say, the sooner.
    pub fn urgency(&self, now_ms: i64) -> i64 {
        let weight = match self.reader.whole_ms() {
            // All that is old is put in order first: who is furthest behind.
            None => 1,
            Some(_) if self.reader.has_more() => 3,
            Some(_) if self.had_news => 2,
            Some(_) => 1,
        };
        now_ms.saturating_sub(self.reader.read_to_ms()).saturating_mul(weight)
    }

    /// A page came.
    pub fn took(&mut self, page: Page, (now, now_ms): (Instant, i64), look: Duration, notes: &mut Vec<Note>) -> Taken {
        self.is_read = false;
        self.has_answered = true;
        self.failing = None;
        self.tries = 0;
        if std::mem::take(&mut self.was_said) {
            notes.push(Note::Recovered { group: Arc::clone(&self.group) });
        }
        let taken = self.reader.took(page, now_ms);
        self.has_news |= !taken.events.is_empty();
        if taken.is_whole {
            self.had_news = std::mem::take(&mut self.has_news);
            self.due = now + look;
        } else {
            self.due = now;
        }
        notes.extend(taken.gap.clone());
        taken
    }

    /// A page did not come. What is said of it is said once, until it comes again.
    pub fn failed(
        &mut self,
        trouble: &Trouble,
        (now, now_ms): (Instant, i64),
        (look, longest): (Duration, Duration),
        notes: &mut Vec<Note>,
    ) {
        self.is_read = false;
        let kind = trouble.kind;
        let is_about_the_token = matches!(kind, FailureKind::Other | FailureKind::Garbage);
        if is_about_the_token && let Some(gap) = self.reader.was_refused(now_ms) {
            notes.extend(gap);
            self.due = now + look;
            return;
        }
        self.tries += 1;
        self.failing = Some(kind);
        let is_passing = matches!(kind, FailureKind::Throttled | FailureKind::Timeout);
        if !self.was_said && (!is_passing || self.tries > MOST_SILENT) {
            self.was_said = true;
            let group = Arc::clone(&self.group);
            notes.push(match kind {
                FailureKind::NotFound => Note::Gone { group },
                _ => Note::Trouble { group, text: trouble.text.clone() },
            });
        }
        let wait = if self.lasts() { longest } else { look * 2_u32.saturating_pow(self.tries.min(8)) };
        self.due = now + wait.min(longest);
    }

    /// What fails so does not pass by itself in a few seconds.
    fn lasts(&self) -> bool {
        use FailureKind::{Denied, Expired, NotFound, NotImplemented, Refused};
        matches!(self.failing, Some(Denied | Expired | NotFound | NotImplemented | Refused))
    }

    /// Where there is an end: it was read whole after that instant, or cannot be.
    pub fn ends(&mut self, settled_ms: i64, until_ms: i64, notes: &mut Vec<Note>) {
        if self.has_ended || self.is_read {
            return;
        }
        if self.reader.whole_ms() >= Some(settled_ms) && !self.reader.has_more() {
            self.has_ended = true;
        } else if self.lasts() || self.tries >= MOST_TRIES {
            self.has_ended = true;
            // A group that is not there has nothing that could be missing.
            if self.failing != Some(FailureKind::NotFound) {
                let from_ms = self.reader.read_to_ms().saturating_add(1);
                let why = "it could not be read to its end".to_owned();
                notes.push(Note::Gap { group: Arc::clone(&self.group), from_ms, to_ms: until_ms, why });
            }
        }
    }
}
