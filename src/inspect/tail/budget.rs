//! How many calls may be made: they grow with time, up to a burst; fewer after the service complained. Shared by all tails of a
//! connection: a clone is the same budget.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The slowest that throttling makes it, in calls a second.
const SLOWEST: f64 = 0.2;
/// What each good answer gives back of what throttling took.
const RECOVERS: f64 = 1.05;

/// A shared allowance of calls.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Mutex<Bucket>>);

#[derive(Debug)]
struct Bucket {
    /// Calls a second, at best and at the moment.
    best: f64,
    rate: f64,
    burst: f64,
    left: f64,
    topped_up: Option<Instant>,
}

impl Budget {
    /// So many calls a second, and so many at once after a rest.
    pub fn new(per_second: f64, burst: f64) -> Self {
        let bucket = Bucket { best: per_second, rate: per_second, burst, left: burst, topped_up: None };
        Self(Arc::new(Mutex::new(bucket)))
    }

    /// What leaves others theirs: on AWS two of the account's five a second, on an emulator as many as it answers.
    pub fn of(is_aws: bool) -> Self {
        if is_aws { Self::new(2.0, 4.0) } else { Self::new(200.0, 50.0) }
    }

    /// Takes one call.
    ///
    /// # Errors
    /// How long until there is one.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        self.with(|bucket| {
            bucket.top_up(now);
            if bucket.left >= 1.0 {
                bucket.left -= 1.0;
                return Ok(());
            }
            Err(Duration::from_secs_f64((1.0 - bucket.left) / bucket.rate).max(Duration::from_millis(1)))
        })
    }

    /// The service complained: half of it from now on, and nothing saved up.
    pub fn was_throttled(&self, now: Instant) {
        self.with(|bucket| {
            bucket.top_up(now);
            bucket.rate = (bucket.rate / 2.0).max(SLOWEST.min(bucket.best));
            bucket.left = 0.0;
        });
    }

    /// A call was answered.
    pub fn was_answered(&self) {
        self.with(|bucket| bucket.rate = (bucket.rate * RECOVERS).min(bucket.best));
    }

    /// Calls a second at the moment.
    pub fn per_second(&self) -> f64 {
        self.with(|bucket| bucket.rate)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Bucket) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bucket {
    fn top_up(&mut self, now: Instant) {
        let grown = self.topped_up.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64() * self.rate);
        self.left = (self.left + grown).min(self.burst);
        self.topped_up = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls_in(budget: &Budget, from: Instant, seconds: u64) -> usize {
        let mut calls = 0;
        for ms in (0..seconds * 1000).step_by(10) {
            calls += usize::from(budget.take(from + Duration::from_millis(ms)).is_ok());
        }
        calls
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_two_a_second() {
        let (budget, now) = (Budget::of(true), Instant::now());
        assert_eq!(calls_in(&budget, now, 10), 4 + 19);
        let clone = budget.clone();
        assert!(
            clone.take(now + Duration::from_secs(10)).is_err() || clone.take(now + Duration::from_secs(10)).is_err()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_says_when_to_come_back() {
        let (budget, now) = (Budget::new(2.0, 1.0), Instant::now());
        assert_eq!(budget.take(now), Ok(()));
        let wait = budget.take(now).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert_eq!(budget.take(now + wait), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn complaints_slow_it_down_and_answers_bring_it_back() {
        let (budget, now) = (Budget::of(true), Instant::now());
        budget.was_throttled(now);
        assert_eq!((budget.per_second(), budget.take(now).is_err()), (1.0, true));
        for _ in 0..9 {
            budget.was_throttled(now);
        }
        assert_eq!(budget.per_second(), SLOWEST);
        for _ in 0..60 {
            budget.was_answered();
        }
        assert_eq!(budget.per_second(), 2.0);
    }
}
