//! The lines of logs as they come: any number of groups at once, merged by time, none twice, none lost unsaid.
//!
//! ```text
//!   LogSource ──► reader: one group's windows, pages and what was seen ──┐
//!   (budget)      reader …                                               ├─► merge: held for a second ──► Batch
//!   live session ────────────────────────────────────────────────────────┘
//! ```
//!
//! [`follow()`] runs it, and must not know what a line means, or clean what was written. What listens makes [`entry`]s of them, keeps them in
//! a [`book`], and shows those that a [`filter`] lets through. All but [`cloudwatch`], [`mod@follow`] and the book's spool is pure.

pub mod book;
pub mod budget;
pub mod cloudwatch;
pub mod clusters;
pub mod columns;
pub mod entry;
pub mod event;
pub mod filter;
pub mod follow;
pub mod following;
pub mod live;
pub mod member;
pub mod merge;
pub mod reader;
pub mod requests;
pub mod source;
mod spool;
pub mod wanted;

pub use budget::Budget;
pub use cloudwatch::CloudWatch;
pub use event::{Batch, Event, Note};
pub use follow::follow;
pub use following::{Following, Paces};
pub use source::LogSource;

#[cfg(test)]
pub mod fake;
#[cfg(test)]
mod tests;
