//! Readings of what nobody has found yet: one poller may measure what another is still listing.

use std::collections::BTreeMap;

use super::Entry;
use crate::domain::{Metric, Reading, ResourceId};

/// Resources whose readings may wait.
const MOST: usize = 2_000;

/// The last reading of each metric, by a resource that is not known.
#[derive(Debug, Default, Clone)]
pub struct Early(BTreeMap<ResourceId, BTreeMap<&'static str, (Metric, Reading)>>);

impl Early {
    /// Keeps a reading. What is never found was deleted: when there are too many, one makes room.
    pub fn keep(&mut self, id: ResourceId, metric: Metric, reading: Reading) {
        if self.0.len() >= MOST && !self.0.contains_key(&id) {
            self.0.pop_first();
        }
        self.0.entry(id).or_default().insert(metric.name, (metric, reading));
    }

    /// Hands over what waited for a resource that has just been found.
    pub fn give_to(&mut self, entry: &mut Entry) {
        for (metric, reading) in self.0.remove(&entry.resource.id).into_iter().flat_map(BTreeMap::into_values) {
            entry.measure(metric, reading);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, Resource, reading::SENT};
    use jiff::Timestamp;

    #[test]
    fn a_reading_waits_for_its_resource_and_not_for_ever() {
        let reading = Reading { value: 2.0, source: "test", at: Timestamp::UNIX_EPOCH };
        let mut early = Early::default();
        for number in 0..MOST + 10 {
            early.keep(format!("q{number:05}").into(), SENT, reading);
        }
        assert_eq!(early.0.len(), MOST);
        let last = format!("q{:05}", MOST + 9);
        let mut entry = Entry::new(Resource::new(&last, Kind::Queue, "q"), "sqs", Timestamp::UNIX_EPOCH);
        early.give_to(&mut entry);
        assert_eq!(entry.value(SENT), Some(2.0));
        assert_eq!(early.0.len(), MOST - 1);
    }
}
