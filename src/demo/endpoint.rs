//! An AWS-compatible endpoint inside the process: one loopback HTTP/1 port in front of the winterbaume services.
//!
//! A thin adapter, not an emulator: it finds the service a request is for, hands it over, and gives the answer back. What
//! winterbaume leaves undone *within* a service is put right in `completion` and `kept` (what was given at creation), `queues` and
//! `memory` (what SQS does with and knows about a message), `shards` (what a Kinesis stream keeps), `gateway` (what an API does with a request); what AWS does *between* services is `fabric`'s work, which learns of publishes
//! through the [`tap`]. Never answer here with something no service knows.
//!
//! To add a service: one row in `services`.

mod completion;
mod gateway;
mod kept;
mod memory;
mod query;
mod queues;
mod shards;
pub mod tap;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use winterbaume_core::{MockRequest, MockResponse, MockService, auth};

use self::gateway::UserRequest;
use self::kept::Kept;
use self::memory::SqsMemory;
use self::queues::Queues;
use self::shards::Shards;
use self::tap::Accepted;
use super::tasks::{Finished, Tasks};

/// Where a client can ask whether this is the embedded endpoint, and which services it has.
pub const HEALTH_PATH: &str = "/_edatop/health";

/// The largest request body. Ample for S3 objects of a demo; a bound, so that no client can fill the memory at once.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// How many accepted publishes may wait for the fabric. A full channel makes publishers wait.
const TAP_CAPACITY: usize = 256;

/// How long open connections get to finish their request when the endpoint stops.
const DRAIN: Duration = Duration::from_secs(1);

type Services = BTreeMap<&'static str, Arc<dyn MockService>>;

/// A running endpoint. It stops when dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    stop: CancellationToken,
    connections: Finished,
}

impl Endpoint {
    /// Serves on a free loopback port, with nothing deployed and nobody delivering between services.
    ///
    /// # Errors
    /// When no loopback port can be opened.
    pub async fn start() -> std::io::Result<Self> {
        Self::serve(None).await
    }

    /// As [`Endpoint::start`]; every publish a service accepted also arrives at the receiver.
    ///
    /// # Errors
    /// When no loopback port can be opened.
    pub async fn start_tapped() -> std::io::Result<(Self, mpsc::Receiver<Accepted>)> {
        let (sender, receiver) = mpsc::channel(TAP_CAPACITY);
        Ok((Self::serve(Some(sender)).await?, receiver))
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops taking connections and waits a moment for the requests under way.
    pub async fn shut_down(&mut self) {
        self.stop.cancel();
        // A connection that outlives the wait ends with the runtime; there is nothing to save in memory.
        let _ = tokio::time::timeout(DRAIN, self.connections.wait()).await;
    }

    async fn serve(tap: Option<mpsc::Sender<Accepted>>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let (tasks, connections) = Tasks::new();
        let memory = Arc::new(SqsMemory::default());
        let services = services(memory.clone());
        let url = format!("http://{address}");
        let adapter =
            Arc::new(Adapter { services, memory, kept: Kept::default(), shards: Shards::default(), url, tap });
        tasks.spawn(accept(listener, adapter, stop.clone(), tasks.clone()));
        Ok(Self { address, stop, connections })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Every service by its name in the SigV4 credential scope.
fn services(memory: Arc<SqsMemory>) -> Services {
    let tables: Arc<dyn winterbaume_dynamodb::DynamoDbBackend> =
        Arc::new(winterbaume_dynamodb::InMemoryDynamoDbBackend::new());
    let streams = winterbaume_dynamodbstreams::DynamoDbStreamsService::with_dynamodb_backend(tables.clone());
    let mut services: Services = BTreeMap::new();
    services.insert("apigateway", Arc::new(winterbaume_apigateway::ApiGatewayService::new()));
    services.insert("dynamodb", Arc::new(winterbaume_dynamodb::DynamoDbService::with_backend(tables)));
    services.insert("streams.dynamodb", Arc::new(streams));
    services.insert("events", Arc::new(winterbaume_eventbridge::EventBridgeService::new()));
    services.insert("firehose", Arc::new(winterbaume_firehose::FirehoseService::new()));
    services.insert("kinesis", Arc::new(winterbaume_kinesis::KinesisService::new()));
    let analytics = winterbaume_kinesisanalyticsv2::KinesisAnalyticsV2Service::new();
    services.insert("kinesisanalytics", Arc::new(analytics));
    services.insert("lambda", Arc::new(winterbaume_lambda::LambdaService::new()));
    services.insert("logs", Arc::new(winterbaume_cloudwatchlogs::CloudWatchLogsService::new()));
    services.insert("s3", Arc::new(winterbaume_s3::S3Service::new()));
    services.insert("sns", Arc::new(winterbaume_sns::SnsService::new()));
    services.insert("sqs", Arc::new(winterbaume_sqs::SqsService::with_backend(Arc::new(Queues::new(memory)))));
    services.insert("sts", Arc::new(winterbaume_sts::StsService::new()));
    services
}

async fn accept(listener: TcpListener, adapter: Arc<Adapter>, stop: CancellationToken, connections: Tasks) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, adapter.clone(), stop.clone())); }
                // Out of file descriptors, most likely: waiting is better than spinning.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

async fn connection(stream: TcpStream, adapter: Arc<Adapter>, stop: CancellationToken) {
    let service = service_fn(move |request| {
        let adapter = adapter.clone();
        async move { Ok::<_, Infallible>(adapter.answer(request).await) }
    });
    let mut connection = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A client that went away is its own business.
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

struct Adapter {
    services: Services,
    memory: Arc<SqsMemory>,
    kept: Kept,
    shards: Shards,
    url: String,
    tap: Option<mpsc::Sender<Accepted>>,
}

impl Adapter {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.uri().path() == HEALTH_PATH {
            return into_response(self.health());
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
            let code = "RequestEntityTooLarge";
            return into_response(refusal(413, code, "the request body is larger than the embedded endpoint takes"));
        };
        let body = body.to_bytes();
        if let Some(request) = UserRequest::of(parts.method.as_str(), parts.uri.path(), &body) {
            return into_response(self.user_request(request).await);
        }
        let (service, region) = destination(&parts.headers, parts.uri.path());
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        // winterbaume reads the region out of the host, so it gets one of AWS's shape.
        let uri = format!("https://{service}.{region}.amazonaws.com{target}");
        let request = MockRequest { method: parts.method.to_string(), uri, headers: parts.headers, body };
        into_response(self.route(&service, request).await)
    }

    async fn route(&self, name: &str, mut request: MockRequest) -> MockResponse {
        let Some(service) = self.services.get(name) else {
            let message = format!("the embedded endpoint has no service '{name}'; see {}{HEALTH_PATH}", self.url);
            return refusal(501, "NotImplemented", &message);
        };
        if name == "events" {
            completion::without_bus(&mut request);
        }
        let place = if name == "kinesis" { Shards::place(&mut request) } else { None };
        let mut response = service.handle(request.clone()).await;
        if (200..300).contains(&response.status) {
            completion::complete(service.as_ref(), &request, &response).await;
            self.kept.pass(name, &request, &mut response);
            if name == "kinesis" {
                self.shards.pass(&request, place, &mut response);
            }
            self.put_right(name, &request, &mut response).await;
            if let Some(tap) = &self.tap {
                for accepted in tap::accepted(name, &request, &response) {
                    // The fabric has gone: the endpoint is about to.
                    let _ = tap.send(accepted).await;
                }
            }
        }
        response
    }

    /// Answers that AWS gives otherwise.
    async fn put_right(&self, name: &str, request: &MockRequest, response: &mut MockResponse) {
        match name {
            "apigateway" => self.embed_methods(request, response).await,
            "events" => {
                completion::narrow(request, response);
                completion::with_bus(request, response);
            }
            "sns" => completion::unconfirmed(request, response),
            "sqs" => {
                self.memory.recall(request, response);
                localise_queue_urls(request, response, &self.url);
            }
            _ => {}
        }
    }

    fn health(&self) -> MockResponse {
        let services: Vec<&str> = self.services.keys().copied().collect();
        let body = serde_json::json!({ "edition": "edatop-embedded", "services": services });
        MockResponse::rest_json(200, body.to_string())
    }
}

/// Service and region of a request, from its signature. Unsigned requests are S3's, as in AWS.
fn destination(headers: &hyper::HeaderMap, path: &str) -> (String, String) {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let service = match auth::extract_service_from_headers(headers) {
        // The streams API signs as `dynamodb`.
        Some(_) if target.starts_with("DynamoDBStreams") => "streams.dynamodb".into(),
        // The first API signs as the second, which is the only one here.
        Some(_) if target.starts_with("KinesisAnalytics_20150814") => "kinesisanalytics.v1".into(),
        // HTTP APIs sign as REST APIs, and only those are here.
        Some(service) if service == "apigateway" && path.starts_with("/v2/") => "apigatewayv2".into(),
        Some(service) => service,
        None => "s3".into(),
    };
    let region = auth::extract_region_from_headers(headers).unwrap_or_else(|| "us-east-1".into());
    (service, region)
}

/// Queue URLs lead back to this endpoint, so that a client that uses them as addresses stays here.
fn localise_queue_urls(request: &MockRequest, response: &mut MockResponse, url: &str) {
    const ANSWER_WITH_URLS: [&str; 4] = ["CreateQueue", "GetQueueUrl", "ListQueues", "ListDeadLetterSourceQueues"];
    let action = query::target_action(request);
    if !ANSWER_WITH_URLS.contains(&action) {
        return;
    }
    let region = auth::extract_region_from_uri(&request.uri);
    if let Ok(text) = std::str::from_utf8(&response.body) {
        let local = text.replace(&format!("https://sqs.{region}.amazonaws.com/"), &format!("{url}/"));
        response.body = local.into();
    }
}

/// An error that every SDK can read, whichever protocol its service speaks: the code is in the header as well.
fn refusal(status: u16, code: &'static str, message: &str) -> MockResponse {
    let body = serde_json::json!({ "__type": code, "message": message });
    let mut response = MockResponse::json(status, body.to_string());
    response.headers.insert("x-amzn-errortype", hyper::header::HeaderValue::from_static(code));
    response
}

fn into_response(answer: MockResponse) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

#[cfg(test)]
mod tests;
