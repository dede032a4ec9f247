//! [`Wire`] on the real SQS API.
//!
//! A send is tried once by the SDK: whether to try again what is in doubt is decided above, where it is journalled. Deletes and leases
//! are the same twice, so the SDK may repeat them.

mod refused;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use aws_smithy_types::{Blob, retry::RetryConfig, timeout::TimeoutConfig};

use futures_util::{StreamExt, stream};

pub(super) use self::refused::refusal;
use self::refused::{of_entry, unacceptable, unreadable};
use super::{
    message::{AttributeValue, Message, Outgoing, Payload},
    peek::free,
    queue::{Queue, Standing},
    wire::{Accepted, Ask, Each, Refusal, Why, Wire},
};
use crate::{
    aws::{Connection, Trouble},
    domain::{Arn, FailureKind},
};

/// Queues asked at once for their attributes.
const CONCURRENCY: usize = 16;
/// An attempt may wait for messages first.
const PATIENCE: Duration = Duration::from_secs(10);

/// SQS through a connection: guarded, metered, and in its dialect.
#[derive(Debug, Clone)]
pub struct Sqs {
    aws: Arc<Connection>,
    /// The connection's client, but each call is tried once. Clients of their own, since a configuration that is changed call by call is
    /// built anew for each.
    once: Arc<OnceLock<aws_sdk_sqs::Client>>,
    /// The connection's client with the time for a receive that waits so long; SQS knows twenty such times.
    patient: Arc<Mutex<BTreeMap<Duration, aws_sdk_sqs::Client>>>,
}

impl Sqs {
    pub fn new(aws: Arc<Connection>) -> Self {
        Self { aws, once: Arc::default(), patient: Arc::default() }
    }

    fn once(&self) -> &aws_sdk_sqs::Client {
        self.once.get_or_init(|| {
            let config = self.aws.sqs().config().to_builder().retry_config(RetryConfig::disabled());
            aws_sdk_sqs::Client::from_conf(config.build())
        })
    }

    /// A receive that waits for messages needs more time than other calls.
    fn patient(&self, wait: Duration) -> aws_sdk_sqs::Client {
        let mut clients = self.patient.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(wait).or_insert_with(|| {
            let config = self.aws.sqs().config();
            let usual = config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled);
            let timeouts =
                usual.into_builder().operation_attempt_timeout(wait + PATIENCE).operation_timeout(wait + 2 * PATIENCE);
            aws_sdk_sqs::Client::from_conf(config.to_builder().timeout_config(timeouts.build()).build())
        });
        client.clone()
    }

    async fn url_of(&self, queue: &str) -> Result<String, Refusal> {
        if queue.starts_with("http://") || queue.starts_with("https://") {
            return Ok(queue.to_owned());
        }
        let arn = Arn::parse(queue);
        if let Some(arn) = &arn {
            self.check(arn, queue)?;
        }
        let name = arn.as_ref().map_or(queue, |arn| arn.name());
        let owner = arn.as_ref().map(|arn| arn.account.to_owned()).filter(|account| !account.is_empty());
        let call = self.aws.sqs().get_queue_url().queue_name(name).set_queue_owner_aws_account_id(owner);
        match call.send().await {
            Ok(answer) => answer.queue_url.ok_or_else(|| unreadable("GetQueueUrl named no URL")),
            Err(error) => Err(self.located(name, refusal(&error))),
        }
    }

    /// A queue of the same name in another Region is another queue.
    fn check(&self, arn: &Arn<'_>, text: &str) -> Result<(), Refusal> {
        let (here, there) = (self.aws.region(), arn.region);
        if arn.service != "sqs" {
            return Err(unacceptable(&format!("{text} is not a queue; give a queue's name, ARN or URL")));
        }
        if there != here {
            return Err(unacceptable(&format!("{text} is in {there} and this looks at {here}: --region {there}")));
        }
        Ok(())
    }

    /// A queue that is not there, in words that name where.
    fn located(&self, name: &str, refusal: Refusal) -> Refusal {
        if refusal.why != Why::Gone {
            return refusal;
        }
        let place = self.aws.endpoint().map_or_else(String::new, |endpoint| format!(" at {}", endpoint.url()));
        let text =
            format!("queue '{name}' not found in {}{place}; is the name right, and the endpoint?", self.aws.region());
        Refusal { text, ..refusal }
    }

    async fn attributes(&self, url: &str) -> Result<BTreeMap<String, String>, Refusal> {
        let call = self.aws.sqs().get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let answer = call.send().await.map_err(|error| self.located(url, refusal(&error)))?;
        let attributes = answer.attributes.unwrap_or_default();
        Ok(attributes.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect())
    }
}

#[async_trait]
impl Wire for Sqs {
    async fn find(&self, queue: &str) -> Result<Queue, Refusal> {
        let url = self.url_of(queue).await?;
        let attributes = self.attributes(&url).await?;
        Queue::from_attributes(&url, &attributes)
            .ok_or_else(|| unreadable("GetQueueAttributes did not say the queue's ARN"))
    }

    /// Where the endpoint cannot tell or says none, every queue's own redrive policy is asked: some emulators know no other way. Any
    /// other trouble is passed on: sources that are left out would look as if there were none.
    async fn sources(&self, of: &Queue) -> Result<Vec<Queue>, Refusal> {
        let client = self.aws.sqs();
        let mut pages = client.list_dead_letter_source_queues().queue_url(&of.url).into_paginator().send();
        let mut urls = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => urls.extend(page.queue_urls),
                Err(error) if Trouble::from(&error).kind == FailureKind::NotImplemented => {
                    urls.clear();
                    break;
                }
                Err(error) => return Err(refusal(&error)),
            }
        }
        if urls.is_empty() {
            let mut pages = client.list_queues().max_results(1000).into_paginator().send();
            while let Some(page) = pages.next().await {
                urls.extend(page.map_err(|error| refusal(&error))?.queue_urls.unwrap_or_default());
            }
        }
        let is_source = |queue: &Queue| queue.redrive_policy.as_ref().is_some_and(|policy| policy.target == of.arn);
        let mut answers = stream::iter(urls)
            .map(async |url| self.attributes(&url).await.map(|attributes| Queue::from_attributes(&url, &attributes)))
            .buffered(CONCURRENCY);
        let mut sources = Vec::new();
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(queue) => sources.extend(queue.filter(is_source)),
                // One that goes meanwhile is none.
                Err(refusal) if refusal.why == Why::Gone => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(sources)
    }

    async fn standing(&self, queue: &Queue) -> Result<Standing, Refusal> {
        let attributes = self.attributes(&queue.url).await?;
        let number = |name: &str| attributes.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Standing {
            visible: number("ApproximateNumberOfMessages"),
            in_flight: number("ApproximateNumberOfMessagesNotVisible"),
            delayed: number("ApproximateNumberOfMessagesDelayed"),
        })
    }

    async fn glimpse(&self, queue: &Queue) -> Option<Vec<Message>> {
        free::look(&self.aws, queue, self.standing(queue).await.ok()?).await
    }

    async fn receive(&self, from: &Queue, ask: Ask) -> Result<Vec<Message>, Refusal> {
        let client: aws_sdk_sqs::Client = self.patient(ask.wait);
        let call = client
            .receive_message()
            .queue_url(&from.url)
            .max_number_of_messages(seconds_or_count(ask.most as u64))
            .visibility_timeout(seconds_or_count(ask.lease.as_secs()))
            .wait_time_seconds(seconds_or_count(ask.wait.as_secs()))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .set_receive_request_attempt_id(from.is_fifo().then(attempt_id));
        let answer = call.send().await.map_err(|error| refusal(&error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(read).collect())
    }

    async fn send(&self, to: &Queue, batch: &[&Outgoing]) -> Each<Accepted> {
        let entries = batch.iter().enumerate().map(|(index, outgoing)| entry(index, outgoing));
        let entries = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => entries,
            Err(refusal) => return all(batch.len(), &refusal),
        };
        let client: &aws_sdk_sqs::Client = self.once();
        match client.send_message_batch().queue_url(&to.url).set_entries(Some(entries)).send().await {
            Err(error) => all(batch.len(), &refusal(&error)),
            Ok(answer) => {
                let accepted = answer.successful.into_iter().map(|sent| {
                    let accepted = Accepted { id: sent.message_id, sequence: sent.sequence_number };
                    (sent.id, accepted)
                });
                in_order(batch.len(), accepted, answer.failed)
            }
        }
    }

    async fn delete(&self, from: &Queue, receipts: &[String]) -> Each<()> {
        let entry = |(index, receipt): (usize, &String)| {
            DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(receipt).build()
        };
        let entries: Result<Vec<_>, _> = receipts.iter().enumerate().map(entry).collect();
        let Ok(entries) = entries else { return all(receipts.len(), &unreadable("a receipt handle is missing")) };
        match self.aws.sqs().delete_message_batch().queue_url(&from.url).set_entries(Some(entries)).send().await {
            Err(error) => all(receipts.len(), &refusal(&error)),
            Ok(answer) => {
                let done = answer.successful.into_iter().map(|done| (done.id, ()));
                in_order(receipts.len(), done, answer.failed)
            }
        }
    }

    async fn lease(&self, on: &Queue, receipts: &[String], lease: Duration) -> Each<()> {
        let entry = |(index, receipt): (usize, &String)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(seconds_or_count(lease.as_secs()))
                .build()
        };
        let entries: Result<Vec<_>, _> = receipts.iter().enumerate().map(entry).collect();
        let Ok(entries) = entries else { return all(receipts.len(), &unreadable("a receipt handle is missing")) };
        let call = self.aws.sqs().change_message_visibility_batch().queue_url(&on.url).set_entries(Some(entries));
        match call.send().await {
            Err(error) => all(receipts.len(), &refusal(&error)),
            Ok(answer) => {
                let done = answer.successful.into_iter().map(|done| (done.id, ()));
                in_order(receipts.len(), done, answer.failed)
            }
        }
    }
}

/// If the answer is lost, the SDK's next attempt brings the same messages of a FIFO queue once more. Without it they would stay leased to
/// nobody, and their groups with them, until the lease ends.
fn attempt_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The API counts in 32 bits.
fn seconds_or_count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn read(message: aws_sdk_sqs::types::Message) -> Option<Message> {
    let system = message.attributes.unwrap_or_default();
    let attributes = message.message_attributes.unwrap_or_default();
    Some(Message {
        id: message.message_id?,
        receipt: message.receipt_handle,
        body: message.body.unwrap_or_default(),
        system: system.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect(),
        attributes: attributes.into_iter().map(|(name, value)| (name, read_value(value))).collect(),
    })
}

fn read_value(value: MessageAttributeValue) -> AttributeValue {
    let payload = match (value.binary_value, value.string_value) {
        (Some(bytes), _) => Payload::Binary(bytes.into_inner()),
        (None, text) => Payload::Text(text.unwrap_or_default()),
    };
    AttributeValue { data_type: value.data_type, payload }
}

fn entry(index: usize, outgoing: &Outgoing) -> Result<SendMessageBatchRequestEntry, Refusal> {
    let built = |_| unacceptable("an attribute has no type");
    let mut entry = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(&outgoing.body)
        .set_message_group_id(outgoing.group.clone())
        .set_message_deduplication_id(outgoing.deduplication.clone());
    for (name, value) in &outgoing.attributes {
        let attribute = MessageAttributeValue::builder().data_type(&value.data_type);
        let attribute = match &value.payload {
            Payload::Text(text) => attribute.string_value(text),
            Payload::Binary(bytes) => attribute.binary_value(Blob::new(bytes.clone())),
        };
        entry = entry.message_attributes(name, attribute.build().map_err(built)?);
    }
    if let Some(trace) = &outgoing.trace {
        let value = MessageSystemAttributeValue::builder().data_type("String").string_value(trace);
        entry = entry.message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            value.build().map_err(built)?,
        );
    }
    entry.build().map_err(built)
}

fn all<T: Clone>(count: usize, refusal: &Refusal) -> Each<T> {
    (0..count).map(|_| Err(refusal.clone())).collect()
}

/// Sorts the answers of a batch, which come in any order. One that is not answered for is in doubt.
fn in_order<T>(
    count: usize,
    done: impl IntoIterator<Item = (String, T)>,
    failed: impl IntoIterator<Item = BatchResultErrorEntry>,
) -> Each<T> {
    let mut each: Vec<Option<Result<T, Refusal>>> = (0..count).map(|_| None).collect();
    let mut put = |id: &str, result| {
        if let Some(place) = id.parse::<usize>().ok().and_then(|index| each.get_mut(index)) {
            *place = Some(result);
        }
    };
    for (id, done) in done {
        put(&id, Ok(done));
    }
    for failed in failed {
        put(&failed.id, Err(of_entry(&failed)));
    }
    let silent = || Err(Refusal::new(Why::Unanswered, true, "the answer says nothing of this message"));
    each.into_iter().map(|result| result.unwrap_or_else(silent)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn answers_are_put_in_the_order_of_the_batch_and_silence_is_doubt() {
        let failed =
            BatchResultErrorEntry::builder().id("0").sender_fault(false).code("InternalError").build().unwrap();
        let each = in_order(3, [("2".to_owned(), 'c')], [failed]);
        assert!(each[0].as_ref().is_err_and(|refusal| refusal.in_doubt && refusal.is_passing()));
        assert!(each[1].as_ref().is_err_and(|refusal| refusal.in_doubt));
        assert_eq!(each[2], Ok('c'));
    }

    /// An endpoint that answers each operation with this status and body.
    async fn endpoint(answers: &'static [(&'static str, u16, &'static str)]) -> Sqs {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 16_384];
                let length = stream.read(&mut request).await.unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let is_asked = |name: &str| request.contains(&format!("AmazonSQS.{name}\r\n"));
                let known = answers.iter().find(|(name, ..)| is_asked(name));
                let (_, status, body) = known.copied().unwrap_or(("", 400, "{}"));
                let head = format!("HTTP/1.1 {status} So\r\ncontent-type: application/x-amz-json-1.0\r\n");
                let answer = format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap_or_default();
            }
        });
        let options = crate::aws::ConnectOptions { endpoint: Some(address), ..Default::default() };
        Sqs::new(Arc::new(Connection::open(&options).await.unwrap()))
    }

    const NO: &str = r#"{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"no"}"#;
    const GONE: &str = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#;
    const UNKNOWN: &str = r#"{"__type":"UnknownOperationException","message":"not implemented"}"#;
    const ONE: &str = r#"{"queueUrls":["http://localhost/source"]}"#;
    const NAMED: &str = r#"{"QueueUrls":["http://localhost/source"]}"#;

    #[rstest]
    #[case::not_let_in(&[("ListDeadLetterSourceQueues", 403, NO)], Err(Why::Denied))]
    #[case::one_cannot_be_asked(&[("ListDeadLetterSourceQueues", 200, ONE), ("GetQueueAttributes", 403, NO)], Err(Why::Denied))]
    #[case::one_is_gone(&[("ListDeadLetterSourceQueues", 200, ONE), ("GetQueueAttributes", 400, GONE)], Ok(0))]
    #[case::unknown_there(
        &[("ListDeadLetterSourceQueues", 400, UNKNOWN), ("ListQueues", 200, NAMED), ("GetQueueAttributes", 400, GONE)],
        Ok(0)
    )]
    #[tokio::test]
    async fn sources_that_cannot_be_asked_for_are_not_none(
        #[case] answers: &'static [(&'static str, u16, &'static str)],
        #[case] expected: Result<usize, Why>,
    ) {
        let sqs = endpoint(answers).await;
        let sources = sqs.sources(&crate::redrive::peek::pretend::queue("dlq")).await;
        assert_eq!(sources.map(|sources| sources.len()).map_err(|refusal| refusal.why), expected);
    }

    /// The answer to the first attempt is lost: what was asked in each, by the id of the attempt.
    async fn attempts(queue: &str) -> Vec<Option<String>> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (asked, mut asks) = tokio::sync::mpsc::channel(2);
        tokio::spawn(async move {
            for is_lost in [true, false] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"}") {
                    assert!(stream.read_buf(&mut request).await.unwrap() > 0);
                }
                let request = String::from_utf8(request).unwrap();
                let (_, body) = request.split_once("\r\n\r\n").unwrap();
                let body: serde_json::Value = serde_json::from_str(body).unwrap();
                asked.send(body["ReceiveRequestAttemptId"].as_str().map(ToOwned::to_owned)).await.unwrap();
                if !is_lost {
                    let head =
                        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";
                    stream.write_all(head.as_bytes()).await.unwrap();
                }
            }
        });
        let options = crate::aws::ConnectOptions { endpoint: Some(address), ..Default::default() };
        let sqs = Sqs::new(Arc::new(Connection::open(&options).await.unwrap()));
        let ask = Ask { most: 10, lease: Duration::from_secs(60), wait: Duration::ZERO };
        assert_eq!(sqs.receive(&crate::redrive::peek::pretend::queue(queue), ask).await, Ok(Vec::new()));
        drop(sqs);
        let mut all = Vec::new();
        asks.recv_many(&mut all, 9).await;
        all
    }

    #[tokio::test]
    async fn a_lost_answer_of_a_fifo_queue_is_asked_for_again() {
        let [Some(first), Some(second)] = &attempts("a.fifo").await[..] else { panic!("two, each with an id") };
        assert_eq!(first, second);
        let [Some(other), _] = &attempts("a.fifo").await[..] else { panic!("two, each with an id") };
        assert_ne!(first, other, "another receive is another one");
        assert_eq!(attempts("a").await, [None, None], "a standard queue knows no such thing");
    }
}
