//! Takes what a tail brings, prints what of it is wanted, and says the rest on stderr. Runs on a thread of its own: stdout may be slow.

use std::{
    collections::{BTreeSet, HashMap},
    io::IsTerminal,
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use tokio::sync::mpsc;

use super::line::{Json, Plain};
use crate::{
    cli::{
        complain,
        desk::{LEFT, lines::Lines},
        opening::GivenUp,
    },
    domain::log_lines::Crashes,
    inspect::tail::{
        Batch, Event, Note,
        entry::{Entry, Key, Origin, Shape},
        filter::Filter,
    },
    redrive::why::invocations::{Place, uuid},
};

/// Streams of which it is known in which request they are; all are forgotten when there are more.
const MOST_STREAMS: usize = 10_000;

/// What is known of a stream so far.
#[derive(Debug)]
struct Stream {
    origin: Arc<Origin>,
    crashes: Crashes,
    request_id: Option<Box<str>>,
}

/// Prints.
#[derive(Debug)]
pub struct Printer {
    filter: Filter,
    /// None for JSON.
    plain: Option<Plain>,
    /// Lines that may still be printed.
    left: Option<u64>,
    lines: Lines,
    streams: HashMap<Origin, Stream>,
    ended: Ended,
}

/// What it came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ended {
    has_answered: bool,
    has_gaps: bool,
    /// Groups that are not there, and what else went wrong first.
    gone: BTreeSet<Arc<str>>,
    trouble: Option<String>,
}

impl Printer {
    pub fn new(filter: Filter, json: bool, limit: Option<u64>) -> Self {
        let is_coloured =
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        let plain = (!json).then(|| Plain::new(TimeZone::system(), is_coloured));
        Self { filter, plain, left: limit, lines: Lines::default(), streams: HashMap::new(), ended: Ended::default() }
    }

    /// Until there is no more, enough, or nobody to read it.
    pub fn print(mut self, mut batches: mpsc::Receiver<Batch>) -> Result<u8, GivenUp> {
        while self.left != Some(0)
            && let Some(batch) = batches.blocking_recv()
        {
            self.ended.has_answered |= batch.read_to_ms.is_some() || !batch.events.is_empty();
            for note in &batch.notes {
                self.ended.learn(note);
                complain(&words(note));
            }
            for event in batch.events {
                self.take(event)?;
                if !self.lines.are_read() || self.left == Some(0) {
                    return Ok(0);
                }
            }
        }
        if let Some(trouble) = self.filter.trouble() {
            complain(&trouble);
        }
        if self.left == Some(0) { Ok(0) } else { self.ended.outcome() }
    }

    fn take(&mut self, mut event: Event) -> Result<(), GivenUp> {
        let (request_id, entry) = self.understood(&mut event);
        if !self.filter.shows(&entry) {
            return Ok(());
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        match &mut self.plain {
            None => self.lines.put(&Json::of(&event, &entry.text, entry.level, request_id.as_deref())),
            Some(plain) => self.lines.safe(plain.line(&event, &entry.text, entry.level)),
        }
    }

    /// How loud it is, and in which request it was said; its text is the entry's from now on.
    fn understood(&mut self, event: &mut Event) -> (Option<Box<str>>, Entry) {
        if self.streams.len() >= MOST_STREAMS {
            self.streams.clear();
        }
        let text = std::mem::take(&mut event.text);
        let origin = Origin { group: Arc::clone(&event.group), stream: Arc::clone(&event.stream) };
        let stream = self.streams.entry(origin).or_insert_with_key(|origin| Stream {
            origin: Arc::new(origin.clone()),
            crashes: Crashes::default(),
            request_id: None,
        });
        let place = Place::of(&text);
        if place.begins || place.request_id.is_some() {
            stream.request_id = place.request_id.map(Into::into);
        }
        let request_id = stream.request_id.clone();
        let entry = Entry {
            key: Key::first_of(event.at_ms),
            origin: Arc::clone(&stream.origin),
            level: stream.crashes.level_of(&event.stream, event.at_ms, &text),
            shape: Shape::Text,
            request: request_id.as_deref().and_then(uuid),
            events: 1,
            text,
        };
        (request_id, entry)
    }
}

impl Ended {
    fn learn(&mut self, note: &Note) {
        match note {
            Note::Gap { .. } => self.has_gaps = true,
            Note::Gone { group } => {
                self.gone.insert(Arc::clone(group));
            }
            Note::Recovered { group } => {
                self.gone.remove(group);
            }
            Note::Trouble { text, .. } => {
                self.trouble.get_or_insert_with(|| text.clone());
            }
        }
    }

    fn outcome(&self) -> Result<u8, GivenUp> {
        if self.has_answered {
            return Ok(if self.has_gaps { LEFT } else { 0 });
        }
        match &self.trouble {
            Some(_) => Err(GivenUp::unreached("nothing could be read")),
            None if self.gone.is_empty() => Ok(0),
            None => Err(GivenUp::misused("there is no such log group; `edatop tail '*'` reads all that there are")),
        }
    }
}

fn words(note: &Note) -> String {
    let time =
        |at_ms: &i64| Timestamp::from_millisecond(*at_ms).map_or_else(|_| at_ms.to_string(), |at| format!("{at:.3}"));
    match note {
        Note::Gap { group, from_ms, to_ms, why } => {
            format!("{group}: lines from {} to {} may be missing: {why}", time(from_ms), time(to_ms))
        }
        Note::Trouble { group, text } => format!("{group}: {text}"),
        Note::Recovered { group } => format!("{group}: it is read again"),
        Note::Gone { group } if group.contains(['*', '?']) => format!("{group}: no group is called so at the moment"),
        Note::Gone { group } => format!("{group}: there is no such group at the moment"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::tail::filter::Wanted;

    const A: &str = "33e4c44c-c563-4733-8a04-45c280096c35";

    fn printer() -> Printer {
        Printer::new(Filter::new(Wanted::default()).unwrap(), true, None)
    }

    fn event(stream: &str, text: &str) -> Event {
        Event { group: "g".into(), stream: stream.into(), id: None, at_ms: 5, ingested_ms: None, text: text.into() }
    }

    #[test]
    fn lines_between_a_start_and_the_next_are_of_that_request() {
        let mut printer = printer();
        let mut said = |stream: &str, text: &str| printer.understood(&mut event(stream, text)).0;
        assert_eq!(said("s", "before").as_deref(), None);
        assert_eq!(said("s", &format!("START RequestId: {A} Version: $LATEST")).as_deref(), Some(A));
        assert_eq!(said("s", "in it").as_deref(), Some(A));
        assert_eq!(said("t", "of another stream").as_deref(), None);
        assert_eq!(said("s", &format!("REPORT RequestId: {A}\tDuration: 1 ms")).as_deref(), Some(A));
        assert_eq!(said("t", &format!(r#"{{"requestId":"{A}","message":"x"}}"#)).as_deref(), Some(A));
    }

    #[test]
    fn streams_are_bounded() {
        let mut printer = printer();
        for number in 0..=MOST_STREAMS {
            printer.understood(&mut event(&number.to_string(), "x"));
        }
        assert_eq!(printer.streams.len(), 1);
    }

    #[test]
    fn how_it_ends_says_how_it_went() {
        let gone = Note::Gone { group: "g".into() };
        let trouble = Note::Trouble { group: "g".into(), text: "denied".into() };
        let gap = Note::Gap { group: "g".into(), from_ms: 0, to_ms: 1, why: String::new() };
        let ended = |answers: bool, notes: &[&Note]| {
            let mut ended = Ended { has_answered: answers, ..Ended::default() };
            notes.iter().for_each(|note| ended.learn(note));
            ended.outcome().unwrap_or_else(|given_up| given_up.code)
        };
        assert_eq!((ended(true, &[]), ended(true, &[&gap]), ended(false, &[])), (0, 1, 0));
        assert_eq!((ended(false, &[&gone]), ended(false, &[&trouble, &gap]), ended(true, &[&gone])), (2, 3, 0));
    }
}
