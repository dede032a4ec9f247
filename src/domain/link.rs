//! "A sends to B", with how that is known.

use serde::{Deserialize, Serialize};

use super::{Attributes, ResourceId};

/// The label of a subscription whose attributes could not be read: it may filter or not.
pub const FILTER_NOT_KNOWN: &str = "filter policy not known";

/// The attribute that counts the places that a link's label names: routes of an API, states of a machine.
pub const PLACES: &str = "Places";

/// What flows along a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// A topic delivers to an endpoint.
    Subscribes,
    /// A bus hands its events to a rule.
    Routes,
    /// A rule or schedule sends to a target.
    Targets,
    /// An event source mapping hands batches to a function.
    Invokes,
    /// Failed messages go there.
    DeadLetters,
    /// A bucket announces its objects.
    Notifies,
    /// A table's stream, or a stream, feeds a reader.
    Streams,
    /// A delivery stream or application writes its output.
    Delivers,
    /// A function writes its log lines.
    Logs,
    /// A function writes items or objects.
    Writes,
    /// A function sends messages or events.
    Publishes,
    /// An API hands its requests on.
    Integrates,
    /// The result of an asynchronous invocation goes there.
    Reports,
    /// A delivery stream has its records changed by a function before it writes them.
    Transforms,
    /// A state machine calls it.
    Calls,
    /// A stack or a tag groups it: nothing flows.
    Contains,
}

impl LinkKind {
    /// Whether messages, events, records or requests flow along it: what belongs to one architecture is joined by these.
    pub fn carries(self) -> bool {
        !matches!(self, Self::Logs | Self::Contains)
    }
}

/// How certain a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// An API said so.
    Configured,
    /// A function's environment names the other end.
    Inferred,
    /// The user's configuration file says so.
    Declared,
}

/// What makes a link the same link at the next reading.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey {
    pub from: ResourceId,
    pub to: ResourceId,
    pub kind: LinkKind,
}

/// A directed link between two resources.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    pub from: ResourceId,
    pub to: ResourceId,
    pub kind: LinkKind,
    pub known_by: KnownBy,
    /// A few words for the edge: a filter policy, a batch size.
    pub label: String,
    pub attributes: Attributes,
}

impl Link {
    /// A link that an API reported.
    pub fn configured(from: impl Into<ResourceId>, kind: LinkKind, to: impl Into<ResourceId>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            kind,
            known_by: KnownBy::Configured,
            label: String::new(),
            attributes: Attributes::new(),
        }
    }

    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds an attribute, unless there is no value.
    #[must_use]
    pub fn with(mut self, key: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.attributes.insert(key.to_owned(), value.to_string());
        }
        self
    }

    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    /// Whether nothing flows although it is configured: its mapping, rule, schedule or pipe is off. Each service has its own words.
    pub fn is_off(&self) -> bool {
        const OFF: [&str; 8] = [
            "Disabled",
            "Disabling",
            "DISABLED",
            "STOPPED",
            "STOPPING",
            "CREATE_FAILED",
            "START_FAILED",
            "CREATE_ROLLBACK_FAILED",
        ];
        self.attribute("State").is_some_and(|state| OFF.contains(&state))
    }

    pub fn key(&self) -> LinkKey {
        LinkKey { from: self.from.clone(), to: self.to.clone(), kind: self.kind }
    }
}
