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
        architectures::{ALL, Architecture, Reference, Trigger},
        deploy, traffic,
    },
    domain::{Health, ResourceId, reading::VISIBLE},
};
use serde_json::{Value, json};
use support::{
    driver::{self, Driver, until},
    emulators,
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
    /// A listing of mappings says which of them report failures message by message.
    tells_response_types: bool,
    /// It asks whether a function's role exists: the demo makes none.
    checks_roles: bool,
    /// Operations that the snapshot must name as failing, and no others.
    lacks: &'static [&'static str],
}

/// The row of an emulator that does all that AWS does here.
const COMPLETE: Endpoint = Endpoint {
    name: "",
    runs_functions: true,
    tells_ages: false,
    tells_response_types: true,
    checks_roles: false,
    lacks: &[],
};

const ENDPOINTS: [Endpoint; 4] = [
    Endpoint { name: "embedded", tells_response_types: false, ..COMPLETE },
    Endpoint { name: "localstack", tells_ages: true, ..COMPLETE },
    Endpoint { name: "ministack", ..COMPLETE },
    Endpoint { name: "moto", runs_functions: false, checks_roles: true, ..COMPLETE },
];

/// The queues that a poisonous message ends in, with the queue that it comes from and the function that could not take it.
const RED: [(&str, &str, &str); 2] = [
    ("AnalyticsDLQ", "AnalyticsQueue", "EventAnalytics"),
    ("AnalyticsJobEventsDLQ.fifo", "AnalyticsJobEvents.fifo", "Analytics"),
];

/// The first start of a function on an emulator takes seconds; three failed receives take twelve.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_endpoint_keeps_the_contract() {
    let demo = Embedded::start(1).await.unwrap();
    let case = Case::new(&ENDPOINTS[0], &demo.url());
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
    let case = Case::new(endpoint, &url);
    if endpoint.checks_roles {
        emulators::make_moto_run_nothing(&url).await;
    }
    deploy::teardown(&case.clients, &ALL).await.unwrap();
    deploy::deploy(&case.clients, &ALL).await.unwrap();
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
}

impl Case {
    fn new(endpoint: &'static Endpoint, url: &str) -> Self {
        Self { endpoint, url: url.to_owned(), clients: Clients::new(url).unwrap() }
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
        self.names_every_resource(&snapshot);
        self.names_every_link(&snapshot);
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
        let url = self.url.clone();
        let run = move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_edatop"));
            command.args(["snapshot", "--format", "json", "--endpoint", &url]);
            command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).output().unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{}: {} {errors}", self.endpoint.name, output.status);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let account = document["account"].as_str().unwrap_or_default().to_owned();
        Snapshot { document, account, name: self.endpoint.name }
    }

    fn names_every_resource(&self, snapshot: &Snapshot) {
        let document = &snapshot.document;
        assert_eq!(document["schema"], 1);
        assert_eq!((&document["dialect"], &document["region"]), (&json!(self.endpoint.name), &json!("us-east-1")));
        assert_eq!(document["endpoint"], json!(self.url));
        for (id, kind, name) in snapshot.ids().resources() {
            let resource = snapshot.resource(&id);
            assert_eq!((&resource["kind"], &resource["name"]), (&json!(kind), &json!(name)), "{id}");
        }
        let failing: Vec<&str> = document["failures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|failure| failure["operation"].as_str().unwrap())
            .collect();
        assert_eq!(failing, self.endpoint.lacks, "{}: {}", self.endpoint.name, document["failures"]);
    }

    fn names_every_link(&self, snapshot: &Snapshot) {
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
                let link = snapshot.link(&ids.queue(mapping.queue), "invokes", &ids.function(mapping.function));
                let attributes = &link["attributes"];
                assert_eq!(link["label"], json!(format!("batch {}", mapping.batch_size)));
                assert_eq!(attributes["BatchSize"], json!(mapping.batch_size.to_string()));
                assert_eq!(attributes["State"], "Enabled");
                let reports = mapping.reports_failed_items && self.endpoint.tells_response_types;
                let reports = reports.then_some("ReportBatchItemFailures");
                assert_eq!(attributes.get("FunctionResponseTypes").and_then(Value::as_str), reports);
            }
            for function in architecture.functions {
                snapshot.link(&ids.function(function.name), "logs", &ids.log_group(function.name));
                for (variable, reference) in function.environment {
                    let (kind, to) = match reference {
                        Reference::Topic(topic) => ("publishes", ids.topic(topic)),
                        Reference::Bus(bus) => ("publishes", ids.arn("events", &format!("event-bus/{bus}"))),
                        Reference::Table(table) => ("writes", ids.table(table)),
                        Reference::Bucket(bucket) => ("writes", bucket_id(bucket)),
                    };
                    let link = snapshot.link(&ids.function(function.name), kind, &to);
                    assert_eq!((&link["known_by"], &link["label"]), (&json!("inferred"), &json!(variable)));
                }
            }
            for rule in architecture.rules {
                snapshot.link(&ids.rule(rule.name), "targets", &ids.function(rule.function));
                let attributes = &snapshot.resource(&ids.rule(rule.name))["attributes"];
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
            assert_eq!(age, waits && self.endpoint.tells_ages, "{}: {queue}: {readings}", self.endpoint.name);
        }
    }

    fn counts_its_calls(&self, snapshot: &Snapshot) {
        let api = &snapshot.document["api"];
        for total in ["calls", "errors", "throttles"] {
            let sum: u64 =
                api["by_operation"].as_object().unwrap().values().map(|used| used[total].as_u64().unwrap()).sum();
            assert_eq!(api[total], json!(sum), "{total}: {api}");
        }
        assert_eq!((&api["errors"], &api["throttles"]), (&json!(0), &json!(0)), "{api}");
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
                ours.insert(queue, [value("visible"), value("in_flight"), value("delayed")]);
                let depths = depths(&self.clients, queue).await;
                moving += if queue.contains("DLQ") { 0 } else { depths.iter().sum() };
                theirs.insert(queue, depths);
            }
            let dead: u64 = theirs.values().map(|depths| depths[0]).sum();
            moving == 0 && dead >= RED.len() as u64 && ours == theirs
        };
        until(PATIENCE, &format!("{}: the same depths by both clients", self.endpoint.name), same).await;
    }

    async fn what_was_removed_is_gone(&self) {
        deploy::teardown(&self.clients, &ALL).await.unwrap();
        let snapshot = self.snapshot().await;
        let ours = snapshot.ids().resources();
        let left: Vec<&Value> =
            snapshot.resources().filter(|resource| ours.iter().any(|(id, ..)| resource["id"] == json!(id))).collect();
        assert_eq!(left, Vec::<&Value>::new(), "{}", self.endpoint.name);
        let named = |link: &&Value| ours.iter().any(|(id, ..)| link["from"] == json!(id) || link["to"] == json!(id));
        assert_eq!(snapshot.list("links").iter().filter(named).count(), 0, "{}", self.endpoint.name);
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

    fn ids(&self) -> Ids<'_> {
        Ids { account: &self.account }
    }
}

/// Buckets are nobody's by their ARN.
fn bucket_id(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
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

    fn log_group(&self, function: &str) -> String {
        self.arn("logs", &format!("log-group:/aws/lambda/{function}"))
    }

    fn table(&self, name: &str) -> String {
        self.arn("dynamodb", &format!("table/{name}"))
    }

    fn rule(&self, name: &str) -> String {
        self.arn("events", &format!("rule/{name}"))
    }

    /// Everything that is declared: id, kind, name.
    fn resources(&self) -> Vec<(String, &'static str, String)> {
        ALL.iter().flat_map(|architecture| self.resources_of(architecture)).collect()
    }

    fn resources_of(&self, architecture: &Architecture) -> Vec<(String, &'static str, String)> {
        let mut all = Vec::new();
        let mut add = |id: String, kind, name: &str| all.push((id, kind, name.to_owned()));
        for queue in architecture.queues {
            add(self.queue(queue.name), "sqs.queue", queue.name);
        }
        for topic in architecture.topics {
            add(self.topic(topic), "sns.topic", topic);
        }
        for function in architecture.functions {
            add(self.function(function.name), "lambda.function", function.name);
            add(self.log_group(function.name), "logs.group", &format!("/aws/lambda/{}", function.name));
        }
        for table in architecture.tables {
            add(self.table(table.name), "dynamodb.table", table.name);
        }
        for bucket in architecture.buckets {
            add(bucket_id(bucket), "s3.bucket", bucket);
        }
        for rule in architecture.rules {
            add(self.rule(rule.name), "events.rule", rule.name);
        }
        all
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
