//! Where would this go: the prompt on a topic or a bus.

use edatop::{
    app::Event,
    domain::{Fact, Kind, Link, LinkKind, Resource},
};

use crate::{
    example::{self, bus, function, rule},
    screen::Screen,
};

const TITLE: &str = "where would this go?";

#[test]
fn it_begins_with_what_the_first_filter_lets_through_and_follows_each_letter() {
    let mut screen = Screen::example(120, 40);
    screen.press("6 w");
    assert!(screen.shows(TITLE) && screen.shows("attributes event="), "{}", screen.text());
    screen.press("tab ctrl-u");
    screen.write("event=logout");
    assert!(screen.shows("goes nowhere: none of 3 subscribers gets it"), "{}", screen.text());
    assert!(screen.shows("`event` is \"logout\", wanted"), "the key and the condition");
    for _ in 0..6 {
        screen.press("backspace");
    }
    screen.write("signup");
    assert!(screen.shows("3 of 3 subscribers get it"), "{}", screen.text());
    screen.write(" price:Number=x");
    assert!(screen.shows("is a Number and its value is none"), "{}", screen.text());
    screen.press("enter");
    assert!(screen.shows(TITLE), "nothing can be lit before it is a message");
    screen.press("esc");
    assert!(!screen.shows(TITLE));
}

#[test]
fn what_was_typed_comes_back() {
    let mut screen = Screen::example(120, 40);
    screen.press("6 w tab ctrl-u");
    screen.write("event=login");
    screen.press("enter");
    assert!(!screen.shows(TITLE), "enter lights the path");
    screen.press("6 w");
    assert!(screen.shows("attributes event=login"), "{}", screen.text());
}

#[test]
fn an_event_may_be_pasted_with_its_lines() {
    let mut screen = Screen::empty(120, 40);
    let at = screen.now;
    let pattern = r#"{"detail-type":["sales-events"]}"#;
    let facts = vec![
        Fact::Found(Resource::new(bus("stores"), Kind::Bus, "stores")),
        Fact::Found(Resource::new(rule("orders"), Kind::Rule, "orders").with("EventPattern", Some(pattern))),
        Fact::Linked(Link::configured(bus("stores"), LinkKind::Routes, rule("orders"))),
        Fact::Linked(Link::configured(rule("orders"), LinkKind::Targets, function("consumer"))),
    ];
    screen.report(vec![example::round("events", at, facts)]);
    screen.press("7");
    screen.draw();
    screen.press("w");
    assert!(screen.shows("sales-events") && screen.shows("1 of 1 rule match"), "{}", screen.text());
    screen.press("ctrl-u");
    assert!(screen.shows("not yet a message"), "{}", screen.text());
    let event = "{\r\n  \"Source\": \"shop\",\n  \"DetailType\": \"inventory-events\",\n  \"Detail\": \"{}\"\n}";
    screen.app.update(Event::Paste(event.to_owned()), screen.now);
    assert!(screen.line("\"Source\"").contains("shop"), "lines stay lines: {}", screen.text());
    assert!(screen.shows("`detail-type` is \"inventory-events\", wanted \"sales-events\""), "{}", screen.text());
}

#[test]
fn a_queue_is_no_place_to_start() {
    let mut screen = Screen::example(120, 40);
    screen.press("1 w");
    assert!(!screen.shows(TITLE) && screen.shows("choose a topic, a bus or a rule"), "{}", screen.text());
}
