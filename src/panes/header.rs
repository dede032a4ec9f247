//! The first line: what we look at, whether it answers, what looking costs.
//!
//! ```text
//!  edatop ● live  LocalStack localhost:4566 · 000000000000 · us-east-1        38 resources  12 calls/s  ≈$0.14/day  14:03
//! ```

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{View, now::failure_word};
use crate::{
    domain::units::{Age, Dollars, PerSecond},
    theme::Role,
    widgets::status_line::{Segment, StatusLine},
};

/// What does not come from the pollers: where we are connected to, as whom, and what it costs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Session {
    /// `LocalStack localhost:4566`, `AWS`.
    pub place: String,
    pub region: String,
    /// Whether money and identities here are real.
    pub on_aws: bool,
    /// Account number, or what is known instead.
    pub account: String,
    /// Who we are: the last part of the caller's ARN.
    pub identity: String,
    pub read_only: bool,
    /// As shown: rounded, so that a change is a change on screen.
    pub cost: Cost,
    /// How many services are read.
    pub services: usize,
    /// Operations that the endpoint does not have.
    pub missing: usize,
    /// Since when the picture is held still.
    pub held: Option<Timestamp>,
}

/// Calls and money, as numbers that people read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cost {
    pub calls_per_second: String,
    pub dollars_per_day: String,
    pub throttles: u64,
}

impl Cost {
    /// Rounds.
    pub fn new(calls_per_second: f64, dollars_per_day: f64, throttles: u64) -> Self {
        Self {
            calls_per_second: PerSecond(calls_per_second).to_string(),
            dollars_per_day: Dollars(dollars_per_day).to_string(),
            throttles,
        }
    }
}

/// The line where messages may be moved: whose they are stays, whatever has no room. What is real money stands out.
pub fn draw_place(session: &Session, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let place = [&session.place, &session.account, &session.region].into_iter().filter(|part| !part.is_empty());
    let place = place.map(String::as_str).collect::<Vec<_>>().join(&format!(" {} ", view.theme.glyphs.dot));
    let place = if session.on_aws {
        Segment::new(Role::Selection, format!(" {place} "), 255)
    } else {
        Segment::new(Role::Text, format!(" {place}"), 255)
    };
    let mut left = vec![place, state(session, view)];
    if !session.identity.is_empty() {
        left.push(Segment::new(Role::Text, session.identity.as_str(), 110));
    }
    let mut right = Vec::new();
    if session.read_only {
        right.push(Segment::new(Role::Accent, "READ-ONLY", 250));
    }
    right.push(Segment::new(Role::Footer, format!("{} ", view.clock(view.now)), 150));
    StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
}

/// Draws the line.
pub fn draw(session: &Session, area: Rect, buf: &mut Buffer, view: &View<'_>) {
    let mut left = vec![Segment::new(Role::Title, " edatop", 250), state(session, view)];
    // What it costs matters more than whose it is, once the place is said.
    let place = [(&session.place, 200), (&session.account, 75), (&session.region, 110), (&session.identity, 50)];
    let place = place.into_iter().filter(|(part, _)| !part.is_empty());
    left.extend(place.map(|(part, priority)| Segment::new(Role::Text, part.as_str(), priority)));
    let polls = view.store.polls();
    let mut right = vec![
        Segment::new(Role::Footer, format!("{} resources", view.store.here()), 60),
        Segment::new(Role::Footer, format!("{} calls/s", session.cost.calls_per_second), 90),
    ];
    let money = format!("{}{}/day", view.theme.glyphs.approx, session.cost.dollars_per_day);
    let money = if session.on_aws { money } else { format!("{money} on AWS") };
    right.push(Segment::new(Role::Estimate, money, 80));
    if session.cost.throttles > 0 {
        right.push(Segment::new(
            Role::Warn,
            format!("throttled {}{}", view.theme.glyphs.times, session.cost.throttles),
            95,
        ));
    }
    if session.missing > 0 {
        right.push(Segment::new(Role::Unknown, format!("{} not offered here", session.missing), 30));
    }
    if session.read_only {
        right.push(Segment::new(Role::Accent, "read-only", 100));
    }
    if polls.answered() < session.services && session.held.is_none() {
        right.push(Segment::new(Role::Dim, format!("{} of {} services read", polls.answered(), session.services), 70));
    }
    right.push(Segment::new(Role::Footer, format!("{} ", view.clock(view.now)), 150));
    StatusLine { left: &left, right: &right, theme: view.theme }.render(area, buf);
}

fn state(session: &Session, view: &View<'_>) -> Segment<'static> {
    let polls = view.store.polls();
    let live = view.theme.glyphs.live;
    if let Some(since) = session.held {
        return Segment::new(Role::Accent, format!("held at {} · space goes on", view.clock(since)), 240);
    }
    if let Some(failure) = polls.outage() {
        let (since, next) = polls.outage_times();
        let since = since.map(|since| format!(" for {}", Age::between(since, view.now))).unwrap_or_default();
        let next =
            next.filter(|next| *next > view.now).map(|next| format!(", next try in {}", Age::between(view.now, next)));
        return Segment::new(
            Role::Crit,
            format!("{} {}{since}{}", view.theme.glyphs.crit, failure_word(failure), next.unwrap_or_default()),
            240,
        );
    }
    let failing = polls.iter().filter(|(name, _)| polls.is_failing(name)).count();
    match (polls.answered(), failing) {
        (0, _) => Segment::new(Role::Dim, format!("{live} connecting"), 240),
        (_, 0) => Segment::new(Role::Ok, live, 240).then(Role::Footer, " live"),
        (_, failing) => Segment::new(Role::Unknown, format!("{live} live but for {failing}"), 240),
    }
}
