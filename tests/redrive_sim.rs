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
    sync::Arc,
    time::Duration,
};

use edatop::redrive::{
    journal::{Begun, Deed, Destination, Ended, Ledger, Origin, Scope, Shelf, VERSION},
    mover::{Job, Progress, reopen},
    peek::hunt::{Hunt, Hunting},
    plan::Options,
    queue::Queue,
    wire::Wire,
};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use support::queues::{DEDUPLICATION_WINDOW, Queues, Shape, consumer::Consumer, faults::Faults, process::Process};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

const SEEDS: u64 = 300;
/// After so many kills it is left alone, and after so many lives without one it must be done.
const MOST_KILLS: u64 = 12;
const MOST_LIVES: u64 = 60;

thread_local! {
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The wall clock, as the simulation has it.
fn clock() -> Timestamp {
    let began = BEGAN.get().expect("a world was made");
    support::now() + SignedDuration::try_from(began.elapsed()).unwrap()
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
    fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        Self {
            seed,
            fifo: rng.bool(),
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

/// A world at work.
struct Stage {
    world: World,
    rng: Rng,
    queues: Queues,
    dead: Queue,
    sources: Vec<Queue>,
    tokens: Vec<String>,
    shelf: Shelf,
    kills: u64,
    /// Times that it said that it was done and messages were left.
    early: u64,
}

/// Where journals are: a disk in memory if there is one, so that a write takes no time to speak of.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

impl Stage {
    fn new(world: &World, folder: &Path) -> Self {
        BEGAN.set(Some(Instant::now()));
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
        Self { world: world.clone(), rng, queues, dead, sources, tokens, shelf, kills: 0, early: 0 }
    }

    fn begun(&self) -> Begun {
        Begun {
            version: VERSION,
            at: clock(),
            who: "test".to_owned(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            deed: Deed::Redrive,
            from: Origin::Queue(Box::new(self.dead.clone())),
            to: Destination::Sources(self.sources.clone()),
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
        let hunting = if ledger.resumed > 0 { Hunting::default().after_a_crash() } else { Hunting::default() };
        let hunt = Arc::new(Hunt::for_all(wire.clone(), self.dead.clone(), hunting));
        let job = Job {
            wire,
            journal,
            ledger,
            supply: hunt.clone(),
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
            let end = self.live(&process).await;
            eprintln!("LIFE {life} at {:?}: {end:?} {}", clock(), self.queues.census().on(&self.dead).len());
            match end {
                None => self.kills += 1,
                Some(Ok(Ended::Done)) if self.queues.census().on(&self.dead).is_empty() => return,
                Some(Ok(Ended::Done)) => {
                    self.early += 1;
                    sleep(Duration::from_secs(130)).await;
                }
                // Nobody answered for too long, or a lease was over. Another life goes on.
                Some(Ok(_) | Err(_)) => {}
            }
            self.check();
            sleep(self.world.pause.mul_f64(self.rng.f64())).await;
        }
    }

    /// What holds at every instant.
    fn check(&self) {
        assert_eq!(self.queues.ledger(|ledger| ledger.lost().to_vec()), Vec::<String>::new(), "lost");
        assert_eq!(self.queues.census().missing(&self.tokens), Vec::<&str>::new(), "missing");
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
        let said: u64 = self.ledgers().iter().map(|ledger| ledger.counts().maybe_twice).sum();
        let twice: u32 = self.queues.ledger(|ledger| ledger.sent_again()).values().map(|count| count - 1).sum();
        assert!(u64::from(twice) <= said, "{twice} twice, {said} said; {} times done too early", self.early);
        for source in self.sources.iter().filter(|source| source.is_fifo()) {
            self.judge_fifo(source);
        }
    }

    fn judge_fifo(&self, source: &Queue) {
        let arrivals = self.queues.ledger(|ledger| ledger.arrivals(source));
        let mut first: BTreeMap<&str, Instant> = BTreeMap::new();
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for arrival in &arrivals {
            match first.get(arrival.token.as_str()) {
                Some(at) => {
                    let since = arrival.at - *at;
                    assert!(since >= DEDUPLICATION_WINDOW, "{} came again after {since:?}", arrival.token);
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
fn in_a_world<F: Future<Output = ()>>(world: &World, play: impl FnOnce(Stage) -> F) {
    let folder = folder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async { play(Stage::new(world, folder.path())).await });
}

/// Runs a test for many seeds, and says which one fails and what it made.
fn for_seeds(test: impl Fn(u64)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("EDATOP_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("EDATOP_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(seed))) {
            eprintln!("EDATOP_SEED={seed}: {:?}", World::of(seed));
            resume_unwind(panic);
        }
    }
}

#[test]
fn nothing_is_lost_when_it_is_killed_at_any_await() {
    let (kills, runs) = (Cell::new(0), Cell::new(0));
    for_seeds(|seed| {
        let world = World::of(seed);
        in_a_world(&world, async |mut stage| {
            let consumers: Vec<_> = (stage.world.consumer)
                .then(|| stage.sources.iter().map(|source| stage.queues.consume(source, Consumer::default())).collect())
                .unwrap_or_default();
            stage.until_done().await;
            drop::<Vec<_>>(consumers);
            stage.judge();
            kills.set(kills.get() + stage.kills);
            runs.set(runs.get() + 1);
        });
    });
    eprintln!("{} kills in {} worlds", kills.get(), runs.get());
}
