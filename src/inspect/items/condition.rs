//! Which items a query is for: the partition key's value, and a condition on the sort key, as a user types them.

use std::{cmp::Ordering, collections::HashMap};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    description::{KeyAttribute, KeyKind, Keys},
    value::{Attributes, Value},
};

/// A condition that DynamoDB understands.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As it was typed, for people.
    pub said: String,
    /// `#p = :p AND #s > :a`.
    pub expression: String,
    pub names: HashMap<String, String>,
    pub values: HashMap<String, AttributeValue>,
    /// How the sort key is compared; none where it is free.
    sort: Option<Sort>,
}

/// How a sort key is compared with the values of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// By one of [`COMPARISONS`].
    By(&'static str),
    Between,
    BeginsWith,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    #[error("{name} is a number; '{typed}' is none")]
    NoNumber { name: String, typed: String },
    #[error("{name} is bytes: write them as base64; '{typed}' is none")]
    NoBase64 { name: String, typed: String },
    #[error("type a value of {name}")]
    NoValue { name: String },
    #[error("there is no sort key here; leave the second condition out")]
    NoSortKey,
    #[error("begins_with is for text and bytes; {name} is a number: use < <= > >= or between")]
    NumberBegins { name: String },
    #[error("write it like: between 3 and 7")]
    NoBetween,
    #[error("this index has more key attributes than two; edatop cannot query it yet")]
    TooManyKeys,
}

/// Those that compare, the longer first.
const COMPARISONS: [&str; 5] = ["<=", ">=", "=", "<", ">"];
const BETWEEN: &str = "between ";
const BEGINS_WITH: &str = "begins_with ";

impl Condition {
    /// `sort` is `= < <= > >=` with a value, `begins_with X`, `between A and B`; a value alone is meant to be equal.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(keys: &Keys, key: &str, sort: Option<&str>) -> Result<Self, Mistake> {
        if keys.has_more {
            return Err(Mistake::TooManyKeys);
        }
        let mut condition = Self {
            said: format!("{} = {key}", keys.partition.name),
            expression: "#p = :p".to_owned(),
            names: HashMap::from([("#p".to_owned(), keys.partition.name.clone())]),
            values: HashMap::from([(":p".to_owned(), value(&keys.partition, key)?)]),
            sort: None,
        };
        if let Some(sort) = sort.map(str::trim).filter(|sort| !sort.is_empty()) {
            let key = keys.sort.as_ref().ok_or(Mistake::NoSortKey)?;
            condition.and(key, sort)?;
        }
        Ok(condition)
    }

    /// The items of one value of the partition key, where that is known from an item: a number is one, all else is text.
    ///
    /// # Errors
    /// When the value is none that a key has.
    pub fn of_item(key: &str, at: &serde_json::Value) -> Result<Self, Mistake> {
        let (kind, typed) = match at {
            serde_json::Value::Number(number) => (KeyKind::Number, number.to_string()),
            serde_json::Value::String(text) => (KeyKind::Text, text.clone()),
            _ => return Err(Mistake::NoValue { name: key.to_owned() }),
        };
        let partition = KeyAttribute { name: key.to_owned(), kind };
        Self::parse(&Keys { partition, sort: None, has_more: false }, &typed, None)
    }

    fn and(&mut self, key: &KeyAttribute, sort: &str) -> Result<(), Mistake> {
        let (how, expression, values) = if let Some(range) = sort.strip_prefix(BETWEEN) {
            let (from, to) = range.split_once(" and ").ok_or(Mistake::NoBetween)?;
            (Sort::Between, "#s BETWEEN :a AND :b".to_owned(), vec![from.trim(), to.trim()])
        } else if let Some(start) = sort.strip_prefix(BEGINS_WITH) {
            if key.kind == KeyKind::Number {
                return Err(Mistake::NumberBegins { name: key.name.clone() });
            }
            (Sort::BeginsWith, "begins_with(#s, :a)".to_owned(), vec![start.trim()])
        } else {
            let operator = COMPARISONS.into_iter().find(|operator| sort.starts_with(operator));
            let rest = operator.and_then(|operator| sort.strip_prefix(operator)).unwrap_or(sort);
            let operator = operator.unwrap_or("=");
            (Sort::By(operator), format!("#s {operator} :a"), vec![rest.trim()])
        };
        for (place, typed) in [":a", ":b"].into_iter().zip(values) {
            self.values.insert(place.to_owned(), value(key, typed)?);
        }
        self.names.insert("#s".to_owned(), key.name.clone());
        self.expression = format!("{} AND {expression}", self.expression);
        self.said = format!("{} and {} {sort}", self.said, key.name);
        self.sort = Some(how);
        Ok(())
    }

    /// Whether the service would find an item with these attributes by it.
    pub fn is_true_of(&self, item: &Attributes) -> bool {
        let order = |name: &str, value: &str| {
            let value = Value::from(self.values.get(value)?.clone());
            item.get(self.names.get(name)?)?.order(&value)
        };
        let is_of_sort = match self.sort {
            None => true,
            Some(Sort::By(operator)) => order("#s", ":a").is_some_and(|order| match operator {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                ">=" => order.is_ge(),
                _ => order.is_eq(),
            }),
            Some(Sort::Between) => {
                order("#s", ":a").is_some_and(Ordering::is_ge) && order("#s", ":b").is_some_and(Ordering::is_le)
            }
            Some(Sort::BeginsWith) => self.begins(item).unwrap_or(false),
        };
        is_of_sort && order("#p", ":p").is_some_and(Ordering::is_eq)
    }

    fn begins(&self, item: &Attributes) -> Option<bool> {
        let start = Value::from(self.values.get(":a")?.clone());
        match (item.get(self.names.get("#s")?)?, &start) {
            (Value::Text(text), Value::Text(start)) => Some(text.starts_with(start.as_str())),
            (Value::Bytes(bytes), Value::Bytes(start)) => Some(bytes.starts_with(start)),
            _ => None,
        }
    }
}

fn value(key: &KeyAttribute, typed: &str) -> Result<AttributeValue, Mistake> {
    let name = || key.name.clone();
    if typed.is_empty() {
        return Err(Mistake::NoValue { name: name() });
    }
    match key.kind {
        KeyKind::Text => Ok(AttributeValue::S(typed.to_owned())),
        KeyKind::Number if typed.parse::<f64>().is_ok_and(f64::is_finite) => Ok(AttributeValue::N(typed.to_owned())),
        KeyKind::Number => Err(Mistake::NoNumber { name: name(), typed: typed.to_owned() }),
        KeyKind::Bytes => match STANDARD.decode(typed) {
            Ok(bytes) => Ok(AttributeValue::B(Blob::new(bytes))),
            Err(_) => Err(Mistake::NoBase64 { name: name(), typed: typed.to_owned() }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn keys(sort: Option<KeyKind>) -> Keys {
        let key = |name: &str, kind| KeyAttribute { name: name.to_owned(), kind };
        Keys { partition: key("id", KeyKind::Text), sort: sort.map(|kind| key("at", kind)), has_more: false }
    }

    #[rstest]
    #[case(serde_json::json!("7"), Ok(AttributeValue::S("7".into())))]
    #[case(serde_json::json!(7), Ok(AttributeValue::N("7".into())))]
    #[case(serde_json::json!(null), Err(Mistake::NoValue { name: "id".into() }))]
    fn the_key_of_an_item_is_what_it_was(
        #[case] at: serde_json::Value,
        #[case] expected: Result<AttributeValue, Mistake>,
    ) {
        assert_eq!(Condition::of_item("id", &at).map(|condition| condition.values[":p"].clone()), expected);
    }

    fn number(digits: &str) -> AttributeValue {
        AttributeValue::N(digits.to_owned())
    }

    #[rstest]
    #[case("= 3", "#s = :a", &["3"])]
    #[case("3", "#s = :a", &["3"])]
    #[case("<3", "#s < :a", &["3"])]
    #[case("<= 3", "#s <= :a", &["3"])]
    #[case("> -1.5", "#s > :a", &["-1.5"])]
    #[case(">=3", "#s >= :a", &["3"])]
    #[case("between 3 and 7", "#s BETWEEN :a AND :b", &["3", "7"])]
    fn conditions_on_a_number(#[case] typed: &str, #[case] expression: &str, #[case] values: &[&str]) {
        let condition = Condition::parse(&keys(Some(KeyKind::Number)), "x y", Some(typed)).unwrap();
        assert_eq!(condition.expression, format!("#p = :p AND {expression}"));
        for (place, digits) in [":a", ":b"].iter().zip(values) {
            assert_eq!(condition.values[*place], number(digits));
        }
        assert_eq!(condition.values.len(), 1 + values.len());
        assert_eq!(condition.values[":p"], AttributeValue::S("x y".to_owned()));
        assert_eq!(condition.names["#s"], "at");
    }

    #[test]
    fn text_may_begin_with_a_text_and_bytes_are_base64() {
        let condition = Condition::parse(&keys(Some(KeyKind::Text)), "x", Some("begins_with 2026-11 ")).unwrap();
        assert_eq!(condition.expression, "#p = :p AND begins_with(#s, :a)");
        assert_eq!(condition.values[":a"], AttributeValue::S("2026-11".to_owned()));
        assert_eq!(condition.said, "id = x and at begins_with 2026-11");
        let condition = Condition::parse(&keys(Some(KeyKind::Bytes)), "x", Some("> AP8=")).unwrap();
        assert_eq!(condition.values[":a"], AttributeValue::B(Blob::new([0, 255])));
    }

    #[rstest]
    #[case(None, "", None, "type a value of id")]
    #[case(None, "x", Some("= 3"), "no sort key")]
    #[case(Some(KeyKind::Number), "x", Some("begins_with 3"), "at is a number")]
    #[case(Some(KeyKind::Number), "x", Some("> three"), "'three' is none")]
    #[case(Some(KeyKind::Number), "x", Some("inf"), "'inf' is none")]
    #[case(Some(KeyKind::Number), "x", Some("between 3"), "between 3 and 7")]
    #[case(Some(KeyKind::Number), "x", Some("="), "type a value of at")]
    #[case(Some(KeyKind::Bytes), "x", Some("= ***"), "base64")]
    fn mistakes_say_what_would_be_right(
        #[case] sort: Option<KeyKind>,
        #[case] key: &str,
        #[case] typed: Option<&str>,
        #[case] says: &str,
    ) {
        let mistake = Condition::parse(&keys(sort), key, typed).unwrap_err();
        assert!(mistake.to_string().contains(says), "{mistake}");
    }

    #[rstest]
    #[case("= 3", &["3", "3.0"], &["2", "4"])]
    #[case("< 3", &["-4", "2.9"], &["3", "10"])]
    #[case("<= 3", &["3", "-1"], &["3.001"])]
    #[case("> 3", &["10", "3.1"], &["3", "-10"])]
    #[case(">= 3", &["3", "10"], &["2.999"])]
    #[case("between 3 and 10", &["3", "9", "10"], &["2", "11"])]
    #[case("", &["1", "100"], &[])]
    fn it_is_true_of_what_the_service_would_find(#[case] typed: &str, #[case] finds: &[&str], #[case] not: &[&str]) {
        let condition = Condition::parse(&keys(Some(KeyKind::Number)), "x", Some(typed)).unwrap();
        let item = |id: &str, at: &str| {
            Attributes::from([
                ("id".to_owned(), Value::Text(id.to_owned())),
                ("at".to_owned(), Value::Number(at.to_owned())),
            ])
        };
        for at in finds {
            assert!(condition.is_true_of(&item("x", at)), "{typed}: {at}");
            assert!(!condition.is_true_of(&item("y", at)), "{typed}: another partition");
        }
        for at in not {
            assert!(!condition.is_true_of(&item("x", at)), "{typed}: {at}");
        }
    }

    #[test]
    fn a_text_that_begins_so_is_found_and_no_other() {
        let condition = Condition::parse(&keys(Some(KeyKind::Text)), "x", Some("begins_with 2026-11")).unwrap();
        let item =
            |at: Value| Attributes::from([("id".to_owned(), Value::Text("x".to_owned())), ("at".to_owned(), at)]);
        assert!(condition.is_true_of(&item(Value::Text("2026-11-21".to_owned()))));
        assert!(!condition.is_true_of(&item(Value::Text("2026-1".to_owned()))));
        assert!(!condition.is_true_of(&item(Value::Number("2026".to_owned()))));
        assert!(!condition.is_true_of(&Attributes::from([("id".to_owned(), Value::Text("x".to_owned()))])));
    }

    #[test]
    fn without_a_condition_on_it_the_sort_key_is_free() {
        let condition = Condition::parse(&keys(Some(KeyKind::Number)), "x", Some(" ")).unwrap();
        assert_eq!((condition.expression.as_str(), condition.names.len()), ("#p = :p", 1));
    }
}
