//! What the reader of items shows, and what it is asked, as data. The task behind it is `app::inspect::items`.

use std::sync::Arc;

use crate::{
    inspect::items::{Condition, Description},
    overlays::inspect::rows::{self, Listing},
};

/// How it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// None until it is known.
    pub table: Option<Arc<Description>>,
    /// The index that is read; none for the table itself.
    pub index: Option<String>,
    pub listing: Listing,
    /// What is read, in a few words; nothing if nothing is.
    pub reading: String,
    /// What it cost so far, in words; empty as long as it cost nothing.
    pub cost: String,
    /// A page is on its way.
    pub busy: bool,
    /// There is a next page.
    pub has_more: bool,
    /// Seconds between two looks, if it looks again by itself.
    pub watch_seconds: Option<u64>,
    /// The table's stream, once somebody asked to follow it.
    pub live: Option<Live>,
    /// Each value with its type.
    pub typed: bool,
    /// Why the last call came to nothing.
    pub trouble: Option<String>,
}

/// The table's stream, beside the items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Live {
    /// It is being followed.
    pub is_on: bool,
    /// Items that were removed, of those that are read and not listed.
    pub removed_elsewhere: u64,
    /// Writes of which it does not say whether they are among what is read.
    pub unplaced: u64,
}

/// What the reader wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    Rows(rows::Ask),
    /// One page of a scan, the next one if there was one.
    Scan,
    /// The next page of what is read.
    More,
    Query {
        condition: Condition,
        backwards: bool,
    },
    /// Read this index from now on, or the table itself.
    Index(Option<String>),
    /// The same pages again: what was not there before is new.
    Again,
    /// Look again by itself, or no longer.
    Watch,
    /// Follow the table's stream, or no longer.
    Follow(bool),
    /// Each value with its type, or without.
    Types,
}
