//! What comes in and goes out of a queue, as far as its depth alone tells.
//!
//! A depth that rises by 5 means that at least 5 came; that falls by 3, that at least 3 went. What came and went between two readings
//! is not seen, so both rates are lower bounds, and their source says so.

use std::{collections::VecDeque, fmt};

use jiff::Timestamp;

use super::Entry;
use crate::domain::{
    Reading,
    reading::{DELAYED, IN_FLIGHT, IN_RATE, OLDEST_AGE, OUT_RATE, VISIBLE},
    units::Age,
};

/// Rates are means over this many seconds.
pub const WINDOW_SECONDS: f64 = 30.0;
/// How the source of such a rate is named.
pub const SOURCE: &str = "derived: changes of the depth, at least";

/// An age read longer ago than this is no longer that of the oldest message: it may have left since.
const AGE_HOLDS_SECONDS: f64 = 30.0;

/// A metric's age is of a minute that ended up to three minutes ago, and the next one comes a minute later.
const LATE_AGE_HOLDS_SECONDS: f64 = 240.0;

/// A queue that has not fallen for so long is not being drained, whatever the mean of the window says.
const STOPPED_SECONDS: f64 = 8.0;

/// The depths of the window, and since when nothing has left.
#[derive(Debug, Default, Clone)]
pub struct Depths {
    window: VecDeque<(Timestamp, f64)>,
    standing_since: Option<Timestamp>,
    /// When it was last seen with nothing in it: what was read of its messages before is of others.
    empty_at: Option<Timestamp>,
    /// When it was last seen to have fallen.
    fell_at: Option<Timestamp>,
}

/// Seconds until a queue drops its oldest message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    In(f64),
    /// It may be sooner.
    InAtMost(f64),
}

impl Loss {
    pub fn seconds(self) -> f64 {
        match self {
            Self::In(seconds) | Self::InAtMost(seconds) => seconds,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::In(seconds) if seconds <= 0.0 => f.write_str("now"),
            Self::In(seconds) => write!(f, "in {}", Age(seconds)),
            Self::InAtMost(seconds) => write!(f, "in {} at the latest", Age(seconds)),
        }
    }
}

impl Entry {
    /// When the oldest message is older than the queue keeps it; `is_stopped`: all who could take it are switched off.
    ///
    /// A queue that only does not fall may hide messages that leave, unless nobody can take any.
    pub fn time_to_loss(&self, is_stopped: bool, now: Timestamp) -> Option<Loss> {
        self.time_to_loss_by_age(now).or_else(|| {
            let held = if is_stopped { self.holding_since() } else { self.standing_since() };
            Some(Loss::InAtMost((self.retention_seconds()? - Age::between(held?, now).0).max(0.0)))
        })
    }

    /// The same, only where the age of the oldest message was read.
    ///
    /// CloudWatch's age in a standard queue is a lower bound: a message received three times leaves it, and in a dead-letter queue it
    /// counts from the move, while the queue keeps the message from when it was first sent. A FIFO queue does neither.
    pub fn time_to_loss_by_age(&self, now: Timestamp) -> Option<Loss> {
        let left = (self.retention_seconds()? - self.known_oldest_age_seconds(now)?).max(0.0);
        let is_fifo = self.resource.id.short_name().ends_with(".fifo");
        let is_bound = !is_fifo && self.oldest_age().is_some_and(|age| age.comes_late());
        Some(if is_bound { Loss::InAtMost(left) } else { Loss::In(left) })
    }

    /// Seconds that a message is kept.
    pub fn retention_seconds(&self) -> Option<f64> {
        self.resource.number("MessageRetentionPeriod").map(|seconds| seconds as f64)
    }

    /// Since when the queue has held messages and its depth has stood still: the oldest has waited at least as long.
    ///
    /// Nothing while the depth moves. One that is the same at every look may still hide as much going as coming: a bound, no age.
    pub fn standing_since(&self) -> Option<Timestamp> {
        let stands = |rate| self.value(rate) == Some(0.0);
        self.depths.standing_since.filter(|_| stands(IN_RATE) && stands(OUT_RATE))
    }

    /// Since when the queue has held messages and has not been seen to fall.
    pub fn holding_since(&self) -> Option<Timestamp> {
        self.depths.standing_since
    }

    /// The age of the oldest message as it was read, unless the queue was seen empty since.
    pub fn oldest_age(&self) -> Option<Reading> {
        self.reading(OLDEST_AGE).filter(|age| self.depths.empty_at.is_none_or(|empty| empty < age.at))
    }

    /// Seconds that the oldest message has waited; it only grows on for as long as the reading is good.
    ///
    /// One that CloudWatch gave is minutes old: while messages leave, the oldest of then has left first, and nothing is added.
    pub fn oldest_age_seconds(&self, now: Timestamp) -> Option<f64> {
        let age = self.oldest_age()?;
        let leaves = age.comes_late() && self.value(OUT_RATE).is_none_or(|out| out > 0.0);
        Some(age.value + if leaves { 0.0 } else { age.age_seconds(now).min(holds_seconds(&age)) })
    }

    /// The same, only where it was read just now, or as lately as CloudWatch knows.
    pub fn known_oldest_age_seconds(&self, now: Timestamp) -> Option<f64> {
        self.oldest_age().filter(|age| age.age_seconds(now) < holds_seconds(age))?;
        self.oldest_age_seconds(now)
    }

    /// Seconds until the backlog is gone at the rate at which it shrinks; infinite if it does not.
    pub fn drains_seconds(&self) -> Option<f64> {
        let visible = self.value(VISIBLE)?;
        if visible < 1.0 {
            return Some(0.0);
        }
        let shrinks = self.value(OUT_RATE)? - self.value(IN_RATE)?;
        // The mean still speaks of a consumer that has just stopped.
        let (last, _) = self.depths.window.back()?;
        if self.depths.fell_at.is_none_or(|fell| last.duration_since(fell).as_secs_f64() >= STOPPED_SECONDS) {
            return Some(f64::INFINITY);
        }
        Some(if shrinks > 0.0 { visible / shrinks } else { f64::INFINITY })
    }
}

fn holds_seconds(age: &Reading) -> f64 {
    if age.comes_late() { LATE_AGE_HOLDS_SECONDS } else { AGE_HOLDS_SECONDS }
}

/// Called after a queue's depths were read: adds the derived rates as readings.
///
/// The three depths of one answer may come in two reports. A sum of new and old ones would rise and fall with messages that only
/// changed from waiting to in flight: it is made when all three are of one instant.
pub(super) fn derive(entry: &mut Entry) {
    let Some(visible) = entry.reading(VISIBLE) else { return };
    let at = visible.at;
    let others = [IN_FLIGHT, DELAYED].map(|metric| entry.reading(metric));
    if others.iter().flatten().any(|reading| reading.at != at) {
        return;
    }
    let depth = visible.value + others.iter().flatten().map(|reading| reading.value).sum::<f64>();
    let past = &mut entry.depths;
    // At first sight the others may still be on their way.
    if past.window.len() == 1 && past.window[0].0 == at {
        past.window.clear();
        past.standing_since = None;
        past.empty_at = None;
    }
    if depth == 0.0 {
        past.empty_at = past.empty_at.max(Some(at));
    }
    match past.window.back() {
        Some((last, _)) if *last >= at => return,
        Some((_, before)) if depth < *before || depth == 0.0 => past.standing_since = (depth > 0.0).then_some(at),
        _ if depth == 0.0 => past.standing_since = None,
        _ => past.standing_since = past.standing_since.or(Some(at)),
    }
    if past.window.back().is_some_and(|(_, before)| depth < *before) {
        past.fell_at = Some(at);
    }
    past.window.push_back((at, depth));
    while past.window.len() > 2 && at.duration_since(past.window[0].0).as_secs_f64() > WINDOW_SECONDS {
        past.window.pop_front();
    }
    let span = at.duration_since(past.window[0].0).as_secs_f64();
    if span <= 0.0 {
        return;
    }
    let (mut rises, mut falls) = (0.0, 0.0);
    for (before, after) in past.window.iter().zip(past.window.iter().skip(1)) {
        let change = after.1 - before.1;
        if change > 0.0 { rises += change } else { falls -= change }
    }
    entry.measure(IN_RATE, Reading { value: rises / span, source: SOURCE, at });
    entry.measure(OUT_RATE, Reading { value: falls / span, source: SOURCE, at });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, Resource};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn feed(depths: &[(i64, f64)]) -> Entry {
        let mut entry = Entry::new(Resource::new("q", Kind::Queue, "q"), "sqs", at(0));
        for &(second, value) in depths {
            entry.measure(VISIBLE, Reading { value, source: "test", at: at(second) });
            derive(&mut entry);
        }
        entry
    }

    #[test]
    fn rises_come_in_and_falls_go_out() {
        let entry = feed(&[(0, 10.0), (2, 20.0), (4, 14.0), (10, 14.0)]);
        assert_eq!(entry.value(IN_RATE), Some(1.0));
        assert_eq!(entry.value(OUT_RATE), Some(0.6));
    }

    #[test]
    fn depths_that_come_in_two_reports_are_one_look() {
        let mut entry = Entry::new(Resource::new("q", Kind::Queue, "q"), "sqs", at(0));
        let mut read = |second: i64, metric, value| {
            entry.measure(metric, Reading { value, source: "test", at: at(second) });
            derive(&mut entry);
            (entry.value(IN_RATE), entry.value(OUT_RATE))
        };
        assert_eq!(read(0, VISIBLE, 10.0), (None, None));
        assert_eq!(read(0, IN_FLIGHT, 5.0), (None, None));
        // Five were taken and are in flight: nothing came and nothing went.
        assert_eq!(read(10, VISIBLE, 5.0), (None, None));
        assert_eq!(read(10, IN_FLIGHT, 10.0), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn an_age_is_of_the_messages_that_are_still_there() {
        let mut entry = feed(&[(0, 3.0)]);
        entry.measure(OLDEST_AGE, Reading { value: 100.0, source: "test", at: at(1) });
        assert_eq!(entry.known_oldest_age_seconds(at(11)), Some(110.0));
        // No longer read: neither known nor growing.
        assert_eq!((entry.known_oldest_age_seconds(at(40)), entry.oldest_age_seconds(at(900))), (None, Some(130.0)));
        for (second, depth) in [(12, 0.0), (14, 2.0)] {
            entry.measure(VISIBLE, Reading { value: depth, source: "test", at: at(second) });
            derive(&mut entry);
        }
        assert_eq!((entry.known_oldest_age_seconds(at(15)), entry.oldest_age_seconds(at(15))), (None, None));
    }

    #[test]
    fn a_moving_queue_does_not_stand() {
        assert_eq!(feed(&[(0, 3.0), (5, 4.0)]).standing_since(), None);
        assert_eq!(feed(&[(0, 3.0), (5, 3.0)]).standing_since(), Some(at(0)));
    }

    #[test]
    fn it_drains_by_what_leaves_beyond_what_comes() {
        assert_eq!(feed(&[(0, 10.0), (5, 20.0), (10, 5.0)]).drains_seconds(), Some(10.0));
        assert_eq!(feed(&[(0, 10.0), (10, 20.0)]).drains_seconds(), Some(f64::INFINITY));
        assert_eq!(feed(&[(0, 0.0)]).drains_seconds(), Some(0.0));
    }

    #[test]
    fn a_consumer_that_stops_drains_nothing_within_ten_seconds() {
        let draining: Vec<(i64, f64)> = (0..15).map(|n| (n * 2, 1_000.0 - 20.0 * n as f64)).collect();
        assert_eq!(feed(&draining).drains_seconds(), Some(72.0));
        let stopped = draining.into_iter().chain([(30, 720.0), (32, 720.0), (34, 722.0), (36, 724.0)]);
        assert_eq!(feed(&stopped.collect::<Vec<_>>()).drains_seconds(), Some(f64::INFINITY));
    }

    #[test]
    fn an_age_of_a_minute_ago_grows_only_while_nothing_leaves() {
        let source = "cloudwatch:ApproximateAgeOfOldestMessage";
        let mut standing = feed(&[(0, 3.0), (60, 3.0)]);
        standing.measure(OLDEST_AGE, Reading { value: 600.0, source, at: at(0) });
        assert_eq!(standing.known_oldest_age_seconds(at(120)), Some(720.0));
        assert_eq!(standing.known_oldest_age_seconds(at(300)), None);
        let mut draining = feed(&[(0, 30.0), (30, 3.0)]);
        draining.measure(OLDEST_AGE, Reading { value: 600.0, source, at: at(0) });
        assert_eq!(draining.known_oldest_age_seconds(at(120)), Some(600.0));
    }

    #[test]
    fn one_reading_gives_no_rate() {
        assert_eq!(feed(&[(0, 10.0)]).value(IN_RATE), None);
    }

    #[test]
    fn a_queue_stands_while_nothing_leaves() {
        assert_eq!(feed(&[(0, 0.0), (5, 3.0), (9, 8.0)]).depths.standing_since, Some(at(5)));
        assert_eq!(feed(&[(0, 3.0), (5, 2.0), (9, 8.0)]).depths.standing_since, Some(at(5)));
        assert_eq!(feed(&[(0, 3.0), (5, 0.0)]).depths.standing_since, None);
    }

    #[test]
    fn a_still_queue_comes_to_rest_at_zero() {
        let mut depths = vec![(0, 0.0), (2, 100.0)];
        depths.extend((2..40).map(|n| (n * 2, 100.0)));
        assert_eq!(feed(&depths).value(IN_RATE), Some(0.0));
    }
}
