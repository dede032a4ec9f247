//! Chunks between memory and disk: what rested longest goes, what is asked for comes back, what does not fit is forgotten and said.

use std::sync::Arc;

use super::{Book, CHUNK_BYTES, CHUNK_ENTRIES, Chunk, Facts, Held, LEAST_MEMORY, READ_BACK};
use crate::{
    domain::Level,
    inspect::tail::{
        entry::Entry,
        spool::{self, Extent, Refused, Spool},
    },
};

impl Book {
    /// What is in a chunk, read back if it is away; nothing if that fails.
    pub(super) fn read_of(&mut self, index: usize) -> &[Arc<Entry>] {
        let Some((id, extent)) = self.chunks.get(index).and_then(|chunk| match &chunk.held {
            Held::Here(_) => None,
            Held::Away(extent) => Some((chunk.id, *extent)),
        }) else {
            return match self.chunks.get(index).map(|chunk| &chunk.held) {
                Some(Held::Here(entries)) => entries,
                _ => &[],
            };
        };
        if !self.read_back.iter().any(|(other, _)| *other == id) {
            let entries = self.read(extent).unwrap_or_default();
            self.read_back.push_back((id, entries));
            if self.read_back.len() > READ_BACK {
                self.read_back.pop_front();
            }
        }
        self.read_back.iter().find(|(other, _)| *other == id).map_or(&[], |(_, entries)| entries.as_slice())
    }

    fn read(&mut self, extent: Extent) -> Option<Vec<Arc<Entry>>> {
        let bytes = match self.spool.as_ref()?.get(extent) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.kept.trouble = Some(format!("lines could not be read back from disk: {error}"));
                return None;
            }
        };
        spool::decode(&bytes)
    }

    pub(super) fn read_back_cost(&self) -> usize {
        let chunks = self.read_back.iter().flat_map(|(_, entries)| entries.iter());
        chunks.map(|entry| entry.cost()).sum()
    }

    /// Brings a chunk back into memory, so that it can change.
    pub(super) fn recall(&mut self, index: usize) -> Result<(), ()> {
        let Some(Held::Away(extent)) = self.chunks.get(index).map(|chunk| &chunk.held) else { return Ok(()) };
        let extent = *extent;
        let entries = self.read(extent).ok_or(())?;
        let chunk = self.chunks.get_mut(index).ok_or(())?;
        let id = chunk.id;
        chunk.held = Held::Here(entries);
        self.kept.in_memory += chunk.cost;
        self.read_back.retain(|(other, _)| *other != id);
        if let Some(spool) = &mut self.spool {
            spool.release(extent);
        }
        Ok(())
    }

    /// Late entries make a chunk grow.
    pub(super) fn split_if_large(&mut self, index: usize) {
        let Some(chunk) = self.chunks.get_mut(index) else { return };
        let Held::Here(entries) = &mut chunk.held else { return };
        if entries.len() < 2 * CHUNK_ENTRIES {
            return;
        }
        let rest = entries.split_off(entries.len() / 2);
        let (Some(last), Some(first)) = (entries.last(), rest.first()) else { return };
        let (last, first) = (last.key, first.key);
        let cost: usize = rest.iter().map(|entry| entry.cost()).sum();
        let errors = rest.iter().filter(|entry| entry.level == Level::Error).count();
        // Both halves are counted again.
        let uncounted = self.count.wrapping_sub(1);
        let facts = Facts { entries: rest.len(), errors, counted: (uncounted, 0) };
        chunk.facts = Facts { entries: entries.len(), errors: chunk.facts.errors - errors, counted: (uncounted, 0) };
        self.next_id += 1;
        let half = Chunk {
            id: self.next_id,
            first,
            last: chunk.last,
            cost,
            facts,
            held: Held::Here(rest),
            touched: self.turn,
        };
        (chunk.last, chunk.cost) = (last, chunk.cost - cost);
        self.chunks.insert(index + 1, half);
    }

    /// Sends chunks to disk until memory is within its bound.
    pub(super) fn make_room(&mut self) {
        let allowed = self.limits.memory.max(LEAST_MEMORY) - READ_BACK * CHUNK_BYTES;
        while self.kept.in_memory > allowed {
            // Not the one that is written to.
            let here = self
                .chunks
                .iter()
                .enumerate()
                .filter(|(_, chunk)| matches!(chunk.held, Held::Here(_)) && chunk.touched < self.turn);
            let Some(index) = here.min_by_key(|(_, chunk)| chunk.touched).map(|(index, _)| index) else { return };
            self.send_away(index);
        }
    }

    fn send_away(&mut self, mut index: usize) {
        let Some(chunk) = self.chunks.get(index) else { return };
        let Held::Here(entries) = &chunk.held else { return };
        let bytes = spool::encode(entries);
        loop {
            match self.put(&bytes) {
                Ok(extent) => {
                    if let Some(chunk) = self.chunks.get_mut(index) {
                        self.kept.in_memory -= chunk.cost;
                        chunk.held = Held::Away(extent);
                    }
                    return;
                }
                // The oldest make room, unless this is the oldest.
                Err(Refused::Full) if index > 0 => {
                    self.forget_oldest();
                    index -= 1;
                }
                Err(refused) => {
                    if !matches!(refused, Refused::Full) {
                        self.kept.trouble = Some(refused.to_string());
                    }
                    // What is older than what goes cannot stay: it would look as if nothing were missing.
                    for _ in 0..=index {
                        self.forget_oldest();
                    }
                    return;
                }
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<Extent, Refused> {
        if self.spool.is_none() {
            self.spool = Some(Spool::new(self.limits.folder.as_deref(), self.limits.disk)?);
        }
        self.spool.as_mut().ok_or(Refused::Full)?.put(bytes)
    }

    fn forget_oldest(&mut self) {
        let Some(chunk) = self.chunks.pop_front() else { return };
        self.kept.entries -= chunk.facts.entries as u64;
        self.kept.forgotten += chunk.facts.entries as u64;
        self.kept.forgotten_to_ms = Some(chunk.last.at_ms);
        match chunk.held {
            Held::Here(_) => self.kept.in_memory -= chunk.cost,
            Held::Away(extent) => {
                if let Some(spool) = &mut self.spool {
                    spool.release(extent);
                }
            }
        }
        self.read_back.retain(|(id, _)| *id != chunk.id);
    }
}
