//! The one place that reads the clock.

use jiff::Timestamp;

/// The instant, for everything that is not told one.
#[allow(clippy::disallowed_methods, reason = "this is the place that the lint points to")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
