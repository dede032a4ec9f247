//! What several test files need: an endpoint that answers from a script, and facts as lines of text.
//!
//! Add the answers of a new service in `scripts.rs`; `driver` is the App without a terminal, `emulators` are the endpoints outside,
//! `comparison` holds what is found against what was deployed, `workshop` makes one resource after another, `queues` is an SQS that
//! fails as it is told to, `letters` are dead letters on a real endpoint, counted by a plain client.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

pub mod cbor;
#[cfg(feature = "demo")]
pub mod comparison;
pub mod driver;
pub mod emulators;
pub mod hermetic;
pub mod letters;
#[cfg(feature = "demo")]
pub mod proxy;
pub mod queues;
pub mod scripts;
#[cfg(feature = "demo")]
pub mod workshop;

use std::sync::{Arc, Mutex, OnceLock};

use edatop::{
    aws::{ConnectOptions, Connection},
    domain::{Fact, FailureKind, Report, Scope, Subject},
    pollers::{Look, Outbox, POLLERS, Paces, Poller},
};
use jiff::Timestamp;
use tokio::sync::mpsc;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use scripts::{Page, Protocol, Script};

/// How the endpoint behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// One page of everything.
    Good,
    Empty,
    TwoPages,
    /// Every operation fails so.
    Fails(Fault),
    /// This one operation fails so; the rest is good.
    FailsAt(&'static str, Fault),
    /// All that is asked of this version of an API fails so; the rest is good.
    FailsFor(&'static str, Fault),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Throttled,
    Denied,
    WebPage,
    /// The good answer, cut off in the middle.
    CutOff,
    Lacking,
}

impl Fault {
    pub fn kind(self) -> FailureKind {
        match self {
            Self::Throttled => FailureKind::Throttled,
            Self::Denied => FailureKind::Denied,
            Self::WebPage | Self::CutOff => FailureKind::Garbage,
            Self::Lacking => FailureKind::NotImplemented,
        }
    }
}

/// One poller at an endpoint of its own.
pub struct Bench {
    poller: Box<dyn Poller>,
    name: &'static str,
    aws: Connection,
    mood: Arc<Mutex<Mood>>,
    scope: Scope,
    server: MockServer,
}

/// The instant at which all tests take place.
pub fn now() -> Timestamp {
    static NOW: OnceLock<Timestamp> = OnceLock::new();
    *NOW.get_or_init(|| "2026-11-21T08:00:00Z".parse().unwrap())
}

impl Bench {
    pub async fn new(script: &'static Script) -> Self {
        let mood = Arc::new(Mutex::new(Mood::Good));
        let server = MockServer::start().await;
        let actor = Actor { script, mood: mood.clone() };
        Mock::given(any()).respond_with(actor).mount(&server).await;
        let options = ConnectOptions {
            endpoint: Some(server.uri()),
            region: Some("us-east-1".to_owned()),
            read_only: true,
            ..ConnectOptions::default()
        };
        let aws = Connection::open(&options).await.unwrap();
        let row = POLLERS.iter().find(|row| row.name == script.poller).unwrap();
        let mut scope = Scope::default();
        // Tables are sampled only where somebody looks.
        let tables = ["item-a", "item-b"].map(|name| format!("arn:aws:dynamodb:us-east-1:000000000000:table/{name}"));
        scope.in_view.extend(tables.iter().map(Into::into));
        Self { poller: (row.make)(), name: row.name, aws, mood, scope, server }
    }

    /// Requests that the endpoint got so far.
    pub async fn requests(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    /// One round, with everything due; what it said, sorted.
    pub async fn round(&mut self, mood: Mood) -> Vec<String> {
        *self.mood.lock().unwrap() = mood;
        self.scope.refresh += 1;
        let (send, mut receive) = mpsc::channel(1024);
        let mut out = Outbox::new(self.name, now, send);
        let paces = Paces::default();
        self.poller.poll(Look { aws: &self.aws, scope: &self.scope, paces: &paces }, &mut out).await;
        assert!(out.end(None).await);
        drop(out);
        let mut lines = Vec::new();
        while let Some(Report { facts, .. }) = receive.recv().await {
            lines.extend(facts.iter().map(line));
        }
        lines.sort();
        lines
    }
}

/// A fact in one line, with short names.
fn line(fact: &Fact) -> String {
    match fact {
        Fact::Found(resource) => format!("found {} {} {:?}", resource.kind.key(), resource.name, resource),
        Fact::Linked(link) => {
            let (from, to) = (link.from.short_name(), link.to.short_name());
            format!("{from} {:?} {to} [{}] {:?}", link.kind, link.label, link.attributes)
        }
        Fact::Gone(Subject::Resource(id)) => format!("gone {}", id.short_name()),
        Fact::Gone(Subject::Link(key)) => {
            format!("gone {} {:?} {}", key.from.short_name(), key.kind, key.to.short_name())
        }
        Fact::Measured { id, metric, reading } => format!("{} {} = {}", id.short_name(), metric.name, reading.value),
        Fact::Heard(heard) => format!("{} says {:?} {}", heard.id.short_name(), heard.level, heard.text),
        Fact::Failed(failure) => format!("failed {} {:?}: {}", failure.operation, failure.kind, failure.error),
    }
}

/// Answers requests as its script and mood say.
struct Actor {
    script: &'static Script,
    mood: Arc<Mutex<Mood>>,
}

impl Respond for Actor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let target = request.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let text = format!("{} {target} {}", request.url, String::from_utf8_lossy(&request.body));
        let operation = operation(request, &text);
        // Who we are is known at every endpoint, in whatever mood.
        if operation == "GetCallerIdentity" {
            let answer = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>000000000000</Account>\
                          </GetCallerIdentityResult></GetCallerIdentityResponse>";
            return ResponseTemplate::new(200).set_body_raw(answer, "text/xml");
        }
        let page = |page| (self.script.answer)(&operation, page, &text);
        match *self.mood.lock().unwrap() {
            Mood::Good => self.good(page(Page::Only)),
            Mood::Empty => self.good(page(Page::Empty)),
            // The token of the first page, or, where there are none, its last name.
            Mood::TwoPages if text.contains("p2") || text.contains("\"ExclusiveStart") => self.good(page(Page::Second)),
            Mood::TwoPages => self.good(page(Page::First)),
            Mood::Fails(fault) => self.bad(fault, &page(Page::Only)),
            Mood::FailsAt(at, fault) if at == operation => self.bad(fault, &page(Page::Only)),
            Mood::FailsFor(version, fault) if text.contains(version) => self.bad(fault, &page(Page::Only)),
            Mood::FailsAt(..) | Mood::FailsFor(..) => self.good(page(Page::Only)),
        }
    }
}

impl Actor {
    fn good(&self, body: String) -> ResponseTemplate {
        let protocol = self.script.protocol;
        let answer = ResponseTemplate::new(200).set_body_raw(protocol.bytes(&body), protocol.content_type());
        if protocol == Protocol::Cbor { answer.insert_header("smithy-protocol", "rpc-v2-cbor") } else { answer }
    }

    fn bad(&self, fault: Fault, good: &str) -> ResponseTemplate {
        let protocol = self.script.protocol;
        // The service names its protocol in its errors too.
        let named = |answer: ResponseTemplate| match protocol {
            Protocol::Cbor => answer.insert_header("smithy-protocol", "rpc-v2-cbor"),
            _ => answer,
        };
        match fault {
            Fault::WebPage => ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><html><body>Hi", "text/html"),
            // The SDK takes XML that ends after a tag for whole (HTTP's length catches that): cut within the first tag.
            Fault::CutOff if protocol == Protocol::Cbor => {
                let whole = protocol.bytes(good);
                ResponseTemplate::new(200)
                    .set_body_raw(whole[..whole.len() * 2 / 3].to_vec(), protocol.content_type())
                    .insert_header("smithy-protocol", "rpc-v2-cbor")
            }
            Fault::CutOff if protocol != Protocol::Json => self.good(good[..9].to_owned()),
            Fault::CutOff => self.good(good[..good.len() * 2 / 3].to_owned()),
            Fault::Lacking => ResponseTemplate::new(501).set_body_raw(
                protocol.bytes(&protocol.error("InternalFailure", "API action has not yet been implemented")),
                protocol.content_type(),
            ),
            Fault::Denied => {
                let body = protocol.error("AccessDeniedException", "User: x is not authorized to perform: y");
                named(ResponseTemplate::new(403).set_body_raw(protocol.bytes(&body), protocol.content_type()))
            }
            Fault::Throttled => {
                let body = protocol.error("ThrottlingException", "Rate exceeded");
                named(ResponseTemplate::new(400).set_body_raw(protocol.bytes(&body), protocol.content_type()))
            }
        }
    }
}

/// The operation that a request asks for, in whichever place its protocol says so.
fn operation(request: &Request, text: &str) -> String {
    if let Some(target) = request.headers.get("x-amz-target") {
        return target.to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    }
    if let Some((_, rest)) = text.split_once("Action=") {
        return rest.split('&').next().unwrap().to_owned();
    }
    if let Some((_, operation)) = request.url.path().split_once("/operation/") {
        return operation.to_owned();
    }
    let operation = match request.url.path() {
        path if path.contains("/event-invoke-config") => "ListFunctionEventInvokeConfigs",
        path if path.contains("/functions") => "ListFunctions",
        path if path.contains("/event-source-mappings") => "ListEventSourceMappings",
        path if path.starts_with("/restapis") || path.starts_with("/v2/apis") => operation_on_an_api(path),
        "/v1/pipes" => "ListPipes",
        path if path.starts_with("/v1/pipes/") => "DescribePipe",
        "/schedules" => "ListSchedules",
        path if path.starts_with("/schedules/") => "GetSchedule",
        _ if request.url.query_pairs().any(|(key, _)| key == "notification") => "GetBucketNotificationConfiguration",
        "/" => "ListBuckets",
        _ => "ListObjectsV2",
    };
    operation.to_owned()
}

/// `/restapis/ID/resources` and its like.
fn operation_on_an_api(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("restapis") => "GetRestApis",
        Some("resources") => "GetResources",
        Some("integration") => "GetIntegration",
        Some("stages") => "GetStages",
        Some("apis") => "GetApis",
        Some("integrations") => "GetIntegrations",
        _ => "GetRoutes",
    }
}
