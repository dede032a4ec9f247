//! The task of an open reader of items: it reads a page when it is asked to, and keeps what was read.
//!
//! One call is under way at a time, in a task of its own; meanwhile keys are answered. Nothing is read by itself but under
//! [`Ask::Watch`], which the user switches on.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{
    Start, file,
    shelf::{Looked, Row, Shelf},
};
use crate::{
    app::out::{Out, PICTURE},
    aws::Trouble,
    domain::ResourceId,
    inspect::items::{Cost, Description, Dynamo, Item, Page, Reading, Tables, What, table_name},
    overlays::inspect::{
        self, News,
        items::model::{Ask, Picture},
        rows,
    },
    redrive::jq,
    widgets::text,
};

/// Items of one page.
const PAGE: usize = 100;
/// Pages that are read again at most.
const MOST_AGAIN: u64 = 10;
/// Items held, in bytes: each is held as JSON in two ways.
const MOST_BYTES: usize = 32 << 20;
/// Between two looks that nobody asked for: longer where they are paid for.
const WATCH_LOCAL: Duration = Duration::from_secs(5);
const WATCH_AWS: Duration = Duration::from_secs(30);
const NOTES: usize = 16;

/// Serves a reader until its asks end.
pub(super) async fn serve(start: Start, table: ResourceId) {
    let tables: Arc<dyn Tables> = Arc::new(Dynamo::new(Arc::clone(&start.aws)));
    let watch = if start.aws.is_aws() { WATCH_AWS } else { WATCH_LOCAL };
    let (notes, noted) = mpsc::channel(NOTES);
    let bench = Bench::new(tables, start.out(), notes, watch);
    bench.serve(&table, start.asks, noted).await;
}

/// What was found out.
enum Note {
    Described(Result<Box<Description>, Trouble>),
    Read(Box<Read>),
    Looked(Looked),
    Said(String, bool),
    Page(String),
}

/// Pages, and how they were read.
struct Read {
    reading: Reading,
    pages: Vec<Page>,
    trouble: Option<Trouble>,
    /// They stand instead of what was there, read by this one.
    before: Option<Reading>,
}

struct Bench {
    tables: Arc<dyn Tables>,
    out: Out<News>,
    notes: mpsc::Sender<Note>,
    table: Option<Arc<Description>>,
    index: Option<String>,
    /// None while it is under way, or nothing is read.
    reading: Option<Reading>,
    said: String,
    busy: bool,
    cost: Cost,
    shelf: Shelf,
    typed: bool,
    trouble: Option<String>,
    /// How long between two looks, and when the next one is due.
    every: Duration,
    watch: Option<Instant>,
}

impl Bench {
    fn new(tables: Arc<dyn Tables>, out: Out<News>, notes: mpsc::Sender<Note>, every: Duration) -> Self {
        Self {
            tables,
            out,
            notes,
            table: None,
            index: None,
            reading: None,
            said: String::new(),
            busy: false,
            cost: Cost::default(),
            shelf: Shelf::new(MOST_BYTES),
            typed: false,
            trouble: None,
            every,
            watch: None,
        }
    }

    async fn serve(
        mut self,
        table: &ResourceId,
        mut asks: mpsc::Receiver<inspect::Ask>,
        mut noted: mpsc::Receiver<Note>,
    ) {
        let mut tick = interval(PICTURE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.describe(table_name(table.as_str()));
        loop {
            let due = self.watch.filter(|_| !self.busy);
            tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    None => break,
                    Some(inspect::Ask::Items(ask)) => {
                        self.ask(ask);
                        // A key held down is one picture.
                        if asks.is_empty() {
                            self.show();
                        }
                    }
                    Some(_) => {}
                },
                Some(note) = noted.recv() => self.note(note),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.again(),
                _ = tick.tick(), if self.out.is_due() => {}
            }
            self.look_through();
            if self.out.is_time() {
                self.show();
            }
        }
    }

    fn describe(&self, name: String) {
        let tables = Arc::clone(&self.tables);
        self.start(async move { Note::Described(tables.describe(&name).await.map(Box::new)) });
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
            Ask::Rows(ask) => self.ask_rows(ask),
            Ask::Scan => {
                let is_scanning = self.reading.as_ref().is_some_and(|reading| reading.what == What::Scan);
                if is_scanning || self.busy {
                    self.more()
                } else {
                    self.begin(What::Scan, "a scan: a sample, in no order")
                }
            }
            Ask::More => self.more(),
            Ask::Query { condition, backwards } => {
                let said = if backwards { format!("{}, backwards", condition.said) } else { condition.said.clone() };
                self.begin(What::Query { condition, backwards }, &said);
            }
            Ask::Index(index) => self.choose(index),
            Ask::Again => self.again(),
            Ask::Watch => self.watch(),
            Ask::Types => self.typed = !self.typed,
        }
    }

    fn ask_rows(&mut self, ask: rows::Ask) {
        match ask {
            rows::Ask::Step(step) => self.shelf.step(step),
            rows::Ask::Find(find) => {
                if let Err(mistake) = self.shelf.find(find) {
                    self.out.say(mistake, true);
                }
            }
            rows::Ask::Write(path) => {
                let lines = self.shelf.lines();
                self.start_blocking(move || {
                    let (said, bad) = file::write(&path, &lines);
                    Note::Said(said, bad)
                });
            }
            rows::Ask::Page => {
                let Some(row) = self.shelf.chosen() else { return };
                let json = Arc::clone(row.other.as_ref().filter(|_| self.typed).unwrap_or(&row.json));
                self.start_blocking(move || Note::Page(readable(&jq::pretty(&json))));
            }
        }
    }

    /// Another index: what was read by the one before goes.
    fn choose(&mut self, index: Option<String>) {
        if self.busy {
            return self.out.say("still reading; esc leaves", false);
        }
        self.forget();
        self.index = index;
    }

    fn forget(&mut self) {
        self.shelf.clear();
        (self.reading, self.watch, self.trouble) = (None, None, None);
        self.said.clear();
    }

    /// Reads something else, its first page.
    fn begin(&mut self, what: What, said: &str) {
        if self.busy {
            return self.out.say("still reading; ask again in a moment", false);
        }
        let Some(table) = self.table.clone() else { return self.out.say("the table is not described yet", true) };
        self.forget();
        said.clone_into(&mut self.said);
        self.reading = Some(Reading::new(Arc::clone(&self.tables), table, self.index.clone(), what));
        self.more();
    }

    /// The next page.
    fn more(&mut self) {
        let ended = self.reading.as_ref().is_some_and(Reading::has_ended);
        if self.busy || ended {
            let said = if self.busy { "still reading" } else { "everything was read; r reads it again" };
            return self.out.say(said, false);
        }
        let Some(reading) = self.reading.take() else {
            return self.out.say("nothing is read yet: / a key, s a scan", false);
        };
        self.read(reading, 1, None);
    }

    /// The same pages again.
    fn again(&mut self) {
        if self.busy {
            return self.out.say("still reading", false);
        }
        let Some(table) = self.table.clone() else { return };
        let Some(before) = self.reading.take() else {
            self.watch = None;
            return self.out.say("nothing is read yet: / a key, s a scan", false);
        };
        if before.pages > MOST_AGAIN {
            self.out.say(format!("looks again at the first {MOST_AGAIN} of {} pages", before.pages), false);
        }
        let pages = before.pages.clamp(1, MOST_AGAIN);
        let reading = Reading::new(Arc::clone(&self.tables), table, before.index.clone(), before.what.clone());
        self.read(reading, pages, Some(before));
    }

    fn read(&mut self, mut reading: Reading, pages: u64, before: Option<Reading>) {
        self.busy = true;
        self.start(async move {
            let (mut read, mut trouble) = (Vec::new(), None);
            while (read.len() as u64) < pages && !reading.has_ended() {
                match reading.next(PAGE).await {
                    Ok(page) => read.push(page),
                    Err(error) => {
                        trouble = Some(error);
                        break;
                    }
                }
            }
            Note::Read(Box::new(Read { reading, pages: read, trouble, before }))
        });
    }

    /// Looks again by itself from now on, or no longer.
    fn watch(&mut self) {
        if self.watch.take().is_some() {
            return;
        }
        if self.said.is_empty() {
            return self.out.say("nothing is read yet: / a key, s a scan; then a watches it", false);
        }
        self.watch = Some(Instant::now() + self.every);
        let each = self.cost.units / (self.cost.pages.max(1) as f64);
        let seconds = self.every.as_secs();
        self.out.say(format!("each look, every {seconds} s, costs about {each} read units a page; a ends it"), false);
    }

    fn note(&mut self, note: Note) {
        self.out.change();
        match note {
            Note::Described(Ok(table)) => self.table = Some(Arc::new(*table)),
            Note::Described(Err(trouble)) => self.trouble = Some(trouble.to_string()),
            Note::Read(read) => self.take(*read),
            Note::Looked(looked) => {
                if let Some(trouble) = self.shelf.looked(looked) {
                    self.out.say(trouble, true);
                }
            }
            Note::Said(text, bad) => self.out.say(text, bad),
            Note::Page(text) => self.out.tell(News::Page(text)),
        }
    }

    fn take(&mut self, read: Read) {
        self.busy = false;
        read.pages.iter().for_each(|page| self.cost.add(page));
        self.trouble = read.trouble.as_ref().map(|trouble| format!("{trouble} · the next try asks for the same page"));
        // Whoever could not look again still has what was there, and goes on from there.
        let reading = match (read.before, read.pages.is_empty()) {
            (Some(before), true) => before,
            (before, _) => {
                let items = read.pages.into_iter().flat_map(|page| page.items);
                if before.is_some() {
                    // What had to make room may be old: nothing is new for sure.
                    let known = self.shelf.is_whole().then(|| self.shelf.keys());
                    let rows: Vec<Row> = items.map(|item| row(&item, known.as_ref())).collect();
                    self.shelf.replace(rows);
                } else {
                    self.shelf.push(items.map(|item| row(&item, None)));
                }
                read.reading
            }
        };
        self.reading = Some(reading);
        if self.watch.is_some() {
            self.watch = Some(Instant::now() + self.every);
        }
    }

    fn look_through(&mut self) {
        if let Some(stretch) = self.shelf.next_stretch() {
            self.start_blocking(move || Note::Looked(stretch.look()));
        }
    }

    fn show(&mut self) {
        if self.out.wants_picture() {
            let picture = self.picture();
            self.out.show(News::Items(Box::new(picture)));
        }
    }

    fn picture(&mut self) -> Picture {
        Picture {
            table: self.table.clone(),
            index: self.index.clone(),
            listing: self.shelf.listing(self.typed),
            reading: self.said.clone(),
            cost: if self.cost.pages == 0 { String::new() } else { self.cost.in_words() },
            busy: self.busy,
            has_more: self.reading.as_ref().is_some_and(|reading| !reading.has_ended()),
            watch_seconds: self.watch.map(|_| self.every.as_secs()),
            typed: self.typed,
            trouble: self.trouble.clone(),
        }
    }
}

fn row(item: &Item, known: Option<&HashSet<Arc<str>>>) -> Row {
    Row {
        head: Arc::clone(&item.head),
        key: Arc::clone(&item.key),
        json: Arc::clone(&item.json),
        other: Some(Arc::clone(&item.typed)),
        notes: Vec::new(),
        new: known.is_some_and(|known| !known.contains(&item.key)),
    }
}

/// Each line made safe: a pager is a terminal too.
pub(super) fn readable(text: &str) -> String {
    text.lines().flat_map(|line| [text::clean(line).into_owned(), "\n".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::Event,
        inspect::items::{
            Condition,
            pretend::{Pretend, numbered},
        },
        overlays::desk::model::{Find, Step},
    };

    /// A reader of this table, with nobody at its screen but the test.
    struct Open {
        asks: mpsc::Sender<inspect::Ask>,
        events: mpsc::Receiver<Event>,
        picture: Picture,
        said: Vec<String>,
    }

    fn open(pretend: &Arc<Pretend>) -> Open {
        let (events, shown) = mpsc::channel(64);
        let (asks, asked) = mpsc::channel(64);
        let (notes, noted) = mpsc::channel(NOTES);
        let bench = Bench::new(Arc::clone(pretend) as _, Out::new(events, 1, Event::Inspected), notes, WATCH_LOCAL);
        tokio::spawn(async move { bench.serve(&"arn:aws:dynamodb:r:1:table/orders".into(), asked, noted).await });
        Open { asks, events: shown, picture: Picture::default(), said: Vec::new() }
    }

    impl Open {
        async fn ask(&self, ask: Ask) {
            self.asks.send(inspect::Ask::Items(ask)).await.unwrap();
        }

        /// Waits for a picture like that.
        async fn until(&mut self, is_it: impl Fn(&Picture) -> bool) {
            while !is_it(&self.picture) {
                match self.events.recv().await.unwrap() {
                    Event::Inspected(1, News::Items(picture)) => self.picture = *picture,
                    Event::Inspected(1, News::Said(text, _)) => self.said.push(text),
                    _ => {}
                }
            }
        }

        async fn opened(pretend: &Arc<Pretend>) -> Self {
            let mut reader = open(pretend);
            reader.until(|picture| picture.table.is_some()).await;
            reader
        }
    }

    #[tokio::test(start_paused = true)]
    async fn opening_reads_nothing_and_each_page_is_asked_for() {
        let pretend = Pretend::holding((0..250).map(numbered));
        let mut reader = Open::opened(&pretend).await;
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!((pretend.pages(), reader.picture.cost.as_str()), (0, ""));
        for (listed, has_more) in [(100, true), (200, true), (250, false)] {
            reader.ask(Ask::Scan).await;
            reader.until(|picture| picture.listing.listed == listed).await;
            assert_eq!(reader.picture.has_more, has_more);
        }
        assert_eq!(reader.picture.cost, format!("{} read units in 3 pages", pretend.units()));
        reader.ask(Ask::Scan).await;
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(pretend.pages(), 3, "at the end nothing more is read");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_new_at_the_next_look_is_marked() {
        let pretend = Pretend::holding((0..3).map(numbered));
        let mut reader = Open::opened(&pretend).await;
        reader.ask(Ask::Scan).await;
        reader.until(|picture| picture.listing.listed == 3).await;
        reader.ask(Ask::Watch).await;
        pretend.add(numbered(7));
        reader.until(|picture| picture.listing.listed == 4).await;
        let new: Vec<bool> = reader.picture.listing.lines.iter().map(|line| line.new).collect();
        assert_eq!((new, reader.picture.watch_seconds), (vec![false, false, false, true], Some(5)));
        assert!(reader.said.iter().any(|said| said.contains("every 5 s")), "{:?}", reader.said);
        reader.ask(Ask::Watch).await;
        reader.until(|picture| picture.watch_seconds.is_none()).await;
        let pages = pretend.pages();
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(pretend.pages(), pages);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_page_is_said_and_what_was_read_stays() {
        let pretend = Pretend::holding((0..150).map(numbered));
        let mut reader = Open::opened(&pretend).await;
        reader.ask(Ask::Scan).await;
        reader.until(|picture| picture.listing.listed == 100).await;
        pretend.fail_once();
        reader.ask(Ask::Again).await;
        reader.until(|picture| picture.trouble.is_some()).await;
        assert_eq!(reader.picture.listing.listed, 100);
        reader.ask(Ask::More).await;
        reader.until(|picture| picture.trouble.is_none() && !picture.busy).await;
        assert_eq!(reader.picture.listing.listed, 150, "it goes on where it was");
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_a_search_and_a_step() {
        let pretend = Pretend::holding((0..50).map(numbered));
        let mut reader = Open::opened(&pretend).await;
        let keys = reader.picture.table.as_ref().unwrap().keys.clone();
        let condition = Condition::parse(&keys, "7", None).unwrap();
        reader.ask(Ask::Query { condition, backwards: false }).await;
        reader.until(|picture| picture.listing.listed == 1).await;
        assert_eq!(reader.picture.reading, "id = 7");
        reader.ask(Ask::Types).await;
        reader.until(|picture| picture.typed).await;
        assert_eq!(&*reader.picture.listing.opened.as_ref().unwrap().json, r#"{"id":{"S":"7"},"text":{"S":"item 7"}}"#);
        reader.ask(Ask::Scan).await;
        reader.until(|picture| picture.listing.listed == 50).await;
        reader.ask(Ask::Rows(rows::Ask::Find(Some(Find::Where(".id == \"42\"".to_owned()))))).await;
        reader.until(|picture| picture.listing.listed == 1).await;
        reader.ask(Ask::Rows(rows::Ask::Find(None))).await;
        reader.ask(Ask::Rows(rows::Ask::Step(Step::Bottom))).await;
        reader.until(|picture| picture.listing.at == 49).await;
    }

    /// `EDATOP_TABLE_ENDPOINT=localhost:4567 EDATOP_TABLE=orders cargo test --lib first_page -- --ignored --nocapture`
    #[tokio::test]
    #[ignore = "needs an endpoint with a large table"]
    async fn the_first_page_is_there_within_300_ms() {
        let name = |name: &str| std::env::var(name).unwrap();
        let options = crate::aws::ConnectOptions {
            endpoint: Some(name("EDATOP_TABLE_ENDPOINT")),
            region: Some("us-east-1".to_owned()),
            ..crate::aws::ConnectOptions::default()
        };
        let aws = Arc::new(crate::aws::Connection::open(&options).await.unwrap());
        let (events, shown) = mpsc::channel(64);
        let (asks, asked) = mpsc::channel(64);
        let start = Start { aws, events, state: None, number: 1, asks: asked };
        tokio::spawn(serve(start, name("EDATOP_TABLE").as_str().into()));
        let mut reader = Open { asks, events: shown, picture: Picture::default(), said: Vec::new() };
        reader.until(|picture| picture.table.is_some()).await;
        let asked = std::time::Instant::now();
        reader.ask(Ask::Scan).await;
        reader.until(|picture| picture.listing.listed == 100).await;
        let first = asked.elapsed();
        println!("the first page: {first:?}; {}", reader.picture.cost);
        assert!(first < Duration::from_millis(300), "{first:?}");
    }
}
