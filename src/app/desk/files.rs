//! Messages in files, one a line in the shape of `aws sqs receive-message`; only their owner may read them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::redrive::{
    journal::Destination,
    message::Message,
    mover::Sink,
    wire::{Refusal, Why},
};

/// Where a run writes its messages, if it writes any.
///
/// # Errors
/// Why the file cannot be written, in a sentence.
pub(super) fn sink(to: &Destination) -> Result<Option<Arc<dyn Sink>>, String> {
    let Destination::File(path) = to else { return Ok(None) };
    let file = Lines::open(path).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    Ok(Some(Arc::new(file)))
}

/// Writes a new file.
///
/// # Errors
/// Why not, in a sentence. Of a file that could not be finished nothing is left.
pub(super) fn write_new(path: &Path, messages: impl Iterator<Item = Result<Message, Refusal>>) -> Result<u64, String> {
    let failed = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let written = write_all(file, messages);
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written.map_err(|why| why.said(failed))
}

fn write_all(file: File, messages: impl Iterator<Item = Result<Message, Refusal>>) -> Result<u64, Either> {
    let mut out = io::BufWriter::new(file);
    let mut count = 0;
    for message in messages {
        let message = message.map_err(|refusal| Either::Said(refusal.text))?;
        out.write_all(&line(&message)?)?;
        count += 1;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(count)
}

/// The disk's error, or a sentence.
enum Either {
    Disk(io::Error),
    Said(String),
}

impl From<io::Error> for Either {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Either {
    fn said(self, say: impl FnOnce(io::Error) -> String) -> String {
        match self {
            Self::Disk(error) => say(error),
            Self::Said(why) => why,
        }
    }
}

/// Without its receipt, which is good for nobody else.
fn line(message: &Message) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Message { receipt: None, ..message.clone() })?;
    line.push(b'\n');
    Ok(line)
}

/// A file that grows by whole lines.
#[derive(Debug)]
struct Lines {
    file: Arc<Mutex<File>>,
}

impl Lines {
    /// What a crash left of a last line is taken away.
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let good = end_of_last_line(&mut file)?;
        file.set_len(good)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }
}

fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    const PIECE: u64 = 64 * 1024;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(start))?;
        let mut piece = Vec::new();
        Read::by_ref(file).take(end - start).read_to_end(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// All of them, or the file as it was before.
fn append(file: &mut File, lines: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = file.write_all(lines).and_then(|()| file.sync_data());
    if written.is_err() {
        file.set_len(before)?;
        file.seek(SeekFrom::End(0))?;
    }
    written
}

#[async_trait]
impl Sink for Lines {
    async fn write(&self, messages: &[&Message]) -> Result<(), Refusal> {
        let failed = |error: String| Refusal::new(Why::Other, false, format!("the file cannot be written: {error}"));
        let lines: io::Result<Vec<Vec<u8>>> = messages.iter().map(|message| line(message)).collect();
        let lines = lines.map_err(|error| failed(error.to_string()))?.concat();
        let file = Arc::clone(&self.file);
        let written = tokio::task::spawn_blocking(move || {
            append(&mut file.lock().unwrap_or_else(PoisonError::into_inner), &lines)
        });
        written.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        Message { id: id.into(), receipt: Some("r".into()), body: "b".into(), ..Message::default() }
    }

    #[tokio::test]
    async fn a_cut_line_is_taken_away_before_the_next_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let whole = line(&message("1")).unwrap();
        std::fs::write(&path, [whole.as_slice(), b"{\"MessageId\":\"2"].concat()).unwrap();
        let sink = sink(&Destination::File(path.clone())).unwrap().unwrap();
        sink.write(&[&message("3"), &message("4")]).await.unwrap();
        let ids: Vec<String> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Message>(line).unwrap())
            .map(|message| {
                assert_eq!(message.receipt, None);
                message.id
            })
            .collect();
        assert_eq!(ids, ["1", "3", "4"]);
    }

    #[test]
    fn a_file_that_is_there_is_left_alone_and_a_half_one_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        assert_eq!(write_new(&path, [Ok(message("1"))].into_iter()), Ok(1));
        assert!(write_new(&path, [Ok(message("2"))].into_iter()).is_err());
        let other = folder.path().join("b.jsonl");
        let refusal = Refusal::new(Why::Other, false, "gone");
        assert_eq!(write_new(&other, [Ok(message("1")), Err(refusal)].into_iter()), Err("gone".to_owned()));
        assert!(!other.exists());
    }
}
