//! What a user wrote, as AWS would see it: a message with attributes, or an event with its envelope filled in.
//!
//! Forgiving in form, as people paste what they have: an event or an entry of PutEvents, attributes as Publish takes them, as a
//! notification shows them, or as `name=value`. What EventBridge would add is added, and said.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{MessageAttribute, MessageAttributes};

/// EventBridge makes an id that nobody can foresee: none that is real looks like this.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Why what was written is no event or no attribute. AWS would refuse it too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    #[error("{what} is not JSON: {problem}")]
    NotJson { what: &'static str, problem: String },
    #[error("the event must be a JSON object: an event, or an entry of PutEvents")]
    NotAnObject,
    #[error("there are {count} entries; give the one event to follow")]
    NotOne { count: usize },
    #[error("the event has no `{field}`; EventBridge asks for {wanted}")]
    Lacks { field: &'static str, wanted: &'static str },
    #[error("the attribute '{text}' is not name=value, name:Type=value or a JSON object of attributes")]
    NotAnAttribute { text: String },
    #[error("the attribute '{name}' {problem}")]
    BadAttribute { name: String, problem: &'static str },
}

/// Where and when the event would be put: what EventBridge fills in.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub now: Timestamp,
}

/// A whole event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub json: Value,
    /// The fields that were not written, and that EventBridge would add.
    pub filled: Vec<&'static str>,
}

impl Event {
    /// Reads an event, or an entry of PutEvents, and fills in the rest of the envelope.
    ///
    /// # Errors
    /// When EventBridge would not take it.
    pub fn read(text: &str, envelope: Envelope<'_>) -> Result<Self, DraftError> {
        let written = only_entry(json(text, "the event")?)?;
        let is_entry = ["Source", "DetailType", "Detail"].iter().any(|field| written.contains_key(*field));
        let mut event = if is_entry { from_entry(written)? } else { written };
        for (field, wanted) in
            [("source", "a text that names the sender"), ("detail-type", "a text that names its kind")]
        {
            if event.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(DraftError::Lacks { field, wanted });
            }
        }
        if !event.get("detail").is_some_and(Value::is_object) {
            return Err(DraftError::Lacks { field: "detail", wanted: "a JSON object" });
        }
        let time = envelope.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let rest = [
            ("version", Value::from("0")),
            ("id", NO_ID.into()),
            ("account", envelope.account.into()),
            ("time", time.into()),
            ("region", envelope.region.into()),
            ("resources", Value::Array(Vec::new())),
        ];
        let mut filled = Vec::new();
        for (field, value) in rest {
            if !event.contains_key(field) {
                event.insert(field.to_owned(), value);
                filled.push(field);
            }
        }
        Ok(Self { json: Value::Object(event), filled })
    }
}

fn json(text: &str, what: &'static str) -> Result<Value, DraftError> {
    serde_json::from_str(text).map_err(|error| DraftError::NotJson { what, problem: error.to_string() })
}

/// `put-events --entries` takes a list, and a file of it has `Entries`: of one entry that is as good as the entry.
fn only_entry(written: Value) -> Result<Map<String, Value>, DraftError> {
    match written {
        Value::Object(mut object) => match object.remove("Entries") {
            Some(entries) => only_entry(entries),
            None => Ok(object),
        },
        Value::Array(mut entries) => match (entries.pop(), entries.len()) {
            (Some(Value::Object(entry)), 0) => Ok(entry),
            (Some(_), 0) => Err(DraftError::NotAnObject),
            (last, rest) => Err(DraftError::NotOne { count: rest + usize::from(last.is_some()) }),
        },
        _ => Err(DraftError::NotAnObject),
    }
}

/// The event that EventBridge makes of an entry of PutEvents.
fn from_entry(mut entry: Map<String, Value>) -> Result<Map<String, Value>, DraftError> {
    let mut event = Map::new();
    for (theirs, ours) in [("Source", "source"), ("DetailType", "detail-type"), ("Resources", "resources")] {
        if let Some(value) = entry.remove(theirs) {
            event.insert(ours.to_owned(), value);
        }
    }
    match entry.remove("Detail") {
        Some(Value::String(text)) => event.insert("detail".to_owned(), json(&text, "`Detail`")?),
        _ => return Err(DraftError::Lacks { field: "Detail", wanted: "the JSON text of an object" }),
    };
    let time = match entry.remove("Time") {
        Some(Value::String(text)) => text.parse::<Timestamp>().ok(),
        Some(Value::Number(seconds)) => {
            seconds.as_f64().and_then(|seconds| Timestamp::from_second(seconds as i64).ok())
        }
        Some(_) => None,
        None => return Ok(event),
    };
    let time = time.ok_or(DraftError::Lacks { field: "Time", wanted: "an instant such as 2026-11-21T08:00:00Z" })?;
    event.insert("time".to_owned(), time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
    Ok(event)
}

/// Attributes as they are written: a JSON object, or one `name=value` or `name:Type=value`.
///
/// # Errors
/// When it is neither, or SNS would refuse it.
pub fn read_attributes(text: &str) -> Result<MessageAttributes, DraftError> {
    let text = text.trim();
    if text.starts_with('{') {
        let Value::Object(object) = json(text, "what stands for attributes")? else {
            return Err(DraftError::NotAnAttribute { text: text.to_owned() });
        };
        return object.iter().map(|(name, value)| Ok((name.clone(), of_json(name, value)?))).collect();
    }
    let wrong = || DraftError::NotAnAttribute { text: text.to_owned() };
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let (name, data_type) = name.split_once(':').unwrap_or((name, "String"));
    if name.is_empty() {
        return Err(wrong());
    }
    Ok(MessageAttributes::from([(name.to_owned(), checked(name, data_type, value)?)]))
}

/// A line of attributes: a JSON object, or any number of `name=value` with spaces between.
///
/// # Errors
/// As [`read_attributes`].
pub fn read_attribute_line(line: &str) -> Result<MessageAttributes, DraftError> {
    if line.trim_start().starts_with('{') {
        return read_attributes(line);
    }
    let mut all = MessageAttributes::new();
    for word in line.split_whitespace() {
        all.extend(read_attributes(word)?);
    }
    Ok(all)
}

/// `{"Type": …, "Value": …}` of a notification, `{"DataType": …, "StringValue": …}` of Publish, or the bare value.
fn of_json(name: &str, value: &Value) -> Result<MessageAttribute, DraftError> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let either = |keys: [&str; 2]| keys.iter().find_map(|key| value.get(*key));
    match value {
        Value::Object(_) => {
            let data_type = either(["DataType", "Type"]).and_then(Value::as_str).unwrap_or("String");
            let held = either(["StringValue", "Value"]).or_else(|| value.get("BinaryValue"));
            let held = held.ok_or(DraftError::BadAttribute { name: name.to_owned(), problem: "has no value" })?;
            checked(name, data_type, &text(held))
        }
        Value::Number(_) => checked(name, "Number", &text(value)),
        Value::Array(_) => checked(name, "String.Array", &text(value)),
        other => checked(name, "String", &text(other)),
    }
}

fn checked(name: &str, data_type: &str, value: &str) -> Result<MessageAttribute, DraftError> {
    let bad = |problem| Err(DraftError::BadAttribute { name: name.to_owned(), problem });
    let base = data_type.split('.').next().unwrap_or_default();
    if !["String", "Number", "Binary"].contains(&base) {
        return bad("has a type that is none of String, String.Array, Number and Binary");
    }
    let attribute = MessageAttribute::new(data_type, value);
    match &attribute {
        MessageAttribute::Number(number) if number.trim().parse::<f64>().is_ok_and(f64::is_finite) => Ok(attribute),
        MessageAttribute::Number(_) => bad("is a Number and its value is none"),
        _ if value.is_empty() => bad("has no value; SNS takes no empty one"),
        _ => Ok(attribute),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn read(text: &str) -> Result<Event, DraftError> {
        let now = "2026-11-21T08:00:00.123Z".parse().unwrap();
        Event::read(text, Envelope { account: "000000000000", region: "eu-west-1", now })
    }

    #[test]
    fn an_entry_becomes_the_event_that_eventbridge_makes_of_it() {
        let entry = json!({ "Source": "shop", "DetailType": "sales-events", "Detail": "{\"store_id\":\"s1\"}", "EventBusName": "b" });
        let event = read(&entry.to_string()).unwrap();
        let expected = json!({
            "version": "0", "id": NO_ID, "account": "000000000000", "region": "eu-west-1", "resources": [],
            "time": "2026-11-21T08:00:00Z", "source": "shop", "detail-type": "sales-events", "detail": { "store_id": "s1" },
        });
        assert_eq!(event.json, expected);
        assert_eq!(event.filled, ["version", "id", "account", "time", "region", "resources"]);
        for wrapped in [json!([entry]), json!({ "Entries": [entry] })] {
            assert_eq!(read(&wrapped.to_string()).unwrap(), event);
        }
    }

    #[test]
    fn what_was_written_is_kept() {
        let text = r#"{"source":"s","detail-type":"d","detail":{},"id":"7","time":"2020-01-01T00:00:00Z","region":"r","account":"1","version":"0","resources":["x"]}"#;
        let event = read(text).unwrap();
        assert_eq!((event.json, event.filled), (serde_json::from_str(text).unwrap(), Vec::new()));
        let entry = read(r#"{"Source":"s","DetailType":"d","Detail":"{}","Time":1577836800}"#).unwrap();
        assert_eq!(entry.json["time"], "2020-01-01T00:00:00Z");
    }

    #[rstest]
    #[case("{\n  \"a\": }", "the event is not JSON: expected value at line 2 column 8")]
    #[case("7", "must be a JSON object")]
    #[case("[]", "there are 0 entries")]
    #[case("[{},{}]", "there are 2 entries")]
    #[case(r#"{"detail-type":"d","detail":{}}"#, "no `source`")]
    #[case(r#"{"source":"s","detail":{}}"#, "no `detail-type`")]
    #[case(r#"{"source":"s","detail-type":"d","detail":[]}"#, "no `detail`")]
    #[case(r#"{"Source":"s","DetailType":"d","Detail":{}}"#, "no `Detail`")]
    #[case(r#"{"Source":"s","DetailType":"d","Detail":"{"}"#, "`Detail` is not JSON")]
    fn what_eventbridge_would_not_take(#[case] text: &str, #[case] said: &str) {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }

    #[rstest]
    #[case("event=login", &[("event", MessageAttribute::String("login".into()))])]
    #[case("a=b=c", &[("a", MessageAttribute::String("b=c".into()))])]
    #[case("price:Number=3.5", &[("price", MessageAttribute::Number("3.5".into()))])]
    #[case(r#"s:String.Array=["a","b"]"#, &[("s", MessageAttribute::StringArray(r#"["a","b"]"#.into()))])]
    #[case("b:Binary=AAAA", &[("b", MessageAttribute::Binary)])]
    #[case(r#"{"e":{"Type":"String","Value":"x"},"n":{"DataType":"Number","StringValue":"7"}}"#,
        &[("e", MessageAttribute::String("x".into())), ("n", MessageAttribute::Number("7".into()))])]
    #[case(r#"{"e":"x","n":7,"l":["a"],"p":{"Type":"Number","Value":210.75}}"#,
        &[("e", MessageAttribute::String("x".into())), ("l", MessageAttribute::StringArray(r#"["a"]"#.into())),
          ("n", MessageAttribute::Number("7".into())), ("p", MessageAttribute::Number("210.75".into()))])]
    fn attributes(#[case] text: &str, #[case] expected: &[(&str, MessageAttribute)]) {
        let expected = expected.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(read_attributes(text), Ok(expected));
    }

    #[rstest]
    #[case("login")]
    #[case("=x")]
    #[case("a:Number=x")]
    #[case("a:Number=inf")]
    #[case("a:Map=x")]
    #[case("a=")]
    #[case(r#"{"a":{}}"#)]
    #[case("{")]
    fn what_sns_would_not_take(#[case] text: &str) {
        assert!(read_attributes(text).is_err(), "{text}");
    }

    #[test]
    fn a_line_may_hold_several() {
        let line = read_attribute_line(" event=login  n:Number=1 ").unwrap();
        assert_eq!(line.keys().collect::<Vec<_>>(), ["event", "n"]);
        assert_eq!(read_attribute_line(""), Ok(MessageAttributes::new()));
    }
}
