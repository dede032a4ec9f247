//! Looking through what is held, a stretch at a time, so that another question can take over.

use std::{ops::Range, sync::Arc};

use super::bench::{Bench, Note};
use crate::{
    overlays::desk::model::Find,
    redrive::choose::{Condition, Tally},
};

/// Messages looked through before the hits are shown.
const STRETCH: usize = 1_000;

/// A question, and how far it was asked.
pub(super) struct Search {
    pub(super) find: Find,
    condition: Condition,
    /// Tells this question from the one before.
    number: u64,
    /// The first row that was not asked yet.
    pub(super) until: usize,
    running: bool,
    tally: Tally,
}

impl Search {
    /// Messages found so far, in whatever cluster.
    pub(super) fn hits(&self) -> u64 {
        self.tally.matched
    }

    /// What went wrong with some of them.
    pub(super) fn trouble(&self) -> Option<String> {
        self.tally.trouble()
    }
}

/// What a stretch came to.
pub(super) struct Looked {
    number: u64,
    until: usize,
    hits: Vec<u32>,
    tally: Tally,
}

impl Bench {
    pub(super) fn find(&mut self, find: Option<Find>) {
        let Some(find) = find else {
            if self.search.take().is_some() {
                self.sheet.find(false);
            }
            return;
        };
        let condition = match &find {
            Find::Text(text) => Condition::text(text),
            Find::Regex(regex) => Condition::regex(regex),
            Find::Where(jq) => Condition::jq(jq),
        };
        match condition {
            Err(mistake) => self.say(mistake.to_string(), true),
            Ok(condition) => {
                let number = self.search.as_ref().map_or(0, |search| search.number + 1);
                let tally = Tally::default();
                self.search = Some(Search { find, condition, number, until: 0, running: false, tally });
                self.sheet.find(true);
                self.look_through();
            }
        }
    }

    /// Asks of the next stretch, if nobody is at it.
    pub(super) fn look_through(&mut self) {
        let (Some(search), Some(laid)) = (&mut self.search, &self.laid) else { return };
        let range = search.until..(search.until + STRETCH).min(self.rows.len());
        if search.running || range.is_empty() {
            return;
        }
        search.running = true;
        let ids: Vec<Arc<str>> =
            self.rows.get(range.clone()).unwrap_or_default().iter().map(|row| row.id.clone()).collect();
        let (number, condition, tally) = (search.number, search.condition.clone(), search.tally.clone());
        let hold = Arc::clone(&laid.hold);
        self.start_blocking(move || {
            let mut tally = tally;
            let is_hit = |id: &Arc<str>| hold.message(id).is_ok_and(|message| tally.ask(&condition, &message));
            let hits = hits(&range, &ids, is_hit);
            Note::LookedThrough(Looked { number, until: range.end, hits, tally })
        });
    }

    pub(super) fn looked_through(&mut self, looked: Looked) {
        let Some(search) = &mut self.search else { return };
        search.running = false;
        if search.number == looked.number {
            (search.until, search.tally) = (looked.until, looked.tally);
            self.sheet.hits(looked.hits);
        }
        self.look_through();
    }
}

fn hits(range: &Range<usize>, ids: &[Arc<str>], mut is_hit: impl FnMut(&Arc<str>) -> bool) -> Vec<u32> {
    let numbered = range.clone().filter_map(|row| u32::try_from(row).ok()).zip(ids);
    numbered.filter(|(_, id)| is_hit(id)).map(|(row, _)| row).collect()
}
