//! What is about to be done, in words and numbers, before anything moves. The desk and `--dry-run` show the same lines.

use std::time::Duration;

use super::{
    journal::{Deed, Destination, Origin, Scope},
    queue::Standing,
};

/// A move, ready to be confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub deed: Deed,
    pub from: Origin,
    pub to: Destination,
    pub scope: Scope,
    /// How many, as far as is known; approximate unless they were chosen one by one.
    pub about: u64,
    /// How bodies or attributes were edited.
    pub edited: Option<String>,
    pub options: Options,
    /// What could go wrong, in sentences; the worst first.
    pub risks: Vec<String>,
}

/// How fast, and how carefully.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Messages a second; none for as fast as it goes.
    pub rate: Option<f64>,
    /// One first, then ten, then all, each after the last ones' fate is known.
    pub canary: bool,
    /// Batches under way at once.
    pub concurrency: usize,
    /// The share of messages that may come back before the run stops.
    pub bounce_limit: f64,
    /// How long a canary is watched at most.
    pub canary_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { rate: None, canary: false, concurrency: 4, bounce_limit: 0.2, canary_patience: Duration::from_secs(60) }
    }
}

/// What is known beside the plan itself, for its risks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prospect {
    /// The state of the destination.
    pub waiting: Option<Standing>,
    /// The consumer's name, and what it said last if it still fails.
    pub consumer: Option<(String, Option<String>)>,
    /// Seconds until the first of them is lost where it is now.
    pub first_loss: Option<Duration>,
}
