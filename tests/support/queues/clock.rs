//! Simulated time beside a real disk.
//!
//! A paused clock jumps to the next timer whenever no task can go on, also while a thread outside tokio writes a journal: a write of
//! fifty microseconds would take minutes, and every lease would be over. Here time goes on only once nothing has happened for a moment
//! of real time, in steps that begin small.

use std::{future::Future, time::Duration};

use tokio::time::sleep;

use super::Queues;

/// Longer than a write to a disk in memory takes.
const MOMENT: Duration = Duration::from_micros(80);
/// A write that takes longer than that is one that takes so long.
const FIRST_STEP: Duration = Duration::from_millis(10);
const LONGEST_STEP: Duration = Duration::from_secs(2);

impl Queues {
    /// Runs something that writes to a disk.
    pub async fn beside_a_disk<T>(&self, run: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            end = run => end,
            () = self.keep_time() => unreachable!("time has no end"),
        }
    }

    async fn keep_time(&self) {
        let (mut step, mut seen) = (FIRST_STEP, 0);
        loop {
            // A paused clock stands still while a blocking task of tokio's runs.
            let moment = tokio::task::spawn_blocking(|| std::thread::park_timeout(MOMENT));
            moment.await.unwrap();
            let calls = self.state().calls.len();
            step = if calls == seen { (step * 2).min(LONGEST_STEP) } else { FIRST_STEP };
            seen = calls;
            sleep(step).await;
        }
    }
}
