//! What could not be read, and what is therefore not known: of a flow, and of an end that nobody lists.

use std::collections::BTreeMap;

use super::Store;
use crate::domain::{Failure, FailureKind, Kind, ResourceId};

/// What one operation would have told.
struct Tells {
    operation: &'static str,
    /// The kind that it lists, where it lists all of one.
    lists: Option<Kind>,
    /// Whose links are in doubt without it.
    about: &'static [Kind],
    /// What is not known then.
    lost: &'static str,
}

const fn tells(operation: &'static str, lists: Option<Kind>, about: &'static [Kind], lost: &'static str) -> Tells {
    Tells { operation, lists, about, lost }
}

/// Readers of queues, streams and tables.
const SOURCES: &[Kind] = &[Kind::Queue, Kind::Stream, Kind::Table, Kind::Function];

/// What applications read, and write to.
const APPLICATION_ENDS: &[Kind] = &[Kind::Application, Kind::Stream, Kind::DeliveryStream];
const NO_APPLICATIONS: &str = "applications and what they read are not known";

/// One row an operation that says more than its own service: any other is about what its service owns.
const TELLS: &[Tells] = &[
    tells("lambda:ListEventSourceMappings", None, SOURCES, "mappings are not known"),
    tells("lambda:ListFunctions", Some(Kind::Function), SOURCES, "functions and what they send to are not known"),
    tells("sns:ListSubscriptions", None, &[Kind::Topic], "subscriptions are not known"),
    tells("sns:ListTopics", Some(Kind::Topic), &[Kind::Topic, Kind::Queue], "topics are not known"),
    tells(
        "sqs:ListQueues",
        Some(Kind::Queue),
        &[Kind::Queue, Kind::Topic],
        "queues and their dead letters are not known",
    ),
    tells("events:ListEventBuses", Some(Kind::Bus), &[Kind::Bus, Kind::Rule], "buses and rules are not known"),
    tells("dynamodb:ListTables", Some(Kind::Table), &[Kind::Table], "tables are not known"),
    tells("s3:ListBuckets", Some(Kind::Bucket), &[Kind::Bucket], "buckets are not known"),
    tells(
        "logs:DescribeLogGroups",
        Some(Kind::LogGroup),
        &[Kind::LogGroup, Kind::Function],
        "log groups are not known",
    ),
    tells("kinesis:ListStreams", Some(Kind::Stream), &[Kind::Stream], "streams are not known"),
    tells(
        "firehose:ListDeliveryStreams",
        Some(Kind::DeliveryStream),
        &[Kind::DeliveryStream, Kind::Stream],
        "delivery streams and what they read are not known",
    ),
    tells("kinesisanalytics:ListApplications", Some(Kind::Application), APPLICATION_ENDS, NO_APPLICATIONS),
    tells("kinesisanalytics:ListApplications (version 1)", Some(Kind::Application), APPLICATION_ENDS, NO_APPLICATIONS),
    tells(
        "pipes:ListPipes",
        Some(Kind::Pipe),
        &[Kind::Pipe, Kind::Queue, Kind::Stream, Kind::Table],
        "pipes and what they read are not known",
    ),
    tells("states:ListStateMachines", Some(Kind::StateMachine), &[Kind::StateMachine], "state machines are not known"),
];

/// What could not be read at one instant, by what it is about.
pub(super) struct Doubts<'a> {
    of_one: BTreeMap<&'a ResourceId, Vec<&'a Failure>>,
    of_all: Vec<&'a Failure>,
}

impl<'a> Doubts<'a> {
    pub(super) fn of(store: &'a Store) -> Self {
        let mut doubts = Self { of_one: BTreeMap::new(), of_all: Vec::new() };
        // That an endpoint has no such operation says that nothing of the sort is there.
        for failure in store.polls.failures().filter(|failure| failure.kind != FailureKind::NotImplemented) {
            match subject(failure) {
                Some(id) => doubts.of_one.entry(id).or_default().push(failure),
                None => doubts.of_all.push(failure),
            }
        }
        doubts
    }

    /// What cannot be known of a flow of these members, one sentence each.
    pub(super) fn about(&self, store: &Store, members: &[ResourceId]) -> Vec<String> {
        let concerns = |failure: &&&Failure| members.iter().any(|id| is_about(store, failure, id));
        let of_all = self.of_all.iter().filter(concerns);
        let of_one = members.iter().filter_map(|id| self.of_one.get(id)).flatten();
        let mut sentences: Vec<String> = of_all.chain(of_one).map(|failure| sentence(failure)).collect();
        sentences.sort_unstable();
        sentences.dedup();
        sentences
    }
}

/// The one resource that a failure is about. A listing that was cut off is about itself: that is everything else.
fn subject(failure: &Failure) -> Option<&ResourceId> {
    failure.subject.as_ref().filter(|id| id.as_str() != failure.operation)
}

fn row(failure: &Failure) -> Option<&'static Tells> {
    TELLS.iter().find(|row| row.operation == failure.operation)
}

fn is_about(store: &Store, failure: &Failure, id: &ResourceId) -> bool {
    match row(failure) {
        Some(row) => row.about.contains(&store.kind_of(id)),
        None => id.arn().is_some_and(|arn| failure.operation.split(':').next() == Some(arn.service)),
    }
}

fn sentence(failure: &Failure) -> String {
    let Failure { operation, error, .. } = failure;
    match (subject(failure), row(failure)) {
        (Some(id), _) => format!("{operation} of {}: {error}", id.short_name()),
        (None, Some(row)) => format!("{}: {operation}: {error}", row.lost),
        (None, None) => format!("{operation}: {error}"),
    }
}

/// Whether everything of a kind has been listed, so that what is not named is not there.
pub(super) fn is_listed(store: &Store, kind: Kind, service: &str) -> bool {
    let poller = store.listers.get(&kind).copied().unwrap_or(service);
    let Some(poll) = store.polls.get(poller).filter(|poll| poll.last_round.is_some()) else { return false };
    let is_of_it = |failure: &Failure| match row(failure) {
        Some(row) => row.lists == Some(kind),
        None => failure.operation.split(':').next() == Some(service),
    };
    let fails = store.polls.failures().any(|failure| subject(failure).is_none() && is_of_it(failure));
    // A round that was broken off may have left out what is found one by one.
    !fails && poll.failures().all(|failure| !failure.kind.ends_a_round())
}
