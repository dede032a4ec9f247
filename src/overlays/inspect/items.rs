//! The items of a table, as somebody asks for them. Opening it describes the table and reads nothing.
//!
//! ```text
//!  LocalStack localhost:4566 · 000000000000 · us-east-1  ● live                                    14:03
//!  items ▦ orders  scan: a sample  5.5 read units in 2 pages  looks again every 10 s
//! ── items 200 ─────────────────────── item ─────────────────────────────────────────────────────────────
//!  + order-00042 7  {"id":"order-00042"│ {
//!    order-00042 8  {"id":"order-00042"│   "id": "order-00042",
//!    order-00042 9  {"id":"order-00042"│   "at": 7,
//!                                      │   "total": 39.27
//!  / by key  s scan  m more  f find  = jq  r look  t types  y copy  w write  d table              ? more
//! ```
//!
//! What reading cost so far stands in the header, as the service said it. Keys in [`keys`], what stands in the lines in [`draw`].

mod draw;
mod keys;
pub mod model;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::model::{Ask, Picture};
use super::{
    News,
    rows::{Rows, prompt::Prompt},
};
use crate::{
    commands::Place,
    domain::ResourceId,
    overlays::{Overlay, Press, Wish, toast::Toast},
    panes::View,
};

/// What is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Blank {
    /// A partition key's value.
    Key,
    /// A condition on the sort key, beside this partition key.
    Sort(String),
    Find,
    Where,
    File,
}

/// The reader.
#[derive(Debug)]
pub struct Items {
    number: u64,
    table: ResourceId,
    picture: Picture,
    rows: Rows,
    prompt: Option<Prompt<Blank>>,
    /// What the table is, over the items.
    about: bool,
    offset: usize,
    word: Option<Toast>,
}

impl Items {
    pub fn new(number: u64, table: ResourceId) -> Self {
        Self {
            number,
            table,
            picture: Picture::default(),
            rows: Rows::default(),
            prompt: None,
            about: false,
            offset: 0,
            word: None,
        }
    }

    fn wish(ask: Ask) -> Wish {
        Wish::Read(super::Ask::Items(ask))
    }
}

impl Overlay for Items {
    fn place(&self) -> Place {
        if self.prompt.is_none() { Place::Items } else { Place::Pane }
    }

    fn fills(&self) -> bool {
        true
    }

    fn reader(&self) -> Option<u64> {
        Some(self.number)
    }

    fn key(&mut self, press: Press, _view: &View<'_>) -> Wish {
        self.press(press)
    }

    fn learned(&mut self, news: News, _view: &View<'_>) {
        if let News::Items(mut picture) = news {
            self.rows.take(std::mem::take(&mut picture.listing));
            self.picture = *picture;
        }
    }

    fn turn(&mut self, lines: isize, at: Position) -> Wish {
        self.rows.turn(lines, at).map_or(Wish::Stay, |ask| Self::wish(Ask::Rows(ask)))
    }

    fn click(&mut self, at: Position, _view: &View<'_>) -> Wish {
        self.rows.click(at).map_or(Wish::Stay, |ask| Self::wish(Ask::Rows(ask)))
    }

    fn takes_text(&self) -> bool {
        self.prompt.is_some()
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Wish {
        if let Some(prompt) = &mut self.prompt {
            prompt.insert(text);
        }
        Wish::Stay
    }

    fn hear(&mut self, word: Option<&Toast>) -> bool {
        self.word = word.cloned();
        true
    }

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.paint(area, buf, view);
    }
}
