//! Bringing back what a run has moved, as far as it is still to be had: what waits at the destination is moved back, what was deleted is
//! sent again from the journal. What a consumer has taken is gone, and is said to be. What was brought back once is not brought back again.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;

use super::{
    again::beside_others,
    journal::{
        self, Begun, Deed, Destination, Entry, Fate, JournalError, Ledger, Origin, Place, Shelf, id_of, is_in_use,
        taken_at,
    },
    message::{Message, Outgoing},
    moment::Clock,
    peek::{
        cost::Cost,
        hold::{Hold, Options as Looking},
        hunt::{Decision, Wanted},
    },
    queue::Queue,
    wire::{Refusal, Wire},
};

/// What can be tried. Each way is a run of its own, with a journal of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// Look for them where they were sent to, and move them back to where they were; where that was no queue, delete them there.
    FromQueue { queue: Box<Queue>, to: Destination, ids: HashMap<String, (String, Place)> },
    /// Send them from the journal to where they were.
    FromJournal { to: Destination, ids: Vec<(String, Place)> },
}

/// Why a run cannot be undone now.
#[derive(Debug, Error)]
pub enum NotNow {
    #[error("{0} is not finished: `edatop redrive --resume {0}` first")]
    Unfinished(String),
    #[error("another edatop is at work on {0}; wait for it, or end it")]
    InUse(String),
    #[error(
        "{damaged} lines of {journal}, which undid some of it, cannot be read: what it sent cannot be told; `edatop journal export` \
         still gives the messages"
    )]
    Damaged { journal: String, damaged: usize },
    #[error(transparent)]
    Unread(#[from] JournalError),
}

/// The ways to undo the run of the journal at this path, without what earlier undos of it have brought back, or may have.
///
/// # Errors
/// While the run itself or one that undoes it is not finished, and when the journals cannot be read.
pub fn ways_left(path: &Path, ledger: &Ledger) -> Result<Vec<Way>, NotNow> {
    if ledger.is_unfinished() {
        return Err(NotNow::Unfinished(id_of(path)));
    }
    let shelf = Shelf::new(path.parent().unwrap_or(path));
    Ok(ways_without(ledger, &brought_back(&shelf, &id_of(path))?))
}

/// The ids that runs which undo this one have taken, from the queue or from its journal, and not surely left.
fn brought_back(shelf: &Shelf, undone: &str) -> Result<HashSet<String>, NotNow> {
    /// Ids of journals have less of a long name.
    const NAMED: usize = 60;
    let name: String = undone.chars().take(NAMED).collect();
    let mut ids = HashSet::new();
    for id in shelf.ids()?.into_iter().filter(|id| id != undone) {
        let path = shelf.path(&id);
        match journal::begun(&path) {
            Ok(begun) if begun.undoes.as_deref() == Some(undone) => {}
            // Its name says that it sends from this journal. Empty it has sent nothing.
            Err(error) if id.contains(&name) && !is_empty(&path) => return Err(error.into()),
            _ => continue,
        }
        if is_in_use(&path) {
            return Err(NotNow::InUse(id));
        }
        let ledger = Ledger::read(&path)?;
        if ledger.is_unfinished() {
            return Err(NotNow::Unfinished(id));
        }
        if ledger.damaged > 0 {
            return Err(NotNow::Damaged { journal: id, damaged: ledger.damaged });
        }
        let is_back = |fate: &Fate| fate.has_arrived() || fate.is_doubtful();
        ids.extend(ledger.entries().filter(|(_, entry)| is_back(&entry.fate)).map(|(id, _)| id.to_owned()));
    }
    Ok(ids)
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() == 0)
}

/// The ways to undo a run; none if it has moved nothing.
pub fn ways(ledger: &Ledger) -> Vec<Way> {
    ways_without(ledger, &HashSet::new())
}

fn ways_without(ledger: &Ledger, brought_back: &HashSet<String>) -> Vec<Way> {
    let begun = &ledger.begun;
    let back_to = match &begun.from {
        Origin::Queue(queue) => Destination::Queue(queue.clone()),
        Origin::File(_) | Origin::Journal(_) => Destination::Journal,
    };
    let mut sent = Vec::new();
    let mut kept = Vec::new();
    for (id, entry) in ledger.entries() {
        match &entry.fate {
            Fate::Moved { new_id: Some(new_id) } | Fate::Arrived { new_id } if !begun.to.queues().is_empty() => {
                sent.push((new_id, id, entry));
            }
            Fate::Moved { .. } if !brought_back.contains(id) => kept.push((id.to_owned(), entry.place)),
            _ => {}
        }
    }
    sent.retain(|(new_id, ..)| !brought_back.contains(*new_id));
    let mut ways = Vec::new();
    for queue in begun.to.queues() {
        let is_there = |entry: &Entry| entry.to.as_deref().is_none_or(|url| url == queue.url);
        let there = sent.iter().filter(|(.., entry)| is_there(entry));
        let ids: HashMap<_, _> =
            there.map(|(new_id, id, entry)| ((*new_id).clone(), ((*id).to_owned(), entry.place))).collect();
        if !ids.is_empty() {
            ways.push(Way::FromQueue { queue: Box::new(queue.clone()), to: back_to.clone(), ids });
        }
    }
    if !kept.is_empty() && begun.from.queue().is_some() {
        ways.push(Way::FromJournal { to: back_to, ids: kept });
    }
    ways
}

impl Way {
    pub fn deed(&self) -> Deed {
        match self {
            Self::FromQueue { to: Destination::Journal, .. } => Deed::Delete,
            _ => Deed::Undo,
        }
    }

    pub fn to(&self) -> &Destination {
        match self {
            Self::FromQueue { to, .. } | Self::FromJournal { to, .. } => to,
        }
    }

    /// Where this way takes them from; the journal has this id.
    pub fn from(&self, journal: &str) -> Origin {
        match self {
            Self::FromQueue { queue, .. } => Origin::Queue(queue.clone()),
            Self::FromJournal { .. } => Origin::Journal(journal.to_owned()),
        }
    }

    /// The ids of what it looks for, as the journal of the undo has them.
    pub fn sought(&self) -> Vec<String> {
        match self {
            Self::FromQueue { ids, .. } => ids.keys().cloned().collect(),
            Self::FromJournal { ids, .. } => ids.iter().map(|(id, _)| id.clone()).collect(),
        }
    }

    /// How many there may be at most.
    pub fn most(&self) -> u64 {
        match self {
            Self::FromQueue { ids, .. } => ids.len() as u64,
            Self::FromJournal { ids, .. } => ids.len() as u64,
        }
    }

    /// What finding them costs: not only those that are sought are received. None where nothing is.
    ///
    /// # Errors
    /// If the queue does not answer.
    pub async fn cost(&self, wire: &Arc<dyn Wire>, now: Clock) -> Result<Option<Cost>, Refusal> {
        let Self::FromQueue { queue, .. } = self else { return Ok(None) };
        let hold = Hold::open(Arc::clone(wire), (**queue).clone(), Looking::new(now)).await?;
        Ok(Some(hold.cost()))
    }

    /// How many still are where they were sent to; none where only a receive could tell.
    pub async fn still_there(&self, wire: &Arc<dyn Wire>) -> Option<u64> {
        match self {
            Self::FromQueue { queue, ids, .. } => {
                let there = wire.glimpse(queue).await?;
                Some(there.iter().filter(|message| ids.contains_key(&message.id)).count() as u64)
            }
            Self::FromJournal { ids, .. } => Some(ids.len() as u64),
        }
    }
}

/// What a message was before it was sent under another id, from the journal at this path.
#[derive(Debug, Clone)]
pub struct Originals {
    path: PathBuf,
    ids: HashMap<String, (String, Place)>,
}

impl Originals {
    /// Of the messages that a way looks for in a queue.
    pub fn of(way: &Way, path: &Path) -> Option<Self> {
        match way {
            Way::FromQueue { ids, .. } => Some(Self { path: path.to_owned(), ids: ids.clone() }),
            Way::FromJournal { .. } => None,
        }
    }

    pub fn contains(&self, new_id: &str) -> bool {
        self.ids.contains_key(new_id)
    }

    /// As it was, to be sent back.
    ///
    /// # Errors
    /// The disk's.
    pub fn get(&self, new_id: &str) -> io::Result<Option<Outgoing>> {
        let Some((id, place)) = self.ids.get(new_id) else { return Ok(None) };
        let taken = taken_at(&self.path, *place)?;
        Ok(taken.iter().find(|taken| taken.message.id == *id).map(|taken| Outgoing::again(&taken.message)))
    }
}

/// The messages that lie in a journal, in their order, one batch in memory at a time.
pub fn kept(path: &Path, ids: &[(String, Place)]) -> impl Iterator<Item = io::Result<Message>> + Send + use<> {
    let wanted: HashSet<String> = ids.iter().map(|(id, _)| id.clone()).collect();
    let mut places: Vec<Place> = ids.iter().map(|(_, place)| *place).collect();
    places.dedup();
    let path = path.to_owned();
    let batch = move |place: Place| -> Vec<io::Result<Message>> {
        match taken_at(&path, place) {
            Err(error) => vec![Err(error)],
            Ok(taken) => taken.into_iter().map(|taken| Ok(Arc::unwrap_or_clone(taken.message))).collect(),
        }
    };
    let mut given = HashSet::new();
    places.into_iter().flat_map(batch).filter(move |message| match message {
        // Taken twice it lies there twice.
        Ok(message) => wanted.contains(&message.id) && given.insert(message.id.clone()),
        Err(_) => true,
    })
}

/// Takes what a way looks for, to be sent back as it was.
pub fn as_before(way: &Way, path: &Path) -> Wanted {
    let originals = Originals::of(way, path);
    Box::new(move |message| {
        let Some(originals) = originals.as_ref().filter(|originals| originals.contains(&message.id)) else {
            return Decision::Leave;
        };
        match beside_others(|| originals.get(&message.id)) {
            Ok(Some(outgoing)) => Decision::Take(Some(Box::new(outgoing))),
            // What it was cannot be read: better left than sent back as something else.
            Ok(None) | Err(_) => Decision::Leave,
        }
    })
}

/// Where the messages came from that undos have brought back to a queue, by the ids that they have there: SQS does not say it of them.
/// The journals in this folder do.
pub fn sources_of_brought_back(folder: &Path, to: &Origin) -> HashMap<String, String> {
    let Some(queue) = to.queue() else { return HashMap::new() };
    let shelf = Shelf::new(folder);
    let is_undo = |begun: &Begun| begun.deed == Deed::Undo && begun.to.queues().iter().any(|to| to.arn == queue.arn);
    let undos = shelf.ids().unwrap_or_default().into_iter().filter_map(|id| {
        let path = shelf.path(&id);
        // Most are none, and their first line says so.
        journal::begun(&path).ok().filter(is_undo)?;
        Some((Ledger::read(&path).ok()?, path))
    });
    undos.flat_map(|(ledger, path)| sources(&ledger, &path)).collect()
}

fn sources(ledger: &Ledger, path: &Path) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for (id, entry) in ledger.entries() {
        let (Fate::Moved { new_id: Some(new_id) } | Fate::Arrived { new_id }) = &entry.fate else { continue };
        let source = match &ledger.begun.from {
            Origin::Queue(queue) => Some(queue.arn.to_string()),
            Origin::File(_) | Origin::Journal(_) => taken_at(path, entry.place).ok().and_then(|taken| {
                let message = taken.into_iter().find(|taken| taken.message.id == id)?.message;
                message.source().map(ToOwned::to_owned)
            }),
        };
        sources.extend(source.map(|source| (new_id.clone(), source)));
    }
    sources
}

#[cfg(test)]
mod tests;
