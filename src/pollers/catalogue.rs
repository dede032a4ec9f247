//! Services whose listing names things, each of which a call of its own describes: APIs, state machines, pipes, schedules.
//!
//! All of it is structure. A description is read anew when the listing says that something changed, and rarely besides; one that
//! cannot be read leaves what was known. What a service calls its things, and what they link to, is in its own file: an
//! `impl` of [`Listed`], and a row `catalogue::of::<…>` in [`super::POLLERS`].

use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use super::{Due, Inventory, Look, Outbox, Poller, Spacing, Tier, links::merged};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Kind, Link, Resource, ResourceId, Scope},
};

const CONCURRENCY: usize = 4;
/// Things of one service. An account may have ten million schedules; nobody looks at more than these.
pub const MOST_LISTED: usize = 1_000;

/// What one service says of its things.
pub trait Listed: Send + Sync + 'static {
    const KINDS: &'static [Kind];
    /// The operation that lists.
    const LIST: &'static str;
    /// The operations that describe one.
    const DESCRIBE: &'static [&'static str];
    /// Calls a second on AWS, as part of what the whole account has.
    const CALLS_PER_SECOND: u32;

    fn list(look: Look<'_>) -> impl Future<Output = Result<Listing, Trouble>> + Send;

    /// Describes one, beginning from what was listed. It takes its turn with [`Ask::turn`] before each call.
    fn describe(ask: Ask<'_>) -> impl Future<Output = Result<Description, Untold>> + Send;
}

/// A resource with the links that are known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    pub resource: Resource,
    pub links: Vec<Link>,
    /// What could not be read, though the rest could.
    pub untold: Vec<Untold>,
}

impl Description {
    pub fn new(resource: Resource, links: Vec<Link>) -> Self {
        Self { resource, links: merged(links), untold: Vec::new() }
    }
}

/// What came so far of a listing.
#[derive(Debug, Default)]
pub struct Listing {
    all: Vec<Description>,
    cut: bool,
}

impl Listing {
    /// Takes one page in; false when there is no use in another: enough is enough.
    pub fn take(&mut self, page: impl IntoIterator<Item = Description>) -> bool {
        self.all.extend(page);
        self.cut = self.all.len() > MOST_LISTED;
        self.all.truncate(MOST_LISTED);
        !self.cut
    }
}

/// A part of a description that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Untold {
    operation: &'static str,
    trouble: Trouble,
}

impl Untold {
    /// For `map_err`: the operation that failed.
    pub fn at<E: Into<Trouble>>(operation: &'static str) -> impl Fn(E) -> Self {
        move |error| Self { operation, trouble: error.into() }
    }
}

/// What a description begins from.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub look: Look<'a>,
    pub listed: &'a Resource,
    /// As it was described before.
    pub before: Option<&'a Resource>,
    spacing: &'a Spacing,
}

impl Ask<'_> {
    /// Waits until the next call may be made.
    pub async fn turn(&self) {
        self.spacing.turn().await;
    }
}

/// A poller of one such service, for its row in [`super::POLLERS`].
pub fn of<L: Listed>() -> Box<dyn Poller> {
    Box::new(Catalogue::<L> {
        listed: Due::default(),
        entries: BTreeMap::new(),
        cut: false,
        inventory: Inventory::default(),
        service: PhantomData,
    })
}

struct Catalogue<L> {
    listed: Due,
    entries: BTreeMap<ResourceId, Entry>,
    /// The last listing did not come to its end.
    cut: bool,
    inventory: Inventory,
    service: PhantomData<fn() -> L>,
}

struct Entry {
    listed: Description,
    described: Due,
    /// As the last description had it.
    before: Option<Resource>,
}

#[async_trait]
impl<L: Listed> Poller for Catalogue<L> {
    fn kinds(&self) -> &'static [Kind] {
        L::KINDS
    }

    /// All that is read here changes by deployment only.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).min(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if self.listed.is_due(look.scope, look.structure()) {
            self.list(look, out).await;
            self.listed.tried(look.scope, out.worst());
        }
        if !out.is_hopeless() {
            self.describe(look, out).await;
        }
    }
}

impl<L: Listed> Catalogue<L> {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let listing = match L::list(look).await {
            Ok(listing) => listing,
            Err(trouble) => return out.failed(L::LIST, trouble, None).await,
        };
        out.done(L::LIST);
        self.cut = listing.cut;
        let named: BTreeSet<ResourceId> = listing.all.iter().map(|one| one.resource.id.clone()).collect();
        // A listing that was cut short says of nothing that it is gone, nor of anything that it is new once there is enough.
        if !listing.cut {
            self.entries.retain(|id, _| named.contains(id));
            out.say_all(self.inventory.keep_only(&named)).await;
        }
        for listed in listing.all {
            let id = listed.resource.id.clone();
            let is_full = self.entries.len() >= MOST_LISTED;
            match self.entries.get_mut(&id) {
                Some(entry) if entry.listed == listed => {}
                Some(entry) => {
                    entry.listed = listed;
                    entry.described = Due::default();
                }
                None if is_full => {}
                None => {
                    // Before its description: that may take its time, and may be refused.
                    out.say_all(self.inventory.found(listed.resource.clone(), listed.links.clone())).await;
                    self.entries.insert(id, Entry { listed, described: Due::default(), before: None });
                }
            }
        }
        self.say_what_was_left_out(listing.cut, out).await;
        out.flush().await;
    }

    /// About a resource that is not there: what was read is not in doubt.
    async fn say_what_was_left_out(&self, cut: bool, out: &mut Outbox) {
        let rest = ResourceId::from(L::LIST);
        if cut {
            let many = L::KINDS.first().map_or("things", |kind| kind.row().many);
            let text = format!("more than {MOST_LISTED} {many}: the rest is not read");
            out.failed(L::LIST, Trouble { kind: FailureKind::Other, text }, Some(&rest)).await;
        } else {
            out.read(L::LIST, &rest);
        }
    }

    async fn describe(&mut self, look: Look<'_>, out: &mut Outbox) {
        let period = look.sparingly();
        let mut due: Vec<(&ResourceId, &Entry)> =
            self.entries.iter().filter(|(_, entry)| entry.described.is_due(look.scope, period)).collect();
        due.sort_by_key(|(id, entry)| {
            (look.scope.selected.as_ref() != Some(*id), std::cmp::Reverse(entry.described.unread_for()))
        });
        let due: Vec<(Resource, Option<Resource>)> =
            due.into_iter().map(|(_, entry)| (entry.listed.resource.clone(), entry.before.clone())).collect();
        let spacing = Spacing::per_second(look.quota(L::CALLS_PER_SECOND));
        let mut answers = stream::iter(due)
            .map(async |(listed, before)| {
                let ask = Ask { look, listed: &listed, before: before.as_ref(), spacing: &spacing };
                let answer = L::describe(ask).await;
                (listed.id, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((id, answer)) = answers.next().await {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            match answer {
                Ok(description) => {
                    entry.described.tried(look.scope, description.untold.first().map(|untold| untold.trouble.kind));
                    entry.before = Some(description.resource.clone());
                    for operation in L::DESCRIBE {
                        if description.untold.iter().all(|untold| untold.operation != *operation) {
                            out.read(operation, &id);
                        }
                    }
                    out.say_all(self.inventory.found(description.resource, description.links)).await;
                    for untold in description.untold {
                        out.failed(untold.operation, untold.trouble, Some(&id)).await;
                    }
                }
                Err(untold) => {
                    entry.described.tried(look.scope, Some(untold.trouble.kind));
                    let is_gone = untold.trouble.kind == FailureKind::NotFound;
                    if is_gone && self.cut {
                        // No listing will say so: one that is cut short never comes to an end.
                        self.entries.remove(&id);
                        out.say_all(self.inventory.drop_one(&id)).await;
                        self.listed = Due::default();
                        continue;
                    }
                    if entry.before.is_none() {
                        // Never described: the listing is all that is known, and it may have changed.
                        let Description { resource, links, .. } = entry.listed.clone();
                        out.say_all(self.inventory.found(resource, links)).await;
                    }
                    if is_gone {
                        // Deleted since the listing: the next listing says so properly.
                        self.listed = Due::default();
                    } else {
                        out.failed(untold.operation, untold.trouble, Some(&id)).await;
                    }
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_is_enough() {
        let one = |n: usize| Description::new(Resource::new(format!("s{n}"), Kind::Schedule, "s"), Vec::new());
        let mut listing = Listing::default();
        assert!(listing.take((0..MOST_LISTED).map(one)));
        assert!(!listing.cut);
        assert!(!listing.take([one(MOST_LISTED)]));
        assert_eq!((listing.all.len(), listing.cut), (MOST_LISTED, true));
    }
}
