//! Makes the declared architectures on an endpoint with ordinary SDK calls, and unmakes them again.
//!
//! Names are the architecture's own, so what is the demo's is told by a tag ([`MARK`]) on everything that can carry one;
//! subscriptions, mappings and targets belong to what they hang on. Deploying again changes nothing. A resource of a
//! wanted name without the mark is somebody else's: `deploy` stops before it, `teardown` leaves it alone.
//!
//! What the endpoint does not have is left out and said so ([`Skipped`]).
//!
//! To deploy a new kind of resource: a step here (or in a file of its own below) and in `teardown`, and its mark in `marks`.

pub(super) mod api;
mod functions;
mod marks;
mod package;
mod role;
mod skipped;
mod streams;
mod teardown;

pub use self::skipped::{Piece, Skipped};
pub use self::teardown::teardown;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use aws_sdk_eventbridge::types::Target;
use aws_sdk_s3::types::{Tag as BucketTag, Tagging};
use aws_sdk_sqs::types::QueueAttributeName;

use self::marks::{Mark, marks};
use self::skipped::Ledger;
use super::architectures::expected::End;
use super::architectures::{Architecture, Function, Queue, Rule, Subscription, Table, Trigger};
use super::{Clients, DemoError};
use crate::domain::Kind;

/// The tag that says whose a resource is; its value is the architecture's name.
pub const MARK: &str = "edatop-demo";

const SECONDS_PER_DAY: u32 = 24 * 60 * 60;

/// Makes what is not there yet, and says what the endpoint cannot hold.
///
/// # Errors
/// When the endpoint refuses a call, or a resource of a wanted name belongs to somebody else.
pub async fn deploy(clients: &Clients, architectures: &[&Architecture]) -> Result<Vec<Skipped>, DemoError> {
    let arns = Arns::of(clients).await?;
    let mut ledger = Ledger::default();
    for architecture in architectures {
        Deployment { clients, arns: &arns, architecture }.run(&mut ledger).await?;
    }
    Ok(ledger.0)
}

/// ARNs of the endpoint's account. Emulators and AWS agree on their shape.
#[derive(Debug, Clone)]
pub(crate) struct Arns {
    account: String,
}

impl Arns {
    pub(crate) async fn of(clients: &Clients) -> Result<Self, DemoError> {
        let identity = clients.sts.get_caller_identity().send().await;
        let identity = identity.map_err(DemoError::call("ask the endpoint for its account"))?;
        Ok(Self { account: identity.account().unwrap_or("000000000000").into() })
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn queue(&self, name: &str) -> String {
        self.arn("sqs", name)
    }

    pub(crate) fn topic(&self, name: &str) -> String {
        self.arn("sns", name)
    }

    pub(crate) fn function(&self, name: &str) -> String {
        self.arn("lambda", &format!("function:{name}"))
    }

    fn stream(&self, name: &str) -> String {
        self.arn("kinesis", &format!("stream/{name}"))
    }

    fn delivery_stream(&self, name: &str) -> String {
        self.arn("firehose", &format!("deliverystream/{name}"))
    }

    fn application(&self, name: &str) -> String {
        self.arn("kinesisanalytics", &format!("application/{name}"))
    }

    fn table(&self, name: &str) -> String {
        self.arn("dynamodb", &format!("table/{name}"))
    }

    fn bus(&self, name: &str) -> String {
        self.arn("events", &format!("event-bus/{name}"))
    }

    fn log_group(&self, name: &str) -> String {
        self.arn("logs", &format!("log-group:{name}"))
    }

    fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/{}", self.account, role::ROLE)
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:us-east-1:{}:{rest}", self.account)
    }
}

/// The log group of a function, where Lambda itself puts it.
pub(crate) fn log_group_name(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

struct Deployment<'a> {
    clients: &'a Clients,
    arns: &'a Arns,
    architecture: &'a Architecture,
}

impl Deployment<'_> {
    async fn run(&self, ledger: &mut Ledger) -> Result<(), DemoError> {
        // What others refer to comes first: dead-letter queues are declared before their sources.
        for queue in self.architecture.queues {
            self.queue(queue).await?;
        }
        for topic in self.architecture.topics {
            self.topic(topic).await?;
        }
        for subscription in self.architecture.subscriptions {
            self.subscription(subscription).await?;
        }
        for (topic, address) in self.architecture.emails {
            self.email(topic, address).await?;
        }
        for table in self.architecture.tables {
            self.table(table).await?;
        }
        for bucket in self.architecture.buckets {
            self.bucket(bucket).await?;
        }
        for bus in self.architecture.buses {
            self.bus(bus).await?;
        }
        for function in self.architecture.functions {
            self.log_group(function).await?;
            self.function(function).await?;
        }
        self.run_optional(ledger).await?;
        for rule in self.architecture.rules {
            self.rule(rule).await?;
        }
        Ok(())
    }

    /// What not every endpoint has.
    async fn run_optional(&self, ledger: &mut Ledger) -> Result<(), DemoError> {
        for api in self.architecture.apis {
            ledger.attempt(Piece::Resource(End::new(Kind::Api, api.name)), &[], self.api(api)).await?;
        }
        for stream in self.architecture.streams {
            ledger.attempt(Piece::Resource(End::new(Kind::Stream, stream.name)), &[], self.stream(stream)).await?;
        }
        for stream in self.architecture.delivery_streams {
            let end = End::new(Kind::DeliveryStream, stream.name);
            ledger.attempt(Piece::Resource(end), &[], self.delivery_stream(stream)).await?;
        }
        for application in self.architecture.applications {
            self.application(application, ledger).await?;
        }
        for mapping in self.architecture.mappings {
            let (from, to) = (mapping.source.end(), End::function(mapping.function));
            let needs = [from.clone()];
            ledger.attempt(Piece::Link { from, to }, &needs, self.mapping(mapping)).await?;
        }
        Ok(())
    }

    /// Whether a resource has to be made; an error when it is there and not ours.
    async fn missing(&self, mark: Mark, kind: &'static str, name: &str) -> Result<bool, DemoError> {
        match mark {
            Mark::Absent => Ok(true),
            Mark::Ours => Ok(false),
            Mark::Foreign => Err(DemoError::Taken { kind, name: name.into() }),
        }
    }

    async fn queue(&self, queue: &Queue) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).queue(queue.name).await?;
        if !self.missing(mark, "queue", queue.name).await? {
            return Ok(());
        }
        let visibility_timeout = queue.visibility_timeout_seconds.to_string();
        let retention = (queue.retention_days * SECONDS_PER_DAY).to_string();
        let mut request = self.clients.sqs.create_queue().queue_name(queue.name).tags(MARK, self.architecture.name);
        request = request.attributes(QueueAttributeName::VisibilityTimeout, visibility_timeout);
        request = request.attributes(QueueAttributeName::MessageRetentionPeriod, retention);
        if queue.is_fifo() {
            request = request.attributes(QueueAttributeName::FifoQueue, "true");
        }
        if let Some(dead_letter) = &queue.dead_letter {
            let target = self.arns.queue(dead_letter.queue);
            let policy =
                serde_json::json!({ "deadLetterTargetArn": target, "maxReceiveCount": dead_letter.max_receive_count });
            request = request.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
        }
        if let Some(policy) = self.admission(queue.name) {
            request = request.attributes(QueueAttributeName::Policy, policy);
        }
        request.send().await.map(drop).map_err(DemoError::call(format!("create queue '{}'", queue.name)))
    }

    /// The policy of a queue that topics send to: messages, or what they could not deliver. Without it AWS lets no topic in.
    fn admission(&self, queue: &str) -> Option<String> {
        let sends = |one: &&Subscription| one.queue == queue || one.dead_letter_queue == Some(queue);
        let subscriptions = self.architecture.subscriptions.iter().filter(sends);
        let topics: BTreeSet<String> = subscriptions.map(|one| self.arns.topic(one.topic)).collect();
        (!topics.is_empty()).then(|| {
            serde_json::json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": self.arns.queue(queue),
                "Condition": { "ArnEquals": { "aws:SourceArn": topics } },
            }]})
            .to_string()
        })
    }

    async fn topic(&self, name: &str) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).topic(name).await?;
        if !self.missing(mark, "topic", name).await? {
            return Ok(());
        }
        let tag = aws_sdk_sns::types::Tag::builder().key(MARK).value(self.architecture.name).build();
        let tag = tag.map_err(DemoError::built)?;
        let mut request = self.clients.sns.create_topic().name(name).tags(tag);
        if name.ends_with(".fifo") {
            request = request.attributes("FifoTopic", "true");
        }
        request.send().await.map(drop).map_err(DemoError::call(format!("create topic '{name}'")))
    }

    async fn subscription(&self, subscription: &Subscription) -> Result<(), DemoError> {
        let (topic, queue) = (self.arns.topic(subscription.topic), self.arns.queue(subscription.queue));
        let doing = || format!("subscribe queue '{}' to topic '{}'", subscription.queue, subscription.topic);
        let existing = self.clients.sns.list_subscriptions_by_topic().topic_arn(&topic).send().await;
        let existing = existing.map_err(DemoError::call(doing()))?;
        if existing.subscriptions().iter().any(|one| one.endpoint() == Some(&queue)) {
            return Ok(());
        }
        let mut request = self.clients.sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(queue);
        if subscription.raw_message_delivery {
            request = request.attributes("RawMessageDelivery", "true");
        }
        if let Some(scope) = subscription.filter_policy_scope {
            request = request.attributes("FilterPolicyScope", scope);
        }
        if let Some(policy) = subscription.filter_policy {
            request = request.attributes("FilterPolicy", policy);
        }
        if let Some(queue) = subscription.dead_letter_queue {
            let policy = serde_json::json!({ "deadLetterTargetArn": self.arns.queue(queue) });
            request = request.attributes("RedrivePolicy", policy.to_string());
        }
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn email(&self, topic: &str, address: &str) -> Result<(), DemoError> {
        let doing = || format!("subscribe '{address}' to topic '{topic}'");
        let topic = self.arns.topic(topic);
        let existing = self.clients.sns.list_subscriptions_by_topic().topic_arn(&topic).send().await;
        if existing.map_err(DemoError::call(doing()))?.subscriptions().iter().any(|one| one.endpoint() == Some(address))
        {
            return Ok(());
        }
        let request = self.clients.sns.subscribe().topic_arn(topic).protocol("email").endpoint(address);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn table(&self, table: &Table) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).table(table.name).await?;
        if !self.missing(mark, "table", table.name).await? {
            return Ok(());
        }
        let key = KeySchemaElement::builder().attribute_name(table.key).key_type(KeyType::Hash).build();
        let attribute = AttributeDefinition::builder();
        let attribute = attribute.attribute_name(table.key).attribute_type(ScalarAttributeType::S).build();
        let tag = aws_sdk_dynamodb::types::Tag::builder().key(MARK).value(self.architecture.name).build();
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
        let stream = stream.build().map_err(DemoError::built)?;
        let request =
            self.clients.dynamodb.create_table().table_name(table.name).billing_mode(BillingMode::PayPerRequest);
        let request = request
            .key_schema(key.map_err(DemoError::built)?)
            .attribute_definitions(attribute.map_err(DemoError::built)?)
            .tags(tag.map_err(DemoError::built)?)
            .set_stream_specification(table.stream.then_some(stream));
        request.send().await.map(drop).map_err(DemoError::call(format!("create table '{}'", table.name)))
    }

    async fn bucket(&self, name: &str) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).bucket(name).await?;
        if !self.missing(mark, "bucket", name).await? {
            return Ok(());
        }
        let doing = || format!("create bucket '{name}'");
        self.clients.s3.create_bucket().bucket(name).send().await.map_err(DemoError::call(doing()))?;
        let tag = BucketTag::builder().key(MARK).value(self.architecture.name).build();
        let tagging = tag.and_then(|tag| Tagging::builder().tag_set(tag).build()).map_err(DemoError::built)?;
        let request = self.clients.s3.put_bucket_tagging().bucket(name).tagging(tagging);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn bus(&self, name: &str) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).bus(name).await?;
        if !self.missing(mark, "event bus", name).await? {
            return Ok(());
        }
        let request = self.clients.events.create_event_bus().name(name).tags(self.event_tag()?);
        request.send().await.map(drop).map_err(DemoError::call(format!("create event bus '{name}'")))
    }

    async fn log_group(&self, function: &Function) -> Result<(), DemoError> {
        let name = log_group_name(function.name);
        let mark = marks(self.clients, self.arns).log_group(&name).await?;
        if !self.missing(mark, "log group", &name).await? {
            return Ok(());
        }
        let doing = || format!("create log group '{name}'");
        let request = self.clients.logs.create_log_group().log_group_name(&name).tags(MARK, self.architecture.name);
        request.send().await.map_err(DemoError::call(doing()))?;
        let days = i32::try_from(function.log_retention_days).unwrap_or(i32::MAX);
        let request = self.clients.logs.put_retention_policy().log_group_name(&name).retention_in_days(days);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    async fn rule(&self, rule: &Rule) -> Result<(), DemoError> {
        let mark = marks(self.clients, self.arns).rule(rule).await?;
        if !self.missing(mark, "rule", rule.name).await? {
            return Ok(());
        }
        let doing = || format!("create rule '{}'", rule.name);
        let request = self.clients.events.put_rule().name(rule.name).tags(self.event_tag()?);
        let request = match rule.trigger {
            // `default` may be left out, and one emulator insists on it.
            Trigger::Schedule(expression) => request.schedule_expression(expression),
            Trigger::Pattern(pattern) => request.event_bus_name(rule.bus).event_pattern(pattern),
        };
        let made = request.send().await.map_err(DemoError::call(doing()))?;
        let permission = self.clients.lambda.add_permission().function_name(rule.function).statement_id(rule.name);
        let permission = permission.action("lambda:InvokeFunction").principal("events.amazonaws.com");
        permission.set_source_arn(made.rule_arn).send().await.map_err(DemoError::call(doing()))?;
        let target = Target::builder().id(rule.function).arn(self.arns.function(rule.function)).build();
        let target = target.map_err(DemoError::built)?;
        let request = self.clients.events.put_targets().rule(rule.name).event_bus_name(rule.bus).targets(target);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    fn event_tag(&self) -> Result<aws_sdk_eventbridge::types::Tag, DemoError> {
        let tag = aws_sdk_eventbridge::types::Tag::builder().key(MARK).value(self.architecture.name).build();
        tag.map_err(DemoError::built)
    }
}
