//! An idle screen costs nothing, a busy one never breaks.

use edatop::{
    app::Event,
    aws::{Flavour, Trouble},
    domain::{FailureKind, reading::VISIBLE},
    panes::header::Cost,
};

use crate::{
    example::{self, measured, queue, round},
    screen::{Screen, session},
};

/// One quiet queue, known to every poller's satisfaction.
fn calm() -> Screen {
    let mut screen = Screen::empty(120, 40);
    let at = screen.now;
    let mut facts = vec![example::a_queue("calm")];
    facts.push(measured(queue("calm"), VISIBLE, 0.0, at));
    for row in edatop::pollers::POLLERS {
        screen.report(vec![round(row.name, at, std::mem::take(&mut facts))]);
    }
    screen
}

/// What pollers say when nothing has changed.
fn unchanged(screen: &mut Screen) {
    let at = screen.now;
    screen.report(vec![round("sqs", at, vec![measured(queue("calm"), VISIBLE, 0.0, at)])]);
    for row in edatop::pollers::POLLERS.iter().skip(1) {
        screen.report(vec![round(row.name, at, Vec::new())]);
    }
}

#[test]
fn an_idle_screen_is_drawn_once_a_minute_for_its_clock_and_never_else() {
    let mut screen = calm();
    // Sparklines move for two minutes after the last change; then there is nothing left to move.
    screen.pass(180);
    unchanged(&mut screen);
    screen.tick();
    screen.draw();
    let mut frames = 0;
    let start = screen.now;
    for second in 1..=600 {
        screen.now = example::after(start, second);
        if second % 2 == 0 {
            unchanged(&mut screen);
        }
        screen.tick();
        if screen.app.is_dirty() {
            frames += 1;
            screen.draw();
            assert_eq!(screen.now.as_second() % 60, 0, "a frame with nothing to show at second {second}");
        }
    }
    assert_eq!(frames, 10);
}

#[test]
fn what_changes_asks_for_a_frame() {
    let mut screen = calm();
    screen.pass(200);
    unchanged(&mut screen);
    screen.draw();
    assert!(!screen.app.is_dirty());
    let at = screen.now;
    screen.report(vec![round("sqs", at, vec![measured(queue("calm"), VISIBLE, 1.0, at)])]);
    assert!(screen.app.is_dirty());
    screen.draw();
    screen.app.update(Event::Tick(Cost { throttles: 1, ..session().cost }), screen.now);
    assert!(screen.app.is_dirty(), "what looking costs is on screen");
    screen.draw();
    screen.app.update(Event::Resize, screen.now);
    assert!(screen.app.is_dirty());
}

#[test]
fn another_program_at_the_endpoint_is_drawn_at_once() {
    let mut screen = calm();
    screen.pass(200);
    unchanged(&mut screen);
    let recognised = |flavour| Event::Recognised { flavour, missing: 0 };
    screen.app.update(recognised(Flavour::MiniStack), screen.now);
    assert!(screen.app.is_dirty());
    assert!(screen.shows("MiniStack localhost:4566"));
    screen.app.update(recognised(Flavour::MiniStack), screen.now);
    assert!(!screen.app.is_dirty(), "the same again");
}

#[test]
fn who_may_not_ask_who_he_is_hears_it_once() {
    let mut screen = calm();
    let mut denied = |text: &str| {
        screen.pass(15);
        screen.tick();
        let trouble = Trouble { kind: FailureKind::Denied, text: text.to_owned() };
        screen.app.update(Event::Identified(Err(trouble)), screen.now);
        screen.shows("who we are is unknown")
    };
    assert!(denied("permission denied"));
    assert!(!denied("permission denied"), "it is asked every fifteen seconds");
    assert!(denied("asked too often"), "something new");
}

#[test]
fn an_alarm_ages_so_it_is_drawn_each_second() {
    let mut screen = Screen::example(120, 40);
    screen.draw();
    screen.pass(1);
    screen.tick();
    assert!(screen.app.is_dirty());
}

#[test]
fn two_thousand_queues_break_nothing() {
    let mut screen = Screen::empty(200, 60);
    screen.report(example::many(screen.now, 2_000));
    assert!(screen.lines()[0].contains("2000 resources"));
    assert!(screen.app.scope().in_view.len() < 60, "only what is on screen is read fast");
    for keys in ["G", "k", "pgup", "g", "pgdn", "s", "s", "S", "G", "enter", "esc", "n"] {
        screen.press(keys);
        screen.draw();
    }
    screen.press(":");
    screen.write("orders-1234");
    screen.press("enter");
    assert_eq!(screen.selected(), "orders-1234");
    assert!(screen.shows("orders-1234"));
}

#[test]
fn a_resource_that_goes_is_said_to_be_gone_and_then_forgotten() {
    let mut screen = calm();
    screen.pass(10);
    let gone = edatop::domain::Fact::Gone(edatop::domain::Subject::Resource(queue("calm")));
    screen.report(vec![round("sqs", screen.now, vec![gone])]);
    assert!(screen.shows("gone since"));
    screen.pass(601);
    screen.tick();
    assert!(screen.shows("nothing is deployed here"), "{}", screen.text());
}
