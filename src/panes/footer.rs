//! The last line: the keys that matter here, from the command table, or what is being typed.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::View;
use crate::{
    commands::COMMANDS,
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

/// Draws the keys; `filter` is said when a filter is on.
pub fn draw(area: Rect, buf: &mut Buffer, view: &View<'_>, filter: &str) {
    let mut segments = vec![Segment::new(Role::Footer, "", 255)];
    if !filter.is_empty() {
        segments.push(Segment::new(Role::Match, format!("/{filter}"), 254).then(Role::Footer, " esc clears"));
    }
    let mut rows: Vec<_> = COMMANDS.iter().filter(|row| row.footer.1 > 0).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.footer.1));
    segments.extend(rows.iter().filter_map(|row| Some(Segment::key(*row.keys.first()?, row.footer.0, row.footer.1))));
    StatusLine { left: &segments, right: &[], theme: view.theme }.render(area, buf);
}
