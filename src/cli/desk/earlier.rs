//! What earlier runs left behind, said by whoever touches the same queue.

use clap::Args;

use super::{CUT_OFF, Desk, agree::Agreement};
use crate::{
    cli::{complain, journal::shelf, opening::GivenUp, redrive::is_here},
    redrive::{
        journal::{Ledger, is_in_use},
        queue::Queue,
    },
};

/// What every command takes that takes messages off a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct Beginning {
    /// Begin although an earlier run of this queue was cut off: what that one has sent or written may be sent or written again
    #[arg(long)]
    pub anyway: bool,
    #[command(flatten)]
    pub agreement: Agreement,
}

impl Beginning {
    /// Refuses to begin beside a run that was cut off, unless that is wanted or nothing is begun.
    ///
    /// # Errors
    /// When there is such a run.
    pub fn may_begin(self, desk: &Desk, queue: &Queue) -> Result<(), GivenUp> {
        if self.anyway || self.agreement.dry_run { Ok(()) } else { settled(desk, queue) }
    }
}

/// Journals that are looked into, the newest.
const MOST: usize = 20;

/// Says which runs of this queue were cut off; one line each, and nothing where there is none.
pub fn say_cut_off(desk: &Desk, queue: &Queue) {
    for id in cut_off(desk, queue) {
        complain(&format!("an earlier run here was cut off: go on with `edatop redrive --resume {id}`"));
    }
}

/// Refuses to begin beside a run that was cut off: what that one has sent and not yet deleted here would be sent once more, and no
/// journal would count it.
///
/// # Errors
/// When there is such a run.
fn settled(desk: &Desk, queue: &Queue) -> Result<(), GivenUp> {
    let Some(id) = cut_off(desk, queue).into_iter().next() else { return Ok(()) };
    let why = format!(
        "an earlier run of {} was cut off, and what it sent may still be here: `edatop redrive --resume {id}` first, or --anyway",
        queue.name()
    );
    Err(GivenUp { code: CUT_OFF, why })
}

/// Runs of this queue that were cut off, the newest first. Of those that somebody is at work on it says so.
fn cut_off(desk: &Desk, queue: &Queue) -> Vec<String> {
    let mut cut_off = Vec::new();
    let Ok(shelf) = shelf() else { return cut_off };
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
            cut_off.push(id);
        }
    }
    cut_off
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
