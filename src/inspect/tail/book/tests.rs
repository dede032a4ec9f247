//! The scrollback: what is kept, where, and what it says of what it lost.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::inspect::tail::entry::Origin;

fn entry(at_ms: i64, number: u64, text: &str) -> Entry {
    let origin = Origin { group: "g".into(), stream: "s".into() };
    let level = if text.starts_with('E') { Level::Error } else { Level::Info };
    let key = Key { at_ms, number };
    Entry { key, origin: Arc::new(origin), level, shape: Shape::Text, request: None, events: 1, text: text.into() }
}

/// The least memory that there is.
fn tight(disk: u64) -> Book {
    Book::new(Limits { memory: 0, disk, folder: None })
}

fn all(book: &mut Book, mut way: Way) -> Vec<Key> {
    let mut keys = Vec::new();
    loop {
        let page = book.page(way, 100, |_| false);
        keys.extend(page.entries.iter().map(|entry| entry.key));
        match page.next {
            Some(next) => way = next,
            None => return keys,
        }
    }
}

#[test]
fn what_does_not_fit_into_memory_is_on_disk_and_comes_back_in_order() {
    let mut book = tight(1 << 30);
    let long = "x".repeat(1_000);
    for number in 1..=40_000 {
        book.insert(entry(number as i64, number, &long), true);
    }
    let kept = book.kept();
    assert!(kept.in_memory <= LEAST_MEMORY && kept.on_disk > 20 << 20, "{kept:?}");
    assert_eq!((kept.entries, kept.forgotten, kept.trouble), (40_000, 0, None));
    let on = all(&mut book, Way::On(None));
    assert_eq!((on.len(), on.is_sorted()), (40_000, true));
    let mut back = all(&mut book, Way::Back(None));
    back.reverse();
    assert_eq!(on, back);
    assert!(book.kept().in_memory <= LEAST_MEMORY, "{:?}", book.kept());
    assert_eq!(book.get(Key { at_ms: 3, number: 3 }).unwrap().text.len(), 1_000);
}

#[test]
fn late_ones_are_placed_right_wherever_their_chunk_is() {
    let mut book = tight(1 << 30);
    let long = "x".repeat(1_000);
    for number in 1..=40_000 {
        book.insert(entry(2 * number as i64, number, &long), true);
    }
    for number in 40_001..=40_100 {
        let at_ms = if number % 2 == 0 { 5 } else { 2 * number as i64 };
        assert!(book.insert(entry(at_ms, number, "late"), true));
    }
    let on = all(&mut book, Way::On(None));
    assert_eq!((on.len(), on.is_sorted()), (40_100, true));
    assert_eq!(on[2..52].iter().filter(|key| key.at_ms == 5).count(), 50);
}

#[test]
fn the_oldest_go_when_the_disk_is_full_and_it_is_said() {
    let mut book = tight(4 << 20);
    let long = "x".repeat(1_000);
    for number in 1..=40_000 {
        book.insert(entry(number as i64, number, &long), true);
    }
    let kept = book.kept();
    assert!(kept.on_disk <= 4 << 20, "{kept:?}");
    assert_eq!(kept.entries + kept.forgotten, 40_000);
    let first = book.first().unwrap();
    assert_eq!(kept.forgotten_to_ms, Some(first.at_ms - 1));
    assert!(!book.insert(entry(1, 50_000, "too late"), true));
    assert_eq!(book.kept().forgotten, kept.forgotten + 1);
    assert_eq!(all(&mut book, Way::On(None)).len() as u64, kept.entries);
}

#[test]
fn a_count_takes_what_comes_meanwhile() {
    let mut book = tight(1 << 30);
    let long = format!("E{}", "x".repeat(1_000));
    for number in 1..=10_000 {
        book.insert(entry(number as i64, number, if number % 10 == 0 { &long } else { "x" }), true);
    }
    assert_eq!(book.shown(), (10_000, 0));
    let shows = |entry: &Entry| entry.level == Level::Error;
    book.begin_count();
    assert_eq!(book.shown(), (0, 10_000));
    book.insert(entry(10_001, 10_001, &long), true);
    book.insert(entry(10_002, 10_002, "x"), false);
    while book.count_on(shows) {}
    assert_eq!(book.shown(), (1_001, 0));
    book.insert(entry(10_003, 10_003, &long), true);
    assert_eq!(book.shown(), (1_002, 0));
}

#[test]
fn an_entry_goes_on_and_is_judged_again() {
    let mut book = tight(1 << 30);
    book.insert(entry(1, 1, "Traceback (most recent call last):"), false);
    let key = Key { at_ms: 1, number: 1 };
    let shows = |entry: &Entry| entry.text.contains("ValueError");
    let now = book.extend(key, ("ValueError: no", Some(Level::Error)), shows).unwrap();
    assert_eq!(
        (&*now.text, now.events, now.level),
        ("Traceback (most recent call last):\nValueError: no", 2, Level::Error)
    );
    assert_eq!(book.shown(), (1, 0));
    assert_eq!(book.page(Way::On(None), 9, |facts| facts.errors == 0).entries.len(), 1);
    assert!(book.extend(Key { at_ms: 1, number: 2 }, ("x", None), shows).is_none());
}

proptest! {
    #[test]
    fn any_order_of_arrival_is_the_same_book(times in proptest::collection::vec(-5_i64..50, 1..400), from in -5_i64..50) {
        let mut book = tight(1 << 30);
        let mut model = BTreeMap::new();
        for (number, at_ms) in (1..).zip(times) {
            book.insert(entry(at_ms, number, "x"), true);
            model.insert(Key { at_ms, number }, ());
        }
        prop_assert_eq!(all(&mut book, Way::On(None)), model.keys().copied().collect::<Vec<_>>());
        let from = Key::first_of(from);
        prop_assert_eq!(all(&mut book, Way::On(Some(from))), model.range(from..).map(|(key, ())| *key).collect::<Vec<_>>());
        prop_assert_eq!(all(&mut book, Way::Back(Some(from))), model.range(..from).rev().map(|(key, ())| *key).collect::<Vec<_>>());
    }
}
