//! Events of many groups, held back until older ones can hardly come any more, and given out by time. Pure.
//!
//! One goes out once all groups were read past it, or when it has waited long enough, or when there is no more room. One that comes
//! after younger ones went out goes with the next batch: late, and once.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::event::Event;

/// What may be held: events, and bytes of their texts.
const MOST_EVENTS: usize = 200_000;
const MOST_BYTES: usize = 64 << 20;

/// The part of the hold that may be over when an event is read.
const MOST_WAITED: f64 = 0.3;

/// By time, and as they came where that is the same.
type Key = (i64, u64);

/// Events that wait.
#[derive(Debug)]
pub struct Merge {
    held: BTreeMap<Key, Event>,
    bytes: usize,
    /// When each has waited long enough, and the instant that it vouches for.
    dues: BTreeMap<(Instant, Key), i64>,
    came: u64,
    hold: Duration,
}

impl Merge {
    pub fn new(hold: Duration) -> Self {
        Self { held: BTreeMap::new(), bytes: 0, dues: BTreeMap::new(), came: 0, hold }
    }

    pub fn put(&mut self, events: Vec<Event>, now: Instant, now_ms: i64) {
        for event in events {
            let key = (event.at_ms, self.came);
            self.came += 1;
            self.bytes += event.text.len();
            let waited = self.waited(&event, now_ms);
            // One from a clock that is ahead does not hurry those of the others.
            self.dues.insert((now + self.hold - waited, key), event.at_ms.min(now_ms));
            self.held.insert(key, event);
        }
    }

    /// How long it waits already, since the service took it in: that counts, but not all of it, as those that it waits for were as slow.
    fn waited(&self, event: &Event, now_ms: i64) -> Duration {
        let waited_ms = event.ingested_ms.map_or(0, |ingested| now_ms.saturating_sub(ingested));
        Duration::from_millis(u64::try_from(waited_ms).unwrap_or_default()).min(self.hold.mul_f64(MOST_WAITED))
    }

    /// What may go: all up to `read_to_ms`, and, unless it is to be patient, what has waited long enough with all that is older.
    pub fn release(&mut self, read_to_ms: Option<i64>, is_patient: bool, now: Instant) -> Vec<Event> {
        let mut up_to = read_to_ms.unwrap_or(i64::MIN);
        let mut alone = Vec::new();
        while let Some(first) = self.dues.first_entry() {
            let (due, key) = *first.key();
            let has_gone = !self.held.contains_key(&key);
            if !has_gone && (is_patient || due > now) {
                break;
            }
            let vouched_ms = first.remove();
            if !has_gone {
                up_to = up_to.max(vouched_ms);
                alone.push(key);
            }
        }
        // Half of the room, so that it is not the same again with the next one.
        if self.held.len() > MOST_EVENTS || self.bytes > MOST_BYTES {
            up_to = up_to.max(self.held.keys().nth(self.held.len() / 2).map_or(i64::MAX, |key| key.0));
        }
        let rest = self.held.split_off(&(up_to.saturating_add(1), 0));
        let mut going = std::mem::replace(&mut self.held, rest);
        going.extend(alone.into_iter().filter_map(|key| self.held.remove_entry(&key)));
        if self.dues.len() > 2 * self.held.len() + 1024 {
            self.dues.retain(|(_, key), _| self.held.contains_key(key));
        }
        let events: Vec<Event> = going.into_values().collect();
        self.bytes -= events.iter().map(|event| event.text.len()).sum::<usize>();
        events
    }

    /// All of it.
    pub fn flush(&mut self) -> Vec<Event> {
        self.dues.clear();
        self.bytes = 0;
        std::mem::take(&mut self.held).into_values().collect()
    }

    /// When the first of them has waited long enough.
    pub fn next(&self) -> Option<Instant> {
        self.dues.first_key_value().map(|((due, _), _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(1);

    fn event(at_ms: i64, text: &str) -> Event {
        Event { group: "g".into(), stream: "s".into(), id: None, at_ms, ingested_ms: None, text: text.into() }
    }

    fn texts(events: &[Event]) -> String {
        events.iter().map(|event| &*event.text).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test(start_paused = true)]
    async fn by_time_whatever_the_order_of_their_coming() {
        let (mut merge, now) = (Merge::new(HOLD), Instant::now());
        merge.put(vec![event(30, "c"), event(10, "a")], now, 100);
        merge.put(vec![event(20, "b"), event(20, "b2"), event(40, "d")], now, 100);
        assert_eq!(texts(&merge.release(Some(9), false, now)), "");
        assert_eq!(texts(&merge.release(Some(30), false, now)), "a b b2 c");
        assert_eq!(merge.next(), Some(now + HOLD));
        assert_eq!(texts(&merge.release(None, false, now + HOLD)), "d");
        assert_eq!(merge.next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waited_long_enough_takes_the_older_ones_along() {
        let (mut merge, now) = (Merge::new(HOLD), Instant::now());
        merge.put(vec![event(30, "c")], now, 100);
        merge.put(vec![event(10, "a"), event(90, "x")], now + HOLD / 2, 100);
        assert_eq!(texts(&merge.release(None, true, now + HOLD * 9)), "", "patient");
        assert_eq!(texts(&merge.release(None, false, now + HOLD)), "a c");
        merge.put(vec![event(20, "late")], now + HOLD, 100);
        assert_eq!(texts(&merge.release(Some(30), false, now + HOLD)), "late", "once, and at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_ahead_hurries_nobody() {
        let (mut merge, now) = (Merge::new(HOLD), Instant::now());
        merge.put(vec![event(9_000_000, "ahead")], now, 100);
        merge.put(vec![event(900, "fresh")], now + HOLD / 2, 900);
        assert_eq!(texts(&merge.release(None, false, now + HOLD)), "ahead");
        assert_eq!(texts(&merge.release(None, false, now + HOLD * 2)), "fresh");
    }

    #[tokio::test(start_paused = true)]
    async fn what_it_waited_before_it_was_read_counts_but_not_all_of_it() {
        let (mut merge, now) = (Merge::new(HOLD), Instant::now());
        let ingested = |at_ms, text: &str| Event { ingested_ms: Some(at_ms), ..event(at_ms, text) };
        merge.put(
            vec![ingested(9_800, "a little"), ingested(2_000, "long"), ingested(99_000, "not yet, by its clock")],
            now,
            10_000,
        );
        let at = |ms| now + Duration::from_millis(ms);
        assert_eq!(texts(&merge.release(None, false, at(699))), "");
        assert_eq!(texts(&merge.release(None, false, at(700))), "long");
        assert_eq!(texts(&merge.release(None, false, at(800))), "a little");
        assert_eq!(texts(&merge.release(None, false, at(1000))), "not yet, by its clock");
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_bounded() {
        let (mut merge, now) = (Merge::new(HOLD), Instant::now());
        merge.put((0..=MOST_EVENTS as i64).map(|at| event(at, "x")).collect(), now, 100);
        let gone = merge.release(None, true, now);
        assert!(gone.len() > MOST_EVENTS / 2 && gone.is_sorted_by_key(|event| event.at_ms));
        assert_eq!(gone.len() + merge.flush().len(), MOST_EVENTS + 1);
        let long = "x".repeat(MOST_BYTES / 2);
        merge.put(vec![event(1, &long), event(2, &long), event(3, &long)], now, 100);
        assert_eq!(merge.release(None, true, now).len(), 2);
        assert_eq!(merge.bytes, long.len());
    }
}
