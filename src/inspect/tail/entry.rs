//! Events become entries: a trace that came line by line is one, and so are the three lines in which Lambda brackets a request.
//!
//! A stream is written by one environment, one request after the other, so what belongs together follows each other there, whatever
//! other streams say in between. Pure and bounded. Must not: hold entries; it only says which one goes on.

use std::{collections::HashMap, sync::Arc};

use super::{
    event::{Event, Note},
    requests::{self, Report},
};
use crate::{
    domain::{
        Level,
        log_lines::{self, Crashes},
    },
    redrive::why::invocations::{Place, uuid},
};

/// Streams followed at once; those that were silent longest are forgotten first, and what they say next begins anew.
const MOST_STREAMS: usize = 2_000;
/// An entry that is as long as this does not go on.
pub const MOST_FOLDED_BYTES: usize = 256 << 10;
/// Lines of one trace are written within so many milliseconds.
const TRACE_MS: i64 = 1_000;
/// Where a trace goes on that is not indented.
const GOES_ON: [&str; 5] = [
    "Traceback (most recent call last)",
    "Caused by:",
    "Suppressed:",
    "During handling of the above",
    "The above exception was",
];

/// Where an entry stands: by its time, then as it came. It keeps it as long as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub at_ms: i64,
    pub number: u64,
}

impl Key {
    /// Before all of this instant.
    pub fn first_of(at_ms: i64) -> Self {
        Self { at_ms, number: 0 }
    }
}

/// Who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    pub group: Arc<str>,
    pub stream: Arc<str>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// It looks like a JSON object.
    Json,
    /// What went wrong, and where in the code.
    Trace,
    /// Lambda's own lines around a request.
    Request,
    /// Said of the reading itself: a gap, a group that does not answer.
    Note,
}

/// One thing that was said, however many events it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: Key,
    pub origin: Arc<Origin>,
    pub level: Level,
    pub shape: Shape,
    /// The request in which it was said.
    pub request: Option<u128>,
    /// How many events it came in.
    pub events: u32,
    /// As it was written, an event a line.
    pub text: Box<str>,
}

impl Entry {
    /// What it takes of memory, about.
    pub fn cost(&self) -> usize {
        self.text.len() + size_of::<Self>() + 4 * size_of::<usize>()
    }

    /// What was said of the reading, where it happened.
    pub fn of_note(note: &Note, now_ms: i64, number: u64) -> Self {
        let (group, at_ms, level, text) = match note {
            Note::Gap { group, from_ms, to_ms, why } => {
                let span = (to_ms - from_ms).max(0) as f64 / 1000.0;
                (group, *from_ms, Level::Warn, format!("a gap of {span:.1} s, lines may be missing: {why}"))
            }
            Note::Trouble { group, text } => (group, now_ms, Level::Warn, format!("cannot be read: {text}")),
            Note::Recovered { group } => (group, now_ms, Level::Info, "is read again".to_owned()),
            Note::Gone { group } => (group, now_ms, Level::Warn, "is gone; it is looked for again".to_owned()),
        };
        Self {
            key: Key { at_ms, number },
            origin: Arc::new(Origin { group: Arc::clone(group), stream: "".into() }),
            level,
            shape: Shape::Note,
            request: None,
            events: 0,
            text: text.into(),
        }
    }

    /// The line for a list, not yet cleaned.
    pub fn headline(&self) -> String {
        match self.shape {
            Shape::Request => {
                let report = self.text.lines().find_map(Report::of);
                let id = self.request.map(crate::redrive::why::invocations::uuid_text).unwrap_or_default();
                let short = id.split('-').next().unwrap_or_default();
                report.map_or_else(|| format!("request {short}"), |report| format!("request {short} · {report}"))
            }
            Shape::Trace => log_lines::headline(&self.text),
            Shape::Text | Shape::Json | Shape::Note => {
                let first = self.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                first.trim_end().to_owned()
            }
        }
    }

    /// Lines beyond the one that a list shows.
    pub fn more_lines(&self) -> usize {
        if self.shape == Shape::Request { 0 } else { self.text.trim_end().lines().count().saturating_sub(1) }
    }
}

/// What an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// An entry of its own.
    New(Entry),
    /// The entry there goes on; how loud it is now, if that changes.
    More { of: Key, text: Box<str>, level: Option<Level> },
}

#[derive(Debug)]
struct Stream {
    origin: Arc<Origin>,
    crashes: Crashes,
    crash: Option<Crash>,
    request: Option<Request>,
    last_ms: i64,
    turn: u64,
}

#[derive(Debug, Clone, Copy)]
struct Crash {
    entry: Key,
    last_ms: i64,
    bytes: usize,
    /// A trace has begun; its last line, which says what went wrong, has not come yet.
    awaits: bool,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    id: u128,
    /// Where its first line stands.
    head: Option<Key>,
}

/// Puts events together.
#[derive(Debug, Default)]
pub struct Folder {
    streams: HashMap<Origin, Stream>,
    next: u64,
}

impl Folder {
    /// The number of the next entry.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub fn take(&mut self, event: Event) -> Taken {
        let number = self.number();
        let key = Key { at_ms: event.at_ms, number };
        if self.streams.len() >= MOST_STREAMS {
            self.forget_silent();
        }
        let origin = Origin { group: event.group, stream: event.stream };
        let stream = self.streams.entry(origin).or_insert_with_key(|origin| Stream {
            origin: Arc::new(origin.clone()),
            crashes: Crashes::default(),
            crash: None,
            request: None,
            last_ms: i64::MIN,
            turn: number,
        });
        stream.turn = number;
        let text = trimmed(event.text);
        if key.at_ms < stream.last_ms { stream.late(key, text) } else { stream.take(key, text) }
    }

    /// The half that was silent longest.
    fn forget_silent(&mut self) {
        let mut turns: Vec<u64> = self.streams.values().map(|stream| stream.turn).collect();
        let middle = turns.len() / 2;
        let (_, median, _) = turns.select_nth_unstable(middle);
        let median = *median;
        self.streams.retain(|_, stream| stream.turn >= median);
    }
}

impl Stream {
    /// An event from before the last one: it says nothing of what goes on.
    fn late(&self, key: Key, text: Box<str>) -> Taken {
        let request = Place::of(&text).request_id.and_then(uuid);
        let level = log_lines::level_of(&text);
        Taken::New(self.entry(key, level, request, text))
    }

    fn take(&mut self, key: Key, text: Box<str>) -> Taken {
        self.last_ms = key.at_ms;
        let place = Place::of(&text);
        let (begins, named) = (place.begins, place.request_id.and_then(uuid));
        if begins && let Some(id) = named {
            (self.request, self.crash) = (Some(Request { id, head: Some(key) }), None);
            let entry = self.entry(key, Level::Info, Some(id), text);
            return Taken::New(Entry { shape: Shape::Request, ..entry });
        }
        if let Some(id) = named.filter(|id| self.request.is_none_or(|request| request.id != *id)) {
            self.request = Some(Request { id, head: None });
        }
        let request = self.request;
        let level = self.crashes.level_of(&self.origin.stream, key.at_ms, &text);
        let report = Report::of(&text);
        if report.is_some() || requests::is_end(&text) {
            self.crash = None;
            let level = report.as_ref().and_then(|report| report.status.as_ref()).map(|_| Level::Warn);
            return match request.and_then(|request| request.head) {
                Some(of) => Taken::More { of, text, level },
                None => {
                    let entry = self.entry(key, level.unwrap_or(Level::Info), request.map(|request| request.id), text);
                    Taken::New(Entry { shape: Shape::Request, ..entry })
                }
            };
        }
        if let Some(level) = self.goes_on(key, &text, level) {
            return Taken::More { of: self.crash.map_or(key, |crash| crash.entry), text, level };
        }
        let is_trace = log_lines::is_trace_alone(&text);
        let level = if is_trace { Level::Error } else { level };
        self.crash = (level == Level::Error).then_some(Crash {
            entry: key,
            last_ms: key.at_ms,
            bytes: text.len(),
            awaits: is_trace,
        });
        Taken::New(self.entry(key, level, request.map(|request| request.id), text))
    }

    /// Whether a crash goes on with this line, and whether it is louder for it.
    fn goes_on(&mut self, key: Key, text: &str, level: Level) -> Option<Option<Level>> {
        let crash = self.crash.as_mut()?;
        let is_near = key.at_ms - crash.last_ms <= TRACE_MS && crash.bytes + text.len() <= MOST_FOLDED_BYTES;
        let is_indented = text.starts_with([' ', '\t']) || text.trim().is_empty();
        let is_head = GOES_ON.iter().any(|words| text.starts_with(words));
        // What a trace ends in; or the same words once more.
        let is_last = crash.awaits || (level == Level::Info && log_lines::level_of(text) == Level::Error);
        if !is_near || !(is_indented || is_head || is_last) {
            return None;
        }
        if is_head {
            crash.awaits = text.starts_with("Traceback");
        } else if !is_indented {
            crash.awaits = false;
        }
        crash.last_ms = key.at_ms;
        crash.bytes += text.len();
        Some((level == Level::Error).then_some(Level::Error))
    }

    fn entry(&self, key: Key, level: Level, request: Option<u128>, text: Box<str>) -> Entry {
        let looks_like_json = text.starts_with('{') && text.trim_end().ends_with('}');
        let has_trace = || {
            text.contains("Traceback (most recent call last)") || text.contains("\n\tat ") || text.contains("\n    at ")
        };
        let shape = match level {
            _ if looks_like_json => Shape::Json,
            Level::Error if has_trace() => Shape::Trace,
            _ => Shape::Text,
        };
        Entry { key, origin: Arc::clone(&self.origin), level, shape, request, events: 1, text }
    }
}

/// Without the line ending that it was written with.
fn trimmed(text: Box<str>) -> Box<str> {
    let end = text.trim_end_matches(['\n', '\r']).len();
    if end == text.len() { text } else { text.get(..end).unwrap_or_default().into() }
}

#[cfg(test)]
mod tests;
