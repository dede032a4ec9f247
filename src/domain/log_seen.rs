//! Which events of a log were seen before. Pure and bounded.
//!
//! Events arrive late and out of order, so each reading overlaps the one before. What tells an event from others is its stream, instant
//! and text, and its place among those that are alike in all three; an id does where the endpoint gives an event the same one twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// The events that were seen, at most so many: the oldest are forgotten first.
#[derive(Debug, Clone, Default)]
pub struct LogSeen<const MOST: usize> {
    seen: BTreeSet<(i64, u64)>,
    forgotten_to_ms: Option<i64>,
}

/// How many alike one reading has brought so far. Each reading begins with none.
#[derive(Debug, Clone, Default)]
pub struct Alike(BTreeMap<(i64, u64), u32>);

impl Alike {
    /// Begins another reading.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// For a reading without an end: nothing from before this instant comes any more.
    pub fn forget_before(&mut self, at_ms: i64) {
        self.0 = self.0.split_off(&(at_ms, 0));
    }
}

impl<const MOST: usize> LogSeen<MOST> {
    /// Whether the event that a reading brings was not seen before; from now on it was.
    pub fn is_new(&mut self, alike: &mut Alike, stream: &str, at_ms: i64, text: &str) -> bool {
        let event = hash((stream, text));
        let place = alike.0.entry((at_ms, event)).or_default();
        *place += 1;
        self.insert(at_ms, hash((event, *place)))
    }

    /// The same, where ids are good for it.
    pub fn is_new_id(&mut self, at_ms: i64, id: &str) -> bool {
        self.insert(at_ms, hash(id))
    }

    /// Nothing from before this instant is read again.
    pub fn forget_before(&mut self, at_ms: i64) {
        self.seen = self.seen.split_off(&(at_ms, 0));
    }

    /// What is older was forgotten for want of room: read again, it would count twice.
    pub fn forgotten_to_ms(&self) -> Option<i64> {
        self.forgotten_to_ms
    }

    pub fn len(&self) -> usize {
        self.seen.len()
    }

    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn insert(&mut self, at_ms: i64, event: u64) -> bool {
        if !self.seen.insert((at_ms, event)) {
            return false;
        }
        if self.seen.len() > MOST
            && let Some((forgotten_ms, _)) = self.seen.pop_first()
        {
            self.forgotten_to_ms = self.forgotten_to_ms.max(Some(forgotten_ms.saturating_add(1)));
        }
        true
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_counts_each_and_once() {
        let mut seen = LogSeen::<9>::default();
        let mut read = |events: usize| {
            (0..events)
                .filter(|_| {
                    let mut a = Alike::default();
                    seen.is_new(&mut a, "s", 1, "tick")
                })
                .count()
        };
        assert_eq!(read(3), 1, "readings of their own");
        let mut alike = Alike::default();
        let mut read = |events: usize| {
            alike.clear();
            (0..events).filter(|_| seen.is_new(&mut alike, "s", 1, "tick")).count()
        };
        assert_eq!((read(2), read(2), read(3)), (1, 0, 1));
    }

    #[test]
    fn another_stream_instant_or_text_is_another_event() {
        let (mut seen, mut alike) = (LogSeen::<9>::default(), Alike::default());
        let events = [("a", 1, "x"), ("b", 1, "x"), ("a", 2, "x"), ("a", 1, "y")];
        assert!(events.iter().all(|(stream, at, text)| seen.is_new(&mut alike, stream, *at, text)));
        assert_eq!((seen.is_new_id(1, "id"), seen.is_new_id(1, "id"), seen.is_new_id(1, "other")), (true, false, true));
    }

    #[test]
    fn room_is_bounded_and_it_says_what_went() {
        let mut seen = LogSeen::<3>::default();
        for at in 0..5 {
            assert!(seen.is_new_id(at, "x"));
        }
        assert_eq!((seen.len(), seen.forgotten_to_ms()), (3, Some(2)));
        seen.forget_before(4);
        assert_eq!(seen.len(), 1);
    }
}
