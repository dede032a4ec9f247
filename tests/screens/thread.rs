//! The thread: what it shows of a picture, and what its keys ask for. Nobody searches here: the engine has tests of its own.

use std::sync::Arc;

use edatop::{
    app::{Effect, Event},
    domain::{Kind, ResourceId},
    inspect::thread::{
        Kept, Step, Sure, Thread, What, Window,
        search::Progress,
        seen::Seen,
        step::{Evidence, Gap},
    },
    overlays::{
        desk::model as desk,
        inspect::{
            Ask, News, Subject, items, objects, rows, tail,
            thread::{Picture, Wanted},
        },
    },
    theme::ASCII,
};

use crate::{SIZES, example, screen, screen::Screen};

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:analytics";

fn step(what: What, (kind, id, depth): (Kind, &str, usize), milliseconds: Option<i64>, says: &str) -> Step {
    let id = ResourceId::from(id);
    let at = milliseconds.map(|ms| example::now() - jiff::SignedDuration::from_millis(600_000 - ms));
    Step {
        at,
        until: None,
        what,
        name: id.short_name().to_owned(),
        resource: id,
        kind,
        depth,
        times: None,
        says: says.to_owned(),
        sure: Sure::Certain("it names order-4".into()),
        evidence: vec![Evidence::new("message id", "1f0c2d3e-0000-4000-8000-00000000abcd")],
        kept: None,
        place_ms: milliseconds.unwrap_or(0),
    }
}

/// An order that dies, over and over.
fn picture() -> Picture {
    let (topic, queue) = ((Kind::Topic, "arn:aws:sns:us-east-1:000000000000:fork", 0), (Kind::Queue, QUEUE, 1));
    let function = (Kind::Function, "arn:aws:lambda:us-east-1:000000000000:function:analytics-fn", 2);
    let dead = (Kind::Queue, "arn:aws:sqs:us-east-1:000000000000:analytics-dlq", 2);
    let failed = |ms| {
        let says = "ValueError: order order-4 has no quantity";
        let lines = [
            "START RequestId: 8f1e",
            "[ERROR] ValueError: order order-4 has no quantity",
            "Traceback (most recent call last):",
            "  File \"/var/task/app.py\", line 7, in handler\u{1b}[2J",
        ];
        Step {
            evidence: lines.iter().map(|line| Evidence::new("log line", *line)).collect(),
            ..step(What::Failed, function, Some(ms), says)
        }
    };
    let passed = Step {
        sure: Sure::Probably("nothing seen there names it, but only fork hands on to analytics".into()),
        ..step(What::Passed, topic, None, "came through fork")
    };
    let steps = vec![
        passed,
        step(What::Queued, queue, Some(12), "queued as message 1f0c2d3e-0000-4000-8000-00000000abcd"),
        step(What::Received, queue, Some(672), "received ×3, the first time then"),
        failed(730),
        failed(31_000),
        failed(62_000),
        step(
            What::DeadLettered,
            dead,
            None,
            "dead-lettered into analytics-dlq, received ×3; SQS keeps no instant of that",
        ),
    ];
    let gaps = vec![Gap {
        place: "orders".into(),
        why: "only the key was asked for: --scan reads a page of its items too".into(),
    }];
    Picture {
        id: "order-4".into(),
        window: Window::default(),
        thread: Arc::new(Thread { steps, gaps, ..Thread::default() }),
        progress: Progress { done: 9, all: 17 },
        searching: true,
    }
}

fn told(screen: &mut Screen, picture: Picture) {
    screen.app.update(Event::Inspected(1, News::Thread(Box::new(picture))), screen.now);
}

/// A screen on which an id was typed, and this much is known.
fn followed(mut screen: Screen, picture: Picture) -> Screen {
    screen.press("t");
    screen.write("order-4");
    screen.press("enter");
    told(&mut screen, picture);
    screen
}

#[test]
fn at_every_size() {
    for (width, height) in SIZES {
        let mut screen = followed(Screen::example(width, height), picture());
        screen.press("down down down");
        crate::snapshot(&format!("thread_{width}x{height}"), &mut screen);
    }
}

#[test]
fn in_colour() {
    let mut screen = followed(Screen::example(120, 40), picture());
    screen.press("down down down");
    crate::picture("thread", &mut screen, crate::svg::DARK);
}

#[test]
fn in_ascii() {
    let mut look = screen::look();
    look.ascii = true;
    look.theme = look.theme.with_glyphs(&ASCII);
    let text = followed(Screen::with(look, 120, 40).fed(), picture()).text();
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn an_id_is_asked_for_and_searched_for() {
    let mut screen = Screen::example(120, 40);
    let effects = screen.press("t");
    assert!(
        matches!(&effects[..], [Effect::Inspect(1, Ask::Open(subject))] if matches!(**subject, Subject::Thread(_)))
    );
    assert_eq!(screen.press("enter"), [], "an empty id names everything");
    screen.write("order-4");
    assert_eq!(screen.press("enter"), [Effect::Inspect(1, Ask::Thread(Wanted::Id("order-4".into())))]);
    assert!(screen.shows("searching logs"), "{}", screen.text());
    told(&mut screen, Picture { id: "an older one".into(), ..picture() });
    assert!(!screen.shows("ValueError"), "what is told of another id is not its own");
    told(&mut screen, picture());
    assert!(screen.shows("×3 ValueError") && screen.shows("9 of 17 places read"), "{}", screen.text());
}

#[test]
fn keys_go_there_copy_write_and_search_again() {
    let mut screen = followed(Screen::example(120, 40), picture());
    screen.press("down");
    assert_eq!(screen.press("r"), [Effect::Inspect(1, Ask::Thread(Wanted::Again))]);
    assert_eq!(screen.press("w"), [Effect::Inspect(1, Ask::Thread(Wanted::Write))]);
    let copied = screen.press("y");
    assert_eq!(copied, [Effect::Copy("1f0c2d3e-0000-4000-8000-00000000abcd".into())]);
    assert_eq!(screen.press("enter"), [Effect::Inspect(1, Ask::Close)]);
    assert_eq!(screen.selected(), "analytics");
}

#[test]
fn the_cursor_stays_on_its_step_when_others_come_before_it() {
    let whole = picture();
    let mut part = whole.clone();
    part.thread = Arc::new(Thread { steps: whole.thread.steps[1..4].to_vec(), ..Thread::default() });
    let mut screen = followed(Screen::example(120, 40), part);
    screen.press("down");
    told(&mut screen, whole);
    // Said in its line, and once more beside it.
    let times = screen.text().matches("received ×3, the first time then").count();
    assert_eq!(times, 2, "{}", screen.text());
}

#[test]
fn an_id_that_names_no_resource_can_be_followed_from_the_palette() {
    let mut screen = Screen::example(120, 40);
    screen.press(":");
    screen.write("zzz-4711-unknown");
    assert!(screen.shows("follow zzz-4711-unknown"), "{}", screen.text());
    let effects = screen.press("enter");
    assert!(matches!(&effects[..], [Effect::Inspect(1, Ask::Open(_))]), "{effects:?}");
}

/// The thread with this one step, chosen.
fn with_step(step: Step) -> Screen {
    let thread = Arc::new(Thread { steps: vec![step], ..Thread::default() });
    followed(Screen::example(120, 40), Picture { thread, ..picture() })
}

#[test]
fn another_time_is_typed_over_the_present_one() {
    let mut screen = followed(Screen::example(120, 40), picture());
    assert!(screen.shows("in the last 1h"), "{}", screen.text());
    screen.press("@");
    assert!(screen.shows("when 1h"), "{}", screen.text());
    screen.press("ctrl-u");
    screen.write("soon");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.shows("'soon' is no time"), "{}", screen.text());
    screen.press("ctrl-u");
    screen.write("14:01 10m");
    let around = Some("2026-11-21T14:01:00Z".parse().unwrap());
    let window = Window { around, within: std::time::Duration::from_secs(600) };
    assert_eq!(screen.press("enter"), [Effect::Inspect(1, Ask::Thread(Wanted::Around(window)))]);
    told(&mut screen, picture());
    assert!(!screen.shows("ValueError"), "what is told of another time is not its own");
    told(&mut screen, Picture { window, searching: false, thread: Arc::default(), ..picture() });
    assert!(screen.shows("nothing names it within 10m of 11-21 14:01:00"), "{}", screen.text());
}

#[test]
fn a_hit_leads_to_the_lines_around_it() {
    let mut screen = followed(Screen::example(120, 40), picture());
    let effects = screen.press("g down down down l");
    let [Effect::Inspect(2, Ask::Open(subject))] = &effects[..] else { panic!("{effects:?}") };
    let Subject::Tail(lines) = &**subject else { panic!("{subject:?}") };
    assert_eq!(lines.groups.iter().map(|group| &**group).collect::<Vec<_>>(), ["/aws/lambda/analytics-fn"]);
    let at = example::now() - jiff::SignedDuration::from_millis(600_000 - 730);
    assert_eq!(lines.begin, tail::model::Begin::At(at));
}

#[test]
fn a_hit_opens_what_it_left_at_that_very_one() {
    let table = (Kind::Table, "arn:aws:dynamodb:us-east-1:000000000000:table/visits", 3);
    let item = Kept::Item { key: "id".into(), value: serde_json::json!(4711) };
    let effects = with_step(Step { kept: Some(item), ..step(What::Stored, table, None, "in visits") }).press("enter");
    let [Effect::Inspect(2, Ask::Open(_)), Effect::Inspect(2, Ask::Items(query))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(matches!(query, items::model::Ask::Query { condition, .. } if condition.said == "id = 4711"), "{query:?}");

    let bucket = (Kind::Bucket, "arn:aws:s3:::mail-archive", 3);
    let object = Some(Kept::Object("2026/order-4.json".into()));
    let effects = with_step(Step { kept: object, ..step(What::Stored, bucket, None, "written") }).press("enter");
    let begin = objects::model::Ask::Begin("2026/order-4.json".into());
    assert!(matches!(&effects[..], [_, Effect::Inspect(2, Ask::Objects(ask))] if *ask == begin), "{effects:?}");

    let dead = (Kind::Queue, "arn:aws:sqs:us-east-1:000000000000:analytics-dlq", 2);
    let letter = Some(Kept::Letter("m-1".into()));
    let effects = with_step(Step { kept: letter, ..step(What::DeadLettered, dead, None, "dead") }).press("enter");
    let [Effect::Desk(desk::Ask::Open(_)), Effect::Desk(find)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*find, desk::Ask::Find(desk::Find::typed("m-1")));
}

#[test]
fn of_several_ids_one_is_chosen_and_of_one_nothing_is_asked() {
    let seen = |name: &str, id: &str| Seen { name: name.into(), id: id.into() };
    let ids = || vec![seen("request", "8f1e0000-0000-4000-8000-000000000001"), seen("orderID", "order-4\u{1b}[2J")];
    let mut screen = Screen::example(120, 40);
    screen.press("2 l");
    let tell = |screen: &mut Screen, ids| {
        screen.app.update(Event::Inspected(1, News::Ids(ids, "/aws/lambda/analytics-fn".into())), screen.now)
    };
    let is_thread_of = |effects: &[Effect], id: &str| {
        let [Effect::Inspect(_, Ask::Open(subject))] = effects else { return false };
        matches!(&**subject, Subject::Thread(follow) if follow.id == id && follow.at_once)
    };
    assert!(tell(&mut screen, ids()).is_empty());
    crate::snapshot("which_120x40", &mut screen);
    assert!(is_thread_of(&screen.press("j enter"), "order-4\u{1b}[2J"));
    screen.press("esc");
    assert!(!screen.shows("follow which id?"), "it is closed once it is answered");
    tell(&mut screen, ids());
    assert!(is_thread_of(&screen.press("1"), "8f1e0000-0000-4000-8000-000000000001"));
    screen.press("esc");
    assert!(is_thread_of(&tell(&mut screen, ids()[..1].to_vec()), "8f1e0000-0000-4000-8000-000000000001"));
    screen.press("esc");
    assert!(tell(&mut screen, Vec::new()).is_empty());
    assert!(screen.shows("nothing in it looks like an id"), "{}", screen.text());
}

#[test]
fn an_id_of_an_item_is_followed_through_the_flow_of_its_table() {
    let mut screen = Screen::example(120, 40);
    screen.press("4 i");
    let opened = rows::Opened { json: r#"{"id":"visit-0001","order":"order-4"}"#.into(), ..Default::default() };
    let listing = rows::Listing { listed: 1, held: 1, opened: Some(Arc::new(opened)), ..Default::default() };
    let read = items::model::Picture { listing, ..Default::default() };
    screen.app.update(Event::Inspected(1, News::Items(Box::new(read))), screen.now);
    assert_eq!(screen.press("t"), []);
    assert!(screen.shows("1 id     visit-0001") && screen.shows("2 order  order-4"), "{}", screen.text());
    let effects = screen.press("2");
    let [Effect::Inspect(2, Ask::Open(subject))] = &effects[..] else { panic!("{effects:?}") };
    let Subject::Thread(follow) = &**subject else { panic!("{subject:?}") };
    assert_eq!(follow.id, "order-4");
    assert!(follow.ground.extent().tables == 1 && follow.ground.extent().queues > 0, "{:?}", follow.ground.extent());
}
