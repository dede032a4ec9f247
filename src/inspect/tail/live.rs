//! A live session: up to ten groups are heard through it, so that they need not be read. Pure.
//!
//! Until some seconds after it began its groups are still read: what came before it is not lost. When it ends, all are read again until
//! the next has begun. More than it can carry is sampled by the service, and said here.

use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::{
    event::{Event, Note},
    source::{Found, Live},
};
use crate::{aws::Trouble, domain::FailureKind};

/// Groups of one session.
const MOST_GROUPS: usize = 10;
/// What a session has said, on its way.
const UPDATES: usize = 16;
/// While it samples, that is said once in so many milliseconds.
const SAYS_MS: i64 = 10_000;
/// Until another session is tried after one that broke off.
const AGAIN: Duration = Duration::from_secs(60);

/// A session under way.
#[derive(Debug)]
pub struct Session {
    /// Since when it brings what is taken in.
    pub began_ms: Option<i64>,
    groups: Vec<Arc<str>>,
    updates: mpsc::Receiver<Live>,
    /// Since when more came than it brought, and was not yet said.
    sampled_from_ms: Option<i64>,
    said_ms: Option<i64>,
}

impl Session {
    /// Of the groups with a known ARN the first ten; with them where to say what comes, if there are any.
    pub fn begin(
        found: Vec<Found>,
        of: usize,
        notes: &mut Vec<Note>,
    ) -> (Self, Vec<Found>, Option<mpsc::Sender<Live>>) {
        let groups: Vec<Found> = found.into_iter().filter(|group| group.arn.is_some()).take(MOST_GROUPS).collect();
        let (out, updates) = mpsc::channel(UPDATES);
        let names: Vec<_> = groups.iter().map(|group| Arc::clone(&group.name)).collect();
        if !names.is_empty() && names.len() < of {
            let text =
                format!("a session hears {} groups; the other {} are read in turns", names.len(), of - names.len());
            notes.push(Note::Trouble { group: "live".into(), text });
        }
        let out = (!names.is_empty()).then_some(out);
        (Self { began_ms: None, groups: names, updates, sampled_from_ms: None, said_ms: None }, groups, out)
    }

    /// What it says next; once it says no more, nothing.
    pub async fn hear(&mut self) -> Live {
        match self.updates.recv().await {
            Some(live) => live,
            None => pending().await,
        }
    }

    /// What is there for each of its groups, nothing included.
    pub fn take(&mut self, live: Live, now_ms: i64, notes: &mut Vec<Note>) -> BTreeMap<Arc<str>, Vec<Event>> {
        let mut by_group: BTreeMap<_, Vec<Event>> =
            self.groups.iter().map(|name| (Arc::clone(name), Vec::new())).collect();
        match live {
            Live::Began => self.began_ms = Some(now_ms),
            Live::Update { events, sampled } => {
                for event in events {
                    by_group.entry(Arc::clone(&event.group)).or_default().push(event);
                }
                self.sampled(sampled, now_ms, notes);
            }
        }
        by_group
    }

    fn sampled(&mut self, sampled: bool, now_ms: i64, notes: &mut Vec<Note>) {
        if sampled {
            self.sampled_from_ms.get_or_insert(now_ms - 1000);
        }
        let was_just_said = self.said_ms.is_some_and(|said| now_ms - said < SAYS_MS);
        if !sampled || !was_just_said {
            self.say_sampled(now_ms, notes);
        }
    }

    fn say_sampled(&mut self, now_ms: i64, notes: &mut Vec<Note>) {
        let Some(from_ms) = self.sampled_from_ms.take() else { return };
        self.said_ms = Some(now_ms);
        let why = "more than 500 lines a second: a live session brings a sample of them; without --live all are read";
        notes.push(Note::Gap { group: self.names(), from_ms, to_ms: now_ms, why: why.to_owned() });
    }

    fn names(&self) -> Arc<str> {
        self.groups.join(", ").into()
    }

    /// It ended: until when to wait for another, if there is to be one.
    pub fn ended(mut self, outcome: Result<(), Trouble>, now_ms: i64, notes: &mut Vec<Note>) -> Option<Duration> {
        self.say_sampled(now_ms, notes);
        let Err(trouble) = outcome else { return Some(Duration::from_secs(1)) };
        let text = format!("no live session, the groups are read in turns: {}", trouble.text);
        notes.push(Note::Trouble { group: "live".into(), text });
        use FailureKind::{Denied, Expired, NotFound, NotImplemented, Refused};
        (!matches!(trouble.kind, Denied | Expired | NotFound | NotImplemented | Refused)).then_some(AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: usize) -> Vec<Found> {
        (0..names).map(|name| Found { name: name.to_string().into(), arn: Some("arn".into()) }).collect()
    }

    fn session() -> Session {
        Session::begin(found(2), 2, &mut Vec::new()).0
    }

    #[test]
    fn ten_at_most_and_the_others_are_said() {
        let mut notes = Vec::new();
        let (_, groups, out) = Session::begin(found(12), 15, &mut notes);
        assert_eq!((groups.len(), out.is_some(), notes.len()), (10, true, 1));
        let nameless = Found { name: "x".into(), arn: None };
        assert!(Session::begin(vec![nameless], 1, &mut notes).2.is_none());
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn sampling_is_said_at_once_and_then_now_and_again() {
        let (mut session, mut notes) = (session(), Vec::new());
        for second in 0..12 {
            session.take(Live::Update { events: Vec::new(), sampled: true }, second * 1000, &mut notes);
        }
        session.take(Live::Update { events: Vec::new(), sampled: false }, 12_000, &mut notes);
        let spans: Vec<_> = notes
            .iter()
            .map(|note| match note {
                Note::Gap { from_ms, to_ms, .. } => (*from_ms, *to_ms),
                _ => (0, 0),
            })
            .collect();
        assert_eq!(spans, [(-1000, 0), (0, 10_000), (10_000, 12_000)]);
    }

    #[test]
    fn after_its_time_another_begins_and_without_a_right_none() {
        let mut notes = Vec::new();
        assert_eq!(session().ended(Ok(()), 0, &mut notes), Some(Duration::from_secs(1)));
        let trouble = |kind| Err(Trouble { kind, text: "no".into() });
        assert_eq!(session().ended(trouble(FailureKind::Denied), 0, &mut notes), None);
        assert_eq!(session().ended(trouble(FailureKind::Other), 0, &mut notes), Some(AGAIN));
        assert_eq!(notes.len(), 2);
    }
}
