//! The list and the row beside it.

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier, widgets::Widget};

use super::{Column, Line, Mark, Rows};
use crate::{
    domain::units::Count,
    panes::View,
    theme::Role,
    widgets::{panel::Separator, table::ScrollState, text},
};

/// Narrower than this there is one column at a time.
const TWO_FROM: u16 = 56;
/// What stands before a row's head.
const MARK: u16 = 2;

/// Lines of text, wrapped, as long as there is room; the rest of the area.
pub fn put_lines(lines: &[(Role, String)], area: Rect, buf: &mut Buffer, view: &View<'_>) -> Rect {
    let mut y = area.top();
    for (role, line) in lines {
        let clean = text::clean(line);
        for piece in text::wrap(&clean, usize::from(area.width).max(1)) {
            if y >= area.bottom() {
                break;
            }
            text::put(buf, Rect { y, height: 1, ..area }, piece, view.theme.style(*role), "");
            y += 1;
        }
    }
    Rect { y, height: area.bottom() - y, ..area }
}

/// How a width is shared between the list and the row beside it.
fn widths(width: u16, column: Column) -> (u16, u16) {
    match (width, column) {
        (..TWO_FROM, Column::List) => (width, 0),
        (..TWO_FROM, Column::Page) => (0, width),
        _ => (width / 2, width - width / 2),
    }
}

/// What rows are called.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    pub many: &'a str,
    pub one: &'a str,
    /// Where there are none.
    pub empty: &'a str,
}

impl Rows {
    pub fn draw(&mut self, words: Words<'_>, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let (left, right) = widths(area.width, self.column);
        let list = Rect { width: left, ..area };
        let page = Rect { x: area.x + left, width: right, ..area };
        let titles = [(list, Column::List, self.title(words.many)), (page, Column::Page, words.one.to_owned())];
        for (part, column, title) in titles {
            if part.width > 0 && part.height > 0 {
                let line = Rect { height: 1, ..part };
                Separator { title: &title, right: "", focused: column == self.column, theme: view.theme }
                    .render(line, buf);
            }
        }
        self.list = below(list);
        // The line between the two has a blank on either side.
        self.list.width -= u16::from(right > 0 && left > 0);
        self.draw_list(words.empty, buf, view);
        self.beside = beside(below(page), left > 0, buf, view);
        self.page.draw(self.beside, buf, view);
    }

    fn title(&self, name: &str) -> String {
        let listing = &self.listing;
        let (listed, held) = (Count(listing.listed as f64), Count(listing.held as f64));
        let Some(finding) = &listing.find else { return format!("{name} {held}") };
        let left = if finding.left > 0 { format!(", {} to go", Count(finding.left as f64)) } else { String::new() };
        format!("{name} {listed} of {held}{left} {}", finding.find)
    }

    fn draw_list(&mut self, empty: &str, buf: &mut Buffer, view: &View<'_>) {
        let (area, listing) = (self.list, &self.listing);
        if listing.listed == 0 {
            let said =
                if listing.find.is_some() && listing.held > 0 { "none of them; esc lists all again" } else { empty };
            put_lines(&[(Role::Dim, said.to_owned())], inset(area), buf, view);
            return;
        }
        let mut scroll = ScrollState { offset: self.first, selected: listing.at };
        scroll.settle(listing.listed, usize::from(area.height));
        self.first = scroll.offset;
        let time = clocks(&listing.lines, view);
        let widest = listing.lines.iter().map(|line| text::width(beginning(&line.head))).max().unwrap_or(0);
        let head = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width.saturating_sub(time) * 2 / 5);
        let columns = Columns { time, head };
        for (y, place) in (area.top()..area.bottom()).zip(scroll.offset..listing.listed) {
            let row = Rect { y, height: 1, ..area };
            let line = place.checked_sub(listing.from).and_then(|index| listing.lines.get(index));
            draw_line(line, columns, row, buf, view);
            if place == listing.at {
                buf.set_style(row, view.theme.style(Role::Selection));
            }
        }
    }
}

/// A head is cut anyway: only its beginning is measured.
fn beginning(head: &str) -> &str {
    head.get(..head.floor_char_boundary(256)).unwrap_or(head)
}

/// How wide the columns before a row's text are.
#[derive(Debug, Clone, Copy)]
struct Columns {
    time: u16,
    head: u16,
}

/// `14:03:21`, or `20 Nov 14:03` when it was not today.
fn clock(at: Timestamp, view: &View<'_>) -> String {
    let (at, now) = (at.to_zoned(view.zone.clone()), view.now.to_zoned(view.zone.clone()));
    let format = match (at.date() == now.date(), at.year() == now.year()) {
        (true, _) => "%H:%M:%S",
        (false, true) => "%d %b %H:%M",
        (false, false) => "%Y-%m-%d",
    };
    at.strftime(format).to_string()
}

/// How wide a column of times is, with what parts it from the next; nothing where rows have none.
fn clocks(lines: &[Line], view: &View<'_>) -> u16 {
    let widest = lines.iter().filter_map(|line| Some(clock(line.at?, view).len())).max();
    widest.map_or(0, |widest| u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(2))
}

fn draw_line(line: Option<&Line>, columns: Columns, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs);
    let Some(line) = line else {
        text::put(buf, area, glyphs.ellipsis, theme.style(Role::Dim), "");
        return;
    };
    let (mark, role) = match line.mark {
        Mark::Same => (" ", Role::Text),
        Mark::New => ("+", Role::Match),
        Mark::Changed => ("~", Role::Match),
        Mark::Removed => ("-", Role::Dim),
    };
    let struck = if line.mark == Mark::Removed { Modifier::CROSSED_OUT } else { Modifier::empty() };
    let style = |role| theme.style(role).add_modifier(struck);
    let from = |columns: u16| {
        let columns = columns.min(area.width);
        Rect { x: area.x + columns, width: area.width - columns, ..area }
    };
    text::put(buf, area, mark, theme.style(role), "");
    if let Some(at) = line.at {
        text::put(buf, from(MARK), &clock(at, view), theme.style(Role::Dim), "");
    }
    let place = from(MARK + columns.time);
    let place = Rect { width: columns.head.min(place.width), ..place };
    text::put(buf, place, &line.head, style(role), glyphs.ellipsis);
    let rest = from(MARK + columns.time + columns.head + 2);
    text::put(buf, rest, &line.text, style(Role::Dim), glyphs.ellipsis);
}

/// Without its title.
fn below(area: Rect) -> Rect {
    let title = area.height.min(1);
    Rect { y: area.y + title, height: area.height - title, ..area }
}

fn inset(area: Rect) -> Rect {
    let by = area.width.min(1);
    Rect { x: area.x + by, width: area.width - by, ..area }
}

/// The same, with a line to the left if there is something.
fn beside(area: Rect, has_left: bool, buf: &mut Buffer, view: &View<'_>) -> Rect {
    if !has_left || area.width < 3 {
        return area;
    }
    for y in area.top()..area.bottom() {
        let place = Rect { y, width: 1, height: 1, ..area };
        text::put(buf, place, view.theme.glyphs.vertical, view.theme.style(Role::Border), "");
    }
    Rect { x: area.x + 2, width: area.width - 2, ..area }
}
