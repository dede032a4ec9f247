//! The places of a bus, a rule or a delivery stream, from what is known already. Pure: calls nothing.

mod stream;
mod targets;

use jiff::Timestamp;

use super::{Look, Place};
use crate::{
    domain::{Kind, LinkKind, Metric, ResourceId, units::Age},
    store::{Store, entry::Entry},
};

/// Rules and targets of one bus that are shown. A bus has 300 rules at most where nobody asked AWS for more.
const MOST_PLACES: usize = 2_000;
/// The seconds of which CloudWatch's counts are.
const MINUTE: f64 = 60.0;

/// What a bus, a rule or a delivery stream handed on to, in the order of its ways; nothing for what hands on otherwise.
pub fn places(store: &Store, id: &ResourceId, now: Timestamp) -> Vec<Place> {
    let known = Known { store, now };
    let mut places = match store.kind_of(id) {
        Kind::Bus => targets::of_bus(known, id),
        Kind::Rule => targets::of_rule(known, id),
        Kind::DeliveryStream => stream::of_stream(known, id),
        _ => Vec::new(),
    };
    places.truncate(MOST_PLACES);
    places
}

/// What is known, and now.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    store: &'a Store,
    now: Timestamp,
}

/// Names and values, in the order in which they are said.
type Facts = Vec<(&'static str, String)>;

impl<'a> Known<'a> {
    fn entry(self, id: &ResourceId) -> Option<&'a Entry> {
        self.store.get(id).filter(|entry| entry.gone.is_none())
    }

    fn attribute(self, id: &ResourceId, name: &str) -> Option<&'a str> {
        self.store.get(id)?.resource.attribute(name)
    }

    /// `12 in its last minute, 40 s ago (cloudwatch:TriggeredRules)`; or that it is not known.
    fn counted(self, id: &ResourceId, metric: Metric) -> Option<String> {
        let reading = self.entry(id)?.reading(metric)?;
        let age = Age(reading.age_seconds(self.now));
        // A sum of nothing may be a negative zero.
        let count = reading.value * MINUTE + 0.0;
        Some(format!("{count:.0} in a minute, read {age} ago ({})", reading.source))
    }

    /// How many there were in a minute, where that is more than none.
    fn some(self, id: &ResourceId, metric: Metric) -> Option<f64> {
        let value = self.entry(id)?.value(metric)? * MINUTE;
        (value >= 0.5).then(|| value.round())
    }

    fn place(self, key: String, id: &ResourceId, depth: u16) -> Place {
        let unwell = self.entry(id).is_some_and(|entry| entry.health() == crate::domain::Health::Crit);
        Place {
            key,
            depth,
            kind: self.store.kind_of(id),
            name: self.store.name_of(id).to_owned(),
            id: id.clone(),
            says: String::new(),
            is_bad: unwell,
            facts: Vec::new(),
            look: Look::Nothing(String::new()),
        }
    }

    /// The lines of a function, or of whatever writes to a group of its own.
    fn lines_of(self, id: &ResourceId) -> Option<Look> {
        let group = self.store.topology().log_group(id).map(|group| self.store.name_of(group).to_owned());
        let group = group.or_else(|| match self.store.kind_of(id) {
            Kind::LogGroup => Some(self.store.name_of(id).to_owned()),
            Kind::Function => Some(format!("/aws/lambda/{}", id.short_name())),
            _ => None,
        })?;
        Some(Look::Lines(group.into()))
    }

    /// Others that hand to it too: what it says may be of theirs.
    fn also_from(self, id: &ResourceId, but: &ResourceId) -> Option<String> {
        let links = self.store.topology().to(id).filter(|link| link.kind.carries() && link.from != *but);
        let names: Vec<&str> =
            links.filter(|link| link.kind != LinkKind::Writes).map(|link| self.store.name_of(&link.from)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// Adds a fact, if there is one.
fn say(facts: &mut Facts, name: &'static str, value: Option<impl Into<String>>) {
    facts.extend(value.map(|value| (name, value.into())));
}
