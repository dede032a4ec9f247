//! Putting it right: looking at dead letters without harm, and moving them without losing one.
//!
//! The promise: no message is ever lost, whatever is killed, cut off or cancelled; a message is in the source, in the destination or in
//! the journal at every instant.

pub mod again;
pub mod choose;
pub mod edit;
pub mod export;
pub mod import;
pub mod into_file;
pub mod journal;
pub mod jq;
pub mod listed;
pub mod message;
pub mod moment;
pub mod mover;
pub mod native;
pub mod peek;
pub mod plan;
pub mod queue;
pub mod sqs;
pub mod undo;
pub mod why;
pub mod wire;
