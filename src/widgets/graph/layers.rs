//! Columns: which layer each node is in, what hangs below what, and how each edge passes from layer to layer.
//!
//! Must not: decide who stands above whom, or where anything is on the picture.

use std::collections::BTreeMap;

use super::layout::{Graph, port};

/// What hangs is this much further right than what it hangs from.
pub(super) const INDENT: i32 = 4;
/// More than these below one node would be a wall: the rest stand as others do.
const MOST_HANGING: usize = 3;
/// Rows in which edges pass layers; edges beyond are left out, so that a picture of anything is made in time.
const MOST_PASSES: usize = 20_000;

/// What stands in a layer: a node with what hangs from it, or an edge that passes.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    pub layer: usize,
    pub height: i32,
    /// The node, and below it what hangs; empty for an edge that passes.
    pub nodes: Vec<usize>,
    /// For an edge that turns round here: the item it turns round.
    pub turns_round: Option<usize>,
    pub y: i32,
}

/// Where an edge touches a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Port {
    Node(usize),
    Pass(usize),
}

/// One channel on the way of an edge. A port on the left side belongs to the layer before the channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    pub channel: usize,
    pub from: (Side, Port),
    pub to: (Side, Port),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Left,
    Right,
}

/// How an edge goes.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// Straight down to what hangs.
    Down,
    Across(Vec<Hop>),
    LeftOut,
}

/// Two items in neighbouring layers that want to be level: `(item, row within it)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tie {
    pub left: (usize, i32),
    pub right: (usize, i32),
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub items: Vec<Item>,
    /// The item of each node, and its first row within that.
    pub homes: Vec<(usize, i32)>,
    /// Items of each layer, from above.
    pub layers: Vec<Vec<usize>>,
    pub ways: Vec<Way>,
    pub ties: Vec<Tie>,
}

impl Plan {
    /// The item of a port, and the row within it.
    fn home(&self, graph: &Graph, at: Port) -> (usize, i32) {
        match at {
            Port::Pass(item) => (item, 0),
            Port::Node(node) => {
                let (item, row) = self.homes[node];
                (item, row + port(i32::from(graph.nodes[node].height)))
            }
        }
    }
}

pub(super) fn plan(graph: &Graph) -> Plan {
    let hosts = hosts(graph);
    let mut plan = Plan { homes: vec![(0, 0); graph.nodes.len()], ..Plan::default() };
    for (node, host) in hosts.iter().enumerate() {
        if host.is_none() {
            plan.homes[node] = (plan.items.len(), 0);
            let height = i32::from(graph.nodes[node].height);
            plan.items.push(Item { nodes: vec![node], height, ..Item::default() });
        }
    }
    for (node, host) in hosts.iter().enumerate() {
        let Some(host) = host else { continue };
        let (item, _) = plan.homes[*host];
        plan.homes[node] = (item, plan.items[item].height);
        plan.items[item].height += i32::from(graph.nodes[node].height);
        plan.items[item].nodes.push(node);
    }
    find_layers(graph, &hosts, &mut plan);
    let layers = plan.items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
    plan.layers = vec![Vec::new(); layers];
    find_ways(graph, &hosts, &mut plan);
    plan
}

/// For each node the one that it hangs from: the only one that leads to it, unless that hangs itself.
fn hosts(graph: &Graph) -> Vec<Option<usize>> {
    let nodes = graph.nodes.len();
    let mut sources: Vec<Option<usize>> = vec![None; nodes];
    let mut stands = vec![false; nodes];
    for edge in graph.edges.iter().filter(|edge| edge.from < nodes && edge.to < nodes) {
        let other = sources[edge.to].is_some_and(|source| source != edge.from);
        stands[edge.to] |= !edge.hangs || other || edge.from == edge.to;
        sources[edge.to] = Some(edge.from);
    }
    let mut hosts = vec![None; nodes];
    let mut hanging = vec![0; nodes];
    for node in 0..nodes {
        let Some(host) = sources[node].filter(|_| !stands[node] && hanging[node] == 0) else { continue };
        if hosts[host].is_none() && hanging[host] < MOST_HANGING {
            hosts[node] = Some(host);
            hanging[host] += 1;
        }
    }
    hosts
}

/// Puts each item as far left as what leads to it allows; edges that close a circle do not count.
fn find_layers(graph: &Graph, hosts: &[Option<usize>], plan: &mut Plan) {
    let items = plan.items.len();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); items];
    let mut entered = vec![false; items];
    for edge in &graph.edges {
        if edge.from >= hosts.len() || edge.to >= hosts.len() {
            continue;
        }
        let (from, to) = (plan.homes[edge.from].0, plan.homes[edge.to].0);
        if from != to {
            next[from].push(to);
            entered[to] = true;
        }
    }
    for targets in &mut next {
        targets.sort_unstable();
        targets.dedup();
    }
    let done = postorder(&next, &entered);
    let mut rank = vec![0; items];
    for (place, item) in done.iter().enumerate() {
        rank[*item] = place;
    }
    // What is left early in the search leads on; an edge to what is left later closes a circle.
    let mut layer = vec![0_usize; items];
    for item in done.iter().rev() {
        for target in next[*item].iter().filter(|target| rank[**target] < rank[*item]) {
            layer[*target] = layer[*target].max(layer[*item] + 1);
        }
    }
    // A source stands beside the first that it leads to, not at the far left.
    for item in &done {
        let nearest =
            next[*item].iter().filter(|target| rank[**target] < rank[*item]).map(|target| layer[*target]).min();
        if let Some(nearest) = nearest.filter(|_| !entered[*item]) {
            layer[*item] = layer[*item].max(nearest.saturating_sub(1));
        }
    }
    let first = layer.iter().min().copied().unwrap_or(0);
    for (item, layer) in plan.items.iter_mut().zip(layer) {
        item.layer = layer - first;
    }
}

/// Items in the order in which a search from the sources leaves them.
fn postorder(next: &[Vec<usize>], entered: &[bool]) -> Vec<usize> {
    let mut seen = vec![false; next.len()];
    let mut done = Vec::with_capacity(next.len());
    let sources = (0..next.len()).filter(|item| !entered[*item]).chain(0..next.len());
    for start in sources {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let mut stack = vec![(start, 0)];
        while let Some((item, at)) = stack.pop() {
            let Some(target) = next[item].get(at) else {
                done.push(item);
                continue;
            };
            stack.push((item, at + 1));
            if !seen[*target] {
                seen[*target] = true;
                stack.push((*target, 0));
            }
        }
    }
    done
}

/// Leads each edge from layer to layer. Edges of one class that leave a node together pass a layer together.
fn find_ways(graph: &Graph, hosts: &[Option<usize>], plan: &mut Plan) {
    let mut shared: BTreeMap<(usize, u8, usize), usize> = BTreeMap::new();
    let mut passes = 0;
    for edge in &graph.edges {
        let way = if edge.from >= hosts.len() || edge.to >= hosts.len() {
            Way::LeftOut
        } else if hosts[edge.to] == Some(edge.from) && edge.hangs {
            Way::Down
        } else {
            let (from, to) = (plan.homes[edge.from].0, plan.homes[edge.to].0);
            let (first, last) = (plan.items[from].layer, plan.items[to].layer);
            passes += if first < last { last - first - 1 } else { first - last + 1 };
            if passes > MOST_PASSES {
                Way::LeftOut
            } else if first < last {
                let mut pass = |layer: usize, plan: &mut Plan| {
                    let key = (edge.from, edge.class, layer);
                    *shared.entry(key).or_insert_with(|| new_pass(layer, None, plan))
                };
                let stops: Vec<usize> = (first + 1..last).map(|layer| pass(layer, plan)).collect();
                Way::Across(forward(edge.from, edge.to, first, &stops))
            } else {
                let turn = |layer: usize| match layer {
                    layer if layer == last => Some(to),
                    layer if layer == first => Some(from),
                    _ => None,
                };
                let stops: Vec<usize> = (last..=first).rev().map(|layer| new_pass(layer, turn(layer), plan)).collect();
                Way::Across(back(edge.from, edge.to, first, &stops))
            }
        };
        tie(graph, &way, plan);
        plan.ways.push(way);
    }
}

fn new_pass(layer: usize, turns_round: Option<usize>, plan: &mut Plan) -> usize {
    plan.items.push(Item { layer, height: 1, turns_round, ..Item::default() });
    plan.items.len() - 1
}

fn forward(from: usize, to: usize, first: usize, stops: &[usize]) -> Vec<Hop> {
    let ports: Vec<Port> = std::iter::once(Port::Node(from))
        .chain(stops.iter().map(|item| Port::Pass(*item)))
        .chain(std::iter::once(Port::Node(to)))
        .collect();
    let hop = |(at, pair): (usize, &[Port])| Hop {
        channel: first + 1 + at,
        from: (Side::Left, pair[0]),
        to: (Side::Right, pair[1]),
    };
    ports.windows(2).enumerate().map(hop).collect()
}

/// Out to the right, round, and back to the left side of the target, past every layer between.
fn back(from: usize, to: usize, first: usize, stops: &[usize]) -> Vec<Hop> {
    let mut hops = Vec::with_capacity(stops.len() + 1);
    let mut before = (Side::Left, Port::Node(from));
    let mut channel = first + 1;
    for stop in stops {
        hops.push(Hop { channel, from: before, to: (Side::Left, Port::Pass(*stop)) });
        before = (Side::Right, Port::Pass(*stop));
        channel -= 1;
    }
    hops.push(Hop { channel, from: before, to: (Side::Right, Port::Node(to)) });
    hops
}

fn tie(graph: &Graph, way: &Way, plan: &mut Plan) {
    let Way::Across(hops) = way else { return };
    for hop in hops {
        let ends = match (hop.from.0, hop.to.0) {
            (Side::Left, Side::Right) => (hop.from.1, hop.to.1),
            (Side::Right, Side::Left) => (hop.to.1, hop.from.1),
            _ => continue,
        };
        let tie = Tie { left: plan.home(graph, ends.0), right: plan.home(graph, ends.1) };
        plan.ties.push(tie);
    }
}
