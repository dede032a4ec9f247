//! Functions.
//!
//! ```text
//!    NAME          CALLS/min  ERRORS/min  LAST MIN            READS FROM            TIMEOUT  MEMORY  RUNTIME     LAST ERROR
//!  ▲ stats-fn             14           2  ▁▁▂▁▁▃▁▁▁▂▁▁▁▁     stats                    3 s     128  python3.12  4 s ago
//! ```
//!
//! Calls and errors are counted from the function's own log lines, so they work on every endpoint that keeps logs. Where its log was
//! not read, CloudWatch's count of calls stands in.

use super::{
    column::{Column, HEALTH, Key, Row, attribute_column, name},
    list::Spec,
};
use crate::{
    domain::{
        Kind, LinkKind, Metric,
        reading::{CALLS, ERROR_LINES, INVOCATIONS},
        units::{Age, Count},
    },
    store::Entry,
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

const SPARK: u16 = 20;

pub const SPEC: Spec = Spec {
    title: "functions",
    kinds: &[Kind::Function],
    columns: &[
        HEALTH,
        name(20),
        Column {
            head: Head::fixed("CALLS/min", 9).right().priority(230),
            write: write_calls,
            key: |row| Key::of(calls(row)),
        },
        Column {
            head: Head::fixed("ERRORS/min", 10).right().priority(240),
            write: write_errors,
            key: |row| Key::of(logged(row, ERROR_LINES)),
        },
        Column {
            head: Head::fixed("LAST 2 MIN", SPARK).priority(150),
            write: |row, out| {
                as_old_as_logs(row, INVOCATIONS).write_series(
                    out,
                    group(row).and_then(|group| group.series(INVOCATIONS)),
                    usize::from(SPARK),
                )
            },
            key: |row| Key::of(logged(row, INVOCATIONS)),
        },
        Column {
            head: Head::flex("READS FROM", 14, 2).priority(200),
            write: write_sources,
            key: |row| Key::Text(sources(row)),
        },
        Column {
            head: Head::fixed("TIMEOUT", 7).right().priority(120),
            write: |row, out| row.write_number(out, number(row, "Timeout"), Age),
            key: |row| Key::of(number(row, "Timeout")),
        },
        Column {
            head: Head::fixed("MiB", 5).right().priority(110),
            write: |row, out| row.write_number(out, number(row, "MemorySize"), Count),
            key: |row| Key::of(number(row, "MemorySize")),
        },
        attribute_column!(Head::fixed("RUNTIME", 12).priority(100), "Runtime"),
        Column {
            head: Head::fixed("LAST ERROR", 10).right().priority(190),
            write: write_last_error,
            key: |row| Key::of(last_error_age(row)),
        },
    ],
    empty: "no functions here yet",
};

fn group<'a>(row: &Row<'a>) -> Option<&'a Entry> {
    row.store().get(row.store().topology().log_group(row.id())?)
}

fn logged(row: &Row<'_>, metric: Metric) -> Option<f64> {
    group(row)?.value(metric)
}

/// Calls a minute.
fn calls(row: &Row<'_>) -> Option<f64> {
    logged(row, INVOCATIONS).or_else(|| row.value(CALLS).map(|calls| calls * 60.0))
}

fn write_calls(row: &Row<'_>, out: &mut RowWriter<'_>) {
    let is_logged = logged(row, INVOCATIONS).is_some();
    let row = if is_logged { as_old_as_logs(row, INVOCATIONS) } else { row.aged_as(row.entry, CALLS) };
    row.write_number(out, calls(&row), Count);
}

fn number(row: &Row<'_>, attribute: &str) -> Option<f64> {
    row.entry.resource.number(attribute).map(|number| number as f64)
}

/// The row of a number that its log group knows: who reads the logs tells whether it is old.
fn as_old_as_logs<'a>(row: &Row<'a>, metric: Metric) -> Row<'a> {
    group(row).map_or(*row, |group| row.aged_as(group, metric))
}

fn write_errors(row: &Row<'_>, out: &mut RowWriter<'_>) {
    let row = &as_old_as_logs(row, ERROR_LINES);
    match logged(row, ERROR_LINES) {
        Some(errors) if errors >= 1.0 && !row.stale => {
            out.value(Role::Warn, format_args!("{}", Count(errors)));
        }
        errors => row.write_number(out, errors, Count),
    }
}

fn sources(row: &Row<'_>) -> String {
    let topology = row.store().topology();
    let invokes = topology
        .to(row.id())
        .filter(|link| matches!(link.kind, LinkKind::Invokes | LinkKind::Subscribes | LinkKind::Targets));
    invokes.map(|link| link.from.short_name()).collect::<Vec<_>>().join(", ")
}

fn write_sources(row: &Row<'_>, out: &mut RowWriter<'_>) {
    let sources = sources(row);
    out.name(Role::Dim, if sources.is_empty() { "-" } else { &sources });
}

fn last_error_age(row: &Row<'_>) -> Option<f64> {
    let said = group(row)?.last_error.as_ref()?;
    Some(Age::between(said.at, row.view.now).0)
}

fn write_last_error(row: &Row<'_>, out: &mut RowWriter<'_>) {
    row.write_number(out, last_error_age(row), Age);
}
