//! The endpoint as its clients see it: through the AWS SDK, and over plain HTTP where the SDK would hide the answer.

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::*;
use crate::demo::Clients;

async fn started() -> (Endpoint, Clients) {
    let endpoint = Endpoint::start().await.unwrap();
    let clients = Clients::new(&endpoint.url()).unwrap();
    (endpoint, clients)
}

/// Signed for a service, as far as the adapter looks.
async fn get(url: &str, service: &str) -> (StatusCode, hyper::HeaderMap, serde_json::Value) {
    let credential = format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, Signature=x");
    let request = Request::get(url).header("authorization", credential).body(Empty::<Bytes>::new()).unwrap();
    let response = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn health_names_the_edition_and_every_service() {
    let endpoint = Endpoint::start().await.unwrap();
    let (status, _, body) = get(&format!("{}{HEALTH_PATH}", endpoint.url()), "s3").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["edition"], "edatop-embedded");
    let expected = [
        "apigateway",
        "dynamodb",
        "events",
        "firehose",
        "kinesis",
        "kinesisanalytics",
        "lambda",
        "logs",
        "s3",
        "sns",
        "sqs",
        "streams.dynamodb",
        "sts",
    ];
    assert_eq!(body["services"], serde_json::json!(expected));
}

#[tokio::test]
async fn an_unknown_service_is_refused_in_a_shape_that_sdks_read() {
    let endpoint = Endpoint::start().await.unwrap();
    let (status, headers, body) = get(&endpoint.url(), "pipes").await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(headers["x-amzn-errortype"], "NotImplemented");
    assert!(body["message"].as_str().unwrap().contains("'pipes'"), "{body}");
}

#[tokio::test]
async fn a_stopped_endpoint_takes_no_connection() {
    let (mut endpoint, clients) = started().await;
    clients.sts.get_caller_identity().send().await.unwrap();
    let address = endpoint.address;
    endpoint.shut_down().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn dropping_the_endpoint_stops_it() {
    let mut endpoint = Endpoint::start().await.unwrap();
    let (_, none) = Tasks::new();
    let mut connections = std::mem::replace(&mut endpoint.connections, none);
    drop(endpoint);
    connections.wait().await;
}

#[tokio::test]
async fn queue_urls_lead_back_to_the_endpoint() {
    let (endpoint, clients) = started().await;
    let created = clients.sqs.create_queue().queue_name("q").send().await.unwrap();
    assert!(created.queue_url().unwrap().starts_with(&endpoint.url()), "{created:?}");
    let listed = clients.sqs.list_queues().send().await.unwrap();
    assert_eq!(listed.queue_urls(), [created.queue_url().unwrap()]);
}

#[tokio::test]
async fn attributes_given_at_creation_are_kept() {
    let (_endpoint, clients) = started().await;
    let topic = clients.sns.create_topic().name("t.fifo").attributes("FifoTopic", "true").send().await.unwrap();
    let arn = topic.topic_arn().unwrap();
    let attributes = clients.sns.get_topic_attributes().topic_arn(arn).send().await.unwrap();
    assert_eq!(attributes.attributes().unwrap()["FifoTopic"], "true");
    let policy = r#"{"a b":["x&=+%","ü🦀"]}"#;
    let request = clients.sns.subscribe().topic_arn(arn).protocol("sqs").endpoint("arn:aws:sqs:us-east-1:1:q");
    let subscription =
        request.attributes("FilterPolicy", policy).attributes("RawMessageDelivery", "true").send().await.unwrap();
    let request = clients.sns.get_subscription_attributes().subscription_arn(subscription.subscription_arn().unwrap());
    let attributes = request.send().await.unwrap().attributes.unwrap();
    let told = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(told(&attributes["FilterPolicy"]), told(policy));
    assert_eq!(attributes["RawMessageDelivery"], "true");
}

#[tokio::test]
async fn each_bus_lists_its_own_rules_and_tags_given_at_creation_are_kept() {
    let (_endpoint, clients) = started().await;
    let events = &clients.events;
    events.create_event_bus().name("orders").send().await.unwrap();
    let tag = aws_sdk_eventbridge::types::Tag::builder().key("k").value("v").build().unwrap();
    let put =
        |name: &str, bus: &str| events.put_rule().name(name).event_bus_name(bus).event_pattern(r#"{"source":["x"]}"#);
    put("mine", "orders").tags(tag).send().await.unwrap();
    put("other", "default").send().await.unwrap();
    let names = async |request: aws_sdk_eventbridge::operation::list_rules::builders::ListRulesFluentBuilder| {
        let rules = request.send().await.unwrap().rules.unwrap();
        rules.into_iter().filter_map(|rule| rule.name).collect::<Vec<_>>()
    };
    assert_eq!(names(events.list_rules().event_bus_name("orders")).await, ["mine"]);
    assert_eq!(names(events.list_rules()).await, ["other"]);
    let arn = events.describe_rule().name("mine").event_bus_name("orders").send().await.unwrap().arn;
    let tags = events.list_tags_for_resource().set_resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags()[0].key(), "k");
}

#[tokio::test]
async fn a_fifo_message_keeps_its_group_and_tells_where_it_died() {
    let (_endpoint, clients) = started().await;
    let sqs = &clients.sqs;
    let create = |name: &str| sqs.create_queue().queue_name(name).attributes(QueueAttributeName::FifoQueue, "true");
    let dead = create("d.fifo").send().await.unwrap().queue_url.unwrap();
    let arn = format!("arn:aws:sqs:us-east-1:{}:", winterbaume_core::default_account_id());
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}d.fifo","maxReceiveCount":1}}"#);
    let source =
        create("s.fifo").attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap().queue_url.unwrap();
    let send =
        sqs.send_message().queue_url(&source).message_body("b").message_group_id("g").message_deduplication_id("1");
    let sent = send.send().await.unwrap().message_id.unwrap();
    let receive = |url: &str| {
        sqs.receive_message().queue_url(url).message_system_attribute_names(MessageSystemAttributeName::All)
    };
    let first = receive(&source).send().await.unwrap().messages.unwrap().remove(0);
    let attributes = first.attributes.unwrap();
    assert_eq!(attributes[&MessageSystemAttributeName::MessageGroupId], "g");
    assert_eq!(attributes[&MessageSystemAttributeName::MessageDeduplicationId], "1");
    assert!(!attributes.contains_key(&MessageSystemAttributeName::DeadLetterQueueSourceArn));
    let visible = sqs.change_message_visibility().queue_url(&source).receipt_handle(first.receipt_handle.unwrap());
    visible.visibility_timeout(0).send().await.unwrap();
    assert!(receive(&source).send().await.unwrap().messages().is_empty(), "the second receive moves it");
    let last = receive(&dead).send().await.unwrap().messages.unwrap().remove(0);
    let attributes = last.attributes.unwrap();
    assert_eq!(attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn], format!("{arn}s.fifo"));
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "2");
    assert_eq!(attributes[&MessageSystemAttributeName::MessageGroupId], "g");
    assert_eq!(attributes[&MessageSystemAttributeName::MessageDeduplicationId], sent);
}

#[tokio::test]
async fn a_message_that_is_visible_again_is_counted_again() {
    let (_endpoint, clients) = started().await;
    let sqs = &clients.sqs;
    let url = sqs.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(&url).message_body("b").send().await.unwrap();
    let received = sqs.receive_message().queue_url(&url).send().await.unwrap().messages.unwrap().remove(0);
    let handle = received.receipt_handle.unwrap();
    sqs.change_message_visibility().queue_url(&url).receipt_handle(&handle).visibility_timeout(0).send().await.unwrap();
    let request = sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
    let attributes = request.send().await.unwrap().attributes.unwrap();
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "1");
    // The old handle still deletes, as it does in AWS.
    let entry = DeleteMessageBatchRequestEntry::builder().id("0").receipt_handle(handle).build().unwrap();
    let deleted = sqs.delete_message_batch().queue_url(&url).entries(entry).send().await.unwrap();
    assert_eq!(deleted.successful().len(), 1);
}

#[tokio::test]
async fn a_fifo_group_waits_for_its_message_in_flight_and_others_do_not() {
    let (_endpoint, clients) = started().await;
    let sqs = &clients.sqs;
    let create = sqs.create_queue().queue_name("q.fifo").attributes(QueueAttributeName::FifoQueue, "true");
    let url = create.send().await.unwrap().queue_url.unwrap();
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2"), ("a", "a3")] {
        let send = sqs.send_message().queue_url(&url).message_body(body).message_group_id(group);
        send.message_deduplication_id(body).send().await.unwrap();
    }
    let receive = async |max| {
        let answer = sqs.receive_message().queue_url(&url).max_number_of_messages(max).send().await.unwrap();
        answer.messages.unwrap_or_default()
    };
    let bodies = |messages: &[aws_sdk_sqs::types::Message]| -> Vec<String> {
        messages.iter().map(|message| message.body.clone().unwrap()).collect()
    };
    let first = receive(1).await;
    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bodies(&receive(10).await), ["b1", "b2"]);
    let handle = first[0].receipt_handle.as_ref().unwrap();
    sqs.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    assert_eq!(bodies(&receive(10).await), ["a2", "a3"]);
}

#[tokio::test]
async fn a_move_task_takes_dead_letters_home_and_leaves_the_rest() {
    let (_endpoint, clients) = started().await;
    let sqs = &clients.sqs;
    let dead = sqs.create_queue().queue_name("d").send().await.unwrap().queue_url.unwrap();
    let arn = format!("arn:aws:sqs:us-east-1:{}:d", winterbaume_core::default_account_id());
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}"#);
    let create = sqs.create_queue().queue_name("s").attributes(QueueAttributeName::RedrivePolicy, policy);
    let source = create.send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(&source).message_body("dies").send().await.unwrap();
    sqs.send_message().queue_url(&dead).message_body("was sent here").send().await.unwrap();
    let received = sqs.receive_message().queue_url(&source).send().await.unwrap().messages.unwrap().remove(0);
    let visible = sqs.change_message_visibility().queue_url(&source).visibility_timeout(0);
    visible.receipt_handle(received.receipt_handle.unwrap()).send().await.unwrap();
    sqs.receive_message().queue_url(&source).send().await.unwrap();

    sqs.start_message_move_task().source_arn(&arn).send().await.unwrap();
    let tasks = sqs.list_message_move_tasks().source_arn(&arn).send().await.unwrap();
    let task = &tasks.results()[0];
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 1));
    let home = sqs.receive_message().queue_url(&source).send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(home.body.as_deref(), Some("dies"));
    assert_ne!(home.message_id, received.message_id);
    let left =
        sqs.receive_message().queue_url(&dead).max_number_of_messages(10).send().await.unwrap().messages.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].body.as_deref(), Some("was sent here"));
}

#[tokio::test]
async fn the_tap_hands_on_what_was_published_and_nothing_that_was_refused() {
    let (endpoint, mut accepted) = Endpoint::start_tapped().await.unwrap();
    let clients = Clients::new(&endpoint.url()).unwrap();
    let missing = clients.sns.publish().topic_arn("arn:aws:sns:us-east-1:1:none").message("lost").send().await;
    assert!(missing.is_err());
    let arn = clients.sns.create_topic().name("t").send().await.unwrap().topic_arn.unwrap();
    let attribute =
        aws_sdk_sns::types::MessageAttributeValue::builder().data_type("Number").string_value("1.5").build();
    let request = clients.sns.publish().topic_arn(&arn).message("ü & = +").subject("s");
    let published = request.message_attributes("price", attribute.unwrap()).send().await.unwrap();
    let Some(Accepted::Message(message)) = accepted.recv().await else { panic!("no message") };
    let attribute = tap::Attribute { data_type: "Number".into(), value: "1.5".into() };
    let expected = tap::Published {
        message_id: published.message_id.unwrap(),
        topic_arn: arn.clone(),
        body: "ü & = +".into(),
        subject: Some("s".into()),
        attributes: [("price".to_owned(), attribute)].into(),
        ..tap::Published::default()
    };
    assert_eq!(*message, expected);

    let entry = |id: &str| {
        let entry = aws_sdk_sns::types::PublishBatchRequestEntry::builder().id(id).message(format!("body {id}"));
        entry.build().unwrap()
    };
    let request = clients.sns.publish_batch().topic_arn(&arn).publish_batch_request_entries(entry("a"));
    request.publish_batch_request_entries(entry("b")).send().await.unwrap();
    for body in ["body a", "body b"] {
        let Some(Accepted::Message(message)) = accepted.recv().await else { panic!("no message") };
        assert_eq!(message.body, body);
    }

    let entry =
        aws_sdk_eventbridge::types::PutEventsRequestEntry::builder().source("s").detail_type("d").detail(r#"{"a":1}"#);
    clients.events.put_events().entries(entry.build()).send().await.unwrap();
    let Some(Accepted::Event(event)) = accepted.recv().await else { panic!("no event") };
    assert_eq!(
        (event.bus.as_str(), event.source.as_str(), &event.detail),
        ("default", "s", &serde_json::json!({ "a": 1 }))
    );
}

#[tokio::test]
async fn a_rule_on_a_bus_of_its_own_has_the_bus_in_its_arn_and_is_known_by_it() {
    let (_endpoint, clients) = started().await;
    clients.events.create_event_bus().name("orders").send().await.unwrap();
    let request = clients.events.put_rule().name("r").event_bus_name("orders").event_pattern(r#"{"source":["x"]}"#);
    let arn = request.send().await.unwrap().rule_arn.unwrap();
    assert!(arn.ends_with(":rule/orders/r"), "{arn}");
    let tag = aws_sdk_eventbridge::types::Tag::builder().key("k").value("v").build().unwrap();
    clients.events.tag_resource().resource_arn(&arn).tags(tag).send().await.unwrap();
    let tags = clients.events.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags().len(), 1);
    let listed = clients.events.list_rules().event_bus_name("orders").send().await.unwrap();
    assert_eq!(listed.rules()[0].arn(), Some(arn.as_str()));
}

#[tokio::test]
async fn a_receive_without_visibility_timeout_leaves_the_message_visible() {
    let (_endpoint, clients) = started().await;
    let url = clients.sqs.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
    clients.sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap();
    for _ in 0..2 {
        let request = clients.sqs.receive_message().queue_url(&url).visibility_timeout(0);
        assert_eq!(request.send().await.unwrap().messages().len(), 1);
    }
}

#[tokio::test]
async fn an_address_that_nobody_confirmed_is_listed_as_pending() {
    let (_endpoint, clients) = started().await;
    let topic = clients.sns.create_topic().name("t").send().await.unwrap().topic_arn.unwrap();
    let subscribe = |protocol, to| clients.sns.subscribe().topic_arn(&topic).protocol(protocol).endpoint(to);
    subscribe("email", "a@example.com").send().await.unwrap();
    subscribe("sqs", "arn:aws:sqs:us-east-1:1:q").send().await.unwrap();
    let listed = clients.sns.list_subscriptions_by_topic().topic_arn(&topic).send().await.unwrap();
    for one in listed.subscriptions() {
        let arn = one.subscription_arn().unwrap();
        assert_eq!(arn == "PendingConfirmation", one.protocol() == Some("email"), "{one:?}");
    }
}

#[tokio::test]
async fn an_api_does_not_answer_for_a_stage_that_it_has_not() {
    let (endpoint, clients) = started().await;
    let api = clients.apigateway.create_rest_api().name("a").send().await.unwrap().id.unwrap();
    let url = format!("{}/restapis/{api}/prod/_user_request_/orders", endpoint.url());
    assert_eq!(clients.http.post(&url, &[], "{}".into()).await.unwrap().status, 403);
}
