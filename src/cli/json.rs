//! JSON on stdout: the value that any JSON writer would write, with what could act on a terminal, or hide from a reader, written as
//! `\uXXXX`. Whole documents are indented; of what comes one by one, each has a line.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::widgets::text;

/// A document.
pub(super) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, PrettyFormatter::new())
}

/// One of many, without the line's end.
pub(super) fn line(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, CompactFormatter)
}

/// What is one line of JSON already, digits and all.
pub(super) fn kept(json: &str) -> String {
    let mut bytes = Vec::with_capacity(json.len());
    // What is unsafe stands inside strings alone, where an escape means the same.
    let written = Escaping(CompactFormatter).write_string_fragment(&mut bytes, json);
    let escaped = written.ok().and_then(|()| String::from_utf8(bytes).ok());
    escaped.unwrap_or_default()
}

fn written(value: &impl Serialize, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Escaping(formatter)))?;
    String::from_utf8(bytes).map_err(|error| serde::ser::Error::custom(error.to_string()))
}

/// Lays out as its inner one does. Strings and keys come through it piece by piece, without what JSON itself escapes.
struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, unsafe_one)) = rest.char_indices().find(|(_, c)| text::is_unsafe(*c)) {
            let (before, after) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            // Above the basic plane JSON takes two: a surrogate pair.
            for unit in unsafe_one.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after.strip_prefix(unsafe_one).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn what_could_act_on_a_terminal_is_escaped() {
        let value = json!({ "k\u{9b}2J": ["a\u{202e}b", "\u{7f}", "\u{e0041}", "plain ü \" \n"], "empty": {} });
        let written = pretty(&value).unwrap();
        assert!(!written.chars().any(|c| c != '\n' && text::is_unsafe(c)), "{written:?}");
        assert!(written.contains(r"k\u009b2J") && written.contains(r"a\u202eb") && written.contains(r"\udb40\udc41"));
        assert!(written.contains("plain ü"), "what is harmless stays readable: {written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }

    proptest! {
        #[test]
        fn json_stays_the_same_value_and_layout(text in any::<String>(), key in "\\PC*") {
            let value = json!({ key: [text, 1, null, {}], "nested": { "deep": [] } });
            let written = pretty(&value).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &value);
            prop_assert!(!written.chars().any(|c| c != '\n' && text::is_unsafe(c)));
            prop_assert_eq!(&kept(&value.to_string()), &line(&value).unwrap());
            let plain = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(written.lines().count(), plain.lines().count());
            let one = line(&value).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&one).unwrap(), &value);
            prop_assert!(!one.chars().any(text::is_unsafe));
        }
    }
}
