//! What of a flow is drawn: its resources as boxes, its links as lines.
//!
//! A log group is a sign on its function's box, links between the same two are one line, and in a large flow resources that are alike
//! share a box ([`super::fold`]). Must not: say anything about how well things go; that changes more often than a scene does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::fold;
use crate::{
    domain::{Kind, Link, LinkKey, LinkKind, ResourceId},
    store::{Store, flows::Flow},
};

/// What the user asked to see of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Log groups as boxes of their own.
    pub with_logs: bool,
    /// Only what is within so many links of this one.
    pub around: Option<(ResourceId, usize)>,
    /// Resources that are to stand alone, although others are like them.
    pub unfolded: BTreeSet<ResourceId>,
}

/// One box: a resource, or several that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// The first of them.
    pub id: ResourceId,
    pub kind: Kind,
    /// All of them, by id.
    pub members: Vec<ResourceId>,
    /// The log groups whose signs are on it.
    pub logs: Vec<ResourceId>,
    /// Others' dead letters end here, and nothing takes them on: it is drawn small.
    pub is_end: bool,
}

/// One line: the links of all members of one box to those of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strand {
    pub from: usize,
    pub to: usize,
    pub links: Vec<LinkKey>,
}

/// What is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scene {
    pub things: Vec<Thing>,
    pub strands: Vec<Strand>,
    /// Members of the flow that are not shown, because only a neighbourhood is.
    pub hidden: usize,
}

impl Strand {
    /// Whether nothing but failed messages goes this way.
    pub fn is_for_dead_letters(&self) -> bool {
        self.links.iter().all(|key| key.kind == LinkKind::DeadLetters)
    }
}

impl Scene {
    pub fn of(flow: &Flow, store: &Store, wishes: &Wishes) -> Self {
        let topology = store.topology();
        let all: BTreeSet<&ResourceId> = flow.members.iter().collect();
        let drawn = |link: &Link| link.kind != LinkKind::Contains && all.contains(&link.from) && all.contains(&link.to);
        let links: Vec<&Link> = all.iter().flat_map(|id| topology.from(id)).filter(|link| drawn(link)).collect();
        let mut logs: BTreeMap<&ResourceId, Vec<&ResourceId>> = BTreeMap::new();
        let mut members = all;
        if !wishes.with_logs {
            for link in links.iter().filter(|link| link.kind == LinkKind::Logs) {
                logs.entry(&link.from).or_default().push(&link.to);
                members.remove(&link.to);
            }
        }
        let links: Vec<&Link> =
            links.into_iter().filter(|link| members.contains(&link.from) && members.contains(&link.to)).collect();
        let whole = members.len();
        if let Some((centre, hops)) = &wishes.around {
            let near = neighbourhood(centre, *hops, &links);
            members.retain(|id| near.contains(id));
        }
        let folded = fold::fold(store, &members, &links, &wishes.unfolded);
        let mut scene = Self { hidden: whole - members.len(), ..Self::default() };
        let mut homes: BTreeMap<&ResourceId, usize> = BTreeMap::new();
        for group in folded {
            for id in &group {
                homes.insert(id, scene.things.len());
            }
            let Some(first) = group.first() else { continue };
            scene.things.push(Thing {
                id: (*first).clone(),
                kind: store.kind_of(first),
                members: group.iter().map(|id| (*id).clone()).collect(),
                logs: group.iter().filter_map(|id| logs.get(id)).flatten().map(|id| (*id).clone()).collect(),
                is_end: false,
            });
        }
        scene.strands = strands(&links, &homes);
        scene.mark_ends();
        scene
    }

    fn mark_ends(&mut self) {
        for at in 0..self.things.len() {
            let mut arriving = self.strands.iter().filter(|strand| strand.to == at).peekable();
            let is_end = arriving.peek().is_some()
                && arriving.all(Strand::is_for_dead_letters)
                && !self.strands.iter().any(|strand| strand.from == at);
            self.things[at].is_end = is_end;
        }
    }

    /// The box of a resource, also of a log group whose sign is on one.
    pub fn find(&self, id: &ResourceId) -> Option<usize> {
        self.things.iter().position(|thing| thing.members.contains(id) || thing.logs.contains(id))
    }
}

/// Lines in the order of what they lead from and to.
fn strands(links: &[&Link], homes: &BTreeMap<&ResourceId, usize>) -> Vec<Strand> {
    // What fails goes apart from what does not, even between the same two.
    let mut between: BTreeMap<(usize, usize, bool), Vec<LinkKey>> = BTreeMap::new();
    for link in links {
        let (Some(from), Some(to)) = (homes.get(&link.from), homes.get(&link.to)) else { continue };
        let fails = link.kind == LinkKind::DeadLetters;
        between.entry((*from, *to, fails)).or_default().push(link.key());
    }
    between.into_iter().map(|((from, to, _), links)| Strand { from, to, links }).collect()
}

/// What is within so many links of the centre, whichever way they lead.
fn neighbourhood<'a>(centre: &'a ResourceId, hops: usize, links: &[&'a Link]) -> BTreeSet<&'a ResourceId> {
    let mut ends: BTreeMap<&ResourceId, Vec<&ResourceId>> = BTreeMap::new();
    for link in links {
        ends.entry(&link.from).or_default().push(&link.to);
        ends.entry(&link.to).or_default().push(&link.from);
    }
    let mut near = BTreeSet::from([centre]);
    let mut queue = VecDeque::from([(centre, 0)]);
    while let Some((id, steps)) = queue.pop_front() {
        if steps == hops {
            continue;
        }
        for next in ends.get(id).into_iter().flatten() {
            if near.insert(next) {
                queue.push_back((next, steps + 1));
            }
        }
    }
    near
}
