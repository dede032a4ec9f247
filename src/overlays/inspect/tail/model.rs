//! What the log reader shows, as data, and what it asks of its task (`app::inspect::tail`), which owns the lines: the screen knows a
//! window of them.
//!
//! To show something new: a field of the [`Picture`], filled in `app::inspect::tail::picture`.

use std::{collections::BTreeSet, ops::Range, path::PathBuf, sync::Arc};

use jiff::Timestamp;

use crate::{
    domain::Level,
    inspect::tail::{
        entry::{Key, Shape},
        filter::{Find, Wanted},
    },
    redrive::why::timeline::BUCKETS,
};

/// Lines sent to either side of the cursor: more than any screen has.
pub const MARGIN: usize = 120;

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What it is called: a function, a queue's consumers, a flow.
    pub title: String,
    /// Names of groups, or patterns of them.
    pub groups: Vec<Arc<str>>,
    pub begin: Begin,
}

/// Where to look first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At what comes.
    End,
    /// At the last error.
    LastError,
    /// At this instant.
    At(Timestamp),
}

/// What the reader wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// So many lines down, or up.
    By(isize),
    /// To the line at this place of the picture's.
    Line(Key),
    Top,
    /// Sticks to the end from now on, or stays where it is.
    Follow(bool),
    /// To this instant, in milliseconds since 1970.
    At(i64),
    /// To the next error, or the one before.
    Error {
        next: bool,
    },
    /// Show this and nothing else.
    Want(Box<Wanted>),
    Columns(String),
    /// All lines around the chosen one; or what was wanted before.
    Context,
    /// Everything of the chosen one.
    Open,
    /// Failures by kind.
    Clusters,
    /// Show only failures of this kind.
    Only(Arc<str>),
    Groups,
    /// Show this group's lines, or not.
    Toggle(Arc<str>),
    /// Back to the lines.
    Shut,
    /// Read from twice as far back.
    Further,
    /// The ids in the chosen one, to be followed.
    Ids,
    Copy,
    Write(PathBuf),
    Page,
    Edit,
}

/// Everything that the screen needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    pub title: String,
    /// Each with its lines; in the order of their names.
    pub groups: Arc<[Group]>,
    /// Those around the cursor.
    pub rows: Vec<Row>,
    /// The cursor's place among them.
    pub at: usize,
    /// There are no lines before the first, or after the last.
    pub is_top: bool,
    pub is_end: bool,
    pub follows: bool,
    /// Shown lines that came since it stands still.
    pub came: u64,
    pub total: u64,
    pub shown: u64,
    /// Lines that were not judged yet.
    pub left: u64,
    pub in_memory: usize,
    pub on_disk: u64,
    /// The oldest, which went.
    pub forgotten: u64,
    /// From when on lines are read, and until when they were.
    pub since: Option<Timestamp>,
    pub read_to: Option<Timestamp>,
    pub wanted: Option<Box<Wanted>>,
    pub columns: Vec<String>,
    /// All lines are shown around one; what is wanted waits.
    pub context: bool,
    pub sheet: Sheet,
    /// What is looked for or written at the moment.
    pub busy: Option<String>,
    /// What is wrong as long as it is.
    pub trouble: Option<String>,
}

/// A group whose lines are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    pub name: Arc<str>,
    /// A few letters that no other has.
    pub tag: String,
    pub lines: u64,
    pub per_second: f64,
    pub gaps: u32,
    pub trouble: Option<String>,
    pub hidden: bool,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    /// Its place among the groups.
    pub group: usize,
    pub level: Level,
    pub shape: Shape,
    /// Clean, and cut where no screen goes on.
    pub text: String,
    /// Where what is looked for stands in it.
    pub marks: Vec<Range<usize>>,
    /// Lines beyond this one.
    pub more: usize,
    pub columns: Option<Vec<String>>,
}

/// What lies over the lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Sheet {
    #[default]
    None,
    Entry(Arc<Opened>),
    /// Failures by kind; whether all were looked through.
    Clusters(Arc<[Cluster]>, bool),
    Groups,
}

/// Everything of one entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub key: Key,
    pub group: Arc<str>,
    pub stream: Arc<str>,
    pub level: Level,
    pub events: u32,
    pub request: Option<String>,
    /// What the request took, as Lambda says.
    pub report: Option<String>,
    pub body: Body,
    /// All lines of its request, the oldest first.
    pub lines: Vec<RequestLine>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Json(serde_json::Value),
    /// As it was written.
    Text(Arc<str>),
}

/// A line of the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    pub at_ms: i64,
    pub level: Level,
    pub text: String,
    /// The opened one itself.
    pub is_it: bool,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub title: Arc<str>,
    pub count: u64,
    pub first_ms: i64,
    pub last_ms: i64,
    pub groups: usize,
    pub bars: [u32; BUCKETS],
}

impl Picture {
    /// What is wanted, whatever is shown at the moment.
    pub fn wanted(&self) -> Wanted {
        self.wanted.as_deref().cloned().unwrap_or_default()
    }

    /// The line under the cursor.
    pub fn chosen(&self) -> Option<&Row> {
        self.rows.get(self.at)
    }
}

/// What is wanted, in a few words; empty where that is everything.
pub fn in_words(wanted: &Wanted) -> String {
    let quoted = |before: &str, find: &Option<Find>| find.as_ref().map(|find| format!("{before}{find}"));
    let hidden = |hidden: &BTreeSet<Arc<str>>| match hidden.len() {
        0 => None,
        1 => Some("1 group hidden".to_owned()),
        many => Some(format!("{many} groups hidden")),
    };
    let level = match wanted.level {
        Level::Info => None,
        Level::Warn => Some("warnings and errors".to_owned()),
        Level::Error => Some("errors".to_owned()),
    };
    let parts = [
        quoted("with ", &wanted.find),
        quoted("without ", &wanted.exclude),
        level,
        wanted.jq.as_ref().map(|jq| format!("where {jq}")),
        wanted.cluster.as_ref().map(|title| format!("of {title}")),
        hidden(&wanted.hidden),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
