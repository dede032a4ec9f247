//! In a large flow, resources that are alike share a box: of one kind, with the same neighbours or with neighbours that are alike.
//!
//! Found by refining: all of a kind are alike at first, then those whose links lead to what is not alike are told apart, until nothing
//! changes. Health does not tell apart: a box that broke would otherwise make the whole picture jump.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{Kind, Link, LinkKind, ResourceId},
    store::Store,
};

/// A flow of up to so many resources is drawn whole.
const WHOLE_UP_TO: usize = 60;
/// Fewer than this that are alike stand for themselves.
const FEWEST: usize = 4;
/// Rounds of telling apart; what is alike so far away is alike enough.
const ROUNDS: usize = 6;

/// The boxes, each with the resources that share it, in the order of their first ones.
pub(super) fn fold<'a>(
    store: &Store,
    members: &BTreeSet<&'a ResourceId>,
    links: &[&'a Link],
    unfolded: &BTreeSet<ResourceId>,
) -> Vec<Vec<&'a ResourceId>> {
    if members.len() <= WHOLE_UP_TO {
        return members.iter().map(|id| vec![*id]).collect();
    }
    let classes = classes(store, members, links);
    let mut groups: BTreeMap<usize, Vec<&ResourceId>> = BTreeMap::new();
    for (id, class) in members.iter().zip(classes) {
        groups.entry(class).or_default().push(*id);
    }
    let mut boxes: Vec<Vec<&ResourceId>> = Vec::new();
    for group in groups.into_values() {
        if group.len() < FEWEST || group.iter().any(|id| unfolded.contains(*id)) {
            boxes.extend(group.into_iter().map(|id| vec![id]));
        } else {
            boxes.push(group);
        }
    }
    boxes.sort_unstable();
    boxes
}

/// What tells one resource from another: its links by direction and kind, and what is at their other ends.
type Surroundings = Vec<(bool, LinkKind, usize)>;

/// For each member, by id, the number of its class.
fn classes(store: &Store, members: &BTreeSet<&ResourceId>, links: &[&Link]) -> Vec<usize> {
    let places: BTreeMap<&ResourceId, usize> = members.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let ends: Vec<(usize, LinkKind, usize)> =
        links.iter().filter_map(|link| Some((*places.get(&link.from)?, link.kind, *places.get(&link.to)?))).collect();
    let kinds: Vec<Kind> = members.iter().map(|id| store.kind_of(id)).collect();
    let mut classes: Vec<usize> = kinds.iter().map(|kind| *kind as usize).collect();
    for _ in 0..ROUNDS {
        let mut around: Vec<Surroundings> = vec![Vec::new(); classes.len()];
        for (from, kind, to) in &ends {
            around[*from].push((true, *kind, classes[*to]));
            around[*to].push((false, *kind, classes[*from]));
        }
        let mut numbers: BTreeMap<(usize, Surroundings), usize> = BTreeMap::new();
        let mut refined = Vec::with_capacity(classes.len());
        for (class, mut around) in classes.iter().zip(around) {
            around.sort_unstable();
            // A hub with forty alike around it and one with forty-one are alike.
            around.dedup();
            let next = numbers.len();
            refined.push(*numbers.entry((*class, around)).or_insert(next));
        }
        let settled = numbers.len() == classes.iter().collect::<BTreeSet<_>>().len();
        classes = refined;
        if settled {
            break;
        }
    }
    classes
}
