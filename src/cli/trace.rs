//! `edatop trace`: everything that names an id, as one line of events along the map. It only reads; `--receive` receives, and says so.
//!
//! Exit codes: 0 found, 1 nothing names it, 2 wrong usage, 3 unreachable.

use std::{collections::BTreeSet, process::ExitCode, sync::Arc, time::Duration};

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{
        self, Desk, LEFT, Outcome,
        choice::Choice,
        gather::{Wish, gather},
        lines::Lines,
        unless_stopped,
    },
    graph,
    opening::{self, GivenUp},
};
use crate::{
    app::clock,
    config::Config,
    domain::ResourceId,
    inspect::thread::{
        Ground, Search, Step, Thread, Wanted, Window,
        endpoint::Endpoint,
        ground::Extent,
        haul::Lying,
        search::MOST_ROUNDS,
        window::{duration, moment},
    },
    redrive::why::decode,
    store::Store,
};

/// The version of the JSON.
const SCHEMA: u32 = 1;
/// Messages received of one queue.
const MOST_RECEIVED: u64 = 1_000;
/// Learnt ids that are named.
const MOST_SHOWN: usize = 6;
/// Levels that are indented.
const DEEPEST: usize = 8;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Any id: of a message, a request, a trace, an order, a store
    #[arg(value_name = "ID")]
    pub id: String,
    /// Search this flow alone, or the flow of this resource
    #[arg(long, value_name = "NAME|RESOURCE")]
    pub flow: Option<String>,
    /// When it happened: 2026-11-21T14:03:07Z, or 14:03 today [default: the last hour]
    #[arg(long, value_name = "TIME")]
    pub around: Option<String>,
    /// How far to either side of it, or back from now: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub within: Option<Duration>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
    /// Receive dead letters where they cannot be seen otherwise: the cost is said, and what would harm is refused
    #[arg(long)]
    pub receive: bool,
    /// Read a page of every table too, which takes its read capacity
    #[arg(long)]
    pub scan: bool,
}

/// The whole document.
#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: u32,
    id: &'a str,
    taken_at: Timestamp,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Rounds after the first that further ids were searched for, at most.
    rounds: u8,
    searched: Extent,
    #[serde(flatten)]
    thread: &'a Thread,
}

/// Searches and prints.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    let id = arguments.id.trim();
    if id.is_empty() {
        return Err(GivenUp::misused("an empty id names everything: give one"));
    }
    let now = clock::now();
    let span = window(arguments, now).map_err(GivenUp::misused)?.span(now);
    let seen = unless_stopped(&stop, opening::see(config)).await?;
    let ground = Arc::new(ground(&seen.store, arguments.flow.as_deref())?);
    for failure in seen.store.failures() {
        complain(&format!("not known: {}: {}", failure.operation, failure.error));
    }
    let wanted = Wanted { id: id.to_owned(), also: Vec::new(), span, scan: arguments.scan };
    let mut search = Search::new(Arc::new(Endpoint::new(Arc::clone(&seen.aws))), Arc::clone(&ground), wanted);
    if arguments.receive {
        search.give(received(config, &ground, &stop).await?);
    }
    unless_stopped(&stop, async {
        search.run(|_, _| {}).await;
        Ok(())
    })
    .await?;
    let thread = search.thread();
    let mut lines = Lines::default();
    let instant = |ms| Timestamp::from_millisecond(ms).ok();
    if arguments.json {
        lines.put(&Document {
            schema: SCHEMA,
            id,
            taken_at: now,
            from: instant(span.from_ms),
            to: instant(span.to_ms),
            rounds: MOST_ROUNDS,
            searched: ground.extent(),
            thread,
        })?;
    } else {
        print(thread, &ground, config.ascii, &mut lines)?;
    }
    Ok(if thread.is_empty() { LEFT } else { 0 })
}

/// What is searched: a flow, or all that is known.
///
/// # Errors
/// When nothing is called so.
pub fn ground(store: &Store, flow: Option<&str>) -> Result<Ground, GivenUp> {
    let Some(name) = flow else { return Ok(Ground::of(store, None)) };
    let flows = graph::chosen(store, Some(name)).map_err(GivenUp::misused)?;
    let only: BTreeSet<ResourceId> = flows.iter().flat_map(|flow| flow.members.iter().cloned()).collect();
    Ok(Ground::of(store, Some(&only)))
}

/// The dead letters of queues that show nothing for free, each looked at as `edatop peek` does.
async fn received(config: &Config, ground: &Ground, stop: &CancellationToken) -> Result<Vec<Lying>, GivenUp> {
    let desk = unless_stopped(stop, Desk::open(config)).await?;
    let choice = Choice { limit: Some(MOST_RECEIVED), ..Choice::default() };
    let mut lying = Vec::new();
    for place in ground.queues.iter().filter(|place| !place.sources.is_empty()) {
        let queue = unless_stopped(stop, desk.find(place.id.as_str())).await?;
        let wish = Wish { choice: &choice, logs: false };
        let gathered = match gather(&desk, queue, wish, stop).await {
            Ok(gathered) => gathered,
            Err(given_up) if given_up.code == desk::CUT_OFF => return Err(given_up),
            Err(given_up) => {
                complain(&format!("{}: {}", place.id.short_name(), given_up.why));
                continue;
            }
        };
        for id in gathered.chosen() {
            let Ok(message) = gathered.hold.message(&id) else { continue };
            let decoded = decode(&message);
            lying.push(Lying { queue: place.id.clone(), message, decoded });
        }
        gathered.release().await;
    }
    Ok(lying)
}

/// When it is searched.
fn window(arguments: &Arguments, now: Timestamp) -> Result<Window, String> {
    let within = arguments.within.unwrap_or(Window::default().within);
    let at = |around: &String| moment(around, now, &TimeZone::system()).map_err(|why| format!("--around {why}"));
    Ok(Window { around: arguments.around.as_ref().map(at).transpose()?, within })
}

fn print(thread: &Thread, ground: &Ground, ascii: bool, lines: &mut Lines) -> Result<(), GivenUp> {
    let zone = TimeZone::system();
    for fold in thread.folded() {
        let step = fold.step;
        lines.text(&line(step, &zone, ascii))?;
        if let Some(last) = fold.last {
            let until = last.at.map(|at| format!(", last at {}", clock_time(at, &zone))).unwrap_or_default();
            lines.text(&format!("{:>23}{}the same {} more times{until}", "", indent(step), fold.more))?;
        }
        if !step.sure.is_certain() {
            lines.text(&format!("{:>23}{}probably: {}", "", indent(step), step.sure.why()))?;
        }
    }
    let extent = ground.extent();
    if thread.is_empty() {
        complain(&format!(
            "nothing names it in {} log groups, {} queues, {} tables and {} buckets within that time",
            extent.log_groups, extent.queues, extent.tables, extent.buckets
        ));
    }
    let learnt: Vec<&str> = thread.ids.iter().skip(1).map(|known| known.id.as_str()).collect();
    if !learnt.is_empty() {
        let (shown, more) =
            (learnt.iter().take(MOST_SHOWN).copied().collect::<Vec<_>>(), learnt.len().saturating_sub(MOST_SHOWN));
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        complain(&format!(
            "learnt on the way, in at most {MOST_ROUNDS} rounds, and searched for too: {}{more}",
            shown.join(", ")
        ));
    }
    for note in &thread.notes {
        complain(note);
    }
    for gap in &thread.gaps {
        complain(&format!("not searched: {}: {}", gap.place, gap.why));
    }
    Ok(())
}

fn clock_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S%.3f").to_string()
}

fn indent(step: &Step) -> String {
    "  ".repeat(step.depth.min(DEEPEST))
}

fn line(step: &Step, zone: &TimeZone, ascii: bool) -> String {
    let at = step.at.map_or_else(|| "—".to_owned(), |at| clock_time(at, zone));
    let (what, kind) =
        if ascii { (step.what.ascii(), step.kind.row().ascii) } else { (step.what.glyph(), step.kind.row().glyph) };
    let at = if ascii && step.at.is_none() { "-".to_owned() } else { at };
    format!("{at:<20} {what} {}{kind} {}  {}", indent(step), step.name, step.says.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_is_said_with_its_flag() {
        let now: Timestamp = "2026-11-21T14:00:00Z".parse().unwrap();
        let arguments = |around: &str| Arguments {
            id: "order-4".into(),
            flow: None,
            around: Some(around.into()),
            within: None,
            json: false,
            receive: false,
            scan: false,
        };
        assert!(window(&arguments("soon"), now).unwrap_err().contains("--around 'soon' is no time"));
        let found = window(&arguments("2026-11-21T13:03:07Z"), now).unwrap();
        assert_eq!(found.span(now).to_ms - found.span(now).from_ms, 2 * 3_600_000);
    }
}
