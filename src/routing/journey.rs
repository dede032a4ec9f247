//! The way of one message or event through everything that is known: who gets it, who does not and why, and where it goes on.
//!
//! A pure function over resources and links. It sends nothing. It goes as far as configuration tells: what a function does with what
//! it gets is the function's secret, and what a rule changes on the way (`InputPath`, `InputTransformer`, `Input`) is named, not
//! done. To follow a new kind of link: a row in `ONWARD`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{EventPattern, FilterPolicy, MAX_DEPTH, MessageAttributes, Miss, Scope, Verdict};
use crate::domain::{Arn, FILTER_NOT_KNOWN, Failure, Kind, Link, LinkKind, Resource, ResourceId};

/// Steps that are told. More is a loop that widens, or an architecture that no reader takes in at once.
const MOST_STEPS: usize = 1000;

/// The links along which what arrived goes on by itself.
const ONWARD: &[LinkKind] = &[LinkKind::Invokes, LinkKind::Streams, LinkKind::Delivers, LinkKind::Transforms];
/// The links along which it goes when something else happened first.
const LATER: &[LinkKind] = &[LinkKind::DeadLetters, LinkKind::Reports];

/// What a listing would have told, that failed: then what is not there may only be unknown.
const LISTINGS: &[(Kind, &str)] = &[
    (Kind::Topic, "sns:ListTopics"),
    (Kind::Topic, "sns:ListSubscriptions"),
    (Kind::Bus, "events:ListEventBuses"),
    (Kind::Bus, "events:ListRules"),
    (Kind::Rule, "events:ListTargetsByRule"),
    (Kind::Queue, "lambda:ListEventSourceMappings"),
];

/// What is known of the ground.
#[derive(Debug, Default)]
pub struct Terrain<'a> {
    resources: BTreeMap<&'a ResourceId, &'a Resource>,
    from: BTreeMap<&'a ResourceId, Vec<&'a Link>>,
    failures: Vec<&'a Failure>,
    missing: BTreeSet<&'a ResourceId>,
}

impl<'a> Terrain<'a> {
    pub fn new(
        resources: impl Iterator<Item = &'a Resource>,
        links: impl Iterator<Item = &'a Link>,
        failures: impl Iterator<Item = &'a Failure>,
    ) -> Self {
        let mut from: BTreeMap<&ResourceId, Vec<&Link>> = BTreeMap::new();
        for link in links {
            from.entry(&link.from).or_default().push(link);
        }
        Self {
            resources: resources.map(|resource| (&resource.id, resource)).collect(),
            from,
            failures: failures.collect(),
            missing: BTreeSet::new(),
        }
    }

    /// The ends that are certain not to be there: what goes to them does not arrive.
    #[must_use]
    pub fn without(self, missing: impl Iterator<Item = &'a ResourceId>) -> Self {
        Self { missing: missing.collect(), ..self }
    }

    /// The links that leave a resource.
    pub fn from(&self, id: &ResourceId) -> &[&'a Link] {
        self.from.get(id).map_or(&[], Vec::as_slice)
    }

    pub fn resource(&self, id: &ResourceId) -> Option<&'a Resource> {
        self.resources.get(id).copied()
    }

    pub fn kind(&self, id: &ResourceId) -> Kind {
        let by_arn = || id.arn().map_or(Kind::External, |arn| Kind::of_arn(&arn));
        self.resource(id).map_or_else(by_arn, |resource| resource.kind)
    }

    /// What could not be listed of it.
    fn doubts(&self, id: &ResourceId) -> impl Iterator<Item = String> {
        let kind = self.kind(id);
        let concerns = move |failure: &&&Failure| {
            LISTINGS.contains(&(kind, failure.operation.as_str()))
                && failure.subject.as_ref().is_none_or(|subject| subject == id)
        };
        self.failures.iter().filter(concerns).map(|failure| format!("{}: {}", failure.operation, failure.error))
    }
}

/// What is sent, where it starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Cargo {
    /// To a topic. `None` where the body is not known: a rule changed it on the way.
    Message { body: Option<String>, attributes: MessageAttributes },
    /// To a bus.
    Event(Value),
}

/// Whether it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Yes, as far as filters and switches go.
    Gets,
    /// A filter lets it not through.
    Filtered(Miss),
    /// Something else stands in the way.
    Barred(String),
    /// Nobody can tell, and why.
    NotKnown(String),
    /// Only if something else happens first.
    Later(String),
}

/// One link on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Links from the start, from 0.
    pub depth: usize,
    pub from: ResourceId,
    pub to: ResourceId,
    pub kind: Kind,
    pub link: LinkKind,
    pub fate: Fate,
    /// What else is to be known of this step.
    pub notes: Vec<String>,
}

/// The whole way, each step before the ones that follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    pub start: ResourceId,
    pub start_kind: Kind,
    pub steps: Vec<Step>,
    /// What could not be listed: there may be more than the steps tell.
    pub doubts: Vec<String>,
    /// More than [`MOST_STEPS`] steps: the rest is left out.
    pub is_cut: bool,
}

impl Journey {
    /// Who gets it. A rule is a gate, not a receiver.
    pub fn receivers(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.fate == Fate::Gets && step.kind != Kind::Rule)
    }

    /// Whether nobody gets it, as far as is known.
    pub fn goes_nowhere(&self) -> bool {
        self.receivers().next().is_none()
    }

    /// Whether nothing on the way is unknown.
    pub fn is_certain(&self) -> bool {
        self.doubts.is_empty() && !self.steps.iter().any(|step| matches!(step.fate, Fate::NotKnown(_)))
    }

    /// The answer in one sentence.
    pub fn summary(&self) -> String {
        let gates = || self.steps.iter().filter(|step| step.depth == 0 && !matches!(step.fate, Fate::Later(_)));
        let (all, passed) = (gates().count(), gates().filter(|step| step.fate == Fate::Gets).count());
        let [one, many, does, do_it, not] = if self.start_kind == Kind::Bus {
            ["rule", "rules", "matches", "match", "does not match"]
        } else {
            ["subscriber", "subscribers", "gets it", "get it", "does not get it"]
        };
        let counted = |n: usize| format!("{n} {}", if n == 1 { one } else { many });
        let unknown = if self.is_certain() { "" } else { ", as far as is known" };
        if !self.goes_nowhere() {
            let does = if passed == 1 { does } else { do_it };
            return format!("{passed} of {} {does}{unknown}", counted(all));
        }
        match (all, passed) {
            (0, _) => format!("goes nowhere: there is no {one}{unknown}"),
            (1, 0) => format!("goes nowhere: the one {one} {not}{unknown}"),
            (_, 0) => format!("goes nowhere: none of {} {does}{unknown}", counted(all)),
            _ => format!("goes nowhere: {passed} of {} let it through to no target{unknown}", counted(all)),
        }
    }
}

/// Follows what is sent to a topic or put on a bus.
pub fn follow(terrain: &Terrain<'_>, start: &ResourceId, cargo: &Cargo) -> Journey {
    let journey = Journey {
        start: start.clone(),
        start_kind: terrain.kind(start),
        steps: Vec::new(),
        doubts: Vec::new(),
        is_cut: false,
    };
    let mut walk = Walk { terrain, journey, path: Vec::new() };
    walk.visit(start, cargo);
    walk.journey
}

struct Walk<'a, 'b> {
    terrain: &'a Terrain<'b>,
    journey: Journey,
    /// From the start to here: who comes round again is not followed twice.
    path: Vec<ResourceId>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, id: &ResourceId, cargo: &Cargo) {
        self.journey.doubts.extend(self.terrain.doubts(id));
        self.path.push(id.clone());
        let kind = self.terrain.kind(id);
        for link in self.terrain.from(id) {
            let Some(mut next) = self.arrival(kind, link, cargo) else { continue };
            self.miss(link, &mut next);
            if self.journey.steps.len() >= MOST_STEPS {
                self.journey.is_cut = true;
                break;
            }
            let goes_on = next.fate == Fate::Gets;
            let again = self.path.contains(&link.to);
            if goes_on && again {
                next.notes.push("it has been here before: this is a loop".to_owned());
            }
            self.journey.steps.push(Step {
                depth: self.path.len() - 1,
                from: link.from.clone(),
                to: link.to.clone(),
                kind: self.terrain.kind(&link.to),
                link: link.kind,
                fate: next.fate,
                notes: next.notes,
            });
            if goes_on && !again && self.path.len() < MAX_DEPTH {
                self.visit(&link.to, &next.cargo);
            }
        }
        self.path.pop();
    }

    /// Nothing arrives at what is not there.
    fn miss(&self, link: &Link, next: &mut Arrival) {
        if !self.terrain.missing.contains(&link.to) {
            return;
        }
        match next.fate {
            Fate::Gets | Fate::NotKnown(_) => next.fate = Fate::Barred("it does not exist".to_owned()),
            Fate::Filtered(_) | Fate::Barred(_) | Fate::Later(_) => next.notes.push("it does not exist".to_owned()),
        }
    }

    /// What happens at the end of a link; `None` if nothing of what is followed goes along it.
    fn arrival(&self, kind: Kind, link: &Link, cargo: &Cargo) -> Option<Arrival> {
        if LATER.contains(&link.kind) {
            let label = if link.label.is_empty() { "when it fails".to_owned() } else { link.label.clone() };
            return Some(Arrival::new(Fate::Later(label), cargo));
        }
        match (kind, link.kind) {
            (Kind::Topic, LinkKind::Subscribes) => {
                Some(Arrival::new(subscriber(link, &as_message(cargo)), &as_message(cargo)))
            }
            (Kind::Bus, LinkKind::Routes) => Some(Arrival::new(self.rule(&link.to, cargo), cargo)),
            (Kind::Rule, LinkKind::Targets) => Some(self.target(link, cargo)),
            (Kind::Pipe, LinkKind::Targets) => Some(self.end_of_pipe(link)),
            (_, onward) if ONWARD.contains(&onward) => {
                let reader_is_a_pipe = self.terrain.kind(&link.to) == Kind::Pipe;
                let what = if reader_is_a_pipe { "the pipe" } else { "its event source mapping" };
                Some(Arrival::new(reader(link, what), cargo))
            }
            _ => None,
        }
    }

    fn rule(&self, id: &ResourceId, cargo: &Cargo) -> Fate {
        let Some(rule) = self.terrain.resource(id) else {
            return Fate::NotKnown("nothing is known of the rule".into());
        };
        if rule.attribute("State") == Some("DISABLED") {
            return Fate::Barred("the rule is disabled".into());
        }
        if rule.attribute("EventPattern").is_none() && rule.attribute("ScheduleExpression").is_some() {
            return Fate::Barred("the rule has no pattern: it fires by its schedule alone".into());
        }
        let Some(pattern) = rule.attribute("EventPattern") else {
            return Fate::NotKnown("its event pattern is not known".into());
        };
        let Cargo::Event(event) = cargo else { return Fate::NotKnown("what arrives here is not known".into()) };
        match EventPattern::parse(pattern) {
            Ok(pattern) => pattern.evaluate(event).into(),
            Err(error) => Fate::NotKnown(format!("its event pattern cannot be read: {error}")),
        }
    }

    fn target(&self, link: &Link, cargo: &Cargo) -> Arrival {
        let changes: Vec<String> = ["Input", "InputPath", "InputTransformer"]
            .iter()
            .filter_map(|name| Some(format!("{name} {}", link.attribute(name)?)))
            .collect();
        let is_bus = self.terrain.kind(&link.to) == Kind::Bus;
        let unchanged = changes.is_empty() || is_bus;
        let cargo = match cargo {
            Cargo::Event(_) if unchanged => cargo.clone(),
            _ => Cargo::Message { body: None, attributes: MessageAttributes::new() },
        };
        let mut arrival = Arrival::new(Fate::Gets, &cargo);
        arrival.notes.extend(changes.into_iter().map(|change| format!("gets it changed by {change}")));
        if is_bus && self.terrain.resource(&link.to).is_none() {
            arrival.notes.push(elsewhere(&link.to));
        }
        arrival
    }

    /// A pipe wraps what it read, and may change it; whom it asks first may change or drop it.
    fn end_of_pipe(&self, link: &Link) -> Arrival {
        let mut arrival =
            Arrival::new(Fate::Gets, &Cargo::Message { body: None, attributes: MessageAttributes::new() });
        let asked = self.terrain.from(&link.from).iter().find(|other| other.kind == LinkKind::Calls);
        if let Some(asked) = asked {
            let name = asked.to.short_name();
            arrival.notes.push(format!("the pipe asks {name} first, which may change it or drop it"));
        }
        arrival
    }
}

/// What comes to the end of a link.
struct Arrival {
    fate: Fate,
    notes: Vec<String>,
    cargo: Cargo,
}

impl Arrival {
    fn new(fate: Fate, cargo: &Cargo) -> Self {
        Self { fate, notes: Vec::new(), cargo: cargo.clone() }
    }
}

impl From<Verdict> for Fate {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Match => Self::Gets,
            Verdict::Miss(miss) => Self::Filtered(miss),
        }
    }
}

/// A topic that is a rule's target gets the event as the body, without attributes.
fn as_message(cargo: &Cargo) -> Cargo {
    match cargo {
        Cargo::Event(event) => Cargo::Message { body: Some(event.to_string()), attributes: MessageAttributes::new() },
        message @ Cargo::Message { .. } => message.clone(),
    }
}

fn subscriber(link: &Link, cargo: &Cargo) -> Fate {
    if link.attribute("PendingConfirmation") == Some("true") {
        return Fate::Barred("the subscription is not confirmed".into());
    }
    if link.label.split("; ").any(|label| label == FILTER_NOT_KNOWN) {
        return Fate::NotKnown(FILTER_NOT_KNOWN.into());
    }
    let Some(policy) = link.attribute("FilterPolicy") else { return Fate::Gets };
    let scope = Scope::from_attribute(link.attribute("FilterPolicyScope"));
    let policy = match FilterPolicy::parse(policy, scope) {
        Ok(policy) => policy,
        Err(error) => return Fate::NotKnown(format!("its filter policy cannot be read: {error}")),
    };
    match cargo {
        Cargo::Message { body: None, .. } if scope == Scope::MessageBody => {
            Fate::NotKnown("its filter policy looks at the body, which was changed on the way".into())
        }
        Cargo::Message { body, attributes } => policy.evaluate(attributes, body.as_deref().unwrap_or_default()).into(),
        Cargo::Event(_) => Fate::NotKnown("what arrives here is not known".into()),
    }
}

/// Who takes from a queue or a stream.
fn reader(link: &Link, what: &str) -> Fate {
    if link.is_off() {
        let state = link.attribute("State").unwrap_or("Disabled").to_lowercase().replace('_', " ");
        return Fate::Barred(format!("{what} is {state}"));
    }
    match link.attribute("FilterCriteria") {
        Some(filter) => Fate::NotKnown(format!("{what} filters by {filter}")),
        None => Fate::Gets,
    }
}

fn elsewhere(id: &ResourceId) -> String {
    match id.arn() {
        Some(Arn { account, region, .. }) if !account.is_empty() => {
            format!("what happens there, in account {account}, {region}, is not known")
        }
        _ => "what happens there is not known".to_owned(),
    }
}

#[cfg(test)]
#[path = "journey_tests.rs"]
mod tests;
