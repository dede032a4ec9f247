//! What is looked for among rows: which of them fit, and how far that is known. Looking is done a stretch at a time by whoever owns the
//! shelf, off the runtime's threads. Must not: hold rows.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use crate::{
    overlays::{desk::model::Find, inspect::rows::Finding},
    redrive::choose::Condition,
};

/// Rows looked through before the hits are shown.
pub(super) const STRETCH: usize = 500;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Search {
    find: Find,
    condition: Condition,
    /// Tells this one from the one before.
    number: u64,
    /// The first row that was not looked at.
    until: u64,
    /// The first that nobody was sent to look at.
    reach: u64,
    /// Rows that changed after somebody was sent to look at them.
    changed: BTreeSet<u64>,
    running: bool,
    hits: VecDeque<u64>,
    trouble: Option<String>,
}

/// Rows to look through.
pub(in crate::app::inspect) struct Stretch {
    search: u64,
    condition: Condition,
    rows: Vec<(u64, Arc<str>)>,
}

/// What that came to.
pub(in crate::app::inspect) struct Looked {
    search: u64,
    /// The rows themselves, in their order.
    rows: Vec<u64>,
    hits: Vec<u64>,
    trouble: Option<String>,
}

impl Search {
    /// Looks for this from a row on.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(find: Find, number: u64, from: u64) -> Result<Self, String> {
        let condition = match &find {
            Find::Text(text) => Condition::text(text),
            Find::Regex(regex) => Condition::regex(regex),
            Find::Where(jq) => Condition::jq(jq),
        };
        let condition = condition.map_err(|mistake| mistake.to_string())?;
        Ok(Self {
            find,
            condition,
            number,
            until: from,
            reach: from,
            changed: BTreeSet::new(),
            running: false,
            hits: VecDeque::new(),
            trouble: None,
        })
    }

    /// How many fit, as far as is known.
    pub(super) fn hits(&self) -> usize {
        self.hits.len()
    }

    /// The row at a place among those that fit.
    pub(super) fn at(&self, place: usize) -> Option<u64> {
        self.hits.get(place).copied()
    }

    /// The place of a row, or of the next one that fits.
    pub(super) fn place(&self, row: u64) -> usize {
        self.hits.partition_point(|hit| *hit < row)
    }

    /// How it is told, with rows up to this one.
    pub(super) fn finding(&self, end: u64) -> Finding {
        let left = usize::try_from(end.saturating_sub(self.until)).unwrap_or(usize::MAX);
        let left = left.saturating_add(self.changed.len());
        Finding { find: self.find.clone(), left }
    }

    /// Forgets rows that are no longer held.
    pub(super) fn settle(&mut self, first: u64, end: u64) {
        while self.hits.front().is_some_and(|hit| *hit < first) {
            self.hits.pop_front();
        }
        self.until = self.until.clamp(first, end);
        self.reach = self.reach.max(self.until);
        self.changed = self.changed.split_off(&first);
    }

    /// What was known of a row is known no longer.
    pub(super) fn changed(&mut self, row: u64) {
        if row < self.reach {
            self.changed.insert(row);
        }
    }

    /// What is to be looked through next, if nobody is at it.
    pub(super) fn next_stretch(&mut self, end: u64, row: impl Fn(u64) -> Option<Arc<str>>) -> Option<Stretch> {
        if self.running || (self.until >= end && self.changed.is_empty()) {
            return None;
        }
        self.running = true;
        let mut numbers: Vec<u64> = std::mem::take(&mut self.changed).into_iter().collect();
        self.changed = numbers.split_off(numbers.len().min(STRETCH)).into_iter().collect();
        if numbers.is_empty() {
            self.reach = end.min(self.until + STRETCH as u64);
            numbers.extend(self.until..self.reach);
        }
        let rows = numbers.into_iter().filter_map(|at| Some((at, row(at)?))).collect();
        Some(Stretch { search: self.number, condition: self.condition.clone(), rows })
    }

    /// Takes in what that came to; the first thing that went wrong, once.
    pub(super) fn looked(&mut self, looked: Looked) -> Option<String> {
        if looked.search != self.number {
            return None;
        }
        self.running = false;
        self.until = self.until.max(looked.rows.last().map_or(0, |last| last + 1));
        if let (Some(first), Some(last)) = (looked.rows.first(), self.hits.back())
            && first <= last
        {
            let again: BTreeSet<u64> = looked.rows.iter().copied().collect();
            self.hits.retain(|hit| !again.contains(hit));
        }
        for hit in looked.hits {
            let place = self.place(hit);
            self.hits.insert(place, hit);
        }
        let news = looked.trouble.filter(|_| self.trouble.is_none());
        if news.is_some() {
            self.trouble.clone_from(&news);
        }
        news
    }
}

impl Stretch {
    /// It may take seconds.
    pub(in crate::app::inspect) fn look(self) -> Looked {
        let (mut hits, mut failed, mut first) = (Vec::new(), 0_u64, None);
        for (number, json) in &self.rows {
            match self.condition.is_true_of(json) {
                Ok(true) => hits.push(*number),
                Ok(false) => {}
                Err(error) => {
                    failed += 1;
                    first.get_or_insert(error);
                }
            }
        }
        let trouble =
            first.map(|error| format!("the expression fails for {failed} of them, which are not listed: {error}"));
        let rows = self.rows.into_iter().map(|(number, _)| number).collect();
        Looked { search: self.search, rows, hits, trouble }
    }
}
