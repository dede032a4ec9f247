//! The plan of an undo: what a run moved, and what of it can still be brought back.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::planning::{Draft, Facts, Wanted};
use crate::{
    app::clock,
    overlays::desk::model,
    redrive::{
        journal::{Deed, Destination, Ledger, Origin, Scope, Shelf, id_of},
        plan::{Options, Plan},
        queue::Queue,
        undo::{Way, ways_left},
        wire::Wire,
    },
};

/// The last journal that moved something out of this queue.
pub(super) fn newest_run(shelf: &Shelf, queue: &Queue) -> Option<PathBuf> {
    /// Older ones are for `edatop journal`.
    const MOST: usize = 20;
    let ids = shelf.ids().ok()?;
    let paths = ids.into_iter().take(MOST).map(|id| shelf.path(&id));
    let of_queue = |path: &PathBuf| {
        Ledger::read(path).is_ok_and(|ledger| {
            let begun = &ledger.begun;
            begun.deed != Deed::Undo
                && begun.from.queue().is_some_and(|from| from.url == queue.url)
                && ledger.counts().moved + ledger.counts().arrived > 0
        })
    };
    paths.into_iter().find(of_queue)
}

/// What the last run moved, brought back as far as it is still to be had.
pub(super) async fn undoing(facts: Facts, wanted: Wanted) -> Draft {
    let title = "undo the last run".to_owned();
    let queue = facts.laid.queue().clone();
    let nothing = |why: String, wanted| Draft {
        wanted,
        plan: empty_plan(&queue),
        shown: model::Plan { title: "undo the last run".to_owned(), refused: Some(why), ..model::Plan::default() },
        ways: None,
        resumes: Vec::new(),
    };
    let Some(path) = facts.last_run.clone() else {
        return nothing(format!("no journal says that anything was moved out of {}", queue.name()), wanted);
    };
    let (path, ledger, ways) = match back_from(path) {
        Ok(found) => found,
        Err(why) => return nothing(why, wanted),
    };
    if ways.is_empty() {
        return nothing("that run moved nothing that could be brought back, or it was brought back".to_owned(), wanted);
    }
    let moved = ledger.counts().moved;
    let mut lines =
        vec![format!("the run of {} moved {moved} messages to {}", ledger.begun.at, ledger.begun.to.name())];
    for way in &ways {
        let there = match way.still_there(&facts.wire).await {
            Some(there) => format!("{there} of {}", way.most()),
            None => format!("what is left of {}", way.most()),
        };
        lines.push(format!("bring back {there} from {} to {}", way.from("").name(), way.to().name()));
    }
    lines.push("what a consumer has taken is consumed, and stays so".to_owned());
    let (costs, refused) = cost_of_finding(&facts.wire, &path, &ways).await;
    lines.extend(costs);
    let options = wanted.options;
    let shown = model::Plan { title, lines, rate: Some(options.rate), refused, ..model::Plan::default() };
    Draft { wanted, plan: empty_plan(&queue), shown, ways: Some((path, ways)), resumes: Vec::new() }
}

/// To find what was sent is to receive from a queue that is not the desk's: what that costs, and why it is not done, if so.
async fn cost_of_finding(wire: &Arc<dyn Wire>, journal: &Path, ways: &[Way]) -> (Vec<String>, Option<String>) {
    let (mut lines, mut refused) = (Vec::new(), None);
    for way in ways {
        match (way, way.cost(wire, clock::now).await) {
            (Way::FromQueue { queue, .. }, Ok(Some(cost))) => {
                lines.extend(cost.lines.iter().map(|line| format!("finding them: {line}")));
                if let Err(why) = cost.permits(queue, None) {
                    let (id, name) = (id_of(journal), queue.name());
                    refused.get_or_insert(format!("{why} (`edatop journal undo {id} --accept-cost {name}`)"));
                }
            }
            (_, Ok(_)) => {}
            (_, Err(refusal)) => drop(refused.get_or_insert(refusal.text)),
        }
    }
    (lines, refused)
}

/// The ways back from a run. One that was an undo is not undone in turn: what is left of the run before is.
fn back_from(mut path: PathBuf) -> Result<(PathBuf, Ledger, Vec<Way>), String> {
    let mut ledger = Ledger::read(&path).map_err(|error| error.to_string())?;
    if let (Some(undone), Some(folder)) = (&ledger.begun.undoes, path.parent()) {
        path = Shelf::new(folder).path(undone);
        ledger = Ledger::read(&path).map_err(|error| error.to_string())?;
    }
    let ways = ways_left(&path, &ledger).map_err(|why| why.to_string())?;
    Ok((path, ledger, ways))
}

pub(super) fn empty_plan(queue: &Queue) -> Plan {
    Plan {
        deed: Deed::Undo,
        from: Origin::Queue(Box::new(queue.clone())),
        to: Destination::Journal,
        scope: Scope::All { limit: None },
        about: 0,
        split: None,
        edited: None,
        options: Options::default(),
        risks: Vec::new(),
    }
}
