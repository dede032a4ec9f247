//! A message as a text for an editor, and back.
//!
//! ```text
//! # How to write it, and what was wrong the last time.
//! tenant String "acme"
//! tries Number "3"
//! blob Binary "AP8="
//! --- body: json ---
//! {
//!   "amount": 4
//! }
//! ```
//!
//! Above the line of the body: one attribute a line, its value in JSON's quotes, binary ones in base64. Below it everything is body; of
//! the line feeds at its end the last one is the editor's. This module knows neither files nor editors.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::redrive::{
    jq,
    message::{AttributeValue, Message, Outgoing, Payload},
};

const JSON: &str = "--- body: json ---";
const TEXT: &str = "--- body: text ---";
/// In front of what was wrong.
const WRONG: &str = "#! ";
const HELP: [&str; 4] = [
    "# Save and leave the editor to see the change before anything is sent. An empty file changes nothing.",
    "# Attributes, one a line: name, type (String, Number, Binary, with a label as in Number.int), value in quotes;",
    "# Binary is base64. Take a line away to take the attribute away. Lines with # in front mean nothing.",
    "# The body begins below its line; JSON must stay JSON, unless you write `text` there.",
];

/// What an edited document comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// Nothing was changed, or the document was emptied.
    Same,
    /// To be sent.
    Changed(Box<Outgoing>),
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Mistake {
    /// Of the document as it was read, from 1; none if it is about the whole.
    pub line: Option<usize>,
    pub text: String,
}

/// The document of a message.
pub fn write(message: &Message) -> String {
    let mut document: String = HELP.iter().flat_map(|line| [line, "\n"]).collect();
    document.push_str(&content(&Outgoing::again(message)));
    document
}

/// Without the help: what is compared.
pub(super) fn content(outgoing: &Outgoing) -> String {
    let mut content = String::new();
    for (name, value) in &outgoing.attributes {
        let shown = match &value.payload {
            Payload::Text(text) => quoted(text),
            Payload::Binary(bytes) => quoted(&STANDARD.encode(bytes)),
        };
        content.extend([name, " ", &value.data_type, " ", &shown, "\n"]);
    }
    let is_json = jq::is_json(&outgoing.body);
    content.extend([if is_json { JSON } else { TEXT }, "\n"]);
    if is_json {
        content.push_str(&jq::pretty(&outgoing.body));
    } else {
        content.push_str(&outgoing.body);
    }
    content.push('\n');
    content
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Reads an edited document of this message. Whether a queue takes the result is asked of [`check`](super::check()).
///
/// # Errors
/// The first mistake in it; [`again`] puts it before the user.
pub fn read(document: &str, message: &Message) -> Result<Edited, Mistake> {
    if document.trim().is_empty() {
        return Ok(Edited::Same);
    }
    let (head, body_at, is_json, body) = split(document)?;
    let mut outgoing = Outgoing::again(message);
    outgoing.attributes = attributes(head)?;
    let body = body.strip_suffix('\n').unwrap_or(body);
    outgoing.body = if !is_json {
        body.to_owned()
    } else if !jq::is_json(body) {
        return Err(not_json(body, body_at));
    } else if jq::is_json(&message.body) && jq::compact(body) == jq::compact(&message.body) {
        message.body.clone()
    } else {
        jq::compact(body)
    };
    let is_same = outgoing == Outgoing::again(message);
    Ok(if is_same { Edited::Same } else { Edited::Changed(Box::new(outgoing)) })
}

/// The document with the mistakes on top, for another try.
pub fn again(document: &str, mistakes: &[Mistake]) -> String {
    let is_old = |line: &&str| line.starts_with(WRONG);
    let old = document.lines().take_while(is_old).count();
    let rest: String = document.split_inclusive('\n').skip(old).collect();
    let mut again = String::new();
    for mistake in mistakes {
        // The line's number as it will be, with these lines above it.
        let line = mistake.line.map(|line| line.saturating_sub(old) + mistakes.len());
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        again.extend([WRONG, &place, &mistake.text.replace(['\n', '\r'], " "), "\n"]);
    }
    again + &rest
}

/// What is above the body's line, the number of the first line below it, whether that says JSON, and what is below it.
fn split(document: &str) -> Result<(&str, usize, bool, &str), Mistake> {
    let mut start = 0;
    for (index, line) in document.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        if let is @ (JSON | TEXT) = line.trim_end() {
            return Ok((&document[..start], index + 2, is == JSON, &document[end..]));
        }
        start = end;
    }
    Err(Mistake { line: None, text: format!("the line `{JSON}` (or `{TEXT}`) above the body is gone; write it again") })
}

fn attributes(head: &str) -> Result<BTreeMap<String, AttributeValue>, Mistake> {
    let mut attributes = BTreeMap::new();
    for (index, line) in head.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |text: String| Mistake { line: Some(index + 1), text };
        let (name, value) = attribute(line).map_err(wrong)?;
        if attributes.insert(name.to_owned(), value).is_some() {
            return Err(wrong(format!("attribute {name} is there twice; take one away")));
        }
    }
    Ok(attributes)
}

fn attribute(line: &str) -> Result<(&str, AttributeValue), String> {
    let shape = || "an attribute is written as: name String \"value\"".to_owned();
    let (name, rest) = line.split_once(char::is_whitespace).ok_or_else(shape)?;
    let (data_type, value) = rest.trim_start().split_once(char::is_whitespace).ok_or_else(shape)?;
    let value: String = serde_json::from_str(value.trim()).map_err(|_| {
        format!("the value of {name} must stand in double quotes, with \\\" and \\\\ for quotes and backslashes in it")
    })?;
    let payload = if data_type.split('.').next() == Some("Binary") {
        let bytes =
            STANDARD.decode(&value).map_err(|_| format!("the value of {name} must be base64, as it is Binary"))?;
        Payload::Binary(bytes)
    } else {
        Payload::Text(value)
    };
    Ok((name, AttributeValue { data_type: data_type.to_owned(), payload }))
}

fn not_json(body: &str, body_at: usize) -> Mistake {
    let wrong = |line: Option<usize>, what: String| Mistake { line, text: format!("the body is not JSON: {what}") };
    match serde_json::from_str::<serde::de::IgnoredAny>(body) {
        Err(error) => {
            let text = error.to_string();
            // Its own place counts from the body's first line.
            let what = text.split(" at line ").next().unwrap_or_default();
            wrong(Some(body_at + error.line().max(1) - 1), format!("{what}, column {}", error.column()))
        }
        Ok(_) => wrong(None, "it is nested too deeply".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn message(body: &str) -> Message {
        let text = |data_type: &str, text: &str| AttributeValue {
            data_type: data_type.to_owned(),
            payload: Payload::Text(text.to_owned()),
        };
        let blob = AttributeValue { data_type: "Binary".to_owned(), payload: Payload::Binary(vec![0, 255]) };
        let attributes =
            [("blob", blob), ("note", text("String", "a \"b\"\n# c")), ("tries", text("Number.int", "03"))];
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Message { id: "id-1".to_owned(), body: body.to_owned(), attributes, ..Message::default() }
    }

    fn changed(document: &str, message: &Message) -> Outgoing {
        match read(document, message).unwrap() {
            Edited::Changed(outgoing) => *outgoing,
            Edited::Same => panic!("nothing changed"),
        }
    }

    #[test]
    fn looks_like_this() {
        let document = write(&message("{\"a\":[1.0,2]}"));
        let shown = document.split_once("text` there.\n").unwrap().1;
        assert_eq!(
            shown,
            "blob Binary \"AP8=\"\nnote String \"a \\\"b\\\"\\n# c\"\ntries Number.int \"03\"\n--- body: json ---\n{\n  \"a\": [\n    1.0,\n    2\n  ]\n}\n"
        );
    }

    #[rstest]
    #[case("{ \"a\":1.0 }\n")]
    #[case("text")]
    #[case("text with a line feed\n")]
    #[case("two\r\n\r\n")]
    #[case("a\r")]
    #[case("")]
    #[case("--- body: json ---\n# x")]
    #[case("12")]
    fn unchanged_is_the_same_to_the_byte(#[case] body: &str) {
        let message = message(body);
        assert_eq!(read(&write(&message), &message), Ok(Edited::Same));
        assert_eq!(read(" \n\n", &message), Ok(Edited::Same));
        // An editor that wants a line feed at the end of a file finds one.
        assert!(write(&message).ends_with('\n'));
    }

    #[test]
    fn changes_are_read() {
        let message = message("{ \"a\": 1.0, \"b\": 12345678901234567890123 }");
        let document = write(&message);
        assert_eq!(
            changed(&document.replace("1.0", "2.50"), &message).body,
            r#"{"a":2.50,"b":12345678901234567890123}"#
        );
        let outgoing = changed(&document.replace("tries Number.int \"03\"\n", "new String.x \"é\"\n"), &message);
        assert_eq!(outgoing.body, message.body);
        assert_eq!(outgoing.attributes.keys().collect::<Vec<_>>(), ["blob", "new", "note"]);
        let text = document.replace("body: json", "body: text").replace("1.0", "oops");
        assert!(changed(&text, &message).body.starts_with("{\n  \"a\": oops"));
    }

    #[rstest]
    #[case("1.0", "oops", Some(10), "not JSON: expected value, column 8")]
    #[case("--- body: json ---", "", None, "is gone")]
    #[case("tries Number.int \"03\"", "tries 3", Some(7), "name String")]
    #[case("tries Number.int \"03\"", "tries Number 3", Some(7), "double quotes")]
    #[case("tries Number.int \"03\"", "note Number \"3\"", Some(7), "twice")]
    #[case("AP8=", "AP8", Some(5), "base64")]
    fn mistakes_come_back_on_top(
        #[case] from: &str,
        #[case] to: &str,
        #[case] line: Option<usize>,
        #[case] says: &str,
    ) {
        let message = message("{\"a\":1.0}");
        let document = write(&message).replace(from, to);
        let mistake = read(&document, &message).unwrap_err();
        assert_eq!(mistake.line, line, "{mistake}\n{document}");
        assert!(mistake.text.contains(says), "{mistake}");

        let second = again(&document, std::slice::from_ref(&mistake));
        let named = line.map(|line| format!("#! line {}: ", line + 1)).unwrap_or_else(|| "#! ".to_owned());
        assert!(second.starts_with(&named), "{second}");
        // The same mistake again is still said once, with the right line.
        let mistake = read(&second, &message).unwrap_err();
        assert_eq!(again(&second, &[mistake]), second);
        assert_eq!(again(&second, &[]), document);
    }

    proptest! {
        #[test]
        fn any_message_comes_back(body in ".*", value in any::<String>(), bytes in any::<Vec<u8>>()) {
            let mut message = message(&body);
            message.attributes.insert("v".to_owned(), AttributeValue { data_type: "String".to_owned(), payload: Payload::Text(value) });
            message.attributes.insert("w".to_owned(), AttributeValue { data_type: "Binary".to_owned(), payload: Payload::Binary(bytes) });
            prop_assert_eq!(read(&write(&message), &message), Ok(Edited::Same));
        }

        #[test]
        fn takes_any_text(document in any::<String>()) {
            let _ = read(&document, &message("{}"));
        }
    }
}
