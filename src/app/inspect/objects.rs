//! The task of an open bucket: its open levels, where the cursor is, what is under it, and what comes.
//!
//! ```text
//!   Ask ──► Stand ──► a task a call ── Note ──► Stand ──► Picture
//! ```
//!
//! Levels are listed when they are opened, and on where the cursor comes to their end. The level of the newest date, and that of the
//! cursor, are looked at again at a pace that is said. What is under the cursor is read when the cursor has rested.
//! Must not: list ahead, or read what nobody rests on.

mod calls;
mod shown;
mod watching;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use self::calls::Note;
use super::Start;
use crate::{
    app::{
        clock,
        out::{Out, PICTURE},
    },
    inspect::objects::{
        Reader, Refused,
        level::Listed,
        s3::S3,
        tree::{MOST_ROWS, Name, Row, Tree},
    },
    overlays::{
        desk::model::Step,
        inspect::{
            self, News,
            objects::model::{Ask, Download, Picture, Shown, Subject},
        },
    },
};

/// Answers of calls on their way.
const NOTES: usize = 64;
/// How long the cursor rests before what is under it is read.
const REST: Duration = Duration::from_millis(200);
/// Levels that are opened one in the other without being asked for.
const MOST_DOWN: usize = 8;

/// The open bucket.
struct Stand {
    reader: Arc<dyn Reader>,
    bucket: String,
    on_aws: bool,
    out: Out<News>,
    notes: mpsc::Sender<Note>,
    tree: Tree,
    /// Another tree than before: what still comes for that one is not for this.
    planted: u64,
    at: usize,
    /// What the cursor is on; it stays there while rows come and go.
    on: Option<Name>,
    is_following: bool,
    listing: BTreeSet<Arc<str>>,
    trouble: Option<Refused>,
    /// Looking again: what is under way, when the next is due, how many there were.
    is_looking: bool,
    look_at: Instant,
    looks: u64,
    /// When the cursor will have rested.
    rest_at: Option<Instant>,
    shown: Option<Arc<Shown>>,
    /// The call for what is shown.
    reading: Option<JoinHandle<()>>,
    /// What was shown before, the last one at the end.
    before: VecDeque<Arc<Shown>>,
    download: Option<(JoinHandle<()>, Download)>,
}

/// Serves a bucket until its asks end.
pub(super) async fn serve(start: Start, subject: Subject) {
    let out = start.out();
    let Start { aws, asks, .. } = start;
    let on_aws = aws.is_aws();
    let reader = Arc::new(S3::new(aws, subject.bucket.clone(), subject.region));
    let (notes, noted) = mpsc::channel(NOTES);
    let stand = Stand {
        reader,
        bucket: subject.bucket,
        on_aws,
        out,
        notes,
        tree: Tree::new(&subject.begin),
        planted: 0,
        at: 0,
        on: None,
        is_following: true,
        listing: BTreeSet::new(),
        trouble: None,
        is_looking: false,
        look_at: Instant::now() + watching::pace(on_aws),
        looks: 0,
        rest_at: None,
        shown: None,
        reading: None,
        before: VecDeque::new(),
        download: None,
    };
    stand.serve(asks, noted).await;
}

impl Stand {
    async fn serve(mut self, mut asks: mpsc::Receiver<inspect::Ask>, mut noted: mpsc::Receiver<Note>) {
        let mut tick = interval(PICTURE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.list(&Arc::clone(self.tree.root()));
        loop {
            let rest_at = self.rest_at.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    None | Some(inspect::Ask::Close) => break,
                    Some(inspect::Ask::Objects(ask)) => {
                        self.ask(ask);
                        // A key held down is one picture.
                        if asks.is_empty() {
                            self.show();
                        }
                    }
                    Some(_) => {}
                },
                Some(note) = noted.recv() => self.note(note),
                () = sleep_until(self.look_at), if !self.is_looking => self.look_again(),
                () = sleep_until(rest_at), if self.rest_at.is_some() => self.read_rested(),
                _ = tick.tick(), if self.out.is_due() => {}
            }
            if self.out.is_time() {
                self.show();
            }
        }
        // A download that nobody waits for leaves nothing.
        self.cancel();
        self.stop_reading();
    }

    fn ask(&mut self, ask: Ask) {
        self.out.change();
        match ask {
            Ask::Go(step) => self.go(step),
            Ask::Open => self.open(),
            Ask::Up => self.up(),
            Ask::Again => self.again(),
            Ask::Begin(root) => self.plant(&root),
            Ask::Follow => {
                self.is_following = true;
                self.settle();
            }
            Ask::More => self.read_more(),
            Ask::Versions => self.ask_versions(),
            Ask::Tags => self.ask_tags(),
            Ask::Sign => self.sign(),
            Ask::Download(to) => self.start_download(to),
            Ask::Cancel => {
                if self.cancel() {
                    self.say("given up: nothing was left behind".to_owned(), false);
                }
            }
        }
    }

    /// Begins anew with keys that begin so.
    fn plant(&mut self, root: &str) {
        self.tree = Tree::new(root);
        self.planted += 1;
        self.listing.clear();
        (self.at, self.on, self.is_following, self.trouble) = (0, None, true, None);
        self.forget_shown();
        self.list(&Arc::clone(self.tree.root()));
    }

    fn go(&mut self, step: Step) {
        let last = self.tree.rows().len().saturating_sub(1);
        let at = match step {
            Step::By(by) => self.at.saturating_add_signed(by),
            Step::To(at) => at,
            Step::Top => 0,
            Step::Bottom => last,
        };
        self.is_following = false;
        self.put_cursor(at.min(last));
        if let Some(Row::More { level, .. }) = self.row().cloned() {
            self.list(&level);
        }
    }

    fn open(&mut self) {
        match self.row().cloned() {
            Some(Row::More { level, .. }) => self.list(&level),
            Some(Row::Prefix { prefix, .. }) if self.tree.is_open(&prefix) => {
                self.is_following = false;
                self.tree.close(&prefix);
                self.settle();
            }
            Some(Row::Prefix { prefix, .. }) => {
                self.is_following = false;
                self.open_prefix(&prefix);
            }
            Some(Row::Object { .. }) | None => {}
        }
    }

    /// False if there are too many rows already.
    fn open_prefix(&mut self, prefix: &str) -> bool {
        let is_open = self.tree.open(prefix);
        match is_open {
            true => self.list(&Arc::from(prefix)),
            false => self.say(format!("more than {MOST_ROWS} rows are open: close a prefix first"), true),
        }
        is_open
    }

    /// An open prefix is closed; from elsewhere it goes to the prefix that it is in.
    fn up(&mut self) {
        let Some(row) = self.row().cloned() else { return };
        self.is_following = false;
        match &row {
            Row::Prefix { prefix, .. } if self.tree.is_open(prefix) => self.tree.close(prefix),
            row => {
                let above = self.tree.level_of(row);
                let name = Name::Prefix((*above).into());
                if let Some(place) = self.tree.place(&name) {
                    self.put_cursor(place);
                }
            }
        }
        self.settle();
    }

    /// Lists the level of the cursor from its start.
    fn again(&mut self) {
        let level = self.row().map_or_else(|| Arc::clone(self.tree.root()), |row| self.tree.level_of(row));
        if let Some(known) = self.tree.level_mut(&level) {
            *known = Default::default();
        }
        self.before.clear();
        self.forget_shown();
        self.list(&level);
    }

    fn row(&self) -> Option<&Row> {
        self.tree.rows().get(self.at)
    }

    fn put_cursor(&mut self, at: usize) {
        let on = self.tree.rows().get(at).and_then(|row| self.tree.name(row));
        self.at = at;
        if on != self.on {
            self.on = on;
            self.forget_shown();
        }
        self.out.change();
    }

    /// After rows came or went: the cursor stays on what it was on, or goes along with the newest.
    fn settle(&mut self) {
        self.tree.settle();
        let newest = self.tree.newest().filter(|_| self.is_following).map(|object| Name::Object(object.key.clone()));
        let place = newest.or_else(|| self.on.clone()).and_then(|name| self.tree.place(&name));
        let last = self.tree.rows().len().saturating_sub(1);
        self.put_cursor(place.unwrap_or(self.at.min(last)));
        self.see_overwritten();
    }

    /// Opens what a level that was just listed leads to.
    fn go_down(&mut self, level: &str) {
        let down = level.matches('/').count().saturating_sub(self.tree.root().matches('/').count());
        let Some(next) = self.tree.level(level).and_then(|level| level.leads_on()).map(str::to_owned) else { return };
        if down < MOST_DOWN && !self.tree.is_open(&next) {
            self.open_prefix(&next);
        }
    }

    fn say(&mut self, text: String, is_bad: bool) {
        self.out.say(text, is_bad);
    }

    /// Sends a picture, if there is room for it and anything changed.
    fn show(&mut self) {
        if self.out.wants_picture() {
            let picture = self.picture();
            self.out.show(News::Objects(Box::new(picture)));
        }
    }

    fn picture(&self) -> Picture {
        let rows = self.tree.rows();
        let window = shown::window(rows.len(), self.at);
        let level = self.row().and_then(|row| self.tree.level(&self.tree.level_of(row)));
        Picture {
            root: self.tree.root().to_string(),
            region: self.reader.moved_to(),
            lines: rows.get(window.clone()).unwrap_or_default().iter().map(|row| self.line(row)).collect(),
            from: window.start,
            at: self.at,
            rows: rows.len(),
            level: level.map(|level| level.said()).unwrap_or_default(),
            watching: self.watching(),
            is_following: self.is_following,
            is_listing: !self.listing.is_empty(),
            trouble: self.trouble.as_ref().map(|refused| refused.text.clone()),
            shown: self.shown.clone(),
            download: self.download.as_ref().map(|(_, download)| download.clone()),
        }
    }

    /// The next page of a level, unless it is on its way or there is none.
    fn list(&mut self, level: &Arc<str>) {
        let token = match self.tree.level(level).map(|level| level.listed().clone()) {
            Some(Listed::Nothing) => None,
            Some(Listed::UpTo(token)) => Some(token),
            Some(Listed::Whole) | None => return,
        };
        if self.listing.insert(Arc::clone(level)) {
            self.call_list(Arc::clone(level), token);
        }
    }

    /// Gives the download up, if there is one.
    fn cancel(&mut self) -> bool {
        let download = self.download.take();
        download.inspect(|(task, _)| task.abort()).is_some()
    }

    fn now() -> jiff::Timestamp {
        clock::now()
    }
}
