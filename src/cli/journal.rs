//! `edatop journal`: what was moved, by whom, when, from where to where, and what became of each message. It reads what runs wrote;
//! `undo` alone changes anything, and asks first.

mod undoing;

pub use undoing::is_fifo;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    MISUSED, complain,
    desk::{
        self, LEFT, Outcome,
        lines::{Fate, Lines},
        summary::Sums,
    },
    export::unwritten,
    opening::GivenUp,
};
use crate::{
    config::{Config, paths},
    redrive::{
        export::Draft,
        journal::{self, Counts, Deed, Ended, JournalError, Ledger, Record, Records, Shelf, Taken},
        peek::own::Ids,
        words,
    },
};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what was done, the newest first
    Ls(Ls),
    /// Tell one run: who, when, from where to where, and what became of each message
    Show(Show),
    /// Bring back what a run has moved, as far as it is still to be had
    Undo(undoing::Undo),
    /// Write the messages that a journal holds to a file, as they were before anything was done to them
    Export(Export),
}

#[derive(Debug, Args)]
pub struct Ls {
    /// Only those that were cut off: `edatop redrive --resume` goes on with them
    #[arg(long)]
    pub unfinished: bool,
    /// How to print
    #[arg(long, visible_alias = "output", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct Show {
    /// A journal's id, a beginning of it that is no other's, or `last`
    #[arg(value_name = "JOURNAL")]
    pub id: String,
    /// How to print
    #[arg(long, visible_alias = "output", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct Export {
    /// A journal's id, a beginning of it that is no other's, or `last`
    #[arg(value_name = "JOURNAL")]
    pub id: String,
    /// The file; it must not be there yet
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// One run, as it is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Told<'a> {
    journal: &'a str,
    journal_file: &'a Path,
    at: Timestamp,
    last: Timestamp,
    who: &'a str,
    /// `null` for AWS itself.
    endpoint: Option<&'a str>,
    region: &'a str,
    deed: Deed,
    from: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<&'a str>,
    #[serde(flatten)]
    sums: Sums,
    #[serde(skip)]
    counts: Counts,
    #[serde(skip)]
    way: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// Lines that cannot be read.
    #[serde(skip_serializing_if = "is_zero")]
    damaged: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Done,
    Cancelled,
    Stopped,
    /// Cut off: `--resume` goes on with it.
    Unfinished,
    /// Another edatop is at work on it.
    Running,
}

impl State {
    fn of(path: &Path, ledger: &Ledger) -> Self {
        if journal::is_in_use(path) {
            return Self::Running;
        }
        match &ledger.ended {
            _ if ledger.is_unfinished() => Self::Unfinished,
            Some((_, Ended::Done)) => Self::Done,
            Some((_, Ended::Cancelled)) => Self::Cancelled,
            Some((_, Ended::Stopped { .. })) => Self::Stopped,
            None => Self::Unfinished,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
            Self::Unfinished => "unfinished",
            Self::Running => "running",
        }
    }
}

impl<'a> Told<'a> {
    fn of(id: &'a str, path: &'a Path, ledger: &'a Ledger) -> Self {
        let begun = &ledger.begun;
        let why = match &ledger.ended {
            Some((_, Ended::Stopped { why })) => Some(why.as_str()),
            _ => None,
        };
        Self {
            journal: id,
            journal_file: path,
            at: begun.at,
            last: ledger.last,
            who: &begun.who,
            endpoint: begun.endpoint.as_deref(),
            region: &begun.region,
            deed: begun.deed,
            from: begun.from.name(),
            to: begun.to.name(),
            edited: begun.edited.as_deref(),
            undoes: begun.undoes.as_deref(),
            sums: Sums::of(ledger),
            counts: ledger.counts(),
            way: words::in_short(begun),
            state: State::of(path, ledger),
            why,
            damaged: ledger.damaged,
        }
    }
}

/// The folder of journals.
///
/// # Errors
/// Without a home.
pub fn shelf() -> Result<Shelf, GivenUp> {
    let folder = paths::journals_folder();
    let missing = || GivenUp::misused("there is no home folder to keep journals in: set HOME or XDG_STATE_HOME");
    folder.map(Shelf::new).ok_or_else(missing)
}

/// A journal that cannot be read, or not be found.
pub fn unread(error: &JournalError) -> GivenUp {
    let code = match error {
        JournalError::NotFound(_) | JournalError::Ambiguous(_) | JournalError::InUse { .. } => MISUSED,
        _ => LEFT,
    };
    GivenUp { code, why: error.to_string() }
}

/// Tells, or undoes.
///
/// # Errors
/// When stdout is closed.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    if let Command::Undo(undo) = &arguments.command {
        return Ok(desk::attended(async |stop| undoing::run(&config, undo, stop).await).await);
    }
    for warning in &config.warnings {
        complain(warning);
    }
    let told = match &arguments.command {
        Command::Ls(ls) => shelf().and_then(|shelf| list(&shelf, ls)),
        Command::Show(show) => shelf().and_then(|shelf| tell(&shelf, show)),
        Command::Undo(_) => Ok(0),
        Command::Export(export) => shelf().and_then(|shelf| write_out(&shelf, export)),
    };
    Ok(told.map_or_else(|given_up| given_up.said(), ExitCode::from))
}

fn list(shelf: &Shelf, ls: &Ls) -> Outcome {
    let mut lines = Lines::default();
    let mut count = 0;
    for id in shelf.ids().map_err(|error| unread(&error))? {
        let path = shelf.path(&id);
        let ledger = match Ledger::read(&path) {
            Ok(ledger) => ledger,
            Err(error) => {
                complain(&error.to_string());
                continue;
            }
        };
        let told = Told::of(&id, &path, &ledger);
        if ls.unfinished && told.state != State::Unfinished {
            continue;
        }
        count += 1;
        match ls.format {
            Format::Json => lines.put(&told)?,
            Format::Text => lines.text(&row(&told))?,
        }
        if !lines.are_read() {
            break;
        }
    }
    if count == 0 && ls.format == Format::Text {
        complain(&format!(
            "no {}journals in {}",
            if ls.unfinished { "unfinished " } else { "" },
            shelf.folder().display()
        ));
    }
    Ok(0)
}

/// One line: what everybody asks first stands first.
fn row(told: &Told<'_>) -> String {
    format!(
        "{}  {}  {:<10}  {:<8}  {}: {}",
        told.journal,
        local(told.at),
        told.state.word(),
        deed(told.deed),
        told.way,
        counted(told.deed, &told.counts)
    )
}

fn deed(deed: Deed) -> &'static str {
    match deed {
        Deed::Redrive => "redrive",
        Deed::Export => "export",
        Deed::Delete => "delete",
        Deed::Import => "import",
        Deed::Undo => "undo",
    }
}

fn counted(done: Deed, counts: &Counts) -> String {
    let others = [
        (counts.refused, "refused"),
        (counts.arrived, "arrived and perhaps not yet deleted"),
        (counts.doubtful, "doubtful"),
        (counts.missing, "in the journal alone"),
        (counts.maybe_twice, "perhaps twice"),
    ];
    let mut said = format!("{} {}", counts.moved, words::done(done));
    for (count, word) in others.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(said, ", {count} {word}");
    }
    said
}

/// A time as a person here reads it.
pub fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn tell(shelf: &Shelf, show: &Show) -> Outcome {
    let path = shelf.find(&show.id).map_err(|error| unread(&error))?;
    let ledger = Ledger::read(&path).map_err(|error| unread(&error))?;
    let id = journal::id_of(&path);
    let told = Told::of(&id, &path, &ledger);
    let mut lines = Lines::default();
    match show.format {
        Format::Json => {
            lines.put(&told)?;
            for (id, entry) in ledger.entries() {
                lines.put(&Fate::of(id, &entry.fate))?;
            }
        }
        Format::Text => {
            for line in heading(&told) {
                lines.text(&line)?;
            }
            for (id, entry) in ledger.entries() {
                lines.text(&Fate::of(id, &entry.fate).in_words(told.deed))?;
            }
        }
    }
    Ok(0)
}

fn heading(told: &Told<'_>) -> Vec<String> {
    let place = told.endpoint.unwrap_or("AWS");
    let who = if told.who.is_empty() { "unknown" } else { told.who };
    let mut lines = vec![
        format!("{}: {} {}", told.journal, deed(told.deed), told.state.word()),
        format!("  from   {}", told.from),
        format!("  to     {}", told.to),
        format!("  where  {place} · {}", told.region),
        format!("  who    {who}"),
        format!("  when   {} to {}", local(told.at), local(told.last)),
    ];
    lines.extend(told.edited.map(|edited| format!("  edited {edited}")));
    lines.extend(told.undoes.map(|undone| format!("  undoes {undone}")));
    lines.push(format!("  result {}", counted(told.deed, &told.counts)));
    lines.extend(told.why.map(|why| format!("  why    {why}")));
    if told.damaged > 0 {
        lines.push(format!("  {} lines of the journal cannot be read", told.damaged));
    }
    lines
}

/// Every message once, as it was when it was taken. A journal without a beginning has messages too.
fn write_out(shelf: &Shelf, export: &Export) -> Outcome {
    let path = shelf.find(&export.id).map_err(|error| unread(&error))?;
    if let Err(error @ JournalError::Newer { .. }) = journal::begun(&path) {
        return Err(unread(&error));
    }
    let (written, damaged) = write_messages(&path, &export.file)?;
    complain(&format!("{} written to {}", words::messages(written), export.file.display()));
    let damage = journal::unreadable(&journal::id_of(&path), damaged);
    damage.iter().for_each(|damage| complain(damage));
    Ok(if damaged > 0 { LEFT } else { 0 })
}

/// How many were written, and how many lines could not be read.
fn write_messages(path: &Path, file: &Path) -> Result<(u64, usize), GivenUp> {
    let unread = |error: std::io::Error| GivenUp { code: LEFT, why: format!("{}: {error}", path.display()) };
    let mut records = Records::open(path).map_err(unread)?;
    let mut draft = Draft::begin(file).map_err(|error| unwritten(&error))?;
    let mut written = Ids::default();
    while let Some((_, record)) = records.advance().map_err(unread)? {
        let Record::Taken { messages, .. } = record else { continue };
        for Taken { message, .. } in messages {
            if written.insert(&message.id) {
                draft.push(&message).map_err(|error| unwritten(&error))?;
            }
        }
    }
    Ok((draft.finish().map_err(|error| unwritten(&error))?, records.damaged))
}
