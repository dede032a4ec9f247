//! The shown entries around the cursor: filled piece by piece, brought along as lines come, and never the reason that one moves.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use crate::{
    inspect::tail::{
        book::{Book, Facts, Way},
        entry::{Entry, Key},
        filter::Filter,
    },
    overlays::inspect::tail::model::MARGIN,
};

/// Entries judged between two looks at the clock.
pub(super) const PIECE: usize = 256;

#[derive(Debug)]
pub(super) struct Window {
    pub(super) rows: VecDeque<Arc<Entry>>,
    /// None follows the end.
    pub(super) cursor: Option<Key>,
    /// From where to look for more, on either side; none where there is no more.
    before: Option<Way>,
    after: Option<Way>,
}

impl Default for Window {
    fn default() -> Self {
        Self { rows: VecDeque::new(), cursor: None, before: Some(Way::Back(None)), after: None }
    }
}

/// Whether nothing of a chunk is shown, as far as that is known.
pub(super) fn passes(count: u64) -> impl Fn(&Facts) -> bool {
    move |facts| facts.counted == (count, 0)
}

impl Window {
    pub(super) fn is_top(&self) -> bool {
        self.before.is_none()
    }

    pub(super) fn is_end(&self) -> bool {
        self.after.is_none()
    }

    /// The cursor's place.
    pub(super) fn at(&self) -> usize {
        let place = self.cursor.map_or(self.rows.len(), |cursor| self.rows.partition_point(|row| row.key < cursor));
        place.min(self.rows.len().saturating_sub(1))
    }

    pub(super) fn chosen(&self) -> Option<&Arc<Entry>> {
        self.rows.get(self.at())
    }

    /// Begins anew where the cursor is.
    pub(super) fn begin(&mut self) {
        self.rows.clear();
        match self.cursor {
            // What comes from now on is put in as it comes.
            None => (self.before, self.after) = (Some(Way::Back(None)), None),
            Some(key) => {
                let just_before = if key.number == 0 {
                    Key { at_ms: key.at_ms.saturating_sub(1), number: u64::MAX }
                } else {
                    Key { number: key.number - 1, ..key }
                };
                (self.before, self.after) = (Some(Way::Back(Some(key))), Some(Way::On(Some(just_before))));
            }
        }
    }

    /// Goes to this one, which may be far away.
    pub(super) fn go(&mut self, cursor: Option<Key>) {
        self.cursor = cursor;
        let is_near = match (cursor, self.rows.front(), self.rows.back()) {
            (None, ..) => self.is_end(),
            (Some(key), Some(first), Some(last)) => {
                (first.key <= key || self.is_top()) && (key <= last.key || self.is_end())
            }
            _ => false,
        };
        if !is_near {
            self.begin();
        }
        self.trim();
    }

    /// Puts a shown entry where it belongs, if that is in the window.
    pub(super) fn insert(&mut self, entry: &Arc<Entry>) {
        let place = self.rows.partition_point(|row| row.key < entry.key);
        if self.rows.get(place).is_some_and(|row| row.key == entry.key) {
            if let Some(row) = self.rows.get_mut(place) {
                *row = Arc::clone(entry);
            }
            return;
        }
        // What was not looked through yet is found when it is.
        let was_passed = match self.before {
            None | Some(Way::On(_)) => true,
            Some(Way::Back(from)) => place > 0 || from.is_some_and(|from| from <= entry.key),
        };
        let is_ahead = match self.after {
            None | Some(Way::Back(_)) => false,
            Some(Way::On(from)) => place == self.rows.len() && from.is_none_or(|from| from < entry.key),
        };
        if was_passed && !is_ahead {
            self.rows.insert(place, Arc::clone(entry));
            self.trim();
        }
    }

    /// An entry went on: what is held of it is out of date.
    pub(super) fn renew(&mut self, entry: &Arc<Entry>, shown: bool) {
        let place = self.rows.partition_point(|row| row.key < entry.key);
        match self.rows.get_mut(place).filter(|row| row.key == entry.key) {
            Some(row) if shown => *row = Arc::clone(entry),
            Some(_) => {
                self.rows.remove(place);
            }
            None if shown => self.insert(entry),
            None => {}
        }
    }

    /// Keeps what is around the cursor.
    fn trim(&mut self) {
        let at = self.at();
        if at > 3 * MARGIN {
            self.rows.drain(..at - 2 * MARGIN);
            self.before = self.rows.front().map(|row| Way::Back(Some(row.key)));
        }
        let after = self.rows.len().saturating_sub(self.at() + 1);
        if after > 3 * MARGIN {
            self.rows.truncate(self.at() + 1 + 2 * MARGIN);
            self.after = self.rows.back().map(|row| Way::On(Some(row.key)));
        }
    }

    /// Whether there may be more to show near the cursor.
    pub(super) fn wants(&self) -> bool {
        let at = self.at();
        (self.before.is_some() && at < MARGIN)
            || (self.after.is_some() && self.rows.len().saturating_sub(at + 1) < MARGIN)
    }

    /// Looks for more until then.
    pub(super) fn fill(&mut self, book: &mut Book, filter: &mut Filter, until: Instant) {
        while self.wants() {
            let at = self.at();
            let wants_after = self.rows.len().saturating_sub(at + 1) < MARGIN;
            match (self.after.filter(|_| wants_after), self.before) {
                (Some(way), _) => {
                    let page = book.page(way, PIECE, passes(book.count()));
                    self.rows.extend(page.entries.into_iter().filter(|entry| filter.shows(entry)));
                    self.after = page.next;
                }
                (None, Some(way)) => {
                    let page = book.page(way, PIECE, passes(book.count()));
                    for entry in page.entries.into_iter().filter(|entry| filter.shows(entry)) {
                        self.rows.push_front(entry);
                    }
                    self.before = page.next;
                }
                (None, None) => return,
            }
            if Instant::now() >= until {
                return;
            }
        }
    }
}
