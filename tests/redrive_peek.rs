//! Looking without harm: a hundred thousand messages in little memory, and on emulators no look ever dead-letters a message.
//!
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566,ministack=http://127.0.0.1:4567 cargo test --test redrive_peek -- --ignored`
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::QueueAttributeName};
use edatop::{
    aws::Connection,
    demo::Clients,
    domain::ResourceId,
    redrive::{
        message::{Message, Outgoing, system},
        peek::{
            cost::Verdict,
            hold::{Found, Hold, Options},
            look::Looked,
            looks::Looks,
            row::Row,
        },
        queue::{Queue, Standing},
        sqs::Sqs,
        wire::{Accepted, Ask, Each, Refusal, Why, Wire},
    },
};
use jiff::Timestamp;
use support::{driver, emulators};
use tokio::sync::mpsc::channel;
use tokio_util::sync::CancellationToken;

const MEBIBYTE: u64 = 1 << 20;
/// Whatever is looked at, the whole process stays below this.
const MOST_MEMORY: u64 = 200 * MEBIBYTE;

/// A queue that makes up its messages as they are received.
#[derive(Debug)]
struct Endless {
    count: usize,
    body_bytes: usize,
    given: AtomicUsize,
}

impl Endless {
    fn message(&self, number: usize) -> Message {
        let id = format!("{number:08x}-1111-4222-8333-444455556666");
        let head = format!("{{\"order\":{number},\"text\":\"");
        let body = format!("{head}{}\"}}", "x".repeat(self.body_bytes.saturating_sub(head.len() + 2)));
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let system = [
            text(system::SENT, "1795272879014"),
            text(system::RECEIVE_COUNT, "1"),
            text(system::SOURCE, "arn:aws:sqs:us-east-1:000000000000:orders"),
            text(system::FIRST_RECEIVED, "1795272879103"),
            text(system::SENDER, "AIDAIENQZJOLO23YVJ4VO"),
        ];
        // As long as AWS's are.
        let receipt = format!("{number:08}{}", "r".repeat(404));
        Message { id, receipt: Some(receipt), body, system: system.into(), ..Message::default() }
    }
}

#[async_trait]
impl Wire for Endless {
    async fn find(&self, _: &str) -> Result<Queue, Refusal> {
        Err(Refusal::new(Why::Gone, false, "not here"))
    }

    async fn sources(&self, _: &Queue) -> Result<Vec<Queue>, Refusal> {
        Ok(Vec::new())
    }

    async fn standing(&self, _: &Queue) -> Result<Standing, Refusal> {
        let in_flight = self.given.load(Ordering::Relaxed).min(self.count) as u64;
        Ok(Standing { visible: self.count as u64 - in_flight, in_flight, delayed: 0 })
    }

    async fn receive(&self, _: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal> {
        let from = self.given.fetch_add(ask.most, Ordering::Relaxed);
        Ok((from..from + ask.most)
            .take_while(|number| *number < self.count)
            .map(|number| self.message(number))
            .collect())
    }

    async fn send(&self, _: &Queue, batch: &[&Outgoing]) -> Each<Accepted> {
        batch.iter().map(|_| Err(Refusal::new(Why::ReadOnly, false, "not here"))).collect()
    }

    async fn delete(&self, _: &Queue, receipts: &[String]) -> Each<()> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn lease(&self, _: &Queue, receipts: &[String], _: Duration) -> Each<()> {
        receipts.iter().map(|_| Ok(())).collect()
    }
}

/// The most memory that this process ever had.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

fn dead_letters() -> Queue {
    Queue {
        url: "http://localhost/dlq".into(),
        arn: ResourceId::from("arn:aws:sqs:us-east-1:000000000000:dlq"),
        visibility_timeout: Duration::from_secs(30),
        retention: Duration::from_secs(345_600),
        maximum_message_bytes: 1 << 20,
        redrive_policy: None,
        content_based_deduplication: false,
    }
}

fn now() -> Timestamp {
    edatop::app::clock::now()
}

/// Looks, keeping rows as the desk does.
async fn look(hold: &Hold) -> (Looked, Vec<Row>) {
    let (sender, mut receiver) = channel::<Vec<Found>>(2);
    let rows = tokio::spawn(async move {
        let mut rows = Vec::new();
        while let Some(found) = receiver.recv().await {
            rows.extend(found.into_iter().map(|found| found.row));
        }
        rows
    });
    let looked = hold.look(None, &sender, &CancellationToken::new()).await;
    drop(sender);
    (looked, rows.await.unwrap())
}

async fn measure(count: usize, body_bytes: usize) {
    let wire = Arc::new(Endless { count, body_bytes, given: AtomicUsize::new(0) });
    let hold = Hold::open(Arc::clone(&wire) as _, dead_letters(), Options::new(now)).await.unwrap();
    let started = Instant::now();
    let (looked, rows) = look(&hold).await;
    let seconds = started.elapsed().as_secs_f64();
    assert!(looked.is_complete(), "{looked}");
    assert_eq!(rows.len(), count);
    let reading = Instant::now();
    for number in (0..count).step_by(count.div_ceil(1000)) {
        let expected = wire.message(number);
        assert_eq!(hold.message(&expected.id).unwrap(), expected);
    }
    let each = reading.elapsed() / 1000;
    assert_eq!(hold.release().await.given_back, count as u64);
    let spooled = hold.spooled_bytes() / MEBIBYTE;
    let Some(peak) = peak_memory() else { return };
    eprintln!(
        "{count} messages of {body_bytes} bytes: {seconds:.1} s, {spooled} MiB on disk, {} MiB in memory at most, {each:?} to read one",
        peak / MEBIBYTE
    );
    assert!(peak < MOST_MEMORY, "{} MiB", peak / MEBIBYTE);
}

#[tokio::test]
async fn a_hundred_thousand_messages_stay_small() {
    measure(100_000, 1000).await;
}

#[tokio::test]
async fn a_mebibyte_each_is_not_held_in_memory() {
    measure(300, 1 << 20).await;
}

#[tokio::test]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn on_no_endpoint_a_look_dead_letters_a_message() {
    for (name, url) in emulators::that_deliver() {
        for fifo in [false, true] {
            let case = Case::new(&name, &url, fifo).await;
            case.looks_are_harmless().await;
            case.is_over().await;
        }
        eprintln!("{name}: no look moved a message");
    }
}

/// A queue whose messages have three tries, and where they go then.
struct Case {
    name: String,
    sqs: Client,
    wire: Arc<dyn Wire>,
    queue: String,
    dead: String,
}

const MESSAGES: usize = 25;
const TRIES: u32 = 3;

impl Case {
    async fn new(name: &str, url: &str, fifo: bool) -> Self {
        let sqs = Clients::new(url).unwrap().sqs;
        let suffix = if fifo { ".fifo" } else { "" };
        let make = async |queue: String| {
            let mut call = sqs.create_queue().queue_name(&queue).attributes(QueueAttributeName::VisibilityTimeout, "2");
            if fifo {
                call = call.attributes(QueueAttributeName::FifoQueue, "true");
            }
            call.send().await.unwrap().queue_url.unwrap()
        };
        let salt = std::process::id();
        let dead = make(format!("peeked-{salt}-dead{suffix}")).await;
        let queue = make(format!("peeked-{salt}{suffix}")).await;
        let attributes = sqs.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
        let arn = attributes.send().await.unwrap().attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
        let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{TRIES}}}"#);
        let set = sqs.set_queue_attributes().queue_url(&queue).attributes(QueueAttributeName::RedrivePolicy, policy);
        set.send().await.unwrap();
        for number in 0..MESSAGES {
            let mut send = sqs.send_message().queue_url(&queue).message_body(format!(" {number}\r\n\t"));
            if fifo {
                send = send.message_group_id(format!("g{}", number % 5)).message_deduplication_id(number.to_string());
            }
            send.send().await.unwrap();
        }
        let options = driver::options(url);
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        aws.dialect.detect(aws.endpoint()).await;
        Self { name: name.to_owned(), sqs, wire: Arc::new(Sqs::new(aws)), queue, dead }
    }

    async fn depth(&self, url: &str) -> u64 {
        let standing = self.wire.standing(&self.wire.find(url).await.unwrap()).await.unwrap();
        standing.total()
    }

    /// Five looks in each way: for free where there is one, and by receives.
    async fn looks_are_harmless(&self) {
        let folder = tempfile::tempdir().unwrap();
        let mut highest = 0;
        for free in [true, false] {
            for _ in 0..5 {
                highest = highest.max(self.look(free, folder.path()).await);
            }
        }
        assert!(highest < TRIES, "{}: a message was received {highest} times", self.name);
        assert_eq!(
            (self.depth(&self.queue).await, self.depth(&self.dead).await),
            (MESSAGES as u64, 0),
            "{}",
            self.name
        );
    }

    /// The highest receive count that was seen.
    async fn look(&self, free: bool, memory: &std::path::Path) -> u32 {
        let wire: Arc<dyn Wire> =
            if free { Arc::clone(&self.wire) } else { Arc::new(Blindfolded(Arc::clone(&self.wire))) };
        let queue = wire.find(&self.queue).await.unwrap();
        let options = Options { memory: Some(Looks::in_folder(memory)), ..Options::new(now) };
        let hold = Hold::open(wire, queue, options).await.unwrap();
        let cost = hold.cost();
        let (looked, rows) = look(&hold).await;
        let released = hold.release().await;
        eprintln!("{}: {:?}: {looked}; {released}", self.name, cost.verdict);
        assert_eq!(cost.verdict == Verdict::Free, free && self.name == "localstack");
        if cost.verdict == Verdict::Free {
            assert_eq!(rows.len(), MESSAGES);
            assert_eq!(hold.message(&rows[0].id).unwrap().body, " 0\r\n\t", "byte for byte");
        }
        assert_eq!((released.stuck, self.depth(&self.dead).await), (0, 0));
        rows.iter().map(|row| row.receive_count).max().unwrap_or(0)
    }

    async fn is_over(&self) {
        for url in [&self.queue, &self.dead] {
            self.sqs.delete_queue().queue_url(url).send().await.unwrap();
        }
    }
}

/// An endpoint without a free look.
#[derive(Debug)]
struct Blindfolded(Arc<dyn Wire>);

#[async_trait]
impl Wire for Blindfolded {
    async fn find(&self, queue: &str) -> Result<Queue, Refusal> {
        self.0.find(queue).await
    }

    async fn sources(&self, of: &Queue) -> Result<Vec<Queue>, Refusal> {
        self.0.sources(of).await
    }

    async fn standing(&self, queue: &Queue) -> Result<Standing, Refusal> {
        self.0.standing(queue).await
    }

    async fn receive(&self, from: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal> {
        self.0.receive(from, ask).await
    }

    async fn send(&self, to: &Queue, batch: &[&Outgoing]) -> Each<Accepted> {
        self.0.send(to, batch).await
    }

    async fn delete(&self, from: &Queue, receipts: &[String]) -> Each<()> {
        self.0.delete(from, receipts).await
    }

    async fn lease(&self, on: &Queue, receipts: &[String], lease: Duration) -> Each<()> {
        self.0.lease(on, receipts, lease).await
    }
}
