//! jq over messages, on a leash: the language of `--where` and `--edit`.
//!
//! A program gets one object, and nothing else: no files, no environment, no further input, no way to end the process.
//!
//! ```text
//! body         the body: what its JSON says, or its text if it is not JSON
//! attributes   the sender's attributes, name → value: text, a number if its type is Number, base64 text if it is Binary
//! system       SQS's own, by its names: SentTimestamp, ApproximateFirstReceiveTimestamp (milliseconds) and ApproximateReceiveCount as
//!              numbers, the others as text; and, added here: MessageId, SourceQueue (the name of the queue that gave it up), Bytes
//! ```
//!
//! Numbers of a body are kept to the digit. Bounds: a program runs on a thread of its own ([`worker`]), pays for each step and for what
//! it builds ([`meter`], [`guard`]), and is left alone there if it does not come back.

mod guard;
mod json;
mod meter;
mod object;
mod program;
mod worker;

pub use json::{compact, is_json, pretty};
pub use object::{Value, Yielded, is_number, parts};
pub use worker::Program;

/// The longest expression.
pub const MOST_EXPRESSION_BYTES: usize = 8 << 10;

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Mistake {
    /// A sentence, with the place in words.
    pub text: String,
    /// Where, in characters from the start of the expression; its length if something is missing at the end.
    pub at: Option<usize>,
}

impl Mistake {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), at: None }
    }

    /// At a byte of `code`.
    pub(crate) fn at(code: &str, byte: usize, text: &str) -> Self {
        let before = code.get(..byte).unwrap_or(code);
        let at = before.chars().count();
        let place = if byte >= code.len() { "at its end".to_owned() } else { format!("at character {}", at + 1) };
        Self { text: format!("{text}, {place}"), at: Some(at) }
    }
}

/// A text from a program or a message, cut to what fits a sentence.
pub(crate) fn brief(text: &str) -> String {
    const MOST: usize = 160;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
