//! Rows: each item as level with its neighbours as the order in its layer allows.
//!
//! In a layer the order is given, so the nearest rows to what all items wish are an isotonic regression, solved exactly by pooling.

use super::layers::Plan;

/// Sweeps there and back.
const SWEEPS: usize = 6;
/// A line that passes wants to be straight more than a node wants to be in the middle.
const STRAIGHT: f64 = 8.0;

pub(super) fn place(plan: &mut Plan) {
    for layer in 0..plan.layers.len() {
        let mut y = 0;
        for at in 0..plan.layers[layer].len() {
            y += gap(plan, layer, at);
            let item = plan.layers[layer][at];
            plan.items[item].y = y;
            y += plan.items[item].height;
        }
    }
    let ends = Ends::of(plan);
    let last = plan.layers.len();
    for _ in 0..SWEEPS {
        (0..last).rev().for_each(|layer| settle(plan, &ends.right, layer));
        // Forwards comes last: what follows one thing alone is then exactly level with it.
        (0..last).for_each(|layer| settle(plan, &ends.left, layer));
    }
    let top = plan.items.iter().map(|item| item.y).min().unwrap_or(0);
    for item in &mut plan.items {
        item.y -= top;
    }
}

/// The ties of one item: `(the row within it, the other item, the row within that)`.
type Ties = Vec<(i32, usize, i32)>;

/// The ties of each item, by the side that they are on.
struct Ends {
    left: Vec<Ties>,
    right: Vec<Ties>,
}

impl Ends {
    fn of(plan: &Plan) -> Self {
        let mut ends = Self { left: vec![Vec::new(); plan.items.len()], right: vec![Vec::new(); plan.items.len()] };
        for tie in &plan.ties {
            ends.right[tie.left.0].push((tie.left.1, tie.right.0, tie.right.1));
            ends.left[tie.right.0].push((tie.right.1, tie.left.0, tie.left.1));
        }
        // Edges that share a row tie the same items again and again.
        for list in ends.left.iter_mut().chain(&mut ends.right) {
            list.sort_unstable();
            list.dedup();
        }
        ends
    }
}

/// Free rows above an item: none at the top, and none between two lines that pass.
fn gap(plan: &Plan, layer: usize, at: usize) -> i32 {
    let items = &plan.layers[layer];
    let passes = |at: usize| plan.items[items[at]].nodes.is_empty();
    i32::from(at > 0 && !(passes(at) && passes(at - 1)))
}

/// Pools of items that stand close together, and the mean that they wish for.
struct Pool {
    weight: f64,
    sum: f64,
    items: usize,
}

fn settle(plan: &mut Plan, ties: &[Ties], layer: usize) {
    let mut offset = 0;
    let mut offsets = Vec::with_capacity(plan.layers[layer].len());
    let mut pools: Vec<Pool> = Vec::new();
    for at in 0..plan.layers[layer].len() {
        offset += gap(plan, layer, at);
        let item = plan.layers[layer][at];
        offsets.push(offset);
        let (wish, weight) = wish(plan, ties, item);
        let mut pool = Pool { weight, sum: (wish - f64::from(offset)) * weight, items: 1 };
        offset += plan.items[item].height;
        while let Some(before) = pools.pop_if(|before| before.sum / before.weight >= pool.sum / pool.weight) {
            pool = Pool {
                weight: pool.weight + before.weight,
                sum: pool.sum + before.sum,
                items: pool.items + before.items,
            };
        }
        pools.push(pool);
    }
    let mut at = 0;
    for pool in pools {
        let y = (pool.sum / pool.weight).round() as i32;
        for _ in 0..pool.items {
            let item = plan.layers[layer][at];
            plan.items[item].y = y + offsets[at];
            at += 1;
        }
    }
}

/// The row that an item would like best, and how much: level with the middle one of its neighbours.
fn wish(plan: &Plan, ties: &[Ties], item: usize) -> (f64, f64) {
    let own = &plan.items[item];
    let weight = if own.nodes.is_empty() { STRAIGHT } else { 1.0 };
    if let Some(round) = own.turns_round {
        return (f64::from(plan.items[round].y + plan.items[round].height + 1), 1.0);
    }
    let mut rows: Vec<i32> = ties[item].iter().map(|(row, other, there)| plan.items[*other].y + there - row).collect();
    if rows.is_empty() {
        return (f64::from(own.y), 0.1);
    }
    rows.sort_unstable();
    let (low, high) = (rows[(rows.len() - 1) / 2], rows[rows.len() / 2]);
    (f64::from(low + high) / 2.0, weight)
}
