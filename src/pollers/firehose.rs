//! Firehose: delivery streams, what they read, who changes their records, and where they write.
//!
//! One listing names them and a call each describes them; AWS allows 5 of either a second for the whole account. What a destination
//! says is in [`destinations`].

mod destinations;

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_firehose::types::{DeliveryStreamDescription, SourceDescription};
use futures_util::{StreamExt, stream};

use super::{
    Look, Outbox, Poller, Spacing, Tier,
    kinesis::nothing_described,
    links::merged,
    listing::{Asked, Listing},
};
use crate::{
    aws::Trouble,
    domain::{Kind, Link, LinkKind, Resource, ResourceId, Scope},
};

const CONCURRENCY: usize = 4;
/// Calls a second on AWS, of the 5 that the whole account has.
const CALLS_PER_SECOND: u32 = 2;
/// Names on one page; without a wish AWS gives ten.
const PAGE: i32 = 100;
const LIST: &str = "firehose:ListDeliveryStreams";
const DESCRIBE: &str = "firehose:DescribeDeliveryStream";

pub struct Firehose {
    streams: Listing,
}

impl Default for Firehose {
    fn default() -> Self {
        Self { streams: Listing::new(Kind::DeliveryStream, "firehose", "deliverystream") }
    }
}

#[async_trait]
impl Poller for Firehose {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::DeliveryStream]
    }

    /// All that is read here changes by deployment only.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).min(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if self.streams.is_due(look) {
            self.list(look, out).await;
            self.streams.tried(look, out.worst());
        }
        if !out.is_hopeless() {
            self.describe(look, out).await;
        }
    }
}

impl Firehose {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut names = BTreeSet::new();
        let mut from: Option<String> = None;
        loop {
            let call = look.aws.firehose().list_delivery_streams().limit(PAGE);
            let page = match call.set_exclusive_start_delivery_stream_name(from.take()).send().await {
                Ok(page) => page,
                Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
            };
            let before = names.len();
            from = page.delivery_stream_names.last().cloned();
            names.extend(page.delivery_stream_names);
            // One that only repeats itself has come to its end, whatever it says.
            if !page.has_more_delivery_streams || names.len() == before {
                break;
            }
        }
        out.done(LIST);
        self.streams.complete(names, out).await;
    }

    async fn describe(&mut self, look: Look<'_>, out: &mut Outbox) {
        let client = look.aws.firehose();
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(self.streams.due(look))
            .map(async |name| {
                spacing.turn().await;
                let answer = client.describe_delivery_stream().delivery_stream_name(&name).send().await;
                (name, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((name, answer)) = answers.next().await {
            let asked = Asked { name: &name, operation: DESCRIBE, look };
            let description = answer.map_err(Trouble::from).and_then(|answer| {
                let described = answer.delivery_stream_description;
                let described = described.filter(|stream| !stream.delivery_stream_arn.is_empty());
                described.ok_or_else(|| nothing_described("delivery stream"))
            });
            match description {
                Ok(stream) => self.streams.found(asked, described(&stream), out).await,
                Err(trouble) => self.streams.unread(asked, trouble, out).await,
            }
            if out.is_hopeless() {
                return;
            }
        }
    }
}

/// A delivery stream, with the links that its source and its destinations name.
fn described(stream: &DeliveryStreamDescription) -> (Resource, Vec<Link>) {
    let id = ResourceId::from(stream.delivery_stream_arn());
    let encryption = stream.delivery_stream_encryption_configuration();
    let mut resource = Resource::new(id.clone(), Kind::DeliveryStream, stream.delivery_stream_name())
        .with("DeliveryStreamStatus", Some(stream.delivery_stream_status().as_str()))
        .with("DeliveryStreamType", Some(stream.delivery_stream_type().as_str()))
        .with("CreateTimestamp", stream.create_timestamp())
        .with("LastUpdateTimestamp", stream.last_update_timestamp())
        .with("FailureDescription", stream.failure_description().map(|failure| failure.details()))
        .with("EncryptionStatus", encryption.and_then(|config| config.status()).map(|status| status.as_str()));
    let mut links: Vec<Link> = stream.source().and_then(|source| source_link(source, &id)).into_iter().collect();
    for description in stream.destinations() {
        let Some(destination) = destinations::read(description) else { continue };
        links.extend(destination.links(&id));
        // A delivery stream has one destination; of more, the first stands for it.
        if resource.attribute("Destination").is_none() {
            resource.attributes.extend(destination.attributes());
        }
    }
    (resource, merged(links))
}

fn source_link(source: &SourceDescription, to: &ResourceId) -> Option<Link> {
    let link = |from: &str| Link::configured(from, LinkKind::Streams, to.clone());
    if let Some(kinesis) = source.kinesis_stream_source_description() {
        let since = kinesis.delivery_start_timestamp();
        return Some(link(kinesis.kinesis_stream_arn()?).with("DeliveryStartTimestamp", since));
    }
    let msk = source.msk_source_description()?;
    Some(link(msk.msk_cluster_arn()?).labelled(msk.topic_name().unwrap_or_default()))
}

#[cfg(test)]
#[path = "firehose/tests.rs"]
mod tests;
