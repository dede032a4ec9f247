//! One topic forked by filter policy into three queues, each with its own consumer and its own dead-letter queue.
//!
//! ```text
//!                 ┌ signup, login → ▤ AnalyticsQueue        → ƒ EventAnalytics     (a cart without a price is poison)
//! ◇ EventFork ────┼ signup        → ▤ MailingListQueue      → ƒ MailingList
//!                 └ signup        → ▤ ChatNotificationQueue → ƒ ChatNotification
//! ```
//! `logout` matches no filter: it goes nowhere, which is worth saying. Delivery is not raw, so bodies are SNS envelopes.

use std::future::Future;
use std::pin::Pin;

use serde_json::{Value, json};

use super::stand_in::{Failure, Invocation, Outcome};
use super::*;

const TOPIC: &str = "EventFork";
const ANALYTICS: &str = "AnalyticsQueue";
const MAILING_LIST: &str = "MailingListQueue";
const CHAT_NOTIFICATION: &str = "ChatNotificationQueue";
const ANALYTICS_DLQ: &str = "AnalyticsDLQ";
const MAILING_LIST_DLQ: &str = "MailingListDLQ";
const CHAT_NOTIFICATION_DLQ: &str = "ChatNotificationDLQ";

/// Much shorter than anyone would choose: three failed receives, and so a first dead letter, in under ten seconds.
const VISIBILITY_TIMEOUT_SECONDS: u32 = 3;

pub(super) static EVENT_FORK: Architecture = Architecture {
    name: "event-fork",
    queues: &[
        dead_letter_queue(ANALYTICS_DLQ),
        dead_letter_queue(MAILING_LIST_DLQ),
        dead_letter_queue(CHAT_NOTIFICATION_DLQ),
        source_queue(ANALYTICS, ANALYTICS_DLQ),
        source_queue(MAILING_LIST, MAILING_LIST_DLQ),
        source_queue(CHAT_NOTIFICATION, CHAT_NOTIFICATION_DLQ),
    ],
    topics: &[TOPIC],
    subscriptions: &[
        subscription(ANALYTICS, r#"{"event":["signup","login"]}"#),
        subscription(MAILING_LIST, r#"{"event":["signup"]}"#),
        subscription(CHAT_NOTIFICATION, r#"{"event":["signup"]}"#),
    ],
    functions: &[
        function(
            "EventAnalytics",
            Code { python: include_str!("../functions/event_fork_analytics.py"), stand_in: analytics },
        ),
        function(
            "MailingList",
            Code { python: include_str!("../functions/event_fork_mailing_list.py"), stand_in: mailing_list },
        ),
        function(
            "ChatNotification",
            Code { python: include_str!("../functions/event_fork_chat_notification.py"), stand_in: chat_notification },
        ),
    ],
    mappings: &[
        Mapping { queue: ANALYTICS, function: "EventAnalytics", batch_size: 1 },
        Mapping { queue: MAILING_LIST, function: "MailingList", batch_size: 1 },
        Mapping { queue: CHAT_NOTIFICATION, function: "ChatNotification", batch_size: 1 },
    ],
    buckets: &[],
    tables: &[],
    buses: &[],
    rules: &[],
    traffic: Traffic { messages_per_second: 4.0, message },
};

const fn source_queue(name: &'static str, dead_letter_queue: &'static str) -> Queue {
    let dead_letter = Some(DeadLetter { queue: dead_letter_queue, max_receive_count: 3 });
    Queue { name, visibility_timeout_seconds: VISIBILITY_TIMEOUT_SECONDS, retention_days: 4, dead_letter }
}

const fn dead_letter_queue(name: &'static str) -> Queue {
    Queue { name, visibility_timeout_seconds: 30, retention_days: 14, dead_letter: None }
}

const fn subscription(queue: &'static str, filter_policy: &'static str) -> Subscription {
    Subscription {
        topic: TOPIC,
        queue,
        filter_policy: Some(filter_policy),
        filter_policy_scope: None,
        raw_message_delivery: false,
        dead_letter_queue: None,
    }
}

const fn function(name: &'static str, code: Code) -> Function {
    Function { name, code, environment: &[], timeout_seconds: 3, log_retention_days: 7 }
}

fn message(random: &mut fastrand::Rng, number: u64) -> Message {
    let poison = number == 3 || random.u32(..30) == 0;
    let event = match random.u32(..10) {
        _ if poison => "login",
        0..4 => "signup",
        4..8 => "login",
        _ => "logout",
    };
    let mut body = json!({ "id": number, "user": format!("user-{}", random.u32(..500)) });
    if poison {
        body["poison"] = Value::Bool(true);
    }
    Message::Publish(Publication { topic: TOPIC, body, attributes: vec![("event", event)], group_id: None })
}

type Run = Pin<Box<dyn Future<Output = Outcome> + Send>>;

fn analytics(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        for (_, cart) in invocation.records() {
            if cart["poison"] == true {
                outcome.failure = Some(Failure {
                    kind: "ValueError",
                    message: format!("cannot price cart {}", cart["id"]),
                    frames: vec![
                        (
                            15,
                            "handler",
                            r#"print(json.dumps({"level": "INFO", "cart": cart["id"], "price": price(cart)}))"#,
                        ),
                        (8, "price", r#"raise ValueError(f"cannot price cart {cart['id']}")"#),
                    ],
                });
                return outcome;
            }
            let price = 10 * cart["id"].as_u64().unwrap_or_default();
            outcome.lines.push(json!({ "level": "INFO", "cart": cart["id"], "price": price }).to_string());
        }
        outcome
    })
}

fn mailing_list(invocation: Invocation) -> Run {
    Box::pin(async move { log_each(&invocation, "subscribed") })
}

fn chat_notification(invocation: Invocation) -> Run {
    Box::pin(async move { log_each(&invocation, "greeted") })
}

fn log_each(invocation: &Invocation, verb: &str) -> Outcome {
    let lines = invocation.records().into_iter();
    Outcome {
        lines: lines.map(|(_, person)| json!({ "level": "INFO", verb: person["id"] }).to_string()).collect(),
        failure: None,
    }
}
