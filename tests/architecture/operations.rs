//! `aws::operations::OPERATIONS` against the calls in the source: the guard, the meter and the README's policy all read that table.
//!
//! A call is read where its client is: `….sqs().list_queues()`, or `client.list_queues()` where the file says
//! `let client = ….sqs();`, `client: &aws_sdk_sqs::Client`. A file that sends what cannot be read this way is a violation too.

use std::collections::{BTreeMap, BTreeSet};

use edatop::aws::operations::OPERATIONS;

use crate::{
    assert_none,
    scan::{is_word, leading_word},
    source::{Source, shipped},
};

/// A service: how `Connection` hands out its client, the SDK's crate, and the SDK's name for it.
const SERVICES: &[(&str, &str, &str)] = &[
    ("sqs", "aws_sdk_sqs", "SQS"),
    ("sns", "aws_sdk_sns", "SNS"),
    ("lambda", "aws_sdk_lambda", "Lambda"),
    ("dynamodb", "aws_sdk_dynamodb", "DynamoDB"),
    ("s3", "aws_sdk_s3", "S3"),
    ("logs", "aws_sdk_cloudwatchlogs", "CloudWatch Logs"),
    ("events", "aws_sdk_eventbridge", "EventBridge"),
    ("sts", "aws_sdk_sts", "STS"),
    ("analytics", "aws_sdk_kinesisanalytics", "Kinesis Analytics"),
    ("analytics_v2", "aws_sdk_kinesisanalyticsv2", "Kinesis Analytics V2"),
    ("api_gateway", "aws_sdk_apigateway", "API Gateway"),
    ("api_gateway_v2", "aws_sdk_apigatewayv2", "ApiGatewayV2"),
    ("cloudformation", "aws_sdk_cloudformation", "CloudFormation"),
    ("cloudwatch", "aws_sdk_cloudwatch", "CloudWatch"),
    ("firehose", "aws_sdk_firehose", "Firehose"),
    ("kinesis", "aws_sdk_kinesis", "Kinesis"),
    ("pipes", "aws_sdk_pipes", "Pipes"),
    ("scheduler", "aws_sdk_scheduler", "Scheduler"),
    ("states", "aws_sdk_sfn", "SFN"),
    ("table_streams", "aws_sdk_dynamodbstreams", "DynamoDB Streams"),
    ("tags", "aws_sdk_resourcegroupstagging", "Resource Groups Tagging API"),
];

/// Methods of a client that call nothing.
const NOT_CALLS: &[&str] = &["clone", "config"];

/// Modules whose calls are the program's own. The demo's are made on emulators alone and never under the guard.
const CALLERS: &[&str] = &["aws", "pollers", "redrive", "inspect"];

type Called = BTreeSet<(&'static str, String)>;

/// The operations that a source calls, and what is wrong with how it calls.
fn calls(source: &Source) -> (Called, Vec<String>) {
    let code: String = source.shipped.split_whitespace().collect::<Vec<_>>().join(" ");
    let code = [" .", ". "].iter().fold(code, |code, dot| code.replace(dot, "."));
    let clients = clients(&code);
    let mut called = Called::new();
    for (at, _) in code.match_indices("()") {
        let Some((before, operation)) = split_last_word(&code[..at]) else { continue };
        let Some(receiver) = before.strip_suffix('.') else { continue };
        let service = match receiver.strip_suffix("()") {
            Some(accessor) => split_last_word(accessor).and_then(|(before, name)| {
                SERVICES.iter().find(|row| row.0 == name && before.ends_with('.')).map(|row| row.2)
            }),
            None => split_last_word(receiver).and_then(|(before, name)| {
                clients.get(name).copied().filter(|_| !before.ends_with('.') || before.ends_with("self."))
            }),
        };
        if let Some(service) = service.filter(|_| !NOT_CALLS.contains(&operation)) {
            called.insert((service, pascal(operation)));
        }
    }
    let sends = code.matches(".send()").count();
    let mut violations = Vec::new();
    if sends > 0 && called.is_empty() {
        violations.push(format!("{}: it sends, but what it calls cannot be read from a client", source.path));
    }
    (called, violations)
}

/// The names that stand for a client: `name = ….sqs();` and `name: &aws_sdk_sqs::Client`.
fn clients(code: &str) -> BTreeMap<&str, &'static str> {
    let mut clients = BTreeMap::new();
    for (accessor, sdk, service) in SERVICES {
        for (at, _) in code.match_indices(&format!(".{accessor}();")) {
            let statement = code[..at].rsplit([';', '{', '}']).next().unwrap_or_default();
            if let Some((name, _)) = statement.split_once('=') {
                clients.extend(split_last_word(name.trim_end()).map(|(_, name)| (name, *service)));
            }
        }
        for (at, _) in code.match_indices(&format!("{sdk}::Client")) {
            let before = code[..at].trim_end_matches('&').trim_end();
            if let Some(before) = before.strip_suffix(':') {
                clients.extend(split_last_word(before).map(|(_, name)| (name, *service)));
            }
        }
    }
    clients
}

fn split_last_word(text: &str) -> Option<(&str, &str)> {
    let at = text.rfind(|c| !is_word(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let (before, word) = text.split_at(at);
    (!leading_word(word).is_empty()).then_some((before, word))
}

/// `list_objects_v2` is `ListObjectsV2`.
fn pascal(snake: &str) -> String {
    let mut name = String::new();
    for part in snake.split('_') {
        let mut chars = part.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    name
}

fn violations(sources: &[Source], table: &[(&str, &str)]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut called = Called::new();
    for source in sources.iter().filter(|source| CALLERS.contains(&source.top())) {
        let (calls, wrong) = calls(source);
        violations.extend(wrong);
        for (service, name) in &calls {
            if !table.contains(&(service, name)) {
                violations.push(format!("{}: {service}:{name} has no row in OPERATIONS", source.path));
            }
        }
        called.extend(calls);
    }
    for (service, name) in table {
        if !called.iter().any(|(of, call)| of == service && call == name) {
            violations.push(format!("{service}:{name} is in OPERATIONS and nothing calls it"));
        }
    }
    violations
}

#[test]
fn the_table_of_operations_is_what_the_source_calls() {
    let table: Vec<(&str, &str)> = OPERATIONS.iter().map(|row| (row.service, row.name)).collect();
    assert_none(&violations(shipped(), &table));
}

#[test]
fn every_client_is_known_here() {
    let connect = shipped().iter().find(|source| source.path == "src/aws/connect.rs").map(|source| &source.shipped);
    let connect = connect.expect("the connection has its file");
    for (at, _) in connect.match_indices("aws_sdk_") {
        let sdk = leading_word(&connect[at..]);
        assert!(SERVICES.iter().any(|(_, known, _)| *known == sdk), "{sdk} has no row in SERVICES");
    }
}

#[test]
fn calls_are_read_however_they_are_written() {
    for text in [
        "look.aws.sqs().purge_queue().queue_url(url).send().await;",
        "look.aws\n    .sqs()\n    .purge_queue()\n    .send()\n    .await;",
        "let client = look.aws.sqs();\nlet call = client.purge_queue();",
        "async fn f(queues: &aws_sdk_sqs::Client) { queues.purge_queue().send().await; }",
        "struct A { queues: aws_sdk_sqs::Client }\nfn f(&self) { self.queues.purge_queue(); }",
    ] {
        let (called, wrong) = calls(&Source::pretend("src/redrive/mover.rs", text));
        assert_eq!(called, Called::from([("SQS", "PurgeQueue".to_owned())]), "{text}");
        assert_none(&wrong);
    }
    assert_eq!(pascal("list_objects_v2"), "ListObjectsV2");
}

#[test]
fn a_call_without_a_row_a_row_without_a_call_and_a_hidden_call_are_found() {
    let lists = Source::pretend("src/pollers/sqs.rs", "look.aws.sqs().list_queues().send().await;");
    assert_none(&violations(std::slice::from_ref(&lists), &[("SQS", "ListQueues")]));
    assert_eq!(violations(std::slice::from_ref(&lists), &[]).len(), 1);
    assert_eq!(violations(std::slice::from_ref(&lists), &[("SQS", "ListQueues"), ("SQS", "PurgeQueue")]).len(), 1);
    let hidden = Source::pretend("src/pollers/sqs.rs", "hidden(look).send().await;");
    assert_eq!(violations(&[hidden], &[]).len(), 1);
}
