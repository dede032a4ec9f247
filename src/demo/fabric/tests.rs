//! The fabric between services that a test set up by itself, through the SDK, with no architecture declared.

use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::Value;

use super::*;
use crate::demo::Endpoint;

struct Bench {
    clients: Clients,
    arns: Arns,
    stop: CancellationToken,
    _endpoint: Endpoint,
}

impl Bench {
    async fn start() -> Self {
        let (endpoint, accepted) = Endpoint::start_tapped().await.unwrap();
        let clients = Clients::new(&endpoint.url()).unwrap();
        let (tasks, stop) = (Tasks::new().0, CancellationToken::new());
        start(&clients, &[], accepted, &tasks, &stop).await.unwrap();
        let arns = Arns::of(&clients).await.unwrap();
        Self { clients, arns, stop, _endpoint: endpoint }
    }

    async fn queue(&self, name: &str) -> String {
        self.clients.sqs.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
    }

    async fn topic(&self, name: &str) -> String {
        self.clients.sns.create_topic().name(name).send().await.unwrap().topic_arn.unwrap()
    }

    /// The next message, by long polling.
    async fn received(&self, url: &str) -> aws_sdk_sqs::types::Message {
        let request =
            self.clients.sqs.receive_message().queue_url(url).wait_time_seconds(10).message_attribute_names("All");
        request.send().await.unwrap().messages.unwrap_or_default().pop().expect("a message within ten seconds")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn raw_delivery_carries_attributes_and_the_envelope_wraps_them() {
    let bench = Bench::start().await;
    let (raw, wrapped) = (bench.queue("raw").await, bench.queue("wrapped").await);
    let topic = bench.topic("t").await;
    let subscribe =
        |name: &str| bench.clients.sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(bench.arns.queue(name));
    subscribe("raw").attributes("RawMessageDelivery", "true").send().await.unwrap();
    subscribe("wrapped").send().await.unwrap();
    let attribute = MessageAttributeValue::builder().data_type("Number").string_value("7").build().unwrap();
    let request = bench.clients.sns.publish().topic_arn(&topic).message("body").subject("s");
    let id = request.message_attributes("n", attribute).send().await.unwrap().message_id.unwrap();

    let message = bench.received(&raw).await;
    assert_eq!(message.body.as_deref(), Some("body"));
    let attributes = message.message_attributes.unwrap();
    assert_eq!((attributes["n"].data_type(), attributes["n"].string_value()), ("Number", Some("7")));

    let envelope: Value = serde_json::from_str(&bench.received(&wrapped).await.body.unwrap()).unwrap();
    assert_eq!(envelope["Message"], "body");
    assert_eq!(envelope["MessageId"], id);
    assert_eq!(envelope["Subject"], "s");
    assert_eq!(envelope["MessageAttributes"]["n"], serde_json::json!({ "Type": "Number", "Value": "7" }));
}

#[tokio::test]
async fn a_filter_keeps_out_and_a_missing_queue_leads_to_the_subscriptions_dead_letter_queue() {
    let bench = Bench::start().await;
    let dead = bench.queue("dead").await;
    let topic = bench.topic("t").await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{}"}}"#, bench.arns.queue("dead"));
    let request = bench.clients.sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(bench.arns.queue("gone"));
    let request = request.attributes("RedrivePolicy", policy).attributes("RawMessageDelivery", "true");
    let request =
        request.attributes("FilterPolicyScope", "MessageBody").attributes("FilterPolicy", r#"{"a":{"b":[1]}}"#);
    request.send().await.unwrap();
    for body in [r#"{"a":{"b":2}}"#, "not json", r#"{"a":{"b":1}}"#] {
        bench.clients.sns.publish().topic_arn(&topic).message(body).send().await.unwrap();
    }
    // Delivery is in order, so the first to arrive shows that the two before it were kept out.
    assert_eq!(bench.received(&dead).await.body.as_deref(), Some(r#"{"a":{"b":1}}"#));
}

#[tokio::test]
async fn an_event_reaches_the_target_of_the_rule_that_matches_it_on_its_bus() {
    let bench = Bench::start().await;
    let events = &bench.clients.events;
    let url = bench.queue("sales").await;
    events.create_event_bus().name("orders").send().await.unwrap();
    let pattern = r#"{"detail-type":["sales-events"],"detail":{"store_id":[{"exists":true}]}}"#;
    events.put_rule().name("r").event_bus_name("orders").event_pattern(pattern).send().await.unwrap();
    let target = Target::builder().id("q").arn(bench.arns.queue("sales")).build().unwrap();
    events.put_targets().rule("r").event_bus_name("orders").targets(target).send().await.unwrap();
    for (bus, detail_type, detail) in [
        ("default", "sales-events", r#"{"store_id":1}"#),
        ("orders", "inventory-events", r#"{"store_id":2}"#),
        ("orders", "sales-events", r#"{"price":3}"#),
        ("orders", "sales-events", r#"{"store_id":4}"#),
    ] {
        let entry = PutEventsRequestEntry::builder().event_bus_name(bus).source("shop").detail_type(detail_type);
        events.put_events().entries(entry.detail(detail).build()).send().await.unwrap();
    }
    let event: Value = serde_json::from_str(&bench.received(&url).await.body.unwrap()).unwrap();
    assert_eq!(event["detail"]["store_id"], 4);
    assert_eq!((&event["source"], &event["detail-type"]), (&"shop".into(), &"sales-events".into()));
}
