//! Flows of small architectures, and of odd ones.

use super::*;
use crate::domain::{Fact, Failure, FailureKind, Link, LinkKind, Report, Resource, Round, Subject, reading::VISIBLE};
use proptest::prelude::*;
use rstest::rstest;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

/// `q:orders` as an ARN of one account; what has no such letter is an id as it stands.
fn id(short: &str) -> ResourceId {
    let Some((kind, name)) = short.split_once(':') else { return short.into() };
    let (service, resource) = match kind {
        "q" => ("sqs", name.to_owned()),
        "t" => ("sns", name.to_owned()),
        "f" => ("lambda", format!("function:{name}")),
        "b" => ("events", format!("event-bus/{name}")),
        "r" => ("events", format!("rule/{name}")),
        "l" => ("logs", format!("log-group:{name}")),
        "d" => ("dynamodb", format!("table/{name}")),
        "stack" => ("cloudformation", format!("stack/{name}/1")),
        _ => return short.into(),
    };
    format!("arn:aws:{service}:eu-west-1:000000000001:{resource}").into()
}

fn poller_of(id: &ResourceId) -> &'static str {
    match id.arn().map(|arn| arn.service) {
        Some("sqs") => "sqs",
        Some("sns") => "sns",
        Some("lambda") => "lambda",
        Some("events") => "events",
        _ => "others",
    }
}

/// `a -> b` subscribes, `=> ` logs, `-x` dead letters, `+` contains.
fn link(text: &str) -> Link {
    let signs = [
        (" -> ", LinkKind::Subscribes),
        (" => ", LinkKind::Logs),
        (" -x ", LinkKind::DeadLetters),
        (" > ", LinkKind::Routes),
        (" + ", LinkKind::Contains),
    ];
    let (from, to, kind) =
        signs.iter().find_map(|(sign, kind)| text.split_once(sign).map(|(from, to)| (from, to, *kind))).unwrap();
    Link::configured(id(from), kind, id(to))
}

fn say(store: &mut Store, poller: &'static str, facts: Vec<Fact>) {
    store.apply(Report { poller, at: at(0), facts, round: Some(Round { next: None, done: Vec::new() }) });
}

/// A store in which all ends of these links are listed, but for those that `missing` names.
fn store_without(links: &[&str], missing: &[&str]) -> Store {
    let mut store = Store::default();
    for poller in ["sqs", "sns", "lambda", "events", "others"] {
        say(&mut store, poller, Vec::new());
    }
    for link in links.iter().map(|text| link(text)) {
        for end in [&link.from, &link.to] {
            if !missing.iter().any(|missing| id(missing) == *end) {
                let resource = Resource::new(end.clone(), store.kind_of(end), end.short_name());
                say(&mut store, poller_of(end), vec![Fact::Found(resource)]);
            }
        }
        say(&mut store, "others", vec![Fact::Linked(link)]);
    }
    store.assess(at(1));
    store
}

fn store(links: &[&str]) -> Store {
    store_without(links, &[])
}

/// `name: member member`, in the order of names.
fn lines(store: &Store) -> Vec<String> {
    let mut lines: Vec<String> = store
        .flows()
        .iter()
        .map(|flow| {
            let names: Vec<&str> = flow.members.iter().map(ResourceId::short_name).collect();
            format!("{}: {}", flow.name, names.join(" "))
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[rstest]
#[case::one(&["t:a -> q:b", "q:b -> f:c"], &["a: c a b"])]
#[case::two(&["t:a -> q:b", "t:c -> q:d"], &["a: a b", "c: c d"])]
// A group that two functions write to is in both flows and joins neither.
#[case::logs(&["t:a -> f:b", "f:b => l:g", "t:c -> f:d", "f:d => l:g"], &["a: b g a", "c: d g c"])]
#[case::log_group_alone(&["f:b => l:g"], &[])]
#[case::default_bus(&["b:default > r:a", "r:a -> q:b", "b:default > r:c", "r:c -> q:d", "f:p -> b:default"],
    &["a: default a b", "c: default c d", "p: default p"])]
#[case::own_bus(&["b:own > r:a", "r:a -> q:b", "b:own > r:c", "r:c -> q:d"], &["own: own a c b d"])]
#[case::bus_of_two_stacks(&["b:hub > r:a", "r:a -> q:b", "b:hub > r:c", "r:c -> q:d", "stack:s + r:a", "stack:u + r:c"],
    &["a: hub a b", "c: hub c d"])]
#[case::address(&["t:a -> x@example.com", "t:b -> x@example.com"], &["a: a x@example.com", "b: b x@example.com"])]
#[case::abroad(&["t:a -> arn:aws:sqs:eu-west-1:2:q", "t:b -> arn:aws:sqs:eu-west-1:2:q"], &["a: a q", "b: b q"])]
#[case::circle(&["q:a -> q:b", "q:b -> q:c", "q:c -> q:a"], &["a: a b c"])]
#[case::itself(&["q:a -x q:a"], &["a: a"])]
#[case::stack(&["t:a -> q:b", "q:b -> f:c", "stack:shop + t:a", "stack:shop + q:b"], &["shop: c a b"])]
#[case::less_than_half(&["t:a -> q:b", "stack:shop + t:a"], &["a: a b"])]
#[case::stack_of_two_flows(&["t:a -> q:b", "t:c -> q:d", "stack:s + t:a", "stack:s + t:c", "stack:s + q:b", "stack:s + q:d"],
    &["s · a: a b", "s · c: c d"])]
fn flows(#[case] links: &[&str], #[case] found: &[&str]) {
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(lines(&store_without(links, &["x@example.com", "arn:aws:sqs:eu-west-1:2:q"])), found);
}

#[test]
fn what_nobody_lists_is_a_member_and_is_said_to_be_missing() {
    let store = store_without(
        &["t:a -> q:gone", "t:a -> arn:aws-cn:sqs:cn-north-1:9:q"],
        &["q:gone", "arn:aws-cn:sqs:cn-north-1:9:q"],
    );
    assert_eq!(store.flows()[0].members.len(), 3);
    assert_eq!(store.end(&id("t:a")), End::Here);
    assert_eq!(store.end(&id("q:gone")), End::Missing);
    assert_eq!(store.end(&"arn:aws-cn:sqs:cn-north-1:9:q".into()), End::Outside);
    assert_eq!(store.end(&"on-call@example.com".into()), End::Outside);
    assert_eq!(store.end(&"arn:aws:ecs:eu-west-1:000000000001:task/t".into()), End::Outside);
}

fn denied(operation: &str, subject: Option<ResourceId>) -> Fact {
    Fact::Failed(Failure {
        poller: "sqs",
        operation: operation.to_owned(),
        error: "not allowed".to_owned(),
        kind: FailureKind::Denied,
        subject,
    })
}

#[rstest]
#[case::listing("sqs:ListQueues", None, End::Unknown, &["queues and their dead letters are not known: sqs:ListQueues: not allowed"])]
#[case::mappings("lambda:ListEventSourceMappings", None, End::Missing, &["mappings are not known: lambda:ListEventSourceMappings: not allowed"])]
#[case::one("sqs:GetQueueAttributes", Some("q:b"), End::Missing, &["sqs:GetQueueAttributes of b: not allowed"])]
#[case::of_another("sqs:GetQueueAttributes", Some("q:z"), End::Missing, &[])]
#[case::of_none("s3:ListBuckets", None, End::Missing, &[])]
fn what_is_denied_is_unknown_and_not_absent(
    #[case] operation: &str,
    #[case] subject: Option<&str>,
    #[case] end: End,
    #[case] unknown: &[&str],
) {
    let mut store = store_without(&["t:a -> q:b", "t:a -> q:gone"], &["q:gone"]);
    say(&mut store, "sqs", vec![denied(operation, subject.map(id))]);
    store.assess(at(2));
    assert_eq!(store.end(&id("q:gone")), end);
    assert_eq!(store.flows()[0].unknown, unknown);
    if !unknown.is_empty() {
        assert!(store.flows()[0].health >= Health::Unknown);
    }
}

#[rstest]
#[case::queue("t:a -> q:gone", "q:gone", Health::Warn)]
#[case::log_group("t:a => l:gone", "l:gone", Health::Ok)]
#[case::bucket("t:a -> arn:aws:s3:::gone", "arn:aws:s3:::gone", Health::Ok)]
#[case::elsewhere("t:a -> arn:aws:sqs:eu-west-1:2:q", "arn:aws:sqs:eu-west-1:2:q", Health::Ok)]
fn a_flow_that_leads_to_what_is_not_there_is_not_well(#[case] link: &str, #[case] gone: &str, #[case] health: Health) {
    let store = store_without(&["t:a -> q:b", link], &[gone]);
    assert_eq!(store.flows()[0].health, health);
}

/// Queues are found one by one, after their listing.
#[test]
fn what_a_broken_off_round_left_out_is_not_missing() {
    let mut store = store_without(&["t:a -> q:b", "t:a -> q:gone"], &["q:gone"]);
    let throttled = Failure {
        poller: "sqs",
        operation: "sqs:GetQueueAttributes".to_owned(),
        error: "slower".to_owned(),
        kind: FailureKind::Throttled,
        subject: Some(id("q:b")),
    };
    say(&mut store, "sqs", vec![Fact::Failed(throttled.clone())]);
    assert_eq!(store.end(&id("q:gone")), End::Unknown);
    let mut store = store_without(&["t:a -> q:b", "t:a -> q:gone"], &["q:gone"]);
    let (operation, kind) = ("sqs:ListQueues".to_owned(), FailureKind::Other);
    let cut = Failure { subject: Some(operation.as_str().into()), operation, kind, ..throttled };
    say(&mut store, "sqs", vec![Fact::Failed(cut)]);
    assert_eq!(store.end(&id("q:gone")), End::Unknown);
}

#[test]
fn a_kind_that_nobody_has_listed_yet_is_unknown() {
    let mut store = Store::default();
    say(
        &mut store,
        "sns",
        vec![Fact::Found(Resource::new(id("t:a"), Kind::Topic, "a")), Fact::Linked(link("t:a -> q:b"))],
    );
    store.assess(at(1));
    assert_eq!(store.end(&id("q:b")), End::Unknown);
    say(&mut store, "sqs", Vec::new());
    assert_eq!(store.end(&id("q:b")), End::Missing);
}

#[test]
fn the_worst_flow_is_the_first() {
    let mut store = store(&["t:a -> q:b", "t:c -> q:d", "q:d -x q:dead"]);
    assert_eq!(store.flows()[0].name, "a");
    let reading = crate::domain::Reading { value: 3.0, source: "test", at: at(2) };
    say(&mut store, "sqs", vec![Fact::Measured { id: id("q:dead"), metric: VISIBLE, reading }]);
    store.assess(at(2));
    let first = &store.flows()[0];
    assert_eq!((first.name.as_str(), first.health, first.since), ("c", Health::Crit, Some(at(2))));
    assert_eq!(store.flow_of(&id("q:d")).unwrap().name, "c");
    assert_eq!(store.flow_of(&id("q:b")).unwrap().name, "a");
    assert!(store.flow_of(&id("q:nobody")).is_none());
}

#[test]
fn readings_and_attributes_leave_the_shape_as_it_is() {
    let mut store = store(&["t:a -> q:b"]);
    let shape = store.shape_revision();
    let reading = crate::domain::Reading { value: 3.0, source: "test", at: at(2) };
    let queue = Resource::new(id("q:b"), Kind::Queue, "b").with("VisibilityTimeout", Some(30));
    let busy = link("t:a -> q:b").with("LastProcessingResult", Some("OK"));
    say(
        &mut store,
        "sqs",
        vec![Fact::Measured { id: id("q:b"), metric: VISIBLE, reading }, Fact::Found(queue), Fact::Linked(busy)],
    );
    store.assess(at(2));
    assert_eq!(store.shape_revision(), shape);
    say(&mut store, "sqs", vec![Fact::Linked(link("t:a -> q:b").labelled("signup"))]);
    assert!(store.shape_revision() > shape);
    let shape = store.shape_revision();
    say(&mut store, "sqs", vec![Fact::Gone(Subject::Resource(id("q:b")))]);
    assert!(store.shape_revision() > shape);
}

#[test]
fn what_sends_nothing_and_gets_nothing_is_counted() {
    let mut store = store(&["t:a -> q:b", "f:lonely => l:g"]);
    say(&mut store, "sqs", vec![Fact::Found(Resource::new(id("q:c"), Kind::Queue, "c"))]);
    store.assess(at(2));
    assert_eq!(store.alone(), 3, "the queue, the function and its log group");
}

#[test]
fn the_way_leaves_out_dead_letters_and_log_groups() {
    let store = store(&[
        "f:in -> t:a",
        "t:a -> q:b",
        "t:a -> q:c",
        "q:b -> f:d",
        "q:c -> f:e",
        "q:b -x q:dlq",
        "f:d -> d:table",
        "f:d => l:d",
    ]);
    let stages: Vec<Vec<(Kind, usize)>> = store.flows()[0]
        .stages
        .iter()
        .map(|stage| stage.kinds.iter().map(|(kind, members)| (*kind, members.len())).collect())
        .collect();
    assert_eq!(
        stages,
        [
            vec![(Kind::Function, 1)],
            vec![(Kind::Topic, 1)],
            vec![(Kind::Queue, 2)],
            vec![(Kind::Function, 2)],
            vec![(Kind::Table, 1)]
        ]
    );
}

/// 200 flows of 25 resources each.
fn many() -> Store {
    let mut store = Store::default();
    for flow in 0..200 {
        let mut facts = Vec::new();
        for n in 0..25 {
            let queue = id(&format!("q:f{flow}-{n}"));
            facts.push(Fact::Found(Resource::new(queue.clone(), Kind::Queue, queue.short_name())));
            if n > 0 {
                facts.push(Fact::Linked(link(&format!("q:f{flow}-{} -> q:f{flow}-{n}", n / 2))));
            }
        }
        say(&mut store, "sqs", facts);
    }
    store
}

#[test]
fn thousands_of_resources_are_found_once() {
    let mut store = many();
    store.assess(at(1));
    assert_eq!((store.flows().len(), store.len()), (200, 5_000));
    assert!(store.flows().iter().all(|flow| flow.members.len() == 25));
}

#[test]
fn a_chain_of_thousands_does_not_overflow() {
    let mut store = Store::default();
    let links = (1..5_000).map(|n| Fact::Linked(link(&format!("q:{} -> q:{n}", n - 1)))).collect();
    say(&mut store, "sqs", links);
    store.assess(at(1));
    assert_eq!((store.flows().len(), store.flows()[0].stages.len()), (1, 5_000));
}

proptest! {
    /// Whatever is linked with whatever: each end of a carrying link is in a flow, flows are disjoint but for what is shared, and each
    /// begins at one of its members.
    #[test]
    fn every_link_is_in_a_flow(pairs in prop::collection::vec((0..12u8, 0..12u8, 0..5u8), 0..40)) {
        let names = ["q:a", "q:b", "t:c", "f:d", "b:default", "b:own", "r:e", "r:f", "l:g", "d:h", "x@example.com", "arn:aws:sqs:r:9:y"];
        let signs = ["->", "=>", "-x", ">", "+"];
        let texts: Vec<String> = pairs
            .iter()
            .map(|(from, to, sign)| format!("{} {} {}", names[*from as usize], signs[*sign as usize], names[*to as usize]))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let store = store_without(&texts, &["x@example.com", "arn:aws:sqs:r:9:y"]);
        for link in store.topology().links().filter(|link| link.kind.carries()) {
            let with = store.flows_of(&link.from).any(|flow| flow.members.contains(&link.to));
            prop_assert!(with, "{link:?}");
        }
        for flow in store.flows() {
            prop_assert!(flow.members.contains(&flow.entry) && !flow.name.is_empty());
            prop_assert!(flow.members.windows(2).all(|pair| pair[0] < pair[1]));
            for member in &flow.members {
                prop_assert!(store.flows_of(member).any(|other| other.entry == flow.entry));
            }
        }
    }
}
