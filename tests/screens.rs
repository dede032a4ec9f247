//! The screen, tested by typing at it: the real `App` with facts fed to it, at fixed sizes, instants and zone.
//!
//! Text snapshots are insta's. Pictures (`tests/snapshots/*.svg`) hold the colours, and are what the README shows. After a wanted
//! change: `INSTA_UPDATE=always cargo test --test screens`, and look at what git says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "screens/deliveries.rs"]
mod deliveries;
#[path = "screens/desk.rs"]
mod desk;
#[path = "support/example.rs"]
mod example;
#[path = "screens/findings.rs"]
mod findings;
#[path = "screens/items.rs"]
mod items;
#[path = "screens/keys.rs"]
mod keys;
#[path = "screens/map.rs"]
mod map;
#[path = "screens/mouse.rs"]
mod mouse;
#[path = "screens/numbers.rs"]
mod numbers;
#[path = "screens/objects.rs"]
mod objects;
#[path = "screens/overlays.rs"]
mod overlays;
#[path = "screens/probe.rs"]
mod probe;
#[path = "screens/quiet.rs"]
mod quiet;
#[path = "screens/records.rs"]
mod records;
#[path = "screens/route.rs"]
mod route;
#[path = "screens/safety.rs"]
mod safety;
#[path = "support/screen.rs"]
mod screen;
#[path = "support/svg.rs"]
mod svg;
#[path = "screens/tail.rs"]
mod tail;
#[path = "screens/thread.rs"]
mod thread;

use std::path::Path;

use screen::Screen;
use svg::{DARK, LIGHT, Paper};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (20, 5)];

/// Compares what a screen shows with its file; all of them lie in one folder.
fn snapshot(name: &str, screen: &mut Screen) {
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(format!("screens__{name}"), screen.text());
    });
}

/// Compares a picture with its file, or writes it when snapshots are renewed.
fn picture(name: &str, screen: &mut Screen, paper: Paper) {
    let drawn = svg::svg(&screen.draw(), paper);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/snapshots/{name}.svg"));
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(drawn == kept, "{name}.svg differs from what is drawn now; renew with INSTA_UPDATE=always and look at it");
}

#[test]
fn the_landing_at_every_size() {
    for (width, height) in SIZES {
        let text = Screen::example(width, height).text();
        insta::assert_snapshot!(format!("landing_{width}x{height}"), text);
    }
}

#[test]
fn every_pane() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut screen = Screen::example(width, height);
        for key in "12345678".chars() {
            screen.press(&key.to_string());
            let name = format!("pane_{}_{width}x{height}", screen.pane());
            insta::assert_snapshot!(name, screen.text());
        }
    }
}

#[test]
fn what_lies_over_the_panes() {
    for (name, keys) in [
        ("detail", "n n enter"),
        ("help", "?"),
        ("palette", ": d l q"),
        ("filter", "/ m a i l"),
        ("themes", "T"),
        ("route", "6 w"),
        ("findings", "!"),
    ] {
        for (width, height) in [(80, 24), (120, 40)] {
            let mut screen = Screen::example(width, height);
            screen.press(keys);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.text());
        }
    }
}

#[test]
fn before_anybody_answers_and_when_nothing_is_deployed() {
    let mut screen = Screen::empty(80, 24);
    insta::assert_snapshot!("looking_80x24", screen.text());
    for row in edatop::pollers::POLLERS {
        let at = screen.now;
        screen.report(vec![example::round(row.name, at, Vec::new())]);
    }
    insta::assert_snapshot!("nothing_80x24", screen.text());
}

#[test]
fn an_outage() {
    let mut screen = Screen::example(120, 40);
    screen.pass(5);
    screen.report(example::nothing_answers(screen.now));
    screen.pass(3);
    insta::assert_snapshot!("outage_120x40", screen.text());
}

#[test]
fn in_colour() {
    let mut landing = Screen::empty(120, 40).crowded();
    landing.press("n");
    picture("landing", &mut landing, DARK);
    landing.press("enter");
    picture("detail", &mut landing, DARK);

    let mut light = screen::look();
    light.change("light");
    picture("desk-light", &mut desk::laid(Screen::with(light.clone(), 120, 40).fed(), desk::columns()), LIGHT);
    picture("desk", &mut desk::laid(Screen::example(120, 40), desk::columns()), DARK);
    picture("landing-light", &mut Screen::with(light, 120, 40).crowded(), LIGHT);

    let mut outage = Screen::empty(120, 40).crowded();
    outage.pass(5);
    outage.report(example::nothing_answers(outage.now));
    picture("outage", &mut outage, DARK);
}
