//! The architectures of the demo, as data: what exists, how it is connected, what the functions do, what flows.
//!
//! One file per architecture, each a `static` [`Architecture`]. `deploy` makes it with ordinary SDK calls on any endpoint;
//! there the functions are the Python of [`Code::python`]. On the embedded endpoint nothing runs Python, so the fabric runs
//! [`Code::stand_in`], which must do and log the same. No resource is named anywhere but in these declarations.
//!
//! To add an architecture: one file here, one row in [`ALL`].

mod event_fork;
mod jobs;
pub mod stand_in;

use serde_json::Value;

use self::stand_in::StandIn;

pub static ALL: [&Architecture; 2] = [&jobs::JOBS, &event_fork::EVENT_FORK];

#[derive(Debug)]
pub struct Architecture {
    pub name: &'static str,
    pub queues: &'static [Queue],
    pub topics: &'static [&'static str],
    pub subscriptions: &'static [Subscription],
    pub functions: &'static [Function],
    pub mappings: &'static [Mapping],
    pub buckets: &'static [&'static str],
    pub tables: &'static [Table],
    /// Event buses other than `default`.
    pub buses: &'static [&'static str],
    pub rules: &'static [Rule],
    pub traffic: Traffic,
}

/// A queue. FIFO when its name says so, as in SQS.
#[derive(Debug)]
pub struct Queue {
    pub name: &'static str,
    pub visibility_timeout_seconds: u32,
    pub retention_days: u32,
    pub dead_letter: Option<DeadLetter>,
}

#[derive(Debug)]
pub struct DeadLetter {
    pub queue: &'static str,
    pub max_receive_count: u32,
}

/// A queue's subscription to a topic.
#[derive(Debug)]
pub struct Subscription {
    pub topic: &'static str,
    pub queue: &'static str,
    pub filter_policy: Option<&'static str>,
    /// The subscription attribute `FilterPolicyScope`, when it is not the default.
    pub filter_policy_scope: Option<&'static str>,
    pub raw_message_delivery: bool,
    /// Where SNS puts what it cannot deliver to the queue.
    pub dead_letter_queue: Option<&'static str>,
}

#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    pub code: Code,
    pub environment: &'static [(&'static str, Reference)],
    pub timeout_seconds: u32,
    pub log_retention_days: u32,
}

#[derive(Debug)]
pub struct Code {
    /// The source of `app.py`, whose `handler` is the function.
    pub python: &'static str,
    pub stand_in: StandIn,
}

/// What an environment variable names. Resolved when deployed, since ARNs hold the account.
#[derive(Debug)]
pub enum Reference {
    Topic(&'static str),
    Table(&'static str),
    Bucket(&'static str),
    Bus(&'static str),
}

/// An event source mapping from a queue.
#[derive(Debug)]
pub struct Mapping {
    pub queue: &'static str,
    pub function: &'static str,
    pub batch_size: u32,
    /// `ReportBatchItemFailures`: the function says which messages of a batch failed, instead of failing all of them.
    pub reports_failed_items: bool,
}

/// A table with one string partition key.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub key: &'static str,
    /// Whether the table has a stream of new images.
    pub stream: bool,
}

#[derive(Debug)]
pub struct Rule {
    pub name: &'static str,
    /// The bus it is on; schedules are on `default`.
    pub bus: &'static str,
    pub trigger: Trigger,
    pub function: &'static str,
}

#[derive(Debug)]
pub enum Trigger {
    Schedule(&'static str),
    Pattern(&'static str),
}

/// What flows through an architecture while somebody watches.
#[derive(Debug)]
pub struct Traffic {
    /// The mean over a wave.
    pub messages_per_second: f64,
    /// The n-th message. Same random state, same message.
    pub message: fn(&mut fastrand::Rng, u64) -> Message,
}

/// One message as a producer sends it.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Publish(Publication),
    PutEvent { bus: &'static str, source: &'static str, detail_type: &'static str, detail: Value },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    pub topic: &'static str,
    pub body: Value,
    /// String attributes.
    pub attributes: Vec<(&'static str, &'static str)>,
    /// Message group id; on FIFO topics only.
    pub group_id: Option<String>,
}

impl Architecture {
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

impl Queue {
    /// A queue that functions read: four days of retention, dead letters after three receives.
    const fn source(name: &'static str, dead_letters: &'static str, visibility_timeout_seconds: u32) -> Self {
        let dead_letter = Some(DeadLetter { queue: dead_letters, max_receive_count: 3 });
        Self { name, visibility_timeout_seconds, retention_days: 4, dead_letter }
    }

    /// A queue of dead letters, kept as long as SQS keeps anything.
    const fn dead_letters(name: &'static str) -> Self {
        Self { name, visibility_timeout_seconds: 30, retention_days: 14, dead_letter: None }
    }

    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{FilterPolicy, Scope};
    use std::collections::HashSet;

    #[test]
    fn every_name_an_architecture_refers_to_is_declared_in_it() {
        for architecture in ALL {
            let queues: HashSet<_> = architecture.queues.iter().map(|queue| queue.name).collect();
            let mut wanted: Vec<&str> = Vec::new();
            wanted.extend(
                architecture.queues.iter().filter_map(|queue| queue.dead_letter.as_ref()).map(|dead| dead.queue),
            );
            wanted.extend(architecture.subscriptions.iter().map(|one| one.queue));
            wanted.extend(architecture.subscriptions.iter().filter_map(|one| one.dead_letter_queue));
            wanted.extend(architecture.mappings.iter().map(|mapping| mapping.queue));
            for queue in wanted {
                assert!(queues.contains(queue), "{}: {queue}", architecture.name);
            }
            for mapping in architecture.mappings {
                assert!(architecture.function(mapping.function).is_some(), "{}", mapping.function);
            }
            for rule in architecture.rules {
                assert!(architecture.function(rule.function).is_some(), "{}", rule.function);
            }
            for function in architecture.functions {
                for (_, reference) in function.environment {
                    let known = match reference {
                        Reference::Topic(name) => architecture.topics.contains(name),
                        Reference::Table(name) => architecture.tables.iter().any(|table| table.name == *name),
                        Reference::Bucket(name) => architecture.buckets.contains(name),
                        Reference::Bus(name) => architecture.buses.contains(name),
                    };
                    assert!(known, "{}: {reference:?}", function.name);
                }
            }
        }
    }

    #[test]
    fn names_are_unique_across_architectures() {
        let mut seen = HashSet::new();
        for architecture in ALL {
            let queues = architecture.queues.iter().map(|queue| queue.name);
            let functions = architecture.functions.iter().map(|function| function.name);
            for name in queues.chain(functions).chain(architecture.topics.iter().copied()) {
                assert!(seen.insert(name), "{name} is declared twice");
            }
        }
    }

    #[test]
    fn filter_policies_are_valid() {
        for subscription in ALL.iter().flat_map(|architecture| architecture.subscriptions) {
            let scope = Scope::from_attribute(subscription.filter_policy_scope);
            if let Some(policy) = subscription.filter_policy {
                assert!(FilterPolicy::parse(policy, scope).is_ok(), "{policy}");
            }
        }
    }

    /// SQS refuses a mapping whose queue hides a message for less time than the function may take.
    #[test]
    fn functions_time_out_before_their_queue_shows_the_message_again() {
        for architecture in ALL {
            for mapping in architecture.mappings {
                let queue = architecture.queues.iter().find(|queue| queue.name == mapping.queue).unwrap();
                let function = architecture.function(mapping.function).unwrap();
                assert!(function.timeout_seconds <= queue.visibility_timeout_seconds, "{}", function.name);
            }
        }
    }

    #[test]
    fn traffic_is_repeatable_and_starts_with_something_to_put_right() {
        for architecture in ALL {
            let run = |seed| {
                let mut random = fastrand::Rng::with_seed(seed);
                (0..50).map(|number| (architecture.traffic.message)(&mut random, number)).collect::<Vec<_>>()
            };
            assert_eq!(run(7), run(7));
            assert_ne!(run(7), run(8));
        }
    }
}
