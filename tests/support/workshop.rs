//! Makes resources of one name prefix on an endpoint, one SDK call each, and takes them away again.
//!
//! What an endpoint refuses is noted, not failed on: whether that matters is the test's to say. A role is named and need not exist:
//! these endpoints do not ask. To make a new kind of resource: a
//! method here, and its end in [`Workshop::clear`].

use std::{
    fmt::{Debug, Display},
    io::{Cursor, Write},
    sync::Mutex,
    time::{Duration, SystemTime},
};

use aws_sdk_cloudwatch::{
    config::{BehaviorVersion, Credentials, Region},
    types::{Dimension, MetricDatum, StandardUnit},
};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use aws_sdk_eventbridge::types::{RuleState, Target};
use aws_sdk_firehose::types::{BufferingHints, ExtendedS3DestinationConfiguration};
use aws_sdk_lambda::{
    primitives::Blob,
    types::{EventSourcePosition, FunctionCode, FunctionResponseType, Runtime},
};
use edatop::demo::Clients;
use serde_json::{Value, json};

use super::driver::until;

/// What a function may take.
pub const TIMEOUT_SECONDS: i32 = 10;

pub struct Workshop {
    pub clients: Clients,
    pub prefix: &'static str,
    account: String,
    cloudwatch: aws_sdk_cloudwatch::Client,
    refused: Mutex<Vec<String>>,
}

impl Workshop {
    pub async fn open(url: &str, prefix: &'static str) -> Self {
        let clients = Clients::new(url).unwrap();
        let account = clients.sts.get_caller_identity().send().await.unwrap().account.unwrap();
        let config = aws_sdk_cloudwatch::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(url);
        let cloudwatch = aws_sdk_cloudwatch::Client::from_conf(config.build());
        Self { clients, prefix, account, cloudwatch, refused: Mutex::default() }
    }

    /// What the endpoint would not do.
    pub fn refused(&self) -> Vec<String> {
        self.refused.lock().unwrap().clone()
    }

    pub fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn arn(&self, service: &str, rest: impl Display) -> String {
        format!("arn:aws:{service}:us-east-1:{}:{rest}", self.account)
    }

    pub fn queue_arn(&self, name: &str) -> String {
        self.arn("sqs", self.named(name))
    }

    pub fn topic_arn(&self, name: &str) -> String {
        self.arn("sns", self.named(name))
    }

    pub fn function_arn(&self, name: &str) -> String {
        self.arn("lambda", format!("function:{}", self.named(name)))
    }

    pub fn stream_arn(&self, name: &str) -> String {
        self.arn("kinesis", format!("stream/{}", self.named(name)))
    }

    fn took<T, E: Debug>(&self, what: impl Display, answer: Result<T, E>) -> Option<T> {
        answer.map_err(|error| self.refused.lock().unwrap().push(format!("{what}: {error:?}"))).ok()
    }

    /// A queue that is encrypted, with whatever else is asked for.
    pub async fn queue(&self, name: &str, attributes: Value) {
        let mut request = self.clients.sqs.create_queue().queue_name(self.named(name));
        let mut all = json!({ "SqsManagedSseEnabled": "true" });
        if name.ends_with(".fifo") {
            all["FifoQueue"] = json!("true");
        }
        all.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        for (key, value) in all.as_object().unwrap() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            request = request.attributes(key.as_str().into(), text);
        }
        self.took(format!("queue {name}"), request.send().await);
    }

    pub fn redrive(&self, dead_letters: &str, receives: u32) -> Value {
        json!(json!({ "deadLetterTargetArn": self.queue_arn(dead_letters), "maxReceiveCount": receives }).to_string())
    }

    /// A queue's policy that lets one topic in.
    pub fn admits(&self, queue: &str, topic: &str) -> Value {
        let statement = json!({
            "Effect": "Allow",
            "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": self.queue_arn(queue),
            "Condition": { "ArnLike": { "aws:SourceArn": self.topic_arn(topic) } },
        });
        json!(json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
    }

    async fn queue_url(&self, name: &str) -> String {
        let answer = self.clients.sqs.get_queue_url().queue_name(self.named(name)).send().await;
        self.took(format!("the URL of {name}"), answer).and_then(|answer| answer.queue_url).unwrap_or_default()
    }

    pub async fn set_redrive(&self, name: &str, dead_letters: &str, receives: u32) {
        let policy = self.redrive(dead_letters, receives);
        let request = self.clients.sqs.set_queue_attributes().queue_url(self.queue_url(name).await);
        let request = request.attributes("RedrivePolicy".into(), policy.as_str().unwrap());
        self.took(format!("redrive {name}"), request.send().await);
    }

    pub async fn send(&self, name: &str) {
        let request = self.clients.sqs.send_message().queue_url(self.queue_url(name).await).message_body("{}");
        self.took(format!("send to {name}"), request.send().await);
    }

    pub async fn delete_queue(&self, name: &str) {
        let request = self.clients.sqs.delete_queue().queue_url(self.queue_url(name).await);
        self.took(format!("delete {name}"), request.send().await);
    }

    /// A topic that is encrypted.
    pub async fn topic(&self, name: &str) {
        let mut request = self.clients.sns.create_topic().name(self.named(name));
        request = request.attributes("KmsMasterKeyId", "alias/aws/sns");
        if name.ends_with(".fifo") {
            request = request.attributes("FifoTopic", "true");
        }
        self.took(format!("topic {name}"), request.send().await);
    }

    pub async fn subscribe(&self, topic: &str, protocol: &str, endpoint: &str, filter: Option<&str>) {
        let request = self.clients.sns.subscribe().topic_arn(self.topic_arn(topic)).protocol(protocol);
        let mut request = request.endpoint(endpoint);
        if let Some(filter) = filter {
            request = request.attributes("FilterPolicy", filter);
        }
        self.took(format!("subscribe {endpoint}"), request.send().await);
    }

    pub async fn function(&self, name: &str) {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("app.py", zip::write::SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
        archive.write_all(b"def handler(event, context): pass\n").unwrap();
        let code = FunctionCode::builder().zip_file(Blob::new(archive.finish().unwrap().into_inner())).build();
        let request = self.clients.lambda.create_function().function_name(self.named(name)).code(code);
        let request = request.runtime(Runtime::from("python3.12")).handler("app.handler").timeout(TIMEOUT_SECONDS);
        let request = request.role(format!("arn:aws:iam::{}:role/edatop-test", self.account));
        self.took(format!("function {name}"), request.send().await);
    }

    /// Where a function writes its lines.
    pub async fn log_group(&self, function: &str, kept_days: Option<i32>) {
        let name = format!("/aws/lambda/{}", self.named(function));
        let logs = &self.clients.logs;
        self.took(format!("log group {name}"), logs.create_log_group().log_group_name(&name).send().await);
        if let Some(days) = kept_days {
            let request = logs.put_retention_policy().log_group_name(&name).retention_in_days(days);
            self.took(format!("retention of {name}"), request.send().await);
        }
    }

    /// A mapping of batches of ten.
    pub async fn map(&self, source: &str, function: &str, mapping: Mapping) {
        let request = self.clients.lambda.create_event_source_mapping().event_source_arn(source);
        let mut request = request.function_name(self.named(function)).batch_size(10).enabled(mapping.enabled);
        if mapping.reports {
            request = request.function_response_types(FunctionResponseType::ReportBatchItemFailures);
        }
        if !source.contains(":sqs:") {
            request = request.starting_position(EventSourcePosition::TrimHorizon);
        }
        self.took(format!("map {source}"), request.send().await);
    }

    pub async fn rule(&self, name: &str, pattern: &str, state: RuleState, target: Option<&str>) {
        let events = &self.clients.events;
        let request = events.put_rule().name(self.named(name)).event_pattern(pattern).state(state);
        self.took(format!("rule {name}"), request.send().await);
        if let Some(target) = target {
            let target = Target::builder().id("1").arn(target).build().unwrap();
            let request = events.put_targets().rule(self.named(name)).targets(target);
            self.took(format!("target of {name}"), request.send().await);
        }
    }

    pub async fn stream(&self, name: &str) {
        let request = self.clients.kinesis.create_stream().stream_name(self.named(name)).shard_count(1);
        self.took(format!("stream {name}"), request.send().await);
    }

    /// A table with a stream, and the stream's ARN.
    pub async fn table(&self, name: &str) -> Option<String> {
        let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
        let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
        let request = self.clients.dynamodb.create_table().table_name(self.named(name)).key_schema(key);
        let request = request.attribute_definitions(id.build().unwrap()).billing_mode(BillingMode::PayPerRequest);
        let answer = request.stream_specification(stream.build().unwrap()).send().await;
        self.took(format!("table {name}"), answer)?.table_description?.latest_stream_arn
    }

    /// A delivery stream that buffers a minute, to a bucket of its own name.
    pub async fn delivery_stream(&self, name: &str) {
        let bucket = self.named(name);
        self.took(format!("bucket {name}"), self.clients.s3.create_bucket().bucket(&bucket).send().await);
        let hints = BufferingHints::builder().interval_in_seconds(60).size_in_mbs(1).build();
        let to = ExtendedS3DestinationConfiguration::builder().bucket_arn(format!("arn:aws:s3:::{bucket}"));
        let to = to.role_arn(format!("arn:aws:iam::{}:role/edatop-test", self.account)).buffering_hints(hints);
        let request = self.clients.firehose.create_delivery_stream().delivery_stream_name(bucket);
        let request = request.extended_s3_destination_configuration(to.build().unwrap());
        self.took(format!("delivery stream {name}"), request.send().await);
    }

    /// What CloudWatch would say of the oldest record that a delivery stream holds.
    pub async fn holds_back(&self, name: &str, seconds: f64) {
        let dimension = Dimension::builder().name("DeliveryStreamName").value(self.named(name)).build();
        let datum = MetricDatum::builder().metric_name("DeliveryToS3.DataFreshness").dimensions(dimension);
        // Well within the minute that is asked for.
        let at = SystemTime::now() - Duration::from_secs(20);
        let datum = datum.unit(StandardUnit::Seconds).value(seconds).timestamp(at.into()).build();
        let request = self.cloudwatch.put_metric_data().namespace("AWS/Firehose").metric_data(datum);
        self.took(format!("freshness of {name}"), request.send().await);
    }

    /// Takes away all that has the prefix, whoever made it.
    pub async fn clear(&self) {
        let Clients { sqs, sns, lambda, logs, .. } = &self.clients;
        let ours = |name: &str| name.rsplit(['/', ':']).next().unwrap_or(name).starts_with(self.prefix);
        let mappings = lambda.list_event_source_mappings().send().await;
        for mapping in mappings.into_iter().flat_map(|answer| answer.event_source_mappings.unwrap_or_default()) {
            if mapping.function_arn().is_some_and(ours) {
                self.switch_on(mapping.uuid().unwrap_or_default(), mapping.state() == Some("Disabled")).await;
                let _ = lambda.delete_event_source_mapping().set_uuid(mapping.uuid).send().await;
            }
        }
        let functions = lambda.list_functions().send().await;
        for function in functions.into_iter().flat_map(|answer| answer.functions.unwrap_or_default()) {
            if function.function_name().is_some_and(ours) {
                let _ = lambda.delete_function().set_function_name(function.function_name).send().await;
            }
        }
        let queues = sqs.list_queues().queue_name_prefix(self.prefix).send().await;
        for url in queues.into_iter().flat_map(|answer| answer.queue_urls.unwrap_or_default()) {
            let _ = sqs.delete_queue().queue_url(url).send().await;
        }
        let subscriptions = sns.list_subscriptions().send().await;
        for one in subscriptions.into_iter().flat_map(|answer| answer.subscriptions.unwrap_or_default()) {
            if one.topic_arn().is_some_and(ours) {
                let _ = sns.unsubscribe().set_subscription_arn(one.subscription_arn).send().await;
            }
        }
        let topics = sns.list_topics().send().await;
        for topic in topics.into_iter().flat_map(|answer| answer.topics.unwrap_or_default()) {
            if topic.topic_arn().is_some_and(ours) {
                let _ = sns.delete_topic().set_topic_arn(topic.topic_arn).send().await;
            }
        }
        let groups = logs.describe_log_groups().log_group_name_prefix(format!("/aws/lambda/{}", self.prefix));
        for group in groups.send().await.into_iter().flat_map(|answer| answer.log_groups.unwrap_or_default()) {
            let _ = logs.delete_log_group().set_log_group_name(group.log_group_name).send().await;
        }
        self.clear_rules_and_streams().await;
    }

    /// LocalStack never comes to the end of deleting a mapping that is off.
    async fn switch_on(&self, uuid: &str, is_off: bool) {
        if !is_off {
            return;
        }
        let lambda = &self.clients.lambda;
        let _ = lambda.update_event_source_mapping().uuid(uuid).enabled(true).send().await;
        let is_on = async || {
            let mapping = lambda.get_event_source_mapping().uuid(uuid).send().await;
            mapping.map_or(true, |mapping| mapping.state() == Some("Enabled"))
        };
        until(Duration::from_secs(10), "a mapping that is on", is_on).await;
    }

    async fn clear_rules_and_streams(&self) {
        let Clients { events, kinesis, dynamodb, firehose, s3, .. } = &self.clients;
        let rules = events.list_rules().name_prefix(self.prefix).send().await;
        for rule in rules.into_iter().flat_map(|answer| answer.rules.unwrap_or_default()) {
            let name = rule.name.unwrap_or_default();
            let _ = events.remove_targets().rule(&name).ids("1").send().await;
            let _ = events.delete_rule().name(name).send().await;
        }
        let streams = kinesis.list_streams().send().await;
        let ours = |name: &String| name.starts_with(self.prefix);
        for name in streams.into_iter().flat_map(|answer| answer.stream_names).filter(ours) {
            let _ = kinesis.delete_stream().stream_name(name).send().await;
        }
        let tables = dynamodb.list_tables().send().await;
        for name in tables.into_iter().flat_map(|answer| answer.table_names.unwrap_or_default()).filter(ours) {
            let _ = dynamodb.delete_table().table_name(name).send().await;
        }
        let streams = firehose.list_delivery_streams().send().await;
        for name in streams.into_iter().flat_map(|answer| answer.delivery_stream_names).filter(ours) {
            let _ = firehose.delete_delivery_stream().delivery_stream_name(&name).send().await;
            let _ = s3.delete_bucket().bucket(name).send().await;
        }
    }
}

/// How a mapping hands over.
#[derive(Debug, Clone, Copy)]
pub struct Mapping {
    pub enabled: bool,
    /// The function says which messages of a batch failed.
    pub reports: bool,
}

pub const WELL: Mapping = Mapping { enabled: true, reports: true };
