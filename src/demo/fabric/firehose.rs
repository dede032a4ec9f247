//! Delivery streams: records wait until there are enough or the oldest has waited long enough, go through the transformer, and become
//! one object.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_firehose::types::{ExtendedS3DestinationDescription, ProcessorParameterName};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::REFRESH;
use super::invoke::Runner;
use crate::demo::clock::now_ms;
use crate::demo::{Clients, DemoError};

const DEFAULT_INTERVAL: Duration = Duration::from_secs(300);
const DEFAULT_BYTES: usize = 5 << 20;
/// Beyond this, a delivery stream that cannot deliver loses what comes.
const MAX_BYTES: usize = 16 << 20;

/// Records put on a delivery stream, in base64.
pub(super) struct Put {
    pub(super) delivery_stream: String,
    pub(super) records: Vec<String>,
}

pub(super) struct Deliveries {
    clients: Clients,
    runner: Arc<Runner>,
    buffers: BTreeMap<String, Buffer>,
}

struct Buffer {
    since: Instant,
    bytes: usize,
    records: Vec<String>,
}

impl Deliveries {
    pub(super) fn new(clients: Clients, runner: Arc<Runner>) -> Self {
        Self { clients, runner, buffers: BTreeMap::new() }
    }

    pub(super) async fn run(mut self, mut puts: mpsc::Receiver<Put>) {
        let mut ticks = interval(REFRESH);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                put = puts.recv() => match put {
                    Some(put) => self.take(put),
                    None => return,
                },
                _ = ticks.tick() => self.deliver_due().await,
            }
        }
    }

    fn take(&mut self, put: Put) {
        let empty = || Buffer { since: Instant::now(), bytes: 0, records: Vec::new() };
        let buffer = self.buffers.entry(put.delivery_stream).or_insert_with(empty);
        for record in put.records {
            if buffer.bytes + record.len() > MAX_BYTES {
                tracing::warn!("a delivery stream is full and loses a record");
                continue;
            }
            buffer.bytes += record.len();
            buffer.records.push(record);
        }
    }

    async fn deliver_due(&mut self) {
        for name in self.buffers.keys().cloned().collect::<Vec<_>>() {
            if let Err(error) = self.deliver_if_due(&name).await {
                tracing::warn!(%error, delivery_stream = name, "nothing delivered; trying again");
            }
        }
    }

    async fn deliver_if_due(&mut self, name: &str) -> Result<(), DemoError> {
        let Some(buffer) = self.buffers.get(name) else { return Ok(()) };
        let described = self.clients.firehose.describe_delivery_stream().delivery_stream_name(name).send().await;
        let described = described.map_err(DemoError::call(format!("read delivery stream '{name}'")))?;
        let description = described.delivery_stream_description();
        let destination = description.and_then(|one| one.destinations().first()?.extended_s3_destination_description());
        let Some(destination) = destination else { return Ok(()) };
        let (wait, bytes) = hints(destination);
        if buffer.since.elapsed() < wait && buffer.bytes < bytes {
            return Ok(());
        }
        let lines = match transformer(destination) {
            Some(function) => self.transformed(function, &buffer.records).await?,
            None => buffer.records.iter().filter_map(|record| BASE64_STANDARD.decode(record).ok()).collect(),
        };
        self.write(name, destination, lines.concat()).await?;
        self.buffers.remove(name);
        Ok(())
    }

    /// What the function made of the records. Those that it drops or fails are not delivered.
    async fn transformed(&self, function: &str, records: &[String]) -> Result<Vec<Vec<u8>>, DemoError> {
        let arrived = now_ms();
        let record = |(index, data): (usize, &String)| json!({ "recordId": format!("{index:020}"), "approximateArrivalTimestamp": arrived, "data": data });
        let records: Vec<Value> = records.iter().enumerate().map(record).collect();
        let event = json!({ "invocationId": format!("{arrived}"), "region": "us-east-1", "records": records });
        let returned = self.runner.call(function, event).await;
        let failed = || DemoError::other(format!("transform records by '{function}'"), "the function failed");
        let returned = returned.ok_or_else(failed)?;
        let records = returned["records"].as_array().cloned().unwrap_or_default();
        let good = records.iter().filter(|record| record["result"] == "Ok");
        Ok(good.filter_map(|record| BASE64_STANDARD.decode(record["data"].as_str()?).ok()).collect())
    }

    /// One object, under the prefix and the hour of its delivery.
    async fn write(
        &self,
        name: &str,
        destination: &ExtendedS3DestinationDescription,
        body: Vec<u8>,
    ) -> Result<(), DemoError> {
        let now = jiff::Timestamp::from_millisecond(now_ms()).unwrap_or_default();
        let (hour, second) = (now.strftime("%Y/%m/%d/%H"), now.strftime("%Y-%m-%d-%H-%M-%S"));
        let prefix = destination.prefix().unwrap_or_default();
        let key = format!("{prefix}{hour}/{name}-1-{second}-{:032x}", fastrand::u128(..));
        let bucket = destination.bucket_arn().rsplit(':').next().unwrap_or_default();
        let request = self.clients.s3.put_object().bucket(bucket).key(key).body(body.into());
        request.send().await.map(drop).map_err(DemoError::call(format!("write to bucket '{bucket}'")))
    }
}

fn hints(destination: &ExtendedS3DestinationDescription) -> (Duration, usize) {
    let hints = destination.buffering_hints();
    let seconds = hints.and_then(|hints| hints.interval_in_seconds()?.try_into().ok());
    let megabytes = hints.and_then(|hints| usize::try_from(hints.size_in_mbs()?).ok());
    (
        seconds.map_or(DEFAULT_INTERVAL, Duration::from_secs),
        megabytes.map_or(DEFAULT_BYTES, |megabytes| megabytes << 20),
    )
}

/// The name of the function that records go through.
fn transformer(destination: &ExtendedS3DestinationDescription) -> Option<&str> {
    let processing = destination.processing_configuration().filter(|one| one.enabled() == Some(true))?;
    let mut parameters = processing.processors().iter().flat_map(|processor| processor.parameters());
    let function = parameters.find(|one| *one.parameter_name() == ProcessorParameterName::LambdaArn)?;
    function.parameter_value().split_once(":function:").map(|(_, name)| name)
}
