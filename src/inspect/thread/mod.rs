//! The thread of one id: everything that names it, wherever it is kept, as one line of events along the map.
//!
//! ```text
//!   Store ─► Ground: whose logs, which queues, tables, buckets ─┐
//!                                                               ▼
//!   Source ─ search: reads a bounded part of each, says what it did not read ─► Haul
//!                                                                                │
//!   id ─► ids: what else is called so (message, request, trace, order) ─► story ◄┘ ─► Thread: Steps with their evidence
//! ```
//!
//! Only [`source`] calls, behind a trait so that tests can be the endpoint; [`ground`], [`ids`] and [`story`] are pure. Must not:
//! receive a message, scan a table unasked, or show two things as one without saying what ties them.
//!
//! [`seen`] is the other end: which ids there are in what somebody looks at, to be followed.
//!
//! To search another kind of thing: a place in [`ground`], what it keeps in [`haul`], its call in [`source`], its steps in [`story`].

pub mod endpoint;
pub mod ground;
pub mod haul;
pub mod ids;
pub mod places;
pub mod search;
pub mod seen;
pub mod source;
pub mod step;
pub mod story;
mod telling;
pub mod window;

pub use ground::Ground;
pub use search::{Search, Wanted};
pub use step::{Kept, Step, Sure, Thread, What};
pub use window::Window;

#[cfg(test)]
mod tests;
