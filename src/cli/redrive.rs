//! `edatop redrive`: dead letters back to where they came from, or elsewhere, without losing one. The plan comes first, always.
//!
//! Without anything that narrows it down it streams; with a condition, a cluster, a limit or an edit it looks at the whole queue,
//! holds it, chooses, and moves what was chosen.

use clap::Args;

use super::desk::choice::Choice;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The dead-letter queue, by name, ARN or URL
    #[arg(value_name = "QUEUE", required_unless_present = "resume")]
    pub queue: Option<String>,
    /// Where to: a queue by name, ARN or URL, or each message's own source
    #[arg(long, value_name = "QUEUE|sources", default_value = "sources")]
    pub to: String,
    #[command(flatten)]
    pub choice: Choice,
    /// Change each message by this jq expression over {body, attributes, system}, such as '.body.currency = "EUR"'
    #[arg(long, value_name = "JQ")]
    pub edit: Option<String>,
    #[command(flatten)]
    pub care: Care,
    /// Print the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask: the plan is agreed to
    #[arg(long)]
    pub yes: bool,
    /// Let AWS's own move task do it: the whole queue, unedited, no journal, no undo
    #[arg(long, conflicts_with_all = ["condition", "cluster", "limit", "edit", "canary", "concurrency"])]
    pub native: bool,
    /// Go on with what was cut off: this journal, or all of this endpoint's
    #[arg(long, value_name = "JOURNAL", num_args = 0..=1, default_missing_value = "",
        conflicts_with_all = ["queue", "to", "condition", "cluster", "limit", "accept_cost", "edit", "canary", "native"])]
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
    /// Batches of ten under way at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub concurrency: u8,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("must be a number of messages a second, above 0".to_owned()),
    }
}
