//! The reader of items: what it shows of a picture, and what its keys ask for. The task behind it has tests of its own.

use std::sync::Arc;

use edatop::{
    app::{Effect, Event},
    commands::{COMMANDS, Place},
    inspect::items::{
        Condition, Description,
        description::{Index, KeyAttribute, KeyKind, Keys, Stream},
    },
    overlays::{
        desk::model::{Find, Step},
        inspect::{
            Ask, News, Subject,
            items::model::{Ask as OfItems, Live, Picture},
            rows::{self, Finding, Line, Listing, Mark, Marks, Opened},
        },
    },
    theme::ASCII,
};

use crate::{SIZES, example, picture, screen, screen::Screen, svg::DARK};

fn key(name: &str, kind: KeyKind) -> KeyAttribute {
    KeyAttribute { name: name.to_owned(), kind }
}

fn table() -> Description {
    let by_day = Keys { partition: key("day", KeyKind::Text), sort: None, has_more: false };
    Description {
        table_name: "visits".to_owned(),
        table_status: Some("ACTIVE".to_owned()),
        keys: Keys { partition: key("id", KeyKind::Text), sort: Some(key("at", KeyKind::Number)), has_more: false },
        indexes: vec![Index {
            index_name: "by-day".to_owned(),
            keys: by_day,
            projection: "KEYS_ONLY".to_owned(),
            ..Index::default()
        }],
        stream: Some(Stream { stream_arn: "arn:stream".to_owned(), stream_view_type: Some("NEW_IMAGE".to_owned()) }),
        billing_mode: "PAY_PER_REQUEST".to_owned(),
        item_count: Some(100_000),
        size_bytes: Some(20_000_000),
        created: Some(example::after(example::now(), -86_400 * 3)),
        ..Description::default()
    }
}

fn described() -> Picture {
    Picture { table: Some(Arc::new(table())), ..Picture::default() }
}

/// Two pages, the cursor on the second item, the fourth is new and means harm.
fn read() -> Picture {
    let json = |n: usize| match n {
        3 => "{\"id\":\"visit-0003\",\"at\":3,\"note\":\"\u{9b}31m\u{202e}evil\"}".to_owned(),
        n => format!(r#"{{"id":"visit-{n:04}","at":{n},"total":{n}.50,"pages":["home","cart"]}}"#),
    };
    let mark = |n: usize| if n == 3 { Mark::New } else { Mark::Same };
    let line = |n: usize| Line { at: None, head: format!("visit-{n:04} {n}"), text: json(n), mark: mark(n) };
    let lines = [
        "{",
        "  \"id\": \"visit-0001\",",
        "  \"at\": 1,",
        "  \"total\": 1.50,",
        "  \"pages\": [",
        "    \"home\",",
        "    \"cart\"",
        "  ]",
        "}",
    ];
    let opened = Opened {
        number: 1,
        notes: Vec::new(),
        json: json(1).into(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    let listing = Listing {
        lines: (0..200).map(line).collect(),
        at: 1,
        listed: 200,
        held: 200,
        marks: Marks { new: 1, ..Marks::default() },
        opened: Some(Arc::new(opened)),
        ..Listing::default()
    };
    Picture {
        listing,
        reading: "a scan: a sample, in no order".to_owned(),
        cost: "12.5 read units in 2 pages".to_owned(),
        has_more: true,
        watch_seconds: Some(5),
        ..described()
    }
}

fn open(mut screen: Screen, picture: Picture) -> Screen {
    screen.press("4 i");
    show(&mut screen, picture);
    screen
}

fn show(screen: &mut Screen, picture: Picture) {
    screen.app.update(Event::Inspected(1, News::Items(Box::new(picture))), screen.now);
}

#[track_caller]
fn asks(screen: &mut Screen, keys: &str, expected: OfItems) {
    assert_eq!(screen.press(keys), [Effect::Inspect(1, Ask::Items(expected))], "after {keys}");
}

#[test]
fn i_opens_the_table_and_esc_ends_its_task() {
    let mut screen = Screen::example(120, 40);
    let subject = Subject::Items(example::table("visits"));
    assert_eq!(screen.press("4 i"), [Effect::Inspect(1, Ask::Open(Box::new(subject.clone())))]);
    assert_eq!(screen.press("esc"), [Effect::Inspect(1, Ask::Close)]);
    // From its detail too, which stays below.
    assert_eq!(screen.press("enter i"), [Effect::Inspect(2, Ask::Open(Box::new(subject)))]);
    assert_eq!(screen.press("q"), [Effect::Inspect(2, Ask::Close)]);
    assert!(screen.shows("attributes"));
}

#[test]
fn what_has_nothing_inside_says_so() {
    let mut screen = Screen::example(120, 40);
    assert_eq!(screen.press("1 i"), []);
    assert!(screen.shows("nothing to look inside of"));
}

#[test]
fn a_table_that_was_only_described_at_every_size() {
    for (width, height) in SIZES {
        let mut screen = open(Screen::example(width, height), described());
        crate::snapshot(&format!("items_described_{width}x{height}"), &mut screen);
    }
}

#[test]
fn items_at_every_size() {
    for (width, height) in SIZES {
        let mut screen = open(Screen::example(width, height), read());
        crate::snapshot(&format!("items_{width}x{height}"), &mut screen);
    }
    picture("items", &mut open(Screen::example(120, 40), read()), DARK);
}

#[test]
fn items_in_ascii() {
    let look = edatop::app::Look { theme: screen::look().theme.with_glyphs(&ASCII), ascii: true, ..screen::look() };
    let mut screen = open(Screen::with(look, 80, 24).fed(), read());
    assert!(screen.text().is_ascii(), "{}", screen.text());
}

#[test]
fn nothing_from_the_table_acts_on_the_terminal() {
    let text = open(Screen::example(200, 60), read()).text();
    assert!(!text.contains(['\u{9b}', '\u{202e}']) && text.contains("·31m·evil"), "{text}");
}

#[test]
fn keys_ask() {
    let mut screen = open(Screen::example(120, 40), read());
    asks(&mut screen, "s", OfItems::Scan);
    asks(&mut screen, "m", OfItems::More);
    asks(&mut screen, "r", OfItems::Again);
    asks(&mut screen, "a", OfItems::Watch);
    asks(&mut screen, "v", OfItems::Types);
    asks(&mut screen, "x", OfItems::Index(Some("by-day".to_owned())));
    asks(&mut screen, "j", OfItems::Rows(rows::Ask::Step(Step::By(1))));
    asks(&mut screen, "G", OfItems::Rows(rows::Ask::Step(Step::Bottom)));
    asks(&mut screen, "p", OfItems::Rows(rows::Ask::Page));
    asks(&mut screen, "e", OfItems::Rows(rows::Ask::Edit));
    let copied = screen.press("y");
    assert_eq!(copied, [Effect::Copy(r#"{"id":"visit-0001","at":1,"total":1.50,"pages":["home","cart"]}"#.to_owned())]);
    let stream = Subject::Records(example::table("visits"));
    assert_eq!(screen.press("R"), [Effect::Inspect(2, Ask::Open(Box::new(stream)))]);
}

/// The same, followed by the table's stream: one item came, one changed, two were removed, of which one was not listed.
fn live() -> Picture {
    let mut picture = read();
    let lines = &mut picture.listing.lines;
    (lines[4].mark, lines[6].mark) = (Mark::Changed, Mark::Removed);
    picture.listing.marks = Marks { new: 1, changed: 1, removed: 1 };
    let live = Live { is_on: true, removed_elsewhere: 1, unplaced: 0 };
    Picture { live: Some(live), watch_seconds: None, ..picture }
}

#[test]
fn live_items_at_every_size() {
    for (width, height) in SIZES {
        let mut screen = open(Screen::example(width, height), live());
        crate::snapshot(&format!("items_live_{width}x{height}"), &mut screen);
    }
    picture("items_live", &mut open(Screen::example(120, 40), live()), DARK);
}

#[test]
fn what_following_does_to_others_is_said_before_it_is_asked_for() {
    let mut screen = open(Screen::example(120, 40), read());
    assert_eq!(screen.press("S"), []);
    assert!(screen.shows("more than two readers of a shard slow down the table's real consumers"));
    assert_eq!(screen.press("esc"), []);
    assert!(!screen.shows("more than two readers"));
    screen.press("S");
    asks(&mut screen, "enter", OfItems::Follow(true));
    show(&mut screen, live());
    asks(&mut screen, "S", OfItems::Follow(false));
}

#[test]
fn a_table_without_a_stream_says_what_to_do_instead() {
    let alone = Description { stream: None, ..table() };
    let mut screen = open(Screen::example(120, 40), Picture { table: Some(Arc::new(alone)), ..read() });
    assert_eq!(screen.press("S"), []);
    assert!(screen.shows("no stream: r looks again"));
    assert_eq!(screen.press("enter"), [], "nothing was asked");
}

#[test]
fn what_the_stream_does_not_place_is_said() {
    let live = Live { is_on: false, removed_elsewhere: 0, unplaced: 3 };
    let mut screen = open(Screen::example(200, 60), Picture { live: Some(live), ..read() });
    assert!(screen.shows("3 written that the stream does not place: r looks again") && screen.shows("1 new"));
    assert!(!screen.shows("live: "));
}

#[test]
fn a_key_and_a_condition_are_typed_and_mistakes_stay_until_they_are_mended() {
    let mut screen = open(Screen::example(120, 40), read());
    screen.press("/");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("type a value of id"));
    screen.write("visit-0001");
    screen.press("enter");
    assert!(screen.shows("begins_with ab"));
    screen.write("> x");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("'x' is none"));
    screen.press("backspace");
    screen.write("7");
    let condition = Condition::parse(&table().keys, "visit-0001", Some("> 7")).unwrap();
    asks(&mut screen, "enter", OfItems::Query { condition, backwards: false });
}

#[test]
fn finding_is_typed_and_esc_lists_all_again() {
    let mut screen = open(Screen::example(120, 40), read());
    screen.press("=");
    screen.write(".total > ");
    assert_eq!(screen.press("enter"), []);
    screen.write("3");
    let find = Find::Where(".total > 3".to_owned());
    asks(&mut screen, "enter", OfItems::Rows(rows::Ask::Find(Some(find.clone()))));
    let picture = read();
    let listing = Listing { find: Some(Finding { find, left: 150 }), listed: 7, ..picture.listing };
    show(&mut screen, Picture { listing, ..picture });
    assert!(screen.shows("items 7 of 200, 150 to go =.total > 3"));
    asks(&mut screen, "esc", OfItems::Rows(rows::Ask::Find(None)));
    screen.press("w");
    screen.write("/nowhere/items.jsonl");
    asks(&mut screen, "enter", OfItems::Rows(rows::Ask::Write("/nowhere/items.jsonl".into())));
}

#[test]
fn the_help_of_the_items_lists_every_key_of_theirs() {
    let mut screen = open(Screen::example(120, 60), read());
    screen.press("?");
    let help = screen.text();
    for row in COMMANDS.iter().filter(|row| row.place == Place::Items) {
        assert!(help.lines().any(|line| line.contains(&row.keys.join(" ")) && line.contains(row.does)), "{}", row.name);
    }
}

#[test]
fn trouble_and_what_made_room_stand_on_the_page() {
    let picture = read();
    let listing = Listing { dropped: 1_200, ..picture.listing };
    let trouble = Some("asked too often, and it says to ask less".to_owned());
    let mut screen = open(Screen::example(200, 60), Picture { listing, trouble, ..picture });
    assert!(screen.shows("asked too often") && screen.shows("made room"));
}

#[test]
fn an_item_of_400_kb_is_cut_on_the_screen_and_says_so() {
    let picture = read();
    let text = "x".repeat(400 * 1024);
    let opened = Opened {
        number: 1,
        notes: Vec::new(),
        json: text.as_str().into(),
        lines: vec![format!("  \"text\": \"{text}\"")],
    };
    let listing = Listing { opened: Some(Arc::new(opened)), ..picture.listing };
    let mut screen = open(Screen::example(120, 40), Picture { listing, ..picture });
    screen.draw();
    screen.press("tab G");
    assert!(screen.shows("more bytes of it: p shows all"), "{}", screen.text());
}
