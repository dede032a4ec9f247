//! From a wish to a plan: what, from where, to where, how many, and what could go wrong. Nothing is changed yet.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::{
    bench::{Bench, Note},
    counting::{counted, split},
    crew::unfinished,
    editing::said_of_all,
    laying::Laid,
    resuming::resuming,
    undoing::{newest_run, undoing},
};
use crate::{
    app::clock,
    aws::Connection,
    domain::units::Count,
    overlays::desk::model::{self, Adjust, Stage, Taker},
    redrive::{
        journal::{Deed, Destination, Ledger, Origin, Scope, Shelf},
        native,
        plan::{Consumer, MOVE_TASK_RATE, Options, Plan, Prospect},
        queue::Standing,
        undo::Way,
        why::{cloudwatch, lines::LogReader, takers},
        wire::Wire,
    },
};

/// How long a plan waits for what is known of the consumer.
const CONSUMER: Duration = Duration::from_secs(4);

/// What the user wants, as far as he said.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) deed: model::Deed,
    pub(super) rows: Vec<u32>,
    /// Empty for where they came from.
    pub(super) to: String,
    pub(super) options: Options,
    pub(super) file: Option<PathBuf>,
    pub(super) native: bool,
}

/// A plan, with all that is needed to do it.
pub(super) struct Draft {
    pub(super) wanted: Wanted,
    pub(super) plan: Plan,
    pub(super) shown: model::Plan,
    /// For undoing: the journal, and the ways back.
    pub(super) ways: Option<(PathBuf, Vec<Way>)>,
    /// For going on: the journals of the runs, the oldest first.
    pub(super) resumes: Vec<PathBuf>,
}

/// What a plan needs to know of the desk.
pub(super) struct Facts {
    pub(super) laid: Arc<Laid>,
    pub(super) wire: Arc<dyn Wire>,
    pub(super) aws: Arc<Connection>,
    reader: Arc<dyn LogReader>,
    takers: Vec<Taker>,
    edited: Option<String>,
    first_sent: Option<Timestamp>,
    splits_groups: bool,
    /// Of each that is meant, its id and the ARN of the queue that gave it up.
    pub(super) origins: Vec<(Arc<str>, Option<Arc<str>>)>,
    /// All that the queue has is meant.
    is_all: bool,
    pub(super) about: u64,
    /// What was said to be meant: the chosen ones, or what is listed.
    meant: String,
    pub(super) last_run: Option<PathBuf>,
    pub(super) shelf: Option<Shelf>,
}

impl Bench {
    pub(super) fn plan(&mut self, deed: model::Deed) {
        let rows = match deed {
            model::Deed::Undo | model::Deed::Resume => Vec::new(),
            model::Deed::Purge => self.sheet.all(),
            // What is listed was not chosen: it is not deleted by a slip.
            model::Deed::Delete => self.sheet.chosen_rows(),
            _ => self.sheet.meant(),
        };
        if self.laid.is_none() {
            self.resumes_first |= deed == model::Deed::Resume;
            return;
        }
        if self.run.is_some() {
            return;
        }
        if rows.is_empty() && !matches!(deed, model::Deed::Undo | model::Deed::Purge | model::Deed::Resume) {
            let what = match deed {
                model::Deed::Delete => "nothing is chosen: space, a or * choose what is to be deleted",
                _ => "there is nothing to do that with: nothing is chosen, and nothing is listed",
            };
            return self.say(what, false);
        }
        let needs_file = matches!(deed, model::Deed::Write | model::Deed::Delete | model::Deed::Purge);
        let file = if needs_file { self.file_name() } else { None };
        let wanted = Wanted { deed, rows, to: String::new(), options: Options::default(), file, native: false };
        self.draw_up(wanted);
    }

    /// `stats-dlq-20261121T140312Z.jsonl` where edatop was started.
    fn file_name(&self) -> Option<PathBuf> {
        let name = self.laid.as_ref()?.queue().name();
        let at = clock::now().strftime("%Y%m%dT%H%M%SZ");
        Some(std::env::current_dir().ok()?.join(format!("{name}-{at}.jsonl")))
    }

    pub(super) fn adjust(&mut self, adjust: Adjust) {
        let newest = self.awaited.wanted().or_else(|| self.draft.as_ref().map(|draft| &draft.wanted));
        let Some(mut wanted) = newest.cloned() else { return };
        match adjust {
            Adjust::Canary => wanted.options.canary = !wanted.options.canary,
            Adjust::Rate(rate) => wanted.options.rate = rate,
            Adjust::To(to) => wanted.to = to,
            Adjust::File(file) => wanted.file = file,
            Adjust::Native => wanted.native = !wanted.native,
        }
        self.draw_up(wanted);
    }

    fn draw_up(&mut self, wanted: Wanted) {
        let Some(facts) = self.facts(&wanted) else { return };
        let number = self.awaited.next(&wanted);
        self.start(async move { Note::Drafted(number, Box::new(draft(facts, wanted).await)) });
    }

    fn facts(&mut self, wanted: &Wanted) -> Option<Facts> {
        let meant = self.said_of_meant(wanted.rows.len() as u64);
        let laid = Arc::clone(self.laid.as_ref()?);
        let rows = || wanted.rows.iter().filter_map(|row| self.rows.get(*row as usize));
        let mut of_groups: HashMap<&str, (u64, u64)> = HashMap::new();
        if laid.queue().is_fifo() {
            for row in &self.rows {
                of_groups.entry(row.group.as_deref().unwrap_or_default()).or_default().0 += 1;
            }
            for row in rows() {
                of_groups.entry(row.group.as_deref().unwrap_or_default()).or_default().1 += 1;
            }
        }
        let about = self.about().unwrap_or_default();
        Some(Facts {
            wire: Arc::clone(&self.wire),
            aws: Arc::clone(&self.aws),
            reader: self.logs.reader(),
            takers: self.subject.takers.clone(),
            edited: said_of_all(wanted.rows.iter().map(|row| self.edits.get(row))),
            first_sent: rows().filter_map(|row| row.sent_at).min(),
            origins: rows().map(|row| (Arc::clone(&row.id), row.source.clone())).collect(),
            splits_groups: of_groups.values().any(|(there, meant)| *meant > 0 && meant < there),
            is_all: self.sheet.chosen() == 0 && wanted.rows.len() as u64 >= about.max(self.sheet.held()),
            about,
            meant,
            last_run: self.last_run.clone().or_else(|| newest_run(self.shelf().as_ref()?, laid.queue())),
            shelf: self.shelf(),
            laid,
        })
    }

    /// What is meant, in words: nobody moves by a slip what he did not choose.
    fn said_of_meant(&mut self, count: u64) -> String {
        let messages = if count == 1 { "message" } else { "messages" };
        let number = Count(count as f64);
        if self.sheet.chosen() > 0 {
            return format!("{number} chosen {messages}");
        }
        let listed = match self.listed_cluster() {
            Some(title) => format!("of the cluster {title}"),
            None => "of all clusters".to_owned(),
        };
        let found = self.search.as_ref().map_or_else(String::new, |search| format!(" that match {}", search.find));
        format!("nothing is chosen: all {number} listed {messages}, {listed}{found}")
    }

    pub(super) fn shelf(&self) -> Option<Shelf> {
        self.state.as_ref().map(|state| Shelf::new(state.join(super::JOURNALS)))
    }

    pub(super) fn drafted(&mut self, number: u64, draft: Box<Draft>) {
        if self.awaited.takes(number) && matches!(self.stage, Stage::Columns | Stage::Plan(_) | Stage::Ended(_)) {
            self.stage = Stage::Plan(draft.shown.clone());
            self.draft = Some(draft);
        }
    }
}

async fn draft(facts: Facts, wanted: Wanted) -> Draft {
    match wanted.deed {
        model::Deed::Undo => return undoing(facts, wanted).await,
        model::Deed::Resume => return resuming(&facts, wanted).await,
        _ => {}
    }
    let (count, queue) = (wanted.rows.len() as u64, facts.laid.queue().clone());
    let is_purge = wanted.deed == model::Deed::Purge;
    let scope = if is_purge || wanted.native { Scope::All { limit: None } } else { Scope::Chosen { count } };
    let (deed, to, refused) = destination(&facts, &wanted).await;
    let refused = cut_off(&facts, wanted.deed).await.or(refused);
    let counted = if is_purge { Some(counted(&facts).await) } else { None };
    let prospect = prospect(&facts, &to).await;
    let split = split(&facts, &to).await;
    let plan = Plan {
        deed,
        from: Origin::Queue(Box::new(queue)),
        to,
        scope,
        about: counted.as_ref().map_or(count, |(about, _)| *about),
        split,
        edited: facts.edited.clone().filter(|_| deed == Deed::Redrive),
        options: wanted.options,
        risks: Vec::new(),
    };
    let plan = plan.with_prospect(&prospect);
    let mut shown = shown(&facts, &wanted, &plan, refused);
    shown.lines.extend(counted.map(|(_, said)| said));
    Draft { wanted, plan, shown, ways: None, resumes: Vec::new() }
}

/// Why nothing may be moved yet: what an earlier run has sent and not yet deleted here would be sent once more, and no journal would
/// count it.
async fn cut_off(facts: &Facts, deed: model::Deed) -> Option<String> {
    if matches!(deed, model::Deed::Write | model::Deed::Undo | model::Deed::Resume) {
        return None;
    }
    let (shelf, aws, arn) = (facts.shelf.clone()?, Arc::clone(&facts.aws), facts.laid.queue().arn.clone());
    let all = tokio::task::spawn_blocking(move || unfinished(&shelf, &aws)).await.unwrap_or_default();
    let is_of_it = |ledger: &Ledger| ledger.begun.from.queue().is_some_and(|from| from.arn == arn);
    all.iter().any(|(_, ledger)| is_of_it(ledger)).then(|| {
        "an earlier run of this queue was cut off: esc, then C goes on with it (`edatop redrive --anyway` does not wait for it)"
            .to_owned()
    })
}

/// Where to; and why that is not possible.
async fn destination(facts: &Facts, wanted: &Wanted) -> (Deed, Destination, Option<String>) {
    let to_file = |file: &Option<PathBuf>| file.clone().map(Destination::File);
    match wanted.deed {
        model::Deed::Write => match to_file(&wanted.file) {
            Some(file) => (Deed::Export, file, None),
            None => (Deed::Export, Destination::Journal, Some("press f and name a file".to_owned())),
        },
        model::Deed::Delete | model::Deed::Purge => match to_file(&wanted.file) {
            Some(file) => (Deed::Export, file, None),
            None => (Deed::Delete, Destination::Journal, None),
        },
        _ if wanted.to.is_empty() => {
            let name = facts.laid.queue().name();
            let nowhere = match &facts.laid.unlisted {
                None => format!("no queue sends its dead letters to {name}: press t and name one"),
                Some(why) => {
                    format!("which queues send their dead letters to {name} is not known ({why}): press t and name one")
                }
            };
            let refused = facts.laid.sources.is_empty().then_some(nowhere);
            (Deed::Redrive, Destination::Sources(facts.laid.sources.clone()), refused)
        }
        _ => match facts.wire.find(&wanted.to).await {
            Ok(queue) => {
                let same = format!("{} is where they are already", queue.name());
                let refused = (queue.arn == facts.laid.queue().arn).then_some(same);
                (Deed::Redrive, Destination::Queue(Box::new(queue)), refused)
            }
            Err(refusal) => (Deed::Redrive, Destination::Sources(facts.laid.sources.clone()), Some(refusal.text)),
        },
    }
}

async fn prospect(facts: &Facts, to: &Destination) -> Prospect {
    let mut waiting: Option<Standing> = None;
    for queue in to.queues() {
        if let Ok(standing) = facts.wire.standing(queue).await {
            let sum = waiting.get_or_insert_with(Standing::default);
            sum.visible += standing.visible;
            sum.in_flight += standing.in_flight;
            sum.delayed += standing.delayed;
        }
    }
    let loss = facts.first_sent.map(|sent| {
        let kept = SignedDuration::try_from(facts.laid.queue().retention).unwrap_or_default();
        let left = sent.checked_add(kept).map_or(SignedDuration::ZERO, |at| at.duration_since(clock::now()));
        Duration::try_from(left.max(SignedDuration::ZERO)).unwrap_or_default()
    });
    let consumer = consumer(facts, to).await;
    Prospect {
        there: Some(facts.laid.hold.standing()),
        waiting,
        consumer,
        first_loss: loss,
        splits_groups: facts.splits_groups,
        has_move_task: facts.is_all,
    }
}

/// The worst off of those who will take them: as the store knows them, or else as they are found now.
async fn consumer(facts: &Facts, to: &Destination) -> Option<Consumer> {
    let queues: Vec<_> = to.queues().iter().map(|queue| queue.arn.clone()).collect();
    let known = facts.takers.iter().filter(|taker| queues.contains(&taker.from));
    let known = takers::worst(known.map(|taker| taker.consumer.clone()));
    if known.is_some() {
        return known;
    }
    let asked = cloudwatch::consumer(&facts.aws, facts.reader.as_ref(), &queues, clock::now());
    timeout(CONSUMER, asked).await.ok().flatten()
}

fn shown(facts: &Facts, wanted: &Wanted, plan: &Plan, refused: Option<String>) -> model::Plan {
    let (name, count) = (facts.laid.queue().name(), Count(wanted.rows.len() as f64));
    let options = wanted.options;
    let redrives = wanted.deed == model::Deed::Redrive;
    let file = || wanted.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
    let (title, lines) = match wanted.deed {
        model::Deed::Write => (
            format!("write {count} messages"),
            vec![facts.meant.clone(), format!("written to {}", file()), "they stay in the queue".to_owned()],
        ),
        model::Deed::Purge => (format!("delete all of {name}"), plan.lines()),
        model::Deed::Delete => (format!("delete {count} messages"), plan.lines()),
        _ if wanted.native => {
            (format!("let the queue redrive all of {name} by itself"), of_the_move_task(options.rate))
        }
        _ => {
            let meant = facts.meant.starts_with("nothing").then(|| facts.meant.clone());
            (format!("redrive {count} messages"), meant.into_iter().chain(plan.lines()).collect())
        }
    };
    let is_deletion = matches!(wanted.deed, model::Deed::Delete | model::Deed::Purge);
    let has_file = is_deletion || wanted.deed == model::Deed::Write;
    model::Plan {
        title,
        lines,
        name: is_deletion.then(|| name.to_owned()),
        canary: (redrives && !wanted.native).then_some(options.canary),
        rate: (redrives && !wanted.native).then_some(options.rate),
        to: redrives.then(|| wanted.to.clone()),
        file: has_file.then(|| wanted.file.clone()),
        native: (redrives && facts.is_all && facts.edited.is_none()).then_some(wanted.native),
        refused,
    }
}

fn of_the_move_task(rate: Option<f64>) -> Vec<String> {
    let mut lines = vec![
        "AWS's own move task: all messages, 500 a second at most, with new ids and a new retention".to_owned(),
        "what is held here is given back first; there is no journal and no undo".to_owned(),
    ];
    lines.extend(rate.map(|rate| match native::whole_rate(rate) {
        whole if f64::from(whole) == rate => format!("at {whole} a second"),
        whole => format!("at {whole} a second instead of {rate}: it takes whole rates from 1 to {MOVE_TASK_RATE}"),
    }));
    lines
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, None)]
    #[case(Some(20.0), Some("at 20 a second"))]
    #[case(Some(900.0), Some("at 500 a second instead of 900: it takes whole rates from 1 to 500"))]
    #[case(Some(0.5), Some("at 1 a second instead of 0.5: it takes whole rates from 1 to 500"))]
    fn a_rate_that_the_move_task_cannot_have_is_said(#[case] rate: Option<f64>, #[case] expected: Option<&str>) {
        assert_eq!(of_the_move_task(rate).get(2).map(String::as_str), expected);
    }
}
