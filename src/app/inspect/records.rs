//! The task of an open reader of records: it follows the stream from where the user said, and keeps what came.
//!
//! Nothing is read before he said so; then each shard once a second, until he stops it or leaves.

use std::sync::Arc;

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{
    Start, file,
    items::readable,
    shelf::{Looked, Row, Shelf},
};
use crate::{
    app::out::{Out, PICTURE},
    aws::Trouble,
    domain::ResourceId,
    inspect::records::{self, At, Record, Stream, follow},
    overlays::inspect::{
        self, News,
        records::model::{Ask, Picture},
        rows,
    },
    redrive::jq,
};

/// Records held, in bytes.
const MOST_BYTES: usize = 32 << 20;
const NOTES: usize = 16;
/// Batches on their way: a screen that cannot keep up slows the reading down.
const ON_THEIR_WAY: usize = 4;

/// Serves a reader until its asks end.
pub(super) async fn serve(start: Start, stream: ResourceId) {
    let (notes, noted) = mpsc::channel(NOTES);
    let bench = Bench::new(start.out(), notes);
    let aws = start.aws;
    bench.start(async move { Note::Opened(records::open(&aws, stream.as_str()).await) });
    bench.serve(start.asks, noted).await;
}

/// What was found out.
enum Note {
    Opened(Result<Arc<dyn Stream>, Trouble>),
    Ended(Result<(), Trouble>),
    Looked(Looked),
    Said(String, bool),
    Page(String),
}

struct Bench {
    out: Out<News>,
    notes: mpsc::Sender<Note>,
    stream: Option<Arc<dyn Stream>>,
    /// What is being followed; dropping it ends that.
    news: Option<mpsc::Receiver<records::News>>,
    from: String,
    shards: usize,
    caught_up: bool,
    /// Why it cannot be read at the moment.
    trouble: Option<String>,
    /// What may be missing, and stays so.
    gap: Option<String>,
    shelf: Shelf,
}

impl Bench {
    fn new(out: Out<News>, notes: mpsc::Sender<Note>) -> Self {
        Self {
            out,
            notes,
            stream: None,
            news: None,
            from: String::new(),
            shards: 0,
            caught_up: false,
            trouble: None,
            gap: None,
            shelf: Shelf::new(MOST_BYTES),
        }
    }

    async fn serve(mut self, mut asks: mpsc::Receiver<inspect::Ask>, mut noted: mpsc::Receiver<Note>) {
        let mut tick = interval(PICTURE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    None => break,
                    Some(inspect::Ask::Records(ask)) => {
                        self.ask(ask);
                        if asks.is_empty() {
                            self.show();
                        }
                    }
                    Some(_) => {}
                },
                Some(note) = noted.recv() => self.note(note),
                Some(news) = next(&mut self.news) => self.take(news),
                _ = tick.tick(), if self.out.is_due() => {}
            }
            if let Some(stretch) = self.shelf.next_stretch() {
                self.start_blocking(move || Note::Looked(stretch.look()));
            }
            if self.out.is_time() {
                self.show();
            }
        }
    }

    /// Starts something that takes time; what comes of it is a note.
    fn start(&self, work: impl Future<Output = Note> + Send + 'static) {
        let notes = self.notes.clone();
        tokio::spawn(async move {
            tokio::select! {
                note = work => {
                    let _ = notes.send(note).await;
                }
                () = notes.closed() => {}
            }
        });
    }

    fn start_blocking(&self, work: impl FnOnce() -> Note + Send + 'static) {
        let failed = |error: tokio::task::JoinError| Note::Said(format!("that failed: {error}"), true);
        self.start(async move { tokio::task::spawn_blocking(work).await.unwrap_or_else(failed) });
    }

    fn ask(&mut self, ask: Ask) {
        self.out.change();
        match ask {
            Ask::Read(from) => self.read(from),
            Ask::Stop => self.news = None,
            Ask::Rows(rows::Ask::Step(step)) => self.shelf.step(step),
            Ask::Rows(rows::Ask::Find(find)) => {
                if let Err(mistake) = self.shelf.find(find) {
                    self.out.say(mistake, true);
                }
            }
            Ask::Rows(rows::Ask::Write(path)) => {
                let lines = self.shelf.lines();
                self.start_blocking(move || {
                    let (said, bad) = file::write(&path, &lines);
                    Note::Said(said, bad)
                });
            }
            Ask::Rows(rows::Ask::Page) => {
                let Some(json) = self.shelf.chosen().map(|row| Arc::clone(&row.json)) else { return };
                self.start_blocking(move || Note::Page(readable(&jq::pretty(&json))));
            }
        }
    }

    /// Reads from there, and nothing from elsewhere any more.
    fn read(&mut self, from: At) {
        let Some(stream) = self.stream.clone() else { return self.out.say("what it is is not known yet", true) };
        self.from = match &from {
            At::Latest => "from now on".to_owned(),
            At::Oldest => "from the oldest".to_owned(),
            At::Time(at) => format!("from {at}"),
            At::After(sequence) => format!("behind {sequence}"),
        };
        self.shelf.clear();
        self.shelf.follows = from == At::Latest;
        (self.caught_up, self.trouble, self.gap, self.shards) = (false, None, None, 0);
        let (out, news) = mpsc::channel(ON_THEIR_WAY);
        self.news = Some(news);
        self.start(async move { Note::Ended(follow(stream, from, out).await) });
    }

    fn take(&mut self, news: records::News) {
        self.out.change();
        match news {
            records::News::Shards(shards) => self.shards = shards,
            records::News::Records(records) => self.shelf.push(records.into_iter().map(row)),
            records::News::Said(text, true) => self.gap = Some(text),
            records::News::Said(text, false) => self.out.say(text, false),
            records::News::Trouble(trouble) => self.trouble = trouble,
            records::News::CaughtUp => self.caught_up = true,
        }
    }

    fn note(&mut self, note: Note) {
        self.out.change();
        match note {
            Note::Opened(Ok(stream)) => self.stream = Some(stream),
            // One that was stopped ends too, and another may be under way by then.
            Note::Ended(Ok(())) => {}
            Note::Opened(Err(trouble)) | Note::Ended(Err(trouble)) => self.trouble = Some(trouble.to_string()),
            Note::Looked(looked) => {
                if let Some(trouble) = self.shelf.looked(looked) {
                    self.out.say(trouble, true);
                }
            }
            Note::Said(text, bad) => self.out.say(text, bad),
            Note::Page(text) => self.out.tell(News::Page(text)),
        }
    }

    fn show(&mut self) {
        if self.out.wants_picture() {
            let picture = self.picture();
            self.out.show(News::Records(Box::new(picture)));
        }
    }

    fn picture(&mut self) -> Picture {
        let (name, warning) = self.stream.as_ref().map(|stream| (stream.name(), stream.warning())).unwrap_or_default();
        Picture {
            name: name.to_owned(),
            warning: warning.to_owned(),
            listing: self.shelf.listing(false),
            from: self.from.clone(),
            shards: self.shards,
            reads: self.news.is_some(),
            caught_up: self.caught_up,
            trouble: self.trouble.clone().or_else(|| self.gap.clone()),
        }
    }
}

/// What comes next of what is followed. Without it, or after its end, nothing ever comes.
async fn next(news: &mut Option<mpsc::Receiver<records::News>>) -> Option<records::News> {
    match news {
        Some(receiver) => match receiver.recv().await {
            Some(next) => Some(next),
            None => {
                *news = None;
                None
            }
        },
        None => std::future::pending().await,
    }
}

fn row(record: Record) -> Row {
    let at = record.at.map(|at| format!("{} ", at.strftime("%H:%M:%SZ"))).unwrap_or_default();
    Row {
        head: format!("{at}{}", record.head).into(),
        key: record.sequence.into(),
        json: record.json.into(),
        other: None,
        notes: record.notes,
        new: false,
    }
}
