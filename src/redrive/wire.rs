//! What a redrive may ask of SQS: seven calls, whose answers say for each message what became of it.
//!
//! Everything that moves messages goes through [`Wire`], so that tests can put a queue behind it that fails at any point. The real one
//! is [`super::sqs`].

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    message::{Message, Outgoing},
    queue::{Queue, Standing},
};

/// Why a call, or one message of it, was not answered with a yes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{text}")]
pub struct Refusal {
    pub why: Why,
    /// Whether it may have happened all the same.
    pub in_doubt: bool,
    /// What happened and what to do, in a sentence.
    pub text: String,
}

/// Classes of refusal, as far as a redrive behaves differently after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Slower, then again.
    Throttled,
    /// No answer, or a server's own mistake: again, later.
    Unanswered,
    /// Permission, policy or key.
    Denied,
    /// There is no such queue (any more).
    Gone,
    /// The message itself cannot be taken: size, characters, no group where a FIFO queue wants one.
    Unacceptable,
    /// The lease is over: somebody else may have the message by now.
    LeaseOver,
    /// Too many messages are in flight.
    OverLimit,
    /// This program runs with `--read-only`.
    ReadOnly,
    Other,
}

impl Refusal {
    pub fn new(why: Why, in_doubt: bool, text: impl Into<String>) -> Self {
        Self { why, in_doubt, text: text.into() }
    }

    /// Whether the same call may go well a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self.why, Why::Throttled | Why::Unanswered)
    }
}

/// What the send of one message came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The message's id from now on; it keeps this one if it is dead-lettered again.
    pub id: String,
    pub sequence: Option<String>,
}

/// For each message of a batch, in its order.
pub type Each<T> = Vec<Result<T, Refusal>>;

/// How to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// 1 to 10.
    pub most: usize,
    /// How long the messages are ours.
    pub lease: Duration,
    /// How long to wait for the first; 20 seconds at most. Without waiting only some of SQS's servers are asked.
    pub wait: Duration,
}

/// The calls. Batches are of at most [`MOST_IN_BATCH`](super::message::MOST_IN_BATCH); a refusal of the whole call is each message's.
#[async_trait]
pub trait Wire: fmt::Debug + Send + Sync {
    /// Finds a queue by its name, ARN or URL.
    async fn find(&self, queue: &str) -> Result<Queue, Refusal>;

    /// The queues whose dead letters go to this one.
    async fn sources(&self, of: &Queue) -> Result<Vec<Queue>, Refusal>;

    /// How many messages it has now.
    async fn standing(&self, queue: &Queue) -> Result<Standing, Refusal>;

    /// All its messages, without touching them; none where the endpoint has no such look, or there are too many for it.
    async fn glimpse(&self, _queue: &Queue) -> Option<Vec<Message>> {
        None
    }

    async fn receive(&self, from: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal>;

    /// Sends, once: what is in doubt is not tried again by itself.
    async fn send(&self, to: &Queue, batch: &[&Outgoing]) -> Each<Accepted>;

    /// Deletes by receipt handles.
    async fn delete(&self, from: &Queue, receipts: &[String]) -> Each<()>;

    /// Lets leases end so much from now; zero gives the messages back at once.
    async fn lease(&self, on: &Queue, receipts: &[String], lease: Duration) -> Each<()>;
}
