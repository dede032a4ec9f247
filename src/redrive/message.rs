//! A message as SQS holds it, whole: nothing that a redrive must bring back may be missing here.
//!
//! Its JSON is that of `aws sqs receive-message` (`MessageId`, `Body`, `Attributes`, `MessageAttributes`), one message a line in
//! journals and exports. In code `attributes` are the sender's message attributes and `system` those of SQS.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use jiff::Timestamp;

/// The most bytes of a message, and of all messages of one batch, attributes included.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub const MOST_BYTES: usize = 1 << 20;
/// The most messages of one batch, and of one receive.
pub const MOST_IN_BATCH: usize = 10;
/// The most message attributes of one message.
pub const MOST_ATTRIBUTES: usize = 10;

/// SQS's names of its own attributes.
pub mod system {
    pub const SENT: &str = "SentTimestamp";
    pub const FIRST_RECEIVED: &str = "ApproximateFirstReceiveTimestamp";
    pub const RECEIVE_COUNT: &str = "ApproximateReceiveCount";
    pub const GROUP: &str = "MessageGroupId";
    pub const DEDUPLICATION: &str = "MessageDeduplicationId";
    pub const SEQUENCE: &str = "SequenceNumber";
    pub const SOURCE: &str = "DeadLetterQueueSourceArn";
    pub const TRACE: &str = "AWSTraceHeader";
    pub const SENDER: &str = "SenderId";
}

/// One message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    #[serde(rename = "MessageId")]
    pub id: String,
    /// Proof of a lease; a free look gives none.
    #[serde(rename = "ReceiptHandle", default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    #[serde(rename = "Body")]
    pub body: String,
    /// SQS's own attributes, by its names: see [`system`].
    #[serde(rename = "Attributes", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub system: BTreeMap<String, String>,
    /// The sender's attributes.
    #[serde(rename = "MessageAttributes", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// The value of a message attribute with its type, which may have a label: `Number.int`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeValue {
    #[serde(rename = "DataType")]
    pub data_type: String,
    #[serde(flatten)]
    pub payload: Payload,
}

/// What a message attribute holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    #[serde(rename = "StringValue")]
    Text(String),
    #[serde(rename = "BinaryValue", with = "as_base64")]
    Binary(Vec<u8>),
}

impl Payload {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl Message {
    pub fn system(&self, name: &str) -> Option<&str> {
        self.system.get(name).map(String::as_str)
    }

    /// When it was first sent. One that was dead-lettered on a standard queue keeps this.
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.milliseconds(system::SENT)
    }

    pub fn first_received_at(&self) -> Option<Timestamp> {
        self.milliseconds(system::FIRST_RECEIVED)
    }

    pub fn receive_count(&self) -> Option<u32> {
        self.system(system::RECEIVE_COUNT)?.parse().ok()
    }

    pub fn group(&self) -> Option<&str> {
        self.system(system::GROUP)
    }

    /// The ARN of the queue that gave it up.
    pub fn source(&self) -> Option<&str> {
        self.system(system::SOURCE)
    }

    /// Bytes that count towards [`MOST_BYTES`].
    pub fn bytes(&self) -> usize {
        bytes_of(&self.body, &self.attributes)
    }

    fn milliseconds(&self, name: &str) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.system(name)?.parse().ok()?).ok()
    }
}

/// A message as it is to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    #[serde(rename = "Body")]
    pub body: String,
    #[serde(rename = "MessageAttributes", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, AttributeValue>,
    #[serde(rename = "MessageGroupId", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(rename = "MessageDeduplicationId", default, skip_serializing_if = "Option::is_none")]
    pub deduplication: Option<String>,
    #[serde(rename = "AWSTraceHeader", default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Outgoing {
    /// The same message again. A FIFO queue wants a deduplication id of its own choice beside it.
    pub fn again(message: &Message) -> Self {
        Self {
            body: message.body.clone(),
            attributes: message.attributes.clone(),
            group: message.group().map(ToOwned::to_owned),
            deduplication: None,
            trace: message.system(system::TRACE).map(ToOwned::to_owned),
        }
    }

    pub fn bytes(&self) -> usize {
        bytes_of(&self.body, &self.attributes)
    }
}

fn bytes_of(body: &str, attributes: &BTreeMap<String, AttributeValue>) -> usize {
    let of_attribute =
        |(name, value): (&String, &AttributeValue)| name.len() + value.data_type.len() + value.payload.bytes().len();
    body.len() + attributes.iter().map(of_attribute).sum::<usize>()
}

mod as_base64 {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_and_writes_the_shape_of_the_aws_cli() {
        let shape = json!({
            "MessageId": "1", "ReceiptHandle": "r", "Body": "{}",
            "Attributes": {"SentTimestamp": "1000", "ApproximateReceiveCount": "3", "MessageGroupId": "g"},
            "MessageAttributes": {
                "n": {"DataType": "Number.int", "StringValue": "7"},
                "b": {"DataType": "Binary", "BinaryValue": "AP8="},
            },
        });
        let message: Message = serde_json::from_value(shape.clone()).unwrap();
        assert_eq!(message.attributes["b"].payload, Payload::Binary(vec![0, 255]));
        assert_eq!((message.receive_count(), message.group()), (Some(3), Some("g")));
        assert_eq!(message.sent_at(), Timestamp::from_second(1).ok());
        assert_eq!(serde_json::to_value(&message).unwrap(), shape);
        // Body, then name, type and value of each attribute.
        assert_eq!(message.bytes(), 2 + (1 + 10 + 1) + (1 + 6 + 2));
        assert_eq!(Outgoing::again(&message).bytes(), message.bytes());
    }
}
