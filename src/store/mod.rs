//! What we know: facts in, picture out.
//!
//! [`Store::apply`] takes reports; [`Store::assess`] lets the health rules speak. Both are pure: the instant is passed in, nothing is
//! read from clock, network or disk, and everything is bounded. A new health rule is one `impl` in [`health`].

mod declared;
pub mod depths;
mod derived;
mod early;
pub mod entry;
pub mod feed;
pub mod findings;
pub mod flows;
pub mod health;
mod inference;
pub mod polls;
pub mod rates;
pub mod series;
mod staleness;
pub mod topology;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Attributes, Declaration, Fact, Failure, Finding, Heard, Ignore, Kind, Level, Link, LinkKey, Report, Resource,
    ResourceId, Subject, Verdict,
};

pub use entry::{Entry, Track};
use feed::Feed;
use polls::Polls;
use topology::Topology;

/// What is gone stays on screen this long, said to be gone.
const REMEMBER_GONE: SignedDuration = SignedDuration::from_mins(10);

/// Everything that is known at one instant.
#[derive(Debug, Default, Clone)]
pub struct Store {
    entries: BTreeMap<ResourceId, Entry>,
    topology: Topology,
    /// Links that follow from what is there, not from a poller: inferred and declared ones.
    derived: BTreeSet<LinkKey>,
    declarations: Vec<Declaration>,
    /// Declarations that name nothing, or too much.
    mistakes: Vec<Failure>,
    polls: Polls,
    feed: Feed,
    early: early::Early,
    alarms: Vec<Alarm>,
    flows: flows::Flows,
    /// The poller that lists a kind.
    listers: BTreeMap<Kind, &'static str>,
    /// Grows when resources come, go or change their names.
    shape: u64,
    findings: findings::Findings,
    revision: u64,
}

/// Attributes that tell how it goes, not how it is configured: they change while nobody changes anything.
const TELL_HOW_IT_GOES: [&str; 2] = ["NewestKey", "LastProcessingResult"];

/// What became different with a report, as far as more follows from it.
#[derive(Debug, Default, Clone, Copy)]
struct Changes {
    /// Names, what is there, or what names something: links that follow from names are drawn anew.
    names: bool,
    /// Anything that findings are judged by.
    configuration: bool,
}

impl Changes {
    const ALL: Self = Self { names: true, configuration: true };

    fn add(&mut self, other: Self) {
        self.names |= other.names;
        self.configuration |= other.configuration;
    }
}

fn is_configured_otherwise(old: &Link, new: &Link) -> bool {
    (old.known_by, &old.label) != (new.known_by, &new.label) || differ(&old.attributes, &new.attributes)
}

fn differ(old: &Attributes, new: &Attributes) -> bool {
    let configured = |(name, _): &(&String, &String)| !TELL_HOW_IT_GOES.contains(&name.as_str());
    !old.iter().filter(configured).eq(new.iter().filter(configured))
}

/// A verdict that wants to be read first.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    pub id: ResourceId,
    pub kind: Kind,
    pub name: String,
    pub verdict: Verdict,
}

impl Store {
    /// Takes in what a poller said.
    pub fn apply(&mut self, report: Report) {
        let mut measured = BTreeSet::new();
        if report.facts.iter().any(|fact| matches!(fact, Fact::Measured { .. } | Fact::Found(_))) {
            self.polls.answered_at(report.poller, report.at);
        }
        let mut changes = Changes::default();
        for fact in report.facts {
            match fact {
                Fact::Found(resource) => changes.add(self.found(resource, report.poller, report.at)),
                Fact::Linked(link) => {
                    changes.configuration |=
                        self.topology.get(&link.key()).is_none_or(|old| is_configured_otherwise(old, &link));
                    self.derived.remove(&link.key());
                    self.topology.link(link);
                }
                Fact::Gone(Subject::Resource(id)) => {
                    changes.add(Changes::ALL);
                    self.went(&id, report.at);
                }
                Fact::Gone(Subject::Link(key)) => {
                    changes.add(Changes::ALL);
                    self.derived.remove(&key);
                    self.topology.unlink(&key);
                }
                Fact::Measured { id, metric, reading } => match self.entries.get_mut(&id) {
                    Some(entry) => {
                        entry.measure(metric, reading);
                        measured.insert(id);
                    }
                    None => self.early.keep(id, metric, reading),
                },
                Fact::Heard(heard) => self.heard(heard),
                Fact::Failed(failure) => self.polls.failed(failure, report.at),
            }
        }
        for id in measured {
            if let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.resource.kind == Kind::Queue) {
                depths::derive(entry);
            }
        }
        if changes.names {
            self.derive();
        }
        if changes.configuration {
            self.findings.are_due();
        }
        if let Some(round) = report.round {
            self.polls.ended(report.poller, report.at, &round);
        }
        self.revision += 1;
    }

    /// Lets every rule judge every resource, and forgets what has been gone for long.
    pub fn assess(&mut self, now: Timestamp) {
        let before = self.entries.len();
        self.entries.retain(|_, entry| entry.gone.is_none_or(|gone| now.duration_since(gone) < REMEMBER_GONE));
        self.shape += u64::from(self.entries.len() != before);
        let judged = health::judge_all(self, now);
        self.alarms.clear();
        for (id, verdicts) in judged {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            for verdict in &verdicts {
                self.alarms.push(Alarm {
                    id: id.clone(),
                    kind: entry.resource.kind,
                    name: entry.resource.name.clone(),
                    verdict: verdict.clone(),
                });
            }
            entry.verdicts = verdicts;
        }
        self.watch();
        let mut findings = std::mem::take(&mut self.findings);
        findings.renew(self, now);
        self.findings = findings;
        self.alarms.sort_by(|a, b| {
            (b.verdict.health, a.verdict.since, a.kind, &a.name).cmp(&(
                a.verdict.health,
                b.verdict.since,
                b.kind,
                &b.name,
            ))
        });
        self.assess_flows();
        self.revision += 1;
    }

    /// Notes what has been judged by readings: its own, or for a function those of its log group.
    fn watch(&mut self) {
        let topology = &self.topology;
        let read: Vec<ResourceId> = self
            .entries
            .values()
            .filter(|entry| !entry.watched)
            .filter(|entry| {
                let group = topology.log_group(&entry.resource.id).and_then(|group| self.entries.get(group));
                !group.unwrap_or(entry).tracks.is_empty()
            })
            .map(|entry| entry.resource.id.clone())
            .collect();
        for id in read {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.watched = true;
            }
        }
    }

    /// Grows with every change; what was computed from an older one is out of date.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn get(&self, id: &ResourceId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// What it is called, as far as we know: its own name, or what its ARN ends in.
    pub fn name_of<'a>(&'a self, id: &'a ResourceId) -> &'a str {
        self.get(id).map_or(id.short_name(), |entry| &entry.resource.name)
    }

    /// All resources by id, also those just gone.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(move |entry| entry.resource.kind == kind)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many exist, as far as is known: without the ones just gone, and without groups, which only hold others.
    pub fn here(&self) -> usize {
        let here = |entry: &&Entry| entry.gone.is_none() && entry.resource.kind != Kind::Group;
        self.entries().filter(here).count()
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    pub fn polls(&self) -> &Polls {
        &self.polls
    }

    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// What the rules complain of, the worst and oldest first.
    pub fn alarms(&self) -> &[Alarm] {
        &self.alarms
    }

    /// What is wrong with the architecture itself, the worst first; those that the user lets stay are among them.
    pub fn findings(&self) -> &[Finding] {
        self.findings.all()
    }

    /// Lets some findings stay, with a reason.
    pub fn ignore(&mut self, ignores: Vec<Ignore>) {
        self.findings.ignore(ignores);
    }

    /// How many are here, by kind and then by health: ok, unknown, warn, crit.
    pub fn count_by_health(&self) -> BTreeMap<Kind, [usize; 4]> {
        let mut counts: BTreeMap<Kind, [usize; 4]> = BTreeMap::new();
        for entry in self.entries().filter(|entry| entry.gone.is_none()) {
            counts.entry(entry.resource.kind).or_default()[entry.health() as usize] += 1;
        }
        counts
    }

    fn found(&mut self, resource: Resource, poller: &'static str, at: Timestamp) -> Changes {
        self.listers.insert(resource.kind, poller);
        match self.entries.get_mut(&resource.id) {
            Some(entry) => {
                let is_as_before = entry.gone.is_none()
                    && entry.resource.kind == resource.kind
                    && entry.resource.name == resource.name;
                self.shape += u64::from(!is_as_before);
                let names = !is_as_before || entry.resource.mentions != resource.mentions;
                let configuration = names || differ(&entry.resource.attributes, &resource.attributes);
                entry.resource = resource;
                entry.poller = poller;
                entry.gone = None;
                Changes { names, configuration }
            }
            None => {
                self.shape += 1;
                let mut entry = Entry::new(resource, poller, at);
                self.early.give_to(&mut entry);
                self.entries.insert(entry.resource.id.clone(), entry);
                Changes::ALL
            }
        }
    }

    fn went(&mut self, id: &ResourceId, at: Timestamp) {
        self.polls.went(id);
        if let Some(entry) = self.entries.get_mut(id) {
            entry.gone = Some(at);
            self.shape += 1;
        }
    }

    fn heard(&mut self, heard: Heard) {
        if heard.level == Level::Error
            && let Some(entry) = self.entries.get_mut(&heard.id)
            && entry.last_error.as_ref().is_none_or(|last| last.at <= heard.at)
        {
            entry.last_error = Some(heard.clone());
        }
        self.feed.push(heard);
    }
}

#[cfg(test)]
mod tests;
