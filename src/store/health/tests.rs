//! Each rule with a good and a bad architecture.

use super::*;
use crate::domain::reading::{FAULTS, ITERATOR_AGE, LINES, OLDEST_AGE, THROTTLES, UNDELIVERED};
use crate::domain::{
    Done, Fact, Failure, FailureKind, Heard, Level, Metric, Reading, Report, Resource, Round, Subject,
};

mod outages;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn report(poller: &'static str, second: i64, facts: Vec<Fact>) -> Report {
    Report { poller, at: at(second), facts, round: Some(Round { next: Some(at(second + 2)), done: Vec::new() }) }
}

/// The same report, whose round also brought an operation to a good end.
fn done(mut report: Report, operation: &'static str, subject: Option<ResourceId>) -> Report {
    if let Some(round) = &mut report.round {
        round.done.push(Done { operation, subject });
    }
    report
}

fn queue(name: &str) -> Fact {
    Fact::Found(Resource::new(arn(name), Kind::Queue, name).with("MessageRetentionPeriod", Some(345_600)))
}

fn arn(name: &str) -> ResourceId {
    format!("arn:aws:sqs:us-east-1:1:{name}").into()
}

fn function(name: &str) -> ResourceId {
    format!("arn:aws:lambda:us-east-1:1:function:{name}").into()
}

fn group(name: &str) -> ResourceId {
    format!("arn:aws:logs:us-east-1:1:log-group:/aws/lambda/{name}").into()
}

fn measured(id: ResourceId, metric: Metric, value: f64, second: i64) -> Fact {
    Fact::Measured { id, metric, reading: Reading { value, source: "test", at: at(second) } }
}

fn dead_letter_link() -> Fact {
    Fact::Linked(Link::configured(arn("stats"), LinkKind::DeadLetters, arn("stats-dlq")))
}

/// stats ⤷ stats-dlq, stats → stats-fn → its log group.
fn architecture(state: &str) -> Store {
    let mut store = Store::default();
    let mapping = Link::configured(arn("stats"), LinkKind::Invokes, function("stats-fn")).with("State", Some(state));
    let logs = Link::configured(function("stats-fn"), LinkKind::Logs, group("stats-fn"));
    store.apply(report("sqs", 0, vec![queue("stats"), queue("stats-dlq"), dead_letter_link()]));
    let found = Fact::Found(Resource::new(function("stats-fn"), Kind::Function, "stats-fn"));
    store.apply(report("lambda", 0, vec![found, Fact::Linked(mapping), Fact::Linked(logs)]));
    let found = Fact::Found(Resource::new(group("stats-fn"), Kind::LogGroup, "/aws/lambda/stats-fn"));
    store.apply(report("logs", 0, vec![found]));
    store
}

fn reasons(store: &Store, id: &ResourceId) -> Vec<(Health, String)> {
    store.get(id).unwrap().verdicts.iter().map(|verdict| (verdict.health, verdict.reason.clone())).collect()
}

fn assessed(mut store: Store, second: i64) -> Store {
    store.assess(at(second));
    store
}

#[test]
fn an_idle_architecture_is_well() {
    let mut store = architecture("Enabled");
    store.apply(report(
        "sqs",
        1,
        vec![measured(arn("stats"), VISIBLE, 0.0, 1), measured(arn("stats-dlq"), VISIBLE, 0.0, 1)],
    ));
    store.assess(at(1));
    assert_eq!(store.alarms(), []);
}

#[test]
fn dead_letters_are_counted_and_say_what_the_consumer_said() {
    let mut store = architecture("Enabled");
    let said = Heard {
        id: group("stats-fn"),
        at: at(1),
        level: Level::Error,
        text: "[ERROR] ValueError: cannot price cart 4\nTraceback".into(),
    };
    store.apply(report("logs", 1, vec![Fact::Heard(said)]));
    store.apply(report(
        "sqs",
        1,
        vec![measured(arn("stats-dlq"), VISIBLE, 2.0, 1), measured(arn("stats-dlq"), IN_FLIGHT, 1.0, 1)],
    ));
    let store = assessed(store, 2);
    let expected = "3 dead letters from stats · stats-fn: ValueError: cannot price cart 4";
    assert_eq!(reasons(&store, &arn("stats-dlq")), [(Health::Crit, expected.to_owned())]);
    assert_eq!(store.alarms()[0].id, arn("stats-dlq"));
}

#[test]
fn a_verdict_remembers_since_when() {
    let mut store = architecture("Enabled");
    store.apply(report("sqs", 1, vec![measured(arn("stats-dlq"), VISIBLE, 1.0, 1)]));
    store.assess(at(1));
    store.apply(report("sqs", 60, vec![measured(arn("stats-dlq"), VISIBLE, 5.0, 60)]));
    let store = assessed(store, 60);
    assert_eq!(store.alarms()[0].verdict.since, at(1));
}

#[test]
fn what_was_so_at_the_first_look_began_before() {
    let mut store = architecture("Enabled");
    store.apply(report("sqs", 1, vec![measured(arn("stats-dlq"), VISIBLE, 1.0, 1)]));
    store.assess(at(1));
    assert!(store.alarms()[0].verdict.already);
    // The age of the oldest tells better.
    store.apply(report("sqs", 2, vec![measured(arn("stats-dlq"), OLDEST_AGE, 600.0, 2)]));
    store.assess(at(2));
    assert_eq!((store.alarms()[0].verdict.since, store.alarms()[0].verdict.already), (at(-598), false));

    let mut store = architecture("Enabled");
    store.apply(report("sqs", 1, vec![measured(arn("stats-dlq"), VISIBLE, 0.0, 1)]));
    store.assess(at(1));
    store.apply(report("sqs", 3, vec![measured(arn("stats-dlq"), VISIBLE, 1.0, 3)]));
    store.assess(at(3));
    assert!(!store.alarms()[0].verdict.already);
}

#[test]
fn a_backlog_whose_consumer_is_disabled() {
    for (state, alarmed) in [("Enabled", false), ("Disabled", true)] {
        let mut store = architecture(state);
        for (second, depth) in [(1, 10.0), (2, 20.0), (3, 30.0)] {
            store.apply(report("sqs", second, vec![measured(arn("stats"), VISIBLE, depth, second)]));
        }
        let store = assessed(store, 3);
        let said = reasons(&store, &arn("stats"));
        let expected = "backlog ≈30, +10/s · its consumer stats-fn is disabled";
        assert_eq!(said, if alarmed { vec![(Health::Warn, expected.to_owned())] } else { vec![] });
        let said = reasons(&store, &function("stats-fn"));
        let expected = "its mapping from stats is disabled";
        assert_eq!(said, if alarmed { vec![(Health::Warn, expected.to_owned())] } else { vec![] });
    }
}

#[test]
fn a_backlog_that_nothing_reads() {
    let mut store = Store::default();
    store.apply(report("sqs", 0, vec![queue("orphan")]));
    for (second, depth) in [(1, 10.0), (2, 20.0)] {
        store.apply(report("sqs", second, vec![measured(arn("orphan"), VISIBLE, depth, second)]));
    }
    let store = assessed(store, 2);
    let expected = "backlog ≈20, +10/s · no function reads it and nothing leaves";
    assert_eq!(reasons(&store, &arn("orphan")), [(Health::Warn, expected.to_owned())]);
}

#[test]
fn messages_that_expire_before_they_drain() {
    let mut store = architecture("Enabled");
    let age = 345_600.0 - 1_800.0;
    store.apply(report("sqs", 1, vec![measured(arn("stats"), VISIBLE, 1_000.0, 1)]));
    store.apply(report(
        "sqs",
        11,
        vec![measured(arn("stats"), VISIBLE, 990.0, 11), measured(arn("stats"), OLDEST_AGE, age, 11)],
    ));
    let store = assessed(store, 11);
    // 990 at one a second drain in 16 minutes, well before the loss in 30: nothing to say.
    assert_eq!(reasons(&store, &arn("stats")), []);

    let mut store = store;
    store.apply(report("sqs", 21, vec![measured(arn("stats"), VISIBLE, 9_900.0, 21)]));
    let store = assessed(store, 21);
    let said = reasons(&store, &arn("stats"));
    assert_eq!(said, [(Health::Crit, "≈9,900 waiting · first loss in 29 min, it does not shrink".to_owned())]);
}

/// `q` keeps messages for an hour.
fn hour_queue(depths: &[(i64, f64)]) -> Store {
    let mut store = Store::default();
    let queue = Resource::new(arn("q"), Kind::Queue, "q").with("MessageRetentionPeriod", Some(3_600));
    store.apply(report("sqs", 0, vec![Fact::Found(queue)]));
    for (second, depth) in depths {
        store.apply(report("sqs", *second, vec![measured(arn("q"), VISIBLE, *depth, *second)]));
    }
    store
}

#[test]
fn a_message_in_a_queue_that_keeps_little_is_no_loss_yet() {
    let busy = [(1, 1.0), (3, 1.0), (5, 1.0)];
    assert_eq!(reasons(&assessed(hour_queue(&busy), 5), &arn("q")), []);
    // Steady at every look, and the oldest is young: much comes and as much goes.
    let mut store = hour_queue(&busy);
    store.apply(report("sqs", 6, vec![measured(arn("q"), OLDEST_AGE, 2.0, 6)]));
    assert_eq!(reasons(&assessed(store, 6), &arn("q")), []);
}

#[test]
fn an_age_that_is_no_longer_read_is_not_known() {
    let mut store = hour_queue(&[(1, 600.0), (3, 600.0)]);
    store.apply(report("sqs", 4, vec![measured(arn("q"), OLDEST_AGE, 3_000.0, 4)]));
    let mut store = assessed(store, 10);
    let expected = "≈600 waiting · first loss in 9 min, nothing drains it";
    assert_eq!(reasons(&store, &arn("q")), [(Health::Crit, expected.to_owned())]);
    store.apply(report("sqs", 50, vec![measured(arn("q"), VISIBLE, 601.0, 50)]));
    assert_eq!(reasons(&assessed(store, 50), &arn("q")), []);
}

#[test]
fn a_standing_queue_bounds_the_loss_and_never_is_critical() {
    let store = assessed(hour_queue(&[(1, 4.0), (3_301, 4.0)]), 3_301);
    let expected = "≈4 waiting · first loss in 5 min at the latest, nothing drains it";
    assert_eq!(reasons(&store, &arn("q")), [(Health::Warn, expected.to_owned())]);
}

#[test]
fn a_function_that_logs_errors_until_it_stops() {
    let mut store = architecture("Enabled");
    store.apply(report(
        "logs",
        1,
        vec![
            measured(group("stats-fn"), LINES, 99.0, 1),
            measured(group("stats-fn"), ERROR_LINES, 9.0, 1),
            measured(group("stats-fn"), INVOCATIONS, 20.0, 1),
        ],
    ));
    store.assess(at(1));
    let expected = "9 errors in the last minute over 20 invocations";
    assert_eq!(reasons(&store, &function("stats-fn")), [(Health::Warn, expected.to_owned())]);
    // The group belongs to the function: said once.
    assert_eq!(reasons(&store, &group("stats-fn")), []);
    // Nobody has read the log for two minutes: neither still failing nor well again.
    store.assess(at(181));
    let expected = "9 errors in a minute when its log was last read, 3 min ago";
    assert_eq!(reasons(&store, &function("stats-fn")), [(Health::Unknown, expected.to_owned())]);
    store.apply(report("logs", 182, vec![measured(group("stats-fn"), ERROR_LINES, 0.0, 182)]));
    assert_eq!(reasons(&assessed(store, 182), &function("stats-fn")), []);
}

#[test]
fn what_was_never_read_is_not_well() {
    let mut store = architecture("Enabled");
    store.assess(at(5));
    assert_eq!(store.alarms(), [], "one round is no reason to worry");
    store.apply(report("logs", 70, vec![]));
    store.assess(at(70));
    let unread = [(Health::Unknown, "its log lines were not read yet".to_owned())];
    assert_eq!(reasons(&store, &group("stats-fn")), unread);
    assert_eq!(reasons(&store, &function("stats-fn")), unread);
    assert_eq!(reasons(&store, &arn("stats")), [], "its poller has made one round");
    store.apply(report("sqs", 70, vec![measured(arn("stats"), VISIBLE, 0.0, 70)]));
    store.apply(report("logs", 71, vec![measured(group("stats-fn"), LINES, 0.0, 71)]));
    store.assess(at(71));
    assert_eq!((reasons(&store, &function("stats-fn")), reasons(&store, &arn("stats"))), (vec![], vec![]));
    assert_eq!(reasons(&store, &arn("stats-dlq")), [(Health::Unknown, "its depth was not read yet".to_owned())]);
    let store = assessed(store, 71 + 700);
    assert_eq!(reasons(&store, &group("stats-fn"))[0].1, "its log lines: last read 11 min ago");
}

#[test]
fn what_cloudwatch_counts_as_failed_is_said_with_its_minute() {
    let mut store = architecture("Enabled");
    let topic = ResourceId::from("arn:aws:sns:us-east-1:1:t");
    let found = Fact::Found(Resource::new(topic.clone(), Kind::Topic, "t"));
    store.apply(report("sns", 0, vec![found, measured(topic.clone(), UNDELIVERED, 0.0, 60)]));
    store.assess(at(61));
    assert_eq!(reasons(&store, &topic), []);
    store.apply(report("cloudwatch", 120, vec![measured(topic.clone(), UNDELIVERED, 0.05, 120)]));
    let f = function("stats-fn");
    let calls = vec![measured(f.clone(), THROTTLES, 2.0, 60), measured(f.clone(), FAULTS, 1.0 / 60.0, 60)];
    store.apply(report("cloudwatch", 120, calls));
    let mut store = assessed(store, 121);
    assert_eq!(
        reasons(&store, &topic),
        [(Health::Warn, "3 notifications were not delivered in the last minute".into())]
    );
    let expected = "120 calls were throttled, 1 call failed in the minute that ended 61 s ago";
    assert_eq!(reasons(&store, &f)[0], (Health::Warn, expected.to_owned()));
    store.assess(at(500));
    assert_eq!(reasons(&store, &topic), [], "too old to be of now");
}

#[test]
fn a_reader_that_is_behind_is_said_before_records_are_lost() {
    let stream = ResourceId::from("arn:aws:kinesis:us-east-1:1:stream/s");
    let mut store = Store::default();
    let found = Resource::new(stream.clone(), Kind::Stream, "s").with("RetentionPeriodHours", Some(24));
    store.apply(report("kinesis", 0, vec![Fact::Found(found), measured(stream.clone(), ITERATOR_AGE, 20.0, 0)]));
    store.assess(at(1));
    assert_eq!(reasons(&store, &stream), []);
    store.apply(report("cloudwatch", 60, vec![measured(stream.clone(), ITERATOR_AGE, 200.0, 60)]));
    store.assess(at(61));
    let expected = "its slowest reader is 3 min behind and falls back 3.0 s each second";
    assert_eq!(reasons(&store, &stream), [(Health::Warn, expected.to_owned())]);
    store.apply(report("cloudwatch", 120, vec![measured(stream.clone(), ITERATOR_AGE, 50_000.0, 120)]));
    store.assess(at(121));
    assert_eq!(reasons(&store, &stream)[0].0, Health::Crit);
}

#[test]
fn a_reader_loses_what_its_stream_no_longer_keeps() {
    let (stream, reader) = (ResourceId::from("arn:aws:kinesis:us-east-1:1:stream/s"), function("reader"));
    let mut store = Store::default();
    let found = Resource::new(stream.clone(), Kind::Stream, "s").with("RetentionPeriodHours", Some(168));
    let mapping = Link::configured(stream, LinkKind::Invokes, reader.clone());
    let reads = Fact::Found(Resource::new(reader.clone(), Kind::Function, "reader"));
    let behind = |hours: f64, second| measured(reader.clone(), ITERATOR_AGE, hours * 3_600.0, second);
    store.apply(report("kinesis", 0, vec![Fact::Found(found), reads, Fact::Linked(mapping), behind(13.0, 0)]));
    store.assess(at(1));
    assert_eq!(reasons(&store, &reader), [(Health::Warn, "it is 13 h behind".to_owned())]);
    store.apply(report("cloudwatch", 60, vec![behind(100.0, 60)]));
    let (health, said) = reasons(&assessed(store, 61), &reader).remove(0);
    assert!(health == Health::Crit && said.ends_with("records are lost after 7 d"), "{said}");
}

#[test]
fn a_loss_by_cloudwatchs_age_is_sure_and_at_the_latest() {
    let mut store = hour_queue(&[(1, 600.0), (3, 600.0)]);
    let reading = Reading { value: 3_000.0, source: "cloudwatch:ApproximateAgeOfOldestMessage", at: at(3) };
    store.apply(report("cloudwatch", 3, vec![Fact::Measured { id: arn("q"), metric: OLDEST_AGE, reading }]));
    let expected = "≈600 waiting · first loss in 10 min at the latest, nothing drains it";
    assert_eq!(reasons(&assessed(store, 3), &arn("q")), [(Health::Crit, expected.to_owned())]);
}

#[test]
fn a_pipe_reads_a_queue() {
    let mut store = Store::default();
    let pipe = Link::configured(arn("q"), LinkKind::Streams, "arn:aws:pipes:us-east-1:1:pipe/p");
    store.apply(report("sqs", 0, vec![queue("q"), Fact::Linked(pipe)]));
    for (second, depth) in [(1, 10.0), (2, 20.0)] {
        store.apply(report("sqs", second, vec![measured(arn("q"), VISIBLE, depth, second)]));
    }
    assert_eq!(reasons(&assessed(store, 2), &arn("q")), []);
}

#[test]
fn what_is_gone_is_said_and_then_forgotten() {
    let mut store = architecture("Enabled");
    store.apply(report("sqs", 1, vec![measured(arn("stats"), VISIBLE, 7.0, 1)]));
    store.apply(report("sqs", 2, vec![Fact::Gone(Subject::Resource(arn("stats")))]));
    store.assess(at(5));
    let expected = "gone since 3 s ago with ≈7 messages in it: it was deleted, or is no longer listed";
    assert_eq!(reasons(&store, &arn("stats")), [(Health::Warn, expected.to_owned())]);
    let store = assessed(store, 700);
    assert!(store.get(&arn("stats")).is_none());
}
