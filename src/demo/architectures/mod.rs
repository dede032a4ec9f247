//! The architectures of the demo, as data: what exists, how it is connected, what the functions do, what flows.
//!
//! One file per architecture, each a `static` [`Architecture`]. `deploy` makes it with ordinary SDK calls on any endpoint;
//! there the functions are the Python of [`Code::python`]. On the embedded endpoint nothing runs Python, so the fabric runs
//! [`Code::stand_in`], which must do and log the same. No resource is named anywhere but in these declarations.
//!
//! What edatop must find once it is deployed follows from the declaration: [`expected`].
//!
//! To add an architecture: one file here, one row in [`ALL`]. To declare a new kind of resource: a type in [`declared`], a field
//! below, its step in `deploy`, its links in [`expected`].

mod declared;
mod event_fork;
pub mod expected;
mod jobs;
mod orders;
pub(in crate::demo) mod revenue;
pub mod stand_in;
mod stores;

use serde_json::Value;

pub use self::declared::{
    Api, Application, DeadLetter, DeliveryStream, Engine, Queue, Source, Stream, Subscription, Table, Trigger,
};
use self::expected::DeclaredLink;
use self::stand_in::StandIn;

pub static ALL: [&Architecture; 5] =
    [&jobs::JOBS, &event_fork::EVENT_FORK, &orders::ORDERS, &stores::STORES, &revenue::REVENUE];

/// What is not there is empty: an architecture names what it has, over [`Architecture::EMPTY`].
#[derive(Debug)]
pub struct Architecture {
    pub name: &'static str,
    pub apis: &'static [Api],
    pub queues: &'static [Queue],
    pub topics: &'static [&'static str],
    pub subscriptions: &'static [Subscription],
    /// Topic and address. Nobody confirms them: they stay pending, as they do until somebody opens the mail.
    pub emails: &'static [(&'static str, &'static str)],
    pub functions: &'static [Function],
    pub mappings: &'static [Mapping],
    pub buckets: &'static [&'static str],
    pub tables: &'static [Table],
    /// Event buses other than `default`.
    pub buses: &'static [&'static str],
    pub rules: &'static [Rule],
    pub streams: &'static [Stream],
    pub delivery_streams: &'static [DeliveryStream],
    pub applications: &'static [Application],
    /// What no API tells, and the user's configuration does.
    pub declared: &'static [DeclaredLink],
    pub traffic: Traffic,
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
    Stream(&'static str),
    DeliveryStream(&'static str),
}

/// An event source mapping.
#[derive(Debug)]
pub struct Mapping {
    pub source: Source,
    pub function: &'static str,
    pub batch_size: u32,
    /// `ReportBatchItemFailures`: the function says which messages of a batch failed, instead of failing all of them.
    pub reports_failed_items: bool,
    /// `TumblingWindowInSeconds`, of a stream's mapping that sums up.
    pub tumbling_window_seconds: Option<u32>,
}

#[derive(Debug)]
pub struct Rule {
    pub name: &'static str,
    /// The bus it is on; schedules are on `default`.
    pub bus: &'static str,
    pub trigger: Trigger,
    pub function: &'static str,
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
    /// A POST to an API.
    Request {
        api: &'static str,
        body: Value,
    },
    /// A function that produces by itself is told what to produce.
    Invoke {
        function: &'static str,
        event: Value,
    },
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
    const EMPTY: Self = Self {
        name: "",
        apis: &[],
        queues: &[],
        topics: &[],
        subscriptions: &[],
        emails: &[],
        functions: &[],
        mappings: &[],
        buckets: &[],
        tables: &[],
        buses: &[],
        rules: &[],
        streams: &[],
        delivery_streams: &[],
        applications: &[],
        declared: &[],
        traffic: Traffic { messages_per_second: 0.0, message: nothing },
    };

    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

impl Mapping {
    /// From a queue: a batch that fails comes back whole.
    const fn of_queue(queue: &'static str, function: &'static str, batch_size: u32) -> Self {
        Self {
            source: Source::Queue(queue),
            function,
            batch_size,
            reports_failed_items: false,
            tumbling_window_seconds: None,
        }
    }

    /// From a stream, or a table's.
    const fn of_stream(source: Source, function: &'static str, batch_size: u32) -> Self {
        Self { source, ..Self::of_queue("", function, batch_size) }
    }

    /// From a queue, to a function that says which messages failed.
    const fn reporting(queue: &'static str, function: &'static str, batch_size: u32) -> Self {
        Self { reports_failed_items: true, ..Self::of_queue(queue, function, batch_size) }
    }
}

/// Traffic of an architecture that has none.
fn nothing(_: &mut fastrand::Rng, _: u64) -> Message {
    Message::Invoke { function: "", event: Value::Null }
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
            wanted.extend(architecture.mappings.iter().filter_map(|mapping| mapping.source.queue()));
            wanted.extend(architecture.apis.iter().map(|api| api.queue));
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
                        Reference::Stream(name) => architecture.streams.iter().any(|stream| stream.name == *name),
                        Reference::DeliveryStream(name) => {
                            architecture.delivery_streams.iter().any(|stream| stream.name == *name)
                        }
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
                let Some(queue) = mapping.source.queue() else { continue };
                let queue = architecture.queues.iter().find(|one| one.name == queue).unwrap();
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
