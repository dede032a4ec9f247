//! What earlier looks saw, across runs: the highest receive count of each queue, in a small file that only its owner can read.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::redrive::queue::Queue;

const FILE: &str = "looks.json";
/// Held while the file is replaced, so that two programs do not forget each other's looks.
const LOCK: &str = "looks.lock";
/// The queues that were looked at last.
const MOST_QUEUES: usize = 1000;
const MOST_BYTES: u64 = 1 << 20;

/// The highest receive count that a look saw, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub highest: u32,
    pub at: Timestamp,
}

impl Seen {
    /// Whether its queue still keeps messages of that time.
    pub fn may_be_there(self, queue: &Queue, now: Timestamp) -> bool {
        now.duration_since(self.at).as_secs() <= queue.retention.as_secs().cast_signed()
    }
}

/// By ARN; behind an endpoint also by URL, because emulators share their account.
type Book = BTreeMap<String, Seen>;

/// The memory of looks in a folder.
#[derive(Debug, Clone)]
pub struct Looks {
    folder: PathBuf,
}

impl Looks {
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// What was seen of a queue. A file that cannot be read has seen nothing.
    pub fn seen(&self, queue: &Queue) -> Option<Seen> {
        self.read().remove(&key(queue))
    }

    /// Remembers a look. Counts only rise, until the messages that had them are gone.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn note(&self, queue: &Queue, highest: u32, now: Timestamp) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let lock = File::options().create(true).append(true).open(self.folder.join(LOCK))?;
        lock.lock()?;
        let mut book = self.read();
        let before = book.get(&key(queue)).filter(|seen| seen.may_be_there(queue, now));
        let highest = before.map_or(highest, |seen| seen.highest.max(highest));
        book.insert(key(queue), Seen { highest, at: now });
        while book.len() > MOST_QUEUES {
            let Some(oldest) = book.iter().min_by_key(|(_, seen)| seen.at).map(|(key, _)| key.clone()) else { break };
            book.remove(&oldest);
        }
        self.replace(&book)
    }

    fn read(&self) -> Book {
        let path = self.folder.join(FILE);
        let is_small = fs::metadata(&path).is_ok_and(|file| file.len() <= MOST_BYTES);
        let text = if is_small { fs::read(&path).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// At once or not at all. Temporary files are their owner's alone, and stay so when they are renamed.
    fn replace(&self, book: &Book) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(book)?)?;
        file.persist(self.folder.join(FILE)).map_err(|error| error.error)?;
        Ok(())
    }
}

fn key(queue: &Queue) -> String {
    let is_aws = queue.url.contains(".amazonaws.com");
    if is_aws { queue.arn.as_str().to_owned() } else { format!("{} {}", queue.arn.as_str(), queue.url) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{super::pretend::queue, *};

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(number * 86_400).unwrap()
    }

    #[test]
    fn remembers_the_highest_until_those_messages_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let looks = Looks::in_folder(&folder.path().join("new"));
        assert_eq!(looks.seen(&queue("a")), None);
        looks.note(&queue("a"), 2, day(1)).unwrap();
        looks.note(&queue("a"), 1, day(2)).unwrap();
        looks.note(&queue("b"), 7, day(2)).unwrap();
        assert_eq!(looks.seen(&queue("a")), Some(Seen { highest: 2, at: day(2) }));
        // It keeps messages for four days.
        looks.note(&queue("a"), 1, day(9)).unwrap();
        assert_eq!(looks.seen(&queue("a")), Some(Seen { highest: 1, at: day(9) }));
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("new"), mode("new/looks.json")), (0o700, 0o600));
    }

    #[test]
    fn the_same_name_elsewhere_is_another_queue() {
        let folder = tempfile::tempdir().unwrap();
        let looks = Looks::in_folder(folder.path());
        looks.note(&queue("a"), 2, day(1)).unwrap();
        let elsewhere = Queue { url: "http://elsewhere/a".into(), ..queue("a") };
        assert_eq!(looks.seen(&elsewhere), None);
    }

    #[test]
    fn the_oldest_is_forgotten_and_a_broken_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let looks = Looks::in_folder(folder.path());
        let book: Book =
            (0..MOST_QUEUES).map(|number| (format!("{number}"), Seen { highest: 1, at: day(number as i64) })).collect();
        looks.replace(&book).unwrap();
        looks.note(&queue("a"), 1, day(5000)).unwrap();
        let book = looks.read();
        assert_eq!((book.len(), book.contains_key("0"), book.contains_key("1")), (MOST_QUEUES, false, true));
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(looks.seen(&queue("a")), None);
        looks.note(&queue("a"), 1, day(5001)).unwrap();
        assert!(looks.seen(&queue("a")).is_some());
    }
}
