//! Runs that were cut off: said where the eye is, and gone on with after it was said how.

use std::{path::PathBuf, sync::Arc};

use super::{
    bench::{Bench, Note},
    crew::unfinished,
    moving::after,
    planning::{Draft, Facts, Wanted},
    standing::time,
    undoing::empty_plan,
};
use crate::{
    overlays::desk::model::{self, CutOff},
    redrive::journal::{Ledger, Scope, id_of},
};

/// What is to be known of a run that was cut off.
pub(super) fn cut_off((path, ledger): &(PathBuf, Ledger)) -> CutOff {
    let (begun, counts) = (&ledger.begun, ledger.counts());
    CutOff {
        id: id_of(path),
        at: ledger.last,
        from: begun.from.name(),
        queue: begun.from.queue().map(|queue| queue.arn.clone()),
        to: begun.to.name(),
        moved: counts.moved,
        open: counts.doubtful + counts.arrived,
        still: match begun.scope {
            Scope::Chosen { .. } => {
                Some((ledger.still_to_come().len() as u64).saturating_sub(counts.doubtful + counts.arrived))
            }
            _ => None,
        },
    }
}

/// Of one run: which, how far it came, and what is left.
fn lines(run: &CutOff) -> Vec<String> {
    let mut lines = vec![format!("from {} to {}, cut off at {}", run.from, run.to, time(run.at))];
    let open = match run.open {
        0 => "none in doubt".to_owned(),
        open => {
            format!("{open} in doubt: looked for first, and not sent again where the journal says that they arrived")
        }
    };
    let still = match run.still {
        Some(still) => format!("{still} not begun: moved now"),
        None => format!("then what is left in {}", run.from),
    };
    lines.push(format!("  {} moved · {open} · {still}", run.moved));
    lines.push(format!("  journal {}", run.id));
    lines
}

/// What going on would do.
pub(super) async fn resuming(facts: &Facts, wanted: Wanted) -> Draft {
    let queue = facts.laid.queue().clone();
    let (shelf, aws) = (facts.shelf.clone(), Arc::clone(&facts.aws));
    let read = move || shelf.map(|shelf| unfinished(&shelf, &aws)).unwrap_or_default();
    let all = tokio::task::spawn_blocking(read).await.unwrap_or_default();
    let (mine, others): (Vec<_>, Vec<_>) =
        all.into_iter().rev().partition(|(_, ledger)| ledger.begun.from.queue().is_some());
    let runs: Vec<CutOff> = mine.iter().map(cut_off).collect();
    let mut said: Vec<String> = runs.iter().flat_map(lines).collect();
    said.extend(others.iter().map(|(path, _)| {
        let id = id_of(path);
        format!("{id} does not come from a queue and is left alone: `edatop redrive --resume {id}` goes on with it")
    }));
    if !runs.is_empty() {
        said.push(
            "what is held on this desk is given back first; each message is in the journal before it is sent"
                .to_owned(),
        );
        if runs.iter().any(|run| run.open > 0) {
            said.push("mind: a standard queue may get one twice, if it had arrived and its answer was lost".to_owned());
        }
    }
    let title = match runs.len() {
        0 => "go on with what was cut off".to_owned(),
        1 => "go on with a run that was cut off".to_owned(),
        many => format!("go on with {many} runs that were cut off, one after the other"),
    };
    let refused =
        runs.is_empty().then(|| "no run of this place was cut off: there is nothing to go on with".to_owned());
    let resumes = mine.into_iter().map(|(path, _)| path).collect();
    let shown = model::Plan { title, lines: said, refused, ..model::Plan::default() };
    Draft { wanted, plan: empty_plan(&queue), shown, ways: None, resumes }
}

impl Bench {
    /// Finds out whether runs of this place were cut off.
    pub(super) fn look_for_cut_off(&self) {
        let (Some(shelf), aws) = (self.shelf(), Arc::clone(&self.aws)) else { return };
        self.start_blocking(move || Note::CutOff(unfinished(&shelf, &aws).iter().map(cut_off).collect()));
    }

    /// The sentence that stands on the desk until they are gone on with.
    pub(super) fn said_of_cut_off(&self) -> Option<String> {
        // What is under way says by itself how it goes.
        let last = self.cut_off.first().filter(|_| self.run.is_none())?;
        let runs = match self.cut_off.len() {
            1 => "a run was cut off".to_owned(),
            many => format!("{many} runs were cut off, the last"),
        };
        let goes_on = if self.aws.is_read_only() {
            "start without --read-only to go on"
        } else {
            "C says what is left, and goes on"
        };
        Some(format!(
            "{runs} at {}, from {} to {}: {} moved, nothing is lost · {goes_on}",
            time(last.at),
            last.from,
            last.to,
            last.moved
        ))
    }

    /// Goes on with the runs that the plan showed, the oldest first.
    pub(super) fn resume(&mut self, title: String, runs: Vec<PathBuf>) {
        let Some(crew) = self.crew() else { return };
        let (running, stop) = (crew.clone(), crew.stop.clone());
        let look = self.look.take();
        self.begin(title, stop, after(look, async move { running.go_on_with_all(runs).await }));
    }
}
