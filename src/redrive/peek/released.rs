//! What became of leases when they were ended, and what is still to be given back. No calls here.

use std::{fmt, time::Duration};

/// What became of the leases when they were ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Released {
    /// So many messages can be received again at once.
    pub given_back: u64,
    /// So many could not be given back; SQS does it by itself.
    pub stuck: u64,
    /// The last of those is back after so long.
    pub back_in: Option<Duration>,
    /// What was said of one of them.
    pub trouble: Option<String>,
}

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} given back", self.given_back)?;
        let Some(back_in) = self.back_in else { return Ok(()) };
        write!(f, "; {} come back by themselves within {} s", self.stuck, back_in.as_secs() + 1)?;
        self.trouble.as_ref().map_or(Ok(()), |trouble| write!(f, " ({trouble})"))
    }
}

/// What is still to be given back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owed {
    pub messages: u64,
    /// When the last of them comes back if nothing more is done.
    pub back_in: Option<Duration>,
}

impl Owed {
    /// Of two queues.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { messages: self.messages + other.messages, back_in: self.back_in.max(other.back_in) }
    }
}
