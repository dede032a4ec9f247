//! `edatop export`: messages into a file that `edatop import` and the AWS CLI's friends understand. It leaves them where they are,
//! unless `--delete` says that the file is their new place.

use std::path::PathBuf;

use clap::Args;

use super::desk::choice::Choice;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A queue by name, ARN or URL
    #[arg(value_name = "QUEUE")]
    pub queue: String,
    /// The file; it must not be there yet
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub choice: Choice,
    /// Delete from the queue what is safely in the file
    #[arg(long)]
    pub delete: bool,
    /// Print the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask: the plan is agreed to
    #[arg(long)]
    pub yes: bool,
}
