//! The lines of logs as they come: any number of groups at once, merged by time, none twice, none lost unsaid.

pub mod event;

pub use event::{Batch, Event, Note};
