//! What a journal says of each message, taken together. Small in memory: bodies stay in the file, found by their place.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Begun, Ended, JournalError, Outcome, Record, Scope, Taken,
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
    /// The URL of the queue that it was to go to; none where nothing is sent.
    pub to: Option<Arc<str>>,
    /// How often it was sent again while in doubt, or after an earlier run: so many copies more may be there.
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
    /// The URLs in the entries, each once in memory.
    urls: HashSet<Arc<str>>,
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
    /// Copies that may be there besides: sends that were repeated because the answer to the one before never came, or because an earlier
    /// run's message was still here.
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
            urls: HashSet::new(),
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
                    self.take(taken, place, at);
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

    fn take(&mut self, taken: Taken, place: Place, at: Timestamp) {
        let (id, to) = (taken.message.id.clone(), taken.to.map(|url| self.url(url)));
        let sent_in_doubt = u32::from(taken.sent_before);
        match self.entries.get_mut(&id) {
            Some(entry) => {
                entry.place = place;
                entry.sent_in_doubt += sent_in_doubt;
                if !entry.fate.has_arrived() {
                    entry.to = to;
                }
                self.again(&id, at);
            }
            None => {
                self.order.push(id.clone());
                self.entries.insert(id, Entry { fate: Fate::Taken, place, to, sent_in_doubt, in_doubt_since: at });
            }
        }
    }

    fn url(&mut self, url: String) -> Arc<str> {
        if let Some(known) = self.urls.get(url.as_str()) {
            return Arc::clone(known);
        }
        let url: Arc<str> = url.into();
        self.urls.insert(Arc::clone(&url));
        url
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

    /// Whether to go on with it may do more, for who asks for it by name: it is unfinished, or it was stopped before all was done that was
    /// meant.
    pub fn may_go_on(&self) -> bool {
        let is_stopped = matches!(self.ended, Some((_, Ended::Stopped { .. }))) && !self.was_cancelled;
        let is_chosen = matches!(self.begun.scope, Scope::Chosen { .. });
        self.is_unfinished() || is_stopped && (!is_chosen || !self.still_to_come().is_empty())
    }

    /// Of those chosen one by one, what is still to be moved, in their order. After a cancel it is only what was left open.
    pub fn still_to_come(&self) -> Vec<&str> {
        let is_to_come = |fate: Option<&Fate>| match fate {
            None | Some(Fate::Refused(_)) => !self.was_cancelled,
            Some(Fate::Moved { .. } | Fate::Missing) => false,
            Some(Fate::Taken | Fate::Doubtful | Fate::Arrived { .. }) => true,
        };
        let ids = self.chosen.iter().map(String::as_str);
        ids.filter(|id| is_to_come(self.get(id).map(|entry| &entry.fate))).collect()
    }

    /// Whether it is of this endpoint (none for AWS itself), Region and account, as far as either side knows the account.
    pub fn is_of(&self, endpoint: Option<&str>, region: &str, who: &str) -> bool {
        let begun = &self.begun;
        let queues = begun.from.queue().into_iter().chain(begun.to.queues());
        let mut accounts =
            queues.map(|queue| queue.arn.as_str()).chain([begun.who.as_str()]).filter_map(account).peekable();
        let is_ours =
            account(who).is_none_or(|ours| accounts.peek().is_none() || accounts.any(|account| account == ours));
        begun.endpoint.as_deref() == endpoint && begun.region == region && is_ours
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
}

/// The account in an ARN.
fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| arn.starts_with("arn:") && !account.is_empty())
}
