//! A layout made ready to be drawn: each line as cells, sorted by row, so that a window asks only for its own.

use super::{
    draw::{DOWN, LEFT, RIGHT, UP},
    layout::{Graph, Layout, Spot, layout},
};

/// The arrow head at the end of a line.
pub(super) const HEAD: u8 = 16;

/// One cell of one line: the arms that it has there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stroke {
    pub at: (i32, i32),
    pub edge: u32,
    pub arms: u8,
}

/// Which lines leave a box, and so break its border.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Exits {
    pub right: Option<u32>,
    pub down: Option<u32>,
}

/// A picture of a graph, whatever its boxes and lines say.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    pub graph: Graph,
    pub layout: Layout,
    pub(super) strokes: Vec<Stroke>,
    pub(super) exits: Vec<Exits>,
}

impl Picture {
    pub fn new(graph: Graph) -> Self {
        let layout = layout(&graph);
        let mut strokes = Vec::new();
        let mut exits = vec![Exits::default(); graph.nodes.len()];
        for (edge, (ends, route)) in (0_u32..).zip(graph.edges.iter().zip(&layout.routes)) {
            let Some(first) = route.corners.first() else { continue };
            let exit = &mut exits[ends.from];
            let leaves_below = first.y >= layout.nodes[ends.from].bottom();
            *(if leaves_below { &mut exit.down } else { &mut exit.right }) = Some(edge);
            let arms_at_start = if leaves_below { UP } else { LEFT };
            trace(&route.corners, arms_at_start, |at, arms| strokes.push(Stroke { at: (at.y, at.x), edge, arms }));
        }
        strokes.sort_unstable();
        Self { graph, layout, strokes, exits }
    }

    /// The node at a place.
    pub fn at(&self, spot: Spot) -> Option<usize> {
        self.layout.nodes.iter().position(|frame| frame.holds(spot))
    }

    /// The strokes of a row between two columns, those of a cell together.
    pub(super) fn row(&self, y: i32, columns: std::ops::Range<i32>) -> &[Stroke] {
        let from = self.strokes.partition_point(|stroke| stroke.at < (y, columns.start));
        let to = self.strokes.partition_point(|stroke| stroke.at < (y, columns.end));
        self.strokes.get(from..to).unwrap_or_default()
    }
}

/// Tells of each cell on a way which arms it has.
fn trace(corners: &[Spot], arms_at_start: u8, mut tell: impl FnMut(Spot, u8)) {
    let mut entered = arms_at_start;
    let mut last = corners.first().copied();
    for pair in corners.windows(2) {
        let (step, end) = (direction(pair[0], pair[1]), pair[1]);
        let mut at = pair[0];
        while at != end {
            tell(at, entered | step.2);
            entered = step.3;
            at = Spot { x: at.x + step.0, y: at.y + step.1 };
        }
        last = Some(end);
    }
    if let Some(last) = last {
        tell(last, entered | HEAD);
    }
}

/// One step on the way from one corner to the next, the arm that it leaves by and the arm that it enters by.
pub(super) fn direction(from: Spot, to: Spot) -> (i32, i32, u8, u8) {
    if from.x < to.x {
        (1, 0, RIGHT, LEFT)
    } else if from.x > to.x {
        (-1, 0, LEFT, RIGHT)
    } else if from.y < to.y {
        (0, 1, DOWN, UP)
    } else {
        (0, -1, UP, DOWN)
    }
}
