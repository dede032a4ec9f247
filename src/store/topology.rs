//! Who sends to whom.

use std::{collections::BTreeMap, sync::LazyLock};

use crate::domain::{Link, LinkKey, LinkKind, ResourceId};

/// Comes before every other id: where a range of links begins.
static FIRST: LazyLock<ResourceId> = LazyLock::new(|| ResourceId::from(""));

/// All links, found from either end.
#[derive(Debug, Default, Clone)]
pub struct Topology {
    links: BTreeMap<LinkKey, Link>,
    /// Keys by the end that they point to: `(to, from, kind)`.
    incoming: BTreeMap<(ResourceId, ResourceId, LinkKind), LinkKey>,
    revision: u64,
}

impl Topology {
    pub fn link(&mut self, link: Link) {
        let key = link.key();
        let looks = |link: &Link| (link.known_by, link.label.clone());
        // Attributes change with every batch that a mapping hands over: they change no picture.
        if self.links.get(&key).is_none_or(|old| looks(old) != looks(&link)) {
            self.revision += 1;
        }
        self.incoming.insert((link.to.clone(), link.from.clone(), link.kind), key.clone());
        self.links.insert(key, link);
    }

    pub fn unlink(&mut self, key: &LinkKey) {
        if self.links.remove(key).is_some() {
            self.incoming.remove(&(key.to.clone(), key.from.clone(), key.kind));
            self.revision += 1;
        }
    }

    /// Grows when a link comes, goes, or is labelled or known otherwise.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn get(&self, key: &LinkKey) -> Option<&Link> {
        self.links.get(key)
    }

    pub fn has(&self, key: &LinkKey) -> bool {
        self.links.contains_key(key)
    }

    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// The links that leave a resource.
    pub fn from<'a>(&'a self, id: &'a ResourceId) -> impl Iterator<Item = &'a Link> {
        let first = LinkKey { from: id.clone(), to: FIRST.clone(), kind: LinkKind::Subscribes };
        self.links.range(first..).take_while(move |(key, _)| key.from == *id).map(|(_, link)| link)
    }

    /// The links that arrive at a resource.
    pub fn to<'a>(&'a self, id: &'a ResourceId) -> impl Iterator<Item = &'a Link> {
        let first = (id.clone(), FIRST.clone(), LinkKind::Subscribes);
        self.incoming
            .range(first..)
            .take_while(move |((to, _, _), _)| to == id)
            .filter_map(|(_, key)| self.links.get(key))
    }

    /// The queues whose dead letters go to this one.
    pub fn dead_letter_sources<'a>(&'a self, id: &'a ResourceId) -> impl Iterator<Item = &'a Link> {
        self.to(id).filter(|link| link.kind == LinkKind::DeadLetters)
    }

    /// Where a resource's dead letters go.
    pub fn dead_letter_target<'a>(&'a self, id: &'a ResourceId) -> Option<&'a Link> {
        self.from(id).find(|link| link.kind == LinkKind::DeadLetters)
    }

    /// Those who take what is in a queue: all that leaves it but its dead letters.
    pub fn readers<'a>(&'a self, queue: &'a ResourceId) -> impl Iterator<Item = &'a Link> {
        self.from(queue).filter(|link| link.kind.carries() && link.kind != LinkKind::DeadLetters)
    }

    /// The log group of a function.
    pub fn log_group<'a>(&'a self, function: &'a ResourceId) -> Option<&'a ResourceId> {
        self.from(function).find(|link| link.kind == LinkKind::Logs).map(|link| &link.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_from_both_ends_and_go() {
        let mut topology = Topology::default();
        for to in ["b", "c"] {
            topology.link(Link::configured("a", LinkKind::Subscribes, to));
        }
        topology.link(Link::configured("aa", LinkKind::DeadLetters, "b"));
        assert_eq!(topology.from(&"a".into()).count(), 2);
        assert_eq!(topology.to(&"b".into()).count(), 2);
        assert_eq!(topology.dead_letter_sources(&"b".into()).count(), 1);
        topology.unlink(&LinkKey { from: "a".into(), to: "b".into(), kind: LinkKind::Subscribes });
        assert_eq!(topology.from(&"a".into()).count(), 1);
        assert_eq!(topology.to(&"b".into()).count(), 1);
    }
}
