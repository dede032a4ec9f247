//! What the fabric is told: each message, event, record and invocation that a service accepted, as the client sent it.

use std::collections::BTreeMap;

use serde_json::Value;
use winterbaume_core::{MockRequest, MockResponse};

use super::query::{Parameters, target_action};

#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    Message(Box<Published>),
    Event(Box<PutEvent>),
    /// An asynchronous invocation.
    Invocation {
        function: String,
        event: Value,
    },
    Records(StreamRecords),
    Deliveries {
        delivery_stream: String,
        records: Vec<String>,
    },
}

/// Records put on a Kinesis stream, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecords {
    /// Its name.
    pub stream: String,
    pub records: Vec<StreamRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// In base64, as it travels.
    pub data: String,
    pub partition_key: String,
    pub sequence_number: String,
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
        "lambda" => invocation(request).into_iter().collect(),
        "kinesis" => stream_records(request, response).into_iter().collect(),
        "firehose" => deliveries(request).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member).and_then(Value::as_str).map(String::from)
}

fn list(value: &Value, member: &str) -> Vec<Value> {
    value.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn invocation(request: &MockRequest) -> Option<Accepted> {
    let (_, rest) = request.uri.split_once("/functions/")?;
    let name = rest.split_once("/invocations")?.0;
    let is_event = request.headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "Event");
    is_event.then(|| Accepted::Invocation { function: name.into(), event: parse(&request.body) })
}

fn stream_records(request: &MockRequest, response: &MockResponse) -> Option<Accepted> {
    let (asked, answered) = (parse(&request.body), parse(&response.body));
    let pairs = match target_action(request) {
        "PutRecord" => vec![(asked.clone(), answered)],
        "PutRecords" => list(&asked, "Records").into_iter().zip(list(&answered, "Records")).collect(),
        _ => return None,
    };
    let arn = text(&asked, "StreamARN");
    let stream = text(&asked, "StreamName").or_else(|| Some(arn?.rsplit('/').next()?.to_owned()))?;
    let record = |(record, result): (Value, Value)| {
        Some(StreamRecord {
            data: text(&record, "Data")?,
            partition_key: text(&record, "PartitionKey")?,
            // A record that was refused has an error code in the place of a number.
            sequence_number: text(&result, "SequenceNumber")?,
        })
    };
    Some(Accepted::Records(StreamRecords { stream, records: pairs.into_iter().filter_map(record).collect() }))
}

fn deliveries(request: &MockRequest) -> Option<Accepted> {
    let asked = parse(&request.body);
    let records = match target_action(request) {
        "PutRecord" => vec![asked.get("Record")?.clone()],
        "PutRecordBatch" => list(&asked, "Records"),
        _ => return None,
    };
    let records = records.iter().filter_map(|record| text(record, "Data")).collect();
    Some(Accepted::Deliveries { delivery_stream: text(&asked, "DeliveryStreamName")?, records })
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
    let (asked, answered) = (parse(&request.body), parse(&response.body));
    let accepted = list(&asked, "Entries").into_iter().zip(list(&answered, "Entries")).filter_map(|(entry, result)| {
        let text = |name: &str| text(&entry, name);
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
