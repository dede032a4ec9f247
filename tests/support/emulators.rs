//! Emulators that run already, named in `EDATOP_TEST_ENDPOINTS` as `name=url,name=url`.

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

const VARIABLE: &str = "EDATOP_TEST_ENDPOINTS";

/// Names and URLs. A test that calls this is asked for by name, so that nothing named is a failure too.
pub fn named() -> Vec<(String, String)> {
    let all = std::env::var(VARIABLE).unwrap_or_default();
    let named = parse(&all).unwrap_or_else(|part| panic!("{VARIABLE}: '{part}' is not name=url"));
    assert!(!named.is_empty(), "{VARIABLE} names no emulator; write localstack=http://127.0.0.1:4566,ministack=…");
    named
}

/// The named ones on which functions run and messages are delivered: moto keeps what it is told and does little with it.
pub fn that_deliver() -> Vec<(String, String)> {
    let (deliver, others): (Vec<_>, Vec<_>) = named().into_iter().partition(|(name, _)| name != "moto");
    for (name, _) in others {
        eprintln!("{name}: left out, nothing flows there");
    }
    deliver
}

fn parse(text: &str) -> Result<Vec<(String, String)>, &str> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let named = |part| match str::split_once(part, '=') {
        Some((name, url)) if url.starts_with("http") => Ok((name.to_owned(), url.trim_end_matches('/').to_owned())),
        _ => Err(part),
    };
    parts.map(named).collect()
}

/// moto wants docker to run a function. That is taken away: then it takes messages off a mapping's queue and runs nothing, whatever is
/// installed here.
pub async fn make_moto_run_nothing(url: &str) {
    let config = r#"{"lambda": {"use_docker": false}}"#.to_owned();
    assert!([200, 201].contains(&post(&format!("{url}/moto-api/config"), "iam", config).await));
}

async fn post(url: &str, service: &str, body: String) -> u16 {
    let scope = format!("test/20261121/us-east-1/{service}/aws4_request");
    let request = Request::post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"));
    let client = Client::builder(TokioExecutor::new()).build_http();
    client.request(request.body(Full::<Bytes>::from(body)).unwrap()).await.unwrap().status().as_u16()
}

/// All messages of a queue on LocalStack, by its page for developers, which changes nothing.
pub async fn messages_of(url: &str, queue_url: &str) -> Vec<serde_json::Value> {
    let page = format!("{url}/_aws/sqs/messages?QueueUrl={queue_url}&ShowInvisible=true&ShowDelayed=true");
    let request = Request::get(page).header("accept", "application/json").body(Full::<Bytes>::default()).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let body = client.request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let messages = &page["ReceiveMessageResponse"]["ReceiveMessageResult"]["Message"];
    // One alone is not in a list.
    messages.as_array().cloned().unwrap_or_else(|| if messages.is_null() { Vec::new() } else { vec![messages.clone()] })
}
