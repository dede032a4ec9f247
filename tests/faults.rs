//! What goes wrong on the way to an endpoint, and what the App makes of it: nothing is ever shown as fresher, surer or better than it
//! is, what fails stays apart from what does not, and all of it mends by itself.
//!
//! The real pollers and the real App, an endpoint with the demo's architectures on which nothing moves, and a proxy between them.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{collections::BTreeMap, time::Duration};

use aws_smithy_types::error::display::DisplayErrorContext;
use crossterm::event::KeyCode;
use edatop::{
    app::clock,
    aws::{
        ConnectOptions, Connection,
        operations::{Effect, OPERATIONS},
    },
    demo::{Clients, Endpoint, architectures::ALL, deploy},
    domain::{Failure, FailureKind, Health, Kind, ResourceId, reading::VISIBLE},
    pollers::{POLLERS, Paces},
    store::{Entry, Store},
};
use rstest::rstest;
use support::{
    driver::{self, Driver},
    proxy::{self, Fault, Proxy},
};
use tokio::time::Instant;

/// Quick, so that the tests are; in the proportions of the real ones.
const PACES: Paces = Paces {
    focused: Duration::from_millis(200),
    visible: Duration::from_millis(300),
    background: Duration::from_millis(600),
};
/// The longest that a local endpoint is left alone for, with the jitter and a moment to read everything.
const BACK_OFF: Duration = Duration::from_millis(4_200 + 2_000);
const PATIENCE: Duration = Duration::from_secs(15);
/// Where messages wait, which nothing takes here.
const HOLDS: &str = "AnalyticsQueue";
const WAITING: usize = 3;

/// Everything between the user and the messages.
struct World {
    endpoint: Endpoint,
    proxy: Proxy,
    driver: Driver,
}

impl World {
    /// Deployed, read once to the end, and well.
    async fn new() -> Self {
        let endpoint = Endpoint::start().await.unwrap();
        let clients = Clients::new(&endpoint.url()).unwrap();
        deploy::deploy(&clients, &ALL).await.unwrap();
        let proxy = Proxy::start(&endpoint.url()).await;
        let driver = Driver::start(driver::options(&proxy.url()), PACES).await;
        let mut world = Self { endpoint, proxy, driver };
        for _ in 0..WAITING {
            world.send_one().await;
        }
        world
            .until("everything read and well", |store| {
                store.polls().answered() == POLLERS.len()
                    && store.entries().count() == 56
                    && value(store, HOLDS) == Some(WAITING as f64)
                    && store.entries().all(|entry| entry.health() == Health::Ok)
            })
            .await;
        world
    }

    /// Past the proxy, as somebody else would.
    async fn send_one(&self) {
        let sqs = Clients::new(&self.endpoint.url()).unwrap().sqs;
        let url = sqs.get_queue_url().queue_name(HOLDS).send().await.unwrap().queue_url.unwrap();
        sqs.send_message().queue_url(url).message_body("{}").send().await.unwrap();
    }

    async fn until(&mut self, what: &str, met: impl Fn(&Store) -> bool) {
        self.driver.until(PATIENCE, what, |driver| met(driver.app.store())).await;
    }

    fn store(&self) -> &Store {
        self.driver.app.store()
    }

    async fn is_well_again(&mut self) -> Duration {
        let began = Instant::now();
        self.until("recovery", |store| {
            POLLERS.iter().all(|row| !store.polls().is_failing(row.name))
                && store.failures().all(is_lacking)
                && store.entries().all(|entry| entry.health() == Health::Ok && entry.gone.is_none())
        })
        .await;
        began.elapsed()
    }

    /// Requests a second over a span.
    async fn rate(&mut self, service: &str, span: Duration) -> f64 {
        let before = self.proxy.of_service(service);
        self.driver.go_on_for(span).await;
        (self.proxy.of_service(service) - before) as f64 / span.as_secs_f64()
    }
}

fn value(store: &Store, queue: &str) -> Option<f64> {
    store.entries().find(|entry| entry.resource.name == queue)?.value(VISIBLE)
}

/// Every number of every resource.
fn values(store: &Store) -> BTreeMap<(ResourceId, &'static str), String> {
    let of = |entry: &Entry| {
        let id = entry.resource.id.clone();
        entry
            .tracks()
            .map(move |track| ((id.clone(), track.metric.name), track.last.value.to_string()))
            .collect::<Vec<_>>()
    };
    store.entries().flat_map(of).collect()
}

/// What the endpoint does not have is no failure that ends.
fn is_lacking(failure: &Failure) -> bool {
    failure.kind == FailureKind::NotImplemented
}

/// Of the services that the endpoint has: what it lacks is not asked for, and so does not fail anew.
const HAS: [&str; 7] = ["sqs", "lambda", "sns", "logs", "dynamodb", "s3", "events"];

fn all_fail(store: &Store) -> bool {
    HAS.iter().all(|poller| store.polls().is_failing(poller))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_goes_keeps_its_picture_and_comes_back_by_itself() {
    let mut world = World::new().await;
    let known = values(world.store());
    world.proxy.cut().await;
    let all_unknown = |store: &Store| store.entries().all(|entry| entry.health() == Health::Unknown);
    world.until("failure of all pollers", |store| all_fail(store) && all_unknown(store)).await;
    world.until("an outage", |store| store.polls().outage().is_some()).await;

    let screen = world.driver.screen();
    let header = screen.lines().next().unwrap();
    assert!(header.contains("no answer"), "{screen}");
    assert!(
        screen.lines().skip(1).any(|line| line.contains("no answer") && line.contains("connection refused")),
        "{screen}"
    );
    assert_eq!(values(world.store()), known);
    for entry in world.store().entries() {
        assert!(world.store().is_in_doubt(entry), "{} looks fresh", entry.resource.name);
        assert_eq!((entry.health(), entry.gone), (Health::Unknown, None), "{}", entry.resource.name);
    }
    world.driver.press(KeyCode::Char('?'));
    assert!(world.driver.app.is_dirty());
    let help = world.driver.screen();
    assert_ne!(help, screen, "help did not open");
    world.driver.press(KeyCode::Esc);
    assert!(world.driver.screen().contains(HOLDS), "help did not close");

    world.send_one().await;
    world.proxy.come_back().await;
    let took = world.is_well_again().await;
    assert!(took <= BACK_OFF, "it took {took:?}");
    world.until("the message sent meanwhile", |store| value(store, HOLDS) == Some(WAITING as f64 + 1.0)).await;
    assert!(!world.driver.screen().contains("no answer"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_service_refuses_leaves_the_others_alone(
    #[values("sqs", "lambda", "sns", "logs", "dynamodb", "s3", "events")] service: &'static str,
) {
    one_service_fails(service, Fault::Denied).await;
}

/// One service of each protocol.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_of_one_service_leaves_the_others_alone(
    #[values("sqs", "sns", "s3")] service: &'static str,
    #[values(Fault::WebPage, Fault::Garbage)] fault: Fault,
) {
    one_service_fails(service, fault).await;
}

async fn one_service_fails(service: &'static str, fault: Fault) {
    let mut world = World::new().await;
    world.proxy.fail(service, fault);
    let ours = |entry: &&Entry| entry.poller == service;
    assert!(world.store().entries().filter(ours).count() > 0);
    world
        .until("failure of its poller, and doubt about all that it knew", |store| {
            let mut known = store.entries().filter(ours);
            store.polls().is_failing(service) && known.all(|entry| entry.health() == Health::Unknown)
        })
        .await;
    let (kind, sentence) = match fault {
        Fault::Denied => (FailureKind::Denied, "permission denied"),
        Fault::WebPage => (FailureKind::Garbage, "the answer is a web page, not AWS's API; is the endpoint right?"),
        _ => (FailureKind::Garbage, "the answer makes no sense"),
    };
    for failure in world.store().failures().filter(|failure| !is_lacking(failure)) {
        assert_eq!((failure.poller, failure.kind), (service, kind), "{failure:?}");
        assert!(failure.error.contains(sentence), "{failure:?}");
    }
    // The others are read again before it is judged.
    let (mark, names) = (clock::now(), HAS.iter().copied().filter(|name| *name != service));
    let names: Vec<_> = names.collect();
    world
        .until("a round of all others", |store| {
            names.iter().all(|name| store.polls().get(name).is_some_and(|poll| poll.last_good > Some(mark)))
        })
        .await;
    for entry in world.store().entries() {
        let expected = if ours(&entry) { Health::Unknown } else { Health::Ok };
        let reasons: Vec<_> = entry.verdicts.iter().map(|verdict| &verdict.reason).collect();
        assert_eq!((entry.health(), entry.gone), (expected, None), "{}: {reasons:?}", entry.resource.id);
        assert_eq!(reasons.iter().filter(|reason| reason.contains(sentence)).count(), usize::from(ours(&entry)));
    }
    assert!(world.driver.screen().contains(&format!("{service}:")), "{}", world.driver.screen());
    world.proxy.mend();
    world.is_well_again().await;
}

/// One operation about single resources: those it is about are in doubt as long as it is refused, and not a moment longer.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_operation_refuses_puts_only_its_subjects_in_doubt(
    #[values(
        ("sqs:GetQueueAttributes", Kind::Queue),
        ("sns:GetTopicAttributes", Kind::Topic),
        ("sns:GetSubscriptionAttributes", Kind::Topic),
        ("logs:FilterLogEvents", Kind::LogGroup),
        ("dynamodb:DescribeTable", Kind::Table),
        ("events:ListRules", Kind::Bus),
        ("events:ListTargetsByRule", Kind::Rule)
    )]
    case: (&'static str, Kind),
) {
    let (operation, kind) = case;
    // A subscription that nobody has confirmed has no attributes to read.
    let is_subject = |entry: &&Entry| {
        let unconfirmed = operation == "sns:GetSubscriptionAttributes" && entry.resource.name == "POC-Topic";
        entry.resource.kind == kind && !unconfirmed
    };
    let mut world = World::new().await;
    world.proxy.fail(operation, Fault::Denied);
    // A working day may pass until attributes are read again: the user asks for it.
    world.driver.press(KeyCode::Char('r'));
    world
        .until("doubt about all subjects", |store| {
            store.entries().filter(is_subject).all(|entry| entry.health() == Health::Unknown && entry.gone.is_none())
        })
        .await;
    world.driver.go_on_for(PACES.background * 3).await;
    for entry in world.store().entries() {
        let expected = if is_subject(&entry) { Health::Unknown } else { Health::Ok };
        assert_eq!(entry.health(), expected, "{} some rounds later", entry.resource.id);
    }
    assert!(world.store().failures().all(|failure| failure.operation == operation || is_lacking(failure)));
    world.proxy.mend();
    world.driver.press(KeyCode::Char('r'));
    world.is_well_again().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_service_is_asked_less_and_then_as_before() {
    let mut world = World::new().await;
    let span = Duration::from_secs(4);
    let before = world.rate("sqs", span).await;
    world.proxy.fail("sqs", Fault::Throttled);
    let throttled = |store: &Store| store.failures().any(|failure| failure.kind == FailureKind::Throttled);
    world.until("a throttled call", throttled).await;
    let during = world.rate("sqs", span).await;
    assert!(during < before / 2.0, "{before}/s before, {during}/s while throttled");
    assert!(world.driver.aws.meter.usage().throttles > 0);
    for entry in world.store().entries().filter(|entry| entry.poller == "sqs") {
        assert_eq!(entry.health(), Health::Unknown, "{}", entry.resource.name);
    }
    world.proxy.mend();
    world.is_well_again().await;
    let after = world.rate("sqs", span).await;
    assert!(after > before * 0.7, "{before}/s before, {after}/s after");
    eprintln!("requests to SQS a second: {before:.1} before, {during:.1} while throttled, {after:.1} after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_service_says_so_and_holds_up_nobody() {
    let mut world = World::new().await;
    world.proxy.fail("dynamodb", Fault::Silent);
    world.send_one().await;
    world.until("news of another service", |store| value(store, HOLDS) == Some(WAITING as f64 + 1.0)).await;
    world.until("a timeout", |store| store.failures().any(|failure| failure.kind == FailureKind::Timeout)).await;
    let failure = world.store().failures().find(|failure| failure.kind == FailureKind::Timeout).unwrap().clone();
    assert_eq!(failure.poller, "dynamodb");
    assert!(failure.error.contains("no answer in time"), "{failure:?}");
    world.send_one().await;
    world.until("more news meanwhile", |store| value(store, HOLDS) == Some(WAITING as f64 + 2.0)).await;
    // The rules judge four times a second at the most: what was heard last may wait for its turn.
    let in_doubt = |store: &Store| {
        store.entries().all(|entry| (entry.health() == Health::Unknown) == (entry.poller == "dynamodb"))
    };
    world.until("doubt about tables and nothing else", in_doubt).await;

    world.proxy.fail(proxy::ALL, Fault::Silent);
    world.until("an outage", |store| all_fail(store) && store.polls().outage().is_some()).await;
    assert!(world.driver.screen().lines().next().unwrap().contains("no answer"));
    world.proxy.mend();
    world.is_well_again().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_sends_what_reads_and_nothing_else() {
    let endpoint = Endpoint::start().await.unwrap();
    let proxy = Proxy::start(&endpoint.url()).await;
    let options = ConnectOptions { read_only: true, ..driver::options(&proxy.url()) };
    let aws = Connection::open(&options).await.unwrap();
    for row in OPERATIONS {
        let before = proxy.total();
        let answer = call(&aws, row.service, row.name).await;
        let reads = row.effect == Effect::Reads;
        // Whether there is such a queue or topic is the endpoint's business: it was asked. A live tail is asked of a host of its own.
        let arrives = reads && row.name != "StartLiveTail";
        assert_eq!(proxy.total() > before, arrives, "{}:{}: {answer:?}", row.service, row.name);
        assert_eq!(refuses(&answer, row.name), !reads, "{}:{}: {answer:?}", row.service, row.name);
    }
    let before = proxy.counts();
    for (service, operation) in CHANGING {
        let answer = call(&aws, service, operation).await;
        assert!(refuses(&answer, operation), "{service}:{operation}: {answer:?}");
    }
    assert_eq!(proxy.counts(), before, "something that changes something was sent");
    let allowed = Connection::open(&driver::options(&proxy.url())).await.unwrap();
    let _ = call(&allowed, "SQS", "SendMessage").await;
    assert_eq!(proxy.counts().get(&("sqs".to_owned(), "SendMessage".to_owned())), Some(&1), "the count can fail");
}

fn refuses(answer: &Result<(), String>, operation: &str) -> bool {
    answer
        .as_ref()
        .is_err_and(|error| error.contains(&format!(":{operation} is refused")) && error.contains("--read-only"))
}

/// Some of what changes something, of every service that the program has a client of.
const CHANGING: [(&str, &str); 25] = [
    ("SQS", "SendMessage"),
    ("SQS", "SendMessageBatch"),
    ("SQS", "ReceiveMessage"),
    ("SQS", "ChangeMessageVisibility"),
    ("SQS", "DeleteMessage"),
    ("SQS", "PurgeQueue"),
    ("SQS", "DeleteQueue"),
    ("SQS", "SetQueueAttributes"),
    ("SQS", "StartMessageMoveTask"),
    ("SQS", "CancelMessageMoveTask"),
    ("SNS", "Publish"),
    ("SNS", "Unsubscribe"),
    ("SNS", "DeleteTopic"),
    ("Lambda", "Invoke"),
    ("Lambda", "UpdateEventSourceMapping"),
    ("Lambda", "DeleteFunction"),
    ("DynamoDB", "PutItem"),
    ("DynamoDB", "DeleteItem"),
    ("DynamoDB", "DeleteTable"),
    ("S3", "PutObject"),
    ("S3", "DeleteObject"),
    ("CloudWatch Logs", "PutLogEvents"),
    ("CloudWatch Logs", "DeleteLogGroup"),
    ("EventBridge", "PutEvents"),
    ("EventBridge", "DisableRule"),
];

/// Sends one operation with the least that the SDK takes.
async fn call(aws: &Connection, service: &str, operation: &str) -> Result<(), String> {
    macro_rules! send {
        ($request:expr) => {
            $request.send().await.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
        };
    }
    let (sqs, sns, lambda, dynamodb) = (aws.sqs(), aws.sns(), aws.lambda(), aws.dynamodb());
    let (s3, logs, events) = (aws.s3(), aws.logs(), aws.events());
    let queue = "http://localhost/000000000000/q";
    let arn = "arn:aws:sns:us-east-1:000000000000:t";
    match (service, operation) {
        ("API Gateway", "GetIntegration") => {
            send!(aws.api_gateway().get_integration().rest_api_id("a").resource_id("r").http_method("GET"))
        }
        ("API Gateway", "GetResources") => send!(aws.api_gateway().get_resources().rest_api_id("a")),
        ("API Gateway", "GetRestApis") => send!(aws.api_gateway().get_rest_apis()),
        ("API Gateway", "TestInvokeMethod") => {
            send!(aws.api_gateway().test_invoke_method().rest_api_id("a").resource_id("r").http_method("POST"))
        }
        ("API Gateway", "GetStages") => send!(aws.api_gateway().get_stages().rest_api_id("a")),
        ("ApiGatewayV2", "GetApis") => send!(aws.api_gateway_v2().get_apis()),
        ("ApiGatewayV2", "GetIntegrations") => send!(aws.api_gateway_v2().get_integrations().api_id("a")),
        ("ApiGatewayV2", "GetRoutes") => send!(aws.api_gateway_v2().get_routes().api_id("a")),
        ("ApiGatewayV2", "GetStages") => send!(aws.api_gateway_v2().get_stages().api_id("a")),
        ("CloudFormation", "ListStackResources") => send!(aws.cloudformation().list_stack_resources().stack_name("s")),
        ("CloudFormation", "ListStacks") => send!(aws.cloudformation().list_stacks()),
        ("CloudWatch", "GetMetricData") => {
            let at = aws_smithy_types::DateTime::from_secs(0);
            send!(aws.cloudwatch().get_metric_data().start_time(at).end_time(at))
        }
        ("CloudWatch", "ListMetrics") => send!(aws.cloudwatch().list_metrics()),
        ("DynamoDB Streams", "GetRecords") => send!(aws.table_streams().get_records().shard_iterator("i")),
        ("DynamoDB Streams", "GetShardIterator") => {
            let kind = aws_sdk_dynamodbstreams::types::ShardIteratorType::Latest;
            let call = aws.table_streams().get_shard_iterator().stream_arn(arn).shard_id("shard");
            send!(call.shard_iterator_type(kind))
        }
        ("DynamoDB Streams", "DescribeStream") => send!(aws.table_streams().describe_stream().stream_arn(arn)),
        ("Firehose", "DescribeDeliveryStream") => {
            send!(aws.firehose().describe_delivery_stream().delivery_stream_name("d"))
        }
        ("Firehose", "ListDeliveryStreams") => send!(aws.firehose().list_delivery_streams()),
        ("Kinesis", "DescribeStreamSummary") => send!(aws.kinesis().describe_stream_summary().stream_name("s")),
        ("Kinesis", "ListStreamConsumers") => send!(aws.kinesis().list_stream_consumers().stream_arn(arn)),
        ("Kinesis", "GetRecords") => send!(aws.kinesis().get_records().shard_iterator("i")),
        ("Kinesis", "GetShardIterator") => {
            let kind = aws_sdk_kinesis::types::ShardIteratorType::Latest;
            let call = aws.kinesis().get_shard_iterator().stream_arn(arn).shard_id("shard");
            send!(call.shard_iterator_type(kind))
        }
        ("Kinesis", "ListShards") => send!(aws.kinesis().list_shards().stream_arn(arn)),
        ("Kinesis", "ListStreams") => send!(aws.kinesis().list_streams()),
        ("Kinesis Analytics", "DescribeApplication") => {
            send!(aws.analytics().describe_application().application_name("a"))
        }
        ("Kinesis Analytics", "ListApplications") => send!(aws.analytics().list_applications()),
        ("Kinesis Analytics V2", "DescribeApplication") => {
            send!(aws.analytics_v2().describe_application().application_name("a"))
        }
        ("Kinesis Analytics V2", "ListApplications") => send!(aws.analytics_v2().list_applications()),
        ("Lambda", "ListFunctionEventInvokeConfigs") => {
            send!(lambda.list_function_event_invoke_configs().function_name("f"))
        }
        ("Pipes", "DescribePipe") => send!(aws.pipes().describe_pipe().name("p")),
        ("Pipes", "ListPipes") => send!(aws.pipes().list_pipes()),
        ("Resource Groups Tagging API", "GetResources") => send!(aws.tags().get_resources()),
        ("S3", "GetBucketNotificationConfiguration") => {
            send!(s3.get_bucket_notification_configuration().bucket("bucket"))
        }
        ("SFN", "DescribeStateMachine") => send!(aws.states().describe_state_machine().state_machine_arn(arn)),
        ("SFN", "ListStateMachines") => send!(aws.states().list_state_machines()),
        ("Scheduler", "GetSchedule") => send!(aws.scheduler().get_schedule().name("s")),
        ("Scheduler", "ListSchedules") => send!(aws.scheduler().list_schedules()),
        ("CloudWatch Logs", "DescribeLogGroups") => send!(logs.describe_log_groups()),
        ("CloudWatch Logs", "StartLiveTail") => send!(logs.start_live_tail().log_group_identifiers(arn)),
        ("CloudWatch Logs", "FilterLogEvents") => send!(logs.filter_log_events().log_group_name("g")),
        ("CloudWatch Logs", "DeleteLogGroup") => send!(logs.delete_log_group().log_group_name("g")),
        ("CloudWatch Logs", "PutLogEvents") => {
            let event =
                aws_sdk_cloudwatchlogs::types::InputLogEvent::builder().timestamp(1).message("m").build().unwrap();
            send!(logs.put_log_events().log_group_name("g").log_stream_name("s").log_events(event))
        }
        ("DynamoDB", "DescribeTable") => send!(dynamodb.describe_table().table_name("table")),
        ("DynamoDB", "ListTables") => send!(dynamodb.list_tables()),
        ("DynamoDB", "Scan") => send!(dynamodb.scan().table_name("table")),
        ("DynamoDB", "Query") => send!(dynamodb.query().table_name("table")),
        ("DynamoDB", "PutItem") => send!(dynamodb.put_item().table_name("table").item("k", text("v"))),
        ("DynamoDB", "DeleteItem") => send!(dynamodb.delete_item().table_name("table").key("k", text("v"))),
        ("DynamoDB", "DeleteTable") => send!(dynamodb.delete_table().table_name("table")),
        ("EventBridge", "ListEventBuses") => send!(events.list_event_buses()),
        ("EventBridge", "ListRules") => send!(events.list_rules()),
        ("EventBridge", "ListTargetsByRule") => send!(events.list_targets_by_rule().rule("r")),
        ("EventBridge", "DisableRule") => send!(events.disable_rule().name("r")),
        ("EventBridge", "PutEvents") => {
            let event = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder().source("s").build();
            send!(events.put_events().entries(event))
        }
        ("Lambda", "ListEventSourceMappings") => send!(lambda.list_event_source_mappings()),
        ("Lambda", "ListFunctions") => send!(lambda.list_functions()),
        ("Lambda", "Invoke") => send!(lambda.invoke().function_name("f")),
        ("Lambda", "UpdateEventSourceMapping") => send!(lambda.update_event_source_mapping().uuid("u")),
        ("Lambda", "DeleteFunction") => send!(lambda.delete_function().function_name("f")),
        ("S3", "ListBuckets") => send!(s3.list_buckets()),
        ("S3", "ListObjectsV2") => send!(s3.list_objects_v2().bucket("bucket")),
        ("S3", "GetObject") => send!(s3.get_object().bucket("bucket").key("k")),
        ("S3", "GetObjectTagging") => send!(s3.get_object_tagging().bucket("bucket").key("k")),
        ("S3", "ListObjectVersions") => send!(s3.list_object_versions().bucket("bucket")),
        ("S3", "PutObject") => send!(s3.put_object().bucket("bucket").key("k")),
        ("S3", "DeleteObject") => send!(s3.delete_object().bucket("bucket").key("k")),
        ("SNS", "GetSubscriptionAttributes") => send!(sns.get_subscription_attributes().subscription_arn(arn)),
        ("SNS", "GetTopicAttributes") => send!(sns.get_topic_attributes().topic_arn(arn)),
        ("SNS", "ListSubscriptions") => send!(sns.list_subscriptions()),
        ("SNS", "ListTopics") => send!(sns.list_topics()),
        ("SNS", "Publish") => send!(sns.publish().topic_arn(arn).message("m")),
        ("SNS", "Unsubscribe") => send!(sns.unsubscribe().subscription_arn(arn)),
        ("SNS", "DeleteTopic") => send!(sns.delete_topic().topic_arn(arn)),
        ("SQS", "ChangeMessageVisibilityBatch") => send!(sqs.change_message_visibility_batch().queue_url(queue)),
        ("SQS", "DeleteMessageBatch") => send!(sqs.delete_message_batch().queue_url(queue)),
        ("SQS", "GetQueueUrl") => send!(sqs.get_queue_url().queue_name("q")),
        ("SQS", "ListDeadLetterSourceQueues") => send!(sqs.list_dead_letter_source_queues().queue_url(queue)),
        ("SQS", "ListMessageMoveTasks") => send!(sqs.list_message_move_tasks().source_arn(arn)),
        ("SQS", "GetQueueAttributes") => send!(sqs.get_queue_attributes().queue_url(queue)),
        ("SQS", "ListQueues") => send!(sqs.list_queues()),
        ("SQS", "SendMessage") => send!(sqs.send_message().queue_url(queue).message_body("m")),
        ("SQS", "SendMessageBatch") => send!(sqs.send_message_batch().queue_url(queue)),
        ("SQS", "ReceiveMessage") => send!(sqs.receive_message().queue_url(queue)),
        ("SQS", "ChangeMessageVisibility") => {
            send!(sqs.change_message_visibility().queue_url(queue).receipt_handle("h").visibility_timeout(0))
        }
        ("SQS", "DeleteMessage") => send!(sqs.delete_message().queue_url(queue).receipt_handle("h")),
        ("SQS", "PurgeQueue") => send!(sqs.purge_queue().queue_url(queue)),
        ("SQS", "DeleteQueue") => send!(sqs.delete_queue().queue_url(queue)),
        ("SQS", "SetQueueAttributes") => send!(sqs.set_queue_attributes().queue_url(queue)),
        ("SQS", "StartMessageMoveTask") => send!(sqs.start_message_move_task().source_arn(arn)),
        ("SQS", "CancelMessageMoveTask") => send!(sqs.cancel_message_move_task().task_handle("h")),
        ("STS", "GetCallerIdentity") => send!(aws.sts().get_caller_identity()),
        _ => panic!("{service}:{operation} is in the table of operations and has no call here; add one"),
    }
}

fn text(value: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned())
}
