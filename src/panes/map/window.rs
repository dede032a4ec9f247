//! Which part of the picture is on screen: it follows the cursor, until the wheel moves it.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Map, tree};
use crate::{
    panes::View,
    theme::Role,
    widgets::{
        graph::{Spot, Window},
        text,
    },
};

/// More are not told to pollers as being looked at.
const MOST_IN_VIEW: usize = 300;
/// Free cells that are kept around the chosen box.
const MARGIN: i32 = 2;

impl Map {
    pub(super) fn scroll(&mut self, columns: i32, rows: i32) {
        self.from = Spot { x: self.from.x.saturating_add(columns), y: self.from.y.saturating_add(rows) };
        self.follow = false;
    }

    fn size(&self) -> (i32, i32) {
        let rows = i32::try_from(self.branches.len()).unwrap_or(i32::MAX);
        if self.is_tree() { (0, rows) } else { (self.sketch.picture.layout.width, self.sketch.picture.layout.height) }
    }

    /// Brings the chosen one into view, and keeps the picture in the window: in its middle, if there is room around.
    pub(super) fn settle_view(&mut self) {
        let (width, height) = self.size();
        let (columns, rows) = (i32::from(self.body.width), i32::from(self.body.height));
        if std::mem::take(&mut self.follow)
            && let Some(at) = self.at()
        {
            if self.is_tree() {
                let line = self.branches.iter().position(|branch| branch.thing == at);
                let y = line.and_then(|line| i32::try_from(line).ok()).unwrap_or(0);
                self.from.y = shown(self.from.y, (y, y + 1), rows);
            } else if let Some(frame) = self.sketch.picture.layout.nodes.get(at) {
                self.from.x = shown(self.from.x, (frame.x - MARGIN, frame.right() + MARGIN), columns);
                self.from.y = shown(self.from.y, (frame.y - MARGIN, frame.bottom() + MARGIN), rows);
            }
        }
        let within = |from: i32, size: i32, room: i32| {
            if size <= room { (size - room) / 2 } else { from.clamp(0, size - room) }
        };
        self.from.x = if self.is_tree() { 0 } else { within(self.from.x, width, columns) };
        self.from.y = if self.is_tree() {
            self.from.y.clamp(0, (height - rows).max(0))
        } else {
            within(self.from.y, height, rows)
        };
    }

    pub(super) fn draw_picture(&mut self, buf: &mut Buffer, view: &View<'_>) {
        let window = Window { area: self.body, from: self.from, beat: view.beat, theme: view.theme };
        self.sketch.picture.draw(&window, &self.sketch.nodes, &self.sketch.edges, buf);
        let (right, bottom) = (self.from.x + i32::from(self.body.width), self.from.y + i32::from(self.body.height));
        let frames = self.sketch.picture.layout.nodes.iter();
        let seen = frames.zip(&self.sketch.scene.things).filter(|(frame, _)| {
            frame.x < right && frame.right() > self.from.x && frame.y < bottom && frame.bottom() > self.from.y
        });
        let ids = seen.flat_map(|(_, thing)| thing.members.iter().chain(&thing.logs));
        self.in_view.extend(ids.take(MOST_IN_VIEW).cloned());
        self.draw_edges_of_the_window(buf, view);
    }

    /// Says on which sides the picture goes on.
    fn draw_edges_of_the_window(&self, buf: &mut Buffer, view: &View<'_>) {
        let (width, height) = self.size();
        let (body, glyphs) = (self.body, view.theme.glyphs);
        let (middle_x, middle_y) = (body.x + body.width / 2, body.y + body.height / 2);
        let more = [
            (self.from.x > 0, body.x, middle_y, glyphs.arrow_left),
            (self.from.x + i32::from(body.width) < width, body.right().saturating_sub(1), middle_y, glyphs.arrow_right),
            (self.from.y > 0, middle_x, body.y, glyphs.arrow_up),
            (
                self.from.y + i32::from(body.height) < height,
                middle_x,
                body.bottom().saturating_sub(1),
                glyphs.arrow_down,
            ),
        ];
        for (_, x, y, symbol) in more.into_iter().filter(|(more, ..)| *more) {
            text::put(buf, Rect { x, y, width: 1, height: 1 }, symbol, view.theme.style(Role::Accent), "");
        }
    }

    pub(super) fn draw_tree(&mut self, buf: &mut Buffer, view: &View<'_>) {
        let first = usize::try_from(self.from.y).unwrap_or(0);
        let at = self.at();
        for (y, line) in (self.body.top()..self.body.bottom()).zip(first..self.branches.len()) {
            let place = Rect { y, height: 1, ..self.body };
            let Some(thing) = self.branches.get(line).and_then(|branch| self.sketch.scene.things.get(branch.thing))
            else {
                continue;
            };
            self.in_view.extend(thing.members.iter().chain(&thing.logs).take(MOST_IN_VIEW).cloned());
            tree::Rows { lines: &self.branches, scene: &self.sketch.scene }.draw(line, place, buf, view);
            if at == self.branches.get(line).map(|branch| branch.thing) {
                buf.set_style(place, view.theme.style(Role::Selection));
            }
        }
        self.draw_edges_of_the_window(buf, view);
    }
}

/// Where a window of `room` cells must begin to show a stretch, moving as little as possible.
fn shown(from: i32, (start, end): (i32, i32), room: i32) -> i32 {
    if start < from || end - start > room { start } else { from.max(end - room) }
}
