//! What is too large to be kept in memory, in a temporary file without a name: it is gone with the program, however that ends.
//!
//! Bytes in, a [`Slip`] out; nothing is ever overwritten. Reads and writes go to the kernel's page cache and are not awaited.

use std::{
    env,
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::redrive::message::Message;

/// Large temporary files belong here; where `/tmp` is memory, a spool in it would defeat its purpose.
const ON_DISK: &str = "/var/tmp";

/// Where a piece of the spool lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slip {
    at: u64,
    bytes: u32,
}

/// A file that only this program can see.
#[derive(Debug)]
pub struct Spool {
    file: File,
    end: AtomicU64,
}

impl Spool {
    /// In `$TMPDIR` if that is set, else on disk if that can be.
    ///
    /// # Errors
    /// If no temporary file can be made.
    pub fn open() -> io::Result<Self> {
        let folder = match env::var_os("TMPDIR") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(ON_DISK),
        };
        Self::open_in(&folder).or_else(|_| Ok(Self::over(tempfile::tempfile()?)))
    }

    /// # Errors
    /// If no temporary file can be made there.
    pub fn open_in(folder: &Path) -> io::Result<Self> {
        Ok(Self::over(tempfile::tempfile_in(folder)?))
    }

    fn over(file: File) -> Self {
        Self { file, end: AtomicU64::new(0) }
    }

    /// # Errors
    /// A full disk, for one. What was put before stays readable.
    pub fn put(&self, piece: &[u8]) -> io::Result<Slip> {
        let bytes = u32::try_from(piece.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let at = self.end.fetch_add(u64::from(bytes), Ordering::Relaxed);
        self.file.write_all_at(piece, at)?;
        Ok(Slip { at, bytes })
    }

    /// # Errors
    /// If the disk fails.
    pub fn get(&self, slip: Slip) -> io::Result<Vec<u8>> {
        let mut piece = vec![0; slip.bytes as usize];
        self.file.read_exact_at(&mut piece, slip.at)?;
        Ok(piece)
    }

    /// A message as JSON, but its body as it is: that may be a million bytes, which need no quoting.
    ///
    /// # Errors
    /// As [`put`](Self::put). The message is whole again in any case.
    pub fn put_message(&self, message: &mut Message) -> io::Result<Slip> {
        let body = std::mem::take(&mut message.body);
        let head = serde_json::to_vec(message);
        message.body = body;
        let mut head = head?;
        // JSON ends at its last brace; the body begins behind it.
        head.extend_from_slice(message.body.as_bytes());
        self.put(&head)
    }

    /// # Errors
    /// If the disk fails, or no message lies there.
    pub fn get_message(&self, slip: Slip) -> io::Result<Message> {
        let piece = self.get(slip)?;
        let mut heads = serde_json::Deserializer::from_slice(&piece).into_iter::<Message>();
        let mut message = heads.next().ok_or(io::ErrorKind::InvalidData)??;
        let body = piece.get(heads.byte_offset()..).unwrap_or_default();
        message.body = String::from_utf8(body.to_vec()).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(message)
    }

    /// How much was put.
    pub fn bytes(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }
}

/// The proof that a message is ours, in memory or on disk.
#[derive(Debug, Clone)]
pub enum Receipt {
    Here(Box<str>),
    Spooled(Slip),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_put_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open_in(folder.path()).unwrap();
        let slips: Vec<_> = ["one", "", "three"].iter().map(|piece| spool.put(piece.as_bytes()).unwrap()).collect();
        assert_eq!(spool.get(slips[2]).unwrap(), b"three");
        assert_eq!(spool.get(slips[0]).unwrap(), b"one");
        assert_eq!(spool.get(slips[1]).unwrap(), b"");
        assert_eq!(spool.bytes(), 8);
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 0, "nobody else may find it, and nothing may be left of it");
    }

    #[test]
    fn a_message_comes_back_as_it_was() {
        let spool = Spool::open().unwrap();
        for body in ["", "{\"a\": 1}}", " \u{0}\r\n\t\"é€", "}{"] {
            let mut message = Message { id: "1".into(), body: body.into(), ..Message::default() };
            message.system.insert("SentTimestamp".into(), "1000".into());
            let original = message.clone();
            let slip = spool.put_message(&mut message).unwrap();
            assert_eq!(message, original);
            assert_eq!(spool.get_message(slip).unwrap(), original);
        }
        let nothing = spool.put(b"").unwrap();
        assert!(spool.get_message(nothing).is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(Spool::open_in(Path::new("/nonexistent")).is_err());
    }
}
