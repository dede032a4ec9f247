//! Lines of a function's log, put together to invocations: what each was called, what failed in it, what it names.
//!
//! An execution environment writes one stream and runs one invocation at a time: from `START` to the next `START`, lines of a stream
//! belong together. Pure and bounded. Must not: know which message is looked for beyond the ids that it is given to keep.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::{cause::Cause, lines::Line};
use crate::domain::{
    Level,
    log_lines::{self, Crashes},
};

/// Failures kept of one invocation; more are of the same few kinds.
const MOST_FAILURES: usize = 50;
/// Ids kept of one invocation.
const MOST_MENTIONS: usize = 400;
/// Lines kept of one invocation: its first, its last, and what is around a failure matter most.
pub const MOST_LINES: usize = 500;
/// Invocations kept; the oldest go first.
pub const MOST_INVOCATIONS: usize = 20_000;
/// Streams followed at once.
const MOST_STREAMS: usize = 2_000;

/// One run of a function, as far as its log tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// None if its beginning was not read and no line names it.
    pub request_id: Option<Box<str>>,
    pub stream: Arc<str>,
    pub first_ms: i64,
    pub last_ms: i64,
    pub failures: Vec<Failure>,
    /// UUIDs in its lines, with the number of the line: message ids are among them.
    pub mentions: Vec<(u32, u128)>,
    /// X-Ray trace ids.
    pub traces: BTreeSet<Box<str>>,
    /// Its lines, if they are kept.
    pub lines: Vec<Line>,
    /// How many lines it had.
    pub all_lines: u32,
    /// Its first line and its report were read.
    began: bool,
    reported: bool,
    crashes: Crashes,
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub at_ms: i64,
    /// The number of its line in the invocation.
    pub line: u32,
    pub cause: Arc<Cause>,
}

impl Invocation {
    fn new(line: &Line, request_id: Option<&str>) -> Self {
        Self {
            request_id: request_id.map(Into::into),
            stream: line.stream.clone(),
            first_ms: line.at_ms,
            last_ms: line.at_ms,
            failures: Vec::new(),
            mentions: Vec::new(),
            traces: BTreeSet::new(),
            lines: Vec::new(),
            all_lines: 0,
            began: false,
            reported: false,
            crashes: Crashes::default(),
        }
    }

    fn add(&mut self, line: Line, keeps_lines: bool) {
        self.first_ms = self.first_ms.min(line.at_ms);
        self.last_ms = self.last_ms.max(line.at_ms);
        let number = self.all_lines;
        self.all_lines += 1;
        self.reported |= log_lines::is_report(&line.text);
        let level = self.crashes.level_of(&line.stream, line.at_ms, &line.text);
        if level == Level::Error && self.failures.len() < MOST_FAILURES {
            let cause = Cause::of_line(&line.text);
            match self.failures.iter().find(|known| *known.cause == cause).map(|known| known.cause.clone()) {
                Some(cause) => self.failures.push(Failure { at_ms: line.at_ms, line: number, cause }),
                None => self.failures.push(Failure { at_ms: line.at_ms, line: number, cause: Arc::new(cause) }),
            }
        }
        let left = MOST_MENTIONS.saturating_sub(self.mentions.len());
        self.mentions.extend(uuids(&line.text).take(left).map(|id| (number, id)));
        if self.traces.len() < 8 {
            self.traces.extend(trace_ids(&line.text).map(Into::into));
        }
        if keeps_lines && self.lines.len() < MOST_LINES {
            self.lines.push(line);
        }
    }

    /// It was read from beginning to end, and nothing failed in it.
    pub fn went_well(&self) -> bool {
        self.began && self.reported && self.failures.is_empty()
    }

    /// The line numbers at which an id is named.
    pub fn names(&self, id: u128) -> impl Iterator<Item = u32> + '_ {
        self.mentions.iter().filter(move |(_, mentioned)| *mentioned == id).map(|(line, _)| *line)
    }
}

/// Puts lines together.
#[derive(Debug, Default)]
pub struct Assembler {
    keeps_lines: bool,
    keeps_good: bool,
    open: HashMap<Arc<str>, Invocation>,
    done: Vec<Invocation>,
    /// Invocations with a failure that did not fit.
    pub forgotten: u64,
}

impl Assembler {
    /// For a whole desk: failed invocations without their lines.
    pub fn of_failures() -> Self {
        Self::default()
    }

    /// For one message: failed invocations with their lines.
    pub fn with_lines() -> Self {
        Self { keeps_lines: true, ..Self::default() }
    }

    /// For what happened to one thing: all invocations with their lines.
    pub fn whole() -> Self {
        Self { keeps_lines: true, keeps_good: true, ..Self::default() }
    }

    /// For how a function does: all invocations, without their lines.
    pub fn of_all() -> Self {
        Self { keeps_good: true, ..Self::default() }
    }

    pub fn take(&mut self, line: Line) {
        let place = Place::of(&line.text);
        let named = self.open.get(&line.stream).and_then(|open| open.request_id.as_deref());
        let is_another = place.begins || (place.request_id.is_some() && named.is_some() && place.request_id != named);
        if is_another && let Some(ended) = self.open.remove(&line.stream) {
            self.close(ended);
        }
        if self.open.len() >= MOST_STREAMS && !self.open.contains_key(&line.stream) {
            self.close_oldest();
        }
        let request_id = place.request_id.map(ToOwned::to_owned);
        let stream = line.stream.clone();
        let invocation = self.open.entry(stream).or_insert_with(|| Invocation::new(&line, request_id.as_deref()));
        if invocation.request_id.is_none() {
            invocation.request_id = request_id.map(Into::into);
        }
        invocation.began |= place.begins;
        // Not closed by its report: that a time ran out may be said after it.
        invocation.add(line, self.keeps_lines);
    }

    /// What failed so far and was not given out before; what is still open is given out each time.
    pub fn so_far(&mut self) -> Vec<Invocation> {
        let open = self.open.values().filter(|open| !open.failures.is_empty()).cloned();
        std::mem::take(&mut self.done).into_iter().chain(open).collect()
    }

    /// All that failed, the oldest first.
    pub fn finish(mut self) -> (Vec<Invocation>, u64) {
        for (_, open) in std::mem::take(&mut self.open) {
            self.close(open);
        }
        self.done.sort_by_key(|invocation| invocation.first_ms);
        (self.done, self.forgotten)
    }

    fn close(&mut self, invocation: Invocation) {
        if invocation.failures.is_empty() && !self.keeps_good {
            return;
        }
        if self.done.len() >= MOST_INVOCATIONS {
            self.forgotten += 1;
            return;
        }
        self.done.push(invocation);
    }

    fn close_oldest(&mut self) {
        let oldest = self.open.values().min_by_key(|open| open.last_ms).map(|open| open.stream.clone());
        if let Some(ended) = oldest.and_then(|stream| self.open.remove(&stream)) {
            self.close(ended);
        }
    }
}

/// What a line says of the invocation that it is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'a> {
    pub request_id: Option<&'a str>,
    /// It is its first line.
    pub begins: bool,
}

/// Length of an id like `6b1e4f2a-0c3d-4e5f-8a9b-0c1d2e3f4a5b`.
const UUID: usize = 36;

impl<'a> Place<'a> {
    pub fn of(text: &'a str) -> Self {
        let id = |rest: &'a str| rest.trim_start().get(..UUID).filter(|id| uuid(id).is_some());
        let after = |word: &str| text.strip_prefix(word).and_then(id);
        if let Some(request_id) = after("START RequestId:") {
            return Self { request_id: Some(request_id), begins: true };
        }
        let said = ["REPORT RequestId:", "END RequestId:", "RequestId:"].iter().find_map(|word| after(word));
        if let Some(request_id) = said {
            return Self { request_id: Some(request_id), ..Self::default() };
        }
        if text.starts_with('{') {
            return Self::of_json(text);
        }
        // Node.js and Python's logger: time, then id, then level, with tabs between them. The platform: time and id, with spaces.
        let is_id = |word: &&str| uuid(word).is_some();
        let mut words = text.split_whitespace().take(2);
        let is_timed = words.next().is_some_and(|time| time.ends_with('Z') && time.contains('T') && time.contains(':'));
        let second = words.next().filter(|_| is_timed).filter(is_id);
        Self { request_id: second.or_else(|| text.split('\t').take(4).skip(1).find(is_id)), ..Self::default() }
    }

    /// Lambda's JSON format: of the platform, or of a runtime's logger.
    fn of_json(text: &'a str) -> Self {
        if !text.contains("equestId") {
            return Self::default();
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { return Self::default() };
        let record = value.get("record").unwrap_or(&value);
        let named = ["requestId", "AWSRequestId", "awsRequestId", "aws_request_id"];
        let id = named.iter().find_map(|key| record.get(*key)?.as_str()).filter(|id| uuid(id).is_some());
        let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
        // The text itself is what lives on.
        let request_id = id.and_then(|id| text.find(id).and_then(|at| text.get(at..at + id.len())));
        Self { request_id, begins: kind == "platform.start" }
    }
}

/// An id of the usual form, as a number.
pub fn uuid(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != UUID || [8, 13, 18, 23].iter().any(|at| bytes.get(*at) != Some(&b'-')) {
        return None;
    }
    let digits = bytes.iter().enumerate().filter(|(at, _)| ![8, 13, 18, 23].contains(at));
    digits.map(|(_, c)| char::from(*c).to_digit(16)).try_fold(0_u128, |sum, digit| Some(sum << 4 | u128::from(digit?)))
}

/// The number as such an id.
pub fn uuid_text(uuid: u128) -> String {
    let digits = format!("{uuid:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// All such ids in a text.
pub fn uuids(text: &str) -> impl Iterator<Item = u128> + '_ {
    text.match_indices('-')
        // The first of its four dashes is the ninth character.
        .filter_map(|(at, _)| text.get(at.checked_sub(8)?..at + UUID - 8))
        .filter_map(uuid)
}

/// X-Ray trace ids in a text: `1-67f1e2d3-abcdef012345678912345678`.
fn trace_ids(text: &str) -> impl Iterator<Item = &str> {
    const LENGTH: usize = 35;
    text.match_indices("1-").filter_map(|(at, _)| text.get(at..at + LENGTH)).filter(|id| is_trace_id(id))
}

/// `1-67f1e2d3-abcdef012345678912345678`.
pub fn is_trace_id(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_hex = |part: Option<&str>, length| {
        part.is_some_and(|part| part.len() == length && part.bytes().all(|c| c.is_ascii_hexdigit()))
    };
    parts.next() == Some("1") && is_hex(parts.next(), 8) && is_hex(parts.next(), 24) && parts.next().is_none()
}

/// The trace id of an `AWSTraceHeader`: its `Root`.
pub fn trace_root(header: &str) -> Option<&str> {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root=")).filter(|id| is_trace_id(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const A: &str = "33e4c44c-c563-4733-8a04-45c280096c35";
    const B: &str = "0bfe8414-7ee6-4ceb-baf6-3658e581d01f";
    const M: &str = "4a3655bc-ed16-4a32-a979-724a763d2e2c";

    fn line(at_ms: i64, stream: &str, text: &str) -> Line {
        Line { at_ms, stream: stream.into(), text: text.to_owned() }
    }

    fn assembled(lines: &[(&str, &str)]) -> Vec<Invocation> {
        let mut assembler = Assembler::with_lines();
        for (at, (stream, text)) in lines.iter().enumerate() {
            assembler.take(line(at as i64, stream, &text.replace("$A", A).replace("$B", B).replace("$M", M)));
        }
        assembler.finish().0
    }

    #[test]
    fn what_an_emulator_writes_line_by_line_is_one_failure() {
        let found = assembled(&[
            ("s", "START RequestId: $A Version: $LATEST\n"),
            ("s", "[ERROR] ValueError: no\n"),
            ("s", "Traceback (most recent call last):\n"),
            ("s", "  File \"app.py\", line 27, in handler\n"),
            ("s", "ValueError: no\n"),
            ("s", "END RequestId: $A\n"),
            ("s", "REPORT RequestId: $A\tDuration: 12.89 ms\t\n"),
            ("s", "START RequestId: $B Version: $LATEST\n"),
            ("s", "{\"level\": \"INFO\"}\n"),
            ("s", "REPORT RequestId: $B\tDuration: 1 ms\t\n"),
        ]);
        assert_eq!(found.len(), 1, "what went well is not kept");
        assert_eq!(found[0].request_id.as_deref(), Some(A));
        assert_eq!((found[0].lines.len(), found[0].failures.len()), (7, 1));
        assert_eq!(found[0].failures[0].cause.headline(), "ValueError: no");
    }

    #[test]
    fn streams_that_interleave_are_kept_apart() {
        let found = assembled(&[
            ("s", "START RequestId: $A Version: 1"),
            ("t", "START RequestId: $B Version: 1"),
            ("s", "message $M comes"),
            ("t", "[ERROR] KeyError: 'id'"),
            ("s", "[ERROR] ValueError: no"),
            (
                "t",
                "REPORT RequestId: $B\tDuration: 1 ms\tXRAY TraceId: 1-67f1e2d3-abcdef012345678912345678\tSegmentId: 1",
            ),
            ("s", "REPORT RequestId: $A\tDuration: 1 ms"),
        ]);
        let ids: Vec<_> = found.iter().map(|i| i.request_id.as_deref().unwrap()).collect();
        assert_eq!(ids, [A, B]);
        assert_eq!(found[0].names(uuid(M).unwrap()).collect::<Vec<_>>(), [1]);
        assert_eq!(
            found[1].traces.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
            ["1-67f1e2d3-abcdef012345678912345678"]
        );
    }

    #[rstest]
    // Lambda's JSON format.
    #[case(&[r#"{"type":"platform.start","record":{"requestId":"$A"}}"#, r#"{"level":"ERROR","requestId":"$A","errorType":"E","errorMessage":"no"}"#,
        r#"{"type":"platform.report","record":{"requestId":"$A"}}"#], 3)]
    // Node.js; the beginning was not read.
    #[case(&["2026-11-01T10:00:00.000Z\t$A\tERROR\tInvoke Error \t{\"errorType\":\"E\",\"errorMessage\":\"no\"}", "END RequestId: $A"], 2)]
    // The next invocation begins without a word.
    #[case(&["2026-11-01T10:00:00.000Z\t$A\tERROR\tKeyError: no", "2026-11-01T10:00:01.000Z\t$B\tINFO\tfine"], 1)]
    fn other_formats(#[case] lines: &[&str], #[case] count: usize) {
        let lines: Vec<_> = lines.iter().map(|text| ("s", *text)).collect();
        let found = assembled(&lines);
        assert_eq!((found.len(), found[0].request_id.as_deref(), found[0].lines.len()), (1, Some(A), count));
        assert_eq!(found[0].failures[0].cause.message, "no");
    }

    #[test]
    fn ids_and_traces_are_read() {
        assert_eq!(uuids(&format!("a-b {A}, x{M}-")).collect::<Vec<_>>(), [uuid(A).unwrap(), uuid(M).unwrap()]);
        let root = "1-67f1e2d3-abcdef012345678912345678";
        assert_eq!(trace_root(&format!("Sampled=1;Root={root};Parent=1")), Some(root));
        assert_eq!(trace_root("Root=1-2-3"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut assembler = Assembler::with_lines();
        for n in 0..3 * MOST_LINES {
            assembler.take(line(0, "s", &format!("[ERROR] no {n} {A}")));
        }
        for n in 0..MOST_STREAMS + 10 {
            assembler.take(line(1, &n.to_string(), "x"));
        }
        assert!(assembler.open.len() <= MOST_STREAMS);
        let found = assembler.finish().0;
        assert_eq!((found[0].lines.len(), found[0].failures.len()), (MOST_LINES, MOST_FAILURES));
        assert_eq!((found[0].mentions.len(), found[0].all_lines as usize), (MOST_MENTIONS, 3 * MOST_LINES));
    }

    proptest! {
        #[test]
        fn never_panics(texts in proptest::collection::vec("(?s)(START RequestId: |REPORT RequestId: |\\{|\t)?.*", 0..20)) {
            let mut assembler = Assembler::with_lines();
            for text in texts {
                assembler.take(line(0, "s", &text));
            }
            assembler.finish();
        }
    }
}
