//! Readers: what lies over the panes to read one thing as it comes: the lines of logs, the items of a table, the objects of a bucket,
//! the records of a stream, the thread of one id.
//!
//! ```text
//!   a key ──► Wish::Inspect(Subject) ──► App: a number, an overlay ──► Effect::Inspect(number, Ask::Open)
//!   a key in it ──► Wish::Read(Ask) ──► Effect::Inspect(number, ask) ──► its task, in `app::inspect`
//!                                     overlay.learned(news) ◄── Event::Inspected(number, news) ◄──┘
//! ```
//!
//! A reader knows the picture that its task sent last, and where its own cursor is. It closes as any overlay does; its task ends with
//! it. To add one: a file here with its model, a variant in [`Subject`], [`Ask`] and [`News`], an arm in [`open`] and in
//! `app::inspect`, and a [`Place`](crate::commands::Place) for its keys. Must not: call anything, or hold all that was read.

pub mod thread;

use super::Overlay;

/// What is to be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// What names an id.
    Thread(Box<thread::Follow>),
}

/// What a reader wants of its task.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Begin.
    Open(Box<Subject>),
    /// End.
    Close,
    Thread(thread::Wanted),
}

/// What a task tells its reader.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A sentence in passing, and whether it is bad news.
    Said(String, bool),
    /// A document for `$PAGER`.
    Page(String),
    Thread(Box<thread::Picture>),
}

/// The reader of this number for this subject.
pub fn open(number: u64, subject: &Subject) -> Box<dyn Overlay> {
    match subject {
        Subject::Thread(follow) => Box::new(thread::Reader::new(number, follow)),
    }
}
