//! Messages that lie in a file or a journal, as a run's supply. They stay there, so nobody else can take them and nothing is given back.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::Notify, time::Instant};

use super::{
    message::{MOST_IN_BATCH, Message},
    moment::Moment,
    mover::supply::{Leased, Supply},
    wire::{Refusal, Why},
};

/// They are ours for as long as any run takes.
const FOR_GOOD: Duration = Duration::from_secs(30 * 86_400);

/// Messages one after another, read as they are asked for.
pub type Source = Box<dyn Iterator<Item = io::Result<Message>> + Send>;

/// A supply from a list.
pub struct Listed {
    state: Mutex<State>,
    back: Notify,
    /// One batch at a time, so that groups keep their order.
    ordered: bool,
}

struct State {
    source: Source,
    out: HashSet<String>,
}

impl Listed {
    /// `ordered` where they go to a FIFO queue.
    pub fn new(source: Source, ordered: bool) -> Self {
        Self { state: Mutex::new(State { source, out: HashSet::new() }), back: Notify::new(), ordered }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next ones; `None` if they must wait for those that are out.
    fn take(&self) -> Option<io::Result<Vec<Message>>> {
        let mut state = self.state();
        if self.ordered && !state.out.is_empty() {
            return None;
        }
        let messages: io::Result<Vec<Message>> = state.source.by_ref().take(MOST_IN_BATCH).collect();
        if let Ok(messages) = &messages {
            state.out.extend(messages.iter().map(|message| message.id.clone()));
        }
        Some(messages)
    }

    fn returned<'a>(&self, ids: impl Iterator<Item = &'a str>) {
        let mut state = self.state();
        for id in ids {
            state.out.remove(id);
        }
        drop(state);
        self.back.notify_waiters();
    }
}

#[async_trait]
impl Supply for Listed {
    async fn next(&self) -> Result<Option<Vec<Leased>>, Refusal> {
        loop {
            let back = self.back.notified();
            match self.take() {
                None => back.await,
                Some(Err(error)) => {
                    let text = format!("what was to be sent cannot be read: {error}");
                    return Err(Refusal::new(Why::Other, false, text));
                }
                Some(Ok(messages)) if messages.is_empty() => return Ok(None),
                Some(Ok(messages)) => {
                    let until = Moment::awake_alone(Instant::now() + FOR_GOOD);
                    let leased = |message| Leased { message: Arc::new(message), until, outgoing: None };
                    return Ok(Some(messages.into_iter().map(leased).collect()));
                }
            }
        }
    }

    async fn put_back(&self, messages: Vec<Leased>) {
        self.returned(messages.iter().map(|leased| leased.message.id.as_str()));
    }

    async fn moved(&self, ids: &[String]) {
        self.returned(ids.iter().map(String::as_str));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(ordered: bool) -> Listed {
        let message = |number: u32| Ok(Message { id: number.to_string(), ..Message::default() });
        Listed::new(Box::new((0..25).map(message)), ordered)
    }

    #[tokio::test(start_paused = true)]
    async fn gives_all_in_tens_and_then_nothing() {
        let listed = listed(false);
        let mut counts = Vec::new();
        while let Some(batch) = listed.next().await.unwrap() {
            counts.push(batch.len());
        }
        assert_eq!(counts, [10, 10, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn in_order_it_waits_for_those_that_are_out() {
        let listed = listed(true);
        let first = listed.next().await.unwrap().unwrap();
        let waits = tokio::time::timeout(Duration::from_secs(60), listed.next()).await;
        assert!(waits.is_err());
        let (moved, back) = first.split_at(4);
        listed.moved(&moved.iter().map(|leased| leased.message.id.clone()).collect::<Vec<_>>()).await;
        listed.put_back(back.to_vec()).await;
        assert_eq!(listed.next().await.unwrap().unwrap()[0].message.id, "10");
    }
}
