//! The tree both languages share: all keys must hold, one condition of each key's list must hold, `$or` offers
//! alternatives. Evaluated against plain JSON; an array in the message holds when any of its elements does.
//!
//! The rules that are easy to get wrong, all of them AWS's own:
//! - the keys of one nested object must be found in the same element of an array of objects;
//! - `exists` looks at leaves only: an object or an empty array is not a value, and for SNS neither is null or an empty text;
//! - in a message without anything SNS lets not even `exists: false` hold;
//! - `numeric` compares numbers near enough to zero only ([`Language::numeric_reach`]);
//! - a list of nothing but `exists: false` asks that the key be absent from every element, not just from one.

use serde_json::{Map, Value};

use super::condition::Condition;
use super::{MAX_DEPTH, Miss, PatternError};

/// The longest excerpt of a found value that a [`Miss`] carries, in characters.
const FOUND_CHARACTERS: usize = 80;

/// Operators that may not be the key of an alternative: their presence says that `$or` is an ordinary key.
const OPERATORS: [&str; 10] = [
    "exactly",
    "exists",
    "prefix",
    "suffix",
    "anything-but",
    "numeric",
    "cidr",
    "equals-ignore-case",
    "wildcard",
    "$or",
];

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    pub(super) clauses: Vec<Clause>,
    language: Language,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Clause {
    Field { name: String, test: Test },
    AnyOf(Vec<Pattern>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Nested(Pattern),
    OneOf(Vec<Condition>),
}

/// Which of the dialects of one language it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// SNS, on message attributes: flat.
    Attributes,
    /// SNS, on the message body.
    Body,
    /// EventBridge.
    Events,
}

impl Language {
    /// Numbers further from zero are not compared by `numeric`.
    pub(super) fn numeric_reach(self) -> f64 {
        if self == Self::Events { 5e9 } else { 1e9 }
    }

    /// For SNS a value that is null or empty does not exist.
    fn exists(self, leaf: &Value) -> bool {
        self == Self::Events || !(leaf.is_null() || leaf.as_str() == Some(""))
    }
}

/// A message as one pattern sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub keys: &'a Map<String, Value>,
    /// It has nothing at all: then SNS lets not even `exists: false` hold.
    pub is_empty: bool,
}

impl Pattern {
    pub(super) fn parse(text: &str, language: Language) -> Result<Self, PatternError> {
        // Checked on the text, before anything recursive sees it.
        if bracket_depth(text) > MAX_DEPTH {
            return Err(PatternError::TooDeep);
        }
        match serde_json::from_str(text).map_err(|error| PatternError::NotJson(error.to_string()))? {
            Value::Object(object) => parse_object(&object, "", language),
            _ => Err(PatternError::NotAnObject),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    pub(super) fn evaluate(&self, message: Message<'_>) -> Result<(), Miss> {
        self.evaluate_at(message, "")
    }

    fn evaluate_at(&self, message: Message<'_>, path: &str) -> Result<(), Miss> {
        let nothing_there = message.is_empty && self.language != Language::Events;
        self.clauses.iter().try_for_each(|clause| match clause {
            Clause::Field { name, test } => {
                let (value, path) = (message.keys.get(name), join(path, name));
                match test {
                    Test::OneOf(conditions) => {
                        Leaf { value, language: self.language, nothing_there }.one_of(conditions, &path)
                    }
                    Test::Nested(nested) => evaluate_nested(nested, value, message.is_empty, &path),
                }
            }
            Clause::AnyOf(alternatives) => any_of(alternatives, message, path),
        })
    }

    /// Whether every key asks for absence only.
    fn wants_only_absence(&self) -> bool {
        self.clauses.iter().all(|clause| match clause {
            Clause::Field { test: Test::OneOf(conditions), .. } => {
                conditions.iter().all(|c| *c == Condition::Exists(false))
            }
            Clause::Field { test: Test::Nested(nested), .. } => nested.wants_only_absence(),
            Clause::AnyOf(alternatives) => alternatives.iter().all(Self::wants_only_absence),
        })
    }
}

/// What stands at a key that has a list of conditions.
#[derive(Debug, Clone, Copy)]
struct Leaf<'a> {
    value: Option<&'a Value>,
    language: Language,
    nothing_there: bool,
}

impl Leaf<'_> {
    fn one_of(self, conditions: &[Condition], path: &str) -> Result<(), Miss> {
        let leaves = flatten(self.value, |one| !one.is_object());
        let holds = |condition: &Condition| match condition {
            Condition::Exists(false) => leaves.is_empty() && !self.nothing_there,
            Condition::Exists(true) => leaves.iter().any(|leaf| self.language.exists(leaf)),
            other => leaves.iter().any(|leaf| other.holds(leaf)),
        };
        if conditions.iter().any(holds) {
            return Ok(());
        }
        let words: Vec<String> = conditions.iter().map(|condition| self.in_words(condition)).collect();
        let several = if words.len() > 1 { "one of " } else { "" };
        let mut found = excerpt(self.value);
        let reach = self.language.numeric_reach();
        let is_far = |leaf: &&Value| leaf.as_f64().is_some_and(|number| number.abs() > reach);
        if conditions.iter().any(|one| matches!(one, Condition::Numeric(_))) && leaves.iter().any(is_far) {
            found.push_str(&format!(" (beyond ±{reach}, which `numeric` does not compare)"));
        }
        Err(Miss { path: path.into(), condition: format!("{several}{}", words.join(", ")), found })
    }

    fn in_words(self, condition: &Condition) -> String {
        match condition {
            Condition::Exists(false) if self.nothing_there => "no value beside at least one other".into(),
            Condition::Exists(true) if self.language != Language::Events => {
                "a value that is neither null nor empty".into()
            }
            other => other.to_string(),
        }
    }
}

fn evaluate_nested(nested: &Pattern, value: Option<&Value>, is_empty: bool, path: &str) -> Result<(), Miss> {
    let objects = flatten(value, Value::is_object);
    let evaluate = |keys| nested.evaluate_at(Message { keys, is_empty }, path);
    let mut results = objects.iter().filter_map(|one| one.as_object()).map(evaluate);
    let Some(first) = results.next() else {
        // No object here: its keys are all absent, which is just what `exists: false` may have asked for.
        return evaluate(&Map::new());
    };
    if nested.wants_only_absence() {
        return first.and_then(|()| results.collect());
    }
    if first.is_ok() || results.any(|result| result.is_ok()) { Ok(()) } else { first }
}

fn any_of(alternatives: &[Pattern], message: Message<'_>, path: &str) -> Result<(), Miss> {
    let mut misses = Vec::with_capacity(alternatives.len());
    for alternative in alternatives {
        match alternative.evaluate_at(message, path) {
            Ok(()) => return Ok(()),
            Err(miss) => misses.push(miss.to_string()),
        }
    }
    Err(Miss {
        path: join(path, "$or"),
        condition: format!("any of {} alternatives", alternatives.len()),
        found: format!("unmet ({})", misses.join("; ")),
    })
}

/// The values at a key, arrays opened at every level, that `keep` says are of interest. Iterative: depth costs no stack.
fn flatten(value: Option<&Value>, keep: impl Fn(&Value) -> bool) -> Vec<&Value> {
    let mut pending: Vec<&Value> = value.into_iter().collect();
    let mut kept = Vec::new();
    while let Some(next) = pending.pop() {
        match next {
            Value::Array(elements) => pending.extend(elements.iter().rev()),
            other if keep(other) => kept.push(other),
            _ => {}
        }
    }
    kept
}

fn parse_object(object: &Map<String, Value>, path: &str, language: Language) -> Result<Pattern, PatternError> {
    let clause = |(name, value): (&String, &Value)| {
        let path = join(path, name);
        if let Some(alternatives) = alternatives(name, value) {
            let parse = |one: &Map<String, Value>| parse_object(one, &path, language);
            return alternatives.into_iter().map(parse).collect::<Result<_, _>>().map(Clause::AnyOf);
        }
        let test = match value {
            Value::Array(list) if list.is_empty() => return Err(PatternError::EmptyList { path }),
            Value::Array(list) => Test::OneOf(
                list.iter()
                    .map(|one| Condition::parse(one, &path, language.numeric_reach()))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(_) if language == Language::Attributes => {
                return Err(PatternError::NotAList {
                    path,
                    hint: "; message attributes cannot nest (use the scope MessageBody)",
                });
            }
            Value::Object(nested) if nested.is_empty() => return Err(PatternError::EmptyList { path }),
            Value::Object(nested) => Test::Nested(parse_object(nested, &path, language)?),
            _ => return Err(PatternError::NotAList { path, hint: "; wrap the value in [ ]" }),
        };
        Ok(Clause::Field { name: name.clone(), test })
    };
    object.iter().map(clause).collect::<Result<_, _>>().map(|clauses| Pattern { clauses, language })
}

/// `$or` is the operator when it lists two or more objects with ordinary keys; otherwise it is a key of that name.
fn alternatives<'a>(name: &str, value: &'a Value) -> Option<Vec<&'a Map<String, Value>>> {
    let objects: Vec<_> =
        value.as_array().filter(|_| name == "$or")?.iter().map(Value::as_object).collect::<Option<_>>()?;
    let ordinary = |object: &&Map<String, Value>| {
        !object.is_empty() && !object.keys().any(|key| key != "$or" && OPERATORS.contains(&key.as_str()))
    };
    (objects.len() >= 2 && objects.iter().all(ordinary)).then_some(objects)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}.{name}") }
}

fn excerpt(value: Option<&Value>) -> String {
    let Some(value) = value else { return "absent".into() };
    let text = value.to_string();
    match text.char_indices().nth(FOUND_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// How deep brackets nest in `text`, those inside strings left out.
fn bracket_depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
