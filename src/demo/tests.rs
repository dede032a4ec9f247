//! The demo from end to end on the embedded endpoint. Real emulators are `tests/endpoints.rs`'s.
//!
//! Waiting is long polling where there is a queue, and asking again where there is none. Nothing sleeps.

use std::time::Duration;

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};

use super::*;
use crate::demo::architectures::ALL;

async fn queue_url(clients: &Clients, name: &str) -> String {
    clients.sqs.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap()
}

async fn attribute(clients: &Clients, queue: &str, name: QueueAttributeName) -> String {
    let request = clients.sqs.get_queue_attributes().queue_url(queue_url(clients, queue).await);
    let attributes = request.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
    attributes.get(&name).cloned().unwrap_or_default()
}

/// The first message that reaches a queue, with its attributes.
async fn first_message(clients: &Clients, queue: &str, patience: Duration) -> aws_sdk_sqs::types::Message {
    let url = queue_url(clients, queue).await;
    let wait = async {
        loop {
            let request = clients.sqs.receive_message().queue_url(&url).wait_time_seconds(5);
            let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
            if let Some(message) = request.send().await.unwrap().messages.unwrap_or_default().pop() {
                return message;
            }
        }
    };
    tokio::time::timeout(patience, wait).await.unwrap_or_else(|_| panic!("nothing arrived in {queue}"))
}

async fn logged(clients: &Clients, function: &str) -> Vec<String> {
    let group = deploy::log_group_name(function);
    let answer = clients.logs.filter_log_events().log_group_name(group).send().await.unwrap();
    answer.events().iter().filter_map(|event| event.message().map(String::from)).collect()
}

/// What of each of the younger architectures reaches its end: orders are told, sales are logged.
async fn flows(clients: &Clients, patience: Duration) {
    let told = async || {
        let count = async |function, words: &str| {
            logged(clients, function).await.iter().filter(|line| line.contains(words)).count()
        };
        count("POC-Lambda-1", "has no quantity").await > 0
            && count("POC-Lambda-2", "told").await > 0
            && count("events_consumer_fn", "store_id is missing").await > 0
            && count("store_revenue_per_min", "REPORT").await > 0
    };
    let wait = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        while !told().await {
            ticks.tick().await;
        }
    };
    let ended = tokio::time::timeout(patience, wait).await;
    assert!(ended.is_ok(), "{:?}", logged(clients, "POC-Lambda-2").await);
    // Not through the fallback: the API itself took the orders.
    let orders = clients.dynamodb.scan().table_name("orders").send().await.unwrap();
    assert!(orders.items().iter().all(|order| order.contains_key("orderID")) && orders.count() > 0, "{orders:?}");
}

/// Both DLQs fill, with the reason in the log, and the consumers leave their traces.
async fn runs(clients: &Clients, patience: Duration) {
    let cart = first_message(clients, "AnalyticsDLQ", patience).await;
    assert!(cart.body.unwrap().contains("poison"));
    let job = first_message(clients, "AnalyticsJobEventsDLQ.fifo", patience).await;
    assert!(job.body.unwrap().contains("negotiable"), "a good event died with a bad one");
    let attributes = job.attributes.unwrap();
    assert!(attributes[&MessageSystemAttributeName::MessageGroupId].starts_with("job-"), "{attributes:?}");
    assert!(attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn].ends_with(":AnalyticsJobEvents.fifo"));

    let lines = logged(clients, "EventAnalytics").await;
    let trace = lines.iter().any(|line| line.contains("ValueError: cannot price cart 3"));
    assert!(trace, "no reason in the log: {lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("REPORT RequestId:")), "{lines:?}");
    assert!(logged(clients, "MailingList").await.iter().any(|line| line.contains("subscribed")));

    let items = clients.dynamodb.scan().table_name("InventoryTable").send().await.unwrap();
    assert!(items.items().iter().all(|item| item.contains_key("id")) && items.count() > 0, "{items:?}");
    let objects = clients.s3.list_objects_v2().bucket("analytics-job-events").send().await.unwrap();
    assert!(!objects.contents().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_demo_runs_and_fills_its_dead_letter_queues() {
    let demo = Embedded::start(1).await.unwrap();
    let clients = Clients::new(&demo.url()).unwrap();
    runs(&clients, Duration::from_secs(30)).await;
    flows(&clients, Duration::from_secs(30)).await;
    demo.shut_down().await;
}

#[tokio::test]
async fn deploying_twice_changes_nothing_and_teardown_leaves_what_is_not_its_own() {
    let endpoint = Endpoint::start().await.unwrap();
    let clients = Clients::new(&endpoint.url()).unwrap();
    clients.sqs.create_queue().queue_name("mine").send().await.unwrap();
    let count = async || {
        let queues = clients.sqs.list_queues().send().await.unwrap().queue_urls().len();
        let subscriptions = clients.sns.list_subscriptions().send().await.unwrap().subscriptions().len();
        let topics = clients.sns.list_topics().send().await.unwrap().topics().len();
        let mappings = clients.lambda.list_event_source_mappings().send().await.unwrap().event_source_mappings().len();
        let functions = clients.lambda.list_functions().send().await.unwrap().functions().len();
        let groups = clients.logs.describe_log_groups().send().await.unwrap().log_groups().len();
        let rules = clients.events.list_rules().send().await.unwrap().rules().len();
        let streams = clients.kinesis.list_streams().send().await.unwrap().stream_names().len();
        let apis = clients.apigateway.get_rest_apis().send().await.unwrap().items().len();
        let deliveries = clients.firehose.list_delivery_streams().send().await.unwrap().delivery_stream_names().len();
        let listed = clients.analytics_v2.list_applications().send().await.unwrap();
        let applications = listed.application_summaries().len();
        let tables = clients.dynamodb.list_tables().send().await.unwrap().table_names().len();
        let buckets = clients.s3.list_buckets().send().await.unwrap().buckets().len();
        let messages = [queues, topics, subscriptions, functions, mappings, groups, rules, tables, buckets];
        (messages, [apis, streams, deliveries, applications])
    };
    assert_eq!(deploy::deploy(&clients, &ALL).await.unwrap(), [], "this endpoint holds all");
    assert_eq!(count().await, ([14, 3, 6, 13, 8, 13, 1, 2, 2], [1, 1, 1, 2]));
    deploy::deploy(&clients, &ALL).await.unwrap();
    assert_eq!(count().await, ([14, 3, 6, 13, 8, 13, 1, 2, 2], [1, 1, 1, 2]));
    deploy::teardown(&clients, &ALL).await.unwrap();
    assert_eq!(count().await, ([1, 0, 0, 0, 0, 0, 0, 0, 0], [0; 4]));
    deploy::teardown(&clients, &ALL).await.unwrap();
}

#[tokio::test]
async fn a_name_that_is_somebody_elses_stops_the_deployment() {
    let endpoint = Endpoint::start().await.unwrap();
    let clients = Clients::new(&endpoint.url()).unwrap();
    clients.sqs.create_queue().queue_name("AnalyticsDLQ").send().await.unwrap();
    let error = deploy::deploy(&clients, &ALL).await.unwrap_err();
    assert!(matches!(error, DemoError::Taken { kind: "queue", .. }), "{error}");
    deploy::teardown(&clients, &ALL).await.unwrap();
    assert_eq!(clients.sqs.list_queues().send().await.unwrap().queue_urls().len(), 1);
}

/// Everything a poller asks for, asked through the SDK.
#[tokio::test]
async fn what_pollers_read_answers() {
    let endpoint = Endpoint::start().await.unwrap();
    let clients = Clients::new(&endpoint.url()).unwrap();
    deploy::deploy(&clients, &ALL).await.unwrap();

    assert!(clients.sts.get_caller_identity().send().await.unwrap().account().is_some());
    let policy = attribute(&clients, "AnalyticsQueue", QueueAttributeName::RedrivePolicy).await;
    assert!(policy.contains("AnalyticsDLQ"), "{policy}");
    assert_eq!(attribute(&clients, "AnalyticsQueue", QueueAttributeName::MessageRetentionPeriod).await, "345600");
    assert_eq!(attribute(&clients, "AnalyticsDLQ", QueueAttributeName::MessageRetentionPeriod).await, "1209600");
    let url = queue_url(&clients, "AnalyticsDLQ").await;
    let sources = clients.sqs.list_dead_letter_source_queues().queue_url(url).send().await.unwrap();
    assert!(sources.queue_urls()[0].ends_with("/AnalyticsQueue"), "{sources:?}");

    let functions = clients.lambda.list_functions().send().await.unwrap();
    let analytics = functions.functions().iter().find(|one| one.function_name() == Some("Analytics")).unwrap();
    let environment = analytics.environment().unwrap().variables().unwrap();
    assert_eq!(environment["BUCKET_NAME"], "analytics-job-events");
    let mappings = clients.lambda.list_event_source_mappings().send().await.unwrap();
    let states: Vec<_> = mappings.event_source_mappings().iter().map(|one| (one.state(), one.batch_size())).collect();
    assert_eq!(states.iter().filter(|one| **one == (Some("Enabled"), Some(1))).count(), 3, "{states:?}");

    let subscriptions = clients.sns.list_subscriptions().send().await.unwrap();
    let inventory =
        subscriptions.subscriptions().iter().find(|one| one.endpoint().unwrap().ends_with(":InventoryJobEvents.fifo"));
    let arn = inventory.unwrap().subscription_arn().unwrap();
    let attributes =
        clients.sns.get_subscription_attributes().subscription_arn(arn).send().await.unwrap().attributes.unwrap();
    assert_eq!(attributes["FilterPolicy"], r#"{"eventType":["JobCreated","JobDeleted"]}"#);
    assert!(attributes["RedrivePolicy"].contains("InventorySubscriptionDLQ.fifo"));

    let groups = clients.logs.describe_log_groups().send().await.unwrap();
    assert!(groups.log_groups().iter().all(|group| matches!(group.retention_in_days(), Some(1 | 7))), "{groups:?}");
    clients.logs.filter_log_events().log_group_name("/aws/lambda/Analytics").send().await.unwrap();
    let table = clients.dynamodb.describe_table().table_name("InventoryTable").send().await.unwrap();
    assert_eq!(table.table().unwrap().key_schema()[0].attribute_name(), "id");
    clients.dynamodb.scan().table_name("InventoryTable").send().await.unwrap();
    clients.s3.list_objects_v2().bucket("analytics-job-events").send().await.unwrap();
    assert_eq!(clients.events.list_event_buses().send().await.unwrap().event_buses().len(), 2);
    let rules = clients.events.list_rules().send().await.unwrap();
    assert_eq!(rules.rules()[0].schedule_expression(), Some("rate(1 minute)"));
    let targets = clients.events.list_targets_by_rule().rule("AntiCorruptionSchedule").send().await.unwrap();
    assert!(targets.targets()[0].arn().ends_with(":function:AntiCorruption"));
}
