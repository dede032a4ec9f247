//! Which draft is awaited, so that nobody agrees to one that is out of date. Drawing it up is `planning`'s.

use super::planning::Wanted;

/// The draft that is being drawn up. Each builds on the wish before it, whether that was drawn up yet or not, and only the newest counts.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    number: u64,
    wanted: Option<Wanted>,
}

impl Awaited {
    /// The number of a new draft.
    pub(super) fn next(&mut self, wanted: &Wanted) -> u64 {
        self.number += 1;
        self.wanted = Some(wanted.clone());
        self.number
    }

    /// Whether this draft is the one that is awaited; then it is no longer.
    pub(super) fn takes(&mut self, number: u64) -> bool {
        let is_it = self.number == number && self.wanted.is_some();
        if is_it {
            self.wanted = None;
        }
        is_it
    }

    /// The newest wish, while its plan is under way.
    pub(super) fn wanted(&self) -> Option<&Wanted> {
        self.wanted.as_ref()
    }

    /// Whatever is under way is no longer wanted.
    pub(super) fn nothing(&mut self) {
        self.wanted = None;
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.wanted.is_some()
    }
}
