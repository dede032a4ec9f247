//! Readers: what lies over the panes to read one thing as it comes: the lines of logs, the items of a table, the objects of a bucket,
//! the records of a stream, what a bus or a delivery stream handed on, the thread of one id.
//! the records of a stream, the thread of one id; and the probe, which is read as it goes.
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

pub mod deliveries;
pub mod items;
pub mod objects;
pub mod probe;
pub mod records;
pub mod rows;
pub mod tail;
pub mod thread;

use self::rows::reader::Reader;
use std::sync::Arc;

use super::Overlay;
use crate::{domain::ResourceId, inspect::thread::seen::Seen};

/// What is to be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Lines of log groups.
    Tail(tail::model::Subject),
    /// The items of this table.
    Items(ResourceId),
    /// The records of this stream, or of this table's stream.
    Records(ResourceId),
    /// The objects of a bucket.
    Objects(objects::model::Subject),
    /// What a bus or a delivery stream handed on.
    Deliveries(deliveries::model::Subject),
    /// What becomes of one marked event.
    Probe(Box<probe::model::Errand>),
    /// What names an id.
    Thread(Box<thread::Follow>),
}

impl Subject {
    /// The resource that it is about, where it is one.
    pub fn resource(&self) -> Option<&ResourceId> {
        match self {
            Self::Items(id) | Self::Records(id) => Some(id),
            Self::Objects(subject) => Some(&subject.id),
            Self::Deliveries(subject) => Some(&subject.id),
            Self::Probe(errand) => Some(&errand.plan.target),
            Self::Tail(_) | Self::Thread(_) => None,
        }
    }
}

/// What a reader wants of its task.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Begin.
    Open(Box<Subject>),
    /// End.
    Close,
    Tail(tail::model::Ask),
    Items(items::model::Ask),
    Records(records::model::Ask),
    Objects(objects::model::Ask),
    Deliveries(deliveries::model::Ask),
    Probe(probe::model::Ask),
    Thread(thread::Wanted),
}

/// What a task tells its reader.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A sentence in passing, and whether it is bad news.
    Said(String, bool),
    /// A document for `$PAGER`.
    Page(String),
    /// A document for `$EDITOR`, to be looked at: what is done to it there is nobody's.
    Edit(String),
    /// A text for the clipboard, and what is said of it: the text itself may be long, or a secret.
    Copy {
        text: String,
        said: String,
    },
    /// The ids in what is chosen of this log group, to be followed.
    Ids(Vec<Seen>, Arc<str>),
    Tail(Box<tail::model::Picture>),
    Items(Box<items::model::Picture>),
    Records(Box<records::model::Picture>),
    Objects(Box<objects::model::Picture>),
    Deliveries(Box<deliveries::model::Picture>),
    Probe(Box<probe::model::Picture>),
    Thread(Box<thread::Picture>),
}

/// The reader of this number for this subject.
pub fn open(number: u64, subject: &Subject) -> Box<dyn Overlay> {
    match subject {
        Subject::Items(table) => Box::new(Reader::new(number, items::Items::new(table.clone()))),
        Subject::Records(stream) => Box::new(Reader::new(number, records::Records::new(stream.clone()))),
        Subject::Objects(subject) => Box::new(objects::Objects::new(number, subject.clone())),
        Subject::Tail(subject) => Box::new(tail::Tail::new(number, subject)),
        Subject::Deliveries(subject) => Box::new(deliveries::Deliveries::new(number, subject)),
        Subject::Probe(errand) => Box::new(probe::Probe::new(number, errand)),
        Subject::Thread(follow) => Box::new(thread::Reader::new(number, follow)),
    }
}
