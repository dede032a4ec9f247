//! Each rule with a good and a bad architecture; and what holds for all of them.

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::{
    Fact, Failure, Link, LinkKind, Metric, Reading, Report, Resource, Round, Subject,
    reading::{
        DELETED, FRESHNESS, IN_FLIGHT, NEWEST, OBJECTS, OUT_RATE, RECEIVED, RECORDS_IN, SUBSCRIPTIONS, TARGETS, VISIBLE,
    },
};

const POLLERS: [&str; 12] = [
    "sqs",
    "sns",
    "lambda",
    "logs",
    "dynamodb",
    "s3",
    "events",
    "kinesis",
    "firehose",
    "states",
    "pipes",
    "kinesisanalytics",
];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(2_000_000 + second).unwrap()
}

fn arn(service: &str, rest: &str) -> ResourceId {
    format!("arn:aws:{service}:us-east-1:111122223333:{rest}").into()
}

fn queue_id(name: &str) -> ResourceId {
    arn("sqs", name)
}

fn topic_id(name: &str) -> ResourceId {
    arn("sns", name)
}

fn function_id(name: &str) -> ResourceId {
    arn("lambda", &format!("function:{name}"))
}

fn group_id(name: &str) -> ResourceId {
    arn("logs", &format!("log-group:/aws/lambda/{name}"))
}

fn rule_id(name: &str) -> ResourceId {
    arn("events", &format!("rule/shop/{name}"))
}

/// A queue with which nothing is wrong.
fn queue(name: &str) -> Resource {
    let allow = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}"#;
    Resource::new(queue_id(name), Kind::Queue, name)
        .with("QueueUrl", Some(format!("http://localhost:4566/111122223333/{name}")))
        .with("VisibilityTimeout", Some(60))
        .with("MessageRetentionPeriod", Some(345_600))
        .with("SqsManagedSseEnabled", Some(true))
        .with("Policy", Some(allow))
}

fn dlq(name: &str) -> Resource {
    queue(name).with("MessageRetentionPeriod", Some(1_209_600))
}

fn topic(name: &str) -> Resource {
    Resource::new(topic_id(name), Kind::Topic, name)
        .with("Owner", Some("111122223333"))
        .with("KmsMasterKeyId", Some("alias/aws/sns"))
}

fn function(name: &str) -> Resource {
    Resource::new(function_id(name), Kind::Function, name).with("Timeout", Some(10))
}

fn group(name: &str) -> Resource {
    Resource::new(group_id(name), Kind::LogGroup, format!("/aws/lambda/{name}")).with("retentionInDays", Some(7))
}

fn rule(name: &str) -> Resource {
    Resource::new(rule_id(name), Kind::Rule, name)
        .with("State", Some("ENABLED"))
        .with("EventBusName", Some("shop"))
        .with("EventPattern", Some(r#"{"source":["shop"]}"#))
}

fn redrives(from: &str, to: &str, receives: u32) -> Link {
    Link::configured(queue_id(from), LinkKind::DeadLetters, queue_id(to)).with("maxReceiveCount", Some(receives))
}

fn mapping(from: ResourceId, to: &str) -> Link {
    Link::configured(from, LinkKind::Invokes, function_id(to))
        .with("State", Some("Enabled"))
        .with("BatchSize", Some(10))
        .with("UUID", Some("u-1"))
        .with("FunctionResponseTypes", Some("ReportBatchItemFailures"))
}

fn subscribes(from: &str, to: impl Into<ResourceId>, protocol: &str) -> Link {
    Link::configured(topic_id(from), LinkKind::Subscribes, to)
        .with("Protocol", Some(protocol))
        .with("SubscriptionArn", Some(format!("{}:u", topic_id(from))))
        .with("PendingConfirmation", Some(false))
}

fn targets(from: &str, to: ResourceId) -> Link {
    Link::configured(rule_id(from), LinkKind::Targets, to).with("Id", Some("1"))
}

/// An architecture under construction.
#[derive(Debug, Clone, Default)]
struct Built {
    facts: Vec<Fact>,
    failures: Vec<Failure>,
    ignores: Vec<Ignore>,
}

impl Built {
    fn with(mut self, resource: Resource) -> Self {
        self.facts.push(Fact::Found(resource));
        self
    }

    fn link(mut self, link: Link) -> Self {
        self.facts.push(Fact::Linked(link));
        self
    }

    fn measured(self, id: ResourceId, metric: Metric, value: f64) -> Self {
        self.measured_at(0, id, metric, value)
    }

    fn measured_at(self, second: i64, id: ResourceId, metric: Metric, value: f64) -> Self {
        self.told(id, metric, Reading { value, source: "test", at: at(second) })
    }

    fn told(mut self, id: ResourceId, metric: Metric, reading: Reading) -> Self {
        self.facts.push(Fact::Measured { id, metric, reading });
        self
    }

    fn without(mut self, id: ResourceId) -> Self {
        self.facts.push(Fact::Gone(Subject::Resource(id)));
        self
    }

    fn failing(mut self, operation: &str, kind: FailureKind) -> Self {
        let poller = POLLERS.into_iter().find(|poller| operation.starts_with(&format!("{poller}:"))).unwrap();
        let error = "no".to_owned();
        self.failures.push(Failure { poller, operation: operation.to_owned(), error, kind, subject: None });
        self
    }

    fn store(self) -> Store {
        let mut store = Store::default();
        store.ignore(self.ignores);
        let round = || Some(Round::default());
        store.apply(Report { poller: "sqs", at: at(0), facts: self.facts, round: None });
        for poller in POLLERS {
            let failures = self.failures.iter().filter(|failure| failure.poller == poller);
            let facts = failures.cloned().map(Fact::Failed).collect();
            store.apply(Report { poller, at: at(0), facts, round: round() });
        }
        store.assess(at(1));
        store
    }

    /// Rule, severity, resource and sentence.
    fn found(self) -> Vec<(&'static str, Severity, String, String)> {
        let store = self.store();
        let told = |finding: &Finding| {
            let name = finding.resource.short_name().to_owned();
            (finding.rule, finding.severity, name, finding.sentence.clone())
        };
        store.findings().iter().map(told).collect()
    }

    fn rules(self) -> Vec<&'static str> {
        self.found().into_iter().map(|(rule, ..)| rule).collect()
    }
}

/// Topic → queue ⤷ dead-letter queue, queue → function → log group; a rule → function; a stream → function.
fn clean() -> Built {
    Built::default()
        .with(topic("orders"))
        .with(queue("q"))
        .with(dlq("q-dlq"))
        .with(function("f"))
        .with(group("f"))
        .with(rule("r"))
        .with(Resource::new(arn("kinesis", "stream/s"), Kind::Stream, "s").with("ConsumerCount", Some(0)))
        .with(Resource::new(arn("dynamodb", "table/t"), Kind::Table, "t").with("StreamEnabled", Some(true)))
        .link(subscribes("orders", queue_id("q"), "sqs").with("FilterPolicy", Some(r#"{"event":["signup"]}"#)))
        .link(redrives("q", "q-dlq", 5))
        .link(mapping(queue_id("q"), "f"))
        .link(mapping(arn("kinesis", "stream/s"), "f"))
        .link(mapping(arn("dynamodb", "table/t"), "f"))
        .link(Link::configured(function_id("f"), LinkKind::Logs, group_id("f")))
        .link(targets("r", function_id("f")))
        .measured(topic_id("orders"), SUBSCRIPTIONS, 1.0)
        .measured(rule_id("r"), TARGETS, 1.0)
        .measured(queue_id("q"), VISIBLE, 12.0)
}

#[test]
fn nothing_is_found_in_what_is_well() {
    assert_eq!(clean().found(), []);
}

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

/// Records came in at an instant, and a bucket is written to.
fn delivery(second: i64) -> Built {
    let id = arn("firehose", "deliverystream/d");
    clean()
        .with(Resource::new(id.clone(), Kind::DeliveryStream, "d").with("IntervalInSeconds", Some(60)))
        .with(Resource::new("arn:aws:s3:::b", Kind::Bucket, "b"))
        .link(Link::configured(id.clone(), LinkKind::Delivers, "arn:aws:s3:::b"))
        .measured_at(second, id, RECORDS_IN, 3.0)
}

#[test]
fn a_queue_before_a_function_needs_a_dead_letter_queue() {
    let built = Built::default().with(queue("q")).with(function("f")).link(mapping(queue_id("q"), "f"));
    let found = built.found();
    let expected = "has no dead-letter queue: what f cannot handle is tried again for 4 d and is then lost";
    assert_eq!(found, [("no-dlq", Severity::High, "q".to_owned(), expected.to_owned())]);
}

#[rstest]
#[case(&[("q", "q")], "is its own dead-letter queue: what fails there is received again and again until it expires")]
#[case(&[("q", "d"), ("d", "q")], "comes back to itself over 2 dead-letter queues: what fails circulates until it expires")]
fn dead_letters_that_go_round(#[case] links: &[(&str, &str)], #[case] sentence: &str) {
    let built = Built::default().with(queue("q")).with(queue("d").with("MessageRetentionPeriod", Some(345_600)));
    let built = links.iter().fold(built, |built, (from, to)| built.link(redrives(from, to, 5)));
    let found = built.clone().found();
    let circle: Vec<_> = found.iter().filter(|(rule, ..)| *rule == "dlq-loop").collect();
    assert_eq!(circle.len(), links.len());
    assert_eq!((circle[0].1, circle[0].3.as_str()), (Severity::High, sentence));
    assert!(!built.rules().contains(&"dlq-chain"));
}

#[test]
fn a_queue_that_leads_into_a_circle_is_not_the_circle() {
    let built = ["q", "a", "b"].into_iter().fold(Built::default(), |built, name| built.with(dlq(name)));
    let built = built.link(redrives("q", "a", 5)).link(redrives("a", "b", 5)).link(redrives("b", "a", 5));
    let found = built.found();
    let names: Vec<_> = found.iter().filter(|(rule, ..)| *rule == "dlq-loop").map(|(_, _, name, _)| name).collect();
    assert_eq!(names, ["a", "b"]);
}

/// A FIFO dead letter begins its time anew.
#[rstest]
#[case(345_600, &[])]
#[case(345_599, &["dlq-retention"])]
fn fifo_dead_letters_are_not_lost_early(#[case] seconds: u32, #[case] rules: &[&str]) {
    let short = queue("d.fifo").with("MessageRetentionPeriod", Some(seconds));
    let built = Built::default().with(queue("q.fifo")).with(short).link(redrives("q.fifo", "d.fifo", 5));
    assert_eq!(built.rules(), rules);
}

#[rstest]
#[case::in_flight(IN_FLIGHT, 1.0)]
#[case::leaving(OUT_RATE, 0.5)]
#[case::received(RECEIVED, 0.5)]
#[case::deleted(DELETED, 0.5)]
fn who_receives_by_himself_is_a_consumer(#[case] metric: Metric, #[case] value: f64) {
    let alone = Built::default().with(queue("alone")).measured(queue_id("alone"), VISIBLE, 5.0);
    assert_eq!(alone.clone().rules(), ["no-consumer"]);
    assert_eq!(alone.measured(queue_id("alone"), metric, value).rules(), [""; 0]);
}

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

#[rstest]
#[case("arn:aws:sqs:us-east-1:999999999999:lost")]
#[case("arn:aws:sqs:eu-west-1:111122223333:lost")]
#[case("arn:aws-cn:sqs:us-east-1:111122223333:lost")]
#[case("arn:aws:kafka:us-east-1:111122223333:lost")]
fn another_account_or_region_is_not_gone(#[case] id: &str) {
    assert_eq!(clean().link(subscribes("orders", id, "sqs")).rules(), [""; 0]);
}

#[test]
fn a_delivery_in_time_or_without_records_is_well() {
    let bucket = || ResourceId::from("arn:aws:s3:::b");
    let stream = || arn("firehose", "deliverystream/d");
    let second = |second| at(second).as_second() as f64;
    let newest = |came_in, newest| delivery(came_in).measured(bucket(), NEWEST, second(newest)).rules();
    assert_eq!(newest(-300, -30), [""; 0]);
    assert_eq!(newest(-300, -355), [""; 0], "they may have come at the beginning of their minute");
    assert_eq!(newest(-170, -600), [""; 0], "they may still be in the buffer");
    let in_time = delivery(-300).measured(bucket(), NEWEST, second(-600)).measured(stream(), FRESHNESS, 90.0);
    assert_eq!(in_time.rules(), [""; 0], "it knows better than its bucket");
    assert_eq!(delivery(-300).rules(), [""; 0], "what the bucket holds is not known");
    let read_before = delivery(-300).measured_at(-299, bucket(), NEWEST, second(-600));
    assert_eq!(read_before.rules(), [""; 0], "the bucket was not read since");
    let cut_off = Reading { value: second(-600), source: "s3:ListObjectsV2, at least", at: at(0) };
    let cut_off = delivery(-300).told(bucket(), NEWEST, cut_off);
    assert_eq!(cut_off.rules(), [""; 0], "there may be a newer one");
    let idle = delivery(-2_000).measured(stream(), RECORDS_IN, 0.0);
    assert_eq!(idle.measured(bucket(), OBJECTS, 0.0).rules(), [""; 0]);
    assert_eq!(delivery(-300).measured(stream(), FRESHNESS, 90.0).rules(), [""; 0]);
}

#[test]
fn what_is_ignored_stays_with_its_reason() {
    let ignore = |rule: &str, resource: &str| Ignore {
        rule: rule.into(),
        resource: resource.into(),
        reason: "a test queue".into(),
    };
    let built = |ignore| {
        let mut built = clean().with(queue("q-dlq"));
        built.ignores = vec![ignore];
        built.store()
    };
    for covering in [ignore("dlq-retention", "q-*"), ignore("*", "arn:aws:sqs:*:q-dlq")] {
        let store = built(covering);
        assert_eq!(store.findings()[0].ignored.as_deref(), Some("a test queue"));
        assert_eq!(count(store.findings()).map(|(_, n)| n), [0; 4]);
    }
    for other in [ignore("no-dlq", "q-*"), ignore("dlq-retention", "other")] {
        assert_eq!(built(other).findings()[0].ignored, None);
    }
    assert_eq!(unknown_rules(&[ignore("dlq-retention", "*"), ignore("*", "*")]), [""; 0]);
    assert_eq!(unknown_rules(&[ignore("dlq-retension", "*")]).len(), 1);
}

#[test]
fn the_worst_comes_first() {
    let built = clean().with(queue("q-dlq")).with(topic("orders").with("KmsMasterKeyId", Some("")));
    assert_eq!(built.rules(), ["dlq-retention", "unencrypted"]);
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

#[test]
fn a_consumer_that_one_look_cannot_see_is_a_low_matter() {
    let found = Built::default().with(queue("alone")).measured(queue_id("alone"), VISIBLE, 5.0).found();
    assert_eq!((found.len(), found[0].1), (1, Severity::Low));
}

#[test]
fn a_link_that_is_configured_otherwise_is_judged_anew() {
    let mut store = clean().store();
    let mut found_with = |second, link: Link| {
        store.apply(Report { poller: "sns", at: at(second), facts: vec![Fact::Linked(link)], round: None });
        store.assess(at(second));
        store.findings().len()
    };
    let filtered = |policy| subscribes("orders", queue_id("q"), "sqs").with("FilterPolicy", Some(policy));
    assert_eq!(found_with(2, filtered(r#"{"n":[{"numeric":[">",5,"<",3]}]}"#)), 1);
    assert_eq!(found_with(3, filtered(r#"{"event":["login"]}"#)), 0);
}

#[test]
fn a_fault_that_was_mended_is_gone() {
    let mut store = clean().with(queue("q-dlq")).store();
    assert_eq!(store.findings().len(), 1);
    store.apply(Report { poller: "sqs", at: at(2), facts: vec![Fact::Found(dlq("q-dlq"))], round: None });
    store.assess(at(2));
    assert_eq!(store.findings(), []);
}

#[test]
fn every_rule_has_a_name_and_a_page_of_its_own_kind() {
    let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), RULES.len());
    for rule in RULES {
        assert!(!rule.kinds().is_empty());
        let mut pages = rule.kinds().iter().map(|kind| rule.page_on(*kind));
        assert!(pages.all(|page| page.starts_with("https://docs.aws.amazon.com/") && page.ends_with(".html")));
        assert!(rule.name().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.name());
    }
}

proptest! {
    /// Whatever the attributes hold: no panic, and a sentence and an advice for whatever is said.
    #[test]
    fn no_attribute_is_too_odd(
        text in prop_oneof!["\\PC{0,40}", "[\\[\\]{}\":,a-z*0-9]{0,40}", "-?[0-9]{0,25}", Just("true".to_owned())],
        other in "[\\[\\]{}\":,a-z*0-9$]{0,40}",
        kind in 0..17usize,
    ) {
        let names = [
            "VisibilityTimeout", "MessageRetentionPeriod", "Policy", "RedriveAllowPolicy", "KmsMasterKeyId", "State",
            "SqsManagedSseEnabled", "EventPattern", "Timeout", "Owner", "StreamEnabled", "ConsumerCount",
            "RetentionPeriodHours", "IntervalInSeconds", "QueueUrl", "EventBusName",
        ];
        let links = ["maxReceiveCount", "FilterPolicy", "BatchSize", "State", "Protocol", "PendingConfirmation",
            "MaximumBatchingWindowInSeconds", "SubscriptionArn", "UUID"];
        let odd = |resource: Resource| names.iter().enumerate().fold(resource, |resource, (index, name)| {
            resource.with(name, Some(if index % 2 == 0 { &text } else { &other }))
        });
        let kind = crate::domain::resource::KINDS[kind].kind;
        let (from, to) = (odd(Resource::new("arn:aws:sqs:r:1:q", kind, &text)), odd(queue("q")));
        let mut built = Built::default().with(from.clone()).with(to.clone()).with(odd(topic("t")));
        for link_kind in [LinkKind::DeadLetters, LinkKind::Invokes, LinkKind::Subscribes, LinkKind::Targets,
            LinkKind::Delivers, LinkKind::Logs] {
            let link = Link::configured(from.id.clone(), link_kind, to.id.clone());
            let link = links.iter().fold(link, |link, name| link.with(name, Some(&text)));
            built = built.link(link.clone()).link(Link { from: to.id.clone(), to: from.id.clone(), ..link });
        }
        for id in [&from.id, &to.id] {
            for metric in [VISIBLE, SUBSCRIPTIONS, TARGETS, RECORDS_IN, NEWEST] {
                built = built.measured(id.clone(), metric, f64::from(u8::try_from(text.len()).unwrap_or(9)));
            }
        }
        for finding in built.store().findings() {
            prop_assert!(!finding.sentence.is_empty() && !finding.advice.is_empty());
        }
    }
}
