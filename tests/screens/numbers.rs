//! Which numbers the panes show, and which they say they do not know.

use edatop::{
    domain::{Fact, FailureKind, Kind, Link, LinkKind, Resource, reading},
    theme::{ColorDepth, Role, Theme},
};

use crate::{
    example::{self, measured, queue, topic},
    screen::Screen,
};

/// The words of the topic's row, from its name on.
fn topic_row(screen: &mut Screen) -> Vec<String> {
    let line = screen.line(" fork ");
    line.split_whitespace().skip(1).map(str::to_owned).collect()
}

#[test]
fn subscribers_are_the_confirmed_ones_and_unknown_until_they_are_counted() {
    // Too low for the flows, where the topic's name stands too.
    let mut screen = Screen::empty(120, 29);
    let (at, fork) = (screen.now, topic("fork"));
    screen.press("6");
    let pending = Link::configured(fork.clone(), LinkKind::Subscribes, "someone@example.com");
    let facts = vec![
        Fact::Found(Resource::new(fork.clone(), Kind::Topic, "fork")),
        Fact::Linked(pending.with("PendingConfirmation", Some(true))),
    ];
    screen.report(vec![example::round("sns", at, facts)]);
    assert_eq!(topic_row(&mut screen)[..3], ["fork", "-", "-"], "nobody has counted them");

    let filtering = Link::configured(fork.clone(), LinkKind::Subscribes, queue("a")).with("FilterPolicy", Some("{}"));
    let facts = vec![Fact::Linked(filtering), measured(fork.clone(), reading::SUBSCRIPTIONS, 1.0, at)];
    screen.report(vec![example::round("sns", at, facts)]);
    assert_eq!(topic_row(&mut screen)[..3], ["fork", "1", "1"], "the pending one does not count");

    screen.report(vec![example::round("sns", at, vec![measured(fork, reading::SUBSCRIPTIONS, 2.0, at)])]);
    assert_eq!(topic_row(&mut screen)[..3], ["fork", "2", "-"], "one that was not listed may filter too");
}

#[test]
fn the_calls_of_a_function_are_as_old_as_the_log_they_were_counted_in() {
    let mut screen = Screen::example(160, 40);
    let stale = Theme::default().at_depth(ColorDepth::True).style(Role::Stale).fg;
    screen.press("2");
    let ink = |screen: &mut Screen| {
        let at = screen.find(" 128 ").unwrap();
        let row = screen.find(" mailing-fn ").unwrap().y;
        let head = screen.find("CALLS/min").unwrap();
        let buf = screen.draw();
        (buf[(head.x + 8, row)].fg, buf[(at.x + 1, row)].fg)
    };
    let before = ink(&mut screen);
    assert_ne!(Some(before.0), stale);
    let denied = example::failed("logs", "logs:DescribeLogGroups", FailureKind::Denied, "permission denied");
    screen.report(vec![example::round("logs", screen.now, vec![denied])]);
    let after = ink(&mut screen);
    assert_eq!((Some(after.0), after.1), (stale, before.1), "what Lambda itself says is as new as before");
}
