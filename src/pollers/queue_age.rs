//! How long the oldest message of a queue has waited, where the endpoint lets us look for free (LocalStack's developer page).
//!
//! AWS has no free look: there the age is CloudWatch's `ApproximateAgeOfOldestMessage`. A receive would raise counts, so never one.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{Look, Outbox};
use crate::{
    aws::local,
    domain::{ResourceId, reading::OLDEST_AGE},
};

/// The page answers with whole messages: deep queues are not asked for them.
const MOST_MESSAGES: f64 = 500.0;
const EVERY: Duration = Duration::from_secs(5);
/// Queues asked in one round, those that waited longest first.
const MOST_QUEUES: usize = 32;
const CONCURRENCY: usize = 8;
/// Depths come first: one round waits no longer than this for all the ages together.
const BUDGET: Duration = Duration::from_secs(1);
const SOURCE: &str = "localstack:/_aws/sqs/messages";

/// Which queues to ask, and when each was asked last.
#[derive(Debug, Default)]
pub struct QueueAges {
    queues: BTreeMap<ResourceId, (String, f64, Option<Instant>)>,
}

impl QueueAges {
    /// Remembers a queue's depth.
    pub fn note(&mut self, id: &ResourceId, url: &str, visible: f64) {
        let asked = self.queues.get(id).and_then(|(_, _, asked)| *asked);
        self.queues.insert(id.clone(), (url.to_owned(), visible, asked));
    }

    pub fn keep_only(&mut self, named: &BTreeSet<ResourceId>) {
        self.queues.retain(|id, _| named.contains(id));
    }

    /// Asks for the messages of the queues that are due and says how old the oldest is.
    pub async fn read(&mut self, look: Look<'_>, out: &mut Outbox) {
        let Some(endpoint) = look.aws.endpoint().filter(|_| look.aws.dialect.flavour().has_free_peek()) else { return };
        let until = Instant::now() + BUDGET;
        let mut answers = stream::iter(self.turns())
            .map(async |(id, url)| {
                let path = format!("/_aws/sqs/messages?QueueUrl={}&ShowDelayed=true", encode(&url));
                (id, local::get_json(endpoint, &path).await)
            })
            .buffer_unordered(CONCURRENCY);
        while let Ok(Some((id, page))) = timeout_at(until, answers.next()).await {
            let Some(sent) = page.as_ref().and_then(oldest_sent_ms) else { continue };
            let age = (out.now().as_millisecond() as f64 - sent) / 1e3;
            out.measured(&id, OLDEST_AGE, age.max(0.0), SOURCE).await;
        }
    }

    /// The queues whose turn it is, with their URLs. Each goes to the end of the line, whether or not it answers.
    fn turns(&mut self) -> Vec<(ResourceId, String)> {
        let mut due: Vec<_> = self
            .queues
            .iter_mut()
            .filter(|(_, (_, visible, asked))| {
                (1.0..=MOST_MESSAGES).contains(visible) && asked.is_none_or(|asked| asked.elapsed() >= EVERY)
            })
            .collect();
        due.sort_by_key(|(_, (_, _, asked))| *asked);
        due.into_iter()
            .take(MOST_QUEUES)
            .map(|(id, (url, _, asked))| {
                *asked = Some(Instant::now());
                (id.clone(), url.clone())
            })
            .collect()
    }
}

/// The smallest `SentTimestamp`, in milliseconds since 1970.
fn oldest_sent_ms(page: &Value) -> Option<f64> {
    let messages = page.pointer("/ReceiveMessageResponse/ReceiveMessageResult/Message")?;
    let one;
    let messages = match messages {
        Value::Array(messages) => messages,
        message => {
            one = vec![message.clone()];
            &one
        }
    };
    messages.iter().filter_map(sent_ms).min_by(f64::total_cmp)
}

fn sent_ms(message: &Value) -> Option<f64> {
    let attributes = message.get("Attribute")?.as_array()?;
    let sent = attributes.iter().find(|attribute| attribute["Name"] == "SentTimestamp")?;
    match &sent["Value"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_f64(),
    }
}

/// Percent-encodes a query value.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test(start_paused = true)]
    async fn every_queue_has_its_turn() {
        let mut ages = QueueAges::default();
        for number in 0..MOST_QUEUES * 3 {
            ages.note(&format!("q{number:03}").as_str().into(), "url", 1.0);
        }
        let mut asked = BTreeSet::new();
        for _ in 0..3 {
            asked.extend(ages.turns());
            // Those asked first are due again before the last have had a turn.
            tokio::time::advance(EVERY).await;
        }
        assert_eq!(asked.len(), MOST_QUEUES * 3);
    }

    #[test]
    fn finds_the_oldest() {
        let message = |sent: &str| json!({"Attribute": [{"Name": "SenderId", "Value": "1"}, {"Name": "SentTimestamp", "Value": sent}]});
        let page = |messages: Value| json!({"ReceiveMessageResponse": {"ReceiveMessageResult": {"Message": messages}}});
        assert_eq!(oldest_sent_ms(&page(json!([message("2000"), message("1000")]))), Some(1000.0));
        assert_eq!(oldest_sent_ms(&page(message("7"))), Some(7.0));
        assert_eq!(oldest_sent_ms(&json!({"ReceiveMessageResponse": {"ReceiveMessageResult": null}})), None);
    }

    #[test]
    fn encodes_urls() {
        assert_eq!(encode("http://a:1/b.fifo"), "http%3A%2F%2Fa%3A1%2Fb.fifo");
    }
}
