//! Entries on disk: a file without a name, which nobody else can open and which is gone when we are, however we end.
//!
//! Bounded: what does not fit is refused, and whoever asked makes room. Must not: know what a chunk is.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path, sync::Arc};

use super::entry::{Entry, Key, Origin, Shape};
use crate::domain::Level;

/// A piece of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    at: u64,
    len: u64,
}

/// The file, and where it is free.
#[derive(Debug)]
pub struct Spool {
    file: File,
    limit: u64,
    end: u64,
    used: u64,
    /// By place; neighbours are one.
    free: Vec<Extent>,
}

/// Why something was not put there.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the disk space for lines is full")]
    Full,
    #[error("lines cannot be kept on disk: {0}")]
    Io(#[from] io::Error),
}

impl Spool {
    /// In this folder, or else where temporary files are.
    ///
    /// # Errors
    /// The disk's own.
    pub fn new(folder: Option<&Path>, limit: u64) -> io::Result<Self> {
        let file = match folder.filter(|folder| folder.is_dir()) {
            Some(folder) => tempfile::tempfile_in(folder)?,
            None => tempfile::tempfile()?,
        };
        Ok(Self { file, limit, end: 0, used: 0, free: Vec::new() })
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Puts bytes where there is room.
    ///
    /// # Errors
    /// [`Refused::Full`] where there is none; the disk's own.
    pub fn put(&mut self, bytes: &[u8]) -> Result<Extent, Refused> {
        let len = bytes.len() as u64;
        let place = self.free.iter().position(|free| free.len >= len);
        let at = match place.and_then(|place| self.free.get(place)) {
            Some(free) => free.at,
            None if self.end + len <= self.limit => self.end,
            None => return Err(Refused::Full),
        };
        self.file.write_all_at(bytes, at)?;
        match place.and_then(|place| self.free.get_mut(place)) {
            Some(free) => (free.at, free.len) = (free.at + len, free.len - len),
            None => self.end += len,
        }
        self.free.retain(|free| free.len > 0);
        self.used += len;
        Ok(Extent { at, len })
    }

    /// # Errors
    /// The disk's own.
    pub fn get(&self, extent: Extent) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; extent.len as usize];
        self.file.read_exact_at(&mut bytes, extent.at)?;
        Ok(bytes)
    }

    /// Its room may be used again.
    pub fn release(&mut self, extent: Extent) {
        self.used -= extent.len;
        let at = self.free.partition_point(|free| free.at < extent.at);
        self.free.insert(at, extent);
        self.free.dedup_by(|next, free| {
            let touches = free.at + free.len == next.at;
            free.len += if touches { next.len } else { 0 };
            touches
        });
        // What is free at the end is not there.
        if let Some(last) = self.free.pop_if(|last| last.at + last.len == self.end) {
            self.end = last.at;
        }
    }
}

/// Entries as bytes. Origins come first, once each.
pub fn encode(entries: &[Arc<Entry>]) -> Vec<u8> {
    let mut origins: Vec<&Origin> = entries.iter().map(|entry| entry.origin.as_ref()).collect();
    origins.sort_unstable();
    origins.dedup();
    let mut out = Vec::with_capacity(entries.iter().map(|entry| entry.text.len() + 48).sum());
    put_number(&mut out, origins.len() as u64);
    for origin in &origins {
        put_text(&mut out, &origin.group);
        put_text(&mut out, &origin.stream);
    }
    put_number(&mut out, entries.len() as u64);
    for entry in entries {
        let origin = origins.binary_search(&entry.origin.as_ref()).unwrap_or_default();
        put_number(&mut out, entry.key.at_ms as u64);
        put_number(&mut out, entry.key.number);
        put_number(&mut out, origin as u64);
        put_number(&mut out, u64::from(entry.events));
        let (level, shape) = (entry.level as u8, entry.shape as u8);
        out.extend([level, shape, u8::from(entry.request.is_some())]);
        if let Some(request) = entry.request {
            out.extend(request.to_le_bytes());
        }
        put_text(&mut out, &entry.text);
    }
    out
}

fn put_number(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// Entries of bytes that [`encode`] made; none if they are not whole.
pub fn decode(bytes: &[u8]) -> Option<Vec<Arc<Entry>>> {
    let mut reader = Reader(bytes);
    let mut origins = Vec::new();
    for _ in 0..reader.number()? {
        let group = reader.text()?.into();
        origins.push(Arc::new(Origin { group, stream: reader.text()?.into() }));
    }
    let mut entries = Vec::new();
    for _ in 0..reader.number()? {
        let key = Key { at_ms: reader.number()? as i64, number: reader.number()? };
        let origin = Arc::clone(origins.get(reader.number()? as usize)?);
        let events = reader.number()? as u32;
        let [level, shape, has_request] = *reader.bytes()?;
        let level = [Level::Info, Level::Warn, Level::Error].into_iter().find(|one| *one as u8 == level)?;
        let shapes = [Shape::Text, Shape::Json, Shape::Trace, Shape::Request, Shape::Note];
        let shape = shapes.into_iter().find(|one| *one as u8 == shape)?;
        let request = if has_request == 1 { Some(u128::from_le_bytes(*reader.bytes()?)) } else { None };
        let text = reader.text()?.into();
        entries.push(Arc::new(Entry { key, origin, level, shape, request, events, text }));
    }
    Some(entries)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        self.bytes().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn room_is_used_again_and_never_more_than_allowed() {
        let mut spool = Spool::new(None, 100).unwrap();
        let extents: Vec<_> = (0..5).map(|n| spool.put(&[n; 20]).unwrap()).collect();
        assert!(matches!(spool.put(&[9]), Err(Refused::Full)));
        spool.release(extents[1]);
        spool.release(extents[2]);
        let big = spool.put(&[7; 40]).unwrap();
        assert_eq!((spool.get(big).unwrap(), spool.used()), (vec![7; 40], 100));
        assert_eq!(spool.get(extents[3]).unwrap(), vec![3; 20]);
        for extent in [extents[0], big, extents[3], extents[4]] {
            spool.release(extent);
        }
        assert_eq!((spool.used(), spool.end, spool.free.len()), (0, 0, 0));
    }

    fn entry() -> impl Strategy<Value = Arc<Entry>> {
        let shapes = prop_oneof![
            Just(Shape::Text),
            Just(Shape::Json),
            Just(Shape::Trace),
            Just(Shape::Request),
            Just(Shape::Note)
        ];
        let levels = prop_oneof![Just(Level::Info), Just(Level::Warn), Just(Level::Error)];
        let origin = ("[ab]", "[xy]").prop_map(|(group, stream)| Origin { group: group.into(), stream: stream.into() });
        let parts = (any::<i64>(), any::<u64>(), origin, levels, shapes, any::<Option<u128>>(), any::<u32>(), "(?s).*");
        parts.prop_map(|(at_ms, number, origin, level, shape, request, events, text)| {
            let key = Key { at_ms, number };
            Arc::new(Entry { key, origin: Arc::new(origin), level, shape, request, events, text: text.into() })
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(entries in proptest::collection::vec(entry(), 0..20)) {
            prop_assert_eq!(decode(&encode(&entries)), Some(entries));
        }

        #[test]
        fn garbage_is_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
