//! What is wrong with the architecture itself, and what to do about it.
//!
//! One rule, one `impl` [`Rule`], one row in [`RULES`], one test with a good and a bad architecture. A rule says what it builds on
//! ([`Rule::needs`]): while that could not be read it is silent, and [`silent`] says so. What is not known is never a finding.
//!
//! Rules read configuration and are judged again only when that has changed; the few that read numbers ([`Rule::is_live`]) are judged
//! each time. Whether something goes wrong at the moment is [`super::health`]'s matter.

mod access;
mod case;
mod consumers;
mod dead_letters;
mod events;
mod logs;
mod never;
mod policy;
mod streams;
mod topics;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Store,
    polls::{Poll, Polls},
};
use crate::domain::{FailureKind, Finding, Ignore, Kind, ResourceId, Severity, glob};

use case::{Case, Said};

/// One thing that may be wrong with how things are configured.
pub trait Rule: Sync {
    /// Its name in the configuration file and in JSON.
    fn name(&self) -> &'static str;

    /// The page of AWS's documentation behind it.
    fn page(&self) -> &'static str;

    /// The page for one kind of resource, where each has its own.
    fn page_on(&self, _kind: Kind) -> &'static str {
        self.page()
    }

    /// The kinds of resource that it judges.
    fn kinds(&self) -> &'static [Kind];

    /// What must have been read, beside the resource itself.
    fn needs(&self) -> &'static [Need] {
        &[]
    }

    /// The kinds whose absence it reports: where their listing could not be read, it is silent about them.
    fn misses(&self) -> &'static [Kind] {
        &[]
    }

    /// Whether it reads numbers, which change without anybody changing the configuration.
    fn is_live(&self) -> bool {
        false
    }

    /// What it says of this resource.
    fn judge(&self, case: &Case<'_>) -> Vec<Said>;
}

/// All rules, in the order in which findings of one severity are listed.
pub const RULES: &[&dyn Rule] = &[
    &dead_letters::Loop,
    &dead_letters::TargetGone,
    &dead_letters::Forbidden,
    &dead_letters::OfAnotherType,
    &dead_letters::KeptTooShort,
    &dead_letters::Chain,
    &dead_letters::Missing,
    &dead_letters::FewReceives,
    &topics::SubscriberGone,
    &topics::SubscriberRefuses,
    &topics::Undeliverable,
    &topics::NoSubscriber,
    &topics::PendingConfirmation,
    &topics::FilterNeverMatches,
    &events::RuleDisabled,
    &events::NoTarget,
    &events::TargetGone,
    &events::PatternNeverMatches,
    &consumers::Disabled,
    &consumers::Absent,
    &consumers::ShortVisibility,
    &streams::NoReader,
    &streams::NothingDelivered,
    &access::PubliclyWritable,
    &access::Unencrypted,
    &consumers::WholeBatches,
    &logs::GroupMissing,
    &logs::NeverExpires,
];

/// An operation that a rule builds on, and the poller that calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    pub poller: &'static str,
    pub operation: &'static str,
    /// An endpoint without this operation has nothing of what it lists: that, too, is an answer.
    pub may_lack: bool,
}

const fn need(poller: &'static str, operation: &'static str) -> Need {
    Need { poller, operation, may_lack: false }
}

impl Need {
    const fn or_absent(self) -> Self {
        Self { may_lack: true, ..self }
    }

    /// Whether it was answered, now or before: old answers are still what is known.
    fn is_met(&self, polls: &Polls) -> bool {
        let Some(poll) = polls.get(self.poller).filter(|poll| poll.last_round.is_some()) else { return false };
        if poll.last_good.is_none() && poll.failures().any(|failure| failure.kind.ends_a_round()) {
            return false;
        }
        // One that could not be read may be the one that matters.
        if poll.unread().any(|(_, failure)| failure.operation == self.operation) {
            return false;
        }
        match poll.failure_to(self.operation).map(|failure| failure.kind) {
            None => true,
            Some(FailureKind::NotImplemented) => self.may_lack,
            Some(FailureKind::Denied | FailureKind::Refused) => false,
            Some(_) => poll.last_good.is_some(),
        }
    }

    /// Whether it named everything that there is: what it does not name is not there, then. A round that was broken off may have
    /// left out what is found one by one.
    fn is_complete(&self, polls: &Polls) -> bool {
        let unbroken = |poll: &Poll| {
            poll.failure_to(self.operation).is_none() && poll.failures().all(|failure| !failure.kind.ends_a_round())
        };
        self.is_met(polls) && polls.get(self.poller).is_some_and(unbroken)
    }
}

/// A rule that says nothing, or nothing about what does not exist of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Silence {
    pub rule: &'static str,
    /// `null`: about anything.
    pub about: Option<Kind>,
}

/// The rules that are silent because what they build on could not be read, by the operation that is to blame.
pub fn silent(polls: &Polls) -> BTreeMap<&'static str, Vec<Silence>> {
    let mut silent: BTreeMap<&'static str, Vec<Silence>> = BTreeMap::new();
    for rule in RULES {
        let needs = rule.needs().iter().filter(|need| !need.is_met(polls)).map(|need| (need, None));
        let listings = rule.misses().iter().filter_map(|kind| Some((case::listing(*kind)?, Some(*kind))));
        // What no poller of ours lists is not asked for.
        let listings = listings.filter(|(need, _)| polls.get(need.poller).is_some() && !need.is_complete(polls));
        for (need, about) in needs.chain(listings) {
            silent.entry(need.operation).or_default().push(Silence { rule: rule.name(), about });
        }
    }
    silent
}

/// What the rules said last, and what they said it of.
#[derive(Debug, Default, Clone)]
pub(super) struct Findings {
    /// By rules that read configuration alone.
    standing: Vec<Finding>,
    /// By rules that read numbers too.
    live: Vec<Finding>,
    /// All of them, the worst first.
    all: Vec<Finding>,
    ignores: Vec<Ignore>,
    /// Something was configured differently since they were judged.
    due: bool,
    /// What could be read then.
    read: Read,
}

/// What rules build on, as far as it could be read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Read {
    /// Of each rule, whether its needs are met.
    met: Vec<bool>,
    /// Of each listing, whether what it does not name is not there.
    complete: Vec<bool>,
}

impl Read {
    fn of(polls: &Polls) -> Self {
        Self {
            met: RULES.iter().map(|rule| rule.needs().iter().all(|need| need.is_met(polls))).collect(),
            complete: case::LISTINGS.iter().map(|(_, listing)| listing.is_complete(polls)).collect(),
        }
    }
}

impl Findings {
    pub(super) fn all(&self) -> &[Finding] {
        &self.all
    }

    pub(super) fn ignore(&mut self, ignores: Vec<Ignore>) {
        (self.ignores, self.due) = (ignores, true);
    }

    /// Configuration has changed.
    pub(super) fn are_due(&mut self) {
        self.due = true;
    }

    /// Orders them anew only if any of them changed.
    pub(super) fn renew(&mut self, store: &Store, now: Timestamp) {
        let read = Read::of(&store.polls);
        let is_stale = std::mem::take(&mut self.due) || self.read != read;
        if is_stale {
            self.standing = self.judged(false, &read, store, now);
        }
        let live = self.judged(true, &read, store, now);
        if is_stale || self.live != live {
            self.all = live.iter().chain(&self.standing).cloned().collect();
            self.all.sort_by_cached_key(|finding| {
                let rule = RULES.iter().position(|rule| rule.name() == finding.rule);
                (std::cmp::Reverse(finding.severity), rule, finding.resource.clone(), finding.about.clone())
            });
            self.live = live;
        }
        self.read = read;
    }

    /// What the rules say that can, with the reasons for what is let stay.
    fn judged(&self, live: bool, read: &Read, store: &Store, now: Timestamp) -> Vec<Finding> {
        let rules = RULES.iter().zip(&read.met).filter(|(rule, met)| **met && rule.is_live() == live);
        let mut findings: Vec<Finding> = rules.flat_map(|(rule, _)| judge(*rule, store, now)).collect();
        for finding in &mut findings {
            finding.ignored = self.ignores.iter().find(|one| covers(one, finding)).map(|one| one.reason.clone());
        }
        findings
    }
}

fn judge(rule: &dyn Rule, store: &Store, now: Timestamp) -> Vec<Finding> {
    let entries = store.entries().filter(|entry| entry.gone.is_none() && rule.kinds().contains(&entry.resource.kind));
    let judged = entries.flat_map(|entry| {
        let said = rule.judge(&Case { store, entry, now });
        said.into_iter().map(|Said { severity, about, sentence, advice }| Finding {
            rule: rule.name(),
            severity,
            resource: entry.resource.id.clone(),
            about,
            sentence,
            advice,
            page: rule.page_on(entry.resource.kind),
            ignored: None,
        })
    });
    judged.collect()
}

fn covers(ignore: &Ignore, finding: &Finding) -> bool {
    let names = |id: &ResourceId| {
        glob::matches(&ignore.resource, id.as_str()) || glob::matches(&ignore.resource, id.short_name())
    };
    (ignore.rule == "*" || ignore.rule == finding.rule) && names(&finding.resource)
}

/// What is wrong with what is to be ignored: a rule that there is not.
pub fn unknown_rules(ignores: &[Ignore]) -> Vec<String> {
    let is_known = |one: &&Ignore| one.rule == "*" || RULES.iter().any(|rule| rule.name() == one.rule);
    let unknown = ignores.iter().filter(|one| !is_known(one));
    unknown.map(|one| format!("[[ignore]] names the rule '{}', which there is not", one.rule)).collect()
}

/// What is to be ignored and was not found: it was mended since, or its name is misspelt. Of rules that could not judge it is not known.
pub fn idle<'a>(
    ignores: &'a [Ignore],
    findings: &[Finding],
    silent: &BTreeMap<&'static str, Vec<Silence>>,
) -> Vec<&'a Ignore> {
    let is_silent = |rule: &str| silent.values().flatten().any(|silence| rule == "*" || silence.rule == rule);
    let is_found = |one: &Ignore| findings.iter().any(|finding| covers(one, finding));
    ignores.iter().filter(|one| !is_found(one) && !is_silent(&one.rule)).collect()
}

/// How many there are of each severity, the ignored ones left out; the worst severity first.
pub fn count(findings: &[Finding]) -> [(Severity, usize); 4] {
    Severity::ALL.map(|severity| {
        let such = findings.iter().filter(|finding| finding.ignored.is_none() && finding.severity == severity);
        (severity, such.count())
    })
}

#[cfg(test)]
mod tests;
