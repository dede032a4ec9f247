//! An EventBridge event pattern, against a whole event (the envelope with `source`, `detail-type`, `detail` …).

use serde_json::{Map, Value};

use super::pattern::{Language, Message, Pattern};
use super::{PatternError, Verdict};

#[derive(Debug, Clone, PartialEq)]
pub struct EventPattern(pub(super) Pattern);

impl EventPattern {
    /// # Errors
    /// When EventBridge would refuse the text: no JSON, no key, an empty list, an unknown operator, nested too deep.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let pattern = Pattern::parse(text, Language::Events)?;
        if pattern.is_empty() { Err(PatternError::Empty) } else { Ok(Self(pattern)) }
    }

    /// An event is always an object; anything else is judged as one without keys.
    pub fn evaluate(&self, event: &Value) -> Verdict {
        let nothing = Map::new();
        let keys = event.as_object().unwrap_or(&nothing);
        self.0.evaluate(Message { keys, is_empty: keys.is_empty() }).into()
    }
}
