//! What one event of a log looks like on stdout.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use crate::{domain::Level, inspect::tail::Event, widgets::text};

/// The widest that the names of groups are made, in columns.
const WIDEST: usize = 32;
/// Characters of one line for eyes; the rest is left out, and that is said.
const LONGEST: usize = 16_000;
/// Colours of groups, as the terminal's palette has them; red is for errors, yellow for warnings.
const COLOURS: [u8; 6] = [36, 32, 35, 34, 96, 92];
const RED: u8 = 31;
const YELLOW: u8 = 33;
const DIM: u8 = 2;

/// A line as JSON.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    /// None for one that no calendar has.
    timestamp: Option<String>,
    group: &'a str,
    stream: &'a str,
    id: Option<&'a str>,
    level: Level,
    message: &'a str,
    request_id: Option<&'a str>,
}

impl<'a> Json<'a> {
    pub fn of(event: &'a Event, message: &'a str, level: Level, request_id: Option<&'a str>) -> Self {
        let timestamp = Timestamp::from_millisecond(event.at_ms).ok().map(|at| format!("{at:.3}"));
        let id = event.id.as_deref();
        Self { timestamp, group: &event.group, stream: &event.stream, id, level, message, request_id }
    }
}

/// Writes lines for eyes: time, group, text; what an event has in several lines stands below each other.
#[derive(Debug)]
pub struct Plain {
    zone: TimeZone,
    is_coloured: bool,
    width: usize,
}

impl Plain {
    pub fn new(zone: TimeZone, is_coloured: bool) -> Self {
        Self { zone, is_coloured, width: 0 }
    }

    /// Safe for a terminal.
    pub fn line(&mut self, event: &Event, message: &str, level: Level) -> String {
        let at = Timestamp::from_millisecond(event.at_ms).ok();
        let time = at.map_or_else(
            || "--:--:--.---".to_owned(),
            |at| at.to_zoned(self.zone.clone()).strftime("%H:%M:%S%.3f").to_string(),
        );
        let group = text::clean(event.group.strip_prefix("/aws/lambda/").unwrap_or(&event.group)).into_owned();
        let columns = group.chars().count();
        self.width = self.width.max(columns.min(WIDEST));
        let gap = " ".repeat(self.width.saturating_sub(columns));
        let mut line = format!("{} {}{gap}  ", self.painted(DIM, &time), self.painted(colour_of(&event.group), &group));
        let indent = " ".repeat(time.len() + 1 + columns.max(self.width) + 2);
        let paint = |part: &str| match level {
            Level::Error => self.painted(RED, part),
            Level::Warn => self.painted(YELLOW, part),
            Level::Info => part.to_owned(),
        };
        let (shown, left_out) = shortened(message.trim_end());
        for (number, part) in shown.lines().enumerate() {
            let lead = if number == 0 { "" } else { &indent };
            let newline = if number == 0 { "" } else { "\n" };
            // Writing to a text cannot fail.
            let _ = write!(line, "{newline}{lead}{}", paint(&text::clean(part)));
        }
        if left_out > 0 {
            let _ = write!(line, "… ({left_out} more characters: --json has them)");
        }
        line
    }

    fn painted(&self, colour: u8, text: &str) -> String {
        if self.is_coloured { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The same for a group each time, whoever else is there.
fn colour_of(group: &str) -> u8 {
    let sum = group.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    COLOURS.get(sum % COLOURS.len()).copied().unwrap_or(DIM)
}

/// The beginning of a text, and how many characters were left out.
fn shortened(message: &str) -> (&str, usize) {
    match message.char_indices().nth(LONGEST) {
        None => (message, 0),
        Some((end, _)) => (&message[..end], message[end..].chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at_ms: i64, text: &str) -> Event {
        let group = "/aws/lambda/price".into();
        Event { group, stream: "s".into(), id: None, at_ms, ingested_ms: None, text: text.into() }
    }

    fn plain(event: &Event, level: Level, is_coloured: bool) -> String {
        Plain::new(TimeZone::UTC, is_coloured).line(event, &event.text, level)
    }

    #[test]
    fn a_line_of_json_has_what_was_promised() {
        let event = Event { id: Some("7".into()), ..event(1_800_000_000_120, "x\u{1b}[2J\n") };
        let line = serde_json::to_string(&Json::of(&event, &event.text, Level::Warn, Some("r"))).unwrap();
        let expected = r#"{"timestamp":"2027-01-15T08:00:00.120Z","group":"/aws/lambda/price","stream":"s","id":"7","level":"warn","message":"x\u001b[2J\n","request_id":"r"}"#;
        assert_eq!(line, expected);
        let never = super::tests::event(i64::MAX, "");
        assert!(
            serde_json::to_string(&Json::of(&never, "", Level::Info, None)).unwrap().contains(r#""timestamp":null"#)
        );
    }

    #[test]
    fn a_line_for_eyes_is_time_group_and_text() {
        let line = plain(&event(5, "[ERROR] no\nTraceback\n  File\n"), Level::Error, false);
        assert_eq!(line, "00:00:00.005 price  [ERROR] no\n                    Traceback\n                      File");
        assert_eq!(plain(&event(i64::MIN, ""), Level::Info, false), "--:--:--.--- price  ");
    }

    #[test]
    fn nothing_that_it_says_acts_on_the_terminal() {
        let evil = event(0, "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}x\r\0");
        for (is_coloured, marks) in [(false, 0), (true, 6)] {
            let line = plain(&evil, Level::Error, is_coloured);
            assert_eq!(line.matches('\u{1b}').count(), marks);
            assert!(!line.replace("\u{1b}[", "").chars().any(text::is_unsafe), "{line:?}");
        }
    }

    #[test]
    fn a_million_characters_are_cut_and_it_is_said() {
        let line = plain(&event(0, &"é".repeat(1_000_000)), Level::Info, false);
        assert!(line.ends_with("é… (984000 more characters: --json has them)"));
        assert!(line.chars().count() < LONGEST + 100);
    }
}
