//! The probe: one marked event, sent and followed through the map. The only part of [`super`] that changes anything.
//!
//! ```text
//!   plan: marks the event, asks `routing` who will get it and what would reject it ─► Plan: Hops
//!   send: Publish, PutEvents, SendMessageBatch, TestInvokeMethod ─► what the answer calls it
//!   follow: the thread of the mark, read again and again ─► course: which hops it made, when, and which it did not
//! ```
//!
//! [`plan`] and [`course`] are pure. Must not: send twice, or call a hop made that only could have been.

pub mod course;
pub mod follow;
pub mod plan;
pub mod send;

pub use course::{Course, State};
pub use follow::Following;
pub use plan::{Expect, Hop, Plan};
