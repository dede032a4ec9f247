//! Links that come from a listing of their own (mappings, subscriptions), and so belong to no one resource's description.
//!
//! The whole set is replaced at once; [`Links`] says what that changed. Links of one resource belong in [`super::Inventory`].

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Fact, Link, LinkKey, LinkKind, PLACES, ResourceId, Subject};

/// A poller's memory of the links that its listings named.
#[derive(Debug, Default)]
pub struct Links {
    known: BTreeMap<LinkKey, Link>,
}

impl Links {
    /// These are all links now. Says what is new, different or gone.
    ///
    /// Call it only with what complete listings said, and with what was known before where a listing failed.
    pub fn replace_all(&mut self, links: impl IntoIterator<Item = Link>) -> Vec<Fact> {
        let now: BTreeMap<LinkKey, Link> = merged(links).into_iter().map(|link| (link.key(), link)).collect();
        let mut facts: Vec<Fact> = now
            .iter()
            .filter(|(key, link)| self.known.get(*key) != Some(*link))
            .map(|(_, link)| Fact::Linked(link.clone()))
            .collect();
        let gone = self.known.keys().filter(|key| !now.contains_key(*key));
        facts.extend(gone.map(|key| Fact::Gone(Subject::Link(key.clone()))));
        self.known = now;
        facts
    }
}

/// One link a key: what is known more certainly leads, labels are joined, the leader's attributes win, and it is off only if all are.
pub fn merged(links: impl IntoIterator<Item = Link>) -> Vec<Link> {
    let mut by_key: BTreeMap<LinkKey, Link> = BTreeMap::new();
    for link in links {
        match by_key.get_mut(&link.key()) {
            None => {
                by_key.insert(link.key(), link);
            }
            Some(known) if link.known_by < known.known_by => *known = link,
            Some(known) if link.known_by == known.known_by => join(known, link),
            Some(_) => {}
        }
    }
    by_key.into_values().collect()
}

/// Names that the label of one link lists.
const MOST_NAMES: usize = 3;

/// One link a target, labelled with the names of the places that lead there: the routes of an API, the states of a machine.
pub fn gathered(
    from: &ResourceId,
    kind: LinkKind,
    places: impl IntoIterator<Item = (ResourceId, String)>,
) -> Vec<Link> {
    let mut names: BTreeMap<ResourceId, BTreeSet<String>> = BTreeMap::new();
    for (to, name) in places {
        names.entry(to).or_default().insert(name);
    }
    let link = |(to, names): (ResourceId, BTreeSet<String>)| {
        let count = names.len();
        let left_out = count.saturating_sub(MOST_NAMES);
        let label = names.into_iter().take(MOST_NAMES).collect::<Vec<_>>().join(", ");
        let more = if left_out > 0 { format!(" and {left_out} more") } else { String::new() };
        Link::configured(from.clone(), kind, to).labelled(format!("{label}{more}")).with(PLACES, Some(count))
    };
    names.into_iter().map(link).collect()
}

fn join(known: &mut Link, other: Link) {
    if !other.label.is_empty() && known.label.split("; ").all(|label| label != other.label) {
        let gap = if known.label.is_empty() { "" } else { "; " };
        known.label = format!("{}{gap}{}", known.label, other.label);
    }
    // Two mappings of one queue to two aliases of a function: while one is on, the queue has a consumer.
    if known.is_off()
        && !other.is_off()
        && let Some(state) = other.attribute("State")
    {
        known.attributes.insert("State".to_owned(), state.to_owned());
    }
    for (key, value) in other.attributes {
        known.attributes.entry(key).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KnownBy;

    fn link(to: &str, label: &str) -> Link {
        Link::configured("a", LinkKind::Publishes, to).labelled(label)
    }

    #[test]
    fn says_what_is_new_different_and_gone() {
        let mut links = Links::default();
        assert_eq!(links.replace_all([link("b", ""), link("c", "")]).len(), 2);
        assert_eq!(links.replace_all([link("c", ""), link("b", "")]), []);
        let facts = links.replace_all([link("b", "new")]);
        assert_eq!(facts, [Fact::Linked(link("b", "new")), Fact::Gone(Subject::Link(link("c", "").key()))]);
    }

    #[test]
    fn a_link_is_off_only_if_all_its_mappings_are() {
        let mapping = |state| Link::configured("q", LinkKind::Invokes, "f").with("State", Some(state));
        let state = |states: [&'static str; 2]| merged(states.map(mapping))[0].attribute("State").map(str::to_owned);
        assert_eq!(state(["Disabled", "Enabled"]).as_deref(), Some("Enabled"));
        assert_eq!(state(["Enabled", "Disabled"]).as_deref(), Some("Enabled"));
        assert_eq!(state(["Disabled", "Disabling"]).as_deref(), Some("Disabled"));
    }

    #[test]
    fn a_label_names_a_few_places_and_counts_the_rest() {
        let places = |n: usize| (0..n).map(|n| ("t".into(), format!("GET /{n}")));
        let label = |n| gathered(&"a".into(), LinkKind::Integrates, places(n)).remove(0).label;
        assert_eq!(label(2), "GET /0, GET /1");
        assert_eq!(label(5), "GET /0, GET /1, GET /2 and 2 more");
        assert_eq!(gathered(&"a".into(), LinkKind::Calls, []), []);
    }

    #[test]
    fn one_key_is_one_link() {
        let inferred = Link { known_by: KnownBy::Inferred, ..link("b", "TOPIC") };
        let both = merged([inferred.clone(), link("b", "x"), link("b", "y"), link("b", "x"), inferred]);
        assert_eq!(both, [link("b", "x; y")]);
    }
}
