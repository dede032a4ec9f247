//! What waits at a destination before a canary: how much it still is, whether it becomes less, and how long to wait for it. Pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::units::{Age, Count, PerSecond},
    redrive::plan::CANARY_LONGEST,
};

/// A rate of less than this time says little.
const MEASURED_FOR: Duration = Duration::from_secs(4);

/// The backlog before one stage of a canary.
#[derive(Debug)]
pub(super) struct Backlog {
    began: Instant,
    /// What waited at the first look.
    first: Option<u64>,
    ahead: u64,
    /// When it was last seen to have become less; once nothing waits any more, since when.
    fewer: Instant,
    now: Instant,
}

impl Backlog {
    pub fn begin(now: Instant) -> Self {
        Self { began: now, first: None, ahead: 0, fewer: now, now }
    }

    /// So many still wait before ours; it never grows.
    pub fn see(&mut self, ahead: u64, now: Instant) {
        self.now = now;
        match self.first {
            None => self.first = Some(ahead),
            Some(_) if ahead < self.ahead => self.fewer = now,
            Some(_) => {}
        }
        self.ahead = ahead;
    }

    /// Whether it is no use to wait longer: for so long nothing has become less, neither what waits before ours nor, after that, ours.
    pub fn is_over(&self, patience: Duration, now: Instant) -> bool {
        now - self.fewer >= patience || now - self.began >= CANARY_LONGEST
    }

    /// By how many it became less in a second.
    fn per_second(&self) -> Option<f64> {
        let gone = self.first?.checked_sub(self.ahead).filter(|gone| *gone > 0)?;
        let span = self.now - self.began;
        (span >= MEASURED_FOR).then(|| gone as f64 / span.as_secs_f64())
    }

    /// `1,240 messages wait before it; at 3.0/s about 6 min`; none if nothing does.
    pub fn says(&self, patience: Duration) -> Option<String> {
        let ahead = Some(self.ahead).filter(|ahead| *ahead > 0)?;
        let wait = format!("{} messages wait before it", Count(ahead as f64));
        let still = self.now - self.fewer;
        let pace = match self.per_second() {
            _ if still >= patience => format!("for {} s they have become no fewer", patience.as_secs()),
            Some(rate) => {
                format!("at {}/s about {}", PerSecond(rate), Age(ahead as f64 / rate))
            }
            None => {
                format!("it is waited for as long as they become fewer, {} at most", Age(CANARY_LONGEST.as_secs_f64()))
            }
        };
        let spent = self.now - self.began;
        let over =
            if spent >= CANARY_LONGEST { format!(" more, after {}", Age(spent.as_secs_f64())) } else { String::new() };
        Some(format!("{wait}; {pace}{over}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn seen(looks: &[(u64, u64)]) -> (Backlog, Instant) {
        let began = Instant::now();
        let mut backlog = Backlog::begin(began);
        let mut now = began;
        for (seconds, ahead) in looks {
            now = began + Duration::from_secs(*seconds);
            backlog.see(*ahead, now);
        }
        (backlog, now)
    }

    #[test]
    fn says_how_many_and_how_long() {
        assert_eq!(seen(&[(0, 0)]).0.says(PATIENCE), None);
        let says = |looks: &[(u64, u64)]| seen(looks).0.says(PATIENCE).unwrap();
        assert_eq!(
            says(&[(0, 1_270)]),
            "1,270 messages wait before it; it is waited for as long as they become fewer, 30 min at most"
        );
        assert_eq!(says(&[(0, 1_270), (10, 1_240)]), "1,240 messages wait before it; at 3.0/s about 6 min");
        assert_eq!(says(&[(0, 50), (60, 50)]), "50 messages wait before it; for 60 s they have become no fewer");
    }

    #[test]
    fn waits_as_long_as_it_becomes_less_and_then_for_ours() {
        let is_over = |looks: &[(u64, u64)]| {
            let (backlog, now) = seen(looks);
            backlog.is_over(PATIENCE, now)
        };
        assert!(!is_over(&[(0, 500), (59, 500)]) && is_over(&[(0, 500), (60, 500)]));
        assert!(!is_over(&[(0, 500), (59, 499), (118, 499)]) && is_over(&[(0, 500), (59, 499), (119, 499)]));
        assert!(!is_over(&[(0, 500), (300, 0), (359, 0)]) && is_over(&[(0, 500), (300, 0), (360, 0)]));
        let slowly: Vec<_> = (0..=90).map(|minute| (minute * 20, 500 - minute)).collect();
        assert!(is_over(&slowly), "not for ever");
    }
}
