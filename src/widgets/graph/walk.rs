//! Which box lies in which direction: along lines to the right and left, within a column up and down.

use super::{
    layout::{Frame, Layout},
    picture::Picture,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Right,
    Left,
    Up,
    Down,
}

/// The box that a step leads to. Of several at the end of a line, `back` if it is among them (where one came from), else the one that
/// is nearest in height.
pub fn step(picture: &Picture, at: usize, direction: Direction, back: Option<usize>) -> Option<usize> {
    let layout = &picture.layout;
    let here = layout.nodes.get(at)?;
    let drawn = || picture.graph.edges.iter().zip(&layout.routes).filter(|(_, route)| !route.corners.is_empty());
    let mut ends: Vec<usize> = match direction {
        Direction::Right => drawn().filter(|(edge, _)| edge.from == at).map(|(edge, _)| edge.to).collect(),
        Direction::Left => drawn().filter(|(edge, _)| edge.to == at).map(|(edge, _)| edge.from).collect(),
        Direction::Up | Direction::Down => return beside(layout, at, here, direction),
    };
    ends.retain(|end| *end != at);
    if let Some(back) = back.filter(|back| ends.contains(back)) {
        return Some(back);
    }
    // What only hangs below is reached by going down, unless there is nothing else.
    let hangs = |end: usize| layout.layers[end] == layout.layers[at];
    ends.into_iter().min_by_key(|end| (hangs(*end), (layout.nodes[*end].port() - here.port()).abs(), *end))
}

/// The next one in the same column.
fn beside(layout: &Layout, at: usize, here: &Frame, direction: Direction) -> Option<usize> {
    let same = (0..layout.nodes.len()).filter(|node| layout.layers[*node] == layout.layers[at] && *node != at);
    match direction {
        Direction::Up => same.filter(|node| layout.nodes[*node].y < here.y).max_by_key(|node| layout.nodes[*node].y),
        _ => same.filter(|node| layout.nodes[*node].y > here.y).min_by_key(|node| layout.nodes[*node].y),
    }
}
