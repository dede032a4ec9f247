//! Rows and what is under their cursor: what the readers of items and records have in common on the screen.
//!
//! ```text
//! ── items 2 of 300 ────────────────── item ───────────────────────────
//!  + order-00042 7  {"id":"order-000 │ {
//!    order-00042 8  {"id":"order-000 │   "id": "order-00042",
//! ```
//!
//! It knows the [`Listing`] that the task behind it sent last. To show more of a row: a field of [`Line`] or [`Opened`], filled in
//! `app::inspect::shelf`. Must not: hold rows beyond the window, or know what they are rows of.

pub mod draw;
mod page;
pub mod prompt;
pub mod reader;

use std::{path::PathBuf, sync::Arc};

use crossterm::event::KeyCode;
use jiff::Timestamp;
use ratatui::layout::Rect;

use self::page::Page;
use crate::{
    commands::Command,
    inspect::thread::seen::Sight,
    overlays::{
        Press, Wish,
        desk::model::{Find, Step},
    },
};

/// Lines sent to either side of the cursor: more than any screen has.
pub const MARGIN: usize = 250;

/// The rows around the cursor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The first of them has the place `from` in the list.
    pub lines: Vec<Line>,
    pub from: usize,
    /// The cursor's place in the list.
    pub at: usize,
    pub listed: usize,
    pub held: usize,
    /// Rows that were held once, and had to make room.
    pub dropped: u64,
    pub marks: Marks,
    pub find: Option<Finding>,
    pub opened: Option<Arc<Opened>>,
}

/// What became of a row since it was first there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Same,
    /// It was not there before.
    New,
    Changed,
    /// It is no longer where it was read.
    Removed,
}

/// How many rows of those that are held are marked so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    pub new: usize,
    pub changed: usize,
    pub removed: usize,
}

impl Marks {
    pub fn of(&mut self, mark: Mark) -> Option<&mut usize> {
        match mark {
            Mark::Same => None,
            Mark::New => Some(&mut self.new),
            Mark::Changed => Some(&mut self.changed),
            Mark::Removed => Some(&mut self.removed),
        }
    }

    /// `3 new, 1 changed`; nothing where nothing is marked.
    pub fn in_words(self) -> Option<String> {
        let all = [(self.new, "new"), (self.changed, "changed"), (self.removed, "removed")];
        let words = all.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        Some(words.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
    }
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was written, for rows that have an order in time.
    pub at: Option<Timestamp>,
    /// What tells it from others.
    pub head: String,
    pub text: String,
    pub mark: Mark,
}

/// What is looked for, and how far that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub find: Find,
    /// Rows that are still to be looked through.
    pub left: usize,
}

/// The row under the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Its number: the same row keeps it.
    pub number: u64,
    /// What is to be said of it, each in a line.
    pub notes: Vec<String>,
    /// One line of JSON: what is copied.
    pub json: Arc<str>,
    /// The same with a line for each part, or text as it is.
    pub lines: Vec<String>,
}

/// What any reader of rows is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    Step(Step),
    Find(Option<Find>),
    /// All that is listed, to this file, which must not be there yet.
    Write(PathBuf),
    /// The one under the cursor, for `$PAGER`.
    Page,
    /// The same for `$EDITOR`, as a copy.
    Edit,
}

/// Where the keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Column {
    #[default]
    List,
    Page,
}

/// Rows on the screen.
#[derive(Debug, Default)]
pub struct Rows {
    pub listing: Listing,
    column: Column,
    page: Page,
    first: usize,
    list: Rect,
    beside: Rect,
}

/// What a key came to.
pub enum Pressed {
    /// Nothing that rows know.
    No,
    Wish(Wish),
    Ask(Ask),
}

impl Rows {
    pub fn take(&mut self, listing: Listing) {
        self.page.show(listing.opened.as_ref());
        self.listing = listing;
    }

    /// Moves within the rows, or between them and the one beside them.
    pub fn key(&mut self, press: Press) -> Pressed {
        let height = if self.column == Column::List { self.list.height } else { self.beside.height };
        let page = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
        let step = match press.command {
            Some(Command::Up) => Step::By(-1),
            Some(Command::Down) => Step::By(1),
            Some(Command::PageUp) => Step::By(-page),
            Some(Command::PageDown) => Step::By(page),
            Some(Command::Top) => Step::Top,
            Some(Command::Bottom) => Step::Bottom,
            Some(Command::Open) if self.column == Column::Page => return Pressed::No,
            Some(Command::NextColumn | Command::Open) => {
                self.column = if self.column == Column::List { Column::Page } else { Column::List };
                return Pressed::Wish(Wish::Stay);
            }
            Some(Command::PreviousPane | Command::Back)
                if self.column == Column::Page && press.event.code != KeyCode::Esc =>
            {
                self.column = Column::List;
                return Pressed::Wish(Wish::Stay);
            }
            Some(Command::Back) if self.listing.find.is_some() => return Pressed::Ask(Ask::Find(None)),
            Some(Command::Back | Command::Quit) => return Pressed::Wish(Wish::Close),
            Some(command @ (Command::Help | Command::ShowUsage | Command::ChooseTheme)) => {
                return Pressed::Wish(Wish::Over(command));
            }
            Some(Command::CopyShown) => {
                let copied = self.listing.opened.as_ref().map(|opened| Wish::Copy(opened.json.to_string()));
                return Pressed::Wish(copied.unwrap_or(Wish::Stay));
            }
            Some(Command::FollowThis) => {
                let ids = self.listing.opened.as_ref().map(|opened| Sight::default().text(&opened.json).ids());
                return Pressed::Wish(Wish::FollowOneOf(ids.unwrap_or_default(), None));
            }
            Some(Command::PageShown) => return Pressed::Ask(Ask::Page),
            Some(Command::EditOne) => return Pressed::Ask(Ask::Edit),
            _ => return Pressed::No,
        };
        match (self.column, step) {
            (Column::List, step) => return Pressed::Ask(Ask::Step(step)),
            (Column::Page, Step::By(lines)) => self.page.scroll(lines),
            (Column::Page, Step::Top | Step::To(_)) => self.page.scroll(isize::MIN),
            (Column::Page, Step::Bottom) => self.page.scroll(isize::MAX),
        }
        Pressed::Wish(Wish::Stay)
    }

    /// The wheel.
    pub fn turn(&mut self, lines: isize, at: ratatui::layout::Position) -> Option<Ask> {
        if self.beside.contains(at) {
            self.page.scroll(lines);
            return None;
        }
        Some(Ask::Step(Step::By(lines)))
    }

    /// A click: the row that is there, or the column.
    pub fn click(&mut self, at: ratatui::layout::Position) -> Option<Ask> {
        if self.beside.contains(at) {
            self.column = Column::Page;
        }
        if !self.list.contains(at) {
            return None;
        }
        self.column = Column::List;
        let place = self.first + usize::from(at.y - self.list.y);
        (place < self.listing.listed).then_some(Ask::Step(Step::To(place)))
    }
}
