//! How well something is, always with the reason in words.

use jiff::Timestamp;
use serde::Serialize;

/// Ordered from best to worst, so that the worst of several is their maximum.
///
/// `Unknown` stands above `Ok`: what could not be looked at is never said to be well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    #[default]
    Ok,
    Unknown,
    Warn,
    Crit,
}

/// What one rule says of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub health: Health,
    /// The rule's name, which tells one verdict from another of the same resource.
    pub rule: &'static str,
    /// A sentence with the numbers: "3 dead letters".
    pub reason: String,
    /// When this rule began to say so.
    pub since: Timestamp,
    /// It was so when we first looked: it began at `since` or before.
    pub already: bool,
}
