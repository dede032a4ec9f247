//! A proxy in front of an endpoint, to make it fail as real ones do: gone and back, refusing, throttling, silent, talking nonsense.
//!
//! It counts what passes, also what it answers itself. It changes nothing that it lets through. A fault holds until it is mended
//! ([`Proxy::fail`]), or comes by chance ([`Proxy::chance`]).

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, body::Bytes, body::Incoming, header::HeaderMap, server::conn::http1, service::service_fn,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::scripts::Protocol;

/// What to answer in place of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 403, in the words of the service's protocol.
    Denied,
    /// 429 `ThrottlingException`.
    Throttled,
    /// Nothing, with the connection open.
    Silent,
    /// 200 with a web page, as a captive portal answers.
    WebPage,
    /// 200 with bytes that no protocol has.
    Garbage,
    /// The connection ends; the endpoint has heard nothing.
    Cut,
    /// The connection ends after the endpoint has done what was asked of it.
    AnswerLost,
    /// So much later.
    Slow(Duration),
}

/// What befalls calls by chance.
struct Chance {
    service: &'static str,
    rng: Rng,
    faults: Vec<(f64, Fault)>,
}

impl Chance {
    fn draw(&mut self, service: &str) -> Option<Fault> {
        if self.service != service {
            return None;
        }
        let mut lot = self.rng.f64();
        let struck = self.faults.iter().find(|(share, _)| {
            lot -= share;
            lot < 0.0
        });
        struck.map(|(_, fault)| *fault)
    }
}

/// The proxy, on a port of its own until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: Option<JoinSet<()>>,
}

struct Shared {
    target: String,
    client: Client<HttpConnector, Full<Bytes>>,
    /// By the service's name in the signature, or `service:Operation`; `*` is all of them.
    faults: Mutex<BTreeMap<&'static str, Fault>>,
    chance: Mutex<Option<Chance>>,
    counts: Mutex<BTreeMap<(String, String), usize>>,
}

/// All services.
pub const ALL: &str = "*";

impl Proxy {
    pub async fn start(target: &str) -> Self {
        let shared = Shared {
            target: target.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            faults: Mutex::default(),
            chance: Mutex::default(),
            counts: Mutex::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(shared);
        let serving = Some(serve(listener, shared.clone()));
        Self { address, shared, serving }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends every connection and refuses new ones.
    pub async fn cut(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.shutdown().await;
        }
    }

    /// Is there again, on the same port.
    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = Some(serve(listener, self.shared.clone()));
    }

    /// From now on one service, one `service:Operation`, or [`ALL`] answers so.
    pub fn fail(&self, what: &'static str, fault: Fault) {
        self.shared.faults.lock().unwrap().insert(what, fault);
    }

    /// From now on calls of a service go wrong by chance, each fault with its share of all of them.
    pub fn chance(&self, service: &'static str, seed: u64, faults: Vec<(f64, Fault)>) {
        *self.shared.chance.lock().unwrap() = Some(Chance { service, rng: Rng::with_seed(seed), faults });
    }

    pub fn mend(&self) {
        self.shared.faults.lock().unwrap().clear();
        *self.shared.chance.lock().unwrap() = None;
    }

    /// Requests so far, by service and operation. Where a protocol has no operation it is the method and the path.
    pub fn counts(&self) -> BTreeMap<(String, String), usize> {
        self.shared.counts.lock().unwrap().clone()
    }

    pub fn total(&self) -> usize {
        self.counts().values().sum()
    }

    pub fn of_service(&self, service: &str) -> usize {
        self.counts().iter().filter(|((name, _), _)| name == service).map(|(_, count)| count).sum()
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) -> JoinSet<()> {
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Ok((stream, _)) = listener.accept() => drop(connections.spawn(connection(stream, shared.clone()))),
                Some(_) = connections.join_next() => {}
            }
        }
    });
    serving
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { shared.answer(request).await }
    });
    // A client that went away is its own business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let Some(service) = signed_for(&parts.headers) else {
            // Pages beside the API, such as the one that says what the endpoint is.
            return Ok(self.pass_on(parts, body).await);
        };
        let operation = operation(&parts, &body);
        let one = format!("{service}:{operation}");
        *self.counts.lock().unwrap().entry((service.clone(), operation)).or_default() += 1;
        let fault = {
            let faults = self.faults.lock().unwrap();
            [one.as_str(), service.as_str(), ALL].iter().find_map(|key| faults.get(*key).copied())
        };
        let by_chance = || self.chance.lock().unwrap().as_mut().and_then(|chance| chance.draw(&service));
        let ends = || Err(io::Error::from(io::ErrorKind::ConnectionAborted));
        match fault.or_else(by_chance) {
            // An error here ends the connection.
            Some(Fault::Cut) => ends(),
            Some(Fault::AnswerLost) => {
                self.pass_on(parts, body).await;
                ends()
            }
            Some(Fault::Slow(how_long)) => {
                tokio::time::sleep(how_long).await;
                Ok(self.pass_on(parts, body).await)
            }
            Some(fault) => Ok(fail(fault, protocol(&service)).await),
            None => Ok(self.pass_on(parts, body).await),
        }
    }

    async fn pass_on(&self, mut parts: hyper::http::request::Parts, body: Bytes) -> Response<Full<Bytes>> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("{}{path}", self.target).parse().unwrap();
        let answer = self.client.request(Request::from_parts(parts, Full::new(body))).await;
        let Ok((head, body)) = answer.map(Response::into_parts) else { return bad_gateway() };
        body.collect()
            .await
            .map_or_else(|_| bad_gateway(), |body| Response::from_parts(head, Full::new(body.to_bytes())))
    }
}

/// What the proxy says when the endpoint itself has gone.
fn bad_gateway() -> Response<Full<Bytes>> {
    Response::builder().status(502).body(Full::default()).unwrap()
}

async fn fail(fault: Fault, protocol: Protocol) -> Response<Full<Bytes>> {
    let (status, kind, body) = match fault {
        // What is not answered at all does not come here.
        Fault::Silent | Fault::Cut | Fault::AnswerLost | Fault::Slow(_) => std::future::pending().await,
        Fault::Denied => {
            let message = "User: arn:aws:iam::000000000000:user/x is not authorized to perform this";
            (403, protocol.content_type(), protocol.error("AccessDenied", message))
        }
        Fault::Throttled => (429, protocol.content_type(), protocol.error("ThrottlingException", "Rate exceeded")),
        Fault::WebPage => (200, "text/html", "<!DOCTYPE html><html><body>Please log in".to_owned()),
        Fault::Garbage => (200, protocol.content_type(), "\u{1}\u{2} nothing that anybody speaks".to_owned()),
    };
    Response::builder().status(status).header("content-type", kind).body(body.into()).unwrap()
}

/// The service in `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn signed_for(headers: &HeaderMap) -> Option<String> {
    let signature = headers.get("authorization")?.to_str().ok()?;
    let scope = signature.split_once("Credential=")?.1.split(',').next()?;
    scope.split('/').nth(3).map(str::to_owned)
}

fn operation(parts: &hyper::http::request::Parts, body: &[u8]) -> String {
    if let Some(target) = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let form = String::from_utf8_lossy(body);
    match form.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        Some(action) => action.to_owned(),
        None => format!("{} {}", parts.method, parts.uri.path()),
    }
}

fn protocol(service: &str) -> Protocol {
    match service {
        "s3" => Protocol::S3,
        "sns" | "sts" => Protocol::Xml,
        _ => Protocol::Json,
    }
}
