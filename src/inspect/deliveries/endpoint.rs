//! [`Source`] on a real endpoint: guarded, metered, and in its dialect.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Folder, Source};
use crate::{
    aws::{Connection, Trouble},
    domain::ResourceId,
    inspect::{
        objects::{Newest, Refused, newest, s3::S3},
        thread::{self, source::Source as _},
    },
    redrive::{message::Message, why::lines::LogReader},
};

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    aws: Arc<Connection>,
    /// What a thread is searched with sees logs and queues as this does.
    kept: thread::endpoint::Endpoint,
}

impl Endpoint {
    pub fn new(aws: Arc<Connection>) -> Self {
        Self { kept: thread::endpoint::Endpoint::new(Arc::clone(&aws)), aws }
    }
}

#[async_trait]
impl Source for Endpoint {
    fn logs(&self) -> &dyn LogReader {
        self.kept.logs()
    }

    async fn waiting(&self, queue: &ResourceId) -> Result<Option<Vec<Message>>, Trouble> {
        self.kept.messages(queue).await
    }

    async fn newest(&self, folder: &Folder, wanted: usize) -> Result<Newest, Refused> {
        let bucket = S3::new(Arc::clone(&self.aws), &*folder.name, folder.region.clone());
        newest(&bucket, &folder.prefix, wanted).await
    }
}
