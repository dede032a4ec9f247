//! Which CloudWatch metrics are read, of which resource each is, and what its values mean. Pure; one row a metric.
//!
//! Names, dimensions and statistics are those of each service's own page of metrics, for example
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>.

use crate::domain::{
    Metric, ResourceId,
    reading::{
        CALLS, CLIENT_ERRORS, DELETED, DELIVERED, DURATION, EXECUTIONS_FAILED, FAULTS, FILTERED_OUT, FRESHNESS,
        ITERATOR_AGE, MATCHED, OLDEST_AGE, PUBLISHED, RECEIVED, RECORDS_IN, RECORDS_OUT, REQUESTS, SENT, SERVER_ERRORS,
        STARTED, TARGET_CALLS, TARGET_FAILURES, THROTTLES, UNDELIVERED, WRITE_UNITS,
    },
};

/// Metrics are read for periods of a minute.
pub const PERIOD_SECONDS: i64 = 60;

/// What a period's value is made of, and how it becomes a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Things counted: nothing said means none.
    Sum,
    /// The highest, in seconds: nothing said means not known.
    MostSeconds,
    /// The highest, in milliseconds.
    MostMilliseconds,
    /// The mean, in milliseconds.
    MeanMilliseconds,
}

impl Statistic {
    /// CloudWatch's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::MostSeconds | Self::MostMilliseconds => "Maximum",
            Self::MeanMilliseconds => "Average",
        }
    }

    /// The reading of one period, from the values that were given for it.
    pub fn read(self, values: &[f64]) -> Option<f64> {
        let most = || values.iter().copied().reduce(f64::max);
        let value = match self {
            Self::Sum => Some(values.iter().sum::<f64>() / PERIOD_SECONDS as f64),
            Self::MostSeconds => most(),
            Self::MostMilliseconds => most().map(|ms| ms / 1e3),
            Self::MeanMilliseconds if values.is_empty() => None,
            Self::MeanMilliseconds => Some(values.iter().sum::<f64>() / values.len() as f64 / 1e3),
        };
        value.filter(|value| value.is_finite() && *value >= 0.0)
    }
}

/// One metric of one kind of resource.
#[derive(Debug)]
pub struct Row {
    pub namespace: &'static str,
    pub name: &'static str,
    pub statistic: Statistic,
    pub metric: Metric,
    /// `cloudwatch:NumberOfMessagesSent`: what the reading says of its source.
    pub source: &'static str,
}

macro_rules! row {
    ($namespace:literal, $name:literal, $statistic:ident, $metric:ident) => {
        Row {
            namespace: $namespace,
            name: $name,
            statistic: Statistic::$statistic,
            metric: $metric,
            source: concat!("cloudwatch:", $name),
        }
    };
}

/// All metrics that are read.
pub const ROWS: &[Row] = &[
    row!("AWS/SQS", "NumberOfMessagesSent", Sum, SENT),
    row!("AWS/SQS", "NumberOfMessagesReceived", Sum, RECEIVED),
    row!("AWS/SQS", "NumberOfMessagesDeleted", Sum, DELETED),
    row!("AWS/SQS", "ApproximateAgeOfOldestMessage", MostSeconds, OLDEST_AGE),
    row!("AWS/SNS", "NumberOfMessagesPublished", Sum, PUBLISHED),
    row!("AWS/SNS", "NumberOfNotificationsDelivered", Sum, DELIVERED),
    row!("AWS/SNS", "NumberOfNotificationsFailed", Sum, UNDELIVERED),
    row!("AWS/SNS", "NumberOfNotificationsFilteredOut", Sum, FILTERED_OUT),
    row!("AWS/Lambda", "Invocations", Sum, CALLS),
    row!("AWS/Lambda", "Errors", Sum, FAULTS),
    row!("AWS/Lambda", "Throttles", Sum, THROTTLES),
    row!("AWS/Lambda", "Duration", MeanMilliseconds, DURATION),
    row!("AWS/Lambda", "IteratorAge", MostMilliseconds, ITERATOR_AGE),
    row!("AWS/Events", "TriggeredRules", Sum, MATCHED),
    row!("AWS/Events", "Invocations", Sum, TARGET_CALLS),
    row!("AWS/Events", "FailedInvocations", Sum, TARGET_FAILURES),
    row!("AWS/Events", "ThrottledRules", Sum, THROTTLES),
    row!("AWS/Kinesis", "IncomingRecords", Sum, RECORDS_IN),
    row!("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", MostMilliseconds, ITERATOR_AGE),
    row!("AWS/Firehose", "IncomingRecords", Sum, RECORDS_IN),
    row!("AWS/Firehose", "DeliveryToS3.Records", Sum, RECORDS_OUT),
    row!("AWS/Firehose", "DeliveryToS3.DataFreshness", MostSeconds, FRESHNESS),
    row!("AWS/KinesisAnalytics", "MillisBehindLatest", MostMilliseconds, ITERATOR_AGE),
    row!("AWS/KinesisAnalytics", "millisBehindLatest", MostMilliseconds, ITERATOR_AGE),
    row!("AWS/ApiGateway", "Count", Sum, REQUESTS),
    row!("AWS/ApiGateway", "4xx", Sum, CLIENT_ERRORS),
    row!("AWS/ApiGateway", "5xx", Sum, SERVER_ERRORS),
    row!("AWS/DynamoDB", "ConsumedWriteCapacityUnits", Sum, WRITE_UNITS),
    row!("AWS/DynamoDB", "ThrottledRequests", Sum, THROTTLES),
    row!("AWS/States", "ExecutionsStarted", Sum, STARTED),
    row!("AWS/States", "ExecutionsFailed", Sum, EXECUTIONS_FAILED),
];

/// The namespaces of the rows, each once.
pub fn namespaces() -> impl Iterator<Item = &'static str> {
    let before = |index: usize| index.checked_sub(1).map(|index| ROWS[index].namespace);
    ROWS.iter()
        .enumerate()
        .filter(move |(index, row)| before(*index) != Some(row.namespace))
        .map(|(_, row)| row.namespace)
}

/// The row of a metric that a listing names; `None` for one that is not read.
pub fn find(namespace: &str, name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name && row.namespace == namespace)
}

/// Where the metrics are: what an ARN says besides a name.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub partition: &'a str,
    pub region: &'a str,
    pub account: &'a str,
}

impl Place<'_> {
    /// The resource that a metric with these dimensions is of; `None` for dimensions that tell of a part of one, such as one version
    /// of a function, or that do not tell its ARN, such as the name of a REST API.
    pub fn resource(&self, namespace: &str, dimensions: &[(&str, &str)]) -> Option<ResourceId> {
        let value = |name: &str| dimensions.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let (service, resource) = match (namespace, dimensions.len()) {
            ("AWS/SQS", 1) => ("sqs", value("QueueName")?.to_owned()),
            ("AWS/SNS", 1) => ("sns", value("TopicName")?.to_owned()),
            ("AWS/Lambda", 1) => ("lambda", format!("function:{}", value("FunctionName")?)),
            ("AWS/Events", 1) => ("events", format!("rule/{}", value("RuleName")?)),
            ("AWS/Events", 2) => match (value("EventBusName")?, value("RuleName")?) {
                ("default", rule) => ("events", format!("rule/{rule}")),
                (bus, rule) => ("events", format!("rule/{bus}/{rule}")),
            },
            ("AWS/Kinesis", 1) => ("kinesis", format!("stream/{}", value("StreamName")?)),
            ("AWS/Firehose", 1) => ("firehose", format!("deliverystream/{}", value("DeliveryStreamName")?)),
            // One for each input; the furthest behind counts.
            ("AWS/KinesisAnalytics", _) => ("kinesisanalytics", format!("application/{}", value("Application")?)),
            ("AWS/ApiGateway", 1) => {
                let Self { partition, region, .. } = self;
                return Some(format!("arn:{partition}:apigateway:{region}::/apis/{}", value("ApiId")?).into());
            }
            // One for each operation; their sum counts. An index has a capacity of its own.
            ("AWS/DynamoDB", 2) if value("Operation").is_none() => return None,
            ("AWS/DynamoDB", 1 | 2) => ("dynamodb", format!("table/{}", value("TableName")?)),
            ("AWS/States", 1) => return Some(value("StateMachineArn")?.into()),
            _ => return None,
        };
        let Self { partition, region, account } = self;
        Some(format!("arn:{partition}:{service}:{region}:{account}:{resource}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reading::CLOUDWATCH;
    use rstest::rstest;
    use std::collections::BTreeSet;

    const PLACE: Place<'static> = Place { partition: "aws-cn", region: "cn-north-1", account: "1" };

    #[rstest]
    #[case("AWS/SQS", &[("QueueName", "q.fifo")], Some("arn:aws-cn:sqs:cn-north-1:1:q.fifo"))]
    #[case("AWS/Lambda", &[("FunctionName", "f")], Some("arn:aws-cn:lambda:cn-north-1:1:function:f"))]
    #[case("AWS/Lambda", &[("FunctionName", "f"), ("Resource", "f:live")], None)]
    #[case("AWS/Events", &[("RuleName", "r")], Some("arn:aws-cn:events:cn-north-1:1:rule/r"))]
    #[case("AWS/Events", &[("RuleName", "r"), ("EventBusName", "b")], Some("arn:aws-cn:events:cn-north-1:1:rule/b/r"))]
    #[case("AWS/Events", &[("EventBusName", "default"), ("RuleName", "r")], Some("arn:aws-cn:events:cn-north-1:1:rule/r"))]
    #[case("AWS/Kinesis", &[("StreamName", "s"), ("ShardId", "0")], None)]
    #[case("AWS/ApiGateway", &[("ApiId", "x")], Some("arn:aws-cn:apigateway:cn-north-1::/apis/x"))]
    #[case("AWS/ApiGateway", &[("ApiName", "x")], None)]
    #[case("AWS/DynamoDB", &[("TableName", "t"), ("Operation", "PutItem")], Some("arn:aws-cn:dynamodb:cn-north-1:1:table/t"))]
    #[case("AWS/DynamoDB", &[("TableName", "t"), ("GlobalSecondaryIndexName", "i")], None)]
    #[case("AWS/States", &[("StateMachineArn", "arn:x")], Some("arn:x"))]
    #[case("AWS/EC2", &[("InstanceId", "i")], None)]
    #[case("AWS/SQS", &[], None)]
    fn dimensions_name_a_resource(
        #[case] namespace: &str,
        #[case] dimensions: &[(&str, &str)],
        #[case] id: Option<&str>,
    ) {
        assert_eq!(PLACE.resource(namespace, dimensions).as_ref().map(ResourceId::as_str), id);
    }

    #[rstest]
    #[case(Statistic::Sum, &[30.0, 90.0], Some(2.0))]
    #[case(Statistic::Sum, &[], Some(0.0))]
    #[case(Statistic::MostSeconds, &[3.0, 7.0], Some(7.0))]
    #[case(Statistic::MostMilliseconds, &[1500.0], Some(1.5))]
    #[case(Statistic::MeanMilliseconds, &[100.0, 300.0], Some(0.2))]
    #[case(Statistic::MostSeconds, &[], None)]
    #[case(Statistic::MeanMilliseconds, &[], None)]
    #[case(Statistic::Sum, &[f64::NAN], None)]
    #[case(Statistic::MostSeconds, &[-1.0], None)]
    fn values_become_a_reading(#[case] statistic: Statistic, #[case] values: &[f64], #[case] reading: Option<f64>) {
        assert_eq!(statistic.read(values), reading);
    }

    #[test]
    fn each_metric_has_one_row_and_each_namespace_is_asked_once() {
        let rows: BTreeSet<_> = ROWS.iter().map(|row| (row.namespace, row.name)).collect();
        assert_eq!(rows.len(), ROWS.len());
        let all: Vec<_> = namespaces().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(ROWS.iter().all(|row| row.source.strip_prefix(CLOUDWATCH) == Some(row.name)));
    }
}
