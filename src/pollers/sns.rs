//! SNS: topics, their subscriptions with filter policies, and where undeliverable messages go.
//!
//! The two listings are read as structure; a topic's and a subscription's own attributes cost a call each, so they are read once
//! and then rarely. AWS allows 30 calls a second for the whole account: we take a third. What a subscription's policy is stays
//! unknown, and is said to be, until it could be read.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_sns::types::Subscription;
use futures_util::{StreamExt, stream};

use super::{Due, Inventory, Links, Look, Outbox, Poller, Spacing, Tier, address};
use crate::{
    aws::Trouble,
    domain::{
        Arn, Attributes, FILTER_NOT_KNOWN, FailureKind, Kind, Link, LinkKind, Resource, ResourceId, Scope,
        reading::SUBSCRIPTIONS, unqualified,
    },
};

/// Attribute calls under way at once.
const CONCURRENCY: usize = 8;
/// Calls a second on AWS, of the 30 that the whole account has.
const CALLS_PER_SECOND: u32 = 10;
const LIST_TOPICS: &str = "sns:ListTopics";
const LIST_SUBSCRIPTIONS: &str = "sns:ListSubscriptions";
const TOPIC_ATTRIBUTES: &str = "sns:GetTopicAttributes";
const SUBSCRIPTION_ATTRIBUTES: &str = "sns:GetSubscriptionAttributes";

#[derive(Default)]
pub struct Sns {
    listed: Due,
    topics: BTreeMap<ResourceId, Topic>,
    /// The last complete listing of subscriptions; `None` before the first.
    subscriptions: Option<Vec<Subscription>>,
    /// What is known of each confirmed subscription, by its ARN.
    described: BTreeMap<String, Described>,
    inventory: Inventory,
    links: Links,
}

/// What is remembered of a topic.
#[derive(Debug, Default)]
struct Topic {
    read: Due,
    /// `SubscriptionsConfirmed` as the attributes had it: it counts other accounts' subscriptions too, which no listing shows.
    confirmed: Option<usize>,
    /// The listing's count when the attributes were read.
    listed: usize,
    /// The last try to read the attributes failed.
    is_in_doubt: bool,
}

#[derive(Debug, Default)]
struct Described {
    read: Due,
    /// `None` until the attributes were read once.
    attributes: Option<Attributes>,
    /// The last try to read them failed.
    is_in_doubt: bool,
}

#[async_trait]
impl Poller for Sns {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Topic, Kind::Endpoint]
    }

    /// All that is read here changes by deployment only.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).min(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if !self.listed.is_due(look.scope, look.structure()) {
            return;
        }
        let topics = self.list_topics(look, out).await;
        if !out.is_hopeless() {
            self.list_subscriptions(look, out).await;
        }
        // What the listings told shows before the slow part begins, and the rest after it.
        self.tell(topics.as_ref(), out).await;
        out.flush().await;
        if !out.is_hopeless() {
            self.describe_topics(look, out).await;
        }
        if !out.is_hopeless() {
            self.describe_subscriptions(look, out).await;
        }
        self.count(out).await;
        self.tell(topics.as_ref(), out).await;
        self.listed.tried(look.scope, out.worst());
    }
}

impl Sns {
    /// The topics there are; `None` when the listing did not come to its end.
    async fn list_topics(&mut self, look: Look<'_>, out: &mut Outbox) -> Option<BTreeSet<ResourceId>> {
        let mut pages = look.aws.sns().list_topics().into_paginator().send();
        let mut named = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    out.failed(LIST_TOPICS, Trouble::from(error), None).await;
                    return None;
                }
            };
            for id in page.topics.unwrap_or_default().into_iter().filter_map(|topic| topic.topic_arn) {
                let id = ResourceId::from(id);
                if self.inventory.get(&id).is_none() {
                    let resource = Resource::new(id.clone(), Kind::Topic, id.short_name());
                    out.say_all(self.inventory.found(resource, Vec::new())).await;
                }
                self.topics.entry(id.clone()).or_default();
                named.insert(id);
            }
        }
        self.topics.retain(|id, _| named.contains(id));
        out.done(LIST_TOPICS);
        Some(named)
    }

    async fn list_subscriptions(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut pages = look.aws.sns().list_subscriptions().into_paginator().send();
        let mut listed = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => listed.extend(page.subscriptions.unwrap_or_default()),
                Err(error) => return out.failed(LIST_SUBSCRIPTIONS, Trouble::from(error), None).await,
            }
        }
        // SNS lists a deleted subscription for a while, with this in place of its ARN.
        listed.retain(|subscription| subscription.subscription_arn() != Some("Deleted"));
        let arns: BTreeSet<&str> = listed.iter().filter_map(confirmed_arn).collect();
        self.described.retain(|arn, _| arns.contains(arn.as_str()));
        for arn in arns {
            self.described.entry(arn.to_owned()).or_default();
        }
        self.subscriptions = Some(listed);
        out.done(LIST_SUBSCRIPTIONS);
    }

    async fn describe_topics(&mut self, look: Look<'_>, out: &mut Outbox) {
        let counts = self.listed_counts();
        let count_of = |id: &ResourceId| counts.get(id).copied().unwrap_or(0);
        let due: Vec<ResourceId> = self
            .topics
            .iter()
            .filter(|(id, topic)| topic.read.is_due(look.scope, look.rarely()) || topic.listed != count_of(id))
            .map(|(id, _)| id.clone())
            .collect();
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(due)
            .map(async |id| {
                spacing.turn().await;
                let answer = look.aws.sns().get_topic_attributes().topic_arn(id.as_str()).send().await;
                (id, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((id, answer)) = answers.next().await {
            let Some(topic) = self.topics.get_mut(&id) else { continue };
            topic.listed = count_of(&id);
            match answer {
                Ok(answer) => {
                    topic.read.tried(look.scope, None);
                    topic.is_in_doubt = false;
                    out.read(TOPIC_ATTRIBUTES, &id);
                    let mut resource = Resource::new(id.clone(), Kind::Topic, id.short_name());
                    resource.attributes.extend(answer.attributes.unwrap_or_default());
                    resource.attributes.remove("TopicArn");
                    topic.confirmed = resource.number("SubscriptionsConfirmed").map(|count| count as usize);
                    out.say_all(self.inventory.found(resource, Vec::new())).await;
                }
                Err(error) => {
                    let trouble = Trouble::from(error);
                    topic.read.tried(look.scope, Some(trouble.kind));
                    topic.is_in_doubt = true;
                    // Deleted since the listing: the next listing says so properly.
                    if trouble.kind != FailureKind::NotFound {
                        out.failed(TOPIC_ATTRIBUTES, trouble, Some(&id)).await;
                    }
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    async fn describe_subscriptions(&mut self, look: Look<'_>, out: &mut Outbox) {
        let due: Vec<String> = self
            .described
            .iter()
            .filter(|(_, known)| known.read.is_due(look.scope, look.rarely()))
            .map(|(arn, _)| arn.clone())
            .collect();
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(due)
            .map(async |arn| {
                spacing.turn().await;
                let answer = look.aws.sns().get_subscription_attributes().subscription_arn(&arn).send().await;
                (arn, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((arn, answer)) = answers.next().await {
            let Some(known) = self.described.get_mut(&arn) else { continue };
            match answer {
                Ok(answer) => {
                    known.read.tried(look.scope, None);
                    known.is_in_doubt = false;
                    known.attributes = Some(answer.attributes.unwrap_or_default().into_iter().collect());
                    let topic = topic_of(&arn);
                    // Said of the topic, which may have other subscriptions that cannot be read.
                    if !self.described.iter().any(|(other, known)| known.is_in_doubt && topic_of(other) == topic) {
                        out.read(SUBSCRIPTION_ATTRIBUTES, &topic);
                    }
                }
                Err(error) => {
                    let trouble = Trouble::from(error);
                    known.read.tried(look.scope, Some(trouble.kind));
                    known.is_in_doubt = true;
                    if trouble.kind != FailureKind::NotFound {
                        out.failed(SUBSCRIPTION_ATTRIBUTES, trouble, Some(&topic_of(&arn))).await;
                    }
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    /// It has an ARN, and its attributes do not say otherwise.
    fn is_confirmed(&self, subscription: &Subscription) -> bool {
        confirmed_arn(subscription).is_some_and(|arn| {
            let attributes = self.described.get(arn).and_then(|known| known.attributes.as_ref());
            attributes.and_then(|all| all.get("PendingConfirmation")).is_none_or(|pending| pending != "true")
        })
    }

    /// Confirmed subscriptions of each topic, as listed.
    fn listed_counts(&self) -> BTreeMap<ResourceId, usize> {
        let mut counts = BTreeMap::new();
        for subscription in self.subscriptions.iter().flatten().filter(|one| self.is_confirmed(one)) {
            *counts.entry(subscription.topic_arn().unwrap_or_default().into()).or_default() += 1;
        }
        counts
    }

    /// The listing is fresher, the attribute knows other accounts' subscriptions: the larger is the truer.
    ///
    /// A topic in doubt is left out: a reading would say that all is known of it again.
    async fn count(&self, out: &mut Outbox) {
        let counts = self.listed_counts();
        let of_subscriptions =
            self.described.iter().filter(|(_, known)| known.is_in_doubt).map(|(arn, _)| topic_of(arn));
        let in_doubt: BTreeSet<ResourceId> = of_subscriptions.collect();
        for (id, topic) in self.topics.iter().filter(|(id, topic)| !topic.is_in_doubt && !in_doubt.contains(*id)) {
            let listed = self.subscriptions.is_some().then(|| counts.get(id).copied().unwrap_or(0));
            let (value, source) = match (listed, topic.confirmed) {
                (Some(listed), Some(confirmed)) if confirmed > listed => (confirmed, TOPIC_ATTRIBUTES),
                (Some(listed), _) => (listed, LIST_SUBSCRIPTIONS),
                (None, Some(confirmed)) => (confirmed, TOPIC_ATTRIBUTES),
                (None, None) => continue,
            };
            out.measured(id, SUBSCRIPTIONS, value as f64, source).await;
        }
    }

    /// Says the endpoints and links of the last complete listing.
    async fn tell(&mut self, topics: Option<&BTreeSet<ResourceId>>, out: &mut Outbox) {
        let mut links = Vec::new();
        let mut named = topics.cloned().unwrap_or_else(|| self.topics.keys().cloned().collect());
        for subscription in self.subscriptions.iter().flatten() {
            let known = confirmed_arn(subscription).and_then(|arn| self.described.get(arn));
            links.extend(subscription_links(subscription, known.and_then(|known| known.attributes.as_ref())));
            if let Some(endpoint) = endpoint_resource(subscription) {
                named.insert(endpoint.id.clone());
                out.say_all(self.inventory.found(endpoint, Vec::new())).await;
            }
        }
        out.say_all(self.links.replace_all(links)).await;
        out.say_all(self.inventory.keep_only(&named)).await;
    }
}

/// The ARN of a confirmed subscription; a pending one has the word `PendingConfirmation` in its place.
fn confirmed_arn(subscription: &Subscription) -> Option<&str> {
    subscription.subscription_arn().filter(|arn| Arn::parse(arn).is_some())
}

/// `arn:…:TOPIC` of `arn:…:TOPIC:UUID`.
fn topic_of(subscription: &str) -> ResourceId {
    subscription.rsplit_once(':').map_or(subscription, |(topic, _)| topic).into()
}

/// What has no kind of its own among the resources: an e-mail address, a telephone number, a URL, a mobile application.
fn endpoint_resource(subscription: &Subscription) -> Option<Resource> {
    let (protocol, endpoint) = (subscription.protocol()?, subscription.endpoint()?);
    if matches!(protocol, "sqs" | "lambda" | "firehose") {
        return None;
    }
    let endpoint = without_secrets(endpoint);
    Some(Resource::new(&endpoint, Kind::Endpoint, &endpoint).with("Protocol", Some(protocol)))
}

/// A URL may hold a key, in its path or as a password; other endpoints are shown as they are.
fn without_secrets(endpoint: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, _)) => {
            address::of_host(endpoint).map_or_else(|| format!("{scheme}://"), |id| id.as_str().to_owned())
        }
        None => endpoint.to_owned(),
    }
}

/// Topic → endpoint, and topic → where what cannot be delivered goes. `attributes` is `None` where they are not known.
fn subscription_links(subscription: &Subscription, attributes: Option<&Attributes>) -> Vec<Link> {
    let (Some(topic), Some(endpoint)) = (subscription.topic_arn(), subscription.endpoint()) else { return Vec::new() };
    let to = ResourceId::from(unqualified(&without_secrets(endpoint)));
    let arn = confirmed_arn(subscription);
    let get = |name: &str| attributes.and_then(|attributes| attributes.get(name)).filter(|text| !text.is_empty());
    let policy = get("FilterPolicy").filter(|policy| policy.trim() != "{}");
    // Some emulators give a subscription its ARN before it is confirmed.
    let pending = arn.is_none() || get("PendingConfirmation").is_some_and(|pending| pending == "true");
    let label = match (attributes, policy) {
        _ if pending => "pending confirmation".to_owned(),
        (None, _) => FILTER_NOT_KNOWN.to_owned(),
        (_, None) => String::new(),
        (_, Some(policy)) => compact(policy),
    };
    let mut links = vec![
        Link::configured(topic, LinkKind::Subscribes, to.clone())
            .labelled(label)
            .with("SubscriptionArn", arn)
            .with("Protocol", subscription.protocol())
            .with("PendingConfirmation", Some(pending))
            .with("FilterPolicy", policy)
            .with("FilterPolicyScope", get("FilterPolicyScope"))
            .with("RawMessageDelivery", get("RawMessageDelivery"))
            .with("RedrivePolicy", get("RedrivePolicy")),
    ];
    if let Some(queue) = get("RedrivePolicy").and_then(|policy| dead_letter_target(policy)) {
        let link = Link::configured(topic, LinkKind::DeadLetters, queue);
        links.push(link.labelled(format!("undeliverable for {}", to.short_name())).with("SubscriptionArn", arn));
    }
    links
}

/// JSON without its white space; what is no JSON stays as it is.
fn compact(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json).map_or_else(|_| json.to_owned(), |value| value.to_string())
}

fn dead_letter_target(policy: &str) -> Option<String> {
    let policy = serde_json::from_str::<serde_json::Value>(policy).ok()?;
    policy.get("deadLetterTargetArn")?.as_str().filter(|arn| !arn.is_empty()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TOPIC: &str = "arn:aws:sns:r:1:t";
    const QUEUE: &str = "arn:aws:sqs:r:1:q";

    fn subscription(arn: &str) -> Subscription {
        Subscription::builder().subscription_arn(arn).protocol("sqs").endpoint(QUEUE).topic_arn(TOPIC).build()
    }

    #[rstest]
    #[case("PendingConfirmation", None, "pending confirmation")]
    #[case("arn:aws:sns:r:1:t:u", None, "filter policy not known")]
    #[case("arn:aws:sns:r:1:t:u", Some("{}"), "")]
    #[case("arn:aws:sns:r:1:t:u", Some("{ \"event\": [\"a\"] }"), r#"{"event":["a"]}"#)]
    fn labels(#[case] arn: &str, #[case] policy: Option<&str>, #[case] label: &str) {
        let attributes = policy.map(|policy| Attributes::from([("FilterPolicy".to_owned(), policy.to_owned())]));
        assert_eq!(subscription_links(&subscription(arn), attributes.as_ref())[0].label, label);
    }

    #[test]
    fn an_alias_links_to_its_function() {
        let alias = "arn:aws:lambda:r:1:function:f:live";
        let to_alias = Subscription::builder().topic_arn(TOPIC).protocol("lambda").endpoint(alias).build();
        assert_eq!(subscription_links(&to_alias, None)[0].to.as_str(), "arn:aws:lambda:r:1:function:f");
    }

    #[test]
    fn an_arn_alone_does_not_confirm() {
        let attributes = Attributes::from([("PendingConfirmation".to_owned(), "true".to_owned())]);
        let links = subscription_links(&subscription("arn:aws:sns:r:1:t:u"), Some(&attributes));
        assert_eq!(links[0].label, "pending confirmation");
    }

    #[tokio::test]
    async fn a_topic_is_gone_though_subscriptions_were_never_listed() {
        let (send, mut receive) = tokio::sync::mpsc::channel(1);
        let (mut sns, mut out) = (Sns::default(), Outbox::new("sns", || jiff::Timestamp::UNIX_EPOCH, send));
        sns.inventory.found(Resource::new(TOPIC, Kind::Topic, "t"), Vec::new());
        sns.tell(Some(&BTreeSet::new()), &mut out).await;
        out.flush().await;
        let gone = crate::domain::Fact::Gone(crate::domain::Subject::Resource(TOPIC.into()));
        assert_eq!(receive.recv().await.unwrap().facts, [gone]);
    }

    #[test]
    fn undeliverable_messages_link_the_topic_to_the_queue() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:d"}"#;
        let attributes = Attributes::from([("RedrivePolicy".to_owned(), policy.to_owned())]);
        let links = subscription_links(&subscription("arn:aws:sns:r:1:t:u"), Some(&attributes));
        let link = &links[1];
        assert_eq!(
            (link.from.as_str(), link.to.as_str(), link.kind),
            (TOPIC, "arn:aws:sqs:r:1:d", LinkKind::DeadLetters)
        );
        assert_eq!(
            (link.label.as_str(), link.attribute("SubscriptionArn")),
            ("undeliverable for q", Some("arn:aws:sns:r:1:t:u"))
        );
    }

    #[rstest]
    #[case("https://u:p@host/x@y", "https://host/…19e9bf")]
    #[case("https://host/a:b@c", "https://host/…1e288d")]
    #[case("a@example.com", "a@example.com")]
    fn secrets_are_left_out(#[case] endpoint: &str, #[case] shown: &str) {
        assert_eq!(without_secrets(endpoint), shown);
    }
}
