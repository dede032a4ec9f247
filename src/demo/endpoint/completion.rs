//! What was asked for at creation and dropped: winterbaume's SNS forgets the attributes of CreateTopic and Subscribe, its
//! DynamoDB and EventBridge the tags of tables, rules and buses, though each keeps them when they are set afterwards. So set them afterwards. And
//! one answer that says too much is narrowed.

use bytes::Bytes;
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockResponse, MockService};

use super::query::{Parameters, target_action};
use super::tap::elements;

/// Follows an accepted request with the calls that finish what it asked for. What those refuse stays unset, which reading
/// it back shows.
pub(super) async fn complete(service: &dyn MockService, request: &MockRequest, response: &MockResponse) {
    let follow_ups = match service.service_name() {
        "sns" => attributes(request, response),
        _ => tags(request, response).into_iter().collect(),
    };
    for follow_up in follow_ups {
        service.handle(follow_up).await;
    }
}

/// Keeps the rules of the bus that was asked for: winterbaume's ListRules answers with those of every bus.
pub(super) fn narrow(request: &MockRequest, response: &mut MockResponse) {
    if target_action(request) != "ListRules" {
        return;
    }
    let parse = |body: &[u8]| serde_json::from_slice::<Value>(body);
    let (Ok(asked), Ok(mut answered)) = (parse(&request.body), parse(&response.body)) else { return };
    // A bus is asked for by name or ARN.
    let bus = asked.get("EventBusName").and_then(Value::as_str).and_then(|bus| bus.rsplit('/').next());
    if let Some(rules) = answered.get_mut("Rules").and_then(Value::as_array_mut) {
        rules.retain(|rule| rule.get("EventBusName").and_then(Value::as_str) == Some(bus.unwrap_or("default")));
    }
    response.body = answered.to_string().into();
}

fn attributes(request: &MockRequest, response: &MockResponse) -> Vec<MockRequest> {
    let parameters = Parameters::of(request);
    let (arn_name, action) = match parameters.get("Action") {
        Some("CreateTopic") => ("TopicArn", "SetTopicAttributes"),
        Some("Subscribe") => ("SubscriptionArn", "SetSubscriptionAttributes"),
        _ => return Vec::new(),
    };
    let answer = String::from_utf8_lossy(&response.body);
    let Some(arn) = elements(&answer, arn_name).next() else { return Vec::new() };
    let follow_up = |entry: String| {
        let part = |name: &str| parameters.get(&format!("{entry}{name}"));
        let fields =
            [("Action", action), (arn_name, arn), ("AttributeName", part("key")?), ("AttributeValue", part("value")?)];
        let body = fields.map(|(key, text)| format!("{key}={}", encode(text))).join("&");
        Some(MockRequest { body: Bytes::from(body), ..request.clone() })
    };
    parameters.entries("Attributes.entry.").into_iter().filter_map(follow_up).collect()
}

/// Where the ARN is in the answer, what ARNs are called in the follow-up, and the follow-up itself.
fn tags(request: &MockRequest, response: &MockResponse) -> Option<MockRequest> {
    let (arn, name, target) = match target_action(request) {
        "CreateTable" => ("/TableDescription/TableArn", "ResourceArn", "DynamoDB_20120810.TagResource"),
        "PutRule" => ("/RuleArn", "ResourceARN", "AWSEvents.TagResource"),
        "CreateEventBus" => ("/EventBusArn", "ResourceARN", "AWSEvents.TagResource"),
        _ => return None,
    };
    let asked: Value = serde_json::from_slice(&request.body).ok()?;
    let answered: Value = serde_json::from_slice(&response.body).ok()?;
    let tags = asked.get("Tags").filter(|tags| !tags.is_null())?;
    let body = json!({ name: answered.pointer(arn)?, "Tags": tags });
    let mut follow_up = MockRequest { body: Bytes::from(body.to_string()), ..request.clone() };
    follow_up.headers.insert("x-amz-target", HeaderValue::from_static(target));
    Some(follow_up)
}

fn encode(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}
