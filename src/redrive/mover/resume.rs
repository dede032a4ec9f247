//! Going on with a run that was cut off: what the journal left open is settled first, as far as leases from then still hold.

use std::{path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::redrive::{
    journal::{Deleted, Fate, Journal, JournalError, Ledger, Place, Record, taken_at},
    message::MOST_IN_BATCH,
    queue::Queue,
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
            Fate::Moved { .. } => {}
        }
    }
    let batch = ledger.batches;
    for some in receipts(path, &arrived)?.chunks(MOST_IN_BATCH) {
        delete(wire, from, &journal, batch, some).await?;
    }
    for some in receipts(path, &open)?.chunks(MOST_IN_BATCH) {
        let receipts: Vec<String> = some.iter().map(|(_, receipt)| receipt.clone()).collect();
        // A lease that is over is as good as given back.
        wire.lease(from, &receipts, Duration::ZERO).await;
    }
    let ledger = Ledger::read(path)?;
    Ok((journal, ledger))
}

/// A yes is believed as far as the journal goes; should the message be met again, it is deleted again, and never sent.
async fn delete(
    wire: &Arc<dyn Wire>,
    from: &Queue,
    journal: &Journal,
    batch: u64,
    some: &[(String, String)],
) -> Result<(), JournalError> {
    let receipts: Vec<String> = some.iter().map(|(_, receipt)| receipt.clone()).collect();
    let results = wire.delete(from, &receipts).await;
    let results =
        some.iter().zip(results).map(|((id, _), result)| Deleted { id: id.clone(), refusal: result.err() }).collect();
    journal.append(&Record::Deleted { batch, results }).await
}

/// The receipt handles of these, by the batches that they were in.
fn receipts(path: &Path, entries: &[(&str, Place)]) -> Result<Vec<(String, String)>, JournalError> {
    let mut receipts = Vec::new();
    let mut places: Vec<Place> = entries.iter().map(|(_, place)| *place).collect();
    places.sort_unstable_by_key(|place| place.offset);
    places.dedup();
    for place in places {
        let taken = taken_at(path, place)
            .map_err(|error| JournalError::Read { path: path.to_owned(), source: Arc::new(error) })?;
        for message in taken.into_iter().map(|taken| taken.message) {
            if entries.iter().any(|(id, at)| *at == place && *id == message.id)
                && let Some(receipt) = message.receipt
            {
                receipts.push((message.id, receipt));
            }
        }
    }
    Ok(receipts)
}
