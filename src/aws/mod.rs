//! How we call AWS, or anything that answers like it.
//!
//! [`Connection`] finds credentials, Region and endpoint the way the AWS CLI does, and hands out one lazy client a service on one
//! shared HTTP client. Four interceptors sit under every client: the [`guard`] (nothing that changes anything leaves under
//! `--read-only`), the [`meter`] (calls, errors, throttles, latency, money), the [`dialect`] (what this endpoint does not have) and
//! [`mend`] (what its answers leave out).
//! [`trouble`] turns any SDK error into one class and one sentence. Nothing here knows what a queue or a topic is.
//! To call a new operation, add its row to [`operations::OPERATIONS`].

pub mod connect;
pub mod dialect;
pub mod endpoint;
pub mod guard;
pub mod local;
pub mod mend;
pub mod meter;
pub mod operations;
pub mod trouble;

pub use connect::{ConnectError, ConnectOptions, Connection, Identity};
pub use dialect::{Dialect, Flavour};
pub use endpoint::Endpoint;
pub use meter::{ApiUse, Meter};
pub use trouble::Trouble;
