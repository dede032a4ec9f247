//! JSON lines on stdout, written as they come. A reader that has seen enough (`| head`) is no error, and no reason to stop a run: the
//! journal has it all.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::cli::{json, opening::GivenUp};

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fate<'a> {
    pub message_id: &'a str,
    pub fate: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
}

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// At its destination and gone from where it was.
    Moved,
    /// Surely not at its destination; it stays where it was.
    Refused,
    /// It may be at its destination, or at both places: `--resume` finds out.
    Doubtful,
    /// Not touched after all; it stays where it was.
    Left,
}

/// stdout, for one JSON value a line.
#[derive(Debug, Default)]
pub struct Lines {
    closed: bool,
}

impl Lines {
    /// Writes one.
    ///
    /// # Errors
    /// stdout's, but not that nobody reads it any more.
    pub fn put(&mut self, value: &impl Serialize) -> Result<(), GivenUp> {
        if self.closed {
            return Ok(());
        }
        let mut line = json::line(value).map_err(|error| GivenUp::unreached(error.to_string()))?;
        line.push('\n');
        let mut out = std::io::stdout().lock();
        match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(GivenUp { code: super::LEFT, why: format!("stdout cannot be written: {error}") }),
        }
    }

    /// Whether anybody still reads.
    pub fn are_read(&self) -> bool {
        !self.closed
    }
}
