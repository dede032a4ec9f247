//! Answers that are good but for a field that AWS always gives and an emulator leaves out.
//!
//! The SDK reads such an answer as garbage, and a delivery stream with its bucket, prefix and buffer would be unknown for the want of
//! a compression format. What is missing is filled in as *empty*, never with a likely value, and the answer is read once more; if
//! that fails too, it was garbage. An answer that the SDK can read is not touched. To add one: a row in [`REQUIRED`].

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::FinalizerInterceptorContextMut},
        orchestrator::{HttpResponse, Metadata},
        runtime_components::RuntimeComponents,
        ser_de::{DeserializeResponse, SharedResponseDeserializer},
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use serde_json::{Map, Value};

/// What the SDK asks for in an object: by service, the object's name, and the field.
const REQUIRED: &[(&str, &str, &str)] = &[
    ("Firehose", "S3DestinationDescription", "CompressionFormat"),
    ("Firehose", "S3BackupDescription", "CompressionFormat"),
    ("Firehose", "ExtendedS3DestinationDescription", "CompressionFormat"),
    ("Kinesis Analytics", "ApplicationDetail", "ApplicationName"),
    ("Kinesis Analytics V2", "ApplicationDetail", "ApplicationName"),
];

/// Fills in what is missing. Shared by all clients; it acts for the services of its table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mend;

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Mend {
    fn name(&self) -> &'static str {
        "edatop-mend"
    }

    // Before the attempt is judged: what could be mended is neither tried again nor counted as an error.
    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let failed = matches!(context.output_or_error(), Some(Err(_)));
        let (true, Some(call), Some(reader)) =
            (failed, cfg.load::<Metadata>(), cfg.load::<SharedResponseDeserializer>())
        else {
            return Ok(());
        };
        let mended = context.response().and_then(|response| mended_response(call.service(), response));
        let read = mended.map(|response| reader.deserialize_nonstreaming_with_config(&response, cfg));
        if let (Some(Ok(output)), Some(result)) = (read, context.inner_mut().output_or_error_mut()) {
            *result = Ok(output);
        }
        Ok(())
    }
}

/// The same answer with the missing fields; `None` where there is nothing to mend.
fn mended_response(service: &str, response: &HttpResponse) -> Option<HttpResponse> {
    if !response.status().is_success() || REQUIRED.iter().all(|(of, ..)| *of != service) {
        return None;
    }
    let mut body: Value = serde_json::from_slice(response.body().bytes()?).ok()?;
    mend(service, &mut body).then(|| HttpResponse::new(response.status(), SdkBody::from(body.to_string())))
}

/// Whether anything was mended. Nesting is bounded by what the JSON reader lets through.
fn mend(service: &str, value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let mut mended = drop_written_times(fields);
            for (name, field) in fields.iter_mut() {
                if let Value::Object(object) = field {
                    mended |= fill(service, name, object);
                }
                mended |= mend(service, field);
            }
            mended
        }
        Value::Array(items) => {
            let mut mended = false;
            for item in items {
                mended |= mend(service, item);
            }
            mended
        }
        _ => false,
    }
}

fn fill(service: &str, name: &str, object: &mut Map<String, Value>) -> bool {
    let before = object.len();
    for (_, _, field) in REQUIRED.iter().filter(|(of, within, _)| *of == service && *within == name) {
        object.entry(*field).or_insert_with(|| Value::String(String::new()));
    }
    object.len() > before
}

/// These services give instants as numbers. One that is written out cannot be read, and none of them is worth all the rest.
fn drop_written_times(fields: &mut Map<String, Value>) -> bool {
    let before = fields.len();
    fields.retain(|name, field| !(name.ends_with("Timestamp") && field.is_string()));
    fields.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::http::StatusCode;
    use rstest::rstest;

    #[rstest]
    #[case(
        "Firehose",
        r#"{"D":{"Destinations":[{"ExtendedS3DestinationDescription":{"BucketARN":"b"}}]}}"#,
        Some(
            r#"{"D":{"Destinations":[{"ExtendedS3DestinationDescription":{"BucketARN":"b","CompressionFormat":""}}]}}"#
        )
    )]
    #[case(
        "Kinesis Analytics V2",
        r#"{"ApplicationDetail":{"ApplicationName":"a","CreateTimestamp":"2026-11-21 11:48:38"}}"#,
        Some(r#"{"ApplicationDetail":{"ApplicationName":"a"}}"#)
    )]
    // Nothing to mend, another service's, and no JSON.
    #[case("Firehose", r#"{"S3DestinationDescription":{"CompressionFormat":"GZIP","CreateTimestamp":1.5}}"#, None)]
    #[case("SQS", r#"{"S3DestinationDescription":{}}"#, None)]
    #[case("Firehose", "<html>", None)]
    fn fills_in_what_is_missing_and_nothing_else(
        #[case] service: &str,
        #[case] body: &'static str,
        #[case] expected: Option<&str>,
    ) {
        let response = HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::from(body));
        let mended = mended_response(service, &response);
        let parsed = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
        let body = mended.as_ref().map(|response| parsed(response.body().bytes().unwrap()));
        assert_eq!(body, expected.map(|text| parsed(text.as_bytes())));
    }

    #[test]
    fn an_error_stays_one() {
        let body = r#"{"S3DestinationDescription":{}}"#;
        let response = HttpResponse::new(StatusCode::try_from(400).unwrap(), SdkBody::from(body));
        assert!(mended_response("Firehose", &response).is_none());
    }
}
