//! Takes messages off a queue as a function behind it would: some well, some not.

use std::time::Duration;

use edatop::redrive::{message::Message, queue::Queue, wire::Ask};
use tokio::{task::JoinHandle, time::sleep};

use super::{Queues, process};

/// How it takes.
pub struct Consumer {
    /// What it cannot take; such a message comes back when the queue's visibility timeout is over.
    pub fails: Box<dyn Fn(&Message) -> bool + Send + Sync>,
    /// How long it works on a batch.
    pub work: Duration,
    /// It stops after so many batches.
    pub batches: Option<u64>,
}

impl Default for Consumer {
    fn default() -> Self {
        Self { fails: Box::new(|_| false), work: Duration::from_millis(200), batches: None }
    }
}

impl Consumer {
    pub fn failing(fails: impl Fn(&Message) -> bool + Send + Sync + 'static) -> Self {
        Self { fails: Box::new(fails), ..Self::default() }
    }
}

/// At work until it is dropped.
pub struct AtWork {
    task: JoinHandle<()>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Queues {
    pub fn consume(&self, queue: &Queue, consumer: Consumer) -> AtWork {
        let (shared, queue) = (self.shared.clone(), queue.clone());
        let ask = Ask { most: 10, lease: queue.visibility_timeout, wait: Duration::from_secs(20) };
        let task = tokio::spawn(async move {
            let mut batches = 0;
            while consumer.batches.is_none_or(|most| batches < most) {
                // The queue is gone: so is its consumer.
                let Ok(messages) = process::receive(&shared, &queue.url, ask).await else { return };
                batches += u64::from(!messages.is_empty());
                sleep(consumer.work).await;
                for message in messages.iter().filter(|message| !(consumer.fails)(message)) {
                    shared.state().consume(&queue.url, message.receipt.as_deref().unwrap_or_default());
                }
                shared.arrival.notify_waiters();
            }
        });
        AtWork { task }
    }
}
