//! Things that a listing names and that a call each describes: streams, delivery streams, applications.
//!
//! What failed keeps its last values, and one that could never be read is there all the same. How to ask is each poller's own.

use std::collections::{BTreeMap, BTreeSet};

use super::{Due, Inventory, Look, Outbox};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Kind, Link, Resource, ResourceId, arn::partition_of},
};

/// What is known of the things of one kind, by name.
#[derive(Debug)]
pub struct Listing {
    kind: Kind,
    /// What an ARN of theirs has before the Region, and before the name: `kinesis`, `stream`.
    arn: (&'static str, &'static str),
    listed: Due,
    items: BTreeMap<String, Item>,
    inventory: Inventory,
}

#[derive(Debug, Default)]
struct Item {
    id: Option<ResourceId>,
    described: Due,
}

/// One that was asked about, and by which operation.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub name: &'a str,
    pub operation: &'static str,
    pub look: Look<'a>,
}

impl Listing {
    pub fn new(kind: Kind, service: &'static str, resource_type: &'static str) -> Self {
        Self {
            kind,
            arn: (service, resource_type),
            listed: Due::default(),
            items: BTreeMap::new(),
            inventory: Inventory::default(),
        }
    }

    /// Whether it is time to list again.
    pub fn is_due(&self, look: Look<'_>) -> bool {
        self.listed.is_due(look.scope, look.structure())
    }

    /// A listing was tried; `worst` is what went wrong.
    pub fn tried(&mut self, look: Look<'_>, worst: Option<FailureKind>) {
        self.listed.tried(look.scope, worst);
    }

    /// After a listing that came to its end: these there are, and no others.
    pub async fn complete(&mut self, names: BTreeSet<String>, out: &mut Outbox) {
        self.items.retain(|name, _| names.contains(name));
        for name in names {
            self.items.entry(name).or_default();
        }
        let known: BTreeSet<ResourceId> = self.items.values().filter_map(|item| item.id.clone()).collect();
        out.say_all(self.inventory.keep_only(&known)).await;
    }

    /// What both list is described by this one from now on: nothing of it is gone. Returns what the other had described.
    pub fn take_over(&mut self, other: &mut Self) -> Vec<ResourceId> {
        let mut taken = Vec::new();
        for (name, item) in &mut self.items {
            let Some(id) = other.items.remove(name).and_then(|theirs| theirs.id) else { continue };
            self.inventory.take_over(&id, &mut other.inventory);
            item.id.get_or_insert_with(|| id.clone());
            taken.push(id);
        }
        taken
    }

    /// The names whose description is due.
    pub fn due(&self, look: Look<'_>) -> Vec<String> {
        let due = self.items.iter().filter(|(_, item)| item.described.is_due(look.scope, look.sparingly()));
        due.map(|(name, _)| name.clone()).collect()
    }

    pub fn id(&self, name: &str) -> Option<&ResourceId> {
        self.items.get(name)?.id.as_ref()
    }

    pub fn has(&self, name: &str) -> bool {
        self.items.contains_key(name)
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All that were described, by name.
    pub fn described(&self) -> impl Iterator<Item = (&str, &Resource)> {
        self.items.iter().filter_map(|(name, item)| Some((name.as_str(), self.inventory.get(item.id.as_ref()?)?)))
    }

    /// It could be described.
    pub async fn found(&mut self, asked: Asked<'_>, found: (Resource, Vec<Link>), out: &mut Outbox) {
        let Some(item) = self.items.get_mut(asked.name) else { return };
        let (resource, links) = found;
        item.described.tried(asked.look.scope, None);
        item.id = Some(resource.id.clone());
        out.read(asked.operation, &resource.id);
        out.say_all(self.inventory.found(resource, links)).await;
    }

    /// It could not be described.
    pub async fn unread(&mut self, asked: Asked<'_>, trouble: Trouble, out: &mut Outbox) {
        let Some(item) = self.items.get_mut(asked.name) else { return };
        item.described.tried(asked.look.scope, Some(trouble.kind));
        // Deleted since the listing: the next listing says so properly.
        if trouble.kind == FailureKind::NotFound {
            self.listed = Due::default();
            return;
        }
        let id = match item.id.clone() {
            Some(id) => id,
            None => {
                let id = unread_id(self.arn, asked.look, asked.name);
                item.id = Some(id.clone());
                let resource = Resource::new(id.clone(), self.kind, asked.name);
                out.say_all(self.inventory.found(resource, Vec::new())).await;
                id
            }
        };
        out.failed(asked.operation, trouble, Some(&id)).await;
    }

    /// Sets or takes away one attribute that another call than the description told.
    pub async fn amend(&mut self, name: &str, attribute: &str, value: Option<String>, out: &mut Outbox) {
        let Some(resource) = self.id(name).and_then(|id| self.inventory.get(id)) else { return };
        let mut resource = resource.clone();
        resource.attributes.remove(attribute);
        let links = self.inventory.links(&resource.id).to_vec();
        out.say_all(self.inventory.found(resource.with(attribute, value), links)).await;
    }
}

/// The ARN of what was only listed; without the account while nobody has told it.
fn unread_id((service, resource_type): (&str, &str), look: Look<'_>, name: &str) -> ResourceId {
    let (region, account) = (look.aws.region(), look.aws.known_account().unwrap_or_default());
    format!("arn:{}:{service}:{region}:{account}:{resource_type}/{name}", partition_of(region)).into()
}
