//! What there is to find once an architecture is deployed: its resources and links, with how each must be known.
//!
//! It follows from the declaration by AWS's own rules and knows nothing of the pollers, so that a test can hold them to it.

use std::fmt;

use super::{Architecture, Engine, Reference, Trigger};
use crate::domain::{Kind, KnownBy, LinkKind};

/// One end of a link, by kind and name: ids hold the account, and some are made by the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    pub kind: Kind,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpectedLink {
    pub from: End,
    pub kind: LinkKind,
    pub to: End,
    pub known_by: KnownBy,
}

/// A link that only the user knows of.
#[derive(Debug)]
pub struct DeclaredLink {
    pub from: (Kind, &'static str),
    pub kind: LinkKind,
    pub to: (Kind, &'static str),
    pub label: &'static str,
}

/// The `[[link]]` entries of a configuration file that declare what no API tells of these architectures.
pub fn configuration(architectures: &[&Architecture]) -> String {
    let entry = |link: &DeclaredLink| {
        let end = |(kind, name): (Kind, &str)| format!("{}:{name}", kind.key());
        let (from, to) = (end(link.from), end(link.to));
        let kind = serde_json::to_value(link.kind).unwrap_or_default();
        let kind = kind.as_str().unwrap_or_default().to_owned();
        format!("[[link]]\nfrom = \"{from}\"\nto = \"{to}\"\nkind = \"{kind}\"\nlabel = \"{}\"\n", link.label)
    };
    architectures.iter().flat_map(|architecture| architecture.declared).map(entry).collect()
}

impl End {
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    pub(crate) fn queue(name: &str) -> Self {
        Self::new(Kind::Queue, name)
    }

    pub(crate) fn function(name: &str) -> Self {
        Self::new(Kind::Function, name)
    }

    /// The group that Lambda writes a function's lines to.
    pub(crate) fn log_group(function: &str) -> Self {
        Self::new(Kind::LogGroup, format!("/aws/lambda/{function}"))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.kind.row().one, self.name)
    }
}

impl fmt::Display for ExpectedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {} ({:?})", self.from, self.kind, self.to, self.known_by)
    }
}

impl Reference {
    /// How a function uses what it names, and what that is.
    fn link(&self) -> (LinkKind, End) {
        match self {
            Self::Topic(name) => (LinkKind::Publishes, End::new(Kind::Topic, *name)),
            Self::Bus(name) => (LinkKind::Publishes, End::new(Kind::Bus, *name)),
            Self::Stream(name) => (LinkKind::Publishes, End::new(Kind::Stream, *name)),
            Self::DeliveryStream(name) => (LinkKind::Publishes, End::new(Kind::DeliveryStream, *name)),
            Self::Table(name) => (LinkKind::Writes, End::new(Kind::Table, *name)),
            Self::Bucket(name) => (LinkKind::Writes, End::new(Kind::Bucket, *name)),
        }
    }
}

impl Architecture {
    /// Everything that has a name of its own. The default bus and an e-mail address are there too, and nobody's to make.
    pub fn expected_resources(&self) -> Vec<End> {
        let named = |kind: Kind, names: &[&str]| names.iter().map(|name| End::new(kind, *name)).collect::<Vec<_>>();
        let mut all = Vec::new();
        all.extend(self.apis.iter().map(|api| End::new(Kind::Api, api.name)));
        all.extend(self.queues.iter().map(|queue| End::queue(queue.name)));
        all.extend(named(Kind::Topic, self.topics));
        all.extend(self.emails.iter().map(|(_, address)| End::new(Kind::Endpoint, *address)));
        all.extend(self.functions.iter().map(|function| End::function(function.name)));
        all.extend(self.functions.iter().map(|function| End::log_group(function.name)));
        all.extend(named(Kind::Bucket, self.buckets));
        all.extend(self.tables.iter().map(|table| End::new(Kind::Table, table.name)));
        all.extend(named(Kind::Bus, self.buses));
        all.extend(self.rules.iter().map(|rule| End::new(Kind::Rule, rule.name)));
        all.extend(self.streams.iter().map(|stream| End::new(Kind::Stream, stream.name)));
        all.extend(self.delivery_streams.iter().map(|one| End::new(Kind::DeliveryStream, one.name)));
        all.extend(self.applications.iter().map(|one| End::new(Kind::Application, one.name)));
        all
    }

    /// Every link, in no particular order.
    pub fn expected_links(&self) -> Vec<ExpectedLink> {
        let mut all = self.links_of_messages();
        all.extend(self.links_of_functions());
        all.extend(self.links_of_streams());
        all.extend(self.declared.iter().map(|link| ExpectedLink {
            from: End::new(link.from.0, link.from.1),
            kind: link.kind,
            to: End::new(link.to.0, link.to.1),
            known_by: KnownBy::Declared,
        }));
        all
    }

    fn links_of_messages(&self) -> Vec<ExpectedLink> {
        let mut all = Vec::new();
        for api in self.apis {
            all.push(configured(End::new(Kind::Api, api.name), LinkKind::Integrates, End::queue(api.queue)));
        }
        for queue in self.queues {
            let target = queue.dead_letter.as_ref();
            all.extend(
                target.map(|to| configured(End::queue(queue.name), LinkKind::DeadLetters, End::queue(to.queue))),
            );
        }
        for one in self.subscriptions {
            let topic = || End::new(Kind::Topic, one.topic);
            all.push(configured(topic(), LinkKind::Subscribes, End::queue(one.queue)));
            all.extend(one.dead_letter_queue.map(|to| configured(topic(), LinkKind::DeadLetters, End::queue(to))));
        }
        for (topic, address) in self.emails {
            let (topic, address) = (End::new(Kind::Topic, *topic), End::new(Kind::Endpoint, *address));
            all.push(configured(topic, LinkKind::Subscribes, address));
        }
        for rule in self.rules {
            let end = || End::new(Kind::Rule, rule.name);
            all.push(configured(end(), LinkKind::Targets, End::function(rule.function)));
            if matches!(rule.trigger, Trigger::Pattern(_)) {
                all.push(configured(End::new(Kind::Bus, rule.bus), LinkKind::Routes, end()));
            }
        }
        all
    }

    fn links_of_functions(&self) -> Vec<ExpectedLink> {
        let mut all = Vec::new();
        for mapping in self.mappings {
            all.push(configured(mapping.source.end(), LinkKind::Invokes, End::function(mapping.function)));
        }
        for function in self.functions {
            all.push(configured(End::function(function.name), LinkKind::Logs, End::log_group(function.name)));
            for (_, reference) in function.environment {
                let (kind, to) = reference.link();
                all.push(ExpectedLink { from: End::function(function.name), kind, to, known_by: KnownBy::Inferred });
            }
        }
        all
    }

    fn links_of_streams(&self) -> Vec<ExpectedLink> {
        let mut all = Vec::new();
        for one in self.delivery_streams {
            let end = || End::new(Kind::DeliveryStream, one.name);
            all.push(configured(end(), LinkKind::Delivers, End::new(Kind::Bucket, one.bucket)));
            all.push(configured(end(), LinkKind::Transforms, End::function(one.transformer)));
        }
        for one in self.applications {
            let end = || End::new(Kind::Application, one.name);
            let (input, output) = (End::new(Kind::Stream, one.input), End::new(Kind::DeliveryStream, one.output));
            match one.engine {
                Engine::Sql(_) => {
                    all.push(configured(input, LinkKind::Streams, end()));
                    all.push(configured(end(), LinkKind::Delivers, output));
                }
                Engine::Flink => {
                    let known_by = KnownBy::Inferred;
                    all.push(ExpectedLink { from: input, kind: LinkKind::Streams, to: end(), known_by });
                    all.push(ExpectedLink { from: end(), kind: LinkKind::Delivers, to: output, known_by });
                }
            }
        }
        all
    }
}

fn configured(from: End, kind: LinkKind, to: End) -> ExpectedLink {
    ExpectedLink { from, kind, to, known_by: KnownBy::Configured }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::architectures::ALL;
    use std::collections::BTreeSet;

    #[test]
    fn every_end_of_a_link_is_a_resource_and_every_link_is_expected_once() {
        for architecture in ALL {
            let resources: BTreeSet<End> = architecture.expected_resources().into_iter().collect();
            let links = architecture.expected_links();
            for end in links.iter().flat_map(|link| [&link.from, &link.to]) {
                assert!(resources.contains(end), "{}: {end}", architecture.name);
            }
            let distinct: BTreeSet<_> = links.iter().map(|link| (&link.from, link.kind, &link.to)).collect();
            assert_eq!(distinct.len(), links.len(), "{}", architecture.name);
        }
    }

    #[test]
    fn declared_links_are_a_configuration_file() {
        let text = configuration(&ALL);
        assert_eq!(
            text,
            "[[link]]\nfrom = \"lambda.function:POC-Lambda-1\"\nto = \"dynamodb.table:orders\"\n\
             kind = \"writes\"\nlabel = \"stores orders\"\n"
        );
        assert!(text.parse::<toml::Table>().is_ok());
    }

    #[test]
    fn no_resource_stands_alone() {
        for architecture in ALL {
            let links = architecture.expected_links();
            for end in architecture.expected_resources() {
                assert!(links.iter().any(|link| link.from == end || link.to == end), "{}: {end}", architecture.name);
            }
        }
    }
}
