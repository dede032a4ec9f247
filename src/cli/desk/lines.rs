//! JSON lines on stdout, written as they come. A reader that has seen enough (`| head`) is no error, and no reason to stop a run: the
//! journal has it all.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::{
    cli::{json, opening::GivenUp},
    redrive::{journal, words},
    widgets::text,
};

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

impl<'a> Fate<'a> {
    /// As a journal knows it.
    pub fn of(id: &'a str, fate: &'a journal::Fate) -> Self {
        use journal::Fate::{Arrived, Doubtful, Missing, Moved, Refused, Taken};
        let (word, new_message_id, reason) = match fate {
            Moved { new_id } => (Word::Moved, new_id.as_deref(), None),
            Refused(why) => (Word::Refused, None, Some(why.as_str())),
            Arrived { new_id } => {
                (Word::Doubtful, Some(new_id.as_str()), Some("it arrived, and is perhaps still where it was"))
            }
            Taken => (Word::Doubtful, None, Some("the run was cut off at its send")),
            Doubtful => (Word::Doubtful, None, Some("its send was never answered")),
            Missing => (Word::Missing, None, Some("the journal has it")),
        };
        Self { message_id: id, fate: word, new_message_id, reason }
    }

    /// For eyes.
    pub fn in_words(&self, deed: journal::Deed) -> String {
        let new = self.new_message_id.map(|id| format!(" as {id}")).unwrap_or_default();
        let why = self.reason.map(|why| format!(": {why}")).unwrap_or_default();
        let fate = if self.fate == Word::Moved { words::done(deed) } else { self.fate.text() };
        format!("  {}  {fate}{new}{why}", self.message_id)
    }
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Refused => "refused",
            Self::Doubtful => "doubtful",
            Self::Missing => "missing",
            Self::Bounced => "bounced",
            Self::Left => "left",
        }
    }
}

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Done with as was meant: at its destination, if it has one, and gone from where it was.
    Moved,
    /// Surely not at its destination; it stays where it was.
    Refused,
    /// It may be at its destination, or at both places: `--resume` finds out.
    Doubtful,
    /// No longer where it was, and not known to have arrived: the journal has it.
    Missing,
    /// It was moved, and is among the dead letters again.
    Bounced,
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
        let line = json::line(value).map_err(|error| GivenUp::unreached(error.to_string()))?;
        self.write(line)
    }

    /// Writes a line for eyes, made safe.
    ///
    /// # Errors
    /// As [`Lines::put`].
    pub fn text(&mut self, line: &str) -> Result<(), GivenUp> {
        self.write(text::clean(line).trim_end().to_owned())
    }

    /// Writes a line for eyes that is safe already, colours and all.
    ///
    /// # Errors
    /// As [`Lines::put`].
    pub fn safe(&mut self, line: String) -> Result<(), GivenUp> {
        self.write(line)
    }

    fn write(&mut self, mut line: String) -> Result<(), GivenUp> {
        if self.closed {
            return Ok(());
        }
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
