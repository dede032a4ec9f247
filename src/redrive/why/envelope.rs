//! Envelopes that AWS's services put around what was meant: recognised by their fields, opened by [`super::decode()`].
//!
//! Pure. Must not: parse text. To know another envelope: a function here and its line in [`open`].

use std::fmt;

use serde_json::{Map, Value};

use crate::domain::Arn;

/// What an envelope is, and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened<'a> {
    pub envelope: Envelope,
    pub inner: Inner<'a>,
    /// What the envelope itself says it carries.
    pub event_type: Option<String>,
    /// What the envelope says went wrong: error type and message.
    pub error: Option<(Option<String>, String)>,
}

/// What is in an envelope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Inner<'a> {
    /// Text, which may be anything.
    Text(&'a str),
    Value(&'a Value),
    /// Nothing to take out: the value is its own contents, but has a name.
    Itself,
}

/// The envelopes that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Envelope {
    /// A notification that an SNS topic delivered without raw delivery.
    Sns {
        topic: String,
    },
    EventBridge {
        source: String,
    },
    CloudEvent {
        source: String,
    },
    /// What a bucket announces.
    S3 {
        bucket: String,
    },
    /// The record of a failed asynchronous invocation, as an on-failure destination gets it.
    InvocationRecord {
        function: String,
    },
    /// The record of a batch of a stream that a mapping gave up: it says where the batch is, not what is in it.
    StreamBatch {
        stream: String,
    },
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sns { topic } => write!(f, "SNS notification from topic {topic}"),
            Self::EventBridge { source } => write!(f, "EventBridge event from {source}"),
            Self::CloudEvent { source } => write!(f, "CloudEvents event from {source}"),
            Self::S3 { bucket } => write!(f, "S3 notification of bucket {bucket}"),
            Self::InvocationRecord { function } => write!(f, "Lambda record of a failed invocation of {function}"),
            Self::StreamBatch { stream } => write!(f, "Lambda record of a failed batch of stream {stream}"),
        }
    }
}

/// What envelope a value is, if it is one.
pub fn open(value: &Value) -> Option<Opened<'_>> {
    let object = value.as_object()?;
    sns(object)
        .or_else(|| event_bridge(object))
        .or_else(|| cloud_event(object))
        .or_else(|| s3(object))
        .or_else(|| stream_batch(object))
        .or_else(|| invocation_record(object))
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

fn name_of(arn: &str) -> String {
    Arn::parse(crate::domain::unqualified(arn)).map_or(arn, |arn| arn.name()).to_owned()
}

fn sns(object: &Map<String, Value>) -> Option<Opened<'_>> {
    if text(object, "Type")? != "Notification" {
        return None;
    }
    let (topic, message) = (text(object, "TopicArn")?, text(object, "Message")?);
    let attributes = object.get("MessageAttributes").and_then(Value::as_object);
    let named = attributes.and_then(|attributes| {
        let attribute = |key: &&str| attributes.get(*key)?.get("Value")?.as_str();
        ATTRIBUTES.iter().find_map(attribute)
    });
    let event_type = named.or_else(|| text(object, "Subject").filter(|subject| !subject.is_empty()));
    Some(Opened {
        envelope: Envelope::Sns { topic: name_of(topic) },
        inner: Inner::Text(message),
        event_type: event_type.map(ToOwned::to_owned),
        error: None,
    })
}

fn event_bridge(object: &Map<String, Value>) -> Option<Opened<'_>> {
    let (kind, source, detail) = (text(object, "detail-type")?, text(object, "source")?, object.get("detail")?);
    Some(Opened {
        envelope: Envelope::EventBridge { source: source.to_owned() },
        inner: detail.as_str().map_or(Inner::Value(detail), Inner::Text),
        event_type: Some(kind.to_owned()),
        error: None,
    })
}

fn cloud_event(object: &Map<String, Value>) -> Option<Opened<'_>> {
    let (_, kind, source) = (object.get("specversion")?, text(object, "type")?, text(object, "source")?);
    let inner = match object.get("data") {
        Some(Value::String(text)) => Inner::Text(text),
        Some(data @ (Value::Object(_) | Value::Array(_))) => Inner::Value(data),
        _ => Inner::Itself,
    };
    let envelope = Envelope::CloudEvent { source: source.to_owned() };
    Some(Opened { envelope, inner, event_type: Some(kind.to_owned()), error: None })
}

fn s3(object: &Map<String, Value>) -> Option<Opened<'_>> {
    let record = object.get("Records")?.as_array()?.first()?.as_object()?;
    if text(record, "eventSource")? != "aws:s3" {
        return None;
    }
    let bucket = record.get("s3")?.get("bucket")?.get("name")?.as_str()?;
    Some(Opened {
        envelope: Envelope::S3 { bucket: bucket.to_owned() },
        inner: Inner::Itself,
        event_type: text(record, "eventName").map(ToOwned::to_owned),
        error: None,
    })
}

fn stream_batch(object: &Map<String, Value>) -> Option<Opened<'_>> {
    let batch = object.get("KinesisBatchInfo").or_else(|| object.get("DDBStreamBatchInfo"))?.as_object()?;
    Some(Opened {
        envelope: Envelope::StreamBatch { stream: name_of(text(batch, "streamArn")?) },
        inner: Inner::Itself,
        event_type: None,
        error: error_of(object),
    })
}

fn invocation_record(object: &Map<String, Value>) -> Option<Opened<'_>> {
    let context = object.get("requestContext")?.as_object()?;
    let (function, payload) = (text(context, "functionArn")?, object.get("requestPayload")?);
    Some(Opened {
        envelope: Envelope::InvocationRecord { function: name_of(function) },
        inner: payload.as_str().map_or(Inner::Value(payload), Inner::Text),
        event_type: None,
        error: error_of(object),
    })
}

/// What a record of Lambda says went wrong.
fn error_of(record: &Map<String, Value>) -> Option<(Option<String>, String)> {
    let said = record.get("responsePayload").and_then(Value::as_object);
    let owned = |key| said.and_then(|said| text(said, key)).map(ToOwned::to_owned);
    let of_context = |context: &str, key: &str| record.get(context)?.get(key)?.as_str().map(ToOwned::to_owned);
    let kind = owned("errorType").or_else(|| of_context("responseContext", "functionError"));
    let message = owned("errorMessage").or_else(|| of_context("requestContext", "condition"))?;
    Some((kind, message))
}

/// Message attributes that senders name the type of an event by.
pub const ATTRIBUTES: [&str; 7] =
    ["eventType", "event_type", "event-type", "eventName", "detail-type", "event", "messageType"];

/// Keys of a body that name the type of an event.
const KEYS: [&str; 10] = [
    "detail-type",
    "eventType",
    "event_type",
    "eventName",
    "event_name",
    "messageType",
    "message_type",
    "type",
    "event",
    "action",
];
/// A longer text is no name of a type.
const LONGEST_TYPE: usize = 80;

/// The type of event that a body says it is.
pub fn event_type(value: &Value) -> Option<&str> {
    let object = value.as_object()?;
    KEYS.iter().find_map(|key| text(object, key).filter(|name| is_type(name)))
}

/// Whether a text can be the name of a type of event.
pub fn is_type(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_TYPE && !name.contains(['\n', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!({"Type": "Notification", "TopicArn": "arn:aws:sns:r:1:Orders", "Message": "hi", "Subject": "late"}),
        "SNS notification from topic Orders", Inner::Text("hi"), Some("late"))]
    #[case(json!({"Type": "Notification", "TopicArn": "arn:aws:sns:r:1:T", "Message": "", "MessageAttributes": {"event": {"Type": "String", "Value": "login"}}}),
        "SNS notification from topic T", Inner::Text(""), Some("login"))]
    #[case(json!({"detail-type": "OrderPlaced", "source": "shop", "detail": "text"}),
        "EventBridge event from shop", Inner::Text("text"), Some("OrderPlaced"))]
    #[case(json!({"specversion": "1.0", "type": "a.b", "source": "/x"}),
        "CloudEvents event from /x", Inner::Itself, Some("a.b"))]
    #[case(json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}}}]}),
        "S3 notification of bucket b", Inner::Itself, Some("ObjectCreated:Put"))]
    fn envelopes(
        #[case] value: Value,
        #[case] named: &str,
        #[case] inner: Inner<'_>,
        #[case] event_type: Option<&str>,
    ) {
        let opened = open(&value).unwrap();
        assert_eq!(opened.envelope.to_string(), named);
        assert_eq!(opened.inner, inner);
        assert_eq!(opened.event_type.as_deref(), event_type);
    }

    #[rstest]
    #[case(json!({"Type": "Notification"}))]
    #[case(json!({"detail-type": "x", "source": "y"}))]
    #[case(json!({"Records": []}))]
    #[case(json!([1]))]
    fn what_only_looks_like_one_is_none(#[case] value: Value) {
        assert_eq!(open(&value), None);
    }

    #[test]
    fn a_record_of_a_failed_invocation_says_what_went_wrong() {
        let record = json!({
            "requestContext": {"functionArn": "arn:aws:lambda:r:1:function:f:$LATEST", "condition": "RetriesExhausted"},
            "requestPayload": {"id": 1},
            "responsePayload": {"errorType": "KeyError", "errorMessage": "'id'"},
        });
        let opened = open(&record).unwrap();
        assert_eq!(opened.envelope.to_string(), "Lambda record of a failed invocation of f");
        assert_eq!(opened.inner, Inner::Value(&json!({"id": 1})));
        assert_eq!(opened.error, Some((Some("KeyError".into()), "'id'".into())));
    }

    #[rstest]
    #[case(json!({"type": "a", "eventType": "b"}), Some("b"))]
    #[case(json!({"type": 3}), None)]
    #[case(json!({"event": {"type": "a"}}), None)]
    #[case(json!("type"), None)]
    fn types(#[case] value: Value, #[case] name: Option<&str>) {
        assert_eq!(event_type(&value), name);
    }
}
