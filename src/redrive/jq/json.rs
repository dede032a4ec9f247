//! JSON as text: whether it is, and the same with other white space. Digits, escapes and the order of keys stay as they were, which a
//! reader into numbers and maps and back would not promise.

use serde::de::IgnoredAny;

/// The deepest nesting that is taken for JSON. Deeper, it is a text like any other.
const MOST_DEEP: usize = 128;

/// Whether a text is one JSON value.
pub fn is_json(text: &str) -> bool {
    deepest(text) <= MOST_DEEP && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Without white space between its parts. Only for what [`is_json`].
pub fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    for part in parts(json) {
        compact.push_str(part);
    }
    compact
}

/// With a line for each part. Only for what [`is_json`].
pub fn pretty(json: &str) -> String {
    let mut pretty = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut parts = parts(json).peekable();
    while let Some(part) = parts.next() {
        match part {
            "{" | "[" => {
                pretty.push_str(part);
                if let Some(end) = parts.next_if(|next| matches!(*next, "}" | "]")) {
                    pretty.push_str(end);
                } else {
                    depth += 1;
                    line(&mut pretty, depth);
                }
            }
            "}" | "]" => {
                depth = depth.saturating_sub(1);
                line(&mut pretty, depth);
                pretty.push_str(part);
            }
            "," => {
                pretty.push(',');
                line(&mut pretty, depth);
            }
            ":" => pretty.push_str(": "),
            _ => pretty.push_str(part),
        }
    }
    pretty
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

fn deepest(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for part in parts(json) {
        match part {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Strings, marks, and what stands between them, without white space.
fn parts(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let end = match rest.bytes().next()? {
            b'"' => string_end(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest.find(is_mark).unwrap_or(rest.len()),
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

fn is_mark(c: char) -> bool {
    matches!(c, '"' | '{' | '}' | '[' | ']' | ',' | ':' | ' ' | '\t' | '\n' | '\r')
}

/// Behind the closing quote of the string that it begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"a":[1.10,12345678901234567890123,"\u00e9 \"{"],"b":{},"c":[ ]}"#, true)]
    #[case(" 12\n", true)]
    #[case("{", false)]
    #[case("order 12", false)]
    #[case("", false)]
    fn keeps_digits_and_escapes(#[case] text: &str, #[case] json: bool) {
        assert_eq!(is_json(text), json);
        if json {
            assert_eq!(compact(&pretty(text)), compact(text));
            assert!(!compact(text).contains('\n'));
        }
    }

    #[test]
    fn pretty_is_pretty() {
        assert_eq!(
            pretty(r#"{"a":[1,{"b":"x, y"}],"c":{}}"#),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, y\"\n    }\n  ],\n  \"c\": {}\n}"
        );
    }

    #[test]
    fn what_is_too_deep_is_text() {
        assert!(is_json(&("[".repeat(128) + &"]".repeat(128))));
        assert!(!is_json(&("[".repeat(200_000) + &"]".repeat(200_000))));
    }

    proptest! {
        #[test]
        fn means_the_same(text in any::<String>(), number in any::<f64>()) {
            let value = serde_json::json!({"a": [text.clone(), number, {text: null}], "b": true});
            let json = value.to_string();
            prop_assert_eq!(&compact(&json), &json);
            let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            prop_assert_eq!(read(&pretty(&json)), read(&json));
        }

        #[test]
        fn takes_any_text(text in any::<String>()) {
            let _ = (is_json(&text), compact(&text), pretty(&text));
        }
    }
}
