//! How long leases are. Renewing them is `lease`'s.

use std::time::Duration;

use crate::redrive::message::MOST_IN_BATCH;

const SHORTEST: Duration = Duration::from_secs(120);
const LONGEST: Duration = Duration::from_secs(3600);
/// Renewals a second that a look may cost.
const RENEWALS_PER_SECOND: usize = 10;

/// How long each lease should be when so many are held: short, so that they come back soon after a crash, but long enough that
/// renewing them is little work.
pub fn length_for(held: usize) -> Duration {
    let calls = held.div_ceil(MOST_IN_BATCH);
    let seconds = 2 * calls.div_ceil(RENEWALS_PER_SECOND) as u64;
    Duration::from_secs(seconds).clamp(SHORTEST, LONGEST)
}
