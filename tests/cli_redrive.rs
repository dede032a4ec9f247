//! The redrive commands from outside, on the embedded endpoint: what they print, where, with which exit code, and what is in the
//! queues afterwards, counted by a client of its own.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "support/endpoint.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod endpoint;
#[path = "support/hermetic.rs"]
mod hermetic;

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

use aws_sdk_sqs::types::QueueAttributeName::{QueueArn, RedrivePolicy};
use edatop::demo::{Clients, Endpoint};
use hermetic::Home;
use serde_json::Value;

/// What came out.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        let line =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{}", self.err));
        self.out.lines().map(line).collect()
    }

    /// How many messages had which fate, and the last line.
    #[track_caller]
    fn fates(&self) -> (BTreeMap<String, usize>, Value) {
        let mut lines = self.lines();
        let summary = lines.pop().unwrap_or_else(|| panic!("nothing on stdout: {}", self.err));
        let mut fates = BTreeMap::new();
        for line in lines {
            *fates.entry(line["Fate"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        (fates, summary["Summary"].clone())
    }

    #[track_caller]
    fn is(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(&self, words: &str) -> &Self {
        assert!(self.err.contains(words), "not '{words}' in: {}", self.err);
        self
    }
}

fn run(home: &Home, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_edatop"))
        .args(arguments)
        .env_clear()
        .envs(home.variables())
        .env("XDG_STATE_HOME", home.folder.join("state"))
        .current_dir(&home.folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A source queue and its dead-letter queue on an endpoint of their own, and a home for the program beside them.
struct Place {
    home: Home,
    endpoint: Endpoint,
    clients: Clients,
    dlq: String,
    source: String,
}

impl Place {
    /// `name` must be the test's own.
    async fn with(name: &str, bodies: &[&str]) -> Self {
        let endpoint = Endpoint::start().await.unwrap();
        let clients = Clients::new(&endpoint.url()).unwrap();
        let create = async |queue: &str| clients.sqs.create_queue().queue_name(queue);
        let dlq = create("orders-dlq").await.send().await.unwrap().queue_url.unwrap();
        let asked = clients.sqs.get_queue_attributes().queue_url(&dlq).attribute_names(QueueArn).send().await.unwrap();
        let arn = asked.attributes.unwrap().remove(&QueueArn).unwrap();
        let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}"#);
        let source = create("orders").await.attributes(RedrivePolicy, policy).send().await.unwrap();
        let place = Self { home: Home::new(name), source: source.queue_url.unwrap(), endpoint, clients, dlq };
        for body in bodies {
            place.clients.sqs.send_message().queue_url(&place.dlq).message_body(*body).send().await.unwrap();
        }
        place
    }

    /// Runs the program here.
    async fn run(&self, arguments: &[&str]) -> Run {
        let url = self.endpoint.url();
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--endpoint", &url]).collect();
        tokio::task::block_in_place(|| run(&self.home, &arguments))
    }

    /// The bodies that are in a queue and can be had, sorted; they are had no more after this.
    async fn drain(&self, url: &str) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let call = self.clients.sqs.receive_message().queue_url(url).max_number_of_messages(10);
            let messages = call.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                bodies.sort_unstable();
                return bodies;
            }
            bodies.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_journals_there_is_nothing_to_tell() {
    let home = Home::new("no-journals");
    run(&home, &["journal", "ls"]).is(0).says("no journals in ");
    let listed = run(&home, &["journal", "ls", "--format", "json"]);
    assert_eq!((listed.is(0).out.as_str(), listed.err.as_str()), ("", ""));
    run(&home, &["journal", "show", "last"]).is(2).says("no journal 'last'; `edatop journal ls` lists them");
    run(&home, &["journal", "export", "x", "--file", "f"]).is(2).says("no journal 'x'");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_queue_goes_home() {
    let place = Place::with("whole", &["a", "b", "c"]).await;
    let run = place.run(&["redrive", "orders-dlq", "--yes"]).await;
    let (fates, summary) = run.is(0).fates();
    assert_eq!(fates, BTreeMap::from([("moved".to_owned(), 3)]));
    assert_eq!((&summary["Moved"], &summary["Ended"]), (&3.into(), &"done".into()));
    assert!(run.lines().iter().take(3).all(|line| line["NewMessageId"].is_string()), "{}", run.out);
    assert_eq!(place.drain(&place.source).await, ["a", "b", "c"]);
    assert_eq!(place.drain(&place.dlq).await, [""; 0]);
    let journals = place.run(&["journal", "ls", "--format", "json"]).await;
    let told = &journals.is(0).lines()[0];
    assert_eq!((&told["State"], &told["Counts"]["moved"]), (&"done".into(), &3.into()));
    let shown = place.run(&["journal", "show", "last"]).await;
    assert!(shown.is(0).out.contains("orders-dlq") && shown.out.matches("moved as").count() == 3, "{}", shown.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_the_plan_and_changes_nothing() {
    let place = Place::with("dry", &["a", "b"]).await;
    let dry = place.run(&["redrive", "orders-dlq", "--dry-run"]).await;
    let (fates, summary) = dry.is(0).fates();
    assert!(fates.is_empty(), "{fates:?}");
    assert_eq!((&summary["About"], &summary["DryRun"]), (&2.into(), &true.into()));
    let meant = place.run(&["redrive", "orders-dlq"]).await;
    assert!(meant.is(2).err.starts_with(&dry.err), "the plan word for word: {}\n{}", dry.err, meant.err);
    meant.says("--yes is missing, and there is no terminal to ask on");
    assert_eq!(place.drain(&place.dlq).await, ["a", "b"]);
    place.run(&["journal", "ls"]).await.is(0).says("no journals");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_queue_is_no_failure() {
    let place = Place::with("empty", &[]).await;
    let run = place.run(&["redrive", "orders-dlq", "--yes"]).await;
    assert_eq!(run.is(0).says("orders-dlq is empty").fates().1["Moved"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_before_anything_is_touched() {
    let place = Place::with("mistakes", &["a"]).await;
    for (arguments, said) in [
        (&["redrive", "orders-dql", "--yes"][..], "queue 'orders-dql' not found in us-east-1"),
        (&["redrive", "orders-dlq", "--to", "nowhere", "--yes"], "queue 'nowhere' not found"),
        (&["redrive", "orders-dlq", "--to", "orders-dlq", "--yes"], "is where the messages are already"),
        (&["redrive", "orders", "--yes"], "no queue sends its dead letters to orders: say where to with --to QUEUE"),
        (&["redrive"], "required"),
        (&["redrive", "orders-dlq", "--rate", "0"], "above 0"),
        (&["redrive", "orders-dlq", "--limit", "0"], "--limit"),
        (&["redrive", "orders-dlq", "--native", "--canary"], "cannot be used with"),
        (&["redrive", "--resume", "no-such-journal"], "no journal 'no-such-journal'"),
    ] {
        let run = place.run(arguments).await;
        assert_eq!(run.is(2).says(said).out, "");
    }
    assert_eq!(place.drain(&place.dlq).await, ["a"]);
}

/// Not even a connection may be made.
#[test]
fn read_only_refuses_before_anything_is_asked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    let home = Home::new("read-only-redrive");
    for arguments in [&["redrive", "q", "--yes"][..], &["redrive", "--resume"]] {
        let arguments: Vec<&str> = ["--read-only", "--endpoint", &endpoint].iter().chain(arguments).copied().collect();
        let run = run(&home, &arguments);
        assert_eq!((run.is(2).out.as_str(), run.err.lines().count()), ("", 1), "{}", run.err);
        run.says("edatop runs with --read-only: nothing was asked and nothing was sent");
    }
    assert_eq!(listener.accept().map(|_| ()).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_and_not_let_in_are_code_three() {
    let home = Home::new("nobody-redrive");
    run(&home, &["redrive", "q", "--yes", "--endpoint", "127.0.0.1:1"]).is(3).says("connection refused");
    let denied = r#"{"__type":"AccessDeniedException","message":"no"}"#;
    let server = endpoint::answering(403, "application/x-amz-json-1.0", denied).await;
    let url = server.uri();
    let run = tokio::task::block_in_place(|| run(&home, &["redrive", "q", "--yes", "--endpoint", &url]));
    run.is(3).says("permission denied");
}
