//! Queues.
//!
//! ```text
//!    NAME             ≈VISIBLE  IN FLIGHT  DELAYED   IN/s  OUT/s   OLDEST   DRAINS  LAST 2 MIN         DLQ
//!  ✖ stats-dlq               3          0        0      0      0    4 min        ∞  ▁▁▁▁▁▃▃▃▃▃▃▃▃▃
//!  · stats                   0          1        0   ≥0.3   ≥0.3               now  ▁▁▂▁▁▃▁▁▁▂▁▁▁▁     3 ✖
//! ```
//!
//! Depths are approximate, as SQS says them. The rates are CloudWatch's, where it has any; else what the
//! depth gives away: at least (≥) that many came and went.

use super::{
    column::{Column, HEALTH, Key, Row, name},
    list::Spec,
};
use crate::{
    domain::{
        Kind, Metric,
        reading::{DELAYED, DELETED, IN_FLIGHT, IN_RATE, OLDEST_AGE, OUT_RATE, SENT, VISIBLE},
        units::{Age, AtLeastPerSecond, Count, PerSecond},
    },
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

const SPARK: u16 = 20;

pub const SPEC: Spec = Spec {
    title: "queues",
    kinds: &[Kind::Queue],
    columns: &[
        HEALTH,
        name(20),
        Column {
            head: Head::fixed("≈VISIBLE", 9).right().priority(250),
            write: |row, out| row.write_metric(out, VISIBLE, Count),
            key: |row| Key::of(row.value(VISIBLE)),
        },
        Column {
            head: Head::fixed("IN FLIGHT", 10).right().priority(200),
            write: |row, out| row.write_metric(out, IN_FLIGHT, Count),
            key: |row| Key::of(row.value(IN_FLIGHT)),
        },
        Column {
            head: Head::fixed("DELAYED", 8).right().priority(110),
            write: |row, out| row.write_metric(out, DELAYED, Count),
            key: |row| Key::of(row.value(DELAYED)),
        },
        Column {
            head: Head::fixed("IN/s", 7).right().priority(180),
            write: |row, out| write_rate(row, out, SENT, IN_RATE),
            key: |row| Key::of(rate(row, SENT, IN_RATE)),
        },
        Column {
            head: Head::fixed("OUT/s", 7).right().priority(180),
            write: |row, out| write_rate(row, out, DELETED, OUT_RATE),
            key: |row| Key::of(rate(row, DELETED, OUT_RATE)),
        },
        Column {
            head: Head::fixed("OLDEST", 9).right().priority(150),
            write: |row, out| row.aged_as(row.entry, OLDEST_AGE).write_number(out, oldest(row), Age),
            key: |row| Key::of(oldest(row)),
        },
        Column {
            head: Head::fixed("DRAINS", 9).right().priority(120),
            write: write_drains,
            key: |row| Key::of(drains(row)),
        },
        Column {
            head: Head::fixed("LAST 2 MIN", SPARK).priority(130),
            write: |row, out| row.write_spark(out, VISIBLE, usize::from(SPARK)),
            key: |row| Key::of(row.value(VISIBLE)),
        },
        Column {
            head: Head::fixed("DLQ", 6).right().priority(210),
            write: write_dead_letters,
            key: |row| Key::of(dead_letters(row)),
        },
    ],
    empty: "no queues here yet",
};

/// Seconds that the oldest message has waited, if messages wait at all.
fn oldest(row: &Row<'_>) -> Option<f64> {
    let holds = row.value(VISIBLE).unwrap_or(0.0) + row.value(IN_FLIGHT).unwrap_or(0.0) >= 1.0;
    row.entry.oldest_age_seconds(row.view.now).filter(|_| holds)
}

/// Whether CloudWatch counted it in a minute that is still of now; where not, the depth tells what there was at the least.
fn is_counted(row: &Row<'_>, counted: Metric) -> bool {
    row.value(counted).is_some() && !row.store().is_stale(row.entry, counted, row.view.now)
}

fn rate(row: &Row<'_>, counted: Metric, derived: Metric) -> Option<f64> {
    row.value(if is_counted(row, counted) { counted } else { derived })
}

fn write_rate(row: &Row<'_>, out: &mut RowWriter<'_>, counted: Metric, derived: Metric) {
    if is_counted(row, counted) {
        row.write_metric(out, counted, PerSecond);
    } else {
        row.write_metric(out, derived, AtLeastPerSecond);
    }
}

/// Seconds until nothing waits: never, where all who could take it are switched off.
fn drains(row: &Row<'_>) -> Option<f64> {
    row.store().backlog(row.id(), row.view.now)?.drains_seconds
}

fn write_drains(row: &Row<'_>, out: &mut RowWriter<'_>) {
    let row = row.aged_as(row.entry, VISIBLE);
    match drains(&row) {
        Some(0.0) => out.text(Role::Dim, "empty"),
        Some(seconds) if seconds.is_infinite() => out.text(row.role(1.0), row.view.theme.glyphs.infinity),
        Some(seconds) => out.value(row.role(1.0), format_args!("{}", Age(seconds))),
        None => out.text(Role::Dim, "-"),
    };
}

fn dead_letters(row: &Row<'_>) -> Option<f64> {
    let link = row.store().topology().dead_letter_target(row.id())?;
    let queue = row.store().get(&link.to)?;
    Some(queue.value(VISIBLE)? + queue.value(IN_FLIGHT).unwrap_or(0.0))
}

fn write_dead_letters(row: &Row<'_>, out: &mut RowWriter<'_>) {
    match dead_letters(row) {
        Some(dead) if dead >= 1.0 => {
            out.value(Role::Crit, format_args!("{} {}", Count(dead), row.view.theme.glyphs.crit))
        }
        Some(_) => out.text(Role::Dim, "0"),
        None => out.text(Role::Dim, "-"),
    };
}
