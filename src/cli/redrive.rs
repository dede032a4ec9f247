//! `edatop redrive`: dead letters back to where they came from, or elsewhere, without losing one. The plan comes first, always.
//!
//! Without anything that narrows it down it streams; with a condition, a cluster, a limit or an edit it looks at the whole queue,
//! holds it, chooses, and moves what was chosen.

mod chosen;
mod native;
mod resume;

pub use resume::is_here;

use std::process::ExitCode;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::desk::{
    self, Desk, Outcome,
    agree::Word,
    aim::{self, SOURCES},
    choice::Choice,
    earlier::Beginning,
    must_write, unless_stopped, whole,
};
use crate::{
    config::Config,
    redrive::{
        journal::{Deed, Origin, Scope},
        plan::{Options, Plan},
    },
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The dead-letter queue, by name, ARN or URL
    #[arg(value_name = "QUEUE", required_unless_present = "resume")]
    pub queue: Option<String>,
    /// Where to: a queue by name, ARN or URL, or each message's own source
    #[arg(long, value_name = "QUEUE|sources", default_value = SOURCES)]
    pub to: String,
    #[command(flatten)]
    pub choice: Choice,
    /// Change each message by this jq expression over {body, attributes, system}, such as '.body.currency = "EUR"'
    #[arg(long, value_name = "JQ")]
    pub edit: Option<String>,
    #[command(flatten)]
    pub care: Care,
    #[command(flatten)]
    pub beginning: Beginning,
    /// Let AWS's own move task do it: the whole queue, unedited, no journal, no undo
    #[arg(long, conflicts_with_all = ["condition", "cluster", "limit", "edit", "canary", "concurrency"])]
    pub native: bool,
    /// Go on with what was cut off: this journal, or all of this endpoint's. What that is is said first, and asked about
    #[arg(long, value_name = "JOURNAL", num_args = 0..=1, default_missing_value = "",
        conflicts_with_all = ["queue", "to", "condition", "cluster", "limit", "accept_cost", "edit", "canary", "native", "dry_run",
            "anyway"])]
    pub resume: Option<String>,
}

/// How fast, and how carefully.
#[derive(Debug, Clone, Args)]
pub struct Care {
    /// Messages a second at most
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// One message first, then ten, then all, each after the fate of the last is known
    #[arg(long)]
    pub canary: bool,
    /// Calls of ten messages under way at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub concurrency: u8,
}

impl Care {
    pub fn options(&self) -> Options {
        Options {
            rate: self.rate,
            canary: self.canary,
            concurrency: usize::from(self.concurrency),
            ..Options::default()
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("must be a number of messages a second, above 0".to_owned()),
    }
}

/// Moves, or says what would be moved.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    if !arguments.beginning.agreement.dry_run || arguments.resume.is_some() {
        must_write(config, "a redrive sends and deletes messages")?;
    }
    let desk = unless_stopped(&stop, Desk::open(config)).await?;
    let Some(queue) = &arguments.queue else {
        return resume::resume(&desk, arguments, (config.ascii, stop)).await;
    };
    let from = unless_stopped(&stop, desk.find(queue)).await?;
    arguments.choice.is_meant_for(&from)?;
    arguments.beginning.may_begin(&desk, &from)?;
    let to = unless_stopped(&stop, aim::destination(&desk, &from, &arguments.to)).await?;
    if arguments.native {
        return native::run(&desk, arguments, (from, to), &stop).await;
    }
    if !arguments.choice.is_all() || arguments.edit.is_some() {
        return chosen::run(&desk, arguments, (from, to), (config.ascii, stop)).await;
    }
    let plan = Plan {
        deed: Deed::Redrive,
        from: Origin::Queue(Box::new(from)),
        to,
        scope: Scope::All { limit: None },
        about: 0,
        split: None,
        edited: None,
        options: arguments.care.options(),
        risks: Vec::new(),
    };
    let consent = arguments.beginning.agreement.by(Word::Yes, 0);
    whole::run(&desk, (plan, None), consent, (config.ascii, &stop)).await
}
