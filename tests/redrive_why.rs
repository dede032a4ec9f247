//! Dead letters of the demo on emulators that run functions: the log of each one's consumer says why it died, and those that died of the
//! same are one cluster.
//!
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566 cargo test --test redrive_why -- --ignored --nocapture`
//! says how many were certain, likely, possible. The demo is deployed on them and stays.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use edatop::{
    app::clock,
    aws::Connection,
    demo::{Clients, architectures::ALL, deploy, traffic},
    redrive::{
        message::Message,
        queue::Queue,
        sqs::Sqs,
        why::{
            Clusters, Correlate, Route, Traits, cloudwatch,
            correlate::{Sweep, Timing},
            decode,
            evidence::Subject,
        },
        wire::{Ask, Wire},
    },
};
use support::{driver, emulators};
use tokio_util::sync::CancellationToken;

/// Dead-letter queue, its source, and what kills there.
const DEADLY: [(&str, &str, &str); 2] = [
    ("AnalyticsDLQ", "AnalyticsQueue", "ValueError: cannot price cart ‹n›"),
    ("AnalyticsJobEventsDLQ.fifo", "AnalyticsJobEvents.fifo", "ValueError: could not convert string to float: ‹text›"),
];
const WANTED: u64 = 2;
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn the_log_says_why_messages_died() {
    for (name, url) in emulators::that_deliver() {
        let aws = Arc::new(Connection::open(&driver::options(&url)).await.unwrap());
        let clients = Clients::new(&url).unwrap();
        deploy::deploy(&clients, &ALL).await.unwrap();
        let (stop, plan) = (CancellationToken::new(), traffic::Plan { seed: 7, speed: traffic::EMULATOR_SPEED });
        let stopped = stop.clone();
        let sending = tokio::spawn(async move { traffic::drive(&clients, &ALL, plan, stopped).await });
        for (dlq, source, title) in DEADLY {
            Desk::open(&aws, dlq, source).await.is_explained(&name, title).await;
        }
        stop.cancel();
        sending.await.unwrap().unwrap();
    }
}

/// A dead-letter queue, all of whose messages were looked at once.
struct Desk {
    aws: Arc<Connection>,
    source: Queue,
    messages: Vec<Message>,
}

impl Desk {
    async fn open(aws: &Arc<Connection>, dlq: &str, source: &str) -> Self {
        let wire = Sqs::new(Arc::clone(aws));
        let (dlq, source) = (wire.find(dlq).await.unwrap(), wire.find(source).await.unwrap());
        let arrived = async || wire.standing(&dlq).await.unwrap().visible >= WANTED;
        driver::until(PATIENCE, "dead letters", arrived).await;
        let ask = Ask { most: 10, lease: Duration::from_secs(20), wait: Duration::from_secs(1) };
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let more = wire.receive(&dlq, ask).await.unwrap();
            let receipts: Vec<_> = more.iter().filter_map(|message| message.receipt.clone()).collect();
            if more.is_empty() {
                break;
            }
            assert_eq!(receipts.len(), more.len());
            messages.extend(more);
        }
        assert!(!messages.is_empty());
        Self { aws: Arc::clone(aws), source, messages }
    }

    async fn is_explained(&self, endpoint: &str, title: &str) {
        let (timing, now) = (Timing::of(&self.source), clock::now());
        let route = cloudwatch::route(&self.aws, &self.source.arn).await.unwrap();
        assert_eq!((route.consumers.len(), route.gap.as_ref()), (1, None));
        let correlate = Correlate::new(Arc::new(cloudwatch::CloudWatch::new(Arc::clone(&self.aws))));

        let mut clusters = Clusters::default();
        for message in &self.messages {
            clusters.insert(&message.id, message.sent_at(), Traits::of(message, &decode(message), None));
        }
        let windows = self.messages.iter().map(|message| timing.window(message.sent_at().unwrap(), now).span);
        let span = windows.reduce(|a, b| a.and(b)).unwrap();
        let sweep = correlate.sweep(&route, span).await;
        assert_eq!(sweep.notes, Vec::<String>::new());
        let found = self.learn(&sweep, timing, &mut clusters);
        eprintln!(
            "{endpoint}: {}: {} messages, {} calls, {} lines read: {found:?}",
            self.source.name(),
            self.messages.len(),
            sweep.calls,
            sweep.lines
        );

        let list = clusters.list();
        assert_eq!(list.len(), 1, "{list:#?}");
        assert!(list[0].title.starts_with(title), "{}", list[0].title);
        assert_eq!(list[0].count as usize, self.messages.len());
        self.one_is_shown_whole(&correlate, &route, timing).await;
    }

    /// How many there were of each sureness. What an error says of values has to be true of the message.
    fn learn(&self, sweep: &Sweep, timing: Timing, clusters: &mut Clusters) -> BTreeMap<&'static str, u32> {
        let mut found = BTreeMap::new();
        for message in &self.messages {
            let window = timing.window(message.sent_at().unwrap(), clock::now());
            let matched = sweep.find(&Subject::of(message, &decode(message), Some(window)));
            let sureness = matched.as_ref().map_or("none", |matched| matched.proof.sureness().name());
            *found.entry(sureness).or_default() += 1;
            if let Some(matched) = matched {
                for value in &matched.cause.masked.values {
                    assert!(message.body.contains(value.as_str()), "{matched:?} is not of {}", message.body);
                }
                clusters.learn(&message.id, &matched.cause, matched.proof.sureness());
            }
        }
        found
    }

    async fn one_is_shown_whole(&self, correlate: &Correlate, route: &Route, timing: Timing) {
        let message = &self.messages[0];
        let window = timing.window(message.sent_at().unwrap(), clock::now());
        let found = correlate.one(route, message, &decode(message), window).await;
        let texts: Vec<&str> = found.lines.iter().map(|line| line.text.as_str()).collect();
        assert!(texts.first().is_some_and(|text| text.starts_with("START RequestId:")), "{texts:#?}");
        assert!(texts.last().is_some_and(|text| text.starts_with("REPORT RequestId:")), "{texts:#?}");
        assert!(texts.iter().any(|text| text.contains("Traceback")), "{texts:#?}");
    }
}
