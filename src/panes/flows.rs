//! Whole architectures, the worst first, one line each: what a message passes, how many come in, how many are dead or wait.
//!
//! ```text
//! ── flows ──────────────────────────────────────────────────────────────────────────────── 8 · 3 more ──
//!  ✖ event-fork        ◇ ──▶ 3 ▤ ──▶ 3 ƒ                  in   ≥42/s  ▁▂▂▃▅▇▇▆▅▅▅▅   dead     3   oldest      4 s
//!  ▲ jobs              ⌁ ──▶ ƒ ──▶ ◇ ──▶ 2 ▤ ──▶ 2 ƒ ──▶ ▦ ◍
//! ```
//!
//! A sign in the way has the colour of the worst that stands there. What comes in is counted at the first topic, queue, stream or bus.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::Widget,
};

use super::{View, column::SPARK_SECONDS};
use crate::{
    domain::{
        Health, Kind, Link, LinkKind, ResourceId,
        reading::{DELAYED, IN_FLIGHT, IN_RATE, VISIBLE},
        units::{Age, Count, PerSecond},
    },
    store::{
        Entry,
        flows::Flow,
        rates::{Bound, Rate},
    },
    theme::Role,
    widgets::{
        panel::Separator,
        sparkline::{Scale, Sparkline},
        text,
    },
};

/// Lines at most: what is well and further down is on the map.
const MOST: usize = 5;
/// Steps of a way that are drawn; a line holds no more.
const MOST_STAGES: usize = 24;
/// Columns of the sparkline.
const SPARK: usize = 12;
/// Narrower than this, only the way and what is dead are shown.
const NUMBERS_FROM: u16 = 100;

/// One line.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    health: Health,
    name: String,
    way: Vec<(Role, String)>,
    inflow: Option<Inflow>,
    /// Messages in its dead-letter queues, if it has any.
    dead: Option<f64>,
    /// Seconds that the oldest message waits.
    oldest: Option<f64>,
    entry: ResourceId,
}

/// What comes in, and came.
#[derive(Debug, Clone, PartialEq)]
struct Inflow {
    per_second: f64,
    /// There may have been more.
    at_least: bool,
    role: Role,
    past: Vec<Option<f64>>,
}

/// The band.
#[derive(Debug, Default)]
pub struct Flows {
    lines: Vec<Line>,
    known: usize,
    area: Rect,
}

impl Flows {
    pub fn refresh(&mut self, view: &View<'_>) {
        let flows = view.store.flows();
        self.known = flows.len();
        self.lines = flows.iter().take(MOST).map(|flow| line(flow, view)).collect();
    }

    /// Lines that it would like to have, its title among them; none without flows.
    pub fn wants(&self) -> u16 {
        if self.lines.is_empty() { 0 } else { self.lines.len() as u16 + 1 }
    }

    /// Where the flow on a clicked line begins.
    pub fn at(&self, at: Position) -> Option<ResourceId> {
        if !self.area.contains(at) {
            return None;
        }
        let line = self.lines.get(usize::from(at.y.checked_sub(self.area.y + 1)?))?;
        Some(line.entry.clone())
    }

    pub fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.area = area;
        if area.height == 0 {
            return;
        }
        let shown = self.lines.len().min(usize::from(area.height - 1));
        let more = self.known - shown;
        let right = if more > 0 { format!("{more} more") } else { String::new() };
        Separator { title: "flows", right: &right, focused: false, theme: view.theme }
            .render(Rect { height: 1, ..area }, buf);
        let widths = Widths::of(&self.lines[..shown], area.width);
        for (line, y) in self.lines.iter().take(shown).zip(area.y + 1..) {
            draw_line(line, widths, Rect { y, height: 1, ..area }, buf, view);
        }
    }
}

fn line(flow: &Flow, view: &View<'_>) -> Line {
    Line {
        health: flow.health,
        name: flow.name.clone(),
        way: way(flow, view),
        inflow: inflow(flow, view),
        dead: dead(flow, view),
        oldest: oldest(flow, view),
        entry: flow.entry.clone(),
    }
}

/// `◇ ──▶ 3 ▤ ──▶ 3 ƒ`, piece by piece.
fn way(flow: &Flow, view: &View<'_>) -> Vec<(Role, String)> {
    let mut pieces = Vec::new();
    for (step, stage) in flow.stages.iter().take(MOST_STAGES).enumerate() {
        if step > 0 {
            pieces.push((Role::Link, format!(" {} ", view.theme.glyphs.flows_to)));
        }
        for (place, (kind, members)) in stage.kinds.iter().enumerate() {
            let gap = if place > 0 { " " } else { "" };
            let count = if members.len() > 1 { format!("{gap}{} ", members.len()) } else { gap.to_owned() };
            pieces.push((Role::Dim, count));
            pieces.push((role(members, view), view.glyph(*kind).to_owned()));
        }
    }
    pieces
}

/// The role of the worst of these. A queue is as bad as the dead letters that it made.
fn role(members: &[ResourceId], view: &View<'_>) -> Role {
    let store = view.store;
    let health = |id: &ResourceId| store.get(id).map_or(Health::Ok, Entry::health);
    let dead = |id: &ResourceId| store.topology().dead_letter_target(id).map_or(Health::Ok, |link| health(&link.to));
    let worst = members.iter().map(|id| health(id).max(dead(id))).max().unwrap_or_default();
    if worst == Health::Ok { Role::Text } else { view.mark(worst).1 }
}

/// What the busiest of those takes in that a message meets first. A topic hands each message to several queues, so that their sum would
/// be more than came. Its past is that of the first queue: nothing else is read often enough.
fn inflow(flow: &Flow, view: &View<'_>) -> Option<Inflow> {
    let shared = |id: &&ResourceId| view.store.flows_of(id).nth(1).is_some();
    let held = |kind: Kind| matches!(kind, Kind::Topic | Kind::Queue | Kind::Stream | Kind::DeliveryStream | Kind::Bus);
    let own = |(kind, members): &(Kind, Vec<ResourceId>)| held(*kind) && !members.iter().any(|id| shared(&id));
    let (_, first) = flow.stages.iter().find_map(|stage| stage.kinds.iter().find(|kind| own(kind)))?;
    let rate = first.iter().filter_map(|id| arriving(id, view)).max_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let queues = flow.stages.iter().find_map(|stage| stage.kinds.iter().find(|(kind, _)| *kind == Kind::Queue));
    let busiest = queues
        .into_iter()
        .flat_map(|(_, queues)| queues)
        .filter_map(|id| view.store.get(id))
        .filter_map(|queue| Some((queue, queue.value(IN_RATE)?)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    let (per_second, at_least, stale) = match (rate, busiest) {
        (Some(rate), _) => (rate.per_second, rate.bound != Bound::Exact || first.len() > 1, false),
        (None, Some((queue, rate))) => (rate, true, view.store.is_stale(queue, IN_RATE, view.now)),
        (None, None) => return None,
    };
    let role = match stale {
        true => Role::Stale,
        false if per_second == 0.0 => Role::Dim,
        false => Role::Text,
    };
    let series = busiest.and_then(|(queue, _)| queue.series(IN_RATE));
    let mut past = series.map(|series| series.cells(view.now, SPARK_SECONDS, SPARK)).unwrap_or_default();
    // Before the first reading there is nothing to draw.
    past.drain(..past.iter().position(Option::is_some).unwrap_or(past.len()));
    Some(Inflow { per_second, at_least, role, past })
}

/// The rate of the busiest link that brings something here; of what nobody is known to send to, of the busiest that leaves. A rate that
/// several links share is more than came.
fn arriving(id: &ResourceId, view: &View<'_>) -> Option<Rate> {
    let topology = view.store.topology();
    let own = |link: &Link| {
        let carries = link.kind.carries() && link.kind != LinkKind::DeadLetters;
        view.store.rate(link, view.now).filter(|rate| carries && rate.bound != Bound::Shared)
    };
    let busier = |a: &Rate, b: &Rate| a.per_second.total_cmp(&b.per_second);
    // More may have come than any one link took on.
    let leaving =
        || topology.from(id).filter_map(own).max_by(busier).map(|rate| Rate { bound: Bound::AtLeast, ..rate });
    topology.to(id).filter_map(own).max_by(busier).or_else(leaving)
}

fn is_dead_letter_queue(entry: &Entry, view: &View<'_>) -> bool {
    view.store.topology().dead_letter_sources(&entry.resource.id).next().is_some()
}

fn queues<'a>(flow: &'a Flow, view: &View<'a>) -> impl Iterator<Item = &'a Entry> {
    let store = view.store;
    flow.members.iter().filter_map(|id| store.get(id)).filter(|entry| entry.resource.kind == Kind::Queue)
}

/// Nothing where there is no dead-letter queue, or none that could be read.
fn dead(flow: &Flow, view: &View<'_>) -> Option<f64> {
    let held = |entry: &Entry| {
        let visible = entry.value(VISIBLE)?;
        Some(visible + entry.value(IN_FLIGHT).unwrap_or(0.0) + entry.value(DELAYED).unwrap_or(0.0))
    };
    let dead = queues(flow, view).filter(|entry| is_dead_letter_queue(entry, view)).filter_map(held);
    dead.reduce(|sum, one| sum + one)
}

fn oldest(flow: &Flow, view: &View<'_>) -> Option<f64> {
    let waiting = queues(flow, view).filter(|entry| {
        let holds = entry.value(VISIBLE).unwrap_or(0.0) + entry.value(IN_FLIGHT).unwrap_or(0.0);
        holds >= 1.0 && !is_dead_letter_queue(entry, view)
    });
    waiting.filter_map(|entry| entry.oldest_age_seconds(view.now)).reduce(f64::max)
}

/// Columns of the parts of a line: as wide as the widest of the lines drawn, so that they stand under each other.
#[derive(Debug, Clone, Copy)]
struct Widths {
    name: u16,
    rate: u16,
    dead: u16,
    oldest: u16,
}

impl Widths {
    fn of(lines: &[Line], width: u16) -> Self {
        let widest = |least: u16, part: &dyn Fn(&Line) -> Option<String>| {
            let columns = lines.iter().filter_map(part).map(|said| text::width(&said) as u16);
            columns.max().map_or(0, |columns| columns.max(least))
        };
        let full = width >= NUMBERS_FROM;
        Self {
            name: widest(8, &|line| Some(text::clean(&line.name).into_owned())).min((width / 5).clamp(8, 32)),
            rate: if full { widest(11, &Line::said_rate) } else { 0 },
            dead: widest(7, &Line::said_dead),
            oldest: if full { widest(14, &Line::said_oldest) } else { 0 },
        }
    }
}

impl Line {
    fn said_rate(&self) -> Option<String> {
        let sign = |inflow: &Inflow| if inflow.at_least { "≥" } else { "" };
        self.inflow.as_ref().map(|inflow| format!("in {}{}/s", sign(inflow), PerSecond(inflow.per_second)))
    }

    fn said_dead(&self) -> Option<String> {
        self.dead.map(|dead| format!("dead {}", Count(dead)))
    }

    fn said_oldest(&self) -> Option<String> {
        self.oldest.map(|seconds| format!("oldest {}", Age(seconds)))
    }
}

fn draw_line(line: &Line, widths: Widths, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let theme = view.theme;
    let more = theme.glyphs.ellipsis;
    let (mark, role) = view.mark(line.health);
    let at = |x: u16, width: u16| {
        let x = x.min(area.width);
        Rect { x: area.x + x, width: width.min(area.width - x), ..area }
    };
    text::put(buf, at(1, 1), mark, theme.style(role), "");
    let safe = text::clean(&line.name);
    let name = text::fit_middle_with(&safe, usize::from(widths.name), more);
    text::put(buf, at(3, widths.name), &name, theme.style(Role::Title), more);
    let left = 3 + widths.name + 2;
    let right = draw_numbers(line, widths, area, buf, view);
    let mut rest = at(left, right.saturating_sub(left));
    for (role, piece) in &line.way {
        let used = text::put(buf, rest, piece, theme.style(*role), more);
        rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
    }
}

/// Writes the numbers at the right, the last first; returns the column where they begin.
fn draw_numbers(line: &Line, widths: Widths, area: Rect, buf: &mut Buffer, view: &View<'_>) -> u16 {
    let theme = view.theme;
    let mut end = area.width.saturating_sub(1);
    let mut place = |width: u16| {
        let begin = end.saturating_sub(width);
        let place = Rect { x: area.x + begin, width: end - begin, ..area };
        if width > 0 {
            end = begin.saturating_sub(2);
        }
        place
    };
    let mut said = |place: Rect, role: Role, text: Option<String>| {
        text::put_right(buf, place, &text.unwrap_or_default(), theme.style(role), theme.glyphs.ellipsis);
    };
    said(place(widths.oldest), Role::Text, line.said_oldest());
    let is_dead = line.dead.is_some_and(|dead| dead >= 1.0);
    said(place(widths.dead), if is_dead { Role::Crit } else { Role::Dim }, line.said_dead());
    let past = place(if widths.rate > 0 { SPARK as u16 } else { 0 });
    said(place(widths.rate), line.inflow.as_ref().map_or(Role::Dim, |inflow| inflow.role), line.said_rate());
    if let Some(inflow) = &line.inflow {
        Sparkline { samples: &inflow.past, scale: Scale::Own, role: Role::Spark, theme }.render(past, buf);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Fact, Reading, Report, Resource},
        store::Store,
        theme::Theme,
        widgets::testing::{blank, lines},
    };
    use jiff::{Timestamp, tz::TimeZone};
    use rstest::rstest;

    fn queue(name: &str) -> ResourceId {
        format!("arn:aws:sqs:eu-west-1:000000000001:{name}").into()
    }

    fn store(name: &str) -> Store {
        let at = Timestamp::from_second(1_000_000).unwrap();
        let topic = ResourceId::from(format!("arn:aws:sns:eu-west-1:000000000001:{name}"));
        let measured = |name, metric, value| Fact::Measured {
            id: queue(name),
            metric,
            reading: Reading { value, source: "test", at },
        };
        let mut facts = vec![Fact::Found(Resource::new(topic.clone(), Kind::Topic, name))];
        for queue_name in ["a", "b", "dlq"] {
            facts.push(Fact::Found(Resource::new(queue(queue_name), Kind::Queue, queue_name)));
        }
        facts.push(Fact::Linked(Link::configured(topic.clone(), LinkKind::Subscribes, queue("a"))));
        facts.push(Fact::Linked(Link::configured(topic, LinkKind::Subscribes, queue("b"))));
        facts.push(Fact::Linked(Link::configured(queue("a"), LinkKind::DeadLetters, queue("dlq"))));
        facts.extend([measured("dlq", VISIBLE, 3.0), measured("a", IN_RATE, 13.0), measured("b", IN_RATE, 14.0)]);
        let mut store = Store::default();
        store.apply(Report { poller: "sqs", at, facts, round: None });
        store.assess(at);
        store
    }

    fn drawn(store: &Store, width: u16) -> (Flows, Vec<String>) {
        let theme = Theme::default();
        let now = Timestamp::from_second(1_000_001).unwrap();
        let view = View { store, theme: &theme, now, zone: &TimeZone::UTC, ascii: false, beat: 0, read_only: false };
        let mut flows = Flows::default();
        flows.refresh(&view);
        let height = flows.wants();
        let mut buf = blank(width, height);
        flows.draw(Rect::new(0, 0, width, height), &mut buf, &view);
        (flows, lines(&buf))
    }

    #[test]
    fn a_flow_is_one_line() {
        let (flows, lines) = drawn(&store("fork"), 120);
        assert_eq!(lines.len(), 2);
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(words, ["✖", "fork", "◇", "──▶", "2", "▤", "in", "≥14/s", "█", "dead", "3"]);
        assert_eq!(flows.at(Position { x: 5, y: 1 }).unwrap().short_name(), "fork");
        assert_eq!(flows.at(Position { x: 5, y: 0 }), None);
    }

    #[rstest]
    #[case(1)]
    #[case(5)]
    #[case(20)]
    #[case(30)]
    #[case(80)]
    #[case(99)]
    #[case(300)]
    fn it_fits_whatever_the_width_and_the_name(#[case] width: u16) {
        let (_, lines) = drawn(&store(&"名".repeat(256)), width);
        assert!(lines.iter().all(|line| text::width(line) <= usize::from(width)));
    }

    #[test]
    fn nothing_flows_and_nothing_is_drawn() {
        assert_eq!(drawn(&Store::default(), 120).0.wants(), 0);
    }
}
