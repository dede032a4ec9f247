//! Changing messages before they are sent: by a jq expression, or by hand in an editor ([`document`]); the rules that what is sent must
//! keep ([`check()`]); and what the change is, in lines ([`diff()`]).
//!
//! Nothing here sends. Ids, the system attributes and the order group stay what they were.

pub mod check;
pub mod diff;
pub mod document;
mod program;

pub use check::{Limits, check};
pub use diff::{Diff, Kind, Line, diff};
pub use program::Edit;
