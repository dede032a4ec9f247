//! How many calls a run has under way at once, and how many batches it works on so that they always are.
//!
//! Between its calls a batch waits for the journal to be on the disk. Were there as many batches as calls, the endpoint would wait with
//! it. So there are more; but of a FIFO queue the next batch shows only when the last one is through, and by a rate there is nothing to
//! hurry for.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::redrive::plan::Options;

/// Batches under way for each call. Measured: with two the calls still stand still now and then, with more nothing is gained.
const BATCHES_A_CALL: usize = 3;

/// Who may call.
#[derive(Debug)]
pub(super) struct Lanes {
    calls: Semaphore,
    /// Fewer, as one that waits for messages must not keep what was received from being sent.
    receives: Semaphore,
    batches: usize,
}

impl Lanes {
    pub fn new(options: &Options, is_fifo: bool) -> Self {
        let calls = options.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let is_hurried = calls > 1 && options.rate.is_none() && !is_fifo;
        Self {
            calls: Semaphore::new(calls),
            receives: Semaphore::new(if is_hurried { calls - 1 } else { calls }),
            batches: if is_hurried { calls.saturating_mul(BATCHES_A_CALL) } else { calls },
        }
    }

    /// How many batches to work on at once.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The right to send or to delete, as long as it is held.
    pub async fn call(&self) -> Option<SemaphorePermit<'_>> {
        // The lanes are never closed.
        self.calls.acquire().await.ok()
    }

    /// The right to receive.
    pub async fn receive(&self) -> [Option<SemaphorePermit<'_>>; 2] {
        [self.receives.acquire().await.ok(), self.call().await]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use rstest::rstest;

    fn lanes(concurrency: usize, rate: Option<f64>, is_fifo: bool) -> Lanes {
        Lanes::new(&Options { concurrency, rate, ..Options::default() }, is_fifo)
    }

    #[rstest]
    #[case::in_a_hurry(4, None, false, 12)]
    #[case::by_a_rate(4, Some(9.0), false, 4)]
    #[case::in_order(4, None, true, 4)]
    #[case::one_by_one(1, None, false, 1)]
    #[case::none(0, None, false, 1)]
    fn there_are_more_batches_than_calls_where_that_helps(
        #[case] concurrency: usize,
        #[case] rate: Option<f64>,
        #[case] is_fifo: bool,
        #[case] batches: usize,
    ) {
        assert_eq!(lanes(concurrency, rate, is_fifo).batches(), batches);
    }

    #[test]
    fn never_more_calls_than_allowed_and_never_receives_alone() {
        let lanes = lanes(4, None, false);
        let receives: Vec<_> = (0..3).map(|_| lanes.receive().now_or_never().unwrap()).collect();
        assert!(lanes.receive().now_or_never().is_none(), "one call is kept for what was received");
        let sends = lanes.call().now_or_never().unwrap();
        assert!(lanes.call().now_or_never().is_none());
        drop(receives);
        let more: Vec<_> = (0..3).map(|_| lanes.call().now_or_never().unwrap()).collect();
        assert!(lanes.call().now_or_never().is_none());
        drop((sends, more));
    }
}
