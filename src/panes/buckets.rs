//! Buckets.
//!
//! ```text
//!    NAME              ≥OBJECTS  NEW/min  LAST 2 MIN            ≥SIZE   NEWEST   NEWEST KEY
//!  · analytics-bucket       412       14  ▁▁▂▁▁▃▁▁▁▂▁▁▁▁     1.2 MiB      4 s   events/2026/11/21/14/…
//! ```
//!
//! Counts are of what a bounded listing saw: of a large bucket, at least that many.

use super::{
    column::{Column, HEALTH, Key, attribute_column, name},
    list::Spec,
};
use crate::{
    domain::{
        Kind,
        reading::{ARRIVALS, NEWEST, OBJECTS, SIZE},
        units::{Bytes, Count},
    },
    widgets::table::Column as Head,
};

const SPARK: u16 = 20;

pub const SPEC: Spec = Spec {
    title: "buckets",
    kinds: &[Kind::Bucket],
    columns: &[
        HEALTH,
        name(20),
        Column {
            head: Head::fixed("≥OBJECTS", 9).right().priority(230),
            write: |row, out| row.write_metric(out, OBJECTS, Count),
            key: |row| Key::of(row.value(OBJECTS)),
        },
        Column {
            head: Head::fixed("NEW/min", 7).right().priority(220),
            write: |row, out| row.write_metric(out, ARRIVALS, Count),
            key: |row| Key::of(row.value(ARRIVALS)),
        },
        Column {
            head: Head::fixed("LAST 2 MIN", SPARK).priority(130),
            write: |row, out| row.write_spark(out, ARRIVALS, usize::from(SPARK)),
            key: |row| Key::of(row.value(ARRIVALS)),
        },
        Column {
            head: Head::fixed("≥SIZE", 9).right().priority(150),
            write: |row, out| row.write_metric(out, SIZE, Bytes),
            key: |row| Key::of(row.value(SIZE)),
        },
        Column {
            head: Head::fixed("NEWEST", 9).right().priority(210),
            write: |row, out| row.write_ago(out, NEWEST),
            key: |row| Key::of(row.value(NEWEST)),
        },
        attribute_column!(Head::flex("NEWEST KEY", 20, 3).priority(140), "NewestKey"),
    ],
    empty: "no buckets here yet",
};
