//! `edatop route`: where would this event go? Everything is looked at once, and the answer worked out here: nothing is sent or made.

use std::{collections::BTreeMap, fmt::Write as _, io::Read as _, process::ExitCode};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use super::{
    UNREACHED, json,
    opening::{self, GivenUp, Seen},
    print,
};
use crate::{
    app::clock,
    config::Config,
    domain::{Kind, LinkKind, Resource, ResourceId},
    routing::{Cargo, Envelope, Event, Fate, Journey, MessageAttributes, Step, Terrain, draft, follow},
    store::Store,
    widgets::text,
};

/// Nobody would get it.
const NOBODY: u8 = 1;
/// The version of the JSON.
const SCHEMA: u32 = 1;
/// Names offered when none was right.
const MOST_NAMES: usize = 12;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A topic or an event bus, by name or ARN
    #[arg(value_name = "TOPIC|BUS")]
    pub target: String,
    /// The message body, or the event (or PutEvents entry) as JSON: a file, or - for stdin
    #[arg(long, value_name = "FILE|-")]
    pub event: String,
    /// Message attributes: JSON as Publish takes it, name=value, or name:Number=value; may be repeated
    #[arg(long, value_name = "JSON|NAME=VALUE")]
    pub attributes: Vec<String>,
    /// The message's subject: no filter looks at it, so it decides nothing
    #[arg(long, value_name = "TEXT")]
    pub subject: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// The whole document.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: u32,
    from: &'a ResourceId,
    kind: Kind,
    summary: String,
    goes_nowhere: bool,
    /// False where something on the way could not be read.
    certain: bool,
    /// More steps than are told.
    cut: bool,
    receivers: Vec<&'a ResourceId>,
    steps: Vec<StepView<'a>>,
    doubts: &'a [String],
    /// The event as EventBridge would hand it on; for a topic, `null`.
    event: Option<&'a Value>,
    /// Its fields that were filled in.
    filled: &'a [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct StepView<'a> {
    depth: usize,
    from: &'a ResourceId,
    to: &'a ResourceId,
    kind: Kind,
    link: LinkKind,
    fate: &'static str,
    /// Why, in one sentence, unless it gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
}

/// Looks once, follows, prints. The exit code is 0 if somebody gets it, 1 if nobody does, 3 if that could not be known.
///
/// # Errors
/// When stdout is closed.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    match answer(&config, &arguments).await {
        Ok((document, code)) => {
            print(document.as_bytes())?;
            Ok(code)
        }
        Err(given_up) => Ok(given_up.said()),
    }
}

async fn answer(config: &Config, arguments: &Arguments) -> Result<(String, ExitCode), GivenUp> {
    let written = read(&arguments.event).map_err(GivenUp::misused)?;
    let attributes = attributes(&arguments.attributes).map_err(GivenUp::misused)?;
    let seen = opening::see(config).await?;
    let Seen { aws, store, .. } = &seen;
    let target = find(store, &arguments.target, &opening::place(aws))?;
    let account = target.id.arn().map_or(seen.account().unwrap_or_default(), |arn| arn.account);
    let (cargo, filled) = if target.kind == Kind::Bus {
        let envelope = Envelope { account, region: aws.region(), now: clock::now() };
        let event = Event::read(&written, envelope).map_err(|error| GivenUp::misused(error.to_string()))?;
        (Cargo::Event(event.json), event.filled)
    } else {
        (Cargo::Message { body: Some(written), attributes }, Vec::new())
    };
    let terrain = Terrain::new(
        store.entries().filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource),
        store.topology().links(),
        store.failures(),
    )
    .without(store.missing());
    let journey = follow(&terrain, &target.id, &cargo);
    let document = match arguments.format {
        Format::Json => as_json(&journey, &cargo, &filled, arguments.subject.as_deref())
            .map_err(|error| GivenUp::unreached(error.to_string()))?,
        Format::Text => as_text(&journey, target, &filled, store),
    };
    let code = match (journey.goes_nowhere(), journey.is_certain()) {
        (false, _) => ExitCode::SUCCESS,
        (true, true) => ExitCode::from(NOBODY),
        (true, false) => ExitCode::from(UNREACHED),
    };
    Ok((document, code))
}

fn read(path: &str) -> Result<String, String> {
    if path != "-" {
        return std::fs::read_to_string(path).map_err(|error| format!("the event {path} cannot be read: {error}"));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| format!("the event cannot be read from stdin: {error}"))?;
    Ok(text)
}

fn attributes(written: &[String]) -> Result<MessageAttributes, String> {
    let mut all = MessageAttributes::new();
    for one in written {
        all.extend(draft::read_attributes(one).map_err(|error| error.to_string())?);
    }
    Ok(all)
}

/// The topic or bus of that ARN, or the only one of that name.
fn find<'a>(store: &'a Store, wanted: &str, place: &str) -> Result<&'a Resource, GivenUp> {
    let starts = || {
        let all = store.entries().filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource);
        all.filter(|resource| matches!(resource.kind, Kind::Topic | Kind::Bus))
    };
    let named: Vec<&Resource> =
        starts().filter(|resource| resource.id.as_str() == wanted || resource.name == wanted).collect();
    match named[..] {
        [one] => Ok(one),
        [] => {
            let listings = ["sns:ListTopics", "events:ListEventBuses"];
            if let Some(failure) = store.failures().find(|failure| listings.contains(&failure.operation.as_str())) {
                let why = format!(
                    "'{wanted}' was not found, and not all could be listed: {}: {}",
                    failure.operation, failure.error
                );
                return Err(GivenUp::unreached(why));
            }
            let mut names: Vec<&str> = starts().map(|resource| resource.name.as_str()).take(MOST_NAMES + 1).collect();
            if names.len() > MOST_NAMES {
                names[MOST_NAMES] = "…";
            }
            let there =
                if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", names.join(", ")) };
            Err(GivenUp::misused(format!("no topic and no bus is called '{wanted}' at {place}; {there}")))
        }
        _ => {
            let ids: Vec<&str> = named.iter().map(|resource| resource.id.as_str()).collect();
            Err(GivenUp::misused(format!("'{wanted}' is several: name one of {}", ids.join(", "))))
        }
    }
}

fn view(step: &Step) -> StepView<'_> {
    let (fate, reason, miss) = match &step.fate {
        Fate::Gets => ("gets", None, None),
        Fate::Filtered(miss) => ("filtered", Some(miss.to_string()), Some(miss)),
        Fate::Barred(why) => ("barred", Some(why.clone()), None),
        Fate::NotKnown(why) => ("not-known", Some(why.clone()), None),
        Fate::Later(when) => ("later", Some(when.clone()), None),
    };
    StepView {
        depth: step.depth,
        from: &step.from,
        to: &step.to,
        kind: step.kind,
        link: step.link,
        fate,
        reason,
        path: miss.map(|miss| miss.path.as_str()),
        condition: miss.map(|miss| miss.condition.as_str()),
        found: miss.map(|miss| miss.found.as_str()),
        notes: &step.notes,
    }
}

fn as_json(
    journey: &Journey,
    cargo: &Cargo,
    filled: &[&'static str],
    subject: Option<&str>,
) -> serde_json::Result<String> {
    let receivers: BTreeMap<&ResourceId, ()> = journey.receivers().map(|step| (&step.to, ())).collect();
    let answer = Answer {
        schema: SCHEMA,
        from: &journey.start,
        kind: journey.start_kind,
        summary: journey.summary(),
        goes_nowhere: journey.goes_nowhere(),
        certain: journey.is_certain(),
        cut: journey.is_cut,
        receivers: receivers.into_keys().collect(),
        steps: journey.steps.iter().map(view).collect(),
        doubts: &journey.doubts,
        event: if let Cargo::Event(event) = cargo { Some(event) } else { None },
        filled,
        subject,
    };
    Ok(json::pretty(&answer)? + "\n")
}

/// The same for eyes: a tree, each branch with its mark and its reason.
fn as_text(journey: &Journey, target: &Resource, filled: &[&str], store: &Store) -> String {
    let mut out = format!("{} {}: {}\n", target.kind.row().glyph, text::clean(&target.name), journey.summary());
    for step in &journey.steps {
        let (mark, reason) = match &step.fate {
            Fate::Gets => ("✔", None),
            Fate::Filtered(miss) => ("✖", Some(miss.to_string())),
            Fate::Barred(why) => ("✖", Some(why.clone())),
            Fate::NotKnown(why) => ("?", Some(why.clone())),
            Fate::Later(when) => ("⤷", Some(when.clone())),
        };
        let name = store.get(&step.to).map_or(step.to.short_name(), |entry| &entry.resource.name);
        let said: Vec<String> = reason.into_iter().chain(step.notes.iter().cloned()).collect();
        let line =
            format!("{}{mark} {} {name:<32} {}", "  ".repeat(step.depth + 1), step.kind.row().glyph, said.join(" · "));
        let _ = writeln!(out, "{}", text::clean(line.trim_end()));
    }
    if journey.is_cut {
        out.push_str("  … and more: the rest is left out\n");
    }
    for doubt in &journey.doubts {
        let _ = writeln!(out, "  ? {}", text::clean(doubt));
    }
    if !filled.is_empty() {
        let _ = writeln!(out, "  filled in as EventBridge does: {}", filled.join(", "));
    }
    out
}
