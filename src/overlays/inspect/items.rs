//! The items of a table, as somebody asks for them. Opening it describes the table and reads nothing.
//!
//! ```text
//!  LocalStack localhost:4566 · 000000000000 · us-east-1  ● live                                    14:03
//!  items ▦ orders  5.5 read units in 2 pages  a scan: a sample, in no order  live: 1 new, 1 changed
//! ── items 200 ─────────────────────── item ─────────────────────────────────────────────────────────────
//!  + order-00042 7  {"id":"order-00042"│ {
//!  ~ order-00042 8  {"id":"order-00042"│   "id": "order-00042",
//!    order-00042 9  {"id":"order-00042"│   "at": 7,
//!                                      │   "total": 39.27
//!  / by key  s scan  m more  f find  = jq  r look  t types  y copy  w write  d table              ? more
//! ```
//!
//! `+` came since the first look or by the table's stream, `~` changed, `-` was removed; the header counts them. What reading cost so far
//! stands there too, as the service said it. Keys in [`keys`], what stands in the lines in [`draw`].

mod draw;
mod keys;
pub mod model;

use self::model::{Ask, Picture};
use super::{
    News,
    rows::{
        self, Listing, Marks,
        draw::Words,
        reader::{Answer, Reads},
    },
};
use crate::{
    commands::{Place, Row},
    domain::ResourceId,
    overlays::{Press, Wish},
    panes::View,
    theme::Role,
    widgets::status_line::Segment,
};

/// What is typed here besides what any reader of rows takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blank {
    /// A partition key's value.
    Key,
    /// A condition on the sort key, beside this partition key.
    Sort(String),
    /// Nothing: whether to follow the stream, knowing what that does to others.
    Follow,
}

/// The items of a table.
#[derive(Debug)]
pub struct Items {
    table: ResourceId,
    picture: Picture,
    marks: Marks,
    /// What the table is, over the items.
    about: bool,
    offset: usize,
}

impl Items {
    pub fn new(table: ResourceId) -> Self {
        Self { table, picture: Picture::default(), marks: Marks::default(), about: false, offset: 0 }
    }

    fn wish(ask: Ask) -> Answer<Blank> {
        Answer::Wish(Wish::Read(super::Ask::Items(ask)))
    }
}

impl Reads for Items {
    type Blank = Blank;

    const PLACE: Place = Place::Items;
    const JQ: &'static str = ".total > 3";

    fn of_rows(ask: rows::Ask) -> super::Ask {
        super::Ask::Items(Ask::Rows(ask))
    }

    fn learned(&mut self, news: News) -> Option<Listing> {
        let News::Items(picture) = news else { return None };
        self.picture = *picture;
        self.marks = self.picture.listing.marks;
        Some(std::mem::take(&mut self.picture.listing))
    }

    fn press(&mut self, press: Press) -> Answer<Blank> {
        self.pressed(press)
    }

    fn entered(&mut self, blank: &Blank, text: &str) -> Result<Answer<Blank>, String> {
        match blank {
            Blank::Key => self.key_entered(text),
            Blank::Sort(key) => self.query(key, text).map(Self::wish),
            Blank::Follow => Ok(Self::wish(Ask::Follow(true))),
        }
    }

    fn header<'a>(&'a self, view: &View<'a>) -> Vec<Segment<'a>> {
        self.title(view)
    }

    fn trouble(&self) -> Option<&str> {
        self.picture.trouble.as_deref()
    }

    fn instead(&mut self, held: usize, view: &View<'_>) -> Option<Vec<(Role, String)>> {
        let is_live = self.picture.live.is_some_and(|live| live.is_on);
        if !self.about && (held > 0 || !self.picture.reading.is_empty() || is_live) {
            return None;
        }
        let lines = self.about(view);
        self.offset = self.offset.min(lines.len().saturating_sub(1));
        Some(lines.into_iter().skip(self.offset).collect())
    }

    fn words(&self) -> Words<'_> {
        let empty = match (self.picture.busy, self.picture.has_more) {
            (true, _) => "reading…",
            _ if self.picture.reading.is_empty() => "nothing was written yet; what is written is shown as it comes",
            (false, true) => "none in this page; m reads the next",
            (false, false) => "there is none",
        };
        Words { many: "items", one: "item", empty }
    }

    fn weight(&self, row: &Row, has_rows: bool) -> u8 {
        self.matters(row, has_rows)
    }
}
