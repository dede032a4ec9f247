//! What earlier runs may have sent of a queue's messages. Whatever of it is met there again was sent and not deleted: a standard queue says
//! yes to a delete with an old receipt and may leave the message, and not every run comes to its end. Sent once more it may be there twice.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::redrive::{
    journal::{self, Begun, Ledger, Shelf, id_of},
    peek::own::Ids,
};

/// SQS keeps no message longer than fourteen days, and who goes on with a run later than that finds nothing of it.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(28 * 24);

/// The ids of messages that journals beside this one say were sent on from the same queue, or may have been. A journal that cannot be
/// read says nothing. Reads them all: not to be called where others wait.
pub(super) fn may_have_sent(journal: &Path, begun: &Begun, now: Timestamp) -> Ids {
    let mut ids = Ids::default();
    let (Some(folder), Some(queue)) = (journal.parent(), begun.from.queue()) else { return ids };
    if begun.to.queues().is_empty() {
        return ids;
    }
    let sends_from_it = |other: &Begun| {
        let is_same = other.from.queue().is_some_and(|from| from.url == queue.url);
        is_same && !other.to.queues().is_empty() && now.duration_since(other.at) < LOOKED_BACK
    };
    let (shelf, own) = (Shelf::new(folder), id_of(journal));
    for id in shelf.ids().unwrap_or_default().into_iter().filter(|id| *id != own) {
        let path = shelf.path(&id);
        // Most are of other queues, and their first line says so.
        if !journal::begun(&path).is_ok_and(|other| sends_from_it(&other)) {
            continue;
        }
        let Ok(ledger) = Ledger::read(&path) else { continue };
        let sent = ledger.entries().filter(|(_, entry)| entry.fate.has_arrived() || entry.fate.is_doubtful());
        ids.extend(sent.map(|(id, _)| id));
    }
    ids
}
