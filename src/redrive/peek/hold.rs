//! A look that lasts: messages received once each, kept leased while they are on the desk, and given back at once on leaving.
//!
//! Rows go out as they come; bodies, attributes and receipts lie in the spool. The caller ends with [`Hold::release`], cancelled or
//! not, after its look has returned.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Notify, time::Instant};

use super::{
    cost::{Cost, Known, is_name_of},
    held::Chosen,
    hunt::{Decision, Hunt, Hunting, Wanted},
    lease::{Leases, Owed, Receipt, Released},
    looks::{Looks, Seen},
    own::Ids,
    row::{Row, Shared},
    spool::{Slip, Spool},
};
use crate::redrive::{
    message::Message,
    moment::Moment,
    queue::{Queue, Standing},
    wire::{Refusal, Why, Wire},
};

/// The same count is not written down again so soon.
const REMEMBERED_FOR_NOW: SignedDuration = SignedDuration::from_secs(60);

/// How to look.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where looks are remembered; none where they are not.
    pub memory: Option<Looks>,
    /// The queue's name, if somebody gave it to look in spite of a refusal.
    pub accepted: Option<String>,
    /// How long one receive waits for messages.
    pub wait: Duration,
    /// After so many receives in a row that brought nothing new a look is complete.
    pub waits: u32,
    /// Receives at once.
    pub concurrency: usize,
    /// The wall clock.
    pub now: fn() -> Timestamp,
}

impl Options {
    pub fn new(now: fn() -> Timestamp) -> Self {
        let wait = Duration::from_secs(1);
        Self { memory: None, accepted: None, wait, waits: 3, concurrency: 4, now }
    }
}

/// What is known of a message that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Looked at for free: it is not ours.
    Seen,
    /// Leased.
    Held,
    /// Its lease is over: somebody else may have it.
    Lost,
    GivenBack,
    Moved,
}

/// A message that just came, whole and as a row. The hold keeps neither.
#[derive(Debug, Clone)]
pub struct Found {
    pub row: Row,
    pub message: Message,
}

/// A message whose lease could not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub id: String,
    pub why: String,
}

/// One queue on the desk.
pub struct Hold {
    pub(super) wire: Arc<dyn Wire>,
    pub(super) queue: Queue,
    pub(super) options: Options,
    standing: Standing,
    accepted: Mutex<Option<String>>,
    /// What a free look gave, until it was shown.
    pub(super) free: Mutex<Option<Vec<Message>>>,
    is_free: bool,
    highest: Mutex<Option<Seen>>,
    spool: Arc<Spool>,
    pub(super) leases: Leases,
    shelf: Arc<Shelf>,
}

/// What the hold and its leases both write.
#[derive(Default)]
struct Shelf {
    index: Mutex<Index>,
    lost: Mutex<Vec<Lost>>,
    changed: Notify,
}

#[derive(Default)]
struct Index {
    places: HashMap<Arc<str>, Place>,
    shared: Shared,
}

/// Where a message lies.
struct Place {
    slip: Slip,
    group: Option<Arc<str>>,
    /// SQS's own order within a group.
    sequence: u128,
    fate: Fate,
}

impl Index {
    fn set(&mut self, id: &str, fate: Fate) {
        if let Some(place) = self.places.get_mut(id) {
            place.fate = fate;
        }
    }
}

impl Shelf {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lose(&self, id: &str, why: &str) {
        self.index().set(id, Fate::Lost);
        let lost = Lost { id: id.to_owned(), why: why.to_owned() };
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).push(lost);
        self.changed.notify_one();
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").field("queue", &self.queue.url).field("leases", &self.leases).finish_non_exhaustive()
    }
}

impl Hold {
    /// Nothing is received yet: now is the time to say what a look costs.
    ///
    /// # Errors
    /// If the queue does not answer, or no temporary file can be made.
    pub async fn open(wire: Arc<dyn Wire>, queue: Queue, options: Options) -> Result<Self, Refusal> {
        let standing = wire.standing(&queue).await?;
        let free = wire.glimpse(&queue).await;
        let spool = Arc::new(Spool::open().map_err(|error| no_disk(&error))?);
        let shelf = Arc::new(Shelf::default());
        let hears = Arc::clone(&shelf);
        let on_lost = Box::new(move |id: &str, why: &str| hears.lose(id, why));
        let leases = Leases::new(Arc::clone(&wire), queue.clone(), Some(Arc::clone(&spool)), on_lost, options.now);
        let highest = options.memory.as_ref().and_then(|looks| looks.seen(&queue));
        let highest = highest.filter(|seen| seen.may_be_there(&queue, (options.now)()));
        Ok(Self {
            accepted: Mutex::new(options.accepted.clone()),
            is_free: free.is_some(),
            free: Mutex::new(free),
            highest: Mutex::new(highest),
            wire,
            queue,
            options,
            standing,
            spool,
            leases,
            shelf,
        })
    }

    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// How many messages there were when it was opened.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether nothing is received: then nothing is held either, and a move receives what it moves.
    pub fn is_free(&self) -> bool {
        self.is_free
    }

    /// What a look costs now.
    pub fn cost(&self) -> Cost {
        let seen = *self.highest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Known { is_free: self.is_free, about: self.standing.total(), seen, now: (self.options.now)() };
        Cost::of(&self.queue, known)
    }

    /// Lets the next look start in spite of a refusal, if this is the queue's name.
    pub fn accept(&self, name: &str) {
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.to_owned());
    }

    /// # Errors
    /// Why a look is refused, in words.
    pub(super) fn permission(&self) -> Result<Cost, String> {
        let cost = self.cost();
        cost.permits(&self.queue, self.accepted().as_deref())?;
        Ok(cost)
    }

    fn accepted(&self) -> Option<String> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A receive count was seen. That it could not be written down does not stop a look.
    pub(super) fn saw(&self, count: u32) {
        let at = (self.options.now)();
        let mut highest = self.highest.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = highest.is_none_or(|seen| {
            seen.highest < count || seen.highest == count && at.duration_since(seen.at) > REMEMBERED_FOR_NOW
        });
        *highest = Some(Seen { highest: highest.map_or(count, |seen| seen.highest.max(count)), at });
        drop(highest);
        let memory = self.options.memory.as_ref().filter(|_| is_news && self.queue.redrive_policy.is_some());
        if let Some(Err(error)) = memory.map(|looks| looks.note(&self.queue, count, at)) {
            tracing::warn!(%error, "what this look saw is not remembered");
        }
    }

    /// Takes in a message that was received at `asked` and is ours until then, or looked at for free. None if it is known already.
    ///
    /// # Errors
    /// If the disk is full.
    pub(super) fn keep(&self, mut message: Message, lease: Option<(Moment, Moment)>) -> Result<Option<Found>, Refusal> {
        let receipt = message.receipt.take();
        let mut index = self.shelf.index();
        if let Some(place) = index.places.get_mut(message.id.as_str()) {
            let is_ours = lease.is_some() && place.fate != Fate::Moved;
            place.fate = if is_ours { Fate::Held } else { place.fate };
            if let (true, Some((asked, until)), Some(receipt)) = (is_ours, lease, receipt) {
                self.lease(message.id.as_str().into(), &receipt, asked, until)?;
            }
            return Ok(None);
        }
        let row = index.shared.row(&message);
        let slip = self.spool.put_message(&mut message).map_err(|error| no_disk(&error))?;
        let fate = if lease.is_some() { Fate::Held } else { Fate::Seen };
        if let (Some((asked, until)), Some(receipt)) = (lease, &receipt) {
            self.lease(Arc::clone(&row.id), receipt, asked, until)?;
        }
        let sequence = message.system("SequenceNumber").and_then(|number| number.parse().ok()).unwrap_or(0);
        index.places.insert(Arc::clone(&row.id), Place { slip, group: row.group.clone(), sequence, fate });
        drop(index);
        message.receipt = receipt;
        Ok(Some(Found { row, message }))
    }

    fn lease(&self, id: Arc<str>, receipt: &str, asked: Moment, until: Moment) -> Result<(), Refusal> {
        let slip = self.spool.put(receipt.as_bytes()).map_err(|error| no_disk(&error))?;
        self.leases.keep(id, Receipt::Spooled(slip), asked, until);
        Ok(())
    }

    /// How many messages are known, whatever became of them since.
    pub fn len(&self) -> usize {
        self.shelf.index().places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn fate(&self, id: &str) -> Option<Fate> {
        self.shelf.index().places.get(id).map(|place| place.fate)
    }

    pub(super) fn set_fate(&self, id: &str, fate: Fate) {
        self.shelf.index().set(id, fate);
    }

    /// The whole message, with its receipt if it is held.
    ///
    /// # Errors
    /// If there is no such message here, or the disk fails.
    pub fn message(&self, id: &str) -> Result<Message, Refusal> {
        let slip = self.shelf.index().places.get(id).map(|place| place.slip);
        let unknown = || Refusal::new(Why::Other, false, format!("message {id} is not on the desk"));
        let message = self.spool.get_message(slip.ok_or_else(unknown)?).map_err(|error| no_disk(&error))?;
        Ok(Message { receipt: self.leases.receipt(id), ..message })
    }

    /// When the lease that ends first ends if nothing is done; none if nothing is held.
    pub fn first_end(&self) -> Option<Instant> {
        self.leases.first_end()
    }

    /// Waits until leases were lost, and says which.
    pub async fn lost(&self) -> Vec<Lost> {
        loop {
            let lost = std::mem::take(&mut *self.shelf.lost.lock().unwrap_or_else(PoisonError::into_inner));
            if !lost.is_empty() {
                return lost;
            }
            self.shelf.changed.notified().await;
        }
    }

    /// Gives all back at once. What is looked at stays readable.
    pub async fn release(&self) -> Released {
        let released = self.leases.release().await;
        let mut index = self.shelf.index();
        index
            .places
            .values_mut()
            .filter(|place| place.fate == Fate::Held)
            .for_each(|place| place.fate = Fate::GivenBack);
        released
    }

    /// What is still ours, or on its way back.
    pub fn owed(&self) -> Owed {
        self.leases.owed()
    }

    /// Gives some back at once.
    pub async fn give_back(&self, ids: &[String]) -> Released {
        let released = self.leases.give_back(ids.iter().map(String::as_str)).await;
        for id in ids.iter().filter(|id| self.fate(id) == Some(Fate::Held)) {
            self.set_fate(id, Fate::GivenBack);
        }
        released
    }

    /// The messages with these ids, for a run; `wanted` may edit them. If not all of them are held, the run itself receives them: what
    /// this hold still has of them, or of their groups, would be kept from it, and is given back first.
    pub async fn supply(self: &Arc<Self>, ids: &[String], wanted: Wanted) -> Chosen {
        let is_held = |id: &String| self.fate(id) == Some(Fate::Held);
        if ids.iter().all(is_held) {
            return Chosen::held(Arc::clone(self), ids, wanted);
        }
        let released = self.give_back(&self.in_the_way_of(ids)).await;
        let ids: Ids = ids.iter().map(String::as_str).collect();
        let accept_cost = self.accepted().is_some_and(|name| is_name_of(&name, &self.queue));
        // What could not be given back comes back by itself.
        let patience = released.back_in.unwrap_or_default();
        let hunting =
            Hunting { accept_cost, limit: Some(ids.len() as u64), patience, ..Hunting::new(self.options.now) };
        let of_these =
            move |message: &Message| if ids.contains(&message.id) { wanted(message) } else { Decision::Leave };
        Chosen::Hunt(Box::new(Hunt::new(Arc::clone(&self.wire), self.queue.clone(), hunting, Box::new(of_these))))
    }

    /// Those of these that are held, and whatever else is held of their groups: of a group SQS gives no more until then.
    fn in_the_way_of(&self, ids: &[String]) -> Vec<String> {
        let index = self.shelf.index();
        let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
        let groups: HashSet<&str> = ids.iter().filter_map(|id| index.places.get(*id)?.group.as_deref()).collect();
        let is_in_the_way = |id: &str, place: &Place| {
            place.fate == Fate::Held
                && (ids.contains(id) || place.group.as_deref().is_some_and(|group| groups.contains(group)))
        };
        let places = index.places.iter().filter(|(id, place)| is_in_the_way(id, place));
        places.map(|(id, _)| id.to_string()).collect()
    }

    /// Of these ids, in the order that SQS wants, with their groups.
    pub(super) fn in_order(&self, ids: &[String]) -> Vec<(Arc<str>, Option<Arc<str>>)> {
        let index = self.shelf.index();
        let mut places: Vec<_> = ids.iter().filter_map(|id| index.places.get_key_value(id.as_str())).collect();
        // The sort is stable: without sequence numbers it is the caller's order.
        places.sort_by_key(|(_, place)| place.sequence);
        places.into_iter().map(|(id, place)| (Arc::clone(id), place.group.clone())).collect()
    }

    /// How much lies on disk.
    pub fn spooled_bytes(&self) -> u64 {
        self.spool.bytes()
    }
}

fn no_disk(error: &std::io::Error) -> Refusal {
    let text = format!("the temporary file of this look failed: {error}; make room, or point TMPDIR elsewhere");
    Refusal::new(Why::Other, false, text)
}
