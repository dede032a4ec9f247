//! What the fabric is told: each SNS message and each EventBridge event that a service accepted, as the client sent it.

use std::collections::BTreeMap;

use serde_json::Value;
use winterbaume_core::{MockRequest, MockResponse};

use super::query::{Parameters, target_action};

#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    Message(Box<Published>),
    Event(Box<PutEvent>),
}

/// One message accepted by an SNS topic.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Published {
    pub message_id: String,
    pub topic_arn: String,
    pub body: String,
    pub subject: Option<String>,
    pub attributes: BTreeMap<String, Attribute>,
    pub group_id: Option<String>,
    pub deduplication_id: Option<String>,
}

/// A message attribute as it travels. Binary values travel as the base64 text they came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub data_type: String,
    pub value: String,
}

/// One entry of PutEvents.
#[derive(Debug, Clone, PartialEq)]
pub struct PutEvent {
    pub event_id: String,
    pub bus: String,
    pub source: String,
    pub detail_type: String,
    pub detail: Value,
}

/// The messages and events in a request that was answered with success.
pub(super) fn accepted(service: &str, request: &MockRequest, response: &MockResponse) -> Vec<Accepted> {
    match service {
        "sns" => published(request, response).into_iter().map(|one| Accepted::Message(Box::new(one))).collect(),
        "events" if target_action(request) == "PutEvents" => {
            put_events(request, response).into_iter().map(|one| Accepted::Event(Box::new(one))).collect()
        }
        _ => Vec::new(),
    }
}

fn published(request: &MockRequest, response: &MockResponse) -> Vec<Published> {
    let parameters = Parameters::of(request);
    let prefixes = match parameters.get("Action") {
        Some("Publish") => vec![String::new()],
        Some("PublishBatch") => parameters.entries("PublishBatchRequestEntries.member."),
        _ => return Vec::new(),
    };
    // winterbaume accepts every entry of a batch and answers in the order they came.
    let answer = String::from_utf8_lossy(&response.body);
    let topic_arn = parameters.get("TopicArn").unwrap_or_default();
    elements(&answer, "MessageId")
        .zip(prefixes)
        .map(|(message_id, prefix)| {
            let part = |name: &str| parameters.get(&format!("{prefix}{name}")).map(String::from);
            Published {
                message_id: message_id.into(),
                topic_arn: topic_arn.into(),
                body: part("Message").unwrap_or_default(),
                subject: part("Subject"),
                attributes: attributes(&parameters, &prefix),
                group_id: part("MessageGroupId"),
                deduplication_id: part("MessageDeduplicationId"),
            }
        })
        .collect()
}

fn attributes(parameters: &Parameters, prefix: &str) -> BTreeMap<String, Attribute> {
    let entry = |entry: String| {
        let part = |name: &str| parameters.get(&format!("{entry}{name}"));
        let data_type = part("Value.DataType")?.to_owned();
        let value = part("Value.StringValue").or_else(|| part("Value.BinaryValue"))?.to_owned();
        Some((part("Name")?.to_owned(), Attribute { data_type, value }))
    };
    parameters.entries(&format!("{prefix}MessageAttributes.entry.")).into_iter().filter_map(entry).collect()
}

fn put_events(request: &MockRequest, response: &MockResponse) -> Vec<PutEvent> {
    let parse = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap_or_default();
    let (asked, answered) = (parse(&request.body), parse(&response.body));
    let list = |value: &Value| value.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    let accepted = list(&asked).into_iter().zip(list(&answered)).filter_map(|(entry, result)| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).map(String::from);
        Some(PutEvent {
            // An entry that was refused has an error code in the place of an id.
            event_id: result.get("EventId")?.as_str()?.into(),
            bus: text("EventBusName").unwrap_or_else(|| "default".into()),
            source: text("Source")?,
            detail_type: text("DetailType")?,
            detail: serde_json::from_str(&text("Detail")?).ok()?,
        })
    });
    accepted.collect()
}

/// The texts of all `<NAME>…</NAME>` elements. Good for ids and ARNs, which need no unescaping.
pub(super) fn elements<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let begin = rest.find(&open)? + open.len();
        let length = rest[begin..].find(&close)?;
        let text = &rest[begin..begin + length];
        rest = &rest[begin + length + close.len()..];
        Some(text)
    })
}
