//! `edatop graph`: flows as a drawing, for a terminal, a README or an incident page. It looks once and only looks.
//!
//! Exit codes are those of `snapshot`; a name that is no flow and no resource is wrong usage. Another format is a file beside
//! [`drawing`] and a row in [`Format`].

mod drawing;
mod markup;

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    MISUSED, complain, json,
    opening::{self, Seen},
    print,
};
use crate::{
    app::clock,
    config::Config,
    domain::{Health, Kind, KnownBy, LinkKind, ResourceId},
    panes::{
        View,
        map::scene::{Scene, Wishes},
    },
    store::{
        Store,
        flows::{Flow, NamedBy},
        rates::Rate,
    },
    theme::{ASCII, Theme},
};

/// The version of the JSON.
const SCHEMA: u32 = 1;
/// Names that are offered when one is not found.
const MOST_OFFERED: usize = 12;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Only this flow, or the flow of this resource, by name or ARN
    #[arg(value_name = "NAME|ARN")]
    pub name: Option<String>,
    /// How to print
    #[arg(long, visible_alias = "output", value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Draw log groups as boxes of their own
    #[arg(long)]
    pub logs: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Mermaid,
    Dot,
    Json,
}

/// The whole document.
#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: u32,
    taken_at: Timestamp,
    flows: Vec<FlowView<'a>>,
}

#[derive(Debug, Serialize)]
struct FlowView<'a> {
    name: &'a str,
    named_by: &'static str,
    entry: &'a ResourceId,
    health: Health,
    nodes: Vec<NodeView<'a>>,
    links: Vec<LinkView<'a>>,
    /// What could not be known about it.
    unknown: &'a [String],
}

#[derive(Debug, Serialize)]
struct NodeView<'a> {
    id: &'a ResourceId,
    kind: Kind,
    name: &'a str,
    /// `null` for what nobody listed.
    health: Option<Health>,
}

#[derive(Debug, Serialize)]
struct LinkView<'a> {
    from: &'a ResourceId,
    to: &'a ResourceId,
    kind: LinkKind,
    known_by: KnownBy,
    label: &'a str,
    /// `null` where nothing tells.
    rate: Option<Rate>,
}

/// Looks once and draws.
///
/// # Errors
/// When stdout is closed.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    let Seen { store, .. } = match opening::see(&config).await {
        Ok(seen) => seen,
        Err(given_up) => return Ok(given_up.said()),
    };
    let flows = match chosen(&store, arguments.name.as_deref()) {
        Ok(flows) => flows,
        Err(mistake) => {
            complain(&mistake);
            return Ok(ExitCode::from(MISUSED));
        }
    };
    for failure in store.failures() {
        complain(&format!("not known: {}: {}", failure.operation, failure.error));
    }
    let text = written(&store, &flows, &arguments, (config.ascii, clock::now()))?;
    print(text.as_bytes())
}

/// The flows that were asked for.
pub(super) fn chosen<'a>(store: &'a Store, name: Option<&str>) -> Result<Vec<&'a Flow>, String> {
    let Some(name) = name else { return Ok(store.flows().iter().collect()) };
    let is_called = |flow: &&Flow| flow.name.eq_ignore_ascii_case(name);
    let called: Vec<&Flow> = store.flows().iter().filter(is_called).collect();
    if !called.is_empty() {
        return Ok(called);
    }
    let is_it = |id: &ResourceId| id.as_str() == name || id.short_name() == name;
    let found: Vec<&Flow> = store.flows().iter().filter(|flow| flow.members.iter().any(is_it)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if store.entries().any(|entry| is_it(&entry.resource.id) || entry.resource.name == name) {
        return Err(format!("'{name}' belongs to no flow: nothing that edatop knows of sends to it or gets from it"));
    }
    let names: Vec<&str> = store.flows().iter().map(|flow| flow.name.as_str()).take(MOST_OFFERED).collect();
    let there = if names.is_empty() { "no flows here".to_owned() } else { names.join(", ") };
    Err(format!("no flow and no resource is called '{name}'; there are: {there}"))
}

/// The document, as it is to be printed.
fn written(
    store: &Store,
    flows: &[&Flow],
    arguments: &Arguments,
    (ascii, now): (bool, Timestamp),
) -> serde_json::Result<String> {
    let theme = if ascii { Theme::default().with_glyphs(&ASCII) } else { Theme::default() };
    let zone = TimeZone::system();
    let view = View { store, theme: &theme, now, zone: &zone, ascii, beat: 0, read_only: false };
    let wishes = Wishes { with_logs: arguments.logs, ..Wishes::default() };
    let scenes = || flows.iter().map(|flow| (*flow, Scene::of(flow, store, &wishes)));
    Ok(match arguments.format {
        Format::Text => drawing::text(scenes(), &view),
        Format::Mermaid => markup::mermaid(scenes(), &view),
        Format::Dot => markup::dot(scenes(), &view),
        Format::Json => {
            let flows = flows.iter().map(|flow| flow_view(flow, store, now)).collect();
            json::pretty(&Document { schema: SCHEMA, taken_at: now, flows })? + "\n"
        }
    })
}

fn flow_view<'a>(flow: &'a Flow, store: &'a Store, now: Timestamp) -> FlowView<'a> {
    let node = |id: &'a ResourceId| {
        let entry = store.get(id);
        NodeView {
            id,
            kind: store.kind_of(id),
            name: entry.map_or(id.short_name(), |entry| &entry.resource.name),
            health: entry.map(crate::store::Entry::health),
        }
    };
    let links = flow.members.iter().flat_map(|id| store.topology().from(id));
    let links = links.filter(|link| link.kind != LinkKind::Contains && flow.members.contains(&link.to));
    FlowView {
        name: &flow.name,
        named_by: match flow.named_by {
            NamedBy::Stack => "stack",
            NamedBy::Tag => "tag",
            NamedBy::Entry => "entry",
        },
        entry: &flow.entry,
        health: flow.health,
        nodes: flow.members.iter().map(node).collect(),
        links: links
            .map(|link| LinkView {
                from: &link.from,
                to: &link.to,
                kind: link.kind,
                known_by: link.known_by,
                label: &link.label,
                rate: store.rate(link, now),
            })
            .collect(),
        unknown: &flow.unknown,
    }
}

#[cfg(test)]
mod tests;
