//! "It flows at so much a second", held against a producer that counts: on the embedded endpoint's rivals, for a minute each.
//!
//! Asked for by name, at emulators that run already:
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566 cargo test --test endpoints_rates -- --ignored --nocapture`.
//! What each link was said to carry, from which source, and how far that was off, is printed.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricStat},
};
use aws_sdk_sns::types::MessageAttributeValue;
use edatop::{
    app::clock,
    aws::Flavour,
    demo::{
        Clients,
        architectures::{ALL, Trigger},
        deploy,
    },
    domain::{Link, LinkKey, LinkKind, ResourceId},
    pollers::Paces,
    store::rates::{Bound, Loss, Rate},
};
use jiff::Timestamp;
use support::{driver, driver::Driver, emulators};
use tokio::time::{MissedTickBehavior, interval};

/// Rates are means of a minute.
const PERIOD_SECONDS: f64 = 60.0;
/// Functions start, metrics come into being and are listed: from then on a whole minute is sent, and what was read of it is new.
const SETTLING: Duration = Duration::from_secs(16);
const SENDING: Duration = Duration::from_secs(66);
const READ_EVERY: Duration = Duration::from_secs(5);
/// Slower than the slowest emulator takes: it starts a batch of a mapping about once a second.
const EVENT_EVERY: Duration = Duration::from_millis(1_200);
/// What a rate may be off by.
const MOST_ERROR: f64 = 0.10;
/// What is at the edge of the minute is no mistake of the source: a message at each end, or a burst at one.
const EDGE_MESSAGES: f64 = 4.0;
/// What the endpoint had not written down yet when it was asked, though it counts it there.
const WRITTEN_LATE_SECONDS: i64 = 2;

/// What was sent, and when.
#[derive(Debug, Clone, Default)]
struct Sent(Arc<Mutex<Vec<(Timestamp, &'static str)>>>);

impl Sent {
    fn note(&self, event: &'static str) {
        self.0.lock().unwrap().push((clock::now(), event));
    }

    /// Events a second of these kinds, in the minute that ended then.
    fn per_second(&self, kinds: &[&str], at: Timestamp) -> f64 {
        let within = |sent: Timestamp| (0.0..PERIOD_SECONDS).contains(&at.duration_since(sent).as_secs_f64());
        let all = self.0.lock().unwrap();
        all.iter().filter(|(sent, kind)| kinds.contains(kind) && within(*sent)).count() as f64 / PERIOD_SECONDS
    }
}

/// Steady: signups and logins in turn. In bursts: four jobs every ten seconds or so, of which the filter passes half.
async fn produce(clients: Clients, account: String, sent: Sent) {
    let topic = |name: &str| format!("arn:aws:sns:us-east-1:{account}:{name}");
    let attribute =
        |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap();
    let mut ticks = interval(EVENT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0_u64.. {
        ticks.tick().await;
        let event = if number % 2 == 0 { "signup" } else { "login" };
        let call =
            clients.sns.publish().topic_arn(topic("EventFork")).message(format!(r#"{{"id":{number},"user":"u"}}"#));
        call.message_attributes("event", attribute(event)).send().await.unwrap();
        sent.note(event);
        if number % 8 != 0 {
            continue;
        }
        for part in 0..4 {
            let event = if part % 2 == 0 { "JobCreated" } else { "JobSalaryUpdated" };
            let id = format!("{}-{number}-{part}", clock::now().as_millisecond());
            let body = format!(r#"{{"id":"{id}","eventType":"{event}","title":"t","salary":1}}"#);
            let call = clients.sns.publish().topic_arn(topic("JobEvents.fifo")).message(body);
            let call = call.message_group_id(format!("job-{part}")).message_deduplication_id(id);
            call.message_attributes("eventType", attribute(event)).send().await.unwrap();
            sent.note(event);
        }
    }
}

/// A link of the demo with what flows along it.
struct Expected {
    link: LinkKey,
    kinds: &'static [&'static str],
    /// The link carries batches, or is written to by others as well: less than was sent is all that can be known where no metric is.
    may_be_less: bool,
}

fn expected(account: &str) -> Vec<Expected> {
    let arn = |service: &str, name: &str| ResourceId::from(format!("arn:aws:{service}:us-east-1:{account}:{name}"));
    let link = |from: ResourceId, kind, to: ResourceId, kinds, may_be_less| Expected {
        link: LinkKey { from, to, kind },
        kinds,
        may_be_less,
    };
    let fork =
        |queue: &str, kinds| link(arn("sns", "EventFork"), LinkKind::Subscribes, arn("sqs", queue), kinds, false);
    let taken = |queue: &str, function: &str, kinds, may_be_less| {
        let function = arn("lambda", &format!("function:{function}"));
        link(arn("sqs", queue), LinkKind::Invokes, function, kinds, may_be_less)
    };
    let jobs =
        |queue: &str, kinds| link(arn("sns", "JobEvents.fifo"), LinkKind::Subscribes, arn("sqs", queue), kinds, true);
    vec![
        fork("AnalyticsQueue", &["signup", "login"]),
        fork("MailingListQueue", &["signup"]),
        fork("ChatNotificationQueue", &["signup"]),
        taken("AnalyticsQueue", "EventAnalytics", &["signup", "login"], false),
        taken("MailingListQueue", "MailingList", &["signup"], false),
        taken("ChatNotificationQueue", "ChatNotification", &["signup"], false),
        jobs("AnalyticsJobEvents.fifo", &["JobCreated", "JobSalaryUpdated"]),
        jobs("InventoryJobEvents.fifo", &["JobCreated"]),
        taken("AnalyticsJobEvents.fifo", "Analytics", &["JobCreated", "JobSalaryUpdated"], true),
        taken("InventoryJobEvents.fifo", "Inventory", &["JobCreated"], true),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn rates_are_those_of_a_producer_that_counts() {
    for (name, url) in emulators::that_deliver() {
        let clients = Clients::new(&url).unwrap();
        deploy_without_schedules(&clients).await;
        let mut options = driver::options(&url);
        options.timeouts = edatop::aws::ConnectOptions::default().timeouts;
        let mut driver = Driver::start(options, Paces { background: READ_EVERY, ..Paces::default() }).await;
        let account = driver.account().await;
        let sent = Sent::default();
        let producer = tokio::spawn(produce(clients.clone(), account.clone(), sent.clone()));
        driver.go_on_for(SETTLING + SENDING).await;
        let wrong = compare(&driver, &name, &sent, &account).await;
        let stopped = stopped_consumer(&mut driver, &clients, &account).await;
        producer.abort();
        drop(driver);
        deploy::teardown(&clients, &ALL).await.unwrap();
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        eprintln!("{name}: a stopped consumer shows after {stopped:.1} s");
    }
}

/// What a schedule sends no producer here counts. LocalStack fires one that is disabled, a minute after it was made: so its targets are
/// taken away, of each architecture as soon as it is there.
async fn deploy_without_schedules(clients: &Clients) {
    deploy::teardown(clients, &ALL).await.unwrap();
    for architecture in ALL {
        deploy::deploy(clients, &[architecture]).await.unwrap();
        for rule in architecture.rules.iter().filter(|rule| matches!(rule.trigger, Trigger::Schedule(_))) {
            clients.events.remove_targets().rule(rule.name).ids(rule.function).send().await.unwrap();
        }
    }
}

/// What LocalStack itself counted for this link in the minute that the rate is of, by the second: without what it may have written down
/// too late for the rate, and with it. Others keep no seconds.
async fn counted_there(driver: &Driver, key: &LinkKey, rate: &Rate) -> Option<(f64, f64)> {
    if !matches!(driver.aws.dialect.flavour(), Flavour::LocalStack { .. }) {
        return None;
    }
    let (queue, metric) = match rate.source.strip_prefix("cloudwatch:")? {
        sent @ "NumberOfMessagesSent" => (&key.to, sent),
        received @ "NumberOfMessagesReceived" => (&key.from, received),
        _ => return None,
    };
    // The tab ends the name: it compares only the beginnings of dimensions.
    let dimension = Dimension::builder().name("QueueName").value(format!("{}\t", queue.short_name())).build();
    let metric = Metric::builder().namespace("AWS/SQS").metric_name(metric).dimensions(dimension).build();
    let stat = MetricStat::builder().metric(metric).period(1).stat("Sum").build();
    let query = MetricDataQuery::builder().id("seconds").metric_stat(stat).build();
    let end = rate.at.as_second();
    let call = driver.aws.cloudwatch().get_metric_data().metric_data_queries(query);
    let call = call.start_time(DateTime::from_secs(end - PERIOD_SECONDS as i64)).end_time(DateTime::from_secs(end));
    let answer = call.send().await.unwrap();
    let seconds = answer.metric_data_results().iter().flat_map(|of| of.timestamps().iter().zip(of.values()));
    let (mut on_time, mut all) = (0.0, 0.0);
    for (second, count) in seconds {
        all += count;
        on_time += if second.secs() < end - WRITTEN_LATE_SECONDS { *count } else { 0.0 };
    }
    Some((on_time, all))
}

/// Prints what each link is said to carry; returns those that are wrong.
async fn compare(driver: &Driver, name: &str, sent: &Sent, account: &str) -> Vec<String> {
    let (store, now) = (driver.app.store(), clock::now());
    let mut wrong = Vec::new();
    for Expected { link: key, kinds, may_be_less } in expected(account) {
        let what = format!("{name:<10} {} → {}", key.from.short_name(), key.to.short_name());
        let link: Option<&Link> = store.topology().from(&key.from).find(|link| link.key() == key);
        let Some(rate) = link.and_then(|link| store.rate(link, now)) else {
            wrong.push(format!("{what}: no rate"));
            continue;
        };
        let counted = sent.per_second(kinds, rate.at);
        let off = (rate.per_second - counted) / counted;
        eprintln!(
            "{what:<58} said {:.3}/s counted {counted:.3}/s off {:+.1} % {:?} {:.0} s old, {}",
            rate.per_second,
            off * 100.0,
            rate.bound,
            now.duration_since(rate.at).as_secs_f64(),
            rate.source
        );
        let edge = EDGE_MESSAGES / PERIOD_SECONDS;
        let is_near = (rate.per_second - counted).abs() <= (counted * MOST_ERROR).max(edge);
        let is_less = may_be_less && rate.bound == Bound::AtLeast && rate.per_second <= counted + edge;
        let there = counted_there(driver, &key, &rate).await;
        if let Some((least, most)) = there {
            let said = (rate.per_second * PERIOD_SECONDS).round();
            eprintln!("{:<58} said {said} in that minute, counted there {least} to {most}", "");
            if said < 1.0 || !(least..=most).contains(&said) {
                wrong.push(format!("{what}: said {said}, counted there {least} to {most}: {}", rate.source));
            }
        }
        if !is_near && !is_less {
            wrong.push(format!("{what}: said {:.3}, counted {counted:.3}: {}", rate.per_second, rate.source));
        }
    }
    wrong
}

/// Switches a consumer off; the seconds until its queue is said to grow, never to drain, and to lose its first message some day.
async fn stopped_consumer(driver: &mut Driver, clients: &Clients, account: &str) -> f64 {
    let queue = ResourceId::from(format!("arn:aws:sqs:us-east-1:{account}:AnalyticsQueue"));
    let listed = clients.lambda.list_event_source_mappings().event_source_arn(queue.as_str()).send().await.unwrap();
    let uuid = listed.event_source_mappings()[0].uuid().unwrap().to_owned();
    clients.lambda.update_event_source_mapping().uuid(&uuid).enabled(false).send().await.unwrap();
    // What the emulator takes to stop is not ours: from the first message that stays on.
    let queue_of = |driver: &Driver| driver.app.store().backlog(&queue, clock::now());
    driver
        .until(Duration::from_secs(60), "message that stays", |driver| {
            queue_of(driver).is_some_and(|backlog| backlog.waiting >= 2.0)
        })
        .await;
    let began = clock::now();
    driver
        .until(Duration::from_secs(10), "backlog that never drains and is lost some day", |driver| {
            queue_of(driver).is_some_and(|backlog| {
                let left = match backlog.loss {
                    Some(Loss::In(left) | Loss::InAtMost(left)) => left,
                    None => 0.0,
                };
                backlog.drains_seconds == Some(f64::INFINITY) && left > 0.0
            })
        })
        .await;
    let took = clock::now().duration_since(began).as_secs_f64();
    // One that is deleted while it is off LocalStack never lets go of: nobody takes from this queue any more, whoever deploys it again.
    clients.lambda.update_event_source_mapping().uuid(&uuid).enabled(true).send().await.unwrap();
    let mut ticks = interval(Duration::from_millis(250));
    while clients.lambda.get_event_source_mapping().uuid(&uuid).send().await.unwrap().state() != Some("Enabled") {
        ticks.tick().await;
    }
    took
}
