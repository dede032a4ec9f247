//! A Kinesis stream: five reads and 2 MB a second a shard, which all readers without a throughput of their own share.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kinesis::{
    config::{Builder, retry::RetryConfig},
    types::ShardIteratorType,
};
use jiff::Timestamp;

use super::{At, Batch, Failed, Record, Shard, Stream};
use crate::{
    aws::{Connection, Trouble},
    domain::ResourceId,
};

/// Records of one call: far fewer than the 2 MB that a shard gives a second, for most.
const LIMIT: i32 = 500;
/// Pages of 1,000 shards.
const MOST_PAGES: usize = 10;

#[derive(Debug)]
pub(super) struct Kinesis {
    aws: Arc<Connection>,
    name: String,
}

impl Kinesis {
    pub(super) async fn open(aws: Arc<Connection>, name: &str) -> Result<Self, Trouble> {
        let stream = Self { aws, name: ResourceId::from(name).short_name().to_owned() };
        stream.aws.kinesis().describe_stream_summary().stream_name(&stream.name).send().await?;
        Ok(stream)
    }
}

/// A call that came too often is not repeated at once: that would be too often again.
fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

#[async_trait]
impl Stream for Kinesis {
    fn name(&self) -> &str {
        &self.name
    }

    fn warning(&self) -> &'static str {
        "each shard gives all its readers together five reads and 2 MB a second; edatop takes one read a second of each"
    }

    fn knows_times(&self) -> bool {
        true
    }

    async fn shards(&self) -> Result<Vec<Shard>, Trouble> {
        let mut call = self.aws.kinesis().list_shards().stream_name(&self.name);
        let mut shards = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = call.send().await?;
            shards.extend(page.shards.unwrap_or_default().into_iter().map(|shard| Shard {
                closed: shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_some()),
                parents: shard.parent_shard_id.into_iter().chain(shard.adjacent_parent_shard_id).collect(),
                id: shard.shard_id,
            }));
            // A token says which stream it is of.
            let Some(token) = page.next_token else { break };
            call = self.aws.kinesis().list_shards().next_token(token);
        }
        Ok(shards)
    }

    async fn iterator(&self, shard: &str, at: &At) -> Result<String, Failed> {
        let call = self.aws.kinesis().get_shard_iterator().stream_name(&self.name).shard_id(shard);
        let call = match at {
            At::Latest => call.shard_iterator_type(ShardIteratorType::Latest),
            At::Oldest => call.shard_iterator_type(ShardIteratorType::TrimHorizon),
            At::Time(at) => {
                let at = aws_sdk_kinesis::primitives::DateTime::from_millis(at.as_millisecond());
                call.shard_iterator_type(ShardIteratorType::AtTimestamp).timestamp(at)
            }
            At::After(sequence) => {
                call.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).starting_sequence_number(sequence)
            }
        };
        let answer = call.send().await.map_err(|error| Failed::of(&error))?;
        answer.shard_iterator.ok_or(Failed::Expired)
    }

    async fn records(&self, shard: &str, iterator: &str) -> Result<Batch, Failed> {
        let call = self.aws.kinesis().get_records().shard_iterator(iterator).limit(LIMIT);
        let answer = call.customize().config_override(once()).send().await.map_err(|error| Failed::of(&error))?;
        let shard: Arc<str> = shard.into();
        let caught_up = answer.millis_behind_latest() == Some(0)
            || answer.records.is_empty() && answer.millis_behind_latest().is_none();
        let record = |record: aws_sdk_kinesis::types::Record| {
            let at = record.approximate_arrival_timestamp();
            let at = at.and_then(|at| Timestamp::from_millisecond(at.to_millis().ok()?).ok());
            Record::of_bytes(
                Arc::clone(&shard),
                &record.sequence_number,
                at,
                record.partition_key.as_deref().unwrap_or_default(),
                record.data.into_inner(),
            )
        };
        let records = answer.records.into_iter().map(record).collect();
        Ok(Batch { records, next: answer.next_shard_iterator.filter(|next| !next.is_empty()), caught_up })
    }
}
