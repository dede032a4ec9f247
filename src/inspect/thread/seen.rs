//! Which ids somebody sees: those in a line, a message, an item, each with what it is called there. Pure and bounded.
//!
//! What is named comes first, then what only has the form of an id. Nothing here knows whether anything else names it.

use serde_json::Value;

use super::ids::{is_id, is_id_name};
use crate::redrive::why::invocations::{is_trace_id, uuid};

/// Ids that are offered at once.
const MOST: usize = 24;
/// Levels of a document that are looked into; a document within a text is one more.
const DEEPEST: usize = 8;
/// Bytes of a text that are looked through.
const MOST_TEXT: usize = 64 << 10;
/// A shorter number is more often a count than an id, whatever it is called.
const SHORTEST_NUMBER: usize = 3;

/// An id, and what it is called where it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub name: String,
    pub id: String,
}

/// What was found so far: named ones, and those that only look like ids.
#[derive(Debug, Default)]
pub struct Sight {
    named: Vec<Seen>,
    others: Vec<Seen>,
}

impl Sight {
    /// An id of which it is known what it is.
    #[must_use]
    pub fn called(mut self, name: &str, id: &str) -> Self {
        self.name(name, id);
        self
    }

    /// A line of a log, a body, a key: as it was written.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.read(text, DEEPEST);
        self
    }

    /// A document.
    #[must_use]
    pub fn value(mut self, value: &Value) -> Self {
        self.look(value, DEEPEST);
        self
    }

    /// All of it, what has a name first, none twice.
    pub fn ids(self) -> Vec<Seen> {
        let mut ids: Vec<Seen> = Vec::new();
        for seen in self.named.into_iter().chain(self.others) {
            if ids.len() < MOST && !ids.iter().any(|known| known.id.eq_ignore_ascii_case(&seen.id)) {
                ids.push(seen);
            }
        }
        ids
    }

    fn name(&mut self, name: &str, id: &str) {
        // What is too many is not even compared.
        if !id.is_empty() && self.named.len() < MOST * 4 {
            self.named.push(Seen { name: name.to_owned(), id: id.to_owned() });
        }
    }

    fn other(&mut self, name: &str, id: &str) {
        if self.others.len() < MOST * 4 {
            self.others.push(Seen { name: name.to_owned(), id: id.to_owned() });
        }
    }

    fn look(&mut self, value: &Value, deepest: usize) {
        if deepest == 0 {
            return;
        }
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| self.field(name, value, deepest)),
            Value::Array(all) => all.iter().take(MOST).for_each(|one| self.look(one, deepest - 1)),
            Value::String(text) => self.read(text, deepest - 1),
            _ => {}
        }
    }

    fn field(&mut self, name: &str, value: &Value, deepest: usize) {
        match value {
            Value::String(text) if is_id_name(name) && is_id(text) => self.name(name, text),
            Value::String(text) if uuid(text).is_some() || looks_like_one(text) => self.other(name, text),
            Value::Number(number) if is_id_name(name) => {
                let digits = number.to_string();
                if digits.len() >= SHORTEST_NUMBER && digits.bytes().all(|c| c.is_ascii_digit()) {
                    self.name(name, &digits);
                }
            }
            value => self.look(value, deepest - 1),
        }
    }

    fn read(&mut self, text: &str, deepest: usize) {
        let end = (0..=MOST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let text = text.get(..end).unwrap_or_default();
        let document = text.find('{').or_else(|| text.find('[')).filter(|_| deepest > 0);
        let value = document.and_then(|at| serde_json::from_str::<Value>(text.get(at..)?.trim()).ok());
        // A document is read by its fields; a text word by word.
        let plain = match (&value, document) {
            (Some(_), Some(at)) => text.get(..at).unwrap_or_default(),
            _ => text,
        };
        self.words(plain);
        if let Some(value) = value {
            self.look(&value, deepest);
        }
    }

    fn words(&mut self, text: &str) {
        let mut before: Option<(&str, usize)> = None;
        for (at, word) in words(text) {
            let name = before.filter(|(_, end)| text.get(*end..at).is_some_and(is_assignment)).map(|(name, _)| name);
            match name {
                Some(name) if is_id_name(name) && is_id(word) && !is_date(word) => self.name(name, word),
                _ if uuid(word).is_some() => self.other("id", word),
                _ if is_trace_id(word) => self.other("trace", word),
                _ if looks_like_one(word) => self.other("word", word),
                _ => {}
            }
            before = Some((word, at + word.len()));
        }
    }
}

/// Letters, digits, dashes and underscores that stand together, and where.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_other = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
    let start = text.as_ptr() as usize;
    text.split(is_other).filter(|word| !word.is_empty()).map(move |word| (word.as_ptr() as usize - start, word))
}

/// What stands between a name and its value: `=`, `: `, `': '`.
fn is_assignment(between: &str) -> bool {
    between.chars().filter(|c| matches!(c, '=' | ':')).count() == 1
        && between.chars().all(|c| matches!(c, '=' | ':' | '\'' | '"' | '\\' | ' '))
}

/// `order-4`, `cust_0042`: letters and digits, and what joins them. Not `us-east-1`, `utf-8`, `x86_64`.
fn looks_like_one(word: &str) -> bool {
    let has = |wanted: fn(&char) -> bool| word.chars().any(|c| wanted(&c));
    let is_common =
        ["utf-8", "utf-16", "x86_64", "sha-1", "sha-256"].iter().any(|common| word.eq_ignore_ascii_case(common));
    is_id(word)
        && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        && has(|c| c.is_ascii_digit())
        && has(|c| c.is_alphabetic())
        && has(|c| matches!(c, '-' | '_'))
        && !is_common
        && !is_region(word)
        && !is_date(word)
}

fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let is_small = |part: &&str| part.bytes().all(|c| c.is_ascii_lowercase());
    match parts[..] {
        [country, .., number] => {
            parts.len() >= 3
                && country.len() == 2
                && number.len() == 1
                && number.bytes().all(|c| c.is_ascii_digit())
                && parts.iter().take(parts.len() - 1).all(is_small)
        }
        _ => false,
    }
}

/// `2026-11-21`, `2026-11-21T14`.
fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') && digits(0..4) && digits(5..7) && digits(8..10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    const R: &str = "33e4c44c-c563-4733-8a04-45c280096c35";

    fn told(sight: Sight) -> Vec<(String, String)> {
        sight.ids().into_iter().map(|seen| (seen.name, seen.id)).collect()
    }

    #[rstest]
    #[case::a_request("START RequestId: 33e4c44c-c563-4733-8a04-45c280096c35 Version: 1", &[("RequestId", R)])]
    #[case::a_word("[ERROR] ValueError: order order-4 has no quantity", &[("word", "order-4")])]
    #[case::an_assignment("priced cart_id=4711 in us-east-1 as utf-8", &[("cart_id", "4711")])]
    #[case::a_dict("got {'orderID': 'order-4', 'n': 3}", &[("orderID", "order-4")])]
    #[case::a_document("got {\"orderID\": \"order-4\", \"n\": 3}", &[("orderID", "order-4")])]
    #[case::a_trace("XRAY TraceId: 1-67f1e2d3-abcdef012345678912345678", &[("TraceId", "1-67f1e2d3-abcdef012345678912345678")])]
    #[case::a_bare_trace("Root=1-67f1e2d3-abcdef012345678912345678", &[("trace", "1-67f1e2d3-abcdef012345678912345678")])]
    #[case::dates("at 2026-11-21T14:03:07 since 2026-11-20", &[])]
    #[case::nothing("all is well", &[])]
    #[case::named_first("order-4 of orderId: order-5", &[("orderId", "order-5"), ("word", "order-4")])]
    fn lines(#[case] line: &str, #[case] expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
        assert_eq!(told(Sight::default().text(line)), expected);
    }

    #[test]
    fn documents_and_the_documents_in_them() {
        let inner = json!({"orderID": "order-4", "customer": "cust_0042", "quantity": 3, "id": 7, "storeId": 4711});
        let envelope =
            json!({"MessageId": R, "TopicArn": "arn:aws:sns:us-east-1:0:shop", "Message": inner.to_string()});
        let sight = Sight::default().called("message", "m-1").value(&envelope);
        let expected = [
            ("message", "m-1"),
            ("orderID", "order-4"),
            ("storeId", "4711"),
            ("MessageId", R),
            ("customer", "cust_0042"),
        ];
        let mut expected: Vec<_> = expected.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
        let mut told = told(sight);
        assert_eq!(told[0], expected[0], "what is known to be one comes first");
        assert_eq!(told.last(), expected.last(), "what only looks like one comes last");
        told.sort();
        expected.sort();
        assert_eq!(told, expected);
    }

    #[test]
    fn none_is_told_twice_and_not_too_many() {
        let line = format!("RequestId: {R} again {R} {}", R.to_uppercase());
        assert_eq!(told(Sight::default().called("request", R).text(&line)), [("request".to_owned(), R.to_owned())]);
        let many: Vec<Value> = (0..1_000).map(|n| json!({"orderId": format!("order-{n}")})).collect();
        assert_eq!(Sight::default().value(&Value::Array(many)).ids().len(), MOST);
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at(text in any::<String>()) {
            for seen in Sight::default().text(&text).ids() {
                prop_assert!(!seen.id.is_empty());
            }
        }
    }
}
