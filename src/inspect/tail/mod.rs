//! The lines of logs as they come: any number of groups at once, merged by time, none twice, none lost unsaid.

pub mod book;
pub mod clusters;
pub mod columns;
pub mod entry;
pub mod event;
pub mod filter;
pub mod requests;
mod spool;

pub use event::{Batch, Event, Note};
