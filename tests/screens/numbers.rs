//! Which numbers the panes show, and which they say they do not know.

use edatop::{
    domain::{Fact, FailureKind, Kind, Link, LinkKind, Resource, ResourceId, reading},
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

/// A stream, the application that reads it, and the delivery stream that it writes to.
fn revenue(screen: &mut Screen) {
    let id = |service: &str, rest: &str| ResourceId::from(format!("arn:aws:{service}:us-east-1:000000000000:{rest}"));
    let (sales, windows) = (id("kinesis", "stream/sales"), id("kinesisanalytics", "application/per-minute"));
    let (revenue, at) = (id("firehose", "deliverystream/revenue"), screen.now);
    let archive = example::bucket("mail-archive");
    let link = |from: &ResourceId, kind, to: &ResourceId| Link::configured(from.clone(), kind, to.clone());
    let kinesis = vec![
        Fact::Found(
            Resource::new(sales.clone(), Kind::Stream, "sales")
                .with("StreamStatus", Some("ACTIVE"))
                .with("RetentionPeriodHours", Some(168)),
        ),
        measured(sales.clone(), reading::RECORDS_IN, 17.0, at),
        measured(sales.clone(), reading::ITERATOR_AGE, 340.0, at),
    ];
    let analytics = vec![
        Fact::Found(
            Resource::new(windows.clone(), Kind::Application, "per-minute")
                .with("ApplicationStatus", Some("READY"))
                .with("WindowSeconds", Some(60)),
        ),
        Fact::Linked(link(&sales, LinkKind::Streams, &windows)),
        Fact::Linked(link(&windows, LinkKind::Delivers, &revenue)),
    ];
    let firehose = vec![
        Fact::Found(
            Resource::new(revenue.clone(), Kind::DeliveryStream, "revenue")
                .with("DeliveryStreamStatus", Some("ACTIVE"))
                .with("IntervalInSeconds", Some(300))
                .with("SizeInMBs", Some(1)),
        ),
        Fact::Linked(link(&revenue, LinkKind::Delivers, &example::bucket("a-copy"))),
        Fact::Linked(link(&revenue, LinkKind::Delivers, &archive).with("Destination", Some("S3"))),
    ];
    let s3 = vec![
        Fact::Found(Resource::new(archive.clone(), Kind::Bucket, "mail-archive")),
        measured(archive, reading::NEWEST, at.as_second() as f64 - 42.0, at),
    ];
    let rounds = [("kinesis", kinesis), ("kinesisanalytics", analytics), ("firehose", firehose), ("s3", s3)];
    screen.report(rounds.into_iter().map(|(poller, facts)| example::round(poller, at, facts)).collect());
}

#[test]
fn the_way_of_records_is_read_in_one_pane() {
    let mut screen = Screen::empty(120, 40);
    revenue(&mut screen);
    screen.press("8");
    // Above, it is an alarm: the row is the one with its status.
    let mut row = |name: &str| {
        let line = screen
            .lines()
            .into_iter()
            .find(|line| line.contains(name) && [" ACTIVE ", " READY "].iter().any(|state| line.contains(state)))
            .unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row(" sales "), "▲ ≋ sales ACTIVE 17 - 5 min keeps 7 d - per-minute");
    assert_eq!(row(" per-minute  "), "· ∑ per-minute READY - - - window 60 s - revenue");
    // The newest object is that of the destination, and the copy comes last.
    assert_eq!(row(" revenue  "), "· ⇉ revenue ACTIVE - - - 5 min, 1 MB 42 s mail-archive, a-copy");
}

#[test]
fn what_on_call_asks_of_a_stream_stays_when_it_gets_narrow() {
    let mut screen = Screen::empty(80, 24);
    revenue(&mut screen);
    screen.press("8");
    let head = screen.line("STATUS");
    for column in ["IN/s", "BEHIND", "NEWEST"] {
        assert!(head.contains(column), "{column} is not in {head}");
    }
    assert!(screen.shows("≋ 3"), "{}", screen.text());
}
