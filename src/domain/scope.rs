//! What the user is looking at, as far as pollers need to know it.

use std::collections::BTreeSet;

use super::{Kind, ResourceId};

/// Pollers read fast what is looked at and slowly what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The kinds that the visible pane lists.
    pub kinds: BTreeSet<Kind>,
    /// The rows that are on screen.
    pub in_view: BTreeSet<ResourceId>,
    /// The row under the cursor, or the one whose detail is open.
    pub selected: Option<ResourceId>,
    /// Nobody is looking: the terminal is suspended.
    pub paused: bool,
    /// Grows when the user asks for everything now.
    pub refresh: u64,
}
