//! The task of an open reader of records: it follows the stream from where the user said, and keeps what came.
//!
//! Nothing is read before he said so; then each shard once a second, until he stops it or leaves.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    Start,
    feed::{Feed, Heard},
    rows::{self, Note, Reads, Rows},
    shelf::Row,
};
use crate::{
    app::out::Out,
    aws::Trouble,
    domain::ResourceId,
    inspect::records::{self, At, Record, Stream},
    overlays::inspect::{
        self, News,
        records::model::{Ask, Picture},
    },
};

/// Serves a reader until its asks end.
pub(super) async fn serve(start: Start, stream: ResourceId) {
    let (bench, noted) = Bench::new(start.out());
    let aws = start.aws;
    bench.rows.start(async move { Found::Opened(records::open(&aws, stream.as_str()).await) });
    rows::serve(bench, start.asks, noted).await;
}

/// What was found out.
enum Found {
    Opened(Result<Arc<dyn Stream>, Trouble>),
    Ended(Result<(), Trouble>),
}

struct Bench {
    rows: Rows<Found>,
    stream: Option<Arc<dyn Stream>>,
    feed: Feed,
    /// From where it is read, in words.
    from: String,
}

impl Bench {
    fn new(out: Out<News>) -> (Self, mpsc::Receiver<Note<Found>>) {
        let (rows, noted) = Rows::new(out);
        (Self { rows, stream: None, feed: Feed::default(), from: String::new() }, noted)
    }

    /// Reads from there, and nothing from elsewhere any more.
    fn read(&mut self, from: At) {
        let Some(stream) = self.stream.clone() else { return self.rows.out.say("what it is is not known yet", true) };
        self.from = match &from {
            At::Latest => "from now on".to_owned(),
            At::Oldest => "from the oldest".to_owned(),
            At::Time(at) => format!("from {at}"),
            At::After(sequence) => format!("behind {sequence}"),
        };
        self.rows.shelf.clear();
        self.rows.shelf.follows = from == At::Latest;
        let following = self.feed.follow(stream, from);
        self.rows.start(async move { Found::Ended(following.await) });
    }
}

impl Reads for Bench {
    type Found = Found;
    type Came = records::News;

    fn rows(&mut self) -> &mut Rows<Found> {
        &mut self.rows
    }

    fn ask(&mut self, ask: inspect::Ask) {
        match ask {
            inspect::Ask::Records(Ask::Read(from)) => self.read(from),
            inspect::Ask::Records(Ask::Stop) => self.feed.stop(),
            inspect::Ask::Records(Ask::Rows(ask)) => self.rows.ask(ask),
            _ => {}
        }
    }

    fn found(&mut self, found: Found) {
        match found {
            Found::Opened(Ok(stream)) => self.stream = Some(stream),
            // One that was stopped ends too, and another may be under way by then.
            Found::Ended(Ok(())) => {}
            Found::Opened(Err(trouble)) | Found::Ended(Err(trouble)) => self.feed.trouble = Some(trouble.to_string()),
        }
    }

    fn next(&mut self) -> impl Future<Output = records::News> + Send {
        self.feed.next()
    }

    fn came(&mut self, news: records::News) {
        match self.feed.take(news) {
            Heard::Records(records) => self.rows.shelf.push(records.into_iter().map(row)),
            Heard::Said(text) => self.rows.out.say(text, false),
            Heard::Nothing => {}
        }
    }

    fn picture(&mut self) -> News {
        let (name, warning) = self.stream.as_ref().map(|stream| (stream.name(), stream.warning())).unwrap_or_default();
        let (name, warning) = (name.to_owned(), warning.to_owned());
        News::Records(Box::new(Picture {
            name,
            warning,
            listing: self.rows.listing(),
            from: self.from.clone(),
            shards: self.feed.shards,
            reads: self.feed.is_on(),
            caught_up: self.feed.caught_up,
            trouble: self.feed.complaint(),
        }))
    }
}

fn row(record: Record) -> Row {
    Row {
        at: record.at,
        head: record.head.into(),
        key: record.sequence.into(),
        json: record.json.into(),
        preview: Some(record.preview.into()),
        notes: record.notes,
        ..Row::default()
    }
}

#[cfg(test)]
mod tests;
