//! Every operation this program can call, in one table: what it changes and what AWS asks for it.
//!
//! The guard allows the rows that only read; the meter prices calls by them; a test holds the table against the source, so that
//! no call can be written without its row.
//!
//! Prices are US dollars in us-east-1, from each service's pricing page, read in November 2026; the free tier is not counted.

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataInput;
use aws_sdk_dynamodb::operation::{query::QueryInput, scan::ScanInput};
use aws_smithy_runtime_api::client::interceptors::context::Input;

/// What an operation does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Reads,
    Changes,
}

/// One operation that the program can call.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The SDK's service id: `SQS`, `CloudWatch Logs`.
    pub service: &'static str,
    pub name: &'static str,
    pub effect: Effect,
    /// US dollars for a million calls, or of whatever else is counted.
    pub dollars_per_million: f64,
    /// What is counted: `call` for most.
    pub unit: &'static str,
    /// How many of them one call is.
    pub units: fn(&Input) -> usize,
}

const fn reads(service: &'static str, name: &'static str, dollars_per_million: f64) -> Operation {
    Operation { service, name, effect: Effect::Reads, dollars_per_million, unit: "call", units: |_| 1 }
}

const fn changes(service: &'static str, name: &'static str, dollars_per_million: f64) -> Operation {
    Operation { effect: Effect::Changes, ..reads(service, name, dollars_per_million) }
}

/// A call that is charged by the metrics that it asks for.
fn metrics_asked_for(input: &Input) -> usize {
    input.downcast_ref::<GetMetricDataInput>().map_or(1, |input| input.metric_data_queries().len())
}

/// Samples of 25 items that a page may have; it ends at 1 MB, which is as much to pay for as ten of them.
fn samples_asked_for(input: &Input) -> usize {
    let scan = input.downcast_ref::<ScanInput>().map(ScanInput::limit);
    let limit = scan.or_else(|| input.downcast_ref::<QueryInput>().map(QueryInput::limit)).flatten();
    limit
        .and_then(|limit| usize::try_from(limit).ok())
        .map_or(MOST_SAMPLES, |limit| limit.div_ceil(25).clamp(1, MOST_SAMPLES))
}

const MOST_SAMPLES: usize = 10;
const CLOUDWATCH_REQUEST: f64 = 10.0;
const SQS_REQUEST: f64 = 0.40;
const SNS_REQUEST: f64 = 0.50;
const S3_LIST: f64 = 5.0;
const S3_GET: f64 = 0.40;
const TABLE_STREAM_READ: f64 = 0.2;
/// The first minute of a session; each further one costs as much.
const LIVE_TAIL_MINUTE: f64 = 10_000.0;
/// One eventually consistent read of a page of up to 25 items of up to 4 KB each.
const DYNAMODB_SAMPLE: f64 = 12.5 * 0.125;

/// The table. Sorted by service, then name.
pub const OPERATIONS: &[Operation] = &[
    reads("API Gateway", "GetIntegration", 0.0),
    reads("API Gateway", "GetResources", 0.0),
    reads("API Gateway", "GetRestApis", 0.0),
    reads("API Gateway", "GetStages", 0.0),
    changes("API Gateway", "TestInvokeMethod", 0.0),
    reads("ApiGatewayV2", "GetApis", 0.0),
    reads("ApiGatewayV2", "GetIntegrations", 0.0),
    reads("ApiGatewayV2", "GetRoutes", 0.0),
    reads("ApiGatewayV2", "GetStages", 0.0),
    reads("CloudFormation", "ListStackResources", 0.0),
    reads("CloudFormation", "ListStacks", 0.0),
    Operation { unit: "metric", units: metrics_asked_for, ..reads("CloudWatch", "GetMetricData", CLOUDWATCH_REQUEST) },
    reads("CloudWatch", "ListMetrics", CLOUDWATCH_REQUEST),
    reads("CloudWatch Logs", "DescribeLogGroups", 0.0),
    reads("CloudWatch Logs", "FilterLogEvents", 0.0),
    Operation { unit: "minute", ..reads("CloudWatch Logs", "StartLiveTail", LIVE_TAIL_MINUTE) },
    reads("DynamoDB", "DescribeTable", 0.0),
    reads("DynamoDB", "ListTables", 0.0),
    Operation { unit: "sample of 25 items", units: samples_asked_for, ..reads("DynamoDB", "Query", DYNAMODB_SAMPLE) },
    Operation { unit: "sample of 25 items", units: samples_asked_for, ..reads("DynamoDB", "Scan", DYNAMODB_SAMPLE) },
    reads("DynamoDB Streams", "DescribeStream", 0.0),
    reads("DynamoDB Streams", "GetRecords", TABLE_STREAM_READ),
    reads("DynamoDB Streams", "GetShardIterator", 0.0),
    reads("EventBridge", "ListEventBuses", 0.0),
    reads("EventBridge", "ListRules", 0.0),
    reads("EventBridge", "ListTargetsByRule", 0.0),
    changes("EventBridge", "PutEvents", 1.0),
    reads("Firehose", "DescribeDeliveryStream", 0.0),
    reads("Firehose", "ListDeliveryStreams", 0.0),
    reads("Kinesis", "DescribeStreamSummary", 0.0),
    reads("Kinesis", "GetRecords", 0.0),
    reads("Kinesis", "GetShardIterator", 0.0),
    reads("Kinesis", "ListShards", 0.0),
    reads("Kinesis", "ListStreamConsumers", 0.0),
    reads("Kinesis", "ListStreams", 0.0),
    reads("Kinesis Analytics", "DescribeApplication", 0.0),
    reads("Kinesis Analytics", "ListApplications", 0.0),
    reads("Kinesis Analytics V2", "DescribeApplication", 0.0),
    reads("Kinesis Analytics V2", "ListApplications", 0.0),
    reads("Lambda", "ListEventSourceMappings", 0.0),
    reads("Lambda", "ListFunctionEventInvokeConfigs", 0.0),
    reads("Lambda", "ListFunctions", 0.0),
    reads("Pipes", "DescribePipe", 0.0),
    reads("Pipes", "ListPipes", 0.0),
    reads("Resource Groups Tagging API", "GetResources", 0.0),
    reads("S3", "GetBucketNotificationConfiguration", S3_GET),
    reads("S3", "GetObject", S3_GET),
    reads("S3", "GetObjectTagging", S3_GET),
    reads("S3", "ListBuckets", S3_LIST),
    reads("S3", "ListObjectVersions", S3_LIST),
    reads("S3", "ListObjectsV2", S3_LIST),
    reads("SFN", "DescribeStateMachine", 0.0),
    reads("SFN", "ListStateMachines", 0.0),
    reads("SNS", "GetSubscriptionAttributes", SNS_REQUEST),
    reads("SNS", "GetTopicAttributes", SNS_REQUEST),
    reads("SNS", "ListSubscriptions", SNS_REQUEST),
    reads("SNS", "ListTopics", SNS_REQUEST),
    changes("SNS", "Publish", SNS_REQUEST),
    changes("SQS", "CancelMessageMoveTask", SQS_REQUEST),
    changes("SQS", "ChangeMessageVisibilityBatch", SQS_REQUEST),
    changes("SQS", "DeleteMessageBatch", SQS_REQUEST),
    reads("SQS", "GetQueueAttributes", SQS_REQUEST),
    reads("SQS", "GetQueueUrl", SQS_REQUEST),
    reads("SQS", "ListDeadLetterSourceQueues", SQS_REQUEST),
    reads("SQS", "ListMessageMoveTasks", SQS_REQUEST),
    reads("SQS", "ListQueues", SQS_REQUEST),
    changes("SQS", "ReceiveMessage", SQS_REQUEST),
    changes("SQS", "SendMessageBatch", SQS_REQUEST),
    changes("SQS", "StartMessageMoveTask", SQS_REQUEST),
    reads("STS", "GetCallerIdentity", 0.0),
    reads("Scheduler", "GetSchedule", 0.0),
    reads("Scheduler", "ListSchedules", 0.0),
];

/// The row of an operation; `None` for one that the program has no business calling.
pub fn find(service: &str, name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|row| row.name == name && row.service == service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_row_twice() {
        assert!(OPERATIONS.windows(2).all(|pair| (pair[0].service, pair[0].name) < (pair[1].service, pair[1].name)));
    }
}
