//! The records of a stream, as somebody asks for them. Opening it reads nothing: it says first what reading does to others.
//!
//! ```text
//!  LocalStack localhost:4566 · 000000000000 · us-east-1  ● live                                    14:03
//!  records ≋ sales  from the oldest  1 shard, each once a second  reads
//! ── records 200 ────────────────────── record ────────────────────────────────────────────────────────
//!    14:02:07  store-1  {"total":39.27,"│ JSON
//!    14:02:08  store-2  {"total":12.50,"│ {
//!    14:02:08  store-1  {"total":80.00,"│   "Data": {
//!                                      │     "total": 39.27
//!  n from now  o from the oldest  @ from a time  space stop  f find  = jq  y copy  w write         ? more
//! ```
//!
//! The newest stand at the end; who goes there (`G`) follows. What stands in the lines is in [`draw`].

mod draw;
pub mod model;

use jiff::Timestamp;

use self::model::{Ask, Picture};
use super::{
    News,
    rows::{
        self, Listing,
        draw::Words,
        prompt::Prompt,
        reader::{Answer, Blank, Reads},
    },
};
use crate::{
    commands::{Command, Place, Row},
    domain::ResourceId,
    inspect::records::At,
    overlays::{Press, Wish},
    panes::View,
    theme::Role,
    widgets::status_line::Segment,
};

/// The instant to read from: what is typed here besides what any reader of rows takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant;

/// The records of a stream.
#[derive(Debug)]
pub struct Records {
    stream: ResourceId,
    picture: Picture,
}

impl Records {
    pub fn new(stream: ResourceId) -> Self {
        Self { stream, picture: Picture::default() }
    }

    fn wish(ask: Ask) -> Answer<Instant> {
        Answer::Wish(Wish::Read(super::Ask::Records(ask)))
    }
}

impl Reads for Records {
    type Blank = Instant;

    const PLACE: Place = Place::Records;
    const JQ: &'static str = ".Data.total > 3";

    fn of_rows(ask: rows::Ask) -> super::Ask {
        super::Ask::Records(Ask::Rows(ask))
    }

    fn learned(&mut self, news: News) -> Option<Listing> {
        let News::Records(picture) = news else { return None };
        self.picture = *picture;
        Some(std::mem::take(&mut self.picture.listing))
    }

    fn press(&mut self, press: Press) -> Answer<Instant> {
        match press.command {
            Some(Command::ReadLatest) => Self::wish(Ask::Read(At::Latest)),
            Some(Command::ReadOldest) => Self::wish(Ask::Read(At::Oldest)),
            Some(Command::ReadFrom) => {
                let hint = "an instant such as 2026-11-21T14:03:00Z · enter reads · esc back";
                Answer::Type(Prompt::new(Blank::Own(Instant), " from ", hint, ""))
            }
            Some(Command::StopReading) => Self::wish(Ask::Stop),
            _ => Answer::No,
        }
    }

    fn entered(&mut self, _instant: &Instant, text: &str) -> Result<Answer<Instant>, String> {
        let at = text.parse::<Timestamp>();
        let at = at.map_err(|_| format!("'{text}' is no instant such as 2026-11-21T14:03:00Z"))?;
        Ok(Self::wish(Ask::Read(At::Time(at))))
    }

    fn header<'a>(&'a self, view: &View<'a>) -> Vec<Segment<'a>> {
        self.title(view)
    }

    fn trouble(&self) -> Option<&str> {
        self.picture.trouble.as_deref()
    }

    fn instead(&mut self, _held: usize, _view: &View<'_>) -> Option<Vec<(Role, String)>> {
        self.picture.from.is_empty().then(|| self.before())
    }

    fn words(&self) -> Words<'_> {
        let empty = match (self.picture.reads, self.picture.caught_up) {
            (true, true) => "there was none yet; what comes is shown as it comes",
            (true, false) => "reading…",
            (false, _) => "there is none",
        };
        Words { many: "records", one: "record", empty }
    }

    fn weight(&self, row: &Row, has_rows: bool) -> u8 {
        match row.command {
            Command::ReadLatest | Command::ReadOldest | Command::ReadFrom => row.footer.1,
            Command::StopReading if self.picture.reads => row.footer.1,
            Command::StopReading => 0,
            _ if has_rows => row.footer.1,
            _ => 0,
        }
    }
}
