//! Rules and their targets: what each matched, what its targets got of it, and where that can be seen.

use super::{Facts, Known, Look, Place, say};
use crate::domain::{
    Kind, Link, LinkKind, Metric, ResourceId,
    reading::{
        CALLS, FAULTS, IN_FLIGHT, INVOCATIONS, LINES, MATCHED, TARGET_CALLS, TARGET_FAILURES, THROTTLES, VISIBLE,
    },
};

/// What EventBridge calls the rules by which its archives take events.
const OF_ARCHIVES: &str = "Events-Archive-";
/// What a rule is asked for, by CloudWatch's names.
const COUNTS: [(&str, Metric, &str); 4] = [
    ("matched", MATCHED, "TriggeredRules"),
    ("handed to targets", TARGET_CALLS, "Invocations"),
    ("failed", TARGET_FAILURES, "FailedInvocations"),
    ("throttled", THROTTLES, "ThrottledRules"),
];

/// The rules of a bus, each with its targets below it.
pub(super) fn of_bus(known: Known<'_>, bus: &ResourceId) -> Vec<Place> {
    let name = known.store.name_of(bus);
    let is_its = |rule: &ResourceId| {
        let topology = known.store.topology();
        let routed = topology.from(bus).any(|link| link.kind == LinkKind::Routes && link.to == *rule);
        routed || is_on(known, rule, bus, name)
    };
    let rules = known.store.of_kind(Kind::Rule).map(|entry| &entry.resource.id).filter(|rule| is_its(rule));
    rules.flat_map(|rule| of_rule(known, rule)).collect()
}

/// One that has only a schedule gets nothing of the bus that it names.
fn is_on(known: Known<'_>, rule: &ResourceId, bus: &ResourceId, name: &str) -> bool {
    let place = |id: &ResourceId| id.arn().map(|arn| (arn.region.to_owned(), arn.account.to_owned()));
    let named = known.attribute(rule, "EventBusName").is_some_and(|on| on.rsplit('/').next() == Some(name));
    named && place(rule) == place(bus)
}

/// A rule, and its targets below it.
pub(super) fn of_rule(known: Known<'_>, rule: &ResourceId) -> Vec<Place> {
    if known.entry(rule).is_none() {
        return Vec::new();
    }
    let links: Vec<&Link> = known.store.topology().from(rule).collect();
    let targets = links.iter().filter(|link| link.kind == LinkKind::Targets);
    let below: Vec<Place> = targets.flat_map(|link| of_target(known, rule, link, &links)).collect();
    let mut place = known.place(rule.to_string(), rule, 0);
    let off = known.attribute(rule, "State").filter(|state| *state != "ENABLED");
    place.facts = facts(known, rule);
    let count = |metric| known.some(rule, metric);
    let failed = count(TARGET_FAILURES).map(|failed| format!("{failed} failed/min"));
    let throttled = count(THROTTLES).map(|throttled| format!("{throttled} throttled/min"));
    place.is_bad |= failed.is_some();
    let matched = count(MATCHED).map(|matched| format!("{matched} matched/min"));
    let said: Vec<String> =
        off.map(str::to_lowercase).into_iter().chain(failed).chain(throttled).chain(matched).collect();
    place.says = match (said.is_empty(), known.entry(rule).and_then(|entry| entry.reading(MATCHED))) {
        (false, _) => said.join(", "),
        (true, Some(_)) => "none matched".to_owned(),
        (true, None) => String::new(),
    };
    let mut looks = below.iter().filter(|below| below.depth == 1).map(|target| &target.look);
    place.look = match (looks.next(), looks.count()) {
        (None, _) => Look::Nothing("it has no target: what it matches goes nowhere".to_owned()),
        (Some(only), 0) => only.clone(),
        (Some(_), more) => Look::Nothing(format!("it has {} targets: go down to one of them", more + 1)),
    };
    std::iter::once(place).chain(below).collect()
}

fn facts(known: Known<'_>, rule: &ResourceId) -> Facts {
    let mut facts = Facts::new();
    for (name, attribute) in [
        ("state", "State"),
        ("pattern", "EventPattern"),
        ("schedule", "ScheduleExpression"),
        ("description", "Description"),
        ("managed by", "ManagedBy"),
    ] {
        say(&mut facts, name, known.attribute(rule, attribute));
    }
    for (name, metric, source) in COUNTS {
        let said = known.counted(rule, metric).unwrap_or_else(|| format!("not known: no {source} of it was read"));
        facts.push((name, said));
    }
    facts
}

/// A target, and the queue of what could not be handed to it.
fn of_target(known: Known<'_>, rule: &ResourceId, link: &Link, all: &[&Link]) -> Vec<Place> {
    let to = &link.to;
    let key = format!("{rule} {to}");
    let mut place = known.place(key.clone(), to, 1);
    let is_archive = known.store.name_of(rule).starts_with(OF_ARCHIVES);
    for (name, attribute) in [
        ("input", "Input"),
        ("input path", "InputPath"),
        ("input transformer", "InputTransformer"),
        ("message group", "MessageGroupId"),
        ("retries", "RetryPolicy"),
    ] {
        say(&mut place.facts, name, link.attribute(attribute));
    }
    let (says, is_bad) = got(known, to, place.kind, &mut place.facts);
    (place.says, place.is_bad) = (says, place.is_bad || is_bad);
    // What it wrote down may be of theirs.
    say(&mut place.facts, "also gets from", known.also_from(to, rule));
    place.look = if is_archive {
        let why = "an archive keeps events to replay them; it cannot be read, and a replay sends them to targets again";
        Look::Nothing(why.to_owned())
    } else {
        what_to_look_at(known, to, place.kind)
    };
    let dead = all.iter().filter(|other| other.kind == LinkKind::DeadLetters);
    let dead = dead.filter(|other| link.attribute("DeadLetterConfig") == Some(other.to.as_str()));
    let dead: Vec<Place> = dead.map(|dead| dead_letters(known, &key, to, &dead.to)).collect();
    if dead.is_empty() && !is_archive {
        place
            .facts
            .push(("dead letters", "no queue: what cannot be handed to it is lost after its retries".to_owned()));
    }
    std::iter::once(place).chain(dead).collect()
}

fn dead_letters(known: Known<'_>, key: &str, target: &ResourceId, queue: &ResourceId) -> Place {
    let mut place = known.place(format!("{key} {queue}"), queue, 2);
    place.facts.push(("for", format!("what could not be handed to {}", known.store.name_of(target))));
    let waiting = held(known, queue);
    place.is_bad |= waiting.is_some_and(|held| held > 0.0);
    place.says = match waiting {
        Some(held) if held > 0.0 => format!("{held:.0} dead letters"),
        Some(_) => "no dead letters".to_owned(),
        None => "dead letters not counted".to_owned(),
    };
    place.look = Look::Waiting(queue.clone());
    place
}

fn held(known: Known<'_>, queue: &ResourceId) -> Option<f64> {
    let entry = known.entry(queue)?;
    Some(entry.value(VISIBLE)? + entry.value(IN_FLIGHT).unwrap_or(0.0))
}

/// What a target says that it got, in a few words, and whether that is bad.
fn got(known: Known<'_>, id: &ResourceId, kind: Kind, facts: &mut Facts) -> (String, bool) {
    match known.store.get(id) {
        Some(entry) if entry.gone.is_some() => return ("deleted".to_owned(), true),
        None if id.arn().is_some() && kind != Kind::External => {
            facts.push(("known", "only by the rule that names it: it was not listed".to_owned()));
            return ("not listed".to_owned(), false);
        }
        _ => {}
    }
    match kind {
        Kind::Queue => {
            let held = held(known, id);
            (held.map(|held| format!("{held:.0} held")).unwrap_or_default(), false)
        }
        Kind::Function => {
            say(facts, "called", known.counted(id, CALLS));
            say(facts, "failed", known.counted(id, FAULTS));
            let faults = known.some(id, FAULTS);
            let calls = known.some(id, CALLS).or_else(|| known.entry(id)?.value(INVOCATIONS).filter(|n| *n >= 0.5));
            let said = faults.map(|faults| format!("{faults} failed/min"));
            let said = said.or_else(|| calls.map(|calls| format!("{calls:.0} calls/min")));
            (said.unwrap_or_default(), faults.is_some())
        }
        Kind::LogGroup => {
            let lines = known.entry(id).and_then(|entry| entry.value(LINES));
            (lines.map(|lines| format!("{lines:.0} lines/min")).unwrap_or_default(), false)
        }
        _ => (String::new(), false),
    }
}

/// Where what it got can be seen, or why it cannot.
fn what_to_look_at(known: Known<'_>, id: &ResourceId, kind: Kind) -> Look {
    if let Some(lines) = known.lines_of(id) {
        return lines;
    }
    let why = match kind {
        Kind::Queue => return Look::Waiting(id.clone()),
        Kind::Topic => "a topic keeps nothing: what it got is with its subscribers",
        Kind::Stream => "its records are read on request, which its consumers feel: enter shows how",
        Kind::DeliveryStream => "enter shows what it delivered",
        Kind::Bus => "another bus keeps nothing either: enter shows what its rules handed on, if it is of this account",
        Kind::StateMachine => "it logs nothing that edatop knows of; its executions are kept by Step Functions alone",
        Kind::Api => "what an API got is known by what it calls",
        Kind::Table | Kind::Bucket => "enter shows what is in it",
        _ => "it is outside of what edatop reads: nothing of what it got is kept here",
    };
    Look::Nothing(why.to_owned())
}
