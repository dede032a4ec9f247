//! The task of items against a table and a stream in memory, on a clock that stands still unless it is waited on.

use rstest::rstest;

use super::*;
use crate::{
    app::inspect::watcher::Watcher,
    domain::FailureKind,
    inspect::{
        items::{
            Condition,
            pretend::{Pretend, numbered},
            value::{Attributes, Value},
        },
        records::{
            Record,
            pretend::{Pretend as PretendStream, batch_of, pretend, shard},
            record::Change,
        },
    },
    overlays::{
        desk::model::{Find, Step},
        inspect::rows::{self, Marks},
    },
};

const HOUR: Duration = Duration::from_secs(3_600);

type Reader = Watcher<Picture>;

fn open(pretend: &Arc<Pretend>, stream: Option<Arc<PretendStream>>) -> Reader {
    let of = |news| match news {
        News::Items(picture) => Ok(*picture),
        other => Err(other),
    };
    Watcher::new(of, |out| {
        let stream_of: StreamOf = Box::new(move |_| stream.clone().map(|stream| stream as _));
        let (bench, noted) = Bench::new(Arc::clone(pretend) as _, stream_of, out, WATCH_LOCAL);
        bench.describe("orders".to_owned());
        (bench, noted)
    })
}

impl Reader {
    async fn opened(pretend: &Arc<Pretend>) -> Self {
        Self::with_stream(pretend, None).await
    }

    async fn with_stream(pretend: &Arc<Pretend>, stream: Option<Arc<PretendStream>>) -> Self {
        let mut reader = open(pretend, stream);
        reader.until(|reader| reader.picture.table.is_some()).await;
        reader
    }

    async fn asks(&self, ask: Ask) {
        self.ask(inspect::Ask::Items(ask)).await;
    }

    async fn listed(&mut self, rows: usize) {
        self.until(|reader| reader.picture.listing.listed == rows && !reader.picture.busy).await;
    }

    fn heads(&self) -> Vec<&str> {
        self.picture.listing.lines.iter().map(|line| line.head.as_str()).collect()
    }

    fn marks(&self) -> Vec<Mark> {
        self.picture.listing.lines.iter().map(|line| line.mark).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn opening_reads_nothing_and_each_page_is_asked_for() {
    let pretend = Pretend::holding((0..250).map(numbered));
    let mut reader = Reader::opened(&pretend).await;
    reader.wait(HOUR).await;
    assert_eq!((pretend.pages(), reader.picture.cost.as_str()), (0, ""));
    for (pages, listed, has_more) in [(1, 100, true), (2, 200, true), (3, 250, false)] {
        reader.asks(if pages == 2 { Ask::More } else { Ask::Scan }).await;
        reader.listed(listed).await;
        assert_eq!((pretend.pages(), reader.picture.has_more), (pages, has_more));
    }
    let heads: Vec<String> = (0..250).map(|number| number.to_string()).collect();
    assert_eq!(reader.heads(), heads, "in the order that they came in");
    assert_eq!(reader.picture.cost, format!("{} read units in 3 pages", pretend.units()));
    reader.asks(Ask::Scan).await;
    reader.wait(HOUR).await;
    assert_eq!(pretend.pages(), 3, "at the end nothing more is read");
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_before_the_table_is_known_is_read_once_it_is() {
    let pretend = Pretend::holding((0..150).map(numbered));
    let mut reader = open(&pretend, None);
    let condition = crate::inspect::items::Condition::of_item("id", &serde_json::json!("7")).unwrap();
    reader.asks(Ask::Query { condition, backwards: false }).await;
    reader.listed(1).await;
    assert_eq!((pretend.pages(), reader.picture.reading.as_str()), (1, "id = 7"));
}

#[tokio::test(start_paused = true)]
async fn the_cost_told_is_the_sum_of_what_was_reported() {
    let pretend = Pretend::holding((0..150).map(numbered));
    let mut reader = Reader::opened(&pretend).await;
    reader.asks(Ask::Scan).await;
    reader.listed(100).await;
    assert_eq!(reader.picture.cost, "50 read units in 1 page");
    pretend.fail_once();
    reader.asks(Ask::More).await;
    reader.until(|reader| reader.picture.trouble.is_some()).await;
    assert_eq!(reader.picture.cost, "50 read units in 1 page", "what failed reported nothing");
    reader.asks(Ask::More).await;
    reader.listed(150).await;
    reader.asks(Ask::Again).await;
    reader.until(|reader| reader.picture.cost.ends_with("4 pages")).await;
    let condition = Condition::parse(&reader.picture.table.as_ref().unwrap().keys, "7", None).unwrap();
    reader.asks(Ask::Query { condition, backwards: false }).await;
    reader.listed(1).await;
    assert_eq!(
        reader.picture.cost,
        format!("{} read units in 5 pages", pretend.units()),
        "of all that was ever read here"
    );
    assert_eq!(pretend.units(), 150.5);
}

#[tokio::test(start_paused = true)]
async fn what_is_new_or_changed_at_the_next_look_is_marked() {
    let pretend = Pretend::holding((0..3).map(numbered));
    let mut reader = Reader::opened(&pretend).await;
    reader.asks(Ask::Scan).await;
    reader.listed(3).await;
    reader.asks(Ask::Watch).await;
    pretend.add(numbered(7));
    pretend.put(1, "text", "another");
    reader.listed(4).await;
    assert_eq!(reader.marks(), [Mark::Same, Mark::Changed, Mark::Same, Mark::New]);
    assert_eq!(reader.picture.watch_seconds, Some(5));
    assert!(reader.said.iter().any(|said| said.contains("every 5 s")), "{:?}", reader.said);
    reader.asks(Ask::Watch).await;
    reader.until(|reader| reader.picture.watch_seconds.is_none()).await;
    let pages = pretend.pages();
    reader.wait(HOUR).await;
    assert_eq!(pretend.pages(), pages);
}

#[rstest]
#[case(FailureKind::Throttled, "asked too often")]
#[case(FailureKind::Denied, "not allowed: dynamodb:Scan")]
#[tokio::test(start_paused = true)]
async fn a_page_that_is_refused_in_the_middle_is_said_and_what_was_read_stays(
    #[case] kind: FailureKind,
    #[case] text: &str,
) {
    let pretend = Pretend::holding((0..150).map(numbered));
    let mut reader = Reader::opened(&pretend).await;
    reader.asks(Ask::Scan).await;
    reader.listed(100).await;
    for ask in [Ask::More, Ask::Again] {
        pretend.refuse(kind, text);
        reader.asks(ask).await;
        reader.until(|reader| reader.picture.busy).await;
        reader.until(|reader| !reader.picture.busy).await;
        assert!(reader.picture.trouble.as_ref().is_some_and(|trouble| trouble.contains(text)));
        assert_eq!((reader.picture.listing.listed, reader.picture.has_more), (100, true));
    }
    assert_eq!(pretend.pages(), 1, "it is not tried again by itself");
    reader.asks(Ask::More).await;
    reader.listed(150).await;
    assert_eq!(reader.picture.trouble, None, "it goes on where it was");
}

#[tokio::test(start_paused = true)]
async fn closed_while_a_page_is_on_the_way_it_gives_the_page_up() {
    let pretend = Pretend::holding((0..150).map(numbered));
    let mut reader = Reader::opened(&pretend).await;
    pretend.hold();
    reader.asks(Ask::Scan).await;
    pretend.is_held().await;
    reader.until(|reader| reader.picture.busy).await;
    // Keys are answered meanwhile.
    reader.asks(Ask::Types).await;
    reader.until(|reader| reader.picture.typed).await;
    reader.leave().await;
    tokio::time::timeout(HOUR, pretend.is_given_up()).await.unwrap();
    assert_eq!(pretend.pages(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_query_a_search_and_a_step() {
    let pretend = Pretend::holding((0..50).map(numbered));
    let mut reader = Reader::opened(&pretend).await;
    let keys = reader.picture.table.as_ref().unwrap().keys.clone();
    let condition = Condition::parse(&keys, "7", None).unwrap();
    reader.asks(Ask::Query { condition, backwards: false }).await;
    reader.listed(1).await;
    assert_eq!(reader.picture.reading, "id = 7");
    reader.asks(Ask::Types).await;
    reader.until(|reader| reader.picture.typed).await;
    assert_eq!(&*reader.picture.listing.opened.as_ref().unwrap().json, r#"{"id":{"S":"7"},"text":{"S":"item 7"}}"#);
    reader.asks(Ask::Scan).await;
    reader.listed(50).await;
    reader.asks(Ask::Rows(rows::Ask::Find(Some(Find::Where(".id == \"42\"".to_owned()))))).await;
    reader.listed(1).await;
    reader.asks(Ask::Rows(rows::Ask::Find(None))).await;
    reader.asks(Ask::Rows(rows::Ask::Step(Step::Bottom))).await;
    reader.until(|reader| reader.picture.listing.at == 49).await;
}

#[tokio::test(start_paused = true)]
async fn the_item_under_the_cursor_is_handed_over_as_it_is_shown() {
    let pretend = Pretend::holding([numbered(7)]);
    let mut reader = Reader::opened(&pretend).await;
    reader.asks(Ask::Scan).await;
    reader.listed(1).await;
    reader.asks(Ask::Rows(rows::Ask::Page)).await;
    reader.until(|reader| !reader.paged.is_empty()).await;
    assert_eq!(reader.paged, ["{\n  \"id\": \"7\",\n  \"text\": \"item 7\"\n}\n"]);
    reader.asks(Ask::Types).await;
    reader.asks(Ask::Rows(rows::Ask::Edit)).await;
    reader.until(|reader| !reader.edited.is_empty()).await;
    assert!(reader.edited[0].contains("\"S\": \"7\""), "{}", reader.edited[0]);
}

/// An item with this text, as a stream has it.
fn item(number: usize, text: &str) -> Attributes {
    let value = |text: &str| Value::Text(text.to_owned());
    Attributes::from([("id".to_owned(), value(&number.to_string())), ("text".to_owned(), value(text))])
}

fn written(event: &str, number: usize, old: Option<&str>, new: Option<&str>) -> Record {
    let mut keys = item(number, "");
    keys.remove("text");
    let image = |text: Option<&str>| text.map(|text| item(number, text));
    let change = Change { event: event.to_owned(), keys, old: image(old), new: image(new) };
    Record::of_item("s".into(), "1", "2026-11-21T14:03:07Z".parse().ok(), &["id"], Box::new(change))
}

/// A table of three items with a stream, read and followed.
async fn followed(stream: &Arc<PretendStream>) -> (Arc<Pretend>, Reader) {
    let pretend = Pretend::holding((0..3).map(numbered));
    let mut reader = Reader::with_stream(&pretend, Some(Arc::clone(stream))).await;
    reader.asks(Ask::Scan).await;
    reader.listed(3).await;
    assert_eq!(stream.calls.lock().unwrap().len(), 0, "nothing is followed before it is asked for");
    reader.asks(Ask::Follow(true)).await;
    reader.until(|reader| reader.picture.live.is_some_and(|live| live.is_on)).await;
    (pretend, reader)
}

#[tokio::test(start_paused = true)]
async fn what_the_stream_tells_is_marked_where_it_stands_and_counted() {
    let stream = pretend(&[shard("a", &[], false)], Vec::new());
    let (table, mut reader) = followed(&stream).await;
    stream.answer(
        "a",
        batch_of(
            vec![
                written("INSERT", 8, None, Some("came")),
                written("MODIFY", 1, Some("item 1"), Some("other")),
                written("MODIFY", 8, Some("came"), Some("came and changed")),
                written("REMOVE", 2, Some("item 2"), None),
                written("REMOVE", 99, Some("never read"), None),
            ],
            true,
        ),
    );
    reader.listed(4).await;
    assert_eq!(reader.heads(), ["0", "1", "2", "8"]);
    assert_eq!(reader.marks(), [Mark::Same, Mark::Changed, Mark::Removed, Mark::New]);
    assert_eq!(reader.picture.listing.marks, Marks { new: 1, changed: 1, removed: 1 });
    assert_eq!(reader.picture.live, Some(Live { is_on: true, removed_elsewhere: 1, unplaced: 0 }));
    let texts: Vec<&str> = reader.picture.listing.lines.iter().map(|line| line.text.as_str()).collect();
    assert!(texts[1].contains("other") && texts[2].contains("item 2") && texts[3].contains("came and changed"));
    reader.asks(Ask::Rows(rows::Ask::Step(Step::To(2)))).await;
    reader.until(|reader| reader.picture.listing.at == 2).await;
    assert_eq!(reader.picture.listing.opened.as_ref().unwrap().notes, ["removed at 14:03:07Z"]);
    assert_eq!(table.pages(), 1, "the stream reads no page");
}

#[tokio::test(start_paused = true)]
async fn a_query_lists_only_what_it_would_find() {
    let stream = pretend(&[shard("a", &[], false)], Vec::new());
    let (_table, mut reader) = followed(&stream).await;
    let condition = Condition::parse(&reader.picture.table.as_ref().unwrap().keys, "7", None).unwrap();
    reader.asks(Ask::Query { condition, backwards: false }).await;
    reader.until(|reader| reader.picture.reading == "id = 7" && !reader.picture.busy).await;
    let records = vec![written("INSERT", 8, None, Some("no")), written("INSERT", 7, None, Some("yes"))];
    stream.answer("a", batch_of(records, true));
    reader.listed(1).await;
    assert_eq!(reader.heads(), ["7"]);
    reader.wait(HOUR).await;
    assert_eq!(reader.heads(), ["7"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_keys_alone_marks_and_says_what_is_not_known() {
    let stream = pretend(&[shard("a", &[], false)], Vec::new());
    let (_table, mut reader) = followed(&stream).await;
    stream.answer("a", batch_of(vec![written("MODIFY", 0, None, None)], true));
    reader.until(|reader| reader.picture.listing.marks.changed == 1).await;
    let opened = reader.picture.listing.opened.clone().unwrap();
    assert!(opened.notes[0].contains("r looks again"), "{:?}", opened.notes);
    assert!(opened.json.contains("item 0"), "what was read stays: {}", opened.json);
}

#[tokio::test(start_paused = true)]
async fn the_stream_waits_while_a_page_is_on_the_way() {
    let stream = pretend(&[shard("a", &[], false)], Vec::new());
    let (table, mut reader) = followed(&stream).await;
    table.hold();
    reader.asks(Ask::Again).await;
    table.is_held().await;
    stream.answer("a", batch_of(vec![written("MODIFY", 0, Some("item 0"), Some("later"))], true));
    reader.wait(HOUR).await;
    assert_eq!(reader.picture.listing.marks, Marks::default());
}

#[tokio::test(start_paused = true)]
async fn following_ends_when_it_is_asked_to_and_what_is_marked_stays() {
    let stream = pretend(&[shard("a", &[], false)], Vec::new());
    let (_table, mut reader) = followed(&stream).await;
    stream.answer("a", batch_of(vec![written("INSERT", 8, None, Some("came"))], true));
    reader.listed(4).await;
    reader.asks(Ask::Follow(false)).await;
    reader.until(|reader| reader.picture.live.is_some_and(|live| !live.is_on)).await;
    reader.wait(Duration::from_secs(10)).await;
    let calls = stream.calls.lock().unwrap().len();
    reader.wait(HOUR).await;
    assert_eq!(stream.calls.lock().unwrap().len(), calls);
    assert_eq!(reader.picture.listing.marks.new, 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_stream_nothing_is_followed_and_nothing_is_read_instead() {
    let pretend = Pretend::holding((0..3).map(numbered));
    let mut reader = Reader::opened(&pretend).await;
    reader.asks(Ask::Scan).await;
    reader.listed(3).await;
    reader.asks(Ask::Follow(true)).await;
    reader.until(|reader| reader.said.iter().any(|said| said == "no stream: r looks again")).await;
    reader.wait(HOUR).await;
    assert_eq!((pretend.pages(), reader.picture.live), (1, None));
}

/// `EDATOP_TABLE_ENDPOINT=localhost:4567 EDATOP_TABLE=orders cargo test --lib first_page -- --ignored --nocapture`
#[tokio::test]
#[ignore = "needs an endpoint with a large table"]
async fn the_first_page_is_there_within_300_ms() {
    let name = |name: &str| std::env::var(name).unwrap();
    let options = crate::aws::ConnectOptions {
        endpoint: Some(name("EDATOP_TABLE_ENDPOINT")),
        region: Some("us-east-1".to_owned()),
        ..crate::aws::ConnectOptions::default()
    };
    let aws = Arc::new(crate::aws::Connection::open(&options).await.unwrap());
    let of = |news| match news {
        News::Items(picture) => Ok(*picture),
        other => Err(other),
    };
    let mut reader = Watcher::new(of, |out| {
        let (bench, noted) = Bench::new(Arc::new(Dynamo::new(aws)), Box::new(|_| None), out, WATCH_LOCAL);
        bench.describe(name("EDATOP_TABLE"));
        (bench, noted)
    });
    reader.until(|reader| reader.picture.table.is_some()).await;
    let asked = std::time::Instant::now();
    reader.asks(Ask::Scan).await;
    reader.listed(100).await;
    let first = asked.elapsed();
    println!("the first page: {first:?}; {}", reader.picture.cost);
    assert!(first < Duration::from_millis(300), "{first:?}");
}
