//! Rules about what CloudWatch counts: what fails, and who is behind. A new count of failures is a row in [`FAILURES`].

use super::{Case, LogsErrors, Rule};
use crate::domain::{
    Health, Kind, Link, LinkKind, Metric, Reading, Resource,
    reading::{EXECUTIONS_FAILED, FAULTS, ITERATOR_AGE, SERVER_ERRORS, TARGET_FAILURES, THROTTLES, UNDELIVERED},
    units::{Age, Count, PerSecond},
};

/// A metric older than this says nothing of now.
const OLD_SECONDS: f64 = 300.0;
/// A reader this far behind is not only slow to begin: AWS's own batching windows are at most five minutes, mostly seconds.
const BEHIND_SECONDS: f64 = 60.0;
/// What a table's stream keeps, always.
const TABLE_RETENTION_HOURS: u64 = 24;

/// What is counted by the minute, of which any is bad: of one, of many.
const FAILURES: &[(Kind, Metric, &str, &str)] = &[
    (Kind::Api, SERVER_ERRORS, "request failed with 5xx", "requests failed with 5xx"),
    (Kind::Rule, TARGET_FAILURES, "call of its targets failed", "calls of its targets failed"),
    (Kind::Topic, UNDELIVERED, "notification was not delivered", "notifications were not delivered"),
    (Kind::Function, THROTTLES, "call was throttled", "calls were throttled"),
    (Kind::Function, FAULTS, "call failed", "calls failed"),
    (Kind::Table, THROTTLES, "request was throttled", "requests were throttled"),
    (Kind::StateMachine, EXECUTIONS_FAILED, "execution failed", "executions failed"),
];

/// The value of a metric, where it is new enough to be of now.
fn recent(case: &Case<'_>, metric: Metric) -> Option<Reading> {
    case.entry.reading(metric).filter(|reading| reading.age_seconds(case.now) <= OLD_SECONDS)
}

/// Something failed in the last whole minute.
pub(super) struct Fails;

impl Rule for Fails {
    fn name(&self) -> &'static str {
        "fails"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        let kind = case.entry.resource.kind;
        let mut said = Vec::new();
        for (_, metric, one, many) in FAILURES.iter().filter(|row| row.0 == kind && case.entry.gone.is_none()) {
            // The log says more of it, and sooner.
            if *metric == FAULTS && LogsErrors.judge(case).is_some_and(|(health, _)| health == Health::Warn) {
                continue;
            }
            let Some(count) = recent(case, *metric).map(|reading| reading.value * 60.0) else { continue };
            if count >= 0.5 {
                said.push(format!("{} {}", Count(count), if count < 1.5 { one } else { many }));
            }
        }
        let at = FAILURES
            .iter()
            .filter(|row| row.0 == kind)
            .filter_map(|row| recent(case, row.1))
            .map(|one| one.at)
            .max()?;
        let when = match Age::between(at, case.now) {
            Age(seconds) if seconds < 30.0 => "in the last minute".to_owned(),
            age => format!("in the minute that ended {age} ago"),
        };
        (!said.is_empty()).then(|| (Health::Warn, format!("{} {when}", said.join(", "))))
    }
}

/// A reader of a stream that does not keep up.
pub(super) struct ReaderBehind;

impl Rule for ReaderBehind {
    fn name(&self) -> &'static str {
        "behind"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        let kinds = [Kind::Stream, Kind::Function, Kind::Application, Kind::Table];
        if case.entry.gone.is_some() || !kinds.contains(&case.entry.resource.kind) {
            return None;
        }
        let behind = recent(case, ITERATOR_AGE)?.value;
        if behind < BEHIND_SECONDS {
            return None;
        }
        let reader = if case.entry.resource.kind == Kind::Stream { "its slowest reader" } else { "it" };
        let mut text = format!("{reader} is {} behind", Age(behind));
        let growth = case.entry.series(ITERATOR_AGE).and_then(|series| {
            let mut points = series.newest_first();
            let ((now, new), (then, old)) = (points.next()?, points.next()?);
            let seconds = now.duration_since(then).as_secs_f64();
            (seconds > 0.0).then(|| (new - old) / seconds)
        });
        if let Some(growth) = growth.filter(|growth| *growth > 0.05) {
            text.push_str(&format!(" and falls back {} s each second", PerSecond(growth)));
        }
        let Some(retention) = retention_seconds(case).filter(|retention| behind > retention / 2.0) else {
            return Some((Health::Warn, text));
        };
        text.push_str(&format!(", records are lost after {}", Age(retention)));
        Some((Health::Crit, text))
    }
}

/// How long the records are kept that it is behind on: by itself, or by that of its sources which keeps them shortest.
fn retention_seconds(case: &Case<'_>) -> Option<f64> {
    let hours = |resource: &Resource| match resource.kind {
        Kind::Table => Some(TABLE_RETENTION_HOURS),
        _ => resource.number("RetentionPeriodHours"),
    };
    let reads = |link: &&Link| matches!(link.kind, LinkKind::Invokes | LinkKind::Streams);
    let sources = || case.store.topology.to(case.id()).filter(reads).filter_map(|link| case.store.get(&link.from));
    let own = hours(&case.entry.resource);
    own.or_else(|| sources().filter_map(|source| hours(&source.resource)).min()).map(|hours| hours as f64 * 3_600.0)
}
