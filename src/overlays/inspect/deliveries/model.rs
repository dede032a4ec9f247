//! What the reader of a bus or a delivery stream is told, and what it asks for. Its places it knows from the store; its task
//! (`app::inspect::deliveries`) looks at one of them at a time.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    domain::ResourceId,
    inspect::deliveries::{Look, Sight},
};

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub id: ResourceId,
    /// Where the cursor begins.
    pub first: Option<Look>,
}

/// What the reader wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The cursor is here now.
    On(Look),
    /// Look here at once, whatever was seen before.
    Again(Look),
}

/// How the last look came out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Where it was looked.
    pub look: Option<Look>,
    pub state: State,
    /// When that was.
    pub at: Option<Timestamp>,
    /// It is looked again by itself, every so many seconds.
    pub every_seconds: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    #[default]
    Looking,
    Seen(Arc<Sight>),
    Refused(String),
}
