//! Where things begin and are led: APIs, schedules, pipes, state machines.
//!
//! ```text
//!    NAME             KIND           STATE     STARTS ON               SENDS TO
//!  · POC-API          API            -         REST prod               POC-Queue
//!  · nightly          schedule       ENABLED   cron(0 3 * * ? *)       report-fn
//!  · orders-to-audit  pipe           STOPPED   orders                  audit
//!  · checkout         state machine  ACTIVE    STANDARD                price-fn, orders, receipts
//! ```

use super::{
    column::{Column, HEALTH, Key, Row, name},
    list::Spec,
};
use crate::{
    domain::{Kind, LinkKind, Resource, ResourceId},
    theme::Role,
    widgets::table::{Column as Head, RowWriter},
};

pub const SPEC: Spec = Spec {
    title: "entries",
    kinds: &[Kind::Api, Kind::Schedule, Kind::Pipe, Kind::StateMachine],
    columns: &[
        HEALTH,
        name(20),
        Column {
            head: Head::fixed("KIND", 13).priority(200),
            write: |row, out| {
                out.text(Role::Dim, row.entry.resource.kind.row().one);
            },
            key: |row| Key::Text(row.entry.resource.kind.row().one.to_owned()),
        },
        Column {
            head: Head::fixed("STATE", 9).priority(230),
            write: write_state,
            key: |row| state(&row.entry.resource).map_or(Key::Missing, |state| Key::Text(state.to_owned())),
        },
        Column {
            head: Head::flex("STARTS ON", 16, 2).priority(150),
            write: |row, out| {
                out.text(Role::Dim, &starts_on(&row.entry.resource));
            },
            key: |row| Key::Text(starts_on(&row.entry.resource)),
        },
        Column {
            head: Head::flex("SENDS TO", 14, 3).priority(220),
            write: |row, out| {
                out.text(Role::Text, &sends_to(row));
            },
            key: |row| Key::Text(sends_to(row)),
        },
    ],
    empty: "no APIs, schedules, pipes or state machines here yet",
};

/// Each service has its own word for it.
fn state(resource: &Resource) -> Option<&str> {
    ["State", "CurrentState", "Status"].iter().find_map(|key| resource.attribute(key))
}

fn write_state(row: &Row<'_>, out: &mut RowWriter<'_>) {
    match state(&row.entry.resource) {
        // One that is under way to another state is no reason to worry.
        Some(state) if ["ENABLED", "RUNNING", "ACTIVE"].contains(&state) || state.ends_with("ING") => {
            out.text(Role::Dim, state)
        }
        Some(state) => out.text(Role::Warn, state),
        None => out.text(Role::Dim, "-"),
    };
}

/// A schedule's expression, the source of a pipe, the stages of an API, how long a state machine lives.
fn starts_on(resource: &Resource) -> String {
    let said = |key| resource.attribute(key);
    let words = match resource.kind {
        Kind::Schedule => said("ScheduleExpression").map(ToOwned::to_owned),
        Kind::Pipe => said("Source").map(|source| {
            let source = source.split("/stream/").next().unwrap_or(source);
            ResourceId::from(source).short_name().to_owned()
        }),
        Kind::Api => {
            let words: Vec<&str> = [said("ProtocolType"), said("Stages")].into_iter().flatten().collect();
            (!words.is_empty()).then(|| words.join(" "))
        }
        _ => said("Type").map(ToOwned::to_owned),
    };
    words.unwrap_or_else(|| "-".to_owned())
}

fn sends_to(row: &Row<'_>) -> String {
    let links = row.store().topology().from(row.id());
    let names: Vec<&str> = links
        .filter(|link| matches!(link.kind, LinkKind::Targets | LinkKind::Integrates | LinkKind::Calls))
        .map(|link| row.store().name_of(&link.to))
        .collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const STREAM: &str = "arn:aws:dynamodb:r:1:table/orders/stream/2026";

    #[rstest]
    #[case(Kind::Schedule, &[("ScheduleExpression", "rate(1 day)")], "rate(1 day)")]
    #[case(Kind::Pipe, &[("Source", STREAM)], "orders")]
    #[case(Kind::Api, &[("ProtocolType", "REST"), ("Stages", "prod, test")], "REST prod, test")]
    #[case(Kind::Api, &[], "-")]
    #[case(Kind::StateMachine, &[("Type", "EXPRESS")], "EXPRESS")]
    fn what_starts_it(#[case] kind: Kind, #[case] attributes: &[(&str, &str)], #[case] expected: &str) {
        let resource = attributes
            .iter()
            .fold(Resource::new("a", kind, "a"), |resource, (key, value)| resource.with(key, Some(value)));
        assert_eq!(starts_on(&resource), expected);
    }
}
