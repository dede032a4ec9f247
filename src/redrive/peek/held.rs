//! Messages chosen on the desk, for a run: those that are held, or a hunt for those that were only seen.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{
    hold::{Fate, Hold},
    hunt::{Decision, Hunt, Wanted},
    lease::Released,
    own::SentIds,
};
use crate::redrive::{
    message::MOST_IN_BATCH,
    mover::supply::{Leased, Supply},
    wire::Refusal,
};

/// What was chosen, as a supply.
#[derive(Debug)]
pub enum Chosen {
    /// They stay leased on the desk until they are moved.
    Held(Box<Held>),
    Hunt(Hunt),
}

/// Chosen messages that are held.
pub struct Held {
    hold: Arc<Hold>,
    wanted: Wanted,
    sent: SentIds,
    state: Mutex<Pending>,
    /// A group may go on.
    changed: Notify,
}

/// What is still to be given out. Without a group each message stands alone; of a group one batch is out at a time.
#[derive(Debug, Default)]
struct Pending {
    alone: VecDeque<Arc<str>>,
    groups: HashMap<Arc<str>, VecDeque<Arc<str>>>,
    /// Groups of which nothing is out.
    ready: VecDeque<Arc<str>>,
    /// By id.
    out: HashMap<Arc<str>, Arc<str>>,
    /// Not given out after all.
    passed: u64,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("hold", &self.hold).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Chosen {
    pub(super) fn held(hold: Arc<Hold>, ids: &[String], wanted: Wanted) -> Self {
        let mut pending = Pending::default();
        for (id, group) in hold.in_order(ids) {
            match group {
                None => pending.alone.push_back(id),
                Some(group) => {
                    let queue = pending.groups.entry(Arc::clone(&group)).or_default();
                    if queue.is_empty() {
                        pending.ready.push_back(group);
                    }
                    queue.push_back(id);
                }
            }
        }
        let (state, changed) = (Mutex::new(pending), Notify::new());
        Self::Held(Box::new(Held { hold, wanted, sent: SentIds::default(), state, changed }))
    }

    /// Where the mover writes down under which ids it has sent messages.
    pub fn sent(&self) -> SentIds {
        match self {
            Self::Held(held) => held.sent.clone(),
            Self::Hunt(hunt) => hunt.sent(),
        }
    }

    /// How many were not given out or were put back, as far as it has come.
    pub fn left(&self) -> u64 {
        match self {
            Self::Held(held) => held.state().passed,
            Self::Hunt(hunt) => hunt.tally().left,
        }
    }

    /// Ends it. What a hunt received in passing goes back; what is held stays on the desk.
    pub async fn close(&self) -> Released {
        match self {
            Self::Held(_) => Released::default(),
            Self::Hunt(hunt) => hunt.close().await,
        }
    }
}

#[async_trait]
impl Supply for Chosen {
    async fn next(&self) -> Result<Option<Vec<Leased>>, Refusal> {
        match self {
            Self::Held(held) => held.next().await,
            Self::Hunt(hunt) => hunt.next().await,
        }
    }

    async fn put_back(&self, messages: Vec<Leased>) {
        match self {
            Self::Held(held) => held.put_back(messages).await,
            Self::Hunt(hunt) => hunt.put_back(messages).await,
        }
    }

    async fn moved(&self, ids: &[String]) {
        match self {
            Self::Held(held) => held.moved(ids).await,
            Self::Hunt(hunt) => hunt.moved(ids).await,
        }
    }
}

impl Pending {
    /// The ids of the next batch; none while all groups that are left are out.
    fn draw(&mut self) -> Vec<Arc<str>> {
        let mut ids: Vec<_> = self.alone.drain(..self.alone.len().min(MOST_IN_BATCH)).collect();
        while ids.len() < MOST_IN_BATCH {
            let Some(group) = self.ready.pop_front() else { break };
            let Some(queue) = self.groups.get_mut(&group) else { continue };
            let room = queue.len().min(MOST_IN_BATCH - ids.len());
            for id in queue.drain(..room) {
                self.out.insert(Arc::clone(&id), Arc::clone(&group));
                ids.push(id);
            }
        }
        ids
    }

    fn is_done(&self) -> bool {
        self.alone.is_empty() && self.groups.values().all(VecDeque::is_empty)
    }

    /// These are with the mover no longer. Behind one that stays its group stays too, or its order would break.
    fn settle<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>, stays: bool) {
        let groups: HashSet<_> = ids.into_iter().filter_map(|id| self.out.remove(id)).collect();
        for group in groups {
            if stays {
                self.passed += self.groups.remove(&group).map_or(0, |queue| queue.len() as u64);
            } else if !self.out.values().any(|out| *out == group)
                && self.groups.get(&group).is_some_and(|q| !q.is_empty())
            {
                self.ready.push_back(group);
            }
        }
    }
}

impl Held {
    fn state(&self) -> MutexGuard<'_, Pending> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole message, if it is still ours and wanted.
    fn leased(&self, id: &str) -> Result<Option<Leased>, Refusal> {
        let Some(until) = self.hold.leases.until(id).filter(|_| self.hold.fate(id) == Some(Fate::Held)) else {
            return Ok(None);
        };
        let message = self.hold.message(id)?;
        Ok(match (self.wanted)(&message) {
            Decision::Take(outgoing) => Some(Leased { message, until, outgoing }),
            Decision::Leave => None,
        })
    }
}

#[async_trait]
impl Supply for Held {
    async fn next(&self) -> Result<Option<Vec<Leased>>, Refusal> {
        loop {
            let changed = self.changed.notified();
            let (ids, is_done) = {
                let mut state = self.state();
                (state.draw(), state.is_done())
            };
            if ids.is_empty() {
                if is_done {
                    return Ok(None);
                }
                changed.await;
                continue;
            }
            let mut batch = Vec::with_capacity(ids.len());
            for id in &ids {
                match self.leased(id)? {
                    Some(leased) => batch.push(leased),
                    None => {
                        let mut state = self.state();
                        state.passed += 1;
                        state.settle([&**id], false);
                    }
                }
            }
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
    }

    async fn put_back(&self, messages: Vec<Leased>) {
        let mut state = self.state();
        state.passed += messages.len() as u64;
        state.settle(messages.iter().map(|leased| leased.message.id.as_str()), true);
        drop(state);
        self.changed.notify_waiters();
    }

    async fn moved(&self, ids: &[String]) {
        for id in ids {
            self.hold.leases.forget(id);
            self.hold.set_fate(id, Fate::Moved);
        }
        self.state().settle(ids.iter().map(String::as_str), false);
        self.changed.notify_waiters();
    }
}
