//! What clicks and the wheel do. Pure, as [`super::update`].

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Position;

use super::{App, Effect, update::current};
use crate::commands::Command;

/// Columns that the wheel moves sideways.
const WHEEL_COLUMNS: isize = 6;

impl App {
    pub(super) fn mouse(&mut self, mouse: MouseEvent, now: Timestamp) -> Vec<Effect> {
        let at = Position { x: mouse.column, y: mouse.row };
        let sideways = mouse.modifiers.contains(KeyModifiers::SHIFT);
        let lines = match mouse.kind {
            MouseEventKind::ScrollDown if sideways => return self.wheel_sideways(WHEEL_COLUMNS),
            MouseEventKind::ScrollUp if sideways => return self.wheel_sideways(-WHEEL_COLUMNS),
            MouseEventKind::ScrollRight => return self.wheel_sideways(WHEEL_COLUMNS),
            MouseEventKind::ScrollLeft => return self.wheel_sideways(-WHEEL_COLUMNS),
            MouseEventKind::ScrollDown => 3,
            MouseEventKind::ScrollUp => -3,
            MouseEventKind::Down(MouseButton::Left) => return self.click(at, now),
            _ => return Vec::new(),
        };
        self.dirty = true;
        if let Some(mut overlay) = self.overlays.pop() {
            let wish = overlay.turn(lines, at);
            return self.grant(wish, overlay, now);
        }
        if let Some(pane) = self.panes.get_mut(self.focus) {
            pane.wheel(lines);
        }
        Vec::new()
    }

    fn wheel_sideways(&mut self, columns: isize) -> Vec<Effect> {
        if let (true, Some(pane)) = (self.overlays.is_empty(), self.panes.get_mut(self.focus)) {
            pane.wheel_sideways(columns);
            self.dirty = true;
        }
        Vec::new()
    }

    fn click(&mut self, at: Position, now: Timestamp) -> Vec<Effect> {
        (self.dirty, self.went) = (true, true);
        if let Some(mut overlay) = self.overlays.pop() {
            let wish = overlay.click(at, &self.view(now));
            return self.grant(wish, overlay, now);
        }
        if let Some(tab) = self.tab_at(at) {
            self.focus_on(tab, now);
        } else if let Some(id) = self.now.at(at).or_else(|| self.flows.at(at)) {
            self.show(&id, now);
        } else if self.places.pane.contains(at) {
            let view = current(&self.held, &self.store, &self.look, &self.zone, now);
            let again = self.panes.get_mut(self.focus).is_some_and(|pane| pane.click(at, &view));
            if again {
                return self.command(Command::Open, now);
            }
        }
        Vec::new()
    }
}
