//! Where the chosen resource stands: what leads to it and where it leads, in one line.
//!
//! ```text
//! ── AnalyticsDLQ ─────────────────────────────────────────────────────────────────────── enter detail ──
//!  · ⌁ hourly ──▶ · ƒ producer ╌╌▶ · ◇ EventFork ──▶ · ▤ AnalyticsQueue +2 ⤷ ✖ ▤ AnalyticsDLQ
//!  09:05 ValueError: cannot price cart 34
//! ```
//!
//! Of several ways the first is drawn and the others are counted. Solid arrows are configured, dashed ones inferred.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::View;
use crate::{
    domain::{Kind, KnownBy, Link, LinkKind, ResourceId},
    theme::Role,
    widgets::{panel::Separator, text},
};

/// Lines that it takes.
pub const HEIGHT: u16 = 3;
/// Steps drawn in either direction.
const MOST_STEPS: usize = 5;

/// One step of the way: a link, and how many others there were to choose from.
#[derive(Debug, Clone, Copy)]
struct Step<'a> {
    link: &'a Link,
    others: usize,
}

/// Draws the way through the chosen resource.
pub fn draw(chosen: &ResourceId, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let title = text::clean(view.store.name_of(chosen));
    Separator { title: &title, right: "enter detail", focused: false, theme: view.theme }
        .render(Rect { height: 1.min(area.height), ..area }, buf);
    let line = |y: u16| Rect { x: area.x + 1, y: area.y + y, width: area.width.saturating_sub(1), height: 1 };
    if area.height < HEIGHT {
        return;
    }
    let (before, after) = (upstream(chosen, view), downstream(chosen, view));
    let mut pen = Pen { rest: line(1), buf, view };
    for step in before.iter().rev() {
        pen.node(&step.link.from, false);
        pen.others(step.others);
        pen.arrow(step.link);
    }
    pen.node(chosen, true);
    for step in &after {
        pen.others(step.others);
        pen.arrow(step.link);
        pen.node(&step.link.to, false);
    }
    draw_last_error(chosen, line(2), buf, view);
}

/// The steps that lead here, the nearest first.
fn upstream<'a>(chosen: &'a ResourceId, view: &View<'a>) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    let mut here = chosen;
    while steps.len() < MOST_STEPS {
        let seen = |id: &ResourceId| id == chosen || steps.iter().any(|step| step.link.from == *id);
        let mut ways = view.store.topology().to(here).filter(|link| !seen(&link.from));
        let Some(link) = ways.next() else { break };
        let others = ways.count();
        steps.push(Step { link, others });
        here = &link.from;
    }
    steps
}

/// The steps that lead on, the nearest first. Dead letters and log groups are followed only where there is nothing else.
fn downstream<'a>(chosen: &'a ResourceId, view: &View<'a>) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    let mut here = chosen;
    while steps.len() < MOST_STEPS {
        let seen = |id: &ResourceId| id == chosen || steps.iter().any(|step| step.link.to == *id);
        let ways: Vec<&Link> = view.store.topology().from(here).filter(|link| !seen(&link.to)).collect();
        let aside = |link: &&&Link| matches!(link.kind, LinkKind::DeadLetters | LinkKind::Logs);
        let Some(link) = ways.iter().find(|link| !aside(link)).or(ways.first()) else { break };
        let others = ways.iter().filter(|way| !aside(way) && way.key() != link.key()).count();
        steps.push(Step { link, others });
        here = &link.to;
    }
    steps
}

/// Writes pieces one after another until the line is full.
struct Pen<'a, 'b> {
    rest: Rect,
    buf: &'b mut Buffer,
    view: &'b View<'a>,
}

impl Pen<'_, '_> {
    fn write(&mut self, role: Role, piece: &str) {
        let theme = self.view.theme;
        let used = text::put(self.buf, self.rest, piece, theme.style(role), theme.glyphs.ellipsis);
        self.rest = Rect { x: self.rest.x + used, width: self.rest.width - used, ..self.rest };
    }

    fn node(&mut self, id: &ResourceId, chosen: bool) {
        let known = self.view.store.get(id);
        let kind = known
            .map_or_else(|| id.arn().map_or(Kind::External, |arn| Kind::of_arn(&arn)), |entry| entry.resource.kind);
        let (mark, role) = match known {
            Some(entry) => self.view.mark(entry.health()),
            None => (self.view.theme.glyphs.unknown, Role::Unknown),
        };
        self.write(role, mark);
        self.write(Role::Dim, &format!(" {} ", self.view.glyph(kind)));
        self.write(if chosen { Role::Title } else { Role::Text }, self.view.store.name_of(id));
    }

    fn others(&mut self, others: usize) {
        if others > 0 {
            self.write(Role::Dim, &format!(" +{others}"));
        }
    }

    fn arrow(&mut self, link: &Link) {
        let arrow = match (link.kind, link.known_by, self.view.ascii) {
            (LinkKind::DeadLetters, _, false) => " ⤷ ",
            (LinkKind::DeadLetters, _, true) => " ~> ",
            (_, KnownBy::Configured, false) => " ──▶ ",
            (_, KnownBy::Configured, true) => " --> ",
            (_, _, false) => " ╌╌▶ ",
            (_, _, true) => " ..> ",
        };
        let role = if link.kind == LinkKind::DeadLetters { Role::Warn } else { Role::Link };
        self.write(role, arrow);
    }
}

fn draw_last_error(chosen: &ResourceId, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let topology = view.store.topology();
    let group = topology.log_group(chosen).unwrap_or(chosen);
    let Some(said) = view.store.get(group).and_then(|entry| entry.last_error.as_ref()) else { return };
    let theme = view.theme;
    let used = text::put(buf, area, &format!("{} ", view.clock(said.at)), theme.style(Role::Dim), "");
    let rest = Rect { x: area.x + used, width: area.width - used, ..area };
    text::put(buf, rest, &said.text, theme.style(Role::Text), theme.glyphs.ellipsis);
}
