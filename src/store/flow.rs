//! What comes in and goes out of a queue, as far as its depth alone tells.
//!
//! A depth that rises by 5 means that at least 5 came; that falls by 3, that at least 3 went. What came and went between two readings
//! is not seen, so both rates are lower bounds, and their source says so.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::Entry;
use crate::domain::{
    Reading,
    reading::{DELAYED, IN_FLIGHT, IN_RATE, OUT_RATE, VISIBLE},
};

/// Rates are means over this many seconds.
pub const WINDOW_SECONDS: f64 = 30.0;
/// How the source of such a rate is named.
pub const SOURCE: &str = "derived: changes of the depth, at least";

/// The depths of the window, and since when nothing has left.
#[derive(Debug, Default, Clone)]
pub struct Flow {
    depths: VecDeque<(Timestamp, f64)>,
    standing_since: Option<Timestamp>,
}

impl Flow {
    /// Since when the queue has held messages without one leaving: the oldest has waited at least as long.
    pub fn standing_since(&self) -> Option<Timestamp> {
        self.standing_since
    }
}

impl Entry {
    pub fn flow(&self) -> &Flow {
        &self.flow
    }
}

/// Called after a queue's depths were read: adds the derived rates as readings.
pub(super) fn derive(entry: &mut Entry) {
    let Some(visible) = entry.reading(VISIBLE) else { return };
    let depth = visible.value + entry.value(IN_FLIGHT).unwrap_or(0.0) + entry.value(DELAYED).unwrap_or(0.0);
    let at = visible.at;
    let flow = &mut entry.flow;
    match flow.depths.back() {
        Some((last, _)) if *last >= at => return,
        Some((_, before)) if depth < *before || depth == 0.0 => flow.standing_since = (depth > 0.0).then_some(at),
        _ if depth == 0.0 => flow.standing_since = None,
        _ => flow.standing_since = flow.standing_since.or(Some(at)),
    }
    flow.depths.push_back((at, depth));
    while flow.depths.len() > 2 && at.duration_since(flow.depths[0].0).as_secs_f64() > WINDOW_SECONDS {
        flow.depths.pop_front();
    }
    let span = at.duration_since(flow.depths[0].0).as_secs_f64();
    if span <= 0.0 {
        return;
    }
    let (mut rises, mut falls) = (0.0, 0.0);
    for (before, after) in flow.depths.iter().zip(flow.depths.iter().skip(1)) {
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
    fn one_reading_gives_no_rate() {
        assert_eq!(feed(&[(0, 10.0)]).value(IN_RATE), None);
    }

    #[test]
    fn a_queue_stands_while_nothing_leaves() {
        assert_eq!(feed(&[(0, 0.0), (5, 3.0), (9, 8.0)]).flow.standing_since, Some(at(5)));
        assert_eq!(feed(&[(0, 3.0), (5, 2.0), (9, 8.0)]).flow.standing_since, Some(at(5)));
        assert_eq!(feed(&[(0, 3.0), (5, 0.0)]).flow.standing_since, None);
    }

    #[test]
    fn a_still_queue_comes_to_rest_at_zero() {
        let mut depths = vec![(0, 0.0), (2, 100.0)];
        depths.extend((2..40).map(|n| (n * 2, 100.0)));
        assert_eq!(feed(&depths).value(IN_RATE), Some(0.0));
    }
}
