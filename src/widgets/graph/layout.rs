//! Where nodes and edges go: a layered picture, left to right.
//!
//! ```text
//!  layer 0    channel 1     layer 1   channel 2   layer 2       an edge crosses channels only, and passes a layer in a row of its own;
//!  ╭───────╮               ╭───────╮             ╭───────╮      one that leads back turns round in a row below what it leaves
//!  │   a   ├─┬──── x ─────▸│   b   ├────────────▸│   d   │
//!  ╰───────╯ │             ╰─┬─────╯           ╭▸│       │
//!            │               ╰┄▸ hangs         │ ╰───────╯
//!            ╰─────────────────────────────────╯
//! ```
//!
//! The same graph gives the same picture, and what is listed first stays above. Must not: know what a node is, or draw. Steps:
//! [`super::layers`] finds columns, [`super::order`] who stands above whom, [`super::place`] rows, [`super::route`] lines and labels.

use super::{layers, order, place, route};

/// What is drawn for one thing, borders included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub width: u16,
    pub height: u16,
}

/// A line from one node to another, by their places in [`Graph::nodes`]. One whose ends are not there is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// Draw the target below its source, where that is possible.
    pub hangs: bool,
    /// Columns of its label; 0 for none.
    pub label: u16,
    /// The label stands in the row above the line, where it needs fewer columns than within.
    pub above: bool,
    /// Edges that leave a node share a line as long as they are of one class.
    pub class: u8,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// A place on the picture, from its upper left corner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    pub x: i32,
    pub y: i32,
}

/// A node's place, borders included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Frame {
    pub fn right(&self) -> i32 {
        self.x + self.width
    }

    pub fn bottom(&self) -> i32 {
        self.y + self.height
    }

    /// The row in which lines leave and arrive: the first line of text.
    pub fn port(&self) -> i32 {
        self.y + port(self.height)
    }

    pub fn holds(&self, spot: Spot) -> bool {
        (self.x..self.right()).contains(&spot.x) && (self.y..self.bottom()).contains(&spot.y)
    }
}

/// The row of a node, from its top, in which lines leave and arrive.
pub(super) fn port(height: i32) -> i32 {
    (height - 1) / 2
}

/// Room for a label within a line, or above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub at: Spot,
    pub width: u16,
    pub above: bool,
}

/// The way of one edge: its corners, from the cell beside its source to the cell beside its target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// Empty for an edge that is not drawn.
    pub corners: Vec<Spot>,
    pub label: Option<Room>,
}

/// The finished picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    pub width: i32,
    pub height: i32,
    pub nodes: Vec<Frame>,
    /// The column of each node.
    pub layers: Vec<usize>,
    pub routes: Vec<Route>,
    /// Edges that would have to pass too many columns, and edges with an end that is not there.
    pub left_out: usize,
}

/// Lays a graph out.
pub fn layout(graph: &Graph) -> Layout {
    let mut plan = layers::plan(graph);
    order::order(&mut plan);
    place::place(&mut plan);
    route::route(graph, &plan)
}
