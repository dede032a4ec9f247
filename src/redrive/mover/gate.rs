//! How many messages may set out now: all of them, or a few first while their fate is watched; never faster than the rate.

use std::sync::{Mutex, PoisonError};

use tokio::{
    sync::Notify,
    time::{Duration, Instant, sleep_until},
};

/// The gate of a run. Shared by its workers.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    changed: Notify,
    /// Messages a second.
    rate: Option<f64>,
}

#[derive(Debug)]
struct State {
    /// How many more may set out; none for no end.
    left: Option<u64>,
    is_shut: bool,
    /// When the next may set out, by the rate.
    next: Instant,
}

impl Gate {
    /// Shut until it is opened.
    pub fn new(rate: Option<f64>) -> Self {
        let state = State { left: Some(0), is_shut: false, next: Instant::now() };
        Self { state: Mutex::new(state), changed: Notify::new(), rate }
    }

    /// Waits until some may set out and says how many, at most as many as asked for; 0 when no more ever will.
    pub async fn admit(&self, most: u64) -> u64 {
        loop {
            let changed = self.changed.notified();
            match self.take(most) {
                Some(0) | None if self.is_shut() => return 0,
                Some(0) | None => changed.await,
                Some(admitted) => return admitted,
            }
        }
    }

    fn take(&self, most: u64) -> Option<u64> {
        let mut state = self.state();
        if state.is_shut {
            return None;
        }
        let Some(left) = &mut state.left else { return Some(most) };
        let admitted = most.min(*left);
        *left -= admitted;
        Some(admitted)
    }

    /// When so many may set out by the rate.
    pub fn slot(&self, count: usize) -> Instant {
        let now = Instant::now();
        let Some(rate) = self.rate.filter(|rate| *rate > 0.0) else { return now };
        let mut state = self.state();
        let at = state.next.max(now);
        // A rate so low that the time has no end of it: once a year is as good as never.
        let each = Duration::try_from_secs_f64(count as f64 / rate).unwrap_or(Duration::from_secs(31_536_000));
        state.next = at + each;
        at
    }

    /// Waits until then; false if the gate is shut before.
    pub async fn wait_until(&self, at: Instant) -> bool {
        loop {
            let changed = self.changed.notified();
            if self.is_shut() {
                return false;
            }
            tokio::select! {
                () = sleep_until(at) => return !self.is_shut(),
                () = changed => {}
            }
        }
    }

    /// Some were admitted and did not set out.
    pub fn give_back(&self, count: u64) {
        if let Some(left) = &mut self.state().left {
            *left += count;
        }
        self.changed.notify_waiters();
    }

    /// Lets so many more set out.
    pub fn open_for(&self, count: u64) {
        self.give_back(count);
    }

    /// Lets all set out.
    pub fn open(&self) {
        self.state().left = None;
        self.changed.notify_waiters();
    }

    /// Lets none set out any more.
    pub fn shut(&self) {
        self.state().is_shut = true;
        self.changed.notify_waiters();
    }

    pub fn is_shut(&self) -> bool {
        self.state().is_shut
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn admits_as_many_as_it_is_open_for() {
        let gate = Arc::new(Gate::new(None));
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { [gate.admit(10).await, gate.admit(10).await, gate.admit(10).await] }
        });
        for step in [1, 11] {
            tokio::task::yield_now().await;
            gate.open_for(step);
        }
        tokio::task::yield_now().await;
        gate.shut();
        let admitted = waiting.await.unwrap();
        assert_eq!(admitted.iter().sum::<u64>(), 12, "{admitted:?}");
        assert_eq!(gate.admit(1).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn keeps_the_rate() {
        let gate = Gate::new(Some(20.0));
        let began = Instant::now();
        for _ in 0..5 {
            assert!(gate.wait_until(gate.slot(10)).await);
        }
        assert_eq!(began.elapsed(), Duration::from_secs(2));
        gate.shut();
        assert!(!gate.wait_until(gate.slot(1_000)).await);
        assert_eq!(began.elapsed(), Duration::from_secs(2));
    }
}
