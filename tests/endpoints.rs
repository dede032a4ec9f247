//! The same architectures, the same traffic and the same assertions on every endpoint: what `edatop snapshot` says is there, how it
//! is connected, what is stuck and why.
//!
//! The embedded endpoint is always tested. Emulators that already run are tested when they are named:
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566,ministack=http://127.0.0.1:4567 cargo test --test endpoints -- --ignored`.
//! In what they differ is said in [`ENDPOINTS`] and nowhere else. The demo is deployed on them and removed again.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, Instant},
};

use aws_sdk_sqs::types::QueueAttributeName;
use edatop::{
    demo::{
        Clients, Embedded,
        architectures::{ALL, Reference, Source, Trigger},
        deploy::{self, Skipped},
        traffic,
    },
    domain::{Health, Kind, ResourceId, reading::VISIBLE},
};
use serde_json::{Value, json};
use support::{
    comparison::{self, Comparison},
    driver::{self, Driver, until},
    emulators,
    hermetic::Home,
};
use tokio::task::LocalSet;
use tokio_util::sync::CancellationToken;

/// How one endpoint differs from the others.
#[derive(Debug)]
struct Endpoint {
    /// Its name in `EDATOP_TEST_ENDPOINTS`, and in the snapshot's `dialect`.
    name: &'static str,
    /// Functions really run, so that a poisonous message fails, dies, and leaves its reason in a log.
    ///
    /// moto takes messages off the queues of a mapping and runs nothing: no dead-letter queue ever fills by itself there.
    runs_functions: bool,
    /// The endpoint tells how old the oldest message is.
    tells_ages: bool,
    /// It can delete every kind of thing that it makes.
    deletes_all: bool,
    /// What it answers to these is not what the service answers: they are said to have failed, and what they would tell is not known.
    garbles: &'static [&'static str],
}

/// The row of an emulator that does all that AWS does here.
const COMPLETE: Endpoint =
    Endpoint { name: "", runs_functions: true, tells_ages: false, deletes_all: true, garbles: &[] };

const ENDPOINTS: [Endpoint; 4] = [
    Endpoint { name: "embedded", ..COMPLETE },
    Endpoint { name: "localstack", tells_ages: true, ..COMPLETE },
    Endpoint { name: "ministack", garbles: &["cloudwatch:ListMetrics"], ..COMPLETE },
    Endpoint {
        name: "moto",
        runs_functions: false,
        deletes_all: false,
        garbles: &["s3:GetBucketNotificationConfiguration"],
        ..COMPLETE
    },
];

/// The queues that a poisonous message ends in, with the queue that it comes from and the function that could not take it.
const RED: [(&str, &str, &str); 2] = [
    ("AnalyticsDLQ", "AnalyticsQueue", "EventAnalytics"),
    ("AnalyticsJobEventsDLQ.fifo", "AnalyticsJobEvents.fifo", "Analytics"),
];

/// Here a poisonous message ends nowhere: without a dead-letter queue it comes back until its retention ends.
const ENDLESS: &str = "POC-Queue";

/// The first start of a function on an emulator takes seconds; three failed receives take twelve.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_endpoint_keeps_the_contract() {
    let demo = Embedded::start(1).await.unwrap();
    // Nothing of any architecture is beyond it: that it was skipped would show as a missing link.
    let case = Case::new(&ENDPOINTS[0], &demo.url(), Vec::new());
    case.dead_letters_arrive().await;
    demo.stop_traffic();
    case.keeps_the_contract().await;
    demo.shut_down().await;
}

#[tokio::test]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn every_named_endpoint_keeps_the_contract() {
    let local = LocalSet::new();
    let start = |(name, url): (String, String)| {
        let endpoint = ENDPOINTS[1..].iter().find(|endpoint| endpoint.name == name);
        let endpoint = endpoint.unwrap_or_else(|| panic!("EDATOP_TEST_ENDPOINTS names '{name}', which has no row"));
        (name, local.spawn_local(on_emulator(endpoint, url)))
    };
    let runs: Vec<_> = emulators::named().into_iter().map(start).collect();
    local.await;
    let mut failed = Vec::new();
    for (name, run) in runs {
        match run.await {
            Ok(()) => eprintln!("{name}: all of the contract holds"),
            Err(_) => failed.push(name),
        }
    }
    assert_eq!(failed, Vec::<String>::new(), "these endpoints failed; their messages are above");
}

async fn on_emulator(endpoint: &'static Endpoint, url: String) {
    if !endpoint.runs_functions {
        emulators::make_moto_run_nothing(&url).await;
    }
    let clients = Clients::new(&url).unwrap();
    deploy::teardown(&clients, &ALL).await.unwrap();
    let skipped = deploy::deploy(&clients, &ALL).await.unwrap();
    for piece in &skipped {
        eprintln!("{}: not deployed: {piece}", endpoint.name);
    }
    let case = Case::new(endpoint, &url, skipped);
    let (stop, clients) = (CancellationToken::new(), case.clients.clone());
    let plan = traffic::Plan { seed: 1, speed: traffic::EMULATOR_SPEED };
    let stopped = stop.clone();
    let sending = tokio::spawn(async move { traffic::drive(&clients, &ALL, plan, stopped).await });
    case.dead_letters_arrive().await;
    stop.cancel();
    sending.await.unwrap().unwrap();
    case.keeps_the_contract().await;
}

/// One endpoint with the demo on it.
struct Case {
    endpoint: &'static Endpoint,
    url: String,
    clients: Clients,
    /// What the endpoint said that it cannot hold.
    skipped: Vec<Skipped>,
    home: Home,
}

impl Case {
    fn new(endpoint: &'static Endpoint, url: &str, skipped: Vec<Skipped>) -> Self {
        let home = Home::new(&format!("endpoint-{}", endpoint.name));
        comparison::declare(&home);
        Self { endpoint, url: url.to_owned(), clients: Clients::new(url).unwrap(), skipped, home }
    }

    /// Until the poison has done its work; where nothing runs, dead letters are put there by hand.
    async fn dead_letters_arrive(&self) {
        if !self.endpoint.runs_functions {
            for (queue, ..) in RED {
                self.bury(queue).await;
            }
        }
        let arrived = async || {
            let mut all = true;
            for (queue, ..) in RED {
                all &= depths(&self.clients, queue).await[0] > 0;
            }
            all
        };
        until(PATIENCE, &format!("{}: dead letters", self.endpoint.name), arrived).await;
    }

    async fn bury(&self, queue: &str) {
        let url = self.clients.sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
        let group = queue.ends_with(".fifo").then(|| "job-1".to_owned());
        let request = self.clients.sqs.send_message().queue_url(url).message_body("{}");
        request.set_message_deduplication_id(group.clone()).set_message_group_id(group).send().await.unwrap();
    }

    async fn keeps_the_contract(&self) {
        let snapshot = self.snapshot().await;
        let compared = Comparison::of(&snapshot.document, self.endpoint.name, &self.skipped);
        eprintln!("{}", compared.table());
        self.says_what_it_is(&snapshot);
        compared.assert_right();
        self.labels_its_links(&snapshot);
        self.reads_every_queue(&snapshot);
        self.counts_its_calls(&snapshot);
        self.says_why(&snapshot);
        if self.endpoint.runs_functions {
            self.consumers_left_their_traces().await;
        }
        self.depths_are_those_of_an_independent_client().await;
        self.what_was_removed_is_gone().await;
    }

    /// The real program's document. It sees nothing of this machine's own configuration.
    async fn snapshot(&self) -> Snapshot {
        let (url, variables) = (self.url.clone(), self.home.variables());
        let run = move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_edatop"));
            command.args(["snapshot", "--format", "json", "--endpoint", &url]);
            command.env_clear().envs(variables).output().unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{}: {} {errors}", self.endpoint.name, output.status);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let account = document["account"].as_str().unwrap_or_default().to_owned();
        Snapshot { document, account, name: self.endpoint.name }
    }

    fn says_what_it_is(&self, snapshot: &Snapshot) {
        let document = &snapshot.document;
        assert_eq!(document["schema"], 1);
        assert_eq!((&document["dialect"], &document["region"]), (&json!(self.endpoint.name), &json!("us-east-1")));
        assert_eq!(document["endpoint"], json!(self.url));
        // An endpoint need not have everything, and says so; all else must have gone well.
        let failures = document["failures"].as_array().unwrap();
        let is_known = |failure: &&Value| {
            let garbled = self.endpoint.garbles.iter().any(|operation| failure["operation"] == json!(operation));
            failure["kind"] == "not_implemented" || (failure["kind"] == "garbage" && garbled)
        };
        let odd: Vec<_> = failures.iter().filter(|failure| !is_known(failure)).collect();
        assert!(odd.is_empty(), "{}: {odd:?}", self.endpoint.name);
    }

    /// The words and numbers of the links of messages. That they are there is [`Comparison`]'s.
    fn labels_its_links(&self, snapshot: &Snapshot) {
        let ids = snapshot.ids();
        for architecture in ALL {
            for queue in architecture.queues {
                let Some(dead_letter) = &queue.dead_letter else { continue };
                let link = snapshot.link(&ids.queue(queue.name), "dead-letters", &ids.queue(dead_letter.queue));
                let count = dead_letter.max_receive_count.to_string();
                assert_eq!(link["label"], json!(format!("after {count} receives")));
                assert_eq!(link["attributes"]["maxReceiveCount"], json!(count));
            }
            for subscription in architecture.subscriptions {
                let topic = ids.topic(subscription.topic);
                let link = snapshot.link(&topic, "subscribes", &ids.queue(subscription.queue));
                let attributes = &link["attributes"];
                assert_eq!(link["label"], json!(subscription.filter_policy.unwrap_or_default()));
                assert_eq!(attributes.get("FilterPolicy").and_then(Value::as_str), subscription.filter_policy);
                assert_eq!(attributes["RawMessageDelivery"], json!(subscription.raw_message_delivery.to_string()));
                assert_eq!(
                    (&attributes["Protocol"], &attributes["PendingConfirmation"]),
                    (&json!("sqs"), &json!("false"))
                );
                if let Some(queue) = subscription.dead_letter_queue {
                    let link = snapshot.link(&topic, "dead-letters", &ids.queue(queue));
                    assert_eq!(link["label"], json!(format!("undeliverable for {}", subscription.queue)));
                }
            }
            for mapping in architecture.mappings {
                let Source::Queue(queue) = mapping.source else { continue };
                let link = snapshot.link(&ids.queue(queue), "invokes", &ids.function(mapping.function));
                let attributes = &link["attributes"];
                assert_eq!(link["label"], json!(format!("batch {}", mapping.batch_size)));
                assert_eq!(attributes["BatchSize"], json!(mapping.batch_size.to_string()));
                assert_eq!(attributes["State"], "Enabled");
                let reports = mapping.reports_failed_items.then_some("ReportBatchItemFailures");
                assert_eq!(attributes.get("FunctionResponseTypes").and_then(Value::as_str), reports);
            }
            for function in architecture.functions {
                for (variable, reference) in function.environment {
                    let Reference::Topic(topic) = reference else { continue };
                    let link = snapshot.link(&ids.function(function.name), "publishes", &ids.topic(topic));
                    assert_eq!(link["label"], json!(variable));
                }
            }
            for rule in architecture.rules {
                let attributes = &snapshot.named(Kind::Rule, rule.name)["attributes"];
                match rule.trigger {
                    Trigger::Schedule(schedule) => assert_eq!(attributes["ScheduleExpression"], json!(schedule)),
                    Trigger::Pattern(pattern) => assert_eq!(attributes["EventPattern"], json!(pattern)),
                }
            }
        }
    }

    fn reads_every_queue(&self, snapshot: &Snapshot) {
        for queue in queues() {
            let readings = &snapshot.resource(&snapshot.ids().queue(queue))["readings"];
            for metric in ["visible", "in_flight", "delayed"] {
                let reading = &readings[metric];
                assert!(reading["value"].is_number(), "{}: {queue} {metric}: {reading}", self.endpoint.name);
                assert_eq!((&reading["unit"], &reading["source"]), (&json!("count"), &json!("sqs:GetQueueAttributes")));
                assert!((0.0..30.0).contains(&reading["age_s"].as_f64().unwrap()), "{reading}");
            }
            let waits = readings["visible"]["value"].as_f64().unwrap() > 0.0;
            let age = readings.get("oldest_age").is_some();
            // Depth and age are two calls. Between them a consumer may take the last message, or a new one may come: only where
            // nobody takes must they agree.
            let at_rest = RED.iter().any(|(dead_letters, ..)| *dead_letters == queue);
            let right =
                if at_rest { age == (waits && self.endpoint.tells_ages) } else { !age || self.endpoint.tells_ages };
            assert!(right, "{}: {queue}: {readings}", self.endpoint.name);
        }
    }

    fn counts_its_calls(&self, snapshot: &Snapshot) {
        let api = &snapshot.document["api"];
        for total in ["calls", "errors", "throttles"] {
            let sum: u64 =
                api["by_operation"].as_object().unwrap().values().map(|used| used[total].as_u64().unwrap()).sum();
            assert_eq!(api[total], json!(sum), "{total}: {api}");
        }
        // Services that an endpoint may lack answer with errors; these it must have.
        for (operation, used) in api["by_operation"].as_object().unwrap() {
            let is_needed =
                ["SQS:", "SNS:", "Lambda:", "DynamoDB:", "EventBridge:"].iter().any(|one| operation.starts_with(one));
            let known_missing = snapshot.list("failures").iter().any(|failure| {
                failure["operation"].as_str().unwrap().rsplit(':').next() == operation.rsplit(':').next()
            });
            let went_well = used["errors"] == 0 && used["throttles"] == 0;
            assert!(!is_needed || known_missing || went_well, "{operation}: {api}");
        }
        let calls = |operation: &str| api["by_operation"][operation]["calls"].as_u64().unwrap_or(0);
        // Other queues may be there, more than a page of them.
        let listed = snapshot.resources().filter(|resource| resource["kind"] == "sqs.queue").count() as u64;
        assert_eq!(calls("SQS:ListQueues"), 1 + listed / 1000, "{api}");
        assert!(calls("SQS:GetQueueAttributes") >= queues().count() as u64, "{api}");
        assert_eq!(calls("SQS:ReceiveMessage"), 0, "looking receives nothing");
    }

    fn says_why(&self, snapshot: &Snapshot) {
        for (queue, source, function) in RED {
            let resource = snapshot.resource(&snapshot.ids().queue(queue));
            let reasons = resource["reasons"].to_string();
            assert_eq!(resource["health"], "crit", "{}: {queue}: {reasons}", self.endpoint.name);
            for part in ["dead letter", &format!("from {source}")] {
                assert!(reasons.contains(part), "{}: '{part}' is not in {reasons}", self.endpoint.name);
            }
            let cause = reasons.contains(&format!("{function}: ValueError: "));
            assert_eq!(cause, self.endpoint.runs_functions, "{}: {reasons}", self.endpoint.name);
        }
    }

    async fn consumers_left_their_traces(&self) {
        let Clients { dynamodb, s3, logs, .. } = &self.clients;
        let items = dynamodb.scan().table_name("InventoryTable").send().await.unwrap();
        assert!(items.count() > 0 && items.items().iter().all(|item| item.contains_key("id")), "{items:?}");
        let objects = s3.list_objects_v2().bucket("analytics-job-events").send().await.unwrap();
        assert!(!objects.contents().is_empty());
        let lines = logs.filter_log_events().log_group_name("/aws/lambda/EventAnalytics").send().await.unwrap();
        let lines: Vec<&str> = lines.events().iter().filter_map(|event| event.message()).collect();
        for part in ["ValueError: cannot price cart 3", "REPORT RequestId:"] {
            assert!(lines.iter().any(|line| line.contains(part)), "{}: no '{part}' in {lines:?}", self.endpoint.name);
        }
    }

    /// With nothing sent any more, both must come to the same numbers; the dead letters stay, so they are not all zero.
    async fn depths_are_those_of_an_independent_client(&self) {
        let same = async || {
            let snapshot = self.snapshot().await;
            let (mut ours, mut theirs, mut moving) = (BTreeMap::new(), BTreeMap::new(), 0);
            for queue in queues() {
                let readings = &snapshot.resource(&snapshot.ids().queue(queue))["readings"];
                let value = |metric: &str| readings[metric]["value"].as_f64().unwrap() as u64;
                let mut mine = [value("visible"), value("in_flight"), value("delayed")];
                let mut depths = depths(&self.clients, queue).await;
                if queue == ENDLESS {
                    // Between two looks a message may come back: only how many there are stays the same.
                    (mine, depths) = ([mine.iter().sum(), 0, 0], [depths.iter().sum(), 0, 0]);
                } else if !queue.contains("DLQ") {
                    moving += depths.iter().sum::<u64>();
                }
                ours.insert(queue, mine);
                theirs.insert(queue, depths);
            }
            let dead: u64 = theirs.values().map(|depths| depths[0]).sum();
            moving == 0 && dead >= RED.len() as u64 && ours == theirs
        };
        until(PATIENCE, &format!("{}: the same depths by both clients", self.endpoint.name), same).await;
    }

    async fn what_was_removed_is_gone(&self) {
        let left = deploy::teardown(&self.clients, &ALL).await.unwrap();
        assert_eq!(left.is_empty(), self.endpoint.deletes_all, "{}: {left:?}", self.endpoint.name);
        let snapshot = self.snapshot().await;
        comparison::assert_gone(&snapshot.document, self.endpoint.name, &left);
    }
}

fn queues() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|architecture| architecture.queues).map(|queue| queue.name)
}

/// Visible, in flight, delayed, as any SDK client reads them.
async fn depths(clients: &Clients, queue: &str) -> [u64; 3] {
    let url = clients.sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
    let request = clients.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    let attributes = request.send().await.unwrap().attributes.unwrap();
    use QueueAttributeName::{
        ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
        ApproximateNumberOfMessagesNotVisible as InFlight,
    };
    [Visible, InFlight, Delayed].map(|name| attributes.get(&name).map_or(0, |value| value.parse().unwrap()))
}

/// What `edatop snapshot --format json` printed.
struct Snapshot {
    document: Value,
    account: String,
    name: &'static str,
}

impl Snapshot {
    fn list(&self, key: &str) -> &[Value] {
        self.document[key].as_array().unwrap()
    }

    fn resources(&self) -> impl Iterator<Item = &Value> {
        self.list("resources").iter()
    }

    #[track_caller]
    fn resource(&self, id: &str) -> &Value {
        let found = self.resources().find(|resource| resource["id"] == json!(id));
        found.unwrap_or_else(|| panic!("{}: {id} is not in the snapshot", self.name))
    }

    #[track_caller]
    fn link(&self, from: &str, kind: &str, to: &str) -> &Value {
        let is =
            |link: &&Value| (&link["from"], &link["kind"], &link["to"]) == (&json!(from), &json!(kind), &json!(to));
        self.list("links").iter().find(is).unwrap_or_else(|| panic!("{}: no link {from} {kind} {to}", self.name))
    }

    #[track_caller]
    fn named(&self, kind: Kind, name: &str) -> &Value {
        let found = self.resources().find(|one| one["kind"] == kind.key() && one["name"] == json!(name));
        found.unwrap_or_else(|| panic!("{}: no {} '{name}' in the snapshot", self.name, kind.row().one))
    }

    fn ids(&self) -> Ids<'_> {
        Ids { account: &self.account }
    }
}

/// ARNs as AWS forms them.
struct Ids<'a> {
    account: &'a str,
}

impl Ids<'_> {
    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:us-east-1:{}:{rest}", self.account)
    }

    fn queue(&self, name: &str) -> String {
        self.arn("sqs", name)
    }

    fn topic(&self, name: &str) -> String {
        self.arn("sns", name)
    }

    fn function(&self, name: &str) -> String {
        self.arn("lambda", &format!("function:{name}"))
    }
}

/// The whole way: a poisonous message, three failed receives, the poller, the store, the rule, the screen's first lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_turns_its_queue_red_within_five_seconds() {
    let demo = Embedded::start(1).await.unwrap();
    let clients = Clients::new(&demo.url()).unwrap();
    let (queue, ..) = RED[0];
    let mut driver = Driver::start(driver::options(&demo.url()), edatop::pollers::Paces::default()).await;
    let id = ResourceId::from(format!("arn:aws:sqs:us-east-1:{}:{queue}", driver.account().await));
    let is_red = |driver: &Driver| {
        driver.app.store().alarms().iter().any(|alarm| alarm.id == id && alarm.verdict.health == Health::Crit)
    };
    let arrival = async {
        until(PATIENCE, "a dead letter", async || depths(&clients, queue).await[0] > 0).await;
        Instant::now()
    };
    let redness = async {
        driver.until(PATIENCE, "a red dead-letter queue", is_red).await;
        Instant::now()
    };
    let (arrived, red) = tokio::join!(arrival, redness);
    let took = red.saturating_duration_since(arrived);
    assert!(took <= Duration::from_secs(5), "it took {took:?}");
    eprintln!("red {took:?} after the message was there");
    assert!(driver.app.store().get(&id).unwrap().value(VISIBLE).unwrap() >= 1.0);
    let screen = driver.screen();
    assert!(screen.contains(queue) && screen.contains("from AnalyticsQueue"), "{screen}");
    demo.shut_down().await;
}
