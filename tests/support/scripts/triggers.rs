//! What services answer that trigger and orchestrate: APIs, state machines, pipes, schedules, buckets' notifications.

use serde_json::{Value, json};

use super::{Page, asked};

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:queue";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:fn:live";

pub(super) fn identity() -> String {
    let account = "<Account>000000000000</Account>";
    format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult>{account}</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

pub(super) fn rest_apis(operation: &str, page: Page, _: &str) -> String {
    let uri = |rest: &str| format!("arn:aws:apigateway:us-east-1:{rest}");
    let answer = match operation {
        "GetCallerIdentity" => return identity(),
        "GetRestApis" => json!({
            "item": page.list(|name| json!({"id": format!("id-{name}"), "name": name})),
            "position": page.token(),
        }),
        // One method comes without its integration, as emulators answer.
        "GetResources" => json!({
            "item": page.list(|name| json!({"id": name, "path": format!("/{name}"), "resourceMethods": {
                "GET": {},
                "POST": {"methodIntegration": {"type": "AWS", "uri": uri("sqs:path/000000000000/queue")}},
            }})),
            "position": page.token(),
        }),
        "GetIntegration" => json!({
            "type": "AWS",
            "uri": uri("dynamodb:action/GetItem"),
            "requestTemplates": {"application/json": r#"{"TableName": "orders", "Key": $input.json('$')}"#},
        }),
        _ => json!({"item": [{"stageName": "prod"}]}),
    };
    answer.to_string()
}

pub(super) fn http_apis(operation: &str, page: Page, _: &str) -> String {
    let answer = match operation {
        "GetCallerIdentity" => return identity(),
        "GetApis" => json!({
            "items": page.list(|name| json!({"apiId": format!("id-{name}"), "name": name, "protocolType": "HTTP"})),
            "nextToken": page.token(),
        }),
        "GetIntegrations" => json!({
            "items": page.list(|name| match name {
                "item-a" => json!({"integrationId": name, "integrationType": "AWS_PROXY", "integrationUri": FUNCTION}),
                _ => json!({
                    "integrationId": name,
                    "integrationType": "AWS_PROXY",
                    "integrationSubtype": "Kinesis-PutRecord",
                    "requestParameters": {"StreamName": "clicks"},
                }),
            }),
            "nextToken": page.token(),
        }),
        "GetRoutes" => json!({
            "items": page.list(|name| {
                json!({"routeKey": format!("POST /{name}"), "target": format!("integrations/{name}")})
            }),
            "nextToken": page.token(),
        }),
        _ => json!({
            "items": page.list(|name| json!({"stageName": format!("stage-{name}")})),
            "nextToken": page.token(),
        }),
    };
    answer.to_string()
}

pub(super) fn states(operation: &str, page: Page, text: &str) -> String {
    let arn = |name: &str| format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}");
    let (name, created) = (asked(text), 1_795_247_000);
    let answer = match operation {
        "ListStateMachines" => json!({
            "stateMachines": page.list(|name| {
                json!({"stateMachineArn": arn(name), "name": name, "type": "STANDARD", "creationDate": created})
            }),
            "nextToken": page.token(),
        }),
        _ => json!({
            "stateMachineArn": arn(name),
            "name": name,
            "status": "ACTIVE",
            "type": "STANDARD",
            "creationDate": created,
            "roleArn": "arn:aws:iam::000000000000:role/r",
            "definition": definition().to_string(),
            "loggingConfiguration": {"level": "ERROR", "destinations": [
                {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:group:*"}},
            ]},
        }),
    };
    answer.to_string()
}

fn definition() -> Value {
    json!({"StartAt": "Price", "States": {
        "Price": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "fn"}},
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "http://localhost:4566/000000000000/queue"},
        },
        "Somewhere": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn.$": "$.topic"},
        },
    }})
}

pub(super) fn pipes(operation: &str, page: Page, text: &str) -> String {
    let pipe = |name: &str| {
        json!({
            "Arn": format!("arn:aws:pipes:us-east-1:000000000000:pipe/{name}"),
            "Name": name,
            "CurrentState": "STOPPED",
            "Source": "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026",
            "Enrichment": FUNCTION,
            "Target": QUEUE,
        })
    };
    if operation == "ListPipes" {
        return json!({"Pipes": page.list(pipe), "NextToken": page.token()}).to_string();
    }
    let mut answer = pipe(asked(text));
    answer["SourceParameters"] = json!({
        "FilterCriteria": {"Filters": [{"Pattern": r#"{"eventName":["INSERT"]}"#}]},
        "DynamoDBStreamParameters": {
            "StartingPosition": "LATEST",
            "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dlq"},
        },
    });
    answer.to_string()
}

pub(super) fn schedules(operation: &str, page: Page, text: &str) -> String {
    const CALL: &str = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage";
    let schedule = |name: &str| {
        json!({
            "Arn": format!("arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}"),
            "Name": name,
            "GroupName": "default",
            "State": "ENABLED",
            "Target": {"Arn": CALL},
        })
    };
    if operation == "ListSchedules" {
        return json!({"Schedules": page.list(schedule), "NextToken": page.token()}).to_string();
    }
    let mut answer = schedule(asked(text));
    answer["ScheduleExpression"] = "rate(5 minutes)".into();
    answer["Target"] = json!({
        "Arn": CALL,
        "RoleArn": "arn:aws:iam::000000000000:role/r",
        "Input": r#"{"QueueUrl":"http://localhost:4566/000000000000/queue","MessageBody":"hunter2"}"#,
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dlq"},
    });
    answer.to_string()
}

pub(super) fn notifications() -> String {
    let rule = "<FilterRule><Name>prefix</Name><Value>in/</Value></FilterRule>";
    let queue = format!(
        "<QueueConfiguration><Id>1</Id><Queue>{QUEUE}</Queue><Event>s3:ObjectCreated:*</Event>\
         <Filter><S3Key>{rule}</S3Key></Filter></QueueConfiguration>"
    );
    format!("<NotificationConfiguration>{queue}<EventBridgeConfiguration/></NotificationConfiguration>")
}

pub(super) fn invoke_configs(text: &str) -> Value {
    let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{}:$LATEST", asked(text));
    json!({"FunctionEventInvokeConfigs": [{
        "FunctionArn": arn,
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {
            "OnSuccess": {"Destination": "arn:aws:sns:us-east-1:000000000000:done"},
            "OnFailure": {"Destination": QUEUE},
        },
    }]})
}
