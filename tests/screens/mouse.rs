//! Clicks and the wheel.

use crossterm::event::MouseEventKind;
use ratatui::layout::Position;

use crate::{example, screen::Screen};

#[test]
fn a_click_on_a_tab_shows_its_pane() {
    let mut screen = Screen::example(120, 40);
    for (text, pane) in [("topics 6", "topics"), ("functions 2", "functions"), ("queues 1", "queues")] {
        screen.click(text);
        assert_eq!(screen.pane(), pane);
    }
}

#[test]
fn a_click_chooses_a_row_and_a_second_one_opens_it() {
    let mut screen = Screen::example(120, 40);
    screen.click("mailing-dlq");
    assert_eq!(screen.selected(), "mailing-dlq");
    assert!(!screen.shows("╭"));
    screen.click("mailing-dlq");
    assert!(screen.line("╭").contains("mailing-dlq"));
    screen.click("dead-letters");
    assert!(screen.line("╭").contains("▤ mailing ─"), "{}", screen.text());
}

#[test]
fn a_click_on_an_alarm_goes_to_it() {
    let mut screen = Screen::example(120, 40);
    screen.press("4");
    screen.click("its mapping from chat");
    assert_eq!((screen.pane(), screen.selected()), ("functions", "chat-fn".to_owned()));
    screen.press("n");
    assert_ne!(screen.selected(), "chat-fn", "n goes on from there");
}

#[test]
fn a_click_on_a_head_sorts_and_a_second_one_turns_it_round() {
    let mut screen = Screen::example(120, 40);
    screen.click("≈VISIBLE");
    assert!(screen.shows("≈VISIBLE↓"));
    screen.click("VISIBLE↓");
    assert!(screen.shows("≈VISIBLE↑"));
}

#[test]
fn the_wheel_scrolls_what_is_on_top() {
    let mut screen = Screen::empty(80, 24);
    screen.report(example::many(screen.now, 300));
    assert!(screen.shows("orders-0000"));
    let middle = Position { x: 40, y: 15 };
    for _ in 0..30 {
        screen.mouse(MouseEventKind::ScrollDown, middle);
    }
    assert!(!screen.shows("orders-0000") && screen.shows("orders-009"), "{}", screen.text());
    for _ in 0..40 {
        screen.mouse(MouseEventKind::ScrollUp, middle);
    }
    assert!(screen.shows("orders-0000"));
    screen.press("?");
    let top = screen.text();
    screen.mouse(MouseEventKind::ScrollDown, middle);
    assert_ne!(screen.text(), top, "the help scrolls");
    screen.press("x");
    assert!(screen.shows("orders-0000"), "and the list below it stayed");
}

#[test]
fn clicks_outside_of_everything_do_nothing() {
    let mut screen = Screen::example(120, 40);
    let before = screen.text();
    for at in [Position { x: 0, y: 0 }, Position { x: 119, y: 39 }, Position { x: 500, y: 500 }] {
        screen.mouse(MouseEventKind::Down(crossterm::event::MouseButton::Left), at);
    }
    assert_eq!(screen.text(), before);
}
