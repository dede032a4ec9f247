//! A record: of Kinesis, its payload out of what it came in; of a table's stream, the key and what changed.

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use crate::{
    inspect::items::value::{self, Attributes, Style},
    redrive::{
        jq,
        why::decode::{Content, decode_bytes},
    },
};

/// Characters of a preview.
const MOST_PREVIEW: usize = 400;

/// A record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    pub shard: Arc<str>,
    pub sequence: String,
    pub at: Option<Timestamp>,
    /// What tells it from others, for a list: a partition key, or what happened to which item.
    pub head: String,
    /// The first characters of what it carries, out of what that came in.
    pub preview: String,
    /// One line of JSON.
    pub json: String,
    /// What it came in, and what is not shown of it.
    pub notes: Vec<String>,
    /// What happened to which item, where it is of a table's stream.
    pub change: Option<Box<Change>>,
}

impl Record {
    /// A record of Kinesis.
    pub fn of_bytes(shard: Arc<str>, sequence: &str, at: Option<Timestamp>, key: &str, data: Vec<u8>) -> Self {
        // Digits stay as they are where it is nothing but JSON.
        let plain =
            std::str::from_utf8(&data).ok().filter(|text| text.trim_start().starts_with(['{', '['])).map(str::to_owned);
        let decoded = decode_bytes(data);
        let path = decoded.path();
        let (data, preview) = match decoded.content {
            Content::Json(_) if path == "JSON" && plain.as_deref().is_some_and(jq::is_json) => {
                let json = jq::compact(plain.as_deref().unwrap_or_default());
                let preview = beginning(&json);
                (json, preview)
            }
            Content::Json(json) => {
                let json = json.to_string();
                let preview = beginning(&json);
                (json, preview)
            }
            Content::Text(text) => (quoted(&text), beginning(&text)),
            Content::Bytes(bytes) => {
                let text = STANDARD.encode(bytes);
                (quoted(&text), beginning(&text))
            }
        };
        let mut json = begin(&shard, sequence, at);
        let _ = write!(json, r#","PartitionKey":{},"Encoding":{},"Data":{data}}}"#, quoted(key), quoted(&path));
        let mut notes = decoded.notes;
        notes.insert(0, path);
        let head = key.to_owned();
        Self { shard, sequence: sequence.to_owned(), at, head, preview, json, notes, change: None }
    }

    /// A record of a table's stream; the names are those of its keys.
    pub fn of_item(
        shard: Arc<str>,
        sequence: &str,
        at: Option<Timestamp>,
        names: &[&str],
        change: Box<Change>,
    ) -> Self {
        let Change { event, keys, old, new } = change.as_ref();
        let plain = |item: &Attributes| value::item(item, names, Style::Plain);
        let mut json = begin(&shard, sequence, at);
        let _ = write!(json, r#","Event":{},"Keys":{}"#, quoted(event), plain(keys));
        let mut notes = Vec::new();
        let preview = match (old, new) {
            (None, None) => {
                notes.push("the stream has keys alone".to_owned());
                plain(keys)
            }
            // Of an item that was there already, half a picture does not say what changed.
            (None, Some(new)) if event == "MODIFY" => {
                notes.push("the stream has new images alone: what it was before is not known".to_owned());
                let new = plain(new);
                let _ = write!(json, r#","New":{new}"#);
                new
            }
            (Some(old), None) if event == "MODIFY" => {
                notes.push("the stream has old images alone: what became of it is not known".to_owned());
                let old = plain(old);
                let _ = write!(json, r#","Old":{old}"#);
                old
            }
            (old, new) => {
                let none = Attributes::new();
                let changed = changed(old.as_ref().unwrap_or(&none), new.as_ref().unwrap_or(&none));
                let _ = write!(json, r#","Changed":{changed}"#);
                match (old, new) {
                    (None, Some(item)) | (Some(item), None) => plain(item),
                    _ => changed,
                }
            }
        };
        json.push('}');
        let value = |name: &&str| match keys.get(*name)? {
            value::Value::Text(text) => Some(text.clone()),
            value => Some(value.json(Style::Plain)),
        };
        let key: Vec<String> = names.iter().filter_map(value).collect();
        let (head, preview) = (format!("{event} {}", key.join(" ")), beginning(&preview));
        Self { shard, sequence: sequence.to_owned(), at, head, preview, json, notes, change: Some(change) }
    }
}

/// What happened to an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// `INSERT`, `MODIFY`, `REMOVE`.
    pub event: String,
    pub keys: Attributes,
    pub old: Option<Attributes>,
    pub new: Option<Attributes>,
}

fn begin(shard: &str, sequence: &str, at: Option<Timestamp>) -> String {
    let at = at.map_or_else(|| "null".to_owned(), |at| quoted(&at.to_string()));
    format!(r#"{{"At":{at},"Shard":{},"SequenceNumber":{}"#, quoted(shard), quoted(sequence))
}

/// Each attribute that is not what it was.
fn changed(old: &Attributes, new: &Attributes) -> String {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut json = String::from("{");
    for name in names.into_iter().filter(|name| old.get(*name) != new.get(*name)) {
        if json.len() > 1 {
            json.push(',');
        }
        let side = |side: &str, value: Option<&value::Value>| {
            value.map(|value| format!(r#""{side}":{}"#, value.json(Style::Plain)))
        };
        let sides: Vec<String> =
            [side("Old", old.get(name)), side("New", new.get(name))].into_iter().flatten().collect();
        let _ = write!(json, "{}:{{{}}}", quoted(name), sides.join(","));
    }
    json.push('}');
    json
}

/// As much of it as a line of a list can show.
fn beginning(text: &str) -> String {
    let end = text.char_indices().nth(MOST_PREVIEW).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default().to_owned()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use rstest::rstest;
    use value::Value;

    fn of(data: impl Into<Vec<u8>>) -> Record {
        Record::of_bytes("s-0".into(), "49", Timestamp::from_second(1).ok(), "store-1", data.into())
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[rstest]
    #[case(br#"{"a": 12345678901234567890123}"#.to_vec(), "JSON", r#"{"a":12345678901234567890123}"#)]
    #[case(gzip(br#"{"a":1}"#), "gzip › JSON", r#"{"a":1}"#)]
    #[case(b"plain words".to_vec(), "text", r#""plain words""#)]
    #[case(vec![0, 159, 146, 150], "binary", r#""AJ+Slg==""#)]
    #[case(Vec::new(), "empty", r#""""#)]
    fn payloads_come_out_of_what_they_came_in(#[case] data: Vec<u8>, #[case] path: &str, #[case] json: &str) {
        let record = of(data);
        let expected = format!(
            r#"{{"At":"1970-01-01T00:00:01Z","Shard":"s-0","SequenceNumber":"49","PartitionKey":"store-1","Encoding":"{path}","Data":{json}}}"#
        );
        assert_eq!((record.json, record.notes[0].as_str()), (expected, path));
    }

    #[test]
    fn a_preview_is_the_beginning_of_the_payload() {
        for (data, preview) in [
            (gzip(br#"{"a": 1}"#), r#"{"a":1}"#),
            (b"plain \"words\"".to_vec(), "plain \"words\""),
            (vec![0, 159, 146, 150], "AJ+Slg=="),
        ] {
            assert_eq!(of(data).preview, preview);
        }
        assert_eq!(of("ü".repeat(1_000)).preview, "ü".repeat(MOST_PREVIEW));
    }

    fn item(total: &str, note: bool) -> Attributes {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut item =
            Attributes::from([("id".to_owned(), text("a")), ("total".to_owned(), Value::Number(total.to_owned()))]);
        if note {
            item.insert("note".to_owned(), text("x"));
        }
        item
    }

    #[rstest]
    #[case(
        "MODIFY",
        Some(item("1", false)),
        Some(item("2", true)),
        r#""Changed":{"note":{"New":"x"},"total":{"Old":1,"New":2}}"#,
        r#"{"note":{"New":"x"},"total":{"Old":1,"New":2}}"#
    )]
    #[case(
        "INSERT",
        None,
        Some(item("2", false)),
        r#""Changed":{"id":{"New":"a"},"total":{"New":2}}"#,
        r#"{"id":"a","total":2}"#
    )]
    #[case(
        "REMOVE",
        Some(item("2", false)),
        None,
        r#""Changed":{"id":{"Old":"a"},"total":{"Old":2}}"#,
        r#"{"id":"a","total":2}"#
    )]
    #[case("MODIFY", None, Some(item("2", false)), r#""New":{"id":"a","total":2}"#, r#"{"id":"a","total":2}"#)]
    #[case("MODIFY", None, None, r#""Keys":{"id":"a"}}"#, r#"{"id":"a"}"#)]
    fn a_change_says_the_key_and_what_is_not_as_it_was(
        #[case] event: &str,
        #[case] old: Option<Attributes>,
        #[case] new: Option<Attributes>,
        #[case] says: &str,
        #[case] preview: &str,
    ) {
        let keys = Attributes::from([("id".to_owned(), Value::Text("a".to_owned()))]);
        let change = Change { event: event.to_owned(), keys, old, new };
        let record = Record::of_item("s".into(), "1", None, &["id"], Box::new(change));
        assert!(record.json.contains(says) && jq::is_json(&record.json), "{}", record.json);
        assert_eq!((record.head, record.preview.as_str()), (format!("{event} a"), preview));
    }

    proptest! {
        #[test]
        fn any_payload_is_json(data: Vec<u8>, text in any::<String>()) {
            prop_assert!(jq::is_json(&of(data).json));
            prop_assert!(jq::is_json(&of(text).json));
        }
    }
}
