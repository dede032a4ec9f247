//! `edatop demo`: the real program at work, without an account and without docker.
//!
//! With nothing installed, [`endpoint`] is the endpoint.
//!
//! Nothing here is known to the rest of the program: it looks at the demo as it looks at anything, through the SDK.
//! Only `cli` and tests may import this module.

pub mod clients;
mod clock;
pub mod endpoint;
mod tasks;

pub use self::clients::Clients;
pub use self::endpoint::Endpoint;

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("'{0}' is not an endpoint url; give one such as http://localhost:4566")]
    NotAnEndpoint(String),
    #[error("'{0}' is AWS itself: the demo makes and deletes resources, so it runs on emulators only")]
    RefusesAws(String),
    #[error("cannot open a loopback port for the embedded endpoint: {0}")]
    Serve(#[from] std::io::Error),
    #[error("cannot {doing}: {reason}; is the endpoint up, and does it have the service?")]
    Call { doing: String, reason: String },
    #[error("a {kind} named '{name}' is already there and is not the demo's; use another endpoint, or remove it first")]
    Taken { kind: &'static str, name: String },
    #[error("cannot pack the code of function '{function}': {reason}")]
    Pack { function: &'static str, reason: String },
}

impl DemoError {
    /// Wraps what an SDK call answered, with all its causes.
    pub(crate) fn call<E: std::error::Error>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |error| {
            let reason = aws_smithy_types::error::display::DisplayErrorContext(&error).to_string();
            Self::Call { doing, reason }
        }
    }
}

