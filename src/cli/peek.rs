//! `edatop peek`: what is in a queue, and what it died of, without harm: the cost is said first, and what was received goes back at once.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{
        self, Desk, LEFT, Outcome,
        choice::Choice,
        failures::{Explaining, MOST_EXPLAINED, Why},
        gather::{Gathered, Wish, gather},
        lines::Lines,
        unless_stopped,
    },
    opening::GivenUp,
};
use crate::{
    config::Config,
    redrive::{
        message::Message,
        why::{Cluster, clusters::Number},
    },
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// A queue by name, ARN or URL
    #[arg(value_name = "QUEUE")]
    pub queue: String,
    #[command(flatten)]
    pub choice: Choice,
    /// List the clusters, not the messages
    #[arg(long)]
    pub clusters: bool,
    /// Tell messages apart by themselves alone, without asking their consumers' logs
    #[arg(long)]
    pub no_logs: bool,
    /// With each message, what its consumer's log says of its failure: the cause, how sure that is, and all lines
    #[arg(long, conflicts_with_all = ["clusters", "no_logs"])]
    pub why: bool,
}

/// A message as it is printed.
#[derive(Debug, Serialize)]
struct Peeked<'a> {
    #[serde(flatten)]
    message: &'a Message,
    /// The key of its cluster.
    #[serde(rename = "Cluster", skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a str>,
    #[serde(rename = "Why", skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
}

/// A cluster as it is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    #[serde(flatten)]
    cluster: &'a Cluster,
    /// How many were sent in each twelfth of the time from the first to the last of all.
    over_time: Vec<u32>,
    /// How sure the cause is.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause_is: Option<&'static str>,
}

/// Looks and prints.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    let desk = unless_stopped(&stop, Desk::open(config)).await?;
    let queue = unless_stopped(&stop, desk.find(&arguments.queue)).await?;
    arguments.choice.is_meant_for(&queue)?;
    let wish = Wish { choice: &arguments.choice, logs: !arguments.no_logs };
    let mut gathered = gather(&desk, queue, wish, &stop).await?;
    let chosen = gathered.chosen();
    // Nothing is needed from the queue any more: what is printed lies here.
    gathered.release().await;
    let mut lines = Lines::default();
    if arguments.clusters {
        list(&mut gathered, &mut lines)?;
    } else {
        let explaining = arguments.why.then(|| Explaining::new(&desk, &gathered.sources));
        unless_stopped(&stop, print(&gathered, &chosen, explaining, &mut lines)).await?;
    }
    let was_narrow = arguments.choice.condition.is_some() || arguments.choice.cluster.is_some();
    Ok(if was_narrow && chosen.is_empty() { LEFT } else { 0 })
}

async fn print(
    gathered: &Gathered,
    chosen: &[String],
    mut explaining: Option<Explaining<'_>>,
    lines: &mut Lines,
) -> Result<(), GivenUp> {
    let key = |number: Number| gathered.clusters.get(number).map(|cluster| cluster.key.as_str());
    if explaining.is_some() && chosen.len() > MOST_EXPLAINED {
        complain(&format!(
            "logs are read for the first {MOST_EXPLAINED} of {}: narrow them down with --where, --cluster or --limit",
            chosen.len()
        ));
    }
    for (number, id) in chosen.iter().enumerate() {
        let Ok(message) = gathered.hold.message(id) else { continue };
        // A receipt that was given back is good for nothing.
        let message = Message { receipt: None, ..message };
        let cluster = gathered.clusters.of(id).and_then(key);
        let why = match explaining.as_mut().filter(|_| number < MOST_EXPLAINED) {
            Some(explaining) => Some(explaining.why(&message).await),
            None => None,
        };
        lines.put(&Peeked { message: &message, cluster, why })?;
        if !lines.are_read() {
            break;
        }
    }
    Ok(())
}

fn list(gathered: &mut Gathered, lines: &mut Lines) -> Result<(), GivenUp> {
    let Some((first, last)) = gathered.clusters.span() else { return Ok(()) };
    let wanted = gathered.cluster;
    for cluster in gathered.clusters.list() {
        if wanted.is_some_and(|number| number != cluster.number) {
            continue;
        }
        let over_time = cluster.sparkline(first, last).to_vec();
        lines.put(&Listed { cluster, over_time, cause_is: cluster.surest().map(|sureness| sureness.name()) })?;
    }
    Ok(())
}
