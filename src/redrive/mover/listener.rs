//! What the consumer says while a run goes on: a sign that is there before the first message comes back.
//!
//! Who can read a log is outside, behind [`Listener`]; here is what a run makes of it. Must not: know what a log is.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::{Instant, timeout};

use crate::redrive::peek::own::Ids;

/// Between two questions.
const LISTEN_EVERY: Duration = Duration::from_secs(4);
/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Hears the consumer fail.
#[async_trait]
pub trait Listener: Send + Sync {
    /// What it was heard to fail on since the run began; what was told before may be told again. `sent` are the ids under which the
    /// run's messages are at their destination. Dropped in the middle, it misses nothing. Who hears nothing says nothing.
    async fn failures(&self, sent: &Ids) -> Vec<Failed>;
}

/// One failure of the consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The sent message that it surely failed on; none where that cannot be told.
    pub id: Option<String>,
    /// What it said, in one line.
    pub said: String,
}

/// What was heard so far.
pub(super) struct Ear {
    listener: Option<Arc<dyn Listener>>,
    next: Instant,
    /// The sent messages that it surely failed on.
    failed: HashSet<String>,
    /// What it said of one of these, and what it said at all.
    said_of_ours: Option<String>,
    said: Option<String>,
}

impl Ear {
    pub fn new(listener: Option<Arc<dyn Listener>>) -> Self {
        Self { listener, next: Instant::now(), failed: HashSet::new(), said_of_ours: None, said: None }
    }

    /// Listens, if it is time.
    pub async fn listen(&mut self, sent: &Ids) {
        if Instant::now() >= self.next {
            self.listen_now(sent).await;
        }
    }

    /// Listens before something is decided.
    pub async fn listen_now(&mut self, sent: &Ids) {
        let Some(listener) = &self.listener else { return };
        let heard = timeout(PATIENCE, listener.failures(sent)).await.unwrap_or_default();
        self.next = Instant::now() + LISTEN_EVERY;
        for Failed { id, said } in heard {
            if let Some(id) = id {
                self.failed.insert(id);
                self.said_of_ours = Some(said.clone());
            }
            self.said = Some(said);
        }
    }

    /// How many of the sent messages it surely failed on.
    pub fn failed(&self) -> u64 {
        self.failed.len() as u64
    }

    /// What it said last, of the run's own messages before others.
    pub fn said(&self) -> Option<&str> {
        self.said_of_ours.as_deref().or(self.said.as_deref())
    }
}
