//! What a flow is called: by the stack or tag that more than half of it carries, else by where it begins.

use std::collections::{BTreeMap, HashMap};

use super::{End, Flow, NamedBy, Store, components::Graph};
use crate::domain::{Kind, LinkKind, ResourceId};

/// The tag by which CloudFormation marks what it makes.
const STACK_TAG: &str = "aws:cloudformation:stack-name";

/// The kinds that a flow is best named after, where several begin it.
const ENTRIES: [Kind; 13] = [
    Kind::Api,
    Kind::Schedule,
    Kind::Rule,
    Kind::Topic,
    Kind::Bus,
    Kind::Stream,
    Kind::Bucket,
    Kind::StateMachine,
    Kind::Pipe,
    Kind::Queue,
    Kind::Table,
    Kind::DeliveryStream,
    Kind::Function,
];

/// Stacks and tags, by what they group.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    of: HashMap<&'a ResourceId, Vec<&'a ResourceId>>,
}

impl<'a> Groups<'a> {
    pub fn of(store: &'a Store) -> Self {
        let mut of: HashMap<_, Vec<_>> = HashMap::new();
        for link in store.topology.links().filter(|link| link.kind == LinkKind::Contains) {
            of.entry(&link.to).or_default().push(&link.from);
        }
        Self { of }
    }
}

/// Where a flow begins: what is here and gets nothing from the rest, the most telling kind first. In a circle, the most telling of all.
pub(super) fn entry(store: &Store, graph: &Graph<'_>, members: &[usize]) -> usize {
    let rank = |kind| ENTRIES.iter().position(|entry| *entry == kind).unwrap_or(ENTRIES.len());
    let from_here = |number: usize| {
        let from = store.topology.to(graph.id(number)).filter(|link| link.kind.carries());
        from.filter(|link| link.from != link.to).any(|link| store.end(&link.from) == End::Here)
    };
    let best = members.iter().copied().min_by_key(|number| {
        let is_here = store.end(graph.id(*number)) == End::Here;
        let begins = graph.incoming(*number) == 0 || (is_here && !from_here(*number));
        let sends = !graph.leaving(*number).is_empty();
        let fan = usize::MAX - graph.leaving(*number).len();
        (!is_here, graph.is_shared_member(*number), !sends, !begins, rank(graph.kind(*number)), fan, graph.id(*number))
    });
    best.unwrap_or_default()
}

/// The name of a flow, and what gave it.
pub(super) fn name(
    store: &Store,
    groups: &Groups<'_>,
    graph: &Graph<'_>,
    members: &[usize],
    entry: usize,
) -> (String, NamedBy) {
    let own =
        members.iter().filter(|number| !graph.is_shared_member(**number) && graph.kind(**number) != Kind::LogGroup);
    let here: Vec<&ResourceId> = own.map(|number| graph.id(*number)).filter(|id| store.end(id) == End::Here).collect();
    let mut counts: BTreeMap<&ResourceId, usize> = BTreeMap::new();
    for group in here.iter().flat_map(|id| groups.of.get(*id).into_iter().flatten()) {
        *counts.entry(group).or_default() += 1;
    }
    let best = counts
        .into_iter()
        .filter(|(_, count)| count * 2 > here.len())
        .filter_map(|(group, count)| Some((&store.get(group)?.resource, count)))
        .min_by_key(|(group, count)| (rank_of_tag(group.attribute("Tag")), usize::MAX - count, &group.id));
    if let Some((group, _)) = best {
        let is_stack = group.attribute("Tag").is_none_or(|tag| tag == STACK_TAG);
        return (group.name.clone(), if is_stack { NamedBy::Stack } else { NamedBy::Tag });
    }
    let id = graph.id(entry);
    let name = store.get(id).map_or_else(|| id.short_name(), |entry| &entry.resource.name);
    (name.to_owned(), NamedBy::Entry)
}

/// A stack itself, then the tag that names one, then what people tag by, the broadest first.
fn rank_of_tag(tag: Option<&str>) -> usize {
    const PEOPLES: [&str; 4] = ["application", "app", "project", "service"];
    match tag {
        None => 0,
        Some(STACK_TAG) => 1,
        Some(tag) => 2 + PEOPLES.iter().position(|key| tag.eq_ignore_ascii_case(key)).unwrap_or(PEOPLES.len()),
    }
}

/// Several flows of one stack are told apart by where each begins.
pub(super) fn tell_apart(flows: &mut [Flow]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for flow in flows.iter() {
        *counts.entry(flow.name.clone()).or_default() += 1;
    }
    for flow in flows.iter_mut().filter(|flow| flow.named_by != NamedBy::Entry) {
        if counts.get(&flow.name).is_some_and(|count| *count > 1) {
            flow.name = format!("{} · {}", flow.name, flow.entry.short_name());
        }
    }
}
