//! When things happened, counted so coarsely that any span takes little room. Pure.
//!
//! A bucket is as wide as a power of two of milliseconds, and grows when the span does: counts stay, instants blur.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Buckets of a sparkline.
pub const BUCKETS: usize = 12;
/// Buckets kept: enough that twelve drawn ones are true to about a tenth.
const MOST_KEPT: usize = 96;

/// A count over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// A bucket is `2^exponent` milliseconds wide.
    exponent: u32,
    buckets: BTreeMap<i64, u32>,
}

impl Timeline {
    pub fn add(&mut self, at: Timestamp) {
        let bucket = at.as_millisecond() >> self.exponent;
        *self.buckets.entry(bucket).or_default() += 1;
        while self.buckets.len() > MOST_KEPT {
            self.exponent += 1;
            let mut coarser = BTreeMap::new();
            for (bucket, count) in std::mem::take(&mut self.buckets) {
                *coarser.entry(bucket >> 1).or_default() += count;
            }
            self.buckets = coarser;
        }
    }

    /// Takes one back that was added.
    pub fn remove(&mut self, at: Timestamp) {
        let bucket = at.as_millisecond() >> self.exponent;
        if let Some(count) = self.buckets.get_mut(&bucket) {
            *count -= 1;
            if *count == 0 {
                self.buckets.remove(&bucket);
            }
        }
    }

    /// Twelve counts from `first` to `last`, both within; what lies outside counts at the nearer end.
    pub fn over(&self, first: Timestamp, last: Timestamp) -> [u32; BUCKETS] {
        let mut counts = [0; BUCKETS];
        let start = first.as_millisecond();
        let span = (last.as_millisecond() - start).max(0) + 1;
        for (bucket, count) in &self.buckets {
            // The middle of a bucket stands for all of it.
            let middle = (bucket << self.exponent) + (1_i64 << self.exponent) / 2;
            let offset = (middle - start).clamp(0, span - 1);
            let index = (i128::from(offset) * BUCKETS as i128 / i128::from(span)) as usize;
            if let Some(slot) = counts.get_mut(index) {
                *slot = u32::saturating_add(*slot, *count);
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn counts_over_a_span() {
        let mut timeline = Timeline::default();
        for minute in 0..12 {
            for _ in 0..=minute {
                timeline.add(at(minute * 60_000));
            }
        }
        assert_eq!(timeline.over(at(0), at(719_999)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(timeline.over(at(0), at(0)).iter().sum::<u32>(), 78);
        timeline.remove(at(0));
        assert_eq!(timeline.over(at(0), at(719_999))[0], 0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_room_is_bounded(instants in proptest::collection::vec(0_i64..2_000_000_000_000, 1..400)) {
            let mut timeline = Timeline::default();
            for ms in &instants {
                timeline.add(at(*ms));
            }
            prop_assert!(timeline.buckets.len() <= MOST_KEPT);
            let (first, last) = (*instants.iter().min().unwrap(), *instants.iter().max().unwrap());
            prop_assert_eq!(timeline.over(at(first), at(last)).iter().sum::<u32>() as usize, instants.len());
            for ms in &instants {
                timeline.remove(at(*ms));
            }
            prop_assert!(timeline.buckets.is_empty());
        }
    }
}
