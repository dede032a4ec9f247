//! What the services of streams answer.

use serde_json::{Value, json};

use super::{Page, Protocol, Script, asked};

pub const KINESIS: Script = Script {
    poller: "kinesis",
    protocol: Protocol::Json,
    operations: &["ListStreams", "DescribeStreamSummary", "ListStreamConsumers"],
    answer: kinesis,
    says: &["found kinesis.stream item-a"],
    says_of_page_two: &["found kinesis.stream item-b"],
};

pub const FIREHOSE: Script = Script {
    poller: "firehose",
    protocol: Protocol::Json,
    operations: &["ListDeliveryStreams", "DescribeDeliveryStream"],
    answer: firehose,
    says: &[
        "found firehose.stream item-a",
        "sales Streams item-a []",
        "item-a Delivers bucket [revenue/, 60 s or 1 MB]",
        "item-a Transforms shape []",
    ],
    says_of_page_two: &["found firehose.stream item-b", "sales Streams item-b"],
};

pub const ANALYTICS: Script = Script {
    poller: "kinesisanalytics",
    protocol: Protocol::Json,
    operations: &["ListApplications", "DescribeApplication"],
    answer: analytics,
    says: &[
        "found kinesisanalytics.application item-a",
        "sales Streams item-a [InputStream0/stream.arn]",
        "item-a Logs group []",
        "found kinesisanalytics.application sql-item-a",
        "sales Streams sql-item-a []",
        "sql-item-a Delivers revenue [OUT]",
    ],
    says_of_page_two: &[
        "found kinesisanalytics.application item-b",
        "found kinesisanalytics.application sql-item-b",
        "sql-item-b Delivers revenue [OUT]",
    ],
};

/// How the first version of the analytics API is called.
pub const ANALYTICS_V1: &str = "KinesisAnalytics_20150814";

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:us-east-1:000000000000:{resource}")
}

fn kinesis(operation: &str, page: Page, text: &str) -> String {
    let name = asked(text);
    let answer = match operation {
        "ListStreams" => json!({
            "StreamNames": page.list(|name| name.into()),
            "HasMoreStreams": page.token().is_some(),
            "NextToken": page.token(),
        }),
        "DescribeStreamSummary" => json!({"StreamDescriptionSummary": {
            "StreamName": name,
            "StreamARN": arn("kinesis", &format!("stream/{name}")),
            "StreamStatus": "ACTIVE",
            "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
            "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": 1_795_000_000,
            "EnhancedMonitoring": [],
            "EncryptionType": "NONE",
            "OpenShardCount": 4,
            "ConsumerCount": 2,
        }}),
        _ => json!({"Consumers": [consumer("fraud", "ACTIVE"), consumer("audit", "CREATING")]}),
    };
    answer.to_string()
}

fn consumer(name: &str, status: &str) -> Value {
    json!({
        "ConsumerName": name,
        "ConsumerARN": arn("kinesis", &format!("stream/item-a/consumer/{name}:1")),
        "ConsumerStatus": status,
        "ConsumerCreationTimestamp": 1_795_000_000,
    })
}

fn firehose(operation: &str, page: Page, text: &str) -> String {
    let name = asked(text);
    let answer = match operation {
        "ListDeliveryStreams" => json!({
            "DeliveryStreamNames": page.list(|name| name.into()),
            "HasMoreDeliveryStreams": page.token().is_some(),
        }),
        _ => json!({"DeliveryStreamDescription": {
            "DeliveryStreamName": name,
            "DeliveryStreamARN": arn("firehose", &format!("deliverystream/{name}")),
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": "KinesisStreamAsSource",
            "VersionId": "1",
            "HasMoreDestinations": false,
            "Source": {"KinesisStreamSourceDescription": {"KinesisStreamARN": arn("kinesis", "stream/sales")}},
            "Destinations": [{"DestinationId": "1", "ExtendedS3DestinationDescription": {
                "BucketARN": "arn:aws:s3:::bucket",
                "RoleARN": "r",
                "Prefix": "revenue/",
                "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
                "CompressionFormat": "UNCOMPRESSED",
                "EncryptionConfiguration": {},
                "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": [
                    {"ParameterName": "LambdaArn", "ParameterValue": arn("lambda", "function:shape:live")},
                ]}]},
            }}],
        }}),
    };
    answer.to_string()
}

fn analytics(operation: &str, page: Page, text: &str) -> String {
    let is_v1 = text.contains(ANALYTICS_V1);
    let called = |name: &str| if is_v1 { format!("sql-{name}") } else { name.to_owned() };
    let answer = match operation {
        "ListApplications" => json!({
            "ApplicationSummaries": page.list(|name| summary(&called(name))),
            "HasMoreApplications": page.token().is_some(),
            "NextToken": page.token().filter(|_| !is_v1),
        }),
        _ if is_v1 => sql_application(&called(asked(text))),
        _ => flink_application(asked(text)),
    };
    answer.to_string()
}

fn summary(name: &str) -> Value {
    json!({
        "ApplicationName": name,
        "ApplicationARN": arn("kinesisanalytics", &format!("application/{name}")),
        "ApplicationStatus": "RUNNING",
        "ApplicationVersionId": 1,
        "RuntimeEnvironment": "FLINK-1_20",
    })
}

fn flink_application(name: &str) -> Value {
    let mut detail = summary(name);
    let group = |id: &str, map: Value| json!({"PropertyGroupId": id, "PropertyMap": map});
    let source = json!({"stream.arn": arn("kinesis", "stream/sales"), "password": "hunter2"});
    detail["ApplicationConfigurationDescription"] = json!({"EnvironmentPropertyDescriptions": {
        "PropertyGroupDescriptions": [group("InputStream0", source), group("Sink", json!({"table": "orders"}))],
    }});
    detail["CloudWatchLoggingOptionDescriptions"] =
        json!([{"LogStreamARN": arn("logs", "log-group:group:log-stream:s")}]);
    json!({"ApplicationDetail": detail})
}

fn sql_application(name: &str) -> Value {
    let mut detail = summary(name);
    detail["ApplicationCode"] = "SELECT STREAM STEP(t BY INTERVAL '60' SECOND)".into();
    detail["InputDescriptions"] =
        json!([{"KinesisStreamsInputDescription": {"ResourceARN": arn("kinesis", "stream/sales")}}]);
    detail["OutputDescriptions"] = json!([{
        "Name": "OUT",
        "KinesisFirehoseOutputDescription": {"ResourceARN": arn("firehose", "deliverystream/revenue")},
    }]);
    json!({"ApplicationDetail": detail})
}
