//! What SQS knows about a message and winterbaume forgets between send and receive: its group, its deduplication id, its
//! place in the sequence, and the queue that it was dead-lettered from. Remembered on send, given back on receive.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use winterbaume_core::{MockRequest, MockResponse, auth, default_account_id};

use super::query::target_action;

/// Beyond this many messages the oldest are forgotten: they are then received without these attributes.
const MAX_MESSAGES: usize = 50_000;

#[derive(Default)]
pub(super) struct SqsMemory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Each with its number in the sequence of all sends.
    messages: HashMap<String, (u64, Sent)>,
    oldest_first: VecDeque<String>,
    count: u64,
}

/// A queue of this endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) region: String,
    pub(super) queue: String,
}

/// A message as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) place: Place,
    pub(super) group_id: Option<String>,
    pub(super) deduplication_id: Option<String>,
}

impl SqsMemory {
    pub(super) fn remember(&self, message_id: &str, sent: Sent) {
        let mut state = self.lock();
        if state.messages.contains_key(message_id) {
            return; // a duplicate that SQS swallowed: the first one stands
        }
        state.count += 1;
        let number = state.count;
        state.messages.insert(message_id.into(), (number, sent));
        state.oldest_first.push_back(message_id.into());
        if state.oldest_first.len() > MAX_MESSAGES
            && let Some(oldest) = state.oldest_first.pop_front()
        {
            state.messages.remove(&oldest);
        }
    }

    pub(super) fn sent(&self, message_id: &str) -> Option<Sent> {
        self.lock().messages.get(message_id).map(|(_, sent)| sent.clone())
    }

    pub(super) fn group_id(&self, message_id: &str) -> Option<String> {
        self.lock().messages.get(message_id).and_then(|(_, sent)| sent.group_id.clone())
    }

    /// Gives the messages of a ReceiveMessage answer their attributes back.
    pub(super) fn recall(&self, request: &MockRequest, response: &mut MockResponse) {
        if target_action(request) != "ReceiveMessage" {
            return;
        }
        let parse = |body: &[u8]| serde_json::from_slice::<Value>(body);
        let (Ok(asked), Ok(mut answered)) = (parse(&request.body), parse(&response.body)) else { return };
        let queue = asked.get("QueueUrl").and_then(Value::as_str).and_then(|url| url.rsplit('/').next());
        let queue = queue.unwrap_or_default().to_owned();
        let at = Place { region: auth::extract_region_from_uri(&request.uri), queue };
        let state = self.lock();
        let messages = answered.get_mut("Messages").and_then(Value::as_array_mut);
        messages.into_iter().flatten().for_each(|message| state.complete(&at, message));
        response.body = answered.to_string().into();
    }

    /// A panic elsewhere cannot leave this half-written in a way that matters: take the state as it is.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn complete(&self, at: &Place, message: &mut Value) {
        let id = message.get("MessageId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (Some((number, sent)), Some(message)) = (self.messages.get(&id), message.as_object_mut()) else { return };
        let attributes = message.entry("Attributes").or_insert_with(|| Value::Object(Map::new()));
        let Some(attributes) = attributes.as_object_mut() else { return };
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                attributes.insert(name.into(), json!(value));
            }
        };
        let dead_letter = sent.place != *at;
        add("MessageGroupId", sent.group_id.clone());
        if at.queue.ends_with(".fifo") {
            // In a FIFO dead-letter queue the message id takes the place of the deduplication id.
            add("MessageDeduplicationId", if dead_letter { Some(id) } else { sent.deduplication_id.clone() });
            add("SequenceNumber", Some(format!("{number:020}")));
        }
        if dead_letter {
            add("DeadLetterQueueSourceArn", Some(sent.place.arn()));
        }
    }
}

impl Place {
    fn arn(&self) -> String {
        format!("arn:aws:sqs:{}:{}:{}", self.region, default_account_id(), self.queue)
    }
}
