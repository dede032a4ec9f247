//! What became of the messages that have set out: whether they wait, were taken, or came back.
//!
//! Where the endpoint lets us look for free this is exact, by message ids. Elsewhere it is told by depths, which are approximate and may lag:
//! a return that only depths tell is believed when several looks in a row say the same.

use std::sync::Arc;

use crate::redrive::{
    peek::own::Ids,
    queue::Queue,
    wire::{Refusal, Wire},
};

/// Looks in a row that must tell of returns.
const BELIEVED_AFTER: u32 = 3;

/// What was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sight {
    /// Of what has set out, still at the destination: waiting or in a consumer's hands.
    pub waiting: u64,
    /// Came back to where they were.
    pub bounced: u64,
    /// So many looks in a row must say that all is well before it is believed: depths lag, ids do not.
    pub believed_after: u32,
    /// Depths say that some came back, but not often enough yet to be believed.
    pub is_suspect: bool,
}

/// Watches one run.
#[derive(Debug)]
pub struct Witness {
    wire: Arc<dyn Wire>,
    from: Option<Queue>,
    to: Vec<Queue>,
    /// Depths before anything set out.
    before: Option<(u64, u64)>,
    /// How many were gone by then: those of an earlier run that this one goes on with.
    gone_before: u64,
    returns_in_a_row: u32,
}

impl Witness {
    pub fn new(wire: Arc<dyn Wire>, from: Option<Queue>, to: Vec<Queue>) -> Self {
        Self { wire, from, to, before: None, gone_before: 0, returns_in_a_row: 0 }
    }

    /// Remembers the depths from before, when so many were gone already.
    ///
    /// # Errors
    /// The queues'.
    pub async fn begin(&mut self, gone: u64) -> Result<(), Refusal> {
        self.gone_before = gone;
        self.before = Some(self.depths().await?);
        Ok(())
    }

    async fn depths(&self) -> Result<(u64, u64), Refusal> {
        let from = match &self.from {
            Some(queue) => self.wire.standing(queue).await?.total(),
            None => 0,
        };
        let mut to = 0;
        for queue in &self.to {
            to += self.wire.standing(queue).await?.total();
        }
        Ok((from, to))
    }

    /// Looks. `sent` are the ids of what has set out, `gone` is how many of them have left where they were.
    ///
    /// # Errors
    /// The queues'.
    pub async fn look(&mut self, sent: &Ids, gone: u64) -> Result<Sight, Refusal> {
        if let Some(sight) = self.exactly(sent).await {
            return Ok(sight);
        }
        let gone = gone.saturating_sub(self.gone_before);
        let (from, to) = self.depths().await?;
        let Some((from_before, to_before)) = self.before else { return Ok(Sight::default()) };
        let bounced = (from + gone).saturating_sub(from_before).min(gone);
        self.returns_in_a_row = if bounced > 0 { self.returns_in_a_row + 1 } else { 0 };
        let is_believed = self.returns_in_a_row >= BELIEVED_AFTER;
        Ok(Sight {
            waiting: to.saturating_sub(to_before).min(gone),
            bounced: if is_believed { bounced } else { 0 },
            believed_after: BELIEVED_AFTER,
            is_suspect: bounced > 0,
        })
    }

    async fn exactly(&self, sent: &Ids) -> Option<Sight> {
        let ours = async |queue: &Queue| {
            let messages = self.wire.glimpse(queue).await?;
            Some(messages.iter().filter(|message| sent.contains(&message.id)).count() as u64)
        };
        let mut sight = Sight { believed_after: 1, ..Sight::default() };
        for queue in &self.to {
            sight.waiting += ours(queue).await?;
        }
        sight.bounced = ours(self.from.as_ref()?).await?;
        Some(sight)
    }
}
