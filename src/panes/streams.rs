//! Streams, delivery streams and stream applications.
//!
//! ```text
//!      NAME                       STATUS    IN/s  OUT/s  BEHIND  WAITS         NEWEST  GOES TO
//!  · ≋ sales                      ACTIVE      17     17    <1 s  keeps 24 h         -  STORE_REVENUE_PER_MIN
//!  · ∑ STORE_REVENUE_PER_MIN      RUNNING     17    0.1       -  window 60 s        -  revenue_analytics_stream
//!  · ⇉ revenue_analytics_stream   ACTIVE     0.1    0.1       -  60 s, 1 MB      42 s  sales-bucket
//! ```
//!
//! No record is read to fill this: rates and ages are CloudWatch's, and a dash where it has none. Behind is how far the slowest reader
//! of a stream is, or how old the oldest record is that is not delivered. What waits is said in one column:
//! how long a stream keeps records, an application collects them, a delivery stream holds them back. The newest delivery is the
//! newest object in the bucket, whoever wrote it.

use super::{
    column::{Column, HEALTH, Key, Row, attribute_column, name},
    list::Spec,
};
use crate::{
    domain::{
        Kind, Link, LinkKind, Metric,
        reading::{FRESHNESS, ITERATOR_AGE, NEWEST, RECORDS_IN, RECORDS_OUT},
        units::{Age, PerSecond},
    },
    store::Entry,
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

const SPARK: u16 = 20;

pub const SPEC: Spec = Spec {
    title: "streams",
    kinds: &[Kind::Stream, Kind::DeliveryStream, Kind::Application],
    columns: &[
        HEALTH,
        Column {
            head: Head::fixed("", 1).priority(253),
            write: |row, out| {
                out.text(Role::Dim, row.view.glyph(row.entry.resource.kind));
            },
            key: |row| Key::Number(f64::from(row.entry.resource.kind as u8)),
        },
        name(20),
        Column {
            head: Head::fixed("STATUS", 9).priority(220),
            write: write_status,
            key: |row| Key::Text(status(row).unwrap_or_default().to_owned()),
        },
        Column {
            head: Head::fixed("IN/s", 6).right().priority(240),
            write: |row, out| row.write_metric(out, RECORDS_IN, PerSecond),
            key: |row| Key::of(row.value(RECORDS_IN)),
        },
        Column {
            head: Head::fixed("OUT/s", 6).right().priority(205),
            write: |row, out| row.write_metric(out, RECORDS_OUT, PerSecond),
            key: |row| Key::of(row.value(RECORDS_OUT)),
        },
        Column {
            head: Head::fixed("BEHIND", 8).right().priority(230),
            write: |row, out| row.write_metric(out, behind(row), Age),
            key: |row| Key::of(row.value(behind(row))),
        },
        Column {
            head: Head::fixed("LAST 2 MIN", SPARK).priority(120),
            write: |row, out| row.write_spark(out, RECORDS_IN, usize::from(SPARK)),
            key: |row| Key::of(row.value(RECORDS_IN)),
        },
        Column {
            head: Head::fixed("WAITS", 13).priority(200),
            write: |row, out| {
                out.text(Role::Dim, waits(row).as_deref().unwrap_or("-"));
            },
            key: |row| Key::of(waiting_seconds(row)),
        },
        Column {
            head: Head::fixed("NEWEST", 8).right().priority(225),
            write: write_newest,
            key: |row| Key::of(bucket(row).and_then(|bucket| bucket.value(NEWEST))),
        },
        attribute_column!(Head::fixed("SHARDS", 6).right().priority(110), "OpenShardCount"),
        attribute_column!(Head::fixed("RUNTIME", 11).priority(100), "RuntimeEnvironment"),
        Column {
            head: Head::flex("GOES TO", 14, 2).priority(215),
            write: |row, out| {
                let names = goes_to(row);
                out.text(Role::Dim, if names.is_empty() { "-" } else { &names });
            },
            key: |row| Key::Text(goes_to(row)),
        },
    ],
    empty: "no streams here yet",
};

fn status<'a>(row: &Row<'a>) -> Option<&'a str> {
    let resource = &row.entry.resource;
    ["StreamStatus", "DeliveryStreamStatus", "ApplicationStatus"].iter().find_map(|name| resource.attribute(name))
}

/// An application that is `READY` is one that nobody started.
fn write_status(row: &Row<'_>, out: &mut RowWriter<'_>) {
    match status(row) {
        Some(status @ ("ACTIVE" | "RUNNING")) => out.text(Role::Dim, status),
        Some(status) => out.text(Role::Warn, status),
        None => out.text(Role::Dim, "-"),
    };
}

fn number(row: &Row<'_>, attribute: &str) -> Option<f64> {
    row.entry.resource.number(attribute).map(|number| number as f64)
}

/// How far the slowest reader of a stream is behind, and how old the oldest record is that a delivery stream still holds.
fn behind(row: &Row<'_>) -> Metric {
    if row.entry.resource.kind == Kind::DeliveryStream { FRESHNESS } else { ITERATOR_AGE }
}

/// Seconds for which a stream keeps records, an application collects them, a delivery stream holds them back.
fn waiting_seconds(row: &Row<'_>) -> Option<f64> {
    let hours = number(row, "RetentionPeriodHours").map(|hours| hours * 3_600.0);
    hours.or_else(|| number(row, "WindowSeconds")).or_else(|| number(row, "IntervalInSeconds"))
}

fn waits(row: &Row<'_>) -> Option<String> {
    let resource = &row.entry.resource;
    match resource.kind {
        Kind::Stream => {
            let hours = resource.number("RetentionPeriodHours")?;
            Some(if hours < 48 { format!("keeps {hours} h") } else { format!("keeps {} d", hours / 24) })
        }
        Kind::Application => Some(format!("window {}", Age(number(row, "WindowSeconds")?))),
        _ => {
            let size = resource.attribute("SizeInMBs").map(|size| format!("{size} MB"));
            let time = number(row, "IntervalInSeconds").map(|seconds| Age(seconds).to_string());
            let both: Vec<String> = time.into_iter().chain(size).collect();
            (!both.is_empty()).then(|| both.join(", "))
        }
    }
}

/// The bucket that a delivery stream writes to; not the one for copies.
fn bucket<'a>(row: &Row<'a>) -> Option<&'a Entry> {
    let links = row.store().topology().from(row.id()).filter(|link| link.kind == LinkKind::Delivers && is_main(link));
    links.filter_map(|link| row.store().get(&link.to)).find(|entry| entry.resource.kind == Kind::Bucket)
}

/// Whether the link is to the destination itself: only that one says of which kind it is.
fn is_main(link: &Link) -> bool {
    link.attribute("Destination").is_some()
}

fn write_newest(row: &Row<'_>, out: &mut RowWriter<'_>) {
    match bucket(row) {
        Some(bucket) => Row { entry: bucket, stale: row.stale, view: row.view }.write_ago(out, NEWEST),
        None => {
            out.text(Role::Dim, "-");
        }
    }
}

/// Readers of a stream, and what an application or a delivery stream writes to, before where the copies go; not the dead letters.
fn goes_to(row: &Row<'_>) -> String {
    let on = |kind| matches!(kind, LinkKind::Streams | LinkKind::Invokes | LinkKind::Delivers | LinkKind::Targets);
    let mut links: Vec<&Link> = row.store().topology().from(row.id()).filter(|link| on(link.kind)).collect();
    links.sort_by_key(|link| !is_main(link));
    links.iter().map(|link| link.to.short_name()).collect::<Vec<_>>().join(", ")
}
