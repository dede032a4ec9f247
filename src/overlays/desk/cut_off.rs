//! Asked at the start, where runs were cut off: each with what it moved and what is left, and whether to go on.

use ratatui::{buffer::Buffer, layout::Rect};

use super::model::CutOff;
use crate::{
    commands::Command,
    overlays::{Overlay, Press, Wish},
    panes::View,
    theme::Role,
    widgets::{
        panel::{self, centered},
        text,
    },
};

const WIDTH: u16 = 92;
/// Runs that are named; the others are counted.
const MOST_NAMED: usize = 4;

/// The runs, the newest first.
#[derive(Debug)]
pub struct CutOffRuns(Vec<CutOff>);

impl CutOffRuns {
    pub fn new(runs: Vec<CutOff>) -> Self {
        Self(runs)
    }

    /// Where to go on: the plan for all of them is shown on the desk of this queue.
    fn queue(&self) -> Option<&crate::domain::ResourceId> {
        self.0.iter().find_map(|run| run.queue.as_ref())
    }

    fn lines(&self, view: &View<'_>) -> Vec<(Role, String)> {
        let mut lines = Vec::new();
        for run in self.0.iter().take(MOST_NAMED) {
            let when = view.clock(run.at);
            lines.push((
                Role::Title,
                format!("{} {} {}, cut off at {when}", run.from, view.theme.glyphs.arrow_right, run.to),
            ));
            let left = run.still.map_or_else(|| "the rest".to_owned(), |still| still.to_string());
            lines.push((Role::Text, format!("  {} moved, {} in doubt, {left} not begun", run.moved, run.open)));
            lines.push((Role::Dim, format!("  journal {}", run.id)));
        }
        let beyond = self.0.len().saturating_sub(MOST_NAMED);
        lines.extend((beyond > 0).then(|| (Role::Dim, format!("and {beyond} more"))));
        lines.push((Role::Text, String::new()));
        lines.push((
            Role::Text,
            "nothing is lost: each message is in its source, at its destination or in the journal".to_owned(),
        ));
        let next = match (self.queue(), view.read_only) {
            (None, _) => "`edatop redrive --resume ID` goes on with it: it does not come from a queue",
            (_, true) => "edatop runs with --read-only: start it without, to go on",
            _ => "enter shows what going on would do, and asks; nothing is moved before that",
        };
        lines.push((Role::Text, next.to_owned()));
        lines
    }
}

impl Overlay for CutOffRuns {
    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        match press.command {
            Some(Command::Open) if !view.read_only => self.queue().cloned().map_or(Wish::Close, Wish::GoOn),
            Some(Command::Open | Command::Back | Command::Quit) => Wish::Close,
            _ => Wish::Stay,
        }
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let width = WIDTH.min(area.width);
        let room = usize::from(width.saturating_sub(4)).max(1);
        let mut lines: Vec<(Role, String)> = Vec::new();
        for (role, line) in self.lines(view) {
            let clean = text::clean(&line);
            lines.extend(text::wrap(&clean, room).into_iter().map(|piece| (role, piece.to_owned())));
        }
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
        let title = match self.0.len() {
            1 => "a run was cut off".to_owned(),
            many => format!("{many} runs were cut off"),
        };
        let can = self.queue().is_some() && !view.read_only;
        let hints = if can { "enter show the plan · esc later: C on the desk" } else { "esc close" };
        let inner =
            panel::Overlay { title: &title, hints, theme: view.theme }.render(centered(area, width, height), buf);
        for (y, (role, line)) in (inner.top()..inner.bottom()).zip(&lines) {
            let place = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
            text::put(buf, place, line, view.theme.style(*role), view.theme.glyphs.ellipsis);
        }
    }
}
