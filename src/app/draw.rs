//! One frame: header, now, services, panes, footer, and what lies over them.

use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::Widget,
};

use super::{App, view_of};
use crate::{
    commands::Place,
    overlays::{Overlay, toast::Toast},
    panes::{PANES, View, context, footer, header, services},
    theme::Role,
    widgets::{
        panel::{Tab, TabStrip},
        text,
        too_small::{TooSmall, fits},
    },
};

/// Lower screens have no lines to spare for where the chosen resource stands.
const CONTEXT_FROM: u16 = 30;

/// Nor for whole architectures: what is wrong in them is said above.
const FLOWS_FROM: u16 = 30;

/// Where things were drawn, for the mouse.
#[derive(Debug, Default)]
pub struct Places {
    pub tabs: Vec<(usize, Rect)>,
    pub now: Rect,
    pub pane: Rect,
}

impl App {
    /// Draws the state as of `now`. Nothing from outside reaches the terminal unscrubbed.
    pub fn draw(&mut self, area: Rect, buf: &mut Buffer, now: Timestamp) {
        self.dirty = false;
        self.drawn_minute = now.as_second() / 60;
        buf.set_style(area, self.look.theme.style(Role::Text));
        if fits(area) {
            self.draw_screen(area, buf, now);
        } else {
            TooSmall { theme: &self.look.theme }.render(area, buf);
        }
        text::scrub(buf);
        if self.look.ascii {
            text::to_ascii(buf);
        }
    }

    fn draw_screen(&mut self, area: Rect, buf: &mut Buffer, now: Timestamp) {
        let (store, now) = match &self.held {
            Some((store, since)) => (store.as_ref(), *since),
            None => (&self.store, now),
        };
        let view =
            View { beat: self.beat, read_only: self.session.read_only, ..view_of(store, &self.look, &self.zone, now) };
        let line = |y: u16| Rect { y, height: 1, ..area };
        if let Some(full) = self.overlays.iter().rposition(|overlay| overlay.fills()) {
            header::draw_place(&self.session, line(area.top()), buf, &view);
            let overlays = self.overlays.get_mut(full..).unwrap_or_default();
            return draw_full(overlays, self.toast.as_ref(), area, buf, &view);
        }
        header::draw(&self.session, line(area.top()), buf, &view);
        // The worst first, but never so much that the panes drown.
        let now_height = self.now.wants().clamp(3, (area.height / 3).max(4));
        self.places.now = Rect { y: area.top() + 1, height: now_height, ..area };
        self.now.draw(self.places.now, buf, &view);
        services::draw(line(area.top() + 1 + now_height), buf, &view);
        let flows_height = if area.height >= FLOWS_FROM { self.flows.wants().min(area.height / 6) } else { 0 };
        let flows = Rect { y: area.top() + 2 + now_height, height: flows_height, ..area };
        self.flows.draw(flows, buf, &view);
        let tabs_at = flows.bottom();
        let tabs: Vec<Tab<'_>> = PANES.iter().map(|row| Tab { title: row.title, key: row.key }).collect();
        self.places.tabs = TabStrip { tabs: &tabs, active: self.focus, theme: view.theme }.render(line(tabs_at), buf);
        let bottom = area.bottom() - 1;
        // The map shows by itself where the chosen one stands.
        let on_map = self.panes.get(self.focus).is_some_and(|pane| pane.place() == Place::Map);
        let context_height = if area.height >= CONTEXT_FROM && !on_map { context::HEIGHT } else { 0 };
        let height = bottom.saturating_sub(tabs_at + 1 + context_height);
        // One column in, as every other line.
        self.places.pane = Rect { x: area.x + 1, y: tabs_at + 1, width: area.width - 1, height };
        let (mut filter, mut place) = ("", Place::Pane);
        if let Some(pane) = self.panes.get_mut(self.focus) {
            pane.draw(self.places.pane, buf, &view);
            (filter, place) = (pane.filter(), pane.place());
            if let Some(chosen) = pane.selected().filter(|_| context_height > 0) {
                let place = Rect { y: bottom - context_height, height: context_height, ..area };
                context::draw(chosen, place, buf, &view);
            }
        }
        match &self.toast {
            Some(toast) => toast.draw(area, buf, &view),
            None => footer::draw(line(bottom), buf, &view, place, filter),
        }
        // The ones below are where esc goes back to; drawn, they would stick out from behind.
        if let Some(overlay) = self.overlays.last_mut() {
            overlay.draw(area, buf, &view);
        }
    }

    /// Which tab is at a place.
    pub(super) fn tab_at(&self, at: Position) -> Option<usize> {
        self.places.tabs.iter().find(|(_, area)| area.contains(at)).map(|(index, _)| *index)
    }
}

/// The first fills the screen but for the line that says where we are; the last lies on it.
fn draw_full(overlays: &mut [Box<dyn Overlay>], toast: Option<&Toast>, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let Some((first, others)) = overlays.split_first_mut() else { return };
    let is_heard = first.hear(toast);
    first.draw(Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, buf, view);
    if let Some(toast) = toast.filter(|_| !is_heard && !first.takes_text()) {
        toast.draw(area, buf, view);
    }
    if let Some(last) = others.last_mut() {
        last.draw(area, buf, view);
    }
}
