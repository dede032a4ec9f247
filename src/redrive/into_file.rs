//! A file as a run's destination: what it has is on the disk before the queue gives it up.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{
    export::{Appender, Existing, ExportError},
    message::Message,
    mover::Sink,
    wire::{Refusal, Why},
};

/// The file.
#[derive(Debug, Clone)]
pub struct IntoFile {
    appender: Arc<Mutex<Appender>>,
}

impl IntoFile {
    /// Opens it. Blocks.
    ///
    /// # Errors
    /// As [`Appender::open`].
    pub fn open(path: &Path, existing: Existing) -> Result<Self, ExportError> {
        Ok(Self { appender: Arc::new(Mutex::new(Appender::open(path, existing)?)) })
    }
}

#[async_trait]
impl Sink for IntoFile {
    /// One that is in the file already, by a run that was cut off before it could say so, is not written again.
    async fn write(&self, messages: &[&Message]) -> Result<(), Refusal> {
        let messages: Vec<Message> = messages.iter().map(|message| (*message).clone()).collect();
        let appender = Arc::clone(&self.appender);
        let write = move || {
            let mut appender = appender.lock().unwrap_or_else(PoisonError::into_inner);
            let new: Vec<Message> = messages.into_iter().filter(|message| !appender.contains(&message.id)).collect();
            appender.append(&new)
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => Ok(()),
            // The next batch would fare no better: a full disk stays full.
            Ok(Err(error)) => Err(Refusal::new(Why::Denied, false, error.to_string())),
            Err(_) => Err(Refusal::new(Why::Denied, true, "the writing of the file was broken off")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_in_the_file_already_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let message = |id: &str| Message { id: id.to_owned(), body: id.to_owned(), ..Message::default() };
        let sink = IntoFile::open(&path, Existing::Refuse).unwrap();
        sink.write(&[&message("a"), &message("b")]).await.unwrap();
        drop(sink);
        assert!(IntoFile::open(&path, Existing::Refuse).is_err(), "it is there");
        let sink = IntoFile::open(&path, Existing::Continue).unwrap();
        sink.write(&[&message("b"), &message("c")]).await.unwrap();
        let ids: Vec<String> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Message>(line).unwrap().id)
            .collect();
        assert_eq!(ids, ["a", "b", "c"]);
    }
}
