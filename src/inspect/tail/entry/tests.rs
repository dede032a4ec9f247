//! Events that belong together become one entry, and nothing else does.

use proptest::prelude::*;

use super::*;

const A: &str = "33e4c44c-c563-4733-8a04-45c280096c35";
const B: &str = "0bfe8414-7ee6-4ceb-baf6-3658e581d01f";

/// `(milliseconds, stream, text)`, as entries.
fn folded(lines: &[(i64, &str, &str)]) -> Vec<Entry> {
    let mut folder = Folder::default();
    let mut entries: Vec<Entry> = Vec::new();
    for (at_ms, stream, text) in lines {
        let text = text.replace("$A", A).replace("$B", B).into();
        let event =
            Event { group: "g".into(), stream: (*stream).into(), id: None, at_ms: *at_ms, ingested_ms: None, text };
        match folder.take(event) {
            Taken::New(entry) => entries.push(entry),
            Taken::More { of, text, level } => {
                let entry = entries.iter_mut().find(|entry| entry.key == of).unwrap();
                entry.text = format!("{}\n{text}", entry.text).into();
                entry.events += 1;
                entry.level = level.unwrap_or(entry.level);
            }
        }
    }
    entries
}

fn told(entries: &[Entry]) -> Vec<(String, u32, Level)> {
    entries.iter().map(|entry| (entry.headline(), entry.events, entry.level)).collect()
}

#[test]
fn what_an_emulator_writes_line_by_line_is_two_entries() {
    let entries = folded(&[
        (1, "s", "START RequestId: $A Version: $LATEST\n"),
        (1, "s", "[ERROR] ValueError: no\n"),
        (1, "other", "a line between\n"),
        (1, "s", "Traceback (most recent call last):\n"),
        (1, "s", "  File \"app.py\", line 27, in handler\n"),
        (1, "s", "ValueError: no\n"),
        (2, "s", "END RequestId: $A\n"),
        (
            2,
            "s",
            "REPORT RequestId: $A\tDuration: 12.89 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 300 ms\n",
        ),
        (3, "s", "START RequestId: $B Version: $LATEST\n"),
        (3, "s", "fine\n"),
    ]);
    assert_eq!(
        told(&entries),
        [
            ("request 33e4c44c · 12.9 ms · 64 of 128 MB · cold start 300 ms".to_owned(), 3, Level::Info),
            ("[ERROR] ValueError: no".to_owned(), 4, Level::Error),
            ("a line between".to_owned(), 1, Level::Info),
            ("request 0bfe8414".to_owned(), 1, Level::Info),
            ("fine".to_owned(), 1, Level::Info),
        ]
    );
    assert_eq!(entries[1].request, uuid(A));
    assert_eq!((entries[2].request, entries[4].request), (None, uuid(B)));
    assert_eq!(entries[1].more_lines(), 3);
}

#[test]
fn a_python_trace_says_last_what_went_wrong_and_the_next_line_is_another() {
    let entries = folded(&[
        (1, "s", "Traceback (most recent call last):"),
        (1, "s", "  File \"x.py\", line 1"),
        (2, "s", "KeyError: 'a'"),
        (2, "s", ""),
        (2, "s", "During handling of the above exception, another exception occurred:"),
        (2, "s", "Traceback (most recent call last):"),
        (2, "s", "  File \"y.py\", line 2"),
        (2, "s", "ValueError: b"),
        (2, "s", "next"),
    ]);
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].level, entries[0].events), (Level::Error, 8));
    assert_eq!(entries[1].headline(), "next");
}

#[test]
fn a_java_trace_in_events_is_one_and_two_failures_are_two() {
    let entries = folded(&[
        (1, "s", "java.lang.IllegalStateException: no"),
        (1, "s", "\tat com.example.A.b(A.java:3)"),
        (1, "s", "Caused by: java.io.IOException: yes"),
        (1, "s", "\t... 12 more"),
        (5_000, "s", "  indented, but much later"),
        (5_001, "s", "[ERROR] ValueError: a"),
        (5_002, "s", "[ERROR] ValueError: a"),
    ]);
    assert_eq!(entries.iter().map(|entry| entry.events).collect::<Vec<_>>(), [4, 1, 1, 1]);
}

#[test]
fn a_late_event_is_its_own_entry_and_disturbs_nothing() {
    let entries = folded(&[
        (10, "s", "[ERROR] ValueError: a"),
        (5, "s", "  late and indented"),
        (10, "s", "Traceback (most recent call last):"),
    ]);
    assert_eq!(entries.iter().map(|entry| entry.events).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_report_whose_beginning_was_not_read_stands_alone() {
    let entries = folded(&[(1, "s", "REPORT RequestId: $A\tDuration: 3000.00 ms\tStatus: timeout")]);
    assert_eq!(told(&entries), [("request 33e4c44c · 3000.0 ms · timeout".to_owned(), 1, Level::Warn)]);
}

#[test]
fn notes_stand_where_they_happened() {
    let gap = Note::Gap { group: "g".into(), from_ms: 1_000, to_ms: 3_500, why: "throttled".into() };
    let entry = Entry::of_note(&gap, 9_000, 7);
    assert_eq!((entry.key, entry.shape), (Key { at_ms: 1_000, number: 7 }, Shape::Note));
    assert_eq!(&*entry.text, "a gap of 2.5 s, lines may be missing: throttled");
    let gone = Entry::of_note(&Note::Gone { group: "g".into() }, 9_000, 8);
    assert_eq!(gone.key.at_ms, 9_000);
}

#[test]
fn streams_that_fell_silent_are_forgotten() {
    let mut folder = Folder::default();
    for number in 0..3 * MOST_STREAMS as i64 {
        let event = Event {
            group: "g".into(),
            stream: number.to_string().into(),
            id: None,
            at_ms: number,
            ingested_ms: None,
            text: "x".into(),
        };
        folder.take(event);
        assert!(folder.streams.len() <= MOST_STREAMS);
    }
}

proptest! {
    #[test]
    fn every_event_is_in_one_entry(lines in proptest::collection::vec((0_i64..5, "[ab]", "(START RequestId: \\$A|END RequestId: \\$A|Traceback \\(most recent call last\\):|  File|ValueError: x|(?s).{0,20})"), 0..40)) {
        let lines: Vec<_> = lines.iter().map(|(at, stream, text)| (*at, stream.as_str(), text.as_str())).collect();
        let events: u32 = folded(&lines).iter().map(|entry| entry.events).sum();
        prop_assert_eq!(events as usize, lines.len());
    }
}
