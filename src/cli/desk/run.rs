//! A run of the mover, attended: journal opened, each fate a line, the bar, and what it came to in the end.

use std::{
    collections::HashSet,
    io::IsTerminal,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    CUT_OFF, Desk, LEFT, Outcome,
    bar::Bar,
    lines::{Fate, Lines, Word},
    summary::{Ending, Summary, Sums},
};
use crate::{
    app::clock,
    cli::{complain, journal::unread, opening::GivenUp},
    redrive::{
        journal::{self, Begun, Counts, Deed, Ended, Journal, Ledger, Shelf, VERSION, id_of},
        mover::{Job, Progress, Sink, Telling, Told, supply::Supply},
        plan::{Options, Plan},
        returns::Returns,
        why::cloudwatch,
        words,
    },
};

/// Fates on their way to stdout; a reader that is slow makes the run wait.
const TOLD: usize = 256;
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
    /// So many were refused before it began.
    pub refused: u64,
    pub ascii: bool,
}

/// What was told of messages while it ran.
#[derive(Debug, Default)]
struct Heard {
    doubtful: HashSet<String>,
    bounced: u64,
    /// Chosen, and nothing was told of them.
    silent: HashSet<String>,
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
    shelf.begin(begun, chosen).await.map_err(|error| unread(&error))
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
    let bar = Bar::new(trip.total, begun.deed, trip.ascii);
    let ears = Ears { told, news: news.clone(), bar, lines: &mut lines };
    let (ended, heard) = tokio::join!(job.run(), ears.listen(trip.chosen));
    let heard = heard?;
    let ledger = if ended == Ended::Done && heard.silent.is_empty() { None } else { Ledger::read(&path).ok() };
    // What an undo does not find is not left: somebody has it.
    let is_undo = begun.undoes.is_some() && begun.from.queue().is_some();
    let rest = untold(
        &heard,
        ledger.as_ref(),
        is_undo.then_some("it was not found there: its consumer has it or is done with it"),
    );
    rest.iter().try_for_each(|fate| lines.put(fate))?;
    let left = rest.iter().filter(|fate| fate.fate == Word::Left).count() as u64;
    let counts = ledger.as_ref().map(Ledger::counts);
    let progress = news.borrow().clone();
    let (word, why) = match &ended {
        Ended::Done => (Ending::Done, None),
        Ended::Cancelled => (Ending::Cancelled, None),
        Ended::Stopped { why } => (Ending::Stopped, Some(why.as_str())),
    };
    let sums = Sums {
        moved: progress.moved,
        copied: 0,
        refused: progress.refused + trip.refused,
        doubtful: counts.map_or(if ended == Ended::Done { 0 } else { heard.doubtful.len() as u64 }, open),
        missing: counts.map_or(0, |counts| counts.missing),
        bounced: progress.bounced.max(heard.bounced),
        maybe_twice: progress.maybe_twice,
        left,
    };
    let returns = Returns::of(&begun).filter(|_| sums.moved > 0);
    let summary = Summary {
        deed: begun.deed,
        from: begun.from.name(),
        to: begun.to.name(),
        native: false,
        dry_run: false,
        about: trip.total,
        sums,
        elapsed_seconds: progress.elapsed.as_secs_f64(),
        ended: word,
        why,
        returns_until: returns.as_ref().and_then(|returns| returns.until(clock::now())),
        journal: Some(id_of(&path)),
        journal_file: Some(&path),
    };
    summary.put(&mut lines)?;
    let is_unfinished = ended != Ended::Done && ledger.as_ref().is_some_and(Ledger::is_unfinished);
    let may_go_on = ledger.as_ref().is_some_and(Ledger::may_go_on);
    complain(&in_words(&summary, (is_unfinished, may_go_on), is_undo));
    if let Some(returns) = returns {
        complain(&returns.in_words(clock::now()));
    }
    Ok(code(&ended, is_unfinished, &summary))
}

fn open(counts: Counts) -> u64 {
    counts.arrived + counts.doubtful
}

/// Of some messages nothing is told while it runs, if the journal could not be written, say: what it knows of them in the end.
fn untold<'a>(heard: &'a Heard, ledger: Option<&'a Ledger>, why_left: Option<&'static str>) -> Vec<Fate<'a>> {
    let is_open = |fate: &journal::Fate| matches!(fate, journal::Fate::Taken | journal::Fate::Doubtful);
    let is_news = |id: &str, fate| heard.silent.contains(id) || is_open(fate) && !heard.doubtful.contains(id);
    let entries = ledger.into_iter().flat_map(Ledger::entries).filter(|(id, entry)| is_news(id, &entry.fate));
    let untouched = heard.silent.iter().filter(|id| ledger.is_none_or(|ledger| ledger.get(id).is_none()));
    let left = |id: &'a String| Fate { message_id: id, fate: Word::Left, new_message_id: None, reason: why_left };
    entries.map(|(id, entry)| Fate::of(id, &entry.fate)).chain(untouched.map(left)).collect()
}

fn code(ended: &Ended, is_unfinished: bool, summary: &Summary<'_>) -> u8 {
    let sums = &summary.sums;
    let left = sums.refused + sums.doubtful + sums.missing + sums.bounced + sums.left;
    match ended {
        Ended::Cancelled => CUT_OFF,
        _ if is_unfinished => CUT_OFF,
        Ended::Done if left == 0 => 0,
        Ended::Done | Ended::Stopped { .. } => LEFT,
    }
}

/// `done: 40 moved in 1.3 s, 2 refused; `edatop journal undo …``.
fn in_words(summary: &Summary<'_>, (is_unfinished, may_go_on): (bool, bool), is_undo: bool) -> String {
    let sums = &summary.sums;
    let counts = [
        (sums.refused, "refused"),
        (sums.doubtful, "doubtful"),
        (sums.missing, "in the journal alone"),
        (sums.bounced, "came back"),
        (sums.left, if is_undo { "not found there, taken by their consumer" } else { "left where they were" }),
        (sums.maybe_twice, "perhaps there twice"),
    ];
    let mut said = vec![format!("{} {} in {:.1} s", sums.moved, words::done(summary.deed), summary.elapsed_seconds)];
    said.extend(counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    let mut text = format!("{}: {}", summary.ended.word(), said.join(", "));
    if let Some(why) = summary.why {
        text = format!("{text}; {why}");
    }
    let id = summary.journal.as_deref().unwrap_or_default();
    let next = if is_unfinished {
        format!("go on with `edatop redrive --resume {id}`")
    } else {
        let does = if sums.moved > 0 && summary.deed != Deed::Undo { "undo" } else { "show" };
        let rest = if may_go_on { format!(", or go on: `edatop redrive --resume {id}`") } else { String::new() };
        format!("`edatop journal {does} {id}`{rest}")
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
        let mut heard = Heard { silent: chosen.into_iter().collect(), ..Heard::default() };
        let mut redraw = interval(REDRAW);
        redraw.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let began = Instant::now();
        let is_watched = std::io::stdout().is_terminal();
        loop {
            tokio::select! {
                told = self.told.recv() => match told {
                    None => break,
                    Some(told) => {
                        heard.silent.remove(&told.id);
                        if matches!(told.fate, Telling::Doubtful(_)) {
                            heard.doubtful.insert(told.id.clone());
                        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::redrive::{
        journal::{Destination, Origin, Record, Scope, Taken},
        message::Message,
        queue::Queue,
    };

    fn queue(name: &str) -> Box<Queue> {
        Box::new(Queue {
            url: format!("http://localhost/{name}"),
            arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}").as_str().into(),
            visibility_timeout: Duration::from_secs(30),
            retention: Duration::from_secs(345_600),
            maximum_message_bytes: 1 << 20,
            redrive_policy: None,
            content_based_deduplication: false,
        })
    }

    /// Three were chosen, and the disk was full when the send of the first two was to be written down.
    #[tokio::test]
    async fn what_was_sent_and_not_written_down_is_doubtful_and_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let begun = Begun {
            version: VERSION,
            at: Timestamp::UNIX_EPOCH,
            who: String::new(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            deed: Deed::Redrive,
            from: Origin::Queue(queue("dlq")),
            to: Destination::Queue(queue("q")),
            scope: Scope::Chosen { count: 3 },
            edited: None,
            undoes: None,
            rate: None,
        };
        let journal = Shelf::new(folder.path()).create(begun).await.unwrap();
        let taken = |id: &str| Taken {
            sent_before: false,
            message: Message { id: id.to_owned(), ..Message::default() }.into(),
            to: None,
            outgoing: None,
            deduplication: None,
        };
        let messages = vec![taken("a"), taken("b"), taken("other")];
        journal.append(&Record::Taken { batch: 0, at: Timestamp::UNIX_EPOCH, messages }).await.unwrap();
        let ledger = Ledger::read(journal.path()).unwrap();
        let silent = ["a", "b", "c"].map(str::to_owned).into();
        let heard = Heard { silent, doubtful: ["other".to_owned()].into(), bounced: 0 };
        let words = |ledger: Option<&Ledger>| {
            let mut words: Vec<_> =
                untold(&heard, ledger, None).iter().map(|fate| (fate.message_id.to_owned(), fate.fate)).collect();
            words.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            words
        };
        let expected = [("a", Word::Doubtful), ("b", Word::Doubtful), ("c", Word::Left)];
        assert_eq!(words(Some(&ledger)), expected.map(|(id, word)| (id.to_owned(), word)));
        assert_eq!(words(None).len(), 3);
    }
}
