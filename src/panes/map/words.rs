//! What boxes and lines say: the one most telling number of each kind, filters in a few words, rates.
//!
//! To add a kind: a line in [`telling`].

use serde_json::Value;

use super::scene::{Strand, Thing};
use crate::{
    domain::{
        FILTER_NOT_KNOWN, Health, Kind, KnownBy, Link, LinkKind, Metric, ResourceId,
        reading::{
            CALLS, ERROR_LINES, EXECUTIONS_FAILED, FAULTS, FRESHNESS, IN_FLIGHT, INVOCATIONS, ITEMS, ITERATOR_AGE,
            LINES, NEWEST, PUBLISHED, RECORDS_IN, REQUESTS, RULES, SERVER_ERRORS, STARTED, VISIBLE,
        },
        units::{Age, Count, PerSecond},
    },
    panes::View,
    store::{
        Entry,
        flows::End,
        rates::{Bound, Rate},
    },
    theme::Role,
    widgets::{graph::Line, text},
};

/// A few words, each with what it means.
pub(super) type Words = Vec<(Role, String)>;

/// The health of a box: the worst of its members and of the log groups whose signs are on it.
pub(super) fn health(thing: &Thing, view: &View<'_>) -> Health {
    let of = |id: &ResourceId| match (view.store.get(id), view.store.end(id)) {
        (Some(entry), _) => entry.health(),
        (None, End::Missing) => Health::Warn,
        (None, End::Unknown) => Health::Unknown,
        (None, _) => Health::Ok,
    };
    thing.members.iter().chain(&thing.logs).map(of).max().unwrap_or_default()
}

/// The name of a box, with its glyph.
pub(super) fn name(thing: &Thing, view: &View<'_>) -> String {
    match thing.members.len() {
        1 => {
            let name = view.store.get(&thing.id).map_or(thing.id.short_name(), |entry| &entry.resource.name);
            text::clean(name).into_owned()
        }
        count => format!("{}{count} {}", view.theme.glyphs.times, thing.kind.row().many),
    }
}

/// The mark of a box that is not well.
pub(super) fn mark(thing: &Thing, view: &View<'_>) -> Option<(Role, &'static str)> {
    let health = health(thing, view);
    let (mark, role) = view.mark(health);
    (health != Health::Ok).then_some((role, mark))
}

/// The most telling number of a box.
pub(super) fn telling(thing: &Thing, view: &View<'_>) -> Words {
    if thing.members.len() > 1 {
        return of_many(thing, view);
    }
    let Some(entry) = view.store.get(&thing.id) else { return elsewhere(&thing.id, view) };
    if entry.gone.is_some() {
        return vec![(Role::Stale, "gone".to_owned())];
    }
    let teller = Teller { entry, view };
    match thing.kind {
        Kind::Queue => {
            teller.queue(thing.is_end || view.store.topology().dead_letter_sources(&thing.id).next().is_some())
        }
        Kind::Function => teller.function(thing),
        Kind::Topic => teller.rate(PUBLISHED, "/s").or_else(|| teller.incoming()).unwrap_or_default(),
        Kind::Table => teller.number(ITEMS, |n| format!("{} items", Count(n))).unwrap_or_default(),
        Kind::Bucket => teller.ago(NEWEST, "newest").unwrap_or_default(),
        Kind::LogGroup => teller.number(LINES, |n| format!("{} lines/min", Count(n))).unwrap_or_default(),
        Kind::Bus => teller.number(RULES, |n| Kind::Rule.counted(n as usize)).unwrap_or_default(),
        Kind::Rule | Kind::Schedule | Kind::Pipe => teller.switch(),
        Kind::Stream => teller
            .number(ITERATOR_AGE, |age| format!("{} behind", Age(age)))
            .or_else(|| teller.rate(RECORDS_IN, "/s"))
            .or_else(|| teller.incoming())
            .or_else(|| teller.shards())
            .unwrap_or_default(),
        Kind::DeliveryStream => teller
            .number(FRESHNESS, |age| format!("holds {}", Age(age)))
            .or_else(|| teller.rate(RECORDS_IN, "/s"))
            .unwrap_or_default(),
        Kind::Api => teller.with_errors(
            teller.rate(REQUESTS, "/s").or_else(|| teller.incoming()).or_else(|| teller.calls()),
            SERVER_ERRORS,
        ),
        Kind::StateMachine => teller.with_errors(teller.rate(STARTED, "/s"), EXECUTIONS_FAILED),
        Kind::Endpoint => teller.state(&["PendingConfirmation", "Protocol"]),
        Kind::Application => teller.application(),
        Kind::Group | Kind::External => Words::new(),
    }
}

/// What is known of what nobody listed.
fn elsewhere(id: &ResourceId, view: &View<'_>) -> Words {
    match view.store.end(id) {
        End::Missing => vec![(Role::Warn, "not there".to_owned())],
        End::Unknown => vec![(Role::Unknown, "could not be read".to_owned())],
        End::Outside if id.arn().is_some() => vec![(Role::Dim, "outside".to_owned())],
        End::Outside | End::Here => Words::new(),
    }
}

fn of_many(thing: &Thing, view: &View<'_>) -> Words {
    let sick = thing.members.iter().filter_map(|id| view.store.get(id)).map(Entry::health);
    let worst = sick.clone().max().unwrap_or_default();
    let count = sick.filter(|health| *health == worst).count();
    let mut words = Words::new();
    if worst != Health::Ok {
        let (mark, role) = view.mark(worst);
        words.push((role, format!("{mark} {count} of {}  ", thing.members.len())));
    }
    let sum: Option<f64> = thing
        .members
        .iter()
        .filter_map(|id| view.store.get(id)?.value(VISIBLE))
        .fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value));
    if let Some(sum) = sum {
        words.push((Role::Estimate, format!("{}{}", view.theme.glyphs.approx, Count(sum))));
    }
    words
}

/// One resource, about to say its number.
struct Teller<'a> {
    entry: &'a Entry,
    view: &'a View<'a>,
}

impl Teller<'_> {
    fn role(&self, entry: &Entry, metric: Metric, value: f64) -> Role {
        if self.view.store.is_stale(entry, metric, self.view.now) {
            Role::Stale
        } else if value == 0.0 {
            Role::Dim
        } else {
            Role::Estimate
        }
    }

    fn number(&self, metric: Metric, say: impl Fn(f64) -> String) -> Option<Words> {
        let value = self.entry.value(metric)?;
        Some(vec![(self.role(self.entry, metric, value), say(value))])
    }

    fn rate(&self, metric: Metric, unit: &str) -> Option<Words> {
        self.number(metric, |n| format!("{}{unit}", PerSecond(n)))
    }

    /// The sum of what its links bring, where all of them tell.
    fn incoming(&self) -> Option<Words> {
        let store = self.view.store;
        let links = store.topology().to(&self.entry.resource.id).filter(|link| link.kind.carries());
        let rates: Option<Vec<Rate>> = links.map(|link| store.rate(link, self.view.now)).collect();
        let rates = rates.filter(|rates| !rates.is_empty() && rates.iter().all(|rate| rate.bound != Bound::Shared))?;
        let sum: f64 = rates.iter().map(|rate| rate.per_second).sum();
        let bound = if rates.iter().any(|rate| rate.bound == Bound::AtLeast) { "≥" } else { "" };
        let role = if sum == 0.0 { Role::Dim } else { Role::Estimate };
        Some(vec![(role, format!("{bound}{}/s", PerSecond(sum)))])
    }

    fn ago(&self, metric: Metric, word: &str) -> Option<Words> {
        let then = self.entry.value(metric)?;
        let age = (self.view.now.as_millisecond() as f64 / 1e3 - then).max(0.0);
        Some(vec![(self.role(self.entry, metric, 1.0), format!("{word} {}", Age(age)))])
    }

    fn queue(&self, dead: bool) -> Words {
        let waiting = self.entry.value(VISIBLE);
        let Some(waiting) = waiting else { return Words::new() };
        let held = waiting + self.entry.value(IN_FLIGHT).unwrap_or(0.0);
        let stale = self.view.store.is_stale(self.entry, VISIBLE, self.view.now);
        if dead {
            let role = if stale {
                Role::Stale
            } else if held > 0.0 {
                Role::Crit
            } else {
                Role::Dim
            };
            return vec![(role, format!("{} dead", Count(held)))];
        }
        let role = self.role(self.entry, VISIBLE, waiting);
        let mut words = vec![(role, format!("{}{}", self.view.theme.glyphs.approx, Count(waiting)))];
        if let Some(age) = self.entry.oldest_age_seconds(self.view.now).filter(|_| held >= 1.0) {
            words.push((if stale { Role::Stale } else { Role::Dim }, format!("  {}", Age(age))));
        }
        words
    }

    /// Calls and errors, from CloudWatch or from its log lines.
    fn function(&self, thing: &Thing) -> Words {
        let group = thing.logs.first().or_else(|| self.view.store.topology().log_group(&self.entry.resource.id));
        let group = group.and_then(|group| self.view.store.get(group));
        let logged = |metric: Metric| Some((group?.value(metric)?, self.role(group?, metric, group?.value(metric)?)));
        let counted = |metric: Metric| {
            let value = self.entry.value(metric)? * 60.0;
            Some((value, self.role(self.entry, metric, value)))
        };
        let mut words = Words::new();
        if let Some((calls, role)) = logged(INVOCATIONS).or_else(|| counted(CALLS)) {
            words.push((role, format!("{}/min", Count(calls))));
        }
        if let Some((errors, role)) =
            logged(ERROR_LINES).or_else(|| counted(FAULTS)).filter(|(errors, _)| *errors > 0.0)
        {
            let role = if role == Role::Stale { role } else { Role::Warn };
            words.push((role, format!("  {} {}", Count(errors), self.view.theme.glyphs.crit)));
        }
        words
    }

    fn with_errors(&self, words: Option<Words>, errors: Metric) -> Words {
        let mut words = words.unwrap_or_default();
        if let Some(rate) = self.entry.value(errors).filter(|rate| *rate > 0.0) {
            words.push((Role::Warn, format!("  {}/s {}", PerSecond(rate), self.view.theme.glyphs.crit)));
        }
        words
    }

    /// Whether it is on, and when it fires.
    fn switch(&self) -> Words {
        let resource = &self.entry.resource;
        let state = ["State", "CurrentState"].iter().find_map(|key| resource.attribute(key));
        let off = state.is_some_and(|state| ["DISABLED", "STOPPED"].contains(&state));
        let mut words = Words::new();
        match state {
            Some(_) if off => words.push((Role::Warn, "off".to_owned())),
            Some(_) => words.push((Role::Dim, "on".to_owned())),
            None => {}
        }
        if let Some(schedule) = resource.attribute("ScheduleExpression") {
            let gap = if words.is_empty() { "" } else { "  " };
            words.push((Role::Dim, format!("{gap}{schedule}")));
        }
        words
    }

    /// How many shards take records.
    fn shards(&self) -> Option<Words> {
        let open = self.entry.resource.number("OpenShardCount")?;
        Some(vec![(Role::Dim, format!("{open} open {}", if open == 1 { "shard" } else { "shards" }))])
    }

    /// What callers of an API ask for, as its links are labelled.
    fn calls(&self) -> Option<Words> {
        let mut labels: Vec<&str> =
            self.view.store.topology().from(&self.entry.resource.id).map(|link| link.label.as_str()).collect();
        labels.retain(|label| !label.is_empty());
        labels.dedup();
        let (first, rest) = labels.split_first()?;
        let more = if rest.is_empty() { String::new() } else { format!(" +{}", rest.len()) };
        Some(vec![(Role::Dim, format!("{}{more}", text::clean(first)))])
    }

    /// The window that it counts in; its state as well, unless it runs.
    fn application(&self) -> Words {
        let state = self.state(&["ApplicationStatus", "Status"]);
        let runs = state.iter().all(|(_, state)| state == "running");
        let Some(window) = self.entry.resource.number("WindowSeconds") else { return state };
        let mut words = vec![(Role::Dim, format!("window {window} s"))];
        if !runs {
            words.push((Role::Dim, "  ".to_owned()));
            words.extend(state.into_iter().map(|(_, state)| (Role::Warn, state)));
        }
        words
    }

    fn state(&self, keys: &[&str]) -> Words {
        let state = keys.iter().find_map(|key| self.entry.resource.attribute(key));
        state.map_or_else(Words::new, |state| vec![(Role::Dim, state.to_lowercase())])
    }
}

/// How certain a line is, and what it is for.
pub(super) fn line(strand: &Strand, view: &View<'_>) -> Line {
    if strand.is_for_dead_letters() {
        return Line::Dotted;
    }
    let links = links(strand, view);
    match links.map(|link| link.known_by).min() {
        Some(KnownBy::Inferred) => Line::Dashed,
        Some(KnownBy::Declared) => Line::Declared,
        _ => Line::Solid,
    }
}

fn links<'a>(strand: &'a Strand, view: &'a View<'_>) -> impl Iterator<Item = &'a Link> + Clone {
    let topology = view.store.topology();
    strand.links.iter().filter_map(|key| topology.get(key))
}

/// What a line lets pass, in a few words: nothing if it lets all pass.
pub(super) fn filter(strand: &Strand, view: &View<'_>) -> String {
    let mut links = links(strand, view);
    let Some(link) = links.next() else { return String::new() };
    let words = filter_of(link);
    if links.all(|other| filter_of(other) == words) { words } else { "several filters".to_owned() }
}

fn filter_of(link: &Link) -> String {
    if link.label == FILTER_NOT_KNOWN {
        return "filter ?".to_owned();
    }
    match link.kind {
        LinkKind::Subscribes => match link.attribute("FilterPolicy") {
            Some(policy) => in_short(policy),
            None if link.label.starts_with("pending") => "pending".to_owned(),
            None => String::new(),
        },
        LinkKind::Routes => link.label.clone(),
        LinkKind::Invokes | LinkKind::Streams => {
            link.attribute("FilterCriteria").map(|_| "filtered".to_owned()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// A filter policy as a person would say it: the values where they are plain, else the keys.
fn in_short(policy: &str) -> String {
    let Ok(Value::Object(policy)) = serde_json::from_str(policy) else { return "filtered".to_owned() };
    let plain = |value: &Value| match value {
        Value::Array(all) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let words: Vec<String> = policy
        .iter()
        .map(|(key, value)| plain(value).map_or_else(|| format!("{key}…"), |all| all.join(", ")))
        .collect();
    text::clean(&words.join(" + ")).into_owned()
}

/// How much flows along a line: the sum of its links, if all of them tell.
pub(super) fn rate(strand: &Strand, view: &View<'_>) -> Option<Rate> {
    let mut rates = links(strand, view).map(|link| view.store.rate(link, view.now));
    let first = rates.next()??;
    rates.try_fold(first, |sum, rate| {
        let rate = rate?;
        Some(Rate { per_second: sum.per_second + rate.per_second, bound: sum.bound.max(rate.bound), ..rate })
    })
}

/// A rate as a label says it.
pub(super) fn say_rate(rate: &Rate) -> (Role, String) {
    let bound = match rate.bound {
        Bound::Exact => "",
        Bound::AtLeast => "≥",
        Bound::Shared => "of ",
    };
    let role = if rate.per_second > 0.0 { Role::Estimate } else { Role::Dim };
    (role, format!("{bound}{}/s", PerSecond(rate.per_second)))
}

/// Between filter and rate.
pub(super) const GAP: &str = " · ";

/// Filter, in so many columns, and rate of a line.
pub(super) fn label(strand: &Strand, (columns, with_rate): (usize, bool), view: &View<'_>) -> Words {
    let rate = rate(strand, view);
    let mut label = Words::new();
    let filter = filter(strand, view);
    if !filter.is_empty() && columns > 0 {
        label.push((Role::Dim, text::fit_with(&filter, columns, view.theme.glyphs.ellipsis).into_owned()));
    }
    let said = match rate {
        _ if is_off(strand, view) => Some((Role::Warn, "off".to_owned())),
        rate => rate.as_ref().map(say_rate),
    };
    if let Some(said) = said.filter(|_| with_rate) {
        if !label.is_empty() {
            label.push((Role::Dim, GAP.to_owned()));
        }
        label.push(said);
    }
    label
}

/// Whether a line is switched off, all of it.
fn is_off(strand: &Strand, view: &View<'_>) -> bool {
    let links = links(strand, view);
    links.clone().next().is_some() && links.clone().all(Link::is_off)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"event":["signup","login"]}"#, "signup, login")]
    #[case(r#"{"event":["signup"],"store":["oxxo"]}"#, "signup + oxxo")]
    #[case(r#"{"price":[{"numeric":[">",5]}]}"#, "price…")]
    #[case("[]", "filtered")]
    #[case("{", "filtered")]
    fn filters_in_short(#[case] policy: &str, #[case] words: &str) {
        assert_eq!(in_short(policy), words);
    }
}
