//! What is wrong with how things are configured, the worst first, with evidence and what to do.
//!
//! ```text
//!  SEVERITY  RESOURCE               WHAT
//!  high      ▤ AnalyticsDLQ         keeps dead letters 4 d 0 h, its source AnalyticsQueue keeps messages 4 d 0 h: …
//!  low       ◇ EventFork            is not encrypted at rest: no key of KMS is set
//! ── dlq-retention ──────────────────────────────────────────────────────────────────────────── y copies what to do ──
//!  AnalyticsDLQ keeps dead letters 4 d 0 h, …
//!  do   aws sqs set-queue-attributes --queue-url … --attributes MessageRetentionPeriod=1209600
//!  see  https://docs.aws.amazon.com/…
//! ```
//!
//! A row is a finding: the same resource may have several. What the user lets stay is not listed; `edatop doctor --all` lists it.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::Widget,
};

use super::{Pane, View};
use crate::{
    commands::Command,
    domain::{Finding, Kind, ResourceId, Severity},
    theme::Role,
    widgets::{
        panel::Separator,
        table::{Column, ScrollState, Table, TableLayout},
        text,
    },
};

const COLUMNS: [Column<'static>; 3] = [
    Column::fixed("SEVERITY", 8).priority(254),
    Column::flex("RESOURCE", 16, 2).priority(255),
    Column::flex("WHAT", 30, 6).priority(253),
];

/// Lines of the explanation, its title among them.
const EXPLANATION: u16 = 7;
/// A lower pane has no room for it.
const EXPLANATION_FROM: u16 = 13;

#[derive(Default)]
pub struct Findings {
    rows: Vec<Finding>,
    /// The chosen one, once somebody chose.
    chosen: Option<Key>,
    scroll: ScrollState,
    filter: String,
    layout: Option<TableLayout>,
    in_view: Vec<ResourceId>,
}

/// What makes a finding the same finding at the next look.
type Key = (&'static str, ResourceId, Option<ResourceId>);

fn key(finding: &Finding) -> Key {
    (finding.rule, finding.resource.clone(), finding.about.clone())
}

impl Findings {
    fn height(&self) -> usize {
        self.layout.as_ref().map_or(1, |layout| usize::from(layout.body.height))
    }

    fn here(&self) -> Option<&Finding> {
        self.rows.get(self.scroll.selected)
    }

    fn choose_here(&mut self) {
        self.chosen = self.here().map(key);
    }

    fn holds(&self, finding: &Finding) -> bool {
        let needle = self.filter.to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&needle);
        needle.is_empty() || holds(finding.resource.short_name()) || holds(finding.rule) || holds(&finding.sentence)
    }

    /// What is said of the chosen one, below the list.
    fn explain(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(finding) = self.here() else { return };
        let line = |y: u16| Rect { y: area.y + y, height: 1, ..area };
        let right = if finding.command().is_some() { "y copies the command" } else { "y copies the page's address" };
        Separator { title: finding.rule, right, focused: false, theme: view.theme }.render(line(0), buf);
        let about = format!("{} {}", view.store.name_of(&finding.resource), finding.sentence);
        let (about, advice) = (text::clean(&about), text::clean(&finding.advice));
        let last = area.height.saturating_sub(1);
        let mut y = 1;
        for (word, role, content) in [("", Role::Text, about), ("do", Role::Text, advice)] {
            let indent = if word.is_empty() { 0 } else { 5 };
            let style = view.theme.style(role);
            let lines = text::wrap(&content, usize::from(area.width.saturating_sub(indent + 1)));
            let room = usize::from(last.saturating_sub(y)).min(if word.is_empty() { 2 } else { 3 });
            for (index, one) in lines.iter().enumerate().take(room) {
                if index == 0 {
                    text::put(buf, line(y), word, view.theme.style(Role::Dim), "");
                }
                // A line that is cut says so: the whole is what `y` copies.
                let cut = index + 1 == room && lines.len() > room;
                let place = Rect { x: area.x + indent, width: area.width.saturating_sub(indent), ..line(y) };
                let used = text::put(buf, place, one, style, view.theme.glyphs.ellipsis);
                if cut {
                    let rest = Rect { x: place.x + used, width: place.width - used, ..place };
                    text::put(buf, rest, view.theme.glyphs.ellipsis, style, "");
                }
                y += 1;
            }
        }
        text::put(buf, line(y), "see", view.theme.style(Role::Dim), "");
        let place = Rect { x: area.x + 5, width: area.width.saturating_sub(5), ..line(y) };
        text::put(buf, place, finding.page, view.theme.style(Role::Dim), view.theme.glyphs.ellipsis);
    }
}

/// What is lost is loud, hygiene is quiet.
fn role(severity: Severity) -> Role {
    match severity {
        Severity::High => Role::Warn,
        Severity::Medium => Role::Text,
        Severity::Low | Severity::Info => Role::Dim,
    }
}

impl Pane for Findings {
    fn title(&self) -> &'static str {
        "findings"
    }

    /// It is about all kinds, and lists none.
    fn kinds(&self) -> &'static [Kind] {
        &[]
    }

    fn refresh(&mut self, view: &View<'_>) {
        let shown = view.store.findings().iter().filter(|finding| finding.ignored.is_none() && self.holds(finding));
        self.rows = shown.cloned().collect();
        let found = self.chosen.as_ref().and_then(|chosen| self.rows.iter().position(|row| key(row) == *chosen));
        match found {
            Some(position) => self.scroll.selected = position,
            None => {
                self.scroll.selected = self.scroll.selected.min(self.rows.len().saturating_sub(1));
                if self.chosen.is_some() {
                    self.choose_here();
                }
            }
        }
    }

    fn act(&mut self, command: Command, _view: &View<'_>) -> bool {
        let (rows, height) = (self.rows.len(), self.height());
        match command {
            Command::Up => self.scroll.move_by(-1, rows, height),
            Command::Down => self.scroll.move_by(1, rows, height),
            Command::PageUp => self.scroll.page_up(rows, height),
            Command::PageDown => self.scroll.page_down(rows, height),
            Command::Top => self.scroll.home(),
            Command::Bottom => self.scroll.end(rows, height),
            _ => return false,
        }
        self.choose_here();
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let explains = area.height >= EXPLANATION_FROM && !self.rows.is_empty();
        let below = if explains { EXPLANATION } else { 0 };
        let list = Rect { height: area.height - below, ..area };
        let empty = match (self.filter.is_empty(), view.store.polls().answered()) {
            (false, _) => "no finding holds this text: esc clears the filter",
            (true, 0) => "looking…",
            (true, _) => "nothing found; what could not be read is not judged: `edatop doctor` says what that is",
        };
        let table = Table { columns: &COLUMNS, rows: self.rows.len(), sort: None, empty, theme: view.theme };
        let (rows, in_view) = (&self.rows, &mut self.in_view);
        in_view.clear();
        let layout = table.render(list, buf, &mut self.scroll, |index, out| {
            let Some(finding) = rows.get(index) else { return };
            in_view.push(finding.resource.clone());
            let kind = view.store.get(&finding.resource).map_or(Kind::External, |entry| entry.resource.kind);
            let role = role(finding.severity);
            out.text(role, finding.severity.word());
            out.name(Role::Text, &format!("{} {}", view.glyph(kind), view.store.name_of(&finding.resource)));
            out.text(if role == Role::Dim { Role::Dim } else { Role::Text }, &finding.sentence);
        });
        self.layout = Some(layout);
        if explains {
            self.explain(Rect { y: area.bottom() - below, height: below, ..area }, buf, view);
        }
    }

    fn selected(&self) -> Option<&ResourceId> {
        self.here().map(|finding| &finding.resource)
    }

    fn copies(&self) -> Option<String> {
        self.here().map(|finding| finding.command().unwrap_or(finding.page).to_owned())
    }

    fn select(&mut self, id: &ResourceId) -> bool {
        let Some(position) = self.rows.iter().position(|finding| finding.resource == *id) else { return false };
        self.scroll.select(position, self.rows.len(), self.height());
        self.choose_here();
        true
    }

    fn in_view(&self) -> &[ResourceId] {
        &self.in_view
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> bool {
        let Some(row) = self.layout.as_ref().and_then(|layout| layout.row_at(at.x, at.y)) else { return false };
        let again = self.chosen.is_some() && row == self.scroll.selected;
        self.scroll.select(row, self.rows.len(), self.height());
        self.choose_here();
        again
    }

    fn wheel(&mut self, lines: isize) {
        self.scroll.wheel(lines, self.rows.len(), self.height());
        self.choose_here();
    }

    fn filter(&self) -> &str {
        &self.filter
    }

    fn set_filter(&mut self, filter: &str, view: &View<'_>) {
        filter.clone_into(&mut self.filter);
        self.refresh(view);
    }
}
