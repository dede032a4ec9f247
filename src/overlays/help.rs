//! All keys, from the command table.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Overlay, Press, Wish};
use crate::{
    commands::{COMMANDS, Command},
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

#[derive(Debug, Default)]
pub struct Help {
    offset: usize,
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
        let allowed = COMMANDS.iter().filter(|row| !(row.dangerous && view.read_only));
        let keys = allowed.map(|row| (row.keys.join(" "), row.does));
        let words = WORDS.iter().map(|(word, means)| ((*word).to_owned(), *means));
        let blank = std::iter::once((String::new(), ""));
        let lines: Vec<(String, &str)> = keys.chain(blank).chain(words).collect();
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, 84, height.min(area.height.saturating_sub(2)));
        let inner =
            panel::Overlay { title: "keys", hints: "j/k scroll · any other key closes", theme }.render(place, buf);
        self.offset = self.offset.min(lines.len().saturating_sub(usize::from(inner.height)));
        for (y, (keys, does)) in (inner.top()..inner.bottom()).zip(lines.iter().skip(self.offset)) {
            let left = Rect { x: inner.x + 1, y, width: 18.min(inner.width), height: 1 };
            let right = Rect { x: inner.x + 20, y, width: inner.width.saturating_sub(21), height: 1 };
            text::put(buf, left, keys, theme.style(Role::Key), theme.glyphs.ellipsis);
            text::put(buf, right, does, theme.style(Role::Text), theme.glyphs.ellipsis);
        }
    }
}
