//! What a search comes to: steps in the order of time, and what was not searched. Its JSON is the contract of `edatop trace --json`.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::domain::{Kind, ResourceId};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// To a topic or a bus.
    Published,
    /// It must have come through here; nothing here says so.
    Passed,
    Queued,
    Received,
    /// A function ran with it.
    Handled,
    Failed,
    /// An item or an object.
    Stored,
    /// It is in a queue and nobody has finished with it.
    Waiting,
    DeadLettered,
}

impl What {
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Published => "◇",
            Self::Passed => "┊",
            Self::Queued => "→",
            Self::Received => "←",
            Self::Handled => "✔",
            Self::Failed => "✖",
            Self::Stored => "▪",
            Self::Waiting => "…",
            Self::DeadLettered => "✝",
        }
    }

    pub fn ascii(self) -> &'static str {
        match self {
            Self::Published => "o",
            Self::Passed => ":",
            Self::Queued => ">",
            Self::Received => "<",
            Self::Handled => "+",
            Self::Failed => "x",
            Self::Stored => "=",
            Self::Waiting => "~",
            Self::DeadLettered => "!",
        }
    }
}

/// How sure it is that this belongs to the thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "sure", content = "why", rename_all = "kebab-case")]
pub enum Sure {
    /// An id says so: which.
    Certain(String),
    /// No id does, and this speaks for it.
    Probably(String),
}

impl Sure {
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Certain(_))
    }

    pub fn why(&self) -> &str {
        match self {
            Self::Certain(why) | Self::Probably(why) => why,
        }
    }
}

/// What a step is known from, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// `log line`, `message id`, `body`, `key`, …
    pub kind: &'static str,
    pub text: String,
}

impl Evidence {
    pub fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// What can be opened: where a step left something that lies there still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The item with this value of its partition key.
    Item { key: String, value: Value },
    /// The object of this key.
    Object(String),
    /// The message of this id, in a dead-letter queue.
    Letter(String),
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// None where nobody keeps the instant.
    pub at: Option<Timestamp>,
    /// When it ended, where it took time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    pub what: What,
    pub resource: ResourceId,
    pub kind: Kind,
    pub name: String,
    /// Steps along the map from where its flow begins.
    pub depth: usize,
    /// How often, where something counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    pub says: String,
    #[serde(flatten)]
    pub sure: Sure,
    pub evidence: Vec<Evidence>,
    #[serde(skip)]
    pub kept: Option<Kept>,
    /// Where it stands where it has no instant of its own.
    #[serde(skip)]
    pub place_ms: i64,
}

/// An id that the thread goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    pub id: String,
    pub nature: Nature,
    /// Searched for in this round: 0 is the one that was asked for.
    pub round: u8,
    /// Where it was learnt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What an id is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// It was asked for.
    Asked,
    /// One message, request or trace has it.
    Own,
    /// A field of the contents: other events may be about the same.
    Shared,
}

/// What was not searched, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    pub place: String,
    pub why: String,
}

/// All that is known of an id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Thread {
    pub ids: Vec<Known>,
    /// The oldest first.
    pub steps: Vec<Step>,
    pub gaps: Vec<Gap>,
    /// What is to be known beside, in sentences.
    pub notes: Vec<String>,
}

impl Thread {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What happened again and again at one place is one line, with the last of it.
    pub fn folded(&self) -> Vec<Fold<'_>> {
        let mut folds: Vec<Fold<'_>> = Vec::new();
        for step in &self.steps {
            match folds.last_mut() {
                Some(fold) if fold.step.is_like(step) => (fold.more, fold.last) = (fold.more + 1, Some(step)),
                _ => folds.push(Fold { step, more: 0, last: None }),
            }
        }
        folds
    }
}

/// Steps that are one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold<'a> {
    pub step: &'a Step,
    /// How many more there were, and the last of them.
    pub more: usize,
    pub last: Option<&'a Step>,
}

impl Step {
    fn is_like(&self, other: &Self) -> bool {
        let sameness = |step: &Self| (step.what, step.resource.clone(), step.says.clone(), step.sure.is_certain());
        self.what == What::Failed && sameness(self) == sameness(other)
    }
}
