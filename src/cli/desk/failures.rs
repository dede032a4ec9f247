//! What the logs of the consumers say of the messages that were looked at: one sweep a source, matched in memory.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::Desk;
use crate::{
    app::clock,
    domain::ResourceId,
    redrive::{
        message::Message,
        queue::Queue,
        why::{
            Clusters, Correlate, Decoded,
            cloudwatch::{self, CloudWatch},
            correlate::Timing,
            evidence::Subject,
            lines::Span,
        },
    },
};

/// Messages whose causes are sought, by the queue that gave them up.
#[derive(Debug)]
pub struct Failures {
    sources: Vec<Queue>,
    sought: BTreeMap<ResourceId, Sought>,
    now: Timestamp,
}

#[derive(Debug)]
struct Sought {
    subjects: Vec<(String, Subject)>,
    /// When their receives may have been.
    span: Span,
}

impl Failures {
    pub fn new(sources: Vec<Queue>) -> Self {
        Self { sources, sought: BTreeMap::new(), now: clock::now() }
    }

    /// The queue that all came from, if there is only one.
    pub fn only_source(&self) -> Option<&ResourceId> {
        match &self.sources[..] {
            [one] => Some(&one.arn),
            _ => None,
        }
    }

    /// Its cause is to be sought.
    pub fn expect(&mut self, message: &Message, decoded: &Decoded) {
        let source = message.source().map(ResourceId::from).or_else(|| self.only_source().cloned());
        let (Some(source), Some(sent_at)) = (source, message.sent_at()) else { return };
        let timing = self.sources.iter().find(|queue| queue.arn == source).map(Timing::of).unwrap_or_default();
        let window = timing.window(sent_at, self.now);
        let subject = Subject::of(message, decoded, Some(window));
        let sought = self.sought.entry(source).or_insert_with(|| Sought { subjects: Vec::new(), span: window.span });
        sought.span = sought.span.and(window.span);
        sought.subjects.push((message.id.clone(), subject));
    }

    /// Reads the logs, and lets the clusters know. Says what was not read and why.
    pub async fn learn(self, desk: &Desk, clusters: &mut Clusters) -> Vec<String> {
        let correlate = Correlate::new(Arc::new(CloudWatch::new(Arc::clone(&desk.aws))));
        let mut notes = Vec::new();
        for (source, sought) in self.sought {
            let route = match cloudwatch::route(&desk.aws, &source).await {
                Ok(route) => route,
                Err(trouble) => {
                    notes.push(format!("who takes from {}: {trouble}", source.short_name()));
                    continue;
                }
            };
            let sweep = correlate.sweep(&route, sought.span).await;
            for (id, subject) in &sought.subjects {
                if let Some(found) = sweep.find(subject) {
                    clusters.learn(id, &found.cause, found.proof.sureness());
                }
            }
            notes.extend(sweep.notes);
        }
        notes
    }
}
