//! A set of spawned tasks that can be waited for: whoever holds a [`Tasks`] may spawn, [`Finished`] is when all have ended.

use std::convert::Infallible;

use tokio::sync::mpsc;

/// The right to spawn into the set. Each task holds one, so the set is over when no task and no holder is left.
#[derive(Debug, Clone)]
pub struct Tasks {
    alive: mpsc::Sender<Infallible>,
}

#[derive(Debug)]
pub struct Finished(mpsc::Receiver<Infallible>);

impl Tasks {
    pub fn new() -> (Self, Finished) {
        // Nothing is ever sent: the channel is there to be closed.
        let (alive, ended) = mpsc::channel(1);
        (Self { alive }, Finished(ended))
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let alive = self.alive.clone();
        tokio::spawn(async move {
            task.await;
            drop(alive);
        });
    }
}

impl Finished {
    /// Returns when every task has ended and nobody can spawn another.
    pub async fn wait(&mut self) {
        while self.0.recv().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn waiting_sees_tasks_that_tasks_spawned() {
        let (tasks, mut finished) = Tasks::new();
        let count = Arc::new(AtomicUsize::new(0));
        let (inner, counted) = (tasks.clone(), count.clone());
        tasks.spawn(async move {
            inner.spawn(async move {
                tokio::task::yield_now().await;
                counted.fetch_add(1, Ordering::SeqCst);
            });
        });
        drop(tasks);
        finished.wait().await;
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
