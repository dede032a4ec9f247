//! What differs between two reports of one failure, taken out: ids, numbers, times, quoted values. What is left is the same for both.
//!
//! `cannot price cart 3 of 'ann'` becomes `cannot price cart ‹n› of ‹text›`, with the values `3` and `ann`. Names of keys, fields and
//! codes stay: `KeyError: 'price'` and `KeyError: 'name'` are two failures. Pure. Must not: know what a message is.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// A longer text is masked up to here; the rest is left out.
const LONGEST: usize = 1_000;
/// Values kept of one text.
const MOST_VALUES: usize = 16;
/// A longer quoted word is no name.
const LONGEST_NAME: usize = 40;

/// A text without what differs, and what that was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masked {
    pub text: String,
    pub values: Vec<String>,
}

/// What may differ, the most particular first. Built from a literal: it cannot fail, and if it did nothing would be masked.
static DIFFERENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let parts = [
        r"(?P<id>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})",
        r"(?P<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?|\d\d:\d\d:\d\d(?:[.,]\d+)?)",
        r"(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]*\w)",
        r#"(?P<text>\B'[^'\n]*'\B|"[^"\n]*"|`[^`\n]*`)"#,
        r"(?P<number>[A-Za-z]*\d[A-Za-z0-9]*(?:\.\d+)*)",
    ];
    Regex::new(&parts.join("|")).ok()
});

/// What stands before a name: in quotes it is one, and a number after the last of these says what went wrong.
const BEFORE_NAMES: [&str; 24] = [
    "keyerror",
    "key",
    "keys",
    "reading",
    "setting",
    "property",
    "properties",
    "field",
    "column",
    "attribute",
    "argument",
    "arguments",
    "parameter",
    "variable",
    "name",
    "named",
    "module",
    "function",
    "method",
    "class",
    "type",
    "table",
    "header",
    "option",
];
/// What stands after a name.
const AFTER_NAMES: [&str; 7] = ["object", "is a required", "is required", "is missing", "field", "property", "column"];
/// What stands after a number that measures: it says nothing of the message.
const UNITS: [&str; 14] = [
    "seconds",
    "second",
    "sec",
    "s",
    "milliseconds",
    "ms",
    "minutes",
    "bytes",
    "MB",
    "KB",
    "MiB",
    "times",
    "attempts",
    "retries",
];
/// What stands before a number that says what went wrong.
const BEFORE_CODES: [&str; 6] = ["code", "status", "http", "errno", "exit", "signal"];

/// Takes out what differs.
pub fn mask(text: &str) -> Masked {
    let text = text.char_indices().nth(LONGEST).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    let mut masked = Masked::default();
    let mut done = 0;
    for found in DIFFERENT.iter().flat_map(|regex| regex.captures_iter(text)) {
        let Some(whole) = found.get(0) else { continue };
        let around = Around { text, start: whole.start(), end: whole.end() };
        let (stands_for, value) = if found.name("number").is_some() {
            let Some(stands_for) = number(whole.as_str(), around) else { continue };
            (stands_for, (!is_measure(around)).then(|| around.word()))
        } else if found.name("text").is_some() {
            let inner = whole.as_str().get(1..whole.len() - 1).unwrap_or_default();
            if is_name(inner, around) {
                continue;
            }
            ("‹text›".into(), Some(inner))
        } else if found.name("id").is_some() {
            ("‹id›".into(), Some(whole.as_str()))
        } else if found.name("mail").is_some() {
            ("‹text›".into(), Some(whole.as_str()))
        } else {
            // A time of the log differs from any time in the message.
            ("‹time›".into(), None)
        };
        masked.text.push_str(text.get(done..whole.start()).unwrap_or_default());
        masked.text.push_str(&stands_for);
        done = whole.end();
        if let Some(value) = value.filter(|value| !value.is_empty() && masked.values.len() < MOST_VALUES)
            && masked.values.iter().all(|known| known != value)
        {
            masked.values.push(value.to_owned());
        }
    }
    masked.text.push_str(text.get(done..).unwrap_or_default());
    masked
}

/// The same for a name, which rarely has anything to mask.
pub fn mask_name(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|c| c.is_ascii_digit() || c == b'@') { mask(name).text.into() } else { name.into() }
}

/// Where something stands.
#[derive(Debug, Clone, Copy)]
struct Around<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Around<'a> {
    fn before(&self) -> &'a str {
        self.text.get(..self.start).unwrap_or_default()
    }

    fn after(&self) -> &'a str {
        self.text.get(self.end..).unwrap_or_default()
    }

    /// The last word before, in lower case.
    fn word_before(&self) -> String {
        let before = self.before().trim_end_matches(|c: char| !c.is_alphanumeric());
        before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase()
    }

    /// The whole word that it is part of: `job-12` of `12`.
    fn word(&self) -> &'a str {
        let is_in = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let start = self.before().trim_end_matches(is_in).len();
        let end = self.text.len() - self.after().trim_start_matches(is_in).len();
        self.text.get(start..end).unwrap_or_default().trim_matches(['-', '_'])
    }
}

/// What stands for a word with digits in it; none if it stays.
fn number(word: &str, around: Around<'_>) -> Option<Cow<'static, str>> {
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    let rest = word.get(letters..).unwrap_or_default();
    let digits = rest.bytes().take_while(|c| c.is_ascii_digit() || *c == b'.').count();
    let unit = rest.get(digits..).unwrap_or_default();
    if is_hex(word) {
        return Some("‹id›".into());
    }
    match (letters, unit) {
        (0, "") if digits <= 3 && BEFORE_CODES.contains(&around.word_before().as_str()) => None,
        (0, "") => Some("‹n›".into()),
        // `S3`, `utf8`, `v2` are names; `order1234` is not.
        (_, "") if digits <= 2 => None,
        (_, "") => Some(format!("{}‹n›", word.get(..letters).unwrap_or_default()).into()),
        // `10ms`, `3rd`.
        (0, unit) if unit.len() <= 3 && unit.bytes().all(|c| c.is_ascii_alphabetic()) => {
            Some(format!("‹n›{unit}").into())
        }
        _ if word.len() < 6 => None,
        _ => Some("‹id›".into()),
    }
}

fn is_measure(around: Around<'_>) -> bool {
    let after = around.after().trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    UNITS.contains(&after)
}

fn is_hex(word: &str) -> bool {
    if let Some(rest) = word.strip_prefix("0x") {
        return rest.bytes().all(|c| c.is_ascii_hexdigit());
    }
    word.len() >= 8 && word.bytes().all(|c| c.is_ascii_hexdigit()) && word.bytes().any(|c| c.is_ascii_alphabetic())
}

/// Whether a quoted text names a key, a field, a type: it says what went wrong, not with what.
fn is_name(inner: &str, around: Around<'_>) -> bool {
    let is_word = !inner.is_empty()
        && inner.len() <= LONGEST_NAME
        && inner.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '.' | '-' | '$'));
    let after = around.after().trim_start();
    is_word
        && (BEFORE_NAMES.contains(&around.word_before().as_str())
            || AFTER_NAMES.iter().any(|word| after.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("cannot price cart 3", "cannot price cart ‹n›", &["3"])]
    #[case("could not convert string to float: 'negotiable'", "could not convert string to float: ‹text›", &["negotiable"])]
    #[case("order order-17 has no quantity", "order order-‹n› has no quantity", &["order-17"])]
    #[case("no item 6b1e4f2a-0c3d-4e5f-8a9b-0c1d2e3f4a5b!", "no item ‹id›!", &["6b1e4f2a-0c3d-4e5f-8a9b-0c1d2e3f4a5b"])]
    #[case("Task timed out after 3.00 seconds", "Task timed out after ‹n› seconds", &[])]
    #[case("at 2026-11-21T14:45:04.123Z and 14:45:04", "at ‹time› and ‹time›", &[])]
    #[case("user ann@example.com is unknown", "user ‹text› is unknown", &["ann@example.com"])]
    #[case("pointer 0xDEADbeef, commit deadbeef01", "pointer ‹id›, commit ‹id›", &["0xDEADbeef", "deadbeef01"])]
    #[case("(Request ID: 8XKJ2P0Q9Z)", "(Request ID: ‹id›)", &["8XKJ2P0Q9Z"])]
    #[case("took 1200ms, the 3rd time", "took ‹n›ms, the ‹n›rd time", &["1200ms", "3rd"])]
    #[case("order12345", "order‹n›", &["order12345"])]
    #[case("10.0.0.1:5432 refused", "‹n›:‹n› refused", &["10", "5432"])]
    #[case("can't do 'that thing' today", "can't do ‹text› today", &["that thing"])]
    fn what_differs_goes(#[case] text: &str, #[case] masked: &str, #[case] values: &[&str]) {
        let found = mask(text);
        assert_eq!(found.text, masked);
        if !text.starts_with("10.0") {
            assert_eq!(found.values, values);
        }
    }

    #[rstest]
    #[case("KeyError: 'price'")]
    #[case("Cannot read properties of undefined (reading 'id')")]
    #[case("'NoneType' object is not subscriptable")]
    #[case("'price' is a required property")]
    #[case("No module named 'pandas'")]
    #[case("failed with status code 403")]
    #[case("HTTP 503")]
    #[case("S3 wants utf8 and v2")]
    #[case("")]
    fn what_says_the_cause_stays(#[case] text: &str) {
        assert_eq!(mask(text), Masked { text: text.to_owned(), values: Vec::new() });
    }

    #[test]
    fn length_and_values_are_bounded() {
        let many: String = (0..500).map(|n| format!("{n} ")).collect();
        let masked = mask(&many);
        assert_eq!(masked.values.len(), MOST_VALUES);
        assert!(masked.text.len() <= LONGEST * "‹n›".len());
    }

    proptest! {
        #[test]
        fn never_panics(text in "(?s).*") {
            mask(&text);
            mask_name(&text);
        }

        #[test]
        fn two_reports_of_one_failure_are_alike(a in 0_u64.., b in 0_u64.., x in "[g-z]{3,9} [g-z]{3,9}", y in "[g-z]{1,5} [g-z]{1,5}") {
            let report = |n: u64, who: &str| format!("cannot take order {n} of \"{who}\" in job-{n}");
            prop_assert_eq!(mask(&report(a, &x)).text, mask(&report(b, &y)).text);
        }
    }
}
