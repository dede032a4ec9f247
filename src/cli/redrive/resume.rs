//! Going on with what was cut off. Who agreed to the plan then is not asked again.

use std::{path::PathBuf, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::Care;
use crate::{
    app::clock,
    cli::{
        complain,
        desk::{
            self, CUT_OFF, Desk, Outcome,
            run::{self, Trip},
        },
        journal::{shelf, unread},
        opening::GivenUp,
    },
    redrive::{
        journal::{Fate, Ledger, Origin, Scope, Shelf, id_of},
        mover,
        peek::{
            hunt::{Hunt, Hunting},
            own::Ids,
        },
        queue::Queue,
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
        let code = go_on(desk, &path, care, (ascii, stop.clone())).await?;
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
            let why = format!("the journal {journal} is of {place} in {}: go on there", ledger.begun.region);
            return Err(GivenUp::misused(why));
        }
        if !ledger.is_unfinished() {
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
    ledger.begun.endpoint.as_deref() == endpoint && ledger.begun.region == desk.aws.region()
}

async fn go_on(desk: &Desk, path: &std::path::Path, care: &Care, (ascii, stop): (bool, CancellationToken)) -> Outcome {
    let before = Ledger::read(path).map_err(|error| unread(&error))?;
    let (journal, ledger) =
        mover::reopen(&desk.wire, path, &desk.who, clock::now()).await.map_err(|error| unread(&error))?;
    let begun = &ledger.begun;
    let counts = ledger.counts();
    let open = counts.arrived + counts.doubtful;
    let (from, to) = (begun.from.name(), begun.to.name());
    complain(&format!("{}: {from} → {to}, {} moved before, {open} open", id_of(path), counts.moved));
    let Origin::Queue(queue) = &begun.from else {
        return Err(GivenUp::misused("only what came from a queue can be gone on with"));
    };
    let hunt = Arc::new(hunt(desk, queue, &ledger, before.ended.is_some()));
    let standing = desk.standing(queue).await?;
    let options = crate::redrive::plan::Options { rate: care.rate.or(begun.rate), ..care.options() };
    let supply = Arc::clone(&hunt);
    let total = counts.moved + standing.total();
    let trip = Trip { journal, ledger, supply, sink: None, options, total, chosen: Vec::new(), ascii };
    let outcome = run::attend(desk, trip, &stop).await;
    desk::given_back(&hunt.close().await);
    outcome
}

/// What is still to come. Of a run that had come to an end, only what it left open is settled.
fn hunt(desk: &Desk, queue: &Queue, ledger: &Ledger, had_ended: bool) -> Hunt {
    let wire = Arc::clone(&desk.wire);
    let is_open = |fate: &Fate| matches!(fate, Fate::Taken | Fate::Doubtful | Fate::Arrived { .. });
    let open = ledger.entries().filter(|(_, entry)| is_open(&entry.fate)).map(|(id, _)| id);
    let hunting = Hunting::default();
    match &ledger.begun.scope {
        _ if had_ended => Hunt::for_ids(wire, queue.clone(), hunting, open.collect::<Ids>()),
        Scope::Chosen { .. } => {
            let is_left =
                |id: &&str| !matches!(ledger.get(id), Some(entry) if matches!(entry.fate, Fate::Moved { .. }));
            let ids: Ids = ledger.chosen.iter().map(String::as_str).filter(is_left).collect();
            Hunt::for_ids(wire, queue.clone(), hunting, ids)
        }
        Scope::All { limit } | Scope::Where { limit, .. } => {
            let limit = limit.map(|limit| limit.saturating_sub(ledger.counts().moved));
            Hunt::for_all(wire, queue.clone(), Hunting { limit, ..hunting })
        }
    }
}
