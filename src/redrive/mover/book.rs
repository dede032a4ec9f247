//! What this run knows of each message that it has met, in memory: what the journal says, without the bodies.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::redrive::journal::{Counts, Fate, Ledger, Place};

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

/// All of them.
#[derive(Debug, Default)]
pub struct Book {
    known: HashMap<String, Known>,
    /// The ids of what was sent: where one of them is among the dead letters, it has come back.
    new_ids: HashSet<String>,
    bounced: HashSet<String>,
    /// The destinations, by their index, that something was sent to.
    reached: BTreeSet<usize>,
    /// Open ones that this run has met: they were there, whatever came of it.
    met: HashSet<String>,
    twice: u64,
}

impl Book {
    /// What an earlier run has left.
    pub fn of(ledger: &Ledger) -> Self {
        let mut book = Self { twice: ledger.counts().maybe_twice, ..Self::default() };
        // What goes to no queue keeps its only id: met again it has not come back.
        let has_new_ids = !ledger.begun.to.queues().is_empty();
        for (id, entry) in ledger.entries() {
            let known = match &entry.fate {
                Fate::Taken | Fate::Doubtful => {
                    Known::Doubtful { place: Some(entry.place), since: entry.in_doubt_since }
                }
                Fate::Refused(_) => Known::Refused { place: Some(entry.place) },
                Fate::Missing => Known::Missing { place: Some(entry.place), since: entry.in_doubt_since },
                Fate::Arrived { new_id } => {
                    book.new_ids.extend(has_new_ids.then(|| new_id.clone()));
                    Known::Arrived
                }
                Fate::Moved { new_id } => {
                    book.new_ids.extend(new_id.clone().filter(|_| has_new_ids));
                    Known::Moved
                }
            };
            book.known.insert(id.to_owned(), known);
        }
        book
    }

    pub fn get(&self, id: &str) -> Option<&Known> {
        self.known.get(id)
    }

    pub fn set(&mut self, id: &str, known: Known) {
        self.known.insert(id.to_owned(), known);
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
        self.new_ids.insert(new_id.to_owned());
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
        self.twice += count;
    }

    /// The ids of what was sent.
    pub fn new_ids(&self) -> &HashSet<String> {
        &self.new_ids
    }

    /// Whether this is one that we have sent and that came back. Counts it the first time.
    pub fn is_back(&mut self, id: &str) -> bool {
        let is_back = self.new_ids.contains(id);
        if is_back {
            self.bounced.insert(id.to_owned());
        }
        is_back
    }

    /// It is there.
    pub fn meet(&mut self, id: &str) {
        if self.known.contains_key(id) {
            self.met.insert(id.to_owned());
        }
    }

    /// The source was looked through, and what is open and was not met is not there. What had arrived is moved; the others are missing. Says which.
    pub fn settle_the_unseen(&mut self) -> Vec<String> {
        let mut ids = Vec::new();
        for (id, known) in self.known.iter_mut().filter(|(id, _)| !self.met.contains(*id)) {
            *known = match known {
                Known::Arrived => Known::Moved,
                Known::Doubtful { place, since } => Known::Missing { place: *place, since: *since },
                _ => continue,
            };
            ids.push(id.clone());
        }
        ids
    }

    pub fn bounced(&self) -> u64 {
        self.bounced.len() as u64
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts { taken: self.known.len() as u64, maybe_twice: self.twice, ..Counts::default() };
        for known in self.known.values() {
            match known {
                Known::Doubtful { .. } => counts.doubtful += 1,
                Known::Refused { .. } => counts.refused += 1,
                Known::Missing { .. } => counts.missing += 1,
                Known::Arrived => counts.arrived += 1,
                Known::Moved => counts.moved += 1,
            }
        }
        counts
    }
}
