//! What a tail is told: which groups, from when to when, how often, and what it may cost.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{budget::Budget, source::LogSource};

/// What to follow.
#[derive(Debug, Clone)]
pub struct Following {
    pub source: Arc<dyn LogSource>,
    /// Names of groups, and patterns with `*` and `?`: what matches later joins. None: all groups of functions.
    pub groups: Vec<Arc<str>>,
    /// From this instant on, in milliseconds since 1970.
    pub since_ms: i64,
    /// It ends once all until then was read; without, it goes on until it is stopped.
    pub until_ms: Option<i64>,
    /// A CloudWatch Logs filter pattern: a saving where the endpoint knows it. What comes must be looked at all the same.
    pub pattern: Option<Arc<str>>,
    /// Hear through a live session what it can bring (ten groups), read the rest.
    pub live: bool,
    /// Shared with the other tails of the connection.
    pub budget: Budget,
    pub paces: Paces,
    pub clock: fn() -> Timestamp,
}

/// How often, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paces {
    /// Between two looks at a group.
    pub look: Duration,
    /// Calls under way at once.
    pub at_once: usize,
    /// How long an event waits for older ones.
    pub hold: Duration,
    /// Between two looks for new groups.
    pub list: Duration,
    /// The longest until a group that could not be read is tried again.
    pub retry: Duration,
}

impl Paces {
    pub fn of(is_aws: bool) -> Self {
        let hold = Duration::from_secs(1);
        if is_aws {
            Self {
                look: Duration::from_secs(1),
                at_once: 2,
                hold,
                list: Duration::from_secs(30),
                retry: Duration::from_secs(30),
            }
        } else {
            Self {
                look: Duration::from_millis(500),
                // Those work through one call after another: asked for more, they only keep the writers waiting.
                at_once: 3,
                hold,
                list: Duration::from_secs(3),
                retry: Duration::from_secs(5),
            }
        }
    }
}
