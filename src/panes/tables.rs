//! Tables.
//!
//! ```text
//!    NAME              STATUS   ≈ITEMS  NEW/min  LAST 2 MIN              SIZE  BILLING          STREAM              KEY
//!  · InventoryTable    ACTIVE      412       14  ▁▁▂▁▁▃▁▁▁▂▁▁▁▁      18.4 KiB  PAY_PER_REQUEST  NEW_IMAGE           id (HASH)
//! ```
//!
//! The item count is DynamoDB's own and up to six hours old; arrivals come from a sampled page, never from a full scan.

use super::{
    column::{Column, HEALTH, Key, Row, attribute_column, name},
    list::Spec,
};
use crate::{
    domain::{
        Kind,
        reading::{ARRIVALS, ITEMS, SIZE},
        units::{Bytes, Count},
    },
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

const SPARK: u16 = 20;

pub const SPEC: Spec = Spec {
    title: "tables",
    kinds: &[Kind::Table],
    columns: &[
        HEALTH,
        name(20),
        Column {
            head: Head::fixed("STATUS", 9).priority(220),
            write: write_status,
            key: |row| Key::Text(row.entry.resource.attribute("TableStatus").unwrap_or_default().to_owned()),
        },
        Column {
            head: Head::fixed("≈ITEMS", 9).right().priority(230),
            write: |row, out| row.write_metric(out, ITEMS, Count),
            key: |row| Key::of(row.value(ITEMS)),
        },
        Column {
            head: Head::fixed("≥NEW/min", 8).right().priority(210),
            write: |row, out| row.write_metric(out, ARRIVALS, Count),
            key: |row| Key::of(row.value(ARRIVALS)),
        },
        Column {
            head: Head::fixed("LAST 2 MIN", SPARK).priority(130),
            write: |row, out| row.write_spark(out, ITEMS, usize::from(SPARK)),
            key: |row| Key::of(row.value(ITEMS)),
        },
        Column {
            head: Head::fixed("SIZE", 9).right().priority(150),
            write: |row, out| row.write_metric(out, SIZE, Bytes),
            key: |row| Key::of(row.value(SIZE)),
        },
        attribute_column!(Head::fixed("BILLING", 15).priority(100), "BillingMode"),
        attribute_column!(Head::fixed("STREAM", 18).priority(110), "StreamViewType"),
        attribute_column!(Head::flex("KEY", 12, 2).priority(140), "KeySchema"),
    ],
    empty: "no tables here yet",
};

fn write_status(row: &Row<'_>, out: &mut RowWriter<'_>) {
    let status = row.entry.resource.attribute("TableStatus").unwrap_or("-");
    out.text(if status == "ACTIVE" { Role::Dim } else { Role::Warn }, status);
}
