//! What can happen.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::{
    aws::{Flavour, Identity, Trouble},
    domain::Report,
    overlays::{
        desk::model::{CutOff, News},
        inspect,
        usage::Used,
    },
    panes::header::Cost,
};

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize,
    Report(Report),
    /// A second has passed; with it comes what the meter says.
    Tick(Cost),
    /// Moving marks move on.
    Beat,
    /// What was asked of the endpoint so far, by operation.
    Used(Used),
    /// Who we turned out to be.
    Identified(Result<Identity, Trouble>),
    /// What the endpoint turned out to be, and how many operations it lacks.
    Recognised {
        flavour: Flavour,
        missing: usize,
    },
    /// What the desk of this number tells.
    Desk(u64, News),
    /// What the task of the reader of this number tells.
    Inspected(u64, inspect::News),
    /// Runs of this place were cut off, the newest first.
    CutOff(Vec<CutOff>),
    /// An effect could not be done.
    Failed(String),
    /// The terminal is ours again.
    Resumed,
    /// SIGTERM, SIGHUP, or the end of the input.
    Terminate,
    /// SIGTSTP.
    Suspend,
}
