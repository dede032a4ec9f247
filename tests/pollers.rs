//! Every poller against every way an endpoint can answer: what it says, what it says failed, and that a failure is never absence.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use rstest::rstest;
use support::{
    Bench, Fault, Mood,
    scripts::{SCRIPTS, Script, streams::ANALYTICS_V1},
};

fn script(poller: &str) -> &'static Script {
    static ALL: [Script; SCRIPTS.len()] = SCRIPTS;
    ALL.iter().find(|script| script.poller == poller).unwrap()
}

/// Whether the poller finds resources. One that only measures those of others has nothing to take away.
fn finds(script: &Script) -> bool {
    script.says.iter().any(|line| line.starts_with("found"))
}

#[track_caller]
fn assert_says(lines: &[String], starts: &[&str]) {
    for start in starts {
        assert!(lines.iter().any(|line| line.starts_with(start)), "'{start}' is not in:\n{}", lines.join("\n"));
    }
}

#[track_caller]
fn assert_says_nothing_like(lines: &[String], start: &str) {
    assert!(lines.iter().all(|line| !line.starts_with(start)), "'{start}' is in:\n{}", lines.join("\n"));
}

#[test]
fn every_poller_has_a_script() {
    let scripted: Vec<_> = SCRIPTS.iter().map(|script| script.poller).collect();
    let all: Vec<_> = edatop::pollers::POLLERS.iter().map(|row| row.name).collect();
    assert_eq!(scripted, all);
    assert_eq!(HELD, all, "a poller is held to its duties by its name in `hold!`");
}

/// One test a poller and duty, so that a failure names both.
macro_rules! hold {
    ($($poller:ident)*) => {
        const HELD: &[&str] = &[$(stringify!($poller)),*];
        $(mod $poller {
            use super::{Fault, rstest};

            const NAME: &str = stringify!($poller);

            #[tokio::test]
            async fn says_what_there_is_once() {
                super::says_what_there_is_once(NAME).await;
            }

            #[tokio::test]
            async fn an_empty_service_is_no_failure_and_takes_everything_away() {
                super::an_empty_service_is_no_failure_and_takes_everything_away(NAME).await;
            }

            #[tokio::test]
            async fn pages_to_the_end() {
                super::pages_to_the_end(NAME).await;
            }

            #[tokio::test]
            async fn it_is_well_again_after_a_failure() {
                super::it_is_well_again_after_a_failure(NAME).await;
            }

            #[rstest]
            #[tokio::test]
            async fn a_failure_is_said_and_is_never_absence(
                #[values(Fault::Throttled, Fault::Denied, Fault::WebPage, Fault::CutOff, Fault::Lacking)] fault: Fault,
            ) {
                super::a_failure_is_said_and_is_never_absence(NAME, fault).await;
            }
        })*
    };
}

hold! {
    sqs lambda sns logs dynamodb s3 events kinesis firehose kinesisanalytics apigateway apigatewayv2 states pipes scheduler
    cloudformation tag
    cloudwatch
}

async fn says_what_there_is_once(poller: &str) {
    let script = script(poller);
    let mut bench = Bench::new(script).await;
    let first = bench.round(Mood::Good).await;
    assert_says(&first, script.says);
    assert_says_nothing_like(&first, "failed");
    assert_says_nothing_like(&first, "gone");
    let second = bench.round(Mood::Good).await;
    for start in ["found", "gone", "failed"] {
        assert_says_nothing_like(&second, start);
    }
    assert!(second.iter().all(|line| line.contains(" = ")), "nothing changed:\n{}", second.join("\n"));
}

async fn an_empty_service_is_no_failure_and_takes_everything_away(poller: &str) {
    let mut bench = Bench::new(script(poller)).await;
    assert_eq!(bench.round(Mood::Empty).await, Vec::<String>::new());
    bench.round(Mood::Good).await;
    let lines = bench.round(Mood::Empty).await;
    assert_eq!(!lines.is_empty(), finds(script(poller)));
    assert!(lines.iter().all(|line| line.starts_with("gone")), "{}", lines.join("\n"));
    assert_eq!(bench.round(Mood::Empty).await, Vec::<String>::new());
}

async fn pages_to_the_end(poller: &str) {
    let script = script(poller);
    let mut bench = Bench::new(script).await;
    let lines = bench.round(Mood::TwoPages).await;
    assert_says(&lines, script.says_of_page_two);
    assert_says_nothing_like(&lines, "failed");
    let lines = bench.round(Mood::Good).await;
    assert_eq!(lines.iter().any(|line| line.starts_with("gone")), finds(script));
}

async fn a_failure_is_said_and_is_never_absence(poller: &str, fault: Fault) {
    let script = script(poller);
    for operation in script.operations {
        let mut bench = Bench::new(script).await;
        let at_once = bench.round(Mood::Fails(fault)).await;
        let service = script.poller;
        assert_says(&at_once, &[&format!("failed {service}:{} {:?}", script.operations[0], fault.kind())]);
        assert_says_nothing_like(&at_once, "found");

        let mut bench = Bench::new(script).await;
        bench.round(Mood::Good).await;
        let lines = bench.round(Mood::FailsAt(operation, fault)).await;
        assert_says(&lines, &[&format!("failed {service}:{operation} {:?}", fault.kind())]);
        for start in ["gone", "found"] {
            assert_says_nothing_like(&lines, start);
        }
        assert!(!lines.iter().any(|line| line.contains(" [")), "links changed:\n{}", lines.join("\n"));
    }
}

async fn it_is_well_again_after_a_failure(poller: &str) {
    let script = script(poller);
    let mut bench = Bench::new(script).await;
    bench.round(Mood::Fails(Fault::Denied)).await;
    let lines = bench.round(Mood::Good).await;
    assert_says(&lines, script.says);
    assert_says_nothing_like(&lines, "failed");
}

#[tokio::test]
async fn what_an_endpoint_lacks_is_asked_for_once() {
    let mut bench = Bench::new(script("sqs")).await;
    bench.round(Mood::Fails(Fault::Lacking)).await;
    let before = bench.requests().await;
    let lines = bench.round(Mood::Good).await;
    assert_says(&lines, &["failed sqs:ListQueues NotImplemented"]);
    assert_eq!(bench.requests().await, before);
}

#[tokio::test]
async fn values_of_variables_stay_private() {
    let lines = Bench::new(script("lambda")).await.round(Mood::Good).await;
    assert_says(&lines, &["found lambda.function item-a"]);
    assert!(lines.iter().any(|line| line.contains("TABLE")), "the mention is there");
    assert!(lines.iter().all(|line| !line.contains("hunter2")), "{}", lines.join("\n"));
}

#[tokio::test]
async fn a_stream_says_who_reads_it_and_a_table_how_its_stream_is() {
    let of = async |poller| Bench::new(script(poller)).await.round(Mood::Good).await.join("\n");
    assert!(of("kinesis").await.contains(r#""Consumers": "audit (CREATING), fraud""#));
    let tables = of("dynamodb").await;
    assert!(tables.contains(r#""StreamStatus": "ENABLED""#) && tables.contains(r#""StreamOpenShardCount": "1""#));
}

#[tokio::test]
async fn a_window_is_read_from_the_code_and_values_of_properties_stay_private() {
    let lines = Bench::new(script("kinesisanalytics")).await.round(Mood::Good).await;
    assert!(lines.iter().any(|line| line.contains(r#""WindowSeconds": "60""#)), "{}", lines.join("\n"));
    assert!(lines.iter().any(|line| line.contains("Sink/table")), "the mention is there");
    assert!(lines.iter().all(|line| !line.contains("hunter2")), "{}", lines.join("\n"));
}

/// AWS retires the first version: whoever refuses it refuses nothing that there is.
#[rstest]
#[tokio::test]
async fn a_retired_api_is_no_news_until_it_has_named_something(#[values(Fault::Denied, Fault::Lacking)] fault: Fault) {
    let mut bench = Bench::new(script("kinesisanalytics")).await;
    let lines = bench.round(Mood::FailsFor(ANALYTICS_V1, fault)).await;
    assert_says(&lines, &["found kinesisanalytics.application item-a"]);
    assert_says_nothing_like(&lines, "failed");

    let mut bench = Bench::new(script("kinesisanalytics")).await;
    bench.round(Mood::Good).await;
    let lines = bench.round(Mood::FailsFor(ANALYTICS_V1, fault)).await;
    assert_says(&lines, &[&format!("failed kinesisanalytics:ListApplications (version 1) {:?}", fault.kind())]);
    assert_says_nothing_like(&lines, "gone");
}
