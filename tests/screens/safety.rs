//! What must hold whatever comes from outside, and whatever the terminal can show.

use edatop::{
    domain::{Fact, FailureKind, Heard, Kind, Level, Link, LinkKind, Resource},
    theme::{ASCII, ColorDepth, Role, Theme},
};
use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};

use crate::{
    example::{self, a_queue, queue},
    screen::{Screen, look},
};

/// Sequences that would drive the terminal, turn text round or hide.
const HOSTILE: [&str; 7] = [
    "a\u{1b}[2Jb",
    "a\u{1b}]52;c;cm0gLXJm\u{7}b",
    "invoice\u{202e}gpj.exe",
    "zero\u{200b}width\u{feff}",
    "c1\u{9b}31m",
    "日本語のキュー",
    "new\nline\ttab\r",
];

fn hostile_screen(width: u16, height: u16) -> Screen {
    let mut screen = Screen::empty(width, height);
    let at = screen.now;
    let mut facts = Vec::new();
    for name in HOSTILE {
        let id = queue(name);
        facts.push(Fact::Found(Resource::new(id.clone(), Kind::Queue, name).with(name, Some(name))));
        facts.push(Fact::Linked(Link::configured(id.clone(), LinkKind::DeadLetters, queue("dead")).labelled(name)));
        facts.push(Fact::Heard(Heard { id, at, level: Level::Error, text: format!("said {name}") }));
        facts.push(example::failed("sqs", name, FailureKind::Other, name));
    }
    facts.push(a_queue("dead"));
    facts.push(example::measured(queue("dead"), edatop::domain::reading::VISIBLE, 2.0, at));
    screen.report(vec![example::round("sqs", at, facts)]);
    screen
}

#[test]
fn nothing_hostile_reaches_the_buffer() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut screen = hostile_screen(width, height);
        screen.text();
        for keys in ["g", "n", "enter", "enter", "pgdn", "esc esc", ":", "a", "esc", "/ a", "enter", "y"] {
            screen.press(keys);
            for cell in &screen.draw().content {
                let unsafe_one = cell.symbol().chars().find(|c| c.is_control() || edatop::widgets::text::is_unsafe(*c));
                assert_eq!(unsafe_one, None, "after {keys} at {width}×{height}: {:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn wide_names_keep_the_columns() {
    let mut screen = hostile_screen(120, 40);
    let column = |line: String| {
        let before = line.split("2 ✖").next().map(str::to_owned).unwrap_or_default();
        unicode_width::UnicodeWidthStr::width(before.as_str())
    };
    let (wide, plain) = (screen.line("日本語のキュー "), screen.line("invoice·gpj.exe "));
    assert_eq!(column(wide), column(plain));
    screen.press("/");
    screen.write("日本");
    assert!(screen.shows("日本語のキュー") && !screen.shows("invoice·gpj.exe  "), "{}", screen.text());
}

#[test]
fn without_colour_nothing_is_coloured_and_what_is_critical_stands_out() {
    let mut plain = look();
    plain.depth = ColorDepth::None;
    plain.change("dark");
    let mut screen = Screen::with(plain, 120, 40).fed();
    for keys in ["", "n", "enter", "esc", "?", "x", ":", "esc", "/ x", "esc", "T", "j", "esc", "y"] {
        screen.press(keys);
        for cell in &screen.draw().content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "after {keys}: {:?}", cell.symbol());
        }
    }
    let crit = screen.cell("✖").modifier;
    assert!(crit.contains(Modifier::BOLD | Modifier::REVERSED), "{crit:?}");
    assert!(screen.cell("▲").modifier.contains(Modifier::BOLD));
}

#[test]
fn ascii_is_ascii() {
    let mut plain = look();
    plain.ascii = true;
    plain.change("dark");
    assert_eq!(plain.theme.glyphs, &ASCII);
    for (width, height) in [(80, 24), (200, 60), (20, 5)] {
        let mut screen = Screen::with(plain.clone(), width, height).fed();
        let keys = [
            "", "2", "3", "4", "5", "6", "7", "n", "enter", "esc", "?", "x", ":", "esc", "/", "a", "esc", "T", "esc",
            "y", "space",
        ];
        for keys in keys {
            screen.press(keys);
            let text = screen.text();
            let line = text.lines().find(|line| !line.is_ascii());
            assert_eq!(line, None, "after {keys:?} at {width}×{height}");
        }
    }
}

/// The cell of a number in the row of a queue.
fn number(screen: &mut Screen, queue: &str, number: &str) -> Cell {
    let lines = screen.lines();
    let (y, line) = lines.iter().enumerate().rfind(|(_, line)| line.contains(queue)).unwrap();
    let before = line.split(number).next().unwrap();
    assert_ne!(before, line, "{number} is gone from the row of {queue}");
    screen.draw()[(unicode_width::UnicodeWidthStr::width(before) as u16, y as u16)].clone()
}

#[test]
fn in_an_outage_the_last_values_stay_and_are_greyed() {
    let mut screen = Screen::example(120, 40);
    let stale = Theme::default().style(Role::Stale).fg.unwrap();
    assert_ne!(number(&mut screen, "▲ chat ", "412").fg, stale);
    screen.pass(5);
    screen.report(example::nothing_answers(screen.now));
    screen.pass(2);
    let header = screen.lines()[0].clone();
    assert!(header.contains("no answer for 2 s, next try in 3 s"), "one poller failed earlier; still: {header}");
    assert_eq!(number(&mut screen, "▲ chat ", "412").fg, stale);
    assert!(screen.lines()[2].contains("no answer"), "the first line of all");
    screen.pass(3);
    screen.report(example::readings(example::PAST, screen.now));
    assert!(screen.lines()[0].contains("live"), "{}", screen.lines()[0]);
    assert_ne!(number(&mut screen, "▲ chat ", "412").fg, stale, "what is read again is not grey");
}

#[test]
fn every_size_is_drawn() {
    let mut screen = Screen::example(80, 24);
    screen.press("n enter");
    for width in [0, 1, 2, 19, 20, 79, 80, 81, 119, 333] {
        for height in [0, 1, 2, 5, 23, 24, 25, 90] {
            screen.area = ratatui::layout::Rect::new(0, 0, width, height);
            screen.draw();
        }
    }
}
