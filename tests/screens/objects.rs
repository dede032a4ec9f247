//! The objects of a bucket: what the reader shows of a picture, and what its keys ask for. Nobody answers here: the engine behind it has
//! tests of its own.

use std::sync::Arc;

use edatop::{
    app::{Effect, Event},
    inspect::objects::{
        Facts, Refused, Version, Versions,
        preview::{Head, preview},
    },
    overlays::{
        desk::model::Step,
        inspect::{
            Ask as Any, News, Subject,
            objects::model::{Ask, Asked, Download, Inside, Line, Picture, Shown, What},
        },
    },
};

use crate::{SIZES, example, screen::Screen};

const PREFIX: &str = "sales_revenue/2026/11/21/14/";
const BODY: &[u8] =
    br#"{"store_id":"store-2","revenue":12040,"window_end":"2026-11-21T14:02:00Z","by":"store_revenue_per_min"}
{"store_id":"store-1","revenue":900,"window_end":"2026-11-21T14:02:00Z","by":"store_revenue_per_min"}
{"store_id":"store-3","revenue":4410,"window_end":"2026-11-21T14:02:00Z","by":"store_revenue_per_min"}
"#;

fn shown(key: &str, body: &[u8]) -> Shown {
    let key = format!("{PREFIX}{key}");
    let head = Head { key: &key, content_type: None, bytes: body, total: body.len() as u64 };
    Shown {
        uri: format!("s3://events/{key}"),
        modified: Some((example::after(example::now(), -21), body.len() as u64)),
        class: None,
        inside: Inside::Read(Box::new(preview(head))),
        facts: Facts {
            listed: vec![("content type".into(), "binary/octet-stream".into()), ("etag".into(), "\"c4cf02\"".into())],
            ..Facts::default()
        },
        versions: None,
        tags: None,
        key,
    }
}

/// The newest date is open, the cursor on its newest object, which came just now.
fn picture() -> Picture {
    let prefix = |depth, name: &str, is_open| Line { depth, name: name.into(), what: What::Prefix { is_open } };
    let object = |index: i64, name: &str| Line {
        depth: 5,
        name: name.into(),
        what: What::Object {
            bytes: 312,
            at: Some(example::after(example::now(), -21 - 60 * index)),
            came: (index == 0).then(|| example::after(example::now(), -20)),
            archived: index == 2,
        },
    };
    let lines = vec![
        prefix(0, "sales_revenue/", true),
        prefix(1, "2026/", true),
        prefix(2, "11/", true),
        prefix(3, "21/", true),
        prefix(4, "14/", true),
        object(0, "revenue_analytics_stream-2026-11-21-14-03-01-3a6df21f-bdf6-49d8-a6d6-d852e39507ee"),
        object(1, "revenue_analytics_stream-2026-11-21-14-02-01-7e9baa37-df6e-4698-a461-460146bf4e6e"),
        object(2, "a\nb\u{1b}[31m.json"),
        Line { depth: 5, name: String::new(), what: What::More },
        prefix(4, "13/", false),
    ];
    Picture {
        rows: lines.len(),
        lines,
        at: 5,
        level: "newest of the 1,000 listed".into(),
        watching: "watched every 2 s".into(),
        is_following: true,
        shown: Some(Arc::new(shown("revenue_analytics_stream-2026-11-21-14-03-01-3a6df21f", BODY))),
        ..Picture::default()
    }
}

fn reader(width: u16, height: u16, picture: Picture) -> Screen {
    let mut screen = Screen::example(width, height);
    let effects = screen.press("5 g i");
    let opens = |effect: &Effect| matches!(effect, Effect::Inspect(1, Any::Open(subject)) if matches!(**subject, Subject::Objects(_)));
    assert!(effects.iter().any(opens), "{effects:?}");
    learn(&mut screen, picture);
    screen
}

fn learn(screen: &mut Screen, picture: Picture) {
    screen.app.update(Event::Inspected(1, News::Objects(Box::new(picture))), screen.now);
}

fn asks(effects: Vec<Effect>) -> Vec<Ask> {
    let ask = |effect| match effect {
        Effect::Inspect(1, Any::Objects(ask)) => Some(ask),
        _ => None,
    };
    effects.into_iter().filter_map(ask).collect()
}

#[test]
fn a_bucket_at_every_size() {
    for (width, height) in SIZES {
        crate::snapshot(&format!("objects_{width}x{height}"), &mut reader(width, height, picture()));
    }
}

#[test]
fn its_colours() {
    crate::picture("objects", &mut reader(120, 40, picture()), crate::svg::DARK);
}

#[test]
fn what_is_refused_says_why() {
    let mut refused = shown("old.json", b"");
    refused.inside = Inside::Refused(Refused::archived("DEEP_ARCHIVE").text);
    refused.class = Some("DEEP_ARCHIVE".into());
    let picture = Picture {
        shown: Some(Arc::new(refused)),
        trouble: Some("permission denied (AccessDenied: Access Denied)".into()),
        ..picture()
    };
    crate::snapshot("objects_refused_80x24", &mut reader(80, 24, picture));
}

#[test]
fn versions_and_tags_stand_above_the_contents() {
    let version = |id: &str, ago: i64, is_latest: bool, is_delete_marker: bool| Version {
        id: id.into(),
        at: Some(example::after(example::now(), -ago)),
        bytes: (!is_delete_marker).then_some(312),
        is_latest,
        is_delete_marker,
    };
    let mut shown = shown("a.json", BODY);
    let versions =
        vec![version("v3", 21, true, false), version("v2", 300, false, true), version("v1", 9_000, false, false)];
    shown.versions = Some(Asked::Read(Versions { versions, are_all: true }));
    shown.tags = Some(Asked::Read(vec![("team".into(), "blue\u{1b}[2J".into())]));
    let picture = Picture { shown: Some(Arc::new(shown)), ..picture() };
    crate::snapshot("objects_versions_120x40", &mut reader(120, 40, picture));
}

#[test]
fn keys_ask_for_what_they_say() {
    let mut screen = reader(120, 40, picture());
    assert_eq!(asks(screen.press("j")), [Ask::Go(Step::By(1))]);
    assert_eq!(asks(screen.press("G")), [Ask::Go(Step::Bottom)]);
    assert_eq!(
        asks(screen.press("h f m v a u r")),
        [Ask::Up, Ask::Follow, Ask::More, Ask::Versions, Ask::Tags, Ask::Sign, Ask::Again]
    );
    assert_eq!(asks(screen.press("enter j")), [], "in an object the keys scroll its contents");
    assert_eq!(asks(screen.press("esc j")), [Ask::Go(Step::By(1))]);
    screen.press("/");
    screen.write("sales");
    assert_eq!(asks(screen.press("enter")), [Ask::Begin("sales".into())]);
    screen.press("w");
    assert_eq!(
        asks(screen.press("enter")),
        [Ask::Download("revenue_analytics_stream-2026-11-21-14-03-01-3a6df21f".into())]
    );
    let copied = screen.press("y");
    assert!(copied.iter().any(|effect| matches!(effect, Effect::Copy(uri) if uri.starts_with("s3://events/sales"))));
}

#[test]
fn a_download_is_given_up_only_when_it_is_meant() {
    let going = Picture { download: Some(Download { to: "x".into(), done: 1 << 20, total: 5 << 30 }), ..picture() };
    let mut screen = reader(120, 40, going);
    assert!(screen.text().contains("downloading: 1.0 MiB of 5.0 GiB"), "{}", screen.text());
    assert_eq!(asks(screen.press("esc")), []);
    assert_eq!(asks(screen.press("esc")), [Ask::Cancel]);
    learn(&mut screen, picture());
    assert!(screen.press("q").contains(&Effect::Inspect(1, Any::Close)));
}

#[test]
fn an_address_goes_to_the_clipboard_and_not_to_the_screen() {
    let mut screen = reader(120, 40, picture());
    let news = News::Copy { text: "https://signed".into(), said: "copied an address".into() };
    let effects = screen.app.update(Event::Inspected(1, news), screen.now);
    assert_eq!(effects, [Effect::Copy("https://signed".into())]);
    assert!(screen.text().contains("copied an address") && !screen.text().contains("https://signed"));
}
