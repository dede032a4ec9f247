//! Messages from files: what [`super::export`] writes, and what `aws sqs receive-message` printed. All calls block.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use serde::Deserialize;

use super::message::{MOST_BYTES, MOST_IN_BATCH, Message};

/// The longest line: a message of the largest size, each byte of it escaped, and its system attributes.
pub const MOST_LINE_BYTES: usize = 6 * MOST_BYTES + (64 << 10);
/// The longest answer of the AWS CLI over several lines.
const MOST_ANSWER_BYTES: usize = MOST_IN_BATCH * MOST_LINE_BYTES;

/// Why a file, or the rest of it, could not be read. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("line {line}: cannot be read: {source}")]
    Io { line: u64, source: io::Error },
    #[error("line {line} is longer than any message; is this a file of messages?")]
    TooLong { line: u64 },
    #[error("line {line} is not a message as `edatop export` or `aws sqs receive-message` write it: {what}")]
    NotAMessage { line: u64, what: String },
}

/// Reads one message after the other, holding one line at a time. Ends after the first error.
#[derive(Debug)]
pub struct Reader<R> {
    from: BufReader<R>,
    line: u64,
    read: u64,
    /// Of the answer that was read last.
    waiting: VecDeque<Message>,
    is_cut: bool,
    is_over: bool,
}

/// A line, or an answer over several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Answer {
        #[serde(rename = "Messages")]
        messages: Vec<Message>,
    },
    Message(Box<Message>),
}

impl Reader<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self::new(file))
    }
}

impl<R: Read> Reader<R> {
    pub fn new(from: R) -> Self {
        let from = BufReader::new(from);
        Self { from, line: 0, read: 0, waiting: VecDeque::new(), is_cut: false, is_over: false }
    }

    /// How many messages were read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Whether the last line was cut and left out. To be said, once all is read.
    pub fn cut(&self) -> Option<String> {
        let line = self.line;
        self.is_cut
            .then(|| format!("line {line}, the last one, is cut and was left out; the message in it was not whole"))
    }

    fn next_message(&mut self) -> Result<Option<Message>, ImportError> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(Some(message));
            }
            let mut text = Vec::new();
            if !self.next_line(&mut text, MOST_LINE_BYTES)? {
                return Ok(None);
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let first = self.line;
            let shape = match parse(&text) {
                Err(error) if error.is_eof() => match self.over_more_lines(text)? {
                    Some(parsed) => parsed,
                    None => return Ok(None),
                },
                parsed => parsed,
            };
            match shape {
                Ok(Shape::Message(message)) => self.waiting.push_back(*message),
                Ok(Shape::Answer { messages }) => self.waiting.extend(messages),
                Err(error) => return Err(not_a_message(first, &error)),
            }
        }
    }

    /// Goes on with what began on the line before, until it is whole; none if the file ends first and it is a cut line.
    fn over_more_lines(&mut self, mut text: Vec<u8>) -> Result<Option<serde_json::Result<Shape>>, ImportError> {
        let began = self.line;
        let is_pretty = text.trim_ascii().len() <= 1;
        loop {
            let before = text.len();
            if !self.next_line(&mut text, MOST_ANSWER_BYTES)? {
                // A pretty answer is one record too: what is cut of it, a message or more, cannot be told.
                if self.line > began {
                    let what = "it begins here and is cut".to_owned();
                    return Err(ImportError::NotAMessage { line: began, what });
                }
                self.is_cut = true;
                return Ok(None);
            }
            // Parsed only where it may be whole, or a long answer would be read again for each of its lines.
            let is_end = matches!(text[before..].trim_ascii_end(), b"}" | b"]");
            if is_pretty && !is_end {
                continue;
            }
            match parse(&text) {
                Err(error) if error.is_eof() && is_pretty => {}
                Err(error) if !is_pretty => return Ok(Some(Err(error))),
                parsed => return Ok(Some(parsed)),
            }
        }
    }

    /// Adds the next line; false at the end of the file.
    fn next_line(&mut self, text: &mut Vec<u8>, most: usize) -> Result<bool, ImportError> {
        let line = self.line + 1;
        let left = (most + 1).saturating_sub(text.len());
        let count = (&mut self.from).take(left as u64).read_until(b'\n', text);
        let count = count.map_err(|source| ImportError::Io { line, source })?;
        if count == 0 && left > 0 {
            return Ok(false);
        }
        self.line = line;
        if text.len() > most { Err(ImportError::TooLong { line }) } else { Ok(true) }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Message, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.next_message().transpose();
        match next {
            Some(Ok(_)) => self.read += 1,
            Some(Err(_)) | None => self.is_over = true,
        }
        next
    }
}

/// Twice where it fails: only the reader of one shape says what is wrong.
fn parse(text: &[u8]) -> serde_json::Result<Shape> {
    serde_json::from_slice::<serde::de::IgnoredAny>(text)?;
    serde_json::from_slice::<Shape>(text)
        .or_else(|_| serde_json::from_slice(text).map(|message| Shape::Message(Box::new(message))))
}

fn not_a_message(line: u64, error: &serde_json::Error) -> ImportError {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    let what = if error.is_data() { what.to_owned() } else { format!("{what}, column {}", error.column()) };
    ImportError::NotAMessage { line, what: super::jq::brief(&what) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redrive::{
        export::line,
        message::{AttributeValue, Payload},
    };
    use proptest::{collection::btree_map, prelude::*};
    use rstest::rstest;

    fn read(text: &str) -> (Vec<String>, Option<String>, Option<String>) {
        let mut reader = Reader::new(text.as_bytes());
        let (mut ids, mut error) = (Vec::new(), None);
        for message in reader.by_ref() {
            match message {
                Ok(message) => ids.push(message.id),
                Err(failed) => error = Some(failed.to_string()),
            }
        }
        assert_eq!(reader.read(), ids.len() as u64);
        (ids, error, reader.cut())
    }

    const A: &str = r#"{"MessageId":"a","Body":"x"}"#;
    const B: &str = r#"{"MessageId":"b","Body":"y","MD5OfBody":"0"}"#;
    const PRETTY: &str = r#"{
    "Messages": [
        {
            "MessageId": "p",
            "ReceiptHandle": "r",
            "MD5OfBody": "0",
            "Body": "{\n}\n",
            "MD5OfMessageAttributes": "0",
            "MessageAttributes": {
                "n": {
                    "StringValue": "7",
                    "DataType": "Number"
                },
                "b": {
                    "BinaryValue": "AP8=",
                    "DataType": "Binary",
                    "StringListValues": []
                }
            }
        }
    ]
}"#;

    #[rstest]
    #[case("".to_owned(), &[])]
    #[case("\n \n".to_owned(), &[])]
    #[case(format!("{A}\n{B}\n"), &["a", "b"])]
    #[case(format!("\n{A}\r\n\n{B}"), &["a", "b"])]
    #[case(format!("{{\"Messages\":[{A},{B}]}}"), &["a", "b"])]
    #[case(format!("{{\"Messages\":[{A}]}}\n{B}\n"), &["a", "b"])]
    #[case(PRETTY.to_owned(), &["p"])]
    #[case(format!("{PRETTY}\n{PRETTY}\n{A}"), &["p", "p", "a"])]
    fn reads(#[case] text: String, #[case] expected: &[&str]) {
        let (ids, error, cut) = read(&text);
        assert_eq!((ids.iter().map(String::as_str).collect::<Vec<_>>(), error, cut), (expected.to_vec(), None, None));
    }

    #[test]
    fn attributes_of_the_cli_are_kept() {
        let message = Reader::new(PRETTY.as_bytes()).next().unwrap().unwrap();
        assert_eq!(message.attributes["b"].payload, Payload::Binary(vec![0, 255]));
        assert_eq!(message.attributes["n"].data_type, "Number");
    }

    #[rstest]
    #[case(format!("{A}\n{}", &B[..20]))]
    #[case(format!("{A}\n{}", &B[..B.len() - 1]))]
    #[case(format!("{A}\n{{"))]
    fn a_cut_last_line_is_left_out_and_said(#[case] text: String) {
        let (ids, error, cut) = read(&text);
        assert_eq!((ids.len(), error), (1, None));
        assert!(cut.unwrap().starts_with("line 2, the last one, is cut"));
    }

    #[rstest]
    #[case(format!("{A}\nhello\n{B}"), 1, "line 2 is not a message", "expected value, column 1")]
    #[case(format!("{A}\n\n{}\n{B}", &B[..20]), 1, "line 3 is not a message", "")]
    #[case(format!("{A}\n{{\"Body\":\"x\"}}\n"), 1, "line 2 is not a message", "missing field `MessageId`")]
    #[case("[1]".to_owned(), 0, "line 1 is not a message", "")]
    #[case("{\"MessageId\":\"a\",\"Body\":\"\",\"MessageAttributes\":{\"x\":{\"DataType\":\"Binary\",\"BinaryValue\":\"?\"}}}".to_owned(), 0, "line 1", "nvalid")]
    #[case(format!("{A}\n{}", &PRETTY[..200]), 1, "line 2 is not a message", "cut")]
    fn other_lines_are_errors(#[case] text: String, #[case] before: usize, #[case] starts: &str, #[case] says: &str) {
        let (ids, error, _) = read(&text);
        let error = error.unwrap();
        assert!(ids.len() == before && error.starts_with(starts) && error.contains(says), "{error}");
    }

    #[test]
    fn lines_are_bounded() {
        let endless = io::repeat(b' ');
        assert!(matches!(Reader::new(endless).next(), Some(Err(ImportError::TooLong { line: 1 }))));
        let endless = b"{\n".chain(io::repeat(b' '));
        assert!(matches!(Reader::new(endless).next(), Some(Err(ImportError::TooLong { line: 2 }))));
    }

    #[test]
    fn the_worst_message_of_the_largest_size_fits() {
        let message = Message { id: "a".to_owned(), body: "\u{1}".repeat(MOST_BYTES), ..Message::default() };
        let line = line(&message).unwrap();
        assert_eq!(Reader::new(line.as_bytes()).next().unwrap().unwrap(), message);
    }

    prop_compose! {
        fn any_value()(binary: bool, text: String, bytes: Vec<u8>, label in "(\\.[a-z]+)?") -> AttributeValue {
            let kind = if binary { "Binary" } else { "String" };
            let payload = if binary { Payload::Binary(bytes) } else { Payload::Text(text) };
            AttributeValue { data_type: format!("{kind}{label}"), payload }
        }
    }

    prop_compose! {
        fn any_message()(
            id: String,
            body: String,
            system in btree_map(any::<String>(), any::<String>(), 0..8),
            attributes in btree_map(any::<String>(), any_value(), 0..10),
        ) -> Message {
            Message { id, receipt: None, body, system, attributes }
        }
    }

    proptest! {
        #[test]
        fn any_message_comes_back(messages in proptest::collection::vec(any_message(), 0..4)) {
            let file: String = messages.iter().map(|message| line(message).unwrap()).collect();
            prop_assert_eq!(file.lines().count(), messages.len());
            let back: Result<Vec<_>, _> = Reader::new(file.as_bytes()).collect();
            prop_assert_eq!(back.unwrap(), messages);
        }

        #[test]
        fn takes_any_file(text: Vec<u8>) {
            let _ = Reader::new(&text[..]).count();
        }
    }
}
