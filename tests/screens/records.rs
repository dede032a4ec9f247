//! The reader of records: what it shows of a picture, and what its keys ask for.

use std::sync::Arc;

use edatop::{
    app::{Effect, Event},
    commands::{COMMANDS, Place},
    domain::ResourceId,
    inspect::records::At,
    overlays::inspect::{
        Ask, News, Subject,
        records::model::{Ask as OfRecords, Picture},
        rows::{self, Line, Listing, Mark, Opened},
    },
};

use crate::{SIZES, example, screen::Screen};

fn asked() -> Picture {
    Picture {
        name: "visits".to_owned(),
        warning: "more than two readers of a shard slow down the table's real consumers".to_owned(),
        ..Picture::default()
    }
}

fn read() -> Picture {
    let json = |n: usize| {
        format!(
            r#"{{"At":"2026-11-21T14:02:{n:02}Z","Shard":"s-0","SequenceNumber":"{n}","Event":"MODIFY","Keys":{{"id":"v-{n}"}}}}"#
        )
    };
    let line = |n: usize| Line {
        at: format!("2026-11-21T14:02:{n:02}Z").parse().ok(),
        head: format!("MODIFY v-{n}"),
        text: format!(r#"{{"total":{{"Old":{n},"New":{}}}}}"#, n + 1),
        mark: Mark::Same,
    };
    let opened = Opened {
        number: 29,
        notes: vec!["the stream has keys alone".to_owned()],
        json: json(29).into(),
        lines: ["{", "  \"Event\": \"MODIFY\",", "  \"Keys\": {", "    \"id\": \"v-29\"", "  }", "}"]
            .map(str::to_owned)
            .to_vec(),
    };
    let listing = Listing {
        lines: (0..30).map(line).collect(),
        at: 29,
        listed: 30,
        held: 30,
        opened: Some(Arc::new(opened)),
        ..Listing::default()
    };
    Picture { listing, from: "from the oldest".to_owned(), shards: 2, reads: true, caught_up: true, ..asked() }
}

/// Its stream is known once the table is described.
fn on_a_table_with_a_stream(width: u16, height: u16) -> Screen {
    let mut screen = Screen::example(width, height);
    screen.press("4 i");
    let stream = edatop::inspect::items::description::Stream { stream_arn: "arn".to_owned(), stream_view_type: None };
    let table = edatop::inspect::items::Description { stream: Some(stream), ..Default::default() };
    let picture =
        edatop::overlays::inspect::items::model::Picture { table: Some(Arc::new(table)), ..Default::default() };
    screen.app.update(Event::Inspected(1, News::Items(Box::new(picture))), screen.now);
    screen
}

fn reading(width: u16, height: u16, picture: Picture) -> Screen {
    let mut screen = on_a_table_with_a_stream(width, height);
    let table: ResourceId = example::table("visits");
    assert_eq!(screen.press("R"), [Effect::Inspect(2, Ask::Open(Box::new(Subject::Records(table))))]);
    screen.app.update(Event::Inspected(2, News::Records(Box::new(picture))), screen.now);
    screen
}

#[track_caller]
fn asks(screen: &mut Screen, keys: &str, expected: OfRecords) {
    assert_eq!(screen.press(keys), [Effect::Inspect(2, Ask::Records(expected))], "after {keys}");
}

#[test]
fn what_reading_does_is_said_before_the_first_read() {
    for (width, height) in SIZES {
        let mut screen = reading(width, height, asked());
        crate::snapshot(&format!("records_before_{width}x{height}"), &mut screen);
    }
}

#[test]
fn records_at_every_size() {
    for (width, height) in SIZES {
        let mut screen = reading(width, height, read());
        crate::snapshot(&format!("records_{width}x{height}"), &mut screen);
    }
}

#[test]
fn keys_ask() {
    let mut screen = reading(120, 40, read());
    asks(&mut screen, "n", OfRecords::Read(At::Latest));
    asks(&mut screen, "o", OfRecords::Read(At::Oldest));
    asks(&mut screen, "space", OfRecords::Stop);
    asks(&mut screen, "p", OfRecords::Rows(rows::Ask::Page));
    asks(&mut screen, "e", OfRecords::Rows(rows::Ask::Edit));
    screen.press("@");
    screen.write("noon");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("'noon' is no instant"));
    screen.press("ctrl-u");
    screen.write("1970-01-01T00:00:05Z");
    asks(&mut screen, "enter", OfRecords::Read(At::Time(example::after("1970-01-01T00:00:00Z".parse().unwrap(), 5))));
    assert_eq!(screen.press("esc"), [Effect::Inspect(2, Ask::Close)]);
}

#[test]
fn the_help_of_the_records_lists_every_key_of_theirs() {
    let mut screen = reading(120, 60, read());
    screen.press("?");
    let help = screen.text();
    for row in COMMANDS.iter().filter(|row| row.place == Place::Records) {
        assert!(help.lines().any(|line| line.contains(&row.keys.join(" ")) && line.contains(row.does)), "{}", row.name);
    }
}
