//! What a message passes on its way through a flow, kind by kind: `⌁ ──▶ ƒ ──▶ ◇ ──▶ 2 ▤ ──▶ 2 ƒ`.

use std::collections::{BTreeMap, HashMap};

use super::components::Graph;
use crate::domain::{Kind, LinkKind, ResourceId};

/// What stands at one step of the way, kind by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub kinds: Vec<(Kind, Vec<ResourceId>)>,
}

/// The stages of a flow. A member stands one step after the last of those that send to it; a link that leads back counts for nothing.
pub(super) fn of(graph: &Graph<'_>, members: &[usize]) -> Vec<Stage> {
    let places: HashMap<usize, usize> = members.iter().enumerate().map(|(place, number)| (*number, place)).collect();
    let order = in_order(graph, members, &places);
    let mut steps: Vec<usize> = vec![0; members.len()];
    let mut is_on_way = vec![false; members.len()];
    let mut positions = vec![0; members.len()];
    for (position, place) in order.iter().enumerate() {
        positions[*place] = position;
    }
    for &place in &order {
        for edge in ahead(graph, members[place]) {
            let Some(&to) = places.get(&edge) else { continue };
            (is_on_way[place], is_on_way[to]) = (true, true);
            if positions[to] > positions[place] {
                steps[to] = steps[to].max(steps[place] + 1);
            }
        }
    }
    let mut stages: BTreeMap<usize, BTreeMap<Kind, Vec<ResourceId>>> = BTreeMap::new();
    for (place, number) in members.iter().enumerate().filter(|(place, _)| is_on_way[*place]) {
        let stage = stages.entry(steps[place]).or_default();
        stage.entry(graph.kind(*number)).or_default().push(graph.id(*number).clone());
    }
    stages.into_values().map(|kinds| Stage { kinds: kinds.into_iter().collect() }).collect()
}

/// Where it sends what goes well.
fn ahead(graph: &Graph<'_>, number: usize) -> impl Iterator<Item = usize> {
    graph.leaving(number).iter().filter(|edge| edge.kind != LinkKind::DeadLetters).map(|edge| edge.to)
}

/// The members so that each stands before those it sends to, as far as there is no circle. Walks without recursion: a chain may be
/// thousands long.
fn in_order(graph: &Graph<'_>, members: &[usize], places: &HashMap<usize, usize>) -> Vec<usize> {
    let mut beginnings: Vec<usize> = (0..members.len()).collect();
    beginnings.sort_by_key(|place| graph.incoming(members[*place]) > 0);
    let mut seen = vec![false; members.len()];
    let mut order = Vec::with_capacity(members.len());
    for start in beginnings {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut path = vec![(start, 0)];
        while let Some((place, next)) = path.pop() {
            match graph.leaving(members[place]).get(next) {
                None => order.push(place),
                Some(edge) => {
                    path.push((place, next + 1));
                    if edge.kind != LinkKind::DeadLetters
                        && let Some(&to) = places.get(&edge.to)
                        && !std::mem::replace(&mut seen[to], true)
                    {
                        path.push((to, 0));
                    }
                }
            }
        }
    }
    order.reverse();
    order
}
