//! What a function does where nothing runs Python: the same effects through the same APIs, the same lines in the log.
//!
//! A stand-in sees what a Lambda function sees (the event, its environment variables, clients) and nothing of the demo.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::demo::clients::Clients;

pub type StandIn = fn(Invocation) -> Run;

/// A stand-in at work.
pub type Run = Pin<Box<dyn Future<Output = Outcome> + Send>>;

#[derive(Debug, Clone)]
pub struct Invocation {
    pub event: Value,
    pub request_id: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: i64,
    pub environment: HashMap<String, String>,
    pub clients: Clients,
}

/// What an invocation printed, and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub lines: Vec<String>,
    /// `batchItemFailures`: the messages to leave in the queue although the function itself succeeded.
    pub failed_message_ids: Vec<String>,
    /// What else it returned: the state of a window, transformed records.
    pub returned: Option<Value>,
    pub failure: Option<Failure>,
}

/// An exception that left the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: &'static str,
    pub message: String,
    /// Where in `app.py`, innermost last: line, function, source.
    pub frames: Vec<(u32, &'static str, &'static str)>,
}

impl Failure {
    /// The one multi-line log event that the Python runtime writes for it.
    pub fn log_event(&self) -> String {
        let frames: String = self
            .frames
            .iter()
            .map(|(line, function, source)| {
                format!("  File \"/var/task/app.py\", line {line}, in {function}\n    {source}\n")
            })
            .collect();
        format!("[ERROR] {}: {}\nTraceback (most recent call last):\n{frames}", self.kind, self.message)
    }
}

/// A call to AWS that failed inside a function, as Python's SDK words it.
pub fn client_error(error: impl std::error::Error, frames: Vec<(u32, &'static str, &'static str)>) -> Failure {
    let message = aws_smithy_types::error::display::DisplayErrorContext(&error).to_string();
    Failure { kind: "ClientError", message, frames }
}

/// A value as Python's `str` writes it: text without quotes.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// One SQS message of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub message_id: String,
    pub group_id: Option<String>,
    /// As JSON; an SNS envelope is opened.
    pub body: Value,
}

impl Invocation {
    pub fn records(&self) -> Vec<Record> {
        let records = self.event.get("Records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(String::from);
        let parse = |text: String| serde_json::from_str::<Value>(&text).ok();
        let record = |record: &Value| {
            let body = text(record.get("body")).and_then(parse).unwrap_or_default();
            let enveloped = text(body.get("Message")).and_then(parse);
            Record {
                message_id: text(record.get("messageId")).unwrap_or_default(),
                group_id: text(record.pointer("/attributes/MessageGroupId")),
                body: enveloped.unwrap_or(body),
            }
        };
        records.iter().map(record).collect()
    }

    pub fn variable(&self, name: &str) -> String {
        self.environment.get(name).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_reads_as_a_python_traceback() {
        let failure = Failure {
            kind: "ValueError",
            message: "cannot price cart 4".into(),
            frames: vec![(12, "handler", "price(cart)"), (7, "price", "raise ValueError(…)")],
        };
        assert_eq!(
            failure.log_event(),
            "[ERROR] ValueError: cannot price cart 4\nTraceback (most recent call last):\n  \
             File \"/var/task/app.py\", line 12, in handler\n    price(cart)\n  \
             File \"/var/task/app.py\", line 7, in price\n    raise ValueError(…)\n"
        );
    }
}
