//! What a hunt is told, and what it tells: which messages, how many, how patiently, and what came of it. No calls here.

use std::time::Duration;

use crate::redrive::{
    message::{Message, Outgoing},
    moment::Clock,
    mover::supply::Leased,
};

/// Beyond a lease of a run that was killed: clocks differ, and it may have been renewed at the last moment.
const MARGIN: Duration = Duration::from_secs(10);

/// What to do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Move it; edited, if there is something else to send.
    Take(Option<Box<Outgoing>>),
    Leave,
}

/// How to hunt.
#[derive(Debug, Clone, Copy)]
pub struct Hunting {
    /// How long a message is leased to the one who gets it.
    pub lease: Duration,
    /// How long one receive waits for messages.
    pub wait: Duration,
    /// After so many receives in a row that brought nothing new, there is nothing more.
    pub waits: u32,
    /// How many to take; none for all.
    pub limit: Option<u64>,
    /// How long to wait, at most, for messages that are in flight and not with this run: those of a run that was killed come back when
    /// their leases end.
    pub patience: Duration,
    /// After so many messages, wanted or not, it ends: on a queue that others send to, there is no end otherwise.
    pub most_seen: Option<u64>,
    /// Goes on though messages that are left may lose the last try of their consumer.
    pub accept_cost: bool,
    /// The wall clock: by it is known when the machine slept, and leases ended.
    pub now: Clock,
}

impl Hunting {
    /// For all that there is now.
    pub fn new(now: Clock) -> Self {
        Self {
            lease: Duration::from_secs(60),
            wait: Duration::from_secs(1),
            waits: 3,
            limit: None,
            patience: Duration::ZERO,
            most_seen: None,
            accept_cost: false,
            now,
        }
    }

    /// For some among those that wait in a queue which others send to: what comes meanwhile must not keep it from its end.
    #[must_use]
    pub fn among(self, wanted: u64, waiting: u64) -> Self {
        Self { limit: Some(wanted), most_seen: Some(2 * waiting + 100), ..self }
    }

    /// For going on with a run that was killed.
    #[must_use]
    pub fn after_a_crash(self) -> Self {
        Self { patience: self.lease + MARGIN, ..self }
    }
}

/// What came of a hunt so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub taken: u64,
    /// Not wanted, or put back.
    pub left: u64,
    /// FIFO groups of which nothing more can be had, because one of their messages is left.
    pub blocked_groups: u64,
}

/// What a receive brought.
#[derive(Default)]
pub(super) struct Sorted {
    pub take: Vec<Leased>,
    /// Receipts of what is to be visible again at once.
    pub give_back: Vec<String>,
    /// Receipts of what was moved before.
    pub gone_already: Vec<String>,
    pub is_news: bool,
}

/// Says what to do with a message.
pub type Wanted = Box<dyn Fn(&Message) -> Decision + Send + Sync>;
