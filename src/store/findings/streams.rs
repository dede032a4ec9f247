//! Rules about streams and delivery streams: whether anybody reads them, whether anything comes out.

use super::{
    Need, Rule, Said,
    case::{Case, quoted},
    need,
};
use crate::domain::{
    Kind, Link, LinkKind, Severity,
    reading::{NEWEST, OBJECTS},
    units::Age,
};

/// Delivery takes its time beyond the buffer's.
const DELIVERY_GRACE_SECONDS: f64 = 120.0;
/// Records that came in longer ago than this say nothing of now.
const RECENT_SECONDS: f64 = 900.0;

/// Where readers are listed.
const READERS: &[Need] = &[need("lambda", "lambda:ListEventSourceMappings")];

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
                "map it to a function, or: aws dynamodb update-table --table-name {} --stream-specification StreamEnabled=false",
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
        let Some(records) = records_in(case) else { return Vec::new() };
        let said = |link: &Link| {
            let interval = buffer_seconds(case, link)?;
            let bucket = case.store.get(&link.to).filter(|entry| entry.gone.is_none())?;
            let now = case.now.as_millisecond() as f64 / 1e3;
            let newest = match bucket.value(NEWEST) {
                Some(newest) => newest,
                // An empty bucket has no newest object.
                None if bucket.value(OBJECTS) == Some(0.0) => f64::NEG_INFINITY,
                None => return None,
            };
            let late = now - newest;
            if late <= interval + DELIVERY_GRACE_SECONDS {
                return None;
            }
            let since =
                if late.is_finite() { format!("no object for {}", Age(late)) } else { "no object yet".to_owned() };
            let name = link.to.short_name();
            let sentence = format!("takes {records} in and buffers {}, but {name} got {since}", Age(interval));
            let advice = format!(
                "look at its role's s3:PutObject on {name}, at its transformer's log, and at: aws firehose \
                 describe-delivery-stream --delivery-stream-name {}",
                quoted(&case.resource().name)
            );
            Some(Said::new(Severity::High, sentence, advice).about(&link.to))
        };
        case.outgoing(LinkKind::Delivers).filter_map(said).collect()
    }
}

/// What came in lately, in words; `None` where nothing did, or nobody counts it.
fn records_in(case: &Case<'_>) -> Option<String> {
    let track = case.entry.tracks().find(|track| track.metric.name == "records_in")?;
    let recent = track.last.age_seconds(case.now) < RECENT_SECONDS && track.last.value > 0.0;
    recent.then(|| format!("{} records/s", crate::domain::units::PerSecond(track.last.value)))
}

/// How long it gathers before it writes.
fn buffer_seconds(case: &Case<'_>, link: &Link) -> Option<f64> {
    let text = link.attribute("IntervalInSeconds").or_else(|| case.resource().attribute("IntervalInSeconds"))?;
    text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}
