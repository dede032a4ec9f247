//! What the lines of a table add up to: a field that names, and a number by each name. Pure.
//!
//! Which fields these are is found, not known: a name is a text that comes back and is neither an instant nor an id of its own line. All
//! pairs that make sense are added up, the likeliest first. Numbers are added as decimals, so that a sum is what anybody else gets.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::table::Table;
use crate::redrive::why::mask;

/// Names of one field; a field with more is no name.
pub const MOST_NAMES: usize = 64;
/// Fields of each kind that are tried.
const MOST_FIELDS: usize = 4;
/// The share of lines that have the field at least.
const MOST_LINES_HAVE_IT: f64 = 0.8;
/// Digits after the point that are added exactly.
const DIGITS: u32 = 9;
const ONE: i128 = 1_000_000_000;

/// Numbers added up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    /// In billionths.
    units: i128,
    /// What has no such digits: too small, too large.
    rest: f64,
    is_inexact: bool,
}

impl Sum {
    fn add(&mut self, number: &serde_json::Number) {
        match decimal(&number.to_string()).and_then(|units| self.units.checked_add(units)) {
            Some(units) => self.units = units,
            None => {
                self.rest += number.as_f64().unwrap_or(0.0);
                self.is_inexact = true;
            }
        }
    }

    fn plus(&mut self, other: Self) {
        self.units = self.units.saturating_add(other.units);
        self.rest += other.rest;
        self.is_inexact |= other.is_inexact;
    }

    pub fn as_f64(self) -> f64 {
        self.units as f64 / ONE as f64 + self.rest
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_inexact {
            return write!(f, "≈{}", self.as_f64());
        }
        let sign = if self.units < 0 { "-" } else { "" };
        let (whole, part) = (self.units.unsigned_abs() / ONE as u128, self.units.unsigned_abs() % ONE as u128);
        let part = format!("{part:09}");
        match part.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            part => write!(f, "{sign}{whole}.{part}"),
        }
    }
}

/// A number as written, in billionths; none if it has an exponent or more digits.
fn decimal(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if part.len() > DIGITS as usize || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let units = whole.parse::<i128>().ok()?.checked_mul(ONE)?;
    let part = format!("{part:0<9}").parse::<i128>().ok()?;
    Some(sign * units.checked_add(part)?)
}

/// A number by each name.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The field that names, and the one that is added up.
    pub by: String,
    pub of: String,
    /// The largest first.
    pub bars: Vec<(String, Sum)>,
    pub total: Sum,
    /// Lines that were added, and those that lack one of the fields.
    pub lines: u64,
    pub without: u64,
}

/// What a table adds up to, by each pair of fields that makes sense, the likeliest first.
pub fn charts(table: &Table) -> Vec<Chart> {
    let names = names(table);
    let numbers = numbers(table);
    let pairs = names.iter().flat_map(|by| numbers.iter().map(move |of| (*by, *of)));
    pairs.filter_map(|(by, of)| chart(table, by, of)).collect()
}

fn chart(table: &Table, by: usize, of: usize) -> Option<Chart> {
    let mut bars: BTreeMap<&str, Sum> = BTreeMap::new();
    let (mut total, mut lines, mut without) = (Sum::default(), 0, 0);
    for row in &table.rows {
        match (row.get(by), row.get(of)) {
            (Some(Value::String(name)), Some(Value::Number(number))) => {
                bars.entry(name).or_default().add(number);
                lines += 1;
            }
            _ => without += 1,
        }
    }
    bars.values().for_each(|sum| total.plus(*sum));
    let mut bars: Vec<(String, Sum)> = bars.into_iter().map(|(name, sum)| (name.to_owned(), sum)).collect();
    bars.sort_by(|one, other| other.1.as_f64().total_cmp(&one.1.as_f64()));
    Some(Chart { by: table.columns.get(by)?.clone(), of: table.columns.get(of)?.clone(), bars, total, lines, without })
}

/// The columns that name, the likeliest first: those called an id or a name, then those with the most names.
fn names(table: &Table) -> Vec<usize> {
    let mut found: Vec<(bool, usize, usize)> = Vec::new();
    for (column, name) in table.columns.iter().enumerate() {
        let texts: Vec<&str> = table.rows.iter().filter_map(|row| row.get(column)?.as_str()).collect();
        if !enough(texts.len(), table) || texts.iter().all(|text| is_own(text)) {
            continue;
        }
        let mut different: Vec<&str> = texts.clone();
        different.sort_unstable();
        different.dedup();
        // One name is none to tell apart by, unless there is but one line.
        if different.len() > MOST_NAMES || (different.len() == 1 && texts.len() > 1) {
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let is_called =
            ["id", "name", "store", "key", "type", "region", "user"].iter().any(|word| lower.ends_with(word));
        found.push((is_called, different.len(), column));
    }
    found.sort_by_key(|(is_called, count, column)| (std::cmp::Reverse((*is_called, *count)), *column));
    found.into_iter().map(|(_, _, column)| column).take(MOST_FIELDS).collect()
}

/// The columns of numbers; those that only count or point come last.
fn numbers(table: &Table) -> Vec<usize> {
    let is_number = |column: &usize| {
        enough(table.rows.iter().filter(|row| row.get(*column).is_some_and(Value::is_number)).count(), table)
    };
    let mut found: Vec<usize> = (0..table.columns.len()).filter(is_number).collect();
    let points = |column: &usize| {
        let lower = table.columns.get(*column).map_or_else(String::new, |name| name.to_ascii_lowercase());
        ["id", "time", "timestamp", "at", "offset", "version", "ts", "epoch"]
            .iter()
            .any(|word| lower == *word || lower.ends_with(&format!("_{word}")))
    };
    found.sort_by_key(points);
    found.truncate(MOST_FIELDS);
    found
}

fn enough(have: usize, table: &Table) -> bool {
    !table.rows.is_empty() && have as f64 >= MOST_LINES_HAVE_IT * table.rows.len() as f64
}

/// Whether a text is an instant, or an id that only its own line has.
fn is_own(text: &str) -> bool {
    let masked = mask::mask(text).text;
    masked.len() < text.len() && (masked == "‹time›" || masked == "‹id›") || (text.len() >= 20 && masked == "‹n›")
}

#[cfg(test)]
mod tests {
    use super::{super::table, *};
    use proptest::prelude::*;
    use rstest::rstest;

    const REVENUE: &str = r#"{"store_id":"store-2","revenue":12040,"window_end":"2026-11-21T09:03:00Z","by":"store_revenue_per_min"}
{"store_id":"store-1","revenue":900,"window_end":"2026-11-21T09:03:00Z","by":"store_revenue_per_min"}
{"store_id":"store-2","revenue":60,"window_end":"2026-11-21T09:04:00Z","by":"store_revenue_per_min"}
"#;

    fn written(chart: &Chart) -> Vec<(String, String)> {
        chart.bars.iter().map(|(name, sum)| (name.clone(), sum.to_string())).collect()
    }

    #[test]
    fn the_revenue_of_stores_is_found() {
        let charts = charts(&table::json(REVENUE, false).unwrap());
        let first = &charts[0];
        assert_eq!((first.by.as_str(), first.of.as_str(), first.lines), ("store_id", "revenue", 3));
        assert_eq!(
            written(first),
            [("store-2".to_owned(), "12100".to_owned()), ("store-1".to_owned(), "900".to_owned())]
        );
        assert_eq!(first.total.to_string(), "13000");
        assert!(charts.iter().all(|chart| chart.by != "window_end" && chart.by != "by"), "{charts:?}");
    }

    #[test]
    fn nothing_is_made_of_ids_and_instants() {
        let text = r#"{"id":"6b0e1f2c-1111-4222-8333-444455556666","n":1}
{"id":"6b0e1f2c-1111-4222-8333-444455556667","n":2}
"#;
        assert_eq!(charts(&table::json(text, false).unwrap()), []);
    }

    #[rstest]
    #[case(&["0.1", "0.2"], "0.3")]
    #[case(&["-1.5", "0.25"], "-1.25")]
    #[case(&["9007199254740993", "1"], "9007199254740994")]
    #[case(&["1e300"], "≈1000000000")]
    fn sums_are_exact_where_they_can_be(#[case] numbers: &[&str], #[case] expected: &str) {
        let mut sum = Sum::default();
        numbers.iter().for_each(|number| sum.add(&number.parse().unwrap()));
        assert!(sum.to_string().starts_with(expected), "{sum}");
    }

    proptest! {
        #[test]
        fn cents_add_up_as_integers_do(cents in proptest::collection::vec(-10_000_000_i64..10_000_000, 1..60)) {
            let mut sum = Sum::default();
            for cent in &cents {
                let sign = if *cent < 0 { "-" } else { "" };
                sum.add(&format!("{sign}{}.{:02}", cent.abs() / 100, cent.abs() % 100).parse().unwrap());
            }
            let all: i64 = cents.iter().sum();
            prop_assert_eq!(sum.units, i128::from(all) * (ONE / 100));
        }
    }
}
