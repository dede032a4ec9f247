//! Writing a journal: what is asked for at the same time goes to the disk with one sync, and nobody goes on before it is there.
//!
//! A sync takes longer than what it writes, and while the disk is at it, so is one of the processors. Of a run that works on several
//! batches, records come while the last ones are being synced: then the next sync waits a moment for more of them. What comes alone,
//! from a run that goes one step after the other, is synced at once.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use thiserror::Error;
use tokio::sync::oneshot;

use super::{Begun, Record, line, read};

/// Records on their way to the disk; more make the asking ones wait.
const QUEUED: usize = 256;
/// How long a sync waits for the records of other batches, if the last one had some. Measured against a bare loop of the same calls
/// (`cargo bench --bench redrive`): about a third of the syncs are left, and more time only keeps the batches.
const LINGER: Duration = Duration::from_millis(5);

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

type Answer = oneshot::Sender<Result<(), JournalError>>;

/// A line for the disk, and who waits for it.
type Request = (Vec<u8>, Option<Answer>);

/// An open journal. Copies write to the same file, which is locked against others until the last is dropped.
#[derive(Debug, Clone)]
pub struct Journal {
    path: Arc<Path>,
    writer: Arc<Writer>,
}

/// Our side of the thread that writes.
#[derive(Debug)]
struct Writer {
    requests: Option<mpsc::SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    /// Waits for what is being written: after this the file is nobody's.
    fn drop(&mut self) {
        self.requests = None;
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
        let (requests, asked) = mpsc::sync_channel(QUEUED);
        let disk = Disk { path: path.into(), file, good, failed: None, has_company: false };
        let path = Arc::clone(&disk.path);
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || disk.serve(&asked))
            .map_err(|error| JournalError::write(&path, error))?;
        Ok(Self { path, writer: Arc::new(Writer { requests: Some(requests), thread: Some(thread) }) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a record. Comes back when it is on the disk, and all that was written before.
    ///
    /// # Errors
    /// The disk's: it is full, or gone. What was written before stays readable.
    pub async fn append(&self, record: &Record) -> Result<(), JournalError> {
        let (answer, answered) = oneshot::channel();
        self.request(record, Some(answer)).await?;
        answered.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// Writes a record without waiting for the disk: for what a later run finds out again if it is not there. The next [`append`](Self::append)
    /// brings it to the disk, or says that it could not be written.
    ///
    /// # Errors
    /// When nothing can be written any more.
    pub async fn note(&self, record: &Record) -> Result<(), JournalError> {
        self.request(record, None).await
    }

    async fn request(&self, record: &Record, answer: Option<Answer>) -> Result<(), JournalError> {
        let line = line::encode(record).map_err(|error| JournalError::write(&self.path, error.into()))?;
        let requests = self.writer.requests.as_ref().ok_or_else(|| self.gone())?;
        let mut request = (line, answer);
        // A full queue is rare: as many batches would have to be under way.
        while let Err(error) = requests.try_send(request) {
            match error {
                mpsc::TrySendError::Full(back) => request = back,
                mpsc::TrySendError::Disconnected(_) => return Err(self.gone()),
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn gone(&self) -> JournalError {
        JournalError::write(&self.path, io::Error::other("its writer has ended"))
    }
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
    /// With the last sync went records that several waited for.
    has_company: bool,
}

impl Disk {
    fn serve(mut self, asked: &mpsc::Receiver<Request>) {
        while let Ok(first) = asked.recv() {
            if self.has_company {
                Self::linger();
            }
            self.take(std::iter::once(first).chain(asked.try_iter()).collect());
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a thread of its own; waiting at the channel it would be woken for each record"
    )]
    fn linger() {
        thread::sleep(LINGER);
    }

    fn take(&mut self, batch: Vec<Request>) {
        self.has_company = batch.iter().filter(|(_, answer)| answer.is_some()).count() > 1;
        let result = match &self.failed {
            Some(failed) => Err(failed.clone()),
            None => self.write_all(&batch),
        };
        for (_, answer) in batch {
            match answer {
                // Who asked may be gone: it is on the disk all the same.
                Some(answer) => drop(answer.send(result.clone())),
                None => self.failed = self.failed.take().or(result.clone().err()),
            }
        }
    }

    fn write_all(&mut self, batch: &[Request]) -> Result<(), JournalError> {
        let lines: Vec<u8> = batch.iter().flat_map(|(line, _)| line.iter().copied()).collect();
        let is_waited_for = batch.iter().any(|(_, answer)| answer.is_some());
        self.write(&lines, is_waited_for).map_err(|error| JournalError::write(&self.path, error))
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

    #[test]
    fn nothing_follows_a_note_that_could_not_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let open = || OpenOptions::new().create(true).append(true).open(&path).unwrap();
        drop(open());
        let read_only = File::open(&path).unwrap();
        let mut disk = Disk { path: path.as_path().into(), file: read_only, good: 0, failed: None, has_company: false };
        disk.take(vec![(b"a note\n".to_vec(), None)]);
        // As when somebody makes room on a full disk.
        disk.file = open();
        let (answer, mut answered) = oneshot::channel();
        disk.take(vec![(b"a record\n".to_vec(), Some(answer))]);
        assert!(answered.try_recv().unwrap().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn only_several_who_wait_at_once_are_company() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut disk =
            Disk { file: File::create(&path).unwrap(), path: path.into(), good: 0, failed: None, has_company: false };
        let record = |is_waited_for: bool| (b"a record\n".to_vec(), is_waited_for.then(|| oneshot::channel().0));
        for (waited_for, has_company) in [
            (vec![true], false),
            (vec![false, true], false),
            (vec![true, false, true], true),
            (vec![true], false),
            (vec![false, false], false),
        ] {
            disk.take(waited_for.iter().map(|is_waited_for| record(*is_waited_for)).collect());
            assert_eq!(disk.has_company, has_company, "{waited_for:?}");
        }
    }

    #[test]
    fn a_note_stands_before_the_record_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path).unwrap();
        let mut disk = Disk { path: path.as_path().into(), file, good: 0, failed: None, has_company: false };
        let (answer, mut answered) = oneshot::channel();
        disk.take(vec![(b"a note\n".to_vec(), None)]);
        disk.take(vec![(b"a record\n".to_vec(), Some(answer))]);
        assert!(answered.try_recv().unwrap().is_ok());
        assert_eq!(std::fs::read(&path).unwrap(), b"a note\na record\n");
    }
}
