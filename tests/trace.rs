//! What `edatop trace` and `edatop probe` say on emulators that already run, held against what plain clients read there.
//!
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566 cargo test --test trace -- --ignored --nocapture`
//! The demo is deployed there if it is not yet, and left.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{process::Command, time::Duration};

use edatop::demo::{Clients, architectures::ALL, deploy};
use serde_json::{Value, json};
use support::{
    driver::until,
    emulators,
    hermetic::{Home, program},
};

const PATIENCE: Duration = Duration::from_secs(120);

fn edatop(home: &Home, url: &str, arguments: &[&str]) -> (i32, Vec<Value>) {
    let mut command = Command::new(program());
    command.env_clear().envs(home.variables()).args(["--endpoint", url, "--region", "us-east-1"]).args(arguments);
    let output = command.output().unwrap();
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn step<'a>(trace: &'a Value, what: &str, name: &str) -> &'a Value {
    let steps = trace["steps"].as_array().unwrap();
    let is_it = |step: &&Value| step["what"] == what && step["name"] == name;
    steps.iter().find(is_it).unwrap_or_else(|| panic!("no {what} at {name} in {steps:#?}"))
}

fn milliseconds(step: &Value) -> i64 {
    step["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// An order without a quantity through architecture 3: what trace says of it, and what the emulator's own records say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs LocalStack, named in EDATOP_TEST_ENDPOINTS"]
async fn a_poisoned_order_is_traced_as_the_emulator_has_it() {
    let named = emulators::named();
    let (_, url) = named.iter().find(|(name, _)| name == "localstack").expect("a localstack is named");
    let clients = Clients::new(url).unwrap();
    deploy::deploy(&clients, &ALL).await.unwrap();
    let order = format!("order-{:08x}", fastrand::u32(..));
    let queue = clients.sqs.get_queue_url().queue_name("POC-Queue").send().await.unwrap().queue_url.unwrap();
    let body = json!({ "orderID": order, "customer": "customer-1", "quantity": null }).to_string();
    let sent = clients.sqs.send_message().queue_url(&queue).message_body(&body).send().await.unwrap();
    let id = sent.message_id.unwrap();
    let find = async || {
        let all = emulators::messages_of(url, &queue).await;
        all.into_iter().find(|message| message["MessageId"] == id.as_str()).unwrap()
    };
    let attribute = |message: &Value, name: &str| -> i64 {
        let all = message["Attribute"].as_array().unwrap();
        let one = all.iter().find(|attribute| attribute["Name"] == name).unwrap();
        one["Value"].as_str().unwrap().parse().unwrap()
    };
    until(PATIENCE, "it was received", async || attribute(&find().await, "ApproximateReceiveCount") > 0).await;
    let group = "/aws/lambda/POC-Lambda-1";
    let lines = async || {
        let answer = clients.logs.filter_log_events().log_group_name(group).send().await.unwrap();
        let named =
            answer.events.unwrap_or_default().into_iter().filter(|event| {
                event.message().is_some_and(|text| text.starts_with("[ERROR]") && text.contains(&order))
            });
        named.filter_map(|event| event.timestamp).collect::<Vec<i64>>()
    };
    until(PATIENCE, "its failure is in the log", async || !lines().await.is_empty()).await;

    let home = Home::new("trace");
    let before = find().await;
    let (code, documents) = edatop(&home, url, &["trace", &order, "--json"]);
    let after = find().await;
    let trace = &documents[0];
    assert_eq!(code, 0);
    assert_eq!(milliseconds(step(trace, "queued", "POC-Queue")), attribute(&before, "SentTimestamp"));
    let received = step(trace, "received", "POC-Queue");
    assert_eq!(milliseconds(received), attribute(&before, "ApproximateFirstReceiveTimestamp"));
    // Its consumer goes on receiving it meanwhile.
    let times = received["times"].as_i64().unwrap();
    let (least, most) = (attribute(&before, "ApproximateReceiveCount"), attribute(&after, "ApproximateReceiveCount"));
    assert!((least..=most).contains(&times), "{least} ≤ {times} ≤ {most}");
    let failed = step(trace, "failed", "POC-Lambda-1");
    assert_eq!(failed["sure"], "certain");
    assert!(failed["says"].as_str().unwrap().contains(&order));
    let told: Vec<i64> =
        trace["steps"].as_array().unwrap().iter().filter(|step| step["what"] == "failed").map(milliseconds).collect();
    let logged = lines().await;
    assert!(told.iter().all(|at| logged.contains(at)), "{told:?} of {logged:?}");
    assert_eq!(step(trace, "waiting", "POC-Queue")["sure"], "certain");
    eprintln!("{order}: received ×{times}, {} failures, all instants as in the emulator's records", told.len());
    clients.sqs.purge_queue().queue_url(&queue).send().await.unwrap();
}

/// A probe into each of the first four architectures: every hop timed, what does not get it named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn probes_go_through_the_architectures() {
    for (name, url) in emulators::that_deliver() {
        let clients = Clients::new(&url).unwrap();
        deploy::deploy(&clients, &ALL).await.unwrap();
        let home = Home::new(&format!("probe-{name}"));
        let job = r#"{"id":"{probe}","eventType":"JobCreated","salary":50000}"#;
        let order = r#"{"orderID":"{probe}","customer":"probe","quantity":1}"#;
        let cart = r#"{"id":"{probe}","user":"probe"}"#;
        let sale = r#"{"source":"store-orders.tills","detail-type":"sales-events","detail":{"store_id":"store-1","amount":5}}"#;
        let probes: [(&str, Vec<&str>, usize, usize); 4] = [
            ("JobEvents.fifo", vec!["--event", job, "--attribute", "eventType=JobCreated"], 4, 0),
            ("EventFork", vec!["--event", cart, "--attribute", "event=login"], 2, 2),
            ("POC-API", vec!["--event", order], 2, 0),
            ("store-orders", vec!["--event", sale], 2, 0),
        ];
        let nobody = r#"{"source":"store-orders.tills","detail-type":"inventory-events","detail":{}}"#;
        let (code, lines) = edatop(&home, &url, &["probe", "store-orders", "--json", "--event", nobody]);
        assert_eq!((code, &lines.last().unwrap()["outcome"]), (1, &json!("nobody gets it")), "{name}");
        for (target, more, arrive, rejected) in probes {
            let mut arguments = vec!["probe", target, "--json", "--timeout", "90s"];
            arguments.extend(more);
            let (code, lines) = edatop(&home, &url, &arguments);
            let end = lines.last().unwrap();
            assert_eq!(
                (code, &end["outcome"]),
                (0, &json!("arrived everywhere it should")),
                "{name} {target} {lines:#?}"
            );
            assert!(end["arrived"].as_u64().unwrap() >= arrive as u64, "{name} {target} {end}");
            let no = lines.iter().filter(|line| line["state"] == "rejected" && line["says"].is_string()).count();
            assert_eq!(no, rejected, "{name} {target}");
            for hop in lines.iter().filter(|line| line["state"] == "arrived") {
                eprintln!("{name} {target} → {} {} ms, {}", hop["name"], hop["took_ms"], hop["sure"]);
            }
        }
    }
}
