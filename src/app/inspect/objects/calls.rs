//! The calls of an open bucket, each in a task of its own, and what comes of them.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{Stand, shown};
use crate::{
    domain::units::Bytes,
    inspect::objects::{
        Facts, HEAD, List, MORE, Page, Range, Refused, SIGNED_FOR, Versions,
        download::{self, Progress, Stopped},
        preview::{self, Head, Preview},
        tree::Name,
    },
    overlays::inspect::{
        News,
        objects::model::{Asked, Download, Inside, Shown},
    },
};

/// Between two words of how far a download is.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// What came of a call.
pub(super) enum Note {
    Listed {
        planted: u64,
        level: Arc<str>,
        page: Result<Page, Refused>,
    },
    Looked {
        planted: u64,
        level: Arc<str>,
        from_start: bool,
        page: Result<Page, Refused>,
    },
    /// All levels were looked at again.
    LookedAll,
    Read {
        key: Box<str>,
        read: Result<(Facts, Box<Preview>), Refused>,
    },
    Versions {
        key: Box<str>,
        versions: Result<Versions, Refused>,
    },
    Tags {
        key: Box<str>,
        tags: Result<Vec<(String, String)>, Refused>,
    },
    Signed(Result<String, Refused>),
    Going(Progress),
    Downloaded(Result<u64, Stopped>),
}

impl Stand {
    pub(super) fn note(&mut self, note: Note) {
        self.out.change();
        match note {
            Note::Listed { planted, .. } | Note::Looked { planted, .. } if planted != self.planted => {}
            Note::Listed { level, page, .. } => self.listed(&level, page),
            Note::Looked { level, from_start, page, .. } => self.looked(&level, from_start, page),
            Note::LookedAll => self.looked_all(),
            Note::Read { key, read } => self.change_shown(&key, |shown| match read {
                Ok((facts, preview)) => (shown.facts, shown.inside) = (facts, Inside::Read(preview)),
                Err(refused) => shown.inside = Inside::Refused(refused.text),
            }),
            Note::Versions { key, versions } => {
                self.change_shown(&key, |shown| shown.versions = Some(asked(versions)));
            }
            Note::Tags { key, tags } => self.change_shown(&key, |shown| shown.tags = Some(asked(tags))),
            Note::Signed(Ok(text)) => {
                let minutes = SIGNED_FOR.as_secs() / 60;
                let said = format!("copied an address: whoever has it can read this object for {minutes} min");
                self.out.tell(News::Copy { text, said });
            }
            Note::Signed(Err(refused)) => self.say(format!("not signed: {refused}"), true),
            Note::Going(progress) => {
                if let Some((_, download)) = &mut self.download {
                    (download.done, download.total) = (progress.done, progress.total);
                }
            }
            Note::Downloaded(ended) => {
                let Some((_, download)) = self.download.take() else { return };
                match ended {
                    Ok(bytes) => self.say(format!("{} are in {}", Bytes(bytes as f64), download.to.display()), false),
                    Err(stopped) => self.say(format!("not downloaded: {stopped}"), true),
                }
            }
        }
    }

    fn listed(&mut self, level: &Arc<str>, page: Result<Page, Refused>) {
        self.listing.remove(level);
        match page {
            Ok(page) => {
                self.trouble = None;
                if let Some(known) = self.tree.level_mut(level) {
                    known.take(page);
                }
                self.settle();
                self.go_down(level);
            }
            Err(refused) => self.trouble = Some(refused),
        }
    }

    pub(super) fn call_list(&self, level: Arc<str>, token: Option<String>) {
        let (reader, notes, planted) = (Arc::clone(&self.reader), self.notes.clone(), self.planted);
        tokio::spawn(async move {
            let page = reader.list(List { prefix: &level, token: token.as_deref(), after: None }).await;
            let _ = notes.send(Note::Listed { planted, level, page }).await;
        });
    }

    /// Reads what the cursor rested on, or says why not.
    pub(super) fn read_rested(&mut self) {
        self.rest_at = None;
        let Some(mut shown) = self.shown.as_ref().map(|shown| Shown::clone(shown)) else { return };
        if shown.inside != Inside::Reading {
            return;
        }
        match self.object().cloned() {
            Some(object) if object.is_archived() => {
                shown.inside = Inside::Refused(Refused::archived(object.class.as_deref().unwrap_or_default()).text);
            }
            Some(object) => self.call_read(object.key, HEAD.min(object.bytes)),
            None => return,
        }
        self.shown = Some(Arc::new(shown));
        self.out.change();
    }

    pub(super) fn read_more(&mut self) {
        let Some(object) = self.object().cloned() else { return };
        if object.is_archived() {
            return;
        }
        if object.bytes <= HEAD {
            return self.say("all of it was read already".to_owned(), false);
        }
        self.stop_reading();
        self.change_shown(&object.key.clone(), |shown| shown.inside = Inside::Reading);
        self.call_read(object.key, MORE.min(object.bytes));
    }

    fn call_read(&mut self, key: Box<str>, bytes: u64) {
        let (reader, notes) = (Arc::clone(&self.reader), self.notes.clone());
        self.stop_reading();
        self.reading = Some(tokio::spawn(async move {
            let read = match reader.read(Range { key: &key, from: 0, bytes, etag: None }).await {
                Err(refused) => Err(refused),
                Ok(got) => {
                    let name = key.clone();
                    let facts = got.facts.clone();
                    let shown = tokio::task::spawn_blocking(move || {
                        let content_type = got.facts.content_type.as_deref();
                        preview::preview(Head { key: &name, content_type, bytes: &got.bytes, total: got.total })
                    });
                    let broken = |error| Refused::new(crate::inspect::objects::Why::Other, format!("{error}"));
                    shown.await.map(|preview| (facts, Box::new(preview))).map_err(broken)
                }
            };
            let _ = notes.send(Note::Read { key, read }).await;
        }));
    }

    pub(super) fn stop_reading(&mut self) {
        if let Some(reading) = self.reading.take() {
            reading.abort();
        }
    }

    pub(super) fn ask_versions(&mut self) {
        let Some(key) = self.object().map(|object| object.key.clone()) else { return };
        self.change_shown(&key.clone(), |shown| shown.versions = Some(Asked::Reading));
        let (reader, notes) = (Arc::clone(&self.reader), self.notes.clone());
        tokio::spawn(async move {
            let versions = reader.versions(&key).await;
            let _ = notes.send(Note::Versions { key, versions }).await;
        });
    }

    pub(super) fn ask_tags(&mut self) {
        let Some(key) = self.object().map(|object| object.key.clone()) else { return };
        self.change_shown(&key.clone(), |shown| shown.tags = Some(Asked::Reading));
        let (reader, notes) = (Arc::clone(&self.reader), self.notes.clone());
        tokio::spawn(async move {
            let tags = reader.tags(&key).await;
            let _ = notes.send(Note::Tags { key, tags }).await;
        });
    }

    pub(super) fn sign(&mut self) {
        let Some(Name::Object(key)) = self.on.clone() else { return };
        let (reader, notes) = (Arc::clone(&self.reader), self.notes.clone());
        tokio::spawn(async move {
            let signed = reader.sign(&key).await;
            let _ = notes.send(Note::Signed(signed)).await;
        });
    }

    pub(super) fn start_download(&mut self, to: PathBuf) {
        let Some(object) = self.object().cloned() else { return };
        if self.download.is_some() {
            return self.say("one is on its way already: esc gives it up".to_owned(), true);
        }
        if object.is_archived() {
            let refused = Refused::archived(object.class.as_deref().unwrap_or_default());
            return self.say(refused.text, true);
        }
        let (reader, notes, file) = (Arc::clone(&self.reader), self.notes.clone(), to.clone());
        let task = tokio::spawn(async move {
            let going = notes.clone();
            let mut told = tokio::time::Instant::now();
            let tell = move |progress| {
                if told.elapsed() >= TOLD_EVERY {
                    told = tokio::time::Instant::now();
                    // One that finds no room is followed by the next.
                    let _ = going.try_send(Note::Going(progress));
                }
            };
            let ended = download::download(reader.as_ref(), &object.key, &file, tell).await;
            let _ = notes.send(Note::Downloaded(ended)).await;
        });
        self.download = Some((task, Download { to, done: 0, total: object.bytes }));
    }

    /// Changes what is shown, if that is still this one.
    fn change_shown(&mut self, key: &str, change: impl FnOnce(&mut Shown)) {
        let Some(shown) = self.shown.as_ref().filter(|shown| shown.key == key) else { return };
        let mut shown = Shown::clone(shown);
        change(&mut shown);
        self.shown = Some(Arc::new(shown));
        self.out.change();
    }
}

fn asked<T>(answer: Result<T, Refused>) -> Asked<T> {
    match answer {
        Ok(answer) => Asked::Read(answer),
        Err(refused) => Asked::Refused(shown::first_line(&refused.text)),
    }
}
