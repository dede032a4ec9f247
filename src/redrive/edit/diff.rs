//! What an edit changes, in lines: attributes, then the body, pretty if it is JSON. For colours on the screen and signs on paper.

use std::{fmt, time::Duration};

use similar::{ChangeTag, TextDiff};

use super::document;
use crate::redrive::message::{Message, Outgoing};

/// Lines around a change that are shown with it.
const AROUND: usize = 3;
/// The most lines of a difference.
const MOST_LINES: usize = 400;
/// Longer lines are cut into such pieces, so that a change in a long line is seen where it is.
const MOST_CHARACTERS: usize = 160;
/// How long to look for the smallest difference.
const PATIENCE: Duration = Duration::from_millis(200);

/// A difference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    pub lines: Vec<Line>,
    /// Over the whole difference, also where it is not shown.
    pub added: usize,
    pub removed: usize,
    /// Changed lines that are not shown.
    pub left_out: usize,
}

/// One line. Its text is from outside: clean it before it reaches a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: Kind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Same,
    Added,
    Removed,
    /// Lines that are the same are left out here.
    Gap,
}

impl Kind {
    /// In front of a line without colours.
    pub fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Gap => '…',
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.sign(), self.text)
    }
}

impl Diff {
    pub fn is_empty(&self) -> bool {
        self.added == 0 && self.removed == 0
    }
}

/// From a message to what is to be sent for it.
pub fn diff(before: &Message, after: &Outgoing) -> Diff {
    let (old, new) = (document::content(&Outgoing::again(before)), document::content(after));
    let (old, new) = (pieces(&old), pieces(&new));
    let text = TextDiff::configure().timeout(PATIENCE).diff_slices(&old, &new);
    let mut diff = Diff::default();
    let mut shown_to = 0;
    for group in text.grouped_ops(AROUND) {
        let starts = group.first().map_or(0, |op| op.old_range().start);
        if starts > shown_to {
            diff.show(Kind::Gap, "");
        }
        shown_to = group.last().map_or(shown_to, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| text.iter_changes(op)) {
            match change.tag() {
                ChangeTag::Equal => diff.show(Kind::Same, change.value()),
                ChangeTag::Delete => {
                    diff.removed += 1;
                    diff.show(Kind::Removed, change.value());
                }
                ChangeTag::Insert => {
                    diff.added += 1;
                    diff.show(Kind::Added, change.value());
                }
            }
        }
    }
    if !diff.is_empty() && shown_to < old.len() {
        diff.show(Kind::Gap, "");
    }
    diff
}

impl Diff {
    fn show(&mut self, kind: Kind, text: &str) {
        if self.lines.len() < MOST_LINES {
            self.lines.push(Line { kind, text: text.to_owned() });
        } else if matches!(kind, Kind::Added | Kind::Removed) {
            self.left_out += 1;
        }
    }
}

fn pieces(text: &str) -> Vec<&str> {
    text.lines().flat_map(pieces_of_line).collect()
}

fn pieces_of_line(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest.take()?;
        match line.char_indices().nth(MOST_CHARACTERS) {
            None => Some(line),
            Some((end, _)) => {
                let (piece, after) = line.split_at(end);
                rest = Some(after);
                Some(piece)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::message::{AttributeValue, Payload};
    use rstest::rstest;

    fn shown(before: &str, after: &str) -> (Vec<String>, Diff) {
        let message = Message { body: before.to_owned(), ..Message::default() };
        let diff = diff(&message, &Outgoing { body: after.to_owned(), ..Outgoing::default() });
        (diff.lines.iter().map(ToString::to_string).collect(), diff)
    }

    #[test]
    fn a_changed_field_is_two_lines() {
        let (lines, diff) =
            shown(r#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}"#, r#"{"a":1,"b":2,"c":3,"d":4,"e":6,"f":6}"#);
        assert_eq!(
            lines,
            ["…", "   \"b\": 2,", "   \"c\": 3,", "   \"d\": 4,", "-  \"e\": 5,", "+  \"e\": 6,", "   \"f\": 6", " }"]
        );
        assert_eq!((diff.added, diff.removed, diff.left_out), (1, 1, 0));
    }

    #[test]
    fn attributes_are_part_of_it() {
        let message = Message { body: "x".to_owned(), ..Message::default() };
        let value = AttributeValue { data_type: "Number".to_owned(), payload: Payload::Text("1".to_owned()) };
        let after = Outgoing { attributes: [("n".to_owned(), value)].into(), ..Outgoing::again(&message) };
        let lines: Vec<_> = diff(&message, &after).lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["+n Number \"1\"", " --- body: text ---", " x"]);
    }

    #[rstest]
    #[case("same", "same", 0)]
    #[case("{ \"a\" : 1 }", "{\"a\":1}", 0)]
    #[case("{}", "text", 4)]
    fn counts(#[case] before: &str, #[case] after: &str, #[case] changed: usize) {
        let (lines, diff) = shown(before, after);
        assert_eq!(diff.added + diff.removed, changed);
        assert_eq!(diff.is_empty(), lines.is_empty());
    }

    #[test]
    fn a_change_in_a_long_line_is_seen_alone() {
        let long = "x".repeat(900_000);
        let changed = format!("{}y{}", &long[..500_010], &long[500_011..]);
        let (lines, diff) = shown(&long, &changed);
        assert_eq!((diff.added, diff.removed), (1, 1));
        assert!(lines.iter().any(|line| line.starts_with('+') && line.contains("xyx")), "{lines:?}");
    }

    #[test]
    fn it_is_bounded() {
        let numbers =
            |from: usize| format!("[{}0]", (from..from + 90_000).map(|n| format!("{n},")).collect::<String>());
        let (lines, diff) = shown(&numbers(0), &numbers(500_000));
        assert_eq!(lines.len(), MOST_LINES);
        assert_eq!(diff.left_out + MOST_LINES - 2, diff.added + diff.removed);
    }
}
