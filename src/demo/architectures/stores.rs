//! Events of a chain of stores: a function puts them on a bus of their own, a rule picks the sales, a function logs them.
//!
//! ```text
//! ƒ eventBridgeDataProducer ⇢ ⬡ store-orders ── sales-events ──▶ ⌁ orders_routing_to_consumer ──▶ ƒ events_consumer_fn ──▶ ≡
//! ```
//! `inventory-events` match no rule: nobody gets them. Some events lack their `store_id`: the consumer says so and goes on.

use serde_json::{Value, json};

use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use super::stand_in::{Invocation, Outcome, Run, client_error, text};
use super::*;

const PRODUCER: &str = "eventBridgeDataProducer";
const CONSUMER: &str = "events_consumer_fn";
const BUS: &str = "store-orders";
const SOURCE: &str = "store-orders.tills";

pub(super) static STORES: Architecture = Architecture {
    name: "stores",
    functions: &[
        Function {
            name: PRODUCER,
            code: Code { python: include_str!("../functions/event_bridge_data_producer.py"), stand_in: produce },
            environment: &[("EVENT_BUS_NAME", Reference::Bus(BUS))],
            timeout_seconds: 10,
            log_retention_days: 1,
        },
        Function {
            name: CONSUMER,
            code: Code { python: include_str!("../functions/events_consumer_fn.py"), stand_in: consume },
            environment: &[],
            timeout_seconds: 3,
            log_retention_days: 1,
        },
    ],
    buses: &[BUS],
    rules: &[Rule {
        name: "orders_routing_to_consumer",
        bus: BUS,
        trigger: Trigger::Pattern(r#"{"detail-type":["sales-events"]}"#),
        function: CONSUMER,
    }],
    traffic: Traffic { messages_per_second: 0.5, message },
    ..Architecture::EMPTY
};

/// Four events at a time: what the tills handed in since the last time.
fn message(random: &mut fastrand::Rng, number: u64) -> Message {
    let mut event = |index: u64| {
        let sold = random.u32(..4) > 0;
        let mut detail = json!({ "event_id": number * 4 + index, "amount": random.u32(100..9000) });
        if number * 4 + index != 2 && random.u32(..25) > 0 {
            detail["store_id"] = json!(format!("store-{}", random.u32(1..6)));
        }
        json!({ "type": if sold { "sales-events" } else { "inventory-events" }, "detail": detail })
    };
    let mut events: Vec<Value> = (0..4).map(&mut event).collect();
    if number == 0 {
        events[2]["type"] = json!("sales-events");
    }
    Message::Invoke { function: PRODUCER, event: json!({ "events": events }) }
}

fn produce(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        let bus = invocation.variable("EVENT_BUS_NAME");
        let entry = |event: &Value| {
            let entry = PutEventsRequestEntry::builder().event_bus_name(&bus).source(SOURCE);
            entry.detail_type(text(&event["type"])).detail(event["detail"].to_string()).build()
        };
        let events = invocation.event["events"].as_array().cloned().unwrap_or_default();
        let entries: Vec<_> = events.iter().map(entry).collect();
        let count = entries.len();
        match invocation.clients.events.put_events().set_entries(Some(entries)).send().await {
            Ok(_) => outcome.lines.push(json!({ "level": "INFO", "put": count }).to_string()),
            Err(error) => {
                outcome.failure = Some(client_error(error, vec![(21, "handler", "events.put_events(…)")]));
            }
        }
        outcome
    })
}

fn consume(invocation: Invocation) -> Run {
    Box::pin(async move {
        let event = &invocation.event;
        let detail = &event["detail"];
        let line = match detail.get("store_id") {
            Some(store) => {
                json!({ "level": "INFO", "event": event["id"], "store_id": store, "amount": detail["amount"] })
            }
            None => json!({ "level": "ERROR", "event": event["id"], "error": "store_id is missing", "detail": detail }),
        };
        Outcome { lines: vec![line.to_string()], ..Outcome::default() }
    })
}
