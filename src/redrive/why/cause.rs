//! What went wrong, as somebody said it: an error type and a message, from a message's attributes, a record, or a line of a log.
//!
//! Pure. Must not: guess. To know another service's attributes: a row in [`ATTRIBUTES`].

use serde_json::Value;

use super::{
    decode::Decoded,
    mask::{Masked, mask},
};
use crate::{
    domain::log_lines,
    redrive::message::{Message, Payload},
};

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `ValueError`, `AccessDenied`, `NO_PERMISSIONS`.
    pub kind: Option<String>,
    /// One line.
    pub message: String,
    /// The message without what differs from one message to the next, and what that is.
    pub masked: Masked,
}

/// How sure it is that a cause is this message's. The better comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sureness {
    /// It is the only failure that the consumer's log has at the time, and nothing ties it to the message.
    Possible,
    /// Its values occur in the message, and the time fits.
    Likely,
    /// The message or its invocation is named, or the message itself says it.
    Certain,
}

impl Sureness {
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// Where services write why they gave a message up: attributes of the error's type and of its message.
///
/// Lambda (asynchronous invocations) and SNS write the first, EventBridge and its Scheduler the second.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>,
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>
pub const ATTRIBUTES: [(&str, &str); 2] = [("ErrorCode", "ErrorMessage"), ("ERROR_CODE", "ERROR_MESSAGE")];

impl Cause {
    pub fn new(kind: Option<&str>, message: &str) -> Self {
        let message = one_line(message);
        let kind = kind.map(str::trim).filter(|kind| !kind.is_empty()).map(ToOwned::to_owned);
        Self { masked: masked(kind.as_deref(), &message), kind, message }
    }

    /// What a line of a log says, without the time, id and level that it begins with.
    pub fn of_line(line: &str) -> Self {
        let line = line.trim();
        if let Some(cause) = of_json(line) {
            return cause;
        }
        let headline = log_lines::headline(line);
        let said = without_header(&headline);
        match said.split_once(": ").filter(|(kind, _)| is_kind(kind)) {
            Some((kind, message)) => Self::new(Some(kind), message),
            None if is_kind(said.trim_end_matches(':')) => Self::new(Some(said.trim_end_matches(':')), ""),
            None => Self::new(None, said),
        }
    }

    /// What the message itself says: its attributes, or the record that it is.
    pub fn of_message(message: &Message, decoded: &Decoded) -> Option<Self> {
        let text = |name: &str| match &message.attributes.get(name)?.payload {
            Payload::Text(text) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        };
        let said = ATTRIBUTES.iter().find_map(|(code, error)| match (text(code), text(error)) {
            (code, Some(message)) => Some(Self::of_attributes(code, message)),
            (Some(code), None) => Some(Self::new(Some(code), "")),
            (None, None) => None,
        });
        let of_record = || decoded.error.as_ref().map(|(kind, message)| Self::new(kind.as_deref(), message));
        said.or_else(of_record)
    }

    /// Lambda's code is HTTP's, which says less than the message.
    fn of_attributes(code: Option<&str>, message: &str) -> Self {
        let found = Self::of_line(message);
        let code = code.filter(|code| code.parse::<u32>().is_err());
        if found.kind.is_some() { found } else { Self::new(code, message) }
    }

    /// In one line: `ValueError: cannot price cart 3`.
    pub fn headline(&self) -> String {
        self.worded(&self.message)
    }

    /// The same for all messages that died of it: `ValueError: cannot price cart ‹n›`.
    pub fn title(&self) -> String {
        self.worded(&self.masked.text)
    }

    fn worded(&self, message: &str) -> String {
        match (&self.kind, message) {
            (Some(kind), "") => kind.clone(),
            (Some(kind), message) => format!("{kind}: {message}"),
            (None, message) => message.to_owned(),
        }
    }
}

/// Masked behind its type, which tells names from values: `KeyError: 'price'`.
fn masked(kind: Option<&str>, message: &str) -> Masked {
    let Some(kind) = kind else { return mask(message) };
    let whole = mask(&format!("{kind}: {message}"));
    match whole.text.strip_prefix(kind).and_then(|rest| rest.strip_prefix(": ")) {
        Some(text) => Masked { text: text.to_owned(), values: whole.values },
        None => mask(message),
    }
}

fn one_line(text: &str) -> String {
    text.trim().lines().next().unwrap_or_default().trim_end().to_owned()
}

/// An error as JSON: Lambda's own, which may stand behind words, or that of a logging library.
fn of_json(line: &str) -> Option<Cause> {
    let text = line.get(line.find('{')?..)?;
    if !line.starts_with('{') && !text.contains("\"errorType\"") {
        return None;
    }
    let value: Value = serde_json::Deserializer::from_str(text).into_iter().next()?.ok()?;
    let field = |value: &Value, keys: &[&str]| {
        keys.iter().find_map(|key| value.get(key)?.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned))
    };
    let inner =
        ["error", "err", "exception", "message"].iter().find_map(|key| value.get(key).filter(|v| v.is_object()));
    let value = inner.unwrap_or(&value);
    let kind = field(value, &["errorType", "type", "name", "code"]);
    let message = field(value, &["errorMessage", "message", "msg", "error"])?;
    match kind.filter(|kind| !kind.starts_with("platform.")) {
        Some(kind) => Some(Cause::new(Some(&kind), &message)),
        // A line like any other, without what could be JSON once more.
        None => message.split('{').next().filter(|said| !said.trim().is_empty()).map(Cause::of_line),
    }
}

/// Drops time stamps, request ids and levels in front.
fn without_header(line: &str) -> &str {
    let mut rest = line.trim_start();
    loop {
        let after = rest.strip_prefix("RequestId:").unwrap_or(rest).trim_start();
        let (word, next) = after.split_once([' ', '\t']).unwrap_or((after, ""));
        let bare = word.trim_matches(|c| matches!(c, '[' | ']' | ':' | '-' | '|'));
        let is_level =
            matches!(bare, "ERROR" | "Error" | "error" | "FATAL" | "CRITICAL" | "SEVERE" | "WARN" | "WARNING");
        let is_header =
            (is_level && bare != word) || bare.is_empty() || is_stamp(bare) || (is_level && word == "ERROR");
        if !is_header || next.trim().is_empty() {
            return rest.strip_prefix("Invoke Error").map_or(rest, str::trim_start);
        }
        rest = next.trim_start();
    }
}

/// A time or an id alone.
fn is_stamp(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_time = digits >= 6 && word.bytes().all(|c| c.is_ascii_digit() || b":-TZ.,/+".contains(&c));
    let is_id = word.len() == 36 && word.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
    is_time || is_id
}

/// Whether words before a colon name the type of an error: `ValueError`, `botocore.exceptions.ClientError`, `NO_PERMISSIONS`.
fn is_kind(words: &str) -> bool {
    let is_name = !words.is_empty()
        && words.len() <= 120
        && words.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'$'));
    let last = words.rsplit(['.', '$']).next().unwrap_or_default();
    let ends = ["Error", "Exception", "Exited", "Fault", "Failure", "Timeout", "Interrupt", "Iteration", "Exit"];
    let is_constant = last.len() > 3 && last.contains('_') && last.bytes().all(|c| c.is_ascii_uppercase() || c == b'_');
    let is_class = last.len() < words.len() && last.starts_with(|c: char| c.is_ascii_uppercase());
    is_name && (ends.iter().any(|end| last.ends_with(end)) || is_constant || is_class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::{message::AttributeValue, why::decode::decode};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(
        "[ERROR] ValueError: cannot price cart 3\nTraceback (most recent call last):\n",
        "ValueError",
        "cannot price cart ‹n›"
    )]
    #[case(
        "ValueError: could not convert string to float: 'x y'",
        "ValueError",
        "could not convert string to float: ‹text›"
    )]
    #[case(
        "[ERROR]\t2026-11-01T10:00:00.000Z\t0bfe8414-7ee6-4ceb-baf6-3658e581d01f\tno stock of 7",
        "",
        "no stock of ‹n›"
    )]
    #[case(
        "2026-11-01T10:00:00.000Z\t0bfe8414-7ee6-4ceb-baf6-3658e581d01f\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x is not a function\",\"stack\":[]}",
        "TypeError",
        "x is not a function"
    )]
    #[case(
        "2026-11-01T10:00:00.000Z 0bfe8414-7ee6-4ceb-baf6-3658e581d01f Task timed out after 3.00 seconds",
        "",
        "Task timed out after ‹n› seconds"
    )]
    #[case(
        "RequestId: 0bfe8414-7ee6-4ceb-baf6-3658e581d01f Error: Runtime exited with error: signal: killed",
        "",
        "Runtime exited with error: signal: killed"
    )]
    #[case("java.lang.NullPointerException: id is null", "java.lang.NullPointerException", "id is null")]
    #[case("java.lang.NullPointerException", "java.lang.NullPointerException", "")]
    #[case(r#"{"level":"ERROR","message":"ValueError: no price for 12"}"#, "ValueError", "no price for ‹n›")]
    #[case(r#"{"level":"ERROR","errorType":"KeyError","errorMessage":"'id'"}"#, "KeyError", "'id'")]
    #[case(r#"{"level":50,"err":{"type":"TypeError","message":"no"},"msg":"failed"}"#, "TypeError", "no")]
    #[case("botocore.errorfactory.QueueDoesNotExist: gone", "botocore.errorfactory.QueueDoesNotExist", "gone")]
    fn lines(#[case] line: &str, #[case] kind: &str, #[case] message: &str) {
        let cause = Cause::of_line(line);
        assert_eq!((cause.kind.as_deref().unwrap_or_default(), cause.masked.text.as_str()), (kind, message));
    }

    fn with(attributes: &[(&str, &str)], body: &str) -> Option<Cause> {
        let value = |text: &str| AttributeValue { data_type: "String".into(), payload: Payload::Text(text.into()) };
        let attributes = attributes.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
        let message = Message { attributes, body: body.to_owned(), ..Message::default() };
        Cause::of_message(&message, &decode(&message))
    }

    #[test]
    fn services_say_why_in_attributes() {
        let title = |attributes: &[(&str, &str)]| with(attributes, "{}").map(|cause| cause.title());
        let lambda = [("RequestID", "1"), ("ErrorCode", "200"), ("ErrorMessage", "cannot price 3")];
        assert_eq!(title(&lambda).unwrap(), "cannot price ‹n›");
        let events = [("RULE_ARN", "r"), ("ERROR_CODE", "NO_PERMISSIONS"), ("ERROR_MESSAGE", "not allowed")];
        assert_eq!(title(&events).unwrap(), "NO_PERMISSIONS: not allowed");
        assert_eq!(title(&[("ERROR_CODE", "SDK_CLIENT_ERROR")]).unwrap(), "SDK_CLIENT_ERROR");
        assert_eq!(title(&[("event", "login")]), None);
    }

    #[test]
    fn a_record_says_why_in_its_body() {
        let record = json!({
            "requestContext": {"functionArn": "f"}, "requestPayload": {},
            "responsePayload": {"errorType": "KeyError", "errorMessage": "'id'"},
        });
        assert_eq!(with(&[], &record.to_string()).unwrap().headline(), "KeyError: 'id'");
    }

    proptest! {
        #[test]
        fn never_panics(text in "(?s).*", header in "(\\[ERROR\\]|[0-9TZ:.-]{0,24}|RequestId: )?") {
            let _ = Cause::of_line(&text).headline();
            let _ = Cause::of_line(&format!("{header} {text}")).title();
        }
    }
}
