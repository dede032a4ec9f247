//! Topics to queues, events to rule targets, records to their readers: takes what the endpoint accepted, in order, and sends it on.

use std::sync::Arc;

use aws_sdk_sqs::types::MessageAttributeValue;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::Instant;

use super::REFRESH;
use super::firehose::Put;
use super::invoke::Runner;
use super::routes::{self, Route};
use super::rules::{self, RuleTargets};
use crate::demo::clock::{iso, now_ms};
use crate::demo::deploy::Arns;
use crate::demo::endpoint::tap::{Accepted, Published, PutEvent, StreamRecords};
use crate::demo::tasks::Tasks;
use crate::demo::{Clients, DemoError};

/// How many functions may run at once on behalf of rules and of asynchronous invocations.
const MAX_CONCURRENT_INVOCATIONS: usize = 16;

pub(super) struct Delivery {
    clients: Clients,
    runner: Arc<Runner>,
    arns: Arns,
    tasks: Tasks,
    invocations: Arc<Semaphore>,
    onward: Onward,
    known: Known,
}

/// Where records go, whoever reads them.
pub(super) struct Onward {
    pub(super) streams: broadcast::Sender<Arc<StreamRecords>>,
    pub(super) delivery_streams: mpsc::Sender<Put>,
}

/// What the endpoint was last seen to have, and when.
#[derive(Default)]
struct Known {
    routes: Vec<Route>,
    rules: Vec<RuleTargets>,
    read_at: Option<Instant>,
}

impl Delivery {
    pub(super) fn new(clients: &Clients, runner: &Arc<Runner>, arns: Arns, tasks: Tasks, onward: Onward) -> Self {
        let invocations = Arc::new(Semaphore::new(MAX_CONCURRENT_INVOCATIONS));
        let (clients, runner) = (clients.clone(), runner.clone());
        Self { clients, runner, arns, tasks, invocations, onward, known: Known::default() }
    }

    pub(super) async fn run(mut self, mut accepted: mpsc::Receiver<Accepted>) {
        while let Some(one) = accepted.recv().await {
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the demo delivers by what it knew before");
            }
            match one {
                Accepted::Message(message) => self.message(&message).await,
                Accepted::Event(event) => self.event(&event).await,
                Accepted::Invocation { function, event } => self.invoke(&function, event).await,
                // Nobody reads it: then it goes nowhere, as in Kinesis.
                Accepted::Records(records) => drop(self.onward.streams.send(Arc::new(records))),
                Accepted::Deliveries { delivery_stream, records } => {
                    // The reader has gone: the demo is about to end.
                    let _ = self.onward.delivery_streams.send(Put { delivery_stream, records }).await;
                }
            }
        }
    }

    async fn refresh(&mut self) -> Result<(), DemoError> {
        if self.known.read_at.is_some_and(|at| at.elapsed() < REFRESH) {
            return Ok(());
        }
        self.known.routes = routes::read(&self.clients).await?;
        self.known.rules = rules::read(&self.clients).await?;
        self.known.read_at = Some(Instant::now());
        Ok(())
    }

    async fn message(&self, message: &Published) {
        for route in self.known.routes.iter().filter(|route| route.takes(message)) {
            let Err(error) = self.send(&route.queue_arn, message, route).await else { continue };
            tracing::debug!(%error, subscription = route.subscription_arn, "not delivered");
            if let Some(dead_letter_arn) = &route.dead_letter_arn
                && let Err(error) = self.send(dead_letter_arn, message, route).await
            {
                tracing::warn!(%error, subscription = route.subscription_arn, "lost: its dead-letter queue refused it too");
            }
        }
    }

    async fn send(&self, queue_arn: &str, message: &Published, route: &Route) -> Result<(), DemoError> {
        let doing = || format!("deliver to '{queue_arn}'");
        let url = self.queue_url(queue_arn).await?;
        let mut request = self.clients.sqs.send_message().queue_url(url);
        if route.raw {
            request = request.message_body(&message.body);
            for (name, attribute) in &message.attributes {
                let value =
                    MessageAttributeValue::builder().data_type(&attribute.data_type).string_value(&attribute.value);
                request = request.message_attributes(name, value.build().map_err(DemoError::built)?);
            }
        } else {
            request = request.message_body(self.envelope(message, &route.subscription_arn).to_string());
        }
        if queue_arn.ends_with(".fifo") {
            request = request.set_message_group_id(message.group_id.clone());
            request = request.set_message_deduplication_id(message.deduplication_id.clone());
        }
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn event(&self, event: &PutEvent) {
        let event_json = self.event_json(event);
        let matching = self.known.rules.iter().filter(|rule| rule.matches(&event.bus, &event_json));
        for arn in matching.flat_map(|rule| &rule.target_arns) {
            if let Some(function) = arn.split_once(":function:").map(|(_, name)| name) {
                self.invoke(function, event_json.clone()).await;
            } else if arn.contains(":sqs:") {
                let sent = async {
                    let request = self.clients.sqs.send_message().queue_url(self.queue_url(arn).await?);
                    let sent = request.message_body(event_json.to_string()).send().await;
                    sent.map(drop).map_err(DemoError::call(format!("deliver to '{arn}'")))
                };
                if let Err(error) = sent.await {
                    tracing::warn!(%error, "an event did not reach its target");
                }
            }
        }
    }

    /// Asynchronously, as EventBridge does: the event does not wait for the function.
    async fn invoke(&self, function: &str, event: Value) {
        let Ok(permit) = self.invocations.clone().acquire_owned().await else { return };
        let (runner, function) = (self.runner.clone(), function.to_owned());
        self.tasks.spawn(async move {
            runner.invoke(&function, event).await;
            drop(permit);
        });
    }

    fn event_json(&self, event: &PutEvent) -> Value {
        json!({
            "version": "0",
            "id": event.event_id,
            "detail-type": event.detail_type,
            "source": event.source,
            "account": self.arns.account(),
            "time": iso(now_ms()),
            "region": "us-east-1",
            "resources": [],
            "detail": event.detail,
        })
    }

    async fn queue_url(&self, arn: &str) -> Result<String, DemoError> {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let answer = self.clients.sqs.get_queue_url().queue_name(name).send().await;
        let answer = answer.map_err(DemoError::call(format!("find queue '{name}'")))?;
        Ok(answer.queue_url().unwrap_or_default().into())
    }

    /// What a queue gets when delivery is not raw. Unsigned: this endpoint has no key to sign with, and claims none.
    fn envelope(&self, message: &Published, subscription_arn: &str) -> Value {
        let attributes = message.attributes.iter();
        let attributes: serde_json::Map<String, Value> = attributes
            .map(|(name, one)| (name.clone(), json!({ "Type": one.data_type, "Value": one.value })))
            .collect();
        let mut envelope = json!({
            "Type": "Notification",
            "MessageId": message.message_id,
            "TopicArn": message.topic_arn,
            "Message": message.body,
            "Timestamp": iso(now_ms()),
            "UnsubscribeURL": format!("{}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}", self.clients.endpoint_url),
        });
        if let Some(subject) = &message.subject {
            envelope["Subject"] = json!(subject);
        }
        if !attributes.is_empty() {
            envelope["MessageAttributes"] = Value::Object(attributes);
        }
        envelope
    }
}
