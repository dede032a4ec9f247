//! What holds of patterns and messages whatever is in them.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![scalar(), prop::collection::vec(scalar(), 1..3).prop_map(Value::from)];
    let nested = leaf.prop_recursive(3, 24, 4, |inner| {
        prop::collection::btree_map("[a-d]", inner, 1..4).prop_map(|map| Value::Object(map.into_iter().collect()))
    });
    prop::collection::btree_map("[a-d]", nested, 1..4).prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// The pattern that asks for every leaf of `value` by name.
fn asking_for(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.iter().map(|(key, one)| (key.clone(), asking_for(one))).collect()),
        Value::Array(list) => Value::Array(list.clone()),
        scalar => json!([scalar]),
    }
}

proptest! {
    #[test]
    fn a_pattern_made_from_an_event_matches_it(message in object()) {
        let pattern = EventPattern::parse(&asking_for(&message).to_string()).unwrap();
        prop_assert_eq!(pattern.evaluate(&message), Verdict::Match);
    }

    #[test]
    fn more_keys_in_the_event_change_nothing(message in object(), extra in scalar()) {
        let pattern = EventPattern::parse(&asking_for(&message).to_string()).unwrap();
        let mut more = message.clone();
        more.as_object_mut().unwrap().insert("unasked".into(), extra);
        prop_assert!(pattern.evaluate(&more).is_match());
    }

    #[test]
    fn exists_true_and_false_are_opposites(message in object(), key in "[a-d]") {
        let is = |wanted: bool| {
            EventPattern::parse(&json!({ &key: [{ "exists": wanted }] }).to_string()).unwrap().evaluate(&message).is_match()
        };
        prop_assert_ne!(is(true), is(false));
    }

    #[test]
    fn anything_but_is_the_opposite_of_equal_for_one_value(value in scalar(), other in "[a-c]{0,3}") {
        let is = |condition: Value| {
            EventPattern::parse(&json!({ "k": [condition] }).to_string()).unwrap().evaluate(&json!({ "k": value })).is_match()
        };
        prop_assert_ne!(is(json!(other)), is(json!({ "anything-but": [other] })));
    }

    #[test]
    fn an_attribute_and_a_body_of_the_same_text_agree(text in ".{0,8}", prefix in ".{0,2}") {
        let policy = json!({ "k": [{ "prefix": prefix }] }).to_string();
        let from_attributes = FilterPolicy::parse(&policy, Scope::MessageAttributes).unwrap()
            .evaluate(&attributes(&[("k", "String", &text)]), "");
        let from_body = FilterPolicy::parse(&policy, Scope::MessageBody).unwrap()
            .evaluate(&BTreeMap::new(), &json!({ "k": text }).to_string());
        prop_assert_eq!(from_attributes, from_body);
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = EventPattern::parse(&text);
        let _ = FilterPolicy::parse(&text, Scope::MessageBody);
    }

    /// JSON of any kind, as pattern and as message.
    #[test]
    fn no_json_panics(pattern in anything(), message in anything()) {
        for language in 0..3 {
            let text = pattern.to_string();
            let verdict = match language {
                0 => EventPattern::parse(&text).map(|pattern| pattern.evaluate(&message)),
                1 => FilterPolicy::parse(&text, Scope::MessageBody).map(|policy| policy.evaluate(&BTreeMap::new(), &message.to_string())),
                _ => FilterPolicy::parse(&text, Scope::MessageAttributes).map(|policy| policy.evaluate(&BTreeMap::new(), "")),
            };
            if let Ok(Verdict::Miss(miss)) = verdict {
                prop_assert!(!miss.condition.is_empty() && !miss.found.is_empty(), "a miss says what and why");
            }
        }
    }

    #[test]
    fn one_more_key_never_lets_more_through(one in clause(), other in clause(), message in flat()) {
        let narrow = json!({ "a": one, "b": other });
        let wide = json!({ "a": one });
        prop_assert!(!matches(&narrow, &message) || matches(&wide, &message));
    }

    #[test]
    fn two_keys_are_both(one in clause(), other in clause(), message in flat()) {
        let both = matches(&json!({ "a": one, "b": other }), &message);
        prop_assert_eq!(both, matches(&json!({ "a": one }), &message) && matches(&json!({ "b": other }), &message));
    }

    #[test]
    fn or_is_either(one in clause(), other in clause(), message in flat()) {
        let either = json!({ "$or": [{ "a": one }, { "b": other }] });
        let expected = matches(&json!({ "a": one }), &message) || matches(&json!({ "b": other }), &message);
        prop_assert_eq!(matches(&either, &message), expected);
        let nested = json!({ "$or": [{ "b": other }, { "a": one }] });
        prop_assert_eq!(matches(&nested, &message), expected, "the order is of no importance");
    }

    #[test]
    fn a_list_is_any_of_it_in_any_order(list in prop::collection::vec(condition(), 1..5), message in flat()) {
        let any = list.iter().any(|one| matches(&json!({ "a": [one] }), &message));
        let reversed: Vec<&Value> = list.iter().rev().collect();
        prop_assert_eq!(matches(&json!({ "a": list }), &message), any);
        prop_assert_eq!(matches(&json!({ "a": reversed }), &message), any);
    }

    #[test]
    fn anything_but_a_list_is_none_of_it(list in prop::collection::vec("[a-c]{0,2}", 1..4), value in scalar()) {
        let message = json!({ "a": value });
        let listed = matches(&json!({ "a": list }), &message);
        prop_assert_ne!(matches(&json!({ "a": [{ "anything-but": list }] }), &message), listed);
    }

    #[test]
    fn a_range_is_both_its_ends(low in -9..9_i32, high in -9..9_i32, value in -10..10_i32) {
        let message = json!({ "a": value });
        let asks = |list: Value| matches(&json!({ "a": [{ "numeric": list }] }), &message);
        let both = asks(json!([">", low])) && asks(json!(["<=", high]));
        prop_assert_eq!(asks(json!([">", low, "<=", high])), both);
        prop_assert_ne!(asks(json!(["<", low])), asks(json!([">=", low])));
    }

    #[test]
    fn an_example_gets_through(one in clause(), other in clause()) {
        let asked = json!({ "a": one, "b": { "c": other } });
        let pattern = EventPattern::parse(&asked.to_string()).unwrap();
        let example = pattern.example();
        prop_assert!(pattern.evaluate(&example).is_match(), "{} of {}", example, asked);
        for scope in [Scope::MessageBody, Scope::MessageAttributes] {
            let policy = FilterPolicy::parse(&json!({ "a": one }).to_string(), scope).unwrap();
            let mut example = policy.example();
            // Where absence is asked for, something else must be there.
            example.attributes.insert("z".into(), MessageAttribute::String("z".into()));
            let body = example.body.replacen('{', if example.body == "{}" { r#"{"z":1"# } else { r#"{"z":1,"# }, 1);
            prop_assert!(policy.evaluate(&example.attributes, &body).is_match(), "{} {:?} of {}", body, example.attributes, one);
        }
    }
}

fn matches(pattern: &Value, message: &Value) -> bool {
    EventPattern::parse(&pattern.to_string()).unwrap().evaluate(message).is_match()
}

/// One condition, of every operator.
fn condition() -> impl Strategy<Value = Value> {
    let word = || "[a-c]{1,3}";
    let text = prop_oneof![Just("prefix"), Just("suffix"), Just("equals-ignore-case"), Just("wildcard")];
    let compare = prop_oneof![Just("="), Just("<"), Just("<="), Just(">"), Just(">=")];
    prop_oneof![
        // `null` and `true` are no values of an attribute by themselves; in an array they are.
        word().prop_map(Value::from),
        (-9..9_i32).prop_map(Value::from),
        (text.clone(), word()).prop_map(|(operator, word)| json!({ operator: word })),
        (text, word()).prop_map(|(operator, word)| json!({ "anything-but": { operator: word } })),
        prop::collection::vec(word(), 1..3).prop_map(|words| json!({ "anything-but": words })),
        (-9..9_i32).prop_map(|number| json!({ "anything-but": [number] })),
        (compare, -9..9_i32).prop_map(|(sign, number)| json!({ "numeric": [sign, number] })),
        (0..9_u8).prop_map(|part| json!({ "cidr": format!("10.0.{part}.0/24") })),
        any::<bool>().prop_map(|wanted| json!({ "exists": wanted })),
    ]
}

fn clause() -> impl Strategy<Value = Value> {
    prop::collection::vec(condition(), 1..4).prop_map(Value::from)
}

/// A message with one or two keys, some of them arrays.
fn flat() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![scalar(), prop::collection::vec(scalar(), 0..3).prop_map(Value::from)];
    prop::collection::btree_map("[ab]", leaf, 0..3).prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn anything() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        Just("$or"),
        Just("prefix"),
        Just("anything-but"),
        Just("numeric"),
        Just("exists"),
        Just("cidr"),
        Just("wildcard"),
        Just("suffix"),
        Just("a"),
        Just("b"),
        Just(""),
    ];
    let leaf = prop_oneof![scalar(), any::<f64>().prop_map(Value::from), ".{0,5}".prop_map(Value::from)];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((operator.clone(), inner), 0..4).prop_map(|list| list
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}
