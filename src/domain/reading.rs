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
/// DynamoDB `ItemCount`: up to six hours old on AWS, where its source is [`DESCRIBED_HOURS_AGO`].
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
/// Confirmed subscriptions of a topic.
pub const SUBSCRIPTIONS: Metric = metric("subscriptions", Unit::Count);
/// Rules of a bus.
pub const RULES: Metric = metric("rules", Unit::Count);
/// Targets of a rule.
pub const TARGETS: Metric = metric("targets", Unit::Count);

/// Messages sent to a queue: CloudWatch `NumberOfMessagesSent`. Dead letters that SQS itself moves are not among them.
pub const SENT: Metric = metric("sent", Unit::PerSecond);
/// Messages that a queue handed out, retries too: CloudWatch `NumberOfMessagesReceived`.
pub const RECEIVED: Metric = metric("received", Unit::PerSecond);
/// Messages deleted from a queue: CloudWatch `NumberOfMessagesDeleted`. A message deleted twice counts twice.
pub const DELETED: Metric = metric("deleted", Unit::PerSecond);
/// Messages published to a topic: CloudWatch `NumberOfMessagesPublished`.
pub const PUBLISHED: Metric = metric("published", Unit::PerSecond);
/// Deliveries of a topic, to all its subscriptions together: CloudWatch `NumberOfNotificationsDelivered`.
pub const DELIVERED: Metric = metric("delivered", Unit::PerSecond);
/// Deliveries of a topic that failed: CloudWatch `NumberOfNotificationsFailed`.
pub const UNDELIVERED: Metric = metric("undelivered", Unit::PerSecond);
/// Deliveries that filter policies held back: CloudWatch `NumberOfNotificationsFilteredOut`.
pub const FILTERED_OUT: Metric = metric("filtered_out", Unit::PerSecond);
/// Calls of a function: CloudWatch `Invocations`.
pub const CALLS: Metric = metric("calls", Unit::PerSecond);
/// Calls of a function that failed: CloudWatch `Errors`.
pub const FAULTS: Metric = metric("faults", Unit::PerSecond);
/// Calls of a function that were refused for want of concurrency: CloudWatch `Throttles`.
pub const THROTTLES: Metric = metric("throttles", Unit::PerSecond);
/// How long a function's calls took in the mean: CloudWatch `Duration`.
pub const DURATION: Metric = metric("duration", Unit::Seconds);
/// Events that a rule matched: CloudWatch `TriggeredRules`.
pub const MATCHED: Metric = metric("matched", Unit::PerSecond);
/// Calls of a rule's targets, of all of them together: CloudWatch `Invocations`.
pub const TARGET_CALLS: Metric = metric("target_calls", Unit::PerSecond);
/// Calls of a rule's targets that failed for good: CloudWatch `FailedInvocations`.
pub const TARGET_FAILURES: Metric = metric("target_failures", Unit::PerSecond);
/// Records that a stream or delivery stream took in: CloudWatch `IncomingRecords`.
pub const RECORDS_IN: Metric = metric("records_in", Unit::PerSecond);
/// Records that a delivery stream wrote: CloudWatch `DeliveryToS3.Records`.
pub const RECORDS_OUT: Metric = metric("records_out", Unit::PerSecond);
/// How far the reader of a stream is behind its end.
pub const ITERATOR_AGE: Metric = metric("iterator_age", Unit::Seconds);
/// The oldest record that a delivery stream still holds: CloudWatch `DeliveryToS3.DataFreshness`.
pub const FRESHNESS: Metric = metric("freshness", Unit::Seconds);
/// Requests to an API: CloudWatch `Count`.
pub const REQUESTS: Metric = metric("requests", Unit::PerSecond);
/// Requests that the API blames on its callers: CloudWatch `4xx`, which HTTP APIs have.
pub const CLIENT_ERRORS: Metric = metric("client_errors", Unit::PerSecond);
/// Requests that the API could not serve: CloudWatch `5xx`, which HTTP APIs have.
pub const SERVER_ERRORS: Metric = metric("server_errors", Unit::PerSecond);
/// Write capacity that a table was charged, which is not its items: CloudWatch `ConsumedWriteCapacityUnits`.
pub const WRITE_UNITS: Metric = metric("write_units", Unit::PerSecond);
/// Executions of a state machine that began: CloudWatch `ExecutionsStarted`.
pub const STARTED: Metric = metric("started", Unit::PerSecond);
/// Executions of a state machine that failed: CloudWatch `ExecutionsFailed`.
pub const EXECUTIONS_FAILED: Metric = metric("executions_failed", Unit::PerSecond);

/// The source of what AWS counts every six hours: new in each answer, and old by nature.
pub const DESCRIBED_HOURS_AGO: &str = "dynamodb:DescribeTable, up to 6 h old";

/// What the source of a CloudWatch metric begins with; the metric's name follows.
pub const CLOUDWATCH: &str = "cloudwatch:";

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

    /// Whether it is of a whole period that CloudWatch knows minutes later: it is not old because it is not of this instant.
    pub fn comes_late(&self) -> bool {
        self.source.starts_with(CLOUDWATCH)
    }

    /// Whether it was counted hours before it was read: of two such readings no difference is made.
    pub fn is_old_by_nature(&self) -> bool {
        self.source == DESCRIBED_HOURS_AGO
    }

    /// Whether there may have been more: a source that sees only a part says "at least".
    pub fn is_lower_bound(&self) -> bool {
        self.source.contains("at least")
    }
}
