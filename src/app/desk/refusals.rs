//! Why messages stayed where they were: of each the reason, for whoever looks at it, and of a run how often which.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Reasons that are told at the end of a run; the others are counted together.
const MOST_REASONS: usize = 5;
/// Different reasons of one run that are told apart. Each may name its message, so there may be as many as messages.
const MOST_APART: usize = 1_000;

/// What stayed, and why.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    of: HashMap<u32, Arc<str>>,
    /// Of the run under way.
    counts: BTreeMap<Arc<str>, u64>,
    beyond: u64,
}

impl Refusals {
    /// A new run: what it will be refused is counted from nothing. What stayed before stays known.
    pub(super) fn begin(&mut self) {
        (self.counts, self.beyond) = (BTreeMap::new(), 0);
    }

    pub(super) fn note(&mut self, row: Option<u32>, why: &str) {
        let why: Arc<str> = match self.counts.get_key_value(why) {
            Some((known, _)) => Arc::clone(known),
            None => why.into(),
        };
        if self.counts.len() < MOST_APART || self.counts.contains_key(&why) {
            *self.counts.entry(Arc::clone(&why)).or_default() += 1;
        } else {
            self.beyond += 1;
        }
        self.of.extend(row.map(|row| (row, why)));
    }

    /// It went after all.
    pub(super) fn forget(&mut self, row: u32) {
        self.of.remove(&row);
    }

    pub(super) fn get(&self, row: u32) -> Option<&Arc<str>> {
        self.of.get(&row)
    }

    /// The reasons of this run with their counts, the most frequent first.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut reasons: Vec<_> = self.counts.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let rest: u64 = reasons.iter().skip(MOST_REASONS).map(|(_, count)| **count).sum::<u64>() + self.beyond;
        let told = reasons.iter().take(MOST_REASONS).map(|(why, count)| format!("  {count} × {why}"));
        told.chain((rest > 0).then(|| format!("  {rest} for other reasons: each message says its own"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_reason_comes_first_and_none_is_left_uncounted() {
        let mut refusals = Refusals::default();
        for row in 0..12_u32 {
            refusals.note(Some(row), if row < 3 { "denied" } else { "too large" });
        }
        refusals.note(None, "not ours");
        (0..5).for_each(|other| refusals.note(Some(20), &format!("reason {other}")));
        let lines = refusals.lines();
        assert_eq!(lines[..2], ["  9 × too large", "  3 × denied"]);
        assert_eq!(lines.last().map(String::as_str), Some("  3 for other reasons: each message says its own"));
        assert_eq!(refusals.get(1).map(AsRef::as_ref), Some("denied"));
        refusals.forget(1);
        assert_eq!(refusals.get(1), None);
        refusals.begin();
        assert!(refusals.lines().is_empty() && refusals.get(2).is_some(), "what stayed is still known");
    }

    #[test]
    fn a_reason_for_each_message_is_bounded() {
        let mut refusals = Refusals::default();
        (0..5_000_u32).for_each(|row| refusals.note(Some(row), &format!("message {row} is refused")));
        assert_eq!(refusals.counts.len(), MOST_APART);
        assert!(refusals.lines().last().unwrap().contains("4995 for other reasons"), "{:?}", refusals.lines());
    }
}
