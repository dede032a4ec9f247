//! Lines: in each channel, edges with one end in common share an upright track, and labels stand in the level parts beside it.
//!
//! ```text
//!   ├── source's label ─┬───── target's label ──▸      tracks lie between room for labels of what leaves
//!   ├───────────────────┼─╮                            and room for labels of what arrives
//!                       ╰─┼───────────────────▸
//! ```
//!
//! Must not: move a node.

use std::collections::BTreeMap;

use super::{
    layers::{Hop, INDENT, Plan, Port, Side, Way},
    layout::{Edge, Frame, Graph, Layout, Room, Route, Spot},
};

/// Columns before tracks and labels, and after them: a line is seen to begin, and to arrive with its head.
const RUN: (i32, i32) = (1, 2);
/// The narrowest channel.
const LEAST: i32 = 4;
/// Up to so many tracks stand two columns apart.
const LOOSE: usize = 8;
/// Sweeps that put tracks in order.
const SWEEPS: usize = 16;
/// What a line that would run into another's costs, in crossings.
const CLASH: usize = 100;

/// Edges that share a track: their rows on either side.
#[derive(Debug, Default)]
struct Net {
    left: Vec<i32>,
    right: Vec<i32>,
    track: usize,
}

impl Net {
    fn span(&self) -> (i32, i32) {
        let rows = || self.left.iter().chain(&self.right).copied();
        (rows().min().unwrap_or(0), rows().max().unwrap_or(0))
    }

    /// A level line needs no track.
    fn is_level(&self) -> bool {
        let (low, high) = self.span();
        low == high
    }

    /// What it costs to stand left of another: crossings and clashes.
    fn cost_left_of(&self, other: &Self) -> usize {
        let ((low, high), (other_low, other_high)) = (self.span(), other.span());
        let mut cost = 0;
        for row in &self.right {
            cost += usize::from(other_low < *row && *row < other_high);
            cost += CLASH * usize::from(other.left.contains(row));
        }
        cost + other.left.iter().filter(|row| low < **row && **row < high).count()
    }
}

/// A channel: its nets, by the port that they share, and its columns.
#[derive(Debug, Default)]
struct Channel {
    nets: Vec<Net>,
    by_port: BTreeMap<(Side, Port), usize>,
    /// How many edges each port on the left sends across, and each on the right gets.
    uses: BTreeMap<(Side, Port), usize>,
    tracks: usize,
    /// Columns that labels take before and after the tracks.
    labels: (i32, i32),
    x: i32,
}

impl Channel {
    fn gap(&self) -> i32 {
        if self.tracks <= LOOSE { 2 } else { 1 }
    }

    fn width(&self) -> i32 {
        (self.arrivals() - self.x + self.labels.1 + RUN.1).max(LEAST)
    }

    fn track(&self, net: usize) -> i32 {
        self.x + RUN.0 + self.labels.0 + self.nets[net].track as i32 * self.gap()
    }

    /// The tracks, from the left, up to the last that crosses a row.
    fn tracks_in(&self, row: i32) -> i32 {
        let crosses = |net: &&Net| {
            let (low, high) = net.span();
            low < high && low <= row && row <= high
        };
        self.nets.iter().filter(crosses).map(|net| net.track as i32 + 1).max().unwrap_or(0)
    }

    /// Makes room for a label in the row above a line.
    fn make_room_above(&mut self, columns: i32, side: Side, row: i32) {
        match side {
            Side::Left => self.labels.0 = self.labels.0.max(columns),
            Side::Right => {
                // Where the row has no upright, the columns of the tracks are free as well; before the box stays a space.
                let free = (self.tracks as i32 - self.tracks_in(row)) * self.gap() + RUN.1 - 1;
                self.labels.1 = self.labels.1.max(columns - free);
            }
        }
    }

    /// Where labels of what arrives may begin.
    fn arrivals(&self) -> i32 {
        self.x + RUN.0 + self.labels.0 + self.tracks as i32 * self.gap()
    }
}

pub(super) fn route(graph: &Graph, plan: &Plan) -> Layout {
    let mut out = Layout {
        nodes: vec![Frame::default(); graph.nodes.len()],
        layers: plan.homes.iter().map(|(item, _)| plan.items[*item].layer).collect(),
        ..Layout::default()
    };
    for (node, frame) in graph.nodes.iter().zip(&mut out.nodes) {
        (frame.width, frame.height) = (i32::from(node.width), i32::from(node.height));
    }
    for (frame, (item, row)) in out.nodes.iter_mut().zip(&plan.homes) {
        frame.y = plan.items[*item].y + row;
    }
    let mut channels: Vec<Channel> = (0..=plan.layers.len()).map(|_| Channel::default()).collect();
    let hops = || plan.ways.iter().flat_map(|way| if let Way::Across(hops) = way { hops.as_slice() } else { &[] });
    hops().for_each(|hop| channels[hop.channel].count(hop));
    hops().for_each(|hop| channels[hop.channel].take(hop, plan, &out.nodes));
    channels.iter_mut().for_each(Channel::find_tracks);
    let labels = Labels::of(graph, plan);
    for (edge, place) in graph.edges.iter().zip(&labels.places) {
        // A space on either side; before a track, a piece of line as well.
        let width = i32::from(edge.label) + 2;
        match place {
            Some((channel, side)) if edge.above => {
                let port = out.nodes[if *side == Side::Left { edge.from } else { edge.to }].port();
                channels[*channel].make_room_above(i32::from(edge.label), *side, port - 1);
            }
            Some((channel, Side::Left)) => channels[*channel].labels.0 = channels[*channel].labels.0.max(width + 1),
            Some((channel, Side::Right)) => channels[*channel].labels.1 = channels[*channel].labels.1.max(width),
            None => {}
        }
    }
    find_columns(plan, &mut channels, &mut out);
    for ((edge, way), place) in graph.edges.iter().zip(&plan.ways).zip(&labels.places) {
        out.left_out += usize::from(matches!(way, Way::LeftOut));
        let route = Ground { plan, channels: &channels, frames: &out.nodes }.draw(edge, way, *place);
        out.routes.push(route);
    }
    out.width =
        channels.last().map_or(0, |channel| channel.x + if channel.nets.is_empty() { 0 } else { channel.width() });
    let bottom = plan.items.iter().map(|item| item.y + item.height).max();
    out.height = bottom.unwrap_or(0);
    out
}

impl Channel {
    fn count(&mut self, hop: &Hop) {
        *self.uses.entry(hop.from).or_insert(0) += 1;
        *self.uses.entry(hop.to).or_insert(0) += 1;
    }

    fn take(&mut self, hop: &Hop, plan: &Plan, frames: &[Frame]) {
        let net = self.net_of(hop);
        for (side, port) in [hop.from, hop.to] {
            let row = row(port, plan, frames);
            let rows = if side == Side::Left { &mut self.nets[net].left } else { &mut self.nets[net].right };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }

    fn net_of(&mut self, hop: &Hop) -> usize {
        let key = self.key(hop);
        let next = self.nets.len();
        let net = *self.by_port.entry(key).or_insert(next);
        if net == next {
            self.nets.push(Net::default());
        }
        net
    }

    /// Edges share the line of what they leave; those that leave alone, the line of what they arrive at.
    fn key(&self, hop: &Hop) -> (Side, Port) {
        match (hop.from.0, hop.to.0) {
            (Side::Left, Side::Right) if self.uses.get(&hop.from) == Some(&1) => hop.to,
            (Side::Right, Side::Left) => hop.to,
            _ => hop.from,
        }
    }

    /// Puts the nets in the order in which the fewest cross, then as far left as that order allows.
    fn find_tracks(&mut self) {
        let mut order: Vec<usize> = (0..self.nets.len()).filter(|net| !self.nets[*net].is_level()).collect();
        order.sort_by_key(|net| {
            let net = &self.nets[*net];
            let (low, high) = net.span();
            let start = net.left.first().copied().unwrap_or(low);
            // Of those that go down the lowest turns first, of those that go up the highest.
            if start - low < high - start { -start } else { start }
        });
        for _ in 0..SWEEPS {
            let mut moved = false;
            for at in 1..order.len() {
                let (left, right) = (&self.nets[order[at - 1]], &self.nets[order[at]]);
                if right.cost_left_of(left) < left.cost_left_of(right) {
                    order.swap(at - 1, at);
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        let mut placed: Vec<(i32, i32, usize)> = Vec::with_capacity(order.len());
        for net in order {
            let (low, high) = self.nets[net].span();
            let met = placed.iter().filter(|(from, to, _)| *from <= high && low <= *to).map(|(_, _, track)| track + 1);
            let track = met.max().unwrap_or(0);
            self.nets[net].track = track;
            self.tracks = self.tracks.max(track + 1);
            placed.push((low, high, track));
        }
    }
}

fn row(port: Port, plan: &Plan, frames: &[Frame]) -> i32 {
    match port {
        Port::Node(node) => frames[node].port(),
        Port::Pass(item) => plan.items[item].y,
    }
}

/// Where the label of each edge stands: where its line is its own.
struct Labels {
    places: Vec<Option<(usize, Side)>>,
}

impl Labels {
    fn of(graph: &Graph, plan: &Plan) -> Self {
        let (mut leaving, mut arriving) = (BTreeMap::new(), BTreeMap::new());
        let across = |way: &Way| match way {
            Way::Across(hops) => hops.first().copied().zip(hops.last().copied()),
            _ => None,
        };
        for (edge, way) in graph.edges.iter().zip(&plan.ways) {
            if across(way).is_some() {
                *leaving.entry(edge.from).or_insert(0) += 1;
                *arriving.entry(edge.to).or_insert(0) += 1;
            }
        }
        let place = |(edge, way): (&Edge, &Way)| {
            let (first, last) = across(way).filter(|_| edge.label > 0)?;
            if arriving.get(&edge.to) == Some(&1) {
                Some((last.channel, Side::Right))
            } else {
                (leaving.get(&edge.from) == Some(&1)).then_some((first.channel, Side::Left))
            }
        };
        Self { places: graph.edges.iter().zip(&plan.ways).map(place).collect() }
    }
}

/// Columns: channels and layers in turn. All nodes of a layer end in the same column.
fn find_columns(plan: &Plan, channels: &mut [Channel], out: &mut Layout) {
    let mut x = 0;
    for (layer, items) in plan.layers.iter().enumerate() {
        channels[layer].x = x;
        if layer > 0 || !channels[layer].nets.is_empty() {
            x += channels[layer].width();
        }
        let nodes = || items.iter().flat_map(|item| plan.items[*item].nodes.iter().enumerate());
        let indent = |(at, _): &(usize, &usize)| if *at > 0 { INDENT } else { 0 };
        let wants = |one: (usize, &usize)| indent(&one) + out.nodes[*one.1].width;
        let width = nodes().map(wants).max().unwrap_or(0);
        for one in nodes() {
            let frame = &mut out.nodes[*one.1];
            frame.x = x + indent(&one);
            frame.width = width - indent(&one);
        }
        x += width;
    }
    if let Some(last) = channels.last_mut() {
        last.x = x;
    }
}

/// All that a line depends on once everything has its place.
struct Ground<'a> {
    plan: &'a Plan,
    channels: &'a [Channel],
    frames: &'a [Frame],
}

impl Ground<'_> {
    fn draw(&self, edge: &Edge, way: &Way, label: Option<(usize, Side)>) -> Route {
        let hops = match way {
            Way::LeftOut => return Route::default(),
            Way::Down => return Route { corners: down(&self.frames[edge.from], &self.frames[edge.to]), label: None },
            Way::Across(hops) => hops,
        };
        let (from, to) = (&self.frames[edge.from], &self.frames[edge.to]);
        let mut corners = vec![Spot { x: from.right(), y: from.port() }];
        for hop in hops {
            let channel = &self.channels[hop.channel];
            let net = channel.by_port.get(&channel.key(hop)).filter(|net| !channel.nets[**net].is_level());
            let Some(net) = net else { continue };
            let x = channel.track(*net);
            corners.push(Spot { x, y: row(hop.from.1, self.plan, self.frames) });
            corners.push(Spot { x, y: row(hop.to.1, self.plan, self.frames) });
        }
        corners.push(Spot { x: to.x - 1, y: to.port() });
        corners.dedup();
        let label = label.map(|(channel, side)| {
            let channel = &self.channels[channel];
            if edge.above {
                let at = match side {
                    Side::Left => Spot { x: channel.x + RUN.0, y: from.port() - 1 },
                    Side::Right => Spot { x: to.x - 1 - i32::from(edge.label), y: to.port() - 1 },
                };
                return Room { at, width: edge.label, above: true };
            }
            let at = match side {
                Side::Left => Spot { x: channel.x + RUN.0, y: from.port() },
                Side::Right => Spot { x: channel.arrivals(), y: to.port() },
            };
            Room { at: Spot { x: at.x + 1, ..at }, width: edge.label, above: false }
        });
        Route { corners, label }
    }
}

fn down(host: &Frame, hangs: &Frame) -> Vec<Spot> {
    let x = host.x + 1;
    let corners = [(x, host.bottom()), (x, hangs.port()), (hangs.x - 1, hangs.port())];
    corners.map(|(x, y)| Spot { x, y }).to_vec()
}
