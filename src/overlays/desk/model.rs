//! What the desk shows, as data. The desk itself lives in a task of its own (`app::desk`), which owns the messages: the screen knows a
//! window of them. What the user asks of it is in [`super::asks`].
//!
//! To show something new: a field of the [`Picture`], filled in `app::desk::picture`.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;

pub use super::asks::{Adjust, Ask, Choice, Deed, Find, Step, Subject, Taker};
use crate::{
    domain::ResourceId,
    redrive::{mover::Progress, why::decode::Inside},
};

/// Lines sent to either side of the cursor: more than any screen has.
pub const MARGIN: usize = 250;
/// Bars of a cluster's sparkline.
pub const BARS: usize = 12;

/// What the desk tells.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// How it is now.
    Picture(Box<Picture>),
    /// A document for `$EDITOR`; its end is awaited as [`Ask::Edited`].
    Edit(String),
    /// A sentence in passing, and whether it is bad news.
    Said(String, bool),
    /// Everything is given back.
    Closed,
}

/// Everything that the screen needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    pub header: Header,
    /// The first is all of them.
    pub clusters: Arc<[Cluster]>,
    pub cluster: usize,
    /// Those around the cursor; the first of them has the place `from` in the list.
    pub lines: Vec<Line>,
    pub from: usize,
    /// The cursor's place in the list.
    pub at: usize,
    pub listed: usize,
    pub chosen: u64,
    /// Edited ones that were not moved yet.
    pub edited: u64,
    /// Chosen ones that the list does not show at the moment.
    pub chosen_elsewhere: u64,
    pub find: Option<Finding>,
    pub opened: Option<Arc<Opened>>,
    /// Why the opened one stayed when it was to be moved.
    pub refused: Option<Arc<str>>,
    /// What the log says of the opened one; none while that is not known yet.
    pub log: Option<Arc<Log>>,
    /// What stands over the columns as long as it is true.
    pub notices: Vec<Notice>,
    /// Runs of this place that were cut off.
    pub cut_off: u64,
    /// A run of this desk can be undone.
    pub can_undo: bool,
    pub stage: Stage,
}

/// A sentence that stands as long as it is true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub bad: bool,
}

/// A run that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOff {
    /// Its journal.
    pub id: String,
    /// When it wrote down something last.
    pub at: Timestamp,
    pub from: String,
    /// The queue that it takes from; none where it is a file.
    pub queue: Option<ResourceId>,
    pub to: String,
    pub moved: u64,
    /// Sent or about to be, and no answer written down; or arrived and not yet deleted.
    pub open: u64,
    /// Not begun; none where nobody knows how many there are.
    pub still: Option<u64>,
}

/// What is looked for, and how far that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub find: Find,
    /// Those found so far, listed or not.
    pub hits: u64,
    /// Messages that are still to be looked through.
    pub left: u64,
}

/// The first line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    pub queue: String,
    /// The queues that its messages come from.
    pub sources: Vec<String>,
    pub held: u64,
    /// How many there are, as far as SQS says.
    pub about: Option<u64>,
    /// More are being received.
    pub looking: bool,
    /// When the leases end unless they are renewed; none where nothing is leased.
    pub lease_until: Option<Timestamp>,
    /// What looking costs, in a few words.
    pub cost: String,
    /// When the last look ended.
    pub looked_at: Option<Timestamp>,
    /// What came since then, as far as SQS says.
    pub came: u64,
    /// What is listed is no longer ours, or the queue no longer answers.
    pub is_behind: bool,
    /// Why nothing was looked at.
    pub unlooked: Option<String>,
}

/// Messages that failed alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cluster {
    pub title: String,
    pub count: u64,
    pub chosen: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Messages over time, oldest first.
    pub bars: [u32; BARS],
}

/// One message in the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    pub chosen: bool,
    pub edited: bool,
    /// Its lease is over: somebody else may have it.
    pub lost: bool,
    /// It was refused when it was to be moved.
    pub refused: bool,
    pub sent_at: Option<Timestamp>,
    pub receives: Option<u32>,
    pub preview: String,
}

/// The message under the cursor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opened {
    pub id: String,
    pub sent_at: Option<Timestamp>,
    /// When the queue forgets it.
    pub expires_at: Option<Timestamp>,
    pub receives: Option<u32>,
    pub bytes: usize,
    pub group: Option<String>,
    pub source: Option<String>,
    /// Error, stack trace and where they were found; the first line is the error.
    pub why: Vec<String>,
    /// What was taken off to get to the body: `SNS notification from …`, `gzip`.
    pub layers: Vec<String>,
    /// How jq gets at what is shown of it.
    pub inside: Option<Inside>,
    pub body: Body,
    pub attributes: Vec<(String, String)>,
    pub edited: bool,
}

/// What the log of its consumer says of a message's failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// How sure it is that this is the message's own failure, and whose log it is; empty where nothing was found.
    pub says: String,
    /// The group, and when the failure was said.
    pub place: Option<(Arc<str>, Timestamp)>,
    /// The invocation that failed, the oldest line first.
    pub lines: Vec<LogLine>,
    /// The place of the line that says what went wrong.
    pub failure: usize,
    /// What was not found or not read and why, in sentences.
    pub notes: Vec<String>,
}

/// A line of a log, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLine {
    pub text: String,
    /// It says what went wrong.
    pub bad: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Json(serde_json::Value),
    /// Each on a line of its own, as it is: text, or bytes in hex.
    Lines(Vec<String>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

/// What is going on.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Stage {
    /// The queue is being found.
    #[default]
    Opening,
    /// What looking would cost is to be accepted.
    Asking(Cost),
    /// Nothing but the columns.
    Columns,
    Diff(Diff),
    Plan(Plan),
    Moving(Moving),
    /// What it came to.
    Ended(Summary),
    /// It cannot be laid on the desk.
    Failed(String),
}

/// What looking costs, before the first look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cost {
    pub lines: Vec<String>,
    /// To be typed where looking may do harm.
    pub name: Option<String>,
}

/// What an edit would change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    pub title: String,
    pub lines: Vec<DiffLine>,
    /// Why it cannot be kept as it is; in that case there is nothing to keep.
    pub refused: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum DiffLine {
    Same(String),
    Added(String),
    Removed(String),
    /// Whose lines follow.
    Head(String),
}

/// What is about to be done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub title: String,
    /// As `--dry-run` prints it.
    pub lines: Vec<String>,
    /// To be typed before it is done.
    pub name: Option<String>,
    /// Which changes make sense.
    pub canary: Option<bool>,
    pub rate: Option<Option<f64>>,
    pub to: Option<String>,
    pub file: Option<Option<PathBuf>>,
    pub native: Option<bool>,
    /// Why it cannot be done.
    pub refused: Option<String>,
}

/// What is being done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moving {
    pub title: String,
    pub progress: Progress,
    pub cancelled: bool,
}

/// What it came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    pub title: String,
    pub lines: Vec<String>,
    pub bad: bool,
    /// Something was moved, and so there is something to undo.
    pub moved: bool,
}
