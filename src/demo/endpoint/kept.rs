//! What winterbaume takes at creation and leaves out of its descriptions: where a delivery stream writes, what an application reads
//! and writes, how a mapping hands over its batches. Kept when the creation was accepted, put into each description.
//!
//! To keep another thing: a row in `asked` that says what of a creation belongs where, and one in `complete`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use winterbaume_core::{MockRequest, MockResponse};

use super::query::target_action;

/// Beyond this many, nothing more is kept: descriptions are then winterbaume's own.
const MAX_KEPT: usize = 10_000;

/// The members of a mapping that are left out.
const OF_MAPPINGS: [&str; 5] = [
    "FunctionResponseTypes",
    "TumblingWindowInSeconds",
    "MaximumBatchingWindowInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
];

/// By service and name or id: the members to put into a description.
#[derive(Default)]
pub(super) struct Kept(Mutex<BTreeMap<(String, String), Map<String, Value>>>);

impl Kept {
    /// Takes note of an accepted request, and puts what is known into an accepted answer.
    pub(super) fn pass(&self, service: &str, request: &MockRequest, response: &mut MockResponse) {
        if !matches!(service, "lambda" | "firehose" | "kinesisanalytics") {
            return;
        }
        let parse = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap_or_default();
        let (question, mut answer) = (parse(&request.body), parse(&response.body));
        if let Some((name, members)) = asked(service, request, &question, &answer) {
            let mut kept = self.lock();
            if kept.len() < MAX_KEPT {
                kept.entry((service.to_owned(), name)).or_default().extend(members);
            }
        }
        if self.complete(service, &mut answer) {
            response.body = answer.to_string().into();
        }
    }

    /// Whether there was anything to put in.
    fn complete(&self, service: &str, answer: &mut Value) -> bool {
        let kept = self.lock();
        let put = |into: &mut Value, name: &str| {
            let name = into.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            match (kept.get(&(service.to_owned(), name)), into.as_object_mut()) {
                (Some(members), Some(into)) => {
                    into.extend(members.clone());
                    true
                }
                _ => false,
            }
        };
        match service {
            "lambda" => match answer.get_mut("EventSourceMappings").and_then(Value::as_array_mut) {
                Some(all) => all.iter_mut().fold(false, |any, one| put(one, "UUID") || any),
                None => put(answer, "UUID"),
            },
            "firehose" => answer
                .get_mut("DeliveryStreamDescription")
                .is_some_and(|description| put(description, "DeliveryStreamName")),
            _ => answer.get_mut("ApplicationDetail").is_some_and(|detail| put(detail, "ApplicationName")),
        }
    }

    /// A panic elsewhere cannot leave this half-written in a way that matters: take it as it is.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, String), Map<String, Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request asks to keep, and of what.
fn asked(
    service: &str,
    request: &MockRequest,
    question: &Value,
    answer: &Value,
) -> Option<(String, Map<String, Value>)> {
    let name = |value: &Value| value.as_str().map(String::from);
    match service {
        "lambda" if matches!(request.method.as_str(), "POST" | "PUT") => {
            let members = OF_MAPPINGS.iter().filter_map(|member| {
                let value = question.get(*member).filter(|value| !value.is_null())?;
                Some(((*member).to_owned(), value.clone()))
            });
            Some((name(answer.get("UUID")?)?, members.collect()))
        }
        "firehose" if target_action(request) == "CreateDeliveryStream" => {
            Some((name(question.get("DeliveryStreamName")?)?, delivery_stream(question)))
        }
        "kinesisanalytics" if target_action(request) == "CreateApplication" => {
            Some((name(question.get("ApplicationName")?)?, application(question.get("ApplicationConfiguration")?)))
        }
        _ => None,
    }
}

fn delivery_stream(question: &Value) -> Map<String, Value> {
    let mut members = Map::new();
    if let Some(destination) = question.get("ExtendedS3DestinationConfiguration").and_then(Value::as_object) {
        let mut description = destination.clone();
        description.entry("CompressionFormat").or_insert(json!("UNCOMPRESSED"));
        description.entry("EncryptionConfiguration").or_insert(json!({ "NoEncryptionConfig": "NoEncryption" }));
        let all = json!([{ "DestinationId": "destinationId-1", "ExtendedS3DestinationDescription": description }]);
        members.insert("Destinations".into(), all);
    }
    if let Some(source) = question.get("KinesisStreamSourceConfiguration") {
        members.insert("Source".into(), json!({ "KinesisStreamSourceDescription": source }));
    }
    members
}

/// `Input` as it was asked for becomes `InputDescription`, and so on down.
fn application(asked: &Value) -> Map<String, Value> {
    let mut description = Map::new();
    let described = |asked: &Value, id: &str, ends: [&str; 2]| {
        let mut described = asked.as_object().cloned().unwrap_or_default();
        for end in ends {
            if let Some(value) = described.remove(end) {
                described.insert(format!("{end}Description"), value);
            }
        }
        described.insert(id.into(), json!("1.1"));
        Value::Object(described)
    };
    let each = |pointer: &str, id: &str, ends: [&str; 2]| {
        let all = asked.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        all.iter().map(|one| described(one, id, ends)).collect::<Vec<_>>()
    };
    if asked.get("SqlApplicationConfiguration").is_some() {
        let inputs = ["KinesisStreamsInput", "KinesisFirehoseInput"];
        let outputs = ["KinesisFirehoseOutput", "KinesisStreamsOutput"];
        let sql = json!({
            "InputDescriptions": each("/SqlApplicationConfiguration/Inputs", "InputId", inputs),
            "OutputDescriptions": each("/SqlApplicationConfiguration/Outputs", "OutputId", outputs),
        });
        description.insert("SqlApplicationConfigurationDescription".into(), sql);
    }
    if let Some(groups) = asked.pointer("/EnvironmentProperties/PropertyGroups") {
        let groups = json!({ "PropertyGroupDescriptions": groups });
        description.insert("EnvironmentPropertyDescriptions".into(), groups);
    }
    if let Some(code) = asked.get("ApplicationCodeConfiguration") {
        let text = code.pointer("/CodeContent/TextContent");
        let code = json!({
            "CodeContentType": code.get("CodeContentType"),
            "CodeContentDescription": { "TextContent": text },
        });
        description.insert("ApplicationCodeConfigurationDescription".into(), code);
    }
    Map::from_iter([("ApplicationConfigurationDescription".to_owned(), Value::Object(description))])
}
