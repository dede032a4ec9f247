//! Bytes that are lines of the same: JSON objects one after the other, or values between delimiters, as a table. Pure.

use serde_json::{Deserializer, Value};

/// Columns of a table; fields beyond are not shown.
pub const MOST_COLUMNS: usize = 32;
/// Lines that are taken in: a range of an object has no more of them than this, if they are worth the name.
const MOST_ROWS: usize = 200_000;
/// Lines that decide whether a text has columns.
const TRIED: usize = 8;
/// Of these, how many have to be there where nothing else says that it is a table.
pub const LINES_THAT_AGREE: usize = 3;

/// Rows of cells; a cell that a row does not have is null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    /// Lines that are none of these.
    pub bad: u64,
    /// Fields that found no column any more.
    pub more_columns: bool,
    /// Rows beyond the bound.
    pub more_rows: bool,
}

/// JSON objects one after the other, on lines of their own or not. None if that is not what it is; `is_cut` says that the end is missing.
pub fn json(text: &str, is_cut: bool) -> Option<Table> {
    let mut table = Table::default();
    let lines = text.lines().count();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let is_last = number + 1 == lines;
        let mut values = Deserializer::from_str(line).into_iter::<Value>();
        loop {
            match values.next() {
                Some(Ok(Value::Object(fields))) => table.take(fields),
                Some(Err(error)) if is_cut && is_last && error.is_eof() => break,
                Some(Ok(_) | Err(_)) => {
                    table.bad += 1;
                    break;
                }
                None => break,
            }
        }
    }
    // One object is a document, and mostly something else is mostly something else.
    let rows = table.rows.len() as u64;
    (rows > 0 && rows + table.bad > 1 && rows > table.bad).then_some(table)
}

/// Values between delimiters, the first line their names. `least` is how many lines must agree on a delimiter: fewer where the object's
/// name says that it is a table.
pub fn delimited(text: &str, is_cut: bool, least: usize) -> Option<Table> {
    let delimiter = guess(text, least).or_else(|| (least == 1).then(|| commonest(text)).flatten())?;
    let mut records = records(text, delimiter);
    if is_cut {
        records.pop();
    }
    let mut records = records.into_iter();
    let columns = records.next()?;
    let more_columns = columns.len() > MOST_COLUMNS;
    let columns: Vec<String> = columns.into_iter().take(MOST_COLUMNS).collect();
    let mut table = Table { columns, more_columns, ..Table::default() };
    for record in records {
        if table.rows.len() >= MOST_ROWS {
            table.more_rows = true;
            break;
        }
        let cell = |text: String| text.parse::<serde_json::Number>().map_or(Value::String(text), Value::Number);
        let mut row: Vec<Value> = record.into_iter().take(table.columns.len()).map(cell).collect();
        row.resize(table.columns.len(), Value::Null);
        table.rows.push(row);
    }
    (!table.rows.is_empty()).then_some(table)
}

impl Table {
    fn take(&mut self, fields: serde_json::Map<String, Value>) {
        if self.rows.len() >= MOST_ROWS {
            self.more_rows = true;
            return;
        }
        let mut row = vec![Value::Null; self.columns.len()];
        for (name, value) in fields {
            let place = match self.columns.iter().position(|column| *column == name) {
                Some(place) => place,
                None if self.columns.len() < MOST_COLUMNS => {
                    self.columns.push(name);
                    row.push(Value::Null);
                    self.columns.len() - 1
                }
                None => {
                    self.more_columns = true;
                    continue;
                }
            };
            if let Some(cell) = row.get_mut(place) {
                *cell = value;
            }
        }
        self.rows.push(row);
    }

    /// The cell, wherever the row ends.
    pub fn cell(&self, row: usize, column: usize) -> &Value {
        self.rows.get(row).and_then(|row| row.get(column)).unwrap_or(&Value::Null)
    }
}

/// A cell as text.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The delimiter that the first lines have equally often, at least once.
fn guess(text: &str, least: usize) -> Option<char> {
    let lines: Vec<&str> = text.lines().take(TRIED).collect();
    [',', '\t', ';', '|'].into_iter().find(|delimiter| {
        let count = |line: &&str| line.matches(*delimiter).count();
        let first = lines.first().map_or(0, count);
        first > 0 && lines.len() >= least && lines.iter().all(|line| count(line) == first)
    })
}

/// The delimiter that the names of the columns stand between.
fn commonest(text: &str) -> Option<char> {
    let first = text.lines().next()?;
    let counted = [',', '\t', ';', '|'].map(|delimiter| (first.matches(delimiter).count(), delimiter));
    counted.into_iter().filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count).map(|(_, delimiter)| delimiter)
}

/// Lines of fields; a field in quotes may hold delimiters, line ends, and quotes written twice.
fn records(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let (mut record, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if field.is_empty() => is_quoted = true,
            '\n' if !is_quoted => {
                let ended = field.strip_suffix('\r').unwrap_or(&field).to_owned();
                field.clear();
                record.push(ended);
                if record.iter().any(|field: &String| !field.is_empty()) {
                    records.push(std::mem::take(&mut record));
                }
                record.clear();
            }
            c if c == delimiter && !is_quoted => record.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    record.push(field);
    if record.iter().any(|field| !field.is_empty()) {
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    #[test]
    fn objects_on_lines_become_columns_in_the_order_they_come() {
        let table = super::json("{\"a\":1}\n\n{\"a\":2,\"b\":\"x\"}{\"b\":null}\nnot json\n{\"a\":3", true).unwrap();
        assert_eq!(table.columns, ["a", "b"]);
        assert_eq!(table.rows.len(), 3);
        assert_eq!((table.cell(0, 1), table.cell(1, 1), table.cell(2, 0)), (&Value::Null, &json!("x"), &Value::Null));
        assert_eq!(table.bad, 1, "the line that is cut is not a bad one");
    }

    #[rstest]
    #[case("{\"a\":1}")]
    #[case("{\n  \"a\": 1\n}")]
    #[case("plain\ntext")]
    #[case("1\n2\n3")]
    #[case("")]
    fn what_is_no_table_of_objects(#[case] text: &str) {
        assert_eq!(super::json(text, false), None);
    }

    #[test]
    fn quoted_fields_hold_anything() {
        let table = delimited("id,text\n1,\"a b \"\"b\"\"\nc, d\"\n", false, 1).unwrap();
        assert_eq!(table.columns, ["id", "text"]);
        assert_eq!(table.rows, [vec![json!(1), json!("a b \"b\"\nc, d")]]);
    }

    #[rstest]
    #[case("a,b\n1,2\n3,4\n", Some(','))]
    #[case("a;b\r\n1;2\r\n3;4", Some(';'))]
    #[case("Dear all,\nplease, look, here\n", None)]
    #[case("a\nb\nc\n", None)]
    fn delimiters_are_guessed_only_where_lines_agree(#[case] text: &str, #[case] expected: Option<char>) {
        assert_eq!(guess(text, LINES_THAT_AGREE), expected);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in "(?s)[\"a,\n\r{}:1é]{0,80}", is_cut in any::<bool>()) {
            let _ = super::json(&text, is_cut);
            if let Some(table) = delimited(&text, is_cut, 1) {
                prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
            }
        }
    }
}
