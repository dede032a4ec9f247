//! Which resource an AWS call acts on, by the service it calls and the parameters it is given.
//!
//! API Gateway, Step Functions, Pipes and Scheduler all hold calls as data: a service, an action, and `QueueUrl` or `TableName`
//! in JSON, in a template or in a map. Pure. A value that is only known when the call is made (`$.queue`, `{% … %}`,
//! `${stageVariables.x}`) is never guessed. To add a service: a row in [`CALLEES`].

use serde_json::Value;

use super::environment::queue_of_url;
use crate::domain::{Arn, ResourceId, unqualified};

/// Values read of one key, and levels of JSON looked through.
const MOST_VALUES: usize = 64;
const MOST_LEVELS: usize = 4;
/// The longest ARN or URL that is believed.
const LONGEST: usize = 2_048;

/// How a service's calls name what they act on.
struct Callee {
    /// The service as different callers write it.
    names: &'static [&'static str],
    arn_service: &'static str,
    /// The parameters that name the resource, by name, ARN or URL.
    keys: &'static [&'static str],
    /// What stands before a name in the ARN; `None` where a name alone is no way to say it.
    before_name: Option<&'static str>,
}

const fn callee(
    names: &'static [&'static str],
    arn_service: &'static str,
    keys: &'static [&'static str],
    before_name: Option<&'static str>,
) -> Callee {
    Callee { names, arn_service, keys, before_name }
}

const CALLEES: [Callee; 10] = [
    callee(&["sqs"], "sqs", &["QueueUrl"], None),
    callee(&["sns"], "sns", &["TopicArn", "TargetArn"], None),
    callee(&["lambda"], "lambda", &["FunctionName"], Some("function:")),
    callee(&["dynamodb"], "dynamodb", &["TableName"], Some("table/")),
    callee(&["kinesis"], "kinesis", &["StreamARN", "StreamName"], Some("stream/")),
    callee(&["firehose"], "firehose", &["DeliveryStreamName"], Some("deliverystream/")),
    callee(&["events", "eventbridge"], "events", &["EventBusName"], Some("event-bus/")),
    callee(&["states", "sfn", "stepfunctions"], "states", &["StateMachineArn"], None),
    callee(&["s3"], "s3", &["Bucket"], Some("")),
    callee(&["logs", "cloudwatchlogs"], "logs", &["LogGroupName"], Some("log-group:")),
];

/// A call, as data has it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Whose partition, Region and account bare names belong to.
    pub home: Arn<'a>,
    pub service: &'a str,
    pub action: &'a str,
}

impl Call<'_> {
    /// The resources that it acts on; `values` are all values of a parameter, those that cannot be known yet included.
    pub fn acts_on(&self, values: impl Fn(&str) -> Vec<String>) -> Vec<ResourceId> {
        let is_it = |callee: &&Callee| callee.names.iter().any(|name| name.eq_ignore_ascii_case(self.service));
        let Some(callee) = CALLEES.iter().find(is_it) else { return Vec::new() };
        let named: Vec<String> = callee.keys.iter().flat_map(|key| values(key)).collect();
        if named.is_empty() && callee.arn_service == "events" && self.action.eq_ignore_ascii_case("PutEvents") {
            return self.named(callee, "default").into_iter().collect();
        }
        named.iter().take(MOST_VALUES).filter_map(|value| self.named(callee, value)).collect()
    }

    fn named(&self, callee: &Callee, value: &str) -> Option<ResourceId> {
        let value = value.strip_suffix(":$LATEST").unwrap_or(value);
        if !is_literal(value) {
            return None;
        }
        if let Some(arn) = Arn::parse(value) {
            return (arn.service == callee.arn_service).then(|| resource_of(value));
        }
        let Arn { partition, region, account, .. } = self.home;
        if callee.arn_service == "sqs" {
            return queue_of_url(&self.home, value);
        }
        let before = callee.before_name?;
        if callee.arn_service == "s3" {
            return Some(format!("arn:{partition}:s3:::{value}").into());
        }
        // `ACCOUNT:function:NAME` is a function's name too.
        if let Some((account, name)) = value.split_once(":function:") {
            return Some(resource_of(&format!("arn:{partition}:lambda:{region}:{account}:function:{name}")));
        }
        if account.is_empty() {
            return None;
        }
        Some(resource_of(&format!("arn:{partition}:{}:{region}:{account}:{before}{value}", callee.arn_service)))
    }
}

/// Whether a value is meant as it stands: names, ARNs and URLs have none of the characters that expressions begin with.
fn is_literal(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= LONGEST
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/#".contains(c))
}

/// The resource that an ARN stands for: aliases, versions, streams of a table and parts of a stream are no resources of their own.
pub fn resource_of(text: &str) -> ResourceId {
    let Some(arn) = Arn::parse(text) else { return text.into() };
    let Arn { partition, service, region, resource, .. } = arn;
    let up_to = |separator: &str| text.split(separator).next().unwrap_or(text).into();
    match service {
        "lambda" => unqualified(text).into(),
        "dynamodb" => up_to("/stream/"),
        "kinesis" => up_to("/consumer/"),
        "logs" => text.strip_suffix(":*").unwrap_or(text).into(),
        "states" if resource.starts_with("stateMachine:") => {
            let end = text.match_indices(':').nth(6).map_or(text.len(), |(at, _)| at);
            text.get(..end).unwrap_or(text).into()
        }
        // A method of a REST API: `API/STAGE/METHOD/PATH`.
        "execute-api" => match resource.split('/').next().filter(|id| *id != "*") {
            Some(id) => format!("arn:{partition}:apigateway:{region}::/restapis/{id}").into(),
            None => text.into(),
        },
        _ => text.into(),
    }
}

/// All values of a parameter in a call's JSON. A JSONPath counts as a value (`TableName.$`), so that nobody takes it for absent.
pub fn values_in_json(parameters: &Value, key: &str) -> Vec<String> {
    let mut values = Vec::new();
    collect(parameters, key, MOST_LEVELS, &mut values);
    values
}

fn collect(value: &Value, key: &str, levels: usize, values: &mut Vec<String>) {
    // The batches in which calls name one resource an item; other nested values are somebody's payload.
    const BATCHES: [&str; 5] = ["Entries", "TransactItems", "Put", "Update", "Delete"];
    if levels == 0 || values.len() >= MOST_VALUES {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, levels - 1, values)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let bare = name.strip_suffix(".$").unwrap_or(name);
                if bare.eq_ignore_ascii_case(key) {
                    values.push(value.as_str().unwrap_or_default().to_owned());
                } else if key == "TableName" && bare == "RequestItems" {
                    values.extend(value.as_object().into_iter().flat_map(|tables| tables.keys().cloned()));
                } else if BATCHES.contains(&bare) {
                    collect(value, key, levels - 1, values);
                }
            }
        }
        _ => {}
    }
}

/// All values of a parameter in a template, which need not be JSON: `"TableName": "orders"`, `TopicArn=$util.urlEncode('arn:…')`.
pub fn values_in_text(text: &str, key: &str) -> Vec<String> {
    let mut values = Vec::new();
    // ASCII only: places in the lower-cased text are places in the text.
    let (lower, key) = (text.to_ascii_lowercase(), key.to_ascii_lowercase());
    for (at, _) in lower.match_indices(&key) {
        let is_inside_a_word = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let rest = text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix([':', '=']).filter(|_| !is_inside_a_word) else { continue };
        let rest = rest.trim_start().trim_start_matches(['"', '\'']);
        let rest = rest.strip_prefix("$util.urlEncode(").map_or(rest, |rest| rest.trim_start_matches(['"', '\'']));
        let value = rest.split(|c: char| c.is_whitespace() || "\"'&,})".contains(c)).next().unwrap_or_default();
        values.push(percent_decoded(value));
        if values.len() >= MOST_VALUES {
            break;
        }
    }
    values
}

/// `%3A` as a colon and so on; what is no escape stays.
fn percent_decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match after {
            [high, low, ..] if *first == b'%' => {
                let digits = [char::from(*high).to_digit(16), char::from(*low).to_digit(16)];
                digits[0].zip(digits[1]).map(|(high, low)| (high * 16 + low) as u8)
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    const HOME: &str = "arn:aws:states:eu-west-1:000000000001:stateMachine:m";

    fn acts_on(service: &str, action: &str, parameters: &Value) -> Vec<String> {
        let call = Call { home: Arn::parse(HOME).unwrap(), service, action };
        let ids = call.acts_on(|key| values_in_json(parameters, key));
        ids.iter().map(|id| id.as_str().replace("eu-west-1:000000000001", "HERE")).collect()
    }

    #[rstest]
    #[case("sqs", json!({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000002/q"}), "arn:aws:sqs:us-east-1:000000000002:q")]
    #[case("sns", json!({"TopicArn": "arn:aws:sns:r:1:t"}), "arn:aws:sns:r:1:t")]
    #[case("lambda", json!({"FunctionName": "f:live"}), "arn:aws:lambda:HERE:function:f")]
    #[case("lambda", json!({"FunctionName": "000000000009:function:f:1"}), "arn:aws:lambda:eu-west-1:000000000009:function:f")]
    #[case("lambda", json!({"FunctionName": "arn:aws:lambda:r:1:function:f:$LATEST"}), "arn:aws:lambda:r:1:function:f")]
    #[case("dynamodb", json!({"TableName": "orders"}), "arn:aws:dynamodb:HERE:table/orders")]
    #[case("dynamodb", json!({"TransactItems": [{"Put": {"TableName": "a"}}]}), "arn:aws:dynamodb:HERE:table/a")]
    #[case("dynamodb", json!({"RequestItems": {"b": []}}), "arn:aws:dynamodb:HERE:table/b")]
    #[case("dynamodb", json!({"TableName.$": "$.table"}), "")]
    #[case("dynamodb", json!({"TableName": "{% $table %}"}), "")]
    #[case("dynamodb", json!({"Item": {"TableName": "payload"}}), "")]
    #[case("kinesis", json!({"StreamName": "s"}), "arn:aws:kinesis:HERE:stream/s")]
    #[case("firehose", json!({"DeliveryStreamName": "d"}), "arn:aws:firehose:HERE:deliverystream/d")]
    #[case("events", json!({"Entries": [{"EventBusName": "shop"}]}), "arn:aws:events:HERE:event-bus/shop")]
    #[case("EventBridge", json!({"Entries": [{"Source": "s"}]}), "arn:aws:events:HERE:event-bus/default")]
    #[case("events", json!({"Entries": [{"EventBusName.$": "$.bus"}]}), "")]
    #[case("states", json!({"stateMachineArn": HOME}), "arn:aws:states:HERE:stateMachine:m")]
    #[case("s3", json!({"Bucket": "b"}), "arn:aws:s3:::b")]
    #[case("sns", json!({"TopicArn": "arn:aws:sqs:r:1:q"}), "")]
    #[case("bedrock", json!({"ModelId": "m"}), "")]
    fn resources(#[case] service: &str, #[case] parameters: Value, #[case] expected: &str) {
        assert_eq!(acts_on(service, "putEvents", &parameters).join(" "), expected);
    }

    #[test]
    fn only_putting_events_means_the_default_bus() {
        assert_eq!(acts_on("events", "listRules", &json!({})), Vec::<String>::new());
    }

    #[test]
    fn without_an_account_a_bare_name_names_nothing() {
        let home = Arn { account: "", ..Arn::parse(HOME).unwrap() };
        let call = |service| Call { home, service, action: "" }.acts_on(|_| vec!["name".to_owned()]);
        assert_eq!(call("dynamodb"), []);
        assert_eq!(call("s3"), ["arn:aws:s3:::name".into()]);
    }

    #[rstest]
    #[case("arn:aws:lambda:r:1:function:f:live", "arn:aws:lambda:r:1:function:f")]
    #[case("arn:aws:dynamodb:r:1:table/t/stream/2026-01-01T00:00:00.000", "arn:aws:dynamodb:r:1:table/t")]
    #[case("arn:aws:kinesis:r:1:stream/s/consumer/c:1", "arn:aws:kinesis:r:1:stream/s")]
    #[case("arn:aws:logs:r:1:log-group:g:*", "arn:aws:logs:r:1:log-group:g")]
    #[case("arn:aws:states:r:1:stateMachine:m:live", "arn:aws:states:r:1:stateMachine:m")]
    #[case("arn:aws:states:r:1:stateMachine:m", "arn:aws:states:r:1:stateMachine:m")]
    #[case("arn:aws:execute-api:r:1:abc/prod/POST/orders", "arn:aws:apigateway:r::/restapis/abc")]
    #[case("arn:aws:sqs:r:1:q", "arn:aws:sqs:r:1:q")]
    #[case("smk://broker:9092", "smk://broker:9092")]
    fn aliases_are_their_resource(#[case] arn: &str, #[case] resource: &str) {
        assert_eq!(resource_of(arn).as_str(), resource);
    }

    #[rstest]
    #[case(r#"{ "TableName": "orders", "Item": $input.json('$') }"#, "TableName", "orders")]
    #[case("Action=Publish&TopicArn=$util.urlEncode('arn:aws:sns:r:1:t')&Message=m", "TopicArn", "arn:aws:sns:r:1:t")]
    #[case("Action=Publish&TopicArn=arn%3Aaws%3Asns%3Ar%3A1%3At", "TopicArn", "arn:aws:sns:r:1:t")]
    #[case(r#"{"stateMachineArn": "${stageVariables.machine}"}"#, "StateMachineArn", "${stageVariables.machine")]
    #[case(r#"{"OtherTableName": "x"}"#, "TableName", "")]
    #[case(r#"TableName"#, "TableName", "")]
    fn templates(#[case] text: &str, #[case] key: &str, #[case] expected: &str) {
        assert_eq!(values_in_text(text, key).join(" "), expected);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = (resource_of(&text), values_in_text(&text, "e"), percent_decoded(&text));
        }

        #[test]
        fn a_template_with_a_key_is_read(before in "\\PC*", value in "[a-z]{1,8}") {
            let text = format!("{before} \"TableName\" : \"{value}\"");
            let found = values_in_text(&text, "TableName");
            prop_assert!(found.contains(&value));
        }
    }
}
