//! Event buses and their rules.
//!
//! ```text
//!    NAME                         KIND  BUS      STATE    MATCHES                             SENDS TO
//!  · every-minute                 rule  default  ENABLED  rate(1 minute)                      AntiCorruption
//!  · orders_routing_to_consumer   rule  stores   ENABLED  {"detail-type":["sales-events"]}    events_consumer_fn
//! ```

use super::{
    column::{Column, HEALTH, Key, Row, attribute_column, name},
    list::Spec,
};
use crate::{
    domain::{Kind, LinkKind},
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

pub const SPEC: Spec = Spec {
    title: "rules",
    kinds: &[Kind::Rule, Kind::Bus],
    columns: &[
        HEALTH,
        name(20),
        Column {
            head: Head::fixed("KIND", 4).priority(120),
            write: |row, out| {
                out.text(Role::Dim, row.entry.resource.kind.row().one);
            },
            key: |row| Key::Text(row.entry.resource.kind.row().one.to_owned()),
        },
        attribute_column!(Head::fixed("BUS", 14).priority(160), "EventBusName"),
        Column {
            head: Head::fixed("STATE", 8).priority(230),
            write: write_state,
            key: |row| Key::Text(row.entry.resource.attribute("State").unwrap_or_default().to_owned()),
        },
        Column {
            head: Head::flex("MATCHES", 18, 3).priority(150),
            write: |row, out| {
                out.text(Role::Dim, matches(row));
            },
            key: |row| Key::Text(matches(row).to_owned()),
        },
        Column {
            head: Head::flex("SENDS TO", 14, 2).priority(220),
            write: |row, out| {
                out.text(Role::Text, &targets(row));
            },
            key: |row| Key::Text(targets(row)),
        },
    ],
    empty: "no rules here yet",
};

fn write_state(row: &Row<'_>, out: &mut RowWriter<'_>) {
    match row.entry.resource.attribute("State") {
        Some(state @ "DISABLED") => out.text(Role::Warn, state),
        Some(state) => out.text(Role::Dim, state),
        None => out.text(Role::Dim, "-"),
    };
}

fn matches<'a>(row: &Row<'a>) -> &'a str {
    let resource = &row.entry.resource;
    resource.attribute("ScheduleExpression").or_else(|| resource.attribute("EventPattern")).unwrap_or("-")
}

fn targets(row: &Row<'_>) -> String {
    let links = row.store().topology().from(row.id());
    let names: Vec<&str> = links
        .filter(|link| matches!(link.kind, LinkKind::Targets | LinkKind::Routes))
        .map(|link| link.to.short_name())
        .collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}
