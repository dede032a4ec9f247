//! The free look: LocalStack shows a queue's messages without receiving them. AWS has nothing like it.
//!
//! The page speaks SQS's JSON protocol, in which bodies come byte for byte. It answers whole, so deep queues are not asked for.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::{
    aws::{Connection, local},
    redrive::{
        message::{Message, system},
        queue::{Queue, Standing},
    },
};

const PAGE: &str = "/_aws/sqs/messages?ShowInvisible=true&ShowDelayed=true";
/// More are received instead: this page has them all in memory at once, and so have we.
const MOST_MESSAGES: u64 = 20_000;
const MOST_BYTES: usize = 32 << 20;
const WITHIN: Duration = Duration::from_secs(10);
/// What the page says beside SQS's own attributes.
const NOT_SQS: [&str; 2] = ["IsVisible", "IsDelayed"];

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Messages", default)]
    messages: Vec<Message>,
}

/// All messages of a queue, those in flight and delayed too. None if the endpoint has no such page or they are too many.
pub async fn look(aws: &Connection, queue: &Queue, standing: Standing) -> Option<Vec<Message>> {
    let endpoint = aws.endpoint().filter(|_| aws.dialect.flavour().has_free_peek())?;
    if standing.total() > MOST_MESSAGES {
        return None;
    }
    let call = local::PageCall {
        path: PAGE,
        target: "AmazonSQS.ReceiveMessage",
        body: json!({ "QueueUrl": queue.url }),
        most_bytes: MOST_BYTES,
        within: WITHIN,
    };
    read(&local::post_aws_json(endpoint, call).await?)
}

fn read(page: &[u8]) -> Option<Vec<Message>> {
    let answer: Answer = serde_json::from_slice(page).ok()?;
    Some(answer.messages.into_iter().map(as_received).collect())
}

/// Without what only this page says: a receipt that is good for nothing, and a first receive in 1970.
fn as_received(message: Message) -> Message {
    let mut system = message.system;
    system.retain(|name, value| !(NOT_SQS.contains(&name.as_str()) || name == system::FIRST_RECEIVED && value == "0"));
    Message { receipt: None, system, ..message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::message::Payload;

    #[test]
    fn reads_the_page_byte_for_byte() {
        let page = json!({ "Messages": [{
            "MessageId": "7f73", "MD5OfBody": "7519", "Body": " 0\r\n\t", "MD5OfMessageAttributes": "e4eb",
            "Attributes": {
                "SenderId": "000000000000", "SentTimestamp": "1795272913946", "ApproximateReceiveCount": "0",
                "ApproximateFirstReceiveTimestamp": "0", "IsVisible": "true", "IsDelayed": "false",
            },
            "MessageAttributes": {"b": {"BinaryValue": "AP8Q", "DataType": "Binary.png"}},
            "ReceiptHandle": "SQS/BACKDOOR/ACCESS",
        }]});
        let messages = read(page.to_string().as_bytes()).unwrap();
        let message = &messages[0];
        assert_eq!((message.body.as_str(), &message.receipt), (" 0\r\n\t", &None));
        assert_eq!(message.attributes["b"].payload, Payload::Binary(vec![0, 255, 16]));
        assert_eq!(message.system.keys().collect::<Vec<_>>(), ["ApproximateReceiveCount", "SenderId", "SentTimestamp"]);
        assert_eq!(read(b"{\"Messages\": []}"), Some(Vec::new()));
        assert_eq!(read(b"<html>"), None);
    }
}
