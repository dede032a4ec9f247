//! The work of a run: journal opened, the mover fed from the hold, a hunt or a journal, and everything closed behind it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{editing::Change, laying::Laid, planning::Draft};
use crate::{
    app::clock,
    aws::{Connection, Endpoint},
    redrive::{
        again,
        export::Existing,
        into_file::IntoFile,
        journal::{Begun, Deed, Destination, Ended, Journal, Ledger, Origin, Scope, Shelf, VERSION, id_of},
        listed::Listed,
        message::Message,
        mover::{self, Job, Progress, Sink, Told, supply::Supply},
        native,
        peek::{
            held::Chosen,
            hunt::{Decision, Hunt, Hunting},
            lease::Released,
        },
        plan::Options,
        undo::{Way, as_before, kept},
        why::{Route, cloudwatch},
        wire::Wire,
    },
};

/// How long a run waits for who listens to its consumer.
const LISTENER: Duration = Duration::from_secs(3);

/// What a run needs, apart from what it is about.
#[derive(Clone)]
pub(super) struct Crew {
    pub(super) wire: Arc<dyn Wire>,
    pub(super) aws: Arc<Connection>,
    pub(super) shelf: Shelf,
    pub(super) laid: Arc<Laid>,
    /// To the logs of those who take from the sources.
    pub(super) routes: Vec<Route>,
    pub(super) told: mpsc::Sender<Told>,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) stop: CancellationToken,
}

/// Where a run's messages come from, to be closed after it.
enum Feed {
    Chosen(Arc<Chosen>),
    Hunt(Arc<Hunt>),
    Listed(Arc<Listed>),
}

/// One run of the mover.
struct Leg {
    journal: Journal,
    ledger: Ledger,
    feed: Feed,
    sink: Option<Arc<dyn Sink>>,
    options: Options,
    total: u64,
}

/// What came of a run: how it ended, the journal, and sentences.
pub(super) type Outcome = (Ended, Option<PathBuf>, Vec<String>);

/// Runs that were cut off, of the place that we are connected to; the newest first.
pub(super) fn unfinished(shelf: &Shelf, aws: &Connection) -> Vec<(PathBuf, Ledger)> {
    let endpoint = aws.endpoint().map(Endpoint::url);
    // Who we are is not asked for this: a journal of another account's queue is refused there.
    let is_here = |ledger: &Ledger| ledger.is_of(endpoint, aws.region(), "");
    let all = shelf.unfinished().unwrap_or_default().into_iter();
    all.filter(|(_, ledger)| is_here(ledger)).map(|(id, ledger)| (shelf.path(&id), ledger)).collect()
}

impl Crew {
    fn begun(&self, deed: Deed, from: Origin, to: Destination) -> Begun {
        Begun {
            version: VERSION,
            at: clock::now(),
            who: self.laid.who.clone(),
            endpoint: self.aws.endpoint().map(|endpoint| endpoint.url().to_owned()),
            region: self.aws.region().to_owned(),
            deed,
            from,
            to,
            scope: Scope::All { limit: None },
            edited: None,
            undoes: None,
            rate: None,
        }
    }

    /// Does what is planned.
    pub(super) async fn travel(self, draft: Draft, ids: Vec<String>, changes: HashMap<String, Change>) -> Outcome {
        if let Some((path, ways)) = &draft.ways {
            return self.undo(path, ways, draft.wanted.options).await;
        }
        if draft.wanted.native {
            return self.natively(&draft).await;
        }
        let plan = &draft.plan;
        let begun = Begun {
            scope: plan.scope.clone(),
            edited: plan.edited.clone(),
            rate: plan.options.rate,
            ..self.begun(plan.deed, plan.from.clone(), plan.to.clone())
        };
        let sink = match sink(&plan.to, Existing::Refuse) {
            Ok(sink) => sink,
            Err(why) => return failed(why),
        };
        let (journal, ledger) = match self.open(begun, &ids).await {
            Ok(opened) => opened,
            Err(why) => return failed(why),
        };
        let is_all = matches!(plan.scope, Scope::All { .. });
        let feed = if is_all { self.all_of_it().await } else { self.chosen(&ids, changes).await };
        let leg = Leg { journal, ledger, feed, sink, options: plan.options, total: plan.about };
        self.run(leg).await
    }

    /// The journal of a new run.
    async fn open(&self, begun: Begun, ids: &[String]) -> Result<(Journal, Ledger), String> {
        let is_chosen = matches!(begun.scope, Scope::Chosen { .. });
        let chosen = if is_chosen { ids } else { &[] };
        self.shelf.begin(begun, chosen).await.map_err(|error| error.to_string())
    }

    async fn chosen(&self, ids: &[String], changes: HashMap<String, Change>) -> Feed {
        let wanted = move |message: &Message| match changes.get(&message.id).map(|change| change.apply(message)) {
            None => Decision::Take(None),
            Some(Ok(outgoing)) => Decision::Take(Some(Box::new(outgoing))),
            // It went well when it was tried; should it not now, the message stays.
            Some(Err(_)) => Decision::Leave,
        };
        Feed::Chosen(Arc::new(self.laid.hold.supply(ids, Box::new(wanted)).await))
    }

    /// What is held would be kept from the run: it is given back first.
    async fn all_of_it(&self) -> Feed {
        self.laid.hold.release().await;
        let queue = self.laid.queue().clone();
        Feed::Hunt(Arc::new(Hunt::for_all(Arc::clone(&self.wire), queue, Hunting::new(clock::now))))
    }

    async fn run(&self, leg: Leg) -> Outcome {
        let path = leg.journal.path().to_owned();
        let supply: Arc<dyn Supply> = match &leg.feed {
            Feed::Chosen(chosen) => Arc::clone(chosen) as Arc<dyn Supply>,
            Feed::Hunt(hunt) => Arc::clone(hunt) as Arc<dyn Supply>,
            Feed::Listed(listed) => Arc::clone(listed) as Arc<dyn Supply>,
        };
        let queues: Vec<_> = leg.ledger.begun.to.queues().iter().map(|queue| queue.arn.clone()).collect();
        let listener = cloudwatch::listener(&self.aws, &self.routes, &queues, clock::now);
        let listener = timeout(LISTENER, listener).await.ok().flatten();
        let job = Job {
            listener,
            wire: Arc::clone(&self.wire),
            journal: leg.journal,
            ledger: leg.ledger,
            supply,
            sink: leg.sink,
            options: leg.options,
            total: leg.total,
            progress: self.progress.clone(),
            tell: Some(self.told.clone()),
            stop: self.stop.clone(),
            clock: clock::now,
        };
        let ended = job.run().await;
        let released = match leg.feed {
            Feed::Chosen(chosen) => chosen.close().await,
            Feed::Hunt(hunt) => hunt.close().await,
            Feed::Listed(_) => Released::default(),
        };
        let notes = if released.stuck > 0 { vec![released.to_string()] } else { Vec::new() };
        (ended, Some(path), notes)
    }

    async fn undo(&self, path: &Path, ways: &[Way], options: Options) -> Outcome {
        let id = id_of(path);
        let mut outcome = (Ended::Done, None, Vec::new());
        for way in ways {
            if self.stop.is_cancelled() {
                break;
            }
            let begun = Begun {
                undoes: Some(id.clone()),
                rate: options.rate,
                scope: Scope::Chosen { count: way.most() },
                ..self.begun(way.deed(), way.from(&id), way.to().clone())
            };
            let (journal, ledger) = match self.open(begun, &way.sought()).await {
                Ok(opened) => opened,
                Err(why) => return failed(why),
            };
            let leg = Leg { journal, ledger, feed: self.back(way, path).await, sink: None, options, total: way.most() };
            let (ended, journal, notes) = self.run(leg).await;
            let missing = way.most().saturating_sub(self.progress.borrow().moved);
            outcome.2.extend(notes);
            if missing > 0 && ended == Ended::Done {
                outcome.2.push(format!("{missing} were not there any more: they are consumed"));
            }
            outcome = (ended, journal, outcome.2);
        }
        outcome
    }

    async fn back(&self, way: &Way, path: &Path) -> Feed {
        match way {
            Way::FromQueue { queue, ids, .. } => {
                let waiting = self.wire.standing(queue).await.map(|standing| standing.total()).unwrap_or_default();
                let hunting = Hunting::new(clock::now).among(ids.len() as u64, waiting);
                let (wire, queue) = (Arc::clone(&self.wire), queue.as_ref().clone());
                Feed::Hunt(Arc::new(Hunt::new(wire, queue, hunting, as_before(way, path))))
            }
            Way::FromJournal { to, ids } => {
                let is_ordered = to.queues().iter().any(|queue| queue.is_fifo());
                Feed::Listed(Arc::new(Listed::new(Box::new(kept(path, ids)), is_ordered)))
            }
        }
    }

    /// Goes on with these runs one after the other, and says of each what it came to.
    pub(super) async fn go_on_with_all(&self, paths: Vec<PathBuf>) -> Outcome {
        let mut runs = Vec::new();
        for path in paths {
            if self.stop.is_cancelled() {
                break;
            }
            self.progress.send_replace(Progress::default());
            let outcome = self.go_on(&path).await;
            runs.push((id_of(&path), self.progress.borrow().clone(), outcome));
        }
        let (progress, outcome) = together(runs);
        self.progress.send_replace(progress);
        outcome
    }

    /// Goes on with what was cut off.
    async fn go_on(&self, path: &Path) -> Outcome {
        // Before anything is written to it: whoever can go on with it finds it as it was.
        match Ledger::read(path) {
            Ok(ledger) if ledger.begun.from.queue().is_none() => {
                let id = id_of(path);
                return failed(format!(
                    "{id} does not come from a queue and was not touched: `edatop redrive --resume {id}` goes on with it"
                ));
            }
            Ok(_) => {}
            Err(error) => return failed(error.to_string()),
        }
        let reopened = mover::reopen(&self.wire, path, &self.laid.who, clock::now()).await;
        let (journal, ledger) = match reopened {
            Ok(reopened) => reopened,
            Err(error) => return failed(error.to_string()),
        };
        let Some(queue) = ledger.begun.from.queue().cloned() else {
            return failed("only what came from a queue can be gone on with here".to_owned());
        };
        let sink = match sink(&ledger.begun.to, Existing::Continue) {
            Ok(sink) => sink,
            Err(why) => return failed(why),
        };
        // What is held on the desk would be kept from it.
        if queue.url == self.laid.queue().url {
            self.laid.hold.release().await;
        }
        let standing = self.wire.standing(&queue).await.map(|standing| standing.total()).unwrap_or_default();
        let total = ledger.wanted().unwrap_or(ledger.counts().moved + standing);
        let options = Options { rate: ledger.begun.rate, ..Options::default() };
        let hunt = match again::hunt(&self.wire, &queue, &ledger, &self.shelf, clock::now) {
            Ok(hunt) => hunt,
            Err(error) => return failed(error.to_string()),
        };
        self.run(Leg { journal, ledger, feed: Feed::Hunt(Arc::new(hunt)), sink, options, total }).await
    }

    /// AWS's own move task, followed.
    async fn natively(&self, draft: &Draft) -> Outcome {
        self.laid.hold.release().await;
        let to = match &draft.plan.to {
            Destination::Queue(queue) => Some(queue.as_ref()),
            _ => None,
        };
        let rate = draft.wanted.options.rate.map(native::whole_rate);
        let started = match native::start(&self.aws, self.laid.queue(), to, rate).await {
            Ok(started) => started,
            Err(refusal) => return failed(refusal.text),
        };
        let (seen, mut sees) = watch::channel(native::Task::default());
        let progress = self.progress.clone();
        let mirror = tokio::spawn(async move {
            while sees.changed().await.is_ok() {
                let task = sees.borrow_and_update().clone();
                progress.send_modify(|progress| {
                    progress.moved = task.moved;
                    progress.total = task.to_move.unwrap_or(progress.total);
                });
            }
        });
        let followed = native::follow(&self.aws, self.laid.queue(), &started, &seen, &self.stop).await;
        drop(seen);
        let _ = mirror.await;
        match followed {
            Err(refusal) => failed(refusal.text),
            Ok(task) if task.status == "COMPLETED" => (Ended::Done, None, Vec::new()),
            Ok(task) if task.status == "CANCELLED" => (Ended::Cancelled, None, Vec::new()),
            Ok(task) => failed(task.failure.unwrap_or(task.status)),
        }
    }
}

/// What several runs came to: all their messages, the first that did not go well, and a sentence for each.
fn together(mut runs: Vec<(String, Progress, Outcome)>) -> (Progress, Outcome) {
    if runs.len() == 1
        && let Some((_, progress, outcome)) = runs.pop()
    {
        return (progress, outcome);
    }
    let mut all = Progress::default();
    let (mut worst, mut last) = (Ended::Done, None);
    let mut notes = Vec::new();
    for (id, progress, (ended, journal, said)) in runs {
        let moved = format!("{id}: {} of {} moved", progress.moved, progress.total);
        notes.push(match &ended {
            Ended::Done => moved,
            Ended::Cancelled => format!("{moved}; stopped as you wished"),
            Ended::Stopped { why } => format!("{moved}; it stopped: {why}"),
        });
        notes.extend(said);
        all.total += progress.total;
        all.moved += progress.moved;
        all.arrived += progress.arrived;
        all.refused += progress.refused;
        all.maybe_twice += progress.maybe_twice;
        all.bounced += progress.bounced;
        worst = match (worst, ended) {
            (Ended::Done, Ended::Stopped { .. }) => Ended::Stopped { why: format!("{id} did not end well") },
            (Ended::Done, ended) => ended,
            (worst, _) => worst,
        };
        last = journal.or(last);
    }
    if notes.is_empty() {
        notes.push("nothing was cut off".to_owned());
    }
    (all, (worst, last, notes))
}

fn failed(why: String) -> Outcome {
    (Ended::Stopped { why }, None, Vec::new())
}

/// Where a run writes its messages, if it writes any.
fn sink(to: &Destination, existing: Existing) -> Result<Option<Arc<dyn Sink>>, String> {
    let Destination::File(path) = to else { return Ok(None) };
    let file = IntoFile::open(path, existing).map_err(|error| error.to_string())?;
    Ok(Some(Arc::new(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_runs_each_is_said_and_the_worst_counts() {
        let run = |id: &str, moved, ended| {
            let progress = Progress { total: 10, moved, ..Progress::default() };
            (id.to_owned(), progress, (ended, Some(PathBuf::from(id)), Vec::new()))
        };
        let stopped = Ended::Stopped { why: "the queue is gone".to_owned() };
        let (progress, (ended, journal, said)) = together(vec![run("one", 3, stopped), run("two", 10, Ended::Done)]);
        assert_eq!((progress.moved, progress.total), (13, 20));
        assert_eq!(ended, Ended::Stopped { why: "one did not end well".to_owned() });
        assert_eq!(journal, Some(PathBuf::from("two")));
        assert_eq!(said, ["one: 3 of 10 moved; it stopped: the queue is gone", "two: 10 of 10 moved"]);
        assert_eq!(together(Vec::new()).1.2, ["nothing was cut off"]);
    }
}
