//! Each source with the architecture in which it is the best there is.

use super::*;
use crate::{
    domain::{
        Fact, Kind, LinkKind, Metric, PLACES, Reading, Report, Resource, ResourceId, Round,
        reading::{
            ARRIVALS, CALLS, DELETED, DESCRIBED_HOURS_AGO, FAULTS, IN_FLIGHT, INVOCATIONS, ITEMS, LINES, MATCHED,
            OLDEST_AGE, OUT_RATE, PUBLISHED, RECEIVED, RECORDS_IN, RECORDS_OUT, REQUESTS, SENT, VISIBLE,
        },
    },
    store::Store,
};
use rstest::rstest;

mod properties;

const NOW: i64 = 1_000_100;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(name: &str) -> ResourceId {
    let (service, resource) = match name.split('-').next().unwrap() {
        "q" | "dlq" => ("sqs", name.to_owned()),
        "t" => ("sns", name.to_owned()),
        "f" => ("lambda", format!("function:{name}")),
        "g" => ("logs", format!("log-group:{name}")),
        "r" => ("events", format!("rule/{name}")),
        "bus" => ("events", format!("event-bus/{name}")),
        "s" => ("kinesis", format!("stream/{name}")),
        "ds" => ("firehose", format!("deliverystream/{name}")),
        "p" => ("pipes", format!("pipe/{name}")),
        "sch" => ("scheduler", format!("schedule/default/{name}")),
        "api" => ("apigateway", format!("/apis/{name}")),
        "table" => ("dynamodb", format!("table/{name}")),
        "b" => return format!("arn:aws:s3:::{name}").into(),
        other => panic!("{other}"),
    };
    format!("arn:aws:{service}:r:1:{resource}").into()
}

fn link(from: &str, kind: LinkKind, to: &str) -> Link {
    Link::configured(id(from), kind, id(to))
}

fn mapping(from: &str, to: &str, batch: u32) -> Link {
    link(from, LinkKind::Invokes, to).with("BatchSize", Some(batch)).with("State", Some("Enabled"))
}

/// A store of these links and all their ends, listed just now.
fn store(links: &[Link]) -> Store {
    let mut store = Store::default();
    let mut facts = Vec::new();
    for link in links {
        for end in [&link.from, &link.to] {
            let kind = Kind::of_arn(&end.arn().unwrap());
            facts.push(Fact::Found(Resource::new(end.clone(), kind, end.short_name())));
        }
        facts.push(Fact::Linked(link.clone()));
    }
    tell(&mut store, facts);
    store
}

fn tell(store: &mut Store, facts: Vec<Fact>) {
    let round = Some(Round { next: Some(at(NOW + 2)), done: Vec::new() });
    store.apply(Report { poller: "p", at: at(NOW), facts, round });
}

fn read(store: &mut Store, name: &str, metric: Metric, value: f64, second: i64) {
    let reading = Reading { value, source: "read", at: at(second) };
    tell(store, vec![Fact::Measured { id: id(name), metric, reading }]);
}

fn metric(store: &mut Store, name: &str, metric: Metric, value: f64) {
    read(store, name, metric, value, NOW - 60);
}

/// A queue that held `before` ten seconds ago and holds `after` now.
fn depth(store: &mut Store, name: &str, before: f64, after: f64) {
    for (value, second) in [(before, NOW - 10), (after, NOW)] {
        read(store, name, VISIBLE, value, second);
        read(store, name, IN_FLIGHT, 0.0, second);
    }
}

fn rate(store: &Store, link: &Link) -> Option<(f64, Bound)> {
    store.rate(link, at(NOW)).map(|rate| ((rate.per_second * 1e6).round() / 1e6, rate.bound))
}

#[test]
fn what_is_not_known_is_not_said() {
    let publishes = link("t-a", LinkKind::Subscribes, "q-a");
    assert_eq!(rate(&store(std::slice::from_ref(&publishes)), &publishes), None);
    let contains = link("t-a", LinkKind::Contains, "q-a");
    let mut store = store(std::slice::from_ref(&contains));
    metric(&mut store, "q-a", SENT, 2.0);
    assert_eq!(rate(&store, &contains), None);
}

#[rstest]
#[case(link("t-a", LinkKind::Subscribes, "q-a"), "t-a", PUBLISHED, 3.0, (3.0, Bound::Exact))]
#[case(link("t-a", LinkKind::Subscribes, "q-a").with("FilterPolicy", Some("{}")), "q-a", SENT, 2.0, (2.0, Bound::Exact))]
#[case(link("bus-a", LinkKind::Routes, "r-a"), "r-a", MATCHED, 2.0, (2.0, Bound::Exact))]
#[case(link("r-a", LinkKind::Targets, "f-a"), "r-a", MATCHED, 2.0, (2.0, Bound::Exact))]
#[case(link("r-a", LinkKind::Targets, "f-a"), "f-a", CALLS, 0.5, (0.5, Bound::Exact))]
#[case(link("s-a", LinkKind::Streams, "s-b"), "s-a", RECORDS_IN, 9.0, (9.0, Bound::Exact))]
#[case(mapping("s-a", "f-a", 100), "s-a", RECORDS_IN, 9.0, (9.0, Bound::Exact))]
#[case(mapping("s-a", "f-a", 100), "f-a", CALLS, 9.0, (9.0, Bound::AtLeast))]
#[case(mapping("s-a", "f-a", 1), "f-a", CALLS, 9.0, (9.0, Bound::Exact))]
#[case(link("ds-a", LinkKind::Transforms, "f-a"), "f-a", CALLS, 9.0, (9.0, Bound::AtLeast))]
#[case(link("ds-a", LinkKind::Delivers, "b-a").with("Destination", Some("S3")), "ds-a", RECORDS_OUT, 9.0, (9.0, Bound::Exact))]
#[case(link("ds-a", LinkKind::Delivers, "b-a"), "b-a", ARRIVALS, 60.0, (1.0, Bound::AtLeast))]
#[case(link("p-a", LinkKind::Targets, "f-a"), "f-a", CALLS, 2.0, (2.0, Bound::AtLeast))]
#[case(link("q-a", LinkKind::Streams, "p-a"), "q-a", RECEIVED, 4.0, (4.0, Bound::Exact))]
#[case(mapping("table-a", "f-a", 100), "table-a", ARRIVALS, 60.0, (1.0, Bound::AtLeast))]
#[case(mapping("q-a", "f-a", 10), "q-a", RECEIVED, 4.0, (4.0, Bound::Exact))]
#[case(mapping("q-a", "f-a", 10), "f-a", CALLS, 4.0, (4.0, Bound::AtLeast))]
#[case(mapping("q-a", "f-a", 1), "f-a", CALLS, 4.0, (4.0, Bound::Exact))]
#[case(link("f-a", LinkKind::Writes, "b-a"), "b-a", ARRIVALS, 120.0, (2.0, Bound::Exact))]
#[case(link("f-a", LinkKind::Writes, "table-a"), "table-a", ARRIVALS, 120.0, (2.0, Bound::AtLeast))]
#[case(link("f-a", LinkKind::Publishes, "t-a"), "t-a", PUBLISHED, 7.0, (7.0, Bound::Exact))]
#[case(link("f-a", LinkKind::Logs, "g-a"), "g-a", LINES, 90.0, (1.5, Bound::Exact))]
fn one_reading_tells(
    #[case] link: Link,
    #[case] name: &str,
    #[case] read: Metric,
    #[case] value: f64,
    #[case] expected: (f64, Bound),
) {
    let mut store = store(std::slice::from_ref(&link));
    metric(&mut store, name, read, value);
    assert_eq!(rate(&store, &link), Some(expected));
    // Five minutes later it is no longer what flows now.
    assert_eq!(store.rate(&link, at(NOW + 600)), None);
}

#[test]
fn a_depth_tells_at_least_and_a_metric_better() {
    let link = link("t-a", LinkKind::Subscribes, "q-a").with("FilterPolicy", Some("{}"));
    let mut store = store(std::slice::from_ref(&link));
    depth(&mut store, "q-a", 0.0, 10.0);
    assert_eq!(rate(&store, &link), Some((1.0, Bound::AtLeast)));
    metric(&mut store, "q-a", SENT, 0.5);
    assert_eq!(rate(&store, &link), Some((0.5, Bound::Exact)));
}

#[test]
fn several_senders_share_what_is_not_told_apart() {
    let (plain, filtered) = (
        link("t-a", LinkKind::Subscribes, "q-a"),
        link("t-b", LinkKind::Subscribes, "q-a").with("FilterPolicy", Some("{}")),
    );
    let mut store = store(&[plain.clone(), filtered.clone()]);
    metric(&mut store, "q-a", SENT, 5.0);
    assert_eq!(rate(&store, &plain), Some((5.0, Bound::Shared)));
    assert_eq!(rate(&store, &filtered), Some((5.0, Bound::Shared)));
    // What the other sends is known: the rest is this one's.
    metric(&mut store, "t-a", PUBLISHED, 2.0);
    assert_eq!(rate(&store, &plain), Some((2.0, Bound::Exact)));
    assert_eq!(rate(&store, &filtered), Some((3.0, Bound::Exact)));
    assert_eq!(store.rate(&filtered, at(NOW)).unwrap().source, "derived: the rest of what arrives there");
    // Of another minute: no difference.
    read(&mut store, "t-a", PUBLISHED, 2.0, NOW);
    assert_eq!(rate(&store, &filtered), Some((5.0, Bound::Shared)));
}

#[test]
fn records_are_not_taken_from_a_sum_of_calls() {
    let (batches, called) = (mapping("s-a", "f-a", 100), link("f-b", LinkKind::Publishes, "f-a"));
    let mut store = store(&[batches, called.clone()]);
    metric(&mut store, "f-a", CALLS, 5.0);
    metric(&mut store, "s-a", RECORDS_IN, 4.0);
    assert_eq!(rate(&store, &called), Some((5.0, Bound::Shared)));
}

#[rstest]
// What came in is not what was written, and what passes a filter is not all.
#[case(link("ds-a", LinkKind::Delivers, "b-a").with("Destination", Some("S3")), "ds-a", RECORDS_IN)]
#[case(link("ds-a", LinkKind::Delivers, "b-a").with("Destination", Some("Splunk")), "ds-a", RECORDS_OUT)]
#[case(link("s-a", LinkKind::Streams, "p-a").with("FilterCriteria", Some("{}")), "s-a", RECORDS_IN)]
#[case(mapping("q-a", "f-a", 10).with("FilterCriteria", Some("{}")), "q-a", RECEIVED)]
#[case(mapping("q-a", "f-a", 10).with("FilterCriteria", Some("{}")), "q-a", OUT_RATE)]
fn a_reading_that_is_of_something_else_tells_nothing(#[case] link: Link, #[case] name: &str, #[case] read: Metric) {
    let mut store = store(std::slice::from_ref(&link));
    metric(&mut store, name, read, 9.0);
    assert_eq!(rate(&store, &link), None);
}

#[test]
fn a_pipe_beside_a_function_shares_what_leaves_the_queue() {
    let links = [mapping("q-a", "f-a", 10), link("q-a", LinkKind::Streams, "p-a")];
    let mut store = store(&links);
    metric(&mut store, "q-a", RECEIVED, 4.0);
    assert_eq!(links.each_ref().map(|link| rate(&store, link)), [Some((4.0, Bound::Shared)); 2]);
}

#[rstest]
#[case(Some(2), Bound::Exact)]
#[case(Some(3), Bound::Shared)]
#[case(None, Bound::Shared)]
fn an_api_tells_of_its_integration_where_all_routes_lead_there(#[case] routes: Option<u32>, #[case] bound: Bound) {
    let link = link("api-a", LinkKind::Integrates, "f-a").with(PLACES, Some(2));
    let mut store = store(std::slice::from_ref(&link));
    tell(&mut store, vec![Fact::Found(Resource::new(id("api-a"), Kind::Api, "api-a").with("Routes", routes))]);
    metric(&mut store, "api-a", REQUESTS, 3.0);
    assert_eq!(rate(&store, &link), Some((3.0, bound)));
}

#[rstest]
#[case(link("sch-a", LinkKind::Targets, "q-a"), "configured: the schedule is disabled")]
#[case(link("p-a", LinkKind::Targets, "q-a"), "configured: the pipe is stopped")]
#[case(link("q-a", LinkKind::Streams, "p-a"), "configured: the pipe is stopped")]
#[case(mapping("q-a", "f-a", 1), "configured: the mapping is disabled")]
fn what_is_off_says_what_is_off(#[case] link: Link, #[case] source: &str) {
    let link = link.with("State", Some("STOPPED"));
    let mut store = store(std::slice::from_ref(&link));
    tell(&mut store, Vec::new());
    let told = store.rate(&link, at(NOW)).map(|rate| (rate.per_second, rate.source));
    assert_eq!(told, Some((0.0, source)));
}

#[test]
fn calls_and_growth_tell_what_came_into_a_queue() {
    let subscribes = link("t-a", LinkKind::Subscribes, "q-a").with("FilterPolicy", Some("{}"));
    let links = |batch| [subscribes.clone(), mapping("q-a", "f-a", batch), link("f-a", LinkKind::Logs, "g-a")];
    for (batch, bound) in [(1, Bound::Exact), (10, Bound::AtLeast)] {
        let mut store = store(&links(batch));
        depth(&mut store, "q-a", 0.0, 10.0);
        read(&mut store, "g-a", INVOCATIONS, 120.0, NOW);
        metric(&mut store, "f-a", FAULTS, 0.0);
        assert_eq!(rate(&store, &subscribes), Some((3.0, bound)), "batch {batch}");
    }
}

#[test]
fn a_call_that_failed_took_nothing() {
    let dead = link("q-a", LinkKind::DeadLetters, "dlq-a");
    let subscribes = link("t-a", LinkKind::Subscribes, "q-a").with("FilterPolicy", Some("{}"));
    let mut store = store(&[subscribes.clone(), mapping("q-a", "f-a", 1), dead.clone()]);
    depth(&mut store, "q-a", 0.0, 0.0);
    depth(&mut store, "dlq-a", 0.0, 5.0);
    metric(&mut store, "f-a", CALLS, 3.5);
    metric(&mut store, "f-a", FAULTS, 1.5);
    // Two taken a second, and half a one dead after three tries.
    assert_eq!(rate(&store, &subscribes), Some((2.5, Bound::Exact)));
    assert_eq!(rate(&store, &dead), Some((0.5, Bound::Exact)));
    assert_eq!(rate(&store, &mapping("q-a", "f-a", 1)), Some((3.5, Bound::Exact)));
}

#[test]
fn a_minute_less_the_growth_of_now_tells_nothing() {
    let links = [link("t-a", LinkKind::Subscribes, "q-a"), mapping("q-a", "f-a", 10)];
    let mut store = store(&links);
    metric(&mut store, "t-a", PUBLISHED, 5.0);
    depth(&mut store, "q-a", 20.0, 0.0);
    assert_eq!(rate(&store, &links[1]), Some((2.0, Bound::AtLeast)), "what the depth fell by");
}

#[test]
fn a_disabled_mapping_carries_nothing() {
    let off = mapping("q-a", "f-a", 1).with("State", Some("Disabled"));
    let mut store = store(std::slice::from_ref(&off));
    metric(&mut store, "f-a", CALLS, 4.0);
    assert_eq!(rate(&store, &off), Some((0.0, Bound::Exact)));
    let pending = link("t-a", LinkKind::Subscribes, "q-b").with("PendingConfirmation", Some(true));
    tell(&mut store, vec![Fact::Linked(pending.clone())]);
    metric(&mut store, "t-a", PUBLISHED, 4.0);
    assert_eq!(rate(&store, &pending), None, "nobody has listed the topic");
}

#[test]
fn what_comes_back_is_what_was_not_deleted() {
    let link = mapping("q-a", "f-a", 10);
    let mut store = store(std::slice::from_ref(&link));
    metric(&mut store, "q-a", RECEIVED, 5.0);
    assert_eq!(store.retries(&link, at(NOW)), None);
    metric(&mut store, "q-a", DELETED, 4.0);
    assert_eq!(store.retries(&link, at(NOW)).map(|rate| rate.per_second), Some(1.0));
    // Of another minute: no difference.
    read(&mut store, "q-a", DELETED, 4.0, NOW);
    assert_eq!(store.retries(&link, at(NOW)), None);
}

#[test]
fn a_growing_count_is_a_lower_bound_and_an_old_one_is_none() {
    let link = link("f-a", LinkKind::Writes, "table-a");
    for (source, expected) in [("dynamodb:DescribeTable", Some((0.5, Bound::AtLeast))), (DESCRIBED_HOURS_AGO, None)] {
        let mut store = store(std::slice::from_ref(&link));
        for (second, items) in [(NOW - 60, 10.0), (NOW - 30, 20.0), (NOW, 40.0)] {
            let reading = Reading { value: items, source, at: at(second) };
            tell(&mut store, vec![Fact::Measured { id: id("table-a"), metric: ITEMS, reading }]);
        }
        assert_eq!(rate(&store, &link), expected, "{source}");
    }
}

#[test]
fn a_topic_sends_at_least_what_its_busiest_subscription_gets() {
    let publishes = link("f-a", LinkKind::Publishes, "t-a");
    let filtered = link("t-a", LinkKind::Subscribes, "q-a").with("FilterPolicy", Some("{}"));
    let mut store = store(&[publishes.clone(), filtered.clone()]);
    metric(&mut store, "q-a", SENT, 2.0);
    assert_eq!(rate(&store, &publishes), Some((2.0, Bound::AtLeast)));
    tell(&mut store, vec![Fact::Linked(link("t-a", LinkKind::Subscribes, "q-b"))]);
    tell(&mut store, vec![Fact::Found(Resource::new(id("q-b"), Kind::Queue, "q-b"))]);
    metric(&mut store, "q-b", SENT, 3.0);
    assert_eq!(rate(&store, &publishes), Some((3.0, Bound::Exact)));
}

#[test]
fn a_bus_takes_in_at_least_what_a_rule_matches() {
    let routes = link("bus-a", LinkKind::Routes, "r-a");
    let mut store = store(std::slice::from_ref(&routes));
    metric(&mut store, "r-a", MATCHED, 2.0);
    let inflow = store.inflow(&id("bus-a"), at(NOW)).map(|rate| (rate.per_second, rate.bound));
    assert_eq!(inflow, Some((2.0, Bound::AtLeast)));
}

#[test]
fn buses_that_send_in_circles_come_to_an_end() {
    let links: Vec<Link> = (0..6)
        .flat_map(|n| {
            let next = (n + 1) % 6;
            let (bus, rule, to) = (format!("bus-{n}"), format!("r-{n}"), format!("bus-{next}"));
            [link(&bus, LinkKind::Routes, &rule), link(&rule, LinkKind::Targets, &to)]
        })
        .collect();
    let store = store(&links);
    assert!(links.iter().all(|link| rate(&store, link).is_none()));
}

/// A queue with a retention that held nothing, then five, then `now`.
fn holding(state: &str, now: f64) -> Store {
    let mut store = store(&[mapping("q-a", "f-a", 1).with("State", Some(state))]);
    let queue = Resource::new(id("q-a"), Kind::Queue, "q-a").with("MessageRetentionPeriod", Some(3_600));
    tell(&mut store, vec![Fact::Found(queue)]);
    for (value, second) in [(0.0, NOW - 20), (5.0, NOW - 10), (now, NOW)] {
        read(&mut store, "q-a", VISIBLE, value, second);
        read(&mut store, "q-a", IN_FLIGHT, 0.0, second);
    }
    store
}

#[rstest]
#[case("Enabled", 8.0, Some(f64::INFINITY), None)]
// Nobody can take anything: what came ten seconds ago is there still.
#[case("Disabled", 8.0, Some(f64::INFINITY), Some(Loss::InAtMost(3_590.0)))]
#[case("Enabled", 4.0, Some(f64::INFINITY), None)]
#[case("Enabled", 0.0, Some(0.0), None)]
fn a_backlog_says_how_long_it_lasts(
    #[case] state: &str,
    #[case] held: f64,
    #[case] drains: Option<f64>,
    #[case] loss: Option<Loss>,
) {
    let backlog = holding(state, held).backlog(&id("q-a"), at(NOW)).unwrap();
    assert_eq!((backlog.waiting, backlog.drains_seconds, backlog.loss), (held, drains, loss));
}

#[test]
fn a_known_age_tells_the_loss() {
    let mut store = holding("Enabled", 8.0);
    read(&mut store, "q-a", OLDEST_AGE, 600.0, NOW);
    let backlog = store.backlog(&id("q-a"), at(NOW + 10)).unwrap();
    assert_eq!((backlog.oldest_seconds, backlog.loss), (Some(610.0), Some(Loss::In(2_990.0))));
}

#[rstest]
#[case("q-a", "read", Loss::In(3_000.0))]
#[case("q-a", "cloudwatch:ApproximateAgeOfOldestMessage", Loss::InAtMost(3_000.0))]
// It keeps what was received often, and its dead letters begin anew.
#[case("q-a.fifo", "cloudwatch:ApproximateAgeOfOldestMessage", Loss::In(3_000.0))]
fn cloudwatchs_age_says_when_at_the_latest(#[case] name: &str, #[case] source: &'static str, #[case] loss: Loss) {
    let mut store = store(&[link("q-z", LinkKind::DeadLetters, name)]);
    let queue = Resource::new(id(name), Kind::Queue, name).with("MessageRetentionPeriod", Some(3_600));
    tell(&mut store, vec![Fact::Found(queue)]);
    depth(&mut store, name, 5.0, 5.0);
    let reading = Reading { value: 600.0, source, at: at(NOW) };
    tell(&mut store, vec![Fact::Measured { id: id(name), metric: OLDEST_AGE, reading }]);
    assert_eq!(store.backlog(&id(name), at(NOW)).unwrap().loss, Some(loss));
}

#[test]
fn a_running_pipe_takes_from_a_queue_whose_mapping_is_off() {
    let mut store = holding("Disabled", 8.0);
    tell(&mut store, vec![Fact::Linked(link("q-a", LinkKind::Streams, "p-a"))]);
    assert_eq!(store.backlog(&id("q-a"), at(NOW)).unwrap().loss, None);
}
