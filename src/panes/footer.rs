//! The last line: the keys that matter here, from the command table, or what is being typed.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::View;
use crate::{
    commands::{COMMANDS, Command, Place, Row},
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

/// Draws the keys that work in a pane of this place; `filter` is said when a filter is on.
pub fn draw(area: Rect, buf: &mut Buffer, view: &View<'_>, place: Place, filter: &str) {
    let mut segments = vec![Segment::new(Role::Footer, "", 255)];
    if !filter.is_empty() {
        segments.push(Segment::new(Role::Match, format!("/{filter}"), 254).then(Role::Footer, " esc clears"));
    }
    let on_map = place == Place::Map;
    // Nothing is sorted on the map, and who is there need not be told how to get there.
    let elsewhere = [Command::Sort, Command::Pane(11)];
    let works = |row: &&Row| if on_map { !elsewhere.contains(&row.command) } else { row.place != Place::Map };
    let mut rows: Vec<_> = COMMANDS.iter().filter(|row| row.footer.1 > 0).filter(works).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.footer.1));
    segments.extend(rows.iter().filter_map(|row| Some(Segment::key(*row.keys.first()?, row.footer.0, row.footer.1))));
    StatusLine { left: &segments, right: &[], theme: view.theme }.render(area, buf);
}
