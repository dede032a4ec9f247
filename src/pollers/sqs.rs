//! SQS: queues, their depths and attributes, and which queue is whose dead-letter queue.
//!
//! One `GetQueueAttributes` a queue tells all; queues that are looked at, that hold something, or that hold dead letters are asked
//! at the visible pace, the others in the background. Nothing is ever received: looking must not change a receive count.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName;
use futures_util::{StreamExt, stream};
use serde::Deserialize;

use super::{Due, Inventory, Look, Outbox, Poller, Tier, queue_age::QueueAges};
use crate::{
    aws::Trouble,
    domain::{
        Attributes, Fact, FailureKind, Kind, Link, LinkKind, Reading, Resource, ResourceId, Scope,
        arn::partition_of,
        reading::{DELAYED, IN_FLIGHT, VISIBLE},
    },
};

/// `GetQueueAttributes` calls under way at once.
pub const CONCURRENCY: usize = 24;
const LIST: &str = "sqs:ListQueues";
const SOURCE: &str = "sqs:GetQueueAttributes";

#[derive(Default)]
pub struct Sqs {
    queues: BTreeMap<String, Queue>,
    listed: Due,
    /// Whose `RedrivePolicy` targets they are does not matter: they are watched closely.
    dead_letter_queues: BTreeSet<ResourceId>,
    inventory: Inventory,
    ages: QueueAges,
}

/// What is remembered of a queue between rounds; the key is its URL.
#[derive(Debug, Default)]
struct Queue {
    id: Option<ResourceId>,
    asked: Due,
    /// Holds messages: watched closely.
    holds: bool,
}

#[async_trait]
impl Poller for Sqs {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    /// Depths may turn red at any time: never slower than what is visible.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).max(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if self.listed.is_due(look.scope, look.structure()) {
            self.list(look, out).await;
            self.listed.tried(look.scope, out.worst());
        }
        if out.is_hopeless() {
            return;
        }
        self.read_depths(look, out).await;
        self.ages.read(look, out).await;
    }
}

impl Sqs {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut pages = look.aws.sqs().list_queues().max_results(1000).into_paginator().send();
        let mut urls = BTreeSet::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => urls.extend(page.queue_urls.unwrap_or_default()),
                Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
            }
        }
        out.done(LIST);
        self.queues.retain(|url, _| urls.contains(url));
        for url in urls {
            self.queues.entry(url).or_default();
        }
        let known: BTreeSet<ResourceId> = self.queues.values().filter_map(|queue| queue.id.clone()).collect();
        out.say_all(self.inventory.keep_only(&known)).await;
        self.ages.keep_only(&known);
    }

    async fn read_depths(&mut self, look: Look<'_>, out: &mut Outbox) {
        let due: Vec<String> = self
            .queues
            .iter()
            .filter(|(_, queue)| queue.is_due(look, &self.dead_letter_queues))
            .map(|(url, _)| url.clone())
            .collect();
        let client = look.aws.sqs();
        let mut answers = stream::iter(due)
            .map(async |url| {
                let call = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
                let answer = call.send().await;
                (url, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((url, answer)) = answers.next().await {
            match answer {
                Ok(answer) => {
                    let attributes = answer
                        .attributes
                        .unwrap_or_default()
                        .into_iter()
                        .map(|(name, value)| (name.as_str().to_owned(), value))
                        .collect();
                    self.learn(url, attributes, look, out).await;
                }
                Err(error) => self.could_not_read(&url, Trouble::from(error), look, out).await,
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    async fn learn(&mut self, url: String, mut attributes: Attributes, look: Look<'_>, out: &mut Outbox) {
        let Some(arn) = attributes.remove("QueueArn") else {
            let text = "the answer holds no QueueArn; is the endpoint right?".to_owned();
            let trouble = Trouble { kind: FailureKind::Garbage, text };
            return self.could_not_read(&url, trouble, look, out).await;
        };
        let id = ResourceId::from(arn);
        let mut take = |name: &str| attributes.remove(name).and_then(|text| text.parse::<f64>().ok());
        let depths = [
            (VISIBLE, take("ApproximateNumberOfMessages")),
            (IN_FLIGHT, take("ApproximateNumberOfMessagesNotVisible")),
            (DELAYED, take("ApproximateNumberOfMessagesDelayed")),
        ];
        let links = dead_letter_link(&id, &attributes);
        self.dead_letter_queues.extend(links.iter().map(|link| link.to.clone()));
        let mut resource = Resource::new(id.clone(), Kind::Queue, id.short_name()).with("QueueUrl", Some(&url));
        resource.attributes.extend(attributes);
        out.say_all(self.inventory.found(resource, links)).await;
        // One answer, one instant: rates are made of the sum.
        let at = out.now();
        for (metric, value) in depths {
            if let Some(value) = value {
                let reading = Reading { value, source: SOURCE, at };
                out.say(Fact::Measured { id: id.clone(), metric, reading }).await;
            }
        }
        let holds = depths.iter().any(|(_, value)| value.is_some_and(|value| value > 0.0));
        self.ages.note(&id, &url, depths[0].1.unwrap_or(0.0));
        let mut asked = Due::default();
        asked.tried(look.scope, None);
        out.read(SOURCE, &id);
        self.queues.insert(url, Queue { id: Some(id), asked, holds });
    }

    async fn could_not_read(&mut self, url: &str, trouble: Trouble, look: Look<'_>, out: &mut Outbox) {
        let Some(queue) = self.queues.get_mut(url) else { return };
        // Deleted since the listing: the next listing says so properly.
        if trouble.kind == FailureKind::NotFound {
            self.listed = Due::default();
            return;
        }
        queue.asked.tried(look.scope, Some(trouble.kind));
        // One that could never be read is there all the same, and is said to be.
        if queue.id.is_none()
            && let Some(id) = arn_of(url, look.aws.region())
        {
            let resource = Resource::new(id.clone(), Kind::Queue, id.short_name()).with("QueueUrl", Some(url));
            out.say_all(self.inventory.found(resource, Vec::new())).await;
            queue.id = Some(id);
        }
        let id = queue.id.clone();
        out.failed(SOURCE, trouble, id.as_ref()).await;
    }
}

/// A queue's ARN from its URL, which ends in the account and the name.
fn arn_of(url: &str, region: &str) -> Option<ResourceId> {
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next()?, parts.next()?);
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && !name.is_empty())
        .then(|| format!("arn:{}:sqs:{region}:{account}:{name}", partition_of(region)).into())
}

impl Queue {
    fn is_due(&self, look: Look<'_>, dead_letter_queues: &BTreeSet<ResourceId>) -> bool {
        let selected = self.id.is_some() && look.scope.selected == self.id;
        let tier = match &self.id {
            _ if selected => Tier::Focused,
            Some(id) if self.holds || dead_letter_queues.contains(id) || look.scope.in_view.contains(id) => {
                Tier::Visible
            }
            _ => Tier::Background,
        };
        self.asked.is_due(look.scope, look.paces.of(tier))
    }
}

/// `{"deadLetterTargetArn": …, "maxReceiveCount": 3}`; emulators write the count as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: serde_json::Value,
}

fn dead_letter_link(id: &ResourceId, attributes: &Attributes) -> Vec<Link> {
    let policy = attributes.get("RedrivePolicy").and_then(|text| serde_json::from_str::<RedrivePolicy>(text).ok());
    let Some(policy) = policy.filter(|policy| !policy.dead_letter_target_arn.is_empty()) else { return Vec::new() };
    let receives = policy.max_receive_count.to_string().replace('"', "");
    let link = Link::configured(id.clone(), LinkKind::DeadLetters, policy.dead_letter_target_arn.as_str());
    vec![link.labelled(format!("after {receives} receives")).with("maxReceiveCount", Some(receives))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:d","maxReceiveCount":3}"#, Some("after 3 receives"))]
    #[case(r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:d","maxReceiveCount":"3"}"#, Some("after 3 receives"))]
    #[case(r#"{"deadLetterTargetArn":""}"#, None)]
    #[case("not json", None)]
    fn reads_redrive_policies(#[case] policy: &str, #[case] label: Option<&str>) {
        let attributes = Attributes::from([("RedrivePolicy".to_owned(), policy.to_owned())]);
        let links = dead_letter_link(&"arn:aws:sqs:r:1:q".into(), &attributes);
        assert_eq!(links.first().map(|link| link.label.as_str()), label);
    }
}
