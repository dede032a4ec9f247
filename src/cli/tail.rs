//! `edatop tail`: the lines of any number of log groups as they come, merged by time. stdout has lines and nothing else; gaps and troubles
//! go to stderr.
//!
//! Exit codes: 0 all was read, it was told to stop, or nobody reads any more; 1 something could not be read to its end; 2 wrong usage, or
//! no such group; 3 nothing could be read. What one line looks like is in [`line`], what of it is printed in [`printer`].

mod line;
mod printer;
mod when;

use std::{process::ExitCode, sync::Arc};

use clap::{Args, ValueEnum};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

use super::{
    complain, graph,
    opening::{self, GivenUp, Seen, place},
};
use crate::{
    app::clock,
    aws::Connection,
    config::Config,
    domain::{Kind, Level, ResourceId},
    inspect::tail::{
        Budget, CloudWatch, Following, Paces,
        filter::{Filter, Find, Wanted},
        follow,
    },
    redrive::why::route::Consumer,
    store::Store,
};
use printer::Printer;

/// Batches on their way to stdout.
const BATCHES: usize = 16;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Log groups by name, or by pattern ('/aws/lambda/*'): groups that appear later and match join. None: all groups of functions
    #[arg(value_name = "GROUP")]
    pub groups: Vec<String>,
    /// Also the groups of this flow's functions (as `edatop graph` names it), or of the flow of this resource
    #[arg(long, value_name = "NAME|ARN")]
    pub flow: Option<String>,
    /// Only lines in which this regular expression is found
    #[arg(long, value_name = "REGEX")]
    pub filter: Option<String>,
    /// Only lines in which this one is not found
    #[arg(long, value_name = "REGEX")]
    pub exclude: Option<String>,
    /// Only lines as loud as this, or louder
    #[arg(long, value_enum, default_value_t = Loud::Info)]
    pub level: Loud,
    /// Only lines for whose JSON, or text, this jq expression is true: '.order_id > 3'
    #[arg(long, value_name = "EXPR")]
    pub jq: Option<String>,
    /// Print each line as JSON: timestamp, group, stream, id, level, message, request_id
    #[arg(long)]
    pub json: bool,
    /// From when on: 1h, 10m, 2d (ago), or 2026-11-21T10:00:00Z
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub since: String,
    /// Until when, likewise; then it ends
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Print what is there, and end
    #[arg(long)]
    pub no_follow: bool,
    /// On AWS: hear ten groups through a live session, which is paid for by the minute; the price is said first
    #[arg(long, conflicts_with_all = ["no_follow", "until"])]
    pub live: bool,
    /// End after this many lines
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Loud {
    Info,
    Warn,
    Error,
}

/// Prints lines until it is told to stop, or all was read.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    let stop = stops();
    let outcome = tokio::select! {
        outcome = work(&config, arguments, stop.clone()) => outcome,
        () = stop.cancelled() => Ok(0),
    };
    Ok(outcome.map_or_else(|given_up| given_up.said(), ExitCode::from))
}

/// ctrl-c and SIGTERM: nothing is half done here, so once is enough.
fn stops() -> CancellationToken {
    let stop = CancellationToken::new();
    let heard = stop.clone();
    tokio::spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        heard.cancel();
    });
    stop
}

async fn work(config: &Config, arguments: Arguments, stop: CancellationToken) -> Result<u8, GivenUp> {
    let filter = filter(&arguments)?;
    let (since_ms, until_ms) = span(&arguments)?;
    let (aws, groups) = groups(config, &arguments).await?;
    if arguments.live {
        complain(if aws.is_aws() {
            "live: AWS charges about $0.01 for each minute of a session, once the free minutes of the month are used; ctrl-c ends it"
        } else {
            "--live is for AWS: the groups are read in turns here, which costs nothing"
        });
    }
    let following = Following {
        source: Arc::new(CloudWatch::new(Arc::clone(&aws))),
        groups,
        since_ms,
        until_ms,
        // The lines around say whose request one is, and how loud: all are needed here.
        pattern: None,
        live: arguments.live && aws.is_aws(),
        budget: Budget::of(aws.is_aws()),
        paces: Paces::of(aws.is_aws()),
        clock: clock::now,
    };
    let (out, batches) = mpsc::channel(BATCHES);
    let tail = tokio::spawn(follow(following, out, stop));
    let printer = Printer::new(filter, arguments.json, arguments.limit);
    // Who reads stdout may be slow, and a condition too.
    let outcome = spawn_blocking(move || printer.print(batches)).await;
    tail.abort();
    outcome.unwrap_or_else(|error| Err(GivenUp::unreached(error.to_string())))
}

fn filter(arguments: &Arguments) -> Result<Filter, GivenUp> {
    let regex = |typed: &Option<String>| typed.clone().map(Find::Regex);
    let level = match arguments.level {
        Loud::Info => Level::Info,
        Loud::Warn => Level::Warn,
        Loud::Error => Level::Error,
    };
    // One after the other, so that it can be said in which the mistake is.
    let wishes = [
        ("--filter", Wanted { find: regex(&arguments.filter), ..Wanted::default() }),
        ("--exclude", Wanted { exclude: regex(&arguments.exclude), ..Wanted::default() }),
        ("--jq", Wanted { jq: arguments.jq.clone(), ..Wanted::default() }),
    ];
    for (flag, wish) in wishes {
        Filter::new(wish).map_err(|mistake| GivenUp::misused(format!("{flag}: {mistake}")))?;
    }
    let (find, exclude) = (regex(&arguments.filter), regex(&arguments.exclude));
    let wanted = Wanted { find, exclude, level, jq: arguments.jq.clone(), ..Wanted::default() };
    Filter::new(wanted).map_err(|mistake| GivenUp::misused(mistake.to_string()))
}

/// From when to when, in milliseconds since 1970.
fn span(arguments: &Arguments) -> Result<(i64, Option<i64>), GivenUp> {
    let now = clock::now();
    let instant = |flag: &str, text: &str| {
        when::instant(text, now).map_err(|mistake| GivenUp::misused(format!("{flag}: {mistake}")))
    };
    let since = instant("--since", &arguments.since)?;
    let until = arguments.until.as_deref().map(|text| instant("--until", text)).transpose()?;
    let until = if arguments.no_follow { Some(until.unwrap_or(now).min(now)) } else { until };
    if until.is_some_and(|until| until < since) {
        return Err(GivenUp::misused("--until is before --since: there is nothing between them"));
    }
    Ok((since.as_millisecond(), until.map(|until| until.as_millisecond())))
}

/// The connection, and the groups that were asked for.
async fn groups(config: &Config, arguments: &Arguments) -> Result<(Arc<Connection>, Vec<Arc<str>>), GivenUp> {
    let mut groups: Vec<Arc<str>> = arguments.groups.iter().map(|group| group.as_str().into()).collect();
    let Some(flow) = &arguments.flow else {
        let aws = opening::connect(config).await?;
        match aws.identity().await {
            Err(trouble) if trouble.is_total() => {
                return Err(GivenUp::unreached(format!("{}: {trouble}", place(&aws))));
            }
            // Not every emulator knows who we are.
            _ => return Ok((aws, groups)),
        }
    };
    let Seen { aws, store, .. } = opening::see(config).await?;
    let flows = graph::chosen(&store, Some(flow)).map_err(GivenUp::misused)?;
    groups.extend(flows.iter().flat_map(|flow| &flow.members).filter_map(|id| group_of(&store, id)));
    groups.sort();
    groups.dedup();
    if groups.is_empty() {
        return Err(GivenUp::misused(format!("the flow '{flow}' has no function, and so no log")));
    }
    Ok((aws, groups))
}

/// Where one of a flow writes its log.
fn group_of(store: &Store, id: &ResourceId) -> Option<Arc<str>> {
    match store.kind_of(id) {
        Kind::LogGroup => Some(store.name_of(id).into()),
        Kind::Function => Some(match store.topology().log_group(id) {
            Some(group) => store.name_of(group).into(),
            None => Consumer::named(id.clone()).log_group.into(),
        }),
        _ => None,
    }
}
