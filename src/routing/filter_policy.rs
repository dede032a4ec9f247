//! An SNS subscription's filter policy, against a message's attributes or its body.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::pattern::{Language, Message, Pattern};
use super::{Miss, PatternError, Verdict};

/// `FilterPolicyScope`: what the policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    #[default]
    MessageAttributes,
    MessageBody,
}

impl Scope {
    /// From the subscription attribute's text. SNS leaves it out when it is the default.
    pub fn from_attribute(text: Option<&str>) -> Self {
        if text == Some("MessageBody") { Self::MessageBody } else { Self::MessageAttributes }
    }
}

/// A message attribute as far as a filter policy can see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAttribute {
    String(String),
    /// The number as it was sent.
    Number(String),
    /// `String.Array`: the JSON text of a list of strings, numbers, booleans or nulls.
    StringArray(String),
    /// Never matched: SNS ignores binary attributes when it filters.
    Binary,
}

pub type MessageAttributes = BTreeMap<String, MessageAttribute>;

impl MessageAttribute {
    /// From `DataType` and `StringValue`. A custom label (`Number.float`) does not change the type.
    pub fn new(data_type: &str, value: &str) -> Self {
        match data_type {
            "String.Array" => Self::StringArray(value.into()),
            _ if data_type == "Number" || data_type.starts_with("Number.") => Self::Number(value.into()),
            _ if data_type == "Binary" || data_type.starts_with("Binary.") => Self::Binary,
            _ => Self::String(value.into()),
        }
    }

    /// The JSON value that the policy's conditions see; `None` hides the attribute from them.
    fn as_json(&self) -> Option<Value> {
        match self {
            Self::String(text) => Some(Value::String(text.clone())),
            Self::Number(text) => text.trim().parse::<Number>().ok().map(Value::Number),
            Self::StringArray(text) => serde_json::from_str(text).ok().filter(Value::is_array),
            Self::Binary => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct FilterPolicy {
    pub(super) pattern: Pattern,
    scope: Scope,
}

impl FilterPolicy {
    /// # Errors
    /// When SNS would refuse the text: no JSON object, an empty list, an unknown operator, a nested key in attribute scope.
    pub fn parse(text: &str, scope: Scope) -> Result<Self, PatternError> {
        let language = if scope == Scope::MessageBody { Language::Body } else { Language::Attributes };
        Ok(Self { pattern: Pattern::parse(text, language)?, scope })
    }

    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether a message would reach the subscription. `{}` is no policy: everything does.
    pub fn evaluate(&self, attributes: &MessageAttributes, body: &str) -> Verdict {
        if self.pattern.is_empty() {
            return Verdict::Match;
        }
        match self.scope {
            Scope::MessageAttributes => {
                let visible = |(name, one): (&String, &MessageAttribute)| Some((name.clone(), one.as_json()?));
                let keys: Map<String, Value> = attributes.iter().filter_map(visible).collect();
                self.pattern.evaluate(Message { keys: &keys, is_empty: attributes.is_empty() }).into()
            }
            Scope::MessageBody => match serde_json::from_str::<Value>(body) {
                Ok(Value::Object(keys)) => {
                    self.pattern.evaluate(Message { keys: &keys, is_empty: keys.is_empty() }).into()
                }
                Ok(_) => not_an_object("JSON, but not an object"),
                Err(_) => not_an_object("not JSON"),
            },
        }
    }
}

/// SNS drops such a message for every subscription whose policy looks at the body.
fn not_an_object(found: &str) -> Verdict {
    let condition = "a JSON object that the policy can look into".into();
    Verdict::Miss(Miss { path: "message body".into(), condition, found: found.into() })
}

impl From<Result<(), Miss>> for Verdict {
    fn from(result: Result<(), Miss>) -> Self {
        match result {
            Ok(()) => Self::Match,
            Err(miss) => Self::Miss(miss),
        }
    }
}
