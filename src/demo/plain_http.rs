//! Requests that are not AWS API calls: a POST to a deployed API, as its users send it, and the few words of IAM that one emulator
//! wants to hear. Plain HTTP to an emulator, bounded in time and size.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// An API may wait for a function that starts.
const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_BODY_BYTES: usize = 1 << 20;

/// One connection pool.
#[derive(Debug, Clone)]
pub struct PlainHttp(Client<HttpConnector, Full<Bytes>>);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Default for PlainHttp {
    fn default() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }
}

impl PlainHttp {
    /// # Errors
    /// In words: what kept an answer from coming.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: String) -> Result<Answer, String> {
        let request = headers.iter().fold(Request::post(url), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::from(body)).map_err(|error| error.to_string())?;
        let answering = async {
            let response = self.0.request(request).await.map_err(|error| error.to_string())?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), MAX_BODY_BYTES).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
        };
        tokio::time::timeout(TIMEOUT, answering).await.map_err(|_| "no answer in time".to_owned())?
    }
}
