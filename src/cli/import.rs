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
        agree::{Agreement, Word},
        intent, must_write,
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
        message::Message,
        peek::own::Ids,
        plan::Plan,
        words::messages,
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
    #[command(flatten)]
    pub agreement: Agreement,
}

/// Reads the whole file first: one with a mistake is not sent at all.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    if !arguments.agreement.dry_run {
        must_write(config, "an import sends messages")?;
    }
    let file = std::path::absolute(&arguments.file).unwrap_or_else(|_| arguments.file.clone());
    let (count, twice) = tokio::task::block_in_place(|| count(&file))?;
    let notes: Vec<String> = (twice > 0)
        .then(|| {
            format!("mind: {} more in the file with an id that was there before; each id is sent once", messages(twice))
        })
        .into_iter()
        .collect();
    let desk = unless_stopped(&stop, Desk::open(config)).await?;
    let queue = unless_stopped(&stop, desk.find(&arguments.queue)).await?;
    let is_fifo = queue.is_fifo();
    let plan = Plan {
        deed: Deed::Import,
        from: Origin::File(file.clone()),
        to: Destination::Queue(Box::new(queue)),
        scope: Scope::All { limit: None },
        about: count,
        split: None,
        edited: None,
        options: arguments.care.options(),
        risks: Vec::new(),
    };
    if count == 0 {
        return Err(GivenUp { code: LEFT, why: format!("{} holds no messages: nothing was sent", file.display()) });
    }
    let prospect = desk.prospect(&plan).await;
    let plan = plan.with_prospect(&prospect);
    let consent = arguments.agreement.by(Word::Yes, 0);
    if !intent::consent(&plan, &notes, consent, &stop).await? {
        return Ok(0);
    }
    let (journal, ledger) = run::begin(&desk, &shelf()?, &plan, &[]).await?;
    let supply = Arc::new(Listed::new(source(&file)?, is_fifo));
    let (options, ascii) = (plan.options, config.ascii);
    let trip =
        Trip { journal, ledger, supply, sink: None, options, total: count, chosen: Vec::new(), refused: 0, ascii };
    run::attend(&desk, trip, &stop).await
}

/// How many messages it holds, all of them read once, and how many more with an id that was there before.
fn count(file: &Path) -> Result<(u64, u64), GivenUp> {
    let mut ids = Ids::default();
    let mut reader = Reader::open(file).map_err(|error| unreadable(file, &error.to_string()))?;
    for message in reader.by_ref() {
        let message = message.map_err(|error| unreadable(file, &error.to_string()))?;
        ids.insert(&message.id);
    }
    if let Some(cut) = reader.cut() {
        complain(&format!("{}: {cut}", file.display()));
    }
    let count = ids.len() as u64;
    Ok((count, reader.read() - count))
}

fn unreadable(file: &Path, why: &str) -> GivenUp {
    GivenUp::misused(format!("{}: {why}; nothing was sent", file.display()))
}

/// Its messages, one after another; of those with the same id the first.
///
/// # Errors
/// When it cannot be opened.
pub fn source(file: &Path) -> Result<Source, GivenUp> {
    let reader = Reader::open(file).map_err(|error| unreadable(file, &error.to_string()))?;
    let mut ids = Ids::default();
    let is_new = move |message: &io::Result<Message>| message.as_ref().map_or(true, |message| ids.insert(&message.id));
    Ok(Box::new(reader.map(|message| message.map_err(io::Error::other)).filter(is_new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_there_twice_is_sent_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        let line = |id: &str, body: &str| format!("{{\"MessageId\":\"{id}\",\"Body\":\"{body}\"}}\n");
        let lines = [line("a", "first"), line("b", ""), line("a", "second"), line("a", "first")];
        std::fs::write(&file, lines.concat()).unwrap();
        assert_eq!(count(&file).unwrap_or_default(), (2, 2));
        let sent: Vec<Message> = source(&file).ok().unwrap().collect::<io::Result<_>>().unwrap();
        let sent: Vec<_> = sent.iter().map(|message| (message.id.as_str(), message.body.as_str())).collect();
        assert_eq!(sent, [("a", "first"), ("b", "")]);
    }
}
