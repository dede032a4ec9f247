//! What the reader of records shows, and what it is asked, as data. The task behind it is `app::inspect::records`.

use crate::{
    inspect::records::At,
    overlays::inspect::rows::{self, Listing},
};

/// How it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// The name of the stream, or of the table that it is of; empty until it is known.
    pub name: String,
    /// What reading does to others.
    pub warning: String,
    pub listing: Listing,
    /// From where it is read, in words; nothing as long as nobody said.
    pub from: String,
    pub shards: usize,
    /// It is being read.
    pub reads: bool,
    /// Everything was read up to now, once.
    pub caught_up: bool,
    /// What is to be said of it, the newest.
    pub trouble: Option<String>,
}

/// What the reader wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    Rows(rows::Ask),
    /// Read from there, and forget what was read from elsewhere.
    Read(At),
    /// Read no more.
    Stop,
}
