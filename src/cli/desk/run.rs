//! A run of the mover, attended: journal opened, each fate a line, the bar, and what it came to in the end.

use std::{
    collections::HashSet,
    io::IsTerminal,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    CUT_OFF, Desk, LEFT, Outcome,
    bar::Bar,
    lines::{Fate, Lines, Word},
};
use crate::{
    app::clock,
    cli::{complain, journal::unread, opening::GivenUp},
    redrive::{
        journal::{Begun, Deed, Ended, Journal, Ledger, Record, Shelf, VERSION, id_of},
        mover::{Job, Progress, Sink, Telling, Told, supply::Supply},
        plan::{Options, Plan},
        why::cloudwatch,
    },
};

/// Fates on their way to stdout; a reader that is slow makes the run wait.
const TOLD: usize = 256;
/// Ids in one record.
const CHOSEN: usize = 1000;
/// How long a run waits for who listens to its consumer.
const LISTENER: Duration = Duration::from_secs(3);
const REDRAW: Duration = Duration::from_millis(100);

/// A run, ready to go.
pub struct Trip {
    pub journal: Journal,
    pub ledger: Ledger,
    pub supply: Arc<dyn Supply>,
    pub sink: Option<Arc<dyn Sink>>,
    pub options: Options,
    pub total: u64,
    /// The ids, where they were chosen one by one.
    pub chosen: Vec<String>,
    pub ascii: bool,
}

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    journal: String,
    journal_file: &'a Path,
    deed: Deed,
    from: String,
    to: String,
    moved: u64,
    refused: u64,
    doubtful: u64,
    bounced: u64,
    maybe_twice: u64,
    left: u64,
    elapsed_seconds: f64,
    ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

/// What was told of messages while it ran.
#[derive(Debug, Default)]
struct Heard {
    doubtful: u64,
    bounced: u64,
    /// Chosen, and nothing was told of them.
    left: u64,
}

/// The journal of a new run; `chosen` are the ids, where they were chosen one by one.
///
/// # Errors
/// The disk's.
pub async fn begin(desk: &Desk, shelf: &Shelf, plan: &Plan, chosen: &[String]) -> Result<(Journal, Ledger), GivenUp> {
    begin_undo(desk, shelf, (plan, None), chosen).await
}

/// As [`begin`], of a run that may undo another.
///
/// # Errors
/// The disk's.
pub async fn begin_undo(
    desk: &Desk,
    shelf: &Shelf,
    (plan, undoes): (&Plan, Option<String>),
    chosen: &[String],
) -> Result<(Journal, Ledger), GivenUp> {
    let begun = Begun {
        version: VERSION,
        at: clock::now(),
        who: desk.who.clone(),
        endpoint: desk.aws.endpoint().map(|endpoint| endpoint.url().to_owned()),
        region: desk.aws.region().to_owned(),
        deed: plan.deed,
        from: plan.from.clone(),
        to: plan.to.clone(),
        scope: plan.scope.clone(),
        edited: plan.edited.clone(),
        undoes,
        rate: plan.options.rate,
    };
    let journal = shelf.create(begun).await.map_err(|error| unread(&error))?;
    for ids in chosen.chunks(CHOSEN) {
        journal.append(&Record::Chosen { ids: ids.to_vec() }).await.map_err(|error| unread(&error))?;
    }
    let ledger = Ledger::read(journal.path()).map_err(|error| unread(&error))?;
    Ok((journal, ledger))
}

/// Runs it to its end, and tells of it on the way.
///
/// # Errors
/// stdout's, and the journal's.
pub async fn attend(desk: &Desk, trip: Trip, stop: &CancellationToken) -> Outcome {
    let path = trip.journal.path().to_owned();
    let begun = trip.ledger.begun.clone();
    let (progress, news) = watch::channel(Progress { total: trip.total, ..Progress::default() });
    let (tell, told) = mpsc::channel(TOLD);
    let queues: Vec<_> = begun.to.queues().iter().map(|queue| queue.arn.clone()).collect();
    let listener = timeout(LISTENER, cloudwatch::listener(&desk.aws, &[], &queues, clock::now)).await;
    let job = Job {
        listener: listener.ok().flatten(),
        wire: Arc::clone(&desk.wire),
        journal: trip.journal,
        ledger: trip.ledger,
        supply: trip.supply,
        sink: trip.sink,
        options: trip.options,
        total: trip.total,
        progress,
        tell: Some(tell),
        stop: stop.clone(),
        clock: clock::now,
    };
    let mut lines = Lines::default();
    let ears = Ears { told, news: news.clone(), bar: Bar::new(trip.total, trip.ascii), lines: &mut lines };
    let (ended, heard) = tokio::join!(job.run(), ears.listen(trip.chosen));
    let heard = heard?;
    let progress = news.borrow().clone();
    let (word, why) = match &ended {
        Ended::Done => ("done", None),
        Ended::Cancelled => ("cancelled", None),
        Ended::Stopped { why } => ("stopped", Some(why.as_str())),
    };
    let summary = Summary {
        journal: id_of(&path),
        journal_file: &path,
        deed: begun.deed,
        from: begun.from.name(),
        to: begun.to.name(),
        moved: progress.moved,
        refused: progress.refused,
        doubtful: heard.doubtful,
        bounced: progress.bounced.max(heard.bounced),
        maybe_twice: progress.maybe_twice,
        left: heard.left,
        elapsed_seconds: progress.elapsed.as_secs_f64(),
        ended: word,
        why,
    };
    lines.put(&serde_json::json!({ "Summary": summary }))?;
    let is_unfinished = ended != Ended::Done && Ledger::read(&path).is_ok_and(|ledger| ledger.is_unfinished());
    complain(&in_words(&summary, is_unfinished));
    Ok(code(&ended, is_unfinished, &summary))
}

fn code(ended: &Ended, is_unfinished: bool, summary: &Summary<'_>) -> u8 {
    let left = summary.refused + summary.doubtful + summary.bounced + summary.left;
    match ended {
        Ended::Cancelled => CUT_OFF,
        _ if is_unfinished => CUT_OFF,
        Ended::Done if left == 0 => 0,
        Ended::Done | Ended::Stopped { .. } => LEFT,
    }
}

/// `moved 40 in 1.3 s, 2 refused: 1 source …; journal ID`.
fn in_words(summary: &Summary<'_>, is_unfinished: bool) -> String {
    let counts = [
        (summary.refused, "refused"),
        (summary.doubtful, "doubtful"),
        (summary.bounced, "came back"),
        (summary.left, "left where they were"),
        (summary.maybe_twice, "perhaps there twice"),
    ];
    let mut said = vec![format!("{} moved in {:.1} s", summary.moved, summary.elapsed_seconds)];
    said.extend(counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    let mut text = format!("{}: {}", summary.ended, said.join(", "));
    if let Some(why) = summary.why {
        text = format!("{text}; {why}");
    }
    let next = if is_unfinished {
        format!("go on with `edatop redrive --resume {}`", summary.journal)
    } else {
        let does = if summary.moved > 0 && summary.deed != Deed::Undo { "undo" } else { "show" };
        format!("`edatop journal {does} {}`", summary.journal)
    };
    format!("{text}; {next}")
}

/// Listens to a run.
struct Ears<'a> {
    told: mpsc::Receiver<Told>,
    news: watch::Receiver<Progress>,
    bar: Bar,
    lines: &'a mut Lines,
}

impl Ears<'_> {
    /// Until the run has ended. On a terminal a line for each message that is well would only hide the others.
    async fn listen(mut self, chosen: Vec<String>) -> Result<Heard, GivenUp> {
        let mut left: HashSet<String> = chosen.into_iter().collect();
        let mut heard = Heard::default();
        let mut redraw = interval(REDRAW);
        redraw.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let began = Instant::now();
        let is_watched = std::io::stdout().is_terminal();
        loop {
            tokio::select! {
                told = self.told.recv() => match told {
                    None => break,
                    Some(told) => {
                        left.remove(&told.id);
                        heard.doubtful += u64::from(matches!(told.fate, Telling::Doubtful(_)));
                        heard.bounced += u64::from(matches!(told.fate, Telling::Bounced));
                        if !(is_watched && matches!(told.fate, Telling::Moved { .. })) {
                            self.put(&fate(&told))?;
                        }
                    }
                },
                _ = redraw.tick() => {
                    let progress = Progress { elapsed: began.elapsed(), ..self.news.borrow().clone() };
                    self.bar.show(&progress);
                }
            }
        }
        self.bar.clear();
        heard.left = left.len() as u64;
        for id in &left {
            self.put(&Fate { message_id: id, fate: Word::Left, new_message_id: None, reason: None })?;
        }
        Ok(heard)
    }

    /// A reader that is slow may block us: the other tasks go on elsewhere.
    fn put(&mut self, fate: &Fate<'_>) -> Result<(), GivenUp> {
        let Self { bar, lines, .. } = self;
        bar.above(|| tokio::task::block_in_place(|| lines.put(fate)))
    }
}

fn fate(told: &Told) -> Fate<'_> {
    let (fate, new_message_id, reason) = match &told.fate {
        Telling::Moved { new_id } => (Word::Moved, new_id.as_deref(), None),
        Telling::Refused(why) => (Word::Refused, None, Some(why.as_str())),
        Telling::Doubtful(why) => (Word::Doubtful, None, Some(why.as_str())),
        Telling::Bounced => (Word::Bounced, None, Some("it was moved, and came back")),
    };
    Fate { message_id: &told.id, fate, new_message_id, reason }
}
