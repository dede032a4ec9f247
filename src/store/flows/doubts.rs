//! What could not be read, and what is therefore not known: of a flow, and of an end that nobody lists.

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
];

/// What cannot be known of a flow of these members, one sentence each.
pub(super) fn about(store: &Store, members: &[ResourceId]) -> Vec<String> {
    let mut sentences = Vec::new();
    for failure in store.polls.failures() {
        // That an endpoint has no such operation says that nothing of the sort is there.
        if failure.kind == FailureKind::NotImplemented {
            continue;
        }
        let concerns = match &failure.subject {
            Some(id) => members.binary_search(id).is_ok(),
            None => members.iter().any(|id| is_about(store, failure, id)),
        };
        if concerns {
            sentences.push(sentence(failure));
        }
    }
    sentences.sort_unstable();
    sentences.dedup();
    sentences
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
    let Failure { operation, error, subject, .. } = failure;
    match (subject, row(failure)) {
        (Some(id), _) => format!("{operation} of {}: {error}", id.short_name()),
        (None, Some(row)) => format!("{}: {operation}: {error}", row.lost),
        (None, None) => format!("{operation}: {error}"),
    }
}

/// Whether everything of a kind has been listed, so that what is not named is not there.
pub(super) fn is_listed(store: &Store, kind: Kind, service: &str) -> bool {
    let poller = store.listers.get(&kind).copied().unwrap_or(service);
    let has_answered = store.polls.get(poller).is_some_and(|poll| poll.last_round.is_some());
    let fails = store.polls.failures().filter(|failure| failure.subject.is_none()).any(|failure| match row(failure) {
        Some(row) => row.lists == Some(kind),
        None => failure.operation.split(':').next() == Some(service),
    });
    has_answered && !fails
}
