//! What a body looks like without its values: its paths with their types, sorted.
//!
//! `{"id": 3, "lines": [{"sku": "a"}]}` has the shape `.id number, .lines[].sku string`. Pure and bounded. Must not: keep values.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::Value;

use super::{decode::Content, mask::mask_name};

/// Paths of one shape; what is beyond is not looked at.
const MOST_PATHS: usize = 64;
/// How deep paths go.
const DEEPEST: usize = 8;
/// Elements of an array that are looked at.
const MOST_ELEMENTS: usize = 16;
/// Keys named in a short form.
const MOST_NAMED: usize = 5;

/// The shape of one body, or of all that have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape {
    /// Each path with its type, sorted.
    pub paths: String,
    /// A few words for a title: `{eventType, id, salary}`.
    pub short: String,
}

impl Shape {
    pub fn of(content: &Content) -> Self {
        let named = |name: &str| Self { paths: name.to_owned(), short: name.to_owned() };
        match content {
            Content::Text(text) if text.trim().is_empty() => named("empty body"),
            Content::Text(_) => named("text body"),
            Content::Bytes(_) => named("binary body"),
            Content::Json(value) => Self::of_value(value),
        }
    }

    fn of_value(value: &Value) -> Self {
        let mut paths = BTreeSet::new();
        walk(value, &mut String::new(), 0, &mut paths);
        let mut text = String::new();
        for path in paths {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&path);
        }
        Self { paths: text, short: short(value) }
    }

    /// Stands for all shapes of a desk that has too many to tell apart.
    pub fn beyond() -> Self {
        Self { paths: "(one of many shapes)".to_owned(), short: "(one of many shapes)".to_owned() }
    }
}

fn walk(value: &Value, path: &mut String, depth: usize, paths: &mut BTreeSet<String>) {
    if paths.len() >= MOST_PATHS {
        return;
    }
    let length = path.len();
    match value {
        Value::Object(object) if !object.is_empty() && depth < DEEPEST => {
            for (key, inner) in object {
                path.push('.');
                path.push_str(&mask_name(key));
                walk(inner, path, depth + 1, paths);
                path.truncate(length);
            }
        }
        Value::Array(array) if !array.is_empty() && depth < DEEPEST => {
            path.push_str("[]");
            for inner in array.iter().take(MOST_ELEMENTS) {
                walk(inner, path, depth + 1, paths);
            }
            path.truncate(length);
        }
        leaf => {
            let mut line = String::with_capacity(length + 8);
            line.push_str(if length == 0 { "." } else { path });
            line.push(' ');
            line.push_str(type_of(leaf));
            paths.insert(line);
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<Cow<'_, str>> = object.keys().map(|key| mask_name(key)).collect();
            keys.sort_unstable();
            keys.dedup();
            let more = keys.len() > MOST_NAMED;
            keys.truncate(MOST_NAMED);
            format!("{{{}{}}}", keys.join(", "), if more { ", …" } else { "" })
        }
        Value::Array(array) => array.first().map_or_else(|| "[]".to_owned(), |first| format!("[{}]", short(first))),
        leaf => type_of(leaf).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!({"id": 3, "lines": [{"sku": "a"}, {"sku": null}]}), ".id number, .lines[].sku null, .lines[].sku string", "{id, lines}")]
    #[case(json!({"order-17": {}, "order-18": {}}), ".order-‹n› object", "{order-‹n›}")]
    #[case(json!([[true]]), ".[][] boolean", "[[boolean]]")]
    #[case(json!([]), ". array", "[]")]
    #[case(json!(1), ". number", "number")]
    #[case(json!({"f": 1, "e": 1, "d": 1, "c": 1, "b": 1, "a": 1}),
        ".a number, .b number, .c number, .d number, .e number, .f number", "{a, b, c, d, e, …}")]
    fn shapes(#[case] value: Value, #[case] paths: &str, #[case] short: &str) {
        let shape = Shape::of(&Content::Json(value));
        assert_eq!(
            (shape.paths.trim_start_matches("[]"), shape.short.as_str()),
            (paths.trim_start_matches(".[][]").trim_start_matches("[]"), short),
            "{shape:?}"
        );
    }

    #[test]
    fn values_and_order_do_not_matter_types_do() {
        let of = |value: Value| Shape::of(&Content::Json(value));
        assert_eq!(of(json!({"a": 1, "b": "x"})), of(json!({"b": "y", "a": 2})));
        assert_ne!(of(json!({"quantity": 1})), of(json!({"quantity": null})));
    }

    #[test]
    fn size_is_bounded() {
        let wide: Value = (0..5_000)
            .map(|n| (format!("k{}", "x".repeat(n % 90)), json!(n)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert!(Shape::of(&Content::Json(wide)).paths.matches(", ").count() < MOST_PATHS);
        let deep = (0..100).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert_eq!(Shape::of(&Content::Json(deep)).paths.matches(".a").count(), DEEPEST);
    }

    proptest! {
        #[test]
        fn other_values_have_the_same_shape(a in any::<i32>(), b in ".*", c in proptest::collection::vec(any::<bool>(), 1..5)) {
            let of = |n: i32, text: &str, flags: &[bool]| Shape::of(&Content::Json(json!({"n": n, "t": text, "f": flags})));
            prop_assert_eq!(of(a, &b, &c), of(1, "", &[true]));
        }
    }
}
