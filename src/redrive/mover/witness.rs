//! What became of the messages that have set out: whether they wait, were taken, or came back.
//!
//! Where the endpoint lets us look for free this is exact, by message ids. Elsewhere it is told by depths, which are approximate and may lag:
//! a return that only depths tell is believed when several looks in a row say the same, and only where a return can be: at the dead-letter
//! queue of a destination. Anywhere else a depth that grows is somebody else's doing.

use std::{collections::BTreeSet, sync::Arc};

use crate::redrive::{
    peek::own::Ids,
    queue::{Queue, Standing},
    wire::{Refusal, Wire},
};

/// Looks in a row that must tell of returns.
const BELIEVED_AFTER: u32 = 3;

/// As many as one receive brings. Fewer messages that wait before ours are nothing to wait for.
const ONE_RECEIVE: u64 = 10;

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
    /// At most so many of others still wait before ours. As long as there are, nothing can be said of ours but by their ids.
    pub ahead: u64,
}

impl Sight {
    /// Told by ids, not by depths.
    pub fn is_exact(&self) -> bool {
        self.believed_after == 1
    }

    /// Nothing of ours waits any more, as far as one look can tell.
    pub fn is_clear(&self) -> bool {
        self.waiting == 0 && !self.is_suspect
    }
}

/// Watches one run.
#[derive(Debug)]
pub struct Witness {
    wire: Arc<dyn Wire>,
    /// Where they come back to, if they can.
    dead: Option<Queue>,
    to: Vec<Queue>,
    /// The depth from before anything set out.
    dead_before: Option<u64>,
    /// How many of others are taken to be at each destination: those from before, less what has to be gone before ours can be.
    others: Vec<u64>,
    /// How many others may wait before ours, by destination: what waited when ours set out, and no more than was seen to wait since.
    ahead: Vec<u64>,
    /// How many were gone by then: those of an earlier run that this one goes on with.
    gone_before: u64,
    returns_in_a_row: u32,
}

impl Witness {
    pub fn new(wire: Arc<dyn Wire>, from: Option<Queue>, to: Vec<Queue>) -> Self {
        let dead = from.filter(|from| to.iter().any(|queue| queue.gives_up_to(from)));
        let ahead = vec![0; to.len()];
        Self { wire, dead, to, dead_before: None, others: Vec::new(), ahead, gone_before: 0, returns_in_a_row: 0 }
    }

    /// Remembers the depths from before, when so many were gone already.
    ///
    /// # Errors
    /// The queues'.
    pub async fn begin(&mut self, gone: u64) -> Result<(), Refusal> {
        self.gone_before = gone;
        let (dead, to) = tokio::try_join!(self.depth_of_dead(), self.standings())?;
        self.dead_before = Some(dead);
        self.others = to.iter().map(|standing| standing.total()).collect();
        Ok(())
    }

    /// Without the depths from before, those of now say nothing.
    pub fn has_begun(&self) -> bool {
        self.dead_before.is_some()
    }

    /// Some set out now, behind what waits there.
    ///
    /// # Errors
    /// The queues'.
    pub async fn set_out(&mut self) -> Result<(), Refusal> {
        let standings = self.standings().await?;
        self.ahead = standings.iter().map(|standing| standing.visible).collect();
        // A backlog sinks by itself, and ours would go unseen in it: behind one only an empty queue tells that they are done with.
        let others = |standing: &Standing| if standing.visible > ONE_RECEIVE { 0 } else { standing.total() };
        self.others = standings.iter().map(others).collect();
        Ok(())
    }

    async fn depth_of_dead(&self) -> Result<u64, Refusal> {
        match &self.dead {
            Some(queue) => Ok(self.wire.standing(queue).await?.total()),
            None => Ok(0),
        }
    }

    async fn standings(&self) -> Result<Vec<Standing>, Refusal> {
        let mut standings = Vec::new();
        for queue in &self.to {
            standings.push(self.wire.standing(queue).await?);
        }
        Ok(standings)
    }

    /// Looks. `sent` are the ids of what has set out, `reached` the destinations that some of it went to, `gone` is how many have left
    /// where they were.
    ///
    /// # Errors
    /// The queues'.
    pub async fn look(&mut self, sent: &Ids, reached: &BTreeSet<usize>, gone: u64) -> Result<Sight, Refusal> {
        if let Some(sight) = self.exactly(sent, reached).await {
            return Ok(sight);
        }
        let gone = gone.saturating_sub(self.gone_before);
        let (dead, standings) = (self.depth_of_dead().await?, self.standings().await?);
        let visible: Vec<u64> = standings.iter().map(|standing| standing.visible).collect();
        let ahead = self.still_ahead(&visible, reached);
        let Some(dead_before) = self.dead_before else { return Ok(Sight::default()) };
        let beyond = |index: &usize| {
            let (there, others) = (standings.get(*index)?.total(), self.others.get(*index)?);
            Some(there.saturating_sub(*others))
        };
        let ours: u64 = reached.iter().filter_map(beyond).sum();
        let bounced = if self.dead.is_some() { (dead + gone).saturating_sub(dead_before).min(gone) } else { 0 };
        self.returns_in_a_row = if bounced > 0 { self.returns_in_a_row + 1 } else { 0 };
        let is_believed = self.returns_in_a_row >= BELIEVED_AFTER;
        Ok(Sight {
            // A depth that sinks may be theirs that were there before.
            waiting: if ahead > 0 { gone } else { ours.min(gone) },
            bounced: if is_believed { bounced } else { 0 },
            believed_after: BELIEVED_AFTER,
            is_suspect: bounced > 0,
            ahead,
        })
    }

    /// What waits now may be others that came later; what waited before ours is no more than that.
    fn still_ahead(&mut self, visible: &[u64], reached: &BTreeSet<usize>) -> u64 {
        for (ahead, visible) in self.ahead.iter_mut().zip(visible) {
            *ahead = (*ahead).min(*visible);
        }
        let most = reached.iter().filter_map(|index| self.ahead.get(*index)).max();
        most.copied().filter(|ahead| *ahead > ONE_RECEIVE).unwrap_or(0)
    }

    async fn exactly(&mut self, sent: &Ids, reached: &BTreeSet<usize>) -> Option<Sight> {
        let look = async |queue: &Queue| {
            let messages = self.wire.glimpse(queue).await?;
            let ours = messages.iter().filter(|message| sent.contains(&message.id)).count();
            Some((ours as u64, (messages.len() - ours) as u64))
        };
        let mut sight = Sight { believed_after: 1, ..Sight::default() };
        let mut others = Vec::new();
        for queue in &self.to {
            let (ours, theirs) = look(queue).await?;
            sight.waiting += ours;
            others.push(theirs);
        }
        if let Some(dead) = &self.dead {
            sight.bounced = look(dead).await?.0;
        }
        sight.ahead = self.still_ahead(&others, reached);
        Some(sight)
    }
}
