//! A wish, as data: what `update` wants to happen outside.

use crate::overlays::{desk::model::Ask, inspect};

/// One wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Give the terminal back to the shell until it continues us.
    Suspend,
    /// Put a text on the clipboard.
    Copy(String),
    /// Of the desk.
    Desk(Ask),
    /// Of the reader of this number.
    Inspect(u64, inspect::Ask),
    /// Let the user read a text in `$PAGER`.
    Page(String),
    /// Let the user look at a text in `$EDITOR`.
    Show(String),
    /// Let the user edit a text in `$EDITOR`; the desk waits for it.
    Edit(String),
}
