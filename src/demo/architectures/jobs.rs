//! A recruiting agency's job listings: a FIFO topic, two FIFO queues, functions that fill a bucket and a table.
//!
//! ```text
//! ⌁ rate(1 minute) → ƒ AntiCorruption ⇢ ◇ JobEvents.fifo ┬→ ▤ AnalyticsJobEvents.fifo → ƒ Analytics ⇢ ◍ analytics-job-events
//!                                                         └→ ▤ InventoryJobEvents.fifo → ƒ Inventory ⇢ ▦ InventoryTable
//! ```
//! A salary that is no number is what Analytics trips over: JobSalaryUpdated does not reach Inventory.

use std::future::Future;
use std::pin::Pin;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::{Value, json};

use super::stand_in::{Failure, Invocation, Outcome, client_error};
use super::*;

const TOPIC: &str = "JobEvents.fifo";
const ANALYTICS: &str = "AnalyticsJobEvents.fifo";
const ANALYTICS_DLQ: &str = "AnalyticsJobEventsDLQ.fifo";
const ANALYTICS_SUBSCRIPTION_DLQ: &str = "AnalyticsSubscriptionDLQ.fifo";
const INVENTORY: &str = "InventoryJobEvents.fifo";
const INVENTORY_DLQ: &str = "InventoryJobEventsDLQ.fifo";
const INVENTORY_SUBSCRIPTION_DLQ: &str = "InventorySubscriptionDLQ.fifo";
const BUCKET: &str = "analytics-job-events";
const TABLE: &str = "InventoryTable";
const EVENT_TYPES: [&str; 3] = ["JobCreated", "JobSalaryUpdated", "JobDeleted"];

/// Much shorter than anyone would choose: three failed receives, and so a first dead letter, in about ten seconds.
const VISIBILITY_TIMEOUT_SECONDS: u32 = 4;

pub(super) static JOBS: Architecture = Architecture {
    name: "jobs",
    queues: &[
        dead_letter_queue(ANALYTICS_DLQ),
        dead_letter_queue(INVENTORY_DLQ),
        dead_letter_queue(ANALYTICS_SUBSCRIPTION_DLQ),
        dead_letter_queue(INVENTORY_SUBSCRIPTION_DLQ),
        source_queue(ANALYTICS, ANALYTICS_DLQ),
        source_queue(INVENTORY, INVENTORY_DLQ),
    ],
    topics: &[TOPIC],
    subscriptions: &[
        Subscription {
            topic: TOPIC,
            queue: ANALYTICS,
            filter_policy: None,
            filter_policy_scope: None,
            raw_message_delivery: true,
            dead_letter_queue: Some(ANALYTICS_SUBSCRIPTION_DLQ),
        },
        Subscription {
            topic: TOPIC,
            queue: INVENTORY,
            filter_policy: Some(r#"{"eventType":["JobCreated","JobDeleted"]}"#),
            filter_policy_scope: None,
            raw_message_delivery: true,
            dead_letter_queue: Some(INVENTORY_SUBSCRIPTION_DLQ),
        },
    ],
    functions: &[
        Function {
            name: "AntiCorruption",
            code: Code { python: include_str!("../functions/anti_corruption.py"), stand_in: anti_corruption },
            environment: &[("TOPIC_ARN", Reference::Topic(TOPIC))],
            timeout_seconds: 10,
            log_retention_days: 7,
        },
        Function {
            name: "Analytics",
            code: Code { python: include_str!("../functions/analytics.py"), stand_in: analytics },
            environment: &[("BUCKET_NAME", Reference::Bucket(BUCKET))],
            timeout_seconds: 3,
            log_retention_days: 7,
        },
        Function {
            name: "Inventory",
            code: Code { python: include_str!("../functions/inventory.py"), stand_in: inventory },
            environment: &[("TABLE_NAME", Reference::Table(TABLE))],
            timeout_seconds: 3,
            log_retention_days: 7,
        },
    ],
    mappings: &[
        Mapping { queue: ANALYTICS, function: "Analytics", batch_size: 10 },
        Mapping { queue: INVENTORY, function: "Inventory", batch_size: 10 },
    ],
    buckets: &[BUCKET],
    tables: &[Table { name: TABLE, key: "id", stream: false }],
    buses: &[],
    rules: &[Rule {
        name: "AntiCorruptionSchedule",
        bus: "default",
        trigger: Trigger::Schedule("rate(1 minute)"),
        function: "AntiCorruption",
    }],
    traffic: Traffic { messages_per_second: 2.0, message },
};

const fn source_queue(name: &'static str, dead_letter_queue: &'static str) -> Queue {
    let dead_letter = Some(DeadLetter { queue: dead_letter_queue, max_receive_count: 3 });
    Queue { name, visibility_timeout_seconds: VISIBILITY_TIMEOUT_SECONDS, retention_days: 4, dead_letter }
}

const fn dead_letter_queue(name: &'static str) -> Queue {
    Queue { name, visibility_timeout_seconds: 30, retention_days: 14, dead_letter: None }
}

fn message(random: &mut fastrand::Rng, number: u64) -> Message {
    let poison = number == 2 || random.u32(..50) == 0;
    let event_type = if poison { "JobSalaryUpdated" } else { EVENT_TYPES[random.usize(..EVENT_TYPES.len())] };
    let job = format!("job-{}", random.u32(..40));
    let salary = if poison { json!("negotiable") } else { json!(random.u32(80..200) * 500) };
    Message::Publish(Publication {
        topic: TOPIC,
        body: json!({ "id": job, "eventType": event_type, "salary": salary }),
        attributes: vec![("eventType", event_type)],
        group_id: Some(job),
    })
}

type Run = Pin<Box<dyn Future<Output = Outcome> + Send>>;

fn anti_corruption(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let minute = invocation.started_ms / 60_000;
        let mut random = fastrand::Rng::with_seed(minute.unsigned_abs());
        for (number, event_type) in EVENT_TYPES.into_iter().enumerate() {
            let job = format!("job-{}", random.u32(..40));
            let body = json!({ "id": job, "eventType": event_type, "salary": 50_000 + 500 * number });
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(event_type).build();
            let request = invocation.clients.sns.publish().topic_arn(invocation.variable("TOPIC_ARN"));
            let request = request.message(body.to_string()).message_group_id(&job);
            let request = request.message_deduplication_id(format!("{minute}-{number}"));
            let request =
                request.set_message_attributes(attribute.ok().map(|one| [("eventType".to_owned(), one)].into()));
            if let Err(error) = request.send().await {
                outcome.failure = Some(client_error(error, 19, "sns.publish("));
                return outcome;
            }
            outcome.lines.push(json!({ "level": "INFO", "published": event_type, "job": job }).to_string());
        }
        outcome
    })
}

fn analytics(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        for (message_id, job) in invocation.records() {
            let Some(salary) = job["salary"].as_f64() else {
                outcome.failure = Some(Failure {
                    kind: "ValueError",
                    message: format!("could not convert string to float: '{}'", text(&job["salary"])),
                    frames: vec![(14, "handler", r#"job["salary"] = float(job["salary"])"#)],
                });
                return outcome;
            };
            let key = format!("{}/{}/{message_id}.json", text(&job["eventType"]), text(&job["id"]));
            let body = json!({ "id": job["id"], "eventType": job["eventType"], "salary": salary }).to_string();
            let request = invocation.clients.s3.put_object().bucket(invocation.variable("BUCKET_NAME"));
            if let Err(error) = request.key(&key).body(body.into_bytes().into()).send().await {
                outcome.failure =
                    Some(client_error(error, 16, r#"s3.put_object(Bucket=os.environ["BUCKET_NAME"], …)"#));
                return outcome;
            }
            outcome.lines.push(json!({ "level": "INFO", "stored": key }).to_string());
        }
        outcome
    })
}

fn inventory(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let table = invocation.variable("TABLE_NAME");
        for (_, job) in invocation.records() {
            let id = AttributeValue::S(text(&job["id"]));
            let result = if job["eventType"] == "JobDeleted" {
                let request = invocation.clients.dynamodb.delete_item().table_name(&table).key("id", id);
                request.send().await.map(drop).map_err(|error| client_error(error, 15, r#"table.delete_item(…)"#))
            } else {
                let request = invocation.clients.dynamodb.put_item().table_name(&table).item("id", id);
                let request = request.item("salary", AttributeValue::S(job["salary"].to_string()));
                let request = request.item("status", AttributeValue::S("OPEN".into()));
                request.send().await.map(drop).map_err(|error| client_error(error, 17, r#"table.put_item(…)"#))
            };
            if let Err(failure) = result {
                outcome.failure = Some(failure);
                return outcome;
            }
            outcome.lines.push(json!({ "level": "INFO", "event": job["eventType"], "job": job["id"] }).to_string());
        }
        outcome
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}
