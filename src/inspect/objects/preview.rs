//! The beginning of an object as what it is: text, JSON, a table, an image's size, or bytes. Pure, and bounded whatever is in it.
//!
//! What it is is decided by the bytes; a name or a type only where bytes alone cannot tell. To show another format: [`named`] if only
//! its name can be said, else an arm in `contents`. Must not: show a part as if it were all.

use serde_json::Value;

use super::{
    image,
    sums::{self, Chart},
    table::{self, Table},
};
use crate::{
    domain::units::Bytes,
    redrive::why::binary::{self, Missing},
};

/// Rows of a table that are kept to be shown.
pub const MOST_ROWS: usize = 500;
/// Lines of a text that are kept to be shown.
pub const MOST_LINES: usize = 5_000;
/// Characters of one line.
const MOST_CHARACTERS: usize = 4_000;
/// A control character in so many bytes is still a text.
const TEXT_FOR_ONE_CONTROL: usize = 20;

/// The bytes that were read, and what is known of the object beside them.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub key: &'a str,
    pub content_type: Option<&'a str>,
    /// From the start.
    pub bytes: &'a [u8],
    /// Of the whole object.
    pub total: u64,
}

/// What is shown of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// What it is: `gzip › JSON lines`.
    pub format: String,
    pub body: Body,
    /// What it adds up to, by each pair of fields that makes sense; the likeliest first.
    pub charts: Vec<Chart>,
    /// What is missing or wrong, in sentences.
    pub notes: Vec<String>,
    /// Bytes that were read, of how many.
    pub read: u64,
    pub total: u64,
}

/// The contents.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Nothing,
    Json(Value),
    /// Rows of texts under their columns.
    Table {
        columns: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// Text as it is, or bytes in hex.
    Lines(Vec<String>),
}

impl Preview {
    /// Whether there is more of it than was read.
    pub fn is_cut(&self) -> bool {
        self.read < self.total
    }
}

/// Reads the beginning of an object.
pub fn preview(head: Head<'_>) -> Preview {
    let read = head.bytes.len() as u64;
    let mut shown = Shown { is_cut: read < head.total, layers: Vec::new(), notes: Vec::new() };
    let (body, charts) = shown.bytes(head.bytes, head);
    let Shown { layers, mut notes, .. } = shown;
    if read < head.total {
        notes.insert(0, format!("the first {} of {}", Bytes(read as f64), Bytes(head.total as f64)));
    }
    Preview { format: layers.join(" › "), body, charts, notes, read, total: head.total }
}

struct Shown {
    /// The end of what is looked at is missing.
    is_cut: bool,
    layers: Vec<String>,
    notes: Vec<String>,
}

type Contents = (Body, Vec<Chart>);

impl Shown {
    fn bytes(&mut self, bytes: &[u8], head: Head<'_>) -> Contents {
        if bytes.is_empty() {
            self.layers.push("empty".to_owned());
            return (Body::Nothing, Vec::new());
        }
        // Inside of gzip is looked for once: a file that is packed twice is nobody's.
        if self.layers.is_empty()
            && let Some(kind @ binary::Compression::Gzip) = binary::compression(bytes)
            && let Some(inflated) = binary::inflate(bytes, kind)
        {
            self.layers.push("gzip".to_owned());
            match inflated.missing {
                Some(Missing::TooLong) => {
                    self.is_cut = true;
                    let most = Bytes(binary::MOST_INFLATED as f64);
                    self.notes.push(format!("of what is packed in it, the first {most} are looked at"));
                }
                Some(Missing::Damaged) if !self.is_cut => {
                    self.is_cut = true;
                    self.notes.push("the packed bytes are damaged or end early".to_owned());
                }
                Some(Missing::Damaged) | None => {}
            }
            return self.bytes(&inflated.bytes, head);
        }
        if let Some(image) = image::image(bytes) {
            let pixels =
                image.pixels.map_or("its size is not in the part that was read".to_owned(), |(width, height)| {
                    format!("{width} × {height} pixels")
                });
            self.layers.push(format!("{} image", image.format));
            return (Body::Lines(vec![pixels]), Vec::new());
        }
        match (named(bytes), text(bytes, self.is_cut)) {
            (None, Some(text)) => self.contents(text, head),
            (name, _) => {
                self.layers.push(name.unwrap_or("binary").to_owned());
                if bytes.len() > binary::MOST_HEX {
                    self.notes.push(format!("the first {} in hex", Bytes(binary::MOST_HEX as f64)));
                }
                (Body::Lines(binary::hex(bytes)), Vec::new())
            }
        }
    }

    fn contents(&mut self, text: &str, head: Head<'_>) -> Contents {
        if let Some(value) = document(text) {
            self.layers.push("JSON".to_owned());
            return (Body::Json(value), Vec::new());
        }
        let looks_like_json = text.trim_start().starts_with(['{', '[']);
        let found = if looks_like_json { table::json(text, self.is_cut) } else { None };
        if let Some(table) = found {
            self.layers.push("JSON lines".to_owned());
            return self.table(table);
        }
        if let Some(least) = (!looks_like_json).then(|| lines_that_agree(head)).flatten()
            && let Some(table) = table::delimited(text, self.is_cut, least)
        {
            self.layers.push("CSV".to_owned());
            return self.table(table);
        }
        self.layers.push(if looks_like_json { "begins like JSON" } else { "text" }.to_owned());
        (Body::Lines(self.lines(text)), Vec::new())
    }

    fn table(&mut self, table: Table) -> Contents {
        let rows = table.rows.len();
        self.notes.push(match rows {
            1 => "1 line".to_owned(),
            rows if rows > MOST_ROWS => format!("{rows} lines, the first {MOST_ROWS} are shown"),
            rows => format!("{rows} lines"),
        });
        if table.bad > 0 {
            self.notes.push(format!("{} more lines are no JSON objects", table.bad));
        }
        if table.more_columns {
            self.notes.push(format!("only {} fields are shown", table::MOST_COLUMNS));
        }
        if table.more_rows {
            self.notes.push("there are more lines than are looked at".to_owned());
        }
        let charts = sums::charts(&table);
        let cell = |value: &Value| shortened(&table::shown(value));
        let shown = table.rows.iter().take(MOST_ROWS);
        let rows =
            shown.map(|row| (0..table.columns.len()).map(|at| cell(row.get(at).unwrap_or(&Value::Null))).collect());
        (Body::Table { rows: rows.collect(), columns: table.columns }, charts)
    }

    fn lines(&mut self, text: &str) -> Vec<String> {
        let mut lines = text.lines();
        let shown: Vec<String> = lines.by_ref().take(MOST_LINES).map(shortened).collect();
        let more = lines.count();
        if more > 0 {
            self.notes.push(format!("{more} more lines were read and are not shown"));
        }
        shown
    }
}

/// A whole document. Numbers alone are a text.
fn document(text: &str) -> Option<Value> {
    let value = text.trim_start().starts_with(['{', '[', '"']).then(|| serde_json::from_str::<Value>(text).ok())?;
    value.filter(|value| value.is_object() || value.is_array())
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((at, _)) => format!("{}… {} characters", line.get(..at).unwrap_or_default(), line.chars().count()),
        None => line.to_owned(),
    }
}

/// How many lines must agree on a delimiter for it to be a table; none if it cannot be one by its name.
fn lines_that_agree(head: Head<'_>) -> Option<usize> {
    let key = head.key.to_ascii_lowercase();
    let key = key.strip_suffix(".gz").unwrap_or(&key);
    let kind = head.content_type.unwrap_or_default();
    let is_called = key.ends_with(".csv") || key.ends_with(".tsv");
    let is_typed = kind.starts_with("text/csv") || kind.starts_with("text/tab-separated");
    match key.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        _ if is_called || is_typed => Some(1),
        // What is a log, a page or a program by its name is not taken for a table because of its commas.
        true => None,
        false => Some(table::LINES_THAT_AGREE),
    }
}

/// The bytes as text, without a character that was cut at the end.
fn text(bytes: &[u8], is_cut: bool) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    // Escape sequences are in many a log.
    let controls = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x1b')).count();
    (!text.contains('\0') && controls * TEXT_FOR_ONE_CONTROL <= text.len()).then_some(text)
}

/// Formats of which nothing but the name is known here.
fn named(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [b'P', b'A', b'R', b'1', ..] => "Parquet",
        [b'O', b'b', b'j', 1, ..] => "Avro",
        [b'O', b'R', b'C', ..] => "ORC",
        [b'P', b'K', 3, 4, ..] => "ZIP archive",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "Zstandard",
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => "bzip2",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "xz",
        [0xff, 0x06, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y', ..] => "Snappy",
        [b'%', b'P', b'D', b'F', b'-', ..] => "PDF",
        [b'S', b'Q', b'L', b'i', b't', b'e', b' ', ..] => "SQLite",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    fn seen(key: &str, bytes: &[u8]) -> Preview {
        preview(Head { key, content_type: None, bytes, total: bytes.len() as u64 })
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[rstest]
    #[case("a", b"", "empty")]
    #[case("a", b"{\"a\": 1}", "JSON")]
    #[case("a", b"[1, 2]", "JSON")]
    #[case("a", b"{\"a\":1}\n{\"a\":2}\n", "JSON lines")]
    #[case("a", b"{\"a\":1}{\"a\":2}", "JSON lines")]
    #[case("a.csv", b"a,b\n1,2\n", "CSV")]
    #[case("a", b"a,b\n1,2\n3,4\n", "CSV")]
    #[case("a.log", b"a,b\n1,2\n3,4\n", "text")]
    #[case("a.tsv", b"a\tb\n1\t2\n", "CSV")]
    #[case("a", b"hello \x1b[31mred\x1b[0m world, and more words than signs", "text")]
    #[case("a", b"\x1b[31mred", "text")]
    #[case("a", b"{ not json", "begins like JSON")]
    #[case("a", b"\x00\x01\x02", "binary")]
    #[case("a", b"\xff\xfeh\0i\0", "binary")]
    #[case("a", b"PAR1\x15\x00", "Parquet")]
    #[case("a", b"\x89PNG\r\n\x1a\n", "PNG image")]
    fn formats(#[case] key: &str, #[case] bytes: &[u8], #[case] format: &str) {
        assert_eq!(seen(key, bytes).format, format);
    }

    #[test]
    fn what_is_packed_is_unpacked_and_what_is_cut_is_said() {
        let lines = "{\"store_id\":\"a\",\"revenue\":1}\n{\"store_id\":\"b\",\"revenue\":2}\n".repeat(2_000);
        let packed = gzip(lines.as_bytes());
        let whole = seen("x.json.gz", &packed);
        assert_eq!(whole.format, "gzip › JSON lines");
        assert_eq!(whole.charts[0].total.to_string(), "6000");
        let half = preview(Head {
            key: "x",
            content_type: None,
            bytes: &packed[..packed.len() / 2],
            total: packed.len() as u64,
        });
        assert_eq!(half.format, "gzip › JSON lines");
        assert!(half.notes[0].starts_with("the first ") && half.is_cut(), "{:?}", half.notes);
        assert!(
            half.notes.iter().all(|note| !note.contains("damaged") && !note.contains("no JSON")),
            "{:?}",
            half.notes
        );
        assert!(seen("x", &packed[..packed.len() / 2]).notes.iter().any(|note| note.contains("damaged")));
    }

    #[test]
    fn a_bomb_is_bounded() {
        let bomb = gzip(&vec![b'a'; binary::MOST_INFLATED * 4]);
        let shown = seen("x", &bomb);
        assert!(shown.notes.iter().any(|note| note.contains("4.0 MiB") || note.contains("4 MiB")), "{:?}", shown.notes);
        let Body::Lines(lines) = shown.body else { panic!() };
        assert!(lines.iter().map(String::len).sum::<usize>() < 10_000);
    }

    #[test]
    fn a_character_that_is_cut_is_no_reason_for_hex() {
        let bytes = "naïve ".repeat(9);
        let cut = &bytes.as_bytes()[..3];
        assert_eq!(preview(Head { key: "a", content_type: None, bytes: cut, total: 63 }).format, "text");
        assert_eq!(seen("a", cut).format, "binary");
    }

    #[test]
    fn json_keeps_its_values() {
        assert_eq!(seen("a", b"{\"b\":1,\"a\":[]}").body, Body::Json(json!({"b": 1, "a": []})));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), more in 0_u64..2, key in "[a-z]{0,3}(\\.csv|\\.gz)?") {
            let _ = preview(Head { key: &key, content_type: None, bytes: &bytes, total: bytes.len() as u64 + more });
            let packed = gzip(&bytes);
            let _ = preview(Head { key: &key, content_type: Some("text/csv"), bytes: &packed, total: packed.len() as u64 + more });
        }
    }
}
