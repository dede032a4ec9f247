//! The streams of tables: their state and their shards, kept among the attributes of the table, which is the end of every link.
//!
//! Records are never read here: more than two readers of a shard may slow down the real one. AWS allows 10 descriptions a second.

use std::collections::BTreeMap;

use aws_sdk_dynamodbstreams::types::StreamDescription;
use futures_util::{StreamExt, stream};

use super::{Due, Look, Outbox, Spacing};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Resource, ResourceId},
};

const CONCURRENCY: usize = 4;
const CALLS_PER_SECOND: u32 = 4;
/// A page has 100 shards. Of a stream with more pages than this the shards are not counted.
const MOST_PAGES: usize = 5;
const DESCRIBE: &str = "dynamodb:DescribeStream";

/// What is known of each table's stream, by the table.
#[derive(Debug, Default)]
pub struct TableStreams {
    streams: BTreeMap<ResourceId, Stream>,
}

#[derive(Debug, Default)]
struct Stream {
    arn: String,
    read: Due,
    said: Said,
}

/// What its description said.
#[derive(Debug, Default, Clone, PartialEq)]
struct Said {
    status: Option<String>,
    open_shards: Option<usize>,
}

impl TableStreams {
    /// A table as its own description has it, with what is known of its stream.
    pub fn onto(&mut self, table: Resource) -> Resource {
        let Some(arn) = table.attribute("LatestStreamArn") else {
            self.streams.remove(&table.id);
            return table;
        };
        if self.streams.get(&table.id).is_none_or(|stream| stream.arn != arn) {
            self.streams.insert(table.id.clone(), Stream { arn: arn.to_owned(), ..Stream::default() });
        }
        let said = self.streams.get(&table.id).map(|stream| stream.said.clone()).unwrap_or_default();
        table.with("StreamStatus", said.status).with("StreamOpenShardCount", said.open_shards)
    }

    /// Forgets the tables that are gone.
    pub fn keep_only(&mut self, is_here: impl Fn(&ResourceId) -> bool) {
        self.streams.retain(|id, _| is_here(id));
    }

    /// Reads what is due; the tables of which something new was said.
    pub async fn read(&mut self, look: Look<'_>, out: &mut Outbox) -> Vec<ResourceId> {
        let due = self.streams.iter().filter(|(_, stream)| stream.read.is_due(look.scope, look.rarely()));
        let due: Vec<_> = due.map(|(id, stream)| (id.clone(), stream.arn.clone())).collect();
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(due)
            .map(async |(id, arn)| {
                let answer = describe(look, &arn, &spacing).await;
                (id, answer)
            })
            .buffer_unordered(CONCURRENCY);
        let mut news = Vec::new();
        while let Some((id, answer)) = answers.next().await {
            let Some(stream) = self.streams.get_mut(&id) else { continue };
            stream.read.tried(look.scope, answer.as_ref().err().map(|trouble| trouble.kind));
            match answer {
                Ok(said) => {
                    out.read(DESCRIBE, &id);
                    if stream.said != said {
                        stream.said = said;
                        news.push(id);
                    }
                }
                // Switched off since its table was read: the table's next reading says so properly.
                Err(trouble) if trouble.kind == FailureKind::NotFound => {}
                // The table itself is well known: what the endpoint lacks is said of the endpoint.
                Err(trouble) if trouble.kind == FailureKind::NotImplemented => {
                    out.failed(DESCRIBE, trouble, None).await;
                }
                Err(trouble) => out.failed(DESCRIBE, trouble, Some(&id)).await,
            }
            if out.is_hopeless() {
                break;
            }
        }
        news
    }
}

async fn describe(look: Look<'_>, arn: &str, spacing: &Spacing) -> Result<Said, Trouble> {
    let client = look.aws.table_streams();
    let (mut from, mut open, mut status) = (None, 0, None);
    for _ in 0..MOST_PAGES {
        spacing.turn().await;
        let call = client.describe_stream().stream_arn(arn).set_exclusive_start_shard_id(from);
        let page = call.send().await?.stream_description.ok_or_else(no_stream)?;
        open += open_shards(&page);
        status = page.stream_status().map(|status| status.as_str().to_owned());
        from = page.last_evaluated_shard_id;
        if from.is_none() {
            return Ok(Said { status, open_shards: Some(open) });
        }
    }
    Ok(Said { status, open_shards: None })
}

/// A shard that has an end takes no more records.
fn open_shards(stream: &StreamDescription) -> usize {
    let is_open = |shard: &&aws_sdk_dynamodbstreams::types::Shard| {
        shard.sequence_number_range().is_none_or(|range| range.ending_sequence_number().is_none())
    };
    stream.shards().iter().filter(is_open).count()
}

fn no_stream() -> Trouble {
    Trouble { kind: FailureKind::Garbage, text: "the answer describes no stream; is the endpoint right?".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    fn table(stream: Option<&str>) -> Resource {
        Resource::new("t", Kind::Table, "t").with("LatestStreamArn", stream)
    }

    #[test]
    fn what_was_said_goes_with_the_stream_and_not_with_its_successor() {
        let mut streams = TableStreams::default();
        assert_eq!(streams.onto(table(Some("a"))).attribute("StreamStatus"), None);
        let said = Said { status: Some("ENABLED".into()), open_shards: Some(4) };
        streams.streams.get_mut("t").unwrap().said = said;
        let seen = streams.onto(table(Some("a")));
        assert_eq!((seen.attribute("StreamStatus"), seen.number("StreamOpenShardCount")), (Some("ENABLED"), Some(4)));
        assert_eq!(streams.onto(table(Some("b"))).attribute("StreamStatus"), None);
        assert_eq!(streams.onto(table(None)), table(None));
        assert!(streams.streams.is_empty());
    }
}
