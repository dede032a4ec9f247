//! CloudWatch: how much flowed in the last whole minute, how old the oldest is, what failed; of every resource that has metrics.
//!
//! A listing names the metrics that were active of late, so nothing need be known of the resources. All of them are then asked for in
//! batches of five hundred. On AWS that costs by the metric ($0.01 a thousand): once a minute, and never more than one batch, in which
//! what is looked at comes first and the others take turns. What there is to read is a row in [`super::cloudwatch_metrics`].

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric as Listed, MetricDataQuery, MetricStat, RecentlyActive, StatusCode},
};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    Due, Look, Outbox, Poller,
    cloudwatch_metrics::{PERIOD_SECONDS, Place, Row, find, namespaces},
};
use crate::{
    aws::{Flavour, Trouble},
    domain::{Fact, FailureKind, Kind, Reading, ResourceId, Scope, arn::partition_of},
};

/// Metrics that one call asks for; AWS allows no more.
const BATCH: usize = 500;
/// Metrics that are remembered: the resources of a large account.
const MOST_METRICS: usize = 5_000;
/// Batches under way at once, on an endpoint that costs nothing.
const CONCURRENCY: usize = 2;
/// Whole minutes asked for on AWS: what is written late is in an older one.
const PERIODS: i64 = 3;
/// AWS is asked as often as it has a new minute.
const EVERY: Duration = Duration::from_secs(60);
/// Listings that may name nothing before the endpoint is asked ten times more rarely.
const MOST_EMPTY: u32 = 3;
const LIST: &str = "cloudwatch:ListMetrics";
const READ: &str = "cloudwatch:GetMetricData";
const WHO: &str = "sts:GetCallerIdentity";

#[derive(Default)]
pub struct CloudWatch {
    listed: Due,
    read: Due,
    empty: u32,
    /// By what it is a number of: several metrics may make one reading, one for each operation on a table.
    wanted: BTreeMap<(ResourceId, &'static str), Wanted>,
}

/// One reading to be had.
struct Wanted {
    row: &'static Row,
    metrics: Vec<Listed>,
    asked: Option<Instant>,
    /// The end of the last period that was told, and what was: nothing is told twice.
    told: Option<(Timestamp, f64)>,
}

#[async_trait]
impl Poller for CloudWatch {
    /// It finds nothing: it measures what others found.
    fn kinds(&self) -> &'static [Kind] {
        &[]
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if !look.aws.asks_metrics() || !look.aws.dialect.flavour().may_have_metrics() {
            return;
        }
        let patience = if self.empty >= MOST_EMPTY { 10 } else { 1 };
        if self.listed.is_due(look.scope, look.rarely().saturating_mul(patience)) {
            self.list(look, out).await;
            self.listed.tried(look.scope, out.worst());
        }
        let every = if look.aws.is_aws() { EVERY } else { look.paces.background };
        // A user who asks for everything now gets no newer minute by it, and would pay for the old one again.
        let asked = Scope { refresh: 0, ..look.scope.clone() };
        let scope = if look.aws.is_aws() { &asked } else { look.scope };
        if !out.is_hopeless() && !self.wanted.is_empty() && self.read.is_due(scope, every) {
            let worst = self.read(look, out).await;
            // AWS takes money for each try: there, the next comes with the next minute, whatever became of this one.
            self.read.tried(scope, worst.filter(|_| !look.aws.is_aws()));
        }
    }
}

impl CloudWatch {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut listed = Vec::new();
        // Elsewhere than on AWS there are few metrics of other services: one listing is fewer calls.
        let asked: Vec<Option<&str>> = if look.aws.is_aws() { namespaces().map(Some).collect() } else { vec![None] };
        for namespace in asked {
            let call = look.aws.cloudwatch().list_metrics().set_namespace(namespace.map(ToOwned::to_owned));
            let mut pages = call.recently_active(RecentlyActive::Pt3H).into_paginator().send();
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => listed.extend(page.metrics.unwrap_or_default().into_iter().filter_map(wanted_row)),
                    Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
                }
            }
        }
        // An ARN needs the account. Somebody else asks for it at the start, and has mostly been told by now.
        if !listed.is_empty()
            && look.aws.known_account().is_none()
            && let Err(trouble) = look.aws.identity().await
        {
            return out.failed(WHO, trouble, None).await;
        }
        out.done(LIST);
        out.done(WHO);
        self.empty = if listed.is_empty() { self.empty.saturating_add(1) } else { 0 };
        let rest = ResourceId::from(LIST);
        if self.remember(look, listed) {
            out.read(LIST, &rest);
        } else {
            // About a resource that is not there: what was read is not in doubt.
            let text = format!("more than {MOST_METRICS} metrics: the rest is not read");
            out.failed(LIST, Trouble { kind: FailureKind::Other, text }, Some(&rest)).await;
        }
    }

    /// Keeps when the ones that are still there were asked for.
    /// False when there were more than are remembered.
    fn remember(&mut self, look: Look<'_>, listed: Vec<(&'static Row, Listed)>) -> bool {
        let place = Place {
            partition: partition_of(look.aws.region()),
            region: look.aws.region(),
            account: look.aws.known_account().unwrap_or_default(),
        };
        let mut before = std::mem::take(&mut self.wanted);
        let mut cut = false;
        for (row, metric) in in_turns(listed) {
            let dimensions: Vec<_> = metric.dimensions().iter().filter_map(|one| one.name().zip(one.value())).collect();
            let Some(id) = place.resource(row.namespace, &dimensions) else { continue };
            let key = (id, row.metric.name);
            if self.wanted.len() >= MOST_METRICS && !self.wanted.contains_key(&key) {
                cut = true;
                continue;
            }
            let old = before.remove(&key);
            let (asked, told) = old.map_or((None, None), |old| (old.asked, old.told));
            let wanted = self.wanted.entry(key).or_insert_with(|| Wanted { row, metrics: Vec::new(), asked, told });
            // Two names of one number are two sources of it, never added up.
            let is_alike = wanted.metrics.first().is_none_or(|first| shape(first) == shape(&metric));
            if wanted.row.name == row.name && is_alike {
                wanted.metrics.push(metric);
            }
        }
        !cut
    }

    /// What is asked for in this round: on AWS one batch, what is looked at first, then what has waited longest.
    fn turns(&mut self, look: Look<'_>) -> Vec<(ResourceId, &'static str)> {
        let looked_at = |id: &ResourceId| look.scope.selected.as_ref() == Some(id) || look.scope.in_view.contains(id);
        let mut all: Vec<_> = self.wanted.iter_mut().collect();
        all.sort_by_key(|((id, _), wanted)| (!looked_at(id), wanted.asked));
        let most = if look.aws.is_aws() { BATCH } else { MOST_METRICS };
        let mut queries = 0;
        let turns = all.into_iter().take_while(|(_, wanted)| {
            queries += wanted.metrics.len();
            queries <= most
        });
        turns
            .map(|(key, wanted)| {
                wanted.asked = Some(Instant::now());
                key.clone()
            })
            .collect()
    }

    /// Returns what went wrong with it.
    async fn read(&mut self, look: Look<'_>, out: &mut Outbox) -> Option<FailureKind> {
        let span = Span::of(out.now(), look.aws.is_aws());
        let exact = !matches!(look.aws.dialect.flavour(), Flavour::LocalStack { .. });
        let turns = self.turns(look);
        let mut queries: Batch = Vec::new();
        for (index, key) in turns.iter().enumerate() {
            let Some(wanted) = self.wanted.get(key) else { continue };
            for metric in &wanted.metrics {
                let query = query(queries.len() % BATCH, wanted.row, metric, exact);
                queries.push((index, query));
            }
        }
        let batches: Vec<Batch> = queries.chunks(BATCH).map(<[_]>::to_vec).collect();
        let mut answers =
            stream::iter(batches).map(|batch| read_batch(look, batch, span)).buffer_unordered(CONCURRENCY);
        let mut values: BTreeMap<usize, BTreeMap<i64, Vec<f64>>> = BTreeMap::new();
        let mut failed = None;
        while let Some(answer) = answers.next().await {
            match answer {
                Ok((asked, points)) => {
                    for index in asked {
                        values.entry(index).or_default();
                    }
                    for (index, second, value) in points {
                        values.entry(index).or_default().entry(span.period_of(second)).or_default().push(value);
                    }
                }
                Err(trouble) => {
                    failed = Some(trouble.kind);
                    out.failed(READ, trouble, None).await;
                    break;
                }
            }
        }
        drop(answers);
        if failed.is_none() {
            out.done(READ);
        }
        for (index, periods) in values {
            let Some((key, wanted)) = turns.get(index).and_then(|key| Some((key, self.wanted.get_mut(key)?))) else {
                continue;
            };
            let Some(told) = span.newest(wanted.row, &periods).filter(|told| is_news(wanted.told, *told)) else {
                continue;
            };
            let (at, value) = told;
            wanted.told = Some(told);
            let reading = Reading { value, source: wanted.row.source, at };
            out.say(Fact::Measured { id: key.0.clone(), metric: wanted.row.metric, reading }).await;
        }
        failed
    }
}

/// Whether a period was not told yet, or has become more: services go on writing one that is over.
fn is_news(before: Option<(Timestamp, f64)>, now: (Timestamp, f64)) -> bool {
    before.is_none_or(|before| before.0 < now.0 || (before.0 == now.0 && before.1.to_bits() != now.1.to_bits()))
}

/// A metric's dimensions by name. Metrics of other dimensions count the same things again, or things of a part.
fn shape(metric: &Listed) -> BTreeSet<&str> {
    metric.dimensions().iter().filter_map(Dimension::name).collect()
}

/// One of each row in turn: where there are too many for all, each kind of resource has its share.
fn in_turns(listed: Vec<(&'static Row, Listed)>) -> Vec<(&'static Row, Listed)> {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut turns: Vec<_> = listed
        .into_iter()
        .map(|(row, metric)| {
            let turn = seen.entry((row.namespace, row.name)).or_default();
            *turn += 1;
            (*turn, (row, metric))
        })
        .collect();
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, one)| one).collect()
}

/// The listed metric with its row, if it is read at all.
fn wanted_row(metric: Listed) -> Option<(&'static Row, Listed)> {
    Some((find(metric.namespace()?, metric.metric_name()?)?, metric))
}

fn query(index: usize, row: &Row, metric: &Listed, exact: bool) -> MetricDataQuery {
    let metric = if exact { metric.clone() } else { closed(metric) };
    let stat = MetricStat::builder().metric(metric).period(PERIOD_SECONDS as i32).stat(row.statistic.name());
    MetricDataQuery::builder().id(format!("m{index}")).metric_stat(stat.build()).build()
}

/// LocalStack compares dimensions as text that begins alike, so `jobs` would be given the numbers of `jobs-dlq` as well. It keeps a
/// tab after each value: with that tab only the whole value is alike.
fn closed(metric: &Listed) -> Listed {
    let dimensions = metric.dimensions().iter().map(|one| {
        let value = one.value().map(|value| format!("{value}\t"));
        Dimension::builder().set_name(one.name().map(ToOwned::to_owned)).set_value(value).build()
    });
    let builder = Listed::builder().set_namespace(metric.namespace().map(ToOwned::to_owned));
    builder
        .set_metric_name(metric.metric_name().map(ToOwned::to_owned))
        .set_dimensions(Some(dimensions.collect()))
        .build()
}

/// Queries of one call, each with the index of the reading that it is for.
type Batch = Vec<(usize, MetricDataQuery)>;
/// A value: the index of the reading that it is for, and the second at which its period begins.
type Point = (usize, i64, f64);

/// One call with all its pages: the readings that it asked for, and what it was told.
async fn read_batch(look: Look<'_>, batch: Batch, span: Span) -> Result<(Vec<usize>, Vec<Point>), Trouble> {
    let (mut asked, queries): (Vec<usize>, Vec<MetricDataQuery>) = batch.into_iter().unzip();
    let call = look.aws.cloudwatch().get_metric_data().set_metric_data_queries(Some(queries));
    let call = call.start_time(DateTime::from_secs(span.from)).end_time(DateTime::from_secs(span.to));
    let (mut points, mut pages) = (Vec::new(), call.into_paginator().send());
    let mut unsure = BTreeSet::new();
    while let Some(page) = pages.next().await {
        for result in page?.metric_data_results.unwrap_or_default() {
            let place = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
            let Some(index) = place.and_then(|place| asked.get(place)) else { continue };
            let values = result.timestamps().iter().zip(result.values());
            points.extend(values.map(|(at, value)| (*index, at.secs(), *value)));
            // The last page of a result says how it ended.
            if result.status_code().is_none_or(|status| *status == StatusCode::Complete) {
                unsure.remove(index);
            } else {
                unsure.insert(*index);
            }
        }
    }
    // What was not told to its end is not nothing, and a part of it is not all.
    asked.retain(|index| !unsure.contains(index));
    points.retain(|(index, ..)| !unsure.contains(index));
    Ok((asked, points))
}

/// The time that is asked for, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: i64,
    to: i64,
    /// Whether it is cut at whole minutes, each a period of its own.
    in_minutes: bool,
}

impl Span {
    /// On AWS whole minutes, the last of which ended at least a minute ago: services write their metrics late. An emulator writes at
    /// once, so there it is the minute before now.
    fn of(now: Timestamp, is_aws: bool) -> Self {
        let now = now.as_second();
        if !is_aws {
            return Self { from: now - PERIOD_SECONDS, to: now, in_minutes: false };
        }
        let to = (now - PERIOD_SECONDS).div_euclid(PERIOD_SECONDS) * PERIOD_SECONDS;
        Self { from: to - PERIODS * PERIOD_SECONDS, to, in_minutes: true }
    }

    /// When the period began that holds this second.
    fn period_of(self, second: i64) -> i64 {
        if self.in_minutes { second.div_euclid(PERIOD_SECONDS) * PERIOD_SECONDS } else { self.from }
    }

    /// The reading of the newest period that says anything, and that period's end. Where none does, nothing was counted in the last.
    fn newest(self, row: &Row, periods: &BTreeMap<i64, Vec<f64>>) -> Option<(Timestamp, f64)> {
        let newest = periods.iter().next_back().filter(|(_, values)| !values.is_empty());
        let (begins, values) = newest.map_or((self.to - PERIOD_SECONDS, &[][..]), |(at, values)| (*at, &values[..]));
        Some((Timestamp::from_second(begins + PERIOD_SECONDS).ok()?, row.statistic.read(values)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn aws_is_asked_for_minutes_that_are_over() {
        // 10:02:30 past a whole hour: the minute that ended at 10:01 is the last that all have written.
        let span = Span::of(at(36_150), true);
        assert_eq!((span.from, span.to), (36_060 - 180, 36_060));
        assert_eq!(span.period_of(36_059), 36_000);
        let span = Span::of(at(36_150), false);
        assert_eq!((span.from, span.to, span.period_of(36_149)), (36_090, 36_150, 36_090));
    }

    #[test]
    fn the_newest_minute_with_a_value_speaks() {
        let (sent, age) = (find("AWS/SQS", "NumberOfMessagesSent"), find("AWS/SQS", "ApproximateAgeOfOldestMessage"));
        let (sent, age) = (sent.unwrap(), age.unwrap());
        let span = Span::of(at(36_150), true);
        let periods = BTreeMap::from([(35_880, vec![600.0]), (35_940, vec![120.0])]);
        assert_eq!(span.newest(sent, &periods), Some((at(36_000), 2.0)));
        assert_eq!(span.newest(sent, &BTreeMap::new()), Some((at(36_060), 0.0)), "nothing was counted");
        assert_eq!(span.newest(age, &BTreeMap::new()), None, "nothing is known");
    }

    #[test]
    fn a_period_that_has_become_more_is_told_again() {
        assert!(is_news(None, (at(60), 0.0)));
        assert!(is_news(Some((at(60), 1.0)), (at(60), 2.0)));
        assert!(is_news(Some((at(60), 1.0)), (at(120), 1.0)));
        assert!(!is_news(Some((at(60), 1.0)), (at(60), 1.0)) && !is_news(Some((at(120), 1.0)), (at(60), 2.0)));
    }

    #[test]
    fn each_row_has_its_turn() {
        let [sent, calls] =
            [find("AWS/SQS", "NumberOfMessagesSent"), find("AWS/Lambda", "Invocations")].map(Option::unwrap);
        let one = |row| (row, Listed::builder().build());
        let turns = in_turns(vec![one(sent), one(sent), one(sent), one(calls)]);
        let names: Vec<_> = turns.iter().map(|(row, _)| row.metric.name).collect();
        assert_eq!(names[..2], [sent.metric.name, calls.metric.name]);
    }

    #[test]
    fn an_emulators_minute_may_come_in_two_pieces() {
        let span = Span::of(at(36_150), false);
        let mut periods: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for (second, value) in [(36_060, 20.0), (36_120, 40.0)] {
            periods.entry(span.period_of(second)).or_default().push(value);
        }
        let sent = find("AWS/SQS", "NumberOfMessagesSent").unwrap();
        assert_eq!(span.newest(sent, &periods), Some((at(36_150), 1.0)));
    }
}
