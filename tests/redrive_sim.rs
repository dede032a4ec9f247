//! Redrives on simulated queues, killed at any await and taken up again until nothing is left: nothing is lost, whatever goes wrong;
//! what is at its destination twice is within what the journal says; FIFO groups keep their order and come once.
//!
//! Each seed is a world of its own: kind of queue, how many messages, how bad the network is, when it is killed, whether somebody
//! takes. A failure prints its seed: `EDATOP_SEED=… cargo test --test redrive_sim` runs that one alone. `EDATOP_SEEDS=…` is how many.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    cell::Cell,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use edatop::redrive::{
    journal::{Begun, Deed, Destination, Ended, Ledger, Origin, Scope, Shelf, VERSION},
    message::Message,
    mover::{
        Job, Progress,
        listener::{Failed, Listener},
        reopen,
    },
    peek::{
        hunt::{Hunt, Hunting},
        own::Ids,
    },
    plan::Options,
    queue::Queue,
    wire::{Ask, Wire},
};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use rustix::process::{Resource, Rlimit, setrlimit};
use support::queues::{
    DEDUPLICATION_WINDOW, Queues, Shape,
    consumer::{AtWork, Consumer},
    faults::{Fault, Faults, Operation},
    ledger::{token_of, tokens_in},
    process::Process,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

const SEEDS: u64 = 150;
/// Longer than any lease of the program.
const LEASE: Duration = Duration::from_secs(130);
/// After so many kills it is left alone, and after so many lives without one it must be done.
const MOST_KILLS: u64 = 12;
const MOST_LIVES: u64 = 60;

thread_local! {
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    static SLEPT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The wall clock, as the simulation has it.
fn clock() -> Timestamp {
    let began = BEGAN.get().expect("a world was made");
    support::now() + SignedDuration::try_from(began.elapsed() + SLEPT.get()).unwrap()
}

/// What a seed makes.
#[derive(Debug, Clone)]
struct World {
    seed: u64,
    fifo: bool,
    messages: usize,
    groups: usize,
    sources: usize,
    faults: f64,
    options: Options,
    consumer: bool,
    /// The longest pause between two lives.
    pause: Duration,
}

impl World {
    fn of(seed: u64, fifo: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        Self {
            seed,
            fifo,
            messages: rng.usize(1..90),
            groups: rng.usize(1..12),
            sources: rng.usize(1..3),
            faults: if rng.bool() { 0.0 } else { rng.f64() * 0.08 },
            options: Options {
                concurrency: rng.usize(1..6),
                rate: (rng.u8(..) < 40).then_some(50.0),
                ..Options::default()
            },
            consumer: rng.bool(),
            pause: Duration::from_secs([1, 40, 200, 900][rng.usize(..4)]),
        }
    }
}

/// What a kill leaves of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    /// All that was synced.
    None,
    /// And a part of a record that was being written.
    Torn,
    /// It ends anywhere: the disk has lied.
    Cut,
}

/// A world at work.
#[derive(Clone)]
struct Stage {
    world: World,
    rng: Rng,
    queues: Queues,
    dead: Queue,
    sources: Vec<Queue>,
    tokens: Vec<String>,
    shelf: Shelf,
    deed: (Deed, Destination),
    kills: u64,
    /// What a kill leaves of the journal.
    damage: Damage,
    /// The consumers' logs, where somebody reads them.
    log: Option<Log>,
}

/// Which messages the consumers said that they fail on, by id.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Listener for Log {
    async fn failures(&self, sent: &Ids) -> Vec<Failed> {
        let failed =
            |id: &String| Failed { id: Some(id.clone()).filter(|id| sent.contains(id)), said: SAID.to_owned() };
        self.0.lock().unwrap().iter().map(failed).collect()
    }
}

const SAID: &str = "KeyError: 'price'";

/// Where journals are: a disk in memory if there is one, so that a write takes no time to speak of.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

impl Stage {
    fn new(world: &World, folder: &Path) -> Self {
        BEGAN.set(Some(Instant::now()));
        SLEPT.set(Duration::ZERO);
        let queues = Queues::new(world.seed);
        let suffix = if world.fifo { ".fifo" } else { "" };
        let dead = queues.queue(&format!("dlq{suffix}"), &Shape::default());
        let shape = Shape { redrive: Some((&dead, 3)), ..Shape::default() };
        let sources: Vec<Queue> =
            (0..world.sources).map(|number| queues.queue(&format!("orders-{number}{suffix}"), &shape)).collect();
        let tokens = (0..world.messages)
            .map(|number| {
                let group = format!("group-{}", number % world.groups);
                queues.dead_letter(&dead, &sources[number % sources.len()], &group, "")
            })
            .collect();
        let rng = Rng::with_seed(!world.seed);
        let shelf = Shelf::new(folder.join("journals"));
        let deed = (Deed::Redrive, Destination::Sources(sources.clone()));
        Self {
            world: world.clone(),
            rng,
            queues,
            dead,
            sources,
            tokens,
            shelf,
            deed,
            kills: 0,
            damage: Damage::None,
            log: None,
        }
    }

    fn begun(&self) -> Begun {
        Begun {
            version: VERSION,
            at: clock(),
            who: "test".to_owned(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            deed: self.deed.0,
            from: Origin::Queue(Box::new(self.dead.clone())),
            to: self.deed.1.clone(),
            scope: Scope::All { limit: None },
            edited: None,
            undoes: None,
            rate: self.world.options.rate,
        }
    }

    /// The journal that a run left unfinished, if there is one.
    fn unfinished(&self) -> Option<PathBuf> {
        let unfinished = self.shelf.unfinished().unwrap();
        unfinished.first().map(|(id, _)| self.shelf.path(id))
    }

    /// One life of the program: begins or goes on, until the end or until it is killed.
    async fn live(&self, process: &Arc<Process>) -> Option<Result<Ended, String>> {
        let wire: Arc<dyn Wire> = process.clone();
        process.live(self.queues.beside_a_disk(self.run(wire))).await
    }

    async fn run(&self, wire: Arc<dyn Wire>) -> Result<Ended, String> {
        let text = |error: edatop::redrive::journal::JournalError| error.to_string();
        let (journal, ledger) = match self.unfinished() {
            Some(path) => reopen(&wire, &path, "test", clock()).await.map_err(text)?,
            None => {
                let journal = self.shelf.create(self.begun()).await.map_err(text)?;
                let ledger = Ledger::read(journal.path()).map_err(text)?;
                (journal, ledger)
            }
        };
        let hunting = if ledger.resumed > 0 { Hunting::new(clock).after_a_crash() } else { Hunting::new(clock) };
        let hunt = Arc::new(Hunt::for_all(wire.clone(), self.dead.clone(), hunting));
        let job = Job {
            wire,
            journal,
            ledger,
            supply: hunt.clone(),
            listener: self.log.clone().map(|log| Arc::new(log) as _),
            sink: None,
            options: self.world.options,
            total: self.world.messages as u64,
            progress: watch::Sender::new(Progress::default()),
            tell: None,
            stop: CancellationToken::new(),
            clock,
        };
        let ended = job.run().await;
        hunt.close().await;
        Ok(ended)
    }

    /// Lives and dies until all is done.
    async fn until_done(&mut self) {
        self.queues.fail(Faults::all(self.world.faults));
        // Each message is part of a few calls, ten at a time; those that wait for more come on top.
        let steps = (self.world.messages as u64).max(8);
        for life in 0.. {
            assert!(life < MOST_LIVES, "it is never done: {}", self.queues.census().summary());
            let crash_at = (self.kills < MOST_KILLS).then(|| self.rng.u64(..steps));
            let process = self.queues.process(crash_at);
            match self.live(&process).await {
                None => {
                    self.kills += 1;
                    self.damage();
                }
                Some(Ok(Ended::Done)) if self.queues.census().on(&self.dead).is_empty() => return,
                // What the cut took from the journal is settled by nobody any more.
                Some(_) if self.damage == Damage::Cut && self.queues.census().on(&self.dead).is_empty() => return,
                // What killed ones had leased is out of reach for a while; or nobody answered for too long.
                Some(Ok(_) | Err(_)) => sleep(LEASE).await,
            }
            self.check();
            sleep(self.world.pause.mul_f64(self.rng.f64())).await;
        }
    }

    fn damage(&mut self) {
        if self.damage == Damage::None || self.rng.bool() {
            return;
        }
        let Some(path) = self.unfinished() else { return };
        let mut text = std::fs::read(&path).unwrap();
        let ends: Vec<usize> = (0..text.len()).filter(|at| text[*at] == b'\n').map(|at| at + 1).collect();
        if self.damage == Damage::Torn {
            let record = text[..ends[0]].to_vec();
            text.truncate(*ends.last().unwrap());
            // Some disks leave zeros where data was to be.
            let torn = if self.rng.bool() { record } else { vec![0; 200] };
            text.extend(&torn[..self.rng.usize(..torn.len())]);
        } else {
            text.truncate(self.rng.usize(ends[0]..=text.len()));
        }
        std::fs::write(path, text).unwrap();
    }

    /// What holds at every instant.
    fn check(&self) {
        assert_eq!(self.queues.ledger(|ledger| ledger.lost().to_vec()), Vec::<String>::new(), "lost");
        if self.deed.0 == Deed::Redrive {
            assert_eq!(self.queues.census().missing(&self.tokens), Vec::<&str>::new(), "missing");
        }
    }

    fn ledgers(&self) -> Vec<Ledger> {
        let ids = self.shelf.ids().unwrap();
        // One that was killed before its first record was on the disk holds nothing.
        ids.iter().filter_map(|id| Ledger::read(&self.shelf.path(id)).ok()).collect()
    }

    /// What holds at the end.
    fn judge(&self) {
        self.check();
        assert_eq!(self.queues.census().on(&self.dead), Vec::<&str>::new(), "left behind");
        // A journal that was cut cannot say all of it.
        if self.damage != Damage::Cut {
            assert!(self.twice() <= self.said(), "{} twice, {} said", self.twice(), self.said());
        }
        for source in self.sources.iter().filter(|source| source.is_fifo()) {
            self.judge_fifo(source);
        }
    }

    fn twice(&self) -> u64 {
        self.queues.ledger(|ledger| ledger.sent_again()).values().map(|count| u64::from(count - 1)).sum()
    }

    fn said(&self) -> u64 {
        self.ledgers().iter().map(|ledger| ledger.counts().maybe_twice).sum()
    }

    fn consumers(&self) -> Vec<AtWork> {
        let take = |source| self.queues.consume(source, Consumer::default());
        if self.world.consumer { self.sources.iter().map(take).collect() } else { Vec::new() }
    }

    fn judge_fifo(&self, source: &Queue) {
        let arrivals = self.queues.ledger(|ledger| ledger.arrivals(source));
        let mut first: BTreeMap<&str, Instant> = BTreeMap::new();
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for arrival in &arrivals {
            match first.get(arrival.token.as_str()) {
                Some(at) => {
                    let since = arrival.at - *at;
                    // A run of which the journal says nothing any more is another run.
                    assert!(
                        self.damage == Damage::Cut || since >= DEDUPLICATION_WINDOW,
                        "{} came again after {since:?}",
                        arrival.token
                    );
                }
                None => {
                    first.insert(&arrival.token, arrival.at);
                    groups.entry(&arrival.group).or_default().push(&arrival.token);
                }
            }
        }
        for (group, tokens) in groups {
            assert!(tokens.is_sorted(), "{group} is out of order: {tokens:?}");
        }
    }
}

/// A world on a runtime of its own, with a clock of its own.
fn in_a_world(world: &World, play: &impl AsyncFn(Stage)) {
    let folder = folder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async { play(Stage::new(world, folder.path())).await });
}

/// Runs a test for many seeds, and says which one fails and what it made.
fn for_seeds(first: u64, seeds: u64, fifo: bool, test: impl AsyncFn(Stage)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("EDATOP_SEED") {
        Some(seed) => seed..seed + 1,
        None => first..first + number("EDATOP_SEEDS").unwrap_or(seeds),
    };
    for seed in seeds {
        let world = World::of(seed, fifo);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| in_a_world(&world, &test))) {
            eprintln!("EDATOP_SEED={seed}: {world:?}");
            resume_unwind(panic);
        }
    }
}

#[rstest]
fn nothing_is_lost_when_it_is_killed_at_any_await(#[values(false, true)] fifo: bool) {
    let (kills, worlds, twice, said) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let add = |to: &Cell<u64>, more: u64| to.set(to.get() + more);
    for_seeds(0, SEEDS, fifo, async |mut stage| {
        let consumers = stage.consumers();
        stage.until_done().await;
        drop(consumers);
        stage.judge();
        add(&kills, stage.kills);
        add(&twice, stage.twice());
        add(&said, stage.said());
        add(&worlds, 1);
    });
    eprintln!("{} kills in {} worlds: {} twice, {} said", kills.get(), worlds.get(), twice.get(), said.get());
}

#[rstest]
fn nothing_is_lost_when_the_journal_is_damaged(
    #[values(false, true)] fifo: bool,
    #[values(Damage::Torn, Damage::Cut)] damage: Damage,
) {
    for_seeds(1_000, SEEDS / 3, fifo, async |mut stage| {
        stage.damage = damage;
        let consumers = stage.consumers();
        stage.until_done().await;
        drop(consumers);
        stage.judge();
    });
}

/// The consumer still fails some: those come back, and the run leaves them.
#[rstest]
fn what_comes_back_is_not_sent_again_in_the_same_run(#[values(false, true)] fifo: bool) {
    for_seeds(2_000, SEEDS / 6, fifo, async |mut stage| {
        // Slowly, so that the first come back while the last still wait. All groups have some: FIFO ones stand still behind them.
        stage.world.options.rate = Some(1.0);
        let bad: Vec<String> = stage.tokens.iter().step_by(10).cloned().collect();
        let fails = {
            let bad = bad.clone();
            move |message: &Message| bad.contains(&token_of(message))
        };
        let _at_work: Vec<_> = (stage.sources.iter())
            .map(|source| stage.queues.consume(source, Consumer::failing(fails.clone())))
            .collect();
        stage.world.options.bounce_limit = 1.0;
        let ended = stage.live(&stage.queues.process(None)).await.unwrap();
        assert!(matches!(ended, Ok(Ended::Done)), "{ended:?}");
        sleep(Duration::from_secs(600)).await;
        stage.check();
        assert_eq!(stage.twice(), 0);
        assert_eq!(stage.queues.census().on(&stage.dead), bad);
    });
}

/// What a consumer fails on stands in its log long before it is back among the dead letters, here an hour: the run stops by that alone.
#[rstest]
#[case::the_first_of_all(true, 1)]
#[case::a_fifth_of_all(false, 4)]
fn a_run_stops_when_the_consumer_says_that_it_fails(#[case] canary: bool, #[case] one_of: usize) {
    let judged = Cell::new(0);
    for_seeds(8_000, SEEDS / 3, false, async |mut stage| {
        // Enough that it can stop in the middle.
        if stage.world.messages < 50 {
            return;
        }
        let bad: Vec<String> = stage.tokens.iter().step_by(one_of).cloned().collect();
        let log = Log::default();
        stage.log = Some(log.clone());
        stage.world.options = Options { canary, rate: Some(5.0), ..stage.world.options };
        let fails = move |message: &Message| {
            let is_bad = bad.contains(&token_of(message));
            if is_bad {
                log.0.lock().unwrap().push(message.id.clone());
            }
            is_bad
        };
        let keeping = |source: &Queue| Queue { visibility_timeout: Duration::from_hours(1), ..source.clone() };
        let _at_work: Vec<_> = (stage.sources.iter())
            .map(|source| stage.queues.consume(&keeping(source), Consumer::failing(fails.clone())))
            .collect();
        let ended = stage.live(&stage.queues.process(None)).await.unwrap();
        let sent: usize = stage.queues.ledger(|ledger| stage.sources.iter().map(|to| ledger.arrivals(to).len()).sum());
        let Ok(Ended::Stopped { why }) = ended else { panic!("{ended:?} after {sent}") };
        assert!(why.starts_with("the consumer failed on ") && why.ends_with(SAID), "{why}");
        assert!(if canary { sent == 1 } else { sent < stage.tokens.len() }, "{sent} of {}", stage.tokens.len());
        stage.check();
        judged.set(judged.get() + 1);
    });
    assert!(judged.get() > 10, "{} worlds only", judged.get());
}

/// One in ten, and failures of messages that are not the run's: no reason to stop.
#[test]
fn a_run_goes_on_when_the_consumer_fails_on_few() {
    for_seeds(8_500, SEEDS / 6, false, async |mut stage| {
        let bad: Vec<String> = stage.tokens.iter().skip(9).step_by(10).cloned().collect();
        let log = Log::default();
        log.0.lock().unwrap().extend((0..50).map(|number| format!("somebody else's {number}")));
        stage.log = Some(log.clone());
        stage.world.options = Options { rate: Some(5.0), ..stage.world.options };
        let fails = move |message: &Message| {
            let is_bad = bad.contains(&token_of(message));
            if is_bad {
                log.0.lock().unwrap().push(message.id.clone());
            }
            is_bad
        };
        let _at_work: Vec<_> = (stage.sources.iter())
            .map(|source| stage.queues.consume(source, Consumer::failing(fails.clone())))
            .collect();
        // The first few may all be bad ones, as they come in any order.
        stage.world.options.bounce_limit = 0.9;
        let ended = stage.live(&stage.queues.process(None)).await.unwrap();
        assert!(matches!(ended, Ok(Ended::Done)), "{ended:?}");
        stage.check();
    });
}

/// A standard queue said yes to deletes with old receipts and did nothing. The run is done, and a later one sends those messages again:
/// it says so.
#[test]
fn what_an_earlier_run_sent_and_did_not_delete_counts_as_perhaps_twice() {
    let twice = Cell::new(0);
    for_seeds(9_000, SEEDS / 3, false, async |mut stage| {
        stage.world.options = Options { concurrency: 1, ..Options::default() };
        // It happens at once, and is answered only when the leases are over and somebody else holds the messages.
        stage.queues.next(Operation::Send, Fault::Slow(Duration::from_millis(90_001)));
        let (wire, dead) = (stage.queues.wire(), stage.dead.clone());
        let other = tokio::spawn(async move {
            sleep(Duration::from_secs(70)).await;
            let ask = Ask { most: 10, lease: Duration::from_hours(1), wait: Duration::ZERO };
            while !wire.receive(&dead, ask).await.unwrap().is_empty() {}
        });
        let first = stage.live(&stage.queues.process(None)).await.unwrap();
        other.await.unwrap();
        assert!(matches!(first, Ok(Ended::Done)), "{first:?}");
        sleep(Duration::from_hours(1)).await;
        let second = stage.live(&stage.queues.process(None)).await.unwrap();
        assert!(matches!(second, Ok(Ended::Done)), "{second:?}");
        assert_eq!(stage.ledgers().len(), 2);
        stage.judge();
        twice.set(twice.get() + stage.twice());
    });
    assert!(twice.get() > 50, "{} only came twice", twice.get());
}

/// The machine sleeps longer than any lease while messages are in hand, and somebody else takes what has come back: none of that is
/// sent any more.
#[rstest]
fn what_came_back_while_the_machine_slept_is_not_sent(#[values(false, true)] fifo: bool) {
    let taken_by_others = Cell::new(0);
    for_seeds(7_000, SEEDS / 6, fifo, async |mut stage| {
        // Ten are in hand for ten seconds before they are sent.
        stage.world.options.rate = Some(1.0);
        let (queues, dead) = (stage.queues.clone(), stage.dead.clone());
        let when = Duration::from_millis(stage.rng.u64(500..30_000));
        let slept = tokio::spawn(async move {
            sleep(when).await;
            let how_long = Duration::from_mins(10);
            SLEPT.set(SLEPT.get() + how_long);
            queues.sleep_through(how_long);
            let others = queues.consume(&dead, Consumer { work: Duration::ZERO, ..Consumer::default() });
            (others, Instant::now() + how_long)
        });
        let ended = stage.live(&stage.queues.process(None)).await.unwrap().unwrap();
        // What had been sent by then and not yet deleted others may have too; after that nothing of theirs is sent.
        let (others, woke) = slept.await.unwrap();
        drop(others);
        stage.check();
        let census = stage.queues.census();
        for arrival in stage.sources.iter().flat_map(|to| stage.queues.ledger(|ledger| ledger.arrivals(to))) {
            let is_theirs = census.consumed.contains_key(&arrival.token);
            assert!(arrival.at < woke || !is_theirs, "{} was sent after all: {ended:?}", arrival.token);
        }
        taken_by_others.set(taken_by_others.get() + census.consumed.len());
    });
    assert!(taken_by_others.get() > 100, "{} only were taken by others", taken_by_others.get());
}

/// Its tokens are nowhere but in the journal, and there they are at the instant at which they go.
#[rstest]
fn what_is_deleted_is_in_the_journal_first(#[values(false, true)] fifo: bool) {
    for_seeds(3_000, SEEDS / 3, fifo, async |mut stage| {
        stage.deed = (Deed::Delete, Destination::Journal);
        let folder = stage.shelf.folder().to_owned();
        let in_journals = move |token: &str| {
            let files = std::fs::read_dir(&folder).into_iter().flatten().filter_map(|file| file.ok());
            files
                .map(|file| std::fs::read_to_string(file.path()).unwrap())
                .any(|text| tokens_in(&text).any(|t| t == token))
        };
        stage.queues.ledger(|ledger| ledger.safe_if(in_journals));
        stage.until_done().await;
        stage.check();
        assert_eq!(stage.queues.census().on(&stage.dead), Vec::<&str>::new());
    });
}

/// Whoever is first has it; what both had comes twice, and nothing goes.
#[rstest]
fn two_on_one_queue_lose_nothing(#[values(false, true)] fifo: bool) {
    for_seeds(4_000, SEEDS / 6, fifo, async |mut stage| {
        stage.queues.fail(Faults::all(stage.world.faults));
        let other = Stage { shelf: Shelf::new(stage.shelf.folder().join("other")), ..stage.clone() };
        for _ in 0..MOST_LIVES {
            let (one, two) = (stage.queues.process(None), stage.queues.process(Some(stage.rng.u64(..200))));
            tokio::join!(stage.live(&one), other.live(&two));
            stage.check();
            if stage.queues.census().on(&stage.dead).is_empty() {
                return;
            }
            sleep(LEASE).await;
        }
        panic!("it is never done: {}", stage.queues.census().summary());
    });
}

#[rstest]
fn a_queue_that_goes_in_the_middle_ends_the_run_and_loses_nothing_else(
    #[values(false, true)] fifo: bool,
    #[values(false, true)] destination: bool,
) {
    for_seeds(5_000, SEEDS / 6, fifo, async |mut stage| {
        stage.world.options.rate = Some(10.0);
        let goes = if destination { stage.sources[0].clone() } else { stage.dead.clone() };
        let (queues, when) = (stage.queues.clone(), Duration::from_millis(stage.rng.u64(..5_000)));
        let removed = tokio::spawn(async move {
            sleep(when).await;
            queues.remove(&goes);
        });
        let ended = stage.live(&stage.queues.process(None)).await.unwrap().unwrap();
        removed.await.unwrap();
        let gone = stage.queues.ledger(|ledger| ledger.gone_with_queues().to_vec());
        let missing = stage.queues.census().missing(&stage.tokens).into_iter().map(str::to_owned).collect::<Vec<_>>();
        assert!(missing.iter().all(|token| gone.contains(token)), "lost: {missing:?}");
        assert_eq!(stage.queues.ledger(|ledger| ledger.lost().to_vec()), Vec::<String>::new());
        let is_over = stage.queues.census().queues.get(stage.dead.name()).is_some_and(BTreeMap::is_empty);
        assert!(is_over || !matches!(ended, Ended::Done) || !destination, "{ended:?}");
    });
}

/// A disk that is full from any byte on, also in the middle of a record: the run stops, and goes on when there is room again.
///
/// A limit on the size of files stands for the disk. Its signal must be ignored, which a shell can do for the program that it becomes.
#[test]
fn nothing_is_lost_when_the_disk_is_full_at_any_byte() {
    let shell = r#"trap '' XFSZ; exec "$0" --exact --ignored --nocapture with_a_full_disk"#;
    let status = Command::new("sh").args(["-c", shell]).arg(std::env::current_exe().unwrap()).status().unwrap();
    assert!(status.success());
}

#[test]
#[ignore = "started by the test above, with the signal ignored"]
fn with_a_full_disk() {
    let limit = |bytes: Option<u64>| {
        let limit = Rlimit { current: bytes, maximum: None };
        setrlimit(Resource::Fsize, limit).unwrap();
    };
    let stopped = Cell::new(0);
    for (number, bytes) in (0..40_000).step_by(331).enumerate() {
        for_seeds(6_000 + number as u64, 1, number % 2 == 1, async |mut stage| {
            limit(Some(bytes));
            let ended = stage.live(&stage.queues.process(None)).await.unwrap();
            limit(None);
            stage.check();
            match ended {
                Ok(Ended::Done) => assert!(stage.queues.census().on(&stage.dead).is_empty()),
                Ok(Ended::Stopped { why }) | Err(why) => {
                    assert!(why.contains("cannot be written") && why.contains("nothing more is moved"), "{why}");
                    stopped.set(stopped.get() + 1);
                    sleep(LEASE).await;
                }
                Ok(Ended::Cancelled) => panic!("nobody said so"),
            }
            stage.until_done().await;
            stage.judge();
        });
    }
    assert!(stopped.get() > 20, "the disk was full {} times only", stopped.get());
}
