//! Which messages are meant: a jq expression, a text or a regular expression, asked of one message at a time.
//!
//! It knows nothing of queues and keeps no messages. What a jq expression sees is in [`super::jq`]. To add a way of choosing: a variant
//! of `Kind`.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::{
    jq::{Mistake, Program},
    message::{Message, Payload},
};

/// The largest compiled regular expression.
const MOST_REGEX_BYTES: usize = 1 << 20;

/// What is asked of a message. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Condition {
    said: Arc<str>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Jq(Program),
    Regex(Regex),
}

impl Condition {
    /// A jq expression over `{body, attributes, system}`. It is true unless its first output is `false` or `null`, or there is none, so
    /// both `.body.amount > 3` and `select(.body.amount > 3)` do.
    ///
    /// # Errors
    /// What is wrong with it and where.
    pub fn jq(expression: &str) -> Result<Self, Mistake> {
        Ok(Self { said: expression.into(), kind: Kind::Jq(Program::new(expression)?) })
    }

    /// A text anywhere in a message: its body, ids and attributes, names too. Capital letters only matter if the text has one.
    ///
    /// # Errors
    /// If the text is too long.
    pub fn text(text: &str) -> Result<Self, Mistake> {
        let insensitive = !text.chars().any(char::is_uppercase);
        Self::pattern(text, &regex::escape(text), insensitive)
    }

    /// A regular expression somewhere in a message: its body, ids and attributes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn regex(expression: &str) -> Result<Self, Mistake> {
        Self::pattern(expression, expression, false)
    }

    fn pattern(said: &str, expression: &str, insensitive: bool) -> Result<Self, Mistake> {
        Ok(Self { said: said.into(), kind: Kind::Regex(bounded_regex(expression, insensitive)?) })
    }

    /// As the user wrote it.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Whether it is true for this message. A jq expression may take seconds, so this is never for a task of the runtime.
    ///
    /// # Errors
    /// What went wrong with this message, in one sentence. It counts as false: see [`Tally`].
    pub fn is_true(&self, message: &Message) -> Result<bool, String> {
        match &self.kind {
            Kind::Jq(program) => program.is_true(message),
            Kind::Regex(regex) => Ok(texts(message).any(|text| regex.is_match(text))),
        }
    }
}

impl Condition {
    /// Whether it is true for anything that is JSON, which is then what `.` is. It may take seconds too.
    ///
    /// # Errors
    /// What went wrong with it, in one sentence.
    pub fn is_true_of(&self, json: &str) -> Result<bool, String> {
        match &self.kind {
            Kind::Jq(program) => program.is_true_of(json),
            Kind::Regex(regex) => Ok(regex.is_match(json)),
        }
    }
}

/// A regular expression of bounded size; it takes no longer than its text is long.
///
/// # Errors
/// What is wrong with it.
pub fn bounded_regex(expression: &str, insensitive: bool) -> Result<Regex, Mistake> {
    let regex = RegexBuilder::new(expression).case_insensitive(insensitive).size_limit(MOST_REGEX_BYTES).build();
    regex.map_err(|error| mistake_in_regex(&error))
}

fn texts(message: &Message) -> impl Iterator<Item = &str> {
    let of_system = message.system.values().map(String::as_str);
    let of_attributes = message.attributes.iter().flat_map(|(name, value)| {
        let text = match &value.payload {
            Payload::Text(text) => Some(text.as_str()),
            Payload::Binary(_) => None,
        };
        [Some(name.as_str()), text].into_iter().flatten()
    });
    [message.body.as_str(), message.id.as_str()].into_iter().chain(of_system).chain(of_attributes)
}

/// The crate's own words come with a drawing of several lines; its last line says what is wrong.
fn mistake_in_regex(error: &regex::Error) -> Mistake {
    match error {
        regex::Error::CompiledTooBig(_) => Mistake::new("the regular expression is too large; repeat less in it"),
        error => {
            let text = error.to_string();
            let last = text.lines().next_back().unwrap_or_default();
            let what = last.strip_prefix("error: ").unwrap_or(last);
            // The drawing has the expression, indented, and a caret under the place.
            let at = text.lines().find(|line| line.trim_start().starts_with('^')).and_then(|line| line.find('^'));
            let at = at.map(|column| column.saturating_sub(4));
            let place = at.map(|at| format!(" at character {}", at + 1)).unwrap_or_default();
            Mistake { text: format!("not a regular expression: {what}{place}"), at }
        }
    }
}

/// What a condition came to over many messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub asked: u64,
    pub matched: u64,
    /// For so many there was an error; they count as not matched.
    pub failed: u64,
    /// The first of them: its message's id, and the error.
    pub example: Option<(String, String)>,
}

impl Tally {
    /// Asks the condition, and counts what it says.
    pub fn ask(&mut self, condition: &Condition, message: &Message) -> bool {
        self.asked += 1;
        match condition.is_true(message) {
            Ok(truth) => {
                self.matched += u64::from(truth);
                truth
            }
            Err(error) => {
                self.failed += 1;
                self.example.get_or_insert_with(|| (message.id.clone(), error));
                false
            }
        }
    }

    /// What went wrong, in a sentence.
    pub fn trouble(&self) -> Option<String> {
        let (id, error) = self.example.as_ref()?;
        Some(match self.failed {
            1 => format!("the expression fails on message {id}, which counts as not chosen: {error}"),
            failed => format!("the expression fails on {failed} messages, which count as not chosen; {id}: {error}"),
        })
    }
}

#[cfg(test)]
mod tests;
