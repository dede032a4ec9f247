//! A thousand queues: edatop's first full round against a bare loop of the same calls, on an endpoint that already runs.
//!
//! `cargo bench --bench many_queues -- http://127.0.0.1:4567`: makes the queues that are missing (`edatop-load-0000` …; nothing
//! deletes them), then takes turns, so that a slow moment of the machine hits both. What edatop adds to the calls (links, attributes,
//! comparison with what was known, the store) must stay under half of what the calls cost.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{
    collections::BTreeSet,
    process::ExitCode,
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::{config::Credentials, types::QueueAttributeName};
use edatop::{
    app::clock,
    aws::{ConnectOptions, Connection, Endpoint},
    domain::Scope,
    pollers::{Look, Outbox, POLLERS, Paces, sqs::CONCURRENCY},
    store::Store,
};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

const QUEUES: usize = 1_000;
const PREFIX: &str = "edatop-load-";
const TURNS: usize = 5;
/// What edatop may take, as a multiple of the bare calls.
const TARGET: f64 = 1.5;

fn main() -> ExitCode {
    let Some(url) = std::env::args().find(|argument| argument.starts_with("http")) else {
        println!(
            "many_queues: left out; give the URL of an endpoint, as in `cargo bench --bench many_queues -- http://…`"
        );
        return ExitCode::SUCCESS;
    };
    // As many threads as the program itself has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if runtime.block_on(compare(&url)) <= TARGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Takes turns; the ratio of the medians.
async fn compare(url: &str) -> f64 {
    let endpoint: Endpoint = url.parse().unwrap();
    assert!(!endpoint.is_aws(), "{url} is AWS itself: a thousand queues are made on emulators only");
    let client = plain_client(url);
    create_missing(&client).await;
    let options = ConnectOptions {
        endpoint: Some(url.to_owned()),
        region: Some("us-east-1".to_owned()),
        read_only: true,
        ..ConnectOptions::default()
    };
    let aws = Connection::open(&options).await.unwrap();
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        let (queues, took) = bare_loop(&client).await;
        let (known, our_time) = first_round(&aws).await;
        assert_eq!(known, queues, "both must read the same queues");
        println!("turn {turn}: {queues} queues, bare {:.0} ms, edatop {:.0} ms", ms(took), ms(our_time));
        bare.push(took);
        ours.push(our_time);
    }
    let (bare, ours) = (median(bare), median(ours));
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!("median: bare {:.0} ms, edatop {:.0} ms, ratio {ratio:.2} (target {TARGET})", ms(bare), ms(ours));
    ratio
}

/// As anybody would make one: no guard, no meter.
fn plain_client(url: &str) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "bench"));
    aws_sdk_sqs::Client::from_conf(config.build())
}

async fn create_missing(client: &aws_sdk_sqs::Client) {
    let there: BTreeSet<String> = list(client, Some(PREFIX)).await.into_iter().collect();
    let there = &there;
    let missing = (0..QUEUES).map(|n| format!("{PREFIX}{n:04}"));
    let missing = missing.filter(|name| !there.iter().any(|url| url.ends_with(&format!("/{name}"))));
    let made = stream::iter(missing).map(async |name| client.create_queue().queue_name(name).send().await.unwrap());
    println!("{} queues made", made.buffer_unordered(CONCURRENCY).count().await);
}

async fn list(client: &aws_sdk_sqs::Client, prefix: Option<&str>) -> Vec<String> {
    let call = client.list_queues().set_queue_name_prefix(prefix.map(ToOwned::to_owned)).max_results(1000);
    let mut pages = call.into_paginator().send();
    let mut urls = Vec::new();
    while let Some(page) = pages.next().await {
        urls.extend(page.unwrap().queue_urls.unwrap_or_default());
    }
    urls
}

/// The calls alone: every page of the listing, and all attributes of every queue.
async fn bare_loop(client: &aws_sdk_sqs::Client) -> (usize, Duration) {
    let began = Instant::now();
    let urls = list(client, None).await;
    let answers = stream::iter(urls)
        .map(async |url| {
            let call = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
            call.send().await.unwrap().attributes.unwrap().len()
        })
        .buffer_unordered(CONCURRENCY);
    let queues = answers.filter(|attributes| std::future::ready(*attributes > 0)).count().await;
    (queues, began.elapsed())
}

/// The poller's first round, until the store knows and has judged every queue.
async fn first_round(aws: &Connection) -> (usize, Duration) {
    let began = Instant::now();
    let row = POLLERS.iter().find(|row| row.name == "sqs").unwrap();
    let (scope, paces) = (Scope::default(), Paces::default());
    let (send, mut reports) = mpsc::channel(256);
    let polling = async {
        let mut poller = (row.make)();
        let mut out = Outbox::new(row.name, clock::now, send);
        poller.poll(Look { aws, scope: &scope, paces: &paces }, &mut out).await;
        out.end(None).await;
    };
    let taking_in = async {
        let mut store = Store::default();
        while let Some(report) = reports.recv().await {
            store.apply(report);
        }
        store.assess(clock::now());
        store
    };
    let ((), store) = tokio::join!(polling, taking_in);
    assert_eq!(store.failures().count(), 0);
    (store.len(), began.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
