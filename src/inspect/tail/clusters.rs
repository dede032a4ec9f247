//! Failures of the same kind, over a window of lines: by the words that are left when what differs is taken out of them.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use super::entry::{Entry, Key};
use crate::redrive::why::{Cause, timeline::Timeline};

/// Kinds kept; what came after them is counted together.
const MOST: usize = 500;

/// Failures of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    /// What they have in common.
    pub title: Arc<str>,
    pub count: u64,
    pub first: Option<Key>,
    pub last: Option<Key>,
    /// Groups that said it.
    pub groups: Vec<Arc<str>>,
    timeline: Timeline,
}

impl Cluster {
    /// How many there were over time.
    pub fn bars(&self, (first, last): (Timestamp, Timestamp)) -> [u32; crate::redrive::why::timeline::BUCKETS] {
        self.timeline.over(first, last)
    }
}

/// All kinds.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    kinds: HashMap<Arc<str>, Cluster>,
    /// Failures of kinds that did not fit.
    pub beyond: u64,
    span: Option<(Timestamp, Timestamp)>,
}

impl Clusters {
    /// Takes a failure in.
    pub fn add(&mut self, entry: &Entry) {
        let title: Arc<str> = Cause::of_line(&entry.text).title().into();
        if self.kinds.len() >= MOST && !self.kinds.contains_key(&title) {
            self.beyond += 1;
            return;
        }
        let cluster = self.kinds.entry(Arc::clone(&title)).or_default();
        cluster.title = title;
        cluster.count += 1;
        cluster.first = Some(cluster.first.map_or(entry.key, |first| first.min(entry.key)));
        cluster.last = Some(cluster.last.map_or(entry.key, |last| last.max(entry.key)));
        if !cluster.groups.contains(&entry.origin.group) {
            cluster.groups.push(Arc::clone(&entry.origin.group));
        }
        if let Ok(at) = Timestamp::from_millisecond(entry.key.at_ms) {
            cluster.timeline.add(at);
            self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        }
    }

    /// The largest first.
    pub fn list(&self) -> Vec<&Cluster> {
        let mut list: Vec<_> = self.kinds.values().collect();
        list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.title.cmp(&b.title)));
        list
    }

    /// From the first failure to the last.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Level,
        inspect::tail::entry::{Origin, Shape},
    };

    #[test]
    fn what_differs_in_values_is_of_one_kind() {
        let mut clusters = Clusters::default();
        for (number, text) in [
            "[ERROR] ValueError: cannot price cart 3",
            "[ERROR] ValueError: cannot price cart 4\nTraceback (most recent call last):\n  File",
            r#"{"errorType":"ValueError","errorMessage":"cannot price cart 5"}"#,
            "KeyError: 'store_id'",
        ]
        .into_iter()
        .enumerate()
        {
            let origin = Arc::new(Origin { group: format!("g{}", number % 2).into(), stream: "s".into() });
            let key = Key { at_ms: 1_000 * number as i64, number: number as u64 };
            let (level, shape) = (Level::Error, Shape::Text);
            clusters.add(&Entry { key, origin, level, shape, request: None, events: 1, text: text.into() });
        }
        let list = clusters.list();
        let told: Vec<_> = list.iter().map(|cluster| (&*cluster.title, cluster.count, cluster.groups.len())).collect();
        assert_eq!(told, [("ValueError: cannot price cart ‹n›", 3, 2), ("KeyError: 'store_id'", 1, 1)]);
        assert_eq!(list[0].bars(clusters.span().unwrap()).iter().sum::<u32>(), 3);
    }
}
