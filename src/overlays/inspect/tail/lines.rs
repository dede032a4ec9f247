//! The header and the list of lines.

use std::ops::Range;

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{
    Tail,
    model::{Group, Picture, Row, in_words},
};
use crate::{
    domain::{Kind, Level, units::Count},
    inspect::tail::entry::Shape,
    panes::View,
    theme::Role,
    widgets::{
        panel::Separator,
        status_line::{Segment, StatusLine},
        text,
    },
};

/// Columns of a time of today.
const TIME: u16 = 12;
/// The widest column of a field.
const WIDEST: usize = 24;

/// The colours that tell groups apart; beyond them they begin anew, and the tags tell.
const VOICES: [Role; 5] = [Role::Voice1, Role::Voice2, Role::Voice3, Role::Voice4, Role::Voice5];

pub(super) fn voice(group: usize) -> Role {
    VOICES.get(group % VOICES.len()).copied().unwrap_or(Role::Text)
}

/// `14:03:21.120`, or `20 Nov 14:03` when it was not today.
pub(super) fn clock(at_ms: i64, view: &View<'_>) -> String {
    let Ok(at) = Timestamp::from_millisecond(at_ms) else { return "no time".to_owned() };
    let (at, now) = (at.to_zoned(view.zone.clone()), view.now.to_zoned(view.zone.clone()));
    let format = match (at.date() == now.date(), at.year() == now.year()) {
        (true, _) => "%H:%M:%S%.3f",
        (false, true) => "%d %b %H:%M",
        (false, false) => "%Y-%m-%d",
    };
    at.strftime(format).to_string()
}

pub(super) fn header(picture: &Picture, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let glyphs = view.theme.glyphs;
    let title = Segment::new(Role::Footer, " logs ", 255)
        .then(Role::Title, format!("{} {}", view.glyph(Kind::LogGroup), text::clean(&picture.title)));
    let groups = match picture.groups.len() {
        1 => "1 group".to_owned(),
        many => format!("{many} groups"),
    };
    let left = [title, Segment::new(Role::Dim, groups, 90), Segment::new(Role::Text, counts(picture, view), 250)];
    let stands = if picture.follows {
        Segment::new(Role::Dim, format!("{} follows the end ", glyphs.live), 240)
    } else if picture.came > 0 {
        Segment::new(Role::Match, format!("{} came since ", Count(picture.came as f64)), 254)
    } else {
        Segment::new(Role::Dim, "stands still ", 240)
    };
    StatusLine { left: &left, right: &[stands], theme: view.theme }.render(area, buf);
}

/// `12 shown, 1.2k hidden`: a line that is not shown is always counted.
fn counts(picture: &Picture, view: &View<'_>) -> String {
    let count = |count: u64| Count(count as f64);
    let hidden = picture.total.saturating_sub(picture.shown + picture.left);
    let mut said = match (hidden, picture.left) {
        (0, 0) => format!("{} lines", count(picture.total)),
        _ => format!("{} shown, {} hidden", count(picture.shown), count(hidden)),
    };
    if picture.left > 0 {
        said.push_str(&format!(", {} to go{}", count(picture.left), view.theme.glyphs.ellipsis));
    }
    said
}

impl Tail {
    pub(super) fn draw_lines(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let picture = &self.picture;
        let words = in_words(&picture.wanted());
        let title = match (picture.context, words.is_empty()) {
            (true, _) => "all lines around this one".to_owned(),
            (false, true) => "all lines".to_owned(),
            (false, false) => text::clean(&words).into_owned(),
        };
        let since = picture.since.map(|since| format!("since {}", view.clock(since))).unwrap_or_default();
        let line = Rect { height: 1, ..area };
        Separator { title: &title, right: &since, focused: true, theme: view.theme }.render(line, buf);
        let mut list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let widths = widths(picture);
        if !picture.columns.is_empty() && list.height > 1 {
            self.draw_titles(&widths, Rect { height: 1, ..list }, buf, view);
            list = Rect { y: list.y + 1, height: list.height - 1, ..list };
        }
        self.list = list;
        if self.picture.rows.is_empty() {
            text::put(
                buf,
                Rect { x: area.x + 1, height: 1, ..list },
                nothing(&self.picture),
                view.theme.style(Role::Dim),
                "",
            );
            return;
        }
        self.settle();
        let tag = tag_width(&self.picture.groups);
        for (y, (place, row)) in (list.top()..list.bottom()).zip(self.picture.rows.iter().enumerate().skip(self.first))
        {
            let place_of_row = Rect { y, height: 1, ..list };
            self.draw_row((row, tag, &widths), place_of_row, buf, view);
            if place == self.picture.at {
                buf.set_style(place_of_row, view.theme.style(Role::Selection));
            }
        }
    }

    /// Which row is drawn first: the cursor stays on its line, as long as there is something to draw above and below it.
    fn settle(&mut self) {
        let (height, at, rows) = (self.height(), self.picture.at, self.picture.rows.len());
        let mut line = self.line.min(height).min(at);
        // No empty lines below while there are some above.
        let below = rows - 1 - at;
        if line + below < height {
            line = height.saturating_sub(below).min(at);
        }
        (self.line, self.first) = (line, at - line);
    }

    fn draw_titles(&self, widths: &[usize], area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let mut x = 1 + TIME + 1 + tag_width(&self.picture.groups) + 2;
        for (title, width) in self.picture.columns.iter().zip(widths) {
            let place = moved(area, x, Some(*width as u16));
            text::put(buf, place, &text::clean(title), view.theme.style(Role::Header), view.theme.glyphs.ellipsis);
            x += *width as u16 + 2;
        }
    }

    fn draw_row(&self, (row, tag, widths): (&Row, u16, &[usize]), area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let (theme, glyphs) = (view.theme, view.theme.glyphs);
        let time = clock(row.key.at_ms, view);
        text::put(buf, moved(area, 1, Some(TIME)), &time, theme.style(Role::Dim), "");
        let mut x = 1 + TIME + 1;
        if tag > 0 {
            let name = self.picture.groups.get(row.group).map_or("", |group| group.tag.as_str());
            text::put(buf, moved(area, x, Some(tag)), &text::clean(name), theme.style(voice(row.group)), "");
            x += tag;
        }
        let (sign, role) = match (row.level, row.shape) {
            (Level::Error, _) => (glyphs.crit, Role::Crit),
            (Level::Warn, _) => (glyphs.warn, Role::Warn),
            (Level::Info, Shape::Note) => (glyphs.ok, Role::Ok),
            (Level::Info, _) => (glyphs.quiet, Role::Dim),
        };
        text::put(buf, moved(area, x, Some(1)), sign, theme.style(role), "");
        let mut rest = moved(area, x + 2, None);
        if row.more > 0 && rest.width > 20 {
            let more = format!("+{} ", Count(row.more as f64));
            text::put_right(buf, rest, &more, theme.style(Role::Dim), "");
            rest.width -= text::width(&more) as u16 + 1;
        }
        let role = match (row.shape, row.level) {
            (Shape::Request, Level::Info) => Role::Dim,
            (Shape::Note, _) => Role::Estimate,
            _ => Role::Text,
        };
        match &row.columns {
            Some(cells) => {
                for (cell, width) in cells.iter().zip(widths) {
                    let place = Rect { width: rest.width.min(*width as u16), ..rest };
                    text::put(buf, place, &text::clean(cell), theme.style(role), glyphs.ellipsis);
                    rest = moved(rest, *width as u16 + 2, None);
                }
            }
            None => put_marked((&row.text, &row.marks, role), rest, buf, view),
        }
    }
}

/// A text with what is looked for marked in it.
fn put_marked((line, marks, role): (&str, &[Range<usize>], Role), area: Rect, buf: &mut Buffer, view: &View<'_>) {
    text::put(buf, area, line, view.theme.style(role), view.theme.glyphs.ellipsis);
    for mark in marks {
        let before = text::width(line.get(..mark.start).unwrap_or_default());
        let width = text::width(line.get(mark.clone()).unwrap_or_default());
        let end = (before + width).min(usize::from(area.width));
        if before < end {
            let place = Rect { x: area.x + before as u16, width: (end - before) as u16, ..area };
            buf.set_style(place, view.theme.style(Role::Match));
        }
    }
}

/// None where there is only one group: then it is in the title.
fn tag_width(groups: &[Group]) -> u16 {
    let widest = groups.iter().map(|group| text::width(&group.tag)).max().unwrap_or(0);
    if groups.len() > 1 { widest as u16 + 1 } else { 0 }
}

/// As wide as what is in it.
fn widths(picture: &Picture) -> Vec<usize> {
    let width = |(place, title): (usize, &String)| {
        let cells = picture.rows.iter().filter_map(|row| row.columns.as_ref()?.get(place));
        cells.map(|cell| text::width(cell)).chain([text::width(title)]).max().unwrap_or(0).min(WIDEST)
    };
    picture.columns.iter().enumerate().map(width).collect()
}

fn nothing(picture: &Picture) -> &'static str {
    match (picture.total, picture.left) {
        _ if picture.busy.is_some() => "",
        (0, _) => "nothing was said in this time; b reads from twice as far back",
        (_, 0) => "none of them; esc shows all again",
        _ => "",
    }
}

pub(super) fn moved(area: Rect, by: u16, width: Option<u16>) -> Rect {
    let by = by.min(area.width);
    let left = area.width - by;
    Rect { x: area.x + by, width: width.map_or(left, |width| width.min(left)), ..area }
}
