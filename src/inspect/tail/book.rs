//! The scrollback: entries by time, the newest in memory, older ones on disk, the oldest forgotten; each of these bounded, and said.
//!
//! ```text
//!   forgotten │ chunk away │ chunk away │ chunk away │ chunk here │ chunk here │ open chunk ◄── insert
//!             └──────────── on disk ────────────────┘└──────── in memory ──────┘
//! ```
//!
//! Chunks do not overlap. What comes late goes into the chunk of its time, wherever that is. An entry is addressed by its [`Key`],
//! never by its place, so nothing moves under a reader. Reading goes in [`Page`]s, one chunk at most, so that whoever reads much can do
//! something else in between. Must not: know filters beyond the verdicts that it is given.

mod room;

use std::{collections::VecDeque, path::PathBuf, sync::Arc};

use super::{
    entry::{Entry, Key, MOST_FOLDED_BYTES, Shape},
    spool::{Extent, Spool},
};
use crate::domain::Level;

/// A chunk as large as one of these is closed.
const CHUNK_ENTRIES: usize = 2_048;
const CHUNK_BYTES: usize = 512 << 10;
/// Chunks read back from disk that are kept for the next page.
const READ_BACK: usize = 8;
/// Less memory than this cannot be asked for: the open chunk and what was read back are in it.
pub const LEAST_MEMORY: usize = 2 * (READ_BACK + 2) * CHUNK_BYTES;

/// How much is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in memory.
    pub memory: usize,
    /// Bytes on disk.
    pub disk: u64,
    /// The folder of the file; none for that of temporary files.
    pub folder: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 64 << 20, disk: 2 << 30, folder: None }
    }
}

/// How much there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    pub entries: u64,
    pub in_memory: usize,
    pub on_disk: u64,
    /// The oldest, which went.
    pub forgotten: u64,
    pub forgotten_to_ms: Option<i64>,
    /// Why there is nothing on disk.
    pub trouble: Option<String>,
}

/// What is known of a chunk without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub entries: usize,
    pub errors: usize,
    /// The last count, and how many it found to show.
    pub counted: (u64, usize),
}

#[derive(Debug)]
struct Chunk {
    id: u64,
    first: Key,
    last: Key,
    cost: usize,
    facts: Facts,
    held: Held,
    /// When something was put into it last: the one that rested longest goes to disk first.
    touched: u64,
}

#[derive(Debug)]
enum Held {
    Here(Vec<Arc<Entry>>),
    Away(Extent),
}

/// From where, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To what is newer than this, or from the oldest on.
    On(Option<Key>),
    /// To what is older than this, or from the newest back.
    Back(Option<Key>),
}

/// Some entries, in the direction of reading.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub entries: Vec<Arc<Entry>>,
    /// From where to go on; none at the end.
    pub next: Option<Way>,
}

/// The scrollback.
#[derive(Debug)]
pub struct Book {
    limits: Limits,
    chunks: VecDeque<Chunk>,
    spool: Option<Spool>,
    read_back: VecDeque<(u64, Vec<Arc<Entry>>)>,
    next_id: u64,
    turn: u64,
    kept: Kept,
    /// The count that is under way, or done.
    count: u64,
}

impl Book {
    pub fn new(limits: Limits) -> Self {
        let (chunks, read_back) = (VecDeque::new(), VecDeque::new());
        Self { limits, chunks, spool: None, read_back, next_id: 0, turn: 0, kept: Kept::default(), count: 0 }
    }

    pub fn kept(&self) -> Kept {
        let on_disk = self.spool.as_ref().map_or(0, Spool::used);
        Kept { on_disk, in_memory: self.kept.in_memory + self.read_back_cost(), ..self.kept.clone() }
    }

    pub fn first(&self) -> Option<Key> {
        self.chunks.front().map(|chunk| chunk.first)
    }

    pub fn last(&self) -> Option<Key> {
        self.chunks.back().map(|chunk| chunk.last)
    }

    /// Takes an entry in; `shown` is what the filter of now says of it. False where it is from before what is kept.
    pub fn insert(&mut self, entry: Entry, shown: bool) -> bool {
        let key = entry.key;
        if self.kept.forgotten_to_ms.is_some_and(|to| key.at_ms <= to) {
            self.kept.forgotten += 1;
            return false;
        }
        let index = match self.chunks.back() {
            Some(last) if key < last.first => self.index_of(key),
            Some(last) if last.facts.entries < CHUNK_ENTRIES && last.cost < CHUNK_BYTES || key < last.last => {
                self.chunks.len() - 1
            }
            _ => self.open_chunk(key),
        };
        if self.recall(index).is_err() {
            self.kept.forgotten += 1;
            return false;
        }
        self.turn += 1;
        let (count, turn) = (self.count, self.turn);
        let Some(chunk) = self.chunks.get_mut(index) else { return false };
        chunk.touched = turn;
        let Held::Here(entries) = &mut chunk.held else { return false };
        let cost = entry.cost();
        let place = entries.partition_point(|other| other.key < key);
        if chunk.facts.counted.0 == count && shown {
            chunk.facts.counted.1 += 1;
        }
        chunk.facts.errors += usize::from(entry.level == Level::Error);
        entries.insert(place, Arc::new(entry));
        chunk.facts.entries += 1;
        chunk.cost += cost;
        (chunk.first, chunk.last) = (chunk.first.min(key), chunk.last.max(key));
        self.kept.in_memory += cost;
        self.kept.entries += 1;
        self.split_if_large(index);
        self.make_room();
        true
    }

    /// Lets an entry go on; `shows` judges it before and after. The entry as it is now, unless it is out of reach.
    pub fn extend(
        &mut self,
        key: Key,
        (text, level): (&str, Option<Level>),
        mut shows: impl FnMut(&Entry) -> bool,
    ) -> Option<Arc<Entry>> {
        let (index, count) = (self.index_of(key), self.count);
        let chunk = self.chunks.get_mut(index)?;
        let Held::Here(entries) = &mut chunk.held else { return None };
        let place = entries.binary_search_by_key(&key, |entry| entry.key).ok()?;
        let held = entries.get_mut(place)?;
        if held.text.len() + text.len() > 2 * MOST_FOLDED_BYTES {
            return None;
        }
        let was = shows(held);
        let entry = Arc::make_mut(held);
        entry.text = [&entry.text, "\n", text].concat().into();
        entry.events += 1;
        if let Some(level) = level.filter(|level| *level > entry.level) {
            chunk.facts.errors += usize::from(level == Level::Error);
            entry.level = level;
        }
        if text.starts_with("Traceback") || (entry.level == Level::Error && text.starts_with([' ', '\t'])) {
            entry.shape = Shape::Trace;
        }
        let is = shows(held);
        if chunk.facts.counted.0 == count {
            chunk.facts.counted.1 = (chunk.facts.counted.1 + usize::from(is)).saturating_sub(usize::from(was));
        }
        chunk.cost += text.len() + 1;
        self.kept.in_memory += text.len() + 1;
        Some(Arc::clone(held))
    }

    /// The entry of this key, which was just put in: mostly the last.
    pub fn newest_or(&mut self, key: Key) -> Option<Arc<Entry>> {
        let newest = match self.chunks.back().map(|chunk| &chunk.held) {
            Some(Held::Here(entries)) => entries.last().filter(|entry| entry.key == key).cloned(),
            _ => None,
        };
        newest.or_else(|| self.get(key))
    }

    /// The entry of this key.
    pub fn get(&mut self, key: Key) -> Option<Arc<Entry>> {
        let index = self.index_of(key);
        let entries = self.read_of(index);
        let place = entries.binary_search_by_key(&key, |entry| entry.key).ok()?;
        entries.get(place).cloned()
    }

    /// Entries on a way, at most so many, and of one chunk; chunks that `passes` are not read.
    pub fn page(&mut self, way: Way, most: usize, passes: impl Fn(&Facts) -> bool) -> Page {
        let (mut index, is_back) = match way {
            Way::On(None) => (0, false),
            Way::On(Some(key)) => (self.index_of(key), false),
            Way::Back(None) => (self.chunks.len().wrapping_sub(1), true),
            Way::Back(Some(key)) => (self.index_of(key), true),
        };
        while let Some(chunk) = self.chunks.get(index) {
            let (first, last, facts) = (chunk.first, chunk.last, chunk.facts);
            let has_some = match way {
                Way::On(Some(key)) => last > key,
                Way::Back(Some(key)) => first < key,
                Way::On(None) | Way::Back(None) => true,
            };
            if has_some && !passes(&facts) {
                return self.page_of(index, way, most);
            }
            index = if is_back { index.wrapping_sub(1) } else { index + 1 };
        }
        Page::default()
    }

    fn page_of(&mut self, index: usize, way: Way, most: usize) -> Page {
        let edges = self.chunks.get(index).map(|chunk| (chunk.first, chunk.last));
        let entries = self.read_of(index);
        let after = |key: Key| entries.partition_point(|entry| entry.key <= key);
        let before = |key: Key| entries.partition_point(|entry| entry.key < key);
        let part: Vec<_> = match way {
            Way::On(from) => entries.iter().skip(from.map_or(0, after)).take(most).cloned().collect(),
            Way::Back(from) => {
                let end = from.map_or(entries.len(), before);
                entries.iter().take(end).rev().take(most).cloned().collect()
            }
        };
        // A chunk that cannot be read is passed.
        let end = part.last().map(|entry| entry.key);
        let next = match way {
            Way::On(_) => Way::On(end.or(edges.map(|(_, last)| last))),
            Way::Back(_) => Way::Back(end.or(edges.map(|(first, _)| first))),
        };
        Page { entries: part, next: Some(next) }
    }

    /// Begins to count anew what there is to show.
    pub fn begin_count(&mut self) {
        self.count += 1;
    }

    /// The count of now.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Judges one chunk more, the newest first; false if there is none left.
    pub fn count_on(&mut self, mut shows: impl FnMut(&Entry) -> bool) -> bool {
        let count = self.count;
        let Some(index) = self.chunks.iter().rposition(|chunk| chunk.facts.counted.0 != count) else { return false };
        let shown = self.read_of(index).iter().filter(|entry| shows(entry)).count();
        if let Some(chunk) = self.chunks.get_mut(index) {
            chunk.facts.counted = (count, shown);
        }
        true
    }

    /// How many are to be shown as far as they were judged, and how many were not.
    pub fn shown(&self) -> (u64, u64) {
        let (mut shown, mut left) = (0, 0);
        for facts in self.chunks.iter().map(|chunk| chunk.facts) {
            if facts.counted.0 == self.count {
                shown += facts.counted.1 as u64;
            } else {
                left += facts.entries as u64;
            }
        }
        (shown, left)
    }

    /// The chunk in which a key is, or would be.
    fn index_of(&self, key: Key) -> usize {
        self.chunks.partition_point(|chunk| chunk.first <= key).saturating_sub(1)
    }

    fn open_chunk(&mut self, key: Key) -> usize {
        self.next_id += 1;
        let facts = Facts { entries: 0, errors: 0, counted: (self.count, 0) };
        let held = Held::Here(Vec::new());
        self.chunks.push_back(Chunk { id: self.next_id, first: key, last: key, cost: 0, facts, held, touched: 0 });
        self.chunks.len() - 1
    }
}

#[cfg(test)]
mod tests;
