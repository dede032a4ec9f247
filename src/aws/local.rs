//! The pages that emulators serve beside AWS's API: which one it is, and LocalStack's free look into a queue.
//!
//! Plain HTTP GETs with a short timeout to the user's own endpoint, never to AWS.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Empty, Full, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

use super::{Endpoint, Flavour};

const TIMEOUT: Duration = Duration::from_secs(2);
const MOST_BYTES: usize = 16 << 20;

/// What the health pages say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    pub flavour: Flavour,
    /// False when a page that would have decided was too slow: then this is a guess.
    pub is_sure: bool,
}

impl Recognised {
    fn surely(flavour: Flavour) -> Self {
        Self { flavour, is_sure: true }
    }
}

/// What came of asking for a page.
#[derive(Debug, Clone, PartialEq)]
enum Page {
    Json(Value),
    /// There is no such page, or nobody to ask.
    Absent,
    Slow,
}

/// Whose page it is, if it is what it should be.
type Whose = fn(&Value) -> Option<Flavour>;

/// The health pages that each program has. MiniStack also answers LocalStack's, so the order counts.
const PAGES: [(&str, Whose); 4] = [
    ("/_edatop/health", |_| Some(Flavour::Embedded)),
    ("/_ministack/health", |_| Some(Flavour::MiniStack)),
    ("/_localstack/health", local_stack),
    ("/moto-api/config", |_| Some(Flavour::Moto)),
];

/// Which program answers at this endpoint, by its health page.
pub async fn recognise(endpoint: &Endpoint) -> Recognised {
    if endpoint.is_https() {
        return Recognised::surely(Flavour::Unknown);
    }
    // Asked side by side: one that is silent costs one wait.
    by_pages(join_all(PAGES.iter().map(|(path, _)| get(endpoint, path))).await)
}

/// The first page that is there decides; surely so if none before it was too slow to tell.
fn by_pages(pages: impl IntoIterator<Item = Page>) -> Recognised {
    let mut is_sure = true;
    for (page, (_, whose)) in pages.into_iter().zip(PAGES) {
        match page {
            Page::Json(page) => {
                if let Some(flavour) = whose(&page) {
                    return Recognised { flavour, is_sure };
                }
            }
            Page::Absent => {}
            Page::Slow => is_sure = false,
        }
    }
    Recognised { flavour: Flavour::Unknown, is_sure }
}

fn local_stack(health: &Value) -> Option<Flavour> {
    health.get("services")?;
    let version = health.get("version").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Flavour::LocalStack { version })
}

/// A JSON page, or nothing if it is not there, is not JSON, is too large or too slow.
pub async fn get_json(endpoint: &Endpoint, path: &str) -> Option<Value> {
    match get(endpoint, path).await {
        Page::Json(page) => Some(page),
        Page::Absent | Page::Slow => None,
    }
}

/// What an emulator's own page answers to a call in AWS's JSON protocol, as it came. Nothing if it is not there, too large or too slow.
///
/// Where a page speaks this protocol it gives texts as they are; as XML, and as JSON made from XML, it trims them.
pub async fn post_aws_json(endpoint: &Endpoint, call: PageCall<'_>) -> Option<Bytes> {
    tokio::time::timeout(call.within, post(endpoint, &call)).await.ok()?
}

/// One call to an emulator's page.
#[derive(Debug, Clone)]
pub struct PageCall<'a> {
    pub path: &'a str,
    /// `AmazonSQS.ReceiveMessage`
    pub target: &'static str,
    pub body: Value,
    pub most_bytes: usize,
    pub within: Duration,
}

async fn post(endpoint: &Endpoint, call: &PageCall<'_>) -> Option<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = hyper::Request::post(format!("{}{}", endpoint.url(), call.path))
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", call.target)
        .body(Full::from(call.body.to_string()));
    let response = client.request(request.ok()?).await.ok().filter(|response| response.status().is_success())?;
    Some(Limited::new(response.into_body(), call.most_bytes).collect().await.ok()?.to_bytes())
}

async fn get(endpoint: &Endpoint, path: &str) -> Page {
    match tokio::time::timeout(TIMEOUT, fetch(endpoint, path)).await {
        Ok(Some(page)) => Page::Json(page),
        Ok(None) => Page::Absent,
        Err(_) => Page::Slow,
    }
}

async fn fetch(endpoint: &Endpoint, path: &str) -> Option<Value> {
    let uri = format!("{}{path}", endpoint.url()).parse().ok()?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut request = hyper::Request::new(Empty::new());
    *request.uri_mut() = uri;
    request.headers_mut().insert("accept", hyper::header::HeaderValue::from_static("application/json"));
    let response = client.request(request).await.ok().filter(|response| response.status().is_success())?;
    let body = Limited::new(response.into_body(), MOST_BYTES).collect().await.ok()?.to_bytes();
    serde_json::from_slice(&body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn there() -> Page {
        Page::Json(json!({ "services": {}, "version": "4.0" }))
    }

    #[rstest]
    #[case([Page::Absent, Page::Absent, there(), Page::Absent], "localstack", true)]
    #[case([Page::Absent, there(), there(), Page::Absent], "ministack", true)]
    #[case([Page::Absent, Page::Slow, there(), Page::Absent], "localstack", false)]
    #[case([Page::Absent, Page::Absent, there(), Page::Slow], "localstack", true)]
    #[case([Page::Absent, Page::Absent, Page::Json(json!({})), Page::Absent], "unknown", true)]
    #[case([Page::Absent, Page::Absent, Page::Slow, Page::Absent], "unknown", false)]
    #[case([Page::Absent, Page::Absent, Page::Absent, there()], "moto", true)]
    fn the_first_page_decides(#[case] pages: [Page; 4], #[case] key: &str, #[case] is_sure: bool) {
        let recognised = by_pages(pages);
        assert_eq!((recognised.flavour.key(), recognised.is_sure), (key, is_sure));
    }
}
