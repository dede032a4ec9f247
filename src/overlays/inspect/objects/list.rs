//! The rows of a bucket: prefixes inside each other, objects with their size and time.

use jiff::{SignedDuration, Timestamp};
use ratatui::{buffer::Buffer, layout::Rect};

use super::model::{Line, Picture, What};
use crate::{
    domain::units::Bytes,
    panes::View,
    theme::Role,
    widgets::{table::ScrollState, text},
};

/// Size and time beside a name, and the name that they leave room for.
const SIZE: u16 = 10;
const TIME: u16 = 9;
const LEAST_NAME: u16 = 12;
/// How long one that came is marked.
const NEW_FOR: SignedDuration = SignedDuration::from_secs(120);

/// Without its title.
pub(super) fn below(area: Rect) -> Rect {
    Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area }
}

/// The same, with a line to the left if there is something.
pub(super) fn between(area: Rect, has_left: bool, buf: &mut Buffer, view: &View<'_>) -> Rect {
    if !has_left || area.width < 3 {
        return area;
    }
    for y in area.top()..area.bottom() {
        let place = Rect { width: 1, height: 1, y, ..area };
        text::put(buf, place, view.theme.glyphs.vertical, view.theme.style(Role::Border), "");
    }
    Rect { x: area.x + 2, width: area.width - 2, ..area }
}

/// Draws the rows around the cursor, and returns the first of them.
pub(super) fn draw(picture: &Picture, first: usize, area: Rect, buf: &mut Buffer, view: &View<'_>) -> usize {
    if area.is_empty() {
        return first;
    }
    if picture.rows == 0 {
        let said = match (picture.is_listing, &picture.trouble) {
            (true, _) => "listing",
            (false, Some(_)) => "",
            (false, None) if picture.root.is_empty() => "the bucket is empty",
            (false, None) => "no key begins so; esc lists all again",
        };
        text::put(buf, moved(area, 1), said, view.theme.style(Role::Dim), view.theme.glyphs.ellipsis);
        return 0;
    }
    let mut scroll = ScrollState { offset: first, selected: picture.at };
    scroll.settle(picture.rows, usize::from(area.height));
    for (y, place) in (area.top()..area.bottom()).zip(scroll.offset..picture.rows) {
        let row = Rect { y, height: 1, ..area };
        match place.checked_sub(picture.from).and_then(|index| picture.lines.get(index)) {
            Some(line) => draw_line(line, row, buf, view),
            None => {
                text::put(buf, moved(row, 2), view.theme.glyphs.ellipsis, view.theme.style(Role::Dim), "");
            }
        }
        if place == picture.at {
            buf.set_style(row, view.theme.style(Role::Selection));
        }
    }
    scroll.offset
}

fn draw_line(line: &Line, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs);
    let mut rest = moved(area, 2 + 2 * line.depth.min(area.width / 4));
    match &line.what {
        What::Prefix { is_open } => {
            let arrow = if *is_open { glyphs.arrow_down } else { glyphs.arrow_right };
            let used = text::put(buf, rest, &format!("{arrow} "), theme.style(Role::Dim), "");
            rest = moved(rest, used);
            put_name(&line.name, rest, Role::Title, buf, view);
        }
        What::More => {
            text::put(buf, rest, "there are more: go on, or enter", theme.style(Role::Dim), glyphs.ellipsis);
        }
        What::Object { bytes, at, came, archived } => {
            if came.is_some_and(|came| view.now.duration_since(came) < NEW_FOR) {
                text::put(buf, area, glyphs.live, theme.style(Role::Match), "");
            }
            rest = moved(rest, 2);
            if rest.width > SIZE + TIME + LEAST_NAME {
                let right = |from: u16, width: u16| Rect { x: rest.right() - from, width, ..rest };
                let time = at.map_or_else(String::new, |at| clock(at, view));
                text::put_right(buf, right(TIME, TIME), &time, theme.style(Role::Dim), "");
                let size = if *archived { "archived".to_owned() } else { Bytes(*bytes as f64).to_string() };
                text::put_right(buf, right(TIME + SIZE, SIZE), &size, theme.style(Role::Dim), "");
                rest.width -= SIZE + TIME + 1;
            }
            put_name(&line.name, rest, Role::Text, buf, view);
        }
    }
}

/// A key that is too long keeps both ends.
fn put_name(name: &str, area: Rect, role: Role, buf: &mut Buffer, view: &View<'_>) {
    let clean = text::clean(name);
    let fitted = text::fit_middle_with(&clean, usize::from(area.width), view.theme.glyphs.ellipsis);
    text::put(buf, area, &fitted, view.theme.style(role), "");
}

/// To the second today, else the day.
fn clock(at: Timestamp, view: &View<'_>) -> String {
    let (then, now) = (at.to_zoned(view.zone.clone()), view.now.to_zoned(view.zone.clone()));
    let format = match then.date() == now.date() {
        true => "%H:%M:%S",
        false if then.year() == now.year() => "%-d %b",
        false => "%b %Y",
    };
    then.strftime(format).to_string()
}

fn moved(area: Rect, by: u16) -> Rect {
    let by = by.min(area.width);
    Rect { x: area.x + by, width: area.width - by, height: area.height.min(1), ..area }
}
