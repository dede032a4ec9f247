//! The task of an open reader of items: it reads a page when it is asked to, and keeps what was read.
//!
//! One call is under way at a time, in a task of its own; meanwhile keys are answered. Nothing is read by itself but under
//! [`Ask::Watch`] and [`Ask::Follow`], which the user switches on.

mod live;

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    Start,
    feed::Feed,
    rows::{self, Note, Reads, Rows},
    shelf::Row,
};
use crate::{
    app::out::Out,
    aws::Trouble,
    domain::ResourceId,
    inspect::{
        items::{Cost, Description, Dynamo, Item, Page, Reading, Tables, What, table_name},
        records::{self, Stream},
    },
    overlays::inspect::{
        self, News,
        items::model::{Ask, Live, Picture},
        rows::Mark,
    },
};

/// Items of one page.
const PAGE: usize = 100;
/// Pages that are read again at most.
const MOST_AGAIN: u64 = 10;
/// Between two looks that nobody asked for: longer where they are paid for.
const WATCH_LOCAL: Duration = Duration::from_secs(5);
const WATCH_AWS: Duration = Duration::from_secs(30);

/// Serves a reader until its asks end.
pub(super) async fn serve(start: Start, table: ResourceId) {
    let tables: Arc<dyn Tables> = Arc::new(Dynamo::new(Arc::clone(&start.aws)));
    let watch = if start.aws.is_aws() { WATCH_AWS } else { WATCH_LOCAL };
    let (aws, out) = (Arc::clone(&start.aws), start.out());
    let stream_of: StreamOf = Box::new(move |table| records::of_table(&aws, table));
    let (bench, noted) = Bench::new(tables, stream_of, out, watch);
    bench.describe(table_name(table.as_str()));
    rows::serve(bench, start.asks, noted).await;
}

/// How a table's stream is opened, which calls nothing; none if it has none.
type StreamOf = Box<dyn Fn(&Description) -> Option<Arc<dyn Stream>> + Send>;

/// What was found out.
enum Found {
    Described(Result<Box<Description>, Trouble>),
    Read(Box<Read>),
    /// Of following the stream.
    Ended(Result<(), Trouble>),
}

/// What happens by itself, once it was asked for.
enum Came {
    /// The time to look again.
    Due,
    News(records::News),
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
    rows: Rows<Found>,
    tables: Arc<dyn Tables>,
    stream_of: StreamOf,
    table: Option<Arc<Description>>,
    /// What was asked for before that was known, and its words: it is read then.
    first: Option<(What, String)>,
    index: Option<String>,
    /// None while it is under way, or nothing is read.
    reading: Option<Reading>,
    said: String,
    busy: bool,
    cost: Cost,
    trouble: Option<String>,
    /// How long between two looks, and when the next one is due.
    every: Duration,
    watch: Option<Instant>,
    feed: Feed,
    live: Option<Live>,
}

impl Bench {
    fn new(
        tables: Arc<dyn Tables>,
        stream_of: StreamOf,
        out: Out<News>,
        every: Duration,
    ) -> (Self, mpsc::Receiver<Note<Found>>) {
        let (rows, noted) = Rows::new(out);
        let bench = Self {
            rows,
            tables,
            stream_of,
            table: None,
            first: None,
            index: None,
            reading: None,
            said: String::new(),
            busy: false,
            cost: Cost::default(),
            trouble: None,
            every,
            watch: None,
            feed: Feed::default(),
            live: None,
        };
        (bench, noted)
    }

    fn describe(&self, name: String) {
        let tables = Arc::clone(&self.tables);
        self.rows.start(async move { Found::Described(tables.describe(&name).await.map(Box::new)) });
    }

    fn say(&mut self, text: impl Into<String>, bad: bool) {
        self.rows.out.say(text, bad);
    }

    /// Another index: what was read by the one before goes.
    fn choose(&mut self, index: Option<String>) {
        if self.busy {
            return self.say("still reading; esc leaves", false);
        }
        self.forget();
        self.index = index;
    }

    fn forget(&mut self) {
        self.rows.shelf.clear();
        (self.reading, self.watch, self.trouble) = (None, None, None);
        self.live = self.is_live().filter(|live| live.is_on).map(|_| Live::default());
        self.said.clear();
    }

    /// Reads something else, its first page.
    fn begin(&mut self, what: What, said: &str) {
        if self.busy {
            return self.say("still reading; ask again in a moment", false);
        }
        let Some(table) = self.table.clone() else {
            self.first = Some((what, said.to_owned()));
            return;
        };
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
            return self.say(said, false);
        }
        let Some(reading) = self.reading.take() else {
            return self.say("nothing is read yet: / a key, s a scan", false);
        };
        self.read(reading, 1, None);
    }

    /// The same pages again.
    fn again(&mut self) {
        if self.busy {
            return self.say("still reading", false);
        }
        let Some(table) = self.table.clone() else { return };
        let Some(before) = self.reading.take() else {
            self.watch = None;
            return self.say("nothing is read yet: / a key, s a scan", false);
        };
        if before.pages > MOST_AGAIN {
            self.say(format!("looks again at the first {MOST_AGAIN} of {} pages", before.pages), false);
        }
        let pages = before.pages.clamp(1, MOST_AGAIN);
        let reading = Reading::new(Arc::clone(&self.tables), table, before.index.clone(), before.what.clone());
        self.read(reading, pages, Some(before));
    }

    fn read(&mut self, mut reading: Reading, pages: u64, before: Option<Reading>) {
        self.busy = true;
        self.rows.start(async move {
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
            Found::Read(Box::new(Read { reading, pages: read, trouble, before }))
        });
    }

    /// Looks again by itself from now on, or no longer.
    fn watch(&mut self) {
        if self.watch.take().is_some() {
            return;
        }
        if self.said.is_empty() {
            return self.say("nothing is read yet: / a key, s a scan; then a watches it", false);
        }
        self.watch = Some(Instant::now() + self.every);
        let each = self.cost.units / (self.cost.pages.max(1) as f64);
        let seconds = self.every.as_secs();
        self.say(format!("each look, every {seconds} s, costs about {each} read units a page; a ends it"), false);
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
                    let known = if self.rows.shelf.is_whole() { Some(self.rows.shelf.known()) } else { None };
                    let mark = |item: &Item| known.as_ref().map_or(Mark::Same, |known| since(item, known));
                    let rows: Vec<Row> = items.map(|item| Row { mark: mark(&item), ..row(&item) }).collect();
                    self.rows.shelf.replace(rows);
                } else {
                    // What the stream told of is there already, and marked.
                    let is_new = |item: &Item| self.rows.shelf.mark_of(&item.key).is_none_or(|mark| mark == Mark::Same);
                    let rows: Vec<Row> = items.filter(is_new).map(|item| row(&item)).collect();
                    self.rows.shelf.push(rows);
                }
                read.reading
            }
        };
        self.reading = Some(reading);
        if self.watch.is_some() {
            self.watch = Some(Instant::now() + self.every);
        }
    }
}

impl Reads for Bench {
    type Found = Found;
    type Came = Came;

    fn rows(&mut self) -> &mut Rows<Found> {
        &mut self.rows
    }

    fn ask(&mut self, ask: inspect::Ask) {
        let inspect::Ask::Items(ask) = ask else { return };
        match ask {
            Ask::Rows(ask) => self.rows.ask(ask),
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
            Ask::Follow(is_on) => self.follow(is_on),
            Ask::Types => self.rows.other = !self.rows.other,
        }
    }

    fn found(&mut self, found: Found) {
        match found {
            Found::Described(Ok(table)) => {
                self.table = Some(Arc::new(*table));
                if let Some((what, said)) = self.first.take() {
                    self.begin(what, &said);
                }
            }
            Found::Described(Err(trouble)) => self.trouble = Some(trouble.to_string()),
            Found::Read(read) => self.take(*read),
            // One that was stopped ends too.
            Found::Ended(Ok(())) => {}
            Found::Ended(Err(trouble)) => self.feed.trouble = Some(trouble.to_string()),
        }
    }

    async fn next(&mut self) -> Came {
        // Until the page is there that is on its way.
        if self.busy {
            return std::future::pending().await;
        }
        let due = self.watch;
        tokio::select! {
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Came::Due,
            news = self.feed.next() => Came::News(news),
        }
    }

    fn came(&mut self, came: Came) {
        match came {
            Came::Due => self.again(),
            Came::News(news) => self.hear(news),
        }
    }

    fn picture(&mut self) -> News {
        News::Items(Box::new(Picture {
            table: self.table.clone(),
            index: self.index.clone(),
            listing: self.rows.listing(),
            reading: self.said.clone(),
            cost: if self.cost.pages == 0 { String::new() } else { self.cost.in_words() },
            busy: self.busy,
            has_more: self.reading.as_ref().is_some_and(|reading| !reading.has_ended()),
            watch_seconds: self.watch.map(|_| self.every.as_secs()),
            live: self.is_live(),
            typed: self.rows.other,
            trouble: self.trouble.clone().or_else(|| self.feed.complaint()),
        }))
    }
}

/// What became of an item since it was last looked at.
fn since(item: &Item, known: &HashMap<Arc<str>, (Arc<str>, Mark)>) -> Mark {
    match known.get(&item.key) {
        // What came since the first look is new as long as it is read.
        None | Some((_, Mark::New | Mark::Removed)) => Mark::New,
        Some((_, Mark::Changed)) => Mark::Changed,
        Some((before, Mark::Same)) if *before == item.json => Mark::Same,
        Some((_, Mark::Same)) => Mark::Changed,
    }
}

fn row(item: &Item) -> Row {
    Row {
        head: Arc::clone(&item.head),
        key: Arc::clone(&item.key),
        json: Arc::clone(&item.json),
        other: Some(Arc::clone(&item.typed)),
        ..Row::default()
    }
}

#[cfg(test)]
mod tests;
