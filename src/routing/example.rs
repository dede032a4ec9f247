//! A message that a pattern lets through: what to begin with when one is to be written.
//!
//! The first alternative of everything is taken. Where the conditions of one key contradict each other there is none, and the example
//! does not match; nobody relies on it.

use serde_json::{Map, Number, Value, json};

use super::condition::{Bound, Condition, Excluded, TextTest};
use super::pattern::{Clause, Pattern, Test};
use super::{EventPattern, FilterPolicy, MessageAttribute, MessageAttributes, Scope};

/// A body and attributes that a filter policy lets through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Example {
    pub body: String,
    pub attributes: MessageAttributes,
}

impl FilterPolicy {
    /// A message that gets through.
    pub fn example(&self) -> Example {
        let keys = self.pattern.example();
        match self.scope() {
            Scope::MessageBody => Example { body: Value::Object(keys).to_string(), ..Example::default() },
            Scope::MessageAttributes => {
                let attribute = |value: Value| match value {
                    Value::String(text) => MessageAttribute::String(text),
                    Value::Number(number) => MessageAttribute::Number(number.to_string()),
                    // Only an array can hold what is neither text nor number.
                    other => MessageAttribute::StringArray(Value::Array(vec![other]).to_string()),
                };
                let attributes = keys.into_iter().map(|(name, value)| (name, attribute(value))).collect();
                Example { body: "{}".to_owned(), attributes }
            }
        }
    }
}

impl EventPattern {
    /// An event that gets through, with what each must have.
    pub fn example(&self) -> Value {
        let mut event = self.0.example();
        for (field, value) in [("source", json!("example")), ("detail-type", json!("example")), ("detail", json!({}))] {
            event.entry(field).or_insert(value);
        }
        Value::Object(event)
    }
}

impl Pattern {
    fn example(&self) -> Map<String, Value> {
        let mut example = Map::new();
        for clause in &self.clauses {
            match clause {
                Clause::Field { name, test: Test::Nested(nested) } => {
                    let nested = nested.example();
                    if !nested.is_empty() {
                        example.insert(name.clone(), Value::Object(nested));
                    }
                }
                Clause::Field { name, test: Test::OneOf(conditions) } => {
                    if let Some(value) = conditions.iter().find_map(Condition::example) {
                        example.insert(name.clone(), value);
                    }
                }
                Clause::AnyOf(alternatives) => {
                    example.extend(alternatives.first().map(Self::example).into_iter().flatten());
                }
            }
        }
        example
    }
}

impl Condition {
    /// A value for which it holds; `None` if that is no value, or none was found.
    fn example(&self) -> Option<Value> {
        match self {
            Self::Equals(value) => Some(value.clone()),
            Self::Text(test) => Some(test.example().into()),
            Self::AnythingBut(excluded) => {
                let numbers = excluded.iter().all(|one| matches!(one, Excluded::Value(Value::Number(_))));
                let tries = (0..=excluded.len()).map(|n| if numbers { json!(n) } else { json!(format!("other{n}")) });
                tries.into_iter().find(|value| self.holds(value))
            }
            Self::Numeric(bounds) => bounds.iter().flat_map(Bound::near).find(|value| self.holds(value)),
            Self::Cidr(_, block) => block.split('/').next().map(Value::from),
            Self::Exists(wanted) => wanted.then(|| json!("any")),
        }
    }
}

impl TextTest {
    fn example(&self) -> String {
        match self {
            Self::Prefix { text, .. } | Self::Suffix { text, .. } | Self::EqualsIgnoreCase(text) => text.clone(),
            Self::Wildcard(wildcard) => wildcard.shortest(),
        }
    }
}

impl Bound {
    /// Numbers at and around the limit.
    fn near(&self) -> impl Iterator<Item = Value> + use<> {
        let limit = self.limit.as_f64().unwrap_or_default();
        let at = Value::Number(self.limit.clone());
        let around = [1.0, -1.0, 0.01, -0.01, 1e-5, -1e-5].map(|step| limit + step);
        let whole = |number: f64| if number.fract() == 0.0 { json!(number as i64) } else { json!(number) };
        let around = around.map(move |number| Number::from_f64(number).map_or(Value::Null, |_| whole(number)));
        std::iter::once(at).chain(around)
    }
}
