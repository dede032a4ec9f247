//! What this run knows of each message that it has met, in memory: what the journal says, without the bodies.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::redrive::{
    journal::{Counts, Fate, Ledger, Place},
    peek::own::Ids,
};

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Taken in an earlier run, or sent without an answer, first at this time. The `Taken` record of an earlier run is at this place.
    Doubtful {
        place: Option<Place>,
        since: Timestamp,
    },
    /// Surely not sent. The `Taken` record of an earlier run is at this place.
    Refused {
        place: Option<Place>,
    },
    /// Sent; it is still to be deleted.
    Arrived,
    Moved,
    /// Not where it was, and not known to have arrived. Met again after all, it is in doubt as before.
    Missing {
        place: Option<Place>,
        since: Timestamp,
    },
}

/// All of them, with running sums: nothing here is walked through while a run goes on.
#[derive(Debug, Default)]
pub struct Book {
    known: HashMap<String, Known>,
    counts: Counts,
    /// The ids of what was sent: where one of them is among the dead letters, it has come back.
    new_ids: Ids,
    /// Those of them that nobody has read yet.
    news: Vec<Box<str>>,
    bounced: Ids,
    /// The destinations, by their index, that something was sent to.
    reached: BTreeSet<usize>,
    /// Open ones that this run has met: they were there, whatever came of it.
    met: Ids,
    /// Sent on by earlier runs, as far as is known.
    sent_earlier: Ids,
}

impl Book {
    /// What an earlier run has left.
    pub fn of(ledger: &Ledger) -> Self {
        let mut book = Self::default();
        book.sent_in_doubt(ledger.counts().maybe_twice);
        // What goes to no queue keeps its only id: met again it has not come back.
        let has_new_ids = !ledger.begun.to.queues().is_empty();
        for (id, entry) in ledger.entries() {
            let (known, new_id) = match &entry.fate {
                Fate::Taken | Fate::Doubtful => {
                    (Known::Doubtful { place: Some(entry.place), since: entry.in_doubt_since }, None)
                }
                Fate::Refused(_) => (Known::Refused { place: Some(entry.place) }, None),
                Fate::Missing => (Known::Missing { place: Some(entry.place), since: entry.in_doubt_since }, None),
                Fate::Arrived { new_id } => (Known::Arrived, Some(new_id)),
                Fate::Moved { new_id } => (Known::Moved, new_id.as_ref()),
            };
            if let Some(new_id) = new_id.filter(|_| has_new_ids) {
                book.note_new_id(new_id);
            }
            book.set(id, known);
        }
        book
    }

    pub fn get(&self, id: &str) -> Option<&Known> {
        self.known.get(id)
    }

    pub fn set(&mut self, id: &str, known: Known) {
        *sum(&mut self.counts, &known) += 1;
        match self.known.insert(id.to_owned(), known) {
            Some(before) => *sum(&mut self.counts, &before) -= 1,
            None => self.counts.taken += 1,
        }
    }

    /// What earlier runs may have sent of the messages that this one meets.
    pub fn beside(self, sent_earlier: Ids) -> Self {
        Self { sent_earlier, ..self }
    }

    /// Whether it is met for the first time in this run and an earlier one may have sent it.
    pub fn was_sent_earlier(&self, id: &str) -> bool {
        self.sent_earlier.contains(id) && !self.known.contains_key(id)
    }

    fn note_new_id(&mut self, new_id: &str) {
        if self.new_ids.insert(new_id) {
            self.news.push(new_id.into());
        }
    }

    /// Where an earlier run has written down what it meant to send.
    pub fn place(&self, id: &str) -> Option<Place> {
        match self.known.get(id)? {
            Known::Doubtful { place, .. } | Known::Missing { place, .. } | Known::Refused { place } => *place,
            Known::Arrived | Known::Moved => None,
        }
    }

    /// It is at its destination, under this id.
    pub fn arrived(&mut self, id: &str, new_id: &str) {
        self.note_new_id(new_id);
        self.set(id, Known::Arrived);
    }

    /// Something was sent to this destination.
    pub fn reach(&mut self, to: usize) {
        self.reached.insert(to);
    }

    /// The destinations that something was sent to.
    pub fn reached(&self) -> &BTreeSet<usize> {
        &self.reached
    }

    /// So many are sent again though they may be there.
    pub fn sent_in_doubt(&mut self, count: u64) {
        self.counts.maybe_twice += count;
    }

    /// The ids of what was sent since this was asked last.
    pub fn news(&mut self) -> Vec<Box<str>> {
        std::mem::take(&mut self.news)
    }

    /// Whether this is one that we have sent and that came back. Counts it the first time.
    pub fn is_back(&mut self, id: &str) -> bool {
        let is_back = self.new_ids.contains(id);
        if is_back {
            self.bounced.insert(id);
        }
        is_back
    }

    /// It is there.
    pub fn meet(&mut self, id: &str) {
        if self.known.contains_key(id) {
            self.met.insert(id);
        }
    }

    /// The source was looked through, and what is open and was not met is not there. What had arrived is moved; the others are missing. Says which.
    pub fn settle_the_unseen(&mut self) -> Vec<String> {
        let mut ids = Vec::new();
        for (id, known) in self.known.iter_mut().filter(|(id, _)| !self.met.contains(id)) {
            let settled = match known {
                Known::Arrived => Known::Moved,
                Known::Doubtful { place, since } => Known::Missing { place: *place, since: *since },
                _ => continue,
            };
            *sum(&mut self.counts, &settled) += 1;
            *sum(&mut self.counts, known) -= 1;
            *known = settled;
            ids.push(id.clone());
        }
        ids
    }

    pub fn bounced(&self) -> u64 {
        self.bounced.len() as u64
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }
}

/// The sum that it is part of.
fn sum<'a>(counts: &'a mut Counts, known: &Known) -> &'a mut u64 {
    match known {
        Known::Doubtful { .. } => &mut counts.doubtful,
        Known::Refused { .. } => &mut counts.refused,
        Known::Missing { .. } => &mut counts.missing,
        Known::Arrived => &mut counts.arrived,
        Known::Moved => &mut counts.moved,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(number: u8) -> Known {
        match number {
            0 => Known::Doubtful { place: None, since: Timestamp::UNIX_EPOCH },
            1 => Known::Refused { place: None },
            2 => Known::Arrived,
            3 => Known::Moved,
            _ => Known::Missing { place: None, since: Timestamp::UNIX_EPOCH },
        }
    }

    fn counted(book: &Book) -> Counts {
        let mut counts = Counts { taken: book.known.len() as u64, ..Counts::default() };
        book.known.values().for_each(|known| *sum(&mut counts, known) += 1);
        counts
    }

    proptest! {
        #[test]
        fn the_sums_are_those_of_all_that_is_known(
            steps in prop::collection::vec((0..6_u8, 0..5_u8, any::<bool>()), 0..60)
        ) {
            let mut book = Book::default();
            for (id, to, is_met) in steps {
                let id = id.to_string();
                book.set(&id, known(to));
                if is_met {
                    book.meet(&id);
                }
                prop_assert_eq!(book.counts(), counted(&book));
            }
            book.settle_the_unseen();
            prop_assert_eq!(book.counts(), counted(&book));
        }
    }

    #[test]
    fn each_new_id_is_news_once_and_known_for_good() {
        let mut book = Book::default();
        book.arrived("1", "a");
        book.arrived("1", "a");
        assert_eq!(book.news(), ["a".to_owned().into_boxed_str()]);
        book.arrived("2", "b");
        assert_eq!(book.news(), ["b".to_owned().into_boxed_str()]);
        assert!(book.is_back("a") && book.is_back("a") && !book.is_back("c"));
        assert_eq!(book.bounced(), 1);
    }
}
