//! `edatop demo`: the real program at work, without an account and without docker.
//!
//! [`architectures`] declares what there is, [`deploy`] makes it on any endpoint that is not AWS, [`traffic`] sends through
//! it. With nothing installed, [`endpoint`] is the endpoint, and [`fabric`] does there what AWS does between services.
//!
//! Nothing here is known to the rest of the program: it looks at the demo as it looks at anything, through the SDK.
//! Only `cli` and tests may import this module.

pub mod architectures;
pub mod clients;
mod clock;
pub mod deploy;
pub mod endpoint;
pub mod fabric;
mod plain_http;
mod tasks;
pub mod traffic;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio_util::sync::CancellationToken;

pub use self::clients::Clients;
pub use self::endpoint::Endpoint;
use self::tasks::{Finished, Tasks};
use crate::{aws::Trouble, domain::FailureKind};

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("'{0}' is not an endpoint url; give one such as http://localhost:4566")]
    NotAnEndpoint(String),
    #[error("'{0}' is AWS itself: the demo makes and deletes resources, so it runs on emulators only")]
    RefusesAws(String),
    #[error("cannot open a loopback port for the embedded endpoint: {0}")]
    Serve(#[from] std::io::Error),
    #[error("cannot {doing}: {reason}; is the endpoint up, and does it have the service?")]
    Call { doing: String, reason: String, kind: FailureKind },
    #[error("a {kind} named '{name}' is already there and is not the demo's; use another endpoint, or remove it first")]
    Taken { kind: &'static str, name: String },
    #[error("cannot pack the code of function '{function}': {reason}")]
    Pack { function: &'static str, reason: String },
}

impl DemoError {
    /// Wraps what an SDK call answered.
    pub(crate) fn call<E>(doing: impl Into<String>) -> impl FnOnce(SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let doing = doing.into();
        move |error| {
            let Trouble { kind, text: reason } = Trouble::from(&error);
            Self::Call { doing, reason, kind }
        }
    }

    /// Wraps the refusal of a builder: a declaration that lacks something.
    pub(crate) fn built(error: aws_smithy_types::error::operation::BuildError) -> Self {
        Self::other("describe what to make", error.to_string())
    }

    pub(crate) fn other(doing: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Call { doing: doing.into(), reason: reason.into(), kind: FailureKind::Other }
    }

    /// Whether the endpoint does not have the operation at all.
    pub(crate) fn is_lacking(&self) -> bool {
        matches!(self, Self::Call { kind: FailureKind::NotImplemented, .. })
    }

    /// Whether what the call was about is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Call { kind: FailureKind::NotFound, .. })
    }
}

/// The whole demo in this process: endpoint, resources, deliveries and traffic. All of it stops when this is dropped.
#[derive(Debug)]
pub struct Embedded {
    endpoint: Endpoint,
    stop: CancellationToken,
    traffic: CancellationToken,
    finished: Finished,
}

impl Embedded {
    /// Everything deployed, messages flowing. The same `seed` gives the same messages.
    ///
    /// # Errors
    /// When no loopback port can be opened or a resource cannot be made.
    pub async fn start(seed: u64) -> Result<Self, DemoError> {
        let (endpoint, accepted) = Endpoint::start_tapped().await?;
        let clients = Clients::new(&endpoint.url())?;
        deploy::deploy(&clients, &architectures::ALL).await?;
        let (tasks, finished) = Tasks::new();
        let stop = CancellationToken::new();
        let sending = stop.child_token();
        // Made before the tasks, so that a failure below drops it and stops those already running.
        let demo = Self { endpoint, stop: stop.clone(), traffic: sending.clone(), finished };
        fabric::start(&clients, &architectures::ALL, accepted, &tasks, &stop).await?;
        tasks.spawn(async move {
            let plan = traffic::Plan { seed, speed: 1.0 };
            // Traffic ends when it is told to, or with an endpoint that no longer answers: either way the demo is over.
            let _ = traffic::drive(&clients, &architectures::ALL, plan, sending).await;
        });
        Ok(demo)
    }

    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// Sends nothing more. What was sent before goes on its way.
    pub fn stop_traffic(&self) {
        self.traffic.cancel();
    }

    /// Stops everything in order, traffic first. Dropping does the same without waiting.
    pub async fn shut_down(mut self) {
        self.stop.cancel();
        self.finished.wait().await;
        self.endpoint.shut_down().await;
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
mod tests;
