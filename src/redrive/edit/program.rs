//! A jq expression that yields the message's new object.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::redrive::{
    jq::{self, Mistake, Program, Value},
    message::{AttributeValue, Message, Outgoing, Payload},
};

/// One jq expression over the object of [`jq`](crate::redrive::jq), which it must yield again, once, with what is to change changed:
/// `.body.retry = true | del(.attributes.trace)`.
///
/// - A body that was JSON is written back as JSON without white space; one that was text must stay text. `.text = …` instead of a
///   change of `.body` makes it that text, whatever it was: `.text = .body.Message`.
/// - Attributes keep their type as long as they fit it. New ones are `String` or `Number`, by their value; any type can be given as
///   AWS writes it: `{"DataType": "Binary", "BinaryValue": "AP8="}`.
/// - What is not changed stays as it was, byte for byte. `system` cannot be changed.
#[derive(Debug, Clone)]
pub struct Edit {
    program: Program,
}

impl Edit {
    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with the expression and where.
    pub fn jq(expression: &str) -> Result<Self, Mistake> {
        Ok(Self { program: Program::new(expression)? })
    }

    /// As the user wrote it.
    pub fn said(&self) -> &str {
        self.program.code()
    }

    /// The message as it is to be sent. It may take seconds, so this is never for a task of the runtime. Whether a queue takes it is
    /// asked of [`check`](super::check()).
    ///
    /// # Errors
    /// Why there is none, in a sentence.
    pub fn apply(&self, message: &Message) -> Result<Outgoing, String> {
        let mut before = jq::parts(message);
        let mut outgoing = Outgoing::again(message);
        let (mut has_body, mut has_attributes, mut text) = (false, false, None);
        for (name, value) in self.program.edit(message)? {
            let was = before.remove(&name);
            let is_same = was.as_ref().is_some_and(|was| was.json == value.json);
            match name.as_str() {
                "body" => {
                    has_body = true;
                    if !is_same {
                        outgoing.body = body(message, value)?;
                    }
                }
                "attributes" => {
                    has_attributes = true;
                    if !is_same {
                        outgoing.attributes = attributes(message, was, value)?;
                    }
                }
                "text" => {
                    let shown = jq::brief(&value.json);
                    text = Some(value.text.ok_or_else(|| format!("`text` is {shown}; it must be a text"))?);
                }
                "system" if is_same => {}
                "system" => return Err("`system` cannot be changed: SQS writes it".to_owned()),
                name => return Err(format!("there is no `{name}` in a message; change `body` or `attributes`")),
            }
        }
        if !(has_body || text.is_some()) || !has_attributes {
            return Err(
                "it yields an object without `body` or `attributes`; change the message's own, as `.body.x = 1` does"
                    .to_owned(),
            );
        }
        outgoing.body = text.unwrap_or(outgoing.body);
        Ok(outgoing)
    }
}

fn body(message: &Message, value: Value) -> Result<String, String> {
    if jq::is_json(&message.body) {
        return if jq::is_json(&value.json) {
            Ok(value.json)
        } else {
            Err(format!("the new body is not JSON: {}", jq::brief(&value.json)))
        };
    }
    let shown = jq::brief(&value.json);
    value.text.ok_or_else(|| format!("the body was text and must stay text, not {shown}; `tojson` makes text of it"))
}

fn attributes(message: &Message, was: Option<Value>, now: Value) -> Result<BTreeMap<String, AttributeValue>, String> {
    let shown = jq::brief(&now.json);
    let now = now.fields.ok_or_else(|| format!("`attributes` is {shown}; it must be an object"))?;
    let was: BTreeMap<_, _> = was.and_then(|was| was.fields).unwrap_or_default().into_iter().collect();
    let each = now.into_iter().map(|(name, value)| {
        let old = message.attributes.get(&name);
        let is_same = was.get(&name).is_some_and(|was| was.json == value.json);
        let attribute = match old {
            Some(old) if is_same => old.clone(),
            old => attribute(&name, old.map(|old| old.data_type.as_str()), value)?,
        };
        Ok((name, attribute))
    });
    each.collect()
}

/// A changed or new attribute, of its old type if it fits that.
fn attribute(name: &str, old_type: Option<&str>, value: Value) -> Result<AttributeValue, String> {
    let of = |data_type: &str, text: String| AttributeValue {
        data_type: data_type.to_owned(),
        payload: Payload::Text(text),
    };
    if value.fields.is_some() {
        let shape = serde_json::from_str(&value.json);
        return shape.map_err(|_| {
            format!("attribute {name} is an object, but not as AWS writes one: {{\"DataType\": …, \"StringValue\" or \"BinaryValue\": …}}")
        });
    }
    if value.is_number {
        let data_type = old_type.filter(|old| jq::is_number(old)).unwrap_or("Number");
        return Ok(of(data_type, value.json));
    }
    let shown = jq::brief(&value.json);
    let text = value.text.ok_or_else(|| {
        format!("attribute {name} is {shown}; it must be a text or a number (`del(.attributes.{name})` takes it away)")
    })?;
    match old_type {
        Some(old) if old.split('.').next() == Some("Binary") => {
            let bytes =
                STANDARD.decode(&text).map_err(|_| format!("attribute {name} is {old}; its text must be base64"))?;
            Ok(AttributeValue { data_type: old.to_owned(), payload: Payload::Binary(bytes) })
        }
        Some(old) if !jq::is_number(old) => Ok(of(old, text)),
        _ => Ok(of("String", text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    fn message(body: &str) -> Message {
        serde_json::from_value(json!({
            "MessageId": "id-1", "ReceiptHandle": "r", "Body": body,
            "Attributes": {"MessageGroupId": "g7", "AWSTraceHeader": "Root=1", "ApproximateReceiveCount": "4"},
            "MessageAttributes": {
                "tenant": {"DataType": "String.name", "StringValue": "acme"},
                "tries": {"DataType": "Number.int", "StringValue": "07"},
                "blob": {"DataType": "Binary.png", "BinaryValue": "AP8="},
            },
        }))
        .unwrap()
    }

    const BODY: &str = "{ \"z\": 1.10, \"a\": 12345678901234567890123, \"s\": \"\\u00e9\" }\n";

    #[rstest]
    #[case(".", BODY)]
    #[case(".body.z = 1.10", BODY)]
    #[case(".body.new = true", r#"{"z":1.10,"a":12345678901234567890123,"s":"é","new":true}"#)]
    #[case("del(.body.s) | .body.z += 1", r#"{"z":2.1,"a":12345678901234567890123}"#)]
    #[case(".body = [.body.a]", "[12345678901234567890123]")]
    #[case(".body = \"t\"", "\"t\"")]
    #[case(".text = .body.s", "é")]
    #[case("{text: \"t\", attributes}", "t")]
    #[case("del(.system)", BODY)]
    fn bodies(#[case] expression: &str, #[case] expected: &str) {
        let message = message(BODY);
        let outgoing = Edit::jq(expression).unwrap().apply(&message).unwrap();
        assert_eq!(outgoing.body, expected);
        assert_eq!(Outgoing { body: message.body.clone(), ..outgoing }, Outgoing::again(&message));
    }

    #[rstest]
    #[case(".attributes.tenant = \"b\"", "tenant", json!({"DataType": "String.name", "StringValue": "b"}))]
    #[case(".attributes.tenant = 1", "tenant", json!({"DataType": "Number", "StringValue": "1"}))]
    #[case(".attributes.tries += 1", "tries", json!({"DataType": "Number.int", "StringValue": "8"}))]
    #[case(".attributes.tries = \"none\"", "tries", json!({"DataType": "String", "StringValue": "none"}))]
    #[case(".attributes.blob = \"AA==\"", "blob", json!({"DataType": "Binary.png", "BinaryValue": "AA=="}))]
    #[case("del(.attributes.blob)", "blob", Json::Null)]
    #[case(".attributes = {}", "blob", Json::Null)]
    #[case(".attributes.new = \"x\"", "new", json!({"DataType": "String", "StringValue": "x"}))]
    #[case(".attributes.new = 1.50", "new", json!({"DataType": "Number", "StringValue": "1.50"}))]
    #[case(
        ".attributes.new = {DataType: \"Binary\", BinaryValue: \"AA==\"}",
        "new",
        json!({"DataType": "Binary", "BinaryValue": "AA=="})
    )]
    #[case(".attributes.new = 1", "tries", json!({"DataType": "Number.int", "StringValue": "07"}))]
    fn attributes_keep_their_types(#[case] expression: &str, #[case] name: &str, #[case] expected: Json) {
        let outgoing = Edit::jq(expression).unwrap().apply(&message("text")).unwrap();
        assert_eq!(outgoing.body, "text");
        assert_eq!(serde_json::to_value(outgoing.attributes.get(name)).unwrap(), expected);
    }

    #[rstest]
    #[case("text", ".body = 1", "must stay text")]
    #[case("text", ".body.x = 1", "cannot use")]
    #[case("{}", ".body.x = nan", "not JSON")]
    #[case("{}", ".body.x = infinite", "not JSON")]
    #[case("{}", ".body | tobytes | {body: ., attributes: {}}", "cannot convert")]
    #[case("{}", ".body", "without `body`")]
    #[case("{}", ".body.x", "not the message's object")]
    #[case("{}", "{body}", "without `body` or `attributes`")]
    #[case("{}", "del(.attributes)", "without `body` or `attributes`")]
    #[case("{}", ".system.MessageGroupId = \"x\"", "`system` cannot be changed")]
    #[case("{}", ".bdy = 1", "there is no `bdy`")]
    #[case("{}", "., .", "more than one")]
    #[case("{}", "empty", "yields nothing")]
    #[case("{}", ".attributes.x = null", "del(.attributes.x)")]
    #[case("{}", ".attributes.x = {a: 1}", "not as AWS writes one")]
    #[case("{}", ".attributes = 1", "must be an object")]
    #[case("{}", ".attributes.blob = \"?\"", "base64")]
    #[case("{}", ".text = 1", "must be a text")]
    #[case("{}", ".body.x = [repeat(1)]", "stopped")]
    fn mistakes_are_said(#[case] body: &str, #[case] expression: &str, #[case] says: &str) {
        let error = Edit::jq(expression).unwrap().apply(&message(body)).unwrap_err();
        assert!(error.contains(says) && !error.contains('\n'), "{error}");
    }
}
