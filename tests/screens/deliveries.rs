//! What a bus or a delivery stream handed on: what the reader shows of the store and of a picture, and what its keys ask for. Nobody
//! looks anywhere here: the engine has tests of its own.

use std::sync::Arc;

use edatop::{
    app::{Effect, Event},
    domain::{Fact, Kind, Link, LinkKind, Report, Resource, ResourceId, reading},
    inspect::deliveries::{Folder, Look, Seen, Sight},
    overlays::inspect::{
        Ask as Any, News, Subject,
        deliveries::model::{Ask, Picture, State},
        tail::model::Begin,
    },
    theme::ASCII,
};

use crate::{SIZES, example, screen, screen::Screen};

const STREAM: &str = "arn:aws:firehose:us-east-1:000000000000:deliverystream/revenue";
const PATTERN: &str = r#"{"source":["com.stores"],"detail-type":["sales-events"]}"#;

/// A bus with two rules, and a delivery stream, beside all else.
fn facts(at: jiff::Timestamp) -> Vec<Fact> {
    let rule = |name: &str| {
        Resource::new(example::rule(name), Kind::Rule, name)
            .with("EventBusName", Some("stores"))
            .with("State", Some("ENABLED"))
            .with("EventPattern", Some(PATTERN))
    };
    let audit: ResourceId = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/audit".into();
    let target = |to: ResourceId| Link::configured(example::rule("orders"), LinkKind::Targets, to);
    let measured = |id: ResourceId, metric, value| example::measured(id, metric, value, at);
    vec![
        Fact::Found(Resource::new(example::bus("stores"), Kind::Bus, "stores")),
        Fact::Found(rule("orders")),
        Fact::Found(rule("audit").with("State", Some("DISABLED"))),
        Fact::Found(Resource::new(audit.clone(), Kind::LogGroup, "/aws/events/audit")),
        Fact::Linked(Link::configured(example::bus("stores"), LinkKind::Routes, example::rule("orders"))),
        Fact::Linked(Link::configured(example::bus("stores"), LinkKind::Routes, example::rule("audit"))),
        Fact::Linked(Link::configured(example::rule("orders"), LinkKind::DeadLetters, example::queue("analytics-dlq"))),
        Fact::Linked(
            target(example::function("analytics-fn")).with("DeadLetterConfig", Some(example::queue("analytics-dlq"))),
        ),
        Fact::Linked(target(example::topic("fork"))),
        Fact::Linked(Link::configured(example::rule("audit"), LinkKind::Targets, audit)),
        measured(example::rule("orders"), reading::MATCHED, 0.2),
        measured(example::rule("orders"), reading::TARGET_FAILURES, 0.05),
        Fact::Found(
            Resource::new(STREAM, Kind::DeliveryStream, "revenue")
                .with("DeliveryStreamStatus", Some("ACTIVE"))
                .with("IntervalInSeconds", Some(60))
                .with("SizeInMBs", Some(1))
                .with("Destination", Some("S3"))
                .with("Prefix", Some("sales/")),
        ),
        Fact::Linked(
            Link::configured(STREAM, LinkKind::Delivers, example::bucket("mail-archive"))
                .with("Destination", Some("S3"))
                .with("Prefix", Some("sales/")),
        ),
    ]
}

fn learnt(at: jiff::Timestamp, facts: Vec<Fact>) -> Report {
    Report { poller: "events", at, facts, round: None }
}

fn screen(width: u16, height: u16) -> Screen {
    fed(Screen::example(width, height))
}

fn fed(mut screen: Screen) -> Screen {
    let at = screen.now;
    screen.report(vec![learnt(at, facts(at))]);
    screen
}

/// The reader of this one, opened in the pane that lists it.
fn opened(mut screen: Screen, pane: &str, name: &str) -> Screen {
    screen.press(pane);
    screen.press("/");
    screen.write(name);
    screen.press("enter");
    let effects = screen.press("i");
    let opens = |effect: &Effect| matches!(effect, Effect::Inspect(1, Any::Open(subject)) if matches!(**subject, Subject::Deliveries(_)));
    assert!(effects.iter().any(opens), "{effects:?} {}", screen.text());
    screen
}

fn lines() -> Look {
    Look::Lines("/aws/lambda/analytics-fn".into())
}

fn folder() -> Folder {
    let (bucket, name) = (example::bucket("mail-archive"), "mail-archive".to_owned());
    Folder { bucket, name, region: None, prefix: "sales/".into() }
}

fn seen(seconds: i64, text: &str, is_bad: bool) -> Seen {
    Seen { at: Some(example::after(example::now(), seconds)), text: text.to_owned(), bytes: None, is_bad }
}

fn picture() -> Picture {
    let seen = vec![
        seen(-3, r#"{"level":"INFO","event":"fd2110a6","store_id":"store-4","amount":6280}"#, false),
        seen(
            -4,
            "REPORT RequestId: b625af56\tDuration: 23.18 ms\tBilled Duration: 24 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t",
            false,
        ),
        seen(
            -9,
            "[ERROR] KeyError: 'store_id'\nTraceback (most recent call last):\n  File \"index.py\u{1b}[2J\"",
            true,
        ),
    ];
    Picture {
        look: Some(lines()),
        state: State::Seen(Arc::new(Sight { seen, said: "3 lines of the last 2 min".into() })),
        at: Some(example::now()),
        every_seconds: Some(5),
    }
}

fn learn(screen: &mut Screen, picture: Picture) {
    screen.app.update(Event::Inspected(1, News::Deliveries(Box::new(picture))), screen.now);
}

/// The bus, its cursor on the function, what that said beside it.
fn bus(width: u16, height: u16) -> Screen {
    let mut screen = opened(screen(width, height), "7", "stores");
    screen.press("down down down");
    learn(&mut screen, picture());
    screen
}

fn asks(effects: Vec<Effect>) -> Vec<Ask> {
    let ask = |effect| match effect {
        Effect::Inspect(1, Any::Deliveries(ask)) => Some(ask),
        _ => None,
    };
    effects.into_iter().filter_map(ask).collect()
}

fn inspected(effects: &[Effect]) -> &Subject {
    match effects {
        [Effect::Inspect(2, Any::Open(subject))] => subject,
        effects => panic!("{effects:?}"),
    }
}

#[test]
fn a_bus_at_every_size() {
    for (width, height) in SIZES {
        crate::snapshot(&format!("deliveries_{width}x{height}"), &mut bus(width, height));
    }
}

#[test]
fn a_delivery_stream() {
    let mut screen = opened(screen(120, 40), "8", "revenue");
    let object = Seen { bytes: Some(455), ..seen(-40, "sales/2026/11/21/14/revenue-1-2026-11-21-14-02-20", false) };
    let sight = Sight { seen: vec![object], said: "the newest of 41 listed, in 5 calls".into() };
    learn(
        &mut screen,
        Picture {
            look: Some(Look::Objects(folder())),
            state: State::Seen(Arc::new(sight)),
            at: Some(example::now()),
            every_seconds: None,
        },
    );
    crate::snapshot("deliveries_of_a_stream", &mut screen);
    assert_eq!(
        screen.press("y"),
        [Effect::Copy("s3://mail-archive/sales/2026/11/21/14/revenue-1-2026-11-21-14-02-20".into())]
    );
    // Where its newest object is.
    let effects = screen.press("enter");
    let Subject::Objects(objects) = inspected(&effects) else { panic!("{effects:?}") };
    assert_eq!((objects.bucket.as_str(), objects.begin.as_str()), ("mail-archive", "sales/2026/11/21/14/"));
}

#[test]
fn in_colour() {
    crate::picture("deliveries", &mut bus(120, 40), crate::svg::DARK);
}

#[test]
fn in_ascii() {
    let mut look = screen::look();
    look.ascii = true;
    look.theme = look.theme.with_glyphs(&ASCII);
    let mut screen = opened(fed(Screen::with(look, 120, 40).fed()), "7", "stores");
    screen.press("down down down");
    learn(&mut screen, picture());
    let text = screen.text();
    assert!(text.is_ascii() && text.contains("KeyError"), "{text}");
}

#[test]
fn the_cursor_asks_to_look_where_it_goes_and_shows_nothing_of_elsewhere() {
    let mut screen = bus(120, 40);
    assert!(screen.shows("KeyError"), "{}", screen.text());
    assert_eq!(asks(screen.press("r")), [Ask::Again(lines())]);
    let dead = asks(screen.press("down"));
    assert_eq!(dead, [Ask::On(Look::Waiting(example::queue("analytics-dlq")))]);
    assert!(!screen.shows("KeyError") && screen.shows("not looked at yet"), "{}", screen.text());
    learn(
        &mut screen,
        Picture {
            look: Some(Look::Waiting(example::queue("analytics-dlq"))),
            state: State::Refused("denied: sqs:…".into()),
            ..picture()
        },
    );
    assert!(screen.shows("denied: sqs:"), "{}", screen.text());
    assert!(matches!(asks(screen.press("down"))[..], [Ask::On(Look::Nothing(_))]));
    assert!(screen.shows("a topic keeps nothing"), "{}", screen.text());
    assert_eq!(asks(screen.press("down")), [], "there is nothing below the last");
    // A rule shows what its only target wrote down.
    assert_eq!(asks(screen.press("g")), [Ask::On(Look::Lines("/aws/events/audit".into()))]);
}

#[test]
fn enter_opens_what_is_there_with_the_reader_that_it_has() {
    let mut screen = bus(120, 40);
    let effects = screen.press("enter");
    let Subject::Tail(tail) = inspected(&effects) else { panic!("{effects:?}") };
    assert_eq!((tail.groups[0].as_ref(), tail.begin), ("/aws/lambda/analytics-fn", Begin::LastError));
    let mut screen = bus(120, 40);
    screen.press("down");
    assert!(matches!(&screen.press("enter")[..], [Effect::Desk(_)]), "dead letters are the desk's");
    let mut screen = bus(120, 40);
    screen.press("down down");
    screen.press("enter");
    assert!(screen.shows("fork"), "a topic has a detail: {}", screen.text());
}

#[test]
fn a_rule_that_comes_does_not_move_the_cursor() {
    let mut screen = bus(120, 40);
    let at = screen.now;
    let first = Resource::new(example::rule("a-first"), Kind::Rule, "a-first").with("EventBusName", Some("stores"));
    let mut all = facts(at);
    all.push(Fact::Found(first));
    screen.report(vec![learnt(at, all)]);
    assert!(screen.shows("a-first") && screen.shows("KeyError"), "{}", screen.text());
    assert_eq!(asks(screen.press("r")), [Ask::Again(lines())]);
}
