//! `edatop snapshot`: everything once, printed. The JSON is a contract, described in the README.

use std::{collections::BTreeMap, io, process::ExitCode};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::{opening, print};
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
        Format::Json => as_json(&snapshot),
        Format::Text => Ok(as_text(&snapshot)),
    }
}

/// The same value that any JSON writer would write, with what could act on a terminal, or hide from a reader, written as `\uXXXX`.
pub(super) fn as_json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Escaping::default()))?;
    String::from_utf8(bytes).map_err(|error| serde::ser::Error::custom(error.to_string()))
}

/// Indents as [`PrettyFormatter`] does. Strings and keys come through it piece by piece, without what JSON itself escapes.
#[derive(Default)]
struct Escaping(PrettyFormatter<'static>);

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, unsafe_one)) = rest.char_indices().find(|(_, c)| text::is_unsafe(*c)) {
            let (before, after) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            // Above the basic plane JSON takes two: a surrogate pair.
            for unit in unsafe_one.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after.strip_prefix(unsafe_one).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn what_could_act_on_a_terminal_is_escaped() {
        let value = json!({ "k\u{9b}2J": ["a\u{202e}b", "\u{7f}", "\u{e0041}", "plain ü \" \n"], "empty": {} });
        let written = as_json(&value).unwrap();
        assert!(!written.chars().any(|c| c != '\n' && text::is_unsafe(c)), "{written:?}");
        assert!(written.contains(r"k\u009b2J") && written.contains(r"a\u202eb") && written.contains(r"\udb40\udc41"));
        assert!(written.contains("plain ü"), "what is harmless stays readable: {written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }

    proptest! {
        #[test]
        fn json_stays_the_same_value_and_layout(text in any::<String>(), key in "\\PC*") {
            let value = json!({ key: [text, 1, null, {}], "nested": { "deep": [] } });
            let written = as_json(&value).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &value);
            prop_assert!(!written.chars().any(|c| c != '\n' && text::is_unsafe(c)));
            let plain = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(written.lines().count(), plain.lines().count());
        }
    }
}
