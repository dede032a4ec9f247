//! What the desk shows and what it asks for, as data. The desk itself lives in a task of its own (`app::desk`), which owns the
//! messages: the screen knows a window of them, and each key becomes an [`Ask`].
//!
//! To add something that the user can do here: an [`Ask`], its key in `overlays::desk::keys`, and its arm in `app::desk`.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;

use crate::{
    domain::ResourceId,
    redrive::{mover::Progress, plan::Consumer, why::Route},
};

/// Lines sent to either side of the cursor: more than any screen has.
pub const MARGIN: usize = 250;
/// Bars of a cluster's sparkline.
pub const BARS: usize = 12;

/// What the user wants of the desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Lay this queue on it.
    Open(Box<Subject>),
    /// The cost of looking is accepted.
    Accept,
    /// What came since the last look.
    Look,
    Cluster(Step),
    Message(Step),
    Choose(Choice),
    /// List only what this lets pass; nothing lists all again.
    Find(Option<Find>),
    /// The one under the cursor, for `$EDITOR`.
    EditOne,
    /// What came back from there: the text, or why there is none.
    Edited(Result<String, String>),
    /// The chosen ones, by a jq expression.
    EditAll(String),
    /// The difference is what was meant.
    Keep,
    Plan(Deed),
    /// How those who take from the sources do by now.
    Takers(Vec<Taker>),
    Adjust(Adjust),
    /// The plan is what is meant.
    Go,
    /// Finish the batch in hand, then stop.
    Cancel,
    /// Away from what lies over the columns.
    Back,
    /// Go on with the runs that were cut off.
    Resume,
    /// All leases end, and so does the desk.
    Close,
}

/// The queue, and what is known of those who take from its sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    pub queue: ResourceId,
    /// From its sources to the logs of whoever failed.
    pub routes: Vec<Route>,
    pub takers: Vec<Taker>,
}

/// Who takes from a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taker {
    pub from: ResourceId,
    pub consumer: Consumer,
}

/// Where a cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    By(isize),
    To(usize),
    Top,
    Bottom,
}

/// What becomes chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The one under the cursor, or no longer.
    Toggle,
    /// All that are listed; if they are already, none of them.
    Listed,
    /// The cluster under the cursor, or no longer.
    Cluster,
    /// From this place in the list to the cursor.
    From(usize),
    /// The one under the cursor, and the one beyond.
    Along(isize),
    Nothing,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    Text(String),
    Regex(String),
    Where(String),
}

impl Find {
    /// As it was typed: `/…/` is a regex, all else a text.
    pub fn typed(text: &str) -> Option<Self> {
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(regex) if !regex.is_empty() => Some(Self::Regex(regex.to_owned())),
            _ if text.is_empty() => None,
            _ => Some(Self::Text(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Find {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "/{text}"),
            Self::Regex(regex) => write!(f, "/{regex}/"),
            Self::Where(jq) => write!(f, "={jq}"),
        }
    }
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Redrive,
    /// To a file; they stay.
    Write,
    Delete,
    /// All that is in the queue, looked at or not.
    Purge,
    Undo,
}

/// A change of the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Adjust {
    Canary,
    /// Messages a second; none for as fast as it goes.
    Rate(Option<f64>),
    /// A queue by name, ARN or URL; nothing for where they came from.
    To(String),
    /// The file that is written first, or none.
    File(Option<PathBuf>),
    /// AWS's own move task, or ours.
    Native,
}

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
    /// What the log says of the opened one; none while that is not known yet.
    pub log: Option<Arc<Log>>,
    pub stage: Stage,
}

/// What is looked for, and how far that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub find: String,
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
    /// What went wrong last.
    pub trouble: Option<String>,
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
    pub body: Body,
    pub attributes: Vec<(String, String)>,
    pub edited: bool,
}

/// What the log of its consumer says of a message's failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// How sure it is that this is the message's own failure, and whose log it is; empty where nothing was found.
    pub says: String,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", None)]
    #[case("cart", Some(Find::Text("cart".into())))]
    #[case("/ca.t/", Some(Find::Regex("ca.t".into())))]
    #[case("/cart", Some(Find::Text("/cart".into())))]
    #[case("//", Some(Find::Text("//".into())))]
    fn a_text_between_slashes_is_a_regex(#[case] typed: &str, #[case] expected: Option<Find>) {
        assert_eq!(Find::typed(typed), expected);
    }
}
