//! A queue as a redrive needs to know it: where it is, what it demands of messages, and what looking at it costs.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::domain::ResourceId;

/// One queue. Its attributes are those of when it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub url: String,
    pub arn: ResourceId,
    pub visibility_timeout: Duration,
    /// How long it keeps a message.
    pub retention: Duration,
    pub maximum_message_bytes: usize,
    pub redrive_policy: Option<RedrivePolicy>,
    /// Bodies stand for deduplication ids where a sender gives none.
    pub content_based_deduplication: bool,
}

/// Where a queue's dead letters go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedrivePolicy {
    pub target: ResourceId,
    /// After so many receives the next one moves the message.
    pub max_receive_count: u32,
}

/// How many messages a queue has. All approximate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub visible: u64,
    pub in_flight: u64,
    pub delayed: u64,
}

impl Standing {
    pub fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

impl Queue {
    /// From its URL and what `GetQueueAttributes` says. What is missing there gets AWS's default.
    pub fn from_attributes(url: &str, attributes: &BTreeMap<String, String>) -> Option<Self> {
        let number = |name: &str| attributes.get(name).and_then(|text| text.parse::<u64>().ok());
        Some(Self {
            url: url.to_owned(),
            arn: ResourceId::from(attributes.get("QueueArn")?.as_str()),
            visibility_timeout: Duration::from_secs(number("VisibilityTimeout").unwrap_or(30)),
            retention: Duration::from_secs(number("MessageRetentionPeriod").unwrap_or(345_600)),
            maximum_message_bytes: number("MaximumMessageSize")
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(super::message::MOST_BYTES),
            redrive_policy: attributes.get("RedrivePolicy").and_then(|text| redrive_policy(text)),
            content_based_deduplication: attributes.get("ContentBasedDeduplication").is_some_and(|text| text == "true"),
        })
    }

    pub fn name(&self) -> &str {
        self.arn.short_name()
    }

    pub fn is_fifo(&self) -> bool {
        self.name().ends_with(".fifo")
    }

    /// Whether that queue gets what the consumer of this one does not manage.
    pub fn gives_up_to(&self, other: &Self) -> bool {
        self.redrive_policy.as_ref().is_some_and(|policy| policy.target == other.arn)
    }
}

/// Emulators write the count as a number or as text.
fn redrive_policy(text: &str) -> Option<RedrivePolicy> {
    let policy: serde_json::Value = serde_json::from_str(text).ok()?;
    let count = &policy["maxReceiveCount"];
    let count = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
    Some(RedrivePolicy {
        target: ResourceId::from(policy["deadLetterTargetArn"].as_str()?),
        max_receive_count: u32::try_from(count).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_attributes_and_defaults() {
        let attributes = [
            ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:a.fifo"),
            ("VisibilityTimeout", "40"),
            (
                "RedrivePolicy",
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:b.fifo","maxReceiveCount":"3"}"#,
            ),
        ];
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let queue = Queue::from_attributes("http://h/a.fifo", &attributes).unwrap();
        assert_eq!((queue.name(), queue.is_fifo()), ("a.fifo", true));
        assert_eq!((queue.visibility_timeout.as_secs(), queue.retention.as_secs()), (40, 345_600));
        assert_eq!(queue.redrive_policy.unwrap().max_receive_count, 3);
        assert_eq!(Queue::from_attributes("http://h/a", &BTreeMap::new()), None);
    }
}
