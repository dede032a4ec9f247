//! Failures are matched to messages by what they name, and by nothing less.

use super::*;
use crate::redrive::{
    message::AttributeValue,
    why::{decode::decode, invocations::Assembler, lines::Line},
};
use proptest::prelude::*;
use rstest::rstest;

const A: &str = "33e4c44c-c563-4733-8a04-45c280096c35";
const M: &str = "4a3655bc-ed16-4a32-a979-724a763d2e2c";
const N: &str = "d5d6ba73-e7f7-4a4f-b15f-636fba5afc4f";
const ROOT: &str = "1-67f1e2d3-abcdef012345678912345678";

/// Invocations of these lines, one a second.
fn evidence(invocations: &[&[&str]]) -> Evidence {
    let mut assembler = Assembler::with_lines();
    for (second, lines) in invocations.iter().enumerate() {
        for text in *lines {
            let text = text.replace("$M", M).replace("$N", N).replace("$A", A).replace("$ROOT", ROOT);
            assembler.take(Line { at_ms: second as i64 * 1000, stream: format!("s{second}").into(), text });
        }
    }
    Evidence::new(assembler.finish().0)
}

fn window(from_ms: i64, to_ms: i64) -> Window {
    Window { span: Span { from_ms, to_ms }, last_receive_ms: to_ms }
}

fn message(body: &str) -> Message {
    Message { id: M.to_owned(), body: body.to_owned(), ..Message::default() }
}

fn found(evidence: &Evidence, message: &Message) -> Option<(String, Sureness)> {
    let window = Some(window(0, 10_000));
    let found = evidence.find(&Subject::of(message, &decode(message), window))?;
    Some((found.cause.headline(), found.proof.sureness()))
}

/// Lines are separated by bars.
#[rstest]
// The error's own line names it.
#[case(&["got $M|got $N|[ERROR] E_A: $N failed|[ERROR] E_B: $M failed"], "E_B: 4a3655bc-ed16-4a32-a979-724a763d2e2c failed")]
// Its record is followed by its error.
#[case(&["got $N|[ERROR] E_A: no|got $M|[ERROR] E_B: no|got $N|[ERROR] E_C: no"], "E_B: no")]
// The whole batch failed before it.
#[case(&["[ERROR] E_A: no|gave up $M"], "E_A: no")]
// Of several tries the last.
#[case(&["got $M|[ERROR] E_A: no", "got $M|[ERROR] E_B: no"], "E_B: no")]
fn named_by_its_id(#[case] invocations: &[&str], #[case] headline: &str) {
    let lines: Vec<Vec<&str>> = invocations.iter().map(|lines| lines.split('|').collect()).collect();
    let lines: Vec<&[&str]> = lines.iter().map(Vec::as_slice).collect();
    assert_eq!(found(&evidence(&lines), &message("{}")), Some((headline.to_owned(), Sureness::Certain)));
}

#[test]
fn named_by_its_request_and_its_trace() {
    let evidence = evidence(&[
        &["START RequestId: $A Version: 1", "[ERROR] E_A: no", "REPORT RequestId: $A XRAY TraceId: $ROOT"],
        &["[ERROR] E_B: no"],
    ]);
    let certain = Some(("E_A: no".to_owned(), Sureness::Certain));
    let mut of_request = message("{}");
    let value = AttributeValue { data_type: "String".into(), payload: Payload::Text(A.into()) };
    of_request.attributes.insert("RequestID".into(), value);
    assert_eq!(found(&evidence, &of_request), certain);
    let mut of_trace = message("{}");
    of_trace.system.insert(system::TRACE.into(), format!("Root={ROOT};Sampled=1"));
    assert_eq!(found(&evidence, &of_trace), certain);
    assert_eq!(found(&evidence, &message("{}")), None, "two kinds of failure, and nothing ties one to it");
}

#[rstest]
#[case(r#"{"id": 3}"#, Some("ValueError: cannot price cart 3"))]
#[case(r#"{"id": 17, "user": "user-3"}"#, Some("ValueError: cannot price cart 17"))]
#[case(r#"{"id": "job-32", "salary": "negotiable"}"#, Some("ValueError: no float: 'negotiable'"))]
#[case(r#"{"text": "see order-17 please"}"#, Some("KeyError: order-17 has none"))]
#[case("order-17", Some("KeyError: order-17 has none"))]
#[case(r#"{"user": "user-3"}"#, None)] // a lone digit inside a word says nothing
#[case(r#"{"id": 4}"#, None)]
fn values_that_occur_in_the_body(#[case] body: &str, #[case] headline: Option<&str>) {
    let evidence = evidence(&[
        &["[ERROR] ValueError: cannot price cart 3"],
        &["[ERROR] ValueError: cannot price cart 17"],
        &["[ERROR] ValueError: no float: 'negotiable'"],
        &["[ERROR] KeyError: order-17 has none"],
    ]);
    assert_eq!(found(&evidence, &message(body)), headline.map(|text| (text.to_owned(), Sureness::Likely)));
}

#[test]
fn a_batch_fails_as_a_whole_but_an_error_with_its_values_is_its_own() {
    let both = "got $M|got $N|[ERROR] ValueError: bad token tok-";
    let (own, other) = (format!("{both}15838"), format!("{both}99999"));
    let lines: [Vec<&str>; 2] = [own.split('|').collect(), other.split('|').collect()];
    let evidence = evidence(&[&lines[0], &lines[1]]);
    let certain = |n| Some((format!("ValueError: bad token tok-{n}"), Sureness::Certain));
    assert_eq!(found(&evidence, &message(r#"{"token": "tok-15838"}"#)), certain(15838));
    assert_eq!(found(&evidence, &message("{}")), certain(99999), "of several tries the last");
}

#[test]
fn of_failures_alike_the_nearest_to_its_last_receive_is_its_own() {
    let same: &[&str] = &["[ERROR] ValueError: no float: 'negotiable'"];
    let evidence = evidence(&[same, same, same, same, same]);
    let message = message(r#"{"salary": "negotiable"}"#);
    let at = |last_receive_ms| {
        let window = Some(Window { last_receive_ms, ..window(0, 3_500) });
        evidence.find(&Subject::of(&message, &decode(&message), window)).map(|found| found.at_ms)
    };
    assert_eq!([at(-500), at(1_600), at(3_000), at(3_400)], [0, 2_000, 3_000, 3_000].map(Some));
}

#[test]
fn the_time_has_to_fit() {
    let evidence = evidence(&[&["[ERROR] ValueError: cannot price cart 3"]]);
    let message = message(r#"{"id": 3}"#);
    let later = Some(window(5_000, 9_000));
    assert_eq!(evidence.find(&Subject::of(&message, &decode(&message), later)), None);
}

#[test]
fn a_failure_that_stands_alone_is_possible_and_no_more() {
    let times_out: &[&str] =
        &["2026-11-01T10:00:00.000Z 33e4c44c-c563-4733-8a04-45c280096c35 Task timed out after 3.00 seconds"];
    let alone = evidence(&[times_out, times_out]);
    let possible = Some(("Task timed out after 3.00 seconds".to_owned(), Sureness::Possible));
    assert_eq!(found(&alone, &message("{}")), possible);
    let outside = Some(window(2_000, 9_000));
    assert_eq!(alone.find(&Subject::of(&message("{}"), &decode(&message("{}")), outside)), None);
    assert_eq!(found(&evidence(&[times_out, &["[ERROR] KeyError: 'id'"]]), &message("{}")), None);
    // It is of cart 3, and this is none.
    assert_eq!(found(&evidence(&[&["[ERROR] ValueError: cannot price cart 3"]]), &message("{}")), None);
}

proptest! {
    #[test]
    fn never_panics(lines in proptest::collection::vec("(?s)(\\[ERROR\\] )?.*", 0..12), body in "(?s).*") {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let _ = found(&evidence(&[&lines, &lines]), &message(&body));
    }

    #[test]
    fn each_finds_its_own(ids in proptest::collection::hash_set(100_000_u32..999_999, 1..30)) {
        let texts: Vec<String> = ids.iter().map(|id| format!("[ERROR] ValueError: no price for {id}")).collect();
        let lines: Vec<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
        let evidence = evidence(&lines.iter().map(<[&str; 1]>::as_slice).take(10).collect::<Vec<_>>());
        for id in ids.iter().take(10) {
            let body = format!(r#"{{"id": {id}}}"#);
            prop_assert_eq!(found(&evidence, &message(&body)).map(|(text, _)| text), Some(format!("ValueError: no price for {id}")));
        }
    }
}
