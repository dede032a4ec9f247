//! One topic forked by filter policy into three queues, each with its own consumer and its own dead-letter queue.
//!
//! ```text
//!                 ┌ signup, login → ▤ AnalyticsQueue        → ƒ EventAnalytics     (a cart without a price is poison)
//! ◇ EventFork ────┼ signup        → ▤ MailingListQueue      → ƒ MailingList
//!                 └ signup        → ▤ ChatNotificationQueue → ƒ ChatNotification
//! ```
//! `logout` matches no filter: it goes nowhere, which is worth saying. Delivery is not raw, so bodies are SNS envelopes.

use serde_json::{Value, json};

use super::stand_in::{Failure, Invocation, Outcome, Record, Run};
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
        Queue::dead_letters(ANALYTICS_DLQ),
        Queue::dead_letters(MAILING_LIST_DLQ),
        Queue::dead_letters(CHAT_NOTIFICATION_DLQ),
        Queue::source(ANALYTICS, ANALYTICS_DLQ, VISIBILITY_TIMEOUT_SECONDS),
        Queue::source(MAILING_LIST, MAILING_LIST_DLQ, VISIBILITY_TIMEOUT_SECONDS),
        Queue::source(CHAT_NOTIFICATION, CHAT_NOTIFICATION_DLQ, VISIBILITY_TIMEOUT_SECONDS),
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
        Mapping::of_queue(ANALYTICS, "EventAnalytics", 1),
        Mapping::of_queue(MAILING_LIST, "MailingList", 1),
        Mapping::of_queue(CHAT_NOTIFICATION, "ChatNotification", 1),
    ],
    traffic: Traffic { messages_per_second: 4.0, message },
    ..Architecture::EMPTY
};

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

fn analytics(invocation: Invocation) -> Run {
    Box::pin(async move {
        let mut outcome = Outcome::default();
        for Record { body: cart, .. } in invocation.records() {
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
    let line = |person: Record| json!({ "level": "INFO", verb: person.body["id"] }).to_string();
    Outcome { lines: invocation.records().into_iter().map(line).collect(), ..Outcome::default() }
}
