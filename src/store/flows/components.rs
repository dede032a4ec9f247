//! What is joined with what, over links that carry something.
//!
//! What many unrelated architectures have in common is a member of each and joins none: the `default` bus, a bus whose rules belong to
//! more than one stack, an address or another account's resource that only receives, a log group that only receives. Without that, one
//! on-call address would make one flow of everything.

use std::collections::{BTreeSet, HashMap};

use super::{Flows, Store};
use crate::domain::{Kind, LinkKind, ResourceId};

/// One carrying link, by its ends' numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub kind: LinkKind,
}

/// Resources as numbers, which are quick to walk.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    ids: Vec<&'a ResourceId>,
    numbers: HashMap<&'a ResourceId, usize>,
    kinds: Vec<Kind>,
    /// Links that carry something, by their beginning.
    edges: Vec<Edge>,
    /// By number: where its edges begin in `edges`.
    first_edge: Vec<usize>,
    /// By number, how many edges arrive from what is no shared member.
    incoming: Vec<usize>,
    /// By number, the log group that it writes to.
    logs: HashMap<usize, usize>,
    shared: Vec<bool>,
}

impl<'a> Graph<'a> {
    pub fn of(store: &'a Store, flows: &Flows) -> Self {
        let mut graph = Self {
            ids: Vec::new(),
            numbers: HashMap::new(),
            kinds: Vec::new(),
            edges: Vec::new(),
            first_edge: Vec::new(),
            incoming: Vec::new(),
            logs: HashMap::new(),
            shared: Vec::new(),
        };
        for link in store.topology.links() {
            match link.kind {
                LinkKind::Contains => {}
                LinkKind::Logs => {
                    let (from, to) = (graph.number(store, &link.from), graph.number(store, &link.to));
                    graph.logs.insert(from, to);
                }
                kind => {
                    let (from, to) = (graph.number(store, &link.from), graph.number(store, &link.to));
                    graph.edges.push(Edge { from, to, kind });
                }
            }
        }
        graph.index();
        graph.shared = (0..graph.ids.len()).map(|number| graph.is_shared(store, flows, number)).collect();
        let mut incoming = vec![0; graph.ids.len()];
        for edge in graph.edges.iter().filter(|edge| !graph.shared[edge.from] && edge.from != edge.to) {
            incoming[edge.to] += 1;
        }
        graph.incoming = incoming;
        graph
    }

    fn number(&mut self, store: &Store, id: &'a ResourceId) -> usize {
        let next = self.ids.len();
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.ids.push(id);
            self.kinds.push(store.kind_of(id));
        }
        number
    }

    /// Sorts the edges by their beginning, and notes where each begins.
    fn index(&mut self) {
        self.edges.sort_by_key(|edge| edge.from);
        self.first_edge = vec![0; self.ids.len() + 1];
        for edge in &self.edges {
            self.first_edge[edge.from + 1] += 1;
        }
        for number in 1..self.first_edge.len() {
            self.first_edge[number] += self.first_edge[number - 1];
        }
    }

    pub fn id(&self, number: usize) -> &'a ResourceId {
        self.ids[number]
    }

    pub fn kind(&self, number: usize) -> Kind {
        self.kinds[number]
    }

    pub fn is_shared_member(&self, number: usize) -> bool {
        self.shared[number]
    }

    /// The carrying links that leave it.
    pub fn leaving(&self, number: usize) -> &[Edge] {
        self.edges.get(self.first_edge[number]..self.first_edge[number + 1]).unwrap_or_default()
    }

    /// How many carrying links arrive, but for those from a shared bus: a rule on it is where something begins.
    pub fn incoming(&self, number: usize) -> usize {
        self.incoming[number]
    }

    /// Whether it belongs to each flow that touches it, and joins none.
    fn is_shared(&self, store: &Store, flows: &Flows, number: usize) -> bool {
        let (id, kind) = (self.ids[number], self.kinds[number]);
        match kind {
            Kind::Bus => id.short_name() == "default" || self.serves_many_stacks(store, number),
            _ if !self.leaving(number).is_empty() => false,
            Kind::LogGroup | Kind::Endpoint | Kind::External => true,
            _ => id.arn().is_some_and(|arn| flows.is_elsewhere(&arn)),
        }
    }

    /// Whether the rules of a bus were deployed by more than one stack: then they have nothing in common but the bus.
    fn serves_many_stacks(&self, store: &Store, bus: usize) -> bool {
        let rules = self.leaving(bus).iter().filter(|edge| edge.kind == LinkKind::Routes);
        let stacks: BTreeSet<&ResourceId> = rules
            .flat_map(|edge| store.topology.to(self.ids[edge.to]))
            .filter(|link| link.kind == LinkKind::Contains && link.from.arn().is_some())
            .map(|link| &link.from)
            .collect();
        stacks.len() > 1
    }

    /// The members of each flow, by id; the flows by their first members.
    pub fn components(&self) -> Vec<Vec<usize>> {
        let mut roots: Vec<usize> = (0..self.ids.len()).collect();
        for edge in &self.edges {
            if !self.shared[edge.from] && !self.shared[edge.to] {
                let (a, b) = (root(&mut roots, edge.from), root(&mut roots, edge.to));
                roots[a.max(b)] = a.min(b);
            }
        }
        let mut members: HashMap<usize, BTreeSet<&ResourceId>> = HashMap::new();
        for edge in &self.edges {
            let joining = [edge.from, edge.to].into_iter().find(|end| !self.shared[*end]).unwrap_or(edge.from);
            let root = root(&mut roots, joining);
            members.entry(root).or_default().extend([self.ids[edge.from], self.ids[edge.to]]);
        }
        for set in members.values_mut() {
            let groups: Vec<_> = set.iter().filter_map(|id| self.logs.get(&self.numbers[*id])).collect();
            set.extend(groups.into_iter().map(|group| self.ids[*group]));
        }
        let mut components: Vec<Vec<usize>> =
            members.into_values().map(|set| set.into_iter().map(|id| self.numbers[id]).collect()).collect();
        components.sort_by_key(|component: &Vec<usize>| component.first().map(|first| self.ids[*first]));
        components
    }
}

/// The number that stands for all that `number` is joined with.
fn root(roots: &mut [usize], mut number: usize) -> usize {
    while roots[number] != number {
        roots[number] = roots[roots[number]];
        number = roots[number];
    }
    number
}
