//! What a journal says of each message, taken together. Small in memory: bodies stay in the file, found by their place.

use std::{collections::HashMap, path::Path};

use jiff::Timestamp;

use super::{
    Begun, Deed, Ended, JournalError, Outcome, Record, Scope,
    read::{self, Place, Records},
};

/// How far one message has come. Each is worse for nobody than the one before: nothing is lost at any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// In the journal; perhaps sent, perhaps not: nobody wrote down an answer.
    Taken,
    /// Sent, and the answer never came.
    Doubtful,
    /// Surely not sent; it stays where it was.
    Refused(String),
    /// No longer where it was, and not known to have arrived: it is here.
    Missing,
    /// At its destination under this id, and perhaps still where it was.
    Arrived { new_id: String },
    /// At its destination under this id (or in the journal alone, if that was wanted), and gone from where it was.
    Moved { new_id: Option<String> },
}

impl Fate {
    /// Whether it must not be sent again.
    pub fn has_arrived(&self) -> bool {
        matches!(self, Self::Arrived { .. } | Self::Moved { .. })
    }

    /// Whether it may be at its destination without anybody knowing.
    pub fn is_doubtful(&self) -> bool {
        matches!(self, Self::Taken | Self::Doubtful | Self::Missing)
    }
}

/// One message's line in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub fate: Fate,
    /// Where its last `Taken` record is.
    pub place: Place,
    /// How often it was sent again while in doubt: so many copies more may be there.
    pub sent_in_doubt: u32,
    /// Since when it may be there: its first send of which nobody knows that it was refused.
    pub in_doubt_since: Timestamp,
}

/// All that a journal says.
#[derive(Debug)]
pub struct Ledger {
    pub begun: Begun,
    /// Ids chosen one by one.
    pub chosen: Vec<String>,
    entries: HashMap<String, Entry>,
    /// In the order in which they were first taken.
    order: Vec<String>,
    pub ended: Option<(Timestamp, Ended)>,
    pub resumed: usize,
    /// Somebody wanted the rest left alone, whatever came after.
    pub was_cancelled: bool,
    /// When the last record with a time was written.
    pub last: Timestamp,
    pub batches: u64,
    /// Lines that could not be read, and whether the last was cut off.
    pub damaged: usize,
    pub cut: bool,
}

/// How many messages came how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub taken: u64,
    pub moved: u64,
    /// Arrived, and perhaps still where they were too.
    pub arrived: u64,
    pub doubtful: u64,
    /// No longer where they were, and not known to have arrived: the journal has them.
    pub missing: u64,
    pub refused: u64,
    /// Copies that may be there besides: sends that were repeated because the answer to the one before never came.
    pub maybe_twice: u64,
}

impl Ledger {
    /// Reads a journal.
    ///
    /// # Errors
    /// The disk's, and when it has no beginning.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let failed = |error| JournalError::read(path, error);
        let mut records = Records::open(path).map_err(failed)?;
        let mut ledger = Self::new(read::beginning(&mut records, path)?);
        while let Some((place, record)) = records.advance().map_err(failed)? {
            ledger.note(place, record);
        }
        (ledger.damaged, ledger.cut) = (records.damaged, records.cut);
        Ok(ledger)
    }

    fn new(begun: Begun) -> Self {
        let last = begun.at;
        Self {
            begun,
            chosen: Vec::new(),
            entries: HashMap::new(),
            order: Vec::new(),
            ended: None,
            resumed: 0,
            was_cancelled: false,
            last,
            batches: 0,
            damaged: 0,
            cut: false,
        }
    }

    fn note(&mut self, place: Place, record: Record) {
        match record {
            // A second beginning is none.
            Record::Begun(_) => {}
            Record::Chosen { ids } => self.chosen.extend(ids),
            Record::Taken { batch, at, messages } => {
                (self.batches, self.last) = (self.batches.max(batch + 1), at);
                for taken in messages {
                    self.take(taken.message.id, place, at);
                }
            }
            Record::Again { at, ids, .. } => {
                self.last = at;
                ids.iter().for_each(|id| self.again(id, at));
            }
            Record::Sent { at, results, .. } => {
                self.last = at;
                for sent in results {
                    self.sent(&sent.id, sent.outcome);
                }
            }
            Record::Deleted { results, .. } => {
                for deleted in results.into_iter().filter(|deleted| deleted.refusal.is_none()) {
                    self.deleted(&deleted.id);
                }
            }
            Record::Missing { at, ids } => {
                self.last = at;
                ids.iter().for_each(|id| self.missing(id));
            }
            Record::Resumed { at, .. } => {
                (self.resumed, self.last, self.ended) = (self.resumed + 1, at, None);
            }
            Record::Ended { at, why } => {
                self.was_cancelled |= why == Ended::Cancelled;
                (self.last, self.ended) = (at, Some((at, why)));
            }
        }
    }

    fn take(&mut self, id: String, place: Place, at: Timestamp) {
        match self.entries.get_mut(&id) {
            Some(entry) => {
                entry.place = place;
                self.again(&id, at);
            }
            None => {
                self.order.push(id.clone());
                self.entries.insert(id, Entry { fate: Fate::Taken, place, sent_in_doubt: 0, in_doubt_since: at });
            }
        }
    }

    fn again(&mut self, id: &str, at: Timestamp) {
        let to = &self.begun.to;
        let Some(entry) = self.entries.get_mut(id).filter(|entry| !entry.fate.has_arrived()) else { return };
        let doubles = to.doubles(entry.in_doubt_since, at);
        entry.sent_in_doubt += u32::from(doubles && entry.fate.is_doubtful());
        // A doubt stays a doubt until the message has arrived.
        if !entry.fate.is_doubtful() {
            (entry.fate, entry.in_doubt_since) = (Fate::Taken, at);
        } else if entry.fate == Fate::Missing {
            // It was there after all.
            entry.fate = Fate::Doubtful;
        }
    }

    fn sent(&mut self, id: &str, outcome: Outcome) {
        let Some(entry) = self.entries.get_mut(id).filter(|entry| !entry.fate.has_arrived()) else { return };
        entry.fate = match outcome {
            Outcome::Arrived { new_id } => Fate::Arrived { new_id },
            Outcome::Doubtful(_) => Fate::Doubtful,
            Outcome::Refused(refusal) if !refusal.in_doubt && entry.fate != Fate::Doubtful => {
                Fate::Refused(refusal.text)
            }
            Outcome::Refused(_) => Fate::Doubtful,
        };
    }

    fn deleted(&mut self, id: &str) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        let new_id = match &entry.fate {
            Fate::Arrived { new_id } | Fate::Moved { new_id: Some(new_id) } => Some(new_id.clone()),
            // Deleted without a send: that was what was wanted.
            _ => None,
        };
        entry.fate = Fate::Moved { new_id };
    }

    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// All messages, in the order in which they were taken.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.order.iter().filter_map(|id| Some((id.as_str(), self.entries.get(id)?)))
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts { taken: self.order.len() as u64, ..Counts::default() };
        for entry in self.entries.values() {
            counts.maybe_twice += u64::from(entry.sent_in_doubt);
            match &entry.fate {
                Fate::Moved { .. } => counts.moved += 1,
                Fate::Arrived { .. } => counts.arrived += 1,
                Fate::Refused(_) => counts.refused += 1,
                Fate::Missing => counts.missing += 1,
                Fate::Taken | Fate::Doubtful => counts.doubtful += 1,
            }
        }
        counts
    }

    /// Whether something is left to be done or to be found out.
    pub fn is_unfinished(&self) -> bool {
        match &self.ended {
            None => true,
            Some((_, Ended::Done)) => false,
            Some(_) => {
                let counts = self.counts();
                counts.arrived + counts.doubtful > 0
            }
        }
    }

    fn missing(&mut self, id: &str) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.fate = match &entry.fate {
            Fate::Arrived { new_id } => Fate::Moved { new_id: Some(new_id.clone()) },
            Fate::Taken | Fate::Doubtful => Fate::Missing,
            settled => settled.clone(),
        };
    }

    /// How many were chosen one by one; none if all that match were.
    pub fn wanted(&self) -> Option<u64> {
        match self.begun.scope {
            Scope::Chosen { count } => Some(count),
            Scope::All { limit } | Scope::Where { limit, .. } => limit,
        }
    }

    /// Whether messages are deleted without being sent anywhere.
    pub fn only_deletes(&self) -> bool {
        self.begun.deed == Deed::Delete
    }
}
