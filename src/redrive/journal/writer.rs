//! Writing a journal: what is handed in at the same time goes to the disk with one sync, and nobody goes on before it is there.
//!
//! A sync takes longer than what it writes, and while the disk is at it, so is one of the processors. So a run that has other work may
//! hand in a record and say when it runs out of that: until then, and no longer than a moment, the record waits for those of others.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use thiserror::Error;
use tokio::sync::oneshot;

use super::{
    Begun, Record,
    intake::{Batch, Intake},
    line, read,
};

/// Why a journal cannot be written.
#[derive(Debug, Clone, Error)]
pub enum JournalError {
    #[error("the journal {} cannot be written: {source}; nothing more is moved", path.display())]
    Write { path: PathBuf, source: Arc<io::Error> },
    #[error("another edatop is at work on the journal {}; wait for it, or end it", path.display())]
    InUse { path: PathBuf },
    #[error("the journal {} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: Arc<io::Error> },
    #[error("the journal {} has no beginning: nothing can be said of it", path.display())]
    NoBeginning { path: PathBuf },
    #[error("the journal {} was written by a newer edatop (format {version}); use that one", path.display())]
    Newer { path: PathBuf, version: u32 },
    #[error("no journal '{0}'; `edatop journal ls` lists them")]
    NotFound(String),
    #[error("'{0}' begins the names of several journals; write more of it")]
    Ambiguous(String),
}

impl JournalError {
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source: Arc::new(source) }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source: Arc::new(source) }
    }
}

/// What became of a record.
pub(super) type Answer = oneshot::Sender<Result<(), JournalError>>;

/// An open journal. Copies write to the same file, which is locked against others until the last is dropped.
#[derive(Debug, Clone)]
pub struct Journal {
    path: Arc<Path>,
    writer: Arc<Writer>,
}

/// A record that was handed in.
#[derive(Debug)]
pub struct Written {
    path: Arc<Path>,
    answered: oneshot::Receiver<Result<(), JournalError>>,
}

impl Written {
    /// Comes back when it is on the disk, and all that was handed in before.
    ///
    /// # Errors
    /// The disk's: it is full, or gone. What was written before stays readable.
    pub async fn wait(self) -> Result<(), JournalError> {
        self.answered.await.unwrap_or_else(|_| Err(gone(&self.path)))
    }
}

/// Our side of the thread that writes.
#[derive(Debug)]
struct Writer {
    intake: Arc<Intake>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    /// Waits for what is being written: after this the file is nobody's.
    fn drop(&mut self) {
        self.intake.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Journal {
    /// A new one, that begins with this. The folder must be there.
    ///
    /// # Errors
    /// The disk's.
    pub async fn create(path: &Path, begun: Begun) -> Result<Self, JournalError> {
        let failed = |error| JournalError::write(path, error);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        lock(path, &file)?;
        let journal = Self::over(path, file, 0)?;
        journal.append(&Record::Begun(Box::new(begun))).await?;
        // The file's name must be on the disk as well.
        if let Some(folder) = path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(journal)
    }

    /// One that was cut off, to be gone on with. What a crash left of a last record is taken away.
    ///
    /// # Errors
    /// When it is not there, somebody else writes it, or the disk's.
    pub fn reopen(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|e| JournalError::read(path, e))?;
        // Locked first: somebody else might write on while we read where the end is.
        lock(path, &file)?;
        let good = read::end_of_last_record(&file).map_err(|error| JournalError::read(path, error))?;
        Self::over(path, file, good)
    }

    fn over(path: &Path, file: File, good: u64) -> Result<Self, JournalError> {
        let failed = |error| JournalError::write(path, error);
        file.set_len(good).map_err(failed)?;
        let (path, intake) = (Arc::from(path), Arc::new(Intake::default()));
        let disk = Disk { path: Arc::clone(&path), file, good, failed: None };
        let inbox = Arc::clone(&intake);
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || disk.serve(&inbox))
            .map_err(|error| JournalError::write(&path, error))?;
        Ok(Self { path, writer: Arc::new(Writer { intake, thread: Some(thread) }) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a record. Comes back when it is on the disk, and all that was written before.
    ///
    /// # Errors
    /// The disk's: it is full, or gone. What was written before stays readable.
    pub async fn append(&self, record: &Record) -> Result<(), JournalError> {
        let written = self.hand_in(record)?;
        self.hurry();
        written.wait().await
    }

    /// Hands in a record that may wait a moment for those of others. Whoever has nothing else to do must [`hurry`](Self::hurry) it.
    ///
    /// # Errors
    /// When nothing can be written any more.
    pub fn hand_in(&self, record: &Record) -> Result<Written, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.put(record, Some(answer))?;
        Ok(Written { path: Arc::clone(&self.path), answered })
    }

    /// Lets nothing that was handed in wait any longer.
    pub fn hurry(&self) {
        self.writer.intake.hurry();
    }

    /// Writes a record without waiting for the disk: for what a later run finds out again if it is not there. The next [`append`](Self::append)
    /// brings it to the disk, or says that it could not be written.
    ///
    /// # Errors
    /// When nothing can be written any more.
    pub fn note(&self, record: &Record) -> Result<(), JournalError> {
        self.put(record, None)
    }

    fn put(&self, record: &Record, answer: Option<Answer>) -> Result<(), JournalError> {
        let line = line::encode(record).map_err(|error| JournalError::write(&self.path, error.into()))?;
        if self.writer.intake.put(&line, answer) { Ok(()) } else { Err(gone(&self.path)) }
    }
}

fn gone(path: &Path) -> JournalError {
    JournalError::write(path, io::Error::other("its writer has ended"))
}

fn lock(path: &Path, file: &File) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(std::fs::TryLockError::WouldBlock) => Err(JournalError::InUse { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(error)) => Err(JournalError::write(path, error)),
    }
}

/// The writer's side.
struct Disk {
    path: Arc<Path>,
    file: File,
    /// Where the last record that is whole ends.
    good: u64,
    /// A record that nobody waited for could not be written: nothing may follow it.
    failed: Option<JournalError>,
}

impl Disk {
    fn serve(mut self, intake: &Intake) {
        // However it ends, nobody may wait for it.
        let _closing = intake.closing();
        while let Some(batch) = intake.next() {
            self.take(batch);
        }
    }

    fn take(&mut self, batch: Batch) {
        let result = match &self.failed {
            Some(failed) => Err(failed.clone()),
            None => self
                .write(&batch.lines, !batch.waiting.is_empty())
                .map_err(|error| JournalError::write(&self.path, error)),
        };
        if batch.has_notes {
            self.failed = self.failed.take().or(result.clone().err());
        }
        for answer in batch.waiting {
            // Who asked may be gone: it is on the disk all the same.
            let _ = answer.send(result.clone());
        }
    }

    /// All of it, or none: half a record must not stand before a whole one. Synced, if somebody waits for it.
    fn write(&mut self, lines: &[u8], is_waited_for: bool) -> io::Result<()> {
        let written = self.file.seek(SeekFrom::Start(self.good)).and_then(|_| self.file.write_all(lines));
        let sync = |()| if is_waited_for { self.file.sync_data() } else { Ok(()) };
        match written.and_then(sync) {
            Ok(()) => self.good += lines.len() as u64,
            Err(error) => {
                self.file.set_len(self.good)?;
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(line: &str) -> Batch {
        Batch { lines: line.into(), waiting: Vec::new(), has_notes: true }
    }

    fn record(line: &str) -> (Batch, oneshot::Receiver<Result<(), JournalError>>) {
        let (answer, answered) = oneshot::channel();
        (Batch { lines: line.into(), waiting: vec![answer], has_notes: false }, answered)
    }

    #[test]
    fn nothing_follows_a_note_that_could_not_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let open = || OpenOptions::new().create(true).append(true).open(&path).unwrap();
        drop(open());
        let read_only = File::open(&path).unwrap();
        let mut disk = Disk { path: path.as_path().into(), file: read_only, good: 0, failed: None };
        disk.take(note("a note\n"));
        // As when somebody makes room on a full disk.
        disk.file = open();
        let (batch, mut answered) = record("a record\n");
        disk.take(batch);
        assert!(answered.try_recv().unwrap().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_record_that_could_not_be_written_may_be_followed_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let open = || OpenOptions::new().create(true).append(true).open(&path).unwrap();
        drop(open());
        let mut disk = Disk { path: path.as_path().into(), file: File::open(&path).unwrap(), good: 0, failed: None };
        let (first, mut failed) = record("a record\n");
        disk.take(first);
        disk.file = open();
        let (second, mut written) = record("another\n");
        disk.take(second);
        assert!(failed.try_recv().unwrap().is_err() && written.try_recv().unwrap().is_ok());
        assert_eq!(std::fs::read(&path).unwrap(), b"another\n");
    }

    #[test]
    fn a_note_stands_before_the_record_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path).unwrap();
        let mut disk = Disk { path: path.as_path().into(), file, good: 0, failed: None };
        disk.take(note("a note\n"));
        let (batch, mut answered) = record("a record\n");
        disk.take(batch);
        assert!(answered.try_recv().unwrap().is_ok());
        assert_eq!(std::fs::read(&path).unwrap(), b"a note\na record\n");
    }
}
