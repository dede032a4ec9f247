//! `edatop snapshot`: everything once, printed. The JSON is a contract, described in the README.

use std::{collections::BTreeMap, process::ExitCode};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

use super::{json, opening, print};
use crate::{
    app::clock,
    aws::{ApiUse, Connection},
    config::Config,
    domain::{Attributes, Failure, Finding, Health, Kind, Link, ResourceId, Unit},
    store::{Entry, Store},
    widgets::text,
};

/// The version of the JSON.
const SCHEMA: u32 = 1;

#[derive(Debug, Args)]
pub struct Arguments {
    /// How to print
    #[arg(long, visible_alias = "output", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Json,
    Text,
}

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Snapshot<'a> {
    pub schema: u32,
    pub taken_at: Timestamp,
    /// `null` when it is AWS itself.
    pub endpoint: Option<&'a str>,
    pub dialect: &'a str,
    pub region: &'a str,
    pub account: Option<&'a str>,
    pub resources: Vec<ResourceView<'a>>,
    pub links: Vec<&'a Link>,
    pub findings: &'a [Finding],
    pub failures: Vec<&'a Failure>,
    pub api: &'a ApiUse,
}

#[derive(Debug, Serialize)]
pub struct ResourceView<'a> {
    pub id: &'a ResourceId,
    pub kind: Kind,
    pub name: &'a str,
    pub health: Health,
    pub reasons: Vec<&'a str>,
    pub readings: BTreeMap<&'static str, ReadingView>,
    pub attributes: &'a Attributes,
}

#[derive(Debug, Serialize)]
pub struct ReadingView {
    pub value: f64,
    pub unit: Unit,
    pub source: &'static str,
    pub age_s: f64,
}

/// Looks once and prints.
///
/// # Errors
/// When stdout is closed.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    let seen = match opening::see(&config).await {
        Ok(seen) => seen,
        Err(given_up) => return Ok(given_up.said()),
    };
    let mut text = written(&seen.aws, &seen.store, seen.account(), arguments.format)?;
    text.push('\n');
    print(text.as_bytes())
}

/// The document, as it is to be printed.
fn written(aws: &Connection, store: &Store, account: Option<&str>, format: Format) -> serde_json::Result<String> {
    let usage = aws.meter.usage();
    let flavour = aws.dialect.flavour();
    let now = clock::now();
    let snapshot = Snapshot {
        schema: SCHEMA,
        taken_at: now,
        endpoint: aws.endpoint().map(crate::aws::Endpoint::url),
        dialect: flavour.key(),
        region: aws.region(),
        account,
        resources: store.entries().map(|entry| resource(entry, now)).collect(),
        links: store.topology().links().collect(),
        findings: store.findings(),
        failures: store.failures().collect(),
        api: &usage,
    };
    match format {
        Format::Json => json::pretty(&snapshot),
        Format::Text => Ok(as_text(&snapshot)),
    }
}

fn resource(entry: &Entry, now: Timestamp) -> ResourceView<'_> {
    let readings = entry.tracks().map(|track| {
        let reading = track.last;
        let view = ReadingView {
            value: reading.value,
            unit: track.metric.unit,
            source: reading.source,
            age_s: reading.age_seconds(now),
        };
        (track.metric.name, view)
    });
    ResourceView {
        id: &entry.resource.id,
        kind: entry.resource.kind,
        name: &entry.resource.name,
        health: entry.health(),
        reasons: entry.verdicts.iter().map(|verdict| verdict.reason.as_str()).collect(),
        readings: readings.collect(),
        attributes: &entry.resource.attributes,
    }
}

/// The same for eyes: what is not well first, then all by kind, then what could not be read.
fn as_text(snapshot: &Snapshot<'_>) -> String {
    let mut lines = vec![format!(
        "{} · {} · {} · {} resources, {} links · {} calls",
        snapshot.endpoint.unwrap_or("AWS"),
        snapshot.account.unwrap_or("account unknown"),
        snapshot.region,
        snapshot.resources.len(),
        snapshot.links.len(),
        snapshot.api.calls
    )];
    let mut resources: Vec<&ResourceView<'_>> = snapshot.resources.iter().collect();
    resources.sort_by_key(|resource| (std::cmp::Reverse(resource.health), resource.kind, resource.name));
    for resource in resources {
        let mark = match resource.health {
            Health::Ok => "  ok",
            Health::Unknown => "   ?",
            Health::Warn => "warn",
            Health::Crit => "CRIT",
        };
        let readings: Vec<String> =
            resource.readings.iter().map(|(name, reading)| format!("{name} {}", brief(reading.value))).collect();
        lines.push(format!("{mark}  {:<16} {:<44} {}", resource.kind.key(), resource.name, readings.join("  ")));
        lines.extend(resource.reasons.iter().map(|reason| format!("      {reason}")));
    }
    lines.extend(snapshot.failures.iter().map(|failure| format!("   ?  {}: {}", failure.operation, failure.error)));
    lines.iter().map(|line| text::clean(line).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn brief(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
