//! Dead letters that died of the same, grouped as they come: how many, since when, and one to look at.
//!
//! Times are those of [`Message::sent_at`](crate::redrive::message::Message::sent_at): when a message was first sent. On a standard
//! queue a dead letter keeps it; AWS's FIFO queues set it anew when they give a message up.
//!
//! Numbers are given in the order in which clusters appear and stay; the list is sorted by size. A message whose cause is found in a
//! log later moves to the cluster of that cause. Pure and bounded: [`MOST`] clusters, the rest together in [`OTHER`].

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    cause::{Cause, Sureness},
    shape::Shape,
    timeline::{BUCKETS, Timeline},
    traits::{Base, Fingerprint, Traits},
};
use crate::domain::ResourceId;

/// Clusters that are told apart.
pub const MOST: usize = 1_000;
/// The number of the cluster that takes what is beyond [`MOST`].
pub const OTHER: Number = 0;
/// Bases that are kept; more differ only in shape, and their shape is not kept.
const MOST_BASES: usize = 4_096;
/// Digits of a key as it is written. Scripts may give fewer or more.
const KEY_DIGITS: usize = 8;
/// The fewest digits that name a cluster.
const LEAST_DIGITS: usize = 4;

/// A cluster's number: small, and the same while the program runs.
pub type Number = u32;

/// Messages that died of the same.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Cluster {
    pub number: Number,
    /// The same in every run: names the cluster in scripts.
    pub key: String,
    /// One line: the cause, or what the messages have in common.
    pub title: String,
    pub event_type: Option<String>,
    pub shape: String,
    pub source: Option<ResourceId>,
    pub count: u64,
    /// The earliest and latest [sending](Self).
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// The id of one of its messages.
    pub example: Option<String>,
    /// Of how many messages the cause is possible, likely, certain. All zero: no cause is known.
    pub sureness: [u64; 3],
    #[serde(skip)]
    pub cause: Option<Arc<Cause>>,
    #[serde(skip)]
    fingerprint: u64,
    #[serde(skip)]
    timeline: Timeline,
    /// A message left that was first, last or the example.
    #[serde(skip)]
    is_stale: bool,
}

impl Cluster {
    fn new(number: Number, fingerprint: u64, base: &Base, cause: Option<&Arc<Cause>>) -> Self {
        let mut title = cause.map_or_else(|| base.shape.short.clone(), |cause| cause.title());
        if let Some(event_type) = &base.event_type {
            title = if cause.is_some() { format!("{title} ({event_type})") } else { format!("{event_type} {title}") };
        }
        Self {
            number,
            key: format!("{fingerprint:016x}").get(..KEY_DIGITS).unwrap_or_default().to_owned(),
            title,
            event_type: base.event_type.clone(),
            shape: base.shape.paths.clone(),
            source: base.source.clone(),
            count: 0,
            first: None,
            last: None,
            example: None,
            sureness: [0; 3],
            cause: cause.cloned(),
            fingerprint,
            timeline: Timeline::default(),
            is_stale: false,
        }
    }

    fn other() -> Self {
        let base = Base { event_type: None, shape: Shape::beyond(), source: None };
        let title = format!("others, beyond the {MOST} clusters that are told apart");
        Self { title, key: "other".to_owned(), ..Self::new(OTHER, 0, &base, None) }
    }

    fn take(&mut self, id: &str, member: &Member) {
        self.count += 1;
        self.first = earlier(self.first, member.at);
        self.last = self.last.max(member.at);
        if self.example.is_none() {
            self.example = Some(id.to_owned());
        }
        if let Some(at) = member.at {
            self.timeline.add(at);
        }
        if let Some(sureness) = member.sureness {
            self.sureness[sureness as usize] += 1;
        }
    }

    fn give(&mut self, id: &str, member: &Member) {
        self.count = self.count.saturating_sub(1);
        if let Some(at) = member.at {
            self.timeline.remove(at);
        }
        if let Some(sureness) = member.sureness {
            let count = &mut self.sureness[sureness as usize];
            *count = count.saturating_sub(1);
        }
        let is_edge = member.at.is_some() && (member.at == self.first || member.at == self.last);
        self.is_stale |= is_edge || self.example.as_deref() == Some(id);
    }

    /// How many were sent in each twelfth of a span; the whole desk's span makes clusters comparable.
    pub fn sparkline(&self, first: Timestamp, last: Timestamp) -> [u32; BUCKETS] {
        self.timeline.over(first, last)
    }

    /// How sure its cause is at least for some of its messages.
    pub fn surest(&self) -> Option<Sureness> {
        [Sureness::Certain, Sureness::Likely, Sureness::Possible].into_iter().find(|s| self.sureness[*s as usize] > 0)
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// What is remembered of a message.
#[derive(Debug, Clone)]
struct Member {
    cluster: Number,
    at: Option<Timestamp>,
    base: Arc<Base>,
    sureness: Option<Sureness>,
}

/// All clusters of a desk.
#[derive(Debug)]
pub struct Clusters {
    /// By number; the first is [`OTHER`].
    all: Vec<Cluster>,
    numbers: HashMap<u64, Number>,
    members: HashMap<Box<str>, Member>,
    bases: HashSet<Arc<Base>>,
}

impl Default for Clusters {
    fn default() -> Self {
        let all = vec![Cluster::other()];
        Self { all, numbers: HashMap::new(), members: HashMap::new(), bases: HashSet::new() }
    }
}

impl Clusters {
    /// Takes a message in; one that is known already is not counted twice. Says which cluster it is in.
    pub fn insert(&mut self, id: &str, sent_at: Option<Timestamp>, traits: Traits) -> Number {
        if let Some(member) = self.members.get(id) {
            return member.cluster;
        }
        let base = self.intern(traits.base);
        let cause = traits.cause.as_ref().map(|(cause, _)| cause);
        let cluster = self.number_of(&base, cause);
        let sureness = traits.cause.as_ref().map(|(_, sureness)| *sureness);
        let member = Member { cluster, at: sent_at, base, sureness };
        self.cluster_mut(cluster).take(id, &member);
        self.members.insert(id.into(), member);
        cluster
    }

    /// A log told the cause of a message. Says where the message is now, if it is known and went elsewhere. What is less sure than
    /// what is known already changes nothing.
    pub fn learn(&mut self, id: &str, cause: &Arc<Cause>, sureness: Sureness) -> Option<Number> {
        let before = self.members.get(id).filter(|member| member.sureness < Some(sureness))?.clone();
        let cluster = self.number_of(&before.base, Some(cause));
        let after = Member { cluster, sureness: Some(sureness), ..before.clone() };
        self.cluster_mut(before.cluster).give(id, &before);
        self.cluster_mut(cluster).take(id, &after);
        self.members.insert(id.into(), after);
        (cluster != before.cluster).then_some(cluster)
    }

    /// A message is gone from the desk.
    pub fn remove(&mut self, id: &str) {
        if let Some(member) = self.members.remove(id) {
            self.cluster_mut(member.cluster).give(id, &member);
        }
    }

    /// The cluster of a message.
    pub fn of(&self, id: &str) -> Option<Number> {
        self.members.get(id).map(|member| member.cluster)
    }

    pub fn get(&self, number: Number) -> Option<&Cluster> {
        self.all.get(number as usize).filter(|cluster| cluster.count > 0)
    }

    /// The cluster that a user names: by its number, its key, or the beginning of its key.
    pub fn find(&self, name: &str) -> Option<&Cluster> {
        let name = name.trim().to_ascii_lowercase();
        let is_named = |cluster: &&Cluster| {
            cluster.key == name
                || (name.len() >= LEAST_DIGITS
                    && cluster.number != OTHER
                    && format!("{:016x}", cluster.fingerprint).starts_with(&name))
        };
        let mut named = self.all.iter().filter(|cluster| cluster.count > 0).filter(is_named);
        match (named.next(), named.next()) {
            (Some(one), None) => Some(one),
            // A key of digits alone is a key first.
            (None, _) => self.get(name.trim_start_matches('#').parse().ok()?),
            (Some(_), Some(_)) => None,
        }
    }

    /// All clusters that have messages, the largest first, equal ones by number, the others last.
    pub fn list(&mut self) -> Vec<&Cluster> {
        self.freshen();
        let mut list: Vec<&Cluster> = self.all.iter().filter(|cluster| cluster.count > 0).collect();
        list.sort_by_key(|cluster| (cluster.number == OTHER, std::cmp::Reverse(cluster.count), cluster.number));
        list
    }

    /// When the first and the last of all messages were sent.
    pub fn span(&mut self) -> Option<(Timestamp, Timestamp)> {
        self.freshen();
        let first = self.all.iter().filter_map(|cluster| cluster.first).min()?;
        Some((first, self.all.iter().filter_map(|cluster| cluster.last).max()?))
    }

    /// Messages on the desk.
    pub fn messages(&self) -> usize {
        self.members.len()
    }

    /// How many messages are in [`OTHER`], told apart no further.
    pub fn beyond(&self) -> u64 {
        self.all.first().map_or(0, |other| other.count)
    }

    fn intern(&mut self, mut base: Base) -> Arc<Base> {
        if self.bases.len() >= MOST_BASES && !self.bases.contains(&base) {
            base.shape = Shape::beyond();
        }
        // Types of events may be without end as well.
        if self.bases.len() >= 2 * MOST_BASES && !self.bases.contains(&base) {
            base.event_type = None;
        }
        match self.bases.get(&base) {
            Some(known) => known.clone(),
            None => {
                let base = Arc::new(base);
                self.bases.insert(base.clone());
                base
            }
        }
    }

    fn number_of(&mut self, base: &Base, cause: Option<&Arc<Cause>>) -> Number {
        let fingerprint = Fingerprint::of(base, cause.map(Arc::as_ref)).value();
        if let Some(number) = self.numbers.get(&fingerprint) {
            return *number;
        }
        if self.numbers.len() >= MOST {
            return OTHER;
        }
        let number = Number::try_from(self.all.len()).unwrap_or(OTHER);
        self.all.push(Cluster::new(number, fingerprint, base, cause));
        self.numbers.insert(fingerprint, number);
        number
    }

    fn cluster_mut(&mut self, number: Number) -> &mut Cluster {
        let number = if (number as usize) < self.all.len() { number } else { OTHER };
        &mut self.all[number as usize]
    }

    /// Looks up anew what is first, last and the example where such a message left: one pass for all such clusters.
    fn freshen(&mut self) {
        if !self.all.iter().any(|cluster| cluster.is_stale) {
            return;
        }
        for cluster in self.all.iter_mut().filter(|cluster| cluster.is_stale) {
            (cluster.first, cluster.last, cluster.example) = (None, None, None);
        }
        for (id, member) in &self.members {
            let Some(cluster) = self.all.get_mut(member.cluster as usize).filter(|cluster| cluster.is_stale) else {
                continue;
            };
            cluster.first = earlier(cluster.first, member.at);
            cluster.last = cluster.last.max(member.at);
            // Always the same one, in whatever order they are kept.
            if cluster.example.as_deref().is_none_or(|example| id.as_ref() < example) {
                cluster.example = Some(id.to_string());
            }
        }
        for cluster in &mut self.all {
            cluster.is_stale = false;
        }
    }
}

#[cfg(test)]
mod tests;
