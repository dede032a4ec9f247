//! The log reader: what it shows of a picture, and what its keys ask for. Nobody answers here: the task behind it has tests of its own.

use std::sync::Arc;

use edatop::{
    app::{Effect, Event},
    domain::Level,
    inspect::tail::{
        entry::{Key, Shape},
        filter::{Find, Wanted},
    },
    overlays::inspect::{
        Ask as Any, News, Subject as AnySubject,
        tail::model::{Ask, Begin, Body, Cluster, Group, Opened, Picture, RequestLine, Row, Sheet},
    },
};

use crate::{SIZES, example, screen::Screen};

const A: &str = "/aws/lambda/analytics-fn";
const B: &str = "/aws/lambda/mailing-fn";

fn at(seconds: i64) -> i64 {
    example::after(example::now(), -seconds).as_millisecond()
}

fn group(name: &str, tag: &str) -> Group {
    Group { name: name.into(), tag: tag.to_owned(), lines: 620, per_second: 3.5, ..Group::default() }
}

/// Forty lines of two groups: requests, a failure, a gap, JSON, and what should not reach a terminal.
pub fn lines() -> Picture {
    let row = |number: u64| {
        let (level, shape, text, more) = match number % 8 {
            0 => (Level::Info, Shape::Request, "request 8f1e0000 · 3.1 ms · 64 of 128 MB · cold start 312 ms", 0),
            1 => (Level::Info, Shape::Json, r#"{"level":"info","order_id":7,"note":"cart is priced"}"#, 0),
            2 => (Level::Error, Shape::Trace, "[ERROR] ValueError: cannot price cart 1", 4),
            3 => (Level::Warn, Shape::Text, "[WARNING] slow: ␊ 1200 ms", 0),
            4 => (Level::Warn, Shape::Note, "a gap of 2.5 s, lines may be missing: throttled", 0),
            _ => (
                Level::Info,
                Shape::Text,
                "loaded the cart from the table, priced it, and told nobody but this log, in a line that goes on beyond the edge of every terminal that is not very wide indeed, as lines of logs do, and even beyond that",
                0,
            ),
        };
        Row {
            key: Key { at_ms: at(60) + 731 * number as i64, number },
            group: (number % 2) as usize,
            level,
            shape,
            text: text.to_owned(),
            marks: Vec::new(),
            more,
            columns: None,
        }
    };
    Picture {
        title: "all functions of fork".to_owned(),
        groups: [group(A, "af"), Group { gaps: 2, trouble: Some("throttled".into()), ..group(B, "mf") }].into(),
        rows: (1..=40).map(row).collect(),
        at: 39,
        is_top: true,
        is_end: true,
        follows: true,
        total: 1_240,
        shown: 1_240,
        since: Some(example::after(example::now(), -3_600)),
        read_to: Some(example::now()),
        ..Picture::default()
    }
}

/// The reader over a screen, showing this.
pub fn reading(mut screen: Screen, picture: Picture) -> Screen {
    open(&mut screen);
    show(&mut screen, picture);
    screen
}

fn open(screen: &mut Screen) -> Vec<Effect> {
    screen.press("2 l")
}

fn show(screen: &mut Screen, picture: Picture) {
    screen.app.update(Event::Inspected(1, News::Tail(Box::new(picture))), screen.now);
}

/// What a key asks for.
#[track_caller]
fn asks(screen: &mut Screen, keys: &str, expected: Ask) {
    assert_eq!(screen.press(keys), [Effect::Inspect(1, Any::Tail(expected))], "after {keys}");
}

fn found() -> Picture {
    let mut picture = lines();
    picture.rows.retain(|row| row.text.contains("cart"));
    for row in &mut picture.rows {
        row.marks = row.text.match_indices("cart").map(|(at, text)| at..at + text.len()).collect();
    }
    Picture {
        at: 12,
        is_end: false,
        follows: false,
        came: 17,
        shown: 310,
        wanted: Some(Box::new(Wanted {
            find: Find::typed("cart"),
            exclude: Find::typed("/slow$/"),
            level: Level::Warn,
            ..Wanted::default()
        })),
        ..picture
    }
}

fn opened(body: Body) -> Picture {
    let line = |at_ms, level, text: &str, is_it| RequestLine { at_ms, level, text: text.to_owned(), is_it };
    let opened = Opened {
        key: Key { at_ms: at(30), number: 3 },
        group: A.into(),
        stream: "2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef".into(),
        level: Level::Error,
        events: 4,
        request: Some("8f1e0000-0000-4000-8000-000000000001".into()),
        report: Some("3.1 ms · 64 of 128 MB".into()),
        body,
        lines: vec![
            line(at(31), Level::Info, "request 8f1e0000 · 3.1 ms · 64 of 128 MB", false),
            line(at(30), Level::Error, "[ERROR] ValueError: cannot price cart 1", true),
        ],
    };
    Picture { sheet: Sheet::Entry(Arc::new(opened)), follows: false, ..lines() }
}

fn trace() -> Body {
    Body::Text(
        "[ERROR] ValueError: cannot price cart 1\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 7, in \
         handler\n    raise ValueError(\"\u{1b}[2Jcannot price cart 1\")\nValueError: cannot price cart 1"
            .into(),
    )
}

fn clusters() -> Picture {
    let cluster = |title: &str, count, groups, bars| Cluster {
        title: title.into(),
        count,
        first_ms: at(900),
        last_ms: at(20),
        groups,
        bars,
    };
    let clusters = [
        cluster("ValueError: cannot price cart ‹n›", 40, 1, [0, 2, 1, 1, 1, 2, 9, 12, 5, 4, 2, 1]),
        cluster("KeyError: 'store_id'", 3, 2, [1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
    ];
    Picture { sheet: Sheet::Clusters(clusters.into(), true), ..lines() }
}

fn columns() -> Picture {
    let mut picture = lines();
    for row in picture.rows.iter_mut().filter(|row| row.shape == Shape::Json) {
        row.columns = Some(vec!["info".into(), "7".into()]);
    }
    Picture { columns: vec![".level".into(), ".order_id".into()], ..picture }
}

#[test]
fn lines_at_every_size() {
    for (width, height) in SIZES {
        let mut screen = reading(Screen::example(width, height), lines());
        crate::snapshot(&format!("tail_{width}x{height}"), &mut screen);
    }
}

#[test]
fn what_is_found_opened_counted_and_typed() {
    let busy =
        Picture { busy: Some("looking for an error".into()), forgotten: 12_000, left: 400, context: true, ..found() };
    for (name, picture, keys) in [
        ("found", found(), ""),
        ("busy", busy, ""),
        ("trace", opened(trace()), ""),
        ("json", opened(Body::Json(serde_json::json!({"level": "error", "order": {"id": 7, "store": "a"}}))), ""),
        ("clusters", clusters(), "j"),
        ("groups", Picture { sheet: Sheet::Groups, ..lines() }, "j"),
        ("columns", columns(), ""),
        ("mistake", lines(), "/ / a ("),
        ("time", lines(), "@"),
    ] {
        for (width, height) in [(80, 24), (120, 40)] {
            let mut screen = reading(Screen::example(width, height), picture.clone());
            screen.press(keys);
            crate::snapshot(&format!("tail_{name}_{width}x{height}"), &mut screen);
        }
    }
}

#[test]
fn in_colour() {
    crate::picture("tail", &mut reading(Screen::example(120, 40), lines()), crate::svg::DARK);
    crate::picture("tail-found", &mut reading(Screen::example(120, 40), found()), crate::svg::DARK);
    let mut light = crate::screen::look();
    light.change("light");
    crate::picture("tail-light", &mut reading(Screen::with(light, 120, 40).fed(), lines()), crate::svg::LIGHT);
}

/// `l` reads what is chosen, whatever it is.
#[test]
fn whose_lines_are_read() {
    let opens = |keys: &str| {
        let mut screen = Screen::example(120, 40);
        match screen.press(keys).as_slice() {
            [Effect::Inspect(1, Any::Open(subject))] => match subject.as_ref() {
                AnySubject::Tail(subject) => (subject.title.clone(), subject.groups.clone(), subject.begin),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?} after {keys}"),
        }
    };
    let failed = ("who failed on analytics".to_owned(), vec![A.into()], Begin::LastError);
    assert_eq!(opens("l"), failed, "the first alarm's, where nothing is chosen");
    assert_eq!(opens("n l"), failed);
    assert_eq!(opens("3 l").1.len(), 1);
    let (title, groups, _) = opens("m A");
    assert_eq!((title.as_str(), groups.len()), ("all functions of every-minute", 4));
    let detail = opens("n enter l");
    assert_eq!(detail, failed);
}

/// From the red dead-letter queue to the trace that killed its letters: three keys.
#[test]
fn three_keys_from_dead_letters_to_the_trace() {
    let mut screen = Screen::example(120, 40);
    screen.press("n l");
    let mut there = lines();
    (there.at, there.follows) = (33, false);
    show(&mut screen, there);
    asks(&mut screen, "enter", Ask::Open);
    show(&mut screen, opened(trace()));
    assert!(screen.shows("File \"/var/task/app.py\", line 7") && !screen.text().contains('\u{1b}'));
}

#[test]
fn keys_ask_for_what_they_say() {
    let mut screen = reading(Screen::example(120, 40), lines());
    asks(&mut screen, "k", Ask::By(-1));
    asks(&mut screen, "g", Ask::Top);
    asks(&mut screen, "G", Ask::Follow(true));
    asks(&mut screen, "space", Ask::Follow(false));
    asks(&mut screen, "n", Ask::Error { next: true });
    asks(&mut screen, "N", Ask::Error { next: false });
    asks(&mut screen, "c", Ask::Context);
    asks(&mut screen, "*", Ask::Clusters);
    asks(&mut screen, "s", Ask::Groups);
    asks(&mut screen, "y", Ask::Copy);
    asks(&mut screen, "t", Ask::Ids);
    asks(&mut screen, "p", Ask::Page);
    asks(&mut screen, "e", Ask::Edit);
    asks(&mut screen, "v", Ask::Want(Box::new(Wanted { level: Level::Warn, ..Wanted::default() })));
    screen.press("/");
    screen.write("a b");
    asks(&mut screen, "enter", Ask::Want(Box::new(Wanted { find: Find::typed("a b"), ..Wanted::default() })));
    screen.press("f");
    screen.write(".level");
    asks(&mut screen, "enter", Ask::Columns(".level".into()));
    screen.press("@");
    screen.write("14:03");
    let then = "2026-11-21T14:03:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    asks(&mut screen, "enter", Ask::At(then));
    screen.press("w");
    screen.write("x.json");
    asks(&mut screen, "enter", Ask::Write("x.json".into()));
}

/// A mistake is said while it is typed, and asks nothing.
#[test]
fn a_mistake_is_said_and_asks_nothing() {
    let mut screen = reading(Screen::example(120, 40), lines());
    screen.press("/ / ( enter");
    assert!(screen.shows("not a regular expression"), "{}", screen.text());
    screen.press("esc =");
    screen.write(".[");
    assert_eq!(screen.press("enter"), []);
    screen.press("esc");
    assert_eq!(screen.press("esc"), [Effect::Inspect(1, Any::Close)]);
}

#[test]
fn a_filter_is_taken_off_before_the_reader_closes() {
    let mut screen = reading(Screen::example(120, 40), found());
    asks(&mut screen, "esc", Ask::Want(Box::default()));
    show(&mut screen, Picture { context: true, ..found() });
    asks(&mut screen, "esc", Ask::Context);
    show(&mut screen, clusters());
    asks(&mut screen, "j enter", Ask::Only("KeyError: 'store_id'".into()));
    asks(&mut screen, "esc", Ask::Shut);
}

/// The cursor moves on the screen as far as it moved among the lines, and nothing else does.
#[test]
fn what_comes_does_not_move_what_is_read() {
    let mut still = lines();
    (still.at, still.follows) = (20, false);
    let mut screen = reading(Screen::example(120, 24), still.clone());
    let before = screen.lines();
    let late = Row { key: Key { at_ms: at(70), number: 99 }, ..still.rows[0].clone() };
    still.rows.insert(0, late);
    (still.at, still.came, still.total) = (21, 3, 1_243);
    show(&mut screen, still);
    assert_eq!(before[3..20], screen.lines()[3..20]);
}

/// Lines that stand still are told from an endpoint that is silent.
#[test]
fn what_is_not_read_yet_is_said() {
    let behind = |seconds: i64| Picture { read_to: Some(example::after(example::now(), -seconds)), ..lines() };
    let says = |picture: Picture| reading(Screen::example(120, 24), picture).shows("what was said since is not here");
    assert!(!says(behind(9)), "readings take turns");
    let mut screen = reading(Screen::example(120, 24), behind(21));
    assert!(screen.shows("read up to ") && screen.shows("21 s ago: what was said since is not here yet"));
    screen.pass(5);
    screen.tick();
    assert!(screen.app.is_dirty() && screen.shows("26 s ago"), "it ages by itself: {}", screen.text());
    assert!(!says(Picture { busy: Some("reading what was said before".to_owned()), ..behind(21) }));
    let denied = |group: &Group| Group { trouble: Some("denied".into()), ..group.clone() };
    let all_denied = lines().groups.iter().map(denied).collect();
    assert!(!says(Picture { groups: all_denied, ..behind(21) }), "they say why");
}

/// A million characters and nothing else: no frame takes longer than a blink.
#[test]
fn a_million_characters_are_whole_in_the_entry_and_slow_nothing() {
    let long: String = "x\u{1b}[31m é".chars().cycle().take(1_000_000).collect();
    for body in [Body::Text(long.as_str().into()), Body::Json(serde_json::json!({ "long": long.as_str() }))] {
        let mut screen = reading(Screen::example(120, 40), opened(body));
        let began = std::time::Instant::now();
        screen.draw();
        let first = began.elapsed();
        screen.press("G");
        let began = std::time::Instant::now();
        let text = screen.text();
        let second = began.elapsed();
        assert!(text.contains("all 2 of its request"), "{text}");
        // It is laid out once, by a program that is built for speed, and then only drawn.
        let most = std::time::Duration::from_millis(100);
        assert!(cfg!(debug_assertions) || first < most, "{first:?}");
        assert!(second < 5 * most, "{second:?}");
    }
}

#[test]
fn times_that_no_clock_has_are_drawn() {
    let mut odd = lines();
    for (row, at_ms) in odd.rows.iter_mut().zip([0, -1, i64::MIN, i64::MAX, 86_400_000]) {
        row.key.at_ms = at_ms;
    }
    odd.at = 0;
    let mut screen = reading(Screen::example(120, 24), odd);
    assert!(screen.shows("1970-01-01") && screen.shows("no time"), "{}", screen.text());
}
