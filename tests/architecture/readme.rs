//! The README held against what it repeats: keys, operations, permissions, configuration, kinds.
//!
//! Generated parts lie between `<!-- name -->` and `<!-- /name -->`; `SNAPSHOTS=overwrite` writes them anew.

use std::{collections::BTreeSet, fmt::Write};

use edatop::{
    aws::operations::{Effect, OPERATIONS, Operation},
    commands::{COMMANDS, Place},
    config::{File, file},
    domain::resource::KINDS,
};

use crate::source::{read, root};

const README: &str = "README.md";

/// What stands between a part's markers, the markers' own line ends left out.
fn part<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<!-- {name} -->\n"))?;
    Some(rest.split_once(&format!("<!-- /{name} -->"))?.0)
}

/// Holds a part equal to what the tables say, or writes it.
#[track_caller]
fn hold(name: &str, expected: &str) {
    let readme = read(README);
    let written = part(&readme, name);
    assert!(written.is_some(), "{README} has no part between `<!-- {name} -->` and `<!-- /{name} -->`");
    let written = written.unwrap_or_default();
    if written != expected && std::env::var("SNAPSHOTS").is_ok_and(|wish| wish == "overwrite") {
        // Other parts are renewed by tests beside this one: nextest gives each a process, so the file is read again.
        let before = format!("<!-- {name} -->\n{written}");
        let renewed = read(README).replacen(&before, &format!("<!-- {name} -->\n{expected}"), 1);
        let renewal = std::fs::write(root().join(README), renewed);
        assert!(renewal.is_ok(), "{README} cannot be written: {renewal:?}");
        return;
    }
    assert_eq!(
        written, expected,
        "{README} is out of date: SNAPSHOTS=overwrite cargo test --test architecture -- --test-threads 1"
    );
}

fn keys() -> String {
    let mut table = String::from("| key | does | where |\n|---|---|---|\n");
    for row in COMMANDS.iter() {
        let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
        let place = match row.place {
            Place::Everywhere => "everywhere",
            Place::List => "lists",
            Place::Pane => "panes",
            place => place.name().trim_start_matches("the "),
        };
        let danger = if row.dangerous { "; asks first, and is gone under `--read-only`" } else { "" };
        let _ = writeln!(table, "| {} | {}{danger} | {place} |", keys.join(" "), row.does);
    }
    table
}

/// The IAM action that lets an operation pass; `None` where AWS asks for none.
fn action(operation: &Operation) -> Option<String> {
    let name = match (operation.service, operation.name) {
        // Everybody may ask who he is.
        ("STS", "GetCallerIdentity") => return None,
        // Where IAM's name is not the operation's.
        ("S3", "ListBuckets") => "ListAllMyBuckets",
        ("S3", "ListObjectsV2") => "ListBucket",
        ("S3", "ListObjectVersions") => "ListBucketVersions",
        ("S3", "GetBucketNotificationConfiguration") => "GetBucketNotification",
        // A batch is allowed by what it is a batch of.
        ("SQS", "ChangeMessageVisibilityBatch") => "ChangeMessageVisibility",
        ("SQS", "DeleteMessageBatch") => "DeleteMessage",
        ("SQS", "SendMessageBatch") => "SendMessage",
        // IAM knows the verbs of this service alone.
        ("API Gateway", "TestInvokeMethod") => "POST",
        ("API Gateway" | "ApiGatewayV2", _) => "GET",
        (_, name) => name,
    };
    let prefix = match operation.service {
        "CloudWatch Logs" => "logs".to_owned(),
        "DynamoDB Streams" => "dynamodb".to_owned(),
        "EventBridge" => "events".to_owned(),
        "Kinesis Analytics" | "Kinesis Analytics V2" => "kinesisanalytics".to_owned(),
        "Resource Groups Tagging API" => "tag".to_owned(),
        "API Gateway" | "ApiGatewayV2" => "apigateway".to_owned(),
        "SFN" => "states".to_owned(),
        service => service.to_lowercase(),
    };
    Some(format!("{prefix}:{name}"))
}

fn policy(sid: &str, effect: Effect) -> String {
    let actions: BTreeSet<String> = OPERATIONS.iter().filter(|row| row.effect == effect).filter_map(action).collect();
    let actions: Vec<String> = actions.iter().map(|action| format!("        \"{action}\"")).collect();
    format!(
        "```json\n{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\n      \"Sid\": \"{sid}\",\n      \
         \"Effect\": \"Allow\",\n      \"Action\": [\n{}\n      ],\n      \"Resource\": \"*\"\n    }}\n  ]\n}}\n```\n",
        actions.join(",\n")
    )
}

fn prices() -> String {
    let mut table = String::from("| service | operation | US dollars for a million calls |\n|---|---|---:|\n");
    for row in OPERATIONS {
        let changes = if row.effect == Effect::Changes { " (changes)" } else { "" };
        let unit = if row.unit == "call" { String::new() } else { format!(" a {}", row.unit) };
        let _ = writeln!(table, "| {} | {}{changes} | {}{unit} |", row.service, row.name, row.dollars_per_million);
    }
    table
}

#[test]
fn the_keys_are_those_of_the_table() {
    hold("keys", &keys());
}

#[test]
fn the_policy_allows_the_operations_that_look_and_no_other() {
    hold("policy", &policy("EdatopLooks", Effect::Reads));
}

#[test]
fn the_policy_of_the_desk_allows_what_changes_and_nothing_else() {
    hold("policy-redrive", &policy("EdatopRedrives", Effect::Changes));
}

#[test]
fn the_prices_are_those_of_the_table() {
    hold("prices", &prices());
}

#[test]
fn every_service_has_its_prefix_in_iam() {
    let known = [
        "apigateway",
        "cloudformation",
        "cloudwatch",
        "dynamodb",
        "events",
        "firehose",
        "kinesis",
        "kinesisanalytics",
        "lambda",
        "logs",
        "pipes",
        "s3",
        "scheduler",
        "sns",
        "sqs",
        "states",
        "tag",
    ];
    for action in OPERATIONS.iter().filter_map(action) {
        let prefix = action.split(':').next().unwrap_or_default();
        assert!(known.contains(&prefix), "look up in AWS's service authorization reference whether {action} exists");
    }
}

#[test]
fn the_configuration_is_valid_and_shows_the_defaults() {
    let readme = read(README);
    let example = part(&readme, "config").expect("the README shows a configuration file");
    let example = example.trim().trim_start_matches("```toml\n").trim_end_matches("```");
    let settings = file::parse(example, README).expect("the README's configuration parses");
    let default = File::default();
    assert_eq!(settings.refresh.paces(), default.refresh.paces());
    let shown = File { refresh: default.refresh, ..settings };
    assert_eq!(format!("{shown:?}"), format!("{default:?}"), "what is not commented out is the default");
    // `#key = …` shows a key that has no default; `# …` is a comment.
    let all: String = example
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line)))
        .collect();
    file::parse(&all, README).expect("the README's optional keys parse");
    for key in fields(&read("src/config/file.rs")) {
        assert!(
            all.lines().any(|line| {
                line.starts_with(&format!("{key} = ")) || line == format!("[{key}]") || line == format!("[[{key}]]")
            }),
            "{key} is not shown"
        );
    }
}

/// The public fields of a source, written as keys of the file.
fn fields(source: &str) -> Vec<String> {
    let declared = source.lines().filter_map(|line| line.strip_prefix("    pub ")?.split_once(": "));
    declared.filter(|(name, _)| !name.contains('(')).map(|(name, _)| name.replace('_', "-")).collect()
}

#[test]
fn every_kind_of_the_json_is_named() {
    let readme = read(README);
    for row in &KINDS {
        assert!(readme.contains(&format!("`{}`", row.key)), "{} is not in the README", row.key);
    }
}

#[test]
fn parts_are_found_and_a_missing_one_is_none() {
    assert_eq!(part("a\n<!-- b -->\nc\n<!-- /b -->\n", "b"), Some("c\n"));
    assert_eq!(part("a\n<!-- b -->\nc\n", "b"), None);
    assert_eq!(fields("    pub read_only: bool,\n    pub fn a(b: u8) {}\n"), ["read-only"]);
}
