//! What we know: facts in, picture out.
//!
//! [`Store::apply`] takes reports; [`Store::assess`] lets the health rules speak. Both are pure: the instant is passed in, nothing is
//! read from clock, network or disk, and everything is bounded. A new health rule is one `impl` in [`health`].

mod declared;
pub mod depths;
mod derived;
mod early;
pub mod feed;
pub mod findings;
pub mod flows;
pub mod health;
mod inference;
pub mod polls;
pub mod rates;
pub mod series;
pub mod topology;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Declaration, Fact, Failure, Finding, Health, Heard, Ignore, Kind, Level, LinkKey, Metric, Reading, Report,
    Resource, ResourceId, Subject, Verdict,
};

use feed::Feed;
use polls::Polls;
use series::Series;
use topology::Topology;

/// What is gone stays on screen this long, said to be gone.
const REMEMBER_GONE: SignedDuration = SignedDuration::from_mins(10);

/// A younger reading is never shown as old, whatever the pace.
const STALE_AFTER_SECONDS: f64 = 60.0;
/// An older one than this many of its own periods is.
const STALE_AFTER_PERIODS: f64 = 3.0;
/// What nobody looks at is read up to eight times more rarely than its poller makes rounds; half as much again is late.
const STALE_AFTER_ROUNDS: f64 = 12.0;
/// CloudWatch knows a minute up to three minutes after it ended, and is asked once a minute.
const LATE_STALE_AFTER_SECONDS: f64 = 300.0;
/// The longest period that is believed: two readings with a long pause between them tell of no pace.
const LONGEST_PERIOD_SECONDS: f64 = 600.0;

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

/// One resource with what was measured and said of it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub resource: Resource,
    /// The poller that found it.
    pub poller: &'static str,
    /// When we first heard of it.
    pub first_seen: Timestamp,
    /// When a complete listing no longer named it.
    pub gone: Option<Timestamp>,
    pub verdicts: Vec<Verdict>,
    /// The rules have judged it by readings before: what they say from now on began while we looked.
    watched: bool,
    /// The last error line that it said.
    pub last_error: Option<Heard>,
    tracks: BTreeMap<&'static str, Track>,
    depths: depths::Depths,
}

/// A metric's latest reading and its past.
#[derive(Debug, Clone)]
pub struct Track {
    pub metric: Metric,
    pub last: Reading,
    pub series: Series,
    /// Seconds between its last two readings.
    period: Option<f64>,
}

/// A verdict that wants to be read first.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    pub id: ResourceId,
    pub kind: Kind,
    pub name: String,
    pub verdict: Verdict,
}

impl Entry {
    fn new(resource: Resource, poller: &'static str, at: Timestamp) -> Self {
        Self {
            resource,
            poller,
            first_seen: at,
            gone: None,
            verdicts: Vec::new(),
            watched: false,
            last_error: None,
            tracks: BTreeMap::new(),
            depths: depths::Depths::default(),
        }
    }

    /// The worst of what the rules say.
    pub fn health(&self) -> Health {
        self.verdicts.iter().map(|verdict| verdict.health).max().unwrap_or_default()
    }

    pub fn reading(&self, metric: Metric) -> Option<Reading> {
        self.tracks.get(metric.name).map(|track| track.last)
    }

    pub fn value(&self, metric: Metric) -> Option<f64> {
        self.reading(metric).map(|reading| reading.value)
    }

    pub fn series(&self, metric: Metric) -> Option<&Series> {
        self.tracks.get(metric.name).map(|track| &track.series)
    }

    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.tracks.values()
    }

    /// The instant of its newest reading.
    pub fn read_at(&self) -> Option<Timestamp> {
        self.tracks.values().map(|track| track.last.at).max()
    }

    fn measure(&mut self, metric: Metric, reading: Reading) {
        let track = self.tracks.entry(metric.name).or_insert_with(|| Track {
            metric,
            last: reading,
            series: Series::default(),
            period: None,
        });
        // An answer that was overtaken by a later one says nothing new.
        if reading.at >= track.last.at {
            if reading.at > track.last.at {
                track.period = Some(reading.at.duration_since(track.last.at).as_secs_f64());
            }
            track.last = reading;
            track.series.push(reading.at, reading.value);
        }
    }
}

impl Store {
    /// Takes in what a poller said.
    pub fn apply(&mut self, report: Report) {
        let mut measured = BTreeSet::new();
        if report.facts.iter().any(|fact| matches!(fact, Fact::Measured { .. } | Fact::Found(_))) {
            self.polls.answered_at(report.poller, report.at);
        }
        let names_changed = report.facts.iter().any(|fact| matches!(fact, Fact::Found(_) | Fact::Gone(_)));
        if report.facts.iter().any(|fact| matches!(fact, Fact::Found(_) | Fact::Linked(_) | Fact::Gone(_))) {
            self.findings.are_due();
        }
        for fact in report.facts {
            match fact {
                Fact::Found(resource) => self.found(resource, report.poller, report.at),
                Fact::Linked(link) => {
                    self.derived.remove(&link.key());
                    self.topology.link(link);
                }
                Fact::Gone(Subject::Resource(id)) => self.went(&id, report.at),
                Fact::Gone(Subject::Link(key)) => {
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
        if names_changed {
            self.derive();
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

    /// Whether all that is known of it was true once: it is gone, or its poller fails.
    pub fn is_in_doubt(&self, entry: &Entry) -> bool {
        entry.gone.is_some() || self.polls.is_failing(entry.poller)
    }

    /// Whether one of its numbers must be shown as old: all of it is in doubt, or no reading came when one was due.
    pub fn is_stale(&self, entry: &Entry, metric: Metric, now: Timestamp) -> bool {
        let Some(track) = entry.tracks.get(metric.name) else { return self.is_in_doubt(entry) };
        if track.last.comes_late() {
            // Another poller's word than the one that found it: that one's failing is no reason to doubt it.
            return entry.gone.is_some() || track.last.age_seconds(now) > LATE_STALE_AFTER_SECONDS;
        }
        let round = self.polls.get(entry.poller).and_then(|poll| poll.period_seconds()).unwrap_or(0.0);
        let own = track.period.unwrap_or(0.0).min(LONGEST_PERIOD_SECONDS);
        let late = (own * STALE_AFTER_PERIODS).max(round * STALE_AFTER_ROUNDS).max(STALE_AFTER_SECONDS);
        self.is_in_doubt(entry) || track.last.age_seconds(now) > late
    }

    fn found(&mut self, resource: Resource, poller: &'static str, at: Timestamp) {
        self.listers.insert(resource.kind, poller);
        match self.entries.get_mut(&resource.id) {
            Some(entry) => {
                let is_as_before = entry.gone.is_none()
                    && entry.resource.kind == resource.kind
                    && entry.resource.name == resource.name;
                self.shape += u64::from(!is_as_before);
                entry.resource = resource;
                entry.poller = poller;
                entry.gone = None;
            }
            None => {
                self.shape += 1;
                let mut entry = Entry::new(resource, poller, at);
                self.early.give_to(&mut entry);
                self.entries.insert(entry.resource.id.clone(), entry);
            }
        }
    }

    fn went(&mut self, id: &ResourceId, at: Timestamp) {
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
