//! What a run itself costs, by how many messages it moves: no endpoint, only what the mover, its book and its journal do.
//!
//! `cargo bench --bench mover`, or `-- 5000 50000` for other numbers. CPU time of this process, since a journal waits for its disk; twice
//! the messages may cost little more than twice as much.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on fails")]

use std::{
    collections::BTreeMap,
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use edatop::{
    app::clock,
    redrive::{
        journal::{Begun, Deed, Destination, Ended, Ledger, Origin, Scope, Shelf, VERSION},
        message::{Message, Outgoing},
        mover::{Job, Progress},
        peek::hunt::{Hunt, Hunting},
        plan::Options,
        queue::{Queue, Standing},
        wire::{Accepted, Ask, Each, Refusal, Wire},
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const COUNTS: [usize; 2] = [100_000, 1_000_000];
/// What a message may cost in the largest run, as a multiple of what it costs in the smallest.
const TARGET: f64 = 1.5;

fn main() -> ExitCode {
    let mut counts: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if counts.is_empty() {
        counts = COUNTS.to_vec();
    }
    let each: Vec<f64> = counts.into_iter().map(cost_of_each).collect();
    let grows = each[each.len() - 1] / each[0];
    println!("a message of the largest run costs {grows:.2} times one of the smallest (target {TARGET})");
    if grows <= TARGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Microseconds of CPU time a message.
fn cost_of_each(count: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // A disk in memory, if there is one: what is measured is not the disk.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let (began, before) = (Instant::now(), cpu_time());
    let ended = runtime.block_on(run(count, folder.path()));
    let cpu = cpu_time() - before;
    assert_eq!(ended, Ended::Done);
    let each = cpu.as_secs_f64() * 1e6 / count as f64;
    println!(
        "{count} messages: {:.1} s of CPU time in {:.1} s, {each:.1} µs a message",
        cpu.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    each
}

async fn run(count: usize, folder: &Path) -> Ended {
    let (from, to) = (queue("dlq"), queue("orders"));
    let begun = Begun {
        version: VERSION,
        at: clock::now(),
        who: "bench".to_owned(),
        endpoint: None,
        region: "us-east-1".to_owned(),
        deed: Deed::Redrive,
        from: Origin::Queue(Box::new(from.clone())),
        to: Destination::Queue(Box::new(to)),
        scope: Scope::All { limit: None },
        edited: None,
        undoes: None,
        rate: None,
    };
    let journal = Shelf::new(folder).create(begun).await.unwrap();
    let ledger = Ledger::read(journal.path()).unwrap();
    let wire: Arc<dyn Wire> = Arc::new(Endless { count, given: AtomicUsize::new(0), sent: AtomicUsize::new(0) });
    let hunting = Hunting { wait: Duration::from_millis(10), ..Hunting::new(clock::now) };
    let hunt = Arc::new(Hunt::for_all(Arc::clone(&wire), from, hunting));
    let job = Job {
        wire,
        journal,
        ledger,
        supply: hunt.clone(),
        listener: None,
        sink: None,
        options: Options::default(),
        total: count as u64,
        progress: watch::Sender::new(Progress::default()),
        tell: None,
        stop: CancellationToken::new(),
        clock: clock::now,
    };
    let ended = job.run().await;
    hunt.close().await;
    ended
}

/// A queue that makes its messages up.
#[derive(Debug)]
struct Endless {
    count: usize,
    given: AtomicUsize,
    sent: AtomicUsize,
}

#[async_trait]
impl Wire for Endless {
    async fn find(&self, name: &str) -> Result<Queue, Refusal> {
        Ok(queue(name))
    }

    async fn sources(&self, _: &Queue) -> Result<Vec<Queue>, Refusal> {
        Ok(Vec::new())
    }

    async fn standing(&self, of: &Queue) -> Result<Standing, Refusal> {
        let sent = self.sent.load(Ordering::Relaxed);
        let there = if of.name() == "dlq" { self.count - sent } else { 0 };
        Ok(Standing { visible: there as u64, ..Standing::default() })
    }

    async fn glimpse(&self, _: &Queue) -> Option<Vec<Message>> {
        None
    }

    async fn receive(&self, _: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal> {
        let from = self.given.fetch_add(ask.most, Ordering::Relaxed).min(self.count);
        Ok((from..self.count.min(from + ask.most)).map(message).collect())
    }

    async fn send(&self, _: &Queue, batch: &[&Outgoing]) -> Each<Accepted> {
        let from = self.sent.fetch_add(batch.len(), Ordering::Relaxed);
        (0..batch.len()).map(|index| Ok(Accepted { id: id(from + index + self.count), sequence: None })).collect()
    }

    async fn delete(&self, _: &Queue, receipts: &[String]) -> Each<()> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn lease(&self, _: &Queue, receipts: &[String], _: Duration) -> Each<()> {
        receipts.iter().map(|_| Ok(())).collect()
    }
}

fn id(number: usize) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", number.wrapping_mul(0x9e37_79b9) as u32)
}

fn message(number: usize) -> Message {
    Message {
        id: id(number),
        receipt: Some(format!("receipt-{number}")),
        body: format!(r#"{{"number":{number},"type":"cart"}}"#),
        ..Message::default()
    }
}

fn queue(name: &str) -> Queue {
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    Queue::from_attributes(&format!("http://sqs.test/{name}"), &BTreeMap::from([("QueueArn".to_owned(), arn)])).unwrap()
}

/// Of this process, all threads.
fn cpu_time() -> Duration {
    /// Linux tells it in hundredths of a second.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold anything.
    let numbers = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let (user, system) = (11, 12);
    let numbers: Vec<f64> = numbers.map(|number| number.parse().unwrap_or_default()).collect();
    let ticks = numbers.get(user).zip(numbers.get(system)).map_or(0.0, |(user, system)| user + system);
    Duration::from_secs_f64(ticks / TICKS)
}
