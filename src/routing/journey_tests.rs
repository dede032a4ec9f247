//! The architectures' own filters, and everything that can stand in the way.

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::domain::FailureKind;
use crate::routing::MessageAttribute;

fn arn(service: &str, name: &str) -> ResourceId {
    format!("arn:aws:{service}:us-east-1:000000000000:{name}").into()
}

fn queue(name: &str) -> ResourceId {
    arn("sqs", name)
}

fn function(name: &str) -> ResourceId {
    arn("lambda", &format!("function:{name}"))
}

fn subscription(topic: &ResourceId, to: &ResourceId, policy: Option<&str>) -> Link {
    Link::configured(topic.clone(), LinkKind::Subscribes, to.clone())
        .labelled(policy.unwrap_or_default())
        .with("PendingConfirmation", Some("false"))
        .with("FilterPolicy", policy)
}

#[derive(Default)]
struct Ground {
    resources: Vec<Resource>,
    links: Vec<Link>,
    failures: Vec<Failure>,
    missing: Vec<ResourceId>,
}

impl Ground {
    fn follow(&self, start: &ResourceId, cargo: &Cargo) -> Journey {
        let terrain = Terrain::new(self.resources.iter(), self.links.iter(), self.failures.iter());
        let terrain = terrain.without(self.missing.iter());
        follow(&terrain, start, cargo)
    }

    fn rule(&mut self, bus: &ResourceId, name: &str, pattern: &str) -> ResourceId {
        let id = arn("events", &format!("rule/{name}"));
        let rule = Resource::new(id.clone(), Kind::Rule, name)
            .with("EventPattern", Some(pattern))
            .with("State", Some("ENABLED"));
        self.resources.push(rule);
        self.links.push(Link::configured(bus.clone(), LinkKind::Routes, id.clone()));
        id
    }

    fn failed(&mut self, operation: &str, subject: Option<ResourceId>) {
        let (operation, error) = (operation.to_owned(), "not allowed".to_owned());
        self.failures.push(Failure { poller: "x", operation, error, kind: FailureKind::Denied, subject });
    }
}

fn message(attributes: &[(&str, &str)]) -> Cargo {
    let text = |value: &str| MessageAttribute::String(value.to_owned());
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    Cargo::Message { body: Some("{}".to_owned()), attributes }
}

/// `depth name fate`, one line a step.
fn told(journey: &Journey) -> Vec<String> {
    let line = |step: &Step| {
        let fate = match &step.fate {
            Fate::Gets => "gets".to_owned(),
            Fate::Filtered(miss) => miss.to_string(),
            Fate::Barred(why) => format!("barred: {why}"),
            Fate::NotKnown(why) => format!("unknown: {why}"),
            Fate::Later(when) => format!("later: {when}"),
        };
        format!("{} {} {fate}", step.depth, step.to.short_name())
    };
    journey.steps.iter().map(line).collect()
}

/// The second architecture: a fan-out with filter policies.
fn event_fork() -> (Ground, ResourceId) {
    let topic = arn("sns", "EventFork");
    let mut ground = Ground::default();
    for (name, events) in
        [("Analytics", r#"["signup","login"]"#), ("Chat", r#"["signup"]"#), ("Mailing", r#"["signup"]"#)]
    {
        let to = queue(&format!("{name}Queue"));
        ground.links.push(subscription(&topic, &to, Some(&format!(r#"{{"event":{events}}}"#))));
        ground.links.push(Link::configured(to.clone(), LinkKind::Invokes, function(name)));
        let dead = queue(&format!("{name}DLQ"));
        ground.links.push(Link::configured(to, LinkKind::DeadLetters, dead).labelled("after 3 receives"));
    }
    (ground, topic)
}

#[test]
fn a_login_reaches_analytics_alone() {
    let (ground, topic) = event_fork();
    let journey = ground.follow(&topic, &message(&[("event", "login")]));
    assert_eq!(
        told(&journey),
        [
            "0 AnalyticsQueue gets",
            "1 Analytics gets",
            "1 AnalyticsDLQ later: after 3 receives",
            r#"0 ChatQueue `event` is "login", wanted "signup""#,
            r#"0 MailingQueue `event` is "login", wanted "signup""#,
        ]
    );
    assert_eq!(journey.summary(), "1 of 3 subscribers gets it");
    assert!(journey.is_certain() && !journey.goes_nowhere());
}

#[test]
fn a_logout_goes_nowhere_and_that_is_said() {
    let (ground, topic) = event_fork();
    let journey = ground.follow(&topic, &message(&[("event", "logout")]));
    assert!(journey.goes_nowhere() && journey.is_certain());
    assert_eq!(journey.summary(), "goes nowhere: none of 3 subscribers gets it");
}

/// The first architecture: one subscriber without a filter, one with.
#[rstest]
#[case("JobCreated", 2)]
#[case("JobOpened", 1)]
fn jobs(#[case] event_type: &str, #[case] receivers: usize) {
    let topic = arn("sns", "JobEvents.fifo");
    let filter = r#"{"eventType":["JobCreated","JobDeleted"]}"#;
    let links = vec![
        subscription(&topic, &queue("AnalyticsJobEvents.fifo"), None),
        subscription(&topic, &queue("InventoryJobEvents.fifo"), Some(filter)),
    ];
    let journey = Ground { links, ..Ground::default() }.follow(&topic, &message(&[("eventType", event_type)]));
    assert_eq!(journey.receivers().count(), receivers);
}

/// The fourth architecture: the rule looks at the kind of event, not at what is missing in it.
#[rstest]
#[case("sales-events", json!({ "store_id": "s1" }), true)]
#[case("sales-events", json!({}), true)]
#[case("inventory-events", json!({ "store_id": "s1" }), false)]
fn stores(#[case] detail_type: &str, #[case] detail: Value, #[case] arrives: bool) {
    let bus = arn("events", "event-bus/stores");
    let mut ground = Ground::default();
    let rule = ground.rule(&bus, "orders_routing_to_consumer", r#"{"detail-type":["sales-events"]}"#);
    ground.links.push(Link::configured(rule, LinkKind::Targets, function("events_consumer_fn")));
    let event = json!({ "source": "shop", "detail-type": detail_type, "detail": detail });
    let journey = ground.follow(&bus, &Cargo::Event(event));
    assert_eq!(journey.goes_nowhere(), !arrives, "{:?}", told(&journey));
    let summary = if arrives { "1 of 1 rule matches" } else { "goes nowhere: the one rule does not match" };
    assert_eq!(journey.summary(), summary);
}

/// The third and fifth end in what reads by itself, without a filter.
#[test]
fn a_topic_with_an_address_and_one_that_is_pending() {
    let topic = arn("sns", "POC-Topic");
    let (confirmed, pending): (ResourceId, ResourceId) = ("a@example.com".into(), "b@example.com".into());
    let waiting = subscription(&topic, &pending, None).with("PendingConfirmation", Some("true"));
    let ground = Ground { links: vec![subscription(&topic, &confirmed, None), waiting], ..Ground::default() };
    let journey = ground.follow(&topic, &message(&[]));
    assert_eq!(told(&journey), ["0 a@example.com gets", "0 b@example.com barred: the subscription is not confirmed"]);
}

/// A dead-letter queue that is missing is said to be; what is missing gets nothing.
#[test]
fn what_does_not_exist_gets_nothing() {
    let (mut ground, topic) = event_fork();
    ground.missing = vec![queue("AnalyticsQueue"), queue("MailingDLQ"), function("Mailing")];
    let journey = ground.follow(&topic, &message(&[("event", "signup")]));
    assert_eq!(
        told(&journey),
        [
            "0 AnalyticsQueue barred: it does not exist",
            "0 ChatQueue gets",
            "1 Chat gets",
            "1 ChatDLQ later: after 3 receives",
            "0 MailingQueue gets",
            "1 Mailing barred: it does not exist",
            "1 MailingDLQ later: after 3 receives",
        ]
    );
    assert_eq!(journey.steps.last().unwrap().notes, ["it does not exist"]);
    assert_eq!(journey.summary(), "2 of 3 subscribers get it");
}

#[rstest]
#[case::runs(None, None, &["0 q gets", "1 p gets", "2 f gets"])]
#[case::stands(Some("STOPPED"), None, &["0 q gets", "1 p barred: the pipe is stopped"])]
#[case::filters(None, Some("{}"), &["0 q gets", "1 p unknown: the pipe filters by {}"])]
fn through_a_pipe(#[case] state: Option<&str>, #[case] filter: Option<&str>, #[case] way: &[&str]) {
    let (topic, pipe) = (arn("sns", "t"), arn("pipes", "pipe/p"));
    let reads = Link::configured(queue("q"), LinkKind::Streams, pipe.clone());
    let links = vec![
        subscription(&topic, &queue("q"), None),
        reads.with("State", state).with("FilterCriteria", filter),
        Link::configured(pipe.clone(), LinkKind::Calls, function("enrich")),
        Link::configured(pipe, LinkKind::Targets, function("f")),
    ];
    let journey = Ground { links, ..Ground::default() }.follow(&topic, &message(&[]));
    assert_eq!(told(&journey), way);
    if let [.., last] = &journey.steps[2..] {
        assert_eq!(last.notes, ["the pipe asks enrich first, which may change it or drop it"]);
    }
}

#[test]
fn through_a_stream_to_a_bucket() {
    let (bus, stream) = (arn("events", "event-bus/default"), arn("kinesis", "stream/s"));
    let mut ground = Ground::default();
    let rule = ground.rule(&bus, "all", r#"{"source":[{"exists":true}]}"#);
    ground.links.push(Link::configured(rule, LinkKind::Targets, stream.clone()).with("InputPath", Some("$.detail")));
    let delivery = arn("firehose", "deliverystream/d");
    ground.links.push(Link::configured(stream, LinkKind::Streams, delivery.clone()));
    ground.links.push(Link::configured(delivery, LinkKind::Delivers, "arn:aws:s3:::b"));
    let journey = ground.follow(&bus, &Cargo::Event(json!({ "source": "s" })));
    assert_eq!(told(&journey), ["0 all gets", "1 s gets", "2 d gets", "3 b gets"]);
    assert_eq!(journey.steps[1].notes, ["gets it changed by InputPath $.detail"]);
}

#[test]
fn a_rule_can_stand_in_the_way_in_every_way() {
    let bus = arn("events", "event-bus/b");
    let mut ground = Ground::default();
    ground.rule(&bus, "a-empty", r#"{"source":["s"]}"#);
    ground.rule(&bus, "b-off", r#"{"source":["s"]}"#);
    ground.resources[1].attributes.insert("State".into(), "DISABLED".into());
    ground.rule(&bus, "c-broken", "{");
    ground.links.push(Link::configured(bus.clone(), LinkKind::Routes, arn("events", "rule/d-unseen")));
    let journey = ground.follow(&bus, &Cargo::Event(json!({ "source": "s" })));
    let told = told(&journey);
    assert_eq!(told[..2], ["0 a-empty gets", "0 b-off barred: the rule is disabled"]);
    assert!(told[2].starts_with("0 c-broken unknown: its event pattern cannot be read"), "{told:?}");
    assert_eq!(told[3], "0 d-unseen unknown: nothing is known of the rule");
    assert!(journey.goes_nowhere() && !journey.is_certain(), "a rule is no receiver");
    assert_eq!(journey.summary(), "goes nowhere: 1 of 4 rules let it through to no target, as far as is known");
}

#[test]
fn from_a_rule_to_a_topic_the_event_is_the_body() {
    let (bus, topic) = (arn("events", "event-bus/b"), arn("sns", "t"));
    let mut ground = Ground::default();
    let rule = ground.rule(&bus, "r", r#"{"source":["s"]}"#);
    ground.links.push(Link::configured(rule, LinkKind::Targets, topic.clone()));
    let body = subscription(&topic, &queue("a"), Some(r#"{"detail":{"x":[1]}}"#))
        .with("FilterPolicyScope", Some("MessageBody"));
    ground.links.extend([body, subscription(&topic, &queue("b"), Some(r#"{"x":["1"]}"#))]);
    let event = Cargo::Event(json!({ "source": "s", "detail": { "x": 1 } }));
    let told_of = |ground: &Ground| told(&ground.follow(&bus, &event))[2..].to_vec();
    assert_eq!(told_of(&ground), ["2 a gets", r#"2 b `x` is absent, wanted "1""#]);
    ground.links[1].attributes.insert("InputTransformer".into(), "<x>".into());
    assert_eq!(told_of(&ground)[0], "2 a unknown: its filter policy looks at the body, which was changed on the way");
}

#[test]
fn buses_that_feed_each_other_end() {
    let (here, there) = (arn("events", "event-bus/a"), arn("events", "event-bus/b"));
    let mut ground = Ground::default();
    for (from, to, name) in [(&here, &there, "there"), (&there, &here, "back")] {
        ground.resources.push(Resource::new(from.clone(), Kind::Bus, name));
        let rule = ground.rule(from, name, r#"{"source":["s"]}"#);
        ground.links.push(Link::configured(rule, LinkKind::Targets, to.clone()));
    }
    let journey = ground.follow(&here, &Cargo::Event(json!({ "source": "s" })));
    assert_eq!(told(&journey), ["0 there gets", "1 b gets", "2 back gets", "3 a gets"]);
    assert_eq!(journey.steps[3].notes, ["it has been here before: this is a loop"]);
}

#[test]
fn a_bus_elsewhere_is_said_to_be() {
    let bus = arn("events", "event-bus/a");
    let mut ground = Ground::default();
    let rule = ground.rule(&bus, "r", r#"{"source":["s"]}"#);
    let far = "arn:aws:events:eu-west-1:999999999999:event-bus/x";
    ground.links.push(Link::configured(rule, LinkKind::Targets, far));
    let journey = ground.follow(&bus, &Cargo::Event(json!({ "source": "s" })));
    assert_eq!(journey.steps[1].notes, ["what happens there, in account 999999999999, eu-west-1, is not known"]);
}

#[test]
fn what_cannot_be_read_is_not_known() {
    let (mut ground, topic) = event_fork();
    ground.links[0] = subscription(&topic, &queue("AnalyticsQueue"), None).labelled(FILTER_NOT_KNOWN);
    let journey = ground.follow(&topic, &message(&[("event", "logout")]));
    assert_eq!(told(&journey)[0], "0 AnalyticsQueue unknown: filter policy not known");
    assert!(journey.goes_nowhere() && !journey.is_certain());
    assert_eq!(journey.summary(), "goes nowhere: none of 3 subscribers gets it, as far as is known");
}

#[test]
fn a_listing_that_failed_leaves_doubt_where_it_matters() {
    let (mut ground, topic) = event_fork();
    ground.failed("sns:ListSubscriptions", None);
    ground.failed("events:ListRules", None);
    ground.failed("sqs:ListQueues", None);
    let journey = ground.follow(&topic, &message(&[("event", "login")]));
    assert_eq!(journey.doubts, ["sns:ListSubscriptions: not allowed"]);
    assert!(!journey.is_certain());
    let bus = arn("events", "event-bus/b");
    ground.failures.clear();
    ground.failed("events:ListRules", Some(arn("events", "event-bus/other")));
    assert!(ground.follow(&bus, &Cargo::Event(json!({}))).is_certain(), "that of another bus is none of ours");
}

#[test]
fn a_mapping_may_be_off_or_have_a_filter_of_its_own() {
    let (mut ground, topic) = event_fork();
    ground.links[1] = ground.links[1].clone().with("State", Some("Disabled"));
    let login = message(&[("event", "login")]);
    assert_eq!(told(&ground.follow(&topic, &login))[1], "1 Analytics barred: its event source mapping is disabled");
    ground.links[1] =
        ground.links[1].clone().with("State", Some("Enabled")).with("FilterCriteria", Some(r#"{"body":["x"]}"#));
    assert_eq!(
        told(&ground.follow(&topic, &login))[1],
        r#"1 Analytics unknown: its event source mapping filters by {"body":["x"]}"#
    );
}

#[test]
fn a_wide_fan_out_is_cut_and_says_so() {
    let topic = arn("sns", "wide");
    let links = (0..1500).map(|n| subscription(&topic, &queue(&format!("q{n}")), None)).collect();
    let journey = Ground { links, ..Ground::default() }.follow(&topic, &message(&[]));
    assert_eq!((journey.steps.len(), journey.is_cut), (MOST_STEPS, true));
}

#[test]
fn nobody_listens() {
    let topic = arn("sns", "lonely");
    let journey = Ground::default().follow(&topic, &message(&[]));
    assert_eq!(journey.summary(), "goes nowhere: there is no subscriber");
}
