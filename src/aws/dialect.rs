//! What answers at the endpoint, and what it has told us it cannot do. Learnt once, said on screen, never asked again.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
                FinalizerInterceptorContextMut, FinalizerInterceptorContextRef,
            },
        },
        orchestrator::{HttpResponse, Metadata},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use thiserror::Error;

use super::local::{self, Recognised};
use super::{Endpoint, operations};

/// Which program answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Flavour {
    Aws,
    LocalStack {
        version: String,
    },
    MiniStack,
    Moto,
    /// The endpoint inside `edatop demo`.
    Embedded,
    /// Something that speaks AWS's protocols and does not say what it is.
    #[default]
    Unknown,
}

impl Flavour {
    /// The word in `snapshot` JSON.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::LocalStack { .. } => "localstack",
            Self::MiniStack => "ministack",
            Self::Moto => "moto",
            Self::Embedded => "embedded",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it may have metrics: the demo's own endpoint has none, and need not be asked to say so.
    pub fn may_have_metrics(&self) -> bool {
        *self != Self::Embedded
    }

    /// Whether the free look into queues (`/_aws/sqs/messages`) is there.
    pub fn has_free_peek(&self) -> bool {
        matches!(self, Self::LocalStack { .. })
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aws => "AWS",
            Self::LocalStack { .. } => "LocalStack",
            Self::MiniStack => "MiniStack",
            Self::Moto => "moto",
            Self::Embedded => "demo",
            Self::Unknown => "endpoint",
        })
    }
}

/// Shared by all clients of a connection.
#[derive(Debug, Clone, Default)]
pub struct Dialect {
    inner: Arc<Mutex<Learnt>>,
}

#[derive(Debug, Default)]
struct Learnt {
    flavour: Flavour,
    missing: BTreeSet<String>,
}

/// Services that have moved to a newer protocol name it in this header, in the call and in the answer.
const PROTOCOL: &str = "smithy-protocol";

/// Said of a call that names its protocol.
#[derive(Debug)]
struct NamesProtocol;

impl Storable for NamesProtocol {
    type Storer = StoreReplace<Self>;
}

/// The endpoint said before that it does not have this.
#[derive(Debug, Error)]
#[error("{operation} is not implemented by this endpoint")]
pub struct NotHere {
    pub operation: String,
}

impl Dialect {
    pub fn flavour(&self) -> Flavour {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).flavour.clone()
    }

    /// The operations that this endpoint does not have, as `service:Operation`.
    pub fn missing(&self) -> Vec<String> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).missing.iter().cloned().collect()
    }

    pub fn is_missing(&self, service: &str, operation: &str) -> bool {
        let learnt = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        !learnt.missing.is_empty() && learnt.missing.contains(&format!("{service}:{operation}"))
    }

    /// Asks the endpoint what it is; without an endpoint it is AWS.
    ///
    /// Another program than before answers now? Then what was missing may be there.
    pub async fn detect(&self, endpoint: Option<&Endpoint>) {
        let answer = match endpoint {
            Some(endpoint) if !endpoint.is_aws() => local::recognise(endpoint).await,
            _ => Recognised { flavour: Flavour::Aws, is_sure: true },
        };
        self.recognised(answer);
    }

    /// A guess is better than nothing, and worse than what was known before: a busy emulator is slow and still itself.
    fn recognised(&self, answer: Recognised) {
        let mut learnt = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if learnt.flavour != answer.flavour && (answer.is_sure || learnt.flavour == Flavour::Unknown) {
            *learnt = Learnt { flavour: answer.flavour, missing: BTreeSet::new() };
        }
    }

    fn learn(&self, service: &str, operation: &str) {
        let mut learnt = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // AWS has every operation: there, the same words mean a Region or a typing mistake, which may pass.
        if learnt.flavour != Flavour::Aws && operations::find(service, operation).is_some() {
            learnt.missing.insert(format!("{service}:{operation}"));
        }
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Dialect {
    fn name(&self) -> &'static str {
        "edatop-dialect"
    }

    // The first hook that knows the operation: see the guard.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match cfg.load::<Metadata>() {
            Some(call) if self.is_missing(call.service(), call.name()) => {
                Err(NotHere { operation: format!("{}:{}", call.service(), call.name()) }.into())
            }
            _ => Ok(()),
        }
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.request().headers().contains_key(PROTOCOL) {
            cfg.interceptor_state().store_put(NamesProtocol);
        }
        Ok(())
    }

    // What cannot be read because it is written in another protocol is not there for us: as good as a plain 501.
    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let failed = matches!(context.output_or_error(), Some(Err(_)));
        if failed
            && cfg.load::<NamesProtocol>().is_some()
            && self.flavour() != Flavour::Aws
            && let Some(response) = context.inner_mut().response_mut()
            && is_in_another_protocol(response)
            // A web page is an emulator's way to say no only where it is known to be one: else the address may be wrong.
            && (self.flavour() != Flavour::Unknown || !is_a_page(response))
        {
            *response = HttpResponse::new(NOT_IMPLEMENTED.try_into()?, response.take_body());
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let failed = !matches!(context.output_or_error(), Some(Ok(_)));
        if let (true, Some(response), Some(call)) = (failed, context.response(), cfg.load::<Metadata>())
            && says_not_implemented(response.status().as_u16(), response.body().bytes())
        {
            self.learn(call.service(), call.name());
        }
        Ok(())
    }
}

const NOT_IMPLEMENTED: u16 = 501;

/// Whether an answer to a call that names its protocol names none. A busy or broken server, or a gate before it, says nothing of that.
fn is_in_another_protocol(response: &HttpResponse) -> bool {
    let status = response.status().as_u16();
    let is_of_the_service = status < 500 && !matches!(status, 401 | 403 | 407 | 408 | 429);
    is_of_the_service && !response.headers().contains_key(PROTOCOL)
}

fn is_a_page(response: &HttpResponse) -> bool {
    let start = response.body().bytes().unwrap_or_default().trim_ascii_start();
    [&b"<!"[..], b"<html", b"<HTML"].iter().any(|tag| start.starts_with(tag))
}

/// How emulators say that they lack an operation: 501, or one of these words in an error.
pub(super) fn says_not_implemented(status: u16, body: Option<&[u8]>) -> bool {
    if status == NOT_IMPLEMENTED {
        return true;
    }
    if !(400..=599).contains(&status) {
        return false;
    }
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    [
        "InvalidAction",
        "UnknownOperation",
        "UnknownService",
        "NotImplemented",
        "not yet been implemented",
        "not been emulated",
    ]
    .iter()
    .any(|words| body.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_once_and_never_from_aws() {
        let dialect = Dialect::default();
        dialect.learn("SQS", "ListQueues");
        assert!(dialect.is_missing("SQS", "ListQueues"));
        assert_eq!(dialect.missing(), ["SQS:ListQueues"]);

        let aws = Dialect::default();
        aws.inner.lock().unwrap().flavour = Flavour::Aws;
        aws.learn("SQS", "ListQueues");
        assert!(!aws.is_missing("SQS", "ListQueues"));
    }

    #[test]
    fn a_slow_page_makes_no_other_program() {
        let dialect = Dialect::default();
        let answer = |flavour, is_sure| dialect.recognised(Recognised { flavour, is_sure });
        answer(Flavour::Moto, false);
        assert_eq!(dialect.flavour(), Flavour::Moto, "a guess, where nothing was known");
        dialect.learn("SQS", "ListQueues");
        answer(Flavour::Unknown, false);
        assert_eq!((dialect.flavour(), dialect.missing().len()), (Flavour::Moto, 1), "only slow");
        answer(Flavour::MiniStack, true);
        assert_eq!((dialect.flavour(), dialect.missing().len()), (Flavour::MiniStack, 0), "another one");
        answer(Flavour::Unknown, true);
        assert_eq!(dialect.flavour(), Flavour::Unknown, "gone");
    }

    #[test]
    fn an_answer_in_another_protocol_is_of_another_service() {
        let answer = |status: u16, named: bool| {
            let mut response = HttpResponse::new(status.try_into().unwrap(), aws_smithy_types::body::SdkBody::empty());
            if named {
                response.headers_mut().insert(PROTOCOL, "rpc-v2-cbor");
            }
            is_in_another_protocol(&response)
        };
        assert!(answer(200, false) && answer(404, false));
        assert!(!answer(200, true) && !answer(503, false) && !answer(429, false) && !answer(403, false));
    }

    #[test]
    fn knows_how_emulators_say_no() {
        assert!(says_not_implemented(501, None));
        assert!(says_not_implemented(400, Some(b"<Code>InvalidAction</Code>")));
        assert!(!says_not_implemented(400, Some(b"<Code>AccessDenied</Code>")));
        assert!(!says_not_implemented(200, Some(b"InvalidAction")));
    }
}
