//! The records of a stream, as somebody asks for them: of a Kinesis stream, or of a table's own.
//!
//! ```text
//!   open ──► Stream: its shards, iterators, records        one reader more of what the real consumers share
//!   follow(stream, from) ── News ──► records in the order of each shard, and what is to be said of them
//! ```
//!
//! A shard is asked once a second at most: of Kinesis' five reads and 2 MB a second that is what its consumers can spare, and of the
//! two readers that a table's shard bears it is one. Whoever drives this says so before the first read. To add a kind of stream: an
//! `impl` [`Stream`]. Must not: read before somebody asked, retry faster than that, or draw.

pub mod follow;
mod kinesis;
pub mod record;
mod table;
pub mod touched;

#[cfg(test)]
pub(crate) mod pretend;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

pub use follow::{News, follow};
pub use record::Record;
pub use table::WARNING as WARNING_OF_TABLE;

use crate::{
    aws::{Connection, Trouble},
    domain::FailureKind,
    inspect::items::{Description, Dynamo, Tables, table_name},
};

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// What comes from now on.
    Latest,
    /// The oldest that is kept.
    Oldest,
    Time(Timestamp),
    /// Behind this sequence number.
    After(String),
}

/// A part of a stream that keeps the order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shard {
    pub id: String,
    /// The shards whose records come before its own.
    pub parents: Vec<String>,
    /// It takes no more records.
    pub closed: bool,
}

/// Records of one shard.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub records: Vec<Record>,
    /// None at the end of a closed shard.
    pub next: Option<String>,
    /// There was nothing more at that moment, as far as the service says.
    pub caught_up: bool,
}

/// Why a shard gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    #[error("the iterator has expired")]
    Expired,
    #[error("older records are no longer kept")]
    Trimmed,
    #[error("others read it too: {0}")]
    Throttled(String),
    #[error("{0}")]
    Other(#[from] Trouble),
}

impl Failed {
    fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error.code() {
            Some("ExpiredIteratorException") => return Self::Expired,
            Some("TrimmedDataAccessException") => return Self::Trimmed,
            _ => {}
        }
        let trouble = Trouble::from(error);
        if trouble.kind == FailureKind::Throttled { Self::Throttled(trouble.text) } else { Self::Other(trouble) }
    }
}

/// A stream that can be read.
#[async_trait]
pub trait Stream: Debug + Send + Sync {
    fn name(&self) -> &str;

    /// What reading does to others, to be said before the first read.
    fn warning(&self) -> &'static str;

    /// Whether the service itself begins at an instant.
    fn knows_times(&self) -> bool;

    async fn shards(&self) -> Result<Vec<Shard>, Trouble>;

    async fn iterator(&self, shard: &str, at: &At) -> Result<String, Failed>;

    async fn records(&self, shard: &str, iterator: &str) -> Result<Batch, Failed>;
}

/// The stream of this name or ARN, or that of the table of this name or ARN. It reads no records.
///
/// # Errors
/// The endpoint's; or that there is none.
pub async fn open(aws: &Arc<Connection>, name: &str) -> Result<Arc<dyn Stream>, Trouble> {
    if !name.contains(":dynamodb:") {
        let of_kinesis = kinesis::Kinesis::open(Arc::clone(aws), name).await;
        match of_kinesis {
            Ok(stream) => return Ok(Arc::new(stream)),
            Err(trouble) if name.contains(":kinesis:") || trouble.is_total() => return Err(trouble),
            Err(trouble) if trouble.kind != FailureKind::NotFound => return Err(trouble),
            Err(_) => {}
        }
    }
    let table =
        Dynamo::new(Arc::clone(aws)).describe(&table_name(name)).await.map_err(|trouble| match trouble.kind {
            FailureKind::NotFound => not_found(format!("there is no stream and no table {name}")),
            _ => trouble,
        })?;
    let Some(stream) = &table.stream else {
        return Err(not_found(format!(
            "the table {} has no stream; switch it on to read what is written",
            table.table_name
        )));
    };
    // Not the last one, if somebody asks for one before.
    let arn = if name.contains("/stream/") { name.to_owned() } else { stream.stream_arn.clone() };
    Ok(Arc::new(table::TableStream::new(Arc::clone(aws), &table, arn)))
}

/// The stream of a table that was described, if it has one. It calls nothing.
pub fn of_table(aws: &Arc<Connection>, table: &Description) -> Option<Arc<dyn Stream>> {
    let arn = table.stream.as_ref()?.stream_arn.clone();
    Some(Arc::new(table::TableStream::new(Arc::clone(aws), table, arn)))
}

fn not_found(text: String) -> Trouble {
    Trouble { kind: FailureKind::NotFound, text }
}
