//! Each rule with a good and a bad architecture; and what holds for all of them.

mod built;
mod doubts;
mod faults;

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use self::built::*;
use super::*;
use crate::domain::{
    Fact, Failure, Link, LinkKind, Metric, Reading, Report, Resource, Round, Subject,
    reading::{
        DELETED, FRESHNESS, IN_FLIGHT, NEWEST, OBJECTS, OUT_RATE, RECEIVED, RECORDS_IN, SUBSCRIPTIONS, TARGETS, VISIBLE,
    },
};

#[test]
fn nothing_is_found_in_what_is_well() {
    assert_eq!(clean().found(), []);
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
fn what_is_ignored_and_meets_nothing_is_named_where_its_rule_could_judge() {
    let ignore = |rule: &str, resource: &str| Ignore {
        rule: rule.to_owned(),
        resource: resource.to_owned(),
        reason: "a test queue".to_owned(),
    };
    let ignores = [ignore("dlq-retention", "q-*"), ignore("dlq-retention", "r-*"), ignore("*", "no-such")];
    let store = clean().with(queue("q-dlq")).store();
    let idle = |silent: &BTreeMap<&'static str, Vec<Silence>>| {
        let idle = super::idle(&ignores, store.findings(), silent);
        idle.into_iter().map(|one| one.resource.clone()).collect::<Vec<_>>()
    };
    assert_eq!(idle(&BTreeMap::new()), ["r-*", "no-such"]);
    let silence = |rule| BTreeMap::from([("sqs:ListQueues", vec![Silence { rule, about: None }])]);
    assert_eq!(idle(&silence("dlq-retention")), [""; 0], "neither can be known");
    assert_eq!(idle(&silence("no-dlq")), ["r-*"], "any rule may be the one that is silent");
}

#[test]
fn the_worst_comes_first() {
    let built = clean().with(queue("q-dlq")).with(topic("orders").with("KmsMasterKeyId", Some("")));
    assert_eq!(built.rules(), ["dlq-retention", "unencrypted"]);
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
