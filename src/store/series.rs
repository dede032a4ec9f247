//! A bounded past of one number.

use std::collections::VecDeque;

use jiff::Timestamp;

/// Points kept: ten minutes at one a second.
const MOST_POINTS: usize = 600;

/// Readings in the order of their instants; the oldest fall out.
#[derive(Debug, Default, Clone)]
pub struct Series {
    points: VecDeque<(Timestamp, f64)>,
}

impl Series {
    /// Adds a point that is not older than the last.
    pub fn push(&mut self, at: Timestamp, value: f64) {
        if self.points.len() == MOST_POINTS {
            self.points.pop_front();
        }
        self.points.push_back((at, value));
    }

    /// Newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        self.points.iter().rev().copied()
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The last `span_seconds` cut into `cells`, oldest first: the highest value in each, `None` where nothing was read.
    ///
    /// A level holds until the next reading, so a cell between two readings shows the one before it; cells before the first reading
    /// stay empty.
    pub fn cells(&self, now: Timestamp, span_seconds: f64, cells: usize) -> Vec<Option<f64>> {
        let mut out = vec![None; cells];
        if cells == 0 || self.points.is_empty() {
            return out;
        }
        let width = span_seconds / cells as f64;
        let mut before = None;
        for &(at, value) in &self.points {
            let age = now.duration_since(at).as_secs_f64();
            if age >= span_seconds {
                before = Some(value);
                continue;
            }
            let cell = (cells - 1).saturating_sub((age.max(0.0) / width) as usize);
            out[cell] = Some(out[cell].map_or(value, |seen: f64| seen.max(value)));
        }
        let mut level = before;
        for cell in &mut out {
            match *cell {
                Some(value) => level = Some(value),
                None => *cell = level,
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn cells_hold_peaks_and_levels() {
        let mut series = Series::default();
        for (second, value) in [(82, 1.0), (83, 5.0), (91, 2.0)] {
            series.push(at(second), value);
        }
        // Four cells of five seconds: 80–85, 85–90, 90–95, 95–100.
        assert_eq!(series.cells(at(100), 20.0, 4), [Some(5.0), Some(5.0), Some(2.0), Some(2.0)]);
        // Before the first reading nothing is known.
        assert_eq!(series.cells(at(100), 40.0, 4), [None, None, Some(5.0), Some(2.0)]);
        // Outside the span, the last level before it still holds.
        assert_eq!(series.cells(at(200), 20.0, 2), [Some(2.0), Some(2.0)]);
        assert_eq!(Series::default().cells(at(0), 20.0, 2), [None, None]);
    }

    #[test]
    fn stays_bounded() {
        let mut series = Series::default();
        for second in 0..5_000 {
            series.push(at(second), 0.0);
        }
        assert_eq!(series.len(), MOST_POINTS);
    }
}
