//! Searches of an endpoint that is made of values.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    ground::QueuePlace,
    search::{Search, Wanted},
    source::{Items, Keys, Listed, Listing, Source},
    step::{Nature, Thread, What},
    *,
};
use crate::{
    aws::Trouble,
    domain::{Kind, Link, LinkKind, Report, Resource, ResourceId},
    redrive::{
        message::Message,
        why::lines::{LogReader, Span, testing::FakeLog},
    },
    store::Store,
};

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:carts";
const DLQ: &str = "arn:aws:sqs:us-east-1:000000000000:carts-dlq";
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:shop";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:price";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/orders";
const BUCKET: &str = "arn:aws:s3:::receipts";
const R: &str = "33e4c44c-c563-4733-8a04-45c280096c35";
const M: &str = "4a3655bc-ed16-4a32-a979-724a763d2e2c";
const P: &str = "0bfe8414-7ee6-4ceb-baf6-3658e581d01f";
const SPAN: Span = Span { from_ms: 0, to_ms: 1_000_000 };

/// An endpoint.
#[derive(Debug, Default)]
struct Fake {
    log: FakeLog,
    filters: bool,
    /// By queue; none where it would have to be received.
    queues: Vec<(&'static str, Option<Vec<Message>>)>,
    items: Vec<Value>,
    objects: Vec<(&'static str, &'static str)>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Source for Fake {
    fn logs(&self) -> &dyn LogReader {
        &self.log
    }

    fn filters_logs(&self) -> bool {
        self.filters
    }

    async fn messages(&self, queue: &ResourceId) -> Result<Option<Vec<Message>>, Trouble> {
        let found = self.queues.iter().find(|(id, _)| *id == queue.as_str());
        Ok(found.map_or(Some(Vec::new()), |(_, messages)| messages.clone()))
    }

    async fn query(&self, _table: &str, key: &str, id: &str) -> Result<Items, Trouble> {
        self.asked.lock().unwrap().push(id.to_owned());
        let is_it = |item: &&Value| item.get(key).and_then(Value::as_str) == Some(id);
        Ok(Items { items: self.items.iter().filter(is_it).cloned().collect(), more: false })
    }

    async fn scan(&self, _table: &str) -> Result<Items, Trouble> {
        Ok(Items { items: self.items.clone(), more: false })
    }

    async fn list(&self, _listing: Listing<'_>) -> Result<Keys, Trouble> {
        let listed = |(key, text): &(&str, &str)| Listed {
            key: (*key).to_owned(),
            bytes: text.len() as u64,
            written: Timestamp::from_millisecond(5_000).ok(),
        };
        Ok(Keys { objects: self.objects.iter().map(listed).collect(), ..Keys::default() })
    }

    async fn get(&self, _bucket: &str, key: &str, _most: u64) -> Result<Vec<u8>, Trouble> {
        let found = self.objects.iter().find(|(known, _)| *known == key);
        Ok(found.map_or_else(Vec::new, |(_, text)| text.as_bytes().to_vec()))
    }
}

fn store() -> Store {
    let mut store = Store::default();
    let found = [
        Resource::new(TOPIC, Kind::Topic, "shop"),
        Resource::new(QUEUE, Kind::Queue, "carts"),
        Resource::new(DLQ, Kind::Queue, "carts-dlq"),
        Resource::new(FUNCTION, Kind::Function, "price"),
        Resource::new(TABLE, Kind::Table, "orders").with("KeySchema", Some("orderID (HASH)")),
        Resource::new(BUCKET, Kind::Bucket, "receipts"),
    ];
    let links = [
        Link::configured(TOPIC, LinkKind::Subscribes, QUEUE),
        Link::configured(QUEUE, LinkKind::Invokes, FUNCTION),
        Link::configured(QUEUE, LinkKind::DeadLetters, DLQ),
        Link::configured(FUNCTION, LinkKind::Writes, TABLE),
    ];
    let facts = found
        .into_iter()
        .map(crate::domain::Fact::Found)
        .chain(links.into_iter().map(crate::domain::Fact::Linked))
        .collect();
    store.apply(Report { facts, ..report() });
    store.assess(Timestamp::from_second(1_000).unwrap());
    store
}

fn report() -> Report {
    Report { poller: "test", at: Timestamp::from_second(1_000).unwrap(), facts: Vec::new(), round: None }
}

/// All of the map; the log is there.
fn ground() -> Ground {
    let mut ground = Ground::of(&store(), None);
    ground.logs.iter_mut().for_each(|log| log.is_there = true);
    ground
}

fn message(body: &str, receives: u32) -> Message {
    let system = [
        ("SentTimestamp", "1000".to_owned()),
        ("ApproximateFirstReceiveTimestamp", "1200".to_owned()),
        ("ApproximateReceiveCount", receives.to_string()),
    ];
    Message {
        id: M.to_owned(),
        body: body.to_owned(),
        system: system.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Message::default()
    }
}

async fn follow(fake: Fake, id: &str, scan: bool) -> (Thread, Arc<Fake>) {
    let fake = Arc::new(fake);
    let wanted = Wanted { id: id.to_owned(), also: Vec::new(), span: SPAN, scan };
    let mut search = Search::new(Arc::clone(&fake) as _, Arc::new(ground()), wanted);
    search.run(|_, _| {}).await;
    (search.thread().clone(), fake)
}

fn told(thread: &Thread) -> Vec<(What, &str, Option<i64>, bool)> {
    let told = |step: &'_ Step| (step.what, step.at.map(Timestamp::as_millisecond), step.sure.is_certain());
    thread.steps.iter().map(|step| (told(step).0, step.name.as_str(), told(step).1, told(step).2)).collect()
}

fn run_of(order: &str, start: i64) -> Vec<(i64, String)> {
    vec![
        (start, format!("START RequestId: {R} Version: 1")),
        (start + 1, format!("[ERROR] ValueError: order {order} has no quantity")),
        (start + 2, format!("REPORT RequestId: {R}\tDuration: 2 ms")),
    ]
}

fn log(lines: &[(i64, String)]) -> FakeLog {
    let lines: Vec<_> = lines.iter().map(|(at, text)| (*at, "s", text.as_str())).collect();
    FakeLog { page: 100, ..FakeLog::new(&lines) }
}

#[test]
fn the_ground_is_what_the_map_has() {
    let ground = ground();
    let extent = ground.extent();
    assert_eq!((extent.log_groups, extent.queues, extent.tables, extent.buckets), (1, 2, 1, 1));
    assert_eq!(ground.only_source(&DLQ.into()).map(ResourceId::as_str), Some(QUEUE));
    assert_eq!(ground.tables[0].key.as_deref(), Some("orderID"));
    assert!(ground.depth(&TOPIC.into()) < ground.depth(&QUEUE.into()));
    let only = [ResourceId::from(TABLE)].into();
    let part = Ground::of(&store(), Some(&only));
    assert_eq!((part.logs.len(), part.tables.len()), (0, 1));
}

#[tokio::test]
async fn a_poisoned_order_from_its_topic_to_its_grave() {
    let envelope = json!({
        "Type": "Notification", "MessageId": P, "TopicArn": TOPIC, "Timestamp": "1970-01-01T00:00:00.900Z",
        "Message": json!({"orderID": "order-4"}).to_string(),
    });
    let fake = Fake {
        queues: vec![(DLQ, Some(vec![message(&envelope.to_string(), 3)]))],
        log: log(&run_of("order-4", 1_300)),
        ..Fake::default()
    };
    let (thread, _) = follow(fake, "order-4", false).await;
    assert_eq!(
        told(&thread),
        [
            (What::Published, "shop", Some(900), true),
            (What::Queued, "carts", Some(1_000), true),
            (What::Received, "carts", Some(1_200), true),
            (What::Failed, "price", Some(1_301), true),
            (What::DeadLettered, "carts-dlq", None, true),
        ]
    );
    assert_eq!(
        (thread.steps[2].times, thread.steps[3].says.as_str()),
        (Some(3), "ValueError: order order-4 has no quantity")
    );
    let learnt: Vec<_> = thread.ids.iter().skip(1).map(|known| (known.id.as_str(), known.nature)).collect();
    assert_eq!(learnt, [(M, Nature::Own), (P, Nature::Own), (R, Nature::Own)]);
}

#[tokio::test]
async fn a_failure_that_names_nothing_is_probable_with_its_reason() {
    let text = "[ERROR] ValueError: cannot price cart 3117".to_owned();
    let lines = [(1_300, format!("START RequestId: {R} Version: 1")), (1_301, text)];
    let fake =
        Fake { queues: vec![(DLQ, Some(vec![message(r#"{"cart": 3117}"#, 3)]))], log: log(&lines), ..Fake::default() };
    let (thread, _) = follow(fake, M, false).await;
    let failed = thread.steps.iter().find(|step| step.what == What::Failed).unwrap();
    assert!(!failed.sure.is_certain() && failed.sure.why().contains("3117"), "{failed:?}");
}

#[tokio::test]
async fn what_nobody_saw_is_inferred_where_there_is_one_way_alone() {
    let lines = [
        (1_300, format!("START RequestId: {R} Version: 1")),
        (1_301, r#"{"stored": "order-5"}"#.to_owned()),
        (1_302, format!("REPORT RequestId: {R}\tDuration: 2 ms")),
    ];
    let fake = Fake { items: vec![json!({"orderID": "order-5", "quantity": 2})], log: log(&lines), ..Fake::default() };
    let (thread, _) = follow(fake, "order-5", false).await;
    assert_eq!(
        told(&thread),
        [
            (What::Passed, "shop", None, false),
            (What::Passed, "carts", None, false),
            (What::Handled, "price", Some(1_300), true),
            (What::Stored, "orders", None, true),
        ]
    );
}

#[tokio::test]
async fn a_message_id_leads_to_the_item_of_its_order_in_a_second_round() {
    let fake = Fake {
        queues: vec![(QUEUE, Some(vec![message(r#"{"orderID": "order-6"}"#, 0)]))],
        items: vec![json!({"orderID": "order-6"})],
        ..Fake::default()
    };
    let (thread, fake) = follow(fake, M, false).await;
    assert_eq!(*fake.asked.lock().unwrap(), [M, "order-6"]);
    let item = thread.steps.iter().find(|step| step.what == What::Stored).unwrap();
    assert!(!item.sure.is_certain(), "another event may be about the same order: {item:?}");
}

#[tokio::test]
async fn objects_are_found_by_key_and_by_what_is_in_them() {
    let fake = Fake {
        objects: vec![
            ("2026/order-7.json", "{}"),
            ("2026/lines.jsonl", "{\"o\":\"x\"}\n{\"o\":\"order-7\"}\n"),
            ("2026/z.json", "{}"),
        ],
        ..Fake::default()
    };
    let (thread, _) = follow(fake, "order-7", false).await;
    let kinds: Vec<Vec<&str>> =
        thread.steps.iter().map(|step| step.evidence.iter().map(|evidence| evidence.kind).collect()).collect();
    assert_eq!(kinds, [vec!["key"], vec!["key", "contents"]]);
    assert_eq!(thread.steps[1].evidence[1].text, r#"{"o":"order-7"}"#);
}

#[tokio::test]
async fn what_was_not_searched_is_part_of_the_answer() {
    let fake =
        Fake { queues: vec![(DLQ, None)], log: FakeLog { refuses: Some(1), ..FakeLog::new(&[]) }, ..Fake::default() };
    let (thread, _) = follow(fake, "order-8", false).await;
    let gaps: Vec<&str> = thread.gaps.iter().map(|gap| gap.place.as_str()).collect();
    assert_eq!(gaps, ["/aws/lambda/price", "carts-dlq", "orders"]);
    assert!(thread.is_empty() && thread.gaps[1].why.contains("--receive"));
}

#[tokio::test]
async fn a_page_of_a_table_is_read_only_when_it_is_asked_for() {
    let items = || vec![json!({"orderID": "other", "note": "about order-9"})];
    let (thread, _) = follow(Fake { items: items(), ..Fake::default() }, "order-9", false).await;
    assert!(thread.is_empty());
    let (thread, _) = follow(Fake { items: items(), ..Fake::default() }, "order-9", true).await;
    assert_eq!(told(&thread), [(What::Stored, "orders", None, true)]);
}

#[tokio::test]
async fn where_the_service_searches_it_is_asked_and_read_around() {
    let log = FakeLog { knows_patterns: true, ..log(&run_of("order-10", 400_000)) };
    let (thread, fake) = follow(Fake { log, filters: true, ..Fake::default() }, "order-10", false).await;
    assert_eq!(thread.steps.iter().filter(|step| step.what == What::Failed).count(), 1);
    assert!(fake.log.calls.load(std::sync::atomic::Ordering::Relaxed) >= 2);
}

#[test]
fn what_repeats_itself_is_one_line() {
    let mut lines = Vec::new();
    for n in 0..5 {
        lines.extend(
            run_of("order-4", 1_000 * (n + 1))
                .into_iter()
                .map(|(at, text)| (at, text.replace(R, &format!("33e4c44c-c563-4733-8a04-45c28009{n:04}")))),
        );
    }
    let mut assembler = crate::redrive::why::invocations::Assembler::whole();
    for (at_ms, text) in lines {
        assembler.take(crate::redrive::why::lines::Line { at_ms, stream: "s".into(), text });
    }
    let ran = assembler.finish().0.into_iter().map(|invocation| haul::Ran {
        function: FUNCTION.into(),
        group: "g".into(),
        invocation,
    });
    let haul = haul::Haul { ran: ran.collect(), ..haul::Haul::default() };
    let wanted = Wanted { id: "order-4".into(), also: Vec::new(), span: SPAN, scan: false };
    let thread = story::tell(&ground(), &haul, &wanted);
    let folds = thread.folded();
    let fold = folds.iter().find(|fold| fold.step.what == What::Failed).unwrap();
    assert_eq!((fold.more, fold.last.and_then(|last| last.at).map(Timestamp::as_millisecond)), (4, Some(5_001)));
}

#[test]
fn places_are_bounded_and_what_is_left_out_is_said() {
    let place = |n: usize| QueuePlace { id: format!("arn:aws:sqs:us-east-1:0:{n}").into(), sources: Vec::new() };
    assert!(place(1) != place(2));
    let many = (0..80)
        .map(|n| Resource::new(format!("arn:aws:sqs:us-east-1:000000000000:q{n}"), Kind::Queue, format!("q{n}")));
    let mut store = Store::default();
    store.apply(Report { facts: many.map(crate::domain::Fact::Found).collect(), ..report() });
    let ground = Ground::of(&store, None);
    assert_eq!((ground.queues.len(), ground.left_out.len()), (60, 1));
}
