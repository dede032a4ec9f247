//! An architecture as pollers would report it: a topic forked to three queues, each with its dead-letter queue, its function and its
//! log group; a table, a bucket and a rule. One dead-letter queue holds letters, one mapping is disabled, one poller is denied.
//!
//! Nothing here reads a clock or rolls a die: the same instant always gives the same facts.

use edatop::domain::{
    Fact, Failure, FailureKind, Heard, Kind, KnownBy, Level, Link, LinkKind, Metric, Reading, Report, Resource,
    ResourceId, Round, reading,
};
use edatop::pollers::POLLERS;
use jiff::{SignedDuration, Timestamp};

/// The instant at which the example ends and tests begin: 14:03:22 UTC.
pub const NOW: &str = "2026-11-21T14:03:22Z";
/// Seconds of past that it brings along.
pub const PAST: i64 = 300;
/// Seconds between two rounds of a poller.
pub const STEP: i64 = 5;

const PREFIX: &str = "us-east-1:000000000000";

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at + SignedDuration::from_secs(seconds)
}

pub fn queue(name: &str) -> ResourceId {
    format!("arn:aws:sqs:{PREFIX}:{name}").into()
}

pub fn topic(name: &str) -> ResourceId {
    format!("arn:aws:sns:{PREFIX}:{name}").into()
}

pub fn function(name: &str) -> ResourceId {
    format!("arn:aws:lambda:{PREFIX}:function:{name}").into()
}

pub fn group(function: &str) -> ResourceId {
    format!("arn:aws:logs:{PREFIX}:log-group:/aws/lambda/{function}").into()
}

pub fn table(name: &str) -> ResourceId {
    format!("arn:aws:dynamodb:{PREFIX}:table/{name}").into()
}

pub fn bucket(name: &str) -> ResourceId {
    format!("arn:aws:s3:::{name}").into()
}

pub fn rule(name: &str) -> ResourceId {
    format!("arn:aws:events:{PREFIX}:rule/{name}").into()
}

pub fn bus(name: &str) -> ResourceId {
    format!("arn:aws:events:{PREFIX}:event-bus/{name}").into()
}

/// The end of a poller's round, with what it learnt.
pub fn round(poller: &'static str, at: Timestamp, facts: Vec<Fact>) -> Report {
    Report { poller, at, facts, round: Some(Round { next: Some(after(at, STEP)), done: Vec::new() }) }
}

pub fn measured(id: ResourceId, metric: Metric, value: f64, at: Timestamp) -> Fact {
    let source = match id.arn().map(|arn| arn.service) {
        Some("sqs") => "sqs:GetQueueAttributes",
        Some("logs") => "logs:FilterLogEvents",
        Some("dynamodb") => "dynamodb:DescribeTable",
        Some("s3") => "s3:ListObjectsV2",
        _ => "test",
    };
    Fact::Measured { id, metric, reading: Reading { value, source, at } }
}

pub fn a_queue(name: &str) -> Fact {
    Fact::Found(queue_of(name, 345_600))
}

fn queue_of(name: &str, retention_seconds: u32) -> Resource {
    Resource::new(queue(name), Kind::Queue, name)
        .with("MessageRetentionPeriod", Some(retention_seconds))
        .with("VisibilityTimeout", Some(30))
}

/// The three ways that the fork takes.
const WAYS: [(&str, &str); 3] = [
    ("analytics", r#"{"event":["signup","login"]}"#),
    ("mailing", r#"{"event":["signup"]}"#),
    ("chat", r#"{"event":["signup"]}"#),
];

/// What there is: one report a poller, as the first round gives it.
pub fn structure(at: Timestamp) -> Vec<Report> {
    let mut sqs = Vec::new();
    let mut lambda = Vec::new();
    let mut sns = vec![Fact::Found(Resource::new(topic("fork"), Kind::Topic, "fork"))];
    let mut logs = Vec::new();
    for (way, policy) in WAYS {
        let (dlq, worker) = (format!("{way}-dlq"), format!("{way}-fn"));
        sqs.extend([a_queue(way), Fact::Found(queue_of(&dlq, 1_209_600))]);
        let dead = Link::configured(queue(way), LinkKind::DeadLetters, queue(&dlq)).labelled("after 3 receives");
        sqs.push(Fact::Linked(dead.with("maxReceiveCount", Some(3))));
        sns.push(Fact::Linked(
            Link::configured(topic("fork"), LinkKind::Subscribes, queue(way))
                .labelled(policy)
                .with("FilterPolicy", Some(policy)),
        ));
        lambda.extend(worker_of(way, &worker));
        logs.push(Fact::Found(
            Resource::new(group(&worker), Kind::LogGroup, format!("/aws/lambda/{worker}"))
                .with("retentionInDays", Some(14)),
        ));
    }
    lambda.push(Fact::Found(a_function("signup-producer")));
    lambda.push(inferred(function("signup-producer"), LinkKind::Publishes, topic("fork"), "TOPIC_ARN"));
    lambda.push(inferred(function("analytics-fn"), LinkKind::Writes, table("visits"), "TABLE"));
    lambda.push(inferred(function("mailing-fn"), LinkKind::Writes, bucket("mail-archive"), "ARCHIVE"));
    let visits = Resource::new(table("visits"), Kind::Table, "visits")
        .with("TableStatus", Some("ACTIVE"))
        .with("BillingMode", Some("PAY_PER_REQUEST"))
        .with("KeySchema", Some("id (HASH)"));
    let mut rounds = vec![
        round("sqs", at, sqs),
        round("lambda", at, lambda),
        round("sns", at, sns),
        round("logs", at, logs),
        round("dynamodb", at, vec![Fact::Found(visits)]),
        round("s3", at, vec![Fact::Found(Resource::new(bucket("mail-archive"), Kind::Bucket, "mail-archive"))]),
        round("events", at, schedule()),
    ];
    // There is nothing else in this account, and that is known.
    let spoke: Vec<_> = rounds.iter().map(|report| report.poller).collect();
    let others = POLLERS.iter().filter(|row| !spoke.contains(&row.name));
    rounds.extend(others.map(|row| round(row.name, at, Vec::new())));
    rounds
}

fn a_function(name: &str) -> Resource {
    Resource::new(function(name), Kind::Function, name)
        .with("Runtime", Some("python3.13"))
        .with("Timeout", Some(3))
        .with("MemorySize", Some(128))
}

fn worker_of(way: &str, worker: &str) -> Vec<Fact> {
    let state = if way == "chat" { "Disabled" } else { "Enabled" };
    let mapping = Link::configured(queue(way), LinkKind::Invokes, function(worker))
        .labelled("batches of 10")
        .with("State", Some(state));
    let logs = Link::configured(function(worker), LinkKind::Logs, group(worker));
    vec![Fact::Found(a_function(worker)), Fact::Linked(mapping), Fact::Linked(logs)]
}

fn inferred(from: ResourceId, kind: LinkKind, to: ResourceId, variable: &str) -> Fact {
    Fact::Linked(Link { known_by: KnownBy::Inferred, ..Link::configured(from, kind, to).labelled(variable) })
}

fn schedule() -> Vec<Fact> {
    let every_minute = Resource::new(rule("every-minute"), Kind::Rule, "every-minute")
        .with("EventBusName", Some("default"))
        .with("State", Some("ENABLED"))
        .with("ScheduleExpression", Some("rate(1 minute)"));
    vec![
        Fact::Found(Resource::new(bus("default"), Kind::Bus, "default")),
        Fact::Found(every_minute),
        Fact::Linked(Link::configured(bus("default"), LinkKind::Routes, rule("every-minute"))),
        Fact::Linked(Link::configured(rule("every-minute"), LinkKind::Targets, function("signup-producer"))),
    ]
}

/// A wave between zero and `height`, whole numbers, the same for the same second.
fn wave(second: i64, period: f64, height: f64) -> f64 {
    let phase = second as f64 / period * std::f64::consts::TAU;
    ((phase.sin() + (phase * 2.7).sin() * 0.5 + 1.5) / 3.0 * height).round()
}

/// One round of readings, `second` of [`PAST`] into the example.
pub fn readings(second: i64, at: Timestamp) -> Vec<Report> {
    let read = |id: ResourceId, metric: Metric, value: f64| measured(id, metric, value, at);
    let dead = (second / 80).min(3) as f64;
    let backlog = 412.0 - (PAST - second) as f64 * 1.2;
    let sqs = vec![
        read(queue("analytics"), reading::VISIBLE, wave(second, 90.0, 9.0)),
        read(queue("analytics"), reading::IN_FLIGHT, 1.0),
        read(queue("analytics"), reading::DELAYED, 0.0),
        read(queue("analytics-dlq"), reading::VISIBLE, dead),
        read(queue("analytics-dlq"), reading::IN_FLIGHT, 0.0),
        read(queue("analytics-dlq"), reading::DELAYED, 0.0),
        read(queue("mailing"), reading::VISIBLE, wave(second + 20, 60.0, 4.0)),
        read(queue("mailing"), reading::IN_FLIGHT, 2.0),
        read(queue("mailing"), reading::DELAYED, 0.0),
        read(queue("mailing-dlq"), reading::VISIBLE, 0.0),
        read(queue("chat"), reading::VISIBLE, backlog.round()),
        read(queue("chat"), reading::IN_FLIGHT, 0.0),
        read(queue("chat"), reading::DELAYED, 0.0),
        read(queue("chat"), reading::OLDEST_AGE, second as f64 + 1_020.0),
        read(queue("chat-dlq"), reading::VISIBLE, 0.0),
    ];
    vec![
        round("sqs", at, sqs),
        round("lambda", at, Vec::new()),
        round("sns", at, vec![read(topic("fork"), reading::SUBSCRIPTIONS, WAYS.len() as f64)]),
        round("logs", at, log_readings(second, at)),
        round(
            "dynamodb",
            at,
            vec![
                read(table("visits"), reading::ITEMS, 12_400.0 + (second / 20) as f64),
                read(table("visits"), reading::ARRIVALS, wave(second, 70.0, 18.0)),
                read(table("visits"), reading::SIZE, 1_258_291.0),
            ],
        ),
        bucket_reading(second, at),
        round("events", at, Vec::new()),
    ]
}

fn log_readings(second: i64, at: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (worker, height, errors) in [("analytics-fn", 24.0, 2.0), ("mailing-fn", 14.0, 0.0), ("chat-fn", 0.0, 0.0)] {
        facts.extend([
            measured(group(worker), reading::INVOCATIONS, wave(second, 80.0, height), at),
            measured(group(worker), reading::LINES, wave(second, 80.0, height) * 3.0, at),
            measured(group(worker), reading::ERROR_LINES, if second > 80 { errors } else { 0.0 }, at),
        ]);
    }
    if second == 240 {
        let text = "[ERROR] ValueError: cannot price cart 4\n  app.py:7 in handler".to_owned();
        facts.push(Fact::Heard(Heard { id: group("analytics-fn"), at, level: Level::Error, text }));
    }
    facts
}

/// The bucket answers at first; then its permission is taken away.
fn bucket_reading(second: i64, at: Timestamp) -> Report {
    let facts = if second < 150 {
        vec![
            measured(bucket("mail-archive"), reading::OBJECTS, 412.0, at),
            measured(bucket("mail-archive"), reading::NEWEST, at.as_second() as f64 - 4.0, at),
            measured(bucket("mail-archive"), reading::SIZE, 734_003.0, at),
        ]
    } else {
        vec![failed("s3", "s3:ListBuckets", FailureKind::Denied, "permission denied (AccessDenied)")]
    };
    round("s3", at, facts)
}

pub fn failed(poller: &'static str, operation: &str, kind: FailureKind, error: &str) -> Fact {
    Fact::Failed(Failure { poller, operation: operation.into(), error: error.into(), kind, subject: None })
}

/// What every poller says when nothing answers any more.
pub fn nothing_answers(at: Timestamp) -> Vec<Report> {
    edatop::pollers::POLLERS
        .iter()
        .map(|row| {
            let refused = "connection refused; is it running, and is the port right?";
            round(
                row.name,
                at,
                vec![failed(row.name, &format!("{}:List", row.name), FailureKind::Unreachable, refused)],
            )
        })
        .collect()
}

/// Others in the same account, so that pictures show a screen as people have it.
const NEIGHBOURS: [(&str, i64, f64); 6] = [
    ("AnalyticsJobEvents.fifo", 11, 3.0),
    ("InventoryJobEvents.fifo", 47, 2.0),
    ("POC-Queue", 5, 21.0),
    ("invoices", 71, 1.0),
    ("thumbnails", 23, 60.0),
    ("webhooks", 37, 7.0),
];

/// What the neighbours hold, `second` of [`PAST`] into the example.
pub fn neighbours(second: i64, at: Timestamp) -> Report {
    let mut facts = Vec::new();
    for (name, phase, height) in NEIGHBOURS {
        let dlq = match name.strip_suffix(".fifo") {
            Some(stem) => format!("{stem}DLQ.fifo"),
            None => format!("{name}-dlq"),
        };
        if second == 0 {
            let dead = Link::configured(queue(name), LinkKind::DeadLetters, queue(&dlq)).labelled("after 3 receives");
            facts.extend([a_queue(name), a_queue(&dlq), Fact::Linked(dead)]);
        }
        let read = |id: ResourceId, metric: Metric, value: f64| measured(id, metric, value, at);
        facts.extend([
            read(queue(name), reading::VISIBLE, wave(second + phase, 50.0 + phase as f64, height)),
            read(queue(name), reading::IN_FLIGHT, (phase % 4) as f64),
            read(queue(&dlq), reading::VISIBLE, 0.0),
            read(queue(&dlq), reading::IN_FLIGHT, 0.0),
        ]);
    }
    round("sqs", at, facts)
}

/// Two thousand quiet queues and what they hold.
pub fn many(at: Timestamp, count: usize) -> Vec<Report> {
    let names = (0..count).map(|number| format!("orders-{number:04}"));
    let mut facts = Vec::new();
    for (number, name) in names.enumerate() {
        facts.push(a_queue(&name));
        facts.push(measured(queue(&name), reading::VISIBLE, (number % 7) as f64, at));
        facts.push(measured(queue(&name), reading::IN_FLIGHT, 0.0, at));
    }
    vec![round("sqs", at, facts)]
}
