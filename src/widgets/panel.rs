//! What separates things: titled thin lines, tab strips, and rounded boxes for overlays.
//!
//! ```text
//! ── now ──────────────────      ── queues ─ 1 ── functions 2 ── logs 3 ──────      ╭─ confirm ───────╮
//!                                                                                   │ 3 messages      │
//!                                                                                   ╰── enter · esc ──╯
//! ```
//!
//! Lines only where they separate; the active title has the accent. To add another kind of frame: here.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Widget;

use super::text;
use crate::theme::{Role, Theme};

/// An area of at most `width` × `height` in the middle of another.
pub fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// A line with a title near its left end, and perhaps a word near its right end.
#[derive(Debug, Clone, Copy)]
pub struct Separator<'a> {
    /// Near the left end; nothing if empty.
    pub title: &'a str,
    /// Near the right end; nothing if empty, or if there is no room for both.
    pub right: &'a str,
    /// Whether what is below has the focus.
    pub focused: bool,
    /// Where styles and glyphs come from.
    pub theme: &'a Theme,
}

impl Widget for Separator<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(area) = rule(area, buf, self.theme) else { return };
        let role = if self.focused { Role::Accent } else { Role::Title };
        let end = label(inside(area, 2), buf, (self.title, role), self.theme);
        let columns = text::width(&text::clean(self.right)) as u16;
        let start = area.right().saturating_sub(columns.saturating_add(4));
        if !self.right.is_empty() && start > end {
            label(Rect { x: start, width: area.right() - start - 2, ..area }, buf, (self.right, Role::Dim), self.theme);
        }
    }
}

/// One tab of a [`TabStrip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tab<'a> {
    /// What it shows.
    pub title: &'a str,
    /// The key that goes there.
    pub key: &'a str,
}

/// A separator whose title is a choice. Tabs move together as it narrows; those that find no room even so are left out, but never the
/// active one.
#[derive(Debug, Clone, Copy)]
pub struct TabStrip<'a> {
    /// The tabs, left to right.
    pub tabs: &'a [Tab<'a>],
    /// Index of the active one.
    pub active: usize,
    /// Where styles and glyphs come from.
    pub theme: &'a Theme,
}

impl TabStrip<'_> {
    /// Draws the strip and returns where each tab is, for the mouse.
    pub fn render(&self, area: Rect, buf: &mut Buffer) -> Vec<(usize, Rect)> {
        let Some(area) = rule(area, buf, self.theme) else { return Vec::new() };
        let mut places = Vec::with_capacity(self.tabs.len());
        let mut rest = inside(area, 2);
        let gap = self.gap(rest.width);
        for (index, tab) in self.tabs.iter().enumerate().skip(self.first(rest.width, gap)) {
            let columns = columns(tab);
            if columns > rest.width && index != self.active {
                break;
            }
            let role = if index == self.active { Role::Accent } else { Role::Dim };
            let title = Rect { width: columns.saturating_sub(text::width(tab.key) as u16 + 1).min(rest.width), ..rest };
            let end = label(title, buf, (tab.title, role), self.theme);
            let key = Rect { x: end, width: rest.right() - end, ..rest };
            let end = text::put(buf, key, tab.key, self.theme.style(Role::Key), "") + end;
            let end = text::put(
                buf,
                Rect { x: end, width: (rest.right() - end).min(1), ..rest },
                " ",
                self.theme.style(Role::Border),
                "",
            ) + end;
            places.push((index, Rect { width: end - rest.x, ..rest }));
            let next = end.saturating_add(gap).min(rest.right());
            rest = Rect { x: next, width: rest.right() - next, ..rest };
        }
        places
    }

    /// The first tab to show so that the active one has room.
    fn first(&self, width: u16, gap: u16) -> usize {
        let upto = |first: usize| -> u16 {
            let shown = self.tabs.iter().take(self.active + 1).skip(first);
            shown.map(|tab| columns(tab) + gap).fold(0, u16::saturating_add).saturating_sub(gap)
        };
        (0..=self.active).find(|first| upto(*first) <= width).unwrap_or(self.active)
    }

    /// Columns of line between two tabs: two, or as many as let all of them be seen.
    fn gap(&self, width: u16) -> u16 {
        let titles = self.tabs.iter().map(columns).fold(0, u16::saturating_add);
        let gaps = (self.tabs.len() as u16).saturating_sub(1);
        (0..=2).rev().find(|gap| titles.saturating_add(gaps * gap) <= width).unwrap_or(0)
    }
}

/// Columns of ` title key `.
fn columns(tab: &Tab<'_>) -> u16 {
    (text::width(tab.title) + text::width(tab.key) + 3) as u16
}

/// A rounded box over whatever is below, with a title above and hints underneath.
#[derive(Debug, Clone, Copy)]
pub struct Overlay<'a> {
    /// In the upper border.
    pub title: &'a str,
    /// In the lower border: the keys that work here.
    pub hints: &'a str,
    /// Where styles and glyphs come from.
    pub theme: &'a Theme,
}

impl Overlay<'_> {
    /// Clears the area, draws the box, and returns what is inside it.
    pub fn render(&self, area: Rect, buf: &mut Buffer) -> Rect {
        let area = area.intersection(buf.area);
        let behind = self.theme.style(Role::Text).patch(self.theme.style(Role::Overlay));
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(behind);
                }
            }
        }
        if area.width < 2 || area.height < 2 {
            return area;
        }
        self.border(area, buf);
        let top = Rect { height: 1, ..area };
        label(inside(top, 2), buf, (self.title, Role::Title), self.theme);
        let bottom = inside(Rect { y: area.bottom() - 1, height: 1, ..area }, 2);
        let wanted = text::width(&text::clean(self.hints)) as u16 + 2;
        label(centered(bottom, wanted, 1), buf, (self.hints, Role::Footer), self.theme);
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    fn border(&self, area: Rect, buf: &mut Buffer) {
        let (style, g) = (self.theme.style(Role::Border), self.theme.glyphs);
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        let mut draw = |x, y, symbol| {
            if let Some(cell) = buf.cell_mut(Position { x, y }) {
                cell.set_symbol(symbol).set_style(style);
            }
        };
        for x in area.x + 1..right {
            draw(x, area.y, g.horizontal);
            draw(x, bottom, g.horizontal);
        }
        for y in area.y + 1..bottom {
            draw(area.x, y, g.vertical);
            draw(right, y, g.vertical);
        }
        draw(area.x, area.y, g.top_left);
        draw(right, area.y, g.top_right);
        draw(area.x, bottom, g.bottom_left);
        draw(right, bottom, g.bottom_right);
    }
}

/// Draws a line over the first row of `area`; nothing if there is none.
fn rule(area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Rect> {
    let area = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
    for x in area.left()..area.right() {
        if let Some(cell) = buf.cell_mut((x, area.y)) {
            cell.set_symbol(theme.glyphs.horizontal).set_style(theme.style(Role::Border));
        }
    }
    (!area.is_empty()).then_some(area)
}

/// Without `margin` columns at either end.
fn inside(area: Rect, margin: u16) -> Rect {
    let margin = margin.min(area.width / 2);
    Rect { x: area.x + margin, width: area.width - 2 * margin, ..area }
}

/// Writes ` title ` into a line and returns where it ends.
fn label(area: Rect, buf: &mut Buffer, (title, role): (&str, Role), theme: &Theme) -> u16 {
    if title.is_empty() || area.width < 3 {
        return area.x;
    }
    let style = theme.style(role);
    text::put(buf, Rect { width: 1, ..area }, " ", style, "");
    let used =
        text::put(buf, Rect { x: area.x + 1, width: area.width - 2, ..area }, title, style, theme.glyphs.ellipsis);
    let end = area.x + 1 + used;
    end + text::put(buf, Rect { x: end, width: 1, ..area }, " ", style, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ASCII;
    use crate::widgets::testing::{blank, lines, style_at};

    const TABS: &[Tab<'static>] =
        &[Tab { title: "queues", key: "1" }, Tab { title: "functions", key: "2" }, Tab { title: "logs", key: "3" }];

    #[test]
    fn a_separator_with_a_title_and_a_word() {
        let theme = Theme::default();
        let mut buf = blank(24, 4);
        let separator = Separator { title: "now", right: "4 more", focused: true, theme: &theme };
        separator.render(Rect::new(0, 0, 24, 1), &mut buf);
        Separator { focused: false, ..separator }.render(Rect::new(0, 1, 12, 1), &mut buf);
        Separator { title: "", right: "", ..separator }.render(Rect::new(0, 2, 5, 3), &mut buf);
        Separator { title: "event-fork", ..separator }.render(Rect::new(0, 3, 10, 1), &mut buf);
        assert_eq!(
            lines(&buf),
            ["── now ─────── 4 more ──", "── now ─────", "─────", "── eve… ──"].map(|want| want.to_owned())
        );
        assert_eq!(style_at(&buf, 3, 0).fg, theme.style(Role::Accent).fg);
        assert_eq!(style_at(&buf, 3, 1).fg, theme.style(Role::Title).fg);
        assert_eq!(style_at(&buf, 0, 1).fg, theme.style(Role::Border).fg);
    }

    #[test]
    fn tabs_know_where_they_are() {
        let theme = Theme::default();
        let mut buf = blank(50, 1);
        let places = TabStrip { tabs: TABS, active: 1, theme: &theme }.render(buf.area, &mut buf);
        assert_eq!(lines(&buf), ["── queues 1 ── functions 2 ── logs 3 ─────────────"]);
        assert_eq!(places, [(0, Rect::new(2, 0, 10, 1)), (1, Rect::new(14, 0, 13, 1)), (2, Rect::new(29, 0, 8, 1))]);
        assert_eq!(style_at(&buf, 15, 0).fg, theme.style(Role::Accent).fg);
        assert_eq!(style_at(&buf, 3, 0).fg, theme.style(Role::Dim).fg);
    }

    #[test]
    fn tabs_move_together_before_one_is_left_out() {
        let theme = Theme::default();
        let strip = |width| {
            let mut buf = blank(width, 1);
            TabStrip { tabs: TABS, active: 0, theme: &theme }.render(buf.area, &mut buf);
            lines(&buf).concat()
        };
        assert_eq!(strip(38), "── queues 1 ─ functions 2 ─ logs 3 ───");
        assert_eq!(strip(35), "── queues 1  functions 2  logs 3 ──");
        assert_eq!(strip(34), "── queues 1  functions 2 ─────────");
    }

    #[test]
    fn the_active_tab_is_never_left_out() {
        let theme = Theme::default();
        for width in 14..60 {
            for active in 0..3 {
                let mut buf = blank(width, 1);
                let places = TabStrip { tabs: TABS, active, theme: &theme }.render(buf.area, &mut buf);
                assert!(places.iter().any(|(index, _)| *index == active), "{width}: {:?}", lines(&buf));
                let title = TABS.get(active).map_or("", |tab| tab.title);
                assert!(width < 18 || lines(&buf).concat().contains(title), "{width}: {:?}", lines(&buf));
            }
        }
    }

    #[test]
    fn an_overlay_hides_what_is_below() {
        let theme = Theme::default();
        let mut buf = blank(20, 5);
        for y in 0..5 {
            buf.set_string(0, y, "xxxxxxxxxxxxxxxxxxxx", theme.style(Role::Crit));
        }
        let inner =
            Overlay { title: "confirm", hints: "esc", theme: &theme }.render(centered(buf.area, 16, 3), &mut buf);
        assert_eq!(inner, Rect::new(3, 2, 14, 1));
        assert_eq!(
            lines(&buf),
            [
                "xxxxxxxxxxxxxxxxxxxx",
                "xx╭─ confirm ────╮xx",
                "xx│              │xx",
                "xx╰──── esc ─────╯xx",
                "xxxxxxxxxxxxxxxxxxxx",
            ]
        );
        assert_eq!(style_at(&buf, 4, 2).bg, theme.style(Role::Overlay).bg);
        assert_eq!(style_at(&buf, 4, 2).fg, theme.style(Role::Text).fg);
    }

    #[test]
    fn ascii_boxes_and_tiny_areas() {
        let theme = Theme::default().with_glyphs(&ASCII);
        for width in 0..14 {
            for height in 0..4 {
                let mut buf = blank(width, height);
                Overlay { title: "a title", hints: "hints", theme: &theme }.render(Rect::new(0, 0, 30, 30), &mut buf);
                Separator { title: "title", right: "right", focused: true, theme: &theme }.render(buf.area, &mut buf);
                TabStrip { tabs: TABS, active: 2, theme: &theme }.render(buf.area, &mut buf);
                assert!(lines(&buf).concat().is_ascii(), "{:?}", lines(&buf));
            }
        }
        let area = Rect::new(3, 4, 10, 6);
        assert_eq!(centered(area, 4, 2), Rect::new(6, 6, 4, 2));
        assert_eq!(centered(area, 99, 99), area);
    }
}
