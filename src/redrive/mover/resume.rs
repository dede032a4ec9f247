//! Going on with a run that was cut off: what the journal left open is settled first, as far as leases from then still hold.

use std::{collections::HashSet, path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::redrive::{
    journal::{Fate, Journal, JournalError, Ledger, Place, Record, taken_at},
    message::MOST_IN_BATCH,
    wire::Wire,
};

/// Opens a journal again and settles what can be settled at once: what has arrived is deleted where it was, what was not sent is given
/// back, so that it can be received now. What the old leases no longer reach is found by receiving it again.
///
/// # Errors
/// The journal's.
pub async fn reopen(
    wire: &Arc<dyn Wire>,
    path: &Path,
    who: &str,
    at: Timestamp,
) -> Result<(Journal, Ledger), JournalError> {
    let journal = Journal::reopen(path)?;
    let ledger = Ledger::read(path)?;
    journal.append(&Record::Resumed { at, who: who.to_owned() }).await?;
    let Some(from) = ledger.begun.from.queue() else { return Ok((journal, ledger)) };
    let mut arrived = Vec::new();
    let mut open = Vec::new();
    for (id, entry) in ledger.entries() {
        match entry.fate {
            Fate::Arrived { .. } => arrived.push((id, entry.place)),
            Fate::Taken | Fate::Doubtful | Fate::Refused(_) => open.push((id, entry.place)),
            Fate::Moved { .. } | Fate::Missing => {}
        }
    }
    // A standard queue may say yes to an old receipt and delete nothing: only when the whole source was looked through and they are not
    // there, they are known to be gone. So what comes of it is not written down.
    for some in receipts(path, &arrived)?.chunks(MOST_IN_BATCH) {
        wire.delete(from, some).await;
    }
    for some in receipts(path, &open)?.chunks(MOST_IN_BATCH) {
        // A lease that is over is as good as given back.
        wire.lease(from, some, Duration::ZERO).await;
    }
    let ledger = Ledger::read(path)?;
    Ok((journal, ledger))
}

/// The receipt handles of these, by the batches that they were in.
fn receipts(path: &Path, entries: &[(&str, Place)]) -> Result<Vec<String>, JournalError> {
    let mut receipts = Vec::new();
    let mut places: Vec<Place> = entries.iter().map(|(_, place)| *place).collect();
    places.sort_unstable_by_key(|place| place.offset);
    places.dedup();
    let wanted: HashSet<(&str, u64)> = entries.iter().map(|(id, place)| (*id, place.offset)).collect();
    for place in places {
        let taken = taken_at(path, place)
            .map_err(|error| JournalError::Read { path: path.to_owned(), source: Arc::new(error) })?;
        for message in taken.into_iter().map(|taken| taken.message) {
            if wanted.contains(&(message.id.as_str(), place.offset))
                && let Some(receipt) = &message.receipt
            {
                receipts.push(receipt.clone());
            }
        }
    }
    Ok(receipts)
}
