//! Rules about streams and delivery streams: whether anybody reads them, whether anything comes out.

use super::{
    Need, Rule, Said,
    case::{Case, quoted},
    need,
};
use crate::domain::{
    Kind, Link, LinkKind, Severity,
    reading::{FRESHNESS, NEWEST, OBJECTS, RECORDS_IN},
    units::{Age, PerSecond},
};

/// Delivery takes its time beyond the buffer's.
const DELIVERY_GRACE_SECONDS: f64 = 120.0;
/// Over how long records are counted, before the instant of the count.
const COUNTED_SECONDS: f64 = 60.0;
/// Records that came in longer ago than this say nothing of now.
const RECENT_SECONDS: f64 = 900.0;

/// Who may read a stream. Of the delivery streams and applications, only the description tells what they read.
const READERS: &[Need] = &[
    need("lambda", "lambda:ListEventSourceMappings"),
    need("pipes", "pipes:ListPipes").or_absent(),
    need("pipes", "pipes:DescribePipe").or_absent(),
    need("firehose", "firehose:ListDeliveryStreams").or_absent(),
    need("firehose", "firehose:DescribeDeliveryStream").or_absent(),
    need("kinesisanalytics", "kinesisanalytics:ListApplications").or_absent(),
    need("kinesisanalytics", "kinesisanalytics:DescribeApplication").or_absent(),
    need("kinesisanalytics", "kinesisanalytics:ListApplications (version 1)").or_absent(),
    need("kinesisanalytics", "kinesisanalytics:DescribeApplication (version 1)").or_absent(),
];

/// A stream that is paid for and not read.
pub(super) struct NoReader;

impl Rule for NoReader {
    fn name(&self) -> &'static str {
        "stream-without-reader"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/streams/latest/dev/building-consumers.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Stream, Kind::Table]
    }

    fn needs(&self) -> &'static [Need] {
        READERS
    }

    /// Readers that come by themselves (a KCL application) are not seen; those registered for fan-out are counted by the stream.
    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let resource = case.resource();
        let reads = |link: &Link| link.kind.carries() && link.kind != LinkKind::DeadLetters;
        if case.store.topology.from(case.id()).any(reads) {
            return Vec::new();
        }
        if resource.kind == Kind::Table {
            if resource.attribute("StreamEnabled") != Some("true") {
                return Vec::new();
            }
            let view = resource.attribute("StreamViewType").unwrap_or("of an unknown view");
            let sentence = format!("has a stream ({view}) that no function or pipe reads");
            let advice = format!(
                "map it to a function; if no application reads it by itself and no replica of the table depends on it: aws \
                 dynamodb update-table --table-name {} --stream-specification StreamEnabled=false",
                quoted(&resource.name)
            );
            return vec![Said::new(Severity::Low, sentence, advice)];
        }
        if resource.number("ConsumerCount").is_none_or(|registered| registered > 0) {
            return Vec::new();
        }
        let hours = resource.number("RetentionPeriodHours").map(|hours| Age(hours as f64 * 3_600.0).to_string());
        let kept = hours.map(|kept| format!("; records are kept {kept}")).unwrap_or_default();
        let sentence = format!(
            "has no reader: no function, pipe, delivery stream or application, and 0 registered consumers{kept}"
        );
        let advice = "map it to a function, or delete the stream; an application that polls by itself is not seen here";
        vec![Said::new(Severity::Medium, sentence, advice.to_owned())]
    }
}

/// Records went in, and nothing came out for longer than the buffer holds.
pub(super) struct NothingDelivered;

impl Rule for NothingDelivered {
    fn name(&self) -> &'static str {
        "nothing-delivered"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::DeliveryStream]
    }

    fn is_live(&self) -> bool {
        true
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let said = |link: &Link| {
            let interval = buffer_seconds(case, link)?;
            let (severity, sentence) = match freshness(case) {
                Some(oldest) => held_back(oldest, interval)?,
                None => came_to_nothing(case, link, interval)?,
            };
            let advice = format!(
                "look at its role's s3:PutObject on {}, at its transformer's log, and at: aws firehose \
                 describe-delivery-stream --delivery-stream-name {}",
                link.to.short_name(),
                quoted(&case.resource().name)
            );
            Some(Said::new(severity, sentence, advice).about(&link.to))
        };
        case.outgoing(LinkKind::Delivers).filter_map(said).collect()
    }
}

/// What it says itself: the age of the oldest record that it still holds. Where it is told, nothing else is asked.
fn freshness(case: &Case<'_>) -> Option<f64> {
    let oldest = case.entry.reading(FRESHNESS).filter(|oldest| oldest.age_seconds(case.now) < RECENT_SECONDS)?;
    Some(oldest.value)
}

fn held_back(oldest: f64, interval: f64) -> Option<(Severity, String)> {
    let is_late = oldest > interval + DELIVERY_GRACE_SECONDS;
    let sentence = || format!("holds a record for {} already, though it buffers {}", Age(oldest), Age(interval));
    is_late.then(|| (Severity::Medium, sentence()))
}

/// What the bucket says: records came in, time enough went by, and it was read since and had nothing newer than they.
fn came_to_nothing(case: &Case<'_>, link: &Link, interval: f64) -> Option<(Severity, String)> {
    let bucket = case.store.get(&link.to).filter(|entry| entry.gone.is_none())?;
    // A listing that was cut off may have missed the newest; an empty bucket has none.
    let (newest, read_at) = match (bucket.reading(NEWEST), bucket.reading(OBJECTS)) {
        (Some(newest), _) if !newest.is_lower_bound() => (newest.value, newest.at),
        (None, Some(objects)) if objects.value == 0.0 && !objects.is_lower_bound() => (f64::NEG_INFINITY, objects.at),
        _ => return None,
    };
    let came_in = case.entry.series(RECORDS_IN)?.newest_first().find(|(at, rate)| {
        let waited = read_at.duration_since(*at).as_secs_f64();
        // They may have come, and been delivered, at the beginning of the period that they were counted in.
        let began = at.as_second() as f64 - COUNTED_SECONDS;
        *rate > 0.0 && waited > interval + DELIVERY_GRACE_SECONDS && newest < began
    });
    let (at, rate) = came_in.filter(|(at, _)| case.now.duration_since(*at).as_secs_f64() < RECENT_SECONDS)?;
    let (rate, ago) = (PerSecond(rate), Age(case.now.duration_since(at).as_secs_f64()));
    let since = if newest.is_finite() { "since" } else { "yet" };
    let name = link.to.short_name();
    let sentence =
        format!("took in {rate} records/s {ago} ago and buffers {}, but {name} got no object {since}", Age(interval));
    Some((Severity::High, sentence))
}

/// How long it gathers before it writes.
fn buffer_seconds(case: &Case<'_>, link: &Link) -> Option<f64> {
    let text = link.attribute("IntervalInSeconds").or_else(|| case.resource().attribute("IntervalInSeconds"))?;
    text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}
