//! A wish, as data: what `update` wants to happen outside.

use crate::overlays::desk::model::Ask;

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
    /// Let the user edit a text in `$EDITOR`; the desk waits for it.
    Edit(String),
}
