//! An event source mapping at work: receives batches from its queue, runs its function, deletes what succeeded.
//!
//! What failed is left alone: it reappears when its visibility timeout ends, and SQS moves it to the dead-letter queue
//! when it has been received too often. That move is the endpoint's doing, never this one's.

use std::sync::Arc;

use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::REFRESH;
use super::invoke::{Ended, Runner};
use crate::demo::{Clients, DemoError};

/// How long a receive waits for messages, in seconds. Short, so that a change to the mapping shows soon.
const WAIT_SECONDS: i32 = 1;

pub(super) struct Feed {
    clients: Clients,
    runner: Arc<Runner>,
    mapping_id: String,
    queue_arn: String,
    function: String,
    batch_size: i32,
    /// `ReportBatchItemFailures`.
    reports: bool,
}

/// Whether a mapping hands anything over.
pub(super) enum State {
    Enabled,
    Disabled,
    Gone,
}

impl Feed {
    /// `None` for a mapping from something else than a queue.
    pub(super) fn new(
        clients: &Clients,
        runner: &Arc<Runner>,
        mapping: &EventSourceMappingConfiguration,
    ) -> Option<Self> {
        let queue_arn = mapping.event_source_arn().filter(|arn| arn.contains(":sqs:"))?;
        Some(Self {
            clients: clients.clone(),
            runner: runner.clone(),
            mapping_id: mapping.uuid()?.into(),
            queue_arn: queue_arn.into(),
            function: mapping.function_arn()?.rsplit(':').next()?.into(),
            batch_size: mapping.batch_size().unwrap_or(10),
            reports: !mapping.function_response_types().is_empty(),
        })
    }

    pub(super) async fn run(self) {
        loop {
            match state(&self.clients, &self.mapping_id).await {
                State::Gone => return,
                State::Disabled => sleep(REFRESH).await,
                State::Enabled => {
                    if let Err(error) = self.batch().await {
                        tracing::debug!(%error, function = self.function, "a batch was not handled");
                        sleep(REFRESH).await;
                    }
                }
            }
        }
    }

    async fn batch(&self) -> Result<(), DemoError> {
        let name = self.queue_arn.rsplit(':').next().unwrap_or_default();
        let url = self.clients.sqs.get_queue_url().queue_name(name).send().await;
        let url = url.map_err(DemoError::call(format!("find queue '{name}'")))?;
        let url = url.queue_url().unwrap_or_default();
        let request = self.clients.sqs.receive_message().queue_url(url).max_number_of_messages(self.batch_size.min(10));
        let request = request.wait_time_seconds(WAIT_SECONDS).message_attribute_names("All");
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = request.send().await.map_err(DemoError::call(format!("receive from '{name}'")))?;
        let messages = received.messages();
        if messages.is_empty() {
            return Ok(());
        }
        let records: Vec<Value> = messages.iter().map(|message| self.record(message)).collect();
        let failed = match self.runner.invoke(&self.function, json!({ "Records": records })).await {
            Ended::Success => Vec::new(),
            Ended::Partly(failed) if self.reports => failed,
            // As in Lambda: who is not asked to report has succeeded, whatever it returned.
            Ended::Partly(_) => Vec::new(),
            Ended::Failure => return Ok(()),
        };
        let succeeded = messages.iter().filter(|one| !failed.iter().any(|id| one.message_id() == Some(id)));
        let entry = |(index, message): (usize, &Message)| {
            let handle = message.receipt_handle().unwrap_or_default();
            DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(handle).build().ok()
        };
        let entries: Vec<_> = succeeded.enumerate().filter_map(entry).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let request = self.clients.sqs.delete_message_batch().queue_url(url).set_entries(Some(entries));
        request.send().await.map(drop).map_err(DemoError::call(format!("delete from '{name}'")))
    }

    /// A message as Lambda hands it to a function.
    fn record(&self, message: &Message) -> Value {
        let system = message.attributes().into_iter().flatten();
        let system: Map<String, Value> = system.map(|(name, value)| (name.as_str().into(), json!(value))).collect();
        let attributes = message.message_attributes().into_iter().flatten();
        let attributes: Map<String, Value> = attributes
            .map(|(name, one)| {
                (name.clone(), json!({ "dataType": one.data_type(), "stringValue": one.string_value() }))
            })
            .collect();
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": system,
            "messageAttributes": attributes,
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": "us-east-1",
        })
    }
}

pub(super) async fn state(clients: &Clients, mapping_id: &str) -> State {
    match clients.lambda.get_event_source_mapping().uuid(mapping_id).send().await {
        Ok(mapping) if mapping.state() == Some("Enabled") => State::Enabled,
        Ok(_) => State::Disabled,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
            State::Gone
        }
        Err(_) => State::Disabled,
    }
}
