//! Order intake through a portal: an API straight to a queue, a function that stores, a table stream, a function that tells.
//!
//! ```text
//! ⇥ POC-API ── POST /orders ──▶ ▤ POC-Queue ──▶ ƒ POC-Lambda-1 ╌╌▶ ▦ orders ──▶ ƒ POC-Lambda-2 ⇢ ◇ POC-Topic ──▶ ✉
//! ```
//! The code of POC-Lambda-1 names its table and no variable does, so that link can only be declared. The queue has no
//! dead-letter queue: an order without a quantity comes back until its retention ends.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::expected::DeclaredLink;
use super::stand_in::{Failure, Invocation, Outcome, Record, Run, client_error, text};
use super::*;
use crate::domain::{Kind, LinkKind};

const API: &str = "POC-API";
const QUEUE: &str = "POC-Queue";
const STORES: &str = "POC-Lambda-1";
const TELLS: &str = "POC-Lambda-2";
const TABLE: &str = "orders";
const TOPIC: &str = "POC-Topic";

/// Short, so that an order that cannot be stored is seen to come back.
const VISIBILITY_TIMEOUT_SECONDS: u32 = 20;
/// As long as SQS keeps anything: with no dead-letter queue, this is all the time there is to put an order right.
const RETENTION_DAYS: u32 = 14;

pub(super) static ORDERS: Architecture = Architecture {
    name: "orders",
    apis: &[Api { name: API, path: "orders", stage: "prod", queue: QUEUE }],
    queues: &[Queue {
        name: QUEUE,
        visibility_timeout_seconds: VISIBILITY_TIMEOUT_SECONDS,
        retention_days: RETENTION_DAYS,
        dead_letter: None,
    }],
    topics: &[TOPIC],
    emails: &[(TOPIC, "orders@example.com")],
    functions: &[
        Function {
            name: STORES,
            code: Code { python: include_str!("../functions/poc_lambda_1.py"), stand_in: store_orders },
            environment: &[],
            timeout_seconds: 3,
            log_retention_days: 7,
        },
        Function {
            name: TELLS,
            code: Code { python: include_str!("../functions/poc_lambda_2.py"), stand_in: tell },
            environment: &[("TOPIC_ARN", Reference::Topic(TOPIC))],
            timeout_seconds: 10,
            log_retention_days: 7,
        },
    ],
    mappings: &[Mapping::reporting(QUEUE, STORES, 10), Mapping::of_stream(Source::Table(TABLE), TELLS, 10)],
    tables: &[Table { name: TABLE, key: "orderID", stream: true }],
    declared: &[DeclaredLink {
        from: (Kind::Function, STORES),
        kind: LinkKind::Writes,
        to: (Kind::Table, TABLE),
        label: "stores orders",
    }],
    traffic: Traffic { messages_per_second: 1.0, message },
    ..Architecture::EMPTY
};

fn message(random: &mut fastrand::Rng, number: u64) -> Message {
    let poison = number == 4 || random.u32(..150) == 0;
    let quantity = if poison { Value::Null } else { json!(random.u32(1..9)) };
    let body = json!({
        "orderID": format!("order-{number}"),
        "customer": format!("customer-{}", random.u32(..200)),
        "quantity": quantity,
    });
    Message::Request { api: API, body }
}

fn store_orders(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        for Record { message_id, body: order, .. } in invocation.records() {
            match store(&invocation, &order).await {
                Ok(()) => outcome.lines.push(json!({ "level": "INFO", "stored": order["orderID"] }).to_string()),
                Err(failure) => {
                    outcome.lines.push(failure.log_event());
                    outcome.failed_message_ids.push(message_id);
                }
            }
        }
        outcome
    })
}

async fn store(invocation: &Invocation, order: &Value) -> Result<(), Failure> {
    let at = |line, source| vec![(23, "handler", "store(record)"), (line, "store", source)];
    let Some(quantity) = order["quantity"].as_u64() else {
        let message = format!("order {} has no quantity", text(&order["orderID"]));
        let raised = r#"raise ValueError(f"order {order['orderID']} has no quantity")"#;
        return Err(Failure { kind: "ValueError", message, frames: at(15, raised) });
    };
    let string = |value: &Value| AttributeValue::S(text(value));
    let request = invocation.clients.dynamodb.put_item().table_name(TABLE);
    let request = request.item("orderID", string(&order["orderID"])).item("customer", string(&order["customer"]));
    let request = request.item("quantity", AttributeValue::N(quantity.to_string()));
    request.send().await.map(drop).map_err(|error| client_error(error, at(16, "table.put_item(Item=order)")))
}

fn tell(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let records = invocation.event["Records"].as_array().cloned().unwrap_or_default();
        for order in records.iter().filter_map(|record| record.pointer("/dynamodb/NewImage/orderID/S")) {
            let request = invocation.clients.sns.publish().topic_arn(invocation.variable("TOPIC_ARN"));
            let request = request.subject("A new order").message(json!({ "orderID": order }).to_string());
            if let Err(error) = request.send().await {
                outcome.failure = Some(client_error(error, vec![(17, "handler", "sns.publish(…)")]));
                return outcome;
            }
            outcome.lines.push(json!({ "level": "INFO", "told": order }).to_string());
        }
        outcome
    })
}
