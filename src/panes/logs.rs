//! Log groups.
//!
//! ```text
//!    NAME                        LINES/min  ERRORS/min  LAST 2 MIN            LAST EVENT    STORED  KEEPS   LAST ERROR
//!  · /aws/lambda/stats-fn               57           2  ▁▁▂▁▁▃▁▁▁▂▁▁▁▁▁▂▁▁        2 s   1.2 MiB   14 d   [ERROR] ValueError: …
//! ```

use super::{
    column::{Column, HEALTH, Key, Row, name},
    list::Spec,
};
use crate::{
    domain::{
        Kind,
        reading::{ERROR_LINES, LINES, NEWEST, STORED},
        units::{Bytes, Count},
    },
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

const SPARK: u16 = 20;

pub const SPEC: Spec = Spec {
    title: "logs",
    kinds: &[Kind::LogGroup],
    columns: &[
        HEALTH,
        name(22),
        Column {
            head: Head::fixed("LINES/min", 9).right().priority(220),
            write: |row, out| row.write_metric(out, LINES, Count),
            key: |row| Key::of(row.value(LINES)),
        },
        Column {
            head: Head::fixed("ERRORS/min", 10).right().priority(230),
            write: write_errors,
            key: |row| Key::of(row.value(ERROR_LINES)),
        },
        Column {
            head: Head::fixed("LAST 2 MIN", SPARK).priority(140),
            write: |row, out| row.write_spark(out, LINES, usize::from(SPARK)),
            key: |row| Key::of(row.value(LINES)),
        },
        Column {
            head: Head::fixed("LAST EVENT", 10).right().priority(200),
            write: |row, out| row.write_ago(out, NEWEST),
            key: |row| Key::of(row.value(NEWEST)),
        },
        Column {
            head: Head::fixed("STORED", 9).right().priority(110),
            write: |row, out| row.write_metric(out, STORED, Bytes),
            key: |row| Key::of(row.value(STORED)),
        },
        Column {
            head: Head::fixed("KEEPS", 8).right().priority(105),
            write: write_retention,
            key: |row| Key::of(retention(row)),
        },
        Column {
            head: Head::flex("LAST ERROR", 20, 4).priority(150),
            write: write_last_error,
            key: |row| Key::of(row.value(ERROR_LINES)),
        },
    ],
    empty: "no log groups here yet",
};

fn write_errors(row: &Row<'_>, out: &mut RowWriter<'_>) {
    let row = &row.aged_as(row.entry, ERROR_LINES);
    match row.value(ERROR_LINES) {
        Some(errors) if errors >= 1.0 && !row.stale => {
            out.value(Role::Warn, format_args!("{}", Count(errors)));
        }
        errors => row.write_number(out, errors, Count),
    }
}

fn retention(row: &Row<'_>) -> Option<f64> {
    row.entry.resource.number("retentionInDays").map(|days| days as f64)
}

fn write_retention(row: &Row<'_>, out: &mut RowWriter<'_>) {
    match retention(row) {
        Some(days) => out.value(row.role(days), format_args!("{days:.0} d")),
        None => out.text(Role::Dim, "for ever"),
    };
}

fn write_last_error(row: &Row<'_>, out: &mut RowWriter<'_>) {
    match &row.entry.last_error {
        Some(said) => out.text(Role::Dim, said.text.lines().next().unwrap_or_default()),
        None => out.skip(),
    };
}
