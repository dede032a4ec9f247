//! Going on with what was cut off. Who agreed to the plan then is not asked again.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use super::Care;
use crate::{
    app::clock,
    cli::{
        complain,
        desk::{
            self, CUT_OFF, Desk, Outcome, earlier,
            run::{self, Trip},
        },
        export::unwritten,
        import::source,
        journal::{is_fifo, shelf, unread},
        opening::GivenUp,
    },
    redrive::{
        again,
        export::Existing,
        into_file::IntoFile,
        journal::{Destination, Ledger, Origin, Place, Scope, Shelf, id_of, unreadable},
        listed::Listed,
        mover::{self, Sink, supply::Supply},
        plan::Options,
        undo::{self, Way},
    },
};

/// Goes on with one, or with all of this endpoint's, the oldest first.
///
/// # Errors
/// When there is no such journal, or it is another endpoint's.
pub async fn resume(desk: &Desk, journal: &str, care: &Care, (ascii, stop): (bool, CancellationToken)) -> Outcome {
    let paths = cut_off(desk, &shelf()?, journal)?;
    if paths.is_empty() {
        complain("nothing was cut off here: there is nothing to go on with");
        return Ok(0);
    }
    let mut worst = 0;
    for path in paths {
        if stop.is_cancelled() {
            return Ok(CUT_OFF);
        }
        // What is wrong with one is no reason to leave the others.
        let code = match go_on(desk, &path, care, (ascii, stop.clone())).await {
            Ok(code) => code,
            Err(given_up) => {
                complain(&given_up.why);
                given_up.code
            }
        };
        worst = worst.max(code);
    }
    Ok(worst)
}

fn cut_off(desk: &Desk, shelf: &Shelf, journal: &str) -> Result<Vec<PathBuf>, GivenUp> {
    if !journal.is_empty() {
        let path = shelf.find(journal).map_err(|error| unread(&error))?;
        let ledger = Ledger::read(&path).map_err(|error| unread(&error))?;
        if !is_here(desk, &ledger) {
            let place = ledger.begun.endpoint.unwrap_or_else(|| "AWS".to_owned());
            let (region, who) = (ledger.begun.region, ledger.begun.who);
            let by = if who.is_empty() { String::new() } else { format!(" by {who}") };
            let why = format!("the journal {journal} is of {place} in {region}{by}: go on there");
            return Err(GivenUp::misused(why));
        }
        if !ledger.may_go_on() {
            complain(&format!("{} has come to its end: nothing is open", id_of(&path)));
            return Ok(Vec::new());
        }
        return Ok(vec![path]);
    }
    let unfinished = shelf.unfinished().map_err(|error| unread(&error))?;
    let here = unfinished.into_iter().rev().filter(|(_, ledger)| is_here(desk, ledger));
    Ok(here.map(|(id, _)| shelf.path(&id)).collect())
}

/// Whether a journal is of the place that we are connected to.
pub fn is_here(desk: &Desk, ledger: &Ledger) -> bool {
    let endpoint = desk.aws.endpoint().map(crate::aws::Endpoint::url);
    ledger.is_of(endpoint, desk.aws.region(), &desk.who)
}

async fn go_on(desk: &Desk, path: &Path, care: &Care, (ascii, stop): (bool, CancellationToken)) -> Outcome {
    let reopened = mover::reopen(&desk.wire, path, &desk.who, clock::now()).await;
    let (journal, ledger) = reopened.map_err(|error| unread(&error))?;
    let begun = &ledger.begun;
    let counts = ledger.counts();
    let open = counts.arrived + counts.doubtful;
    let (from, to) = (begun.from.name(), begun.to.name());
    complain(&format!("{}: {from} → {to}, {} moved before, {open} open", id_of(path), counts.moved));
    if let Some(damage) = unreadable(&id_of(path), ledger.damaged) {
        complain(&format!("{damage}; what was sent then may be sent again"));
    }
    let sink = match &begun.to {
        Destination::File(file) => {
            let sink = IntoFile::open(file, Existing::Continue).map_err(|error| unwritten(&error))?;
            Some(Arc::new(sink) as Arc<dyn Sink>)
        }
        _ => None,
    };
    let (supply, hunt, total) = match &begun.from {
        Origin::Queue(queue) => {
            let hunt = Arc::new(
                again::hunt(&desk.wire, queue, &ledger, &shelf()?, clock::now).map_err(|error| unread(&error))?,
            );
            let total = ledger.wanted().unwrap_or(counts.moved + desk.standing(queue).await?.total());
            (Arc::clone(&hunt) as Arc<dyn Supply>, Some(hunt), total)
        }
        Origin::File(file) => {
            let total = counts.taken.max(counts.moved);
            (Arc::new(Listed::new(source(file)?, is_fifo(&begun.to))) as _, None, total)
        }
        Origin::Journal(id) => {
            let undone = shelf()?.find(id).map_err(|error| unread(&error))?;
            let kept = kept_in(&undone, &ledger)?;
            let total = kept.len() as u64;
            (Arc::new(Listed::new(Box::new(undo::kept(&undone, &kept)), is_fifo(&begun.to))) as _, None, total)
        }
    };
    let from_queue = begun.from.queue().cloned();
    let options = Options { rate: care.rate.or(begun.rate), ..care.options() };
    let chosen = ledger.still_to_come().into_iter().map(ToOwned::to_owned).collect();
    let trip = Trip { journal, ledger, supply, sink, options, total, chosen, ascii };
    let outcome = run::attend(desk, trip, &stop).await;
    if let Some(hunt) = hunt {
        desk::given_back(&hunt.close().await);
    }
    if let Some(from) = &from_queue {
        earlier::say_in_flight(desk, from).await;
    }
    outcome
}

/// What an undo brings back from a journal: of all that it has what was chosen then, for the rest may have been brought back before.
fn kept_in(undone: &Path, undo: &Ledger) -> Result<Vec<(String, Place)>, GivenUp> {
    let ledger = Ledger::read(undone).map_err(|error| unread(&error))?;
    let chosen: HashSet<&str> = undo.chosen.iter().map(String::as_str).collect();
    let is_meant = |id: &str| !matches!(undo.begun.scope, Scope::Chosen { .. }) || chosen.contains(id);
    let kept = undo::ways(&ledger).into_iter().find_map(|way| match way {
        Way::FromJournal { ids, .. } => Some(ids.into_iter().filter(|(id, _)| is_meant(id)).collect()),
        Way::FromQueue { .. } => None,
    });
    Ok(kept.unwrap_or_default())
}
