//! A wish, as data: what `update` wants to happen outside.

/// One wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Give the terminal back to the shell until it continues us.
    Suspend,
    /// Put a text on the clipboard.
    Copy(String),
}
