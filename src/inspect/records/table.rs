//! A table's stream: at most two readers a shard, of which Lambda or a pipe is one already.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodbstreams::{
    config::{Builder, retry::RetryConfig},
    types::ShardIteratorType,
};
use jiff::Timestamp;

use super::{At, Batch, Failed, Record, Shard, Stream, record::Change};
use crate::{
    aws::{Connection, Trouble},
    inspect::items::{Description, value},
};

/// Pages of 100 shards.
const MOST_PAGES: usize = 10;
const LIMIT: i32 = 500;

/// What reading it does to others.
pub const WARNING: &str = "more than two readers of a shard slow down the table's real consumers; edatop is one, at one read a second of each shard";

#[derive(Debug)]
pub(super) struct TableStream {
    aws: Arc<Connection>,
    arn: String,
    table: String,
    keys: Vec<String>,
}

impl TableStream {
    pub(super) fn new(aws: Arc<Connection>, table: &Description, arn: String) -> Self {
        let keys = table.keys.names().into_iter().map(ToOwned::to_owned).collect();
        Self { aws, arn, table: table.table_name.clone(), keys }
    }
}

#[async_trait]
impl Stream for TableStream {
    fn name(&self) -> &str {
        &self.table
    }

    fn warning(&self) -> &'static str {
        WARNING
    }

    fn knows_times(&self) -> bool {
        false
    }

    async fn shards(&self) -> Result<Vec<Shard>, Trouble> {
        let (mut shards, mut from) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let call =
                self.aws.table_streams().describe_stream().stream_arn(&self.arn).set_exclusive_start_shard_id(from);
            let Some(page) = call.send().await?.stream_description else { break };
            from = page.last_evaluated_shard_id;
            shards.extend(page.shards.unwrap_or_default().into_iter().map(|shard| Shard {
                closed: shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_some()),
                id: shard.shard_id.unwrap_or_default(),
                parents: shard.parent_shard_id.into_iter().collect(),
            }));
            if from.is_none() {
                break;
            }
        }
        Ok(shards)
    }

    async fn iterator(&self, shard: &str, at: &At) -> Result<String, Failed> {
        let call = self.aws.table_streams().get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let call = match at {
            At::Latest => call.shard_iterator_type(ShardIteratorType::Latest),
            // It knows no times: whoever follows leaves out what is older.
            At::Oldest | At::Time(_) => call.shard_iterator_type(ShardIteratorType::TrimHorizon),
            At::After(sequence) => {
                call.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).sequence_number(sequence)
            }
        };
        let answer = call.send().await.map_err(|error| Failed::of(&error))?;
        answer.shard_iterator.ok_or(Failed::Expired)
    }

    async fn records(&self, shard: &str, iterator: &str) -> Result<Batch, Failed> {
        let call = self.aws.table_streams().get_records().shard_iterator(iterator).limit(LIMIT);
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let answer = call.customize().config_override(once).send().await.map_err(|error| Failed::of(&error))?;
        let shard: Arc<str> = shard.into();
        let names: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let record = |record: aws_sdk_dynamodbstreams::types::Record| {
            let change = record.dynamodb?;
            let at = change.approximate_creation_date_time();
            let at = at.and_then(|at| Timestamp::from_millisecond(at.to_millis().ok()?).ok());
            let event = record.event_name.as_ref().map_or("UNKNOWN", |event| event.as_str());
            let sequence = change.sequence_number.clone().unwrap_or_default();
            let change = Change {
                event: event.to_owned(),
                keys: change.keys.map(value::attributes).unwrap_or_default(),
                old: change.old_image.filter(|image| !image.is_empty()).map(value::attributes),
                new: change.new_image.filter(|image| !image.is_empty()).map(value::attributes),
            };
            Some(Record::of_item(Arc::clone(&shard), &sequence, at, &names, Box::new(change)))
        };
        let records: Vec<Record> = answer.records.unwrap_or_default().into_iter().filter_map(record).collect();
        // It does not say how far it is behind: whoever finds nothing has come to the end, or soon will.
        let caught_up = records.is_empty();
        Ok(Batch { records, next: answer.next_shard_iterator.filter(|next| !next.is_empty()), caught_up })
    }
}
