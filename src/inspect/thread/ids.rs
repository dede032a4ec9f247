//! Ids in texts: whether a text names one, and which others a document names. Pure and bounded.

use serde_json::Value;

/// A shorter value is more often a number of something than the name of one thing.
const SHORTEST: usize = 4;
const LONGEST: usize = 200;
/// Ids taken from one document, and levels looked into.
const MOST: usize = 8;
const DEEPEST: usize = 6;

/// Whether a text has the id in it as a word of its own: `order-4` is not in `order-42`.
pub fn names(text: &str, id: &str) -> bool {
    at(text, id).is_some()
}

/// Where it stands.
pub fn at(text: &str, id: &str) -> Option<usize> {
    if id.is_empty() {
        return None;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(id).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + id.len()..].chars().next();
        // A line break may be written as `\n` in JSON that is a text: what stands before the id is no letter then.
        let is_escape = before == Some('n') && text[..*at].ends_with("\\n");
        (is_escape || !before.is_some_and(is_word)) && !after.is_some_and(is_word)
    })
}

/// Values of fields that are called an id: `orderID`, `order_id`, `id`, `traceId`.
pub fn fields(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    gather(value, DEEPEST, &mut found);
    found
}

fn gather(value: &Value, deepest: usize, found: &mut Vec<(String, String)>) {
    if deepest == 0 || found.len() >= MOST {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if is_id_name(name) && is_id(text) && found.len() < MOST => {
                        found.push((name.clone(), text.clone()));
                    }
                    Value::Object(_) | Value::Array(_) => gather(value, deepest - 1, found),
                    _ => {}
                }
            }
        }
        // A list of many things is about none of them.
        Value::Array(all) if all.len() == 1 => all.iter().for_each(|one| gather(one, deepest - 1, found)),
        _ => {}
    }
}

pub(super) fn is_id_name(name: &str) -> bool {
    let name = name.trim_start_matches('$');
    name.eq_ignore_ascii_case("id") || ["Id", "ID", "_id", "-id", "_ID"].iter().any(|end| name.ends_with(end))
}

pub(super) fn is_id(text: &str) -> bool {
    (SHORTEST..=LONGEST).contains(&text.len()) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case("order order-4 has no quantity", "order-4", true)]
    #[case(r#"{"stored":"order-4"}"#, "order-4", true)]
    #[case("order-42", "order-4", false)]
    #[case("re-order-4", "order-4", false)]
    #[case("order-42 and order-4", "order-4", true)]
    #[case("JobCreated/job-3/x.json", "job-3", true)]
    #[case("a", "", false)]
    #[case(r"line\norder-4", "order-4", true)]
    #[case("an order-4", "order-4", true)]
    fn only_as_a_word(#[case] text: &str, #[case] id: &str, #[case] expected: bool) {
        assert_eq!(names(text, id), expected);
    }

    #[test]
    fn fields_that_are_called_an_id() {
        let order = json!({
            "orderID": "order-4", "customer": "customer-12", "quantity": null, "meta": { "trace_id": "t-9-0001" },
            "id": 7, "paid": "yes-paid", "lines": [{"sku_id": "aaaa"}, {"sku_id": "bbbb"}], "one": [{"itemId": "item-1"}],
        });
        let found = fields(&order);
        let found: Vec<_> = found.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
        assert_eq!(found, [("orderID", "order-4"), ("trace_id", "t-9-0001"), ("itemId", "item-1")]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_asked(text in any::<String>(), id in any::<String>()) {
            prop_assert!(!names(&text, &id) || text.contains(&id));
        }
    }
}
