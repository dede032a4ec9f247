//! Links that no poller reports: they follow from what is there, and are drawn anew when names change.
//!
//! What they follow from is in [`inference`] (environments) and [`declared`] (the user's configuration).

use std::collections::BTreeSet;

use super::{Store, declared, inference};
use crate::domain::{Declaration, Failure, Link, LinkKey};

impl Store {
    /// Failures as they stand: each poller's from its last round, and what the configuration asks for in vain.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.polls.failures().chain(&self.mistakes)
    }

    /// The links that the user declares, instead of those declared before.
    pub fn declare(&mut self, declarations: Vec<Declaration>) {
        self.declarations = declarations;
        self.derive();
        self.findings.are_due();
        self.revision += 1;
    }

    /// Declared links that cannot be drawn, and why.
    pub fn mistakes(&self) -> &[Failure] {
        &self.mistakes
    }

    /// Draws anew the links that names give away, and those that the user declares. One that an API reports is never replaced.
    pub(super) fn derive(&mut self) {
        let living = self.entries.values().filter(|entry| entry.gone.is_none()).map(|entry| &entry.resource);
        let (mut links, mistakes) = declared::links(&self.declarations, living.clone());
        self.mistakes = mistakes;
        // The first of two that are the same link is drawn: what the user says comes before what names give away.
        links.extend(inference::links(living));
        let named: BTreeSet<LinkKey> = links.iter().map(Link::key).collect();
        let topology = &mut self.topology;
        self.derived.retain(|key| {
            let stays = named.contains(key);
            if !stays {
                topology.unlink(key);
            }
            stays
        });
        let mut drawn = BTreeSet::new();
        for link in links {
            let key = link.key();
            if drawn.insert(key.clone()) && (self.derived.contains(&key) || !self.topology.has(&key)) {
                self.derived.insert(key);
                self.topology.link(link);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fact, Kind, KnownBy, LinkKind, Report, Resource, Subject};
    use jiff::Timestamp;

    fn say(store: &mut Store, facts: Vec<Fact>) {
        store.apply(Report { poller: "p", at: Timestamp::UNIX_EPOCH, facts, round: None });
    }

    fn known_by(store: &Store) -> Vec<KnownBy> {
        store.topology().links().map(|link| link.known_by).collect()
    }

    #[test]
    fn what_an_api_reports_wins_over_a_declaration_and_leaves_it_when_it_goes() {
        let mut store = Store::default();
        let (from, to) = ("arn:aws:lambda:r:1:function:f", "arn:aws:dynamodb:r:1:table/orders");
        let declaration = Declaration { from: "f".into(), to: "orders".into(), kind: None, label: String::new() };
        store.declare(vec![declaration]);
        assert_eq!(store.mistakes().len(), 1, "nothing is known yet");
        let function = Fact::Found(Resource::new(from, Kind::Function, "f"));
        say(&mut store, vec![function, Fact::Found(Resource::new(to, Kind::Table, "orders"))]);
        assert_eq!((known_by(&store), store.mistakes().len()), (vec![KnownBy::Declared], 0));
        let link = Link::configured(from, LinkKind::Writes, to);
        say(&mut store, vec![Fact::Linked(link.clone())]);
        assert_eq!(known_by(&store), [KnownBy::Configured]);
        say(&mut store, vec![Fact::Found(Resource::new("t", Kind::Table, "t"))]);
        assert_eq!(known_by(&store), [KnownBy::Configured]);
        say(&mut store, vec![Fact::Gone(Subject::Link(link.key()))]);
        assert_eq!(known_by(&store), [KnownBy::Declared]);
        say(&mut store, vec![Fact::Gone(Subject::Resource(to.into()))]);
        assert_eq!((known_by(&store), store.failures().count()), (vec![], 1));
    }

    #[test]
    fn what_the_user_declares_wins_over_what_names_give_away() {
        let mut store = Store::default();
        let mut function = Resource::new("f", Kind::Function, "f");
        function.mentions = vec![crate::domain::Mention { variable: "TABLE".into(), value: "orders".into() }];
        say(&mut store, vec![Fact::Found(function), Fact::Found(Resource::new("t", Kind::Table, "orders"))]);
        assert_eq!(known_by(&store), [KnownBy::Inferred]);
        let label = "by its code".to_owned();
        store.declare(vec![Declaration { from: "f".into(), to: "orders".into(), kind: None, label: label.clone() }]);
        assert_eq!(known_by(&store), [KnownBy::Declared]);
        assert!(store.topology().links().all(|link| link.label == label));
        store.declare(Vec::new());
        assert_eq!(known_by(&store), [KnownBy::Inferred]);
    }

    #[test]
    fn drawing_the_same_again_is_no_change() {
        let mut store = Store::default();
        let mut function = Resource::new("f", Kind::Function, "f");
        function.mentions = vec![crate::domain::Mention { variable: "TABLE".into(), value: "orders".into() }];
        say(&mut store, vec![Fact::Found(function), Fact::Found(Resource::new("t", Kind::Table, "orders"))]);
        assert_eq!(known_by(&store), [KnownBy::Inferred]);
        let shape = store.shape_revision();
        say(&mut store, vec![Fact::Found(Resource::new("t", Kind::Table, "orders").with("ItemCount", Some(3)))]);
        assert_eq!(store.shape_revision(), shape);
    }
}
