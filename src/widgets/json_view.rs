//! A JSON value as lines that can be scrolled: message bodies, events, policies.
//!
//! [`JsonDocument`] is made once, when the value changes; [`JsonView`] draws the lines that show. Both are bounded, and what was
//! left out is said in the text. Names are plain and values quiet or plain: colour is kept for health.
//!
//! Must not: parse (the caller knows what to say about a body that is not JSON), or change the order of keys.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use serde_json::Value;

use super::text;
use crate::theme::{Role, Theme};

/// How much of a value is made into lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects and arrays inside each other; what is deeper is shown as its size.
    pub depth: usize,
    /// Lines of the whole document.
    pub lines: usize,
    /// Characters of one string.
    pub characters: usize,
}

impl Default for Limits {
    /// Enough for the largest message AWS queues carry (1 MiB) to be read where it matters.
    fn default() -> Self {
        Self { depth: 32, lines: 5_000, characters: 4_000 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct JsonLine {
    /// In levels.
    indent: usize,
    parts: Vec<(Role, Cow<'static, str>)>,
}

/// A JSON value, laid out. Every text in it is already clean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonDocument {
    lines: Vec<JsonLine>,
}

impl JsonDocument {
    /// Lays a value out.
    pub fn new(value: &Value, limits: Limits) -> Self {
        let mut writer = Writer { lines: Vec::new(), limits, left_out: 0 };
        writer.value(Vec::new(), value, (0, ""));
        if writer.left_out > 0 {
            let said = format!("{} more lines are not shown", writer.left_out);
            writer.lines.push(JsonLine { indent: 0, parts: vec![(Role::Dim, said.into())] });
        }
        Self { lines: writer.lines }
    }

    /// The same document for a place `columns` wide: longer lines go on, indented, on the next one. Nothing is lost.
    #[must_use]
    pub fn wrapped(&self, columns: u16) -> Self {
        let room = |indent| usize::from(columns - indented(indent, columns)).max(2);
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let mut open = JsonLine { indent: line.indent, parts: Vec::new() };
            let mut free = room(open.indent);
            for (role, text) in &line.parts {
                let mut rest = text.as_ref();
                while !rest.is_empty() {
                    let mut piece = text::head(rest, free);
                    if piece.is_empty() && open.parts.is_empty() {
                        piece = rest;
                    }
                    if piece.is_empty() {
                        let next = JsonLine { indent: line.indent + 1, parts: Vec::new() };
                        free = room(next.indent);
                        lines.push(std::mem::replace(&mut open, next));
                        continue;
                    }
                    free = free.saturating_sub(text::width(piece));
                    open.parts.push((*role, piece.to_owned().into()));
                    rest = rest.get(piece.len()..).unwrap_or_default();
                }
            }
            lines.push(open);
        }
        Self { lines }
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines as roles and texts, for a page that has other lines too.
    pub fn rows(&self) -> impl Iterator<Item = Vec<(Role, String)>> {
        self.lines.iter().map(|line| {
            let indent = (Role::Text, "  ".repeat(line.indent));
            let parts = line.parts.iter().map(|(role, text)| (*role, text.clone().into_owned()));
            std::iter::once(indent).chain(parts).collect()
        })
    }

    /// The lines as styled text, for a place that wraps or measures them itself.
    pub fn styled<'s>(&'s self, theme: &'s Theme) -> impl Iterator<Item = Line<'s>> {
        self.lines.iter().map(|line| {
            let indent = std::iter::once(Span::raw("  ".repeat(line.indent)));
            let parts = line.parts.iter().map(|(role, text)| Span::styled(text.as_ref(), theme.style(*role)));
            indent.chain(parts).collect()
        })
    }
}

/// The part of a document that shows.
#[derive(Debug, Clone, Copy)]
pub struct JsonView<'a> {
    /// What to show.
    pub document: &'a JsonDocument,
    /// The first line to show.
    pub offset: usize,
    /// Where styles come from.
    pub theme: &'a Theme,
}

impl Widget for JsonView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        for (y, line) in (area.top()..area.bottom()).zip(self.document.lines.iter().skip(self.offset)) {
            let indent = indented(line.indent, area.width);
            let mut rest = Rect { x: area.x + indent, y, width: area.width - indent, height: 1 };
            for (role, text) in &line.parts {
                let used = text::put(buf, rest, text, self.theme.style(*role), self.theme.glyphs.ellipsis);
                rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            }
        }
    }
}

/// Columns before a line, two for each level; deep lines keep at least half the width for what they say.
fn indented(levels: usize, columns: u16) -> u16 {
    u16::try_from(levels * 2).unwrap_or(u16::MAX).min(columns / 2)
}

type Parts = Vec<(Role, Cow<'static, str>)>;

struct Writer {
    lines: Vec<JsonLine>,
    limits: Limits,
    left_out: usize,
}

impl Writer {
    /// Writes a value; `parts` is what its first line begins with, `end` the comma after it.
    fn value(&mut self, parts: Parts, value: &Value, (indent, end): (usize, &'static str)) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let children = fields.iter().map(|(name, value)| (Some(name.as_str()), value));
                self.nested(parts, ("{", "}"), children, (indent, end));
            }
            Value::Array(items) if !items.is_empty() => {
                self.nested(parts, ("[", "]"), items.iter().map(|value| (None, value)), (indent, end));
            }
            scalar => self.line(indent, with(with(parts, self.scalar(scalar)), (Role::Dim, end.into()))),
        }
    }

    fn nested<'v, I>(
        &mut self,
        parts: Parts,
        (open, close): (&'static str, &'static str),
        children: I,
        (indent, end): (usize, &'static str),
    ) where
        I: ExactSizeIterator<Item = (Option<&'v str>, &'v Value)>,
    {
        let count = children.len();
        if indent >= self.limits.depth {
            let size = format!("{open} {count} inside {close}{end}");
            return self.line(indent, with(parts, (Role::Dim, size.into())));
        }
        self.line(indent, with(parts, (Role::Dim, open.into())));
        for (index, (name, value)) in children.enumerate() {
            if self.lines.len() >= self.limits.lines {
                // The rest is counted, not walked: one line each is the least it would take.
                self.left_out += count - index;
                break;
            }
            let name = name.map(|name| vec![(Role::Title, self.quoted(name)), (Role::Dim, ": ".into())]);
            let comma = if index + 1 < count { "," } else { "" };
            self.value(name.unwrap_or_default(), value, (indent + 1, comma));
        }
        self.line(indent, vec![(Role::Dim, close.into()), (Role::Dim, end.into())]);
    }

    fn line(&mut self, indent: usize, parts: Parts) {
        if self.lines.len() < self.limits.lines {
            self.lines.push(JsonLine { indent, parts });
        } else {
            self.left_out += 1;
        }
    }

    fn scalar(&self, value: &Value) -> (Role, Cow<'static, str>) {
        match value {
            Value::Null => (Role::Dim, "null".into()),
            Value::Bool(true) => (Role::Text, "true".into()),
            Value::Bool(false) => (Role::Text, "false".into()),
            Value::Number(number) => (Role::Text, number.to_string().into()),
            Value::String(text) => (Role::Text, self.quoted(text)),
            Value::Object(_) => (Role::Dim, "{}".into()),
            Value::Array(_) => (Role::Dim, "[]".into()),
        }
    }

    /// A string as JSON writes it, cut if it is very long, and clean.
    fn quoted(&self, text: &str) -> Cow<'static, str> {
        let cut = text.char_indices().nth(self.limits.characters).map(|(index, _)| index);
        let shown = cut.and_then(|index| text.get(..index)).unwrap_or(text);
        // A JSON string of a JSON string cannot fail to be written; if it did, the bare text is the next best.
        let mut quoted = serde_json::to_string(shown).unwrap_or_else(|_| shown.to_owned());
        if let Some(rest) = cut.and_then(|index| text.get(index..)) {
            quoted.push_str(&format!(" (+{} characters)", rest.chars().count()));
        }
        match text::clean(&quoted) {
            Cow::Borrowed(_) => Cow::Owned(quoted),
            Cow::Owned(safe) => Cow::Owned(safe),
        }
    }
}

fn with(mut parts: Parts, part: (Role, Cow<'static, str>)) -> Parts {
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::testing::{blank, lines, style_at};
    use serde_json::json;

    fn drawn(value: &Value, limits: Limits, offset: usize) -> Vec<String> {
        let theme = Theme::default();
        let mut buf = blank(30, 8);
        let document = JsonDocument::new(value, limits);
        JsonView { document: &document, offset, theme: &theme }.render(buf.area, &mut buf);
        lines(&buf)
    }

    #[test]
    fn it_reads_like_json() {
        let value = json!({"id": 4, "poison": true, "tags": [], "lines": [{"sku": "a\"b"}, null]});
        let whole: String = JsonDocument::new(&value, Limits::default())
            .styled(&Theme::default())
            .map(|line| line.to_string())
            .collect::<Vec<_>>()
            .join("\n");
        assert_eq!(serde_json::from_str::<Value>(&whole).unwrap(), value, "{whole}");
        assert_eq!(whole, serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(
            drawn(&json!({"id": 4, "ok": [true]}), Limits::default(), 1)[..3],
            ["  \"id\": 4,", "  \"ok\": [", "    true"]
        );
    }

    #[test]
    fn names_stand_out_and_nothing_has_the_colour_of_health() {
        let theme = Theme::default();
        let document = JsonDocument::new(&json!({"id": null}), Limits::default());
        let mut buf = blank(20, 3);
        JsonView { document: &document, offset: 0, theme: &theme }.render(buf.area, &mut buf);
        assert_eq!(style_at(&buf, 2, 1).fg, theme.style(Role::Title).fg);
        assert_eq!(style_at(&buf, 8, 1).fg, theme.style(Role::Dim).fg);
    }

    #[test]
    fn everything_is_bounded_and_says_so() {
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        let document = JsonDocument::new(&deep, Limits { depth: 2, ..Limits::default() });
        assert_eq!(document.len(), 5);
        assert_eq!(drawn(&deep, Limits { depth: 2, ..Limits::default() }, 0)[2], "    [ 1 inside ]");

        let long = json!((0..1000).collect::<Vec<_>>());
        let few = Limits { lines: 4, ..Limits::default() };
        assert_eq!(drawn(&long, few, 3)[..2], ["  2,", "998 more lines are not shown"]);

        let text = drawn(&json!("x".repeat(50)), Limits { characters: 5, ..Limits::default() }, 0);
        assert_eq!(text[0], "\"xxxxx\" (+45 characters)");
    }

    #[test]
    fn wrapped_lines_lose_nothing_and_fit() {
        let value = json!({"error": "ValueError: cannot price cart 4 日本日本日本日本", "deep": [[["abcdefghijklmnopqrstuvwxyz"]]]});
        let whole = JsonDocument::new(&value, Limits::default());
        let said = |document: &JsonDocument| -> String {
            document.lines.iter().flat_map(|line| &line.parts).map(|(_, text)| text.as_ref()).collect()
        };
        for columns in [0, 1, 2, 5, 12, 30, 200] {
            let wrapped = whole.wrapped(columns);
            assert_eq!(said(&wrapped), said(&whole), "{columns}");
            assert!(
                wrapped.lines.iter().all(|line| {
                    let width: usize = line.parts.iter().map(|(_, text)| text::width(text)).sum();
                    width + usize::from(indented(line.indent, columns)) <= usize::from(columns).max(3)
                }),
                "{columns}: {wrapped:?}"
            );
        }
        assert_eq!(whole.wrapped(200).len(), whole.len());
        let lines = JsonDocument::new(&json!({"a": "0123456789"}), Limits::default()).wrapped(12);
        let theme = Theme::default();
        let mut buf = blank(12, 4);
        JsonView { document: &lines, offset: 0, theme: &theme }.render(buf.area, &mut buf);
        assert_eq!(crate::widgets::testing::lines(&buf), ["{", r#"  "a": "0123"#, r#"    456789""#, "}"]);
    }

    #[test]
    fn hostile_strings_are_harmless() {
        let value = json!({"a\u{1b}[31m": "b\u{202e}\u{9b}2J\u{7f}"});
        let mut buf = blank(40, 3);
        let (theme, document) = (Theme::default(), JsonDocument::new(&value, Limits::default()));
        JsonView { document: &document, offset: 0, theme: &theme }.render(buf.area, &mut buf);
        assert_eq!(lines(&buf)[1], r#"  "a\u001b[31m": "b··2J·""#);
        assert!(document.styled(&theme).all(|line| !line.to_string().chars().any(text::is_unsafe)));
    }
}
