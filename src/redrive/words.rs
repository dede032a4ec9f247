//! What each deed is called: before it is done, after it, and how its messages are kept meanwhile. The plan, the end of a run and the
//! list of journals use the same words, so that nobody is told of a move where something was deleted. Pure.

use super::journal::{Begun, Deed, Destination, Origin};

/// `redrive`, as in "redrive 4 messages".
pub fn verb(deed: Deed) -> &'static str {
    match deed {
        Deed::Redrive => "redrive",
        Deed::Export | Deed::Delete => "delete",
        Deed::Import => "send",
        Deed::Undo => "bring back",
    }
}

/// `moved`, as in "4 moved".
pub fn done(deed: Deed) -> &'static str {
    match deed {
        Deed::Redrive => "moved",
        Deed::Export => "written and deleted",
        Deed::Delete => "deleted",
        Deed::Import => "sent",
        Deed::Undo => "brought back",
    }
}

/// `from orders-dlq to orders`, to stand behind the verb.
pub fn way(from: &Origin, to: &Destination) -> String {
    match to {
        Destination::Journal => format!("from {}; the journal keeps them", from.name()),
        Destination::File(_) => format!("from {}, each after it was written to {}", from.name(), to.name()),
        Destination::Sources(_) | Destination::Queue(_) => format!("from {} to {}", from.name(), to.name()),
    }
}

/// What a run is about, for a list of runs.
pub fn in_short(begun: &Begun) -> String {
    match &begun.to {
        Destination::Journal => begun.from.name(),
        to => format!("{} → {}", begun.from.name(), to.name()),
    }
}

/// How no message is ever lost by it.
pub fn promise(from: &Origin, to: &Destination) -> &'static str {
    match (from, to) {
        (Origin::Queue(_), Destination::File(_)) => {
            "each message is in the journal and in the file, on disk, before it is deleted"
        }
        (Origin::Queue(_), Destination::Journal) => "each message is in the journal, on disk, before it is deleted",
        (Origin::Queue(_), _) => {
            "each message is in the journal, on disk, before it is sent, and deleted only after it has arrived"
        }
        (Origin::File(_), _) => "each message is in the journal, on disk, before it is sent; the file stays as it is",
        (Origin::Journal(_), _) => {
            "each message is in a journal, on disk, before it is sent; the one it comes from stays as it is"
        }
    }
}

/// `1 message`, `4 messages`.
pub fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{} messages", crate::domain::units::Count(count as f64)) }
}
