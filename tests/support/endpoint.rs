//! Endpoints of a few lines: one that has two queues and nothing else, and one that says the same to everybody.

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

/// SQS with `orders`, and `orders-dlq` with three letters in it; STS; all else is not implemented.
pub async fn with_queues() -> MockServer {
    let server = MockServer::start().await;
    let uri = server.uri();
    let answer = move |request: &Request| {
        let target = request.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        match target {
            "AmazonSQS.ListQueues" => {
                let url = |name: &str| format!("{uri}/000000000000/{name}");
                aws_json(&json!({ "QueueUrls": [url("orders"), url("orders-dlq")] }))
            }
            "AmazonSQS.GetQueueAttributes" => aws_json(&attributes(&request.body)),
            _ if request.body.starts_with(b"Action=GetCallerIdentity") => identity(),
            _ => ResponseTemplate::new(501),
        }
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// The same answer to everything.
pub async fn answering(status: u16, content_type: &'static str, body: &'static str) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body, content_type);
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn aws_json(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_string(), "application/x-amz-json-1.0")
}

fn attributes(body: &[u8]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap();
    let name = asked["QueueUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    let mut attributes = json!({
        "QueueArn": arn(name),
        "ApproximateNumberOfMessages": if name == "orders" { "0" } else { "3" },
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "MessageRetentionPeriod": "345600",
        "VisibilityTimeout": "30",
    });
    if name == "orders" {
        let policy = json!({ "deadLetterTargetArn": arn("orders-dlq"), "maxReceiveCount": 3 });
        attributes["RedrivePolicy"] = policy.to_string().into();
    }
    json!({ "Attributes": attributes })
}

fn identity() -> ResponseTemplate {
    let body = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::000000000000:root</Arn><UserId>test</UserId><Account>000000000000</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"#;
    ResponseTemplate::new(200).set_body_raw(body, "text/xml")
}
