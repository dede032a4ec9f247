//! Where a thread is searched: the logs, queues, tables and buckets of a flow, and how they hang together. Pure: the store is asked once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::step::Gap;
use crate::{
    domain::{Kind, Link, LinkKind, ResourceId},
    store::Store,
};

/// Places of each kind that are searched. More would be a search of an account: `--flow` names a part of it.
const MOST_PLACES: usize = 60;

/// A log group and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The name of the group.
    pub group: String,
    pub function: ResourceId,
    /// It was listed, or listings are not complete.
    pub is_there: bool,
}

/// A queue, and those whose dead letters it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlace {
    pub id: ResourceId,
    pub sources: Vec<ResourceId>,
}

/// A table and the attribute that its items are found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlace {
    pub id: ResourceId,
    pub name: String,
    pub key: Option<String>,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPlace {
    pub id: ResourceId,
    pub name: String,
}

/// What a search looks at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ground {
    pub logs: Vec<Log>,
    pub queues: Vec<QueuePlace>,
    pub tables: Vec<TablePlace>,
    pub buckets: Vec<BucketPlace>,
    /// Places that there was no room for.
    pub left_out: Vec<Gap>,
    places: BTreeMap<ResourceId, Place>,
    links: Vec<(ResourceId, LinkKind, ResourceId)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    kind: Kind,
    name: String,
    depth: usize,
}

/// How much there is to search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Extent {
    pub log_groups: usize,
    pub queues: usize,
    pub tables: usize,
    pub buckets: usize,
}

impl Ground {
    /// All that is known, or these alone.
    pub fn of(store: &Store, only: Option<&BTreeSet<ResourceId>>) -> Self {
        let is_in = |id: &ResourceId| only.is_none_or(|only| only.contains(id));
        let mut ground = Self { places: places(store), ..Self::default() };
        ground.links = store
            .topology()
            .links()
            .filter(|link| link.kind.carries() && (is_in(&link.from) || is_in(&link.to)))
            .map(|link| (link.from.clone(), link.kind, link.to.clone()))
            .collect();
        let entries = store.entries().filter(|entry| entry.gone.is_none() && is_in(&entry.resource.id));
        for resource in entries.map(|entry| &entry.resource) {
            match resource.kind {
                Kind::Function => ground.logs.push(log(store, &resource.id)),
                Kind::Queue => ground.queues.push(QueuePlace {
                    id: resource.id.clone(),
                    sources: store.topology().dead_letter_sources(&resource.id).map(|link| link.from.clone()).collect(),
                }),
                Kind::Table => ground.tables.push(TablePlace {
                    id: resource.id.clone(),
                    name: resource.name.clone(),
                    key: resource.attribute("KeySchema").and_then(hash_key),
                }),
                Kind::Bucket => {
                    ground.buckets.push(BucketPlace { id: resource.id.clone(), name: resource.name.clone() });
                }
                _ => {}
            }
        }
        ground.bound();
        ground
    }

    fn bound(&mut self) {
        let mut gaps = Vec::new();
        cut(&mut self.logs, "log groups", &mut gaps);
        cut(&mut self.queues, "queues", &mut gaps);
        cut(&mut self.tables, "tables", &mut gaps);
        cut(&mut self.buckets, "buckets", &mut gaps);
        self.left_out = gaps;
    }

    pub fn extent(&self) -> Extent {
        Extent {
            log_groups: self.logs.len(),
            queues: self.queues.len(),
            tables: self.tables.len(),
            buckets: self.buckets.len(),
        }
    }

    pub fn kind(&self, id: &ResourceId) -> Kind {
        let by_arn = || id.arn().map_or(Kind::External, |arn| Kind::of_arn(&arn));
        self.places.get(id).map_or_else(by_arn, |place| place.kind)
    }

    pub fn name<'a>(&'a self, id: &'a ResourceId) -> &'a str {
        self.places.get(id).map_or(id.short_name(), |place| &place.name)
    }

    /// Steps along the map from where its flow begins.
    pub fn depth(&self, id: &ResourceId) -> usize {
        self.places.get(id).map_or(0, |place| place.depth)
    }

    /// Those who send to it what is not a dead letter.
    pub fn before<'a>(&'a self, id: &'a ResourceId) -> impl Iterator<Item = &'a ResourceId> {
        let sends = |kind: LinkKind| !matches!(kind, LinkKind::DeadLetters | LinkKind::Reports);
        self.links.iter().filter(move |(_, kind, to)| to == id && sends(*kind)).map(|(from, ..)| from)
    }

    /// The functions that take from a queue.
    pub fn takers<'a>(&'a self, queue: &'a ResourceId) -> impl Iterator<Item = &'a ResourceId> {
        let takes =
            move |(from, kind, _): &&(ResourceId, LinkKind, ResourceId)| from == queue && *kind == LinkKind::Invokes;
        self.links.iter().filter(takes).map(|(.., to)| to)
    }

    /// The functions that write to a table or bucket.
    pub fn writers<'a>(&'a self, to: &'a ResourceId) -> impl Iterator<Item = &'a ResourceId> {
        let writes = move |(_, kind, target): &&(ResourceId, LinkKind, ResourceId)| {
            target == to && matches!(kind, LinkKind::Writes | LinkKind::Publishes)
        };
        self.links.iter().filter(writes).map(|(from, ..)| from)
    }

    /// The queue whose dead letters come here, if it is one alone.
    pub fn only_source(&self, queue: &ResourceId) -> Option<&ResourceId> {
        match self.queues.iter().find(|place| place.id == *queue)?.sources.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

fn cut<T>(places: &mut Vec<T>, what: &str, gaps: &mut Vec<Gap>) {
    if let Some(more) = places.len().checked_sub(MOST_PLACES).filter(|more| *more > 0) {
        places.truncate(MOST_PLACES);
        let why = format!("only {MOST_PLACES} are searched at once: name a flow");
        gaps.push(Gap { place: format!("{more} more {what}"), why });
    }
}

fn log(store: &Store, function: &ResourceId) -> Log {
    let linked = store.topology().log_group(function);
    let group = linked
        .map_or_else(|| format!("/aws/lambda/{}", function.short_name()), |group| store.name_of(group).to_owned());
    let listed = linked.is_some_and(|group| store.get(group).is_some_and(|entry| entry.gone.is_none()));
    let unlisted = store.failures().any(|failure| failure.operation.starts_with("logs:"));
    Log { group, function: function.clone(), is_there: listed || unlisted }
}

/// `id` of `id (HASH), at (RANGE)`.
fn hash_key(schema: &str) -> Option<String> {
    schema.split(", ").find_map(|part| part.strip_suffix(" (HASH)")).map(ToOwned::to_owned)
}

/// What everything is called and how far along the map it stands. What is in no stage of its flow stands after its neighbour.
fn places(store: &Store) -> BTreeMap<ResourceId, Place> {
    let mut depths: BTreeMap<&ResourceId, usize> = BTreeMap::new();
    for flow in store.flows() {
        for (depth, stage) in flow.stages.iter().enumerate() {
            for id in stage.kinds.iter().flat_map(|(_, ids)| ids) {
                depths.entry(id).or_insert(depth);
            }
        }
    }
    let late: Vec<(&ResourceId, usize)> = store
        .topology()
        .links()
        .filter(|link: &&Link| matches!(link.kind, LinkKind::DeadLetters | LinkKind::Logs))
        .filter_map(|link| Some((&link.to, depths.get(&link.from)? + 1)))
        .collect();
    for (id, depth) in late {
        depths.entry(id).or_insert(depth);
    }
    let listed = store.entries().map(|entry| {
        let resource = &entry.resource;
        let depth = depths.get(&resource.id).copied().unwrap_or(0);
        (resource.id.clone(), Place { kind: resource.kind, name: resource.name.clone(), depth })
    });
    listed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_table_is_its_hash_key() {
        assert_eq!(hash_key("id (HASH)").as_deref(), Some("id"));
        assert_eq!(hash_key("store (HASH), at (RANGE)").as_deref(), Some("store"));
        assert_eq!(hash_key(""), None);
    }
}
