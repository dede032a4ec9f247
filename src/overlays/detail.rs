//! Everything known about one resource, and its neighbours.
//!
//! ```text
//! ╭─ ▤ stats-dlq ─────────────────────────────────────────────────────────────╮
//! │ arn:aws:sqs:us-east-1:000000000000:stats-dlq                              │
//! │ ✖ 3 dead letters from stats · stats-fn: ValueError…      since 13:59      │
//! │                                                                           │
//! │ backlog                                                                   │
//! │   waiting           ≈3                                                    │
//! │   drains            never                                                 │
//! │   first loss        in 4 d at the latest                                  │
//! │ readings                                                                  │
//! │   visible            ≈3   2 s ago   sqs:GetQueueAttributes                │
//! │ neighbours                                                                │
//! │ ▸ ◂ dead-letters   ▤ stats          after 3 receives                      │
//! │ attributes                                                                │
//! │   VisibilityTimeout  30                                                   │
//! │   Policy                                                                  │
//! │     {                                                                     │
//! │       "Version": "2012-10-17",                                            │
//! ╰──────────── j/k choose a neighbour · enter go there · esc back ───────────╯
//! ```

mod flow;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Overlay, Press, Wish};
use crate::{
    commands::Command,
    domain::{Link, Reading, ResourceId, Unit, units},
    panes::View,
    store::Entry,
    theme::{Role, Theme},
    widgets::{
        json_view::{JsonDocument, Limits},
        panel::{self, centered},
        text,
    },
};

/// Lines of what it said last.
const MOST_HEARD: usize = 8;
/// A text that does not fit goes on where it began if that leaves this many columns, and else on lines of its own.
const LEAST_ROOM: u16 = 24;
/// Columns before the lines of a text that has its own.
const INDENT: u16 = 4;
/// The width of a part that takes what is left, and of one that takes what it needs.
const REST: u16 = u16::MAX;
const NATURAL: u16 = 0;

#[derive(Debug)]
pub struct Detail {
    id: ResourceId,
    /// Index among the neighbours.
    chosen: usize,
    offset: usize,
    /// The chosen neighbour was moved to: the next drawing brings it into the window.
    follow: bool,
    /// Where each neighbour's line was drawn last.
    places: Vec<(Rect, ResourceId)>,
}

/// One line of the page: its pieces, and the neighbour that it stands for.
struct Line {
    parts: Vec<(Role, String, u16)>,
    neighbour: Option<ResourceId>,
}

impl Line {
    fn of(role: Role, text: impl Into<String>) -> Self {
        Self { parts: vec![(role, text.into(), REST)], neighbour: None }
    }

    fn indented(parts: impl IntoIterator<Item = (Role, String)>, indent: u16) -> Self {
        let parts = parts.into_iter().map(|(role, text)| (role, text, NATURAL));
        Self { parts: std::iter::once((Role::Text, String::new(), indent)).chain(parts).collect(), neighbour: None }
    }

    /// The line in as many as it takes to say all of it.
    fn wrapped(mut self, columns: u16) -> Vec<Self> {
        let before: u16 = self.parts.iter().rev().skip(1).map(|(_, _, width)| *width).sum();
        let room = columns.saturating_sub(before);
        let Some((role, text, _)) = self.parts.last().cloned() else { return vec![self] };
        let text = text::clean(&text);
        if text::width(&text) <= usize::from(room) {
            return vec![self];
        }
        let own = columns.saturating_sub(INDENT).max(1);
        if text::width(&text) > usize::from(own)
            && let Some(value) = json(&text)
        {
            self.parts.pop();
            let document = JsonDocument::new(&value, Limits::default()).wrapped(own);
            return std::iter::once(self).chain(document.rows().map(|row| Self::indented(row, INDENT))).collect();
        }
        let mut lines = Vec::new();
        let (indent, pieces) = if room >= LEAST_ROOM || before == 0 {
            let mut pieces = text::wrap(&text, usize::from(room.max(1))).into_iter();
            if let Some(last) = self.parts.last_mut() {
                last.1 = pieces.next().unwrap_or_default().to_owned();
            }
            (before, pieces.collect::<Vec<_>>())
        } else {
            self.parts.pop();
            (INDENT, text::wrap(&text, usize::from(own)))
        };
        lines.push(self);
        lines.extend(pieces.into_iter().map(|piece| Self::indented([(role, piece.to_owned())], indent)));
        lines
    }

    fn draw(&self, place: Rect, buf: &mut Buffer, theme: &Theme) {
        let mut rest = place;
        for (role, part, width) in &self.parts {
            let style = theme.style(*role);
            let used = match *width {
                NATURAL => text::put(buf, rest, part, style, theme.glyphs.ellipsis),
                width => {
                    let cell = rest.width.min(width);
                    let gap = u16::from(width != REST && width > 2);
                    let place = Rect { width: cell.saturating_sub(gap), ..rest };
                    text::put(buf, place, part, style, theme.glyphs.ellipsis);
                    cell
                }
            };
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        }
    }
}

/// A policy or pattern, if the text is one.
fn json(text: &str) -> Option<serde_json::Value> {
    text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten()
}

impl Detail {
    pub fn new(id: ResourceId) -> Self {
        Self { id, chosen: 0, offset: 0, follow: false, places: Vec::new() }
    }

    fn page(&self, view: &View<'_>) -> Vec<Line> {
        let mut lines = vec![Line::of(Role::Dim, self.id.as_str())];
        let Some(entry) = view.store.get(&self.id) else {
            lines.push(Line::of(Role::Unknown, "not in this account and Region, or gone: only its name is known"));
            lines.extend(self.links(view));
            return lines;
        };
        lines.extend(verdicts(entry, view));
        lines.extend(flow::backlog(entry, view));
        lines.extend(readings(entry, view));
        lines.extend(self.links(view));
        lines.extend(attributes(entry));
        lines.extend(heard(entry, view));
        lines
    }

    /// Keeps the page in the window, and the chosen neighbour too when it was just moved to.
    fn scroll(&mut self, lines: &[Line], height: usize) {
        if std::mem::take(&mut self.follow) {
            let neighbours = lines.iter().enumerate().filter(|(_, line)| line.neighbour.is_some());
            if let Some((row, _)) = neighbours.clone().nth(self.chosen) {
                self.offset = self.offset.clamp((row + 1).saturating_sub(height), row);
            }
        }
        self.offset = self.offset.min(lines.len().saturating_sub(height));
    }

    fn links(&self, view: &View<'_>) -> Vec<Line> {
        let topology = view.store.topology();
        let glyphs = view.theme.glyphs;
        let incoming = topology.to(&self.id).map(|link| (glyphs.arrow_left, &link.from, link));
        let outgoing = topology.from(&self.id).map(|link| (glyphs.arrow_right, &link.to, link));
        let mut lines: Vec<Line> =
            incoming.chain(outgoing).map(|(arrow, other, link)| neighbour(arrow, other, link, view)).collect();
        if !lines.is_empty() {
            lines.insert(0, heading("neighbours"));
        }
        lines
    }
}

fn heading(text: &str) -> Line {
    Line::of(Role::Title, text)
}

fn verdicts(entry: &Entry, view: &View<'_>) -> Vec<Line> {
    if entry.verdicts.is_empty() {
        return vec![Line::of(Role::Dim, format!("{} well, as far as edatop can see", view.theme.glyphs.ok))];
    }
    let line = |verdict: &crate::domain::Verdict| {
        let (mark, role) = view.mark(verdict.health);
        Line::of(role, format!("{mark} {} · since {}", verdict.reason, view.since(verdict)))
    };
    entry.verdicts.iter().map(line).collect()
}

fn readings(entry: &Entry, view: &View<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = entry
        .tracks()
        .map(|track| {
            let age = units::Age(track.last.age_seconds(view.now));
            let stale = view.store.is_stale(entry, track.metric, view.now);
            let role = if stale { Role::Stale } else { Role::Text };
            Line {
                parts: vec![
                    (Role::Dim, format!("  {}", track.metric.name), 18),
                    (role, show(track.metric.unit, track.last, view), 14),
                    (Role::Dim, format!("{age} ago"), 14),
                    (Role::Dim, track.last.source.to_owned(), REST),
                ],
                neighbour: None,
            }
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(0, heading("readings"));
    }
    lines
}

fn show(unit: Unit, reading: Reading, view: &View<'_>) -> String {
    let value = reading.value;
    match unit {
        Unit::Count => units::Count(value).to_string(),
        Unit::Bytes => units::Bytes(value).to_string(),
        Unit::Seconds => units::Age(value).to_string(),
        Unit::PerSecond => format!("{}/s", units::PerSecond(value)),
        Unit::PerMinute => format!("{}/min", units::Count(value)),
        Unit::UnixSeconds => match jiff::Timestamp::from_second(value as i64) {
            Ok(at) => view.clock(at),
            Err(_) => "-".to_owned(),
        },
    }
}

fn neighbour(arrow: &str, other: &ResourceId, link: &Link, view: &View<'_>) -> Line {
    let known = view.store.get(other);
    let kind = known.map_or_else(
        || other.arn().map_or(crate::domain::Kind::External, |arn| crate::domain::Kind::of_arn(&arn)),
        |entry| entry.resource.kind,
    );
    let (mark, role) = known.map_or(("?", Role::Unknown), |entry| view.mark(entry.health()));
    let how =
        serde_json::to_value(link.kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    Line {
        parts: vec![
            (Role::Link, format!("  {arrow} {how}"), 18),
            (role, mark.to_owned(), 2),
            (Role::Dim, view.glyph(kind).to_owned(), 2),
            (Role::Text, view.store.name_of(other).to_owned(), 34),
            (Role::Dim, flow::beside(&link.label, link, view), REST),
        ],
        neighbour: Some(other.clone()),
    }
}

fn attributes(entry: &Entry) -> Vec<Line> {
    let mut lines: Vec<Line> = entry
        .resource
        .attributes
        .iter()
        .map(|(name, value)| Line {
            parts: vec![(Role::Dim, format!("  {name}"), 34), (Role::Text, value.clone(), REST)],
            neighbour: None,
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(0, heading("attributes"));
    }
    lines
}

fn heard(entry: &Entry, view: &View<'_>) -> Vec<Line> {
    let group = view.store.topology().log_group(&entry.resource.id).unwrap_or(&entry.resource.id);
    let mut lines: Vec<Line> = view
        .store
        .feed()
        .of(group)
        .take(MOST_HEARD)
        .map(|heard| Line {
            parts: vec![(Role::Dim, format!("  {}", view.clock(heard.at)), 10), (Role::Warn, heard.text.clone(), REST)],
            neighbour: None,
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(0, heading("said last"));
    }
    lines
}

impl Overlay for Detail {
    fn key(&mut self, press: Press, view: &View<'_>) -> Wish {
        let neighbours: Vec<ResourceId> = self.page(view).into_iter().filter_map(|line| line.neighbour).collect();
        let last = neighbours.len().saturating_sub(1);
        match press.command {
            Some(Command::Up) => (self.chosen, self.follow) = (self.chosen.saturating_sub(1), true),
            Some(Command::Down) => (self.chosen, self.follow) = ((self.chosen + 1).min(last), true),
            Some(Command::PageUp) => self.offset = self.offset.saturating_sub(10),
            Some(Command::PageDown) => self.offset += 10,
            Some(Command::Top) => (self.chosen, self.offset) = (0, 0),
            Some(Command::Bottom) => (self.chosen, self.offset) = (last, usize::MAX / 2),
            Some(Command::Open) => return neighbours.get(self.chosen).map_or(Wish::Stay, |id| Wish::Open(id.clone())),
            Some(Command::CopyId) => return Wish::Copy(self.id.to_string()),
            Some(Command::Desk) => return Wish::Desk(self.id.clone()),
            Some(Command::LookInside) => return Wish::LookInside(self.id.clone()),
            Some(Command::Probe) => return Wish::Probe(self.id.clone()),
            Some(Command::Logs) => return Wish::Logs(self.id.clone()),
            Some(Command::Back) => return Wish::Close,
            Some(
                command @ (Command::Quit
                | Command::Help
                | Command::Palette
                | Command::NextAlarm
                | Command::PreviousAlarm),
            ) => {
                return if command == Command::Quit { Wish::Close } else { Wish::Do(command) };
            }
            _ => {}
        }
        Wish::Stay
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let theme = view.theme;
        // Where columns are scarce, it takes them all.
        let width = if area.width < 100 { area.width } else { (area.width - 8).min(140) };
        let lines: Vec<Line> =
            self.page(view).into_iter().flat_map(|line| line.wrapped(width.saturating_sub(4))).collect();
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, width, wanted.min(area.height.saturating_sub(2)));
        let kind = view.store.get(&self.id).map_or("", |entry| view.glyph(entry.resource.kind));
        let title = format!("{kind} {}", text::clean(view.store.name_of(&self.id)));
        let hints = "j/k neighbour · enter go there · pgdn more · y copy ARN · esc back";
        let inner = panel::Overlay { title: title.trim(), hints, theme }.render(place, buf);
        self.scroll(&lines, usize::from(inner.height));
        self.places.clear();
        let mut neighbour = lines.iter().take(self.offset).filter(|line| line.neighbour.is_some()).count();
        for (y, line) in (inner.top()..inner.bottom()).zip(lines.iter().skip(self.offset)) {
            let row = Rect { y, height: 1, ..inner };
            line.draw(Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..row }, buf, theme);
            if let Some(id) = &line.neighbour {
                self.places.push((row, id.clone()));
                if neighbour == self.chosen {
                    buf.set_style(row, theme.style(Role::Selection));
                }
                neighbour += 1;
            }
        }
    }

    fn wheel(&mut self, lines: isize) {
        self.offset = self.offset.saturating_add_signed(lines);
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        let hit = self.places.iter().find(|(place, _)| place.contains(at));
        hit.map_or(Wish::Stay, |(_, id)| Wish::Open(id.clone()))
    }

    fn subject(&self) -> Option<&ResourceId> {
        Some(&self.id)
    }

    fn ages(&self) -> bool {
        true
    }
}
