//! What is shown as old, and when.

use super::*;
use crate::domain::{
    FailureKind, Metric, Reading, Round,
    reading::{ARRIVALS, LINES, STORED, VISIBLE},
};

const ID: &str = "arn:aws:logs:us-east-1:1:log-group:g";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

/// One resource, after a round in which some of its numbers were read.
fn round(store: &mut Store, second: i64, period: i64, metrics: &[Metric]) {
    let mut facts = vec![Fact::Found(Resource::new(ID, Kind::LogGroup, "g"))];
    facts.extend(metrics.iter().map(|metric| Fact::Measured {
        id: ID.into(),
        metric: *metric,
        reading: Reading { value: 1.0, source: "test", at: at(second) },
    }));
    store.apply(Report {
        poller: "p",
        at: at(second),
        facts,
        round: Some(Round { next: Some(at(second + period)), done: Vec::new() }),
    });
}

fn stale(store: &Store, metric: Metric, second: i64) -> bool {
    store.is_stale(store.get(&ID.into()).unwrap(), metric, at(second))
}

#[test]
fn each_number_ages_by_itself() {
    let mut store = Store::default();
    round(&mut store, 0, 2, &[LINES, STORED]);
    for second in (2..=600).step_by(2) {
        round(&mut store, second, 2, &[STORED]);
    }
    assert!(stale(&store, LINES, 600));
    assert!(!stale(&store, STORED, 600));
    assert!(!stale(&store, ARRIVALS, 600), "a number that was never read is not old");
}

#[test]
fn a_slow_pace_makes_nothing_old() {
    // `--refresh 10`: a round every 10 s, an idle queue every 75 s.
    let mut store = Store::default();
    round(&mut store, 0, 10, &[VISIBLE]);
    assert!(!stale(&store, VISIBLE, 74));
    round(&mut store, 75, 10, &[VISIBLE]);
    assert!(!stale(&store, VISIBLE, 75 + 80));
    assert!(stale(&store, VISIBLE, 75 + 3 * 75 + 1));
}

#[test]
fn a_failing_poller_makes_all_of_it_old() {
    let mut store = Store::default();
    round(&mut store, 0, 2, &[LINES]);
    let failure = Failure {
        poller: "p",
        operation: "p:List".into(),
        error: "permission denied".into(),
        kind: FailureKind::Denied,
        subject: None,
    };
    store.apply(Report { poller: "p", at: at(2), facts: vec![Fact::Failed(failure)], round: None });
    assert!(stale(&store, LINES, 2));
    assert!(store.is_in_doubt(store.get(&ID.into()).unwrap()));
}
