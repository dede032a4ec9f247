//! A mapping from a table's stream at work: reads the shard in order, runs its function, and stays at a batch until it succeeds.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};
use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use serde_json::{Map, Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::REFRESH;
use super::feed::{State, state};
use super::invoke::{Ended, Runner};
use crate::demo::{Clients, DemoError};

pub(super) struct TableFeed {
    clients: Clients,
    runner: Arc<Runner>,
    mapping_id: String,
    stream_arn: String,
    function: String,
    batch_size: i32,
}

impl TableFeed {
    /// `None` for a mapping from something else than a table.
    pub(super) fn new(
        clients: &Clients,
        runner: &Arc<Runner>,
        mapping: &EventSourceMappingConfiguration,
    ) -> Option<Self> {
        Some(Self {
            clients: clients.clone(),
            runner: runner.clone(),
            mapping_id: mapping.uuid()?.into(),
            stream_arn: mapping.event_source_arn().filter(|arn| arn.contains(":dynamodb:"))?.into(),
            function: mapping.function_arn()?.rsplit(':').next()?.into(),
            batch_size: mapping.batch_size().unwrap_or(100),
        })
    }

    pub(super) async fn run(self) {
        let mut ticks = interval(REFRESH);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut iterator, mut waiting) = (None, Vec::new());
        loop {
            ticks.tick().await;
            match state(&self.clients, &self.mapping_id).await {
                State::Gone => return,
                State::Disabled => continue,
                State::Enabled => {}
            }
            if let Err(error) = self.turn(&mut iterator, &mut waiting).await {
                tracing::debug!(%error, function = self.function, "a table's stream was not read");
                iterator = None;
            }
        }
    }

    /// Reads one batch, unless one is still waiting, and tries to hand it over.
    async fn turn(&self, iterator: &mut Option<String>, waiting: &mut Vec<Value>) -> Result<(), DemoError> {
        if waiting.is_empty() {
            let from = match iterator.take() {
                Some(iterator) => iterator,
                None => self.oldest().await?,
            };
            let request = self.clients.dynamodb_streams.get_records().shard_iterator(from).limit(self.batch_size);
            let answer = request.send().await.map_err(DemoError::call("read a table's stream"))?;
            *waiting = answer.records().iter().map(|record| self.record(record)).collect();
            *iterator = answer.next_shard_iterator;
        }
        if !waiting.is_empty()
            && self.runner.invoke(&self.function, json!({ "Records": waiting })).await != Ended::Failure
        {
            waiting.clear();
        }
        Ok(())
    }

    /// The oldest record of the first shard: a demo's table has one.
    async fn oldest(&self) -> Result<String, DemoError> {
        let doing = || format!("read stream '{}'", self.stream_arn);
        let client = &self.clients.dynamodb_streams;
        let described = client.describe_stream().stream_arn(&self.stream_arn).send().await;
        let described = described.map_err(DemoError::call(doing()))?;
        let shard = described.stream_description().and_then(|stream| stream.shards().first()?.shard_id());
        let request = client.get_shard_iterator().stream_arn(&self.stream_arn).set_shard_id(shard.map(String::from));
        let answer = request.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await;
        let iterator = answer.map_err(DemoError::call(doing()))?.shard_iterator;
        iterator.ok_or_else(|| DemoError::other(doing(), "it has no shard"))
    }

    /// A record as Lambda hands it to a function.
    fn record(&self, record: &Record) -> Value {
        let change = record.dynamodb();
        let image = change.and_then(|change| change.new_image());
        json!({
            "eventID": record.event_id(),
            "eventName": record.event_name().map(|name| name.as_str()),
            "eventSource": "aws:dynamodb",
            "eventSourceARN": self.stream_arn,
            "awsRegion": "us-east-1",
            "dynamodb": {
                "Keys": change.and_then(|change| change.keys()).map(attributes),
                "NewImage": image.map(attributes),
                "SequenceNumber": change.and_then(|change| change.sequence_number()),
                "StreamViewType": "NEW_IMAGE",
            },
        })
    }
}

fn attributes(all: &HashMap<String, AttributeValue>) -> Value {
    all.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>().into()
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        AttributeValue::M(map) => json!({ "M": attributes(map) }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        _ => json!({ "NULL": true }),
    }
}
