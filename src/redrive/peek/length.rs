//! One lease, and how long leases are. Renewing them is `lease`'s.

use std::time::Duration;

use tokio::time::Instant;

use super::spool::Receipt;
use crate::redrive::{
    message::MOST_IN_BATCH,
    moment::{Clock, Moment},
};

const SHORTEST: Duration = Duration::from_secs(120);
const LONGEST: Duration = Duration::from_secs(3600);
/// Renewals a second that a look may cost.
const RENEWALS_PER_SECOND: usize = 10;

/// By our clock; what the machine sleeps later is taken off.
#[derive(Debug)]
pub(super) struct Lease {
    pub receipt: Receipt,
    /// When the message was received.
    pub since: Instant,
    pub until: Instant,
    /// When to renew it next; none if SQS would not.
    pub due: Option<Instant>,
}

impl Lease {
    /// Renewed at half time. What was slept through so far has passed.
    pub fn new(receipt: Receipt, since: Moment, until: Moment, clock: Clock) -> Self {
        let now = Instant::now();
        let since = now.checked_sub(since.age(clock)).unwrap_or(now);
        let until = now + until.left(clock);
        let due = since + until.saturating_duration_since(since) / 2;
        Self { receipt, since, until, due: Some(due) }
    }
}

/// How long each lease should be when so many are held: short, so that they come back soon after a crash, but long enough that
/// renewing them is little work.
pub fn length_for(held: usize) -> Duration {
    let calls = held.div_ceil(MOST_IN_BATCH);
    let seconds = 2 * calls.div_ceil(RENEWALS_PER_SECOND) as u64;
    Duration::from_secs(seconds).clamp(SHORTEST, LONGEST)
}
