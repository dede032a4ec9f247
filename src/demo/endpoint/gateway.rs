//! Requests to a deployed REST API, as its users send them: `/restapis/ID/STAGE/_user_request_/PATH`, the address that emulators
//! agree on. The method's integration is read back from the API's own description; those with a queue are carried out.

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockResponse};

use super::query::Parameters;
use super::{Adapter, completion::encode};

const REGION: &str = "us-east-1";

/// One request to an API.
pub(super) struct UserRequest<'a> {
    api: &'a str,
    stage: &'a str,
    path: &'a str,
    method: &'a str,
    body: &'a [u8],
}

impl<'a> UserRequest<'a> {
    /// `None` when the path is no API's.
    pub(super) fn of(method: &'a str, path: &'a str, body: &'a [u8]) -> Option<Self> {
        let (api, rest) = path.strip_prefix("/restapis/")?.split_once('/')?;
        let (stage, path) = rest.split_once("/_user_request_")?;
        Some(Self { api, stage, path, method, body })
    }
}

impl Adapter {
    pub(super) async fn user_request(&self, request: UserRequest<'_>) -> MockResponse {
        match self.integrate(&request).await {
            Some(response) => response,
            // What API Gateway says to a stage or a path that it does not know.
            None => MockResponse::rest_json(403, json!({ "message": "Missing Authentication Token" }).to_string()),
        }
    }

    async fn integrate(&self, request: &UserRequest<'_>) -> Option<MockResponse> {
        let api = format!("restapis/{}", request.api);
        self.described(&format!("{api}/stages/{}", request.stage)).await?;
        let resources = self.described(&format!("{api}/resources")).await?;
        let is_asked = |resource: &&Value| resource.get("path").and_then(Value::as_str) == Some(request.path);
        let resource = resources.get("item")?.as_array()?.iter().find(is_asked)?.get("id")?.as_str()?;
        let method = format!("{api}/resources/{resource}/methods/{}", request.method);
        let integration = self.described(&format!("{method}/integration")).await?;
        let queue = integration.get("uri")?.as_str()?.split_once(":sqs:path/")?.1;
        let template = integration.pointer("/requestTemplates/application~1json")?.as_str()?;
        let sent = self.send(queue, message(template, request.body)).await;
        Some(if sent.status == 200 {
            MockResponse::rest_json(200, String::from_utf8_lossy(&sent.body).into_owned())
        } else {
            MockResponse::rest_json(500, json!({ "message": "Internal server error" }).to_string())
        })
    }

    /// `queue` is `ACCOUNT/NAME`.
    async fn send(&self, queue: &str, message: String) -> MockResponse {
        let body = json!({ "QueueUrl": format!("https://sqs.{REGION}.amazonaws.com/{queue}"), "MessageBody": message });
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", HeaderValue::from_static("AmazonSQS.SendMessage"));
        headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
        let uri = format!("https://sqs.{REGION}.amazonaws.com/");
        self.route("sqs", MockRequest { method: "POST".into(), uri, headers, body: Bytes::from(body.to_string()) })
            .await
    }

    /// What the API's own service says of it.
    pub(super) async fn described(&self, path: &str) -> Option<Value> {
        let uri = format!("https://apigateway.{REGION}.amazonaws.com/{path}");
        let request = MockRequest { method: "GET".into(), uri, headers: HeaderMap::new(), body: Bytes::new() };
        let response = self.services.get("apigateway")?.handle(request).await;
        (response.status == 200).then(|| serde_json::from_slice(&response.body).ok())?
    }

    /// Puts methods and integrations into a listing of resources that asked for them (`embed=methods`).
    pub(super) async fn embed_methods(&self, request: &MockRequest, response: &mut MockResponse) {
        const VERBS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
        let Some((address, query)) = request.uri.split_once('?') else { return };
        let Some((_, path)) = address.split_once(".com/").filter(|_| query.contains("embed=methods")) else { return };
        let Ok(mut answer) = serde_json::from_slice::<Value>(&response.body) else { return };
        let Some(resources) = answer.get_mut("item").and_then(Value::as_array_mut) else { return };
        for resource in resources {
            let id = resource.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let mut methods = serde_json::Map::new();
            for verb in VERBS {
                let path = format!("{path}/{id}/methods/{verb}");
                let Some(mut method) = self.described(&path).await else { continue };
                if let Some(integration) = self.described(&format!("{path}/integration")).await {
                    method["methodIntegration"] = integration;
                }
                methods.insert(verb.to_owned(), method);
            }
            if !methods.is_empty() {
                resource["resourceMethods"] = Value::Object(methods);
            }
        }
        response.body = answer.to_string().into();
    }
}

/// The message in SQS's own request, which the template makes of the body. Of the template language, only the body is known.
fn message(template: &str, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let filled = template.replace("$util.urlEncode($input.body)", &encode(&body)).replace("$input.body", &body);
    let request =
        MockRequest { method: String::new(), uri: String::new(), headers: HeaderMap::new(), body: filled.into() };
    Parameters::of(&request).get("MessageBody").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Action=SendMessage&MessageBody=$util.urlEncode($input.body)", r#"{"a": "x&y=ü+"}"#)]
    #[case("Action=SendMessage&MessageBody=$input.body", r#"{"a":1}"#)]
    fn a_body_becomes_the_message(#[case] template: &str, #[case] body: &str) {
        assert_eq!(message(template, body.as_bytes()), body);
    }

    #[test]
    fn an_address_names_api_stage_and_path() {
        let of = |path| UserRequest::of("POST", path, b"").map(|one| (one.api, one.stage, one.path));
        assert_eq!(of("/restapis/x1/prod/_user_request_/orders/7"), Some(("x1", "prod", "/orders/7")));
        assert_eq!(of("/restapis/x1/resources"), None);
        assert_eq!(of("/bucket/_user_request_"), None);
    }
}
