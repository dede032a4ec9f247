//! What we talk about: plain data and pure rules, in the words of the field.
//!
//! Nothing here knows where a value came from or how it is drawn: no AWS SDK, no terminal, no clock, no tasks.
//! A new kind of resource is a row in [`resource::KINDS`]; a new number is a constant in [`reading`].

pub mod application;
pub mod arn;
pub mod date_prefix;
pub mod declaration;
pub mod fact;
pub mod finding;
pub mod glob;
pub mod health;
pub mod link;
pub mod log_lines;
pub mod log_seen;
pub mod reading;
pub mod resource;
pub mod scope;
pub mod units;
pub mod url_text;

pub use arn::{Arn, unqualified};
pub use declaration::Declaration;
pub use fact::{Done, Fact, Failure, FailureKind, Heard, Level, Report, Round, Subject};
pub use finding::{Finding, Ignore, Severity};
pub use health::{Health, Verdict};
pub use link::{FILTER_NOT_KNOWN, KnownBy, Link, LinkKey, LinkKind, PLACES};
pub use reading::{Metric, Reading, Unit};
pub use resource::{Attributes, Kind, Mention, Resource, ResourceId};
pub use scope::Scope;
