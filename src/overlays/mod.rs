//! What lies over the panes: each takes the keys while it is on top, and answers with a wish.
//!
//! To add one: a file here with an `impl` [`Overlay`], and the place in `app::update` that opens it.

mod choices;
pub mod desk;
pub mod detail;
pub mod filter;
pub mod help;
pub mod inspect;
mod page;
pub mod palette;
pub mod route;
pub mod themes;
pub mod toast;
pub mod usage;
pub mod which;

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use crate::{
    commands::{Command, Place},
    domain::ResourceId,
    inspect::thread::seen::Seen,
    panes::{Lit, View},
};

/// What an overlay wants to happen after a key or a click.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Nothing more.
    Stay,
    Close,
    /// Close, and do this.
    Do(Command),
    /// Close, and show this one in its pane.
    Show(ResourceId),
    /// Open the detail of this one on top.
    Open(ResourceId),
    /// Filter the pane by this; the overlay stays.
    Filter(String),
    /// Close, and filter by nothing.
    ClearFilter,
    /// Draw with this theme; the overlay stays.
    TryTheme(String),
    /// Close, and draw with this theme.
    KeepTheme(String),
    Copy(String),
    /// Close, and show this path; what was typed comes back next time.
    Light(Lit, route::Typed),
    /// Lay the dead letters of this one on the desk.
    Desk(ResourceId),
    /// Open the reader of what is in this one on top.
    LookInside(ResourceId),
    /// Show what a probe of this one would be, on top.
    Probe(ResourceId),
    /// Read the log lines of this one on top.
    Logs(ResourceId),
    /// Close, and show on the desk of this queue how to go on with what was cut off.
    GoOn(ResourceId),
    /// Of the desk, which stays open.
    Ask(desk::model::Ask),
    /// Of the reader that wishes it, which stays open.
    Read(inspect::Ask),
    /// Open a reader on top; what wishes it stays below.
    Inspect(Box<inspect::Subject>),
    /// Follow one of these ids through the flow of this one, or of what is read: which, is asked where there are several.
    FollowOneOf(Vec<Seen>, Option<ResourceId>),
    /// Close, and follow this id through the flow of this one.
    Follow(String, Option<ResourceId>),
    /// Open a reader on top, and ask this of it first; what wishes it stays below.
    InspectAt(Box<inspect::Subject>, Box<inspect::Ask>),
    /// Lay the dead letters of this one on the desk, and find this among them.
    DeskAt(ResourceId, String),
    /// Close the desk; everything on it is given back.
    LeaveDesk,
    /// Do this on top; the overlay stays below.
    Over(Command),
    /// Tell the user something in passing.
    Say(String),
}

/// A key as it was pressed, and what it commonly means.
#[derive(Debug, Clone, Copy)]
pub struct Press {
    pub event: KeyEvent,
    pub command: Option<Command>,
}

/// Something on top.
pub trait Overlay {
    fn key(&mut self, press: Press, view: &View<'_>) -> Wish;

    fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>);

    /// Whose keys work in it.
    fn place(&self) -> Place {
        Place::Pane
    }

    /// Whether it takes the whole screen but for the first line, which says where we are.
    fn fills(&self) -> bool {
        false
    }

    fn wheel(&mut self, _lines: isize) {}

    /// The wheel over a place, where that matters.
    fn turn(&mut self, lines: isize, _at: Position) -> Wish {
        self.wheel(lines);
        Wish::Stay
    }

    fn click(&mut self, _at: Position, _view: &View<'_>) -> Wish {
        Wish::Stay
    }

    /// The resource that it is about: pollers read that one fast.
    fn subject(&self) -> Option<&ResourceId> {
        None
    }

    /// Whether letters are text here.
    fn takes_text(&self) -> bool {
        false
    }

    /// Whether a paste may be long, and its lines stay lines.
    fn takes_document(&self) -> bool {
        false
    }

    /// Takes in what was pasted, all at once: it is text, whatever keys would mean the same letters.
    fn paste(&mut self, _text: &str, _view: &View<'_>) -> Wish {
        Wish::Stay
    }

    /// Takes what is said in passing into its own frame; false if that may stand over its last line.
    fn hear(&mut self, _word: Option<&toast::Toast>) -> bool {
        false
    }

    /// News of the desk.
    fn told(&mut self, _news: &desk::model::News) {}

    /// Its number, if it is a reader.
    fn reader(&self) -> Option<u64> {
        None
    }

    /// News of its reading.
    fn learned(&mut self, _news: inspect::News, _view: &View<'_>) {}

    /// News of what was asked of the endpoint.
    fn used(&mut self, _used: &usage::Used) {}

    /// Whether what it shows ages by itself, so that each second wants a new frame.
    fn ages(&self) -> bool {
        false
    }
}
