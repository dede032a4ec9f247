//! What buckets announce of their objects, to whom: a part of the S3 poller.
//!
//! It changes by deployment only and costs a call a bucket, so it is read rarely. A bucket that cannot be asked keeps what it said.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::{
    operation::get_bucket_notification_configuration::GetBucketNotificationConfigurationOutput,
    types::{Event, NotificationConfigurationFilter},
};
use futures_util::{StreamExt, stream};

use super::{
    Due, Links, Look, Outbox,
    s3::{elsewhere, in_region},
    service_call::resource_of,
};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Link, LinkKind, ResourceId, arn::partition_of},
};

const CONCURRENCY: usize = 4;
const READ: &str = "s3:GetBucketNotificationConfiguration";
const IDENTITY: &str = "sts:GetCallerIdentity";

/// A bucket to be asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub id: ResourceId,
    pub name: String,
    /// `None` where the listing does not say: it is here.
    pub region: Option<String>,
}

/// What is remembered of all buckets' notifications.
#[derive(Debug, Default)]
pub struct Notifications {
    read: BTreeMap<ResourceId, Due>,
    of_buckets: BTreeMap<ResourceId, Vec<Link>>,
    links: Links,
}

impl Notifications {
    /// Asks the buckets that are due; those that are not among `buckets` are gone.
    pub async fn read(&mut self, look: Look<'_>, buckets: Vec<Asked>, out: &mut Outbox) {
        let named: BTreeSet<ResourceId> = buckets.iter().map(|bucket| bucket.id.clone()).collect();
        self.read.retain(|id, _| named.contains(id));
        self.of_buckets.retain(|id, _| named.contains(id));
        let is_due = |bucket: &Asked| self.read.get(&bucket.id).is_none_or(|due| due.is_due(look.scope, look.rarely()));
        let due: Vec<Asked> = buckets.into_iter().filter(is_due).collect();
        let mut answers = stream::iter(due)
            .map(async |bucket| {
                let answer = ask(look, &bucket).await;
                (bucket, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((bucket, answer)) = answers.next().await {
            let read = self.read.entry(bucket.id.clone()).or_default();
            match answer {
                Ok(answer) => {
                    read.tried(look.scope, None);
                    out.read(READ, &bucket.id);
                    let mut links = announced(&bucket.id, &answer);
                    if answer.event_bridge_configuration().is_some() {
                        match to_bus(look, &bucket).await {
                            Ok(link) => {
                                out.read(IDENTITY, &bucket.id);
                                links.push(link);
                            }
                            Err(trouble) => out.failed(IDENTITY, trouble, Some(&bucket.id)).await,
                        }
                    }
                    self.of_buckets.insert(bucket.id, links);
                }
                Err(trouble) => {
                    read.tried(look.scope, Some(trouble.kind));
                    // Deleted since the listing: the next listing says so.
                    if trouble.kind != FailureKind::NotFound {
                        out.failed(READ, trouble, Some(&bucket.id)).await;
                    }
                }
            }
            if out.is_hopeless() {
                break;
            }
        }
        out.say_all(self.links.replace_all(self.of_buckets.values().flatten().cloned())).await;
    }
}

async fn ask(look: Look<'_>, bucket: &Asked) -> Result<GetBucketNotificationConfigurationOutput, Trouble> {
    let call = look.aws.s3().get_bucket_notification_configuration().bucket(&bucket.name);
    let answer = match elsewhere(look, bucket.region.as_deref()) {
        Some(region) => call.customize().config_override(in_region(region)).send().await,
        None => call.send().await,
    };
    Ok(answer?)
}

/// Events of a bucket go to the default bus of its own Region.
async fn to_bus(look: Look<'_>, bucket: &Asked) -> Result<Link, Trouble> {
    let region = elsewhere(look, bucket.region.as_deref()).unwrap_or_else(|| look.aws.region().to_owned());
    let account = look.account().await?;
    let bus = format!("arn:{}:events:{region}:{account}:event-bus/default", partition_of(&region));
    Ok(Link::configured(bucket.id.clone(), LinkKind::Notifies, bus).labelled("all events"))
}

fn announced(bucket: &ResourceId, answer: &GetBucketNotificationConfigurationOutput) -> Vec<Link> {
    let link = |to: &str, id: Option<&str>, events: &[Event], filter: Option<&NotificationConfigurationFilter>| {
        let events = events.iter().map(Event::as_str).collect::<Vec<_>>().join(", ");
        let filter = filter.map(written).unwrap_or_default();
        let gap = if filter.is_empty() { "" } else { ", " };
        let short = events.replace("s3:", "");
        (!to.is_empty()).then(|| {
            Link::configured(bucket.clone(), LinkKind::Notifies, resource_of(to))
                .labelled(format!("{short}{gap}{filter}"))
                .with("Events", Some(events))
                .with("Filter", (!filter.is_empty()).then_some(filter))
                .with("Id", id)
        })
    };
    let queues = answer.queue_configurations().iter();
    let queues = queues.map(|to| link(to.queue_arn(), to.id(), to.events(), to.filter()));
    let topics = answer.topic_configurations().iter();
    let topics = topics.map(|to| link(to.topic_arn(), to.id(), to.events(), to.filter()));
    let functions = answer.lambda_function_configurations().iter();
    let functions = functions.map(|to| link(to.lambda_function_arn(), to.id(), to.events(), to.filter()));
    queues.chain(topics).chain(functions).flatten().collect()
}

/// `prefix in/, suffix .png`.
fn written(filter: &NotificationConfigurationFilter) -> String {
    let rules = filter.key().map(|key| key.filter_rules()).unwrap_or_default();
    let mut rules: Vec<String> = rules
        .iter()
        .filter_map(|rule| {
            let value = rule.value().filter(|value| !value.is_empty())?;
            Some(format!("{} {value}", rule.name()?.as_str().to_ascii_lowercase()))
        })
        .collect();
    rules.sort();
    rules.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::{FilterRule, FilterRuleName, LambdaFunctionConfiguration, QueueConfiguration, S3KeyFilter};

    #[test]
    fn a_notification_says_what_of_and_for_which_keys() {
        let rule = |name, value: &str| FilterRule::builder().name(name).value(value).build();
        let key = S3KeyFilter::builder()
            .filter_rules(rule(FilterRuleName::Suffix, ".png"))
            .filter_rules(rule(FilterRuleName::Prefix, "in/"))
            .build();
        let queue = QueueConfiguration::builder()
            .queue_arn("arn:aws:sqs:r:1:q")
            .events(Event::from("s3:ObjectCreated:*"))
            .filter(NotificationConfigurationFilter::builder().key(key).build());
        let function = LambdaFunctionConfiguration::builder()
            .lambda_function_arn("arn:aws:lambda:r:1:function:f:live")
            .events(Event::from("s3:ObjectRemoved:*"));
        let answer = GetBucketNotificationConfigurationOutput::builder()
            .queue_configurations(queue.build().unwrap())
            .lambda_function_configurations(function.build().unwrap())
            .build();
        let links = announced(&"arn:aws:s3:::b".into(), &answer);
        let lines: Vec<_> = links.iter().map(|link| format!("{} [{}]", link.to.short_name(), link.label)).collect();
        assert_eq!(lines, ["q [ObjectCreated:*, prefix in/, suffix .png]", "f [ObjectRemoved:*]"]);
        assert_eq!(links[0].attribute("Events"), Some("s3:ObjectCreated:*"));
    }
}
