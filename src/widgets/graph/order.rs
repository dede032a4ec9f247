//! Who stands above whom in a layer: so that few lines cross, and what is listed first stays above.
//!
//! Must not: use anything but the plan, so that the same graph always comes out alike.

use super::layers::Plan;

/// Sweeps there and back. More hardly ever find anything.
const SWEEPS: usize = 8;

pub(super) fn order(plan: &mut Plan) {
    let neighbours = Neighbours::of(plan);
    start(plan, &neighbours);
    let mut best = (crossings(plan, &neighbours), plan.layers.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        settle(plan, &neighbours, sweep % 2 == 0);
        let found = crossings(plan, &neighbours);
        if found < best.0 {
            best = (found, plan.layers.clone());
        }
    }
    plan.layers = best.1;
}

/// The items that each one is tied to, before and after it.
struct Neighbours {
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

impl Neighbours {
    fn of(plan: &Plan) -> Self {
        let mut ends = Self { before: vec![Vec::new(); plan.items.len()], after: vec![Vec::new(); plan.items.len()] };
        for tie in &plan.ties {
            ends.after[tie.left.0].push(tie.right.0);
            ends.before[tie.right.0].push(tie.left.0);
        }
        for list in ends.before.iter_mut().chain(&mut ends.after) {
            list.sort_unstable();
            list.dedup();
        }
        ends
    }
}

/// Fills the layers as a walk from the sources meets the items.
fn start(plan: &mut Plan, neighbours: &Neighbours) {
    let count = plan.items.len();
    let mut turners: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (item, pass) in plan.items.iter().enumerate() {
        if let Some(round) = pass.turns_round {
            turners[round].push(item);
        }
    }
    let mut seen = vec![false; count];
    let sources =
        (0..count).filter(|item| neighbours.before[*item].is_empty() && plan.items[*item].turns_round.is_none());
    let starts: Vec<usize> = sources.chain(0..count).collect();
    for start in starts {
        let mut stack = vec![start];
        while let Some(item) = stack.pop() {
            if std::mem::replace(&mut seen[item], true) {
                continue;
            }
            plan.layers[plan.items[item].layer].push(item);
            // The last one pushed comes first: what turns round an item is to be right below it.
            stack.extend(neighbours.after[item].iter().rev().chain(turners[item].iter().rev()));
        }
    }
}

/// Moves each item towards the middle of its neighbours, layer by layer.
fn settle(plan: &mut Plan, neighbours: &Neighbours, forward: bool) {
    let mut places = places(plan);
    let last = plan.layers.len();
    let towards = if forward { &neighbours.before } else { &neighbours.after };
    for step in 0..last {
        let layer = if forward { step } else { last - 1 - step };
        let mut items = std::mem::take(&mut plan.layers[layer]);
        let wish = |item: usize| {
            let mut sum: f64 = towards[item].iter().map(|other| places[*other]).sum();
            let mut count = towards[item].len();
            if let Some(round) = plan.items[item].turns_round {
                (sum, count) = (places[round] + 0.5, 1);
            }
            if count == 0 { places[item] } else { sum / count as f64 }
        };
        let mut wishes: Vec<(f64, usize)> = items.iter().map(|item| (wish(*item), *item)).collect();
        wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
        items.clear();
        items.extend(wishes.into_iter().map(|(_, item)| item));
        number(&items, &mut places);
        plan.layers[layer] = items;
    }
}

fn places(plan: &Plan) -> Vec<f64> {
    let mut places = vec![0.0; plan.items.len()];
    for layer in &plan.layers {
        number(layer, &mut places);
    }
    places
}

/// Places within a layer, from above.
fn number(layer: &[usize], places: &mut [f64]) {
    for (place, item) in layer.iter().enumerate() {
        places[*item] = place as f64;
    }
}

/// How many pairs of ties cross: inversions, counted with a Fenwick tree.
fn crossings(plan: &Plan, neighbours: &Neighbours) -> usize {
    let places = places(plan);
    let mut total = 0;
    for (layer, next) in plan.layers.iter().zip(plan.layers.iter().skip(1)) {
        let mut tree = vec![0_usize; next.len() + 1];
        let mut added = 0;
        for item in layer {
            let mut ends: Vec<usize> = neighbours.after[*item].iter().map(|other| places[*other] as usize).collect();
            ends.sort_unstable();
            for end in &ends {
                total += added - below(&tree, *end + 1);
            }
            for end in ends {
                add(&mut tree, end + 1);
                added += 1;
            }
        }
    }
    total
}

fn add(tree: &mut [usize], mut at: usize) {
    while at < tree.len() {
        tree[at] += 1;
        at += at & at.wrapping_neg();
    }
}

/// How many were added at this place or before it.
fn below(tree: &[usize], mut at: usize) -> usize {
    let mut sum = 0;
    while at > 0 {
        sum += tree[at];
        at -= at & at.wrapping_neg();
    }
    sum
}
