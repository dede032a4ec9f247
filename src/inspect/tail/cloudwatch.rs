//! [`LogSource`] on CloudWatch Logs, through a connection: guarded, metered, in its dialect.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LiveTailSessionLogEvent, StartLiveTailResponseStream as Said};
use tokio::sync::mpsc;

use super::{
    event::Event,
    source::{Ask, Found, Live, LogSource, Page},
};
use crate::{
    aws::{Connection, Trouble},
    domain::FailureKind,
};

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

    async fn live(&self, groups: &[Found], out: mpsc::Sender<Live>) -> Result<(), Trouble> {
        let arns = groups.iter().filter_map(|group| group.arn.as_deref().map(ToOwned::to_owned)).collect();
        let call = self.aws.logs().start_live_tail().set_log_group_identifiers(Some(arns));
        let mut session = call.send().await.map_err(Trouble::from)?.response_stream;
        loop {
            let said = match session.recv().await {
                Ok(Some(Said::SessionStart(_))) => Live::Began,
                Ok(Some(Said::SessionUpdate(update))) => {
                    let sampled = update.session_metadata.is_some_and(|metadata| metadata.sampled);
                    let mut streams = BTreeMap::new();
                    let events = update.session_results.unwrap_or_default().into_iter();
                    let events = events.filter_map(|event| heard(event, groups, &mut streams)).collect();
                    Live::Update { events, sampled }
                }
                Ok(Some(_)) => continue,
                Ok(None) => return Ok(()),
                Err(error) if error.as_service_error().is_some_and(|why| why.is_session_timeout_exception()) => {
                    return Ok(());
                }
                Err(error) => {
                    let text = format!("the live session broke off: {error}");
                    return Err(Trouble { kind: FailureKind::Other, text });
                }
            };
            if out.send(said).await.is_err() {
                return Ok(());
            }
        }
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

/// One event of a session. It names its group as `account:name`, or by its ARN.
fn heard(event: LiveTailSessionLogEvent, groups: &[Found], streams: &mut BTreeMap<String, Arc<str>>) -> Option<Event> {
    let named = event.log_group_identifier.unwrap_or_default();
    let group = groups
        .iter()
        .find(|group| group.arn.as_deref() == Some(named.as_str()) || named.rsplit(':').next() == Some(&*group.name))?;
    let stream = event.log_stream_name.unwrap_or_default();
    let stream = streams.entry(stream).or_insert_with_key(|name| name.as_str().into());
    Some(Event {
        group: Arc::clone(&group.name),
        stream: Arc::clone(stream),
        id: None,
        at_ms: event.timestamp?,
        ingested_ms: event.ingestion_time,
        text: event.message.unwrap_or_default().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("123456789012:/aws/lambda/price", Some("/aws/lambda/price"))]
    #[case("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/price", Some("/aws/lambda/price"))]
    #[case("123456789012:/aws/lambda/other", None)]
    fn a_session_names_groups_in_its_own_way(#[case] named: &str, #[case] group: Option<&str>) {
        let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/price".into();
        let groups = [Found { name: "/aws/lambda/price".into(), arn: Some(arn) }];
        let event = LiveTailSessionLogEvent::builder().log_group_identifier(named).timestamp(5).message("x").build();
        let event = heard(event, &groups, &mut BTreeMap::new());
        assert_eq!(event.as_ref().map(|event| &*event.group), group);
    }
}
