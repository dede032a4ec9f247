//! The last lines of the desk: how many are chosen, which nothing hides, the keys that matter most as things are, and above them what is
//! said in passing.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{
    model::{Picture, Stage},
    notices,
};
use crate::{
    commands::{COMMANDS, Command, Place, Row},
    domain::units::Count,
    overlays::toast::Toast,
    panes::View,
    theme::Role,
    widgets::{
        status_line::{Segment, StatusLine},
        text,
    },
};

/// Lines of a passing word.
const MOST_LINES: usize = 2;
/// For what is asked for by how things are: before all others.
const PRESSING: u8 = 240;
/// After what moves, before all that prepares it.
const UNDO: u8 = 95;

/// The passing word, at the lower end of an area; how many lines it took.
pub(in crate::overlays) fn draw_word(word: &Toast, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let clean = text::clean(&word.text);
    let room = usize::from(area.width.saturating_sub(2)).max(1);
    let pieces = text::wrap(&clean, room);
    let lines = pieces.len().min(MOST_LINES).min(usize::from(area.height)) as u16;
    for (y, piece) in (area.bottom() - lines..area.bottom()).zip(pieces) {
        let place = Rect { x: area.x + 1, y, width: area.width.saturating_sub(1), height: 1 };
        text::put(buf, place, piece, view.theme.style(word.role), view.theme.glyphs.ellipsis);
    }
    lines
}

/// What is chosen, and the keys; how many lines it took. `ranging` is whether a range was begun.
pub(super) fn draw(picture: &Picture, ranging: bool, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let (number, held) = (|count: u64| Count(count as f64), Count(picture.header.held as f64));
    let chosen = match (picture.chosen, picture.chosen_elsewhere) {
        (0, _) => "none chosen".to_owned(),
        (chosen, 0) => format!("{} of {held} chosen", number(chosen)),
        (chosen, elsewhere) => format!("{} of {held} chosen, {} not listed", number(chosen), number(elsewhere)),
    };
    let role = if picture.chosen > 0 { Role::Match } else { Role::Dim };
    let mut left = vec![Segment::new(role, format!(" {chosen}"), 255)];
    if picture.edited > 0 {
        left.push(Segment::new(Role::Match, format!("{} edited", Count(picture.edited as f64)), 254));
    }
    // What lies over the columns says its own keys.
    let mut right = Vec::new();
    if picture.stage == Stage::Columns {
        left.extend(keys(picture, ranging, view));
        right.push(Segment::key("?", "more ", 253));
    }
    StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
    1
}

fn keys(picture: &Picture, ranging: bool, view: &View<'_>) -> Vec<Segment<'static>> {
    let allowed = COMMANDS.iter().filter(|row| row.place == Place::Desk && !(row.dangerous && view.read_only));
    let mut rows: Vec<_> = allowed.map(|row| (weight(row, picture, ranging, view), row)).collect();
    rows.retain(|(weight, _)| *weight > 0);
    rows.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let segment = |(weight, row): &(u8, &'static Row)| {
        let word = if row.command == Command::ChooseRange && ranging { "to here" } else { row.footer.0 };
        Some(Segment::key(*row.keys.first()?, word, *weight))
    };
    rows.iter().filter_map(segment).collect()
}

/// How much a command matters as things are; 0 where there is nothing to do with it.
fn weight(row: &Row, picture: &Picture, ranging: bool, view: &View<'_>) -> u8 {
    let (base, has_some) = (row.footer.1, picture.chosen > 0);
    let nothing = picture.header.held == 0;
    match row.command {
        Command::ResumeRuns if picture.cut_off > 0 => PRESSING,
        Command::LookAgain if nothing || notices::is_stale(&picture.header, view) => PRESSING - 1,
        Command::ChooseRange if ranging => PRESSING - 2,
        Command::UndoRun if picture.can_undo => UNDO,
        Command::ResumeRuns | Command::UndoRun => 0,
        Command::PurgeQueue if picture.header.about == Some(0) => 0,
        Command::LookAgain | Command::PurgeQueue => base,
        _ if nothing => 0,
        // What is chosen is to be done something with; and until then, it is to be chosen.
        Command::EditAll | Command::WriteFile | Command::DeleteChosen if has_some => base + 30,
        Command::DeleteChosen => 0,
        Command::Choose | Command::ChooseAll | Command::ChooseCluster if has_some => base.saturating_sub(30),
        _ => base,
    }
}
