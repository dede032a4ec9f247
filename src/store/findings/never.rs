//! Patterns and filter policies that nothing can ever match. Only what is certain is said: a contradiction within one condition, a
//! list of nothing, or a key that no event has.
//!
//! Whether a given message matches is `routing`'s matter.

use serde_json::{Map, Number, Value};

/// The top-level keys of every event that EventBridge hands to a rule. `replay-name` is on replayed ones only.
/// Reference: <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
const ENVELOPE: [&str; 9] =
    ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"];
/// On some events.
const SOMETIMES: [&str; 2] = ["replay-name", "trace-header"];
/// Those of them that are always there, and always text.
const TEXTS: [&str; 7] = ["version", "id", "detail-type", "source", "account", "time", "region"];

/// Why no event matches an event pattern, if that is certain.
pub(super) fn event_pattern(text: &str) -> Option<String> {
    let Value::Object(pattern) = serde_json::from_str(text).ok()? else { return None };
    let unknown = pattern.iter().find(|(key, test)| {
        let known = ENVELOPE.contains(&key.as_str()) || SOMETIMES.contains(&key.as_str()) || *key == "$or";
        !known && wants_presence(test)
    });
    if let Some((key, _)) = unknown {
        let meant = ENVELOPE.iter().find(|known| plain(known) == plain(key));
        let hint = meant.map(|meant| format!("; is `{meant}` meant?")).unwrap_or_default();
        return Some(format!("`{key}` is no top-level key of any event{hint}"));
    }
    let not_text = TEXTS.iter().filter_map(|key| Some((key, pattern.get(*key)?.as_array()?)));
    for (key, conditions) in not_text.filter(|(_, conditions)| !conditions.is_empty()) {
        if conditions.iter().all(is_never_of_a_text) {
            return Some(format!("`{key}` is always there and always text, which {} never is", listed(conditions)));
        }
    }
    object(&pattern, "")
}

/// The same for the filter policy of a subscription.
pub(super) fn filter_policy(text: &str) -> Option<String> {
    let Value::Object(policy) = serde_json::from_str(text).ok()? else { return None };
    object(&policy, "")
}

/// All keys must hold: one that never does is enough.
fn object(pattern: &Map<String, Value>, path: &str) -> Option<String> {
    pattern.iter().find_map(|(key, test)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match test {
            Value::Array(alternatives) if key == "$or" && alternatives.len() > 1 => {
                let nevers: Option<Vec<String>> =
                    alternatives.iter().map(|one| object(one.as_object()?, &path)).collect();
                nevers.and_then(|nevers| nevers.into_iter().next())
            }
            Value::Array(conditions) if conditions.is_empty() => Some(format!("`{path}` lists no value")),
            Value::Array(conditions) if conditions.iter().all(contradicts_itself) => {
                Some(format!("no number is {} (`{path}`)", listed(conditions)))
            }
            Value::Object(nested) => object(nested, &path),
            _ => None,
        }
    })
}

/// Whether a key that is not there fails this test for certain.
fn wants_presence(test: &Value) -> bool {
    match test {
        Value::Array(conditions) => {
            !conditions.is_empty() && !conditions.iter().any(|one| one.get("exists") == Some(&Value::Bool(false)))
        }
        Value::Object(nested) => nested.iter().any(|(key, test)| key != "$or" && wants_presence(test)),
        _ => false,
    }
}

fn is_never_of_a_text(condition: &Value) -> bool {
    match condition {
        Value::Number(_) | Value::Bool(_) | Value::Null => true,
        Value::Object(operator) => {
            operator.contains_key("numeric") || operator.get("exists") == Some(&Value::Bool(false))
        }
        _ => false,
    }
}

/// `{"numeric": [">", 5, "<", 3]}`: two bounds with nothing between them.
fn contradicts_itself(condition: &Value) -> bool {
    let Some([first, a, second, b]) = condition.get("numeric").and_then(Value::as_array).map(Vec::as_slice) else {
        return false;
    };
    let bounds = (first.as_str(), a.as_number(), second.as_str(), b.as_number());
    let (Some(first), Some(a), Some(second), Some(b)) = bounds else { return false };
    let Some(order) = compare(a, b) else { return false };
    let is_lower = |operator: &str| matches!(operator, ">" | ">=");
    let is_upper = |operator: &str| matches!(operator, "<" | "<=");
    let (lower, upper, order) = match (first, second) {
        (lower, upper) if is_lower(lower) && is_upper(upper) => (lower, upper, order),
        (upper, lower) if is_upper(upper) && is_lower(lower) => (lower, upper, order.reverse()),
        ("=", "=") => return order.is_ne(),
        _ => return false,
    };
    order.is_gt() || (order.is_eq() && !(lower == ">=" && upper == "<="))
}

/// Integers as integers: two large ones must not meet in the rounding of a float.
fn compare(a: &Number, b: &Number) -> Option<std::cmp::Ordering> {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn listed(conditions: &[Value]) -> String {
    conditions.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ")
}

/// Without what people get wrong in a key: case, dashes, underscores.
fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"a":[{"numeric":[">",5,"<",3]}]}"#, Some("no number is {\"numeric\":[\">\",5,\"<\",3]} (`a`)"))]
    #[case(r#"{"a":[{"numeric":["<",3,">",5]}]}"#, Some("no number is {\"numeric\":[\"<\",3,\">\",5]} (`a`)"))]
    #[case(r#"{"a":[{"numeric":[">=",5,"<",5]}]}"#, Some("no number is {\"numeric\":[\">=\",5,\"<\",5]} (`a`)"))]
    #[case(r#"{"a":[{"numeric":[">=",5,"<=",5]}]}"#, None)]
    #[case(r#"{"a":[{"numeric":[">",9007199254740992,"<",9007199254740993]}]}"#, None)]
    #[case(r#"{"a":["x",{"numeric":[">",5,"<",3]}]}"#, None)]
    #[case(r#"{"a":{"b":[]}}"#, Some("`a.b` lists no value"))]
    #[case(r#"{"$or":[{"a":[]},{"b":["x"]}]}"#, None)]
    #[case(r#"{"$or":[{"a":[]},{"b":[]}]}"#, Some("`$or.a` lists no value"))]
    #[case(r#"{"a":["x"],"b":[{"anything-but":["x"]}]}"#, None)]
    #[case("{}", None)]
    #[case("not json", None)]
    fn filters(#[case] policy: &str, #[case] why: Option<&str>) {
        assert_eq!(filter_policy(policy).as_deref(), why);
    }

    #[rstest]
    #[case(r#"{"source":["shop"],"detail-type":["sales"]}"#, None)]
    #[case(
        r#"{"detailType":["sales"]}"#,
        Some("`detailType` is no top-level key of any event; is `detail-type` meant?")
    )]
    #[case(r#"{"eventName":["x"]}"#, Some("`eventName` is no top-level key of any event"))]
    #[case(r#"{"eventName":[{"exists":false}]}"#, None)]
    #[case(r#"{"replay-name":["r"]}"#, None)]
    #[case(r#"{"source":[5]}"#, Some("`source` is always there and always text, which 5 never is"))]
    #[case(r#"{"source":[5,"shop"]}"#, None)]
    #[case(
        r#"{"source":[{"exists":false}]}"#,
        Some("`source` is always there and always text, which {\"exists\":false} never is")
    )]
    #[case(r#"{"resources":[{"exists":false}]}"#, None)]
    #[case(
        r#"{"detail":{"n":[{"numeric":[">",5,"<",3]}]}}"#,
        Some("no number is {\"numeric\":[\">\",5,\"<\",3]} (`detail.n`)")
    )]
    fn patterns(#[case] pattern: &str, #[case] why: Option<&str>) {
        assert_eq!(event_pattern(pattern).as_deref(), why);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}\":,a-z0-9$<>=]{0,60}") {
            let _ = (event_pattern(&text), filter_policy(&text));
        }

        /// Said of two bounds only where no number lies between them.
        #[test]
        fn a_number_between_the_bounds_is_a_match(n in -50..50i64, below in 0..50i64, above in 0..50i64) {
            let policy = format!(r#"{{"a":[{{"numeric":[">=",{},"<=",{}]}}]}}"#, n - below, n + above);
            prop_assert_eq!(filter_policy(&policy), None);
        }
    }
}
