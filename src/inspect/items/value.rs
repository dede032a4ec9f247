//! An attribute's value: of whatever type DynamoDB has, from a table or from its stream, and as JSON.
//!
//! There are two ways to write it. Plain is for reading and jq: numbers as digits, sets as lists, bytes as base64. Typed is DynamoDB's
//! own, which says what each value is. Digits are never taken through a float.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::redrive::jq;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// As DynamoDB wrote its digits, of which there may be 38.
    Number(String),
    Bytes(Vec<u8>),
    Bool(bool),
    Null,
    Texts(Vec<String>),
    Numbers(Vec<String>),
    ManyBytes(Vec<Vec<u8>>),
    List(Vec<Value>),
    Map(Attributes),
    /// Of a type that this SDK does not know yet.
    Unknown,
}

/// An item, or a map in it, by the names of its attributes.
pub type Attributes = BTreeMap<String, Value>;

/// The same from either SDK: tables and their streams have types of their own that look alike.
macro_rules! from_sdk {
    ($sdk:ident) => {
        impl From<$sdk::types::AttributeValue> for Value {
            fn from(value: $sdk::types::AttributeValue) -> Self {
                use $sdk::types::AttributeValue as Sdk;
                match value {
                    Sdk::S(text) => Self::Text(text),
                    Sdk::N(digits) => Self::Number(digits),
                    Sdk::B(bytes) => Self::Bytes(bytes.into_inner()),
                    Sdk::Bool(truth) => Self::Bool(truth),
                    Sdk::Null(_) => Self::Null,
                    Sdk::Ss(texts) => Self::Texts(texts),
                    Sdk::Ns(numbers) => Self::Numbers(numbers),
                    Sdk::Bs(many) => Self::ManyBytes(many.into_iter().map(|bytes| bytes.into_inner()).collect()),
                    Sdk::L(list) => Self::List(list.into_iter().map(Self::from).collect()),
                    Sdk::M(map) => Self::Map(map.into_iter().map(|(name, value)| (name, Self::from(value))).collect()),
                    _ => Self::Unknown,
                }
            }
        }
    };
}

from_sdk!(aws_sdk_dynamodb);
from_sdk!(aws_sdk_dynamodbstreams);

/// An item as the SDK has it.
pub fn attributes<V: Into<Value>>(item: HashMap<String, V>) -> Attributes {
    item.into_iter().map(|(name, value)| (name, value.into())).collect()
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    /// DynamoDB's own: `{"S": "text"}`.
    Typed,
}

/// An item as one line of JSON: its key first, then the other attributes by name.
pub fn item(item: &Attributes, keys: &[&str], style: Style) -> String {
    let first = keys.iter().filter_map(|key| item.get_key_value(*key));
    let others = item.iter().filter(|(name, _)| !keys.contains(&name.as_str()));
    let mut json = String::new();
    fields(first.chain(others), style, &mut json);
    json
}

impl Value {
    /// The order that DynamoDB keeps sort keys in; none between types, or of what is no key.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Some(one.as_bytes().cmp(other.as_bytes())),
            (Self::Bytes(one), Self::Bytes(other)) => Some(one.cmp(other)),
            (Self::Number(one), Self::Number(other)) => Some(Decimal::parse(one)?.cmp(&Decimal::parse(other)?)),
            _ => None,
        }
    }

    pub fn json(&self, style: Style) -> String {
        let mut json = String::new();
        self.write(style, &mut json);
        json
    }

    fn write(&self, style: Style, out: &mut String) {
        if style == Style::Plain {
            return self.write_bare(style, out);
        }
        let name = match self {
            Self::Text(_) => "S",
            Self::Number(_) => "N",
            Self::Bytes(_) => "B",
            Self::Bool(_) => "BOOL",
            Self::Null | Self::Unknown => "NULL",
            Self::Texts(_) => "SS",
            Self::Numbers(_) => "NS",
            Self::ManyBytes(_) => "BS",
            Self::List(_) => "L",
            Self::Map(_) => "M",
        };
        out.push_str("{\"");
        out.push_str(name);
        out.push_str("\":");
        self.write_bare(style, out);
        out.push('}');
    }

    fn write_bare(&self, style: Style, out: &mut String) {
        match self {
            Self::Text(text) => string(text, out),
            Self::Number(digits) => number(digits, style, out),
            Self::Bytes(bytes) => string(&STANDARD.encode(bytes), out),
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Null if style == Style::Typed => out.push_str("true"),
            Self::Null | Self::Unknown => out.push_str("null"),
            Self::Texts(texts) => list(texts, out, |text, out| string(text, out)),
            Self::Numbers(numbers) => list(numbers, out, |digits, out| number(digits, style, out)),
            Self::ManyBytes(many) => list(many, out, |bytes, out| string(&STANDARD.encode(bytes), out)),
            Self::List(values) => list(values, out, |value, out| value.write(style, out)),
            Self::Map(map) => fields(map.iter(), style, out),
        }
    }
}

/// A number as it is written, for comparing: 38 digits are more than a float has.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// The place of the first digit before the point; nothing for zero.
    places: Option<i64>,
    /// Without zeros at either end.
    digits: Vec<u8>,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{part}");
        if all.is_empty() || !all.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let digits = significant.trim_end_matches('0').as_bytes().to_vec();
        if digits.is_empty() {
            return Some(Self { negative: false, places: None, digits });
        }
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()? + i64::from(exponent);
        Some(Self { negative, places: Some(places), digits })
    }

    fn size(&self, other: &Self) -> Ordering {
        self.places.cmp(&other.places).then_with(|| self.digits.cmp(&other.digits))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn fields<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>, style: Style, out: &mut String) {
    out.push('{');
    for (index, (name, value)) in fields.enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(name, out);
        out.push(':');
        value.write(style, out);
    }
    out.push('}');
}

fn list<T>(values: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    out.push('[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(value, out);
    }
    out.push(']');
}

fn string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Some endpoints give numbers back as they were sent: what is no number in JSON is a text there.
fn number(digits: &str, style: Style, out: &mut String) {
    let is_number = digits.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && jq::is_json(digits);
    if style == Style::Plain && is_number { out.push_str(digits) } else { string(digits, out) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue as Sdk};
    use proptest::prelude::*;
    use rstest::rstest;

    /// Every type that DynamoDB has.
    pub(crate) fn every_type() -> HashMap<String, Sdk> {
        let text = |text: &str| Sdk::S(text.to_owned());
        let map = HashMap::from([("inner".to_owned(), Sdk::L(vec![Sdk::Null(true), Sdk::N("-0.5".to_owned())]))]);
        [
            ("id", text("a\"b\u{1b}[31m\n日本")),
            ("n", Sdk::N("12345678901234567890123456789012345678".to_owned())),
            ("odd", Sdk::N("+01".to_owned())),
            ("b", Sdk::B(Blob::new([0, 255, 1]))),
            ("yes", Sdk::Bool(true)),
            ("no", Sdk::Bool(false)),
            ("nothing", Sdk::Null(true)),
            ("ss", Sdk::Ss(vec!["x".to_owned(), "y".to_owned()])),
            ("ns", Sdk::Ns(vec!["1".to_owned(), "2.50".to_owned(), "1E+30".to_owned()])),
            ("bs", Sdk::Bs(vec![Blob::new([1]), Blob::new([])])),
            ("l", Sdk::L(vec![text("one"), Sdk::L(Vec::new()), Sdk::M(HashMap::new())])),
            ("m", Sdk::M(map)),
            ("empty", text("")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    #[test]
    fn every_type_is_plain_json() {
        let json = item(&attributes(every_type()), &["n", "id"], Style::Plain);
        assert_eq!(
            json,
            concat!(
                r#"{"n":12345678901234567890123456789012345678,"id":"a\"b\u001b[31m\n日本","b":"AP8B","bs":["AQ==",""],"#,
                r#""empty":"","l":["one",[],{}],"m":{"inner":[null,-0.5]},"no":false,"nothing":null,"#,
                r#""ns":[1,2.50,1E+30],"odd":"+01","ss":["x","y"],"yes":true}"#
            )
        );
        assert!(jq::is_json(&json));
    }

    #[test]
    fn every_type_is_dynamodb_json() {
        let json = item(&attributes(every_type()), &["id"], Style::Typed);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json::json!({
            "id": {"S": "a\"b\u{1b}[31m\n日本"}, "n": {"N": "12345678901234567890123456789012345678"}, "odd": {"N": "+01"},
            "b": {"B": "AP8B"}, "yes": {"BOOL": true}, "no": {"BOOL": false}, "nothing": {"NULL": true},
            "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "2.50", "1E+30"]}, "bs": {"BS": ["AQ==", ""]},
            "l": {"L": [{"S": "one"}, {"L": []}, {"M": {}}]},
            "m": {"M": {"inner": {"L": [{"NULL": true}, {"N": "-0.5"}]}}}, "empty": {"S": ""},
        });
        assert_eq!(value, expected);
        assert!(json.starts_with(r#"{"id":{"S":"#));
    }

    #[test]
    fn the_largest_item_stays_whole() {
        let text = "ü\\".repeat(400 * 1024 / 3);
        let large = Attributes::from([("id".to_owned(), Value::Text(text.clone()))]);
        let value: serde_json::Value = serde_json::from_str(&item(&large, &["id"], Style::Plain)).unwrap();
        assert_eq!(value["id"], text);
    }

    #[rstest]
    #[case("1", "1")]
    #[case("-0.10", "-0.10")]
    #[case("1E+3", "1E+3")]
    #[case("+1", "\"+1\"")]
    #[case("01", "\"01\"")]
    #[case("NaN", "\"NaN\"")]
    #[case("", "\"\"")]
    #[case("1 ", "1 ")]
    fn numbers_keep_their_digits(#[case] digits: &str, #[case] json: &str) {
        assert_eq!(Value::Number(digits.to_owned()).json(Style::Plain), json);
    }

    #[rstest]
    #[case("1", "1.0", Ordering::Equal)]
    #[case("0", "-0.00", Ordering::Equal)]
    #[case("100", "1E+2", Ordering::Equal)]
    #[case("0.05", "5e-2", Ordering::Equal)]
    #[case("9", "10", Ordering::Less)]
    #[case("-10", "-9", Ordering::Less)]
    #[case("-1", "0", Ordering::Less)]
    #[case("0", "0.001", Ordering::Less)]
    #[case("0.1", "0.09", Ordering::Greater)]
    #[case("12", "112", Ordering::Less)]
    #[case("12345678901234567890123456789012345679", "12345678901234567890123456789012345678", Ordering::Greater)]
    fn numbers_are_compared_by_all_their_digits(#[case] one: &str, #[case] other: &str, #[case] order: Ordering) {
        let number = |digits: &str| Value::Number(digits.to_owned());
        assert_eq!(number(one).order(&number(other)), Some(order));
        assert_eq!(number(other).order(&number(one)), Some(order.reverse()));
    }

    #[test]
    fn what_is_no_number_has_no_order() {
        let number = |digits: &str| Value::Number(digits.to_owned());
        for odd in ["", "-", ".", "1x", "NaN", "1e", "1e99999999999"] {
            assert_eq!(number(odd).order(&number("1")), None, "{odd}");
        }
        assert_eq!(number("1").order(&Value::Text("1".to_owned())), None);
        assert_eq!(Value::Bool(true).order(&Value::Bool(true)), None);
    }

    proptest! {
        #[test]
        fn any_numbers_are_in_the_order_of_their_values(one in -1_000_000_i64..1_000_000, other in -1_000_000_i64..1_000_000) {
            let number = |value: i64| Value::Number(format!("{}.{:03}", value / 1_000, value.abs() % 1_000));
            let whole = |value: i64| value / 1_000 != 0 || value >= 0;
            prop_assume!(whole(one) && whole(other));
            prop_assert_eq!(number(one).order(&number(other)), Some(one.cmp(&other)));
        }

        #[test]
        fn any_text_and_name_is_json(name in any::<String>(), text in any::<String>(), bytes: Vec<u8>) {
            let map = Attributes::from([(name.clone(), Value::List(vec![Value::Text(text.clone()), Value::Bytes(bytes)]))]);
            for style in [Style::Plain, Style::Typed] {
                prop_assert!(jq::is_json(&item(&map, &[], style)));
            }
            let value: serde_json::Value = serde_json::from_str(&item(&map, &[], Style::Plain)).unwrap();
            prop_assert_eq!(value[&name][0].as_str(), Some(text.as_str()));
        }
    }
}
