//! [`LogSource`] on CloudWatch Logs, through a connection: guarded, metered, in its dialect.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use tokio::sync::mpsc;

use super::{
    event::Event,
    source::{Ask, Found, Live, LogSource, Page},
};
use crate::aws::{Connection, Trouble};

/// Logs of a connection.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    aws: Arc<Connection>,
}

impl CloudWatch {
    pub fn new(aws: Arc<Connection>) -> Self {
        Self { aws }
    }
}

#[async_trait]
impl LogSource for CloudWatch {
    async fn page(&self, ask: &Ask) -> Result<Page, Trouble> {
        let call = self
            .aws
            .logs()
            .filter_log_events()
            .log_group_name(&*ask.group)
            .start_time(ask.from_ms)
            // Whether the end is within is not the same everywhere; here it is.
            .set_end_time(ask.until_ms.map(|until| until.saturating_add(1)))
            .set_filter_pattern(ask.pattern.as_deref().map(ToOwned::to_owned))
            .set_next_token(ask.token.clone());
        let answer = call.send().await.map_err(Trouble::from)?;
        let mut streams = BTreeMap::new();
        let events = answer.events.unwrap_or_default().into_iter();
        Ok(Page {
            events: events.filter_map(|one| event(one, &ask.group, &mut streams)).collect(),
            next: answer.next_token,
        })
    }

    async fn groups(&self, prefix: &str, most: usize) -> Result<(Vec<Found>, bool), Trouble> {
        let prefix = (!prefix.is_empty()).then(|| prefix.to_owned());
        let call = self.aws.logs().describe_log_groups().set_log_group_name_prefix(prefix);
        let mut pages = call.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for group in page.map_err(Trouble::from)?.log_groups.unwrap_or_default() {
                let arn = group.log_group_arn().or(group.arn()).map(|arn| arn.strip_suffix(":*").unwrap_or(arn).into());
                let Some(name) = group.log_group_name else { continue };
                if found.len() == most {
                    return Ok((found, true));
                }
                found.push(Found { name: name.into(), arn });
            }
        }
        Ok((found, false))
    }

    async fn live(&self, _groups: &[Found], _out: mpsc::Sender<Live>) -> Result<(), Trouble> {
        Ok(())
    }

    fn ids_are_stable(&self) -> bool {
        self.aws.is_aws()
    }
}

/// One event; the streams' names are kept once. One without an instant says nothing that could be placed.
fn event(event: FilteredLogEvent, group: &Arc<str>, streams: &mut BTreeMap<String, Arc<str>>) -> Option<Event> {
    let stream = event.log_stream_name.unwrap_or_default();
    let stream = streams.entry(stream).or_insert_with_key(|name| name.as_str().into());
    Some(Event {
        group: Arc::clone(group),
        stream: Arc::clone(stream),
        id: event.event_id.map(Into::into),
        at_ms: event.timestamp?,
        ingested_ms: event.ingestion_time,
        text: event.message.unwrap_or_default().into(),
    })
}
