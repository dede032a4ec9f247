//! What the tasks of the readers of items and of records do alike: they hold rows on a [`Shelf`], look through them, write them, hand
//! one to a pager, and answer asks while other things happen.
//!
//! ```text
//!   asks ──► Reads::ask ──┐
//!   notes ─► Reads::found ┼──► Rows: shelf ──► Reads::picture ──► Out
//!   Reads::next ─► came ──┘
//! ```
//!
//! What is different is behind [`Reads`]. Must not: call an endpoint, or know what the rows are rows of.

use std::sync::Arc;

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{
    file,
    shelf::{Looked, Shelf},
};
use crate::{
    app::out::{Out, PICTURE},
    overlays::inspect::{
        self, News,
        rows::{Ask, Listing},
    },
    redrive::jq,
    widgets::text,
};

/// Rows held, in bytes: each is held as JSON, in up to two ways.
const MOST_BYTES: usize = 32 << 20;
const NOTES: usize = 16;

/// What a task of its own came to.
pub(super) enum Note<F> {
    /// Something that this reader alone asks for.
    Found(F),
    Looked(Looked),
    News(News),
}

/// Rows, and how others hear of them.
pub(super) struct Rows<F> {
    pub(super) out: Out<News>,
    notes: mpsc::Sender<Note<F>>,
    pub(super) shelf: Shelf,
    /// They are shown the other way.
    pub(super) other: bool,
}

/// What a reader of rows has to itself.
pub(super) trait Reads: Send {
    /// What its own calls come to.
    type Found: Send + 'static;
    /// What happens besides.
    type Came: Send;

    fn rows(&mut self) -> &mut Rows<Self::Found>;

    fn ask(&mut self, ask: inspect::Ask);

    fn found(&mut self, found: Self::Found);

    /// Waits for it. It is dropped when something else happens first, and called again.
    fn next(&mut self) -> impl Future<Output = Self::Came> + Send;

    fn came(&mut self, came: Self::Came);

    fn picture(&mut self) -> News;
}

/// Serves a reader until its asks end.
pub(super) async fn serve<R: Reads>(
    mut reader: R,
    mut asks: mpsc::Receiver<inspect::Ask>,
    mut noted: mpsc::Receiver<Note<R::Found>>,
) {
    let mut tick = interval(PICTURE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_due = reader.rows().out.is_due();
        tokio::select! {
            biased;
            ask = asks.recv() => match ask {
                None => break,
                Some(ask) => {
                    reader.rows().out.change();
                    reader.ask(ask);
                    // A key held down is one picture.
                    if asks.is_empty() {
                        show(&mut reader);
                    }
                }
            },
            Some(note) = noted.recv() => {
                if let Some(found) = reader.rows().note(note) {
                    reader.found(found);
                }
            }
            came = reader.next() => {
                reader.rows().out.change();
                reader.came(came);
            }
            _ = tick.tick(), if is_due => {}
        }
        reader.rows().look_through();
        if reader.rows().out.is_time() {
            show(&mut reader);
        }
    }
}

fn show(reader: &mut impl Reads) {
    if reader.rows().out.wants_picture() {
        let picture = reader.picture();
        reader.rows().out.show(picture);
    }
}

impl<F: Send + 'static> Rows<F> {
    /// None yet; and where notes of them arrive.
    pub(super) fn new(out: Out<News>) -> (Self, mpsc::Receiver<Note<F>>) {
        let (notes, noted) = mpsc::channel(NOTES);
        (Self { out, notes, shelf: Shelf::new(MOST_BYTES), other: false }, noted)
    }

    /// Starts something that takes time.
    pub(super) fn start(&self, work: impl Future<Output = F> + Send + 'static) {
        self.begin(async move { Note::Found(work.await) });
    }

    fn begin(&self, work: impl Future<Output = Note<F>> + Send + 'static) {
        let notes = self.notes.clone();
        tokio::spawn(async move {
            tokio::select! {
                note = work => {
                    let _ = notes.send(note).await;
                }
                // The reader is left: nobody wants to know.
                () = notes.closed() => {}
            }
        });
    }

    /// The same for what computes or reads files.
    fn begin_blocking(&self, work: impl FnOnce() -> Note<F> + Send + 'static) {
        let failed = |error| Note::News(News::Said(format!("that failed: {error}"), true));
        self.begin(async move { tokio::task::spawn_blocking(work).await.unwrap_or_else(failed) });
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Step(step) => self.shelf.step(step),
            Ask::Find(find) => {
                if let Err(mistake) = self.shelf.find(find) {
                    self.out.say(mistake, true);
                }
            }
            Ask::Write(path) => {
                let lines = self.shelf.lines();
                self.begin_blocking(move || {
                    let (said, bad) = file::write(&path, &lines);
                    Note::News(News::Said(said, bad))
                });
            }
            Ask::Page => self.hand_over(News::Page),
            Ask::Edit => self.hand_over(News::Edit),
        }
    }

    /// The row under the cursor, as a document.
    fn hand_over(&self, to: fn(String) -> News) {
        let Some(row) = self.shelf.chosen() else { return };
        let json = Arc::clone(row.shown(self.other));
        self.begin_blocking(move || Note::News(to(readable(&jq::pretty(&json)))));
    }

    /// Takes it in, unless it is for the reader.
    fn note(&mut self, note: Note<F>) -> Option<F> {
        self.out.change();
        match note {
            Note::Found(found) => return Some(found),
            Note::Looked(looked) => {
                if let Some(trouble) = self.shelf.looked(looked) {
                    self.out.say(trouble, true);
                }
            }
            Note::News(news) => self.out.tell(news),
        }
        None
    }

    fn look_through(&mut self) {
        if let Some(stretch) = self.shelf.next_stretch() {
            self.begin_blocking(move || Note::Looked(stretch.look()));
        }
    }

    pub(super) fn listing(&mut self) -> Listing {
        self.shelf.listing(self.other)
    }
}

/// Each line made safe: a pager is a terminal too.
fn readable(text: &str) -> String {
    text.lines().flat_map(|line| [text::clean(line).into_owned(), "\n".to_owned()]).collect()
}
