//! What is said where nothing could be read.

use super::*;

#[test]
fn a_failing_poller_makes_all_of_its_own_unknown_and_no_others() {
    let mut store = architecture("Enabled");
    let failure = Failure {
        poller: "sqs",
        operation: "sqs:ListQueues".into(),
        error: "permission denied".into(),
        kind: FailureKind::Denied,
        subject: None,
    };
    store.apply(report("sqs", 10, vec![Fact::Failed(failure)]));
    store.assess(at(10));
    assert_eq!(store.get(&arn("stats")).unwrap().health(), Health::Unknown);
    assert_eq!(store.get(&function("stats-fn")).unwrap().health(), Health::Ok);
    // A round that did not ask for the listing again proves nothing.
    store.apply(report("sqs", 12, vec![measured(arn("stats"), VISIBLE, 0.0, 12)]));
    store.assess(at(12));
    assert_eq!(store.get(&arn("stats")).unwrap().health(), Health::Unknown);
    store.apply(done(report("sqs", 14, vec![]), "sqs:ListQueues", None));
    assert_eq!(assessed(store, 14).get(&arn("stats")).unwrap().health(), Health::Ok);
}

#[test]
fn one_denied_queue_is_unknown_alone_until_it_is_read() {
    let mut store = architecture("Enabled");
    let failure = Failure {
        poller: "sqs",
        operation: "sqs:GetQueueAttributes".into(),
        error: "permission denied".into(),
        kind: FailureKind::Denied,
        subject: Some(arn("stats")),
    };
    store.apply(report("sqs", 10, vec![Fact::Failed(failure)]));
    // A later round that did not ask for it again says nothing about it.
    store.apply(report("sqs", 12, vec![]));
    store.assess(at(12));
    assert_eq!(store.get(&arn("stats")).unwrap().health(), Health::Unknown);
    assert_eq!(store.get(&arn("stats-dlq")).unwrap().health(), Health::Ok);
    store.apply(done(report("sqs", 14, vec![]), "sqs:GetQueueAttributes", Some(arn("stats"))));
    assert_eq!(assessed(store, 14).get(&arn("stats")).unwrap().health(), Health::Ok);
}

fn unreachable(poller: &'static str) -> Fact {
    Fact::Failed(Failure {
        poller,
        operation: format!("{poller}:List"),
        error: "connection refused".into(),
        kind: FailureKind::Unreachable,
        subject: None,
    })
}

#[test]
fn an_outage_is_everybodys_and_ends_with_the_first_answer() {
    let mut store = architecture("Enabled");
    assert!(store.polls().outage().is_none());
    store.apply(report("sqs", 10, vec![unreachable("sqs")]));
    assert!(store.polls().outage().is_some(), "nobody has answered since");
    // Another service answers after that: it was one service's matter.
    store.apply(report("lambda", 12, vec![measured(arn("stats"), VISIBLE, 0.0, 12)]));
    assert!(store.polls().outage().is_none());
    // It stays that service's matter, however often it fails again.
    store.apply(report("sqs", 14, vec![unreachable("sqs")]));
    assert!(store.polls().outage().is_none());
    assert!(store.polls().is_failing("sqs"));
    store.apply(report("sqs", 16, vec![measured(arn("stats"), VISIBLE, 0.0, 16)]));
    assert!(!store.polls().is_failing("sqs"), "whoever answers is there");
}

#[test]
fn a_service_that_makes_no_sense_is_no_outage_while_others_answer() {
    let mut store = architecture("Enabled");
    let nonsense = Failure {
        poller: "lambda",
        operation: "lambda:ListFunctions".into(),
        error: "makes no sense".into(),
        kind: FailureKind::Garbage,
        subject: None,
    };
    store.apply(report("lambda", 10, vec![Fact::Failed(nonsense)]));
    assert!(store.polls().outage().is_none());
}
