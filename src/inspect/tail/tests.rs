//! A tail against a log service that does what it should not.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use rstest::rstest;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Batch, Budget, Event, Following, Note, Paces,
    fake::{Arriving, BEGAN_MS, FakeLogs, Fault, TAKES, begin, clock, event},
    follow,
};
use crate::domain::FailureKind;

fn following(logs: &Arc<FakeLogs>, groups: &[&str]) -> Following {
    Following {
        source: Arc::clone(logs) as Arc<dyn super::LogSource>,
        groups: groups.iter().map(|name| Arc::from(*name)).collect(),
        since_ms: BEGAN_MS - 3_600_000,
        until_ms: None,
        pattern: None,
        live: false,
        budget: Budget::of(false),
        paces: Paces::of(false),
        clock,
    }
}

/// What came of a tail, each batch with when it came.
async fn batches(following: Following, lasts: Duration) -> Vec<(i64, Batch)> {
    begin();
    let (out, mut batches) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let tail = tokio::spawn(follow(following, out, stop.clone()));
    let mut got = Vec::new();
    let ends = Instant::now() + lasts;
    while let Ok(Some(batch)) = timeout(ends.saturating_duration_since(Instant::now()), batches.recv()).await {
        got.push((clock().as_millisecond(), batch));
    }
    stop.cancel();
    tail.await.unwrap();
    got
}

fn texts(batches: &[(i64, Batch)]) -> Vec<&str> {
    batches.iter().flat_map(|(_, batch)| &batch.events).map(|event| &*event.text).collect()
}

fn notes(batches: &[(i64, Batch)]) -> Vec<&Note> {
    batches.iter().flat_map(|(_, batch)| &batch.notes).collect()
}

fn arrives(group: &str, at: i64, delay: i64, text: &str) -> Arriving {
    Arriving { arrives_ms: BEGAN_MS + at + delay, event: event(group, BEGAN_MS + at, text) }
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn what_is_old_comes_in_order_over_all_groups_and_then_it_ends() {
    let mut logs = Vec::new();
    for number in 0..100 {
        let group = ["a", "b", "c"][number as usize % 3];
        logs.push(arrives(group, number * 1000 - 200_000, 0, &number.to_string()));
    }
    let logs = Arc::new(FakeLogs::new(logs, 7));
    let until = Following { until_ms: Some(BEGAN_MS), ..following(&logs, &["a", "b", "c"]) };
    let got = batches(until, MINUTE).await;
    let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(texts(&got), expected);
    assert_eq!(notes(&got), [] as [&Note; 0]);
    assert!(got.last().unwrap().0 < BEGAN_MS + 2_000, "it ends once all was read");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_to_come_is_waited_for() {
    let logs = Arc::new(FakeLogs::new(
        [
            arrives("a", 1000, 900, "late, but within"),
            arrives("a", 5001, 0, "after the end"),
            arrives("a", 5000, 500, "last"),
        ],
        7,
    ));
    let got = batches(Following { until_ms: Some(BEGAN_MS + 5000), ..following(&logs, &["a"]) }, MINUTE).await;
    assert_eq!(texts(&got), ["late, but within", "last"]);
    assert!(got.last().unwrap().0 < BEGAN_MS + 8_000);
}

#[tokio::test(start_paused = true)]
async fn a_line_is_there_within_two_seconds_of_its_coming() {
    let lines = (0..100).map(|number| arrives(["a", "b"][number as usize % 2], number * 137, 50, "x"));
    let logs = Arc::new(FakeLogs::new(lines, 1000));
    let got = batches(following(&logs, &["a", "b"]), MINUTE).await;
    let came = got.iter().flat_map(|(at, batch)| batch.events.iter().map(move |event| at - event.at_ms - 50));
    let waits: Vec<i64> = came.collect();
    assert_eq!(waits.len(), 100);
    assert!(waits.iter().all(|wait| *wait <= 1_700), "{:?}", waits.iter().max());
}

#[tokio::test(start_paused = true)]
async fn what_comes_late_is_found_up_to_two_minutes_on() {
    let logs = Arc::new(FakeLogs::new(
        [
            arrives("a", 0, 0, "a"),
            arrives("a", 60_000, 0, "c"),
            arrives("a", 30_000, 60_000, "b"),
            arrives("b", 80_000, 0, "d"),
        ],
        9,
    ));
    let got = batches(following(&logs, &["a", "b"]), MINUTE * 3).await;
    assert_eq!(texts(&got), ["a", "c", "d", "b"]);
}

#[rstest]
#[case::denied(FailureKind::Denied, true)]
#[case::throttled(FailureKind::Throttled, true)]
#[case::garbage(FailureKind::Garbage, true)]
#[case::once_too_often(FailureKind::Timeout, true)]
#[tokio::test(start_paused = true)]
async fn a_group_that_fails_is_said_once_and_the_others_go_on(#[case] kind: FailureKind, #[case] is_said: bool) {
    let lines = (0..30).flat_map(|number| ["a", "b"].map(|group| arrives(group, number * 1000, 0, group)));
    let logs = Arc::new(FakeLogs::new(lines, 50));
    logs.fails("a", Fault { from_ms: BEGAN_MS + 5_000, to_ms: BEGAN_MS + 20_000, kind });
    let got = batches(following(&logs, &["a", "b"]), MINUTE).await;
    let of = |group: &str| texts(&got).iter().filter(|text| **text == group).count();
    assert_eq!((of("a"), of("b")), (30, 30), "nothing is lost");
    let while_it_fails = got.iter().filter(|(at, _)| (BEGAN_MS + 7_000..BEGAN_MS + 19_000).contains(at));
    assert!(while_it_fails.flat_map(|(_, batch)| &batch.events).filter(|event| &*event.text == "b").count() > 8);
    let said = notes(&got);
    let expected =
        [Note::Trouble { group: "a".into(), text: format!("{kind:?}") }, Note::Recovered { group: "a".into() }];
    assert_eq!(said == expected.iter().collect::<Vec<_>>(), is_said, "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn one_failure_that_passes_is_no_news() {
    let logs = Arc::new(FakeLogs::new([arrives("a", 0, 0, "x")], 5));
    logs.fails("a", Fault { from_ms: BEGAN_MS, to_ms: BEGAN_MS + 10, kind: FailureKind::Timeout });
    let got = batches(following(&logs, &["a"]), MINUTE).await;
    assert_eq!((texts(&got), notes(&got).len()), (vec!["x"], 0));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_vanishes_is_said_and_found_again() {
    let logs = Arc::new(FakeLogs::new([arrives("a", 0, 0, "before"), arrives("a", 30_000, 0, "after")], 5));
    logs.fails("a", Fault { from_ms: BEGAN_MS + 5_000, to_ms: BEGAN_MS + 20_000, kind: FailureKind::NotFound });
    let got = batches(following(&logs, &["a"]), MINUTE).await;
    assert_eq!(texts(&got), ["before", "after"]);
    assert_eq!(notes(&got), [&Note::Gone { group: "a".into() }, &Note::Recovered { group: "a".into() }]);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_an_end_a_group_that_cannot_be_read_does_not_keep_it() {
    let logs = Arc::new(FakeLogs::new([arrives("a", -9, 0, "x"), arrives("b", -9, 0, "y")], 5));
    logs.fails("b", Fault { from_ms: 0, to_ms: i64::MAX, kind: FailureKind::Denied });
    let got = batches(Following { until_ms: Some(BEGAN_MS), ..following(&logs, &["a", "b", "none"]) }, MINUTE).await;
    assert_eq!(texts(&got), ["x"]);
    let said = notes(&got);
    assert!(said.contains(&&Note::Trouble { group: "b".into(), text: "Denied".into() }), "{said:?}");
    assert!(said.contains(&&Note::Gone { group: "none".into() }), "{said:?}");
    let gap = said.iter().find_map(|note| match note {
        Note::Gap { group, from_ms, to_ms, .. } => Some((&**group, *from_ms, *to_ms)),
        _ => None,
    });
    assert_eq!(gap, Some(("b", BEGAN_MS - 3_600_000, BEGAN_MS)));
    assert!(got.last().unwrap().0 < BEGAN_MS + 2_000);
}

#[tokio::test(start_paused = true)]
async fn groups_that_match_join_when_they_appear() {
    let logs = Arc::new(FakeLogs::new([arrives("/aws/lambda/a", 0, 0, "a"), arrives("/ecs/x", 0, 0, "x")], 5));
    let writes = Arc::clone(&logs);
    tokio::spawn(async move {
        sleep(Duration::from_secs(10)).await;
        writes.write(arrives("/aws/lambda/b", 9_000, 0, "b"));
    });
    let got = batches(following(&logs, &[]), MINUTE).await;
    assert_eq!((texts(&got), notes(&got).len()), (vec!["a", "b"], 0));
}

#[tokio::test(start_paused = true)]
async fn a_pattern_that_matches_nothing_says_so() {
    let logs = Arc::new(FakeLogs::new([arrives("b", 0, 0, "x")], 5));
    let got = batches(Following { until_ms: Some(BEGAN_MS), ..following(&logs, &["a*"]) }, MINUTE).await;
    assert_eq!(notes(&got), [&Note::Gone { group: "a*".into() }]);
    assert!(got.iter().all(|(_, batch)| batch.read_to_ms.is_none()));
}

#[tokio::test(start_paused = true)]
async fn how_far_was_read_is_said_of_those_that_answer() {
    let logs = Arc::new(FakeLogs::new([arrives("a", 0, 0, "x")], 5));
    let got = batches(following(&logs, &["gone"]), MINUTE).await;
    assert!(got.iter().all(|(_, batch)| batch.read_to_ms.is_none()), "{got:?}");
    let got = batches(following(&logs, &["a", "gone"]), MINUTE).await;
    assert!(got.last().unwrap().1.read_to_ms >= Some(BEGAN_MS + 57_000), "{got:?}");
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_fails_is_tried_again() {
    let logs = Arc::new(FakeLogs::new([arrives("ab", -5, 0, "x")], 5));
    logs.fails("list", Fault { from_ms: BEGAN_MS, to_ms: BEGAN_MS + 700, kind: FailureKind::Timeout });
    let got = batches(Following { until_ms: Some(BEGAN_MS), ..following(&logs, &["a*"]) }, MINUTE).await;
    assert_eq!(texts(&got), ["x"]);
}

#[tokio::test(start_paused = true)]
async fn more_groups_than_are_read_is_said() {
    let logs = Arc::new(FakeLogs::new((0..103).map(|number| arrives(&format!("g{number:03}"), 0, 0, "x")), 5));
    let got = batches(following(&logs, &["g*"]), MINUTE).await;
    assert_eq!(texts(&got).len(), 100);
    let Note::Trouble { text, .. } = notes(&got)[0] else { panic!("{got:?}") };
    assert_eq!(text, "3 more groups match, and 100 are read at once: narrow it down");
    assert_eq!(notes(&got).len(), 1, "once");
}

#[tokio::test(start_paused = true)]
async fn on_aws_two_calls_a_second_are_shared_by_all_and_the_busiest_come_sooner() {
    let lines = (0..600).map(|number| arrives("busy", number * 200, 0, "x"));
    let logs = Arc::new(FakeLogs::new(lines, 1000));
    for quiet in ["q1", "q2", "q3", "q4", "q5"] {
        logs.groups.lock().unwrap().insert(quiet.to_owned(), Vec::new());
    }
    let on_aws = Following {
        budget: Budget::of(true),
        paces: Paces::of(true),
        since_ms: BEGAN_MS,
        ..following(&logs, &["busy", "q1", "q2", "q3", "q4", "q5"])
    };
    let got = batches(on_aws, MINUTE * 3).await;
    assert_eq!(texts(&got).len(), 600);
    let calls = logs.calls.lock().unwrap();
    let of = |group: &str| calls.iter().filter(|(_, ask)| &*ask.group == group).count();
    assert!(calls.len() <= 4 + 2 * 180, "{} calls", calls.len());
    assert!(of("q1") >= 30 && of("busy") as f64 > 1.3 * of("q1") as f64, "{} {}", of("busy"), of("q1"));
    assert!(calls.windows(5).all(|five| five[4].0 > five[0].0), "never five at once");
}

#[tokio::test(start_paused = true)]
async fn sessions_bring_what_is_new_and_between_them_it_is_read() {
    let lines = (0..600).map(|number| arrives(["a", "b"][number as usize % 2], number * 100, 30, &number.to_string()));
    let logs = Arc::new(FakeLogs { live_lasts: Some(Duration::from_secs(20)), ..FakeLogs::new(lines, 1000) });
    let live = Following { live: true, ..following(&logs, &["a", "b"]) };
    let began = Instant::now();
    let got = batches(live, MINUTE * 2).await;
    let mut numbers: Vec<u32> = texts(&got).iter().map(|text| text.parse().unwrap()).collect();
    numbers.sort();
    assert_eq!(numbers, (0..600).collect::<Vec<_>>(), "each once");
    assert_eq!(notes(&got), [] as [&Note; 0]);
    let calls = logs.calls.lock().unwrap();
    let within = |from: u64, to: u64| {
        let since = |at: &Instant| at.duration_since(began).as_secs();
        calls.iter().filter(|(at, _)| (from..to).contains(&since(at))).count()
    };
    assert_eq!(within(7, 19), 0, "nobody reads what a session brings");
    assert!(within(20, 26) > 10);
}

#[tokio::test(start_paused = true)]
async fn where_there_are_no_sessions_it_is_read_and_said() {
    let logs = Arc::new(FakeLogs::new([arrives("a", 0, 0, "x"), arrives("a", 30_000, 0, "y")], 5));
    let got = batches(Following { live: true, ..following(&logs, &["a"]) }, MINUTE).await;
    assert_eq!(texts(&got), ["x", "y"]);
    let [Note::Trouble { text, .. }] = notes(&got)[..] else { panic!("{got:?}") };
    assert_eq!(text, "no live session, the groups are read in turns: no live tail here");
}

#[tokio::test(start_paused = true)]
async fn bad_lines_are_lines() {
    let million = "m".repeat(1_000_000);
    let bad = ["\u{1b}]0;owned\u{7}\u{1b}[2J", &million, "no newline", "", "\u{202e}gnirts\0"];
    let mut lines: Vec<_> = bad.iter().map(|text| arrives("a", 0, 0, text)).collect();
    lines.push(Arriving { arrives_ms: 0, event: event("a", 0, "of 1970") });
    let logs = Arc::new(FakeLogs::new(lines, 2));
    let got = batches(Following { since_ms: 0, until_ms: Some(BEGAN_MS), ..following(&logs, &["a"]) }, MINUTE).await;
    assert_eq!(texts(&got), [&["of 1970"], &bad[..]].concat());
}

#[tokio::test(start_paused = true)]
async fn who_stops_or_listens_no_more_ends_it_at_once() {
    begin();
    let logs = Arc::new(FakeLogs::new((0..100).map(|number| arrives("a", -number, 0, "x")), 1));
    let (out, batches) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let tail = tokio::spawn(follow(following(&logs, &["a"]), out, stop.clone()));
    sleep(Duration::from_secs(30)).await;
    stop.cancel();
    timeout(Duration::from_millis(1), tail).await.unwrap().unwrap();
    drop(batches);
    let (out, batches) = mpsc::channel(1);
    let tail = tokio::spawn(follow(following(&logs, &["a"]), out, CancellationToken::new()));
    sleep(Duration::from_secs(30)).await;
    drop(batches);
    timeout(Duration::from_millis(1), tail).await.unwrap().unwrap();
}

/// Events with their groups, instants and delays; some of them alike.
fn any_events() -> impl Strategy<Value = Vec<Arriving>> {
    let one = (0..4_usize, 0..20_000_i64, prop_oneof![3 => 0..500_i64, 1 => 0..9_000_i64], 0..3_u8, 0..2_u8);
    proptest::collection::vec(one, 0..80).prop_map(|all| {
        let arriving = |(group, at, delay, text, stream): (usize, i64, i64, u8, u8)| {
            // Some in the same millisecond.
            let one = arrives(["a", "b", "c", "d"][group], at / 50 * 50, delay, &text.to_string());
            let event = Event { stream: stream.to_string().as_str().into(), ..one.event };
            Arriving { event, ..one }
        };
        all.into_iter().map(arriving).collect()
    })
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

fn sorted(events: impl Iterator<Item = Event>) -> Vec<(i64, String, String, String)> {
    let mut all: Vec<_> = events
        .map(|event| (event.at_ms, event.group.to_string(), event.stream.to_string(), event.text.to_string()))
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn each_comes_once_and_in_order(events in any_events(), page in 1..9_usize) {
        let logs = Arc::new(FakeLogs::new(events.clone(), page));
        for group in ["a", "b", "c", "d"] {
            logs.groups.lock().unwrap().entry(group.to_owned()).or_default();
        }
        let paces = Paces { at_once: 4, ..Paces::of(false) };
        let following = Following { paces, budget: Budget::new(1e6, 1e6), ..following(&logs, &["a", "b", "c", "d"]) };
        let got = run(batches(following, MINUTE));
        let came: Vec<&Event> = got.iter().flat_map(|(_, batch)| &batch.events).collect();
        prop_assert_eq!(sorted(came.iter().map(|event| (*event).clone())), sorted(events.iter().map(|one| one.event.clone())));
        prop_assert!(notes(&got).is_empty());
        for (_, batch) in &got {
            prop_assert!(batch.events.is_sorted_by_key(|event| event.at_ms));
        }
        // What came in time is in order: no younger one went before it. A look and its pages take a while of the second that the younger
        // one is held; and it may go without being held as soon as all groups were read a second past it, though it came later itself.
        let takes = i64::try_from((TAKES * 80).as_millis()).unwrap() + 500;
        let in_time = |one: &Arriving| events.iter().all(|other| {
            let is_held = one.arrives_ms + takes <= other.arrives_ms.max(other.event.at_ms) + 1000;
            other.event.at_ms <= one.event.at_ms || (is_held && one.arrives_ms <= other.event.at_ms + 1000)
        });
        let lates: Vec<_> = events.iter().filter(|one| !in_time(one)).map(|one| &one.event).collect();
        let timely: Vec<i64> = came.iter().filter(|event| !lates.contains(event)).map(|event| event.at_ms).collect();
        prop_assert!(timely.is_sorted(), "{:?}", timely);
    }

    #[test]
    fn each_comes_once_whatever_fails(
        events in any_events(),
        page in 1..9_usize,
        refuses in proptest::collection::btree_set(1..200_usize, 0..30),
        down in (0..20_000_i64, 0..20_000_i64),
    ) {
        let logs = FakeLogs { refuses, ..FakeLogs::new(events.clone(), page) };
        logs.fails("a", Fault { from_ms: BEGAN_MS + down.0, to_ms: BEGAN_MS + down.0 + down.1, kind: FailureKind::Timeout });
        let logs = Arc::new(logs);
        let groups: std::collections::BTreeSet<_> = events.iter().map(|one| one.event.group.to_string()).collect();
        let names: Vec<&str> = groups.iter().map(String::as_str).collect();
        if names.is_empty() {
            return Ok(());
        }
        let got = run(batches(following(&logs, &names), MINUTE * 2));
        let gaps = notes(&got).iter().any(|note| matches!(note, Note::Gap { .. }));
        let came = sorted(got.iter().flat_map(|(_, batch)| batch.events.iter().cloned()));
        let all = sorted(events.iter().map(|one| one.event.clone()));
        prop_assert!(came == all || gaps && came.iter().all(|one| all.contains(one)), "{:?}\n{:?}", came, all);
    }
}
