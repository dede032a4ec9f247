//! What is still to come of a run that was cut off, and as what each message is to be sent. Who agreed to its plan is not asked again, so
//! nothing may be sent otherwise than agreed: what was edited then is edited now, and what nobody can edit again is left.

use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};

use super::{
    edit::{Edit, Limits, check},
    journal::{Destination, Entry, Fate, JournalError, Ledger, Scope, Shelf},
    message::{Message, Outgoing},
    moment::Clock,
    peek::{
        hunt::{Decision, Hunt, Hunting, Wanted},
        own::Ids,
    },
    queue::Queue,
    undo::{Way, as_before, ways},
    wire::Wire,
};

/// The messages of a queue that are still to come. Of a run that was cancelled, only what it left open.
///
/// # Errors
/// When this undoes a run whose journal cannot be read.
pub fn hunt(
    wire: &Arc<dyn Wire>,
    queue: &Queue,
    ledger: &Ledger,
    shelf: &Shelf,
    now: Clock,
) -> Result<Hunt, JournalError> {
    let wanted = wanted(ledger, shelf)?;
    let hunting = Hunting::new(now).after_a_crash();
    let (wire, queue) = (Arc::clone(wire), queue.clone());
    let is_open = |fate: &Fate| matches!(fate, Fate::Taken | Fate::Doubtful | Fate::Arrived { .. });
    let ids: Ids = match &ledger.begun.scope {
        _ if ledger.was_cancelled => {
            ledger.entries().filter(|(_, entry)| is_open(&entry.fate)).map(|(id, _)| id).collect()
        }
        Scope::Chosen { .. } => {
            let is_gone = |id: &str| ledger.get(id).is_some_and(|entry| matches!(entry.fate, Fate::Moved { .. }));
            ledger.chosen.iter().map(String::as_str).filter(|id| !is_gone(id)).collect()
        }
        Scope::All { limit } | Scope::Where { limit, .. } => {
            let limit = limit.map(|limit| limit.saturating_sub(ledger.counts().moved));
            return Ok(Hunt::new(wire, queue, Hunting { limit, ..hunting }, wanted));
        }
    };
    let hunting = Hunting { limit: Some(ids.len() as u64), ..hunting };
    let of_these: Wanted =
        Box::new(move |message| if ids.contains(&message.id) { wanted(message) } else { Decision::Leave });
    Ok(Hunt::new(wire, queue, hunting, of_these))
}

/// What each message is sent as: as it is, edited as agreed to, or as it was before the run that is undone.
fn wanted(ledger: &Ledger, shelf: &Shelf) -> Result<Wanted, JournalError> {
    let begun = &ledger.begun;
    if let Some(undone) = &begun.undoes {
        let path = shelf.find(undone)?;
        let undone = Ledger::read(&path)?;
        let from = begun.from.queue().map(|queue| &queue.arn);
        let is_it = |way: &Way| matches!(way, Way::FromQueue { queue, .. } if Some(&queue.arn) == from);
        return Ok(ways(&undone).into_iter().find(is_it).map_or_else(left_alone, |way| as_before(&way, &path)));
    }
    let Some(edited) = &begun.edited else { return Ok(as_it_is()) };
    match Edit::jq(edited) {
        Ok(edit) => Ok(Change::new(edit, &begun.to).wanted()),
        // By hand: of those that were not taken yet nobody knows what they were to become. Of the others the mover finds it in the journal,
        // where they are in doubt; what was refused would go as it was before the edit.
        Err(_) => {
            let is_known = |entry: &Entry| !matches!(entry.fate, Fate::Refused(_));
            let taken: Ids = ledger.entries().filter(|(_, entry)| is_known(entry)).map(|(id, _)| id).collect();
            let decide = move |message: &Message| {
                if taken.contains(&message.id) { Decision::Take(None) } else { Decision::Leave }
            };
            Ok(Box::new(decide))
        }
    }
}

/// None of them: what they are to become is not known.
fn left_alone() -> Wanted {
    Box::new(|_| Decision::Leave)
}

/// Each as it is.
pub fn as_it_is() -> Wanted {
    Box::new(|_| Decision::Take(None))
}

/// An edit for a destination, with what that takes.
#[derive(Debug)]
pub struct Change {
    edit: Edit,
    limits: Limits,
}

impl Change {
    pub fn new(edit: Edit, to: &Destination) -> Self {
        let all = to.queues().iter().map(Limits::of);
        let strictest = all.reduce(|one, other| Limits {
            maximum_message_bytes: one.maximum_message_bytes.min(other.maximum_message_bytes),
            is_fifo: one.is_fifo || other.is_fifo,
        });
        Self { edit, limits: strictest.unwrap_or_default() }
    }

    /// What it makes of a message.
    ///
    /// # Errors
    /// Why it makes nothing of it that could be sent.
    pub fn of(&self, message: &Message) -> Result<Outgoing, String> {
        let outgoing = self.edit.apply(message)?;
        match check(&outgoing, self.limits).into_iter().next() {
            None => Ok(outgoing),
            Some(mistake) => Err(mistake),
        }
    }

    /// Takes what it works on.
    pub fn wanted(self) -> Wanted {
        Box::new(move |message| match beside_others(|| self.of(message)) {
            Ok(outgoing) => Decision::Take(Some(Box::new(outgoing))),
            Err(_) => Decision::Leave,
        })
    }
}

/// Work that may take a moment, without keeping other tasks from theirs where that can be.
pub(super) fn beside_others<T>(work: impl FnOnce() -> T) -> T {
    let has_other_threads =
        Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if has_other_threads { tokio::task::block_in_place(work) } else { work() }
}
