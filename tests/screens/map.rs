//! The map: one flow as boxes and lines, or as a tree where there are no columns for it.

use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
use edatop::{
    app::Event,
    domain::{Fact, Kind, Link, LinkKind, Report, Resource, reading},
    theme::ASCII,
};
use ratatui::layout::Position;

use crate::{
    example::{self, function, measured, queue, round, topic},
    picture,
    screen::{self, Screen},
    svg::DARK,
};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (160, 45), (200, 60)];

fn on_map(width: u16, height: u16) -> Screen {
    let mut screen = Screen::example(width, height);
    screen.press("m");
    screen.draw();
    screen
}

fn hold(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn the_map_at_every_size() {
    for (width, height) in SIZES {
        hold(&format!("map_{width}x{height}"), &on_map(width, height).text());
    }
    let mut look = screen::look();
    (look.ascii, look.theme) = (true, look.theme.with_glyphs(&ASCII));
    let mut ascii = Screen::with(look, 160, 45).fed();
    ascii.press("m");
    let text = ascii.text();
    assert!(text.is_ascii(), "{text}");
    hold("map_ascii_160x45", &text);
}

#[test]
fn in_colour() {
    picture("map", &mut on_map(160, 45), DARK);
    picture("map-wide", &mut on_map(200, 60), DARK);
}

#[test]
fn the_cursor_walks_along_links_and_the_view_follows() {
    let mut screen = on_map(120, 40);
    screen.press("g");
    let mut way = vec![screen.selected()];
    for _ in 0..3 {
        screen.press("right");
        way.push(screen.selected());
    }
    assert_eq!(way[..3], ["every-minute", "signup-producer", "fork"].map(String::from), "{way:?}");
    assert!(screen.shows(&way[3]), "{}", screen.text());
    screen.press("left");
    assert_eq!(screen.selected(), "fork");
    screen.press("right");
    assert_eq!(screen.selected(), way[3], "back the way it came");
    let before = screen.selected();
    screen.press("down");
    assert_ne!(screen.selected(), before);
    screen.press("enter");
    assert!(screen.shows("neighbours"));
}

#[test]
fn keys_lead_to_dead_letters_and_logs() {
    let mut screen = Screen::example(160, 45);
    screen.press("n n n n");
    assert_eq!(screen.selected(), "analytics-fn");
    screen.press("m");
    assert_eq!(screen.selected(), "analytics-fn", "the map opens on what was chosen");
    screen.press("left");
    assert_eq!(screen.selected(), "analytics");
    screen.press("d");
    assert_eq!(screen.selected(), "analytics-dlq");
    screen.press("d");
    assert!(screen.shows("desk ▤ analytics-dlq"), "{}", screen.text());
    screen.press("esc");
    screen.press("/");
    screen.write("analytics-fn");
    screen.press("enter l");
    assert!(screen.shows("logs ≡ analytics-fn"), "{}", screen.text());
}

#[test]
fn a_neighbourhood_is_shown_alone_until_esc() {
    let mut screen = on_map(160, 45);
    assert!(screen.shows("chat-dlq"));
    screen.press("1 n n n n m f");
    assert!(!screen.shows("│ ▤ chat"), "{}", screen.text());
    assert!(screen.shows("visits") && screen.shows("esc shows all"));
    screen.press("esc");
    assert!(screen.shows("chat-dlq") && screen.selected() == "analytics-fn");
}

#[test]
fn a_click_chooses_a_box_and_the_wheel_moves_the_view() {
    let mut screen = on_map(120, 40);
    screen.click("≈412");
    assert_eq!(screen.selected(), "chat");
    let before = screen.text();
    screen.mouse(MouseEventKind::ScrollRight, Position { x: 60, y: 20 });
    let right = screen.text();
    assert_ne!(right, before);
    let at = MouseEvent { kind: MouseEventKind::ScrollUp, column: 60, row: 20, modifiers: KeyModifiers::SHIFT };
    screen.app.update(Event::Mouse(at), screen.now);
    assert_eq!(screen.text(), before, "shift and wheel: sideways");
    assert_eq!(screen.selected(), "chat", "the wheel moves no cursor");
}

#[test]
fn a_filter_lets_names_stand_out() {
    let mut screen = on_map(200, 60);
    screen.press("/");
    screen.write("mailing-fn");
    screen.press("enter");
    assert_eq!(screen.selected(), "mailing-fn");
}

#[test]
fn marks_move_only_where_something_flows_and_only_if_wanted() {
    let mut screen = on_map(200, 60);
    assert!(screen.app.moves());
    let before = screen.text();
    screen.app.update(Event::Beat, screen.now);
    assert!(screen.app.is_dirty());
    assert_ne!(screen.text(), before);
    screen.press("space");
    assert!(!screen.app.moves(), "a held picture is still");
    screen.press("space 1");
    assert!(!screen.app.moves(), "a list has no marks");
    let mut still = on_map(200, 60);
    still.app = still.app.with_motion(false);
    still.app.update(Event::Beat, still.now);
    assert!(!still.app.is_dirty());

    let mut quiet = Screen::empty(160, 45);
    quiet.report(flow_of(3));
    quiet.press("m");
    quiet.draw();
    assert!(!quiet.app.moves(), "nothing flows");
}

/// A topic with so many queues, each with its function.
fn flow_of(queues: usize) -> Vec<Report> {
    let at = example::now();
    let mut facts = vec![Fact::Found(Resource::new(topic("hub"), Kind::Topic, "hub"))];
    for number in 0..queues {
        let name = format!("way-{number:04}");
        facts.push(example::a_queue(&name));
        facts.push(Fact::Found(Resource::new(function(&name), Kind::Function, name.as_str())));
        facts.push(Fact::Linked(Link::configured(topic("hub"), LinkKind::Subscribes, queue(&name))));
        facts.push(Fact::Linked(Link::configured(queue(&name), LinkKind::Invokes, function(&name))));
        facts.push(measured(queue(&name), reading::VISIBLE, 0.0, at));
    }
    vec![round("sqs", at, facts)]
}

#[test]
fn what_is_alike_shares_a_box_until_it_is_opened() {
    let mut screen = Screen::empty(160, 45);
    screen.report(flow_of(500));
    screen.press("m");
    let folded = screen.text();
    assert!(folded.contains("▤ ×500 queues") && folded.contains("ƒ ×500 functions"), "{folded}");
    screen.press("g right enter");
    assert!(!screen.shows("×500 queues") && screen.shows("▤ way-0"), "{}", screen.text());
    assert!(!screen.shows("neighbours"), "a box of many has no detail");
    screen.press("esc");
    assert!(screen.shows("▤ ×500 queues"));
}

#[test]
fn flows_are_leafed_through() {
    let mut screen = Screen::empty(160, 45);
    screen.report(flow_of(2));
    let at = screen.now;
    let other = vec![
        example::a_queue("other"),
        Fact::Found(Resource::new(function("other"), Kind::Function, "other")),
        Fact::Linked(Link::configured(queue("other"), LinkKind::Invokes, function("other"))),
    ];
    screen.report(vec![round("lambda", at, other)]);
    screen.press("m");
    let first = screen.line("of 2");
    screen.press("]");
    assert_ne!(screen.line("of 2"), first);
    screen.press("]");
    assert_eq!(screen.line("of 2"), first);
    screen.press("[");
    assert_ne!(screen.line("of 2"), first);
}

#[test]
fn with_nothing_to_draw_it_says_what_is_waited_for() {
    let mut screen = Screen::empty(120, 40);
    screen.press("m");
    assert!(screen.shows("nothing to draw yet"), "{}", screen.text());
    let at = screen.now;
    screen.report(vec![round("sqs", at, vec![example::a_queue("alone")])]);
    assert!(screen.shows("none of 1 resources sends to another"), "{}", screen.text());
}

#[test]
fn bad_names_and_ends_that_are_not_there_are_drawn_safely() {
    for (width, height) in SIZES {
        let mut screen = Screen::empty(width, height);
        let at = screen.now;
        let wide = "漢".repeat(256);
        let evil = "a\u{1b}[2Jb\u{202e}c";
        let facts = vec![
            Fact::Found(Resource::new(queue("wide"), Kind::Queue, wide)),
            Fact::Found(Resource::new(queue("evil"), Kind::Queue, evil)),
            Fact::Linked(Link::configured(queue("wide"), LinkKind::DeadLetters, queue("wide"))),
            Fact::Linked(Link::configured(queue("wide"), LinkKind::DeadLetters, queue("evil"))),
            Fact::Linked(Link::configured(queue("evil"), LinkKind::DeadLetters, queue("wide"))),
            Fact::Linked(Link::configured(queue("evil"), LinkKind::Invokes, function("ghost")).labelled(evil)),
            Fact::Linked(Link::configured("arn:aws-cn:sns:cn-north-1:999:far", LinkKind::Subscribes, queue("evil"))),
        ];
        screen.report(vec![round("sqs", at, facts)]);
        screen.press("m right left up down d f f L G g ] [ pgdn pgup");
        let text = screen.text();
        assert!(text.contains("漢漢漢") && text.contains("ghost"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    }
}
