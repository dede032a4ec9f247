//! Messages into files: JSON lines in the shape of the AWS CLI, one message a line, everything of it but its receipt handle. Read back
//! by [`super::import`].
//!
//! A file is either written whole ([`Draft`]: there under its name only when it is complete and on the disk) or grows with a run
//! ([`Appender`]: a batch is on the disk when the call returns). Both are its owner's alone, and neither overwrites. All calls block.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{
    import::{MOST_LINE_BYTES, Reader},
    message::Message,
};

/// Readable and writable by its owner.
const OWNER_ONLY: u32 = 0o600;
/// How each line begins.
const START: &[u8] = b"{\"MessageId\":";

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{} is there already; name another file, or say that it is to be continued", .0.display())]
    Exists(PathBuf),
    #[error("{} holds no exported messages; name another file", .0.display())]
    Foreign(PathBuf),
    #[error("{} is being written by another run; wait for its end, or name another file", .0.display())]
    Locked(PathBuf),
    #[error("a message of {bytes} bytes as JSON is longer than a line may be; nothing was written", bytes = .0)]
    TooLong(usize),
    #[error("the message cannot be written as JSON: {0}; nothing was written")]
    Json(#[from] serde_json::Error),
    #[error("cannot write {}: {source}; {state}", .path.display())]
    Io { path: PathBuf, source: io::Error, state: &'static str },
}

impl ExportError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source, state: "nothing was written" }
    }
}

/// A message as a line, with its line feed.
///
/// # Errors
/// If it is too long to be read back; SQS has no such messages.
pub fn line(message: &Message) -> Result<String, ExportError> {
    // A proof of a lease is of no use later, and not for others.
    let message = Message { receipt: None, ..message.clone() };
    let mut line = serde_json::to_string(&message)?;
    if line.len() > MOST_LINE_BYTES {
        return Err(ExportError::TooLong(line.len()));
    }
    line.push('\n');
    Ok(line)
}

/// A file that is written whole. Dropped before [`Draft::finish`], it was never there.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    count: u64,
}

impl Draft {
    /// Begins a file beside the one that it will be.
    ///
    /// # Errors
    /// If there is a file of that name, or the folder cannot be written to.
    pub fn begin(path: &Path) -> Result<Self, ExportError> {
        if path.symlink_metadata().is_ok() {
            return Err(ExportError::Exists(path.to_owned()));
        }
        let file = NamedTempFile::new_in(folder(path)).map_err(|error| ExportError::io(path, error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), count: 0 })
    }

    /// Adds a message.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn push(&mut self, message: &Message) -> Result<(), ExportError> {
        let line = line(message)?;
        self.file.write_all(line.as_bytes()).map_err(|error| ExportError::io(&self.path, error))?;
        self.count += 1;
        Ok(())
    }

    /// Puts the file in its place, on the disk. How many messages it has.
    ///
    /// # Errors
    /// If that fails, or a file of that name has come up meanwhile; then nothing was written.
    pub fn finish(self) -> Result<u64, ExportError> {
        let Self { path, file, count } = self;
        let file = file.into_inner().map_err(|error| ExportError::io(&path, error.into_error()))?;
        file.as_file().sync_all().map_err(|error| ExportError::io(&path, error))?;
        file.persist_noclobber(&path).map_err(|failed| match failed.error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists(path.clone()),
            _ => ExportError::io(&path, failed.error),
        })?;
        sync_folder(&path)?;
        Ok(count)
    }
}

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Refuse,
    /// Goes on behind its last message.
    Continue,
}

/// A file that grows by batches. Only one appender has it at a time.
#[derive(Debug)]
pub struct Appender {
    path: PathBuf,
    file: File,
    /// Up to here it is whole.
    length: u64,
    ids: HashSet<String>,
    cut_bytes: u64,
    broken: bool,
}

impl Appender {
    /// Opens it. A last line that a crash cut is taken off: nobody was told that it was written.
    ///
    /// # Errors
    /// If there is such a file and it may not be, or is not one of messages; if another run has it; if the disk refuses.
    pub fn open(path: &Path, existing: Existing) -> Result<Self, ExportError> {
        let io = |error| ExportError::io(path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(OWNER_ONLY);
        let file = match existing {
            Existing::Refuse => options.create_new(true).open(path),
            Existing::Continue => options.create(true).truncate(false).open(path),
        };
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists(path.to_owned()),
            _ => io(error),
        })?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ExportError::Locked(path.to_owned()),
            TryLockError::Error(error) => io(error),
        })?;
        let length = file.metadata().map_err(io)?.len();
        let mut appender =
            Self { path: path.to_owned(), file, length, ids: HashSet::new(), cut_bytes: 0, broken: false };
        if length > 0 {
            appender.repair()?;
        }
        sync_folder(path)?;
        Ok(appender)
    }

    /// Whether the file has the message of this id.
    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// How many messages it has, each id counted once.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// How many bytes of a cut last line were taken off when it was opened.
    pub fn cut_bytes(&self) -> u64 {
        self.cut_bytes
    }

    /// Adds messages. When it returns they are on the disk, all of them.
    ///
    /// # Errors
    /// If the disk does not take them. Then none of them is in the file, or the error says that this is not known, and no more are taken.
    pub fn append(&mut self, messages: &[Message]) -> Result<(), ExportError> {
        if self.broken {
            let source = io::Error::other("an earlier write failed");
            return Err(ExportError::Io {
                path: self.path.clone(),
                source,
                state: "its end is not known; open it again",
            });
        }
        let mut batch = String::new();
        for message in messages {
            batch.push_str(&line(message)?);
        }
        let written = self.write(batch.as_bytes());
        match written {
            Ok(()) => {
                self.length += batch.len() as u64;
                self.ids.extend(messages.iter().map(|message| message.id.clone()));
                Ok(())
            }
            Err(source) => {
                // A failed sync may have lost what it should have kept, so the file is read again before more is put in.
                let is_back = self.cut_to(self.length).is_ok();
                self.broken = true;
                let state = if is_back { "nothing of this batch is in it" } else { "its last lines may be cut" };
                Err(ExportError::Io { path: self.path.clone(), source, state })
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.sync_all()
    }

    /// Reads the ids of what is there, and takes off what stands behind the last line feed.
    fn repair(&mut self) -> Result<(), ExportError> {
        let io = |path: &Path, error| ExportError::io(path, error);
        let tail = self.tail().map_err(|error| io(&self.path, error))?;
        let whole = self.length - tail.len() as u64;
        // Whose last line this is must be known before any of it is taken off.
        let is_ours =
            if whole > 0 { self.read_ids(whole)? } else { tail.starts_with(START) || START.starts_with(&tail) };
        if !is_ours {
            return Err(ExportError::Foreign(self.path.clone()));
        }
        if tail.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice::<Message>(&tail) {
            // Only the line feed is missing.
            Ok(message) => {
                self.write(b"\n").map_err(|error| io(&self.path, error))?;
                self.length += 1;
                self.ids.insert(message.id);
            }
            Err(_) => {
                self.cut_to(whole).map_err(|error| io(&self.path, error))?;
                self.cut_bytes = tail.len() as u64;
                self.length = whole;
            }
        }
        Ok(())
    }

    /// What stands behind the last line feed; at most a line.
    fn tail(&mut self) -> io::Result<Vec<u8>> {
        let most = (MOST_LINE_BYTES as u64 + 1).min(self.length);
        self.file.seek(SeekFrom::Start(self.length - most))?;
        let mut tail = Vec::new();
        (&self.file).take(most).read_to_end(&mut tail)?;
        let start = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        Ok(tail.split_off(start))
    }

    /// False if there is anything else than messages, line by line.
    fn read_ids(&mut self, whole: u64) -> Result<bool, ExportError> {
        self.file.seek(SeekFrom::Start(0)).map_err(|error| ExportError::io(&self.path, error))?;
        for message in Reader::new((&self.file).take(whole)) {
            match message {
                Ok(message) => self.ids.insert(message.id),
                Err(_) => return Ok(false),
            };
        }
        Ok(true)
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new name is on the disk when its folder is.
fn sync_folder(path: &Path) -> Result<(), ExportError> {
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(|error| ExportError::io(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::import::Reader;
    use rstest::rstest;
    use serde_json::json;
    use std::{fs, os::unix::fs::PermissionsExt};

    fn message(id: &str) -> Message {
        serde_json::from_value(json!({"MessageId": id, "ReceiptHandle": "secret", "Body": "line\nfeed é"})).unwrap()
    }

    fn ids(path: &Path) -> Vec<String> {
        Reader::open(path).unwrap().map(|message| message.unwrap().id).collect()
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_draft_is_there_when_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead.jsonl");
        let mut draft = Draft::begin(&path).unwrap();
        draft.push(&message("a")).unwrap();
        assert!(!path.exists());
        draft.push(&message("b")).unwrap();
        assert_eq!(draft.finish().unwrap(), 2);
        assert_eq!((ids(&path), mode(&path)), (vec!["a".to_owned(), "b".to_owned()], 0o600));
        assert!(!fs::read_to_string(&path).unwrap().contains("secret"));
        assert!(matches!(Draft::begin(&path), Err(ExportError::Exists(_))));

        drop(Draft::begin(&folder.path().join("never")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_draft_overwrites_nothing_that_came_up_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead.jsonl");
        let draft = Draft::begin(&path).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(matches!(draft.finish(), Err(ExportError::Exists(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn an_appender_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead.jsonl");
        let mut appender = Appender::open(&path, Existing::Refuse).unwrap();
        appender.append(&[message("a"), message("b")]).unwrap();
        assert_eq!((ids(&path).len(), mode(&path)), (2, 0o600));
        assert!(matches!(Appender::open(&path, Existing::Continue), Err(ExportError::Locked(_))));
        drop(appender);

        assert!(matches!(Appender::open(&path, Existing::Refuse), Err(ExportError::Exists(_))));
        let mut appender = Appender::open(&path, Existing::Continue).unwrap();
        assert!(appender.contains("b") && !appender.contains("c"));
        appender.append(&[message("c")]).unwrap();
        assert_eq!((appender.count(), appender.cut_bytes()), (3, 0));
        assert_eq!(ids(&path), ["a", "b", "c"]);
    }

    /// Wherever a crash cut the file, the whole lines stay and the next message has a line of its own.
    #[test]
    fn a_cut_line_is_repaired() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead.jsonl");
        let first = line(&message("a")).unwrap();
        let both = first.clone() + &line(&message("b")).unwrap();
        for cut in first.len()..=both.len() {
            fs::write(&path, &both.as_bytes()[..cut]).unwrap();
            let mut appender = Appender::open(&path, Existing::Continue).unwrap();
            let has_both = cut + 1 >= both.len();
            assert_eq!(appender.contains("b"), has_both, "cut at {cut}");
            assert_eq!(appender.cut_bytes() as usize, if has_both { 0 } else { cut - first.len() });
            appender.append(&[message("c")]).unwrap();
            let expected: &[&str] = if has_both { &["a", "b", "c"] } else { &["a", "c"] };
            assert_eq!(ids(&path), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_cut_only_line_is_repaired_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead.jsonl");
        fs::write(&path, &line(&message("a")).unwrap()[..20]).unwrap();
        let mut appender = Appender::open(&path, Existing::Continue).unwrap();
        assert_eq!((appender.count(), appender.cut_bytes()), (0, 20));
        appender.append(&[message("b")]).unwrap();
        assert_eq!(ids(&path), ["b"]);
    }

    #[rstest]
    #[case("my notes")]
    #[case("my notes\nmore of them")]
    #[case("{\"a\": 1}\n")]
    fn what_is_not_ours_is_not_touched(#[case] content: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        fs::write(&path, content).unwrap();
        assert!(matches!(Appender::open(&path, Existing::Continue), Err(ExportError::Foreign(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }

    #[test]
    fn a_full_disk_is_an_error_and_no_more_is_taken() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let file = OpenOptions::new().read(true).write(true).open(full).unwrap();
        let path = full.to_owned();
        let mut appender = Appender { path, file, length: 0, ids: HashSet::new(), cut_bytes: 0, broken: false };
        let error = appender.append(&[message("a")]).unwrap_err().to_string();
        assert!(error.contains("cannot write /dev/full") && error.contains("may be cut"), "{error}");
        assert!(!appender.contains("a"));
        assert!(appender.append(&[message("b")]).unwrap_err().to_string().contains("open it again"));
    }
}
