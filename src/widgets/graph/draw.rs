//! The part of a picture that a window shows.
//!
//! Must not: compute what boxes say; that comes in as faces, made when the store changes. Only what is in the window is touched.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    layout::{Frame, Room, Spot},
    picture::{HEAD, Picture, Stroke, direction},
};
use crate::{
    theme::{Role, Theme},
    widgets::text,
};

pub(super) const UP: u8 = 1;
pub(super) const DOWN: u8 = 2;
pub(super) const LEFT: u8 = 4;
pub(super) const RIGHT: u8 = 8;

/// Cells from one moving mark to the next.
const MARKS_APART: u64 = 7;

/// How certain, or how wanted, a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Line {
    #[default]
    Solid,
    Declared,
    Dashed,
    Dotted,
}

/// What a line looks like now. Where several share a cell, the one of the highest rank is seen.
#[derive(Debug, Clone, Default)]
pub struct EdgeFace {
    pub line: Line,
    pub role: Option<Role>,
    pub rank: u8,
    pub label: Vec<(Role, String)>,
    /// The role of the marks that move along it; none if nothing moves.
    pub moves: Option<Role>,
}

/// What a box says now.
#[derive(Debug, Clone, Default)]
pub struct NodeFace {
    pub border: Option<Role>,
    /// In the upper border, where it moves no text when it comes or goes.
    pub mark: Option<(Role, &'static str)>,
    pub lines: Vec<Vec<(Role, String)>>,
    pub chosen: bool,
}

/// Which part is shown where, and how.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    pub area: Rect,
    /// The place of the picture that is in the upper left corner.
    pub from: Spot,
    /// Moves the marks on by one cell.
    pub beat: u64,
    pub theme: &'a Theme,
}

/// Columns that the parts of a line of text take.
pub fn width(parts: &[(Role, String)]) -> usize {
    parts.iter().map(|(_, part)| text::width(&text::clean(part))).sum()
}

impl Picture {
    /// Draws what the window shows. A node or edge without a face is drawn empty.
    pub fn draw(&self, window: &Window<'_>, nodes: &[NodeFace], edges: &[EdgeFace], buf: &mut Buffer) {
        let mut pen = Pen { window, buf };
        self.draw_lines(&mut pen, edges);
        let moving = edges.iter().zip(&self.layout.routes).filter_map(|(face, route)| Some((face.moves?, route)));
        for (role, route) in moving {
            pen.marks(&route.corners, role);
        }
        for (face, route) in edges.iter().zip(&self.layout.routes) {
            if let Some(room) = &route.label {
                pen.label(room, &face.label);
            }
        }
        let plain = NodeFace::default();
        for (node, frame) in self.layout.nodes.iter().enumerate() {
            if pen.sees(frame) {
                let face = nodes.get(node).unwrap_or(&plain);
                pen.node(frame, face);
                let exits = &self.exits[node];
                let exit = |edge: Option<u32>| edge.and_then(|edge| edges.get(edge as usize));
                let joints = window.theme.glyphs.joints;
                let style = pen.border(face);
                if exit(exits.right).is_some() {
                    pen.cell(
                        Spot { x: frame.right() - 1, y: frame.port() },
                        joints[usize::from(UP | DOWN | RIGHT)],
                        style,
                    );
                }
                if exit(exits.down).is_some() {
                    pen.cell(
                        Spot { x: frame.x + 1, y: frame.bottom() - 1 },
                        joints[usize::from(LEFT | RIGHT | DOWN)],
                        style,
                    );
                }
            }
        }
    }

    fn draw_lines(&self, pen: &mut Pen<'_, '_>, edges: &[EdgeFace]) {
        let area = pen.window.area;
        let plain = EdgeFace::default();
        let columns = pen.window.from.x..pen.window.from.x + i32::from(area.width);
        for y in pen.window.from.y..pen.window.from.y + i32::from(area.height) {
            for cell in self.row(y, columns.clone()).chunk_by(|a, b| a.at == b.at) {
                let arms = cell.iter().fold(0, |arms, stroke| arms | stroke.arms);
                let face = |stroke: &Stroke| edges.get(stroke.edge as usize).unwrap_or(&plain);
                let Some(top) = cell.iter().map(face).max_by_key(|face| face.rank) else { continue };
                let at = Spot { x: cell[0].at.1, y };
                let glyph = glyph(arms, top.line, pen.window.theme);
                pen.cell(at, glyph, pen.window.theme.style(top.role.unwrap_or(Role::Link)));
            }
        }
    }
}

/// What a cell with these arms looks like.
fn glyph(arms: u8, line: Line, theme: &Theme) -> &'static str {
    let glyphs = theme.glyphs;
    let pieces = match line {
        Line::Solid => [glyphs.horizontal, glyphs.vertical],
        Line::Declared => glyphs.declared,
        Line::Dashed => glyphs.dashed,
        Line::Dotted => glyphs.dotted,
    };
    if arms & HEAD != 0 {
        return match arms & !HEAD {
            UP => glyphs.arrow_down,
            RIGHT => glyphs.arrow_left,
            DOWN => glyphs.arrow_up,
            _ => glyphs.arrow_right,
        };
    }
    if arms == LEFT | RIGHT {
        pieces[0]
    } else if arms == UP | DOWN {
        pieces[1]
    } else {
        glyphs.joints[usize::from(arms & 15)]
    }
}

/// Writes at places of the picture, and leaves out what the window does not show.
struct Pen<'a, 'b> {
    window: &'a Window<'a>,
    buf: &'b mut Buffer,
}

impl Pen<'_, '_> {
    fn style(&self, role: Role) -> Style {
        self.window.theme.style(role)
    }

    fn border(&self, face: &NodeFace) -> Style {
        self.style(if face.chosen { Role::Accent } else { face.border.unwrap_or(Role::Border) })
    }

    fn sees(&self, frame: &Frame) -> bool {
        let (from, area) = (self.window.from, self.window.area);
        frame.x < from.x + i32::from(area.width)
            && from.x < frame.right()
            && frame.y < from.y + i32::from(area.height)
            && from.y < frame.bottom()
    }

    /// A place of the picture on the screen, if it is in the window.
    fn on_screen(&self, at: Spot) -> Option<(u16, u16)> {
        let (from, area) = (self.window.from, self.window.area);
        let x = u16::try_from(at.x - from.x).ok().filter(|x| *x < area.width)?;
        let y = u16::try_from(at.y - from.y).ok().filter(|y| *y < area.height)?;
        Some((area.x + x, area.y + y))
    }

    fn cell(&mut self, at: Spot, symbol: &str, style: Style) {
        if let Some(cell) = self.on_screen(at).and_then(|place| self.buf.cell_mut(place)) {
            cell.set_symbol(symbol).set_style(style);
        }
    }

    /// Writes at most `columns` of a text, of which the window may show only a part.
    fn text(&mut self, at: Spot, columns: i32, text: &str, style: Style) {
        let area = self.window.area;
        let hidden = (self.window.from.x - at.x).max(0);
        let shown = Spot { x: at.x + hidden, y: at.y };
        let Some((x, y)) = self.on_screen(shown) else { return };
        let ellipsis = self.window.theme.glyphs.ellipsis;
        let place = |columns: i32| {
            let width = u16::try_from(columns - hidden).unwrap_or(0).min(area.right() - x);
            Rect { x, y, width, height: 1 }
        };
        // At the window's own edge nothing is cut with a mark: the rest is one step away.
        let fits = at.x + columns <= self.window.from.x + i32::from(area.width);
        if hidden == 0 && fits {
            text::put(self.buf, place(columns), text, style, ellipsis);
            return;
        }
        let clean = text::clean(text);
        let fitted = text::fit_with(&clean, usize::try_from(columns).unwrap_or(0), ellipsis);
        let hidden = text::head(&fitted, usize::try_from(hidden).unwrap_or(0)).len();
        text::put(self.buf, place(columns), fitted.get(hidden..).unwrap_or_default(), style, "");
    }

    /// Writes parts one after another into so many columns; returns those used.
    fn parts(&mut self, at: Spot, columns: i32, parts: &[(Role, String)]) -> i32 {
        let mut used = 0;
        for (role, part) in parts {
            let own = columns_of(part).min(columns - used);
            if own <= 0 {
                break;
            }
            self.text(Spot { x: at.x + used, y: at.y }, own, part, self.style(*role));
            used += own;
        }
        used
    }

    fn label(&mut self, room: &Room, parts: &[(Role, String)]) {
        if parts.is_empty() {
            return;
        }
        if room.above {
            self.parts(room.at, i32::from(room.width), parts);
            return;
        }
        let before = Spot { x: room.at.x - 1, y: room.at.y };
        self.cell(before, " ", self.style(Role::Text));
        let used = self.parts(room.at, i32::from(room.width), parts);
        self.cell(Spot { x: room.at.x + used, y: room.at.y }, " ", self.style(Role::Text));
    }

    /// The moving marks of one line. Joints and arrow heads are left as they are.
    fn marks(&mut self, corners: &[Spot], role: Role) {
        let glyphs = self.window.theme.glyphs;
        let style = self.style(role);
        let mut walked = 0_u64;
        for pair in corners.windows(2) {
            let step = direction(pair[0], pair[1]);
            let symbol = match step.2 {
                RIGHT => glyphs.arrow_right,
                LEFT => glyphs.arrow_left,
                DOWN => glyphs.arrow_down,
                _ => glyphs.arrow_up,
            };
            let pieces = [glyphs.horizontal, glyphs.vertical];
            let cells = (pair[0].x - pair[1].x).unsigned_abs() + (pair[0].y - pair[1].y).unsigned_abs();
            let first = (self.window.beat + MARKS_APART - walked % MARKS_APART) % MARKS_APART;
            for at in (first..u64::from(cells)).step_by(MARKS_APART as usize) {
                let (dx, dy) = (step.0 * at as i32, step.1 * at as i32);
                let Some(place) = self.on_screen(Spot { x: pair[0].x + dx, y: pair[0].y + dy }) else { continue };
                let Some(cell) = self.buf.cell_mut(place) else { continue };
                let straight = [pieces, glyphs.declared, glyphs.dashed, glyphs.dotted].concat();
                if straight.contains(&cell.symbol()) {
                    cell.set_symbol(symbol).set_style(style);
                }
            }
            walked += u64::from(cells);
        }
    }

    fn node(&mut self, frame: &Frame, face: &NodeFace) {
        let glyphs = self.window.theme.glyphs;
        let style = self.border(face);
        let (right, bottom) = (frame.right() - 1, frame.bottom() - 1);
        for x in frame.x + 1..right {
            self.cell(Spot { x, y: frame.y }, glyphs.horizontal, style);
            self.cell(Spot { x, y: bottom }, glyphs.horizontal, style);
        }
        for y in frame.y + 1..bottom {
            self.cell(Spot { x: frame.x, y }, glyphs.vertical, style);
            self.cell(Spot { x: right, y }, glyphs.vertical, style);
        }
        for (x, y, corner) in [
            (frame.x, frame.y, glyphs.top_left),
            (right, frame.y, glyphs.top_right),
            (frame.x, bottom, glyphs.bottom_left),
            (right, bottom, glyphs.bottom_right),
        ] {
            self.cell(Spot { x, y }, corner, style);
        }
        if let Some((role, mark)) = face.mark {
            self.cell(Spot { x: frame.x + 2, y: frame.y }, mark, self.style(role));
        }
        for (y, line) in (frame.y + 1..bottom).zip(&face.lines) {
            self.parts(Spot { x: frame.x + 2, y }, frame.width - 4, line);
        }
        if face.chosen {
            self.select(frame);
        }
    }

    fn select(&mut self, frame: &Frame) {
        let style = self.style(Role::Selection);
        for y in frame.y + 1..frame.bottom() - 1 {
            for x in frame.x + 1..frame.right() - 1 {
                if let Some(cell) = self.on_screen(Spot { x, y }).and_then(|place| self.buf.cell_mut(place)) {
                    cell.set_style(style);
                }
            }
        }
    }
}

fn columns_of(part: &str) -> i32 {
    let clean: Cow<'_, str> = text::clean(part);
    i32::try_from(text::width(&clean)).unwrap_or(i32::MAX)
}
