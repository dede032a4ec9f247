//! The task of an open desk: everything that is on it, and the loop that answers asks and takes in what others found out.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, sleep_until},
};

use super::{
    Held,
    awaited::Awaited,
    crew::Outcome,
    editing::{Change, InEditor, Proposal},
    finding::{Looked as LookedThrough, Search},
    laying::{Laid, Look},
    log::{Fetched, Logs},
    moving::Run,
    planning::Draft,
    refusals::Refusals,
    sheet::Sheet,
    standing::Counter,
    why::Learned,
};
use crate::{
    app::{
        Event,
        out::{Out, PICTURE},
    },
    aws::Connection,
    overlays::desk::model::{Ask, CutOff, News, Opened, Stage, Subject},
    redrive::{
        message::Message,
        mover::{Progress, Told},
        peek::{
            hold::{Found, Lost},
            look::Looked,
            row::Row,
        },
        queue::Standing,
        sqs::Sqs,
        why::{Clusters, cloudwatch::CloudWatch},
        wire::{Refusal, Wire},
    },
};

/// Things found out, on their way.
const NOTES: usize = 64;
/// Batches of messages on their way.
const FOUND: usize = 8;
const TOLD: usize = 256;

/// What a task of the desk found out.
pub(super) enum Note {
    Laid(Result<Box<Laid>, Refusal>),
    Looked(Looked),
    /// What the queue's own counter says.
    Counted(Result<Standing, Refusal>),
    CutOff(Vec<CutOff>),
    Lost(Vec<Lost>),
    Read(u32, Arc<Opened>),
    LookedThrough(LookedThrough),
    Learned(Vec<Learned>),
    Fetched(Box<Fetched>),
    Proposed(Result<Box<Proposal>, String>),
    ForEditor {
        row: u32,
        message: Box<Message>,
        document: String,
    },
    Drafted(u64, Box<Draft>),
    Ended(Box<(Outcome, Progress)>),
    /// Nothing worth a word.
    Quiet,
    /// A sentence, and whether it is bad news.
    Said(String, bool),
}

/// Which desk, and what it needs from outside.
pub(super) struct Bench {
    pub(super) aws: Arc<Connection>,
    pub(super) wire: Arc<dyn Wire>,
    /// Where journals and memories are kept; none without a home.
    pub(super) state: Option<PathBuf>,
    pub(super) subject: Subject,
    pub(super) notes: mpsc::Sender<Note>,
    pub(super) found: mpsc::Sender<Vec<Found>>,
    pub(super) told: mpsc::Sender<Told>,
    pub(super) progress: watch::Sender<Progress>,
    out: Out<News>,
    pub(super) held: Held,
    pub(super) laid: Option<Arc<Laid>>,
    pub(super) look: Option<Look>,
    pub(super) looked: Option<Looked>,
    /// Messages that had gone from here when that look ended.
    pub(super) gone_before: u64,
    pub(super) rows: Vec<Row>,
    pub(super) by_id: HashMap<Arc<str>, u32>,
    pub(super) lost: HashSet<u32>,
    /// Held no longer, because a run had to receive them itself.
    pub(super) given_back: HashSet<u32>,
    pub(super) sheet: Sheet,
    pub(super) clusters: Clusters,
    pub(super) search: Option<Search>,
    /// What the log says of messages: the cause, and how that is known.
    pub(super) causes: HashMap<u32, Arc<[String]>>,
    /// What the log says of messages that the cursor rested on.
    pub(super) logs: Logs,
    pub(super) opened: Option<(u32, Arc<Opened>)>,
    /// The row that is being read.
    pub(super) reading: Option<u32>,
    pub(super) edits: HashMap<u32, Change>,
    /// Edited and not yet agreed to.
    pub(super) proposal: Option<Box<Proposal>>,
    /// The message that is in the editor.
    pub(super) in_editor: Option<InEditor>,
    pub(super) draft: Option<Box<Draft>>,
    pub(super) awaited: Awaited,
    pub(super) run: Option<Box<Run>>,
    /// The journal of the last run that ended.
    pub(super) last_run: Option<PathBuf>,
    pub(super) stage: Stage,
    pub(super) trouble: Option<String>,
    pub(super) counter: Counter,
    /// What looking costs, until the user has gone on.
    pub(super) cost_line: Option<String>,
    /// Why leases were lost last.
    pub(super) lost_why: Option<String>,
    pub(super) looked_at: Option<Timestamp>,
    /// Why nothing was looked at.
    pub(super) unlooked: Option<String>,
    /// The newest first.
    pub(super) cut_off: Vec<CutOff>,
    /// The desk was opened to go on with those.
    pub(super) resumes_first: bool,
    pub(super) refusals: Refusals,
}

/// The other ends of the bench's channels.
struct Ears {
    notes: mpsc::Receiver<Note>,
    found: mpsc::Receiver<Vec<Found>>,
    told: mpsc::Receiver<Told>,
    progress: watch::Receiver<Progress>,
}

/// How to begin.
pub(super) struct Start {
    pub(super) aws: Arc<Connection>,
    pub(super) state: Option<PathBuf>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) number: u64,
    pub(super) subject: Subject,
    pub(super) held: Held,
}

/// Serves a desk until its asks end.
pub(super) async fn serve(start: Start, asks: mpsc::Receiver<Ask>) {
    let wire: Arc<dyn Wire> = Arc::new(Sqs::new(Arc::clone(&start.aws)));
    let (bench, ears) = furnish(start, wire);
    bench.serve(asks, ears).await;
}

/// An empty desk.
fn furnish(start: Start, wire: Arc<dyn Wire>) -> (Bench, Ears) {
    let (notes, noted) = mpsc::channel(NOTES);
    let (found, finds) = mpsc::channel(FOUND);
    let (told, tells) = mpsc::channel(TOLD);
    let (progress, progressed) = watch::channel(Progress::default());
    let logs = Logs::new(Arc::new(CloudWatch::new(Arc::clone(&start.aws))));
    let out = Out::new(start.events, start.number, Event::Desk);
    let bench = Bench {
        aws: start.aws,
        wire,
        state: start.state,
        subject: start.subject,
        notes,
        found,
        told,
        progress,
        out,
        held: start.held,
        laid: None,
        look: None,
        looked: None,
        gone_before: 0,
        rows: Vec::new(),
        by_id: HashMap::new(),
        lost: HashSet::new(),
        given_back: HashSet::new(),
        sheet: Sheet::new(),
        clusters: Clusters::default(),
        search: None,
        causes: HashMap::new(),
        logs,
        opened: None,
        reading: None,
        edits: HashMap::new(),
        proposal: None,
        in_editor: None,
        draft: None,
        awaited: Awaited::default(),
        run: None,
        last_run: None,
        stage: Stage::Opening,
        trouble: None,
        counter: Counter::new(),
        cost_line: None,
        lost_why: None,
        looked_at: None,
        unlooked: None,
        cut_off: Vec::new(),
        resumes_first: false,
        refusals: Refusals::default(),
    };
    (bench, Ears { notes: noted, found: finds, told: tells, progress: progressed })
}

impl Bench {
    async fn serve(mut self, mut asks: mpsc::Receiver<Ask>, mut ears: Ears) {
        let mut tick = interval(PICTURE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.lay();
        loop {
            tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    None | Some(Ask::Close) => break,
                    Some(ask) => {
                        self.ask(ask);
                        // A key held down is one picture.
                        if asks.is_empty() {
                            self.show();
                        }
                    }
                },
                Some(note) = ears.notes.recv() => {
                    // What became of each message was told before the run said that it ended.
                    while let Ok(told) = ears.told.try_recv() {
                        self.told(&told);
                    }
                    self.note(note);
                }
                Some(found) = ears.found.recv() => self.take_in(found),
                Some(told) = ears.told.recv() => self.told(&told),
                Ok(()) = ears.progress.changed() => self.follow(&ears.progress.borrow_and_update().clone()),
                () = sleep_until(self.counter.due), if self.laid.is_some() && self.run.is_none() && !self.counter.asking => self.count(),
                _ = tick.tick(), if self.out.is_due() => {}
            }
            self.read_chosen();
            self.fetch_log();
            if self.out.is_time() {
                self.show();
            }
        }
        // What is on its way is taken off it, so that nobody waits for us.
        drop(ears);
        self.leave().await;
    }

    fn ask(&mut self, ask: Ask) {
        self.out.change();
        // Whoever goes on has read it.
        if self.look.is_none() && !matches!(ask, Ask::Takers(_)) {
            self.cost_line = None;
        }
        match ask {
            Ask::Open(_) | Ask::Close => {}
            Ask::Accept => self.accept(),
            Ask::Look => self.look_again(),
            Ask::Cluster(step) => self.sheet.step_cluster(step),
            Ask::Message(step) => self.sheet.step(step),
            Ask::Choose(choice) => self.sheet.choice(choice),
            Ask::Find(find) => self.find(find),
            Ask::EditOne => self.edit_one(),
            Ask::Edited(edited) => self.edited(edited),
            Ask::EditAll(jq) => self.edit_all(&jq),
            Ask::Keep => self.keep(),
            Ask::Plan(deed) => self.plan(deed),
            Ask::Takers(takers) => self.subject.takers = takers,
            Ask::Adjust(adjust) => self.adjust(adjust),
            Ask::Go => self.go(),
            Ask::Cancel => self.cancel(),
            Ask::Back => self.back(),
        }
    }

    fn note(&mut self, note: Note) {
        self.out.change();
        match note {
            Note::Laid(laid) => self.laid(laid),
            Note::Looked(looked) => self.looked(looked),
            Note::Counted(counted) => self.counted(counted),
            Note::CutOff(runs) => self.cut_off = runs,
            Note::Lost(lost) => self.lose(&lost),
            Note::Read(row, opened) => self.read(row, opened),
            Note::LookedThrough(looked) => self.looked_through(looked),
            Note::Learned(learned) => self.learn(learned),
            Note::Fetched(fetched) => self.fetched(*fetched),
            Note::Proposed(proposal) => self.proposed(proposal),
            Note::ForEditor { row, message, document } => {
                self.in_editor = Some(InEditor::new(row, message));
                self.out.tell(News::Edit(document));
            }
            Note::Drafted(number, draft) => self.drafted(number, draft),
            Note::Ended(end) => self.ended(*end),
            Note::Quiet => {}
            Note::Said(text, bad) => self.say(text, bad),
        }
    }

    /// Back to the columns, from whatever lies over them.
    fn back(&mut self) {
        if matches!(self.stage, Stage::Diff(_) | Stage::Plan(_) | Stage::Ended(_)) {
            (self.stage, self.proposal, self.draft) = (Stage::Columns, None, None);
            self.awaited.nothing();
        }
    }

    pub(super) fn say(&mut self, text: impl Into<String>, bad: bool) {
        self.out.tell(News::Said(text.into(), bad));
    }

    pub(super) fn tell(&mut self, news: News) {
        self.out.tell(news);
    }

    pub(super) fn change(&mut self) {
        self.out.change();
    }

    /// Starts something that takes time; what comes of it is a note.
    pub(super) fn start(&self, work: impl Future<Output = Note> + Send + 'static) {
        let notes = self.notes.clone();
        tokio::spawn(async move {
            tokio::select! {
                note = work => {
                    let _ = notes.send(note).await;
                }
                // The desk is left: nobody wants to know.
                () = notes.closed() => {}
            }
        });
    }

    /// The same for what computes or reads files.
    pub(super) fn start_blocking(&self, work: impl FnOnce() -> Note + Send + 'static) {
        let failed = |error: tokio::task::JoinError| Note::Said(format!("that failed: {error}"), true);
        self.start(async move { tokio::task::spawn_blocking(work).await.unwrap_or_else(failed) });
    }

    /// Sends a picture, if there is room for it and anything changed.
    pub(super) fn show(&mut self) {
        if self.out.wants_picture() {
            let picture = self.picture();
            self.out.show(News::Picture(Box::new(picture)));
        }
    }

    /// Gives everything back.
    async fn leave(mut self) {
        if let Some(run) = &self.run {
            run.stop.cancel();
        }
        if let Some(look) = self.look.take() {
            look.cancel.cancel();
            // A receive under way brings messages that are to be given back too.
            let _ = look.task.await;
        }
        if let Some(run) = self.run.take() {
            run.finish().await;
        }
        if let Some(laid) = self.laid.take() {
            let released = laid.hold.release().await;
            if released.stuck > 0 {
                self.say(released.to_string(), true);
            }
        }
        self.tell(News::Closed);
        self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        app::desk::laying::Laid,
        aws::ConnectOptions,
        overlays::desk::model::{Adjust, Deed},
        redrive::peek::{
            hold::{Hold, Options},
            pretend::{Pretend, queue},
        },
    };

    /// A desk with this queue on it, all looked at.
    async fn staged(pretend: &Arc<Pretend>) -> (Bench, Ears, mpsc::Receiver<Event>) {
        let options = ConnectOptions { endpoint: Some("127.0.0.1:1".to_owned()), ..ConnectOptions::default() };
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        let (events, shown) = mpsc::channel(64);
        let subject = Subject { queue: queue("dlq").arn, routes: Vec::new(), takers: Vec::new() };
        let start = Start { aws, state: None, events, number: 1, subject, held: Held::default() };
        let wire: Arc<dyn Wire> = Arc::clone(pretend) as _;
        let (mut bench, mut ears) = furnish(start, Arc::clone(&wire));
        let options = Options::new(|| Timestamp::from_second(1_000_000_000).unwrap());
        let hold = Arc::new(Hold::open(wire, queue("dlq"), options).await.unwrap());
        bench.laid(Ok(Box::new(Laid { hold, sources: vec![queue("source")], who: String::new(), unlisted: None })));
        while bench.look.is_some() {
            tokio::select! {
                Some(found) = ears.found.recv() => bench.take_in(found),
                Some(note) = ears.notes.recv() => bench.note(note),
            }
        }
        (bench, ears, shown)
    }

    /// The next draft that is drawn up.
    async fn draft(bench: &mut Bench, ears: &mut Ears) {
        loop {
            let note = ears.notes.recv().await.unwrap();
            let is_draft = matches!(note, Note::Drafted(..));
            bench.note(note);
            if is_draft {
                return;
            }
        }
    }

    #[tokio::test]
    async fn nothing_goes_by_a_plan_that_is_being_changed_and_quick_changes_all_count() {
        let (mut bench, mut ears, mut shown) = staged(&Pretend::holding(["", ""])).await;
        bench.plan(Deed::Redrive);
        draft(&mut bench, &mut ears).await;
        assert!(bench.draft.is_some());
        bench.adjust(Adjust::To("other".to_owned()));
        bench.adjust(Adjust::Rate(Some(7.0)));
        bench.go();
        assert!(bench.run.is_none(), "it would go by the plan before");
        let mut said = Vec::new();
        while let Ok(Event::Desk(_, news)) = shown.try_recv() {
            said.extend(if let News::Said(text, _) = news { Some(text) } else { None });
        }
        assert!(said.iter().any(|text| text.starts_with("still planning")), "{said:?}");
        draft(&mut bench, &mut ears).await;
        draft(&mut bench, &mut ears).await;
        let wanted = &bench.draft.as_ref().unwrap().wanted;
        assert_eq!((wanted.to.as_str(), wanted.options.rate), ("other", Some(7.0)));
        assert!(!bench.awaited.is_under_way());
    }

    fn notices(bench: &Bench) -> String {
        bench.notices().into_iter().map(|notice| notice.text).collect::<Vec<_>>().join("\n")
    }

    async fn counted(bench: &mut Bench, ears: &mut Ears) {
        bench.count();
        while bench.counter.asking {
            let note = ears.notes.recv().await.unwrap();
            bench.note(note);
        }
    }

    #[tokio::test]
    async fn what_came_since_and_what_is_no_longer_held_is_said() {
        let pretend = Pretend::holding(["", "", ""]);
        let (mut bench, mut ears, _shown) = staged(&pretend).await;
        assert!(!bench.is_behind() && bench.came() == 0, "{}", notices(&bench));
        pretend.add("late", "", "body");
        counted(&mut bench, &mut ears).await;
        assert_eq!((bench.came(), bench.about()), (1, Some(4)));
        bench.lose(&[Lost { id: "0".into(), why: "it was taken".into() }]);
        assert!(
            bench.is_behind() && notices(&bench).contains("1 no longer held (it was taken)"),
            "{}",
            notices(&bench)
        );
        bench.sheet.goes(0);
        assert!(!bench.is_behind(), "what is gone is nobody's worry: {}", notices(&bench));
        bench.laid.as_ref().unwrap().hold.release().await;
        bench.note_fates();
        assert!(bench.is_behind() && notices(&bench).contains("2 no longer held, as the run"), "{}", notices(&bench));
        let given_back = bench.picture().lines.iter().filter(|line| line.lost).count();
        assert_eq!(given_back, 2);
    }

    #[tokio::test]
    async fn a_queue_that_does_not_answer_is_said_until_it_does() {
        let (mut bench, mut ears, _shown) = staged(&Pretend::holding([""])).await;
        let silent = Refusal::new(crate::redrive::wire::Why::Unanswered, true, "connection refused");
        bench.note(Note::Counted(Err(silent.clone())));
        bench.note(Note::Counted(Err(silent)));
        assert!(bench.is_behind() && notices(&bench).contains("connection refused"), "{}", notices(&bench));
        counted(&mut bench, &mut ears).await;
        assert!(!bench.is_behind(), "{}", notices(&bench));
    }

    #[tokio::test]
    async fn before_all_is_given_back_the_look_has_ended() {
        let (mut bench, mut ears, _shown) = staged(&Pretend::holding(["", ""])).await;
        let state = tempfile::tempdir().unwrap();
        bench.state = Some(state.path().to_owned());
        let cancel = CancellationToken::new();
        let (until, (ends, ended)) = (cancel.clone(), tokio::sync::oneshot::channel::<()>());
        let task = tokio::spawn(async move {
            until.cancelled().await;
            let _ = ended.await;
        });
        bench.look = Some(Look { cancel: cancel.clone(), task });
        bench.plan(Deed::Purge);
        draft(&mut bench, &mut ears).await;
        bench.adjust(Adjust::File(None));
        draft(&mut bench, &mut ears).await;
        bench.go();
        cancel.cancelled().await;
        // It has had its chance to run on.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let hold = Arc::clone(&bench.laid.as_ref().unwrap().hold);
        assert!(hold.first_end().is_some(), "given back while the look was still receiving");
        ends.send(()).unwrap();
        while bench.run.is_some() {
            let note = ears.notes.recv().await.unwrap();
            bench.note(note);
        }
        assert_eq!(hold.first_end(), None);
    }
}
