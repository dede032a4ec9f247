//! What takes longer than a key: seeking, collecting what is shown, counting failures by kind. Each goes on in pieces.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::{
    Reader,
    window::{PIECE, passes},
};
use crate::{
    domain::Level,
    inspect::tail::{
        book::Way,
        clusters::Clusters,
        entry::{Entry, Key},
    },
    overlays::inspect::{
        News,
        tail::model::{Cluster, Sheet},
    },
    redrive::why::invocations::uuid_text,
};

/// More is not handed to a pager or an editor; a file takes all.
const MOST_HANDED: usize = 16 << 20;

/// Looks for an error that is shown.
#[derive(Debug)]
pub(super) struct Seek {
    way: Way,
}

impl Seek {
    pub(super) fn error(from: Option<Key>, next: bool) -> Self {
        Self { way: if next { Way::On(from) } else { Way::Back(from) } }
    }
}

/// Where what is shown goes.
#[derive(Debug)]
enum To {
    /// Not yet begun.
    Path(PathBuf),
    File {
        path: PathBuf,
        out: BufWriter<File>,
        is_json: bool,
    },
    Pager(String),
    Editor(String),
}

/// Collects what is shown.
#[derive(Debug)]
pub(super) struct Collect {
    to: To,
    way: Way,
    lines: u64,
}

impl Collect {
    fn new(to: To) -> Self {
        Self { to, way: Way::On(None), lines: 0 }
    }

    pub(super) fn into_file(path: PathBuf) -> Self {
        Self::new(To::Path(path))
    }

    pub(super) fn for_pager() -> Self {
        Self::new(To::Pager(String::new()))
    }

    pub(super) fn for_editor() -> Self {
        Self::new(To::Editor(String::new()))
    }

    pub(super) fn says(&self) -> String {
        format!("collecting, {} so far", self.lines)
    }

    /// A file that was not there before, for its owner alone.
    fn open(&mut self) -> io::Result<()> {
        if let To::Path(path) = &self.to {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let is_json = matches!(ending, "json" | "jsonl" | "ndjson");
            self.to = To::File { path: path.clone(), out: BufWriter::new(file), is_json };
        }
        Ok(())
    }

    /// False where no more fits.
    fn push(&mut self, entry: &Entry) -> io::Result<bool> {
        self.lines += 1;
        match &mut self.to {
            To::Path(_) => {}
            To::File { out, is_json: true, .. } => writeln!(out, "{}", as_json(entry))?,
            To::File { out, .. } => writeln!(out, "{}", as_text(entry))?,
            To::Pager(text) | To::Editor(text) => {
                text.push_str(&as_text(entry));
                text.push('\n');
                return Ok(text.len() < MOST_HANDED);
            }
        }
        Ok(true)
    }
}

fn time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| at_ms.to_string(), |at| format!("{at:.3}"))
}

fn as_text(entry: &Entry) -> String {
    format!("{} {} {}", time(entry.key.at_ms), entry.origin.group, entry.text)
}

/// As `edatop tail --json` has it.
fn as_json(entry: &Entry) -> serde_json::Value {
    json!({
        "timestamp": time(entry.key.at_ms),
        "group": &*entry.origin.group,
        "stream": &*entry.origin.stream,
        "level": entry.level,
        "message": &*entry.text,
        "request_id": entry.request.map(uuid_text),
    })
}

/// Counts failures by kind.
#[derive(Debug)]
pub(super) struct Counting {
    clusters: Clusters,
    way: Option<Way>,
}

impl Default for Counting {
    fn default() -> Self {
        Self { clusters: Clusters::default(), way: Some(Way::On(None)) }
    }
}

impl Counting {
    pub(super) fn is_done(&self) -> bool {
        self.way.is_none()
    }

    fn lines(&self) -> Arc<[Cluster]> {
        let span = self.clusters.span();
        let line = |cluster: &crate::inspect::tail::clusters::Cluster| Cluster {
            title: Arc::clone(&cluster.title),
            count: cluster.count,
            first_ms: cluster.first.map_or(0, |key| key.at_ms),
            last_ms: cluster.last.map_or(0, |key| key.at_ms),
            groups: cluster.groups.len(),
            bars: span.map(|span| cluster.bars(span)).unwrap_or_default(),
        };
        self.clusters.list().into_iter().map(line).collect()
    }
}

impl Reader {
    pub(super) fn jump(&mut self, at_ms: i64) {
        let is_within = self.book.first().is_some_and(|first| first.at_ms <= at_ms);
        if !is_within {
            self.out.say("nothing was read from before then: b reads from twice as far back", true);
        }
        self.go(Some(Key::first_of(at_ms)));
    }

    pub(super) fn seek_error(&mut self, next: bool) {
        self.seek = Some(Seek::error(self.window.chosen().map(|row| row.key), next));
    }

    pub(super) fn seek_on(&mut self, until: Instant) {
        while let Some(seek) = self.seek.take() {
            let count = self.book.count();
            let pass = passes(count);
            let page = self.book.page(seek.way, PIECE, |facts| facts.errors == 0 || pass(facts));
            let found = page.entries.iter().find(|entry| entry.level == Level::Error && self.filter.shows(entry));
            match (found.map(|entry| entry.key), page.next) {
                (Some(key), _) => self.go(Some(key)),
                (None, Some(way)) => self.seek = Some(Seek { way }),
                (None, None) => self.out.say(none_found(seek.way), false),
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    pub(super) fn collect_on(&mut self, until: Instant) {
        while let Some(mut collect) = self.collect.take() {
            match self.collect_piece(&mut collect) {
                Ok(true) => self.collect = Some(collect),
                Ok(false) => self.collected(collect),
                Err(error) => self.out.say(error, true),
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    /// Whether there is more to come.
    fn collect_piece(&mut self, collect: &mut Collect) -> Result<bool, String> {
        let path = match &collect.to {
            To::Path(path) | To::File { path, .. } => path.display().to_string(),
            _ => String::new(),
        };
        let broken = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => format!("{path} is there already: nothing is written; name another"),
            _ => format!("{path} cannot be written: {error}"),
        };
        collect.open().map_err(broken)?;
        let page = self.book.page(collect.way, PIECE, passes(self.book.count()));
        for entry in page.entries.iter().filter(|entry| self.filter.shows(entry)) {
            if !collect.push(entry).map_err(broken)? {
                self.out.say("only the first 16 MiB are handed over; w writes all to a file", true);
                return Ok(false);
            }
        }
        match page.next {
            Some(way) => collect.way = way,
            None => {
                if let To::File { out, .. } = &mut collect.to {
                    out.flush().map_err(broken)?;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn collected(&mut self, collect: Collect) {
        match collect.to {
            To::Path(_) => {}
            To::File { path, .. } => {
                self.out.say(format!("{} written to {}", collect.lines, path.display()), false);
            }
            To::Pager(text) => self.out.tell(News::Page(text)),
            To::Editor(text) => self.out.tell(News::Edit(text)),
        }
    }

    pub(super) fn cluster_on(&mut self, until: Instant) {
        let Some(counting) = &mut self.clusters else { return };
        while let Some(way) = counting.way.take() {
            let page = self.book.page(way, PIECE, |facts| facts.errors == 0);
            for entry in page.entries.iter().filter(|entry| entry.level == Level::Error) {
                if self.filter.shows(entry) {
                    counting.clusters.add(entry);
                }
            }
            counting.way = page.next;
            if Instant::now() >= until {
                break;
            }
        }
        self.sheet = Sheet::Clusters(counting.lines(), counting.is_done());
    }
}

fn none_found(way: Way) -> &'static str {
    match way {
        Way::On(_) => "no error after this one",
        Way::Back(_) => "no error before this one; b reads from twice as far back",
    }
}
