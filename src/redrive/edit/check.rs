//! What SQS demands of a message, asked before anything moves.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html> and
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use crate::redrive::{
    message::{AttributeValue, MOST_ATTRIBUTES, MOST_BYTES, Outgoing, Payload},
    queue::Queue,
};

/// The longest name, and the longest type, of an attribute.
const MOST_NAME_BYTES: usize = 256;
/// The most digits of a number, and the powers of ten that it lies between.
const MOST_DIGITS: usize = 38;
const POWERS: std::ops::RangeInclusive<i64> = -128..=126;

/// What a destination takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub maximum_message_bytes: usize,
    pub is_fifo: bool,
}

impl Limits {
    pub fn of(queue: &Queue) -> Self {
        Self { maximum_message_bytes: queue.maximum_message_bytes, is_fifo: queue.is_fifo() }
    }
}

impl Default for Limits {
    /// Those of SQS itself.
    fn default() -> Self {
        Self { maximum_message_bytes: MOST_BYTES, is_fifo: false }
    }
}

/// What a queue would refuse about a message; nothing if it would take it.
pub fn check(outgoing: &Outgoing, limits: Limits) -> Vec<String> {
    let mut mistakes = Vec::new();
    let bytes = outgoing.bytes();
    if bytes > limits.maximum_message_bytes {
        let most = limits.maximum_message_bytes;
        mistakes.push(format!("the message has {bytes} bytes with its attributes; the queue takes {most}"));
    }
    if outgoing.body.is_empty() {
        mistakes.push("the body is empty; SQS wants one character at least".to_owned());
    }
    mistakes.extend(unaccepted("the body", &outgoing.body));
    if outgoing.attributes.len() > MOST_ATTRIBUTES {
        let count = outgoing.attributes.len();
        mistakes.push(format!("there are {count} attributes; SQS takes {MOST_ATTRIBUTES}"));
    }
    for (name, value) in &outgoing.attributes {
        let wrong = name_mistake(name).map(ToOwned::to_owned).or_else(|| value_mistake(value));
        mistakes.extend(wrong.map(|wrong| format!("attribute {name:?}: {wrong}")));
    }
    if limits.is_fifo && outgoing.group.is_none() {
        mistakes.push("it has no message group id, and the queue is a FIFO queue".to_owned());
    }
    mistakes
}

/// The characters of XML 1.0 are what SQS takes; others it refuses.
pub fn is_accepted(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

fn unaccepted(what: &str, text: &str) -> Option<String> {
    let (at, c) = text.chars().enumerate().find(|(_, c)| !is_accepted(*c))?;
    Some(format!("{what} has a character that SQS does not take, U+{:04X} at character {}", u32::from(c), at + 1))
}

fn name_mistake(name: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > MOST_NAME_BYTES {
        Some("a name has 1 to 256 characters")
    } else if !name.chars().all(legal) {
        Some("a name has letters, digits, `_`, `-` and `.`")
    } else if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        Some("a name does not begin or end with a `.`, nor have two in a row")
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        Some("names with `AWS.` and `Amazon.` in front are AWS's own")
    } else {
        None
    }
}

fn value_mistake(value: &AttributeValue) -> Option<String> {
    let data_type = value.data_type.as_str();
    let (kind, label) = data_type.split_once('.').map_or((data_type, None), |(kind, label)| (kind, Some(label)));
    if data_type.len() > MOST_NAME_BYTES || label == Some("") {
        return Some("a type has at most 256 characters, and something behind its `.`".to_owned());
    }
    match (kind, &value.payload) {
        _ if value.payload.bytes().is_empty() => Some("its value is empty, which SQS does not take".to_owned()),
        ("Binary", Payload::Binary(_)) => None,
        ("String", Payload::Text(text)) => unaccepted("its value", text),
        ("Number", Payload::Text(text)) => {
            (!is_number(text)).then(|| format!("{text:?} is not a number of at most {MOST_DIGITS} digits"))
        }
        ("String" | "Number", Payload::Binary(_)) => Some(format!("its type is {data_type} but its value is binary")),
        ("Binary", Payload::Text(_)) => Some("its type is Binary but its value is text".to_owned()),
        _ => Some(format!("its type is {data_type:?}; SQS knows String, Number and Binary, with a label after a `.`")),
    }
}

/// Digits, with sign, point and exponent, within SQS's range.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
        None => (unsigned, Some(0)),
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().ok()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let Some(exponent) = exponent else { return false };
    let significant = all.trim_start_matches('0');
    if significant.is_empty() {
        return true;
    }
    let leading_zeros = all.len() - significant.len();
    let power = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_sub_unsigned(leading_zeros as u64 + 1);
    significant.trim_end_matches('0').len() <= MOST_DIGITS && POWERS.contains(&power.saturating_add(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn outgoing(name: &str, data_type: &str, payload: Payload) -> Outgoing {
        let value = AttributeValue { data_type: data_type.to_owned(), payload };
        Outgoing { body: "x".to_owned(), attributes: [(name.to_owned(), value)].into(), ..Outgoing::default() }
    }

    fn text(text: &str) -> Payload {
        Payload::Text(text.to_owned())
    }

    #[rstest]
    #[case("a", "String", text("é\t\u{1f600}"), None)]
    #[case("a.b-c_1", "String.label", text("x"), None)]
    #[case("a", "Number.int", text("-12.50e3"), None)]
    #[case("a", "Number", text("0"), None)]
    #[case("a", "Number", text("1e126"), None)]
    #[case("a", "Number", text("0.00e999"), None)]
    #[case("a", "Number", text("99999999999999999999999999999999999999"), None)]
    #[case("a", "Binary.png", Payload::Binary(vec![0]), None)]
    #[case("a", "Number", text("1e127"), Some("not a number"))]
    #[case("a", "Number", text("1e-129"), Some("not a number"))]
    #[case("a", "Number", text("999999999999999999999999999999999999999"), Some("not a number"))]
    #[case("a", "Number", text("12,5"), Some("not a number"))]
    #[case("a", "Number", text("."), Some("not a number"))]
    #[case("a", "Number", text("1e"), Some("not a number"))]
    #[case("a", "String", text("\u{1}"), Some("U+0001"))]
    #[case("a", "String", text("a\u{fffe}"), Some("U+FFFE at character 2"))]
    #[case("a", "String", text(""), Some("empty"))]
    #[case("a", "Binary", Payload::Binary(vec![]), Some("empty"))]
    #[case("a", "Binary", text("x"), Some("is text"))]
    #[case("a", "String", Payload::Binary(vec![1]), Some("is binary"))]
    #[case("a", "StringList", text("x"), Some("SQS knows"))]
    #[case("a", "String.", text("x"), Some("behind its `.`"))]
    #[case("", "String", text("x"), Some("1 to 256"))]
    #[case("a b", "String", text("x"), Some("letters"))]
    #[case("a..b", "String", text("x"), Some("two in a row"))]
    #[case("a.", "String", text("x"), Some("end with"))]
    #[case("aws.x", "String", text("x"), Some("AWS's own"))]
    fn attributes(#[case] name: &str, #[case] data_type: &str, #[case] payload: Payload, #[case] says: Option<&str>) {
        let mistakes = check(&outgoing(name, data_type, payload), Limits::default());
        match says {
            None => assert!(mistakes.is_empty(), "{mistakes:?}"),
            Some(says) => assert!(mistakes.len() == 1 && mistakes[0].contains(says), "{mistakes:?}"),
        }
    }

    #[test]
    fn bodies_and_queues() {
        let body = |body: &str| Outgoing { body: body.to_owned(), ..Outgoing::default() };
        let limits = |maximum_message_bytes, is_fifo| Limits { maximum_message_bytes, is_fifo };
        assert!(check(&body("x"), limits(1, false)).is_empty());
        assert!(check(&body("é"), limits(1, false))[0].contains("2 bytes"));
        assert!(check(&body(""), Limits::default())[0].contains("empty"));
        assert!(check(&body("a\u{0}"), Limits::default())[0].contains("U+0000 at character 2"));
        assert!(check(&body("x"), limits(9, true))[0].contains("FIFO"));
        let value = AttributeValue { data_type: "String".to_owned(), payload: text("x") };
        let attributes = (0..11).map(|n| (format!("a{n}"), value.clone())).collect();
        assert!(check(&Outgoing { attributes, ..body("x") }, Limits::default())[0].contains("11 attributes"));
    }
}
