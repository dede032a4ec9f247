//! What a record of a table's stream says of the items that somebody reads of that table.
//!
//! ```text
//!   Change + what is read ──► Touched: the item, what happened to it, whether it is among what is read
//! ```
//!
//! A stream may have keys alone, or half a picture: then what is not known is said to be. Must not: call anything.

use super::record::Change;
use crate::inspect::items::{
    Condition, Description, Item, Names,
    description::{KeyAttribute, KeyKind},
    value::{Attributes, Value},
};

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Came,
    Changed,
    Removed,
}

/// Whether an item is among what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Yes,
    No,
    /// The stream does not say enough of it.
    Unknown,
}

/// An item that something happened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// As it is now; of one that was removed, as it was; its keys alone where the stream has no more.
    pub item: Item,
    /// It has all attributes.
    pub is_whole: bool,
    pub happened: Happened,
    pub fit: Fit,
}

/// What is read.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    pub table: &'a Description,
    pub index: Option<&'a str>,
    /// None where it is a scan.
    pub condition: Option<&'a Condition>,
}

impl Read<'_> {
    /// What a change means to whoever reads this.
    pub fn touched(&self, change: &Change) -> Touched {
        let (mut happened, now) = match change.event.as_str() {
            "REMOVE" => (Happened::Removed, &change.old),
            "INSERT" => (Happened::Came, &change.new),
            _ => (Happened::Changed, &change.new),
        };
        let is_whole = now.is_some();
        let now = now.as_ref().unwrap_or(&change.keys);
        let fit = self.fit(now, is_whole);
        // What was there and did not fit comes to whoever reads what does.
        let came = |old: &Attributes| self.fit(old, true) == Fit::No;
        if happened == Happened::Changed && fit == Fit::Yes && change.old.as_ref().is_some_and(came) {
            happened = Happened::Came;
        }
        Touched { item: Names::of(self.table, self.index).read(now), is_whole, happened, fit }
    }

    fn fit(&self, item: &Attributes, is_whole: bool) -> Fit {
        let keys = self.table.keys_of(self.index);
        let has = |key: &KeyAttribute| item.get(&key.name).is_some_and(|value| is_of(value, key.kind));
        // An index holds what has its keys.
        match std::iter::once(&keys.partition).chain(&keys.sort).all(has) {
            false if is_whole => Fit::No,
            false => Fit::Unknown,
            true if keys.has_more => Fit::Unknown,
            true if self.condition.is_none_or(|condition| condition.is_true_of(item)) => Fit::Yes,
            true => Fit::No,
        }
    }
}

fn is_of(value: &Value, kind: KeyKind) -> bool {
    matches!(
        (value, kind),
        (Value::Text(_), KeyKind::Text) | (Value::Number(_), KeyKind::Number) | (Value::Bytes(_), KeyKind::Bytes)
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::inspect::items::description::{Index, Keys};

    fn table() -> Description {
        let key = |name: &str, kind| KeyAttribute { name: name.to_owned(), kind };
        let by_day = Index {
            index_name: "by-day".to_owned(),
            keys: Keys { partition: key("day", KeyKind::Text), sort: None, has_more: false },
            ..Index::default()
        };
        let keys =
            Keys { partition: key("id", KeyKind::Text), sort: Some(key("at", KeyKind::Number)), has_more: false };
        Description { keys, indexes: vec![by_day], ..Description::default() }
    }

    fn item(day: Option<&str>) -> Attributes {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut item =
            Attributes::from([("id".to_owned(), text("a")), ("at".to_owned(), Value::Number("7".to_owned()))]);
        if let Some(day) = day {
            item.insert("day".to_owned(), text(day));
        }
        item
    }

    fn change(event: &str, old: Option<Attributes>, new: Option<Attributes>) -> Change {
        Change { event: event.to_owned(), keys: item(None), old, new }
    }

    #[rstest]
    #[case("INSERT", None, Some(item(Some("mon"))), Happened::Came, r#"{"id":"a","at":7,"day":"mon"}"#)]
    #[case("MODIFY", Some(item(None)), Some(item(Some("tue"))), Happened::Changed, r#"{"id":"a","at":7,"day":"tue"}"#)]
    #[case("REMOVE", Some(item(Some("mon"))), None, Happened::Removed, r#"{"id":"a","at":7,"day":"mon"}"#)]
    fn a_scan_reads_whatever_is_in_the_table(
        #[case] event: &str,
        #[case] old: Option<Attributes>,
        #[case] new: Option<Attributes>,
        #[case] happened: Happened,
        #[case] json: &str,
    ) {
        let table = table();
        let touched = Read { table: &table, index: None, condition: None }.touched(&change(event, old, new));
        assert_eq!((touched.happened, touched.fit, touched.is_whole), (happened, Fit::Yes, true));
        assert_eq!(&*touched.item.json, json);
        assert_eq!(&*touched.item.key, r#"{"S":"a"} {"N":"7"}"#);
    }

    #[rstest]
    #[case("a", "> 6", Fit::Yes)]
    #[case("a", "> 7", Fit::No)]
    #[case("b", "", Fit::No)]
    fn a_query_reads_what_its_condition_is_true_of(#[case] id: &str, #[case] sort: &str, #[case] fit: Fit) {
        let table = table();
        let condition = Condition::parse(&table.keys, id, Some(sort)).unwrap();
        let read = Read { table: &table, index: None, condition: Some(&condition) };
        // Keys are enough to know it of a table.
        for new in [Some(item(None)), None] {
            assert_eq!(read.touched(&change("MODIFY", None, new)).fit, fit);
        }
    }

    #[test]
    fn an_index_holds_what_has_its_keys_and_keys_alone_do_not_say() {
        let table = table();
        let condition = Condition::parse(table.keys_of(Some("by-day")), "mon", None).unwrap();
        let read = Read { table: &table, index: Some("by-day"), condition: Some(&condition) };
        let fit = |new| read.touched(&change("MODIFY", None, new)).fit;
        assert_eq!(fit(Some(item(Some("mon")))), Fit::Yes);
        assert_eq!(fit(Some(item(Some("tue")))), Fit::No);
        assert_eq!(fit(Some(item(None))), Fit::No);
        assert_eq!(fit(None), Fit::Unknown);
        let mut odd = item(None);
        odd.insert("day".to_owned(), Value::Number("1".to_owned()));
        assert_eq!(Read { condition: None, ..read }.touched(&change("INSERT", None, Some(odd))).fit, Fit::No);
    }

    #[test]
    fn what_did_not_fit_before_comes() {
        let table = table();
        let condition = Condition::parse(table.keys_of(Some("by-day")), "mon", None).unwrap();
        let read = Read { table: &table, index: Some("by-day"), condition: Some(&condition) };
        let happened = |old, new| read.touched(&change("MODIFY", old, new)).happened;
        assert_eq!(happened(Some(item(Some("tue"))), Some(item(Some("mon")))), Happened::Came);
        assert_eq!(happened(Some(item(Some("mon"))), Some(item(Some("mon")))), Happened::Changed);
        assert_eq!(happened(None, Some(item(Some("mon")))), Happened::Changed, "what it was is not known");
    }

    #[test]
    fn a_stream_with_keys_alone_says_so() {
        let table = table();
        let touched = Read { table: &table, index: None, condition: None }.touched(&change("MODIFY", None, None));
        assert_eq!((touched.is_whole, &*touched.item.json), (false, r#"{"id":"a","at":7}"#));
    }
}
