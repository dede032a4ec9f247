//! How far one log group was read: where to go on, which events were seen, what the last minute held. Pure.
//!
//! Events arrive late and out of order, so each reading overlaps the one before; an event seen twice counts once
//! ([`log_seen`](crate::domain::log_seen)).

use std::collections::BTreeMap;

use crate::domain::{
    Level,
    log_lines::{self, Crashes},
    log_seen::{Alike, LogSeen},
};

/// How far back a group is read at first sight, and how far a reader may fall behind before it skips, in milliseconds.
pub const LOOK_BACK_MS: i64 = 5 * 60 * 1000;
/// How late an event may arrive, after newer ones of any stream, and still be seen, in milliseconds.
///
/// As long as the minute that is counted: what is later could not change a rate any more. Longer would cost: on AWS each reading is
/// paged, and every page is one of the few calls that the account has.
const OVERLAP_MS: i64 = WINDOW_S * 1000;
/// Rates are those of this many seconds.
const WINDOW_S: i64 = 60;
/// Events remembered so that they count once.
const MOST_SEEN: usize = 20_000;

/// One event as the service gave it.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    pub stream: &'a str,
    pub at_ms: i64,
    pub text: &'a str,
}

/// What a minute held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: u32,
    pub errors: u32,
    pub reports: u32,
}

/// One group's reader.
#[derive(Debug, Default)]
pub struct Tail {
    newest_ms: Option<i64>,
    seen: LogSeen<MOST_SEEN>,
    /// Those of the reading under way.
    alike: Alike,
    seconds: BTreeMap<i64, Counts>,
    /// Where the last reading was cut off: its start and its token.
    cut: Option<(i64, String)>,
    /// Nothing before this instant is read any more: it was given up.
    skipped_to_ms: i64,
    crashes: Crashes,
}

impl Tail {
    /// From when to read, and the token to go on with if the last reading was cut off.
    pub fn start(&self, now_ms: i64) -> (i64, Option<String>) {
        if let Some((from, token)) = &self.cut {
            return (*from, Some(token.clone()));
        }
        let earliest = now_ms - LOOK_BACK_MS;
        let newest = self.newest_ms.map_or(earliest, |newest| newest.min(now_ms) - OVERLAP_MS);
        // What was seen and is forgotten would count twice.
        let forgotten = self.seen.forgotten_to_ms().unwrap_or_default();
        (newest.max(earliest).max(self.skipped_to_ms).max(forgotten), None)
    }

    /// Takes one event in; says how loud it is unless it was seen before.
    pub fn take(&mut self, event: Event<'_>, now_ms: i64) -> Option<Level> {
        if !self.seen.is_new(&mut self.alike, event.stream, event.at_ms, event.text) {
            return None;
        }
        self.newest_ms = self.newest_ms.max(Some(event.at_ms));
        let level = self.crashes.level_of(event.stream, event.at_ms, event.text);
        let second = self.seconds.entry(event.at_ms.min(now_ms).div_euclid(1000)).or_default();
        second.lines += 1;
        second.errors += u32::from(level == Level::Error);
        second.reports += u32::from(log_lines::is_report(event.text));
        Some(level)
    }

    /// A reading ended: at its end, or cut off with a token to go on with. Returns the instant the counts are true for, in
    /// milliseconds since 1970, and whether events were skipped because the reader fell too far behind.
    pub fn ended(&mut self, from_ms: i64, token: Option<String>, now_ms: i64) -> (i64, bool) {
        if token.is_none() {
            self.alike.clear();
        }
        let as_of = if token.is_some() { self.newest_ms.unwrap_or(from_ms).min(now_ms) } else { now_ms };
        let behind = token.is_some() && as_of < now_ms - LOOK_BACK_MS;
        self.cut = token.filter(|_| !behind).map(|token| (from_ms, token));
        if behind {
            self.skipped_to_ms = now_ms - OVERLAP_MS;
        }
        // A cut-off reading goes on with its token; only what it may still repeat has to be remembered.
        let oldest = if self.cut.is_some() { from_ms } else { self.start(now_ms).0 };
        self.seen.forget_before(oldest);
        self.seconds = self.seconds.split_off(&(as_of.div_euclid(1000) - WINDOW_S));
        (as_of, behind)
    }

    /// A reading that failed begins anew: a token that the service refuses is of no more use.
    pub fn begin_anew(&mut self) {
        self.cut = None;
        self.alike.clear();
    }

    /// What the minute before `as_of_ms` held.
    pub fn last_minute(&self, as_of_ms: i64) -> Counts {
        let end = as_of_ms.div_euclid(1000);
        self.seconds.range(end - WINDOW_S + 1..=end).fold(Counts::default(), |sum, (_, one)| Counts {
            lines: sum.lines + one.lines,
            errors: sum.errors + one.errors,
            reports: sum.reports + one.reports,
        })
    }

    /// Whether part of the minute before `as_of_ms` was skipped: then its counts are the least there was.
    pub fn has_gap(&self, as_of_ms: i64) -> bool {
        as_of_ms - WINDOW_S * 1000 < self.skipped_to_ms
    }

    /// When the newest event was said, in milliseconds since 1970.
    pub fn newest_ms(&self) -> Option<i64> {
        self.newest_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: i64 = 1_800_000_000_000;

    fn event(stream: &str, at_ms: i64) -> Event<'_> {
        Event { stream, at_ms, text: "[ERROR] no" }
    }

    #[test]
    fn events_that_are_alike_count_each_and_once() {
        let mut tail = Tail::default();
        let text = "tick";
        let mut read = |events: usize| {
            let new = (0..events).filter(|_| tail.take(Event { stream: "s", at_ms: NOW, text }, NOW).is_some()).count();
            tail.ended(NOW, None, NOW);
            new
        };
        assert_eq!((read(2), read(2), read(3)), (2, 0, 1));
    }

    #[test]
    fn starts_five_minutes_back_and_goes_on_with_an_overlap() {
        let mut tail = Tail::default();
        assert_eq!(tail.start(NOW), (NOW - LOOK_BACK_MS, None));
        assert_eq!(tail.take(event("a", NOW - 1000), NOW), Some(Level::Error));
        tail.ended(NOW - LOOK_BACK_MS, None, NOW);
        assert_eq!(tail.start(NOW), (NOW - 1000 - OVERLAP_MS, None));
        assert_eq!(tail.take(event("a", NOW - 1000), NOW), None);
        assert_eq!(tail.start(NOW + 2 * LOOK_BACK_MS), (NOW + LOOK_BACK_MS, None));
    }

    #[test]
    fn a_late_event_still_counts_and_the_minute_moves_on() {
        let mut tail = Tail::default();
        tail.take(event("a", NOW - 1000), NOW);
        tail.ended(NOW - LOOK_BACK_MS, None, NOW);
        assert!(tail.take(event("b", NOW - 3000), NOW + 1000).is_some());
        let (as_of, behind) = tail.ended(NOW - 11_000, None, NOW + 1000);
        assert_eq!((as_of, behind), (NOW + 1000, false));
        assert_eq!(tail.last_minute(as_of), Counts { lines: 2, errors: 2, reports: 0 });
        assert_eq!(tail.last_minute(NOW + 61_000), Counts::default());
    }

    #[test]
    fn what_was_cut_off_goes_on_and_is_only_true_for_what_it_saw() {
        let mut tail = Tail::default();
        tail.take(event("a", NOW - 60_000), NOW);
        let (as_of, behind) = tail.ended(NOW - LOOK_BACK_MS, Some("token".into()), NOW);
        assert_eq!((as_of, behind), (NOW - 60_000, false));
        assert_eq!(tail.last_minute(as_of).lines, 1);
        assert_eq!(tail.start(NOW), (NOW - LOOK_BACK_MS, Some("token".into())));
        assert!(!tail.has_gap(as_of));
        let (as_of, behind) = tail.ended(NOW - LOOK_BACK_MS, Some("token".into()), NOW + 2 * LOOK_BACK_MS);
        assert!(behind && tail.has_gap(as_of), "what was counted is the least there was");
        assert!(!tail.has_gap(NOW + 2 * LOOK_BACK_MS), "the minute that comes is read whole");
        let now = NOW + 2 * LOOK_BACK_MS;
        assert_eq!(tail.start(now), (now - OVERLAP_MS, None));
        assert_eq!(tail.newest_ms(), Some(NOW - 60_000));
    }

    #[rstest]
    #[case(&["[ERROR] ValueError: no", "Traceback (most recent call last):", "  File", "END RequestId: 1"], &[0])]
    // LocalStack's runtime: the error, its trace, and the error again at the trace's end.
    #[case(&["[ERROR] ValueError: no", "Traceback (most recent call last):", "  File", "ValueError: no", "END", "[ERROR] ValueError: no"], &[0, 5])]
    #[case(&["Traceback (most recent call last):", "  File", "    raise", "errorfactory.QueueDoesNotExist: no", "END"], &[3])]
    #[case(&["[ERROR] ValueError: no\nTraceback (most recent call last):\n  File", "fine"], &[0])]
    fn a_crash_in_several_events_is_one_error(#[case] lines: &[&str], #[case] errors: &[usize]) {
        let mut tail = Tail::default();
        let mut found = Vec::new();
        for (index, text) in lines.iter().enumerate() {
            if tail.take(Event { stream: "s", at_ms: NOW, text }, NOW) == Some(Level::Error) {
                found.push(index);
            }
        }
        assert_eq!(found, errors);
    }

    #[test]
    fn a_line_that_another_stream_brings_late_is_read() {
        let mut tail = Tail::default();
        tail.take(event("a", NOW), NOW);
        tail.ended(NOW - LOOK_BACK_MS, None, NOW);
        assert!(tail.start(NOW + 2_000).0 <= NOW - 45_000);
    }

    #[test]
    fn what_was_forgotten_is_not_read_again() {
        let mut tail = Tail::default();
        for n in 0..=MOST_SEEN {
            tail.take(event(&n.to_string(), NOW), NOW);
        }
        tail.ended(NOW - LOOK_BACK_MS, None, NOW);
        assert_eq!(tail.start(NOW), (NOW + 1, None));
    }

    #[test]
    fn memory_is_bounded() {
        let mut tail = Tail::default();
        for n in 0..MOST_SEEN + 100 {
            tail.take(event(&n.to_string(), NOW + n as i64), NOW);
        }
        assert_eq!(tail.seen.len(), MOST_SEEN);
        assert!(tail.seconds.len() <= 2);
    }
}
