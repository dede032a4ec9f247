//! Each rule with a bad architecture: what is well, with one fault planted into it.

use super::*;

/// One fault each, planted into what is well.
#[rstest]
#[case::retention(
    clean().with(queue("q-dlq")),
    "dlq-retention", Severity::High,
    "keeps dead letters 4 d, its source q keeps messages 4 d: the age counts from the first sending, so letters are lost early"
)]
#[case::retention_at_its_longest(
    clean().with(dlq("q")),
    "dlq-retention", Severity::Low,
    "keeps dead letters 14 d, its source q keeps messages 14 d: the age counts from the first sending, and SQS keeps nothing longer"
)]
#[case::one_receive(
    clean().link(redrives("q", "q-dlq", 1)),
    "max-receive-count", Severity::Medium,
    "gives a message up after its first receive: one crash, or one look, and it is dead"
)]
#[case::few_receives(
    clean().link(redrives("q", "q-dlq", 3)),
    "max-receive-count", Severity::Low,
    "gives a message up after 3 receives; before the function f, AWS advises 5"
)]
#[case::chain(
    clean().with(dlq("last")).link(redrives("q-dlq", "last", 5)).with(queue("q-dlq").with("MessageRetentionPeriod", Some(700_000))),
    "dlq-chain", Severity::Medium,
    "holds the dead letters of q and hands them on to last after 5 receives: looking at them moves them"
)]
#[case::target_gone(
    clean().with(dlq("q-dlq")).without(queue_id("q-dlq")),
    "dlq-gone", Severity::High,
    "sends its dead letters to q-dlq, which does not exist"
)]
#[case::denies_all(
    clean().with(dlq("q-dlq").with("RedriveAllowPolicy", Some(r#"{"redrivePermission":"denyAll"}"#))),
    "dlq-forbids", Severity::High,
    "is to take the dead letters of q, but its RedriveAllowPolicy allows no source (denyAll)"
)]
#[case::allows_others(
    clean().with(dlq("q-dlq").with("RedriveAllowPolicy", Some(r#"{"redrivePermission":"byQueue","sourceQueueArns":["a"]}"#))),
    "dlq-forbids", Severity::High,
    "is to take the dead letters of q, but its RedriveAllowPolicy names 1 other source"
)]
#[case::another_type(
    clean().with(queue("a.fifo")).with(dlq("a-dlq")).link(redrives("a.fifo", "a-dlq", 5)),
    "dlq-type", Severity::High,
    "is a FIFO queue and its dead-letter queue a-dlq a standard one: SQS moves nothing there"
)]
#[case::visibility(
    clean().with(queue("q").with("VisibilityTimeout", Some(30))),
    "visibility-timeout", Severity::Low,
    "hides a message for 30 s, f may take 10 s: AWS advises 6 times that, 60 s, for retries when it is throttled"
)]
#[case::visibility_and_window(
    clean().link(mapping(queue_id("q"), "f").with("MaximumBatchingWindowInSeconds", Some(5))),
    "visibility-timeout", Severity::Low,
    "hides a message for 60 s, f may take 10 s: AWS advises 6 times that, 65 s, for retries when it is throttled"
)]
#[case::visibility_below_the_timeout(
    clean().with(queue("q").with("VisibilityTimeout", Some(9))),
    "visibility-timeout", Severity::Medium,
    "hides a message for 9 s, f may take 10 s: it is handled twice when it is slow"
)]
#[case::no_consumer(
    clean().with(queue("alone")).measured(queue_id("alone"), VISIBLE, 412.0).measured(queue_id("alone"), RECEIVED, 0.0),
    "no-consumer", Severity::Medium,
    "≈412 messages wait, no function or pipe reads them and none is in flight, and the queue keeps them 4 d"
)]
#[case::disabled(
    clean().link(mapping(queue_id("q"), "f").with("State", Some("Disabled"))),
    "consumer-disabled", Severity::High,
    "feeds f, but the mapping is disabled: ≈12 messages wait"
)]
#[case::whole_batches(
    clean().link(Link::configured(queue_id("q"), LinkKind::Invokes, function_id("f")).with("BatchSize", Some(10))),
    "whole-batches", Severity::Info,
    "hands up to 10 messages at once to f, which does not report which of them failed: all are tried again"
)]
#[case::nobody_listens(
    clean().with(topic("quiet")).measured(topic_id("quiet"), SUBSCRIPTIONS, 0.0),
    "no-subscriber", Severity::Low,
    "has no confirmed subscriber: what is published is lost"
)]
#[case::nobody_listens_to_somebody(
    clean().with(topic("quiet")).measured(topic_id("quiet"), SUBSCRIPTIONS, 0.0)
        .link(Link::configured(function_id("f"), LinkKind::Publishes, topic_id("quiet"))),
    "no-subscriber", Severity::High,
    "has no confirmed subscriber: what f publishes is lost"
)]
#[case::subscriber_gone(
    clean().link(subscribes("orders", queue_id("lost"), "sqs")),
    "subscriber-gone", Severity::High,
    "sends to lost, which does not exist: what was meant for it is lost"
)]
#[case::subscriber_without_policy(
    clean().with(Resource { attributes: queue("q").attributes.into_iter().filter(|(key, _)| key != "Policy").collect(), ..queue("q") }),
    "subscriber-refuses", Severity::High,
    "cannot send its messages to q: the queue has no policy, and without one AWS lets no topic in"
)]
#[case::subscriber_for_another(
    clean().with(queue("q").with("Policy", Some(r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:*","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:other"}}}]}"#))),
    "subscriber-refuses", Severity::High,
    "cannot send its messages to q: no statement of the queue's policy allows sqs:SendMessage for this topic"
)]
#[case::subscriber_with_a_key_of_aws(
    clean().with(queue("q").with("KmsMasterKeyId", Some("alias/aws/sqs"))),
    "subscriber-refuses", Severity::High,
    "cannot send its messages to q: it is encrypted with alias/aws/sqs, a key that SNS may not use"
)]
#[case::standard_to_fifo(
    clean().with(queue("q.fifo")).link(subscribes("orders", queue_id("q.fifo"), "sqs")),
    "fifo-delivery", Severity::High,
    "is a standard topic and q.fifo a FIFO queue: SNS does not deliver from one to the other"
)]
#[case::fifo_to_email(
    clean().with(topic("t.fifo")).link(subscribes("t.fifo", "a@example.com", "email")),
    "fifo-delivery", Severity::High,
    "is a FIFO topic: it delivers to queues alone, not to a@example.com by email"
)]
#[case::fifo_to_standard(
    clean().with(topic("t.fifo")).link(subscribes("t.fifo", queue_id("q"), "sqs")),
    "fifo-delivery", Severity::Info,
    "is a FIFO topic and q a standard queue: order and deduplication end there"
)]
#[case::pending(
    clean().link(subscribes("orders", "a@example.com", "email").with("PendingConfirmation", Some(true))),
    "pending-confirmation", Severity::Medium,
    "sends nothing to a@example.com: the email subscription is not confirmed yet"
)]
#[case::filter(
    clean().link(subscribes("orders", queue_id("q"), "sqs").with("FilterPolicy", Some(r#"{"n":[{"numeric":[">",5,"<",3]}]}"#))),
    "filter-never-matches", Severity::High,
    "filters everything out before q: no number is {\"numeric\":[\">\",5,\"<\",3]} (`n`)"
)]
#[case::rule_off(
    clean().with(rule("r").with("State", Some("DISABLED"))),
    "rule-disabled", Severity::Medium,
    "is disabled: what it would match is dropped, and f gets nothing from it"
)]
#[case::no_target(
    clean().with(rule("empty")).measured(rule_id("empty"), TARGETS, 0.0),
    "rule-without-target", Severity::Medium,
    "has 0 targets: what it matches goes nowhere"
)]
#[case::target_is_gone(
    clean().link(targets("r", function_id("lost"))),
    "target-gone", Severity::High,
    "sends to lost, which does not exist: what it matches is lost once the retries are over"
)]
#[case::pattern(
    clean().with(rule("r").with("EventPattern", Some(r#"{"detailType":["sales"]}"#))),
    "pattern-never-matches", Severity::High,
    "can never match: `detailType` is no top-level key of any event; is `detail-type` meant?"
)]
#[case::group_missing(
    clean().without(group_id("f")),
    "log-group-missing", Severity::Low,
    "has no log group /aws/lambda/f: it never ran, or its role may not create the group"
)]
#[case::never_expires(
    clean().with(Resource::new(group_id("f"), Kind::LogGroup, "/aws/lambda/f")),
    "logs-never-expire", Severity::Low,
    "keeps the lines of f for ever"
)]
#[case::stream(
    clean().with(Resource::new(arn("kinesis", "stream/dry"), Kind::Stream, "dry").with("ConsumerCount", Some(0)).with("RetentionPeriodHours", Some(24))),
    "stream-without-reader", Severity::Medium,
    "has no reader: no function, pipe, delivery stream or application, and 0 registered consumers; records are kept 24 h"
)]
#[case::table_stream(
    clean().with(Resource::new(arn("dynamodb", "table/u"), Kind::Table, "u").with("StreamEnabled", Some(true)).with("StreamViewType", Some("NEW_IMAGE"))),
    "stream-without-reader", Severity::Low,
    "has a stream (NEW_IMAGE) that no function or pipe reads"
)]
#[case::nothing_delivered(
    delivery(-300).measured("arn:aws:s3:::b".into(), NEWEST, at(-600).as_second() as f64),
    "nothing-delivered", Severity::High,
    "took in 3.0 records/s 5 min ago and buffers 60 s, but b got no object since"
)]
#[case::nothing_ever_delivered(
    delivery(-300).measured("arn:aws:s3:::b".into(), OBJECTS, 0.0),
    "nothing-delivered", Severity::High,
    "took in 3.0 records/s 5 min ago and buffers 60 s, but b got no object yet"
)]
#[case::held_back(
    delivery(-300).measured(arn("firehose", "deliverystream/d"), FRESHNESS, 600.0),
    "nothing-delivered", Severity::Medium,
    "holds a record for 10 min already, though it buffers 60 s"
)]
#[case::public(
    clean().with(topic("orders").with("Policy", Some(r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sns:*","Resource":"*"}}"#))),
    "publicly-writable", Severity::High,
    "lets everybody in the world call sns:Publish: the principal is * without a condition"
)]
#[case::plain_queue(
    clean().with(queue("q").with("SqsManagedSseEnabled", Some(false))),
    "unencrypted", Severity::Low,
    "is not encrypted at rest: neither by SQS itself nor with a key of KMS"
)]
#[case::plain_topic(
    clean().with(topic("orders").with("KmsMasterKeyId", Some(""))),
    "unencrypted", Severity::Low,
    "is not encrypted at rest: no key of KMS is set"
)]
fn a_fault_is_found(#[case] built: Built, #[case] rule: &str, #[case] severity: Severity, #[case] sentence: &str) {
    let found = built.found();
    let such: Vec<_> = found.iter().filter(|(name, ..)| *name == rule).collect();
    let [(_, found_severity, _, found_sentence)] = such[..] else { panic!("{rule} once: {found:#?}") };
    assert_eq!((*found_severity, found_sentence.as_str()), (severity, sentence));
    // One fault is one finding, but for those that are two faults by nature.
    let others: Vec<_> = found.iter().filter(|(name, ..)| *name != rule).map(|(name, ..)| *name).collect();
    let by_nature: &[&str] = match rule {
        "dlq-retention" if severity == Severity::Low => &[],
        "no-subscriber" | "dlq-type" | "subscriber-gone" | "fifo-delivery" => &["dlq-retention"],
        _ => &[],
    };
    assert!(others.iter().all(|other| by_nature.contains(other)), "{others:?}");
}
