//! What the logs of the consumers say of the messages that were looked at: for all of them one sweep a source, matched in memory; for a
//! few that are shown, one after another, every line of the invocation that failed.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use super::Desk;
use crate::{
    app::clock,
    domain::ResourceId,
    redrive::{
        message::Message,
        queue::Queue,
        why::{
            Clusters, Correlate, Decoded, Found, Route,
            cloudwatch::{self, CloudWatch},
            correlate::Timing,
            decode,
            evidence::Subject,
            lines::{Line, Span},
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

/// Messages whose every line is read. On AWS each takes some calls, of which an account has few a second.
pub const MOST_EXPLAINED: usize = 100;

/// Why one message failed, as it is printed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Why {
    /// What the consumer said; none where no failure can be told to be this message's.
    pub cause: Option<String>,
    /// How sure that is, and what ties it to the message.
    pub proof: Option<String>,
    pub at: Option<Timestamp>,
    pub log_group: Option<String>,
    /// Of the invocation that failed, the oldest first.
    pub lines: Vec<LogLine>,
    /// How many it had: of many not all are kept.
    pub all_lines: u32,
    /// What was not found or not read, and why.
    pub notes: Vec<String>,
}

/// One line of a log.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogLine {
    pub at: Option<Timestamp>,
    pub text: String,
}

impl Why {
    fn of(found: Found) -> Self {
        let at = |ms: i64| Timestamp::from_millisecond(ms).ok();
        let line = |line: Line| LogLine { at: at(line.at_ms), text: line.text.trim_end().to_owned() };
        let failure = found.failure.as_ref();
        Self {
            cause: failure.map(|failure| failure.cause.headline()),
            proof: failure.map(|failure| failure.proof.says()),
            at: failure.and_then(|failure| at(failure.at_ms)),
            log_group: found.log_group,
            lines: found.lines.into_iter().map(line).collect(),
            all_lines: found.all_lines,
            notes: found.notes,
        }
    }
}

/// Explains one message after another.
pub struct Explaining<'a> {
    desk: &'a Desk,
    correlate: Correlate,
    sources: &'a [Queue],
    /// The ways to the logs of sources, each asked for once.
    routes: BTreeMap<ResourceId, Result<Route, String>>,
    now: Timestamp,
}

impl<'a> Explaining<'a> {
    pub fn new(desk: &'a Desk, sources: &'a [Queue]) -> Self {
        let correlate = Correlate::new(Arc::new(CloudWatch::new(Arc::clone(&desk.aws))));
        Self { desk, correlate, sources, routes: BTreeMap::new(), now: clock::now() }
    }

    /// Reads what the log says of it.
    pub async fn why(&mut self, message: &Message) -> Why {
        let note = |note: String| Why { notes: vec![note], ..Why::default() };
        let Some(source) = source_of(message, self.sources) else {
            return note("it does not say which queue it came from".to_owned());
        };
        let Some(sent_at) = message.sent_at() else { return note("it does not say when it was sent".to_owned()) };
        if !self.routes.contains_key(&source) {
            let route = cloudwatch::route(&self.desk.aws, &source).await;
            self.routes.insert(source.clone(), route.map_err(|trouble| trouble.to_string()));
        }
        match self.routes.get(&source) {
            Some(Ok(route)) => {
                let window = timing_of(&source, self.sources).window(sent_at, self.now);
                Why::of(self.correlate.one(route, message, &decode(message), window).await)
            }
            Some(Err(trouble)) => note(format!("who takes from {}: {trouble}", source.short_name())),
            None => Why::default(),
        }
    }
}

/// The queue that gave it up: as it says, or the only one there is.
fn source_of(message: &Message, sources: &[Queue]) -> Option<ResourceId> {
    let only = match sources {
        [one] => Some(&one.arn),
        _ => None,
    };
    message.source().map(ResourceId::from).or_else(|| only.cloned())
}

fn timing_of(source: &ResourceId, sources: &[Queue]) -> Timing {
    sources.iter().find(|queue| queue.arn == *source).map(Timing::of).unwrap_or_default()
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
        let (Some(source), Some(sent_at)) = (source_of(message, &self.sources), message.sent_at()) else { return };
        let window = timing_of(&source, &self.sources).window(sent_at, self.now);
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
