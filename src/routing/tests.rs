//! Every operator by table, both languages.

use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::json;

use super::*;

mod properties;

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
