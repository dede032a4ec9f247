//! Whose log lines are meant: of a function its own, of a queue those of its consumers, of dead letters those of who failed on them.
//! Pure, as [`super::update`].

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::{App, Effect};
use crate::{
    domain::{Health, LinkKind, ResourceId},
    overlays::inspect::{
        self,
        tail::{
            group_of,
            model::{Begin, Subject},
        },
    },
    store::Store,
    theme::Role,
};

/// What is read of this one, if it has any logs.
fn subject(store: &Store, id: &ResourceId) -> Option<Subject> {
    let topology = store.topology();
    let sources: Vec<&ResourceId> = topology.dead_letter_sources(id).map(|link| &link.from).collect();
    let is_unwell =
        store.get(id).is_some_and(|entry| entry.verdicts.iter().any(|verdict| verdict.health >= Health::Warn));
    let begin = if is_unwell || !sources.is_empty() { Begin::LastError } else { Begin::End };
    let subject = |title: String, groups: BTreeSet<Arc<str>>| {
        (!groups.is_empty()).then(|| Subject { title, groups: groups.into_iter().collect(), begin })
    };
    let name = store.name_of(id);
    if let Some(group) = group_of(store, id) {
        return subject(name.to_owned(), [group].into());
    }
    if !sources.is_empty() {
        let names: Vec<&str> = sources.iter().map(|source| store.name_of(source)).collect();
        let groups = sources.iter().flat_map(|source| of_readers(store, source)).collect();
        return subject(format!("who failed on {}", names.join(", ")), groups);
    }
    let readers = of_readers(store, id);
    if !readers.is_empty() {
        return subject(format!("consumers of {name}"), readers);
    }
    // All functions next to it; and else all of its flow.
    let links = topology.from(id).map(|link| &link.to).chain(topology.to(id).map(|link| &link.from));
    let near: BTreeSet<_> = links.filter_map(|other| group_of(store, other)).collect();
    subject(format!("functions around {name}"), near).or_else(|| of_flow(store, id))
}

/// All functions of its flow.
fn of_flow(store: &Store, id: &ResourceId) -> Option<Subject> {
    let flow = store.flow_of(id)?;
    let groups: BTreeSet<_> = flow.members.iter().filter_map(|member| group_of(store, member)).collect();
    let title = format!("all functions of {}", flow.name);
    (!groups.is_empty()).then(|| Subject { title, groups: groups.into_iter().collect(), begin: Begin::End })
}

/// Who takes from a queue or stream.
fn of_readers(store: &Store, id: &ResourceId) -> BTreeSet<Arc<str>> {
    store
        .topology()
        .readers(id)
        .filter(|link| link.kind != LinkKind::Logs)
        .filter_map(|link| group_of(store, &link.to))
        .collect()
}

impl App {
    /// Opens the lines of the chosen one, or of the worst alarm, as long as the user went nowhere yet.
    pub(super) fn open_logs(&mut self, chosen: Option<&ResourceId>, went: bool, now: Timestamp) -> Vec<Effect> {
        let of_alarms = || self.store.alarms().iter().find_map(|alarm| subject(&self.store, &alarm.id));
        let first = if went { None } else { of_alarms() };
        let found = first.or_else(|| chosen.and_then(|chosen| subject(&self.store, chosen)));
        self.read_logs(found, chosen, now)
    }

    /// Opens the lines of all functions of a flow.
    pub(super) fn open_flow_logs(&mut self, chosen: Option<&ResourceId>, now: Timestamp) -> Vec<Effect> {
        let found = chosen.and_then(|chosen| of_flow(&self.store, chosen));
        self.read_logs(found, chosen, now)
    }

    fn read_logs(&mut self, found: Option<Subject>, chosen: Option<&ResourceId>, now: Timestamp) -> Vec<Effect> {
        let Some(subject) = found else {
            let text = chosen.map_or_else(
                || "choose a function, a queue or a log group: it has lines to read".to_owned(),
                |chosen| format!("{} has no log group that edatop knows of", chosen.short_name()),
            );
            self.say(text, Role::Dim, now);
            return Vec::new();
        };
        self.inspect(inspect::Subject::Tail(subject), now)
    }
}
