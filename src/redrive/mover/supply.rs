//! Where a run's messages come from: those held on the desk, or those received as the run goes.

use std::sync::Arc;

use async_trait::async_trait;

use crate::redrive::{
    message::{Message, Outgoing},
    moment::Moment,
    wire::Refusal,
};

/// A message that is ours for a while.
#[derive(Debug, Clone)]
pub struct Leased {
    /// With its receipt handle. Shared: what is journalled, sent and deleted is one and the same.
    pub message: Arc<Message>,
    /// When the lease ends, unless it is renewed.
    pub until: Moment,
    /// What to send, if it was edited; none for the same again.
    pub outgoing: Option<Box<Outgoing>>,
}

/// Where a run's messages come from.
#[async_trait]
pub trait Supply: Send + Sync {
    /// The next messages, at most ten; none when there are no more. Those of a FIFO group come in their order, and no two batches that
    /// are out at once hold messages of the same group.
    ///
    /// # Errors
    /// The queue's, when no more can be had.
    async fn next(&self) -> Result<Option<Vec<Leased>>, Refusal>;

    /// Not moved after all: they stay where they are. Their leases end now, or with the supply where they must not come again.
    async fn put_back(&self, messages: Vec<Leased>);

    /// Their leases ended before they were moved: they may be somebody else's, and may come again.
    async fn lost(&self, messages: Vec<Leased>) {
        self.put_back(messages).await;
    }

    /// Whether it has ended because, after all patience, nothing more was there: what it did not give out is not where it was.
    fn is_swept(&self) -> bool {
        false
    }

    /// Moved, and gone from where they were.
    async fn moved(&self, ids: &[String]);
}
