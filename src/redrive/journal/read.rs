//! Reading a journal, record by record. A damaged line is stepped over and counted; of a last one that was cut off nothing is kept.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use super::{Begun, JournalError, Record, Taken, VERSION, line};

/// The longest line that is a record: a batch of ten messages of 1 MiB, and edited ones beside them, as JSON.
const MOST_BYTES: u64 = 256 << 20;

/// What a file holds, in its order.
pub struct Records {
    lines: BufReader<File>,
    at: u64,
    /// Lines that are no records.
    pub damaged: usize,
    /// The last line has no end: a crash cut it off.
    pub cut: bool,
}

/// Where a record is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub offset: u64,
}

impl Records {
    /// # Errors
    /// The disk's.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::of(File::open(path)?))
    }

    fn of(file: File) -> Self {
        Self { lines: BufReader::new(file), at: 0, damaged: 0, cut: false }
    }

    /// The next record and where it is.
    ///
    /// # Errors
    /// The disk's.
    pub fn advance(&mut self) -> io::Result<Option<(Place, Record)>> {
        loop {
            let offset = self.at;
            let mut line = Vec::new();
            let read = self.lines.by_ref().take(MOST_BYTES).read_until(b'\n', &mut line)?;
            self.at += read as u64;
            if read == 0 {
                return Ok(None);
            }
            let Some(whole) = line.strip_suffix(b"\n") else {
                self.cut = true;
                return Ok(None);
            };
            match line::decode(whole) {
                Some(record) => return Ok(Some((Place { offset }, record))),
                None => self.damaged += 1,
            }
        }
    }
}

/// How a journal begins.
///
/// # Errors
/// The disk's; when it has no beginning, or one that only a newer program understands.
pub fn beginning(records: &mut Records, path: &Path) -> Result<Begun, JournalError> {
    match records.advance().map_err(|error| JournalError::read(path, error))? {
        Some((_, Record::Begun(begun))) if begun.version <= VERSION => Ok(*begun),
        Some((_, Record::Begun(begun))) => Err(JournalError::Newer { path: path.to_owned(), version: begun.version }),
        _ => Err(JournalError::NoBeginning { path: path.to_owned() }),
    }
}

/// How the journal in this file begins; nothing else of it is read.
///
/// # Errors
/// As [`beginning`].
pub fn begun(path: &Path) -> Result<Begun, JournalError> {
    let mut records = Records::open(path).map_err(|error| JournalError::read(path, error))?;
    beginning(&mut records, path)
}

/// The messages of the `Taken` record at this place.
///
/// # Errors
/// The disk's, or when there is no such record there.
pub fn taken_at(path: &Path, place: Place) -> io::Result<Vec<Taken>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(place.offset))?;
    match Records::of(file).advance()? {
        Some((_, Record::Taken { messages, .. })) => Ok(messages),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "there is no batch of messages at this place")),
    }
}

/// What cannot be read of a journal, said; nothing where all can.
pub fn unreadable(id: &str, damaged: usize) -> Option<String> {
    let lines = if damaged == 1 { "1 line".to_owned() } else { format!("{damaged} lines") };
    (damaged > 0).then(|| format!("{lines} of the journal {id} cannot be read: what stood there is not known"))
}

/// Where the last whole record ends: there the next one is to be written.
pub(super) fn end_of_last_record(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0))?;
    let (mut end, mut at) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(MOST_BYTES).read_until(b'\n', &mut line)?;
        at += read as u64;
        match line.strip_suffix(b"\n") {
            Some(whole) if line::decode(whole).is_some() => end = at,
            // A damaged one in the middle is kept: what it held may be of use to somebody.
            Some(_) => {}
            None => return Ok(end),
        }
    }
}
