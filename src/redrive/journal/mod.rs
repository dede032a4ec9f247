//! The on-disk record that makes a redrive lossless: what a message was is on the disk before anything is done to it.
//!
//! [`Journal`] writes, [`Records`] reads, [`Ledger`] says how far each message has come, [`Shelf`] is the folder. A new kind of step is
//! a variant of [`Record`] and an arm in [`Ledger`].

mod intake;
mod ledger;
mod line;
mod read;
mod record;
mod shelf;
mod writer;

#[cfg(test)]
pub(in crate::redrive) mod tests;

pub use ledger::{Counts, Entry, Fate, Ledger};
pub use read::{Place, Records, begun, taken_at, unreadable};
pub use record::{Begun, Deed, Deleted, Destination, Ended, Origin, Outcome, Record, Scope, Sent, Taken, VERSION};
pub use shelf::{Shelf, id_of, is_in_use};
pub use writer::{Journal, JournalError, Written};
