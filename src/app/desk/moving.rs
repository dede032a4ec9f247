//! Doing what was planned: the bench's side, and what it came to in a few sentences. The work itself is the [`Crew`]'s.

use std::{collections::HashMap, path::Path, sync::Arc};

use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    bench::{Bench, Note},
    crew::{Crew, Outcome},
    editing::Change,
    laying::Look,
    planning::Draft,
};
use crate::{
    overlays::desk::model::{self, Moving, Stage, Summary},
    redrive::{
        export,
        journal::{Ended, Scope, id_of},
        mover::{Progress, Telling, Told},
        peek::hold::{Fate, Hold},
    },
};

/// A run under way.
pub(super) struct Run {
    pub(super) stop: CancellationToken,
    task: JoinHandle<()>,
    title: String,
    cancelled: bool,
}

impl Run {
    /// Waits for the batch in hand.
    pub(super) async fn finish(self) {
        let _ = self.task.await;
    }
}

impl Bench {
    pub(super) fn crew(&mut self) -> Option<Crew> {
        let Some(shelf) = self.shelf() else {
            self.say("there is no home folder for the journal: nothing is moved without one", true);
            return None;
        };
        Some(Crew {
            wire: Arc::clone(&self.wire),
            aws: Arc::clone(&self.aws),
            shelf,
            laid: Arc::clone(self.laid.as_ref()?),
            routes: self.subject.routes.clone(),
            told: self.told.clone(),
            progress: self.progress.clone(),
            stop: CancellationToken::new(),
        })
    }

    /// Does what is planned.
    pub(super) fn go(&mut self) {
        if self.awaited.is_under_way() {
            return self.say("still planning: look at what comes, then press it again", false);
        }
        let Some(draft) = self.draft.take() else { return };
        if draft.shown.refused.is_some() {
            self.draft = Some(draft);
            return;
        }
        let title = draft.shown.title.clone();
        if draft.wanted.deed == model::Deed::Resume {
            return self.resume(title, draft.resumes);
        }
        let Some(crew) = self.crew() else { return };
        let index = self.index(&draft.wanted.rows);
        let change = |(id, row): (Arc<str>, u32)| Some((id.to_string(), self.edits.get(&row)?.clone()));
        let changes: HashMap<String, Change> = index.into_iter().filter_map(change).collect();
        let ids = self.ids(&draft.wanted.rows);
        if draft.wanted.deed == model::Deed::Write {
            return self.write(*draft, ids);
        }
        let is_held = |id: &String| crew.laid.hold.fate(id) == Some(Fate::Held);
        let stays = matches!(draft.plan.scope, Scope::Chosen { .. }) && !draft.wanted.native && ids.iter().all(is_held);
        let look = if stays { None } else { self.look.take() };
        let running = crew.clone();
        self.begin(title, crew.stop.clone(), after(look, async move { running.travel(*draft, ids, changes).await }));
    }

    pub(super) fn begin(
        &mut self,
        title: String,
        stop: CancellationToken,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) {
        self.progress.send_replace(Progress::default());
        self.refusals.begin();
        self.stage = Stage::Moving(Moving { title: title.clone(), ..Moving::default() });
        let (notes, progress) = (self.notes.clone(), self.progress.clone());
        let task = tokio::spawn(async move {
            let outcome = work.await;
            let last = progress.borrow().clone();
            let _ = notes.send(Note::Ended(Box::new((outcome, last)))).await;
        });
        self.run = Some(Box::new(Run { stop, task, title, cancelled: false }));
    }

    /// To a file; they stay.
    fn write(&mut self, draft: Draft, ids: Vec<String>) {
        let (Some(laid), Some(file)) = (self.laid.clone(), draft.wanted.file) else { return };
        self.stage = Stage::Columns;
        self.start_blocking(move || match write(&laid.hold, &ids, &file) {
            Ok(count) => Note::Said(format!("{count} messages written to {}", file.display()), false),
            Err(why) => Note::Said(why, true),
        });
    }

    pub(super) fn follow(&mut self, progress: &Progress) {
        if let (Some(run), Stage::Moving(_)) = (&self.run, &self.stage) {
            let (title, cancelled) = (run.title.clone(), run.cancelled);
            self.stage = Stage::Moving(Moving { title, progress: progress.clone(), cancelled });
            self.change();
        }
    }

    /// What became of one message. Those that are gone leave the list with the next picture; those that stay say why.
    pub(super) fn told(&mut self, told: &Told) {
        let row = self.by_id.get(told.id.as_str()).copied();
        match (&told.fate, row) {
            (Telling::Moved { .. }, Some(row)) => {
                self.sheet.goes(row);
                self.edits.remove(&row);
                self.refusals.forget(row);
                self.clusters.remove(&told.id);
            }
            (Telling::Refused(why), row) => self.refusals.note(row, why),
            _ => return,
        }
        self.change();
    }

    pub(super) fn cancel(&mut self) {
        if let Some(run) = &mut self.run {
            run.stop.cancel();
            run.cancelled = true;
        }
        if let Stage::Moving(moving) = &mut self.stage {
            moving.cancelled = true;
        }
    }

    pub(super) fn ended(&mut self, (outcome, progress): (Outcome, Progress)) {
        let title = self.run.take().map_or_else(String::new, |run| run.title);
        let (ended, journal, notes) = outcome;
        self.sheet.gone();
        self.rank();
        self.forget_opened();
        let bad = ended != Ended::Done || progress.refused + progress.bounced + not_met(&progress) > 0;
        let lines = summary(&ended, &progress, (journal.as_deref(), self.refusals.lines()), notes);
        // How many there are now is asked, not guessed.
        (self.counter.total, self.counter.due) = (None, Instant::now());
        self.note_fates();
        self.look_for_cut_off();
        self.last_run = journal.filter(|_| progress.moved > 0).or(self.last_run.take());
        self.stage = Stage::Ended(Summary { title, lines, bad, moved: progress.moved > 0 });
    }
}

/// A run that gives back what is held, or receives, begins when the look has ended: it would take those messages again.
pub(super) async fn after(look: Option<Look>, work: impl Future<Output = Outcome> + Send) -> Outcome {
    if let Some(look) = look {
        look.cancel.cancel();
        // A look that failed has ended too.
        let _ = look.task.await;
    }
    work.await
}

fn write(hold: &Hold, ids: &[String], file: &Path) -> Result<u64, String> {
    let mut draft = export::Draft::begin(file).map_err(|error| error.to_string())?;
    for id in ids {
        let message = hold.message(id).map_err(|refusal| refusal.text)?;
        draft.push(&message).map_err(|error| error.to_string())?;
    }
    draft.finish().map_err(|error| error.to_string())
}

/// Those that were meant and never came: whoever received them before may still have them.
fn not_met(progress: &Progress) -> u64 {
    progress.total.saturating_sub(progress.moved + progress.refused + progress.arrived)
}

/// What it came to, the most important first.
fn summary(
    ended: &Ended,
    progress: &Progress,
    (journal, reasons): (Option<&Path>, Vec<String>),
    notes: Vec<String>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let moved = format!("{} of {} moved", progress.moved, progress.total);
    lines.push(match ended {
        Ended::Done => moved,
        Ended::Cancelled => format!("stopped as you wished: {moved}"),
        Ended::Stopped { why } => format!("{moved}; it stopped: {why}"),
    });
    if *ended == Ended::Done && not_met(progress) > 0 {
        let count = not_met(progress);
        lines.push(format!(
            "{count} were not met: somebody else has or had them; what comes back is here again, r looks"
        ));
    }
    let refused = progress.refused;
    // Where all were refused for what the run stopped for, that is said already.
    let is_said = matches!(ended, Ended::Stopped { why } if reasons == [format!("  {refused} × {why}")]);
    match refused {
        0 => {}
        _ if is_said => lines.push(format!("{refused} were refused for that, and stay where they were")),
        _ => lines.push(format!("{refused} were refused, and stay where they were:")),
    }
    lines.extend(reasons.into_iter().filter(|_| !is_said));
    for (count, what) in [
        (progress.bounced, "came back: their consumer still fails"),
        (progress.maybe_twice, "may have arrived twice: an earlier send was never settled"),
        (progress.arrived, "arrived, and are perhaps still here too: C settles that"),
    ] {
        if count > 0 {
            lines.push(format!("{count} {what}"));
        }
    }
    lines.extend(progress.waiting.map(|waiting| format!("{waiting} wait at their destination")));
    lines.extend(notes);
    let undo = if progress.moved > 0 { "; U brings back what nobody took yet" } else { "" };
    lines.extend(journal.map(|path| format!("journal {}{undo}", id_of(path))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_reason_of_all_is_said_once() {
        let progress = Progress { total: 3, refused: 3, ..Progress::default() };
        let ended = Ended::Stopped { why: "denied".to_owned() };
        let lines = |reasons: &[&str]| {
            let reasons = reasons.iter().map(|&reason| reason.to_owned()).collect();
            summary(&ended, &progress, (None, reasons), Vec::new())
        };
        let first = "0 of 3 moved; it stopped: denied";
        assert_eq!(lines(&["  3 × denied"]), [first, "3 were refused for that, and stay where they were"]);
        let two = ["  2 × denied", "  1 × too large"];
        assert_eq!(lines(&two), [first, "3 were refused, and stay where they were:", two[0], two[1]]);
    }
}
