//! Kinesis: streams, how many shards they have, how long they keep records, and who is registered to read them.
//!
//! Records are never read here: a shard allows five reads a second, and they are the real consumers'. What flows is CloudWatch's to
//! say. AWS allows 20 descriptions a second for the whole account and 5 listings of a stream's consumers.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_kinesis::types::{Consumer, StreamDescriptionSummary};
use futures_util::{StreamExt, stream};

use super::{
    Due, Look, Outbox, Poller, Spacing, Tier,
    listing::{Asked, Listing},
};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Kind, Resource, Scope},
};

const CONCURRENCY: usize = 8;
/// Calls a second on AWS: a quarter of what the account has, and less than a half of its listings.
const DESCRIPTIONS_PER_SECOND: u32 = 5;
const LISTINGS_PER_SECOND: u32 = 2;
const CONSUMERS_PER_SECOND: u32 = 2;
const LIST: &str = "kinesis:ListStreams";
const DESCRIBE: &str = "kinesis:DescribeStreamSummary";
const CONSUMERS: &str = "kinesis:ListStreamConsumers";
/// The attribute that says who is registered.
const CONSUMERS_ATTRIBUTE: &str = "Consumers";

pub struct Kinesis {
    streams: Listing,
    /// The registered consumers of each stream, by its name.
    consumers: BTreeMap<String, Consumers>,
}

#[derive(Debug, Default)]
struct Consumers {
    read: Due,
    /// In words; `None` while there are none, or none were read.
    said: Option<String>,
}

impl Default for Kinesis {
    fn default() -> Self {
        Self { streams: Listing::new(Kind::Stream, "kinesis", "stream"), consumers: BTreeMap::new() }
    }
}

#[async_trait]
impl Poller for Kinesis {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Stream]
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
        if !out.is_hopeless() {
            self.list_consumers(look, out).await;
        }
    }
}

impl Kinesis {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut names = BTreeSet::new();
        let spacing = Spacing::per_second(look.quota(LISTINGS_PER_SECOND));
        let mut call = look.aws.kinesis().list_streams();
        let mut before_token = None;
        loop {
            spacing.turn().await;
            let page = match call.send().await {
                Ok(page) => page,
                Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
            };
            let before = names.len();
            let last = page.stream_names.last().cloned();
            names.extend(page.stream_names);
            // Older endpoints have no token and go on from a name. One that only repeats itself has come to its end.
            call = match (page.next_token, last) {
                (Some(token), _) if before_token.as_ref() != Some(&token) => {
                    before_token = Some(token.clone());
                    look.aws.kinesis().list_streams().next_token(token)
                }
                (None, Some(last)) if page.has_more_streams && names.len() > before => {
                    look.aws.kinesis().list_streams().exclusive_start_stream_name(last)
                }
                _ => break,
            };
        }
        out.done(LIST);
        self.consumers.retain(|name, _| names.contains(name));
        self.streams.complete(names, out).await;
    }

    async fn describe(&mut self, look: Look<'_>, out: &mut Outbox) {
        let client = look.aws.kinesis();
        let spacing = Spacing::per_second(look.quota(DESCRIPTIONS_PER_SECOND));
        let mut answers = stream::iter(self.streams.due(look))
            .map(async |name| {
                spacing.turn().await;
                let answer = client.describe_stream_summary().stream_name(&name).send().await;
                (name, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((name, answer)) = answers.next().await {
            let asked = Asked { name: &name, operation: DESCRIBE, look };
            let summary = answer.map_err(Trouble::from).and_then(|answer| {
                let summary = answer.stream_description_summary.filter(|summary| !summary.stream_arn.is_empty());
                summary.ok_or_else(|| nothing_described("stream"))
            });
            match summary {
                Ok(summary) => {
                    // Nobody is asked for the names of none.
                    if summary.consumer_count() == Some(0) {
                        self.consumers.remove(&name);
                    }
                    let said = self.consumers.get(&name).and_then(|consumers| consumers.said.as_ref());
                    let resource = described(&summary).with(CONSUMERS_ATTRIBUTE, said);
                    self.streams.found(asked, (resource, Vec::new()), out).await;
                }
                Err(trouble) => self.streams.unread(asked, trouble, out).await,
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    /// Who reads with a throughput of his own. Such consumers are few and change rarely: so do we ask.
    async fn list_consumers(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut due = Vec::new();
        for (name, resource) in self.streams.described() {
            let consumers = self.consumers.entry(name.to_owned()).or_default();
            if resource.attribute("ConsumerCount") != Some("0") && consumers.read.is_due(look.scope, look.rarely()) {
                due.push((name.to_owned(), resource.id.clone()));
            }
        }
        let spacing = Spacing::per_second(look.quota(CONSUMERS_PER_SECOND));
        let mut answers = stream::iter(due)
            .map(async |(name, id)| {
                spacing.turn().await;
                let answer = consumers_of(look, id.as_str()).await;
                (name, id, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((name, id, answer)) = answers.next().await {
            let Some(consumers) = self.consumers.get_mut(&name) else { continue };
            consumers.read.tried(look.scope, answer.as_ref().err().map(|trouble| trouble.kind));
            match answer {
                Ok(listed) => {
                    out.read(CONSUMERS, &id);
                    consumers.said = in_words(&listed);
                    self.streams.amend(&name, CONSUMERS_ATTRIBUTE, consumers.said.clone(), out).await;
                }
                // Deleted since the listing: the next listing says so properly.
                Err(trouble) if trouble.kind == FailureKind::NotFound => {}
                Err(trouble) => out.failed(CONSUMERS, trouble, Some(&id)).await,
            }
            if out.is_hopeless() {
                return;
            }
        }
    }
}

async fn consumers_of(look: Look<'_>, arn: &str) -> Result<Vec<Consumer>, Trouble> {
    let mut pages = look.aws.kinesis().list_stream_consumers().stream_arn(arn).into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        listed.extend(page?.consumers.unwrap_or_default());
    }
    Ok(listed)
}

/// `fraud, audit (CREATING)`: a state is worth a word when it is not the usual one.
fn in_words(consumers: &[Consumer]) -> Option<String> {
    let mut words: Vec<String> = consumers
        .iter()
        .map(|consumer| match consumer.consumer_status.as_str() {
            "ACTIVE" => consumer.consumer_name.clone(),
            state => format!("{} ({state})", consumer.consumer_name),
        })
        .collect();
    words.sort_unstable();
    (!words.is_empty()).then(|| words.join(", "))
}

pub(super) fn nothing_described(what: &str) -> Trouble {
    let text = format!("the answer describes no {what}; is the endpoint right?");
    Trouble { kind: FailureKind::Garbage, text }
}

fn described(summary: &StreamDescriptionSummary) -> Resource {
    let mode = summary.stream_mode_details().map(|details| details.stream_mode().as_str());
    Resource::new(summary.stream_arn(), Kind::Stream, summary.stream_name())
        .with("StreamStatus", Some(summary.stream_status().as_str()))
        .with("StreamMode", mode)
        .with("OpenShardCount", Some(summary.open_shard_count()))
        .with("RetentionPeriodHours", Some(summary.retention_period_hours()))
        .with("ConsumerCount", summary.consumer_count())
        .with("EncryptionType", summary.encryption_type().map(|kind| kind.as_str()))
        .with("StreamCreationTimestamp", Some(summary.stream_creation_timestamp()).filter(|at| at.secs() > 0))
}
