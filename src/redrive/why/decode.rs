//! A message body as what it is: JSON, text or bytes, out of the envelopes and encodings that it came in.
//!
//! Pure, and bounded in depth and size: garbage is text or bytes, never an error. Must not: judge what is in it.

use std::fmt;

use serde_json::Value;

use super::{
    binary::{self, Compression, Missing},
    envelope::{self, Envelope, Inner},
};
use crate::redrive::message::{Message, Payload};

/// The most wrappings that are taken off.
pub const MOST_LAYERS: usize = 8;

/// A body, unwrapped.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// What it came in, the outermost first; the last says what the content is.
    pub layers: Vec<Layer>,
    pub content: Content,
    /// What kind of event it is, if anything says so.
    pub event_type: Option<String>,
    /// What an envelope says went wrong: error type and message.
    pub error: Option<(Option<String>, String)>,
    /// What is not shown and why, and what looks wrong, in sentences.
    pub notes: Vec<String>,
}

/// One wrapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    Envelope(Envelope),
    /// JSON that is a string of JSON.
    JsonText,
    Base64,
    Gzip,
    Zlib,
    Json,
    Text,
    Binary,
    Empty,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Envelope(envelope) => return envelope.fmt(f),
            Self::JsonText => "JSON as text",
            Self::Base64 => "base64",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Json => "JSON",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Empty => "empty",
        };
        f.write_str(name)
    }
}

/// What was inside.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Keys are in the order of the sender.
    Json(Value),
    Text(String),
    /// What no reader knows: [`binary::hex`] writes it down.
    Bytes(Vec<u8>),
}

impl Decoded {
    /// The layers in one line: `SNS notification from topic T › gzip › JSON`.
    pub fn path(&self) -> String {
        self.layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" › ")
    }

    /// How a jq expression gets at what is shown of it, for whom `.body` is the envelope; none where no short one does.
    pub fn inside(&self) -> Option<Inside> {
        match self.layers.as_slice() {
            [Layer::Json] => Some(Inside::Body),
            [Layer::Envelope(Envelope::EventBridge { .. }), Layer::Json] => Some(Inside::Field("detail")),
            [Layer::Envelope(Envelope::CloudEvent { .. }), Layer::Json] => Some(Inside::Field("data")),
            [Layer::Envelope(Envelope::Sns { .. }), Layer::Json] => Some(Inside::Text("Message")),
            _ => None,
        }
    }
}

/// Where in the body the contents are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    Body,
    /// JSON in a field of the envelope.
    Field(&'static str),
    /// JSON that is written as a text in a field of the envelope.
    Text(&'static str),
}

impl Inside {
    /// An expression that sets a field.
    pub fn edit(self) -> String {
        match self {
            Self::Body => ".body.price = 0".to_owned(),
            Self::Field(name) => format!(".body.{name}.price = 0"),
            Self::Text(name) => format!(".body.{name} |= (fromjson | .price = 0 | tojson)"),
        }
    }

    /// An expression that asks for a field.
    pub fn ask(self) -> String {
        match self {
            Self::Body => ".body.id > 3".to_owned(),
            Self::Field(name) => format!(".body.{name}.id > 3"),
            Self::Text(name) => format!(".body.{name} | fromjson | .id > 3"),
        }
    }
}

/// Unwraps the body of a message, and asks its attributes for the type of event where the body does not say.
pub fn decode(message: &Message) -> Decoded {
    let mut decoded = decode_body(&message.body);
    if decoded.event_type.is_none() {
        let named = envelope::ATTRIBUTES.iter().find_map(|name| match &message.attributes.get(*name)?.payload {
            Payload::Text(text) if envelope::is_type(text) => Some(text.clone()),
            _ => None,
        });
        decoded.event_type = named;
    }
    decoded
}

/// Unwraps a body.
pub fn decode_body(body: &str) -> Decoded {
    decoded(|unwrapping| unwrapping.text(body))
}

/// Unwraps bytes, which may be text.
pub fn decode_bytes(bytes: Vec<u8>) -> Decoded {
    decoded(|unwrapping| unwrapping.bytes(bytes))
}

fn decoded(unwrap: impl FnOnce(&mut Unwrapping) -> Content) -> Decoded {
    let mut unwrapping = Unwrapping::default();
    let content = unwrap(&mut unwrapping);
    let Unwrapping { layers, event_type, error, notes } = unwrapping;
    let inner = match &content {
        Content::Json(value) => envelope::event_type(value).map(ToOwned::to_owned),
        _ => None,
    };
    Decoded { layers, content, event_type: event_type.or(inner), error, notes }
}

#[derive(Debug, Default)]
struct Unwrapping {
    layers: Vec<Layer>,
    event_type: Option<String>,
    error: Option<(Option<String>, String)>,
    notes: Vec<String>,
}

impl Unwrapping {
    /// Whether one more wrapping may come off; the last layer is kept for the content.
    fn may_go_on(&mut self) -> bool {
        let may = self.layers.len() < MOST_LAYERS;
        if !may {
            self.notes.push(format!("wrapped more than {MOST_LAYERS} times: the rest is shown as it is"));
        }
        may
    }

    fn text(&mut self, text: &str) -> Content {
        let trimmed = text.trim_start();
        if trimmed.is_empty() {
            self.layers.push(Layer::Empty);
            return Content::Text(text.to_owned());
        }
        if trimmed.starts_with(['{', '[', '"']) {
            match serde_json::from_str::<Value>(text) {
                Ok(value) => return self.value(value),
                Err(error) if !trimmed.starts_with('"') => {
                    self.notes.push(format!("begins like JSON but is none: {error}"));
                }
                Err(_) => {}
            }
        } else if let Some(bytes) = binary::from_base64(text)
            && self.may_go_on()
        {
            self.layers.push(Layer::Base64);
            return self.bytes(bytes);
        }
        self.layers.push(Layer::Text);
        Content::Text(text.to_owned())
    }

    fn bytes(&mut self, bytes: Vec<u8>) -> Content {
        if let Some(compression) = binary::compression(&bytes)
            && let Some(inflated) = binary::inflate(&bytes, compression)
            && self.may_go_on()
        {
            self.layers.push(match compression {
                Compression::Gzip => Layer::Gzip,
                Compression::Zlib => Layer::Zlib,
            });
            match inflated.missing {
                Some(Missing::TooLong) => {
                    self.notes.push(format!("only the first {} MiB are unpacked", binary::MOST_INFLATED >> 20));
                }
                Some(Missing::Damaged) => self.notes.push("the packed bytes are damaged or cut short".to_owned()),
                None => {}
            }
            return self.bytes(inflated.bytes);
        }
        match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() || binary::is_readable(text.as_bytes()) => self.text(&text),
            Ok(text) => self.binary(text.into_bytes()),
            Err(error) => self.binary(error.into_bytes()),
        }
    }

    fn binary(&mut self, bytes: Vec<u8>) -> Content {
        self.layers.push(Layer::Binary);
        if bytes.len() > binary::MOST_HEX {
            let (shown, all) = (binary::MOST_HEX >> 10, bytes.len());
            self.notes.push(format!("only the first {shown} KiB of {all} bytes are shown in hex"));
        }
        Content::Bytes(bytes)
    }

    fn value(&mut self, value: Value) -> Content {
        if let Value::String(text) = &value
            && text.trim_start().starts_with(['{', '['])
            && self.may_go_on()
        {
            self.layers.push(Layer::JsonText);
            return self.text(text);
        }
        let Some(opened) = envelope::open(&value) else { return self.json(value) };
        if !self.may_go_on() {
            return self.json(value);
        }
        self.layers.push(Layer::Envelope(opened.envelope));
        // What is nearest to the content knows best.
        self.event_type = opened.event_type.filter(|name| envelope::is_type(name)).or(self.event_type.take());
        self.error = opened.error.or(self.error.take());
        match opened.inner {
            Inner::Text(text) => {
                let text = text.to_owned();
                self.text(&text)
            }
            Inner::Value(inner) => {
                let inner = inner.clone();
                self.value(inner)
            }
            Inner::Itself => self.json(value),
        }
    }

    fn json(&mut self, value: Value) -> Content {
        self.layers.push(Layer::Json);
        Content::Json(value)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::redrive::{choose::Condition, edit::Edit, message::AttributeValue};
    use base64::{Engine, engine::general_purpose::STANDARD};
    use flate2::{Compression as Level, write::GzEncoder};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    fn packed(text: &str) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    fn sns(message: &str) -> String {
        json!({"Type": "Notification", "TopicArn": "arn:aws:sns:r:1:T", "Message": message}).to_string()
    }

    #[rstest]
    #[case(r#"{"id":7}"#)]
    #[case(&sns(r#"{"id":7}"#))]
    #[case(&json!({"detail-type": "D", "source": "s", "detail": {"id": 7}}).to_string())]
    #[case(&json!({"specversion": "1.0", "id": "e", "type": "t", "source": "s", "data": {"id": 7}}).to_string())]
    fn the_examples_get_at_what_is_inside(#[case] body: &str) {
        let message = Message { body: body.to_owned(), ..Message::default() };
        let inside = decode(&message).inside().unwrap();
        assert_eq!(Condition::jq(&inside.ask()).unwrap().is_true(&message), Ok(true));
        let edited = Edit::jq(&inside.edit()).unwrap().apply(&message).unwrap();
        assert_eq!(decode_body(&edited.body).content, Content::Json(json!({"id": 7, "price": 0})));
    }

    #[test]
    fn what_is_packed_has_no_short_way_inside() {
        assert_eq!(decode_body(&packed(r#"{"a":1}"#)).inside(), None);
        assert_eq!(decode_body(&sns(&sns("[1]"))).inside(), None);
    }

    #[rstest]
    #[case(r#"{"b":1,"a":2}"#, "JSON", json!({"b": 1, "a": 2}))]
    #[case(r#""{\"a\":1}""#, "JSON as text › JSON", json!({"a": 1}))]
    #[case(r#""only words""#, "JSON", json!("only words"))]
    #[case(&sns(r#"{"a":1}"#), "SNS notification from topic T › JSON", json!({"a": 1}))]
    #[case(&sns(&json!({"detail-type": "D", "source": "s", "detail": {"a": 1}}).to_string()),
        "SNS notification from topic T › EventBridge event from s › JSON", json!({"a": 1}))]
    #[case(&packed(r#"{"a":1}"#), "base64 › gzip › JSON", json!({"a": 1}))]
    #[case(&packed(&sns(&packed("[1]"))), "base64 › gzip › SNS notification from topic T › base64 › gzip › JSON", json!([1]))]
    #[case(&STANDARD.encode(r#"{"alpha":1234}"#), "base64 › JSON", json!({"alpha": 1234}))]
    fn json_is_found(#[case] body: &str, #[case] path: &str, #[case] value: Value) {
        let decoded = decode_body(body);
        assert_eq!(decoded.path(), path);
        // As text: the order of keys counts.
        let Content::Json(found) = &decoded.content else { panic!("{decoded:?}") };
        assert_eq!(found.to_string(), value.to_string());
        assert!(decoded.notes.is_empty());
    }

    #[rstest]
    #[case("hello", "text")]
    #[case("", "empty")]
    #[case(" \n", "empty")]
    #[case("42", "text")]
    #[case("id-1234567890abcd", "text")]
    fn text_stays_as_it_is(#[case] body: &str, #[case] path: &str) {
        let decoded = decode_body(body);
        assert_eq!((decoded.path().as_str(), decoded.content), (path, Content::Text(body.to_owned())));
    }

    #[test]
    fn what_is_wrong_or_cut_is_said() {
        let broken = decode_body(r#"{"a": 1"#);
        assert_eq!(broken.path(), "text");
        assert!(broken.notes[0].starts_with("begins like JSON but is none: EOF"), "{:?}", broken.notes);
        let long = decode_body(&packed(&"a".repeat(binary::MOST_INFLATED + 1)));
        assert_eq!(long.notes, ["only the first 4 MiB are unpacked"]);
    }

    #[test]
    fn other_bytes_stay_bytes() {
        let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
        encoder.write_all(&[0, 1, 2, 255]).unwrap();
        let decoded = decode_body(&STANDARD.encode(encoder.finish().unwrap()));
        assert_eq!(
            (decoded.path().as_str(), decoded.content),
            ("base64 › gzip › binary", Content::Bytes(vec![0, 1, 2, 255]))
        );
    }

    #[test]
    fn depth_is_bounded() {
        let body = (0..20).fold("{}".to_owned(), |inner, _| sns(&inner));
        let decoded = decode_body(&body);
        assert_eq!(decoded.layers.len(), MOST_LAYERS + 1);
        assert!(decoded.notes[0].contains("more than 8 times"));
        // Deeper than any reader follows: text, not a stack that runs over.
        assert_eq!(decode_body(&"[".repeat(100_000)).layers, [Layer::Text]);
    }

    #[test]
    fn the_event_type_is_told_by_whoever_is_nearest() {
        let event = json!({"detail-type": "D", "source": "s", "detail": {"type": "inner"}}).to_string();
        assert_eq!(decode_body(&event).event_type.as_deref(), Some("D"));
        assert_eq!(decode_body(r#"{"eventType":"E"}"#).event_type.as_deref(), Some("E"));
        let text = AttributeValue { data_type: "String".into(), payload: Payload::Text("login".into()) };
        let mut message = Message { body: "{}".into(), ..Message::default() };
        message.attributes.insert("event".into(), text);
        assert_eq!(decode(&message).event_type.as_deref(), Some("login"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let key = prop_oneof![
                Just("Type".to_owned()),
                Just("Message".to_owned()),
                Just("TopicArn".to_owned()),
                Just("Records".to_owned()),
                Just("detail".to_owned()),
                Just("source".to_owned()),
                Just("requestContext".to_owned()),
                "\\PC{0,6}",
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((key, inner), 0..6)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn garbage_never_panics(body in "(?s).*") {
            prop_assert!(!decode_body(&body).layers.is_empty());
        }

        #[test]
        fn bytes_in_base64_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            decode_body(&STANDARD.encode(bytes));
        }

        #[test]
        fn any_json_comes_out_of_any_wrapping(value in any_json()) {
            let plain = decode_body(&value.to_string());
            let wrapped = decode_body(&packed(&sns(&value.to_string())));
            prop_assert!(wrapped.layers.len() <= MOST_LAYERS + 1);
            if plain.layers == [Layer::Json] && (value.is_object() || value.is_array()) {
                prop_assert_eq!(&wrapped.content, &Content::Json(value));
            }
        }
    }
}
