//! Dead letters on a real endpoint, made and counted by a plain client: nothing of the program under test is asked.

use std::collections::BTreeMap;

use aws_sdk_sqs::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    types::{
        DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
    },
};
use edatop::redrive::message::MOST_IN_BATCH;
use futures_util::{StreamExt, stream};

use super::queues::{body, ledger::TOKEN};

/// Calls at once.
const CONCURRENCY: usize = 4;

/// A queue and its dead letters'.
pub struct Pair {
    pub client: Client,
    pub dead: String,
    pub source: String,
    pub dead_url: String,
    pub source_url: String,
    groups: usize,
}

/// A message as a plain client got it.
#[derive(Debug, Clone)]
pub struct Letter {
    pub token: String,
    pub group: String,
    pub body: String,
}

/// As anybody would make one: it tries again by itself.
pub fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"));
    Client::from_conf(config.build())
}

pub fn token(number: usize) -> String {
    format!("{TOKEN}{number:06}")
}

impl Pair {
    /// Two new queues; the name must be nobody else's. FIFO ones if there are groups.
    pub async fn make(url: &str, name: &str, groups: usize) -> Self {
        let client = client(url);
        let suffix = if groups > 0 { ".fifo" } else { "" };
        let (dead, source) = (format!("{name}-dlq{suffix}"), format!("{name}{suffix}"));
        let dead_url = create(&client, &dead, None).await;
        let source_url = create(&client, &source, Some(&dead_url)).await;
        Self { client, dead, source, dead_url, source_url, groups }
    }

    /// Sends so many to the dead-letter queue, with tokens from 0 on; of FIFO queues in the order of each group.
    pub async fn fill(&self, count: usize) {
        let lanes = self.groups.max(1);
        let numbers = |lane: usize| (lane..count).step_by(lanes).collect::<Vec<_>>();
        let lane = async |lane: usize| {
            for batch in numbers(lane).chunks(MOST_IN_BATCH) {
                let entries = batch.iter().map(|number| self.entry(*number, lane)).collect();
                let call = self.client.send_message_batch().queue_url(&self.dead_url).set_entries(Some(entries));
                assert!(call.send().await.unwrap().failed.is_empty());
            }
        };
        stream::iter(0..lanes).map(lane).buffer_unordered(CONCURRENCY).collect::<()>().await;
    }

    fn entry(&self, number: usize, group: usize) -> SendMessageBatchRequestEntry {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(number.to_string())
            .message_body(body(&token(number), r#","kind":"test""#));
        let entry = if self.groups > 0 {
            entry.message_group_id(format!("group-{group}")).message_deduplication_id(number.to_string())
        } else {
            entry
        };
        entry.build().unwrap()
    }

    /// How many are on the dead-letter queue, and how many on the other; in flight or not.
    pub async fn counts(&self) -> [u64; 2] {
        [count(&self.client, &self.dead_url).await, count(&self.client, &self.source_url).await]
    }

    /// Takes all that there is off the dead-letter queue, and off the other.
    pub async fn empty(&self) -> [Vec<Letter>; 2] {
        [drain(&self.client, &self.dead_url).await, drain(&self.client, &self.source_url).await]
    }

    pub async fn remove(&self) {
        for url in [&self.source_url, &self.dead_url] {
            self.client.delete_queue().queue_url(url).send().await.unwrap();
        }
    }
}

/// How many messages a queue has, in flight or not.
pub async fn count(client: &Client, url: &str) -> u64 {
    let names =
        [QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::ApproximateNumberOfMessagesNotVisible];
    let call = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
    let attributes = call.send().await.unwrap().attributes.unwrap();
    names.iter().map(|name| attributes[name].parse::<u64>().unwrap()).sum()
}

async fn create(client: &Client, name: &str, dead_url: Option<&str>) -> String {
    let mut call = client.create_queue().queue_name(name).attributes(QueueAttributeName::VisibilityTimeout, "30");
    if name.ends_with(".fifo") {
        call = call.attributes(QueueAttributeName::FifoQueue, "true");
    }
    if let Some(url) = dead_url {
        let arn = QueueAttributeName::QueueArn;
        let answer = client.get_queue_attributes().queue_url(url).attribute_names(arn.clone()).send().await.unwrap();
        let target = &answer.attributes.unwrap()[&arn];
        let policy = serde_json::json!({ "deadLetterTargetArn": target, "maxReceiveCount": 3 });
        call = call.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    }
    call.send().await.unwrap().queue_url.unwrap()
}

/// Takes everything off a queue that is visible, in the order in which it comes.
pub async fn drain(client: &Client, url: &str) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut quiet = 0;
    while quiet < 2 {
        let call = client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .visibility_timeout(30)
            .wait_time_seconds(1)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let messages = call.send().await.unwrap().messages.unwrap_or_default();
        quiet = if messages.is_empty() { quiet + 1 } else { 0 };
        let mut entries = Vec::new();
        for (number, message) in messages.into_iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(message.receipt_handle.unwrap());
            entries.push(entry.build().unwrap());
            let attributes = message.attributes.unwrap_or_default();
            let group = attributes.get(&MessageSystemAttributeName::MessageGroupId).cloned().unwrap_or_default();
            let body = message.body.unwrap();
            let token = super::queues::ledger::tokens_in(&body).next().unwrap_or(&body).to_owned();
            letters.push(Letter { token, group, body });
        }
        if !entries.is_empty() {
            let call = client.delete_message_batch().queue_url(url).set_entries(Some(entries));
            assert!(call.send().await.unwrap().failed.is_empty());
        }
    }
    letters
}

/// Tokens with how often they are there.
pub fn tally(letters: &[Letter]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for letter in letters {
        *counts.entry(letter.token.as_str()).or_default() += 1;
    }
    counts
}

/// Two messages of one group, of which the one that was sent earlier has come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overtaken {
    pub group: String,
    pub earlier: String,
    pub later: String,
}

/// All pairs that do not come in the order in which they were sent; what came again counts the first time.
pub fn out_of_order(letters: &[Letter]) -> Vec<Overtaken> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut pairs = Vec::new();
    for Letter { token, group, .. } in letters {
        let seen = groups.entry(group).or_default();
        if seen.contains(&token.as_str()) {
            continue;
        }
        let pair =
            |later: &&str| Overtaken { group: group.clone(), earlier: token.clone(), later: (*later).to_owned() };
        pairs.extend(seen.iter().filter(|before| **before > token.as_str()).map(pair));
        seen.push(token);
    }
    pairs
}
