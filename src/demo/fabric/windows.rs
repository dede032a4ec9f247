//! Readers of Kinesis streams: a mapping that hands records to its function, in a tumbling window when it has one, and the analytics
//! applications, which add up the same window and write to their delivery stream.
//!
//! Records come through the tap, since winterbaume keeps none. A reader that falls behind by more than the channel holds loses the
//! oldest, and says so in the log.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_firehose::types::Record as Delivery;
use aws_sdk_kinesisanalyticsv2::types::{ApplicationDetail, ApplicationStatus};
use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Instant, timeout_at};

use super::feed::{State, state};
use super::invoke::Runner;
use crate::demo::architectures::revenue::{self, Sums};
use crate::demo::clock::{iso, now_ms};
use crate::demo::endpoint::tap::{StreamRecord, StreamRecords};
use crate::demo::{Clients, DemoError};

/// How long a mapping without a window gathers a batch.
const BATCHING: Duration = Duration::from_secs(1);

pub(super) type Records = Receiver<Arc<StreamRecords>>;

/// A mapping from a Kinesis stream.
pub(super) struct Window {
    clients: Clients,
    runner: Arc<Runner>,
    mapping_id: String,
    stream_arn: String,
    function: String,
    seconds: Option<u32>,
}

impl Window {
    /// `None` for a mapping from something else than a Kinesis stream.
    pub(super) fn new(
        clients: &Clients,
        runner: &Arc<Runner>,
        mapping: &EventSourceMappingConfiguration,
    ) -> Option<Self> {
        Some(Self {
            clients: clients.clone(),
            runner: runner.clone(),
            mapping_id: mapping.uuid()?.into(),
            stream_arn: mapping.event_source_arn().filter(|arn| arn.contains(":kinesis:"))?.into(),
            function: mapping.function_arn()?.rsplit(':').next()?.into(),
            seconds: mapping.tumbling_window_in_seconds().and_then(|seconds| seconds.try_into().ok()),
        })
    }

    pub(super) async fn run(self, mut records: Records) {
        let stream = self.stream_arn.rsplit('/').next().unwrap_or_default().to_owned();
        loop {
            let ended = match self.seconds.filter(|seconds| *seconds > 0) {
                Some(seconds) => self.window(&stream, &mut records, seconds).await,
                None => self.batch(&stream, &mut records).await,
            };
            if ended.is_none() || matches!(state(&self.clients, &self.mapping_id).await, State::Gone) {
                return;
            }
        }
    }

    async fn batch(&self, stream: &str, records: &mut Records) -> Option<()> {
        let batch = gather(stream, records, Instant::now() + BATCHING).await?;
        if !batch.is_empty() && self.is_on().await {
            self.runner.call(&self.function, json!({ "Records": self.batch_json(&batch) })).await;
        }
        Some(())
    }

    /// One window: its records as they come, the state handed on from one invocation to the next, and the last word at its end.
    async fn window(&self, stream: &str, records: &mut Records, seconds: u32) -> Option<()> {
        let (window, end) = window_now(seconds);
        let mut kept = json!({});
        loop {
            let batch = gather(stream, records, end.min(Instant::now() + BATCHING)).await?;
            let is_final = Instant::now() >= end;
            if (!batch.is_empty() || is_final) && self.is_on().await {
                let event = json!({
                    "Records": self.batch_json(&batch),
                    "window": window,
                    "state": kept,
                    "shardId": "shardId-000000000000",
                    "eventSourceARN": self.stream_arn,
                    "isFinalInvokeForWindow": is_final,
                    "isWindowTerminatedEarly": false,
                });
                if let Some(returned) = self.runner.call(&self.function, event).await {
                    kept = returned.get("state").cloned().unwrap_or_default();
                }
            }
            if is_final {
                return Some(());
            }
        }
    }

    async fn is_on(&self) -> bool {
        matches!(state(&self.clients, &self.mapping_id).await, State::Enabled)
    }

    /// Records as Lambda hands them to a function.
    fn batch_json(&self, batch: &[StreamRecord]) -> Vec<Value> {
        let record = |record: &StreamRecord| {
            json!({
                "kinesis": {
                    "data": record.data,
                    "partitionKey": record.partition_key,
                    "sequenceNumber": record.sequence_number,
                    "kinesisSchemaVersion": "1.0",
                },
                "eventID": format!("shardId-000000000000:{}", record.sequence_number),
                "eventName": "aws:kinesis:record",
                "eventSource": "aws:kinesis",
                "eventSourceARN": self.stream_arn,
                "awsRegion": "us-east-1",
            })
        };
        batch.iter().map(record).collect()
    }
}

/// An analytics application: what its SQL says, or its Flink job does.
pub(super) struct Job {
    clients: Clients,
    name: String,
    input: String,
    output: String,
}

/// The running applications, by the API that lists them.
pub(super) async fn jobs(clients: &Clients) -> Result<Vec<Job>, DemoError> {
    let listed = clients.analytics_v2.list_applications().send().await;
    let listed = listed.map_err(DemoError::call("list applications"))?;
    let mut jobs = Vec::new();
    for name in listed.application_summaries().iter().map(|summary| summary.application_name()) {
        let described = clients.analytics_v2.describe_application().application_name(name).send().await;
        let described = described.map_err(DemoError::call(format!("read application '{name}'")))?;
        jobs.extend(described.application_detail().and_then(|detail| Job::new(clients, detail)));
    }
    Ok(jobs)
}

impl Job {
    /// `None` for one that does not say what it reads and writes.
    fn new(clients: &Clients, detail: &ApplicationDetail) -> Option<Self> {
        let configuration = detail.application_configuration_description()?;
        let ends = match configuration.sql_application_configuration_description() {
            Some(sql) => {
                let input = sql.input_descriptions().first()?.kinesis_streams_input_description()?.resource_arn();
                let output = sql.output_descriptions().first()?.kinesis_firehose_output_description()?;
                [input, output.resource_arn()]
            }
            None => {
                let properties = configuration.environment_property_descriptions()?;
                let all = properties.property_group_descriptions().first()?.property_map();
                [all.get("input.stream.arn")?.as_str(), all.get("output.delivery.stream.arn")?.as_str()]
            }
        };
        let [input, output] = ends.map(|arn| arn.rsplit('/').next().unwrap_or_default().to_owned());
        Some(Self { clients: clients.clone(), name: detail.application_name().into(), input, output })
    }

    pub(super) async fn run(self, mut records: Records) {
        loop {
            let (window, end) = window_now(revenue::WINDOW_SECONDS);
            let mut sums = Sums::new();
            while Instant::now() < end {
                let Some(batch) = gather(&self.input, &mut records, end).await else { return };
                for record in &batch {
                    let data = BASE64_STANDARD.decode(&record.data).unwrap_or_default();
                    revenue::add(&mut sums, &serde_json::from_slice(&data).unwrap_or_default());
                }
            }
            let window_end = window["end"].as_str().unwrap_or_default();
            if let Err(error) = self.write(&sums, window_end).await {
                tracing::warn!(%error, application = self.name, "a window's results are lost");
            }
        }
    }

    async fn write(&self, sums: &Sums, window_end: &str) -> Result<(), DemoError> {
        let doing = || format!("write what application '{}' found", self.name);
        let described = self.clients.analytics_v2.describe_application().application_name(&self.name).send().await;
        let described = described.map_err(DemoError::call(doing()))?;
        let status = described.application_detail().map(|detail| detail.application_status());
        if status != Some(&ApplicationStatus::Running) || sums.is_empty() {
            return Ok(());
        }
        let lines = revenue::results(sums, window_end, &self.name);
        let records = lines.into_iter().filter_map(|line| Delivery::builder().data(line.into()).build().ok());
        let request = self.clients.firehose.put_record_batch().delivery_stream_name(&self.output);
        let written = request.set_records(Some(records.collect())).send().await;
        written.map(drop).map_err(DemoError::call(doing()))
    }
}

/// The window that it is now, and when it ends. Windows begin at whole multiples of their length.
fn window_now(seconds: u32) -> (Value, Instant) {
    let length_ms = i64::from(seconds) * 1000;
    let now = now_ms();
    let begin = now - now.rem_euclid(length_ms);
    let left = Duration::from_millis(u64::try_from(begin + length_ms - now).unwrap_or_default());
    (json!({ "start": iso(begin), "end": iso(begin + length_ms) }), Instant::now() + left)
}

/// What a stream gets until then; `None` when nobody can put to it any more.
async fn gather(stream: &str, records: &mut Records, until: Instant) -> Option<Vec<StreamRecord>> {
    let mut batch = Vec::new();
    loop {
        match timeout_at(until, records.recv()).await {
            Ok(Ok(put)) if put.stream == stream => batch.extend(put.records.iter().cloned()),
            Ok(Ok(_)) => {}
            Ok(Err(RecvError::Lagged(puts))) => tracing::warn!(stream, puts, "a reader fell behind and lost records"),
            Ok(Err(RecvError::Closed)) => return None,
            Err(_) => return Some(batch),
        }
    }
}
