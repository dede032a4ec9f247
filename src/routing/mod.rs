//! WHERE WOULD IT GO: SNS filter policies and EventBridge event patterns, evaluated here and exactly.
//!
//! Both languages are the same tree: an object whose keys must all hold, each key either a nested object or a list of
//! conditions of which one must hold. So there is one core (`pattern` for the tree, `condition` for the leaves) and
//! two thin faces that turn what AWS hands over into JSON: [`FilterPolicy`] and [`EventPattern`]. [`journey`] asks them link by link,
//! from a topic or bus to all who would get a message; [`draft`] reads what a user wrote as one.
//!
//! Pure: no AWS client, no clock, no terminal. A non-match is an answer, never an error, and says which key failed and why.
//! To add an operator: one variant in `condition::Condition`, its line in `parse`, `holds` and `Display`, its table row.

mod cidr;
mod condition;
pub mod draft;
mod event_pattern;
mod example;
mod filter_policy;
pub mod journey;
mod pattern;
mod wildcard;

pub use draft::{DraftError, Envelope, Event};
pub use event_pattern::EventPattern;
pub use example::Example;
pub use filter_policy::{FilterPolicy, MessageAttribute, MessageAttributes, Scope};
pub use journey::{Cargo, Fate, Journey, Step, Terrain, follow};

use std::fmt;

/// How deep a pattern may nest. AWS allows far less; the bound is there so that no input can exhaust the stack.
pub const MAX_DEPTH: usize = 64;

/// Why a policy or pattern cannot be evaluated. AWS refuses the same texts when they are set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("the pattern is not JSON: {0}")]
    NotJson(String),
    #[error("the pattern nests deeper than {MAX_DEPTH} levels; flatten it")]
    TooDeep,
    #[error("the pattern must be a JSON object of key to list of conditions")]
    NotAnObject,
    #[error("the event pattern is empty; name at least one key")]
    Empty,
    #[error("`{path}` has an empty list; give at least one condition")]
    EmptyList { path: String },
    #[error("`{path}` must be a list of conditions{hint}")]
    NotAList { path: String, hint: &'static str },
    #[error("`{path}` uses `{operator}`, which is not an operator; see the AWS documentation for the supported ones")]
    UnknownOperator { path: String, operator: String },
    #[error("`{path}`: `{operator}` {problem}")]
    BadOperand { path: String, operator: &'static str, problem: String },
}

/// What a pattern says about one message or event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Match,
    Miss(Miss),
}

impl Verdict {
    pub fn is_match(&self) -> bool {
        matches!(self, Self::Match)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Match => f.write_str("matches"),
            Self::Miss(miss) => miss.fmt(f),
        }
    }
}

/// The first key that did not hold, in words: "`event` is "logout", wanted one of "signup", "login"".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The key path, dots between levels.
    pub path: String,
    /// What the pattern asked for.
    pub condition: String,
    /// What was there instead; "absent" when nothing was. Shortened for reading.
    pub found: String,
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}, wanted {}", self.path, self.found, self.condition)
    }
}

#[cfg(test)]
mod tests;
