//! What a poller said before, so that it says only what is new, and notices what is gone.
//!
//! Each link belongs to the resource whose description named it: when that resource cannot be read, its old links stay.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Fact, Link, Resource, ResourceId, Subject};

/// A poller's memory of its last listing.
#[derive(Debug, Default)]
pub struct Inventory {
    entries: BTreeMap<ResourceId, (Resource, Vec<Link>)>,
}

impl Inventory {
    /// A resource as it is now, with the links that its description names. Says what is new or different.
    pub fn found(&mut self, resource: Resource, links: Vec<Link>) -> Vec<Fact> {
        let mut facts = Vec::new();
        let before = self.entries.get(&resource.id);
        if before.is_none_or(|(old, _)| *old != resource) {
            facts.push(Fact::Found(resource.clone()));
        }
        let old_links = before.map(|(_, links)| links.as_slice()).unwrap_or_default();
        for link in &links {
            if !old_links.contains(link) {
                facts.push(Fact::Linked(link.clone()));
            }
        }
        for old in old_links {
            let key = old.key();
            if links.iter().all(|link| link.key() != key) {
                facts.push(Fact::Gone(Subject::Link(key)));
            }
        }
        self.entries.insert(resource.id.clone(), (resource, links));
        facts
    }

    /// After a listing that came to its end: what it does not name is gone.
    pub fn keep_only(&mut self, named: &BTreeSet<ResourceId>) -> Vec<Fact> {
        let mut facts = Vec::new();
        self.entries.retain(|id, (_, links)| {
            let stays = named.contains(id);
            if !stays {
                facts.extend(links.iter().map(|link| Fact::Gone(Subject::Link(link.key()))));
                facts.push(Fact::Gone(Subject::Resource(id.clone())));
            }
            stays
        });
        facts
    }

    /// One that is known to be gone, without a listing that came to its end.
    pub fn drop_one(&mut self, id: &ResourceId) -> Vec<Fact> {
        let named = self.entries.keys().filter(|known| *known != id).cloned().collect();
        self.keep_only(&named)
    }

    /// Takes one over from another inventory, which says no more of it.
    pub fn take_over(&mut self, id: &ResourceId, from: &mut Self) {
        if let Some(entry) = from.entries.remove(id) {
            self.entries.entry(id.clone()).or_insert(entry);
        }
    }

    pub fn get(&self, id: &ResourceId) -> Option<&Resource> {
        self.entries.get(id).map(|(resource, _)| resource)
    }

    /// The links that a resource's description named.
    pub fn links(&self, id: &ResourceId) -> &[Link] {
        self.entries.get(id).map(|(_, links)| links.as_slice()).unwrap_or_default()
    }

    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.entries.values().map(|(resource, _)| resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, LinkKind};

    fn queue(name: &str) -> Resource {
        Resource::new(name, Kind::Queue, name)
    }

    #[test]
    fn says_only_what_changed() {
        let mut inventory = Inventory::default();
        let link = Link::configured("a", LinkKind::DeadLetters, "b");
        assert_eq!(inventory.found(queue("a"), vec![link.clone()]).len(), 2);
        assert_eq!(inventory.found(queue("a"), vec![link.clone()]), []);
        let facts = inventory.found(queue("a").with("VisibilityTimeout", Some(30)), vec![]);
        assert!(matches!(&facts[..], [Fact::Found(_), Fact::Gone(Subject::Link(key))] if *key == link.key()));
    }

    #[test]
    fn what_a_full_listing_does_not_name_is_gone_with_its_links() {
        let mut inventory = Inventory::default();
        inventory.found(queue("a"), vec![Link::configured("a", LinkKind::DeadLetters, "b")]);
        inventory.found(queue("b"), vec![]);
        let facts = inventory.keep_only(&BTreeSet::from(["b".into()]));
        assert!(
            matches!(&facts[..], [Fact::Gone(Subject::Link(_)), Fact::Gone(Subject::Resource(id))] if id.as_str() == "a")
        );
        assert_eq!(inventory.keep_only(&BTreeSet::from(["b".into()])), []);
    }
}
