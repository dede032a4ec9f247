//! Flows: which resources work together, what that is called, and how well it goes.
//!
//! A flow is what links that carry something join, in either direction ([`components`]), named after the stack or tag that most of it
//! carries, or after where it begins ([`naming`]). It is found anew only when resources or links change; its health at each
//! assessment. Nothing here draws. What could not be read is said ([`Flow::unknown`]) and never taken for absent.

mod components;
mod doubts;
mod naming;
mod stages;

use std::collections::HashMap;

use jiff::Timestamp;

use super::Store;
use crate::domain::{Arn, Health, Kind, ResourceId};

pub use stages::Stage;

/// What gave a flow its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamedBy {
    /// The CloudFormation stack that most of it belongs to.
    Stack,
    /// A tag that most of it carries.
    Tag,
    /// The resource where it begins.
    Entry,
}

/// Resources that send to each other.
#[derive(Debug, Clone)]
pub struct Flow {
    pub name: String,
    pub named_by: NamedBy,
    /// Where it begins: a resource that is here, if any of it is.
    pub entry: ResourceId,
    /// All that belongs to it, by id, also what nobody lists. What is shared (a `default` bus, an e-mail address) is in several flows.
    pub members: Vec<ResourceId>,
    /// What a message passes, in order, without dead-letter queues and log groups.
    pub stages: Vec<Stage>,
    /// The worst of its members, and at best unknown where something could not be read.
    pub health: Health,
    /// Since when something in it is as bad as its health.
    pub since: Option<Timestamp>,
    /// What could not be known about it, one sentence each.
    pub unknown: Vec<String>,
    /// Its place in the order in which flows were found.
    number: usize,
}

/// Where the end of a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is listed.
    Here,
    /// It belongs here and a complete listing does not name it.
    Missing,
    /// Another account, Region or partition, an address, or a service that nothing here reads.
    Outside,
    /// Its kind could not be listed, or not yet; or its name does not tell whose it is, as a bucket's does not.
    Unknown,
}

/// All flows, and who belongs to which.
#[derive(Debug, Default, Clone)]
pub(super) struct Flows {
    /// The worst first.
    sorted: Vec<Flow>,
    /// By member, the numbers of its flows.
    of: HashMap<ResourceId, Vec<usize>>,
    /// By number, where the flow stands in `sorted`.
    places: Vec<usize>,
    homes: Vec<Home>,
    alone: usize,
    /// The shape that all this was made from.
    shape: Option<u64>,
}

/// An account in a Region, of which something was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Home {
    partition: String,
    region: String,
    account: String,
}

impl Home {
    /// Parts that the ARN leaves out, as a bucket's does, say nothing against it.
    fn has(&self, arn: &Arn<'_>) -> bool {
        let fits = |said: &str, own: &str| said.is_empty() || said == own;
        self.partition == arn.partition && fits(arn.region, &self.region) && fits(arn.account, &self.account)
    }
}

impl Flows {
    fn place(&mut self) {
        self.sorted.sort_by(|a, b| {
            (b.health, a.since.unwrap_or(Timestamp::MAX), &a.name, &a.entry).cmp(&(
                a.health,
                b.since.unwrap_or(Timestamp::MAX),
                &b.name,
                &b.entry,
            ))
        });
        self.places.resize(self.sorted.len(), 0);
        for (place, flow) in self.sorted.iter().enumerate() {
            if let Some(slot) = self.places.get_mut(flow.number) {
                *slot = place;
            }
        }
    }

    /// Whether an ARN names something of another account, Region or partition. Nothing is, until something was listed.
    fn is_elsewhere(&self, arn: &Arn<'_>) -> bool {
        !self.homes.is_empty() && !self.homes.iter().any(|home| home.has(arn))
    }
}

impl Store {
    /// All flows as of the last assessment, the worst first: by health, then by how long, then by name.
    pub fn flows(&self) -> &[Flow] {
        &self.flows.sorted
    }

    /// The flow of a resource; the worst one of what is shared.
    pub fn flow_of(&self, id: &ResourceId) -> Option<&Flow> {
        self.flows_of(id).min_by_key(|flow| self.flows.places.get(flow.number))
    }

    /// All flows that a resource belongs to: more than one only where it is shared.
    pub fn flows_of(&self, id: &ResourceId) -> impl Iterator<Item = &Flow> {
        let numbers = self.flows.of.get(id).map(Vec::as_slice).unwrap_or_default();
        numbers.iter().filter_map(|number| self.flows.sorted.get(*self.flows.places.get(*number)?))
    }

    /// How many of the resources that are here send nothing and get nothing.
    pub fn alone(&self) -> usize {
        self.flows.alone
    }

    /// Grows when resources come, go or change their names, and when links come, go or change their labels: what was laid out for an
    /// older shape is out of date. Readings and health do not change it.
    pub fn shape_revision(&self) -> u64 {
        self.shape + self.topology.revision()
    }

    /// Where one end of a link is.
    pub fn end(&self, id: &ResourceId) -> End {
        if let Some(entry) = self.entries.get(id) {
            return match entry.resource.kind {
                Kind::Endpoint | Kind::External => End::Outside,
                _ if entry.gone.is_some() => End::Missing,
                _ => End::Here,
            };
        }
        let Some(arn) = id.arn() else { return End::Outside };
        let kind = Kind::of_arn(&arn);
        if kind == Kind::External || self.flows.is_elsewhere(&arn) {
            End::Outside
        } else if kind != Kind::Bucket && doubts::is_listed(self, kind, arn.service) {
            End::Missing
        } else {
            End::Unknown
        }
    }

    /// What it is: as listed, or as far as the id alone tells.
    pub fn kind_of(&self, id: &ResourceId) -> Kind {
        if let Some(entry) = self.entries.get(id) {
            return entry.resource.kind;
        }
        id.arn().map_or(Kind::Endpoint, |arn| Kind::of_arn(&arn))
    }

    /// Finds the flows again if the shape changed, and how well each is now.
    pub(super) fn assess_flows(&mut self) {
        let shape = self.shape_revision();
        if self.flows.shape != Some(shape) {
            self.flows = found(self);
            self.flows.shape = Some(shape);
        }
        let doubts = doubts::Doubts::of(self);
        let judged = |flow: &Flow| (doubts.about(self, &flow.members), self.health_of(&flow.members));
        let judged: Vec<_> = self.flows.sorted.iter().map(judged).collect();
        for (flow, (unknown, (health, since))) in self.flows.sorted.iter_mut().zip(judged) {
            let is_doubtful = health == Health::Ok && !unknown.is_empty();
            flow.health = if is_doubtful { Health::Unknown } else { health };
            (flow.unknown, flow.since) = (unknown, since);
        }
        self.flows.place();
    }

    /// The ends of links that are not there.
    pub fn missing(&self) -> impl Iterator<Item = &ResourceId> {
        self.topology.links().map(|link| &link.to).filter(|id| self.end(id) == End::Missing)
    }

    /// Whether something sends to what is not there, nor was while we looked. A function that never ran has no log group.
    fn is_alarming(&self, id: &ResourceId) -> bool {
        !self.entries.contains_key(id) && self.kind_of(id) != Kind::LogGroup && self.end(id) == End::Missing
    }

    /// The worst verdict over these, and when the oldest such began. What is missing without our having seen it go is at least a
    /// warning, of no known age.
    fn health_of(&self, members: &[ResourceId]) -> (Health, Option<Timestamp>) {
        let verdicts = members.iter().filter_map(|id| self.entries.get(id)).flat_map(|entry| &entry.verdicts);
        let missing = members.iter().any(|id| self.is_alarming(id));
        let first = if missing { Health::Warn } else { Health::Ok };
        verdicts.fold((first, None), |(health, since), verdict| {
            if verdict.health < health || verdict.health == Health::Ok {
                (health, since)
            } else if verdict.health > health {
                (verdict.health, Some(verdict.since))
            } else {
                (health, Some(since.map_or(verdict.since, |since: Timestamp| since.min(verdict.since))))
            }
        })
    }
}

/// The flows of everything that is known, in the order of their first members; their health is not known yet.
fn found(store: &Store) -> Flows {
    let mut flows = Flows { homes: homes(store), ..Flows::default() };
    let graph = components::Graph::of(store, &flows);
    let groups = naming::Groups::of(store);
    for (number, component) in graph.components().into_iter().enumerate() {
        let entry = naming::entry(store, &graph, &component);
        let (name, named_by) = naming::name(store, &groups, &graph, &component, entry);
        for member in &component {
            flows.of.entry(graph.id(*member).clone()).or_default().push(number);
        }
        flows.sorted.push(Flow {
            name,
            named_by,
            entry: graph.id(entry).clone(),
            members: component.iter().map(|member| graph.id(*member).clone()).collect(),
            stages: stages::of(&graph, &component),
            health: Health::Ok,
            since: None,
            unknown: Vec::new(),
            number,
        });
    }
    naming::tell_apart(&mut flows.sorted);
    flows.alone = store
        .entries()
        .filter(|entry| entry.gone.is_none())
        .filter(|entry| !matches!(entry.resource.kind, Kind::Group | Kind::Endpoint | Kind::External))
        .filter(|entry| !flows.of.contains_key(&entry.resource.id))
        .count();
    flows
}

/// The accounts and Regions that listings were of.
fn homes(store: &Store) -> Vec<Home> {
    let mut homes: Vec<Home> = Vec::new();
    for entry in store.entries() {
        if matches!(entry.resource.kind, Kind::Group | Kind::Endpoint | Kind::External) {
            continue;
        }
        let Some(arn) = entry.resource.id.arn().filter(|arn| !arn.region.is_empty() && !arn.account.is_empty()) else {
            continue;
        };
        if !homes.iter().any(|home| home.has(&arn)) {
            homes.push(Home {
                partition: arn.partition.to_owned(),
                region: arn.region.to_owned(),
                account: arn.account.to_owned(),
            });
        }
    }
    homes
}

#[cfg(test)]
mod tests;
