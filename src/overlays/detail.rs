//! Everything known about one resource, and its neighbours.
//!
//! ```text
//! ╭─ ▤ stats-dlq ─────────────────────────────────────────────────────────────╮
//! │ arn:aws:sqs:us-east-1:000000000000:stats-dlq                              │
//! │ ✖ 3 dead letters from stats · stats-fn: ValueError…      since 13:59      │
//! │                                                                           │
//! │ readings                                                                  │
//! │   visible            ≈3   2 s ago   sqs:GetQueueAttributes                │
//! │ links                                                                     │
//! │ ▸ ◂ dead-letters   ▤ stats          after 3 receives                      │
//! │ attributes                                                                │
//! │   VisibilityTimeout  30                                                   │
//! ╰──────────── j/k choose a neighbour · enter go there · esc back ───────────╯
//! ```

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
    theme::Role,
    widgets::{
        panel::{self, centered},
        text,
    },
};

/// Lines of what it said last.
const MOST_HEARD: usize = 8;

#[derive(Debug)]
pub struct Detail {
    id: ResourceId,
    /// Index among the neighbours.
    chosen: usize,
    offset: usize,
    /// Where each neighbour's line was drawn last.
    places: Vec<(u16, ResourceId)>,
}

/// One line of the page: its pieces, and the neighbour that it stands for.
struct Line {
    parts: Vec<(Role, String, u16)>,
    neighbour: Option<ResourceId>,
}

impl Line {
    fn of(role: Role, text: impl Into<String>) -> Self {
        Self { parts: vec![(role, text.into(), u16::MAX)], neighbour: None }
    }
}

impl Detail {
    pub fn new(id: ResourceId) -> Self {
        Self { id, chosen: 0, offset: 0, places: Vec::new() }
    }

    fn page(&self, view: &View<'_>) -> Vec<Line> {
        let mut lines = vec![Line::of(Role::Dim, self.id.as_str())];
        let Some(entry) = view.store.get(&self.id) else {
            lines.push(Line::of(Role::Unknown, "not in this account and Region, or gone: only its name is known"));
            lines.extend(self.links(view));
            return lines;
        };
        lines.extend(verdicts(entry, view));
        lines.extend(readings(entry, view));
        lines.extend(self.links(view));
        lines.extend(attributes(entry));
        lines.extend(heard(entry, view));
        lines
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
                    (Role::Dim, track.last.source.to_owned(), u16::MAX),
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
            (Role::Text, other.short_name().to_owned(), 34),
            (Role::Dim, link.label.clone(), u16::MAX),
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
            parts: vec![(Role::Dim, format!("  {name}"), 34), (Role::Text, value.clone(), u16::MAX)],
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
            parts: vec![
                (Role::Dim, format!("  {}", view.clock(heard.at)), 10),
                (Role::Warn, heard.text.clone(), u16::MAX),
            ],
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
            Some(Command::Up) => self.chosen = self.chosen.saturating_sub(1),
            Some(Command::Down) => self.chosen = (self.chosen + 1).min(last),
            Some(Command::PageUp) => self.offset = self.offset.saturating_sub(10),
            Some(Command::PageDown) => self.offset += 10,
            Some(Command::Top) => (self.chosen, self.offset) = (0, 0),
            Some(Command::Bottom) => (self.chosen, self.offset) = (last, usize::MAX / 2),
            Some(Command::Open) => return neighbours.get(self.chosen).map_or(Wish::Stay, |id| Wish::Open(id.clone())),
            Some(Command::CopyId) => return Wish::Copy(self.id.to_string()),
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
        let lines = self.page(view);
        let width = (area.width.saturating_sub(8)).min(140);
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let place = centered(area, width, wanted.min(area.height.saturating_sub(2)));
        let kind = view.store.get(&self.id).map_or("", |entry| view.glyph(entry.resource.kind));
        let title = format!("{kind} {}", text::clean(self.id.short_name()));
        let hints = "j/k neighbour · enter go there · pgdn more · y copy ARN · esc back";
        let inner = panel::Overlay { title: title.trim(), hints, theme }.render(place, buf);
        self.offset = self.offset.min(lines.len().saturating_sub(usize::from(inner.height)));
        self.places.clear();
        let mut neighbour = lines.iter().take(self.offset).filter(|line| line.neighbour.is_some()).count();
        for (y, line) in (inner.top()..inner.bottom()).zip(lines.iter().skip(self.offset)) {
            let mut rest = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
            for (role, part, width) in &line.parts {
                let cell = Rect { width: rest.width.min(*width), ..rest };
                let place =
                    Rect { width: cell.width.saturating_sub(u16::from(*width != u16::MAX && *width > 2)), ..cell };
                text::put(buf, place, part, theme.style(*role), theme.glyphs.ellipsis);
                rest = Rect { x: rest.x + cell.width, width: rest.width - cell.width, ..rest };
            }
            if let Some(id) = &line.neighbour {
                self.places.push((y, id.clone()));
                if neighbour == self.chosen {
                    buf.set_style(Rect { x: inner.x, width: inner.width, y, height: 1 }, theme.style(Role::Selection));
                }
                neighbour += 1;
            }
        }
    }

    fn wheel(&mut self, lines: isize) {
        self.offset = self.offset.saturating_add_signed(lines);
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        let hit = self.places.iter().find(|(y, _)| *y == at.y);
        hit.map_or(Wish::Stay, |(_, id)| Wish::Open(id.clone()))
    }

    fn subject(&self) -> Option<&ResourceId> {
        Some(&self.id)
    }

    fn ages(&self) -> bool {
        true
    }
}
