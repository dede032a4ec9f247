//! `edatop import`: an export's messages, or those that `aws sqs receive-message` printed, into a queue. The file stays as it is.

use std::path::PathBuf;

use clap::Args;

use super::redrive::Care;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The queue to send to, by name, ARN or URL
    #[arg(value_name = "QUEUE")]
    pub queue: String,
    /// The file with the messages
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub care: Care,
    /// Print the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask: the plan is agreed to
    #[arg(long)]
    pub yes: bool,
}
