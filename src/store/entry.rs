//! One resource with what was measured and said of it. What follows from that is decided elsewhere.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{depths::Depths, series::Series};
use crate::domain::{Health, Heard, Metric, Reading, Resource, Verdict};

/// One resource with what was measured and said of it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub resource: Resource,
    /// The poller that found it.
    pub poller: &'static str,
    /// When we first heard of it.
    pub first_seen: Timestamp,
    /// When a complete listing no longer named it.
    pub gone: Option<Timestamp>,
    pub verdicts: Vec<Verdict>,
    /// The rules have judged it by readings before: what they say from now on began while we looked.
    pub(super) watched: bool,
    /// The last error line that it said.
    pub last_error: Option<Heard>,
    pub(super) tracks: BTreeMap<&'static str, Track>,
    pub(super) depths: Depths,
}

/// A metric's latest reading and its past.
#[derive(Debug, Clone)]
pub struct Track {
    pub metric: Metric,
    pub last: Reading,
    pub series: Series,
    /// Seconds between its last two readings.
    pub(super) period: Option<f64>,
}

impl Entry {
    pub(super) fn new(resource: Resource, poller: &'static str, at: Timestamp) -> Self {
        Self {
            resource,
            poller,
            first_seen: at,
            gone: None,
            verdicts: Vec::new(),
            watched: false,
            last_error: None,
            tracks: BTreeMap::new(),
            depths: Depths::default(),
        }
    }

    /// The worst of what the rules say.
    pub fn health(&self) -> Health {
        self.verdicts.iter().map(|verdict| verdict.health).max().unwrap_or_default()
    }

    pub fn reading(&self, metric: Metric) -> Option<Reading> {
        self.tracks.get(metric.name).map(|track| track.last)
    }

    pub fn value(&self, metric: Metric) -> Option<f64> {
        self.reading(metric).map(|reading| reading.value)
    }

    pub fn series(&self, metric: Metric) -> Option<&Series> {
        self.tracks.get(metric.name).map(|track| &track.series)
    }

    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.tracks.values()
    }

    /// The instant of its newest reading.
    pub fn read_at(&self) -> Option<Timestamp> {
        self.tracks.values().map(|track| track.last.at).max()
    }

    pub(super) fn measure(&mut self, metric: Metric, reading: Reading) {
        let track = self.tracks.entry(metric.name).or_insert_with(|| Track {
            metric,
            last: reading,
            series: Series::default(),
            period: None,
        });
        // An answer that was overtaken by a later one says nothing new.
        if reading.at >= track.last.at {
            if reading.at > track.last.at {
                track.period = Some(reading.at.duration_since(track.last.at).as_secs_f64());
            }
            track.last = reading;
            track.series.push(reading.at, reading.value);
        }
    }
}
