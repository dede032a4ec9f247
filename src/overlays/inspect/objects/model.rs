//! What the reader of a bucket shows, and what its keys ask for, as data. The levels, and the calls, are in its task
//! (`app::inspect::objects`): the screen knows a window of the rows.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;

use crate::{
    domain::ResourceId,
    inspect::objects::{Facts, Versions, preview::Preview},
    overlays::desk::model::Step,
};

/// Rows sent to either side of the cursor: more than any screen has.
pub const MARGIN: usize = 250;

/// The bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub id: ResourceId,
    pub bucket: String,
    /// Where it is, as far as that is known.
    pub region: Option<String>,
    /// Only keys that begin so, at first; empty for all.
    pub begin: String,
}

/// What the user wants of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Go(Step),
    /// Open what is under the cursor, or close it; at the end of a page, the next one.
    Open,
    /// To the prefix above, and close that.
    Up,
    /// List the level under the cursor anew.
    Again,
    /// Only keys that begin so; nothing for all.
    Begin(String),
    /// To the newest object, and along with whatever comes.
    Follow,
    /// More of the object than its head.
    More,
    Versions,
    Tags,
    Sign,
    Download(PathBuf),
    /// Give the download up.
    Cancel,
}

/// Everything that the screen needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// What stands before all keys that are listed.
    pub root: String,
    /// The bucket turned out to be in this Region.
    pub region: Option<String>,
    pub lines: Vec<Line>,
    /// The place of the first line among all rows.
    pub from: usize,
    pub at: usize,
    pub rows: usize,
    /// How much of the level under the cursor is shown, of how much.
    pub level: String,
    /// What is being looked at again, how often, and what that costs.
    pub watching: String,
    /// The cursor goes along with what comes.
    pub is_following: bool,
    /// Something is being listed.
    pub is_listing: bool,
    /// Why the last listing came to nothing.
    pub trouble: Option<String>,
    pub shown: Option<Arc<Shown>>,
    pub download: Option<Download>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub depth: u16,
    /// Without what stands before it in the rows above.
    pub name: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Prefix {
        is_open: bool,
    },
    Object {
        bytes: u64,
        at: Option<Timestamp>,
        /// When it was seen to come.
        came: Option<Timestamp>,
        archived: bool,
    },
    More,
}

/// What is under the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Of an object its address, of a prefix likewise.
    pub uri: String,
    /// The whole key or prefix.
    pub key: String,
    /// When it was written, and how large it was then.
    pub modified: Option<(Timestamp, u64)>,
    pub class: Option<String>,
    pub inside: Inside,
    pub facts: Facts,
    pub versions: Option<Asked<Versions>>,
    pub tags: Option<Asked<Vec<(String, String)>>>,
}

/// How far reading it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Inside {
    /// A prefix, or the end of a page: in words.
    Said(String),
    Reading,
    Refused(String),
    Read(Box<Preview>),
}

/// Something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked<T> {
    Reading,
    Refused(String),
    Read(T),
}

/// An object on its way into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    pub to: PathBuf,
    pub done: u64,
    pub total: u64,
}
