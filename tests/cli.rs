//! The command line from outside: what it prints, where, and with which exit code.
//!
//! Exit codes: 0 it looked, 2 wrong usage, 3 it could not reach the endpoint or was not let in. Each mistake is one line on stderr.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "support/endpoint.rs"]
mod endpoint;
#[path = "support/hermetic.rs"]
mod hermetic;

use std::process::{Command, Stdio};

use hermetic::Home;
use rstest::rstest;
use serde_json::Value;

/// What came out.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    /// The one line on stderr, without the program's name.
    fn complaint(&self) -> &str {
        let lines: Vec<&str> = self.err.lines().collect();
        let [line] = lines[..] else { panic!("not one line: {:?}", self.err) };
        line.strip_prefix("edatop: ").unwrap_or_else(|| panic!("who says this? {line}"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

fn run(home: &Home, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_edatop"))
        .args(arguments)
        .env_clear()
        .envs(home.variables())
        .current_dir(&home.folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs beside an endpoint that lives in this process.
async fn run_at(name: &str, url: &str, more: &[&str]) -> Run {
    let (name, url) = (name.to_owned(), url.to_owned());
    let more: Vec<String> = more.iter().map(|argument| (*argument).to_owned()).collect();
    let running = move || {
        let home = Home::new(&name);
        let mut arguments = vec!["snapshot", "--endpoint", &url];
        arguments.extend(more.iter().map(String::as_str));
        run(&home, &arguments)
    };
    tokio::task::spawn_blocking(running).await.unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_keeps_its_contract() {
    let server = endpoint::with_queues().await;
    let run = run_at("contract", &server.uri(), &["--format", "json"]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let document = run.json();
    let mut top = keys(&document);
    top.sort_unstable();
    let contract = [
        "account",
        "api",
        "dialect",
        "endpoint",
        "failures",
        "findings",
        "links",
        "region",
        "resources",
        "schema",
        "taken_at",
    ];
    assert_eq!(top, contract);
    assert_eq!(document["schema"], 1);
    assert_eq!(document["endpoint"], server.uri());
    assert_eq!((&document["account"], &document["region"]), (&"000000000000".into(), &"us-east-1".into()));
    assert_eq!(document["dialect"], "unknown");
    assert!(document["taken_at"].as_str().unwrap().ends_with('Z'));
    assert!(document["api"]["calls"].as_u64().unwrap() >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_tells_resources_links_and_failures() {
    let server = endpoint::with_queues().await;
    let document = run_at("tells", &server.uri(), &["--format", "json"]).await.json();
    let resources = document["resources"].as_array().unwrap();
    let dlq = resources.iter().find(|resource| resource["name"] == "orders-dlq").unwrap();
    let mut fields = keys(dlq);
    fields.sort_unstable();
    assert_eq!(fields, ["attributes", "health", "id", "kind", "name", "readings", "reasons"]);
    assert_eq!((&dlq["kind"], &dlq["health"]), (&"sqs.queue".into(), &"crit".into()));
    assert_eq!(dlq["id"], "arn:aws:sqs:us-east-1:000000000000:orders-dlq");
    assert_eq!(dlq["reasons"][0], "3 dead letters from orders");
    let visible = &dlq["readings"]["visible"];
    assert_eq!((&visible["value"], &visible["unit"]), (&3.0.into(), &"count".into()));
    assert_eq!(visible["source"], "sqs:GetQueueAttributes");
    assert!(visible["age_s"].as_f64().unwrap() >= 0.0);
    let link = &document["links"][0];
    assert_eq!((&link["kind"], &link["known_by"]), (&"dead-letters".into(), &"configured".into()));
    let failures = document["failures"].as_array().unwrap();
    assert!(
        !failures.is_empty() && failures.iter().all(|failure| failure["kind"] == "not_implemented"),
        "{failures:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_for_eyes_begins_with_the_worst() {
    let server = endpoint::with_queues().await;
    let run = run_at("eyes", &server.uri(), &[]).await;
    assert_eq!(run.code, Some(0));
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].contains("000000000000 · us-east-1 · 2 resources"), "{}", lines[0]);
    assert!(lines[1].starts_with("CRIT  sqs.queue") && lines[1].contains("orders-dlq"), "{}", lines[1]);
    assert!(lines[2].contains("3 dead letters"), "{}", lines[2]);
    assert!(run.out.contains("not implemented by this endpoint"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_with_nothing_but_gaps_is_looked_at_all_the_same() {
    let server = endpoint::answering(501, "text/plain", "").await;
    let run = run_at("gaps", &server.uri(), &["--format", "json"]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let document = run.json();
    assert_eq!(document["resources"].as_array().map(Vec::len), Some(0));
    assert_eq!(document["account"], Value::Null, "nobody said who we are");
}

#[rstest]
#[case("page", 200, "text/html", "<!DOCTYPE html><html><body>It works!</body></html>", "web page")]
#[case("garbage", 200, "application/x-amz-json-1.0", "{\"oops", "is the endpoint right?")]
#[case(
    "denied",
    403,
    "application/x-amz-json-1.0",
    "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}",
    "permission denied"
)]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_said_in_one_line(
    #[case] name: &str,
    #[case] status: u16,
    #[case] kind: &'static str,
    #[case] body: &'static str,
    #[case] said: &str,
) {
    let server = endpoint::answering(status, kind, body).await;
    let run = run_at(name, &server.uri(), &[]).await;
    assert_eq!((run.code, run.out.as_str()), (Some(3), ""), "{}", run.err);
    assert!(run.complaint().contains(said) && run.complaint().contains(&server.uri()), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn https_to_a_plain_port_is_told_to_write_http() {
    let server = endpoint::with_queues().await;
    let run = run_at("tls", &server.uri().replace("http:", "https:"), &[]).await;
    assert_eq!(run.code, Some(3));
    assert!(run.complaint().contains("does this port speak https?"), "{}", run.err);
}

#[test]
fn nobody_answers() {
    let run = run(&Home::new("nobody"), &["snapshot", "--endpoint", "127.0.0.1:1"]);
    assert_eq!((run.code, run.out.as_str()), (Some(3), ""));
    assert_eq!(run.complaint(), "http://127.0.0.1:1: connection refused; is it running, and is the port right?");
}

#[rstest]
#[case("scheme", &["--endpoint", "ftp://localhost"], "'ftp://localhost' is not an endpoint: its scheme is neither http nor https")]
#[case("profile", &["--profile", "nobody"], "profile 'nobody' is not in the AWS config")]
#[case("region", &["--endpoint", "127.0.0.1:1", "--region", "mars"], "'mars' is not a Region")]
#[case("no-region", &[], "no Region")]
#[case("escape", &["--endpoint", "127.0.0.1:1", "--region", "a\u{1b}[2Jb"], "is not a Region")]
fn what_cannot_be_meant_is_refused(#[case] name: &str, #[case] arguments: &[&str], #[case] said: &str) {
    let home = Home::new(&format!("refused-{name}"));
    let arguments: Vec<&str> = std::iter::once("snapshot").chain(arguments.iter().copied()).collect();
    let run = run(&home, &arguments);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert!(run.complaint().contains(said), "{}", run.err);
    assert!(!run.err.contains('\u{1b}'));
}

/// Nothing of the demo may reach an endpoint that is only to be looked at: not even a connection.
#[rstest]
#[case("flag", &["--read-only"], &[])]
#[case("teardown", &["--read-only"], &["--teardown"])]
#[case("file", &[], &["--headless"])]
fn a_demo_on_an_emulator_is_refused_under_read_only(
    #[case] name: &str,
    #[case] before: &[&str],
    #[case] after: &[&str],
) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    let home = Home::new(&format!("read-only-demo-{name}"));
    if name == "file" {
        home.write("config/edatop/config.toml", "read-only = true\n");
    }
    let arguments: Vec<&str> = before.iter().chain(&["demo", "--endpoint", &endpoint]).chain(after).copied().collect();
    // What would be deployed on would never answer: the refusal has to come first.
    let run = run(&home, &arguments);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert!(run.complaint().contains("read-only forbids it"), "{}", run.err);
    assert_eq!(listener.accept().map(|_| ()).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[rstest]
#[case(&["--refresh", "0.01"])]
#[case(&["--refresh", "soon"])]
#[case(&["snapshot", "--format", "yaml"])]
#[case(&["--no-such-flag"])]
fn flags_that_are_wrong_are_refused(#[case] arguments: &[&str]) {
    let run = run(&Home::new(&format!("flags-{}", arguments.join("-"))), arguments);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.starts_with("error: "), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_configuration_is_named_with_its_line() {
    let server = endpoint::with_queues().await;
    let config = Home::new("mistake-config");
    let path = config.write("mine.toml", "theme = 'dark'\n\nregoin = 'eu-west-1'\n");
    let run = run_at("mistake", &server.uri(), &["--config", &path]).await;
    assert_eq!(run.code, Some(0), "the defaults do");
    let said = run.complaint();
    assert!(said.contains("mine.toml:3: ") && said.contains("regoin"), "{said}");
    let missing = run_at("missing", &server.uri(), &["--config", "/nowhere/at/all.toml"]).await;
    assert!(missing.complaint().contains("/nowhere/at/all.toml cannot be read"), "{}", missing.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_file_is_read() {
    let server = endpoint::with_queues().await;
    let config = Home::new("read-config");
    let path = config.write("mine.toml", "region = 'eu-central-1'\n");
    let run = run_at("read", &server.uri(), &["--config", &path, "--format", "json"]).await;
    assert_eq!(run.json()["region"], "eu-central-1");
}

#[test]
fn completions_and_the_manual_are_printed() {
    let home = Home::new("paper");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run(&home, &["completions", shell]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        assert!(run.out.contains("edatop") && run.out.contains("read-only"), "{shell}");
    }
    let manual = run(&home, &["man"]);
    assert_eq!(manual.code, Some(0));
    assert!(manual.out.contains(".TH edatop") && manual.out.contains("snapshot"));
    let version = run(&home, &["--version"]);
    assert_eq!(version.out, format!("edatop {}\n", env!("CARGO_PKG_VERSION")));
}

/// The binary waits ten seconds for an answer, as it must on a bad line; what it then says is tried here with shorter patience.
#[tokio::test]
async fn an_endpoint_that_never_answers_is_given_up() {
    use edatop::{
        aws::{ConnectOptions, Connection, connect::Timeouts},
        domain::FailureKind,
    };
    use std::time::Duration;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let short = Duration::from_millis(50);
    let timeouts = Timeouts { connect: short, attempt: short, operation: short * 2 };
    let options = ConnectOptions { endpoint: Some(endpoint), timeouts, ..ConnectOptions::default() };
    let trouble = Connection::open(&options).await.unwrap().identity().await.unwrap_err();
    assert_eq!(trouble.kind, FailureKind::Timeout);
    assert!(trouble.text.contains("no answer in time"), "{trouble}");
    silent.abort();
}
