//! `edatop export`: messages into a file that `edatop import` reads again. It leaves them where they are, unless `--delete` says that
//! the file is their new place: then it is a run as any other, with a journal.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{
        self, Desk, LEFT, Outcome,
        agree::Word,
        choice::Choice,
        earlier::Beginning,
        gather::{Gathered, Wish, gather},
        intent,
        lines::Lines,
        must_write,
        run::{self, Trip},
        summary::{Ending, Summary, Sums},
        unless_stopped,
    },
    journal::shelf,
    opening::GivenUp,
};
use crate::{
    app::clock,
    config::Config,
    redrive::{
        export::{Draft, Existing, ExportError},
        into_file::IntoFile,
        journal::{Deed, Destination, Origin, Scope},
        peek::hunt::Decision,
        plan::{Options, Plan, Prospect},
        words,
    },
};

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
    #[command(flatten)]
    pub beginning: Beginning,
}

/// Looks, chooses, writes; deletes if that was asked for.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    if arguments.delete && !arguments.beginning.agreement.dry_run {
        must_write(config, "an export with --delete deletes messages")?;
    }
    if arguments.file.exists() {
        return Err(unwritten(&ExportError::Exists(arguments.file.clone())));
    }
    let desk = unless_stopped(&stop, Desk::open(config)).await?;
    let queue = unless_stopped(&stop, desk.find(&arguments.queue)).await?;
    arguments.choice.is_meant_for(&queue)?;
    if arguments.delete {
        arguments.beginning.may_begin(&desk, &queue)?;
    }
    let wish = Wish { choice: &arguments.choice, logs: arguments.choice.cluster.is_some() };
    let gathered = gather(&desk, queue, wish, &stop).await?;
    let outcome = write(&desk, arguments, &gathered, (config.ascii, &stop)).await;
    gathered.release().await;
    outcome
}

async fn write(
    desk: &Desk,
    arguments: &Arguments,
    gathered: &Gathered,
    (ascii, stop): (bool, &CancellationToken),
) -> Outcome {
    let ids = gathered.chosen();
    let was_narrow = arguments.choice.condition.is_some() || arguments.choice.cluster.is_some();
    if ids.is_empty() && was_narrow {
        return Err(GivenUp { code: LEFT, why: "no message matches: nothing was written".to_owned() });
    }
    let plan = plan(arguments, gathered, ids.len() as u64);
    if ids.is_empty() {
        return intent::nothing_there(&plan);
    }
    if !arguments.delete {
        return copy(arguments, gathered, (&plan, &ids));
    }
    let name = gathered.hold.queue().name();
    let consent = arguments.beginning.agreement.by(Word::Name(name), 0);
    if !intent::consent(&plan, &[], consent, stop).await? {
        return Ok(0);
    }
    let sink = IntoFile::open(&arguments.file, Existing::Refuse).map_err(|error| unwritten(&error))?;
    let (journal, ledger) = run::begin(desk, &shelf()?, &plan, &ids).await?;
    let supply = Arc::new(gathered.hold.supply(&ids, Box::new(|_| Decision::Take(None))).await);
    let trip = Trip {
        journal,
        ledger,
        supply: Arc::clone(&supply) as _,
        sink: Some(Arc::new(sink)),
        options: plan.options,
        total: ids.len() as u64,
        chosen: ids,
        refused: 0,
        ascii,
    };
    let outcome = run::attend(desk, trip, stop).await;
    desk::given_back(&supply.close().await);
    outcome
}

fn plan(arguments: &Arguments, gathered: &Gathered, count: u64) -> Plan {
    let plan = Plan {
        deed: Deed::Export,
        from: Origin::Queue(Box::new(gathered.hold.queue().clone())),
        to: Destination::File(std::path::absolute(&arguments.file).unwrap_or_else(|_| arguments.file.clone())),
        scope: Scope::Chosen { count },
        about: count,
        split: None,
        edited: None,
        options: Options::default(),
        risks: Vec::new(),
    };
    let prospect = Prospect { first_loss: gathered.first_loss(clock::now()), ..Prospect::default() };
    plan.with_prospect(&prospect)
}

/// They stay where they are.
fn copy(arguments: &Arguments, gathered: &Gathered, (plan, ids): (&Plan, &[String])) -> Outcome {
    let (count, file) = (ids.len() as u64, arguments.file.display());
    let dry_run = arguments.beginning.agreement.dry_run;
    let sum = |copied: u64| {
        let ended = if dry_run { Ending::Planned } else { Ending::Done };
        let sums = Sums { copied, left: if dry_run { 0 } else { count - copied }, ..Sums::default() };
        Summary { dry_run, sums, ended, ..Summary::of_plan(plan) }.put(&mut Lines::default())
    };
    if dry_run {
        complain(&format!("{} would be written to {file}; they stay where they are", words::messages(count)));
        sum(0)?;
        return Ok(0);
    }
    let written = tokio::task::block_in_place(|| {
        let mut draft = Draft::begin(&arguments.file)?;
        for id in ids {
            // It lies in the temporary file of this look: what cannot be read there is missing in the count below.
            if let Ok(message) = gathered.hold.message(id) {
                draft.push(&message)?;
            }
        }
        draft.finish()
    });
    let written = written.map_err(|error| unwritten(&error))?;
    sum(written)?;
    complain(&format!(
        "{} written to {file}; they are still in {}",
        words::messages(written),
        gathered.hold.queue().name()
    ));
    Ok(if written == count { 0 } else { LEFT })
}

/// A file that cannot be written: a mistake in its name, or the disk's.
pub fn unwritten(error: &ExportError) -> GivenUp {
    match error {
        ExportError::Exists(_) | ExportError::Foreign(_) | ExportError::Locked(_) => {
            GivenUp::misused(error.to_string())
        }
        _ => GivenUp { code: LEFT, why: error.to_string() },
    }
}
