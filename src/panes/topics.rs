//! Topics and who listens to them.
//!
//! ```text
//!    NAME              SUBSCRIBERS  FILTERED  IN/s  SENDS TO                                     UNDELIVERABLE TO
//!  · fork                        3         3    14  stats, mailing, chat                         -
//!  · JobEvents.fifo              2         1   0.5  AnalyticsJobEvents.fifo, InventoryJob….fifo  AnalyticsSubscriptionDLQ.fifo
//! ```
//!
//! Subscribers are the confirmed ones. What is published CloudWatch counts; else its subscribers tell at
//! the least (≥). What was not listed or not read is not zero: it is a dash.

use super::{
    column::{Column, HEALTH, Key, Row, name},
    list::Spec,
};
use crate::{
    domain::{
        FILTER_NOT_KNOWN, Kind, Link, LinkKind,
        reading::SUBSCRIPTIONS,
        units::{AtLeastPerSecond, Count, PerSecond},
    },
    store::rates::{Bound, Rate},
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

pub const SPEC: Spec = Spec {
    title: "topics",
    kinds: &[Kind::Topic],
    columns: &[
        HEALTH,
        name(20),
        Column {
            head: Head::fixed("SUBSCRIBERS", 11).right().priority(230),
            write: |row, out| row.write_metric(out, SUBSCRIPTIONS, Count),
            key: |row| Key::of(row.value(SUBSCRIPTIONS)),
        },
        Column {
            head: Head::fixed("FILTERED", 8).right().priority(200),
            write: |row, out| row.aged_as(row.entry, SUBSCRIPTIONS).write_number(out, filtered(row), Count),
            key: |row| Key::of(filtered(row)),
        },
        Column {
            head: Head::fixed("IN/s", 6).right().priority(190),
            write: write_inflow,
            key: |row| Key::of(inflow(row).map(|rate| rate.per_second)),
        },
        Column {
            head: Head::flex("SENDS TO", 24, 4).priority(220),
            write: |row, out| {
                out.text(Role::Text, &names(subscriptions(row)));
            },
            key: |row| Key::Text(names(subscriptions(row))),
        },
        Column {
            head: Head::flex("UNDELIVERABLE TO", 16, 2).priority(150),
            write: |row, out| {
                out.text(Role::Dim, &names(dead_letters(row)));
            },
            key: |row| Key::Text(names(dead_letters(row))),
        },
    ],
    empty: "no topics here yet",
};

fn inflow(row: &Row<'_>) -> Option<Rate> {
    row.store().inflow(row.id(), row.view.now)
}

fn write_inflow(row: &Row<'_>, out: &mut RowWriter<'_>) {
    let rate = inflow(row);
    let show: fn(f64) -> String = match rate {
        Some(Rate { bound: Bound::Exact, .. }) => |rate| PerSecond(rate).to_string(),
        _ => |rate| AtLeastPerSecond(rate).to_string(),
    };
    row.write_number(out, rate.map(|rate| rate.per_second), show);
}

fn subscriptions<'a>(row: &Row<'a>) -> impl Iterator<Item = &'a Link> {
    row.store().topology().from(row.id()).filter(|link| link.kind == LinkKind::Subscribes)
}

fn dead_letters<'a>(row: &Row<'a>) -> impl Iterator<Item = &'a Link> {
    row.store().topology().from(row.id()).filter(|link| link.kind == LinkKind::DeadLetters)
}

/// Confirmed subscriptions with a filter policy; unknown while one of those that are counted was not seen or not read.
fn filtered(row: &Row<'_>) -> Option<f64> {
    let confirmed = || subscriptions(row).filter(|link| link.attribute("PendingConfirmation") != Some("true"));
    let seen = confirmed().count() as f64 >= row.value(SUBSCRIPTIONS)?;
    let read = confirmed().all(|link| link.label != FILTER_NOT_KNOWN);
    (seen && read).then(|| confirmed().filter(|link| link.attribute("FilterPolicy").is_some()).count() as f64)
}

fn names<'a>(links: impl Iterator<Item = &'a Link>) -> String {
    let names: Vec<&str> = links.map(|link| link.to.short_name()).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}
