//! What the desk keeps of a message in memory: little enough for a hundred thousand.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;

use crate::redrive::message::Message;

/// Characters of a body that a row shows; and bytes that are looked at for them.
const PREVIEW: usize = 120;
const PREVIEW_BYTES: usize = 1024;

/// A message in a list. As it came: whoever shows it makes it safe for the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: Arc<str>,
    pub sent_at: Option<Timestamp>,
    /// After this look.
    pub receive_count: u32,
    pub group: Option<Arc<str>>,
    /// The ARN of the queue that gave it up.
    pub source: Option<Arc<str>>,
    pub bytes: u32,
    /// The cluster that it belongs to, once somebody has told.
    pub cluster: Option<u32>,
    /// The beginning of its body on one line.
    pub preview: Box<str>,
}

/// Texts that many rows have in common, each once in memory.
#[derive(Debug, Default)]
pub struct Shared(HashSet<Arc<str>>);

impl Shared {
    fn one(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }

    pub fn row(&mut self, message: &Message) -> Row {
        Row {
            id: message.id.as_str().into(),
            sent_at: message.sent_at(),
            receive_count: message.receive_count().unwrap_or(0),
            group: message.group().map(|group| self.one(group)),
            source: message.source().map(|source| self.one(source)),
            bytes: u32::try_from(message.bytes()).unwrap_or(u32::MAX),
            cluster: None,
            preview: preview(&message.body),
        }
    }
}

/// White space of any length is one blank.
fn preview(body: &str) -> Box<str> {
    let end = body.floor_char_boundary(PREVIEW_BYTES);
    let line = body[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(PREVIEW) {
        Some((end, _)) => line[..end].into(),
        None => line.into(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "")]
    #[case("{\n  \"a\":\t1\n}", "{ \"a\": 1 }")]
    #[case(&"é".repeat(5000), &"é".repeat(120))]
    #[case(&format!("{}€", "x".repeat(1023)), &"x".repeat(120))]
    fn shows_the_beginning_on_one_line(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(&*preview(body), expected);
    }

    #[test]
    fn groups_are_in_memory_once() {
        let mut shared = Shared::default();
        let message = Message { system: [("MessageGroupId".into(), "g".into())].into(), ..Message::default() };
        let (one, two) = (shared.row(&message).group.unwrap(), shared.row(&message).group.unwrap());
        assert!(Arc::ptr_eq(&one, &two));
    }
}
