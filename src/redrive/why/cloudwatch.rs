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
