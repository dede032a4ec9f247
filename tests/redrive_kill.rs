//! kill -9 of the real program at random instants of a redrive, resumed each time until it is done: nothing is lost, what came twice
//! is within what the journal says, and FIFO groups keep their order. On emulators that run already, plainly and through a proxy that
//! cuts, throttles, slows and loses answers. The messages are counted by a plain client.
//!
//! `EDATOP_TEST_ENDPOINTS=ministack=http://127.0.0.1:4567 cargo test --test redrive_kill -- --ignored --nocapture`
//! `EDATOP_BINARY=…` is the program, if not the one built here. `EDATOP_SEED=…` repeats the instants of a run that is printed with it; `EDATOP_KILLS=…` sets how many there are on each endpoint.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use edatop::redrive::journal::{Ledger, Outcome as Sending, Record, Records, Sent, Shelf, Taken};
use fastrand::Rng;
use futures_util::{StreamExt, future::ready, stream};
use support::{
    emulators,
    hermetic::{Home, program},
    letters::{self, Overtaken, Pair},
    proxy::{Fault, Proxy},
    queues::ledger::tokens_in,
};
use tokio::time::{Instant, sleep};

/// Kills that hit, on each endpoint, over all its rounds; at the end a few more, since the rounds that run then go on.
const KILLS: usize = 200;
/// Kills in one round: a redrive of one queue until nothing is left.
const KILLS_A_ROUND: usize = 10;
const MESSAGES: usize = 300;
/// About what a journal grows by for each.
const BYTES_OF_A_MESSAGE: u64 = 900;
const GROUPS: usize = 20;
/// Rounds at once. They mostly wait for leases that the killed ones left.
const ROUNDS_AT_ONCE: usize = 10;
/// Starts of the program in one round, after which it will never be done.
const MOST_STARTS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(120);
/// A run that moves on is not stuck. This long it may stand still: a lost answer or a killed run leaves messages leased for a minute and
/// a margin, in a FIFO queue whole groups with them, and now and then the next answer is lost as well, and the one after that.
const STANDSTILL: Duration = Duration::from_secs(190);
/// When there is nothing to do but to wait for leases to end.
const BETWEEN_TRIES: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(2);

/// One queue's way.
struct Round {
    number: usize,
    seed: u64,
    /// Of the endpoint, or of a proxy in front of it.
    url: String,
    fifo: bool,
    /// The endpoint gives out messages of a group while others before them are in flight. See the test of it.
    breaks_groups: bool,
    home: Home,
    pair: Pair,
    starts: usize,
}

/// As it is named in the list of endpoints.
const LOCALSTACK: &str = "localstack";

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    kills: usize,
    lost: Vec<String>,
    twice: usize,
    said: u64,
    overtaken: Vec<Overtaken>,
    /// Of them, those that the endpoint itself gave out in the wrong order.
    given_so: usize,
    left: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn nothing_is_lost_when_it_is_killed() {
    on_every_endpoint("kill", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn nothing_is_lost_when_it_is_killed_on_a_bad_network() {
    on_every_endpoint("net", true).await;
}

/// Why pairs that LocalStack itself gives out in the wrong order are not held against the program. When this fails LocalStack is mended,
/// and `breaks_groups` can go.
#[tokio::test]
#[ignore = "needs LocalStack, named in EDATOP_TEST_ENDPOINTS"]
async fn localstack_gives_out_a_message_while_one_before_it_is_in_flight() {
    let Some((_, url)) = emulators::that_deliver().into_iter().find(|(name, _)| name == LOCALSTACK) else { return };
    let pair = Pair::make(&url, &format!("edatop-order-{:06x}", fastrand::u32(..1 << 24)), 1).await;
    pair.fill(2).await;
    let receive = async || {
        let call = pair.client.receive_message().queue_url(&pair.dead_url).max_number_of_messages(10);
        call.visibility_timeout(60).send().await.unwrap().messages.unwrap_or_default()
    };
    let both = receive().await;
    assert_eq!(both.len(), 2);
    let second = both[1].receipt_handle().unwrap();
    let call = pair.client.change_message_visibility().queue_url(&pair.dead_url).receipt_handle(second);
    call.visibility_timeout(0).send().await.unwrap();
    let given: Vec<_> = receive().await.into_iter().map(|message| message.body.unwrap()).collect();
    assert_eq!(given, [both[1].body().unwrap()]);
    pair.remove().await;
}

async fn on_every_endpoint(name: &str, bad_network: bool) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("EDATOP_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let kills = number("EDATOP_KILLS").map_or(KILLS, |kills| usize::try_from(kills).unwrap());
    for (endpoint, url) in emulators::that_deliver() {
        eprintln!("{endpoint}: {kills} kills, EDATOP_SEED={seed}{}", if bad_network { ", bad network" } else { "" });
        let began = Instant::now();
        // Some come too late, when all is moved already: rounds go on until so many have hit.
        let hit = AtomicUsize::new(0);
        let most_rounds = 3 * kills.div_ceil(KILLS_A_ROUND);
        let round = async |number: usize| {
            let seed = seed.wrapping_add(number as u64);
            let mut proxy = None;
            if bad_network {
                let behind = Proxy::start(&url).await;
                behind.chance("sqs", seed, bad_luck());
                proxy = Some(behind);
            }
            let at = proxy.as_ref().map_or_else(|| url.clone(), Proxy::url);
            let label = format!("{name}-{endpoint}-{seed}-{number}");
            let mut round = Round::new(&url, at, &label, (number, seed)).await;
            round.breaks_groups = endpoint == LOCALSTACK;
            let outcome = round.run().await;
            hit.fetch_add(outcome.kills, Ordering::Relaxed);
            (number, outcome)
        };
        let outcomes: Vec<_> = stream::iter(0..most_rounds)
            .take_while(|_| ready(hit.load(Ordering::Relaxed) < kills))
            .map(round)
            .buffer_unordered(ROUNDS_AT_ONCE)
            .collect()
            .await;
        assert!(hit.into_inner() >= kills, "{endpoint}: most kills came too late");
        judge(&endpoint, &outcomes, began.elapsed());
    }
}

/// Of a hundred calls some thirty go wrong.
fn bad_luck() -> Vec<(f64, Fault)> {
    vec![
        (0.06, Fault::Cut),
        (0.06, Fault::AnswerLost),
        (0.08, Fault::Throttled),
        (0.10, Fault::Slow(Duration::from_millis(150))),
    ]
}

fn judge(endpoint: &str, outcomes: &[(usize, Outcome)], took: Duration) {
    let sum = |of: fn(&Outcome) -> usize| outcomes.iter().map(|(_, outcome)| of(outcome)).sum::<usize>();
    let (kills, twice, lost) = (sum(|o| o.kills), sum(|o| o.twice), sum(|o| o.lost.len()));
    let said: u64 = outcomes.iter().map(|(_, outcome)| outcome.said).sum();
    eprintln!(
        "{endpoint}: {} messages, {kills} kills in {took:.0?}: {lost} lost, {twice} twice (said {said})",
        outcomes.len() * MESSAGES
    );
    let given_so = sum(|o| o.given_so);
    if given_so > 0 {
        eprintln!(
            "{endpoint}: {given_so} pairs out of order, because it gave out the later one while it held the earlier one back"
        );
    }
    for (number, outcome) in outcomes {
        assert_eq!(outcome.lost, Vec::<String>::new(), "{endpoint}, round {number}: lost");
        assert_eq!(outcome.left, 0, "{endpoint}, round {number}: not moved though it said that it was done");
        assert_eq!(outcome.overtaken, [], "{endpoint}, round {number}: groups out of order");
        assert!(outcome.twice as u64 <= outcome.said, "{endpoint}, round {number}: {outcome:?}");
    }
}

impl Round {
    async fn new(direct: &str, url: String, label: &str, (number, seed): (usize, u64)) -> Self {
        let fifo = number % 2 == 1;
        let pair = Pair::make(direct, &format!("edatop-{label}"), if fifo { GROUPS } else { 0 }).await;
        pair.fill(MESSAGES).await;
        Self { number, seed, url, fifo, breaks_groups: false, home: Home::new(label), pair, starts: 0 }
    }

    async fn run(mut self) -> Outcome {
        let mut rng = Rng::with_seed(self.seed);
        let mut outcome = Outcome::default();
        let began = Instant::now();
        while outcome.kills < KILLS_A_ROUND && !self.is_done().await {
            // Kills are spread over the whole way; some come before anything has moved.
            let share = BYTES_OF_A_MESSAGE * MESSAGES as u64 / KILLS_A_ROUND as u64;
            let how_far = rng.u64(0..share * 3 / 2);
            let jitter = Duration::from_micros(rng.u64(..40_000));
            outcome.kills += usize::from(self.start_and_kill(how_far, jitter).await);
        }
        while !self.is_done().await {
            let status = self.start_and_wait().await;
            // What killed ones had leased and not yet written down comes back by itself.
            if !self.is_done().await {
                sleep(BETWEEN_TRIES).await;
            }
            assert!(
                began.elapsed() < PATIENCE * 4,
                "round {}, seed {}: never done, last {status}: {}",
                self.number,
                self.seed,
                self.said()
            );
        }
        self.count(&mut outcome).await;
        outcome
    }

    /// Starts it anew if there is nothing to resume.
    fn start(&mut self) -> Child {
        self.starts += 1;
        assert!(self.starts < MOST_STARTS, "round {}, seed {}: {}", self.number, self.seed, self.said());
        let redrive: &[&str] =
            if self.is_cut_off() { &["redrive", "--resume", "--yes"] } else { &["redrive", &self.pair.dead, "--yes"] };
        let file = |name: &str| File::create(self.home.folder.join(name)).unwrap();
        Command::new(program())
            .args(redrive)
            .args(["--endpoint", &self.url])
            .env_clear()
            .envs(self.home.variables())
            .env("XDG_STATE_HOME", self.home.folder.join("state"))
            .current_dir(&self.home.folder)
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .unwrap()
    }

    /// Kills it a moment after the journals have grown by so many bytes. False if it ended before.
    async fn start_and_kill(&mut self, how_far: u64, jitter: Duration) -> bool {
        let before = self.journal_bytes();
        let mut child = self.start();
        let began = Instant::now();
        while self.journal_bytes() <= before + how_far && began.elapsed() < PATIENCE {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            sleep(TICK).await;
        }
        sleep(jitter).await;
        // On Unix this is SIGKILL.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        status.code().is_none()
    }

    async fn start_and_wait(&mut self) -> ExitStatus {
        let mut child = self.start();
        let (mut moved_on, mut bytes) = (Instant::now(), self.journal_bytes());
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            let written = self.journal_bytes();
            if written != bytes {
                (moved_on, bytes) = (Instant::now(), written);
            }
            if moved_on.elapsed() > STANDSTILL {
                child.kill().unwrap();
                panic!("round {}, seed {}: it does not end: {}", self.number, self.seed, self.said());
            }
            sleep(TICK * 10).await;
        }
    }

    fn shelf(&self) -> Shelf {
        Shelf::new(self.home.folder.join("state/edatop/journals"))
    }

    fn ledgers(&self) -> Vec<Ledger> {
        let shelf = self.shelf();
        let ids = shelf.ids().unwrap();
        let paths: Vec<PathBuf> = ids.iter().map(|id| shelf.path(id)).collect();
        // One that was killed before its first record was on the disk holds nothing.
        paths.iter().filter_map(|path| Ledger::read(path).ok()).collect()
    }

    fn journal_bytes(&self) -> u64 {
        let files = std::fs::read_dir(self.shelf().folder()).into_iter().flatten();
        files.filter_map(|file| file.ok()?.metadata().ok()).map(|data| data.len()).sum()
    }

    fn is_cut_off(&self) -> bool {
        self.ledgers().iter().any(Ledger::is_unfinished)
    }

    async fn is_done(&self) -> bool {
        !self.is_cut_off() && self.pair.counts().await[0] == 0
    }

    /// What the program said last.
    fn said(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.home.folder.join(name)).unwrap_or_default();
        let out = read("out");
        let last: Vec<&str> = out.lines().rev().take(2).collect();
        format!("{last:?} {}", read("err"))
    }

    /// Whether the program had the later one alone when it was sent: the earlier one was still in its queue, where a FIFO queue that keeps
    /// its word gives out nothing behind it. By the journal: what a process has once had in hand does not count as held back.
    fn was_given_so(&self, pair: &Overtaken) -> bool {
        let (mut tokens, mut in_hand) = (HashMap::new(), HashSet::new());
        let shelf = self.shelf();
        for id in shelf.ids().unwrap() {
            let mut records = Records::open(&shelf.path(&id)).unwrap();
            while let Some((_, record)) = records.advance().unwrap() {
                match record {
                    Record::Begun(_) | Record::Resumed { .. } => in_hand.clear(),
                    Record::Taken { messages, .. } => {
                        for Taken { message, .. } in messages {
                            let token = tokens_in(&message.body).next().unwrap().to_owned();
                            in_hand.insert(token.clone());
                            tokens.insert(message.id.clone(), token);
                        }
                    }
                    Record::Sent { results, .. } => {
                        let has_arrived = |sent: &Sent| {
                            tokens[&sent.id] == pair.later && !matches!(sent.outcome, Sending::Refused(_))
                        };
                        if results.iter().any(has_arrived) {
                            return !in_hand.contains(&pair.earlier);
                        }
                    }
                    _ => {}
                }
            }
        }
        false
    }

    async fn count(&mut self, outcome: &mut Outcome) {
        let [left, arrived] = self.pair.empty().await;
        let counts = letters::tally(&arrived);
        let still = letters::tally(&left);
        outcome.left = left.len();
        outcome.lost = (0..MESSAGES)
            .map(letters::token)
            .filter(|token| !counts.contains_key(token.as_str()) && !still.contains_key(token.as_str()))
            .collect();
        outcome.twice = counts.values().map(|count| count - 1).sum();
        outcome.said = self.ledgers().iter().map(|ledger| ledger.counts().maybe_twice).sum();
        if self.fifo {
            let (given_so, overtaken) = letters::out_of_order(&arrived)
                .into_iter()
                .partition(|pair| self.breaks_groups && self.was_given_so(pair));
            (outcome.given_so, outcome.overtaken) = (Vec::len(&given_so), overtaken);
        }
        if !(outcome.lost.is_empty() && outcome.overtaken.is_empty()) {
            let line = |letter: &letters::Letter| format!("{} {}\n", letter.group, letter.token);
            let path = self.home.write("arrived", &arrived.iter().map(line).collect::<String>());
            eprintln!("round {}: kept with its journals: {path}", self.number);
            self.home.keep();
        }
        self.pair.remove().await;
    }
}
