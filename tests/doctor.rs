//! `edatop doctor` at architectures that were made with ordinary SDK calls: nothing is found in what is well, and each fault that was
//! planted is found, and no other.
//!
//! The embedded endpoint is always tested. Emulators that already run are tested when they are named:
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566 cargo test --test doctor -- --ignored`. Other architectures may lie there:
//! only names with this test's prefix are judged, and all of them are removed. What an endpoint cannot hold is in [`NOT_HELD`].
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    collections::BTreeSet,
    process::Command,
    time::{Duration, Instant},
};

use aws_sdk_eventbridge::types::RuleState;
use edatop::{demo::Endpoint, store::findings::RULES};
use serde_json::{Value, json};
use support::{
    emulators,
    hermetic::Home,
    workshop::{Mapping, WELL, Workshop},
};

const PREFIX: &str = "doctortest-";
const TWO_WEEKS_SECONDS: u32 = 1_209_600;
const PATIENCE: Duration = Duration::from_secs(15);
const PATTERN: &str = r#"{"source":["shop"]}"#;

/// What is planted: the rule, and the resource that it must name.
const PLANTED: [(&str, &str); 30] = [
    ("dlq-loop", "own"),
    ("dlq-gone", "orphan"),
    ("dlq-forbids", "forbids-dlq"),
    ("dlq-type", "mixed.fifo"),
    ("dlq-retention", "short-dlq"),
    ("dlq-chain", "chain-middle"),
    ("no-dlq", "bare"),
    ("max-receive-count", "short"),
    ("subscriber-gone", "topic"),
    ("subscriber-refuses", "topic"),
    ("fifo-delivery", "topic"),
    ("fifo-delivery", "topic.fifo"),
    ("no-subscriber", "quiet"),
    ("pending-confirmation", "topic-by-mail"),
    ("filter-never-matches", "topic"),
    ("rule-disabled", "off"),
    ("rule-without-target", "empty"),
    ("target-gone", "nowhere"),
    ("pattern-never-matches", "never"),
    ("consumer-disabled", "chain"),
    ("no-consumer", "alone"),
    ("visibility-timeout", "short"),
    ("stream-without-reader", "dry"),
    ("stream-without-reader", "table"),
    ("nothing-delivered", "held"),
    ("publicly-writable", "open"),
    ("unencrypted", "open"),
    ("whole-batches", "bare"),
    ("log-group-missing", "silent"),
    ("logs-never-expire", "/aws/lambda/f"),
];

/// Where a fault cannot be planted: endpoint, rule, resource, and why.
const NOT_HELD: [(&str, &str, &str, &str); 8] = [
    ("embedded", "dlq-forbids", "forbids-dlq", "it forgets RedriveAllowPolicy"),
    ("embedded", "unencrypted", "open", "it calls every queue encrypted"),
    ("embedded", "nothing-delivered", "held", "it has no CloudWatch"),
    ("localstack", "fifo-delivery", "topic", "it refuses the subscription, as AWS does"),
    ("localstack", "filter-never-matches", "topic", "it refuses the filter policy, as AWS does"),
    ("localstack", "stream-without-reader", "dry", "DescribeStreamSummary leaves ConsumerCount out"),
    ("ministack", "nothing-delivered", "held", "its answer to cloudwatch:ListMetrics is garbled"),
    ("ministack", "pending-confirmation", "topic-by-mail", "it confirms by itself"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_endpoint_is_diagnosed() {
    let mut endpoint = Endpoint::start().await.unwrap();
    diagnoses("embedded", &endpoint.url()).await;
    endpoint.shut_down().await;
}

#[tokio::test]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn every_named_endpoint_is_diagnosed() {
    for (name, url) in emulators::that_deliver() {
        diagnoses(&name, &url).await;
    }
}

/// A rule without a fault here is a rule that nobody has seen at work.
#[test]
fn every_rule_has_a_fault_planted_for_it() {
    let planted: BTreeSet<_> = PLANTED.iter().map(|(rule, _)| *rule).collect();
    let rules: BTreeSet<_> = RULES.iter().map(|rule| rule.name()).collect();
    assert_eq!(planted, rules);
}

async fn diagnoses(endpoint: &str, url: &str) {
    let workshop = Workshop::open(url, PREFIX).await;
    workshop.clear().await;
    make_what_is_well(&workshop).await;
    assert_eq!(workshop.refused(), [""; 0], "{endpoint}");
    let found = settled(endpoint, url, &BTreeSet::new()).await;
    assert_eq!(found, BTreeSet::new(), "{endpoint}: found in what is well");
    workshop.clear().await;
    plant(&workshop).await;
    let owned = |rule: &str, name: &str| (rule.to_owned(), name.to_owned());
    let not_held = NOT_HELD.iter().filter(|(at, ..)| *at == endpoint).map(|(_, rule, name, _)| owned(rule, name));
    let not_held: BTreeSet<_> = not_held.collect();
    let expected = PLANTED.iter().map(|(rule, name)| owned(rule, name)).filter(|one| !not_held.contains(one));
    let expected: BTreeSet<_> = expected.collect();
    let found = settled(endpoint, url, &expected).await;
    workshop.clear().await;
    for refusal in workshop.refused() {
        eprintln!("{endpoint} refused: {refusal}");
    }
    for (rule, name) in PLANTED {
        let mark = if found.contains(&owned(rule, name)) { "found" } else { "-" };
        eprintln!("| {rule} | {name} | {endpoint} | {mark} |");
    }
    // One that is found although it is in the table needs no row there.
    let (missing, surplus): (Vec<_>, Vec<_>) =
        (expected.difference(&found).collect(), found.difference(&expected).collect());
    assert!(missing.is_empty() && surplus.is_empty(), "{endpoint}: missing {missing:?}, surplus {surplus:?}");
}

/// What is found once it is what is expected, or patience is over: an emulator takes a moment to make and unmake a mapping.
async fn settled(endpoint: &str, url: &str, expected: &BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    let begun = Instant::now();
    loop {
        let found = doctor(endpoint, url).await;
        if found == *expected || begun.elapsed() > PATIENCE {
            return found;
        }
    }
}

/// What the real program finds: rule and resource, without the prefix. It sees nothing of this machine's own configuration.
async fn doctor(endpoint: &str, url: &str) -> BTreeSet<(String, String)> {
    let home = Home::new(&format!("doctor-{endpoint}"));
    let (url, variables) = (url.to_owned(), home.variables());
    let run = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edatop"));
        command.args(["doctor", "--format", "json", "--endpoint", &url]);
        command.env_clear().envs(variables).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "{endpoint}: {errors}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = document["findings"].as_array().unwrap();
    let is_bad = |finding: &Value| finding["severity"] == "high" || finding["severity"] == "medium";
    assert_eq!(output.status.code(), Some(i32::from(all.iter().any(is_bad))), "{endpoint}");
    let ours = all.iter().filter_map(|finding| {
        let (_, name) = finding["resource"].as_str().unwrap().rsplit_once(PREFIX)?;
        eprintln!("{endpoint}: {name} {}", finding["sentence"].as_str().unwrap());
        let rule = finding["rule"].as_str().unwrap();
        let folder = if rule == "logs-never-expire" { "/aws/lambda/" } else { "" };
        Some((rule.to_owned(), format!("{folder}{name}")))
    });
    ours.collect()
}

/// Topic → queue ⤷ dead-letter queue; queue, stream, table's stream and rule → function → log group.
async fn make_what_is_well(at: &Workshop) {
    at.topic("topic").await;
    at.queue("dlq", json!({ "MessageRetentionPeriod": TWO_WEEKS_SECONDS })).await;
    at.queue(
        "queue",
        json!({ "VisibilityTimeout": 60, "Policy": at.admits("queue", "topic"), "RedrivePolicy": at.redrive("dlq", 5) }),
    )
    .await;
    at.subscribe("topic", "sqs", &at.queue_arn("queue"), Some(r#"{"event":["signup"]}"#)).await;
    at.function("f").await;
    at.log_group("f", Some(7)).await;
    at.stream("stream").await;
    let table_stream = at.table("table").await;
    for source in [Some(at.queue_arn("queue")), Some(at.stream_arn("stream")), table_stream].into_iter().flatten() {
        at.map(&source, "f", WELL).await;
    }
    at.rule("rule", PATTERN, RuleState::Enabled, Some(&at.function_arn("f"))).await;
}

async fn plant(at: &Workshop) {
    at.function("f").await;
    at.log_group("f", None).await;
    at.function("silent").await;
    plant_in_queues(at).await;
    plant_in_topics(at).await;
    for (name, pattern, state, target) in [
        ("off", PATTERN, RuleState::Disabled, "f"),
        ("nowhere", PATTERN, RuleState::Enabled, "gone"),
        ("never", r#"{"detailType":["x"]}"#, RuleState::Enabled, "f"),
    ] {
        at.rule(name, pattern, state, Some(&at.function_arn(target))).await;
    }
    at.rule("empty", PATTERN, RuleState::Enabled, None).await;
    at.stream("dry").await;
    at.table("table").await;
    at.delivery_stream("held").await;
    at.holds_back("held", 900.0).await;
}

async fn plant_in_queues(at: &Workshop) {
    let long = || json!({ "MessageRetentionPeriod": TWO_WEEKS_SECONDS });
    at.queue("short-dlq", json!({})).await;
    at.queue("short", json!({ "RedrivePolicy": at.redrive("short-dlq", 1), "VisibilityTimeout": 15 })).await;
    at.map(&at.queue_arn("short"), "f", WELL).await;
    at.queue("own", json!({})).await;
    at.set_redrive("own", "own", 5).await;
    at.queue("orphan-dlq", long()).await;
    at.queue("orphan", json!({ "RedrivePolicy": at.redrive("orphan-dlq", 5) })).await;
    at.delete_queue("orphan-dlq").await;
    let forbids = json!({ "redrivePermission": "denyAll" }).to_string();
    at.queue("forbids-dlq", json!({ "MessageRetentionPeriod": TWO_WEEKS_SECONDS, "RedriveAllowPolicy": forbids }))
        .await;
    at.queue("forbidden", json!({ "RedrivePolicy": at.redrive("forbids-dlq", 5) })).await;
    at.queue("mixed-dlq", long()).await;
    at.queue("mixed.fifo", json!({ "RedrivePolicy": at.redrive("mixed-dlq", 5) })).await;
    at.queue("chain-end", long()).await;
    let middle = json!({ "RedrivePolicy": at.redrive("chain-end", 5), "MessageRetentionPeriod": 1_000_000 });
    at.queue("chain-middle", middle).await;
    at.queue("chain", json!({ "RedrivePolicy": at.redrive("chain-middle", 5), "VisibilityTimeout": 60 })).await;
    at.map(&at.queue_arn("chain"), "f", Mapping { enabled: false, ..WELL }).await;
    at.queue("bare", json!({ "VisibilityTimeout": 60, "Policy": at.admits("bare", "topic*") })).await;
    at.map(&at.queue_arn("bare"), "f", Mapping { reports: false, ..WELL }).await;
    at.queue("alone", json!({})).await;
    at.send("alone").await;
    let everybody = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": at.queue_arn("open") },
    ]});
    at.queue("open", json!({ "Policy": everybody.to_string(), "SqsManagedSseEnabled": "false" })).await;
}

async fn plant_in_topics(at: &Workshop) {
    for topic in ["topic", "topic-by-mail", "topic.fifo", "quiet"] {
        at.topic(topic).await;
    }
    at.queue("lost", json!({ "Policy": at.admits("lost", "topic") })).await;
    at.queue("shut", json!({})).await;
    at.queue("ordered.fifo", json!({ "Policy": at.admits("ordered.fifo", "topic") })).await;
    let never = r#"{"n":[{"numeric":[">",5,"<",3]}]}"#;
    at.subscribe("topic", "sqs", &at.queue_arn("bare"), Some(never)).await;
    for queue in ["lost", "shut", "ordered.fifo"] {
        at.subscribe("topic", "sqs", &at.queue_arn(queue), None).await;
    }
    // On a topic of its own: what is pending may outlive its topic, and cannot be unsubscribed.
    at.subscribe("topic-by-mail", "sqs", &at.queue_arn("bare"), None).await;
    at.subscribe("topic-by-mail", "email", "a@example.com", None).await;
    at.subscribe("topic.fifo", "sqs", &at.queue_arn("bare"), None).await;
    at.delete_queue("lost").await;
}
