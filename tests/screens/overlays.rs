//! Detail, palette, help and themes.

use crossterm::event::{MouseButton, MouseEventKind};
use edatop::{
    app::Event,
    commands::{COMMANDS, Place},
    domain::{Fact, Kind, Link, LinkKind, Resource},
    overlays::usage::{OperationUsed, Used},
};
use ratatui::layout::Position;

use crate::{
    example::{self, queue, topic},
    screen::Screen,
};

/// The name in the title of the open detail.
fn title(screen: &mut Screen) -> String {
    let top = screen.lines().into_iter().find(|line| line.contains('╭')).unwrap_or_default();
    top.split(['╭', '╮']).nth(1).unwrap_or_default().trim_matches(['─', ' ']).to_owned()
}

#[test]
fn the_detail_goes_from_neighbour_to_neighbour_and_back_step_by_step() {
    let mut screen = Screen::example(120, 40);
    screen.press("n enter");
    assert_eq!(title(&mut screen), "▤ analytics-dlq");
    assert!(screen.shows("3 dead letters from analytics"), "the reason");
    screen.press("enter");
    assert_eq!(title(&mut screen), "▤ analytics", "its only neighbour is the queue that it serves");
    assert_eq!(screen.selected(), "analytics", "pollers read what is looked at");
    let neighbours: Vec<String> = screen.lines().into_iter().filter(|line| line.contains(['◂', '▸'])).collect();
    let function = neighbours.iter().position(|line| line.contains("analytics-fn")).unwrap();
    for _ in 0..function {
        screen.press("j");
    }
    screen.press("enter");
    assert_eq!(title(&mut screen), "ƒ analytics-fn");
    assert!(screen.shows("[ERROR] ValueError: cannot price cart 4"), "what its log said");
    for back in ["▤ analytics", "▤ analytics-dlq", ""] {
        screen.press("esc");
        assert_eq!(title(&mut screen), back);
    }
    assert_eq!(screen.selected(), "analytics-dlq");
}

#[test]
fn the_detail_says_long_values_to_their_end() {
    let mut screen = Screen::empty(80, 24);
    let (at, long) = (screen.now, "word ".repeat(60) + "end-of-it");
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Sid":"the-last-of-all"}]}"#;
    let resource =
        Resource::new(queue("calm"), Kind::Queue, "calm").with("A", Some(&long)).with("Policy", Some(policy));
    screen.report(vec![example::round("sqs", at, vec![Fact::Found(resource)])]);
    screen.draw();
    screen.press("enter");
    let mut seen = screen.text();
    for _ in 0..5 {
        screen.press("pgdn");
        seen.push_str(&screen.text());
    }
    assert!(seen.contains("end-of-it"), "{seen}");
    assert!(seen.contains(r#""Effect": "Deny","#) && seen.contains(r#""Sid": "the-last-of-all""#), "{seen}");
}

#[test]
fn the_chosen_neighbour_is_always_in_the_window() {
    let mut screen = Screen::empty(80, 24);
    let at = screen.now;
    let mut facts = vec![Fact::Found(Resource::new(topic("wide"), Kind::Topic, "wide"))];
    let to = |number: usize| Link::configured(topic("wide"), LinkKind::Subscribes, queue(&format!("to-{number:02}")));
    facts.extend((0..40).map(|number| Fact::Linked(to(number))));
    screen.report(vec![example::round("sns", at, facts)]);
    screen.press("6");
    screen.draw();
    screen.press("enter");
    assert!(screen.line("╭").contains("wide"));
    for number in 1..40 {
        screen.press("j");
        assert!(screen.shows(&format!("to-{number:02}")), "{}", screen.text());
    }
    for number in (0..39).rev() {
        screen.press("k");
        assert!(screen.shows(&format!("to-{number:02}")), "{}", screen.text());
    }
}

#[test]
fn a_click_beside_the_detail_opens_nothing() {
    let mut screen = Screen::example(120, 40);
    screen.press("n enter");
    let row = screen.find("dead-letters").unwrap();
    screen.mouse(MouseEventKind::Down(MouseButton::Left), Position { x: 1, y: row.y });
    assert_eq!(title(&mut screen), "▤ analytics-dlq");
}

#[test]
fn the_palette_finds_commands_and_resources_by_letters() {
    let mut screen = Screen::example(120, 40);
    screen.press(":");
    screen.write("rulz");
    screen.press("esc :");
    screen.write("tpcs");
    screen.press("enter");
    assert_eq!(screen.pane(), "topics", "a command");
    screen.press(":");
    screen.write("mlngdlq");
    assert!(screen.line("mailing-dlq").contains("queue"));
    screen.press("enter");
    assert_eq!((screen.pane(), screen.selected()), ("queues", "mailing-dlq".to_owned()), "a resource");
    screen.press(":");
    screen.write("zzzzz");
    screen.press("enter");
    assert_eq!(screen.selected(), "mailing-dlq", "nothing found, nothing done");
}

#[test]
fn the_help_lists_every_command() {
    let mut screen = Screen::example(80, 24);
    screen.press("?");
    let mut seen = screen.text();
    for _ in 0..90 {
        screen.press("j");
        seen.push_str(&screen.text());
    }
    // What means something in one reader alone is in that reader's help.
    for row in COMMANDS.iter().filter(|row| !row.place.fills() || row.place == Place::Desk) {
        let line = seen.lines().find(|line| line.contains(&row.keys.join(" ")) && line.contains(row.does));
        assert!(line.is_some(), "{} is not in the help", row.name);
    }
    screen.press("x");
    assert!(!screen.shows("╭"), "any other key closes it");
}

#[test]
fn a_theme_is_tried_on_and_esc_takes_it_off() {
    let mut screen = Screen::example(120, 40);
    let style = |screen: &mut Screen| screen.cell("edatop").fg;
    let before = style(&mut screen);
    let mut tried = vec![before];
    screen.press("T");
    for _ in 0..3 {
        screen.press("j");
        tried.push(style(&mut screen));
    }
    screen.press("k k k k");
    assert!(tried.iter().any(|ink| *ink != before), "the screen follows the cursor: {tried:?}");
    screen.press("esc");
    assert_eq!(style(&mut screen), before);

    screen.press(":");
    screen.write("theme");
    screen.press("enter");
    let at = screen.lines().iter().filter(|line| line.contains("light")).count();
    assert_eq!(at, 1, "the palette opens it too");
    for _ in 0..6 {
        screen.press("j");
    }
    let last = style(&mut screen);
    screen.press("enter");
    assert_eq!(style(&mut screen), last, "enter keeps it");
    assert!(!screen.shows("╭"));
}

#[test]
fn the_calls_are_shown_by_operation_and_follow_the_meter() {
    let mut screen = Screen::example(120, 40);
    let one = |calls| OperationUsed {
        name: "SQS:GetQueueAttributes".into(),
        calls,
        errors: 2,
        throttles: 1,
        mean_ms: 4.2,
        max_ms: 31.0,
    };
    let used = |calls| Used { operations: vec![one(calls)], missing: vec!["SNS:ListTopics".into()] };
    screen.app.update(Event::Used(used(7)), screen.now);
    screen.press("$");
    assert!(screen.line("SQS:GetQueueAttributes").contains('7'));
    assert!(screen.line("not offered here").contains("SNS:ListTopics"));
    screen.app.update(Event::Used(used(4321)), screen.now);
    assert!(screen.line("SQS:GetQueueAttributes").contains("4,321"));
    screen.press("esc");
    assert!(!screen.text().contains("not offered here: "));
}
