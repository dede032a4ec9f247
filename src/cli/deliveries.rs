//! `edatop deliveries`: what a bus or a delivery stream handed on, and what became of it, as JSON lines: one a rule, target or destination.
//!
//! Exit codes: 0 printed, 1 it hands on to nothing, 2 wrong usage or no such bus, 3 unreachable.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{self, LEFT, Outcome, lines::Lines, unless_stopped},
    opening::{self, GivenUp},
};
use crate::{
    app::clock,
    config::Config,
    domain::{Kind, ResourceId},
    inspect::deliveries::{Endpoint, Look, Place, Sight, look, places},
    store::Store,
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// An event bus, a rule or a delivery stream, by name or ARN
    #[arg(value_name = "BUS|RULE|DELIVERY STREAM")]
    pub name: String,
    /// Print what is known alone: read no log lines, list no objects
    #[arg(long)]
    pub no_look: bool,
}

/// One line.
#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    place: &'a Place,
    /// The rule that it is a target of.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saw: Option<Sight>,
    /// Why nothing was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_seen: Option<String>,
}

/// Looks and prints.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    let seen = unless_stopped(&stop, opening::see(config)).await?;
    for failure in seen.store.failures() {
        complain(&format!("not known: {}: {}", failure.operation, failure.error));
    }
    let id = find(&seen.store, &arguments.name)?;
    let source = Endpoint::new(Arc::clone(&seen.aws));
    let places = places(&seen.store, &id, clock::now());
    let (mut lines, mut of) = (Lines::default(), None);
    // What was looked at once is not asked for again: a rule shows what its only target shows.
    let mut before: Vec<(&Look, Result<Sight, String>)> = Vec::new();
    for place in &places {
        if place.depth == 0 {
            of = None;
        }
        let saw = match (&place.look, arguments.no_look) {
            (_, true) => Ok(None),
            (Look::Nothing(why), _) => Err(why.clone()),
            (wanted, _) => {
                let again = before.iter().find(|(look, _)| *look == wanted).map(|(_, found)| found.clone());
                let found = match again {
                    Some(found) => found,
                    None => {
                        let found =
                            unless_stopped(&stop, async { Ok(look(&source, wanted, clock::now()).await) }).await?;
                        before.push((wanted, found.clone()));
                        found
                    }
                };
                found.map(Some)
            }
        };
        let (saw, not_seen) = match saw {
            Ok(saw) => (saw, None),
            Err(why) => (None, Some(why)),
        };
        lines.put(&Line { place, of, saw, not_seen })?;
        if place.depth == 0 {
            of = Some(&place.name);
        }
        if !lines.are_read() {
            break;
        }
    }
    Ok(if places.is_empty() { LEFT } else { 0 })
}

fn find(store: &Store, name: &str) -> Result<ResourceId, GivenUp> {
    let hands_on = |kind| matches!(kind, Kind::Bus | Kind::Rule | Kind::DeliveryStream);
    let is_it = |id: &ResourceId, known: &str| id.as_str() == name || known == name;
    let resources = || store.entries().filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource);
    let found: Vec<_> = resources().filter(|one| hands_on(one.kind) && is_it(&one.id, &one.name)).collect();
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => {
            let names: Vec<&str> =
                resources().filter(|one| hands_on(one.kind)).map(|one| one.name.as_str()).take(8).collect();
            let known =
                if names.is_empty() { "none is known".to_owned() } else { format!("known: {}", names.join(", ")) };
            Err(GivenUp::misused(format!("there is no bus, rule or delivery stream {name} ({known})")))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|one| one.id.as_str()).collect();
            Err(GivenUp::misused(format!("{name} names several: give one of {}", ids.join(", "))))
        }
    }
}
