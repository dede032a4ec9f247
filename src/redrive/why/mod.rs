//! Knowing why: what a dead letter holds, which others died of the same, and what its consumer said of it.
//!
//! ```text
//!   Message ─► decode ─► Decoded: layers, content, event type
//!      │          └────► shape ─┐
//!      └─► cause (attributes) ──┼─► Traits ─► Clusters: largest first, counted over time, named by a key
//!   log lines ─► invocations ─► match: certain, likely, possible ─► Clusters::learn
//! ```
//!
//! All but [`cloudwatch`] is pure: no clock, no calls, and nothing that comes from outside can make it fail or grow without bound.
//! Log lines come through [`lines::LogReader`], so that tests can put a log behind it. Must not: move or receive messages, or show a
//! guess as knowledge: each cause from a log says how sure it is.
//!
//! To unwrap another envelope: [`envelope`]. To know another source of error text: [`cause`]. To mask another kind of value: [`mask`].

pub mod binary;
pub mod cause;
pub mod cloudwatch;
pub mod clusters;
pub mod correlate;
pub mod decode;
pub mod envelope;
pub mod evidence;
pub mod hearing;
pub mod invocations;
pub mod lines;
pub mod mask;
pub mod route;
pub mod shape;
pub mod takers;
pub mod timeline;
pub mod traits;

pub use cause::{Cause, Sureness};
pub use clusters::{Cluster, Clusters};
pub use correlate::{Correlate, Found};
pub use decode::{Content, Decoded, Layer, decode};
pub use route::Route;
pub use traits::Traits;
