//! What is not well, the worst first, in words.
//!
//! ```text
//! ── now ──────────────────────────────────────────────────────────────────────────────── n next alarm ──
//!  ✖ ▤ stats-dlq          13:59  3 dead letters from stats · stats-fn: ValueError: cannot price cart 4
//!  ▲ ƒ translator         13:58  9 errors in the last minute · TimeoutError
//!  ?   kinesis                   kinesis:ListStreams: permission denied
//!  ✔   31 resources are quiet
//! ```
//!
//! Resources that are unknown for one and the same reason are one line, not a thousand.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::Widget,
};

use super::View;
use crate::{
    domain::{Failure, FailureKind, Health, Kind, ResourceId, units::Age},
    store::{Alarm, Entry, health, polls::Poll},
    theme::Role,
    widgets::{panel::Separator, text},
};

/// More than this that are gone are one line.
const MOST_GONE: usize = 5;

/// One line.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    health: Health,
    glyph: &'static str,
    name: String,
    since: String,
    text: String,
    target: Option<ResourceId>,
}

/// The section, with the alarm that was gone to last.
#[derive(Debug, Default)]
pub struct Now {
    lines: Vec<Line>,
    quiet: usize,
    known: usize,
    /// What is wrong with the architecture itself, whatever flows at the moment.
    findings: usize,
    chosen: Option<ResourceId>,
    area: Rect,
    shown_from: usize,
}

impl Now {
    pub fn refresh(&mut self, view: &View<'_>) {
        self.lines.clear();
        let is_gone = |alarm: &&Alarm| alarm.verdict.rule == health::GONE;
        let gone = view.store.alarms().iter().filter(is_gone).count();
        for alarm in view.store.alarms().iter().filter(|alarm| alarm.verdict.health > Health::Unknown) {
            if gone > MOST_GONE && is_gone(&alarm) {
                continue;
            }
            self.lines.push(Line {
                health: alarm.verdict.health,
                glyph: view.glyph(alarm.kind),
                name: alarm.name.clone(),
                since: view.since(&alarm.verdict),
                text: alarm.verdict.reason.clone(),
                target: Some(alarm.id.clone()),
            });
        }
        if gone > MOST_GONE {
            self.lines.extend(many_gone(view, gone));
        }
        match view.store.polls().outage() {
            // All else is as it was: this comes first.
            Some(failure) => self.lines.insert(0, no_answer(failure, view)),
            None => self.lines.extend(failing_pollers(view)),
        }
        self.lines.extend(denied_resources(view));
        self.lines.extend(mistakes(view));
        // A stack or a tag is a name for others.
        let is_thing = |entry: &&Entry| entry.gone.is_none() && entry.resource.kind != Kind::Group;
        let living = || view.store.entries().filter(is_thing);
        self.known = living().count();
        self.findings = view.store.findings().iter().filter(|finding| finding.ignored.is_none()).count();
        self.quiet = living().filter(|entry| entry.health() == Health::Ok).count();
    }

    /// Lines that it would like to have, its title among them.
    pub fn wants(&self) -> u16 {
        u16::try_from(self.lines.len().min(100)).unwrap_or(100) + 2
    }

    /// The next resource that is not well, or the one before, round and round.
    pub fn step(&mut self, forward: bool) -> Option<ResourceId> {
        let mut targets: Vec<&ResourceId> = Vec::new();
        for id in self.lines.iter().filter_map(|line| line.target.as_ref()) {
            if !targets.contains(&id) {
                targets.push(id);
            }
        }
        let here = targets.iter().position(|id| Some(*id) == self.chosen.as_ref());
        let next = match (here, forward) {
            (None, true) => 0,
            (None, false) => targets.len().checked_sub(1)?,
            (Some(here), true) => (here + 1) % targets.len(),
            (Some(here), false) => (here + targets.len() - 1) % targets.len(),
        };
        self.chosen = targets.get(next).map(|id| (*id).clone());
        self.chosen.clone()
    }

    /// The resource on a clicked line.
    pub fn at(&mut self, at: Position) -> Option<ResourceId> {
        if !self.area.contains(at) {
            return None;
        }
        let line = self.lines.get(self.shown_from + usize::from(at.y.checked_sub(self.area.y + 1)?))?;
        self.chosen.clone_from(&line.target);
        self.chosen.clone()
    }

    pub fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.area = area;
        let alarms = self.lines.iter().filter(|line| line.target.is_some()).count();
        let right = if alarms > 0 { format!("{alarms} not well · n next") } else { String::new() };
        Separator { title: "now", right: &right, focused: false, theme: view.theme }
            .render(Rect { height: 1, ..area }, buf);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let room = usize::from(body.height);
        let fits = self.lines.len() < room;
        let shown = if fits { self.lines.len() } else { room.saturating_sub(1) };
        let chosen = self.lines.iter().position(|line| line.target.is_some() && line.target == self.chosen);
        self.shown_from = chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(shown.max(1)));
        for (offset, line) in self.lines.iter().skip(self.shown_from).take(shown).enumerate() {
            let place = Rect { y: body.y + offset as u16, height: 1, ..body };
            draw_line(line, place, buf, view, line.target.is_some() && line.target == self.chosen);
        }
        if body.height > 0 {
            let place = Rect { y: body.y + shown as u16, height: 1, ..body };
            self.draw_summary(place, buf, view, self.lines.len() - shown);
        }
    }
}

/// One line for all that went at once: an endpoint that was restarted empty, a stack that was deleted.
fn many_gone(view: &View<'_>, gone: usize) -> Option<Line> {
    let first = view.store.alarms().iter().find(|alarm| alarm.verdict.rule == health::GONE)?;
    Some(Line {
        health: first.verdict.health,
        glyph: view.glyph(first.kind),
        name: format!("{} and {} more", first.name, gone - 1),
        since: view.since(&first.verdict),
        text: "gone: they were deleted, or are no longer listed".to_owned(),
        target: Some(first.id.clone()),
    })
}

/// One line for an endpoint that does not answer: everything is as it was.
fn no_answer(failure: &Failure, view: &View<'_>) -> Line {
    let polls = view.store.polls();
    let (since, next) = polls.outage_times();
    let mut text = failure.error.clone();
    if let Some(at) = polls.iter().filter_map(|(_, poll)| poll.last_good).max() {
        text.push_str(&format!(" · what is shown was read {} ago", Age::between(at, view.now)));
    }
    if let Some(next) = next.filter(|next| *next > view.now) {
        text.push_str(&format!(" · next try in {}", Age::between(view.now, next)));
    }
    let since = since.map(|since| view.clock(since)).unwrap_or_default();
    let name = failure_word(failure).to_owned();
    Line { health: Health::Crit, glyph: " ", name, since, text, target: None }
}

/// What an outage is called.
pub fn failure_word(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::Denied => "not let in",
        FailureKind::Expired => "login expired",
        FailureKind::Garbage => "no sense",
        _ => "no answer",
    }
}

/// One line for each poller that fails as a whole: all that it knew is unknown now.
fn failing_pollers(view: &View<'_>) -> Vec<Line> {
    let line = |(poller, poll): (&'static str, &Poll)| {
        let failure = poll.total_failure()?;
        let known = view.store.entries().filter(|entry| entry.poller == poller).count();
        let mut text = failure.error.clone();
        if known > 0 {
            let seen = poll.last_good.map(|at| format!(", last read {} ago", Age::between(at, view.now)));
            let plural = if known == 1 { "" } else { "s" };
            text = format!("{text} · {known} resource{plural} unknown{}", seen.unwrap_or_default());
        }
        let since = poll.failing_since.map(|since| view.clock(since)).unwrap_or_default();
        Some(Line { health: Health::Unknown, glyph: " ", name: failure.operation.clone(), since, text, target: None })
    };
    view.store.polls().iter().filter_map(line).collect()
}

/// One line for the resources of a poller that could not be read one by one.
fn denied_resources(view: &View<'_>) -> Vec<Line> {
    view.store
        .polls()
        .iter()
        .filter_map(|(poller, poll)| {
            let is_ours = |id: &ResourceId| view.store.get(id).is_some_and(|entry| entry.poller == poller);
            let mut unread = poll.unread().filter(|(id, _)| is_ours(id));
            let (first, failure) = unread.next()?;
            let name = match unread.count() {
                0 => view.store.name_of(first).to_owned(),
                more => format!("{} and {more} more", view.store.name_of(first)),
            };
            let text = format!("{}: {}", failure.operation, failure.error);
            Some(Line {
                health: Health::Unknown,
                glyph: " ",
                name,
                since: String::new(),
                text,
                target: Some(first.clone()),
            })
        })
        .collect()
}

/// What the configuration declares in vain. Not before something has been listed: until then nothing has a name.
fn mistakes(view: &View<'_>) -> Vec<Line> {
    let line = |failure: &Failure| Line {
        health: Health::Unknown,
        glyph: " ",
        name: failure.operation.clone(),
        since: String::new(),
        text: failure.error.clone(),
        target: None,
    };
    let known = view.store.polls().answered() > 0;
    view.store.mistakes().iter().filter(|_| known).map(line).collect()
}

/// Writes ` ✖ ▤ name  13:59  why`.
fn draw_line(line: &Line, area: Rect, buf: &mut Buffer, view: &View<'_>, chosen: bool) {
    let theme = view.theme;
    let (mark, role) = view.mark(line.health);
    let more = theme.glyphs.ellipsis;
    let name_width = (area.width / 4).clamp(16, 36);
    let at = |x: u16, width: u16| Rect { x: area.x + x, width: width.min(area.width.saturating_sub(x)), ..area };
    text::put(buf, at(1, 1), mark, theme.style(role), "");
    text::put(buf, at(3, 1), line.glyph, theme.style(Role::Dim), "");
    if line.target.is_none() {
        // What is about no resource needs no columns, but all the room for its words.
        let used = 5 + text::put(buf, at(5, area.width), &line.name, theme.style(Role::Title), more) + 1;
        let used = used + text::put(buf, at(used, area.width), &line.since, theme.style(Role::Dim), more) + 1;
        text::put(buf, at(used, area.width), &line.text, theme.style(role), more);
        return;
    }
    let safe = text::clean(&line.name);
    let name = text::fit_middle_with(&safe, usize::from(name_width), more);
    text::put(buf, at(5, name_width), &name, theme.style(Role::Title), more);
    text::put_right(buf, at(6 + name_width, 7), &line.since, theme.style(Role::Dim), more);
    text::put(buf, at(15 + name_width, area.width), &line.text, theme.style(role), more);
    if chosen {
        buf.set_style(area, theme.style(Role::Selection));
    }
}

impl Now {
    /// The last line: how much is quiet, and how many lines found no room.
    fn draw_summary(&self, area: Rect, buf: &mut Buffer, view: &View<'_>, hidden: usize) {
        let theme = view.theme;
        let polls = view.store.polls();
        let (mark, role, text) = if self.known == 0 && polls.answered() == 0 {
            (theme.glyphs.quiet, Role::Dim, "looking…".to_owned())
        } else if self.known == 0 && polls.outage().is_some() {
            (theme.glyphs.quiet, Role::Dim, "what is here is not known".to_owned())
        } else if self.known == 0 && self.lines.is_empty() {
            (
                theme.glyphs.quiet,
                Role::Dim,
                "nothing is deployed here: no queue, topic, function, table, bucket, rule or log group".to_owned(),
            )
        } else if hidden > 0 {
            (
                theme.glyphs.quiet,
                Role::Dim,
                format!("{hidden} more not well: n goes through them · {} quiet", self.quiet),
            )
        } else if self.lines.is_empty() {
            (
                theme.glyphs.ok,
                Role::Ok,
                if self.known == 1 {
                    "the one resource here is quiet".to_owned()
                } else {
                    format!("all {} resources are quiet", self.known)
                },
            )
        } else {
            (theme.glyphs.quiet, Role::Dim, format!("{} of {} resources are quiet", self.quiet, self.known))
        };
        let text = match self.findings {
            0 => text,
            1 => format!("{text} · 1 finding !"),
            many => format!("{text} · {many} findings !"),
        };
        text::put(
            buf,
            Rect { x: area.x + 1, width: area.width.saturating_sub(1).min(1), ..area },
            mark,
            theme.style(role),
            "",
        );
        let place = Rect { x: area.x + 5, width: area.width.saturating_sub(5), ..area };
        text::put(buf, place, &text, theme.style(Role::Dim), theme.glyphs.ellipsis);
    }
}
