//! What `edatop graph` prints of a small store, in each format.

use rstest::rstest;

use super::*;
use crate::domain::{Fact, Link, Report, Resource, reading};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:1:function:price";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:1:orders";
const DEAD: &str = "arn:aws:sqs:eu-west-1:1:orders-dlq";
const ALONE: &str = "arn:aws:sqs:eu-west-1:1:alone";

fn now() -> Timestamp {
    "2026-11-21T14:03:22Z".parse().unwrap()
}

fn store() -> Store {
    let mut store = Store::default();
    let found = |id: &str, kind| Fact::Found(Resource::new(id, kind, ResourceId::from(id).short_name()));
    let facts = vec![
        found(QUEUE, Kind::Queue),
        found(DEAD, Kind::Queue),
        found(ALONE, Kind::Queue),
        found(FUNCTION, Kind::Function),
        Fact::Linked(Link::configured(QUEUE, LinkKind::Invokes, FUNCTION)),
        Fact::Linked(Link::configured(QUEUE, LinkKind::DeadLetters, DEAD)),
        Fact::Measured {
            id: DEAD.into(),
            metric: reading::VISIBLE,
            reading: crate::domain::Reading { value: 3.0, source: "test", at: now() },
        },
    ];
    store.apply(Report { poller: "sqs", at: now(), facts, round: None });
    store.assess(now());
    store
}

fn printed(format: Format, ascii: bool) -> String {
    let store = store();
    let arguments = Arguments { name: None, format, logs: false };
    let flows = chosen(&store, None).unwrap();
    written(&store, &flows, &arguments, (ascii, now())).unwrap()
}

#[rstest]
#[case::flow("orders", Ok(1))]
#[case::arn(FUNCTION, Ok(1))]
#[case::member("orders-dlq", Ok(1))]
#[case::nobody("ghost", Err("no flow and no resource is called 'ghost'; there are: orders"))]
#[case::lonely("alone", Err("belongs to no flow"))]
fn a_flow_is_found_by_any_of_its_names(#[case] name: &str, #[case] found: Result<usize, &str>) {
    let store = store();
    match (chosen(&store, Some(name)), found) {
        (Ok(flows), Ok(count)) => assert_eq!(flows.len(), count),
        (Err(said), Err(words)) => assert!(said.contains(words), "{said}"),
        (other, _) => panic!("{name}: {other:?}"),
    }
}

#[test]
fn text_is_the_map_in_either_set_of_signs() {
    let text = printed(Format::Text, false);
    assert!(text.starts_with("✖ orders\n"), "{text}");
    assert!(text.contains("│ ▤ orders") && text.contains("3 dead") && text.contains("▸│ ƒ price"), "{text}");
    let ascii = printed(Format::Text, true);
    assert!(ascii.is_ascii(), "{ascii}");
}

#[test]
fn mermaid_and_dot_have_every_box_and_every_line() {
    let mermaid = printed(Format::Mermaid, false);
    assert!(mermaid.starts_with("flowchart LR\n  subgraph f0[\"orders\"]\n"), "{mermaid}");
    assert_eq!((mermaid.matches("-->").count(), mermaid.matches("-.->").count()), (1, 1), "{mermaid}");
    assert_eq!(mermaid.matches("    f0n").count(), 5, "{mermaid}");
    let dot = printed(Format::Dot, false);
    assert_eq!(dot.matches(" -> ").count(), 2, "{dot}");
    assert!(dot.contains("style=dotted") && dot.ends_with("}\n"), "{dot}");
}

#[test]
fn json_has_nodes_links_and_health() {
    let json: serde_json::Value = serde_json::from_str(&printed(Format::Json, false)).unwrap();
    let flow = &json["flows"][0];
    assert_eq!((flow["name"].as_str(), flow["health"].as_str()), (Some("orders"), Some("crit")));
    assert_eq!(flow["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(flow["links"][0]["known_by"], "configured");
}

#[test]
fn nothing_at_all_is_said() {
    let store = Store::default();
    let arguments = Arguments { name: None, format: Format::Text, logs: false };
    assert!(written(&store, &[], &arguments, (false, now())).unwrap().starts_with("nothing to draw"));
}
