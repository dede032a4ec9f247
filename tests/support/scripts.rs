//! What each service answers in the tests: things called `item-a` on the only or first page, `item-b` on the second.

pub mod streams;
mod triggers;

use serde_json::{Value, json};

use super::cbor;

/// How a service writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Json,
    Xml,
    /// S3's XML has no envelope around its errors.
    S3,
    /// CloudWatch's: the answers are written here as JSON, with `{"@time": seconds}` for an instant.
    Cbor,
}

impl Protocol {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Xml | Self::S3 => "text/xml",
            Self::Cbor => "application/cbor",
        }
    }

    /// An answer as it goes over the wire.
    pub fn bytes(self, text: &str) -> Vec<u8> {
        if self == Self::Cbor { cbor::encode(&serde_json::from_str(text).unwrap()) } else { text.as_bytes().to_vec() }
    }

    pub fn error(self, code: &str, message: &str) -> String {
        let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        match self {
            Self::Json | Self::Cbor => json!({"__type": code, "message": message}).to_string(),
            Self::Xml => format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"),
            Self::S3 => error,
        }
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    Only,
    Empty,
    /// Ends in the token `p2`.
    First,
    Second,
}

impl Page {
    fn items(self) -> &'static [&'static str] {
        match self {
            Self::Only | Self::First => &["item-a"],
            Self::Second => &["item-b"],
            Self::Empty => &[],
        }
    }

    fn list(self, one: impl Fn(&str) -> Value) -> Value {
        self.items().iter().map(|name| one(name)).collect()
    }

    fn xml(self, one: impl Fn(&str) -> String) -> String {
        self.items().iter().map(|name| one(name)).collect()
    }

    fn token(self) -> Option<&'static str> {
        (self == Self::First).then_some("p2")
    }

    fn xml_token(self, tag: &str) -> String {
        self.token().map(|token| format!("<{tag}>{token}</{tag}>")).unwrap_or_default()
    }
}

/// One service.
#[derive(Debug)]
pub struct Script {
    pub poller: &'static str,
    pub protocol: Protocol,
    /// Every operation that the poller calls; the first is the one that it begins with.
    pub operations: &'static [&'static str],
    /// The good answer to an operation, given the page and the request as text.
    pub answer: fn(&str, Page, &str) -> String,
    /// Starts of lines that one good round says.
    pub says: &'static [&'static str],
    /// Starts of lines that a round of two pages says besides.
    pub says_of_page_two: &'static [&'static str],
}

pub const SCRIPTS: [Script; 18] = [
    Script {
        poller: "sqs",
        protocol: Protocol::Json,
        operations: &["ListQueues", "GetQueueAttributes"],
        answer: sqs,
        says: &["found sqs.queue item-a", "item-a DeadLetters dlq [after 3 receives]", "item-a visible = 7"],
        says_of_page_two: &["found sqs.queue item-b"],
    },
    Script {
        poller: "lambda",
        protocol: Protocol::Json,
        operations: &["ListFunctions", "ListEventSourceMappings", "ListFunctionEventInvokeConfigs"],
        answer: lambda,
        says: &[
            "found lambda.function item-a",
            "item-a DeadLetters dlq [failed batches]",
            "item-a DeadLetters queue [on failure]",
            "item-a Reports done [on success]",
            "item-a Logs /aws/lambda/item-a []",
            "item-a Publishes topic [TOPIC]",
            "orders Invokes item-a [batch 10, window 60 s]",
        ],
        says_of_page_two: &["found lambda.function item-b", "orders Invokes item-b"],
    },
    Script {
        poller: "sns",
        protocol: Protocol::Xml,
        operations: &["ListTopics", "ListSubscriptions", "GetTopicAttributes", "GetSubscriptionAttributes"],
        answer: sns,
        says: &[
            "found sns.topic item-a",
            "found sns.endpoint a@example.com",
            r#"item-a Subscribes queue [{"event":["x"]}]"#,
            "item-a Subscribes a@example.com [pending confirmation]",
            "item-a DeadLetters dlq [undeliverable for queue]",
            "item-a subscriptions = 1",
        ],
        says_of_page_two: &["found sns.topic item-b", "item-b Subscribes queue"],
    },
    Script {
        poller: "logs",
        protocol: Protocol::Json,
        operations: &["DescribeLogGroups", "FilterLogEvents"],
        answer: logs,
        says: &[
            "found logs.group /aws/lambda/item-a",
            "/aws/lambda/item-a says Error [ERROR] ValueError: boom",
            "/aws/lambda/item-a error_lines = 1",
            "/aws/lambda/item-a invocations = 1",
            "/aws/lambda/item-a lines = 2",
            "/aws/lambda/item-a stored = 5",
            "/aws/lambda/item-a newest = 1795247999",
        ],
        says_of_page_two: &["found logs.group /aws/lambda/item-b", "/aws/lambda/item-b lines = 2"],
    },
    Script {
        poller: "dynamodb",
        protocol: Protocol::Json,
        operations: &["ListTables", "DescribeTable", "DescribeStream", "Scan"],
        answer: dynamodb,
        says: &["found dynamodb.table item-a", "item-a items = 4", "item-a size = 400"],
        says_of_page_two: &["found dynamodb.table item-b"],
    },
    Script {
        poller: "s3",
        protocol: Protocol::S3,
        operations: &["ListBuckets", "ListObjectsV2", "GetBucketNotificationConfiguration"],
        answer: s3,
        says: &[
            "found s3.bucket item-a",
            "item-a objects = 1",
            "item-a size = 12",
            "item-a Notifies queue [ObjectCreated:*, prefix in/]",
            "item-a Notifies default [all events]",
            "item-a newest = 1795247990",
            "item-a arrivals = 1",
        ],
        says_of_page_two: &["found s3.bucket item-b", "item-a objects = 2"],
    },
    Script {
        poller: "events",
        protocol: Protocol::Json,
        operations: &["ListEventBuses", "ListRules", "ListTargetsByRule"],
        answer: events,
        says: &[
            "found events.bus item-a",
            "found events.rule rule-item-a",
            "item-a Routes rule-item-a [sales]",
            "rule-item-a Targets group []",
            "rule-item-a DeadLetters dlq [undeliverable for group]",
            "rule-item-a targets = 1",
        ],
        says_of_page_two: &["found events.bus item-b"],
    },
    streams::KINESIS,
    streams::FIREHOSE,
    streams::ANALYTICS,
    Script {
        poller: "apigateway",
        protocol: Protocol::Json,
        operations: &["GetRestApis", "GetResources", "GetIntegration", "GetStages"],
        answer: triggers::rest_apis,
        says: &[
            "found apigateway.api item-a",
            "id-item-a Integrates queue [POST /item-a]",
            "id-item-a Integrates orders [GET /item-a]",
        ],
        says_of_page_two: &["found apigateway.api item-b", "id-item-b Integrates queue [POST /item-a, POST /item-b]"],
    },
    Script {
        poller: "apigatewayv2",
        protocol: Protocol::Json,
        operations: &["GetApis", "GetIntegrations", "GetRoutes", "GetStages"],
        answer: triggers::http_apis,
        says: &["found apigateway.api item-a", "id-item-a Integrates fn [POST /item-a]"],
        says_of_page_two: &["found apigateway.api item-b", "id-item-b Integrates clicks [POST /item-b]"],
    },
    Script {
        poller: "states",
        protocol: Protocol::Json,
        operations: &["ListStateMachines", "DescribeStateMachine"],
        answer: triggers::states,
        says: &[
            "found states.machine item-a",
            "item-a Calls fn [Price]",
            "item-a Calls queue [Tell]",
            "item-a Logs group []",
        ],
        says_of_page_two: &["found states.machine item-b", "item-b Calls fn [Price]"],
    },
    Script {
        poller: "pipes",
        protocol: Protocol::Json,
        operations: &["ListPipes", "DescribePipe"],
        answer: triggers::pipes,
        says: &[
            "found pipes.pipe item-a",
            r#"orders Streams item-a [{"eventName":["INSERT"]}]"#,
            "item-a Calls fn [enrichment]",
            "item-a Targets queue []",
            "item-a DeadLetters dlq [failed batches]",
        ],
        says_of_page_two: &["found pipes.pipe item-b", "item-b Targets queue []"],
    },
    Script {
        poller: "scheduler",
        protocol: Protocol::Json,
        operations: &["ListSchedules", "GetSchedule"],
        answer: triggers::schedules,
        says: &[
            "found scheduler.schedule item-a",
            "item-a Targets queue [sendMessage]",
            "item-a DeadLetters dlq [undeliverable]",
        ],
        says_of_page_two: &["found scheduler.schedule item-b", "item-b Targets queue"],
    },
    Script {
        poller: "cloudformation",
        protocol: Protocol::Xml,
        operations: &["ListStacks", "ListStackResources"],
        answer: cloudformation,
        says: &["found group item-a", "item-a Contains queue []", "item-a Contains rule []"],
        says_of_page_two: &["found group item-b"],
    },
    Script {
        poller: "tag",
        protocol: Protocol::Json,
        operations: &["GetResources"],
        answer: tag,
        says: &["found group item-a", "tag:application=item-a Contains queue []"],
        says_of_page_two: &["found group item-b"],
    },
    Script {
        poller: "cloudwatch",
        protocol: Protocol::Cbor,
        operations: &["ListMetrics", "GetMetricData"],
        answer: cloudwatch,
        says: &["item-a sent = 2", "item-a oldest_age = 120"],
        says_of_page_two: &["item-b sent = 2"],
    },
];

/// The item that a request is about.
fn asked(text: &str) -> &'static str {
    if text.contains("item-b") { "item-b" } else { "item-a" }
}

fn sqs(operation: &str, page: Page, text: &str) -> String {
    let name = asked(text);
    let answer = match operation {
        "ListQueues" => json!({
            "QueueUrls": page.list(|name| format!("http://localhost/000000000000/{name}").into()),
            "NextToken": page.token(),
        }),
        _ => json!({"Attributes": {
            "QueueArn": format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
            "ApproximateNumberOfMessages": "7",
            "RedrivePolicy": r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":3}"#,
        }}),
    };
    answer.to_string()
}

fn lambda(operation: &str, page: Page, text: &str) -> String {
    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
    let answer = match operation {
        "ListFunctions" => json!({
            "Functions": page.list(|name| json!({
                "FunctionName": name,
                "FunctionArn": arn(name),
                "Environment": {"Variables": {
                    "TOPIC": "arn:aws:sns:us-east-1:000000000000:topic",
                    "TABLE": "hunter2-orders",
                    "API_KEY": "hunter2",
                    "DATABASE": "postgres://u:hunter2@host/db",
                }},
            })),
            "NextMarker": page.token(),
        }),
        "ListFunctionEventInvokeConfigs" => triggers::invoke_configs(text),
        _ => json!({
            "EventSourceMappings": page.list(|name| json!({
                "UUID": name,
                "State": "Enabled",
                "FunctionArn": format!("{}:live", arn(name)),
                "EventSourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026",
                "BatchSize": 10,
                "TumblingWindowInSeconds": 60,
                "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:dlq"}},
            })),
            "NextMarker": page.token(),
        }),
    };
    answer.to_string()
}

fn sns(operation: &str, page: Page, text: &str) -> String {
    let arn = |name: &str| format!("arn:aws:sns:us-east-1:000000000000:{name}");
    let entry = |key: &str, value: &str| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    let result = match operation {
        "ListTopics" => {
            let topics = page.xml(|name| format!("<member><TopicArn>{}</TopicArn></member>", arn(name)));
            format!("<Topics>{topics}</Topics>{}", page.xml_token("NextToken"))
        }
        "ListSubscriptions" => {
            let one = |name: &str, subscription: &str, protocol: &str, endpoint: &str| {
                format!(
                    "<member><SubscriptionArn>{subscription}</SubscriptionArn><TopicArn>{}</TopicArn>\
                     <Protocol>{protocol}</Protocol><Endpoint>{endpoint}</Endpoint></member>",
                    arn(name)
                )
            };
            let both = page.xml(|name| {
                one(name, &format!("{}:u", arn(name)), "sqs", "arn:aws:sqs:us-east-1:000000000000:queue")
                    + &one(name, "PendingConfirmation", "email", "a@example.com")
            });
            format!("<Subscriptions>{both}</Subscriptions>{}", page.xml_token("NextToken"))
        }
        "GetTopicAttributes" => {
            let entries = entry("TopicArn", &arn(asked(text))) + &entry("SubscriptionsConfirmed", "1");
            format!("<Attributes>{entries}</Attributes>")
        }
        _ => {
            let redrive = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq"}"#;
            let entries = entry("FilterPolicy", r#"{"event": ["x"]}"#) + &entry("RedrivePolicy", redrive);
            format!("<Attributes>{entries}</Attributes>")
        }
    };
    format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>")
}

fn logs(operation: &str, page: Page, _: &str) -> String {
    let answer = match operation {
        "DescribeLogGroups" => json!({
            "logGroups": page.list(|name| json!({
                "logGroupName": format!("/aws/lambda/{name}"),
                "arn": format!("arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/{name}:*"),
                "storedBytes": 5,
            })),
            "nextToken": page.token(),
        }),
        _ => json!({"events": [
            {"eventId": "1", "timestamp": 1_795_247_998_000_i64, "message": "[ERROR] ValueError: boom\nTraceback"},
            {"eventId": "2", "timestamp": 1_795_247_999_000_i64, "message": "REPORT RequestId: 1 Duration: 1 ms"},
        ]}),
    };
    answer.to_string()
}

fn dynamodb(operation: &str, page: Page, text: &str) -> String {
    let name = asked(text);
    let answer = match operation {
        "ListTables" => json!({"TableNames": page.list(|name| name.into()), "LastEvaluatedTableName": page.token()}),
        "DescribeTable" => json!({"Table": {
            "TableName": name,
            "TableArn": format!("arn:aws:dynamodb:us-east-1:000000000000:table/{name}"),
            "TableStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
            "ItemCount": 4,
            "TableSizeBytes": 400,
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
            "LatestStreamArn": format!("arn:aws:dynamodb:us-east-1:000000000000:table/{name}/stream/2026"),
        }}),
        "DescribeStream" => json!({"StreamDescription": {
            "StreamStatus": "ENABLED",
            "Shards": [
                {"ShardId": "1", "SequenceNumberRange": {"StartingSequenceNumber": "1", "EndingSequenceNumber": "2"}},
                {"ShardId": "2", "SequenceNumberRange": {"StartingSequenceNumber": "3"}},
            ],
        }}),
        _ => json!({"Items": [{"name": {"S": "1"}}], "Count": 1, "ScannedCount": 1}),
    };
    answer.to_string()
}

fn s3(operation: &str, page: Page, _: &str) -> String {
    if operation == "ListBuckets" {
        let buckets = page.xml(|name| format!("<Bucket><Name>{name}</Name></Bucket>"));
        let token = page.xml_token("ContinuationToken");
        return format!("<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>{token}</ListAllMyBucketsResult>");
    }
    match operation {
        "GetBucketNotificationConfiguration" => return triggers::notifications(),
        "GetCallerIdentity" => return triggers::identity(),
        _ => {}
    }
    let objects = page.xml(|name| {
        let at = "2026-11-21T07:59:50Z";
        format!("<Contents><Key>{name}</Key><Size>12</Size><LastModified>{at}</LastModified></Contents>")
    });
    let (more, token) = (page.token().is_some(), page.xml_token("NextContinuationToken"));
    format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>{objects}{token}</ListBucketResult>")
}

fn events(operation: &str, page: Page, text: &str) -> String {
    let arn = |rest: &str| format!("arn:aws:events:us-east-1:000000000000:{rest}");
    let name = asked(text);
    let answer = match operation {
        "ListEventBuses" => json!({
            "EventBuses": page.list(|name| json!({"Name": name, "Arn": arn(&format!("event-bus/{name}"))})),
            "NextToken": page.token(),
        }),
        "ListRules" => json!({"Rules": [{
            "Name": format!("rule-{name}"),
            "Arn": arn(&format!("rule/{name}/rule-{name}")),
            "EventBusName": name,
            "State": "ENABLED",
            "EventPattern": r#"{"detail-type":["sales"]}"#,
        }]}),
        _ => json!({"Targets": [{
            "Id": "1",
            "Arn": "arn:aws:logs:us-east-1:000000000000:log-group:group:*",
            "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dlq"},
        }]}),
    };
    answer.to_string()
}

fn cloudformation(operation: &str, page: Page, _: &str) -> String {
    let one = |kind: &str, physical: &str| {
        format!(
            "<member><ResourceType>AWS::{kind}</ResourceType><PhysicalResourceId>{physical}</PhysicalResourceId>\
             <ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>"
        )
    };
    let stack = |name: &str, status: &str| {
        format!(
            "<member><StackId>arn:aws:cloudformation:us-east-1:000000000000:stack/{name}/1</StackId>\
             <StackName>{name}</StackName><StackStatus>{status}</StackStatus></member>"
        )
    };
    let result = match operation {
        "ListStacks" => {
            // One that was deleted is listed for three months.
            let stacks = page.xml(|name| stack(name, "CREATE_COMPLETE") + &stack("deleted", "DELETE_COMPLETE"));
            format!("<StackSummaries>{stacks}</StackSummaries>{}", page.xml_token("NextToken"))
        }
        _ => {
            let members = one("SQS::Queue", "http://localhost/000000000000/queue") + &one("Events::Rule", "own|rule");
            let members = members + &one("IAM::Role", "role");
            format!("<StackResourceSummaries>{members}</StackResourceSummaries>")
        }
    };
    format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>")
}

fn tag(_: &str, page: Page, _: &str) -> String {
    let answer = json!({
        "ResourceTagMappingList": page.list(|name| json!({
            "ResourceARN": "arn:aws:sqs:us-east-1:000000000000:queue",
            "Tags": [{"Key": "Application", "Value": name}, {"Key": "Name", "Value": "secret"}],
        })),
        "PaginationToken": page.token().unwrap_or_default(),
    });
    answer.to_string()
}

fn cloudwatch(operation: &str, page: Page, _: &str) -> String {
    let metric = |name: &str, queue: &str| json!({"Namespace": "AWS/SQS", "MetricName": name, "Dimensions": [{"Name": "QueueName", "Value": queue}]});
    // The values are of whatever is asked for first and second.
    let values =
        |index: u8| json!({"Id": format!("m{index}"), "Timestamps": [{"@time": 1_795_247_940}], "Values": [120]});
    match operation {
        "ListMetrics" => {
            let names = ["ApproximateAgeOfOldestMessage", "NumberOfMessagesSent", "SentMessageSize"];
            let all: Value = page.items().iter().flat_map(|queue| names.map(|name| metric(name, queue))).collect();
            json!({"Metrics": all, "NextToken": page.token()})
        }
        _ => json!({"MetricDataResults": (0..4).map(values).collect::<Value>()}),
    }
    .to_string()
}
