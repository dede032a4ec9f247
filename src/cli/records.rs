//! `edatop records`: the records of a stream, as JSON lines; what reading does to others is said before the first read.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{LEFT, Outcome, attended, lines::Lines, unless_stopped},
    opening::{self, GivenUp},
};
use crate::{
    aws::{Connection, Trouble},
    config::Config,
    domain::FailureKind,
    inspect::records::{self, At, News, Record},
};

/// Batches on their way.
const ON_THEIR_WAY: usize = 4;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A Kinesis stream by name or ARN; or a table, for its own stream
    #[arg(value_name = "STREAM")]
    pub stream: String,
    /// Where to begin: latest, oldest, or an instant such as 2026-11-21T14:03:00Z [default: oldest, with --follow latest]
    #[arg(long, value_name = "latest|oldest|TIME", value_parser = begin)]
    pub from: Option<At>,
    /// Print at most so many records
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Go on when everything was read, until ctrl-c
    #[arg(long)]
    pub follow: bool,
    /// Print JSON lines, as it does anyway
    #[arg(long)]
    pub json: bool,
}

/// Records that are printed where nobody says how many.
const LIMIT: u64 = 100;

fn begin(text: &str) -> Result<At, String> {
    match text {
        "latest" => Ok(At::Latest),
        "oldest" => Ok(At::Oldest),
        text => text
            .parse::<Timestamp>()
            .map(At::Time)
            .map_err(|_| "type latest, oldest, or an instant such as 2026-11-21T14:03:00Z".to_owned()),
    }
}

/// Reads and prints.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    let aws = unless_stopped(&stop, opening::connect(config)).await?;
    let opened = async { records::open(&aws, &arguments.stream).await.map_err(|trouble| given_up(&aws, &trouble)) };
    let stream = unless_stopped(&stop, opened).await?;
    complain(&format!("{}: {}", stream.name(), stream.warning()));
    let default = if arguments.follow { At::Latest } else { At::Oldest };
    let from = arguments.from.clone().unwrap_or(default);
    let (out, mut news) = mpsc::channel(ON_THEIR_WAY);
    let following = tokio::spawn(records::follow(stream, from, out));
    // Whoever follows has no end in mind.
    let limit = arguments.limit.or((!arguments.follow).then_some(LIMIT));
    let mut print = Print { lines: Lines::default(), left: limit, printed: 0 };
    let ended = loop {
        let news = tokio::select! {
            news = news.recv() => news,
            () = stop.cancelled() => break true,
        };
        match news {
            None => break false,
            Some(News::Records(records)) => {
                if !print.all(records)? {
                    break true;
                }
            }
            Some(News::Said(text, _) | News::Trouble(Some(text))) => complain(&text),
            Some(News::CaughtUp) if !arguments.follow => break true,
            Some(News::CaughtUp | News::Shards(_) | News::Trouble(None)) => {}
        }
    };
    // Why it came to an end by itself.
    if !ended && let Ok(Err(trouble)) = following.await {
        return Err(given_up(&aws, &trouble));
    }
    if print.left == Some(0) {
        complain(&format!("there may be more: it was read up to --limit {}", limit.unwrap_or_default()));
    }
    Ok(if print.printed == 0 && !arguments.follow { LEFT } else { 0 })
}

struct Print {
    lines: Lines,
    left: Option<u64>,
    printed: u64,
}

impl Print {
    /// Whether more are wanted.
    fn all(&mut self, records: Vec<Record>) -> Result<bool, GivenUp> {
        for record in records {
            self.lines.json(&record.json)?;
            self.printed += 1;
            self.left = self.left.map(|left| left.saturating_sub(1));
            if self.left == Some(0) || !self.lines.are_read() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn given_up(aws: &Arc<Connection>, trouble: &Trouble) -> GivenUp {
    match trouble.kind {
        FailureKind::NotFound => GivenUp::misused(trouble.to_string()),
        _ => GivenUp::unreached(format!("{}: {trouble}", opening::place(aws))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_word_or_an_instant() {
        assert_eq!(begin("latest"), Ok(At::Latest));
        assert_eq!(begin("oldest"), Ok(At::Oldest));
        assert_eq!(begin("1970-01-01T00:00:05Z"), Ok(At::Time(Timestamp::from_second(5).unwrap())));
        assert!(begin("yesterday").is_err_and(|says| says.contains("2026")));
    }
}
