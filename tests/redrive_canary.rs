//! What a run makes of what it sees at its destination, on simulated queues: a canary behind a backlog is judged when its turn has come,
//! and not before; others' messages are not taken for returns. And that it does not wait for what cannot come.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{path::Path, sync::Arc, time::Duration};

use edatop::redrive::{
    journal::{Begun, Deed, Destination, Ended, Ledger, Origin, Scope, Shelf, VERSION},
    listed::Listed,
    message::Message,
    mover::{Job, Progress, supply::Supply},
    peek::hunt::{Decision, Hunt, Hunting},
    plan::Options,
    queue::Queue,
};
use rstest::rstest;
use support::queues::{
    Queues, Shape,
    consumer::Consumer,
    faults::{Fault, Operation},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

const BACKLOG: usize = 400;
const LETTERS: usize = 40;

/// A dead-letter queue, its source, and a run from somewhere to somewhere.
struct Place {
    queues: Queues,
    dead: Queue,
    source: Queue,
    folder: tempfile::TempDir,
    progress: watch::Sender<Progress>,
}

impl Place {
    fn new(glimpses: bool) -> Self {
        let queues = Queues::new(7);
        if glimpses {
            queues.allow_glimpses();
        }
        let dead = queues.queue("orders-dlq", &Shape::default());
        let visibility_timeout = Duration::from_secs(10);
        let source =
            queues.queue("orders", &Shape { redrive: Some((&dead, 5)), visibility_timeout, ..Shape::default() });
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        Self { queues, dead, source, folder, progress: watch::Sender::new(Progress::default()) }
    }

    /// Takes ten in three seconds: some three a second. What is in a dead letter it fails on.
    fn slow_consumer(&self, fails: bool) -> support::queues::consumer::AtWork {
        let is_ours = move |message: &Message| fails && message.body.contains("poison");
        self.queues.consume(&self.source, Consumer { work: Duration::from_secs(3), ..Consumer::failing(is_ours) })
    }

    fn letters(&self) {
        for _ in 0..LETTERS {
            self.queues.dead_letter(&self.dead, &self.source, "", r#","poison":true"#);
        }
    }

    async fn redrive(&self, options: Options) -> Ended {
        let hunt = Arc::new(Hunt::for_all(self.queues.wire(), self.dead.clone(), Hunting::new(support::now)));
        let (from, to) = (self.dead.clone(), Destination::Sources(vec![self.source.clone()]));
        let ended = self.run((Deed::Redrive, Origin::Queue(Box::new(from)), to), hunt.clone(), options).await;
        hunt.close().await;
        ended
    }

    async fn run(
        &self,
        (deed, from, to): (Deed, Origin, Destination),
        supply: Arc<dyn Supply>,
        options: Options,
    ) -> Ended {
        let begun = Begun {
            version: VERSION,
            at: support::now(),
            who: String::new(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            deed,
            from,
            to,
            scope: Scope::All { limit: None },
            edited: None,
            undoes: None,
            rate: None,
        };
        let shelf = Shelf::new(self.folder.path());
        let journal = self.queues.beside_a_disk(shelf.create(begun)).await.unwrap();
        let job = Job {
            wire: self.queues.wire(),
            ledger: Ledger::read(journal.path()).unwrap(),
            journal,
            supply,
            listener: None,
            sink: None,
            options,
            total: LETTERS as u64,
            progress: self.progress.clone(),
            tell: None,
            stop: CancellationToken::new(),
            clock: support::now,
        };
        self.queues.beside_a_disk(job.run()).await
    }

    fn moved(&self) -> u64 {
        self.progress.borrow().moved
    }
}

fn with_canary() -> Options {
    Options { canary: true, ..Options::default() }
}

/// A record waits for those of other batches, but not where there are none: of a few runs the quickest tells.
#[tokio::test(start_paused = true)]
async fn what_goes_one_step_after_the_other_waits_for_no_other_records() {
    const BATCHES: u32 = 20;
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let place = Place::new(false);
        for _ in 0..BATCHES * 10 {
            place.queues.dead_letter(&place.dead, &place.source, "", "");
        }
        let began = std::time::Instant::now();
        assert_eq!(place.redrive(Options { concurrency: 1, ..Options::default() }).await, Ended::Done);
        quickest = quickest.min(began.elapsed());
    }
    // Each batch is written down before and after its send; a record that nobody hurries is kept for 20 ms.
    assert!(quickest < BATCHES * 2 * Duration::from_millis(20), "{quickest:?}");
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn at_the_end_it_says_what_waits_by_then(#[values(false, true)] glimpses: bool) {
    let place = Place::new(glimpses);
    place.letters();
    let mut looks = place.progress.subscribe();
    assert_eq!(place.redrive(Options::default()).await, Ended::Done);
    assert_eq!(looks.borrow_and_update().waiting, Some(LETTERS as u64), "nobody takes them");
}

/// Throttled it tries again: what stays where it is, stays for now.
#[tokio::test(start_paused = true)]
async fn nothing_is_refused_that_is_tried_again() {
    let place = Place::new(false);
    place.letters();
    for _ in 0..3 {
        place.queues.next(Operation::Send, Fault::Throttled);
    }
    let mut news = place.progress.subscribe();
    let said = tokio::spawn(async move {
        let mut said = Vec::new();
        while news.changed().await.is_ok() {
            let progress = news.borrow_and_update().clone();
            assert_eq!(progress.refused, 0, "{progress:?}");
            said.extend(progress.trouble);
            if progress.ended.is_some() {
                break;
            }
        }
        said
    });
    assert_eq!(place.redrive(Options { concurrency: 1, ..Options::default() }).await, Ended::Done);
    assert_eq!(place.moved(), LETTERS as u64);
    assert!(!said.await.unwrap().is_empty());
}

/// Two minutes of work lie before it, twice as long as a canary is waited for where nothing does.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_canary_behind_a_backlog_waits_for_its_turn(#[values(false, true)] glimpses: bool) {
    let place = Place::new(glimpses);
    place.letters();
    place.queues.dead_letters(&place.source, &place.source, BACKLOG, 0);
    let _at_work = place.slow_consumer(false);
    let (began, mut news) = (Instant::now(), place.progress.subscribe());
    let said = tokio::spawn(async move {
        let waits = |progress: &Progress| progress.trouble.as_ref().is_some_and(|said| said.contains("/s about "));
        news.wait_for(waits).await.unwrap().trouble.clone().unwrap()
    });
    let ended = place.redrive(with_canary()).await;
    assert_eq!((&ended, place.moved()), (&Ended::Done, LETTERS as u64));
    assert!(began.elapsed() > Duration::from_secs(60), "judged after {:?}", began.elapsed());
    let said = said.await.unwrap();
    assert!(said.starts_with("not judged yet: ") && said.contains(" messages wait before it; at "), "{said}");
    assert_eq!(place.progress.borrow().trouble, None, "what was waited for has come");
}

/// That the backlog becomes less is not taken for the canary's being done with.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_canary_that_fails_behind_a_backlog_stops_the_run(#[values(false, true)] glimpses: bool) {
    let place = Place::new(glimpses);
    place.letters();
    place.queues.dead_letters(&place.source, &place.source, BACKLOG, 0);
    let _at_work = place.slow_consumer(true);
    let Ended::Stopped { why } = place.redrive(with_canary()).await else { panic!("it was let pass") };
    // By depths nobody can tell ours from others that come there, nor one that is about to come back: ten more may have been sent.
    let said = if glimpses {
        " came back: the consumer still fails on them"
    } else {
        "orders-dlq has 1 more than it should: of the 1 sent some came back, or others fail there too"
    };
    assert!(why.contains(said), "{why}");
    assert!(place.moved() <= 11, "{} moved", place.moved());
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_canary_that_nobody_takes_is_not_judged(
    #[values(false, true)] glimpses: bool,
    #[values(0, BACKLOG)] backlog: usize,
) {
    let place = Place::new(glimpses);
    place.letters();
    place.queues.dead_letters(&place.source, &place.source, backlog, 0);
    let Ended::Stopped { why } = place.redrive(with_canary()).await else { panic!("it was let pass") };
    let what = match backlog {
        0 => "after 60 s the first message may still be there".to_owned(),
        backlog => format!("{backlog} messages wait before it; for 60 s they have become no fewer"),
    };
    assert_eq!(why, format!("the canary is not judged: {what}; is the consumer at work? Nothing else was sent"));
    assert_eq!(place.moved(), 1);
}

/// A file grows no depth, and neither does a journal: nothing can come back there.
#[rstest]
#[tokio::test(start_paused = true)]
async fn what_is_sent_from_a_file_does_not_come_back(#[values(false, true)] glimpses: bool) {
    let place = Place::new(glimpses);
    let message =
        |number: usize| Ok(Message { id: number.to_string(), body: format!("{number}"), ..Message::default() });
    let supply = Arc::new(Listed::new(Box::new((0..LETTERS).map(message)), false));
    let (from, to) = (Origin::File("letters".into()), Destination::Queue(Box::new(place.source.clone())));
    let options = Options { rate: Some(2.0), ..Options::default() };
    let ended = place.run((Deed::Import, from, to), supply, options).await;
    assert_eq!((ended, place.moved(), place.progress.borrow().bounced), (Ended::Done, LETTERS as u64, 0));
}

/// What is brought back is taken from a queue that lives: what others send there meanwhile is theirs.
#[rstest]
#[case::to_its_queue(true)]
#[case::to_nowhere(false)]
#[tokio::test(start_paused = true)]
async fn what_others_send_is_not_what_came_back(#[case] to_queue: bool) {
    let place = Place::new(false);
    place.queues.dead_letters(&place.source, &place.source, LETTERS, 0);
    let (queues, source) = (place.queues.clone(), place.source.clone());
    let others = tokio::spawn(async move {
        loop {
            queues.dead_letter(&source, &source, "", r#","theirs":true"#);
            sleep(Duration::from_millis(200)).await;
        }
    });
    let to = if to_queue { Destination::Queue(Box::new(place.dead.clone())) } else { Destination::Journal };
    let ours = |message: &Message| {
        if message.body.contains("theirs") { Decision::Leave } else { Decision::Take(None) }
    };
    let hunting = Hunting { limit: Some(LETTERS as u64), accept_cost: true, ..Hunting::new(support::now) };
    let hunt = Arc::new(Hunt::new(place.queues.wire(), place.source.clone(), hunting, Box::new(ours)));
    let options = Options { rate: Some(2.0), ..Options::default() };
    let deed = if to_queue { Deed::Undo } else { Deed::Delete };
    let ended = place.run((deed, Origin::Queue(Box::new(place.source.clone())), to), hunt.clone(), options).await;
    others.abort();
    hunt.close().await;
    assert_eq!((ended, place.moved(), place.progress.borrow().bounced), (Ended::Done, LETTERS as u64, 0));
}
