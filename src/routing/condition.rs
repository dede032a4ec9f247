//! One condition of a list: the leaf of a pattern. Knows how to read itself from JSON, whether it holds for one JSON
//! scalar, and how to say itself in words. It never sees keys, arrays or nesting: that is `pattern`'s work.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Number, Value};

use super::PatternError;
use super::cidr::Cidr;
use super::wildcard::Wildcard;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Equals(Value),
    Text(TextTest),
    AnythingBut(Vec<Excluded>),
    Numeric(Vec<Bound>),
    Cidr(Cidr, String),
    Exists(bool),
}

/// A test of a string. Anything that is not a string fails it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TextTest {
    Prefix { text: String, fold: bool },
    Suffix { text: String, fold: bool },
    EqualsIgnoreCase(String),
    Wildcard(Wildcard),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Excluded {
    Value(Value),
    Text(TextTest),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    comparison: &'static str,
    pub(super) limit: Number,
    reach: f64,
}

impl Condition {
    /// `reach` is how far from zero a number may be for `numeric`.
    pub(super) fn parse(value: &Value, path: &str, reach: f64) -> Result<Self, PatternError> {
        let Value::Object(object) = value else {
            return match value {
                Value::Array(_) => Err(PatternError::NotAList { path: path.into(), hint: ", not a list of lists" }),
                scalar => Ok(Self::Equals(scalar.clone())),
            };
        };
        let (Some((operator, operand)), 1) = (object.iter().next(), object.len()) else {
            let problem = "of one condition must be alone in its object".into();
            return Err(PatternError::BadOperand { path: path.into(), operator: "the operator", problem });
        };
        match operator.as_str() {
            "exists" => match operand {
                Value::Bool(wanted) => Ok(Self::Exists(*wanted)),
                _ => Err(bad(path, "exists", "needs true or false")),
            },
            "exactly" => match operand {
                Value::String(_) => Ok(Self::Equals(operand.clone())),
                _ => Err(bad(path, "exactly", "needs a string")),
            },
            "anything-but" => Ok(Self::AnythingBut(excluded(operand, path)?)),
            "numeric" => Ok(Self::Numeric(bounds(operand, path, reach)?)),
            "cidr" => match operand.as_str().and_then(|text| Some((Cidr::parse(text)?, text))) {
                Some((block, text)) => Ok(Self::Cidr(block, text.into())),
                None => Err(bad(path, "cidr", "needs an address block such as \"10.0.0.0/24\"")),
            },
            _ => TextTest::parse(operator, operand, path)?
                .map(Self::Text)
                .ok_or_else(|| PatternError::UnknownOperator { path: path.into(), operator: operator.clone() }),
        }
    }

    /// Whether this holds for one scalar that is present. `exists: false` never does: absence, and what counts as presence, is
    /// judged on the key.
    pub(super) fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => equal(wanted, value),
            Self::Text(test) => value.as_str().is_some_and(|text| test.holds(text)),
            Self::AnythingBut(excluded) => !excluded.iter().any(|one| match one {
                Excluded::Value(unwanted) => equal(unwanted, value),
                Excluded::Text(test) => value.as_str().is_some_and(|text| test.holds(text)),
            }),
            Self::Numeric(bounds) => match value {
                Value::Number(number) => bounds.iter().all(|bound| bound.holds(number)),
                _ => false,
            },
            Self::Cidr(block, _) => value.as_str().is_some_and(|text| block.contains(text)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

impl TextTest {
    /// `None` when `operator` is not one of the text operators.
    fn parse(operator: &str, operand: &Value, path: &str) -> Result<Option<Self>, PatternError> {
        let (name, make): (&'static str, fn(String, bool) -> Self) = match operator {
            "prefix" => ("prefix", |text, fold| Self::Prefix { text, fold }),
            "suffix" => ("suffix", |text, fold| Self::Suffix { text, fold }),
            "equals-ignore-case" => ("equals-ignore-case", |text, _| Self::EqualsIgnoreCase(text)),
            "wildcard" => {
                let text = operand.as_str().ok_or_else(|| bad(path, "wildcard", "needs a string"))?;
                let wildcard = Wildcard::parse(text).map_err(|problem| bad(path, "wildcard", &problem))?;
                return Ok(Some(Self::Wildcard(wildcard)));
            }
            _ => return Ok(None),
        };
        if let Value::String(text) = operand {
            return Ok(Some(make(text.clone(), false)));
        }
        // EventBridge: {"prefix": {"equals-ignore-case": "text"}}
        let folded = operand.as_object().filter(|object| object.len() == 1 && name != "equals-ignore-case");
        match folded.and_then(|object| object.get("equals-ignore-case")).and_then(Value::as_str) {
            Some(text) => Ok(Some(make(text.into(), true))),
            None => Err(bad(path, name, "needs a string")),
        }
    }

    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Prefix { text: prefix, fold: false } => text.starts_with(prefix.as_str()),
            Self::Prefix { text: prefix, fold: true } => folded(text).starts_with(&folded(prefix)),
            Self::Suffix { text: suffix, fold: false } => text.ends_with(suffix.as_str()),
            Self::Suffix { text: suffix, fold: true } => folded(text).ends_with(&folded(suffix)),
            Self::EqualsIgnoreCase(wanted) => folded(text) == folded(wanted),
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}

impl Bound {
    fn holds(&self, number: &Number) -> bool {
        if number.as_f64().is_none_or(|number| number.abs() > self.reach) {
            return false;
        }
        let Some(order) = compare(number, &self.limit) else { return false };
        match self.comparison {
            "=" => order == Ordering::Equal,
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            _ => order != Ordering::Less,
        }
    }
}

fn bad(path: &str, operator: &'static str, problem: &str) -> PatternError {
    PatternError::BadOperand { path: path.into(), operator, problem: problem.into() }
}

fn excluded(operand: &Value, path: &str) -> Result<Vec<Excluded>, PatternError> {
    const NEEDS: &str =
        "needs a string, a number, a list of them, or one of prefix, suffix, wildcard, equals-ignore-case";
    let one = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => Err(bad(path, "anything-but", NEEDS)),
        scalar => Ok(Excluded::Value(scalar.clone())),
    };
    match operand {
        Value::Array(values) if values.is_empty() => Err(bad(path, "anything-but", "has an empty list")),
        Value::Array(values) => values.iter().map(one).collect(),
        Value::Object(object) => {
            let (Some((operator, operand)), 1) = (object.iter().next(), object.len()) else {
                return Err(bad(path, "anything-but", NEEDS));
            };
            let single = std::slice::from_ref(operand);
            let operands = operand.as_array().map_or(single, Vec::as_slice);
            if operands.is_empty() {
                return Err(bad(path, "anything-but", "has an empty list"));
            }
            let parse = |operand| match TextTest::parse(operator, operand, path)? {
                Some(test) => Ok(Excluded::Text(test)),
                None => Err(bad(path, "anything-but", NEEDS)),
            };
            operands.iter().map(parse).collect()
        }
        scalar => Ok(vec![one(scalar)?]),
    }
}

fn bounds(operand: &Value, path: &str, reach: f64) -> Result<Vec<Bound>, PatternError> {
    const NEEDS: &str = "needs one or two pairs such as [\">\", 0, \"<=\", 5]";
    let pairs = operand.as_array().map(|list| list.as_chunks::<2>());
    let Some((pairs @ ([_] | [_, _]), [])) = pairs else { return Err(bad(path, "numeric", NEEDS)) };
    let bound = |[comparison, limit]: &[Value; 2]| {
        let known = ["=", "<", "<=", ">", ">="].into_iter().find(|known| comparison.as_str() == Some(known));
        match (known, limit) {
            (Some(_), Value::Number(limit)) if limit.as_f64().is_none_or(|limit| limit.abs() > reach) => {
                Err(bad(path, "numeric", &format!("compares numbers from -{reach} to {reach} only")))
            }
            (Some(comparison), Value::Number(limit)) => Ok(Bound { comparison, limit: limit.clone(), reach }),
            _ => Err(bad(path, "numeric", NEEDS)),
        }
    };
    pairs.iter().map(bound).collect()
}

/// Numbers are equal by value (300 = 300.0 = 3e2), everything else by type and value.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

/// Integers are compared as integers, so that large ids do not meet in the rounding of a float.
fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(value) => write!(f, "{value}"),
            Self::Text(test) => test.fmt(f),
            Self::AnythingBut(excluded) => {
                f.write_str("anything but ")?;
                for (index, one) in excluded.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    match one {
                        Excluded::Value(value) => write!(f, "{value}")?,
                        Excluded::Text(test) => test.fmt(f)?,
                    }
                }
                Ok(())
            }
            Self::Numeric(bounds) => {
                f.write_str("a number")?;
                for (index, bound) in bounds.iter().enumerate() {
                    write!(f, "{} {} {}", if index == 0 { "" } else { " and" }, bound.comparison, bound.limit)?;
                }
                Ok(())
            }
            Self::Cidr(_, block) => write!(f, "an address in {block}"),
            Self::Exists(true) => f.write_str("any value"),
            Self::Exists(false) => f.write_str("no value"),
        }
    }
}

impl fmt::Display for TextTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let case = |fold: &bool| if *fold { " in any case" } else { "" };
        match self {
            Self::Prefix { text, fold } => write!(f, "a text that begins with {text:?}{}", case(fold)),
            Self::Suffix { text, fold } => write!(f, "a text that ends with {text:?}{}", case(fold)),
            Self::EqualsIgnoreCase(text) => write!(f, "{text:?} in any case"),
            Self::Wildcard(wildcard) => write!(f, "a text like {:?}", wildcard.source()),
        }
    }
}
