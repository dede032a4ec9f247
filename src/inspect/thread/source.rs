//! What a search asks an endpoint for. The real one is [`super::endpoint`]; tests are another.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::{aws::Trouble, domain::ResourceId, redrive::message::Message, redrive::why::lines::LogReader};

/// Where to list.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    pub bucket: &'a str,
    pub prefix: &'a str,
    /// Only what stands before the next `/`.
    pub by_folder: bool,
    pub token: Option<&'a str>,
}

/// One object, as a listing has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    pub bytes: u64,
    pub written: Option<Timestamp>,
}

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    pub objects: Vec<Listed>,
    pub folders: Vec<String>,
    pub next: Option<String>,
}

/// Some items, and whether there are more.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Items {
    pub items: Vec<Value>,
    pub more: bool,
}

/// What is asked.
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync {
    fn logs(&self) -> &dyn LogReader;

    /// Whether logs are searched by the service, which filters, or read whole and searched here.
    fn filters_logs(&self) -> bool;

    /// What a queue holds, if that can be seen without receiving it. None if it cannot.
    ///
    /// # Errors
    /// The call's.
    async fn messages(&self, queue: &ResourceId) -> Result<Option<Vec<Message>>, Trouble>;

    /// The items whose key is this.
    ///
    /// # Errors
    /// The call's.
    async fn query(&self, table: &str, key: &str, id: &str) -> Result<Items, Trouble>;

    /// One page of a table.
    ///
    /// # Errors
    /// The call's.
    async fn scan(&self, table: &str) -> Result<Items, Trouble>;

    /// # Errors
    /// The call's.
    async fn list(&self, listing: Listing<'_>) -> Result<Keys, Trouble>;

    /// The beginning of an object.
    ///
    /// # Errors
    /// The call's.
    async fn get(&self, bucket: &str, key: &str, most_bytes: u64) -> Result<Vec<u8>, Trouble>;
}
