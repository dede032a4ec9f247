//! The folder of all journals. Only its owner can look into it.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{Begun, Journal, JournalError, Ledger, Origin, Record};

/// What the files' names end with.
const EXTENSION: &str = "journal";
/// Ids in one record.
const CHOSEN: usize = 1000;

/// The folder.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A new journal. Its id tells the time and the queue.
    ///
    /// # Errors
    /// The disk's.
    pub async fn create(&self, begun: Begun) -> Result<Journal, JournalError> {
        let failed = |error| JournalError::write(&self.folder, error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        loop {
            let path = self.folder.join(new_id(&begun)).with_extension(EXTENSION);
            match Journal::create(&path, begun.clone()).await {
                Err(JournalError::Write { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    // A disk that is full leaves a file without a beginning: of that nothing could ever be said.
                    if fs::metadata(&path).is_ok_and(|file| file.len() == 0) {
                        let _ = fs::remove_file(&path);
                    }
                    return Err(error);
                }
                Ok(journal) => return Ok(journal),
            }
        }
    }

    /// A new journal with the ids that were chosen one by one, if they were, and what it says by then.
    ///
    /// # Errors
    /// The disk's.
    pub async fn begin(&self, begun: Begun, chosen: &[String]) -> Result<(Journal, Ledger), JournalError> {
        let journal = self.create(begun).await?;
        for ids in chosen.chunks(CHOSEN) {
            journal.append(&Record::Chosen { ids: ids.to_vec() }).await?;
        }
        let ledger = Ledger::read(journal.path())?;
        Ok((journal, ledger))
    }

    /// The ids of all journals, the newest first.
    ///
    /// # Errors
    /// The disk's. A folder that is not there holds none.
    pub fn ids(&self) -> Result<Vec<String>, JournalError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| JournalError::read(&self.folder, error))?,
        };
        let mut ids: Vec<String> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION))
            .filter_map(|path| path.file_stem()?.to_str().map(ToOwned::to_owned))
            .collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    /// The file of a journal by its id, by a beginning of it that is no other's, or `last`.
    ///
    /// # Errors
    /// When there is none or more than one.
    pub fn find(&self, text: &str) -> Result<PathBuf, JournalError> {
        let ids = self.ids()?;
        let mut matching = ids.iter().filter(|id| text == "last" || id.starts_with(text));
        let found = match (ids.iter().find(|id| *id == text), matching.next(), matching.next()) {
            (Some(same), ..) => same,
            (None, Some(_), Some(_)) if text != "last" => return Err(JournalError::Ambiguous(text.to_owned())),
            (None, Some(one), _) => one,
            (None, None, _) => return Err(JournalError::NotFound(text.to_owned())),
        };
        Ok(self.path(found))
    }

    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join(id).with_extension(EXTENSION)
    }

    /// Those that a run left unfinished, and that nobody is at work on; the newest first. One that cannot be read is left out.
    ///
    /// # Errors
    /// The disk's.
    pub fn unfinished(&self) -> Result<Vec<(String, Ledger)>, JournalError> {
        let mut unfinished = Vec::new();
        for id in self.ids()? {
            let path = self.path(&id);
            if is_in_use(&path) {
                continue;
            }
            unfinished.extend(Ledger::read(&path).ok().filter(Ledger::is_unfinished).map(|ledger| (id, ledger)));
        }
        Ok(unfinished)
    }
}

/// Whether somebody writes it now.
pub fn is_in_use(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// The id of the journal in this file.
pub fn id_of(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// `20261121T140312123Z-stats-dlq-3f2a`: sorted by name they are in their order. Of a file it has the name, without its folder; of
/// another journal `undo` and its id.
fn new_id(begun: &Begun) -> String {
    let name = match &begun.from {
        Origin::Queue(queue) => queue.name().to_owned(),
        Origin::File(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        Origin::Journal(id) => format!("undo-{id}"),
    };
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(80).collect();
    format!("{}-{name}-{:04x}", time_of(begun.at), fastrand::u16(..))
}

fn time_of(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%S%3fZ").to_string()
}
