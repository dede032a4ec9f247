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
    segments.extend(keys(view, place));
    StatusLine { left: &segments, right: &[], theme: view.theme }.render(area, buf);
}

/// The keys that matter in a place, the most important first. What changes something is not there under `--read-only`.
pub fn keys(view: &View<'_>, place: Place) -> Vec<Segment<'static>> {
    // Nothing is sorted on the map, and who is there need not be told how to get there.
    let elsewhere = [Command::Sort, Command::Pane(11), Command::Desk];
    let works = |row: &&Row| match place {
        Place::Map => !row.place.fills() && !elsewhere.contains(&row.command),
        _ => !row.place.has_own_keys(),
    };
    let allowed = |row: &&Row| !(row.dangerous && view.read_only);
    let mut rows: Vec<_> = COMMANDS.iter().filter(|row| row.footer.1 > 0).filter(works).filter(allowed).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.footer.1));
    rows.iter().filter_map(|row| Some(Segment::key(*row.keys.first()?, row.footer.0, row.footer.1))).collect()
}
