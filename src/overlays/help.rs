//! The keys of a place, from the command table: all of them, or where it has its own those, in their parts.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Overlay, Press, Wish};
use crate::{
    commands::{COMMANDS, Command, Group, Place, Row},
    panes::View,
    theme::Role,
    widgets::{
        panel::{self, centered},
        text,
    },
};

/// The words of the screen that are not self-evident.
const WORDS: [(&str, &str); 7] = [
    ("≈ ≥", "about; at least: what AWS or the depth alone can tell"),
    ("✖ ▲ ?", "lost or stuck now; going wrong; cannot be known"),
    ("<13:59", "it was so already when edatop first looked"),
    ("grey", "read before its service stopped answering"),
    ("DRAINS", "time until the backlog is gone at today's rate"),
    ("OLDEST", "how long the oldest message waits, where it can be known for free"),
    ("DLQ", "messages in the queue's dead-letter queue"),
];

/// Of the commands that work everywhere, those that work where keys are particular too.
const COMMON: [Command; 12] = [
    Command::Up,
    Command::Down,
    Command::PageUp,
    Command::PageDown,
    Command::Top,
    Command::Bottom,
    Command::Back,
    Command::ShowUsage,
    Command::ChooseTheme,
    Command::Help,
    Command::Suspend,
    Command::Quit,
];

/// The words of the desk that are not self-evident.
const WORDS_OF_DESK: [(&str, &str); 5] = [
    ("held", "received by edatop and kept from others until you leave"),
    ("leases", "until then they are held; renewed by themselves"),
    ("e", "edited here; sent like that, and not before"),
    ("▲", "no longer held: somebody else may have it"),
    ("✖", "was refused in a move; it says why"),
];

/// The words of a place that has keys of its own.
fn words(place: Place) -> &'static [(&'static str, &'static str)] {
    match place {
        Place::Desk => &WORDS_OF_DESK,
        _ => &[],
    }
}

/// Columns of the parts and of keys, each with a gap.
const PART: u16 = 11;
const KEYS: u16 = 19;

/// The keys of one place.
#[derive(Debug)]
pub struct Help {
    place: Place,
    offset: usize,
}

/// A line: a part of the desk where one begins, keys or a word, what it does.
type Line = (&'static str, String, &'static str);

impl Help {
    pub fn of(place: Place) -> Self {
        Self { place, offset: 0 }
    }

    fn lines(&self, view: &View<'_>) -> Vec<Line> {
        let allowed = |row: &&Row| !(row.dangerous && view.read_only);
        let line = |row: &Row| ("", row.keys.join(" "), row.does);
        let word = |(word, means): &(&'static str, &'static str)| ("", (*word).to_owned(), *means);
        let blank = || std::iter::once(("", String::new(), ""));
        if !self.place.fills() {
            // What a key means in one reader alone is in that reader's help.
            let rows = COMMANDS.iter().filter(allowed).filter(|row| !row.place.fills() || row.place == Place::Desk);
            return rows.map(line).chain(blank()).chain(WORDS.iter().map(word)).collect();
        }
        let mut rows: Vec<&Row> = COMMANDS.iter().filter(|row| row.place == self.place).filter(allowed).collect();
        rows.sort_by_key(|row| row.group);
        let mut part = None;
        let mut lines: Vec<Line> = Vec::new();
        for row in rows {
            let name = row.group.filter(|group| part != Some(*group)).map_or("", Group::name);
            part = row.group;
            lines.push((name, row.keys.join(" "), row.does));
        }
        let common = COMMANDS.iter().filter(|row| COMMON.contains(&row.command)).map(line);
        lines.extend(blank().chain(common));
        let words = words(self.place);
        if !words.is_empty() {
            lines.extend(blank().chain(words.iter().map(word)));
        }
        lines
    }
}

/// What is too long for its columns goes on in the next line.
fn wrapped(lines: Vec<Line>, columns: u16) -> Vec<(&'static str, String, String)> {
    let columns = usize::from(columns).max(1);
    let mut all = Vec::with_capacity(lines.len());
    for (name, keys, does) in lines {
        let mut pieces = text::wrap(does, columns).into_iter().map(ToOwned::to_owned);
        all.push((name, keys, pieces.next().unwrap_or_default()));
        all.extend(pieces.map(|piece| ("", String::new(), piece)));
    }
    all
}

impl Overlay for Help {
    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        match press.command {
            Some(Command::Up) => self.offset = self.offset.saturating_sub(1),
            Some(Command::Down) => self.offset += 1,
            Some(Command::PageUp) => self.offset = self.offset.saturating_sub(10),
            Some(Command::PageDown) => self.offset += 10,
            Some(Command::Top) => self.offset = 0,
            _ => return Wish::Close,
        }
        Wish::Stay
    }

    fn wheel(&mut self, lines: isize) {
        self.offset = self.offset.saturating_add_signed(lines);
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let theme = view.theme;
        let title = if self.place.fills() { format!("keys of {}", self.place.name()) } else { "keys".to_owned() };
        let part = if self.place.fills() { PART } else { 0 };
        let width = (84 + part).min(area.width);
        let lines = wrapped(self.lines(view), width.saturating_sub(4 + part + KEYS));
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, width, height.min(area.height.saturating_sub(2)));
        let fit = usize::from(place.height.saturating_sub(2));
        self.offset = self.offset.min(lines.len().saturating_sub(fit));
        let more = match lines.len().saturating_sub(self.offset + fit) {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        let hints = format!("j/k scroll{more} · any other key closes");
        let inner = panel::Overlay { title: &title, hints: &hints, theme }.render(place, buf);
        for (y, (name, keys, does)) in (inner.top()..inner.bottom()).zip(lines.iter().skip(self.offset)) {
            let mut x = inner.x + 1;
            for (piece, role, width) in
                [(*name, Role::Title, part), (keys, Role::Key, KEYS), (does, Role::Text, u16::MAX)]
            {
                let place =
                    Rect { x, y, width: width.min(inner.right().saturating_sub(x)).saturating_sub(1), height: 1 };
                text::put(buf, place, piece, theme.style(role), theme.glyphs.ellipsis);
                x = x.saturating_add(width);
            }
        }
    }
}
