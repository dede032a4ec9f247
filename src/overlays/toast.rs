//! A short word that goes by itself.

use jiff::{SignedDuration, Timestamp};
use ratatui::{buffer::Buffer, layout::Rect};

use crate::{panes::View, theme::Role, widgets::text};

const SHOWN_FOR: SignedDuration = SignedDuration::from_secs(6);

#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    pub text: String,
    pub role: Role,
    pub since: Timestamp,
}

impl Toast {
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.since) > SHOWN_FOR
    }

    /// Over the footer.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let line = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
        text::put(buf, line, &" ".repeat(usize::from(line.width)), view.theme.style(Role::Text), "");
        text::put(buf, line, &format!(" {}", self.text), view.theme.style(self.role), view.theme.glyphs.ellipsis);
    }
}
