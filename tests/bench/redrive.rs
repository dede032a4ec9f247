//! A redrive against a bare loop of the same calls, on an endpoint that already runs: what the journal, synced before each step, and
//! all that watches over a run may cost. Where the endpoint has a move task of its own, that is measured as well.
//!
//! `cargo bench --bench redrive -- http://127.0.0.1:4567`: makes two queues a turn and deletes them again; takes turns, each side
//! first in every other, so that a slow moment of the machine hits both. The time is that from the first call until the last message
//! is gone from the dead-letter queue. `MESSAGES` and `WORKERS` in the environment say how many of each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

use std::{
    path::Path,
    process::ExitCode,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, SendMessageBatchRequestEntry,
};
use edatop::{
    app::clock,
    aws::{ConnectOptions, Connection},
    redrive::{
        journal::{Begun, Deed, Destination, Ended, Ledger, Origin, Scope, Shelf, VERSION},
        message::Outgoing,
        mover::{Job, Progress},
        native,
        peek::hunt::{Hunt, Hunting},
        plan::Options,
        queue::{Queue, Standing},
        sqs::Sqs,
        wire::{Accepted, Ask, Each, Refusal, Wire},
    },
};
use support::letters::Pair;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

const TURNS: usize = 15;
/// How many messages a turn moves. With fewer, what a run does before its first call and after its last weighs more.
static MESSAGES: LazyLock<usize> = LazyLock::new(|| number("MESSAGES").unwrap_or(2_000));
const CONCURRENCY: usize = 4;
/// Of the bare loop's throughput ours must be so much.
const TARGET: f64 = 0.95;
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let Some(url) = std::env::args().find(|argument| argument.starts_with("http")) else {
        println!("redrive: left out; give the URL of an endpoint, as in `cargo bench --bench redrive -- http://…`");
        return ExitCode::SUCCESS;
    };
    // As many threads as the program itself has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if runtime.block_on(compare(&url)) >= TARGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// What one side of a turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Bare,
    Ours,
    Native,
}

/// Takes turns; the ratio of the medians, ours to bare.
async fn compare(url: &str) -> f64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let options = ConnectOptions {
        endpoint: Some(url.to_owned()),
        region: Some("us-east-1".to_owned()),
        ..ConnectOptions::default()
    };
    let aws = Arc::new(Connection::open(&options).await.unwrap());
    assert!(aws.endpoint().is_some_and(|endpoint| !endpoint.is_aws()), "{url} is AWS itself: emulators only");
    aws.dialect.detect(aws.endpoint()).await;
    let mut sides = vec![Side::Bare, Side::Ours];
    if has_move_tasks(url, &aws).await {
        sides.push(Side::Native);
    } else {
        println!("{url} has no move task of its own");
    }
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); sides.len()];
    for turn in 0..=TURNS {
        let mut order: Vec<usize> = (0..sides.len()).collect();
        order.rotate_left(turn % sides.len());
        for index in order {
            let took = one(url, &aws, sides[index], folder.path()).await;
            let rate = *MESSAGES as f64 / took.as_secs_f64();
            // The first turn warms up.
            if turn > 0 {
                println!("turn {turn}: {:?} {rate:.0} messages/s", sides[index]);
                rates[index].push(rate);
            }
        }
    }
    let medians: Vec<f64> = rates.into_iter().map(median).collect();
    let ratio = medians[1] / medians[0];
    println!("median: bare {:.0}/s, ours {:.0}/s, ratio {ratio:.3} (target {TARGET})", medians[0], medians[1]);
    if let Some(native) = medians.get(2) {
        println!("median: the endpoint's own move task {native:.0}/s; ours is {:.3} of that", medians[1] / native);
    }
    ratio
}

/// Sums up how long the three calls of a move take, and how many there are of all others.
#[derive(Debug)]
struct Timed {
    wire: Sqs,
    began: Instant,
    /// When the first of them began.
    first: OnceLock<Duration>,
    calls: AtomicUsize,
    micros: AtomicUsize,
    others: AtomicUsize,
}

impl Timed {
    fn new(wire: Sqs) -> Self {
        let [calls, micros, others] = [0; 3].map(AtomicUsize::new);
        Self { wire, began: Instant::now(), first: OnceLock::new(), calls, micros, others }
    }

    async fn time<T>(&self, call: impl Future<Output = T>) -> T {
        let began = Instant::now();
        self.first.get_or_init(|| began - self.began);
        let answer = call.await;
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(usize::try_from(began.elapsed().as_micros()).unwrap(), Ordering::Relaxed);
        answer
    }

    fn count(&self) {
        self.others.fetch_add(1, Ordering::Relaxed);
    }

    fn say(&self, took: Duration) {
        let (calls, others) = (self.calls.load(Ordering::Relaxed), self.others.load(Ordering::Relaxed));
        let in_calls = self.micros.load(Ordering::Relaxed) as f64 / 1e6;
        let share = 100.0 * in_calls / (took.as_secs_f64() * CONCURRENCY as f64);
        let each = 1e3 * in_calls / calls as f64;
        let first = self.first.get().map_or(0, Duration::as_millis);
        println!(
            "   ours: {calls} calls of {each:.1} ms, {share:.0} % of the workers' time, the first after {first} ms; {others} other calls"
        );
    }
}

#[async_trait]
impl Wire for Timed {
    async fn find(&self, queue: &str) -> Result<Queue, Refusal> {
        self.wire.find(queue).await
    }

    async fn sources(&self, of: &Queue) -> Result<Vec<Queue>, Refusal> {
        self.count();
        self.wire.sources(of).await
    }

    async fn standing(&self, queue: &Queue) -> Result<Standing, Refusal> {
        self.count();
        self.wire.standing(queue).await
    }

    async fn glimpse(&self, queue: &Queue) -> Option<Vec<edatop::redrive::message::Message>> {
        self.count();
        self.wire.glimpse(queue).await
    }

    async fn receive(&self, from: &Queue, ask: Ask) -> Result<Vec<edatop::redrive::message::Message>, Refusal> {
        self.time(self.wire.receive(from, ask)).await
    }

    async fn send(&self, to: &Queue, batch: &[&Outgoing]) -> Each<Accepted> {
        self.time(self.wire.send(to, batch)).await
    }

    async fn delete(&self, from: &Queue, receipts: &[String]) -> Each<()> {
        self.time(self.wire.delete(from, receipts)).await
    }

    async fn lease(&self, on: &Queue, receipts: &[String], lease: Duration) -> Each<()> {
        self.count();
        self.wire.lease(on, receipts, lease).await
    }
}

async fn one(url: &str, aws: &Arc<Connection>, side: Side, folder: &Path) -> Duration {
    let pair = Pair::make(url, &format!("edatop-bench-{:08x}", fastrand::u32(..)), 0).await;
    pair.fill(*MESSAGES).await;
    let cpu = cpu_ms();
    let took = match side {
        Side::Bare => bare(&pair).await,
        Side::Ours => ours(&pair, aws, folder).await,
        Side::Native => by_itself(&pair, aws).await,
    };
    println!("   {side:?}: {:.2} ms of CPU for ten messages", (cpu_ms() - cpu) / (*MESSAGES as f64 / 10.0));
    assert_eq!(pair.counts().await, [0, *MESSAGES as u64], "{side:?}");
    pair.remove().await;
    took
}

/// What this process has used of all processors so far, in milliseconds; Linux only, elsewhere it stays 0.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // utime and stime, in hundredths of a second.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// As anybody would write it: no journal, no check of anything.
async fn bare(pair: &Pair) -> Duration {
    let began = Instant::now();
    let gone = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..CONCURRENCY {
        let (client, gone) = (pair.client.clone(), gone.clone());
        let (from, to) = (pair.dead_url.clone(), pair.source_url.clone());
        workers.spawn(async move {
            while gone.load(Ordering::Relaxed) < *MESSAGES {
                let call = client
                    .receive_message()
                    .queue_url(&from)
                    .max_number_of_messages(10)
                    .visibility_timeout(120)
                    .message_attribute_names("All")
                    .message_system_attribute_names(MessageSystemAttributeName::All);
                let messages = call.send().await.unwrap().messages.unwrap_or_default();
                if messages.is_empty() {
                    return;
                }
                let sent = client.send_message_batch().queue_url(&to).set_entries(Some(again(&messages)));
                assert!(sent.send().await.unwrap().failed.is_empty());
                let deleted = client.delete_message_batch().queue_url(&from).set_entries(Some(gone_now(&messages)));
                assert!(deleted.send().await.unwrap().failed.is_empty());
                gone.fetch_add(messages.len(), Ordering::Relaxed);
            }
        });
    }
    while workers.join_next().await.is_some() {}
    began.elapsed()
}

fn again(messages: &[Message]) -> Vec<SendMessageBatchRequestEntry> {
    let entry = |(number, message): (usize, &Message)| {
        let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
        let attributes = message.message_attributes().cloned();
        entry.message_body(message.body().unwrap()).set_message_attributes(attributes).build().unwrap()
    };
    messages.iter().enumerate().map(entry).collect()
}

fn gone_now(messages: &[Message]) -> Vec<DeleteMessageBatchRequestEntry> {
    let entry = |(number, message): (usize, &Message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
        entry.receipt_handle(message.receipt_handle().unwrap()).build().unwrap()
    };
    messages.iter().enumerate().map(entry).collect()
}

/// The mover as `edatop redrive` runs it, with its journal on a real disk.
async fn ours(pair: &Pair, aws: &Arc<Connection>, folder: &Path) -> Duration {
    let timed = Arc::new(Timed::new(Sqs::new(Arc::clone(aws))));
    let wire: Arc<dyn Wire> = timed.clone();
    let from = wire.find(&pair.dead).await.unwrap();
    let to = wire.find(&pair.source).await.unwrap();
    let (progress, mut watched) = watch::channel(Progress::default());
    let began = Instant::now();
    let begun = Begun {
        version: VERSION,
        at: clock::now(),
        who: "bench".to_owned(),
        endpoint: aws.endpoint().map(|endpoint| endpoint.url().to_owned()),
        region: aws.region().to_owned(),
        deed: Deed::Redrive,
        from: Origin::Queue(Box::new(from.clone())),
        to: Destination::Queue(Box::new(to)),
        scope: Scope::All { limit: None },
        edited: None,
        undoes: None,
        rate: None,
    };
    let journal = Shelf::new(folder.join("journals")).create(begun).await.unwrap();
    let ledger = Ledger::read(journal.path()).unwrap();
    let hunt = Arc::new(Hunt::for_all(Arc::clone(&wire), from, Hunting::new(clock::now)));
    let options = Options { concurrency: number("WORKERS").unwrap_or(CONCURRENCY), ..Options::default() };
    let job = Job {
        wire,
        journal,
        ledger,
        supply: hunt.clone(),
        listener: None,
        sink: None,
        options,
        total: *MESSAGES as u64,
        progress,
        tell: None,
        stop: CancellationToken::new(),
        clock: clock::now,
    };
    let run = tokio::spawn(job.run());
    // What comes after the last message, waiting for more, is no throughput.
    timeout(PATIENCE, watched.wait_for(|progress| progress.moved == *MESSAGES as u64)).await.unwrap().unwrap();
    let took = began.elapsed();
    timed.say(took);
    assert_eq!(run.await.unwrap(), Ended::Done);
    hunt.close().await;
    took
}

async fn has_move_tasks(url: &str, aws: &Arc<Connection>) -> bool {
    let pair = Pair::make(url, &format!("edatop-bench-{:08x}", fastrand::u32(..)), 0).await;
    let wire = Sqs::new(Arc::clone(aws));
    let answer = native::latest(aws, &wire.find(&pair.dead).await.unwrap()).await;
    pair.remove().await;
    answer.is_ok()
}

async fn by_itself(pair: &Pair, aws: &Arc<Connection>) -> Duration {
    let wire = Sqs::new(Arc::clone(aws));
    let (from, to) = (wire.find(&pair.dead).await.unwrap(), wire.find(&pair.source).await.unwrap());
    let began = Instant::now();
    native::start(aws, &from, Some(&to), None).await.unwrap();
    while pair.counts().await[1] < *MESSAGES as u64 {
        assert!(began.elapsed() < PATIENCE, "the move task does not end");
        sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
