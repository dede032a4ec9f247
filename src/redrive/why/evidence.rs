//! Which failure is a message's: all failed invocations of a log, indexed, so that many messages can be looked up in memory.
//!
//! Certain: the invocation names the message's id, its request id or its trace. Likely: the values that the error names occur in the
//! message, and the time fits. Possible: no other failure is in the log at the time, and this one names no value. Pure.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value;

use super::{
    cause::{Cause, Sureness},
    decode::{Content, Decoded},
    invocations::{Failure, Invocation, trace_root, uuid},
    lines::Span,
};
use crate::redrive::message::{Message, Payload, system};

/// Words of a body that are compared with the values of errors.
const MOST_WORDS: usize = 2_000;
/// A longer text is taken apart only up to here, in bytes.
const LONGEST: usize = 64 << 10;
/// Failures that one value leads to; a value that leads to more says little.
const MOST_PER_VALUE: usize = 64;
/// Invocations that name a message which are compared; each receive is one.
const MOST_TRIES: usize = 20;
/// How much a value has to weigh to be found inside a text, and to do without the others.
const STRONG: u32 = 4;

/// What ties a failure to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    MessageId,
    RequestId,
    Trace,
    /// These values of the error occur in the message.
    Values(Vec<String>),
    /// It is the only kind of failure at the time.
    Alone,
}

impl Proof {
    pub fn sureness(&self) -> Sureness {
        match self {
            Self::MessageId | Self::RequestId | Self::Trace => Sureness::Certain,
            Self::Values(_) => Sureness::Likely,
            Self::Alone => Sureness::Possible,
        }
    }

    /// In words, to stand behind the failure.
    pub fn says(&self) -> String {
        match self {
            Self::MessageId => "certain: its invocation names the message".to_owned(),
            Self::RequestId => "certain: the message names its invocation".to_owned(),
            Self::Trace => "certain: both carry the same trace".to_owned(),
            Self::Values(values) => {
                format!("likely: the time fits, and the message has {} in it", values.join(", "))
            }
            Self::Alone => "possible: nothing else failed around its receives".to_owned(),
        }
    }
}

/// A failure that is, or may be, a message's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its place in [`Evidence::invocations`].
    pub invocation: usize,
    pub cause: Arc<Cause>,
    pub at_ms: i64,
    pub proof: Proof,
}

/// What is known of a message that can be found in a log. Small enough to be kept until the log is read.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    id: Option<u128>,
    request_id: Option<Box<str>>,
    trace: Option<Box<str>>,
    /// Whole values of the message.
    wholes: HashSet<Box<str>>,
    /// Words within its texts.
    words: HashSet<Box<str>>,
    window: Option<Window>,
}

/// When a message may have been received by whoever failed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub span: Span,
    /// When its last receive should have been: of several failures alike the one that is nearest is its own.
    pub last_receive_ms: i64,
}

impl Subject {
    pub fn of(message: &Message, decoded: &Decoded, window: Option<Window>) -> Self {
        let text = |name: &str| match &message.attributes.get(name)?.payload {
            Payload::Text(text) => Some(text.as_str()),
            Payload::Binary(_) => None,
        };
        let mut subject = Self {
            id: uuid(&message.id),
            request_id: text("RequestID").map(Into::into),
            trace: message.system(system::TRACE).and_then(trace_root).map(Into::into),
            window,
            ..Self::default()
        };
        match &decoded.content {
            Content::Json(value) => subject.add_value(value),
            Content::Text(text) => subject.add_text(text),
            Content::Bytes(_) => {}
        }
        for text in message.attributes.keys().filter_map(|name| text(name)).chain(message.group()) {
            subject.add_text(text);
        }
        subject
    }

    fn is_full(&self) -> bool {
        self.wholes.len() + self.words.len() >= MOST_WORDS
    }

    /// serde_json bounds the depth.
    fn add_value(&mut self, value: &Value) {
        if self.is_full() {
            return;
        }
        match value {
            Value::Object(object) => object.values().for_each(|inner| self.add_value(inner)),
            Value::Array(array) => array.iter().for_each(|inner| self.add_value(inner)),
            Value::String(text) => self.add_text(text),
            Value::Number(number) => {
                self.wholes.insert(number.to_string().into());
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn add_text(&mut self, text: &str) {
        if text.len() <= LONGEST {
            self.wholes.insert(text.into());
        }
        self.add_words(text);
    }

    fn add_words(&mut self, text: &str) {
        let text = text.char_indices().nth(LONGEST).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_')).filter(|word| word.len() > 1);
        for word in words.filter(|word| word.len() < text.len()) {
            if self.is_full() {
                return;
            }
            self.words.insert(word.into());
        }
    }

    fn has(&self, value: &str) -> bool {
        self.wholes.contains(value) || (weight(value) >= STRONG && self.words.contains(value))
    }
}

/// How much it says if a value occurs in both.
fn weight(value: &str) -> u32 {
    let (length, has_digit) = (value.chars().count(), value.bytes().any(|c| c.is_ascii_digit()));
    let is_number = value.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    match length {
        0 => 0,
        1..=2 => 1,
        3..=5 if is_number || !has_digit => 2,
        6..=8 if !has_digit => 3,
        _ => STRONG,
    }
}

/// One wording of a failure, and when it was said.
#[derive(Debug, Default)]
struct Wording {
    values: Vec<String>,
    /// Instant, invocation and failure, the oldest first.
    said: Vec<(i64, usize, usize)>,
}

impl Wording {
    /// The time that it was said which fits best.
    fn said_within(&self, window: Option<Window>) -> Option<(usize, usize)> {
        let Some(Window { span, last_receive_ms }) = window else {
            return self.said.last().map(|(_, invocation, failure)| (*invocation, *failure));
        };
        let after = self.said.partition_point(|(at, ..)| *at < last_receive_ms);
        let around = after.saturating_sub(1)..(after + 1).min(self.said.len());
        let fits = self.said.get(around)?.iter().filter(|(at, ..)| span.contains(*at));
        let (_, invocation, failure) = fits.min_by_key(|(at, ..)| at.abs_diff(last_receive_ms))?;
        Some((*invocation, *failure))
    }
}

/// What failed in a log, to be asked.
#[derive(Debug, Default)]
pub struct Evidence {
    pub invocations: Vec<Invocation>,
    by_mention: HashMap<u128, Vec<usize>>,
    by_request: HashMap<Box<str>, usize>,
    by_trace: HashMap<Box<str>, Vec<usize>>,
    wordings: Vec<Wording>,
    by_value: HashMap<String, Vec<usize>>,
    /// Each failure's instant, kind, invocation and place in it, the oldest first; and from where on another kind comes.
    timeline: Vec<(i64, u64, usize, usize)>,
    next_kind: Vec<usize>,
}

impl Evidence {
    /// `invocations` come the oldest first.
    pub fn new(invocations: Vec<Invocation>) -> Self {
        let mut evidence = Self::default();
        let mut wordings: BTreeMap<String, Wording> = BTreeMap::new();
        for (index, invocation) in invocations.iter().enumerate() {
            for id in invocation.mentions.iter().map(|(_, id)| *id).collect::<HashSet<_>>() {
                evidence.by_mention.entry(id).or_default().push(index);
            }
            if let Some(request_id) = &invocation.request_id {
                // Tried again under the same id: the last is the one that counted.
                evidence.by_request.insert(request_id.clone(), index);
            }
            for trace in &invocation.traces {
                evidence.by_trace.entry(trace.clone()).or_default().push(index);
            }
            for (place, failure) in invocation.failures.iter().enumerate() {
                let wording = wordings.entry(failure.cause.headline()).or_default();
                wording.values.clone_from(&failure.cause.masked.values);
                wording.said.push((failure.at_ms, index, place));
                let kind = super::traits::Fingerprint::default().with(Some(&failure.cause.title())).value();
                evidence.timeline.push((failure.at_ms, kind, index, place));
            }
        }
        evidence.index(wordings.into_values());
        evidence.invocations = invocations;
        evidence
    }

    fn index(&mut self, wordings: impl Iterator<Item = Wording>) {
        for mut wording in wordings {
            wording.said.sort_unstable();
            for value in &wording.values {
                let known = self.by_value.entry(value.clone()).or_default();
                if known.len() < MOST_PER_VALUE {
                    known.push(self.wordings.len());
                }
            }
            self.wordings.push(wording);
        }
        self.timeline.sort_unstable();
        self.next_kind = vec![self.timeline.len(); self.timeline.len()];
        for index in (1..self.timeline.len()).rev() {
            let is_same = self.timeline[index - 1].1 == self.timeline[index].1;
            self.next_kind[index - 1] = if is_same { self.next_kind[index] } else { index };
        }
    }

    /// The failure of a message, the surest there is.
    pub fn find(&self, subject: &Subject) -> Option<Match> {
        self.by_name(subject).or_else(|| self.by_values(subject)).or_else(|| self.alone(subject))
    }

    fn by_name(&self, subject: &Subject) -> Option<Match> {
        let of_message = || self.by_id(subject, subject.id?);
        let last = |index: usize, proof| {
            let failure = self.invocations.get(index)?.failures.last()?;
            Some(self.matched(index, failure, proof))
        };
        let of_request = || last(*self.by_request.get(subject.request_id.as_ref()?)?, Proof::RequestId);
        let of_trace = || last(*self.by_trace.get(subject.trace.as_ref()?)?.last()?, Proof::Trace);
        of_message().or_else(of_request).or_else(of_trace)
    }

    /// Of the invocations that name it the last; one whose error has values of the message before others: a batch fails as a whole,
    /// and the error may be another message's.
    fn by_id(&self, subject: &Subject, id: u128) -> Option<Match> {
        let naming = self.by_mention.get(&id)?.iter().rev().take(MOST_TRIES);
        let mut tries: Vec<_> =
            naming.filter_map(|index| Some((*index, nearest(self.invocations.get(*index)?, id)?))).collect();
        let is_its_own = |failure: &Failure| {
            let values = &failure.cause.masked.values;
            !values.is_empty() && values.iter().all(|value| subject.has(value))
        };
        tries.sort_by_key(|(_, failure)| !is_its_own(failure));
        let (index, failure) = tries.first()?;
        Some(self.matched(*index, failure, Proof::MessageId))
    }

    fn by_values(&self, subject: &Subject) -> Option<Match> {
        let mut best: Option<(u32, usize, usize, Vec<String>)> = None;
        let mut seen = HashSet::new();
        let shared = subject.wholes.iter().chain(&subject.words).filter_map(|word| self.by_value.get(word.as_ref()));
        for index in shared.flatten().filter(|index| seen.insert(**index)) {
            let Some(wording) = self.wordings.get(*index) else { continue };
            let values: Vec<_> = wording.values.iter().filter(|value| subject.has(value)).cloned().collect();
            let found: u32 = values.iter().map(|value| weight(value)).sum();
            let all: u32 = wording.values.iter().map(|value| weight(value)).sum();
            let is_enough = found == all || (found >= STRONG && found * 2 >= all);
            if found == 0 || !is_enough {
                continue;
            }
            let Some((invocation, failure)) = wording.said_within(subject.window) else { continue };
            // Of equals the later one, which is nearer to the end of the message's life.
            let rank = (found, invocation, failure);
            if best.as_ref().is_none_or(|(found, invocation, failure, _)| rank > (*found, *invocation, *failure)) {
                best = Some((found, invocation, failure, values));
            }
        }
        let (_, invocation, failure, values) = best?;
        let failure = self.invocations.get(invocation)?.failures.get(failure)?;
        Some(self.matched(invocation, failure, Proof::Values(values)))
    }

    fn alone(&self, subject: &Subject) -> Option<Match> {
        let window = subject.window?.span;
        let start = self.timeline.partition_point(|(at, ..)| *at < window.from_ms);
        let end = self.timeline.partition_point(|(at, ..)| *at <= window.to_ms);
        if start >= end || *self.next_kind.get(start)? < end {
            return None;
        }
        let (_, _, invocation, place) = *self.timeline.get(end - 1)?;
        let failure = self.invocations.get(invocation)?.failures.get(place)?;
        // One that names values which the message has not is another message's.
        failure.cause.masked.values.is_empty().then(|| self.matched(invocation, failure, Proof::Alone))
    }

    fn matched(&self, invocation: usize, failure: &Failure, proof: Proof) -> Match {
        Match { invocation, cause: failure.cause.clone(), at_ms: failure.at_ms, proof }
    }
}

/// Of an invocation's failures the one that an id belongs to: named in its line, else the first after the id was last named, else
/// the last, which failed the whole batch.
pub(super) fn nearest(invocation: &Invocation, id: u128) -> Option<&Failure> {
    let last_named = invocation.names(id).last()?;
    let named = invocation.failures.iter().find(|failure| invocation.names(id).any(|line| line == failure.line));
    let next = || invocation.failures.iter().find(|failure| failure.line > last_named);
    named.or_else(next).or(invocation.failures.last())
}

#[cfg(test)]
mod tests;
