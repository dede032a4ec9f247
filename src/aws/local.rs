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

/// Which program answers at this endpoint, by the health pages that each of them has.
pub async fn recognise(endpoint: &Endpoint) -> Recognised {
    if endpoint.is_https() {
        return Recognised::surely(Flavour::Unknown);
    }
    // Asked side by side: one that is silent costs one wait. MiniStack also answers LocalStack's page, so the order counts.
    let (embedded, ministack, localstack, moto) = tokio::join!(
        get(endpoint, "/_edatop/health"),
        get(endpoint, "/_ministack/health"),
        get(endpoint, "/_localstack/health"),
        get(endpoint, "/moto-api/config"),
    );
    by_pages([
        (embedded, |_| Some(Flavour::Embedded)),
        (ministack, |_| Some(Flavour::MiniStack)),
        (localstack, local_stack),
        (moto, |_| Some(Flavour::Moto)),
    ])
}

/// The first page that is there decides; surely so if none before it was too slow to tell.
fn by_pages(pages: [(Page, fn(&Value) -> Option<Flavour>); 4]) -> Recognised {
    let mut is_sure = true;
    for (page, flavour) in pages {
        match page {
            Page::Json(page) => {
                if let Some(flavour) = flavour(&page) {
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
        let [embedded, ministack, localstack, moto] = pages;
        let recognised = by_pages([
            (embedded, |_| Some(Flavour::Embedded)),
            (ministack, |_| Some(Flavour::MiniStack)),
            (localstack, local_stack),
            (moto, |_| Some(Flavour::Moto)),
        ]);
        assert_eq!((recognised.flavour.key(), recognised.is_sure), (key, is_sure));
    }
}
