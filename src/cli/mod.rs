//! The command line: one file a subcommand.
//!
//! Exit codes: 0 it looked, or did all that was meant; 1 a doctor has found what it was to find, a route leads nowhere, messages were
//! left behind or none matched, nothing names an id, a probe met a dead end; 2 wrong usage; 3 it could not reach the endpoint or was not
//! let in; 4 a run was cut off before its end.

pub mod dashboard;
pub mod deliveries;
#[cfg(feature = "demo")]
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod export;
pub mod graph;
pub mod import;
pub mod items;
pub mod journal;
mod json;
pub mod look;
pub mod objects;
pub mod opening;
pub mod paper;
pub mod peek;
pub mod probe;
pub mod purge;
pub mod records;
pub mod redrive;
pub mod route;
pub mod snapshot;
pub mod tail;
pub mod trace;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config, Flags};

/// htop for event-driven architectures: what flows through queues, topics, functions and tables on AWS or LocalStack, what is stuck
/// and why.
#[derive(Debug, Parser)]
#[command(name = "edatop", version, max_term_width = 100)]
#[command(after_help = "Without a command: the dashboard.  Try it with nothing installed: edatop demo")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Talk to this instead of AWS: localhost:4566, http://…, https://… [env: AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "HOST:PORT|URL")]
    pub endpoint: Option<String>,
    /// Profile of the AWS configuration files [env: AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Region [env: AWS_REGION]
    #[arg(long, global = true, value_name = "NAME")]
    pub region: Option<String>,
    /// Refuse to send anything that could change anything
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Seconds between two looks at what is on screen
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub refresh: Option<Duration>,
    /// Theme: dark, light, high-contrast, colour-blind, or one of your own
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Draw with ASCII alone
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Let no marks move on the map
    #[arg(long, global = true)]
    pub no_motion: bool,
    /// Do not ask CloudWatch for metrics, which AWS charges by the piece
    #[arg(long, global = true)]
    pub no_metrics: bool,
    /// Memory for the lines of each open log reader, such as 64MiB; older lines are on disk
    #[arg(long, global = true, value_name = "SIZE")]
    pub scrollback: Option<config::Scrollback>,
    /// Read this configuration file instead of the usual one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write what happens inside to this file (EDATOP_LOG sets the level)
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at everything once and print it
    Snapshot(snapshot::Arguments),
    /// Say who would get an event, and who would not and why: works it out, sends nothing
    Route(route::Arguments),
    /// Look once and say what is wrong with the architecture itself, why, and what to do about it
    Doctor(doctor::Arguments),
    /// Draw the flows once: as text, or for a README or an incident page
    Graph(graph::Arguments),
    /// Print the lines of logs as they come: of any number of groups, merged by time
    Tail(tail::Arguments),
    /// Look at a queue's messages and what they died of, without harm: the cost is said first
    Peek(peek::Arguments),
    /// Move dead letters back to where they came from, or elsewhere, without losing one: the plan comes first
    Redrive(redrive::Arguments),
    /// Write a queue's messages to a file; they stay where they are, unless --delete says otherwise
    Export(export::Arguments),
    /// Send the messages of a file to a queue
    Import(import::Arguments),
    /// Empty a queue into a file, message by message
    Purge(purge::Arguments),
    /// Read a table: what it is, the items of a key, or a sample page by page; what that cost is said
    Items(items::Arguments),
    /// Read the records of a stream, or of a table's: payloads decoded, or what changed in which item
    Records(records::Arguments),
    /// What a bus or a delivery stream handed on, and what its targets logged or received of it
    Deliveries(deliveries::Arguments),
    /// Send one marked event, follow it through the map, and say how long each hop took
    Probe(probe::Arguments),
    /// Everything that names an id, wherever it is kept, as one line of events along the map
    Trace(trace::Arguments),
    /// What was moved, by whom, when, from where to where, and what became of each message
    Journal(journal::Arguments),
    /// The objects of a bucket: list a level or the newest, print one, download one, sign an address
    Objects(objects::Arguments),
    /// Show event architectures at work on an endpoint inside this program, or on a running emulator (--endpoint)
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
    /// Print the completions of a shell
    Completions(paper::Shell),
    /// Print the manual page
    Man,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if (0.2..=3600.0).contains(&seconds) => Ok(duration),
        _ => Err("must be from 0.2 to 3600 seconds".to_owned()),
    }
}

/// Could not look: nothing answers, or we are not let in.
pub const UNREACHED: u8 = 3;
/// Wrong usage.
pub const MISUSED: u8 = 2;

/// Runs what the command line asks for.
///
/// # Errors
/// What has no exit code of its own: the terminal's errors, and bugs.
pub fn run(cli: Cli) -> color_eyre::Result<ExitCode> {
    match cli.command {
        Some(Command::Completions(shell)) => return paper::completions(shell),
        Some(Command::Man) => return paper::manual(),
        _ => {}
    }
    let (_log, config) = match start_log(cli.global.log.as_deref()).and_then(|log| Ok((log, settle(&cli.global)?))) {
        Ok(settled) => settled,
        Err(mistake) => {
            complain(&mistake);
            return Ok(ExitCode::from(MISUSED));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(async {
        match cli.command {
            Some(Command::Snapshot(arguments)) => snapshot::run(config, arguments).await,
            Some(Command::Route(arguments)) => route::run(config, arguments).await,
            Some(Command::Doctor(arguments)) => doctor::run(config, arguments).await,
            Some(Command::Graph(arguments)) => graph::run(config, arguments).await,
            Some(Command::Tail(arguments)) => tail::run(config, arguments).await,
            Some(Command::Peek(arguments)) => peek::run(config, arguments).await,
            Some(Command::Redrive(arguments)) => redrive::run(config, arguments).await,
            Some(Command::Export(arguments)) => export::run(config, arguments).await,
            Some(Command::Import(arguments)) => import::run(config, arguments).await,
            Some(Command::Purge(arguments)) => purge::run(config, arguments).await,
            Some(Command::Items(arguments)) => items::run(config, arguments).await,
            Some(Command::Records(arguments)) => records::run(config, arguments).await,
            Some(Command::Deliveries(arguments)) => deliveries::run(config, arguments).await,
            Some(Command::Journal(arguments)) => journal::run(config, arguments).await,
            Some(Command::Objects(arguments)) => objects::run(config, arguments).await,
            Some(Command::Probe(arguments)) => probe::run(config, arguments).await,
            Some(Command::Trace(arguments)) => trace::run(config, arguments).await,
            #[cfg(feature = "demo")]
            Some(Command::Demo(arguments)) => demo::run(config, cli.global.endpoint, arguments).await,
            _ => dashboard::run(config).await,
        }
    });
    // A hanging call must not keep the user waiting for his prompt.
    runtime.shutdown_timeout(Duration::from_millis(200));
    code
}

/// Settles what the user wants. A file that was asked for by name must be there; a mistake in one is told on the way.
fn settle(global: &Global) -> Result<Config, String> {
    let path = global.config.clone().or_else(config::paths::config_file);
    let file =
        path.map_or_else(|| Ok(config::File::default()), |path| config::file::load(&path, global.config.is_some()));
    let (file, warnings) = match file {
        Ok(file) => (file, Vec::new()),
        Err(mistake) if global.config.as_ref().is_some_and(|path| !path.exists()) => return Err(mistake),
        // It may have asked for `read-only`: what cannot be understood is taken to be careful.
        Err(mistake) => (config::File { read_only: true, ..config::File::default() }, vec![mistake]),
    };
    let flags = Flags {
        profile: global.profile.clone(),
        region: global.region.clone(),
        endpoint: global.endpoint.clone(),
        read_only: global.read_only,
        refresh: global.refresh,
        theme: global.theme.clone(),
        scrollback: global.scrollback,
        ascii: global.ascii,
        no_motion: global.no_motion,
        no_metrics: global.no_metrics,
    };
    Ok(config::settle(flags, |name| std::env::var(name).ok(), file, warnings))
}

/// Logs go to a file or nowhere: the screen is not theirs.
fn start_log(path: Option<&std::path::Path>) -> Result<Option<tracing_appender::non_blocking::WorkerGuard>, String> {
    let Some(path) = path else { return Ok(None) };
    let file = std::fs::File::create(path)
        .map_err(|error| format!("the log file {} cannot be written: {error}", path.display()))?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("EDATOP_LOG").unwrap_or_else(|_| "edatop=debug,info".into());
    tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).init();
    Ok(Some(guard))
}

/// One line on stderr.
pub fn complain(text: &str) {
    eprintln!("edatop: {}", crate::widgets::text::clean(text));
}

/// Writes a document to stdout. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// Any other of stdout's.
pub fn print(document: &[u8]) -> color_eyre::Result<ExitCode> {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout().lock();
    match out.write_all(document).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
