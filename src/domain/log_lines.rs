//! What a log line is: how loud, whether it closes a Lambda invocation, and its one line worth repeating. Pure.
//!
//! Lines come from any language and any logging library: an explicit level decides; without one, the words of a crash do.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use super::Level;

/// The longest headline, in characters.
const LONGEST: usize = 500;
/// An explicit level stands among the first words of a line, after time stamps and request ids.
const HEADER_WORDS: usize = 8;
/// What the Lambda platform itself says.
const PLATFORM: [&str; 5] = ["START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ", "XRAY TraceId:"];

/// How loud an event is.
pub fn level_of(text: &str) -> Level {
    let text = text.trim();
    match json(text) {
        Some(event) => level_of_json(&event),
        None => level_of_text(text),
    }
}

/// Whether the event closes one invocation: the platform's `REPORT`, as text or as JSON.
pub fn is_report(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("REPORT RequestId:")
        || (text.starts_with('{')
            && text.contains("platform.report")
            && json(text).is_some_and(|event| event.get("type").and_then(Value::as_str) == Some("platform.report")))
}

/// Whether the event is nothing but the first line of a Python trace: what went wrong stands in another event.
pub fn is_trace_alone(text: &str) -> bool {
    text.trim() == "Traceback (most recent call last):"
}

/// The one line that says what happened.
pub fn headline(text: &str) -> String {
    let text = text.trim();
    let line = json(text).and_then(|event| json_headline(&event)).unwrap_or_else(|| {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or_default();
        // Python says the trace first and what went wrong last.
        let says = if first.starts_with("Traceback") { lines.next_back().unwrap_or(first) } else { first };
        says.to_owned()
    });
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// How soon after an error, in milliseconds, the trace that it ends is written.
const REPEATED_MS: i64 = 100;

/// Reads a crash that is written as one event a line as one error. Of several streams the last one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crashes {
    /// The stream and instant of the last error.
    last_error: Option<(u64, i64)>,
    /// Its stream and its words: a trace ends in the same words once more.
    last_words: Option<(u64, u64)>,
    /// The stream whose last trace has not said yet what went wrong.
    open_trace: Option<u64>,
}

impl Crashes {
    /// How loud an event is after those before it. A trace after its error (Lambda's own runtime) is that error and not one more; a
    /// trace before it (Python's) is nothing yet: the next line that is not indented says what went wrong.
    pub fn level_of(&mut self, stream: &str, at_ms: i64, text: &str) -> Level {
        let stream = hash(stream);
        if is_trace_alone(text) {
            if self.last_error != Some((stream, at_ms)) {
                self.open_trace = Some(stream);
            }
            return Level::Info;
        }
        let closes = self.open_trace == Some(stream) && !text.starts_with([' ', '\t']) && !text.trim().is_empty();
        let level = if closes { Level::Error } else { level_of(text) };
        if closes {
            self.open_trace = None;
        }
        if level == Level::Error {
            let words = Some((stream, hash(words(text))));
            let is_repeated = !text.trim_start().starts_with("[ERROR]")
                && self.last_words == words
                && self.last_error.is_some_and(|(_, at)| at_ms - at < REPEATED_MS);
            self.last_words = words;
            if is_repeated {
                // Once: the next failure with the same words is another one.
                self.last_words = None;
                return Level::Info;
            }
            self.last_error = Some((stream, at_ms));
        }
        level
    }
}

/// What a line says went wrong, without the mark that says that something did.
fn words(text: &str) -> &str {
    let first = text.trim().lines().next().unwrap_or_default();
    first.strip_prefix("[ERROR]").unwrap_or(first).trim()
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn json(text: &str) -> Option<Map<String, Value>> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

fn level_of_json(event: &Map<String, Value>) -> Level {
    let named = ["level", "levelname", "log.level", "severity", "logLevel"].iter().find_map(|key| event.get(*key));
    match named {
        Some(Value::String(word)) => named_level(word).unwrap_or(Level::Info),
        // pino and bunyan count: 40 warns, 50 is an error, 60 is fatal.
        Some(Value::Number(number)) => match number.as_u64().unwrap_or_default() {
            50.. => Level::Error,
            40.. => Level::Warn,
            _ => Level::Info,
        },
        _ if event.contains_key("errorType") || event.contains_key("errorMessage") => Level::Error,
        _ => event.get("message").and_then(Value::as_str).map_or(Level::Info, level_of_text),
    }
}

fn level_of_text(text: &str) -> Level {
    if PLATFORM.iter().any(|words| text.starts_with(words)) {
        return Level::Info;
    }
    let first = text.lines().next().unwrap_or_default();
    let words =
        first.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.=".contains(c)).filter(|word| !word.is_empty());
    if let Some(level) = words.take(HEADER_WORDS).find_map(explicit_level) {
        return level;
    }
    let crashed = text.starts_with("Traceback")
        || ["\nTraceback", "Task timed out", "Exception", "Error:", "error:", "panicked at"]
            .iter()
            .any(|words| text.contains(words));
    if crashed { Level::Error } else { Level::Info }
}

/// `ERROR`, `level=error`. In lower case a lone word is prose.
fn explicit_level(word: &str) -> Option<Level> {
    match word.strip_prefix("level=") {
        Some(word) => named_level(word),
        None if word.chars().all(|c| c.is_ascii_uppercase()) => named_level(word),
        None => None,
    }
}

fn named_level(word: &str) -> Option<Level> {
    match word.to_ascii_lowercase().as_str() {
        "error" | "err" | "fatal" | "critical" | "alert" | "emergency" | "severe" | "panic" => Some(Level::Error),
        "warn" | "warning" => Some(Level::Warn),
        "info" | "debug" | "trace" | "notice" => Some(Level::Info),
        _ => None,
    }
}

fn json_headline(event: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| event.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let said = text("errorMessage").or_else(|| text("message")).or_else(|| text("msg"))?;
    let said = said.lines().next().unwrap_or(said);
    Some(text("errorType").map_or_else(|| said.to_owned(), |kind| format!("{kind}: {said}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("[ERROR] ValueError: bad store\nTraceback (most recent call last):\n", Level::Error)]
    #[case("2026-11-01T10:00:00.000Z\t6b1e-4f\tERROR\tInvoke Error \t{}", Level::Error)]
    #[case("2026-11-01 10:00:00,123 ERROR handler: no", Level::Error)]
    #[case("ERROR: no", Level::Error)]
    #[case("Traceback (most recent call last):", Level::Error)]
    #[case("2026-11-01T10:00:00.000Z 6b1e Task timed out after 3.00 seconds", Level::Error)]
    #[case("RequestId: 6b1e Error: Runtime exited with error: exit status 1", Level::Error)]
    #[case("java.lang.NullPointerException", Level::Error)]
    #[case("time=1 level=error msg=no", Level::Error)]
    #[case(r#"{"level":"ERROR","message":"no"}"#, Level::Error)]
    #[case(r#"{"levelname":"CRITICAL"}"#, Level::Error)]
    #[case(r#"{"level":50,"msg":"no"}"#, Level::Error)]
    #[case(r#"{"errorType":"KeyError","errorMessage":"'store_id'"}"#, Level::Error)]
    #[case(r#"{"message":"ValueError: no"}"#, Level::Error)]
    #[case("[WARNING]\t2026-11-01T10:00:00.000Z\t6b1e\tslow", Level::Warn)]
    #[case(r#"{"level":"warn"}"#, Level::Warn)]
    #[case(r#"{"level":40}"#, Level::Warn)]
    #[case("[INFO] retried after Error: timeout", Level::Info)]
    #[case(r#"{"level":"info","message":"Error: handled"}"#, Level::Info)]
    #[case("the error rate is fine", Level::Info)]
    #[case("no ERRORS here", Level::Info)]
    #[case("REPORT RequestId: 6b1e Duration: 1 ms Status: error Error Type: Error: x", Level::Info)]
    #[case(r#"{"errors":0}"#, Level::Info)]
    #[case("{not json", Level::Info)]
    #[case("", Level::Info)]
    fn levels(#[case] text: &str, #[case] level: Level) {
        assert_eq!(level_of(text), level);
    }

    #[rstest]
    #[case("REPORT RequestId: 6b1e\tDuration: 1.00 ms", true)]
    #[case(r#"{"time":"2026","type":"platform.report","record":{}}"#, true)]
    #[case(r#"{"message":"a platform.report came"}"#, false)]
    #[case("END RequestId: 6b1e", false)]
    #[case("the REPORT RequestId: is missing", false)]
    fn reports(#[case] text: &str, #[case] is: bool) {
        assert_eq!(is_report(text), is);
    }

    #[rstest]
    #[case(
        "[ERROR] ValueError: bad store\nTraceback (most recent call last):\n  File",
        "[ERROR] ValueError: bad store"
    )]
    #[case("Traceback (most recent call last):\n  File \"x\"\nKeyError: 'a'\n", "KeyError: 'a'")]
    #[case(r#"{"level":"ERROR","message":"no\nreally","x":1}"#, "no")]
    #[case(r#"{"errorType":"KeyError","errorMessage":"'a'"}"#, "KeyError: 'a'")]
    #[case(r#"{"x":1}"#, r#"{"x":1}"#)]
    fn headlines(#[case] text: &str, #[case] line: &str) {
        assert_eq!(headline(text), line);
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_short(text in "(?s).*") {
            let _ = (level_of(&text), is_report(&text));
            prop_assert!(headline(&text).chars().count() <= LONGEST + 1);
        }
    }
}
