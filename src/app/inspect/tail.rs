//! The task of an open log reader: it owns the scrollback, what is shown of it, and what is being looked for.
//!
//! ```text
//!   inspect::tail::follow ── Batch ──► folder ──► book ──► window ──► Picture
//!   asks ──► what is wanted, the cursor, jobs: counting, seeking, collecting, clusters
//! ```
//!
//! It has a thread of its own, as it reads a file and runs expressions, and does all that takes time in pieces of a few milliseconds,
//! with asks answered in between. Batches are taken one by one: if they come faster than they are taken in, the source waits.

mod asking;
mod groups;
mod jobs;
mod opening;
mod picture;
mod window;

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use self::{
    groups::Heard,
    jobs::{Collect, Counting, Seek},
    window::Window,
};
use super::Start;
use crate::{
    app::out::{Out, PICTURE},
    inspect::tail::{
        Batch, Budget, CloudWatch, Event, Following, Paces,
        book::{Book, Limits},
        columns::Columns,
        entry::{Entry, Folder, Key, Taken},
        filter::{Filter, Wanted},
        follow,
    },
    overlays::inspect::{
        Ask as Any, News,
        tail::model::{Ask, Begin, Sheet, Subject},
    },
};

/// Batches on their way: then the source waits.
const BATCHES: usize = 4;
/// The longest piece of work between two looks for asks.
const PIECE: Duration = Duration::from_millis(6);
/// How far back it is read at first.
pub const SINCE: Duration = Duration::from_secs(3600);
/// No further back than this.
const FURTHEST: Duration = Duration::from_secs(14 * 86_400);

/// Where batches come from, given the subject and from when on; the token ends them.
pub type Feed = Box<dyn FnMut(&Subject, i64, CancellationToken) -> mpsc::Receiver<Batch> + Send>;

/// What the reader is given besides its subject.
#[derive(Debug, Clone)]
pub struct Settings {
    pub limits: Limits,
    pub clock: fn() -> Timestamp,
}

impl Settings {
    /// The file of lines is put into this folder, as others may be in memory.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { limits: Limits { folder, ..Limits::default() }, clock: super::super::clock::now }
    }

    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }
}

/// Lines of the connection that this reader was started with.
pub fn of_connection(start: &Start, budget: Budget) -> Feed {
    let aws = Arc::clone(&start.aws);
    Box::new(move |subject, since_ms, stop| {
        let (out, batches) = mpsc::channel(BATCHES);
        let following = Following {
            source: Arc::new(CloudWatch::new(Arc::clone(&aws))),
            groups: subject.groups.clone(),
            since_ms,
            until_ms: None,
            pattern: None,
            live: false,
            budget: budget.clone(),
            paces: Paces::of(aws.is_aws()),
            clock: super::super::clock::now,
        };
        tokio::spawn(follow(following, out, stop));
        batches
    })
}

/// Serves a reader until its asks end.
pub fn spawn(start: Start, subject: Subject, settings: Settings, feed: Feed) {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(Reader::new(start, subject, settings, feed).serve()));
}

struct Reader {
    asks: mpsc::Receiver<Any>,
    out: Out<News>,
    subject: Subject,
    settings: Settings,
    feed: Feed,
    since: Duration,
    since_ms: i64,
    stop: CancellationToken,
    folder: Folder,
    book: Book,
    filter: Filter,
    columns: Columns,
    window: Window,
    /// Where to look first, until that was read.
    begin: Option<Begin>,
    opened_ms: i64,
    read_to_ms: Option<i64>,
    /// Of the batch in hand.
    pending: VecDeque<Event>,
    came: u64,
    heard: BTreeMap<Arc<str>, Heard>,
    /// What was wanted, and where the cursor was, before all lines around one were asked for.
    context: Option<(Wanted, Option<Key>)>,
    sheet: Sheet,
    seek: Option<Seek>,
    clusters: Option<Counting>,
    collect: Option<Collect>,
    measured: Instant,
}

impl Reader {
    fn new(start: Start, subject: Subject, settings: Settings, feed: Feed) -> Self {
        let begin = Some(subject.begin).filter(|begin| *begin != Begin::End);
        Self {
            out: start.out(),
            asks: start.asks,
            since: SINCE,
            since_ms: 0,
            stop: CancellationToken::new(),
            folder: Folder::default(),
            book: Book::new(settings.limits.clone()),
            filter: Filter::default(),
            columns: Columns::default(),
            window: Window::default(),
            begin,
            opened_ms: (settings.clock)().as_millisecond(),
            read_to_ms: None,
            pending: VecDeque::new(),
            came: 0,
            heard: BTreeMap::new(),
            context: None,
            sheet: Sheet::None,
            seek: None,
            clusters: None,
            collect: None,
            measured: Instant::now(),
            subject,
            settings,
            feed,
        }
    }

    /// Reads from the beginning of what is asked for.
    fn follow(&mut self) -> mpsc::Receiver<Batch> {
        let now_ms = (self.settings.clock)().as_millisecond();
        let mut from_ms = now_ms - i64::try_from(self.since.as_millis()).unwrap_or(i64::MAX);
        // What is asked for by its time is in what is read.
        if let Begin::At(at) = self.subject.begin {
            from_ms = from_ms.min(at.as_millisecond() - 60_000);
        }
        self.since_ms = from_ms;
        self.stop.cancel();
        self.stop = CancellationToken::new();
        (self.feed)(&self.subject, from_ms, self.stop.clone())
    }

    async fn serve(mut self) {
        let mut tick = interval(PICTURE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.window.begin();
        let mut batches = self.follow();
        let mut is_over = false;
        loop {
            let has_work = self.has_work();
            tokio::select! {
                biased;
                ask = self.asks.recv() => match ask {
                    Some(Any::Tail(Ask::Further)) => {
                        if self.further() {
                            batches = self.follow();
                            is_over = false;
                        }
                    }
                    Some(Any::Tail(ask)) => {
                        self.ask(ask);
                        // A key held down is one picture.
                        if self.asks.is_empty() {
                            self.window.fill(&mut self.book, &mut self.filter, Instant::now() + PIECE);
                            self.show();
                        }
                    }
                    None | Some(Any::Close) => break,
                    Some(_) => {}
                },
                batch = batches.recv(), if self.pending.is_empty() && !is_over => match batch {
                    Some(batch) => self.take(batch),
                    None => is_over = true,
                },
                () = std::future::ready(()), if has_work => self.work(),
                _ = tick.tick() => self.measure(),
            }
            if self.out.is_time() {
                self.show();
            }
        }
        self.stop.cancel();
    }

    fn take(&mut self, batch: Batch) {
        self.out.change();
        self.pending = batch.events.into();
        let now_ms = (self.settings.clock)().as_millisecond();
        for note in &batch.notes {
            self.hear(note);
            let entry = Entry::of_note(note, now_ms, self.folder.number());
            self.keep(entry);
        }
        self.read_to_ms = batch.read_to_ms.or(self.read_to_ms);
    }

    /// Where was to be looked first, once that was read.
    fn begin_there(&mut self) {
        let Some(begin) = self.begin.filter(|_| self.can_begin()) else { return };
        self.begin = None;
        match begin {
            Begin::End => {}
            Begin::At(at) => self.go(Some(Key::first_of(at.as_millisecond()))),
            Begin::LastError => self.seek = Some(Seek::error(None, false)),
        }
    }

    /// Whether what is to be looked at first was read.
    fn can_begin(&self) -> bool {
        let until_ms = match self.begin {
            Some(Begin::At(at)) => (at.as_millisecond() + 1_000).min(self.opened_ms),
            _ => self.opened_ms,
        };
        // The last second is held back for late lines.
        self.begin.is_some() && self.read_to_ms.is_some_and(|to| to >= until_ms - 2_000)
    }

    fn event(&mut self, event: Event) {
        let heard = self.heard.entry(Arc::clone(&event.group)).or_default();
        heard.lines += 1;
        let (at_ms, group, stream) = (event.at_ms, Arc::clone(&event.group), Arc::clone(&event.stream));
        match self.folder.take(event) {
            Taken::New(entry) => self.keep(entry),
            Taken::More { of, text, level } => {
                let filter = &mut self.filter;
                let mut shown = false;
                let extended = self.book.extend(of, (&text, level), |entry| {
                    shown = filter.shows(entry);
                    shown
                });
                match extended {
                    Some(entry) => self.window.renew(&entry, shown),
                    // What it belongs to is out of reach: it stands by itself.
                    None => {
                        let event = Event {
                            group,
                            stream: format!("{stream} …").into(),
                            id: None,
                            at_ms,
                            ingested_ms: None,
                            text,
                        };
                        if let Taken::New(entry) = self.folder.take(event) {
                            self.keep(entry);
                        }
                    }
                }
            }
        }
    }

    fn keep(&mut self, entry: Entry) {
        let shown = self.filter.shows(&entry);
        let key = entry.key;
        if !self.book.insert(entry, shown) || !shown {
            return;
        }
        self.came += u64::from(self.window.cursor.is_some());
        if let Some(entry) = self.book.newest_or(key) {
            self.window.insert(&entry);
        }
    }

    fn has_work(&self) -> bool {
        !self.pending.is_empty()
            || self.can_begin()
            || self.window.wants()
            || self.seek.is_some()
            || self.collect.is_some()
            || self.clusters.as_ref().is_some_and(|counting| !counting.is_done())
            || self.book.shown().1 > 0
    }

    /// A piece of everything that is to be done.
    fn work(&mut self) {
        self.out.change();
        let until = Instant::now() + PIECE;
        while let Some(event) = self.pending.pop_front() {
            self.event(event);
            if self.pending.len().is_multiple_of(64) && Instant::now() >= until {
                break;
            }
        }
        if self.pending.is_empty() {
            self.begin_there();
        }
        let until = Instant::now() + PIECE / 2;
        self.window.fill(&mut self.book, &mut self.filter, until);
        self.seek_on(until);
        self.collect_on(until);
        self.cluster_on(until);
        while Instant::now() < until && self.book.count_on(|entry| self.filter.shows(entry)) {}
    }

    fn show(&mut self) {
        if self.out.wants_picture() {
            let picture = self.picture();
            self.out.show(News::Tail(Box::new(picture)));
        }
    }

    fn go(&mut self, cursor: Option<Key>) {
        if cursor.is_none() || self.window.cursor.is_none() {
            self.came = 0;
        }
        self.window.go(cursor);
        self.out.change();
    }
}
