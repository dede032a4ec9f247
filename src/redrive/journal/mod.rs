//! The on-disk record that makes a redrive lossless.

mod record;

pub use record::{Begun, Deed, Deleted, Destination, Ended, Origin, Outcome, Record, Scope, Sent, Taken, VERSION};
