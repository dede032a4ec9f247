//! `edatop purge`: a queue emptied, message by message, each in a file or at least in the journal before it is deleted. AWS's own purge
//! is never called: it deletes what nobody has seen, and what is sent while it runs.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    desk::{self, Desk, Outcome, agree::Word, earlier::Beginning, must_write, unless_stopped, whole},
    export::unwritten,
};
use crate::{
    config::Config,
    redrive::{
        export::ExportError,
        journal::{Deed, Destination, Origin, Scope},
        plan::{Options, Plan},
    },
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// A queue by name, ARN or URL
    #[arg(value_name = "QUEUE")]
    pub queue: String,
    /// The file that gets the messages; it must not be there yet
    #[arg(long, value_name = "FILE", required_unless_present = "no_export")]
    pub file: Option<PathBuf>,
    /// Write no file: the journal keeps them, and `edatop journal undo` brings them back
    #[arg(long, conflicts_with = "file")]
    pub no_export: bool,
    #[command(flatten)]
    pub beginning: Beginning,
}

/// Empties it.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    if !arguments.beginning.agreement.dry_run {
        must_write(config, "a purge deletes messages")?;
    }
    let file = arguments.file.as_ref().map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()));
    if let Some(file) = file.as_ref().filter(|file| file.exists()) {
        return Err(unwritten(&ExportError::Exists(file.clone())));
    }
    let desk = unless_stopped(&stop, Desk::open(config)).await?;
    let from = unless_stopped(&stop, desk.find(&arguments.queue)).await?;
    arguments.beginning.may_begin(&desk, &from)?;
    let name = from.name().to_owned();
    let plan = Plan {
        deed: if file.is_some() { Deed::Export } else { Deed::Delete },
        from: Origin::Queue(Box::new(from)),
        to: file.clone().map_or(Destination::Journal, Destination::File),
        scope: Scope::All { limit: None },
        about: 0,
        split: None,
        edited: None,
        options: Options::default(),
        risks: Vec::new(),
    };
    let consent = arguments.beginning.agreement.by(Word::Name(&name), 0);
    whole::run(&desk, (plan, file), consent, (config.ascii, &stop)).await
}
