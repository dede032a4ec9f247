//! `edatop probe`: sends one marked event and follows it through the map, hop by hop, each with the time it took.
//!
//! Refused under `--read-only`; on AWS the target's name is to be typed, or given with `--yes`. Exit codes: 0 it arrived everywhere it
//! should; 1 a dead end, or not within the time; 2 wrong usage; 3 unreachable.

use std::{process::ExitCode, sync::Arc, time::Duration};

use clap::Args;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    complain,
    desk::{
        self, LEFT, Outcome,
        agree::{self, Word},
        lines::Lines,
        must_write, unless_stopped,
    },
    opening::{self, GivenUp},
};
use crate::{
    app::clock,
    config::Config,
    domain::{Kind, Resource},
    inspect::{
        probe::{
            Course, Following, Plan, State,
            course::End,
            follow,
            plan::{self, Draft},
            send::{self, Api},
        },
        thread::{endpoint::Endpoint, source::Source, window::duration},
    },
    routing::{Envelope, MessageAttributes, draft},
    store::Store,
};

/// Names offered when none was right.
const MOST_NAMES: usize = 12;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A topic, bus, queue or REST API, by name or ARN
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// The body or event: JSON, text, or @FILE; {probe} in it becomes the probe's id [default: what the first filter lets through]
    #[arg(long, value_name = "JSON|@FILE")]
    pub event: Option<String>,
    /// Message attributes: JSON, name=value, or name:Number=value; may be repeated
    #[arg(long = "attribute", value_name = "JSON|NAME=VALUE")]
    pub attributes: Vec<String>,
    /// Which route of an API: "POST /orders"
    #[arg(long, value_name = "METHOD PATH")]
    pub route: Option<String>,
    /// Do not ask: the target's name, so that it is meant
    #[arg(long, value_name = "NAME")]
    pub yes: Option<String>,
    /// How long to follow it: 60s, 2m
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub timeout: Duration,
    /// JSON lines
    #[arg(long)]
    pub json: bool,
}

/// Sends and follows.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    Ok(desk::attended(async |stop| work(&config, &arguments, stop).await).await)
}

async fn work(config: &Config, arguments: &Arguments, stop: CancellationToken) -> Outcome {
    must_write(config, "a probe sends an event")?;
    let event = arguments.event.as_deref().map(read).transpose().map_err(GivenUp::misused)?;
    let mut attributes = MessageAttributes::new();
    for one in &arguments.attributes {
        attributes.extend(draft::read_attributes(one).map_err(|error| GivenUp::misused(error.to_string()))?);
    }
    let seen = unless_stopped(&stop, opening::see(config)).await?;
    let target = find(&seen.store, &arguments.target)?;
    if arguments.yes.as_ref().is_some_and(|name| *name != target.name) {
        let why = format!("--yes names another than '{}': give that name exactly, or leave --yes out", target.name);
        return Err(GivenUp::misused(why));
    }
    let account = target.id.arn().map_or(seen.account().unwrap_or_default(), |arn| arn.account).to_owned();
    let draft = Draft {
        store: &seen.store,
        target,
        probe: plan::mark_of(fastrand::u64(..)),
        event,
        attributes,
        envelope: Envelope { account: &account, region: seen.aws.region(), now: clock::now() },
    };
    let plan = draft.plan().map_err(GivenUp::misused)?;
    let api = match send::api_of(target).map_err(GivenUp::misused)? {
        Some(id) => {
            let all = unless_stopped(&stop, async { Ok(Api::all(&seen.aws, id).await) }).await?;
            let all = all.map_err(|trouble| GivenUp::misused(trouble.to_string()))?;
            Some(Api::choose(&all, arguments.route.as_deref()).map_err(GivenUp::misused)?)
        }
        None => None,
    };
    say(&plan, &seen.store, api.as_ref());
    if seen.aws.is_aws() {
        agree::agreed(arguments.yes.is_some(), Word::Name(&target.name), &stop).await?;
    }
    let sent_at = clock::now();
    let ids = send::send(&seen.aws, &plan, api.as_ref())
        .await
        .map_err(|trouble| GivenUp { code: LEFT, why: format!("not sent, or in doubt: {trouble}") })?;
    let telling = Telling { arguments, store: &seen.store, lines: Lines::default(), ids };
    let source: Arc<dyn Source> = Arc::new(Endpoint::new(Arc::clone(&seen.aws)));
    unless_stopped(&stop, telling.follow(Course::new(plan, sent_at), source)).await
}

fn read(event: &str) -> Result<String, String> {
    match event.strip_prefix('@') {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| format!("the event {path} cannot be read: {error}"))
        }
        None => Ok(event.to_owned()),
    }
}

/// The only one of that name or ARN that events can be sent to.
fn find<'a>(store: &'a Store, wanted: &str) -> Result<&'a Resource, GivenUp> {
    let starts = || {
        let all = store.entries().filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource);
        all.filter(|resource| matches!(resource.kind, Kind::Topic | Kind::Bus | Kind::Queue | Kind::Api))
    };
    let named: Vec<&Resource> =
        starts().filter(|resource| resource.id.as_str() == wanted || resource.name == wanted).collect();
    match named[..] {
        [one] => Ok(one),
        [] => {
            let names: Vec<&str> = starts().map(|resource| resource.name.as_str()).take(MOST_NAMES).collect();
            let why = format!("no topic, bus, queue or API is called '{wanted}'; there are: {}", names.join(", "));
            Err(GivenUp::misused(why))
        }
        _ => {
            let ids: Vec<&str> = named.iter().map(|resource| resource.id.as_str()).collect();
            Err(GivenUp::misused(format!("'{wanted}' is several: name one of {}", ids.join(", "))))
        }
    }
}

/// What will happen, before it does.
fn say(plan: &Plan, store: &Store, api: Option<&Api>) {
    let through = api.map(|api| format!(", {}", api.name())).unwrap_or_default();
    complain(&format!("{} to {} {}{through}", plan.probe, plan.kind.row().one, plan.name));
    complain(&format!("what is sent: {}", plan.body));
    for hop in &plan.hops {
        let (mark, why) = (hop.expect.word(), hop.expect.why());
        let line = format!("{}{} {}  {why}", "  ".repeat(hop.depth + 1), hop.kind.row().glyph, store.name_of(&hop.to));
        complain(&format!("{mark:<8} {}", line.trim_end()));
    }
    for doubt in &plan.doubts {
        complain(&format!("not known: {doubt}"));
    }
}

struct Telling<'a> {
    arguments: &'a Arguments,
    store: &'a Store,
    lines: Lines,
    /// What the answer to the send calls it.
    ids: Vec<String>,
}

impl Telling<'_> {
    async fn follow(mut self, mut course: Course, source: Arc<dyn Source>) -> Result<u8, GivenUp> {
        self.sent(&course)?;
        for (place, state) in course.states.iter().enumerate() {
            if matches!(state, State::Rejected(_)) {
                self.hop(&course, place)?;
            }
        }
        let following = Following {
            source,
            ground: Arc::new(follow::ground(&course.plan, self.store)),
            ids: self.ids.clone(),
            lasting: self.arguments.timeout,
            clock: clock::now,
        };
        let told = |course: &Course, news: &[usize]| news.iter().try_for_each(|place| self.hop(course, *place));
        following.run(&mut course, told).await?;
        self.close(&course)
    }

    fn sent(&mut self, course: &Course) -> Result<(), GivenUp> {
        let plan = &course.plan;
        if self.arguments.json {
            return self.lines.put(&json!({
                "probe": plan.probe, "state": "sent", "to": plan.target, "kind": plan.kind, "at": course.sent_at,
                "ids": self.ids, "body": plan.body,
            }));
        }
        let ids = if self.ids.is_empty() { String::new() } else { format!(" as {}", self.ids.join(", ")) };
        self.lines.text(&format!("{:>10}  ◆ {} {}  sent{ids}", "0 ms", plan.kind.row().glyph, plan.name))
    }

    fn hop(&mut self, course: &Course, place: usize) -> Result<(), GivenUp> {
        let (Some(hop), Some(state)) = (course.plan.hops.get(place), course.states.get(place)) else { return Ok(()) };
        let took = course.took_ms(place);
        let since = state.at().map(|at| at.as_millisecond() - course.sent_at.as_millisecond());
        let (says, sure) = (state.says(), state.sure());
        if self.arguments.json {
            return self.lines.put(&json!({
                "probe": course.plan.probe, "state": state.word(), "from": hop.from, "to": hop.to, "kind": hop.kind,
                "name": self.store.name_of(&hop.to), "at": state.at(), "took_ms": took, "since_sent_ms": since,
                "sure": sure.map(|sure| if sure.is_certain() { "certain" } else { "probably" }),
                "says": says, "why": sure.map(crate::inspect::thread::Sure::why),
            }));
        }
        let (glyph, time) = (state.glyph(), course.took(place));
        let indent = "  ".repeat(hop.depth + 1);
        let doubt = sure.filter(|sure| !sure.is_certain()).map(|sure| format!(" · probably: {}", sure.why()));
        let name = self.store.name_of(&hop.to);
        let line =
            format!("{time:>10}  {indent}{glyph} {} {name}  {says}{}", hop.kind.row().glyph, doubt.unwrap_or_default());
        self.lines.text(&line)
    }

    /// What did not come, and what it comes to.
    fn close(mut self, course: &Course) -> Result<u8, GivenUp> {
        for place in course.unseen() {
            self.hop(course, place)?;
        }
        let count = |wanted| course.count(wanted);
        let ((made, all), outcome) = (course.made(), course.outcome());
        if self.arguments.json {
            self.lines.put(&json!({
                "probe": course.plan.probe, "state": "ended", "outcome": outcome, "arrived": made, "of": all,
                "failed": count("failed"), "rejected": count("rejected"), "waiting": count("waiting"),
                "at": clock::now(),
            }))?;
        } else {
            self.lines.text(&format!("{outcome}: {made} of {all}, {} rejected", count("rejected")))?;
        }
        Ok(if course.end() == End::Everywhere { 0 } else { LEFT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_what_is_written_or_what_a_file_says() {
        assert_eq!(read("{}").as_deref(), Ok("{}"));
        assert!(read("@/no/such/file").unwrap_err().contains("/no/such/file"));
    }
}
