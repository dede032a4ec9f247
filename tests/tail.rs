//! `edatop tail` on emulators, against what a plain client reads there: each line once, in the order of time, within two seconds of its
//! arrival.
//!
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566 cargo test --test tail -- --ignored --nocapture --test-threads 1`
//! prints how long the lines took. The groups of the first test are removed again; the demo of the second stays.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, InputLogEvent};
use edatop::demo::{Clients, architectures::ALL, deploy, traffic};
use jiff::Timestamp;
use serde_json::Value;
use support::emulators;
use tokio_util::sync::CancellationToken;

const GROUPS: usize = 20;
const STREAMS: usize = 2;
const LINES: usize = 10_000;
/// Lines of one call.
const BATCH: usize = 5;
/// Between two calls for one group: 20 groups of 5 lines each 400 ms are 250 lines a second.
const PACE: Duration = Duration::from_millis(400);
const TARGET: Duration = Duration::from_secs(2);
/// What is taken in sooner than this after it was said is in time to be put in order.
const IN_TIME_MS: i64 = 300;

/// A line as it came.
#[derive(Debug)]
struct Came {
    at: Instant,
    line: Value,
}

impl Came {
    fn text(&self) -> &str {
        self.line["message"].as_str().unwrap()
    }

    fn at_ms(&self) -> i64 {
        self.line["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond()
    }
}

/// A tail at work.
struct Tail {
    child: Child,
    lines: mpsc::Receiver<Came>,
}

impl Tail {
    fn start(url: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_edatop"))
            .args(["--endpoint", url, "--region", "us-east-1", "tail", "--json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if out.send(Came { at: Instant::now(), line }).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// What comes until so many are there, or nothing comes any more.
    fn lines(&self, most: usize) -> Vec<Came> {
        let mut came = Vec::new();
        while came.len() < most
            && let Ok(line) = self.lines.recv_timeout(Duration::from_secs(15))
        {
            came.push(line);
        }
        came
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// All of a group, as a plain client reads it.
async fn read(clients: &Clients, group: &str) -> Vec<FilteredLogEvent> {
    let mut pages = clients.logs.filter_log_events().log_group_name(group).into_paginator().send();
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page.unwrap().events.unwrap_or_default());
    }
    events
}

type Identity = (String, String, i64, String);

fn of_client(group: &str, event: &FilteredLogEvent) -> Identity {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (group.to_owned(), text(event.log_stream_name()), event.timestamp().unwrap(), text(event.message()))
}

fn of_tail(came: &Came) -> Identity {
    let text = |name: &str| came.line[name].as_str().unwrap().to_owned();
    (text("group"), text("stream"), came.at_ms(), text("message"))
}

/// Each line that the client reads is there once, and no other.
fn assert_same(came: &[Came], client: &[Identity]) {
    let mut counts: BTreeMap<Identity, i64> = BTreeMap::new();
    client.iter().for_each(|one| *counts.entry(one.clone()).or_default() += 1);
    came.iter().for_each(|one| *counts.entry(of_tail(one)).or_default() -= 1);
    counts.retain(|_, count| *count != 0);
    assert!(counts.is_empty(), "{} lines are not there once; the first: {:?}", counts.len(), counts.first_key_value());
}

/// How often a line is older than one before it.
fn inversions(came: &[&Came]) -> usize {
    came.windows(2).filter(|pair| pair[1].at_ms() < pair[0].at_ms()).count()
}

fn quantiles(mut waits: Vec<Duration>) -> (Duration, Duration, Duration) {
    waits.sort();
    (waits[waits.len() / 2], waits[waits.len() * 99 / 100], waits[waits.len() - 1])
}

/// When each line was taken in, and how many milliseconds after it was said.
type Answered = Arc<Mutex<HashMap<String, (Instant, i64)>>>;

/// Writes one group's lines at its pace, and notes when each was answered.
async fn write(clients: Clients, group: String, number: usize, answered: Answered) {
    let mut beat = tokio::time::interval(PACE);
    for first in (0..LINES / GROUPS).step_by(BATCH) {
        beat.tick().await;
        let texts: Vec<String> = (first..first + BATCH).map(|line| format!("line {number}/{line}")).collect();
        let at_ms = now_ms();
        let event = |text: &String| InputLogEvent::builder().timestamp(at_ms).message(text).build().unwrap();
        let stream = format!("s{}", first / BATCH % STREAMS);
        let call = clients.logs.put_log_events().log_group_name(&group).log_stream_name(stream);
        call.set_log_events(Some(texts.iter().map(event).collect())).send().await.unwrap();
        let when = (Instant::now(), now_ms() - at_ms);
        answered.lock().unwrap().extend(texts.into_iter().map(|text| (text, when)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn ten_thousand_lines_over_twenty_groups_each_once_in_order_and_soon() {
    for (name, url) in emulators::named() {
        let clients = Clients::new(&url).unwrap();
        let groups: Vec<String> = (0..GROUPS).map(|group| format!("edatop-tail-{group:02}")).collect();
        for group in &groups {
            clients.logs.delete_log_group().log_group_name(group).send().await.ok();
            clients.logs.create_log_group().log_group_name(group).send().await.unwrap();
            for stream in 0..STREAMS {
                let call = clients.logs.create_log_stream().log_group_name(group);
                call.log_stream_name(format!("s{stream}")).send().await.unwrap();
            }
        }
        let tail = Tail::start(&url, &["edatop-tail-*", "--since", "1m"]);
        let answered = Answered::default();
        let began = Instant::now();
        let writers: Vec<_> = groups
            .iter()
            .enumerate()
            .map(|(number, group)| tokio::spawn(write(clients.clone(), group.clone(), number, Arc::clone(&answered))))
            .collect();
        let (tail, came) = tokio::task::spawn_blocking(move || {
            let came = tail.lines(LINES);
            (tail, came)
        })
        .await
        .unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
        let took = began.elapsed();
        let mut client = Vec::new();
        for group in &groups {
            client.extend(read(&clients, group).await.iter().map(|event| of_client(group, event)));
        }
        assert_eq!(client.len(), LINES, "what the client reads");
        assert_same(&came, &client);
        let answered = answered.lock().unwrap().clone();
        // One that took longer than it is waited for cannot be in order.
        let timely: Vec<&Came> = came.iter().filter(|one| answered[one.text()].1 <= IN_TIME_MS).collect();
        let out_of_order = inversions(&timely);
        let waits = came.iter().map(|one| one.at.saturating_duration_since(answered[one.text()].0)).collect();
        let (p50, p99, max) = quantiles(waits);
        eprintln!(
            "{name}: {LINES} lines over {GROUPS} groups in {took:.1?} ({:.0}/s), each once; {} taken in within {IN_TIME_MS} ms, of which \
             {out_of_order} out of order; from the put's answer to stdout: p50 {p50:.2?}, p99 {p99:.2?}, max {max:.2?}",
            LINES as f64 / took.as_secs_f64(),
            timely.len(),
        );
        assert!(timely.len() > LINES / 2, "the endpoint was too slow for this to say anything of the order");
        assert_eq!(out_of_order, 0);
        assert!(p99 <= TARGET, "{p99:?}");
        late_lines_come_once(&clients, &groups, &tail).await;
        drop(tail);
        for group in &groups {
            clients.logs.delete_log_group().log_group_name(group).send().await.unwrap();
        }
    }
}

/// Half a minute late, in every group: they come, once, and nothing else does again.
async fn late_lines_come_once(clients: &Clients, groups: &[String], tail: &Tail) {
    let at_ms = now_ms() - 30_000;
    for group in groups {
        let events = (0..10).map(|line| {
            InputLogEvent::builder().timestamp(at_ms + line).message(format!("late {group} {line}")).build().unwrap()
        });
        let call = clients.logs.put_log_events().log_group_name(group).log_stream_name("s0");
        call.set_log_events(Some(events.collect())).send().await.unwrap();
    }
    // Fifteen seconds of silence end it; the readings that go back that far are as far apart.
    let mut came = tail.lines(groups.len() * 10);
    came.extend(tail.lines(usize::MAX));
    let mut texts: Vec<_> = came.iter().map(|one| one.text().to_owned()).collect();
    texts.sort();
    texts.dedup();
    assert_eq!((came.len(), texts.len()), (groups.len() * 10, groups.len() * 10), "late lines");
    assert!(texts.iter().all(|text| text.starts_with("late ")));
    eprintln!("  and {} lines that were 30 s late: each once", texts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn what_the_consumers_of_store_events_say_comes_once_and_in_order() {
    const CONSUMER: &str = "/aws/lambda/events_consumer_fn";
    let stores: Vec<_> =
        ALL.into_iter().filter(|one| one.functions.iter().any(|function| CONSUMER.ends_with(function.name))).collect();
    for (name, url) in emulators::that_deliver() {
        let clients = Clients::new(&url).unwrap();
        deploy::deploy(&clients, &stores).await.unwrap();
        let began_ms = now_ms();
        let since = Timestamp::from_millisecond(began_ms).unwrap().to_string();
        let tail = Tail::start(&url, &["--since", &since]);
        let (stop, plan) = (CancellationToken::new(), traffic::Plan { seed: 4, speed: traffic::EMULATOR_SPEED });
        let (stopped, sender, sent) = (stop.clone(), clients.clone(), stores.clone());
        let sending = tokio::spawn(async move { traffic::drive(&sender, &sent, plan, stopped).await });
        tokio::time::sleep(Duration::from_secs(45)).await;
        stop.cancel();
        sending.await.unwrap().unwrap();
        let came = tokio::task::spawn_blocking(move || tail.lines(usize::MAX)).await.unwrap();
        let mut client = Vec::new();
        let mut in_time = BTreeMap::new();
        for function in stores.iter().flat_map(|one| one.functions) {
            let group = format!("/aws/lambda/{}", function.name);
            let events = read(&clients, &group).await;
            for event in events.iter().filter(|event| event.timestamp() >= Some(began_ms)) {
                let identity = of_client(&group, event);
                let late_ms = event.ingestion_time().unwrap() - event.timestamp().unwrap();
                in_time.insert(identity.clone(), late_ms <= IN_TIME_MS);
                client.push(identity);
            }
        }
        assert_same(&came, &client);
        let timely: Vec<&Came> = came.iter().filter(|one| in_time[&of_tail(one)]).collect();
        let has =
            |what: &str| came.iter().filter(|one| one.line["group"] == CONSUMER && one.text().contains(what)).count();
        let (good, bad) = (has("\"store_id\": \"store-") + has("\"store_id\":\"store-"), has("store_id is missing"));
        let named = came.iter().filter(|one| one.line["request_id"].is_string()).count();
        eprintln!(
            "{name}: {} lines, each once; {} taken in within {IN_TIME_MS} ms, of which {} out of order; {good} with a store, {bad} without; \
             {named} with their request",
            came.len(),
            timely.len(),
            inversions(&timely)
        );
        assert!(good > 0 && bad > 0);
        assert_eq!(inversions(&timely), 0);
    }
}
