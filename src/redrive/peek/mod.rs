//! Looking without harm: what a look costs is said before it costs anything, and what was looked at goes back at once.
//!
//! Nothing here sends or deletes. What moves messages is [`mover`](super::mover); it is fed from here by [`hunt`] (received as the
//! run goes) and by [`held`] (those chosen on the desk).

pub mod cost;
pub mod free;
pub mod held;
pub mod hold;
pub mod hunt;
pub mod hunting;
pub mod lease;
mod length;
pub mod look;
pub mod looks;
pub mod own;
pub mod receive;
pub mod released;
pub mod row;
pub mod spool;

#[cfg(test)]
pub(crate) mod pretend;
