//! Every operator by table, both languages; then properties that hold for any input.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Map, Value, json};

use super::*;

fn event(pattern: &str, event: &str) -> Verdict {
    EventPattern::parse(pattern).unwrap().evaluate(&serde_json::from_str(event).unwrap())
}

fn attributes(list: &[(&str, &str, &str)]) -> MessageAttributes {
    list.iter().map(|(name, data_type, value)| ((*name).into(), MessageAttribute::new(data_type, value))).collect()
}

#[rstest]
// exact values, by type
#[case(r#"{"a":["x"]}"#, r#"{"a":"x"}"#, true)]
#[case(r#"{"a":["x"]}"#, r#"{"a":"X"}"#, false)]
#[case(r#"{"a":["x","y"]}"#, r#"{"a":"y"}"#, true)]
#[case(r#"{"a":[{"exactly":"x"}]}"#, r#"{"a":"x"}"#, true)]
#[case(r#"{"a":[300]}"#, r#"{"a":3e2}"#, true)]
#[case(r#"{"a":[300]}"#, r#"{"a":"300"}"#, false)]
#[case(r#"{"a":[9007199254740993]}"#, r#"{"a":9007199254740992}"#, false)]
#[case(r#"{"a":[true]}"#, r#"{"a":true}"#, true)]
#[case(r#"{"a":[true]}"#, r#"{"a":"true"}"#, false)]
#[case(r#"{"a":[null]}"#, r#"{"a":null}"#, true)]
#[case(r#"{"a":[null]}"#, r#"{}"#, false)]
#[case(r#"{"a":[""]}"#, r#"{"a":""}"#, true)]
// text
#[case(r#"{"a":[{"prefix":"ab"}]}"#, r#"{"a":"abc"}"#, true)]
#[case(r#"{"a":[{"prefix":"ab"}]}"#, r#"{"a":"Abc"}"#, false)]
#[case(r#"{"a":[{"prefix":"1"}]}"#, r#"{"a":12}"#, false)]
#[case(r#"{"a":[{"prefix":{"equals-ignore-case":"AB"}}]}"#, r#"{"a":"abc"}"#, true)]
#[case(r#"{"a":[{"suffix":".png"}]}"#, r#"{"a":"x.png"}"#, true)]
#[case(r#"{"a":[{"suffix":".png"}]}"#, r#"{"a":"x.png.txt"}"#, false)]
#[case(r#"{"a":[{"suffix":{"equals-ignore-case":".PNG"}}]}"#, r#"{"a":"x.png"}"#, true)]
#[case(r#"{"a":[{"equals-ignore-case":"Alice"}]}"#, r#"{"a":"aLICE"}"#, true)]
#[case(r#"{"a":[{"equals-ignore-case":"Alice"}]}"#, r#"{"a":"aLICE "}"#, false)]
#[case(r#"{"a":[{"wildcard":"dir/*.png"}]}"#, r#"{"a":"dir/b/c.png"}"#, true)]
#[case(r#"{"a":[{"wildcard":"dir/*.png"}]}"#, r#"{"a":"other/c.png"}"#, false)]
// anything-but
#[case(r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":"y"}"#, true)]
#[case(r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":"x"}"#, false)]
#[case(r#"{"a":[{"anything-but":"x"}]}"#, r#"{}"#, false)]
#[case(r#"{"a":[{"anything-but":["x","y"]}]}"#, r#"{"a":"y"}"#, false)]
#[case(r#"{"a":[{"anything-but":[1,2]}]}"#, r#"{"a":3}"#, true)]
#[case(r#"{"a":[{"anything-but":[1,2]}]}"#, r#"{"a":2.0}"#, false)]
#[case(r#"{"a":[{"anything-but":["x"]}]}"#, r#"{"a":["x","z"]}"#, true)]
#[case(r#"{"a":[{"anything-but":{"prefix":"in"}}]}"#, r#"{"a":"init"}"#, false)]
#[case(r#"{"a":[{"anything-but":{"prefix":["in","st"]}}]}"#, r#"{"a":"stop"}"#, false)]
#[case(r#"{"a":[{"anything-but":{"prefix":["in","st"]}}]}"#, r#"{"a":7}"#, true)]
#[case(r#"{"a":[{"anything-but":{"suffix":[".txt",".rtf"]}}]}"#, r#"{"a":"a.png"}"#, true)]
#[case(r#"{"a":[{"anything-but":{"suffix":".txt"}}]}"#, r#"{"a":"a.txt"}"#, false)]
#[case(r#"{"a":[{"anything-but":{"wildcard":["*/lib/*","*/bin/*"]}}]}"#, r#"{"a":"/usr/bin/x"}"#, false)]
#[case(r#"{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}"#, r#"{"a":"/usr/bin/x"}"#, true)]
#[case(r#"{"a":[{"anything-but":{"equals-ignore-case":["ON","OFF"]}}]}"#, r#"{"a":"off"}"#, false)]
// numeric
#[case(r#"{"a":[{"numeric":["=",301.5]}]}"#, r#"{"a":3.015e2}"#, true)]
#[case(r#"{"a":[{"numeric":["<",10]}]}"#, r#"{"a":10}"#, false)]
#[case(r#"{"a":[{"numeric":["<=",10]}]}"#, r#"{"a":10}"#, true)]
#[case(r#"{"a":[{"numeric":[">",10]}]}"#, r#"{"a":10.5}"#, true)]
#[case(r#"{"a":[{"numeric":[">",10]}]}"#, r#"{"a":10}"#, false)]
#[case(r#"{"a":[{"numeric":[">=",10]}]}"#, r#"{"a":10}"#, true)]
#[case(r#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, r#"{"a":5}"#, true)]
#[case(r#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, r#"{"a":0}"#, false)]
#[case(r#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, r#"{"a":6}"#, false)]
#[case(r#"{"a":[{"numeric":["=",5]}]}"#, r#"{"a":"5"}"#, false)]
// addresses
#[case(r#"{"a":[{"cidr":"10.0.0.0/24"}]}"#, r#"{"a":"10.0.0.9"}"#, true)]
#[case(r#"{"a":[{"cidr":"10.0.0.0/24"}]}"#, r#"{"a":"10.0.1.9"}"#, false)]
// presence
#[case(r#"{"a":[{"exists":true}]}"#, r#"{"a":null}"#, true)]
#[case(r#"{"a":[{"exists":true}]}"#, r#"{"b":1}"#, false)]
#[case(r#"{"a":[{"exists":true}]}"#, r#"{"a":{"b":1}}"#, false)]
#[case(r#"{"a":[{"exists":true}]}"#, r#"{"a":[]}"#, false)]
#[case(r#"{"a":[{"exists":false}]}"#, r#"{"b":1}"#, true)]
#[case(r#"{"a":[{"exists":false}]}"#, r#"{"a":1}"#, false)]
#[case(r#"{"a":[{"exists":false}]}"#, r#"{"a":{"b":1}}"#, true)]
#[case(r#"{"a":{"b":[{"exists":false}]}}"#, r#"{}"#, true)]
#[case(r#"{"a":{"b":[{"exists":false}]}}"#, r#"{"a":[{"c":1},{"b":2}]}"#, false)]
#[case(r#"{"a":{"c":[1],"b":[{"exists":false}]}}"#, r#"{"a":[{"c":1},{"b":2}]}"#, true)]
#[case(r#"{"a":[{"exists":false},"x"]}"#, r#"{"a":"x"}"#, true)]
// structure: every key, any element, one element for the keys of one object
#[case(r#"{"a":["x"],"b":["y"]}"#, r#"{"a":"x"}"#, false)]
#[case(r#"{"a":{"b":["x"]}}"#, r#"{"a":{"b":"x","c":1}}"#, true)]
#[case(r#"{"a":{"b":["x"]}}"#, r#"{"a":"x"}"#, false)]
#[case(r#"{"a":["x"]}"#, r#"{"a":["w","x"]}"#, true)]
#[case(r#"{"a":["x"]}"#, r#"{"a":[["w"],["x"]]}"#, true)]
#[case(r#"{"a":{"b":[1],"c":[2]}}"#, r#"{"a":[{"b":1,"c":2}]}"#, true)]
#[case(r#"{"a":{"b":[1],"c":[2]}}"#, r#"{"a":[{"b":1},{"c":2}]}"#, false)]
// alternatives
#[case(r#"{"$or":[{"a":[1]},{"b":[2]}]}"#, r#"{"b":2}"#, true)]
#[case(r#"{"$or":[{"a":[1]},{"b":[2]}]}"#, r#"{"b":1}"#, false)]
#[case(r#"{"c":[3],"$or":[{"a":[1]},{"b":[2]}]}"#, r#"{"b":2}"#, false)]
#[case(r#"{"d":{"$or":[{"a":[1]},{"b":[{"prefix":"x"}]}]}}"#, r#"{"d":{"b":"xy"}}"#, true)]
#[case(r#"{"$or":[{"prefix":"x"},{"prefix":"y"}]}"#, r#"{"$or":"yes"}"#, true)]
fn events(#[case] pattern: &str, #[case] message: &str, #[case] expected: bool) {
    let verdict = event(pattern, message);
    assert_eq!(verdict.is_match(), expected, "{verdict}");
}

#[rstest]
#[case(r#"{"event":["signup","login"]}"#, &[("event", "String", "login")], true)]
#[case(r#"{"event":["signup","login"]}"#, &[("event", "String", "logout")], false)]
#[case(r#"{"event":["signup"]}"#, &[], false)]
#[case(r#"{"sport":["rugby"]}"#, &[("sport", "String.Array", r#"["tennis","rugby"]"#)], true)]
#[case(r#"{"sport":["rugby"]}"#, &[("sport", "String.Array", "not json")], false)]
#[case(r#"{"sport":[{"anything-but":["rugby","tennis"]}]}"#, &[("sport", "String.Array", r#"["rugby","golf"]"#)], true)]
#[case(r#"{"flag":[true]}"#, &[("flag", "String.Array", "[true,null,1]")], true)]
#[case(r#"{"price":[{"numeric":[">=",100]}]}"#, &[("price", "Number", "100.0")], true)]
#[case(r#"{"price":[{"numeric":[">=",100]}]}"#, &[("price", "String", "100")], false)]
#[case(r#"{"price":[100]}"#, &[("price", "Number.float", "1e2")], true)]
#[case(r#"{"raw":[{"exists":true}]}"#, &[("raw", "Binary", "AAAA")], false)]
#[case(r#"{"raw":[{"exists":false}]}"#, &[("raw", "Binary", "AAAA")], true)]
#[case(r#"{"$or":[{"a":["x"]},{"n":[{"numeric":["<",3]}]}]}"#, &[("n", "Number", "2")], true)]
#[case(r#"{"from":[{"cidr":"10.0.0.0/8"}]}"#, &[("from", "String", "10.2.3.4")], true)]
#[case("{}", &[], true)]
fn attribute_policies(#[case] policy: &str, #[case] message: &[(&str, &str, &str)], #[case] expected: bool) {
    let policy = FilterPolicy::parse(policy, Scope::MessageAttributes).unwrap();
    let verdict = policy.evaluate(&attributes(message), "body");
    assert_eq!(verdict.is_match(), expected, "{verdict}");
}

#[rstest]
#[case(r#"{"store":{"id":[{"prefix":"eu-"}]}}"#, r#"{"store":{"id":"eu-1"}}"#, true)]
#[case(r#"{"items":{"sku":["a"]}}"#, r#"{"items":[{"sku":"b"},{"sku":"a"}]}"#, true)]
#[case(r#"{"a":["x"]}"#, "not json", false)]
#[case(r#"{"a":["x"]}"#, r#"[{"a":"x"}]"#, false)]
#[case(r#"{"a":[{"exists":false}]}"#, "not json", false)]
fn body_policies(#[case] policy: &str, #[case] body: &str, #[case] expected: bool) {
    let policy = FilterPolicy::parse(policy, Scope::MessageBody).unwrap();
    let verdict = policy.evaluate(&attributes(&[("a", "String", "x")]), body);
    assert_eq!(verdict.is_match(), expected, "{verdict}");
}

/// SNS asks for a value that is neither null nor empty, and for a message that has something.
#[rstest]
#[case(r#"{"a":[{"exists":true}]}"#, r#"{"a":null}"#, false)]
#[case(r#"{"a":[{"exists":true}]}"#, r#"{"a":""}"#, false)]
#[case(r#"{"a":[{"exists":true}]}"#, r#"{"a":["",0]}"#, true)]
#[case(r#"{"a":[{"exists":false}]}"#, r#"{"a":null}"#, false)]
#[case(r#"{"a":[{"exists":false}]}"#, r#"{"b":1}"#, true)]
#[case(r#"{"a":[{"exists":false}]}"#, "{}", false)]
#[case(r#"{"a":{"b":[{"exists":false}]}}"#, r#"{"a":{}}"#, true)]
#[case(r#"{"$or":[{"a":[{"exists":false}]},{"b":[1]}]}"#, "{}", false)]
fn presence_as_sns_means_it(#[case] policy: &str, #[case] body: &str, #[case] expected: bool) {
    let verdict = FilterPolicy::parse(policy, Scope::MessageBody).unwrap().evaluate(&BTreeMap::new(), body);
    assert_eq!(verdict.is_match(), expected, "{verdict}");
}

#[test]
fn without_attributes_not_even_absence_holds() {
    let policy = FilterPolicy::parse(r#"{"a":[{"exists":false}]}"#, Scope::MessageAttributes).unwrap();
    let verdict = policy.evaluate(&BTreeMap::new(), "");
    assert_eq!(verdict.to_string(), "`a` is absent, wanted no value beside at least one other");
    assert!(policy.evaluate(&attributes(&[("b", "String", "x")]), "").is_match());
}

/// Documented: -5e9 to 5e9 for EventBridge, -1e9 to 1e9 for SNS.
#[test]
fn numeric_reaches_so_far() {
    let pattern = r#"{"a":[{"numeric":[">",0]}]}"#;
    assert!(event(pattern, r#"{"a":5000000000}"#).is_match());
    let far = event(pattern, r#"{"a":5000000001}"#).to_string();
    assert!(far.contains("beyond ±5000000000"), "{far}");
    let sns = |body: &str| FilterPolicy::parse(pattern, Scope::MessageBody).unwrap().evaluate(&BTreeMap::new(), body);
    assert!(sns(r#"{"a":1000000000}"#).is_match() && !sns(r#"{"a":1000000001}"#).is_match());
    assert!(EventPattern::parse(r#"{"a":[{"numeric":["<",5000000001]}]}"#).is_err());
    assert!(FilterPolicy::parse(r#"{"a":[{"numeric":["<",1000000001]}]}"#, Scope::MessageBody).is_err());
    assert!(event(r#"{"a":[6000000000]}"#, r#"{"a":6000000000}"#).is_match(), "an exact value is no comparison");
}

#[rstest]
#[case(
    r#"{"event":["signup","login"]}"#,
    r#"{"event":"logout"}"#,
    r#"`event` is "logout", wanted one of "signup", "login""#
)]
#[case(r#"{"event":["signup"]}"#, "{}", r#"`event` is absent, wanted "signup""#)]
#[case(r#"{"a":{"b":[{"numeric":[">",0,"<=",5]}]}}"#, r#"{"a":{"b":9}}"#, "`a.b` is 9, wanted a number > 0 and <= 5")]
#[case(
    r#"{"a":[{"anything-but":{"prefix":"x"}}]}"#,
    r#"{"a":"xy"}"#,
    r#"`a` is "xy", wanted anything but a text that begins with "x""#
)]
#[case(r#"{"a":[{"exists":false}]}"#, r#"{"a":1}"#, "`a` is 1, wanted no value")]
#[case(
    r#"{"$or":[{"a":[1]},{"b":[2]}]}"#,
    r#"{"b":1}"#,
    "`$or` is unmet (`a` is absent, wanted 1; `b` is 1, wanted 2), wanted any of 2 alternatives"
)]
fn a_miss_says_why(#[case] pattern: &str, #[case] message: &str, #[case] sentence: &str) {
    assert_eq!(event(pattern, message).to_string(), sentence);
}

#[test]
fn a_long_value_is_shortened_in_the_miss() {
    let message = json!({ "a": "ü".repeat(10_000) });
    let Verdict::Miss(miss) = EventPattern::parse(r#"{"a":["x"]}"#).unwrap().evaluate(&message) else {
        panic!("matched")
    };
    assert_eq!(miss.found.chars().count(), 81);
    assert!(miss.found.ends_with('…'));
}

#[rstest]
#[case("[]", PatternError::NotAnObject)]
#[case("{}", PatternError::Empty)]
#[case(r#"{"a":[]}"#, PatternError::EmptyList { path: "a".into() })]
#[case(r#"{"a":{"b":{}}}"#, PatternError::EmptyList { path: "a.b".into() })]
#[case(r#"{"a":"x"}"#, PatternError::NotAList { path: "a".into(), hint: "; wrap the value in [ ]" })]
#[case(r#"{"a":[{"like":"x"}]}"#, PatternError::UnknownOperator { path: "a".into(), operator: "like".into() })]
fn refusals(#[case] pattern: &str, #[case] expected: PatternError) {
    assert_eq!(EventPattern::parse(pattern), Err(expected));
}

#[rstest]
#[case(r#"{"a":[{"numeric":[">"]}]}"#)]
#[case(r#"{"a":[{"numeric":["!",1]}]}"#)]
#[case(r#"{"a":[{"numeric":[">","1"]}]}"#)]
#[case(r#"{"a":[{"numeric":[">",1,"<",2,"<",3]}]}"#)]
#[case(r#"{"a":[{"prefix":1}]}"#)]
#[case(r#"{"a":[{"wildcard":"a**"}]}"#)]
#[case(r#"{"a":[{"cidr":"10.0.0.0"}]}"#)]
#[case(r#"{"a":[{"exists":"yes"}]}"#)]
#[case(r#"{"a":[{"anything-but":[]}]}"#)]
#[case(r#"{"a":[{"anything-but":{"numeric":[">",1]}}]}"#)]
#[case(r#"{"a":[{"prefix":"x","suffix":"y"}]}"#)]
#[case(r#"{"a":[["x"]]}"#)]
#[case("{")]
fn malformed_operands_are_refused_not_ignored(#[case] pattern: &str) {
    assert!(EventPattern::parse(pattern).is_err(), "{pattern}");
}

#[test]
fn attributes_cannot_nest() {
    let error = FilterPolicy::parse(r#"{"a":{"b":["x"]}}"#, Scope::MessageAttributes).unwrap_err();
    assert!(error.to_string().contains("MessageBody"), "{error}");
}

#[rstest]
#[case(MAX_DEPTH - 1, true)]
#[case(MAX_DEPTH, false)]
#[case(100, false)]
#[case(1_000_000, false)]
fn depth_is_bounded(#[case] objects: usize, #[case] accepted: bool) {
    let pattern = format!("{}[1]{}", r#"{"a":"#.repeat(objects), "}".repeat(objects));
    match EventPattern::parse(&pattern) {
        Ok(_) => assert!(accepted),
        Err(error) => assert!(!accepted && error == PatternError::TooDeep, "{error}"),
    }
}

/// The message is somebody else's: JSON's own reader refuses what is too deep, and nothing here recurses into it.
#[test]
fn a_deep_message_is_judged_or_refused_but_never_too_much() {
    for depth in [100, 100_000] {
        let body = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let policy = FilterPolicy::parse(r#"{"a":{"a":{"b":[1]}}}"#, Scope::MessageBody).unwrap();
        assert!(!policy.evaluate(&BTreeMap::new(), &body).is_match());
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        assert!(Event::read(&body, Envelope { account: "", region: "", now }).is_err());
    }
    let sentence = PatternError::TooDeep.to_string();
    assert!(sentence.contains("64 levels") && sentence.contains("flatten"), "{sentence}");
}

#[test]
fn brackets_in_strings_are_not_depth() {
    assert!(EventPattern::parse(&format!(r#"{{"a":["{}\"{{"]}}"#, "[".repeat(500))).is_ok());
}

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
