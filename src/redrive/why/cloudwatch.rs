//! [`LogReader`] on CloudWatch Logs, and the functions of a queue by Lambda's own list.
//!
//! AWS allows few `FilterLogEvents` a second for a whole account: calls go out one at a time, a fifth of a second apart at least.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use jiff::Timestamp;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

use super::{
    hearing::Hearing,
    lines::{Ask, Line, LogReader, Page},
    route::Route,
    takers::{self, Mapping},
};
use crate::{
    aws::{Connection, Trouble},
    domain::{ResourceId, unqualified},
    redrive::{mover::listener::Listener, plan::Consumer},
};

/// Queues whose consumers are asked about.
const MOST_QUEUES: usize = 4;
/// Between two calls to AWS.
const PACE: Duration = Duration::from_millis(200);

/// Logs through a connection: guarded, metered, and in its dialect.
#[derive(Debug)]
pub struct CloudWatch {
    aws: Arc<Connection>,
    /// When the next call may go out.
    next: Mutex<Option<Instant>>,
}

impl CloudWatch {
    pub fn new(aws: Arc<Connection>) -> Self {
        Self { aws, next: Mutex::new(None) }
    }

    /// Waits for its turn.
    async fn take_turn(&self) {
        if !self.aws.is_aws() {
            return;
        }
        let mut next = self.next.lock().await;
        if let Some(at) = *next {
            sleep_until(at).await;
        }
        *next = Some(Instant::now() + PACE);
    }
}

#[async_trait]
impl LogReader for CloudWatch {
    async fn page(&self, ask: &Ask<'_>, token: Option<String>) -> Result<Page, Trouble> {
        self.take_turn().await;
        let call = self
            .aws
            .logs()
            .filter_log_events()
            .log_group_name(ask.group)
            .start_time(ask.span.from_ms)
            // AWS's end is not within, ours is.
            .end_time(ask.span.to_ms.saturating_add(1))
            .set_filter_pattern(ask.pattern.map(ToOwned::to_owned))
            .set_next_token(token);
        let answer = call.send().await.map_err(Trouble::from)?;
        let line = |event: aws_sdk_cloudwatchlogs::types::FilteredLogEvent| {
            Some(Line {
                at_ms: event.timestamp?,
                stream: event.log_stream_name.unwrap_or_default().into(),
                text: event.message.unwrap_or_default(),
            })
        };
        let lines = answer.events.unwrap_or_default().into_iter().filter_map(line).collect();
        Ok(Page { lines, next: answer.next_token })
    }
}

/// The way of a source's dead letters where no store was filled: one list of mappings.
///
/// # Errors
/// The call's.
pub async fn route(aws: &Connection, source: &ResourceId) -> Result<Route, Trouble> {
    let functions = mappings(aws, source).await?.into_iter().map(|mapping| mapping.function);
    Ok(Route::through(source.clone(), functions))
}

/// The worst off of those who take from these queues, where no store was filled. What cannot be asked is left out.
pub async fn consumer(
    aws: &Connection,
    reader: &dyn LogReader,
    queues: &[ResourceId],
    now: Timestamp,
) -> Option<Consumer> {
    let mut consumers = Vec::new();
    for queue in queues.iter().take(MOST_QUEUES) {
        let mappings = mappings(aws, queue).await.unwrap_or_default();
        consumers.extend(takers::of_logs(reader, mappings, now).await);
    }
    takers::worst(consumers)
}

/// Who listens, while a run goes on, to those that take from these queues; nobody where nobody is known to take.
pub async fn listener(
    aws: &Arc<Connection>,
    known: &[Route],
    queues: &[ResourceId],
    clock: fn() -> Timestamp,
) -> Option<Arc<dyn Listener>> {
    let mut groups = Vec::new();
    for queue in queues.iter().take(MOST_QUEUES) {
        let found = match known.iter().find(|route| route.source.as_ref() == Some(queue)) {
            Some(route) => Some(route.clone()),
            None => route(aws, queue).await.ok(),
        };
        groups.extend(found.into_iter().flat_map(|route| route.consumers).map(|consumer| consumer.log_group));
    }
    groups.sort();
    groups.dedup();
    let reader = Arc::new(CloudWatch::new(Arc::clone(aws)));
    (!groups.is_empty()).then(|| Arc::new(Hearing::new(reader, groups, clock)) as Arc<dyn Listener>)
}

async fn mappings(aws: &Connection, source: &ResourceId) -> Result<Vec<Mapping>, Trouble> {
    let call = aws.lambda().list_event_source_mappings().event_source_arn(source.as_str());
    let answer = call.send().await.map_err(Trouble::from)?;
    let mappings = answer.event_source_mappings.unwrap_or_default();
    // Some endpoints take no notice of what was asked for.
    let ours = mappings.into_iter().filter(|mapping| mapping.event_source_arn() == Some(source.as_str()));
    let mapping = |mapping: EventSourceMappingConfiguration| {
        let is_enabled = !mapping.state.is_some_and(|state| takers::is_off(&state));
        Some(Mapping { function: ResourceId::from(unqualified(&mapping.function_arn?)), is_enabled })
    };
    Ok(ours.filter_map(mapping).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rstest::rstest;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::{aws::ConnectOptions, domain::FailureKind, redrive::peek::own::Ids};

    const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:carts";
    const PRICE: &str = "arn:aws:lambda:us-east-1:000000000000:function:price";
    const NOW_MS: i64 = 1_000_000_000_000;

    fn clock() -> Timestamp {
        Timestamp::from_millisecond(NOW_MS).unwrap()
    }

    /// What was asked for: the path, or the log group.
    type Asked = Arc<Mutex<Vec<String>>>;

    /// An endpoint with these mappings, and one log in which something failed a minute ago.
    async fn endpoint(status: u16, mappings: &str) -> (Arc<Connection>, Asked) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (asked, mappings) = (Asked::default(), mappings.to_owned());
        let hears = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                let (status, body) = if request.contains("FilterLogEvents") {
                    let is_its = request.contains(r#""logGroupName":"/aws/lambda/price""#);
                    let event = format!(
                        r#"{{"timestamp":{},"logStreamName":"s","message":"[ERROR] KeyError: 'price'"}}"#,
                        NOW_MS - 60_000
                    );
                    hears.lock().unwrap().push("log".to_owned());
                    (200, format!(r#"{{"events":[{}]}}"#, if is_its { event } else { String::new() }))
                } else {
                    let path = request.split_whitespace().nth(1).unwrap_or_default();
                    hears.lock().unwrap().push(path.to_owned());
                    (status, format!(r#"{{"EventSourceMappings":[{mappings}]}}"#))
                };
                let head = format!("HTTP/1.1 {status} So\r\ncontent-type: application/json\r\nconnection: close\r\n");
                let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap_or_default();
            }
        });
        let options = ConnectOptions { endpoint: Some(address), ..Default::default() };
        (Arc::new(Connection::open(&options).await.unwrap()), asked)
    }

    async fn read_request(stream: &mut TcpStream) -> String {
        let (mut request, mut piece) = (Vec::new(), vec![0; 4096]);
        loop {
            let read = stream.read(&mut piece).await.unwrap_or_default();
            request.extend(&piece[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if read == 0 || body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
    }

    fn mapping(source: &str, function: &str, state: &str) -> String {
        format!(r#"{{"UUID":"u","EventSourceArn":"{source}","FunctionArn":"{function}","State":"{state}"}}"#)
    }

    #[tokio::test]
    async fn a_mapping_leads_to_its_function_and_that_to_its_log() {
        // The list may hold others: not every endpoint takes notice of what it was asked for.
        let others =
            mapping(&format!("{QUEUE}-dlq"), "arn:aws:lambda:us-east-1:000000000000:function:other", "Enabled");
        let ours = mapping(QUEUE, &format!("{PRICE}:live"), "Enabled");
        let (aws, asked) = endpoint(200, &format!("{others},{ours}")).await;
        let route = route(&aws, &ResourceId::from(QUEUE)).await.unwrap();
        let found: Vec<_> = route.consumers.iter().map(|one| (one.function.as_str(), one.log_group.as_str())).collect();
        assert_eq!((found, route.gap), (vec![(PRICE, "/aws/lambda/price")], None));
        assert_eq!(route.source.as_ref().map(ResourceId::as_str), Some(QUEUE));
        let asked = asked.lock().unwrap().join(" ");
        assert!(asked.contains("event-source-mappings") && asked.contains("carts"), "{asked}");
    }

    #[tokio::test]
    async fn without_a_mapping_there_is_no_log_and_it_says_so() {
        let (aws, _) = endpoint(200, "").await;
        let route = route(&aws, &ResourceId::from(QUEUE)).await.unwrap();
        assert_eq!(route.consumers, []);
        assert!(route.gap.is_some_and(|gap| gap.contains("no function is known to take from 'carts'")));
        assert!(listener(&aws, &[], &[ResourceId::from(QUEUE)], clock).await.is_none());
    }

    #[tokio::test]
    async fn who_may_not_ask_is_told_so() {
        let (aws, _) = endpoint(403, "").await;
        let trouble = route(&aws, &ResourceId::from(QUEUE)).await.unwrap_err();
        assert_eq!(trouble.kind, FailureKind::Denied, "{trouble}");
    }

    #[rstest]
    #[case::at_work("Enabled", true, Some("KeyError: 'price' (60 s ago"))]
    #[case::switched_off("Disabled", false, None)]
    #[tokio::test]
    async fn what_its_log_says_last_is_why_it_still_fails(
        #[case] state: &str,
        #[case] is_enabled: bool,
        #[case] expected: Option<&str>,
    ) {
        let (aws, asked) = endpoint(200, &mapping(QUEUE, PRICE, state)).await;
        let reader = CloudWatch::new(Arc::clone(&aws));
        let found = consumer(&aws, &reader, &[ResourceId::from(QUEUE)], clock()).await.unwrap();
        assert_eq!((found.name.as_str(), found.is_enabled), ("price", is_enabled));
        let is_said = found.still_fails.as_deref().zip(expected).is_some_and(|(said, start)| said.starts_with(start));
        assert_eq!(is_said, expected.is_some(), "{found:?}");
        assert_eq!(asked.lock().unwrap().contains(&"log".to_owned()), is_enabled, "who is off fails no more");
    }

    #[tokio::test]
    async fn a_run_hears_the_log_that_the_mapping_led_to() {
        let (aws, asked) = endpoint(200, &mapping(QUEUE, PRICE, "Enabled")).await;
        // Began before the failure.
        let began = || Timestamp::from_millisecond(NOW_MS - 61_000).unwrap();
        let hearing = listener(&aws, &[], &[ResourceId::from(QUEUE)], began).await.unwrap();
        let heard = hearing.failures(&Ids::default()).await;
        assert_eq!(heard.iter().map(|failed| failed.said.as_str()).collect::<Vec<_>>(), ["KeyError: 'price'"]);
        assert_eq!(asked.lock().unwrap().iter().filter(|asked| *asked != "log").count(), 1, "one list of mappings");
    }
}
