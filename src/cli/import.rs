//! `edatop import`: an export's messages, or those that `aws sqs receive-message` printed, into a queue. The file stays as it is.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{
        self, Desk, LEFT, Outcome,
        agree::Word,
        intent::{self, Consent},
        must_write,
        run::{self, Trip},
        unless_stopped,
    },
    journal::shelf,
    opening::GivenUp,
    redrive::Care,
};
use crate::{
    config::Config,
    redrive::{
        import::Reader,
        journal::{Deed, Destination, Origin, Scope},
        listed::{Listed, Source},
        plan::Plan,
    },
};

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

/// Reads the whole file first: one with a mistake is not sent at all.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    if !arguments.dry_run {
        must_write(config, "an import sends messages")?;
    }
    let file = std::path::absolute(&arguments.file).unwrap_or_else(|_| arguments.file.clone());
    let count = tokio::task::block_in_place(|| count(&file))?;
    let desk = unless_stopped(&stop, Desk::open(config)).await?;
    let queue = unless_stopped(&stop, desk.find(&arguments.queue)).await?;
    let is_fifo = queue.is_fifo();
    let plan = Plan {
        deed: Deed::Import,
        from: Origin::File(file.clone()),
        to: Destination::Queue(Box::new(queue)),
        scope: Scope::All { limit: None },
        about: count,
        edited: None,
        options: arguments.care.options(),
        risks: Vec::new(),
    };
    if count == 0 {
        return Err(GivenUp { code: LEFT, why: format!("{} holds no messages: nothing was sent", file.display()) });
    }
    let prospect = desk.prospect(&plan).await;
    let plan = plan.with_prospect(&prospect);
    let consent = Consent { yes: arguments.yes, dry_run: arguments.dry_run, word: Word::Yes };
    if !intent::consent(&plan, &[], consent, &stop).await? {
        return Ok(0);
    }
    let (journal, ledger) = run::begin(&desk, &shelf()?, &plan, &[]).await?;
    let supply = Arc::new(Listed::new(source(&file)?, is_fifo));
    let (options, ascii) = (plan.options, config.ascii);
    let trip = Trip { journal, ledger, supply, sink: None, options, total: count, chosen: Vec::new(), ascii };
    run::attend(&desk, trip, &stop).await
}

/// How many messages it holds, all of them read once.
fn count(file: &Path) -> Result<u64, GivenUp> {
    let mut reader = Reader::open(file).map_err(|error| unreadable(file, &error.to_string()))?;
    for message in reader.by_ref() {
        message.map_err(|error| unreadable(file, &error.to_string()))?;
    }
    if let Some(cut) = reader.cut() {
        complain(&format!("{}: {cut}", file.display()));
    }
    Ok(reader.read())
}

fn unreadable(file: &Path, why: &str) -> GivenUp {
    GivenUp::misused(format!("{}: {why}; nothing was sent", file.display()))
}

/// Its messages, one after another.
///
/// # Errors
/// When it cannot be opened.
pub fn source(file: &Path) -> Result<Source, GivenUp> {
    let reader = Reader::open(file).map_err(|error| unreadable(file, &error.to_string()))?;
    Ok(Box::new(reader.map(|message| message.map_err(io::Error::other))))
}
