//! Numbers that are measured: one number, at one instant, from one source.

use jiff::Timestamp;
use serde::Serialize;

/// What a number counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Messages, items, objects, lines: whole things.
    Count,
    Bytes,
    Seconds,
    PerSecond,
    PerMinute,
    /// An instant, as seconds since 1970 (UTC).
    UnixSeconds,
}

/// A number that a resource can have. The constants below are all there are; a new one is one more constant.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// The name in `snapshot` JSON.
    pub name: &'static str,
    pub unit: Unit,
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Metric {}

const fn metric(name: &'static str, unit: Unit) -> Metric {
    Metric { name, unit }
}

/// SQS `ApproximateNumberOfMessages`: approximate, and may lag by a minute after producers stop.
pub const VISIBLE: Metric = metric("visible", Unit::Count);
/// SQS `ApproximateNumberOfMessagesNotVisible`.
pub const IN_FLIGHT: Metric = metric("in_flight", Unit::Count);
/// SQS `ApproximateNumberOfMessagesDelayed`.
pub const DELAYED: Metric = metric("delayed", Unit::Count);
/// Messages that arrived, at the least: the rises of the depth. What came and went between two readings is unseen.
pub const IN_RATE: Metric = metric("in_rate", Unit::PerSecond);
/// Messages that left, at the least: the falls of the depth.
pub const OUT_RATE: Metric = metric("out_rate", Unit::PerSecond);
/// How long the oldest message has waited.
pub const OLDEST_AGE: Metric = metric("oldest_age", Unit::Seconds);
/// DynamoDB `ItemCount`: up to six hours old.
pub const ITEMS: Metric = metric("items", Unit::Count);
/// DynamoDB `TableSizeBytes`, or the bytes of the objects that a listing saw.
pub const SIZE: Metric = metric("size", Unit::Bytes);
/// Objects that a bounded listing saw.
pub const OBJECTS: Metric = metric("objects", Unit::Count);
/// Items or objects that were not there at the reading before.
pub const ARRIVALS: Metric = metric("arrivals", Unit::PerMinute);
/// When the newest object or log event came.
pub const NEWEST: Metric = metric("newest", Unit::UnixSeconds);
/// Log lines that report an error.
pub const ERROR_LINES: Metric = metric("error_lines", Unit::PerMinute);
/// Log lines.
pub const LINES: Metric = metric("lines", Unit::PerMinute);
/// Bytes that a log group holds.
pub const STORED: Metric = metric("stored", Unit::Bytes);
/// Function invocations, counted from the REPORT lines of its log group.
pub const INVOCATIONS: Metric = metric("invocations", Unit::PerMinute);
/// Records that a stream, a delivery stream or an application takes in.
pub const RECORDS_IN: Metric = metric("records_in", Unit::PerSecond);
/// Records that a stream's readers got, or that a delivery stream or an application wrote.
pub const RECORDS_OUT: Metric = metric("records_out", Unit::PerSecond);
/// How long ago the last record that a reader got was written: how far behind the slowest reader is.
pub const ITERATOR_AGE: Metric = metric("iterator_age", Unit::Seconds);
/// Confirmed subscriptions of a topic.
pub const SUBSCRIPTIONS: Metric = metric("subscriptions", Unit::Count);
/// Rules of a bus.
pub const RULES: Metric = metric("rules", Unit::Count);
/// Targets of a rule.
pub const TARGETS: Metric = metric("targets", Unit::Count);

/// One number at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub value: f64,
    /// The API, or the derivation, that gave it: `sqs:GetQueueAttributes`, `derived:depth`.
    pub source: &'static str,
    pub at: Timestamp,
}

impl Reading {
    /// Seconds since it was taken; never negative, whatever the clock did.
    pub fn age_seconds(&self, now: Timestamp) -> f64 {
        (now.duration_since(self.at).as_secs_f64()).max(0.0)
    }
}
