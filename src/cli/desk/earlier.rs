//! What earlier runs left behind, said by whoever touches the same queue.

use super::Desk;
use crate::{
    cli::{complain, journal::shelf, redrive::is_here},
    redrive::{
        journal::{Ledger, is_in_use},
        queue::Queue,
    },
};

/// Journals that are looked into, the newest.
const MOST: usize = 20;

/// Says which runs of this queue were cut off; one line each, and nothing where there is none.
pub fn say_cut_off(desk: &Desk, queue: &Queue) {
    let Ok(shelf) = shelf() else { return };
    let name = queue.name().trim_end_matches(".fifo");
    // The id begins with the time and the name, so that most need not be opened.
    let named = shelf.ids().unwrap_or_default().into_iter().filter(|id| id.contains(name)).take(MOST);
    for id in named {
        let path = shelf.path(&id);
        if is_in_use(&path) {
            complain(&format!("another edatop is at work on {}: {id}", queue.name()));
            continue;
        }
        let Ok(ledger) = Ledger::read(&path) else { continue };
        let is_of_it = ledger.begun.from.queue().is_some_and(|from| from.arn == queue.arn);
        if is_of_it && is_here(desk, &ledger) && ledger.is_unfinished() {
            complain(&format!("an earlier run here was cut off: go on with `edatop redrive --resume {id}`"));
        }
    }
}

/// Says how many are in flight after a run: what somebody else holds, a run that was killed too, comes back when its lease ends.
pub async fn say_in_flight(desk: &Desk, queue: &Queue) {
    let Ok(standing) = desk.wire.standing(queue).await else { return };
    if standing.in_flight > 0 {
        let (count, name) = (standing.in_flight, queue.name());
        complain(&format!(
            "≈ {count} messages of {name} are in flight: what nobody deletes comes back when its lease ends, for another run"
        ));
    }
}
