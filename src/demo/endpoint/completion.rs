//! What was asked for at creation and dropped: winterbaume's SNS forgets the attributes of CreateTopic and Subscribe, its
//! DynamoDB, EventBridge, Firehose and analytics the tags of what is made, though each keeps them when they are set afterwards. So set them
//! afterwards. An answer that says too much, or says it otherwise than AWS, is put right.

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
        "sqs" => shown_again(request, response).into_iter().collect(),
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
    let set = |name: &str, value: &str| {
        let value = if name.starts_with("FilterPolicy") { ascii_json(value) } else { value.to_owned() };
        let fields = [("Action", action), (arn_name, arn), ("AttributeName", name), ("AttributeValue", &value)];
        let body = fields.map(|(key, text)| format!("{key}={}", encode(text))).join("&");
        MockRequest { body: Bytes::from(body), ..request.clone() }
    };
    let follow_up = |entry: String| {
        let part = |name: &str| parameters.get(&format!("{entry}{name}"));
        Some(set(part("key")?, part("value")?))
    };
    let mut all: Vec<MockRequest> = parameters.entries("Attributes.entry.").into_iter().filter_map(follow_up).collect();
    // Nobody opens a mail here, so nobody confirms.
    all.extend((parameters.get("Protocol") == Some("email")).then(|| set("PendingConfirmation", "true")));
    all
}

/// JSON in ASCII alone, which means the same: winterbaume takes each byte of a longer character for a character.
fn ascii_json(text: &str) -> String {
    let mut units = [0; 2];
    let mut escaped = String::with_capacity(text.len());
    for one in text.chars() {
        if one.is_ascii() {
            escaped.push(one);
        } else {
            escaped.extend(one.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    escaped
}

/// A receive with no visibility timeout leaves its messages visible; winterbaume takes 0 for the queue's own timeout.
fn shown_again(request: &MockRequest, response: &MockResponse) -> Option<MockRequest> {
    let asked: Value = serde_json::from_slice(&request.body).ok()?;
    if target_action(request) != "ReceiveMessage" || asked.get("VisibilityTimeout") != Some(&json!(0)) {
        return None;
    }
    let answered: Value = serde_json::from_slice(&response.body).ok()?;
    let entry = |(number, message): (usize, &Value)| {
        let handle = message.get("ReceiptHandle")?;
        Some(json!({ "Id": number.to_string(), "ReceiptHandle": handle, "VisibilityTimeout": 0 }))
    };
    let entries: Vec<Value> = answered.get("Messages")?.as_array()?.iter().enumerate().filter_map(entry).collect();
    let body = json!({ "QueueUrl": asked.get("QueueUrl")?, "Entries": entries });
    let mut follow_up = MockRequest { body: Bytes::from(body.to_string()), ..request.clone() };
    let target = HeaderValue::from_static("AmazonSQS.ChangeMessageVisibilityBatch");
    follow_up.headers.insert("x-amz-target", target);
    Some(follow_up)
}

/// A subscription that waits for its confirmation is listed with those words in the place of its ARN.
pub(super) fn unconfirmed(request: &MockRequest, response: &mut MockResponse) {
    let action = Parameters::of(request).get("Action").unwrap_or_default().to_owned();
    if !action.starts_with("ListSubscriptions") {
        return;
    }
    let answer = String::from_utf8_lossy(&response.body).into_owned();
    let mut told = String::with_capacity(answer.len());
    for (index, member) in answer.split("<member>").enumerate() {
        told.push_str(if index > 0 { "<member>" } else { "" });
        match elements(member, "SubscriptionArn").next() {
            Some(arn) if elements(member, "Protocol").next() == Some("email") => {
                told.push_str(&member.replacen(arn, "PendingConfirmation", 1));
            }
            _ => told.push_str(member),
        }
    }
    response.body = told.into();
}

/// The ARN of a rule on a bus of its own has the bus in it; winterbaume leaves it out, and does not know it when asked.
pub(super) fn without_bus(request: &mut MockRequest) {
    if !target_action(request).contains("Tag") {
        return;
    }
    let Ok(mut asked) = serde_json::from_slice::<Value>(&request.body) else { return };
    let Some(arn) = asked.get("ResourceARN").and_then(Value::as_str) else { return };
    if let Some((before, rule)) = arn.split_once(":rule/")
        && let Some((_, name)) = rule.split_once('/')
    {
        asked["ResourceARN"] = json!(format!("{before}:rule/{name}"));
        request.body = asked.to_string().into();
    }
}

/// The other way round, in answers.
pub(super) fn with_bus(request: &MockRequest, response: &mut MockResponse) {
    let Ok(mut answered) = serde_json::from_slice::<Value>(&response.body) else { return };
    let put = |rule: &mut Value, member: &str, bus: Option<&str>| {
        let own = rule.get("EventBusName").and_then(Value::as_str).map(String::from);
        let bus = own.as_deref().or(bus).and_then(|bus| bus.rsplit('/').next()).filter(|bus| *bus != "default");
        let arn = rule.get(member).and_then(Value::as_str).and_then(|arn| arn.split_once(":rule/"));
        if let (Some(bus), Some((before, name))) = (bus, arn) {
            rule[member] = json!(format!("{before}:rule/{bus}/{name}"));
        }
    };
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let bus = asked.get("EventBusName").and_then(Value::as_str);
    match target_action(request) {
        "PutRule" => put(&mut answered, "RuleArn", bus),
        "DescribeRule" => put(&mut answered, "Arn", bus),
        "ListRules" => {
            let rules = answered.get_mut("Rules").and_then(Value::as_array_mut);
            rules.into_iter().flatten().for_each(|rule| put(rule, "Arn", bus));
        }
        _ => return,
    }
    response.body = answered.to_string().into();
}

/// Where the ARN is in the answer, what ARNs are called in the follow-up, and the follow-up itself.
fn tags(request: &MockRequest, response: &MockResponse) -> Option<MockRequest> {
    let (arn, name, target) = match target_action(request) {
        "CreateTable" => ("/TableDescription/TableArn", "ResourceArn", "DynamoDB_20120810.TagResource"),
        "PutRule" => ("/RuleArn", "ResourceARN", "AWSEvents.TagResource"),
        "CreateEventBus" => ("/EventBusArn", "ResourceARN", "AWSEvents.TagResource"),
        "CreateApplication" => {
            ("/ApplicationDetail/ApplicationARN", "ResourceARN", "KinesisAnalytics_20180523.TagResource")
        }
        "CreateDeliveryStream" => return delivery_stream_tags(request),
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

/// Firehose's tags go by name.
fn delivery_stream_tags(request: &MockRequest) -> Option<MockRequest> {
    let asked: Value = serde_json::from_slice(&request.body).ok()?;
    let tags = asked.get("Tags").filter(|tags| !tags.is_null())?;
    let body = json!({ "DeliveryStreamName": asked.get("DeliveryStreamName")?, "Tags": tags });
    let mut follow_up = MockRequest { body: Bytes::from(body.to_string()), ..request.clone() };
    follow_up.headers.insert("x-amz-target", HeaderValue::from_static("Firehose_20150804.TagDeliveryStream"));
    Some(follow_up)
}

/// Form encoding.
pub(super) fn encode(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}
