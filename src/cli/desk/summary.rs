//! The sum of a command, the last line on stdout: the same shape whatever was done, every key always there.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::lines::Lines;
use crate::{
    cli::opening::GivenUp,
    redrive::{
        journal::{Deed, Ledger},
        plan::Plan,
    },
};

/// How many messages came to what. Each is in one of these, but for [`Sums::maybe_twice`], which counts copies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sums {
    /// Done with as was meant: sent on, written, deleted, sent or brought back, as the deed says; and gone from where they were.
    pub moved: u64,
    /// Written, and still where they were.
    pub copied: u64,
    pub refused: u64,
    /// Nobody knows yet whether they arrived, or whether they are still where they were too.
    pub doubtful: u64,
    pub missing: u64,
    /// Moved, and back again; these are among the moved.
    pub bounced: u64,
    pub maybe_twice: u64,
    /// Chosen, and not touched.
    pub left: u64,
}

impl Sums {
    /// As a journal knows them. Who came back it does not know.
    pub fn of(ledger: &Ledger) -> Self {
        let counts = ledger.counts();
        let left = ledger.chosen.iter().filter(|id| ledger.get(id).is_none()).count();
        Self {
            moved: counts.moved,
            refused: counts.refused,
            doubtful: counts.arrived + counts.doubtful,
            missing: counts.missing,
            maybe_twice: counts.maybe_twice,
            left: left as u64,
            ..Self::default()
        }
    }
}

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Done,
    Cancelled,
    Stopped,
    /// A dry run: nothing was begun.
    Planned,
}

impl Ending {
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
            Self::Planned => "planned",
        }
    }
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Summary<'a> {
    pub deed: Deed,
    pub from: String,
    pub to: String,
    /// AWS's own move task did it.
    pub native: bool,
    pub dry_run: bool,
    /// How many were meant; approximate unless they were chosen one by one.
    pub about: u64,
    #[serde(flatten)]
    pub sums: Sums,
    pub elapsed_seconds: f64,
    pub ended: Ending,
    pub why: Option<&'a str>,
    /// Until then what a consumer fails on may come back.
    pub returns_until: Option<Timestamp>,
    pub journal: Option<String>,
    pub journal_file: Option<&'a Path>,
}

impl Summary<'_> {
    /// Of what is planned, and not begun.
    pub fn of_plan(plan: &Plan) -> Self {
        Self {
            deed: plan.deed,
            from: plan.from.name(),
            to: plan.to.name(),
            native: false,
            dry_run: false,
            about: plan.about,
            sums: Sums::default(),
            elapsed_seconds: 0.0,
            ended: Ending::Done,
            why: None,
            returns_until: None,
            journal: None,
            journal_file: None,
        }
    }

    /// # Errors
    /// stdout's.
    pub fn put(&self, lines: &mut Lines) -> Result<(), GivenUp> {
        lines.put(&serde_json::json!({ "Summary": self }))
    }
}
