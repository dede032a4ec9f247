//! What a journal is made of: one record a step, each on a line of its own.

use std::{path::PathBuf, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::redrive::{
    message::{Message, Outgoing},
    queue::Queue,
    wire::Refusal,
};

/// The version of the format.
pub const VERSION: u32 = 1;
/// SQS drops a second message with the same deduplication id for five minutes after the first. Two minutes less are counted on: clocks
/// differ, and from the journal to the queue a slow batch may take as long.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html>
const DEDUPLICATED_FOR: SignedDuration = SignedDuration::from_secs(180);

/// One step. In the order of a run: `Begun`, then per batch `Taken`, `Sent`, `Deleted`; at the end `Ended`. A run that was cut off and
/// taken up again goes on after `Resumed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Begun(Box<Begun>),
    /// The ids of messages that were chosen one by one; several such records follow each other.
    Chosen {
        ids: Vec<String>,
    },
    /// Before anything is sent: the messages, whole, and what is to be sent for each.
    Taken {
        batch: u64,
        at: Timestamp,
        messages: Vec<Taken>,
    },
    /// Before some of them are sent once more, after a no or no answer.
    Again {
        batch: u64,
        at: Timestamp,
        ids: Vec<String>,
    },
    /// What became of the sends.
    Sent {
        batch: u64,
        at: Timestamp,
        results: Vec<Sent>,
    },
    /// What became of the deletes.
    Deleted {
        batch: u64,
        results: Vec<Deleted>,
    },
    /// The whole source was looked through and these are not there. What had arrived is moved then; of the others the journal alone is
    /// known to have them.
    Missing {
        at: Timestamp,
        ids: Vec<String>,
    },
    Resumed {
        at: Timestamp,
        who: String,
    },
    Ended {
        at: Timestamp,
        why: Ended,
    },
}

/// What is done, by whom and where. All that a later run needs to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    pub version: u32,
    pub at: Timestamp,
    /// The caller's ARN, or what is known of it.
    pub who: String,
    /// `null` for AWS itself.
    pub endpoint: Option<String>,
    pub region: String,
    pub deed: Deed,
    pub from: Origin,
    pub to: Destination,
    /// All that match, or those chosen by id.
    pub scope: Scope,
    /// How bodies or attributes were edited: a jq expression, or `by hand`.
    pub edited: Option<String>,
    /// The undone journal, if this undoes one.
    pub undoes: Option<String>,
    /// Messages a second.
    pub rate: Option<f64>,
}

/// What is done to the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Sent on, then deleted here.
    Redrive,
    /// Written to a file, then deleted here.
    Export,
    /// Deleted here; the journal keeps them.
    Delete,
    /// Read from a file and sent.
    Import,
    /// What a journal holds is brought back.
    Undo,
}

/// Where messages come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// They are deleted there once they have arrived.
    Queue(Box<Queue>),
    /// An export; it stays as it is.
    File(PathBuf),
    /// Another journal, by its id; it stays as it is.
    Journal(String),
}

impl Origin {
    pub fn queue(&self) -> Option<&Queue> {
        match self {
            Self::Queue(queue) => Some(queue),
            Self::File(_) | Self::Journal(_) => None,
        }
    }

    /// What people call it.
    pub fn name(&self) -> String {
        match self {
            Self::Queue(queue) => queue.name().to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Journal(id) => format!("journal {id}"),
        }
    }
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Each to the queue that it came from, by its `DeadLetterQueueSourceArn`; to the only one there is if it names none.
    Sources(Vec<Queue>),
    Queue(Box<Queue>),
    File(PathBuf),
    /// Nowhere but into the journal.
    Journal,
}

impl Destination {
    /// The queues that messages may go to.
    pub fn queues(&self) -> &[Queue] {
        match self {
            Self::Sources(queues) => queues,
            Self::Queue(queue) => std::slice::from_ref(queue),
            Self::File(_) | Self::Journal => &[],
        }
    }

    /// Whether a send of the same message now makes a second message, if one before was taken. FIFO queues drop it, for a while.
    pub fn doubles(&self, before: Timestamp, now: Timestamp) -> bool {
        let is_dropped = (SignedDuration::ZERO..DEDUPLICATED_FOR).contains(&now.duration_since(before));
        self.queues().iter().any(|queue| !queue.is_fifo() || !is_dropped)
    }

    /// What people call it.
    pub fn name(&self) -> String {
        match self {
            Self::Sources(queues) => queues.iter().map(Queue::name).collect::<Vec<_>>().join(", "),
            Self::Queue(queue) => queue.name().to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Journal => "nowhere but the journal".to_owned(),
        }
    }
}

/// Which messages are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All that were there; at most so many.
    All { limit: Option<u64> },
    /// Those that a jq expression is true for.
    Where { expression: String, limit: Option<u64> },
    /// Those in the `Chosen` records.
    Chosen { count: u64 },
}

/// A message before its send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub message: Arc<Message>,
    /// The URL of the queue that it goes to; none where nothing is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What is sent, where it is not the same again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outgoing: Option<Box<Outgoing>>,
    /// The deduplication id of its send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deduplication: Option<String>,
    /// An earlier run has sent it, or may have, and it is still here: its send may make a second one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sent_before: bool,
}

/// What became of the send of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub id: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is at its destination, under this id.
    Arrived { new_id: String },
    /// It is surely not there, and stays where it was.
    Refused(Refusal),
    /// It may be there or not, and stays where it was.
    Doubtful(Refusal),
}

/// What became of the delete of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub id: String,
    /// None if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Nothing is left to do.
    Done,
    /// The user said so.
    Cancelled,
    /// The breaker did, or something that more tries do not mend.
    Stopped { why: String },
}
