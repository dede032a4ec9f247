//! What a user sees: one file a pane, with its columns, its view state, its keys and a picture of itself.
//!
//! ```text
//!  header    edatop ● live   LocalStack localhost:4566 · 000000000000 · us-east-1      38 resources  12 calls/s  $0.14/day
//!  now       ✖ ▤ stats-dlq   13:59   3 dead letters from stats · stats-fn: ValueError: cannot price cart
//!  services  ▤ 9 queues ✖1   ƒ 4 functions ✔   ≡ 4 log groups ✔   …
//!  flows     ✖ event-fork   ƒ ──▶ ◇ ──▶ 3 ▤ ──▶ 3 ƒ ──▶ ▦ ◍     in ≥14/s ▁▂▃▅▇   dead 3   oldest 4 s
//!  panes     ── queues 1 ── functions 2 ── logs 3 ── …
//!            the rows of the chosen pane
//!  context   ◇ EventFork ──▶ ▤ AnalyticsQueue ⤷ ✖ ▤ AnalyticsDLQ
//!  footer    n next alarm  enter detail  / filter  …
//! ```
//!
//! A pane reads the store through a [`View`] and returns what it wishes as data; it never touches clock, network or files. To add a
//! pane: one file, one row in [`PANES`], and its key in `commands::COMMANDS`.

pub mod buckets;
pub mod column;
pub mod context;
pub mod entries;
pub mod findings;
pub mod flows;
pub mod footer;
pub mod functions;
pub mod header;
pub mod list;
pub mod logs;
pub mod map;
pub mod now;
pub mod queues;
pub mod rules;
pub mod services;
pub mod streams;
pub mod tables;
pub mod topics;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use crate::{
    commands::{Command, Place},
    domain::{Health, Kind, ResourceId, Verdict},
    store::Store,
    theme::{Role, Theme},
};

/// What may be looked at while drawing and deciding.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub store: &'a Store,
    pub theme: &'a Theme,
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    /// Only ASCII is drawn.
    pub ascii: bool,
    /// Grows while marks move; a picture of the same beat is the same.
    pub beat: u64,
    /// Commands that change something are not there.
    pub read_only: bool,
}

impl View<'_> {
    /// A kind's one-column sign.
    pub fn glyph(&self, kind: Kind) -> &'static str {
        if self.ascii { kind.row().ascii } else { kind.row().glyph }
    }

    /// The mark and role of a health. What is well is quiet.
    pub fn mark(&self, health: Health) -> (&'static str, Role) {
        let glyphs = self.theme.glyphs;
        match health {
            Health::Ok => (glyphs.quiet, Role::Dim),
            Health::Unknown => (glyphs.unknown, Role::Unknown),
            Health::Warn => (glyphs.warn, Role::Warn),
            Health::Crit => (glyphs.crit, Role::Crit),
        }
    }

    /// `14:03`, or `20 Nov` when it was not today.
    pub fn clock(&self, at: Timestamp) -> String {
        let (then, now) = (at.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        let format = if then.date() == now.date() { "%H:%M" } else { "%-d %b" };
        then.strftime(format).to_string()
    }

    /// When something began: `13:59`, or `<13:59` if it was so already when we first looked.
    pub fn since(&self, verdict: &Verdict) -> String {
        let before = if verdict.already { "<" } else { "" };
        format!("{before}{}", self.clock(verdict.since))
    }
}

/// What a pane that draws links is to show brightly; the rest is dimmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lit {
    pub nodes: BTreeSet<ResourceId>,
    /// Why one is not lit, in a few words.
    pub notes: BTreeMap<ResourceId, String>,
}

/// A list or picture that fills the lower part of the screen.
pub trait Pane {
    fn title(&self) -> &'static str;

    /// The kinds of resource it shows; pollers read these fast while the pane is on screen.
    fn kinds(&self) -> &'static [Kind];

    /// Brings its rows up to date with the store. Called when something changed, not on each frame.
    fn refresh(&mut self, view: &View<'_>);

    /// Whose keys work in it, besides those of all panes.
    fn place(&self) -> Place {
        Place::Pane
    }

    /// Acts on a command; false if it is not one of its own.
    fn act(&mut self, command: Command, view: &View<'_>) -> bool;

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>);

    /// The one under the cursor.
    fn selected(&self) -> Option<&ResourceId>;

    /// What to copy in place of the chosen one's ARN.
    fn copies(&self) -> Option<String> {
        None
    }

    /// Puts the cursor on a resource; false if it is not among its rows.
    fn select(&mut self, id: &ResourceId) -> bool;

    /// Whether it goes to what was chosen in the pane before.
    fn follows(&self) -> bool {
        false
    }

    /// What is on screen, as of the last drawing.
    fn in_view(&self) -> &[ResourceId];

    /// A click. Returns whether it hit the row that was chosen before: a second click opens.
    fn click(&mut self, at: Position, view: &View<'_>) -> bool;

    fn wheel(&mut self, lines: isize);

    fn wheel_sideways(&mut self, _columns: isize) {}

    /// Whether it has marks that move: a few frames a second are wanted while nothing else changes.
    fn moves(&self) -> bool {
        false
    }

    fn filter(&self) -> &str;

    fn set_filter(&mut self, filter: &str, view: &View<'_>);

    /// Shows a path brightly, or everything alike again. Only a pane that draws links has something to light.
    fn light(&mut self, _lit: Option<Lit>) {}
}

/// One row a pane.
#[derive(Debug)]
pub struct Row {
    pub title: &'static str,
    /// The key that shows it.
    pub key: &'static str,
    pub make: fn() -> Box<dyn Pane>,
}

/// All panes, in the order of their keys.
pub const PANES: &[Row] = &[
    Row { title: "queues", key: "1", make: || Box::new(list::List::new(&queues::SPEC)) },
    Row { title: "functions", key: "2", make: || Box::new(list::List::new(&functions::SPEC)) },
    Row { title: "logs", key: "3", make: || Box::new(list::List::new(&logs::SPEC)) },
    Row { title: "tables", key: "4", make: || Box::new(list::List::new(&tables::SPEC)) },
    Row { title: "buckets", key: "5", make: || Box::new(list::List::new(&buckets::SPEC)) },
    Row { title: "topics", key: "6", make: || Box::new(list::List::new(&topics::SPEC)) },
    Row { title: "rules", key: "7", make: || Box::new(list::List::new(&rules::SPEC)) },
    Row { title: "streams", key: "8", make: || Box::new(list::List::new(&streams::SPEC)) },
    Row { title: "entries", key: "9", make: || Box::new(list::List::new(&entries::SPEC)) },
    Row { title: "findings", key: "!", make: || Box::<findings::Findings>::default() },
    Row { title: "map", key: "m", make: || Box::<map::Map>::default() },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::COMMANDS;

    #[test]
    fn every_pane_has_its_key_among_the_commands() {
        for (index, row) in PANES.iter().enumerate() {
            let number = u8::try_from(index + 1).unwrap();
            let command = COMMANDS.iter().find(|command| command.command == Command::Pane(number)).unwrap();
            assert_eq!((command.name, command.keys[0]), (row.title, row.key));
            assert_eq!((row.make)().title(), row.title);
        }
    }
}
