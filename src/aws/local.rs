//! The pages that emulators serve beside AWS's API: which one it is, and LocalStack's free look into a queue.
//!
//! Plain HTTP GETs with a short timeout to the user's own endpoint, never to AWS.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

use super::{Endpoint, Flavour};

const TIMEOUT: Duration = Duration::from_secs(2);
const MOST_BYTES: usize = 16 << 20;

/// Which program answers at this endpoint, by the health pages that each of them has.
pub async fn recognise(endpoint: &Endpoint) -> Flavour {
    if endpoint.is_https() {
        return Flavour::Unknown;
    }
    if get_json(endpoint, "/_edatop/health").await.is_some() {
        return Flavour::Embedded;
    }
    if get_json(endpoint, "/_ministack/health").await.is_some() {
        return Flavour::MiniStack;
    }
    if let Some(health) = get_json(endpoint, "/_localstack/health").await
        && health.get("services").is_some()
    {
        let version = health.get("version").and_then(Value::as_str).unwrap_or_default().to_owned();
        return Flavour::LocalStack { version };
    }
    // Not its data page: that one fails as soon as the data holds what JSON does not.
    if get_json(endpoint, "/moto-api/config").await.is_some() {
        return Flavour::Moto;
    }
    Flavour::Unknown
}

/// A JSON page, or nothing if it is not there, is not JSON, is too large or too slow.
pub async fn get_json(endpoint: &Endpoint, path: &str) -> Option<Value> {
    let uri = format!("{}{path}", endpoint.url()).parse().ok()?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut request = hyper::Request::new(Empty::new());
    *request.uri_mut() = uri;
    request.headers_mut().insert("accept", hyper::header::HeaderValue::from_static("application/json"));
    let fetch = async {
        let response = client.request(request).await.ok().filter(|response| response.status().is_success())?;
        let body = Limited::new(response.into_body(), MOST_BYTES).collect().await.ok()?.to_bytes();
        serde_json::from_slice(&body).ok()
    };
    tokio::time::timeout(TIMEOUT, fetch).await.ok().flatten()
}
