//! Places of stores that are made of facts, and looks at an endpoint that is made of values.

use std::sync::Mutex;

use super::*;
use crate::{
    domain::{
        Fact, Link, LinkKind, Metric, Reading, Report, Resource,
        reading::{CALLS, FRESHNESS, MATCHED, TARGET_FAILURES, VISIBLE},
    },
    inspect::objects::Object,
    redrive::why::lines::testing::FakeLog,
    store::Store,
};

const BUS: &str = "arn:aws:events:eu-west-1:1:event-bus/stores";
const RULE: &str = "arn:aws:events:eu-west-1:1:rule/stores/orders";
const TICK: &str = "arn:aws:events:eu-west-1:1:rule/stores/tick";
const OTHER: &str = "arn:aws:events:eu-west-1:1:rule/elsewhere";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:1:function:price";
const GROUP: &str = "arn:aws:logs:eu-west-1:1:log-group:/aws/events/audit";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:1:orders";
const DLQ: &str = "arn:aws:sqs:eu-west-1:1:orders-dlq";
const TOPIC: &str = "arn:aws:sns:eu-west-1:1:fan";
const STREAM: &str = "arn:aws:firehose:eu-west-1:1:deliverystream/revenue";
const BUCKET: &str = "arn:aws:s3:::revenue";
const SOURCE: &str = "arn:aws:kinesis:eu-west-1:1:stream/sales";

fn now() -> Timestamp {
    Timestamp::from_second(10_000).unwrap()
}

fn measured(id: &str, metric: Metric, value: f64) -> Fact {
    let at = Timestamp::from_second(9_960).unwrap();
    Fact::Measured { id: id.into(), metric, reading: Reading { value, source: "cloudwatch:X", at } }
}

fn store(found: Vec<Resource>, links: Vec<Link>, more: Vec<Fact>) -> Store {
    let mut store = Store::default();
    let facts = found.into_iter().map(Fact::Found).chain(links.into_iter().map(Fact::Linked)).chain(more).collect();
    store.apply(Report { poller: "test", at: now(), facts, round: None });
    store.assess(now());
    store
}

fn rule(id: &str, name: &str, bus: &str) -> Resource {
    Resource::new(id, Kind::Rule, name)
        .with("EventBusName", Some(bus))
        .with("State", Some("ENABLED"))
        .with("EventPattern", Some(r#"{"source":["shop"]}"#))
}

fn bus() -> Store {
    let target = |to: &str| Link::configured(RULE, LinkKind::Targets, to);
    store(
        vec![
            Resource::new(BUS, Kind::Bus, "stores"),
            rule(RULE, "orders", "stores"),
            rule(TICK, "tick", "stores").with("State", Some("DISABLED")),
            rule(OTHER, "elsewhere", "default"),
            Resource::new(FUNCTION, Kind::Function, "price"),
            Resource::new(GROUP, Kind::LogGroup, "/aws/events/audit"),
            Resource::new(QUEUE, Kind::Queue, "orders"),
            Resource::new(DLQ, Kind::Queue, "orders-dlq"),
        ],
        vec![
            Link::configured(BUS, LinkKind::Routes, RULE),
            target(FUNCTION).with("DeadLetterConfig", Some(DLQ)).with("RetryPolicy", Some("MaximumRetryAttempts 2")),
            target(GROUP),
            target(QUEUE),
            target(TOPIC),
            Link::configured(RULE, LinkKind::DeadLetters, DLQ),
            Link::configured(QUEUE, LinkKind::Invokes, FUNCTION),
        ],
        vec![
            measured(RULE, MATCHED, 0.2),
            measured(RULE, TARGET_FAILURES, 0.05),
            measured(FUNCTION, CALLS, -0.0),
            measured(DLQ, VISIBLE, 3.0),
            measured(QUEUE, VISIBLE, 7.0),
        ],
    )
}

fn outline(places: &[Place]) -> Vec<String> {
    let line = |place: &Place| format!("{}{} [{}]", "  ".repeat(place.depth.into()), place.name, place.says);
    places.iter().map(line).collect()
}

fn named<'a>(places: &'a [Place], name: &str) -> &'a Place {
    places.iter().find(|place| place.name == name).unwrap()
}

fn fact<'a>(place: &'a Place, name: &str) -> &'a str {
    place.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

#[test]
fn a_bus_has_its_rules_with_their_targets_and_their_dead_letters() {
    let places = places(&bus(), &BUS.into(), now());
    assert_eq!(
        outline(&places),
        [
            "orders [3 failed/min, 12 matched/min]",
            "  price []",
            "    orders-dlq [3 dead letters]",
            "  /aws/events/audit []",
            "  fan [not listed]",
            "  orders [7 held]",
            "tick [disabled]",
        ]
    );
    let rule = named(&places, "orders");
    assert_eq!(fact(rule, "matched"), "12 in a minute, read 40 s ago (cloudwatch:X)");
    assert_eq!(fact(named(&places, "price"), "called"), "0 in a minute, read 40 s ago (cloudwatch:X)");
    assert_eq!(fact(rule, "throttled"), "not known: no ThrottledRules of it was read");
    assert_eq!(fact(rule, "pattern"), r#"{"source":["shop"]}"#);
    assert!(rule.is_bad && named(&places, "orders-dlq").is_bad && !named(&places, "tick").is_bad);
    // Whatever a function says may have been said for others that call it.
    assert_eq!(fact(named(&places, "price"), "also gets from"), "orders");
    assert_eq!(fact(named(&places, "price"), "retries"), "MaximumRetryAttempts 2");
    assert!(fact(named(&places, "/aws/events/audit"), "dead letters").contains("lost after its retries"));
}

#[test]
fn each_target_can_be_looked_at_or_says_why_not() {
    let places = places(&bus(), &BUS.into(), now());
    let nothing = |name: &str| match &named(&places, name).look {
        Look::Nothing(why) => why.clone(),
        look => panic!("{look:?}"),
    };
    assert_eq!(named(&places, "price").look, Look::Lines("/aws/lambda/price".into()));
    assert_eq!(named(&places, "/aws/events/audit").look, Look::Lines("/aws/events/audit".into()));
    assert_eq!(named(&places, "orders-dlq").look, Look::Waiting(DLQ.into()));
    assert!(nothing("fan").contains("subscribers"));
    assert!(nothing("orders").contains("4 targets"));
    assert!(nothing("tick").contains("goes nowhere"));
}

#[test]
fn an_archive_is_not_looked_into_and_a_replay_is_not_offered() {
    let id = "arn:aws:events:eu-west-1:1:rule/stores/Events-Archive-all";
    let store = store(
        vec![Resource::new(BUS, Kind::Bus, "stores"), rule(id, "Events-Archive-all", "stores")],
        vec![Link::configured(id, LinkKind::Targets, "arn:aws:events:eu-west-1:::")],
        Vec::new(),
    );
    let places = places(&store, &BUS.into(), now());
    let Look::Nothing(why) = &places[1].look else { panic!("{places:?}") };
    assert!(why.contains("archive") && fact(&places[1], "dead letters").is_empty(), "{places:?}");
}

#[test]
fn a_rule_alone_is_its_own_places_and_others_have_none() {
    assert_eq!(places(&bus(), &TICK.into(), now()).len(), 1);
    assert_eq!(places(&bus(), &QUEUE.into(), now()), []);
    assert_eq!(places(&bus(), &"arn:aws:events:eu-west-1:1:event-bus/gone".into(), now()), []);
}

fn revenue(prefix: &str, errors: &str) -> Vec<Place> {
    let destination = [("Destination", "S3"), ("Prefix", prefix), ("ErrorOutputPrefix", errors)];
    let with = |mut link: Link| {
        link.attributes.extend(destination.map(|(name, value)| (name.to_owned(), value.to_owned())));
        link
    };
    let store = store(
        vec![
            Resource::new(STREAM, Kind::DeliveryStream, "revenue")
                .with("DeliveryStreamStatus", Some("ACTIVE"))
                .with("DeliveryStreamType", Some("KinesisStreamAsSource"))
                .with("IntervalInSeconds", Some(60))
                .with("SizeInMBs", Some(1))
                .with("CompressionFormat", Some("UNCOMPRESSED"))
                .with("Prefix", Some(prefix)),
            Resource::new(BUCKET, Kind::Bucket, "revenue").with("Region", Some("eu-west-1")),
            Resource::new(SOURCE, Kind::Stream, "sales"),
        ],
        vec![
            Link::configured(SOURCE, LinkKind::Streams, STREAM),
            Link::configured(STREAM, LinkKind::Transforms, FUNCTION),
            with(Link::configured(STREAM, LinkKind::Delivers, BUCKET)),
            Link::configured(STREAM, LinkKind::Logs, "arn:aws:logs:eu-west-1:1:log-group:/aws/kinesisfirehose/revenue"),
        ],
        vec![measured(STREAM, FRESHNESS, 75.0)],
    );
    places(&store, &STREAM.into(), now())
}

#[test]
fn a_delivery_stream_has_its_source_its_destination_and_its_errors() {
    let places = revenue("sales/!{timestamp:yyyy}/", "errors/!{firehose:error-output-type}/");
    assert_eq!(
        outline(&places),
        [
            "revenue [active, oldest waits 75 s]",
            "  sales [reads from]",
            "  price [changes records]",
            "  revenue [delivers to]",
            "  revenue [failed records]",
            "  /aws/kinesisfirehose/revenue [delivery errors]",
        ]
    );
    let folder = |prefix: &str| {
        let (bucket, region) = (BUCKET.into(), Some("eu-west-1".to_owned()));
        Look::Objects(Folder { bucket, name: "revenue".into(), region, prefix: prefix.into() })
    };
    // How it is and what it wrote last stand together.
    assert_eq!((&places[0].look, &places[3].look), (&folder("sales/"), &folder("sales/")));
    assert_eq!(places[4].look, folder("errors/"));
    assert_eq!(places[5].look, Look::Lines("/aws/kinesisfirehose/revenue".into()));
    let facts = [("state", "ACTIVE"), ("buffers", "60 s or 1 MB"), ("format", "not compressed")];
    for (name, value) in facts {
        assert_eq!(fact(&places[0], name), value);
    }
    assert_eq!(fact(&places[0], "freshness"), "the oldest record waits 75 s, read 40 s ago (cloudwatch:X)");
    assert!(fact(&places[0], "delivered").starts_with("not known"));
}

#[test]
fn a_stream_that_could_not_be_made_says_why() {
    let failed = Resource::new(STREAM, Kind::DeliveryStream, "revenue")
        .with("DeliveryStreamStatus", Some("CREATING_FAILED"))
        .with("FailureDescription", Some("the role may not be assumed"));
    let places = places(&store(vec![failed], Vec::new(), Vec::new()), &STREAM.into(), now());
    assert!(places[0].is_bad && fact(&places[0], "why") == "the role may not be assumed", "{places:?}");
    assert!(matches!(&places[0].look, Look::Nothing(why) if why.contains("no bucket")));
}

/// An endpoint.
#[derive(Debug, Default)]
struct Fake {
    log: FakeLog,
    /// None where it would have to be received.
    messages: Option<Vec<Message>>,
    newest: Newest,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Source for Fake {
    fn logs(&self) -> &dyn LogReader {
        &self.log
    }

    async fn waiting(&self, _: &ResourceId) -> Result<Option<Vec<Message>>, Trouble> {
        Ok(self.messages.clone())
    }

    async fn newest(&self, folder: &Folder, wanted: usize) -> Result<Newest, Refused> {
        self.asked.lock().unwrap().push(format!("{}/{} {wanted}", folder.name, folder.prefix));
        Ok(self.newest.clone())
    }
}

fn log(lines: &[(i64, &str)]) -> Fake {
    let lines: Vec<(i64, &str, &str)> = lines.iter().map(|(at, text)| (10_000_000 - at, "s", *text)).collect();
    Fake { log: FakeLog { page: 100, ..FakeLog::new(&lines) }, ..Fake::default() }
}

async fn seen(source: &Fake, wanted: Look) -> Sight {
    look(source, &wanted, now()).await.unwrap()
}

fn texts(sight: &Sight) -> Vec<&str> {
    sight.seen.iter().map(|seen| seen.text.as_str()).collect()
}

#[tokio::test]
async fn the_last_lines_come_newest_first_without_what_lambda_says_around_them() {
    let source = log(&[
        (60_000, "older"),
        (5_000, "START RequestId: a"),
        (5_000, "first of a moment"),
        (5_000, "second of it\n"),
        (4_000, "[ERROR] KeyError: 'store_id'"),
        (3_000, "END RequestId: a"),
    ]);
    let sight = seen(&source, Look::Lines("g".into())).await;
    assert_eq!(texts(&sight), ["[ERROR] KeyError: 'store_id'", "second of it", "first of a moment", "older"]);
    assert_eq!(sight.seen.iter().map(|seen| seen.is_bad).collect::<Vec<_>>(), [true, false, false, false]);
    assert_eq!(sight.said, "4 lines of the last 3 h");
}

#[tokio::test]
async fn a_busy_group_is_read_no_further_back_than_it_takes() {
    let mut lines: Vec<(i64, &str)> = (0..60).map(|n| (9_000 - n, "now")).collect();
    lines.insert(0, (60_000, "before"));
    let source = log(&lines);
    let sight = seen(&source, Look::Lines("g".into())).await;
    assert_eq!(
        (sight.seen.len(), sight.said.as_str()),
        (look::MOST_SEEN, "the newest 50 of 60 lines of the last 10 s")
    );
    assert!(!texts(&sight).contains(&"before"));
}

#[tokio::test]
async fn what_is_too_much_to_read_at_once_is_said_and_a_refusal_is_told() {
    let lines: Vec<(i64, &str)> = (0..60).map(|n| (9_000 - n, "now")).collect();
    let mut source = log(&lines);
    source.log.page = 3;
    let sight = seen(&source, Look::Lines("g".into())).await;
    assert!(sight.said.contains("more was written than is read at once"), "{}", sight.said);
    source.log.refuses = Some(1 + source.log.calls.load(std::sync::atomic::Ordering::Relaxed));
    assert_eq!(look(&source, &Look::Lines("g".into()), now()).await, Err("no".to_owned()));
}

#[tokio::test]
async fn a_queue_shows_what_it_holds_only_where_that_does_no_harm() {
    let message = |sent: &str, body: &str| Message {
        body: body.to_owned(),
        system: [("SentTimestamp".to_owned(), sent.to_owned())].into(),
        ..Message::default()
    };
    let held = Some(vec![message("1000", "older"), message("2000", "newer")]);
    let sight = seen(&Fake { messages: held, ..Fake::default() }, Look::Waiting(QUEUE.into())).await;
    assert_eq!(texts(&sight), ["newer", "older"]);
    let hidden = seen(&Fake::default(), Look::Waiting(QUEUE.into())).await;
    assert!(hidden.seen.is_empty() && hidden.said.contains("without receiving"), "{hidden:?}");
    let empty = seen(&Fake { messages: Some(Vec::new()), ..Fake::default() }, Look::Waiting(QUEUE.into())).await;
    assert!(empty.said.contains("what came was taken"), "{empty:?}");
}

#[tokio::test]
async fn the_newest_objects_are_told_with_how_far_it_was_listed() {
    let object = Object { key: "sales/1".into(), bytes: 12, at: Some(now()), class: None };
    let newest = Newest { objects: vec![object], listed: 1_200, pages: 6, is_whole: false };
    let source = Fake { newest, ..Fake::default() };
    let folder = Folder { bucket: BUCKET.into(), name: "revenue".into(), region: None, prefix: "sales/".into() };
    let sight = seen(&source, Look::Objects(folder.clone())).await;
    assert_eq!((texts(&sight), sight.seen[0].bytes), (vec!["sales/1"], Some(12)));
    assert_eq!(sight.said, "the newest of 1,200 listed, in 6 calls; there may be newer ones beyond what was listed");
    assert_eq!(*source.asked.lock().unwrap(), ["revenue/sales/ 10"]);
    let empty = Fake { newest: Newest { is_whole: true, ..Newest::default() }, ..Fake::default() };
    assert_eq!(seen(&empty, Look::Objects(folder)).await.said, "no object begins with sales/");
}
