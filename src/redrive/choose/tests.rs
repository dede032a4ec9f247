//! Conditions on messages: what they are true for, and what they never do to the program.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;

use super::*;

fn message(body: &str) -> Message {
    serde_json::from_value(json!({
        "MessageId": "id-1", "ReceiptHandle": "r", "Body": body,
        "Attributes": {
            "SentTimestamp": "1700000000000", "ApproximateReceiveCount": "4", "MessageGroupId": "g7",
            "SequenceNumber": "18849496460467696128",
            "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:1:orders",
        },
        "MessageAttributes": {
            "tenant": {"DataType": "String", "StringValue": "acme"},
            "tries": {"DataType": "Number.int", "StringValue": "7"},
            "price": {"DataType": "Number", "StringValue": "12345678901234567890.10"},
            "odd": {"DataType": "Number", "StringValue": "+01"},
            "words": {"DataType": "Number", "StringValue": "1,5"},
            "blob": {"DataType": "Binary", "BinaryValue": "AP8="},
        },
    }))
    .unwrap()
}

#[rstest]
#[case(".body.amount > 3", true)]
#[case(".body.amount > 30", false)]
#[case("select(.body.amount > 3)", true)]
#[case("select(.body.amount > 30)", false)]
#[case("empty", false)]
#[case("null, true", false)]
#[case(".attributes.tenant == \"acme\" and .attributes.tries == 7", true)]
#[case(".attributes.price | tostring == \"12345678901234567890.10\"", true)]
#[case(".attributes.odd == 1 and .attributes.words == \"1,5\"", true)]
#[case(".attributes.blob == \"AP8=\" and (.attributes.blob | @base64d | length) == 2", true)]
#[case(".system.SentTimestamp / 1000 == 1700000000 and .system.ApproximateReceiveCount >= 4", true)]
#[case(".system.SequenceNumber == \"18849496460467696128\"", true)]
#[case(".system.SourceQueue == \"orders\" and .system.MessageId == \"id-1\"", true)]
#[case(".system.Bytes > 20 and (.system | has(\"ReceiptHandle\") | not)", true)]
#[case("[.. | strings] | any(test(\"time.*out\"))", true)]
#[case(".body.items | map(.n) | add == 6", true)]
#[case(".body.items | map(select(.n > 1)) | length == 2", true)]
#[case("[.body | paths] | length > 3", true)]
#[case(".body | to_entries | map(.key) | sort | join(\",\") == \"amount,error,items\"", true)]
#[case("reduce .body.items[] as $i (0; . + $i.n * 2) == 12", true)]
#[case("(.body.items[0].n *= 5) | .body.items[0].n == 5", true)]
#[case("\"ab\" * 3 == \"ababab\"", true)]
#[case("[limit(3; repeat(1))] == [1, 1, 1]", true)]
#[case("[range(3)] == [0, 1, 2] and [range(0; 5; 2)] == [0, 2, 4] and [range(3; 0; -1)] == [3, 2, 1]", true)]
#[case("[first(range(10; 0)), 5] == [5]", true)]
#[case("def f(n): if n <= 0 then 0 else f(n - 1) end; f(50) == 0", true)]
#[case("first(.body.items[] | select(.n == 2)).n == 2", true)]
#[case(".body | walk(if type == \"number\" then . + 1 else . end) | .amount == 5", true)]
#[case("(.body.error | ascii_downcase | contains(\"timed\")) and (.body | has(\"amount\"))", true)]
#[case("label $out | foreach .body.items[] as $i (0; . + $i.n; if . > 2 then ., break $out else empty end)", true)]
#[case("try error(\"x\") catch . == \"x\"", true)]
#[case("now > 1700000000", true)]
fn jq_sees_the_message(#[case] expression: &str, #[case] expected: bool) {
    let message =
        message(r#"{"amount": 4, "error": "Timed out: time is out", "items": [{"n": 1}, {"n": 2}, {"n": 3}]}"#);
    assert_eq!(Condition::jq(expression).unwrap().is_true(&message), Ok(expected), "{expression}");
}

#[rstest]
#[case("order 12", ".body == \"order 12\"")]
#[case("{not json", ".body | startswith(\"{not\")")]
#[case("12", ".body == 12")]
#[case("", ".body == \"\"")]
#[case("{\"n\": 12345678901234567890123}", ".body.n | tostring == \"12345678901234567890123\"")]
fn a_body_that_is_no_json_is_its_text(#[case] body: &str, #[case] expression: &str) {
    assert_eq!(Condition::jq(expression).unwrap().is_true(&message(body)), Ok(true));
}

#[test]
fn a_body_nested_beyond_reason_is_its_text() {
    let body = "[".repeat(300_000) + &"]".repeat(300_000);
    assert_eq!(Condition::jq(".body | length == 600000").unwrap().is_true(&message(&body)), Ok(true));
}

#[rstest]
#[case(".body | |", Some(8), "at character 9")]
#[case(".body.x ==", Some(10), "at its end")]
#[case("(.body", Some(6), "closing parenthesis")]
#[case("boddy.x", Some(0), "no function `boddy`")]
#[case(".body | test(1; 2; 3)", Some(8), "`test` of 3 arguments")]
#[case(".body == $x", Some(9), "no variable `$x`, at character 10")]
#[case("", None, "empty")]
#[case("env.HOME", Some(0), "`env` is not to be had here")]
#[case("$ENV.HOME", Some(0), "`$ENV` is not to be had here")]
#[case("input", Some(0), "`input` is not to be had here")]
#[case("[inputs]", Some(1), "`inputs` is not to be had here")]
#[case(".body | debug", Some(8), "`debug` is not to be had here")]
#[case("debug(.)", Some(0), "`debug` is not to be had here")]
#[case("halt", Some(0), "`halt` is not to be had here")]
#[case("halt(3)", Some(0), "`halt` is not to be had here")]
#[case("halt_error", Some(0), "`halt_error` is not to be had here")]
#[case("stderr", Some(0), "`stderr` is not to be had here")]
#[case("stderr_empty", Some(0), "`stderr_empty` is not to be had here")]
#[case("import \"a\" as a; .", None, "modules cannot be used")]
#[case("include \"a\"; .", None, "modules cannot be used")]
#[case("\"\\q\"", Some(2), "string escape sequence")]
fn mistakes_are_one_sentence_with_the_place(#[case] expression: &str, #[case] at: Option<usize>, #[case] says: &str) {
    let mistake = Condition::jq(expression).unwrap_err();
    assert!(mistake.text.contains(says) && !mistake.text.contains('\n'), "{mistake}");
    assert_eq!(mistake.at, at, "{mistake}");
}

#[test]
fn expressions_are_bounded() {
    let deep = "(".repeat(3000) + "1" + &")".repeat(3000);
    assert!(Condition::jq(&deep).unwrap_err().text.contains("too many open brackets"));
    assert!(Condition::jq(&" .".repeat(9000)).unwrap_err().text.contains("longer than"));
    // As deep as their length lets them be.
    for part in ["-", "1+", ".|", "1,", "try ", "reduce "] {
        let code = part.repeat(8100 / part.len()) + "1";
        drop(Condition::jq(&code));
    }
}

#[rstest]
#[case(".body.a.b", "cannot index")]
#[case("error(\"my words\")", "my words")]
#[case(".body + {}", "cannot calculate")]
#[case("error({a: 1})", "{\"a\":1}")]
#[case("label $f | break $f | error", "")]
fn an_error_is_the_messages_own(#[case] expression: &str, #[case] says: &str) {
    let condition = Condition::jq(expression).unwrap();
    let (first, second) = (message("12"), message("text"));
    let mut tally = Tally::default();
    assert!(!tally.ask(&condition, &first) && !tally.ask(&condition, &second));
    if says.is_empty() {
        assert_eq!(tally.trouble(), None);
    } else {
        assert_eq!((tally.asked, tally.matched, tally.failed), (2, 0, 2));
        assert!(
            tally.trouble().is_some_and(|trouble| trouble.contains(says) && trouble.contains("2 messages")),
            "{tally:?}"
        );
    }
}

/// Programs that never end, or would not before the memory does.
#[rstest]
#[case("[repeat(1)]")]
#[case("last(repeat(1))")]
#[case("def f: f; f")]
#[case("def f: 1 + f; f")]
#[case("def f: [f]; f")]
#[case("def f(g): f(g | g); f(1)")]
#[case("[range(1e12)]")]
#[case("last(range(1e12))")]
#[case("[range(0; 1; 0)]")]
#[case("reduce range(1e9) as $i (0; . + 1)")]
#[case("[limit(1e12; repeat(.))]")]
#[case("0 | until(false; . + 1)")]
#[case("[.body | recurse]  | until(false; .)")]
#[case("[recurse(.)]")]
#[case("try repeat(error) catch repeat(1) | empty")]
#[case("[repeat(try error catch .)]")]
#[case("[range(1000)] as $x | [$x[] as $a | $x[] as $b | $x[] as $c | 1]")]
#[case("reduce range(60) as $i (\"aaaaaaaa\"; . + .)")]
#[case("reduce range(60) as $i (\"aaaaaaaa\"; \"\\(.)\\(.)\")")]
#[case("reduce range(60) as $i (\"aaaaaaaa\"; [., .] | join(\"\"))")]
#[case("\"a\" * 1000000000000")]
#[case("\"a\" * 123456789012345678901234567890")]
#[case("\"a\" as $x | .body = $x | .body *= 1000000000000")]
#[case("reduce range(60) as $i (3; . * .) | tostring")]
#[case("reduce range(1e9) as $i (0; [.])")]
#[case("reduce range(1e9) as $i ({}; .a = .)")]
#[case("reduce range(1e9) as $i (null; {a: .})")]
#[case("reduce range(60) as $i (0; [., .]) | tojson")]
#[case("reduce range(60) as $i ({}; .a = . | .b = .a) | tojson")]
#[case("reduce range(60) as $i (0; [., .]) | error")]
#[case("[limit(100000; repeat(\"a\" * 1000000))]")]
#[case("[range(3000000)] | combinations(9)")]
fn endless_programs_end(#[case] expression: &str) {
    let condition = Condition::jq(expression).unwrap();
    let began = Instant::now();
    let answer = condition.is_true(&message("text"));
    assert!(answer.as_ref().is_err_and(|error| error.contains("it was stopped")), "{expression}: {answer:?}");
    assert!(began.elapsed() < Duration::from_secs(60), "{expression}: {:?}", began.elapsed());
    // The next message is asked as if nothing had been.
    assert_eq!(Condition::jq("true").unwrap().is_true(&message("text")), Ok(true));
}

#[test]
fn a_program_that_is_stopped_again_and_again_is_not_run_any_more() {
    let condition = Condition::jq("\"a\" * 1000000000").unwrap();
    let mut tally = Tally::default();
    for _ in 0..1000 {
        assert!(!tally.ask(&condition, &message("a")));
    }
    assert_eq!(tally.failed, 1000);
    assert!(condition.is_true(&message("a")).is_err_and(|error| error.contains("not tried any more")));
}

#[test]
fn one_message_that_never_ends_does_not_stop_the_next() {
    let condition = Condition::jq("if .body == \"bad\" then [repeat(1)] else true end").unwrap();
    let mut tally = Tally::default();
    let chosen: Vec<bool> = ["a", "bad", "b"].map(|body| tally.ask(&condition, &message(body))).to_vec();
    assert_eq!(chosen, [true, false, true]);
    assert_eq!((tally.matched, tally.failed), (2, 1));
    assert!(tally.trouble().unwrap().contains("id-1"));
}

#[test]
fn a_large_body_is_not_too_much() {
    let item = r#"{"sku":"abcdefgh","n":12,"ok":true},"#;
    let body = format!("{{\"items\":[{}null]}}", item.repeat(256_000 / item.len()));
    let message = message(&body);
    for expression in [
        ".body.items | map(.n // 0) | add > 100",
        "[.body | .. | strings] | length > 100",
        ".body.items | any(.sku? == \"zzz\") | not",
    ] {
        assert_eq!(Condition::jq(expression).unwrap().is_true(&message), Ok(true), "{expression}");
    }
}

#[rstest]
#[case("ACME", false)]
#[case("acme", true)]
#[case("tenant", true)]
#[case("timed", true)]
#[case("TIMED", false)]
#[case("g7", true)]
#[case("id-1", true)]
#[case("a.b", false)]
#[case("(", true)]
fn text_is_found_anywhere(#[case] text: &str, #[case] expected: bool) {
    assert_eq!(Condition::text(text).unwrap().is_true(&message("Timed out (")), Ok(expected));
}

#[test]
fn regular_expressions() {
    assert_eq!(Condition::regex("^Timed .ut$").unwrap().is_true(&message("Timed out")), Ok(true));
    assert_eq!(Condition::regex("^timed").unwrap().is_true(&message("Timed out")), Ok(false));
    let mistake = Condition::regex("a(b").unwrap_err();
    assert_eq!(mistake.to_string(), "not a regular expression: unclosed group at character 2");
    assert!(Condition::regex("(a{1000}){1000}").unwrap_err().text.contains("too large"));
}
