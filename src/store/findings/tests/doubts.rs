//! What could not be read is no finding, and what was read once is not taken back.

use super::*;

/// What could not be read is never a finding.
#[rstest]
#[case::mappings(
    Built::default().with(queue("alone")).measured(queue_id("alone"), VISIBLE, 5.0),
    "lambda:ListEventSourceMappings", "no-consumer"
)]
#[case::sources_of_delivery_streams(stream_alone(), "firehose:DescribeDeliveryStream", "stream-without-reader")]
#[case::queues(clean().link(subscribes("orders", queue_id("lost"), "sqs")), "sqs:ListQueues", "subscriber-gone")]
#[case::functions(clean().link(targets("r", function_id("lost"))), "lambda:ListFunctions", "target-gone")]
#[case::groups(clean().without(group_id("f")), "logs:DescribeLogGroups", "log-group-missing")]
#[case::subscriptions(
    clean().with(topic("quiet")).measured(topic_id("quiet"), SUBSCRIPTIONS, 0.0),
    "sns:ListSubscriptions", "no-subscriber"
)]
fn what_could_not_be_read_is_no_finding(#[case] built: Built, #[case] operation: &str, #[case] rule: &str) {
    assert_eq!(built.clone().rules(), [rule]);
    let may_lack = RULES.iter().flat_map(|rule| rule.needs()).any(|need| need.operation == operation && need.may_lack);
    for kind in [FailureKind::Denied, FailureKind::Unreachable, FailureKind::Throttled, FailureKind::NotImplemented] {
        let failing = built.clone().failing(operation, kind);
        let is_an_answer = kind == FailureKind::NotImplemented && may_lack;
        assert_eq!(failing.rules().contains(&rule), is_an_answer, "{operation} failed: {kind:?}");
    }
}

fn stream_alone() -> Built {
    let id = arn("kinesis", "stream/dry");
    Built::default().with(Resource::new(id, Kind::Stream, "dry").with("ConsumerCount", Some(0)))
}

/// An endpoint without pipes has none: that is an answer.
#[rstest]
#[case("pipes:ListPipes")]
#[case("firehose:ListDeliveryStreams")]
#[case("kinesisanalytics:ListApplications")]
fn what_an_endpoint_does_not_have_reads_nothing(#[case] operation: &str) {
    let rule = "stream-without-reader";
    assert_eq!(stream_alone().failing(operation, FailureKind::NotImplemented).rules(), [rule]);
    assert_eq!(stream_alone().failing(operation, FailureKind::Denied).rules(), [""; 0]);
}

/// A delivery stream that could not be described may be the reader.
#[test]
fn one_reader_that_could_not_be_read_is_enough_to_be_silent() {
    let mut built = stream_alone().failing("firehose:DescribeDeliveryStream", FailureKind::Denied);
    built.failures[0].subject = Some(arn("firehose", "deliverystream/d"));
    let store = built.store();
    assert_eq!(store.findings(), []);
    assert_eq!(
        silent(store.polls())["firehose:DescribeDeliveryStream"],
        [Silence { rule: "stream-without-reader", about: None }]
    );
}

#[test]
fn a_rule_that_is_silent_is_named_with_the_operation_to_blame() {
    let store = clean().failing("lambda:ListEventSourceMappings", FailureKind::Denied).store();
    let silent = silent(store.polls());
    assert_eq!(silent.keys().copied().collect::<Vec<_>>(), ["lambda:ListEventSourceMappings"]);
    assert!(silent["lambda:ListEventSourceMappings"].contains(&Silence { rule: "no-consumer", about: None }));
    let store = clean().failing("sqs:ListQueues", FailureKind::Denied).store();
    let of_queues =
        ["dlq-gone", "subscriber-gone", "target-gone"].map(|rule| Silence { rule, about: Some(Kind::Queue) });
    assert_eq!(super::silent(store.polls())["sqs:ListQueues"], of_queues);
    assert_eq!(super::silent(clean().store().polls()), BTreeMap::new());
}

#[test]
fn a_throttle_does_not_take_back_what_is_known() {
    let mut store = Built::default().with(queue("alone")).measured(queue_id("alone"), VISIBLE, 5.0).store();
    let done = crate::domain::Done { operation: "lambda:ListEventSourceMappings", subject: None };
    let round = Some(Round { next: None, done: vec![done] });
    store.apply(Report { poller: "lambda", at: at(2), facts: vec![], round });
    let kind = FailureKind::Throttled;
    let operation = "lambda:ListEventSourceMappings".to_owned();
    let failure = Failure { poller: "lambda", operation, error: "slow".into(), kind, subject: None };
    let facts = vec![Fact::Failed(failure)];
    store.apply(Report { poller: "lambda", at: at(3), facts, round: Some(Round::default()) });
    store.assess(at(3));
    assert_eq!(store.findings().len(), 1);
}

#[test]
fn a_queue_whose_attributes_were_not_read_is_not_judged_by_them() {
    let bare = Resource::new(queue_id("q"), Kind::Queue, "q");
    let built = Built::default().with(bare).with(topic("orders")).with(function("f"));
    let built = built.link(mapping(queue_id("q"), "f")).link(subscribes("orders", queue_id("q"), "sqs"));
    assert_eq!(built.rules(), [""; 0]);
}

fn failure(poller: &'static str, operation: &str, kind: FailureKind, subject: Option<ResourceId>) -> Fact {
    Fact::Failed(Failure { poller, operation: operation.to_owned(), error: "no".to_owned(), kind, subject })
}

/// The link is known before the listing has come to its end.
#[test]
fn what_is_missing_is_found_at_the_end_of_the_listing_and_doubted_with_it() {
    let mut store = Store::default();
    let facts = vec![Fact::Found(topic("orders")), Fact::Linked(subscribes("orders", queue_id("lost"), "sqs"))];
    store.apply(Report { poller: "sns", at: at(0), facts, round: Some(Round::default()) });
    let mut found_after = |second, facts, done: Vec<&'static str>| {
        let done = done.into_iter().map(|operation| crate::domain::Done { operation, subject: None }).collect();
        let round = Some(Round { next: None, done });
        store.apply(Report { poller: "sqs", at: at(second), facts, round });
        store.assess(at(second));
        store.findings().len()
    };
    let listed = || vec!["sqs:ListQueues"];
    assert_eq!(found_after(1, Vec::new(), listed()), 1);
    assert_eq!(found_after(2, vec![failure("sqs", "sqs:ListQueues", FailureKind::Denied, None)], vec![]), 0);
    assert_eq!(found_after(3, Vec::new(), listed()), 1);
    let throttled = failure("sqs", "sqs:GetQueueAttributes", FailureKind::Throttled, Some(queue_id("other")));
    assert_eq!(found_after(4, vec![throttled], listed()), 0, "it may be one that was not come to");
    // Nothing else was read since: a store without a finding must not be one that was never judged.
    assert_eq!(found_after(5, vec![Fact::Found(queue("lost"))], listed()), 0);
}

#[test]
fn a_listing_that_was_cut_says_nothing_of_the_rest() {
    let built = clean().link(targets("r", function_id("lost")));
    let mut store = built.store();
    assert_eq!(store.findings().len(), 1);
    let cut = failure("lambda", "lambda:ListFunctions", FailureKind::Other, Some("lambda:ListFunctions".into()));
    store.apply(Report { poller: "lambda", at: at(2), facts: vec![cut], round: Some(Round::default()) });
    store.assess(at(2));
    assert_eq!(store.findings(), []);
}
