//! The task of records against a stream in memory, on a clock that stands still unless it is waited on.

use std::time::Duration;

use super::*;
use crate::{
    app::inspect::watcher::Watcher,
    domain::FailureKind,
    inspect::records::{
        Failed,
        pretend::{Pretend, batch_of, pretend, shard},
    },
    overlays::inspect::rows::Ask as OfRows,
};

const HOUR: Duration = Duration::from_secs(3_600);

type Reader = Watcher<Picture>;

fn record(sequence: &str, data: &str) -> Record {
    let at = "2026-11-21T14:03:07Z".parse().ok();
    Record::of_bytes("a".into(), sequence, at, &format!("key {sequence}"), data.into())
}

fn records(sequences: &[&str]) -> Result<records::Batch, Failed> {
    batch_of(sequences.iter().map(|sequence| record(sequence, r#"{"n": 1}"#)).collect(), true)
}

fn refused(kind: FailureKind, text: &str) -> Result<records::Batch, Failed> {
    Err(Failed::Other(Trouble { kind, text: text.to_owned() }))
}

fn open(opened: Result<Arc<dyn Stream>, Trouble>) -> Reader {
    let of = |news| match news {
        News::Records(picture) => Ok(*picture),
        other => Err(other),
    };
    Watcher::new(of, |out| {
        let (bench, noted) = Bench::new(out);
        bench.rows.start(async move { Found::Opened(opened) });
        (bench, noted)
    })
}

impl Reader {
    /// One of a shard that answers this, and then that there is nothing more.
    async fn of(answers: Vec<Result<records::Batch, Failed>>) -> (Arc<Pretend>, Self) {
        let stream = pretend(&[shard("a", &[], false)], vec![("a", answers)]);
        let mut reader = open(Ok(Arc::clone(&stream) as _));
        reader.until(|reader| reader.picture.name == "pretend").await;
        (stream, reader)
    }

    async fn asks(&self, ask: Ask) {
        self.ask(inspect::Ask::Records(ask)).await;
    }

    async fn heads(&mut self, heads: &[&str]) {
        self.until(|reader| {
            reader.picture.listing.lines.iter().map(|line| line.head.as_str()).eq(heads.iter().copied())
        })
        .await;
    }

    async fn troubled(&mut self, text: &str) {
        self.until(|reader| reader.picture.trouble.as_ref().is_some_and(|trouble| trouble.contains(text))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn opening_says_what_reading_does_and_reads_nothing() {
    let (stream, mut reader) = Reader::of(vec![records(&["1"])]).await;
    assert_eq!(reader.picture.warning, "it is shared");
    reader.wait(HOUR).await;
    assert_eq!((stream.calls.lock().unwrap().len(), reader.picture.listing.held), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn records_come_behind_those_that_came_before() {
    let (_stream, mut reader) = Reader::of(vec![records(&["1", "2"]), records(&["3"])]).await;
    reader.asks(Ask::Read(At::Oldest)).await;
    reader.heads(&["key 1", "key 2"]).await;
    assert!(!reader.picture.caught_up);
    reader.heads(&["key 1", "key 2", "key 3"]).await;
    reader.until(|reader| reader.picture.caught_up).await;
    assert_eq!(
        (reader.picture.from.as_str(), reader.picture.shards, reader.picture.reads),
        ("from the oldest", 1, true)
    );
    let line = &reader.picture.listing.lines[0];
    assert_eq!((line.at, line.text.as_str()), ("2026-11-21T14:03:07Z".parse().ok(), r#"{"n":1}"#));
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_is_denied_or_throttled_in_the_middle_is_said_until_it_answers_again() {
    let (_stream, mut reader) = Reader::of(vec![
        records(&["1"]),
        refused(FailureKind::Denied, "not allowed: kinesis:GetRecords"),
        Err(Failed::Throttled("too often".to_owned())),
        records(&["2"]),
    ])
    .await;
    reader.asks(Ask::Read(At::Oldest)).await;
    reader.heads(&["key 1"]).await;
    reader.troubled("not allowed: kinesis:GetRecords").await;
    assert_eq!(reader.picture.listing.held, 1, "what was read stays");
    reader.troubled("others read it too: too often").await;
    reader.heads(&["key 1", "key 2"]).await;
    reader.until(|reader| reader.picture.trouble.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn what_may_be_missing_stays_said() {
    let (_stream, mut reader) = Reader::of(vec![records(&["1"]), Err(Failed::Trimmed), records(&["9"])]).await;
    reader.asks(Ask::Read(At::Oldest)).await;
    reader.heads(&["key 1", "key 9"]).await;
    reader.wait(HOUR).await;
    reader.troubled("no longer kept").await;
}

#[tokio::test(start_paused = true)]
async fn stopped_it_asks_no_more_and_begun_anew_it_forgets() {
    let (stream, mut reader) = Reader::of(vec![records(&["1"])]).await;
    reader.asks(Ask::Read(At::Oldest)).await;
    reader.heads(&["key 1"]).await;
    reader.asks(Ask::Stop).await;
    reader.until(|reader| !reader.picture.reads).await;
    reader.wait(Duration::from_secs(10)).await;
    let calls = stream.calls.lock().unwrap().len();
    reader.wait(HOUR).await;
    assert_eq!((stream.calls.lock().unwrap().len(), reader.picture.listing.held), (calls, 1));
    stream.answer("a", records(&["2"]));
    reader.asks(Ask::Read(At::Latest)).await;
    reader.heads(&["key 2"]).await;
    assert_eq!(reader.picture.from, "from now on");
}

#[tokio::test(start_paused = true)]
async fn closed_while_records_are_on_the_way_it_gives_them_up() {
    let (stream, mut reader) = Reader::of(Vec::new()).await;
    stream.hold();
    reader.asks(Ask::Read(At::Oldest)).await;
    tokio::time::timeout(HOUR, stream.is_held()).await.unwrap();
    reader.until(|reader| reader.picture.reads).await;
    reader.leave().await;
    tokio::time::timeout(HOUR, stream.is_given_up()).await.unwrap();
    let calls = stream.calls.lock().unwrap().len();
    tokio::time::sleep(HOUR).await;
    assert_eq!(stream.calls.lock().unwrap().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_there_is_said_and_nothing_can_be_read_of_it() {
    let text = "there is no stream and no table sales".to_owned();
    let mut reader = open(Err(Trouble { kind: FailureKind::NotFound, text }));
    reader.troubled("no stream and no table").await;
    reader.asks(Ask::Read(At::Oldest)).await;
    reader.until(|reader| !reader.said.is_empty()).await;
    assert!(!reader.picture.reads);
}

#[tokio::test(start_paused = true)]
async fn the_record_under_the_cursor_is_handed_over() {
    let (_stream, mut reader) = Reader::of(vec![records(&["1"])]).await;
    reader.asks(Ask::Read(At::Oldest)).await;
    reader.heads(&["key 1"]).await;
    reader.asks(Ask::Rows(OfRows::Edit)).await;
    reader.until(|reader| !reader.edited.is_empty()).await;
    assert!(reader.edited[0].contains("\"PartitionKey\": \"key 1\""), "{}", reader.edited[0]);
    assert!(reader.paged.is_empty());
}
