//! How the desk stands: what the queue counts by now, and the sentences that stand on the screen as long as they are true.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use tokio::time::Instant;

use super::{
    bench::{Bench, Note},
    finding::Search,
};
use crate::{
    app::clock,
    overlays::desk::model::{Notice, Stage},
    redrive::{peek::hold::Fate, queue::Standing, wire::Refusal},
};

/// How often the queue is asked how many it has: one cheap request, which changes nothing.
const EVERY: Duration = Duration::from_secs(20);

/// What the queue's own counter said last.
#[derive(Debug)]
pub(super) struct Counter {
    /// The last answer, and how many messages had gone from here by then.
    pub(super) total: Option<(u64, u64)>,
    /// Since when it does not answer, and why.
    silent: Option<(Timestamp, String)>,
    pub(super) due: Instant,
    pub(super) asking: bool,
}

impl Counter {
    pub(super) fn new() -> Self {
        Self { total: None, silent: None, due: Instant::now() + EVERY, asking: false }
    }

    /// Does not wait with the next question.
    pub(super) fn hurry(&mut self) {
        self.due = Instant::now();
    }
}

impl Bench {
    /// Asks the queue how many it has.
    pub(super) fn count(&mut self) {
        let Some(laid) = self.laid.clone() else { return };
        let wire = Arc::clone(&self.wire);
        self.counter.asking = true;
        self.start(async move { Note::Counted(wire.standing(laid.queue()).await) });
    }

    pub(super) fn counted(&mut self, counted: Result<Standing, Refusal>) {
        (self.counter.asking, self.counter.due) = (false, Instant::now() + EVERY);
        match counted {
            Ok(standing) => (self.counter.total, self.counter.silent) = (Some((standing.total(), self.gone())), None),
            Err(refusal) => {
                let since = self.counter.silent.take().map_or_else(clock::now, |(since, _)| since);
                self.counter.silent = Some((since, refusal.text));
            }
        }
    }

    /// Messages that were moved or deleted.
    pub(super) fn gone(&self) -> u64 {
        (self.rows.len() as u64).saturating_sub(self.sheet.held())
    }

    /// How many messages there are, as far as anybody knows.
    pub(super) fn about(&self) -> Option<u64> {
        let laid = self.laid.as_ref()?;
        let at_look = || self.looked.as_ref().map(|looked| (looked.about, self.gone_before));
        let (total, gone) = self.counter.total.or_else(at_look).unwrap_or_else(|| (laid.hold.standing().total(), 0));
        Some(total.saturating_sub(self.gone().saturating_sub(gone)))
    }

    /// How many came since the last look, as far as the queue's counter tells.
    pub(super) fn came(&self) -> u64 {
        let Some(looked) = self.looked.as_ref().filter(|_| self.look.is_none() && self.run.is_none()) else { return 0 };
        let then = looked.about.saturating_sub(self.gone().saturating_sub(self.gone_before));
        self.about().unwrap_or_default().saturating_sub(then)
    }

    /// Whether what is listed was ours and is not any more, or the queue does not answer.
    pub(super) fn is_behind(&self) -> bool {
        self.still_listed(&self.lost) + self.still_listed(&self.given_back) > 0 || self.counter.silent.is_some()
    }

    /// Of these, those that were not moved or deleted since.
    fn still_listed(&self, rows: &HashSet<u32>) -> usize {
        rows.iter().filter(|row| !self.sheet.is_gone(**row)).count()
    }

    /// A run may have given back what was in its way, and a look takes again what was given back or lost.
    pub(super) fn note_fates(&mut self) {
        let Some(laid) = &self.laid else { return };
        (self.given_back, self.lost) = (HashSet::new(), HashSet::new());
        for (row, known) in (0..).zip(&self.rows).filter(|(row, _)| !self.sheet.is_gone(*row)) {
            match laid.hold.fate(&known.id) {
                Some(Fate::GivenBack) => drop(self.given_back.insert(row)),
                Some(Fate::Lost) => drop(self.lost.insert(row)),
                _ => {}
            }
        }
    }

    /// What stands over the columns, the most important first.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let bad = |text: String| Notice { text, bad: true };
        let mut notices: Vec<Notice> = self.said_of_cut_off().into_iter().map(bad).collect();
        if matches!(self.stage, Stage::Asking(_)) {
            return notices;
        }
        if let Some((since, why)) = &self.counter.silent {
            notices.push(bad(format!(
                "the queue does not answer since {} ({why}): all this is as of then; r tries again",
                time(*since)
            )));
        }
        let lost = self.still_listed(&self.lost);
        if let Some(why) = self.lost_why.as_ref().filter(|_| lost > 0) {
            notices.push(bad(format!("{lost} no longer held ({why}): others may have them; r looks again")));
        }
        let given_back = self.still_listed(&self.given_back);
        if given_back > 0 {
            notices.push(bad(format!(
                "{given_back} no longer held, as the run gave them back: others may take them; r looks again"
            )));
        }
        notices.extend(self.trouble.clone().map(bad));
        notices.extend(self.search.as_ref().and_then(Search::trouble).map(bad));
        notices.extend(self.cost_line.clone().map(|text| Notice { text, bad: false }));
        notices
    }
}

/// The time of day, where the user is.
pub(super) fn time(at: Timestamp) -> String {
    let (then, now) = (at.to_zoned(TimeZone::system()), clock::now().to_zoned(TimeZone::system()));
    let format = if then.date() == now.date() { "%H:%M:%S" } else { "%-d %b %H:%M" };
    then.strftime(format).to_string()
}
