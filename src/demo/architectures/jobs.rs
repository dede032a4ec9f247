//! A recruiting agency's job listings: a FIFO topic, two FIFO queues, functions that fill a bucket and a table.
//!
//! ```text
//! ⌁ rate(1 minute) → ƒ AntiCorruption ⇢ ◇ JobEvents.fifo ┬→ ▤ AnalyticsJobEvents.fifo → ƒ Analytics ⇢ ◍ analytics-job-events
//!                                                         └→ ▤ InventoryJobEvents.fifo → ƒ Inventory ⇢ ▦ InventoryTable
//! ```
//! A salary that is no number is what Analytics trips over: JobSalaryUpdated does not reach Inventory.
//! Analytics reports the messages that failed, so that a bad one does not take its whole batch to the dead-letter queue.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::json;

use super::stand_in::{Failure, Invocation, Outcome, Record, Run, client_error, text};
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
        Queue::dead_letters(ANALYTICS_DLQ),
        Queue::dead_letters(INVENTORY_DLQ),
        Queue::dead_letters(ANALYTICS_SUBSCRIPTION_DLQ),
        Queue::dead_letters(INVENTORY_SUBSCRIPTION_DLQ),
        Queue::source(ANALYTICS, ANALYTICS_DLQ, VISIBILITY_TIMEOUT_SECONDS),
        Queue::source(INVENTORY, INVENTORY_DLQ, VISIBILITY_TIMEOUT_SECONDS),
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
    mappings: &[Mapping::reporting(ANALYTICS, "Analytics", 10), Mapping::of_queue(INVENTORY, "Inventory", 10)],
    buckets: &[BUCKET],
    tables: &[Table { name: TABLE, key: "id", stream: false }],
    rules: &[Rule {
        name: "AntiCorruptionSchedule",
        bus: "default",
        trigger: Trigger::Schedule("rate(1 minute)"),
        function: "AntiCorruption",
    }],
    traffic: Traffic { messages_per_second: 2.0, message },
    ..Architecture::EMPTY
};

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
                outcome.failure = Some(client_error(error, vec![(19, "handler", "sns.publish(…)")]));
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
        let mut stuck_groups = HashSet::new();
        for record in invocation.records() {
            if !stuck_groups.contains(&record.group_id) {
                match store(&invocation, &record).await {
                    Ok(key) => {
                        outcome.lines.push(json!({ "level": "INFO", "stored": key }).to_string());
                        continue;
                    }
                    Err(failure) => {
                        outcome.lines.push(failure.log_event());
                        stuck_groups.insert(record.group_id);
                    }
                }
            }
            outcome.failed_message_ids.push(record.message_id);
        }
        outcome
    })
}

async fn store(invocation: &Invocation, record: &Record) -> Result<String, Failure> {
    let job = &record.body;
    let at = |line, source| vec![(28, "handler", "store(record)"), (line, "store", source)];
    let Some(salary) = job["salary"].as_f64() else {
        let message = format!("could not convert string to float: '{}'", text(&job["salary"]));
        return Err(Failure { kind: "ValueError", message, frames: at(14, r#"job["salary"] = float(job["salary"])"#) });
    };
    let key = format!("{}/{}/{}.json", text(&job["eventType"]), text(&job["id"]), record.message_id);
    let body = json!({ "id": job["id"], "eventType": job["eventType"], "salary": salary }).to_string();
    let request = invocation.clients.s3.put_object().bucket(invocation.variable("BUCKET_NAME"));
    match request.key(&key).body(body.into_bytes().into()).send().await {
        Ok(_) => Ok(key),
        Err(error) => Err(client_error(error, at(16, r#"s3.put_object(Bucket=os.environ["BUCKET_NAME"], …)"#))),
    }
}

fn inventory(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let table = invocation.variable("TABLE_NAME");
        for Record { body: job, .. } in invocation.records() {
            let id = AttributeValue::S(text(&job["id"]));
            let result = if job["eventType"] == "JobDeleted" {
                let request = invocation.clients.dynamodb.delete_item().table_name(&table).key("id", id);
                request
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| client_error(error, vec![(15, "handler", "table.delete_item(…)")]))
            } else {
                let request = invocation.clients.dynamodb.put_item().table_name(&table).item("id", id);
                let request = request.item("salary", AttributeValue::S(job["salary"].to_string()));
                let request = request.item("status", AttributeValue::S("OPEN".into()));
                request
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| client_error(error, vec![(17, "handler", "table.put_item(…)")]))
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
