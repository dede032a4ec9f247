//! The redrive commands from outside, on the embedded endpoint: what they print, where, with which exit code, and what is in the
//! queues afterwards, counted by a client of its own.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "support/endpoint.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod endpoint;
#[path = "support/hermetic.rs"]
mod hermetic;
#[path = "support/pty.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod pty;

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

use aws_sdk_sqs::types::{
    MessageAttributeValue,
    QueueAttributeName::{QueueArn, RedrivePolicy},
};
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
    assert_eq!((&told["State"], &told["Moved"]), (&"done".into(), &3.into()));
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
fn what_was_agreed_to_is_gone_on_with_or_not() {
    let home = Home::new("resume-dry");
    for arguments in [&["redrive", "--resume", "--dry-run"][..], &["redrive", "--resume", "last", "--dry-run"]] {
        run(&home, arguments).is(2).says("cannot be used with");
    }
}

#[test]
fn read_only_refuses_before_anything_is_asked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    let home = Home::new("read-only-redrive");
    for arguments in [
        &["redrive", "q", "--yes"][..],
        &["redrive", "--resume"],
        &["redrive", "q", "--native", "--yes"],
        &["export", "q", "--file", "f", "--delete", "--yes"],
        &["import", "q", "--file", "f", "--yes"],
        &["purge", "q", "--file", "f", "--yes"],
        &["journal", "undo", "last", "--yes"],
    ] {
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

const ORDERS: [&str; 4] = [
    r#"{"type":"created","amount":1}"#,
    r#"{"type":"created","amount":2}"#,
    r#"{"type":"cancelled","why":"x"}"#,
    "no json",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_look_shows_each_message_once_and_leaves_all() {
    let place = Place::with("peek", &ORDERS).await;
    let run = place.run(&["peek", "orders-dlq"]).await;
    let lines = run.is(0).says("receive count rises by one").says("has no redrive policy").lines();
    let bodies: std::collections::BTreeSet<&str> = lines.iter().map(|line| line["Body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ORDERS.into_iter().collect());
    assert!(lines.iter().all(|line| line["Cluster"].is_string() && line.get("ReceiptHandle").is_none()));
    let some = place.run(&["peek", "orders-dlq", "--where", ".body.amount > 1"]).await;
    assert_eq!(some.is(0).lines().len(), 1);
    assert_eq!(place.run(&["peek", "orders-dlq", "--limit", "2"]).await.is(0).lines().len(), 2);
    let none = place.run(&["peek", "orders-dlq", "--where", ".body.amount > 9"]).await;
    assert_eq!(none.is(1).out, "");
    place.run(&["peek", "orders-dlq", "--where", ".body |"]).await.is(2).says("--where: ");
    assert_eq!(place.drain(&place.dlq).await.len(), 4, "all can be had at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_are_listed_and_named_by_their_keys() {
    let place = Place::with("clusters", &ORDERS).await;
    let listed = place.run(&["peek", "orders-dlq", "--clusters"]).await;
    let clusters = listed.is(0).lines();
    assert_eq!((clusters.len(), &clusters[0]["Count"]), (3, &2.into()), "{}", listed.out);
    let number = clusters[0]["Number"].to_string();
    let numbered = place.run(&["redrive", "orders-dlq", "--cluster", &number, "--yes"]).await;
    let key = clusters[0]["Key"].as_str().unwrap();
    numbered.is(2).says("cluster numbers change from look to look").says(key);
    place.run(&["redrive", "orders-dlq", "--cluster", "ffffffff", "--yes"]).await.is(1).says("no cluster is called");
    let moved = place.run(&["redrive", "orders-dlq", "--cluster", key, "--yes"]).await;
    assert_eq!(moved.is(0).fates().0["moved"], 2);
    assert_eq!(place.drain(&place.source).await, ORDERS[..2]);
    assert_eq!(place.drain(&place.dlq).await.len(), 2, "the rest is untouched");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_chosen_is_edited_shown_and_moved() {
    let place = Place::with("edit", &ORDERS).await;
    let edit = r#".body.amount = (.body.amount | if . > 1 then error("too much") else 7 end)"#;
    let common = ["redrive", "orders-dlq", "--where", r#".body.type == "created""#, "--edit", edit];
    let dry = place.run(&[&common[..], &["--dry-run"]].concat()).await;
    dry.is(1).says("redrive 1 message from orders-dlq to orders").says(r#""amount": 7"#);
    let run = place.run(&[&common[..], &["--yes"]].concat()).await;
    let (fates, summary) = run.is(1).says("the edit fails on 1 of them").fates();
    assert_eq!(fates, BTreeMap::from([("moved".to_owned(), 1), ("refused".to_owned(), 1)]));
    assert_eq!(summary["Moved"], 1);
    assert_eq!(place.drain(&place.source).await, [r#"{"type":"created","amount":7}"#]);
    assert_eq!(place.drain(&place.dlq).await.len(), 3);
    let none = place.run(&["redrive", "orders-dlq", "--where", ".body.amount > 99", "--yes"]).await;
    none.is(1).says("no message matches: nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_brings_back_what_is_still_there() {
    let place = Place::with("undo", &ORDERS).await;
    place.run(&["redrive", "orders-dlq", "--yes"]).await.is(0);
    place.run(&["journal", "undo", "last"]).await.is(2).says("--yes is missing");
    let back = place.run(&["journal", "undo", "last", "--yes"]).await;
    assert_eq!(back.is(0).fates().1["Moved"], 4);
    assert_eq!(place.drain(&place.dlq).await.len(), 4);
    assert_eq!(place.drain(&place.source).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_undo_does_not_find_is_not_said_to_be_left() {
    let place = Place::with("consumed", &ORDERS).await;
    place.run(&["export", "orders-dlq", "--file", "f"]).await.is(0);
    place.run(&["import", "orders", "--file", "f", "--yes"]).await.is(0);
    // Their consumer is done with them.
    let received = place.clients.sqs.receive_message().queue_url(&place.source).max_number_of_messages(10).send().await;
    for message in received.unwrap().messages.unwrap_or_default() {
        let call = place.clients.sqs.delete_message().queue_url(&place.source);
        call.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
    }
    let undo = place.run(&["journal", "undo", "last", "--yes"]).await;
    let (fates, summary) =
        undo.is(1).says("done: 0 deleted in ").says("4 not found there, taken by their consumer").fates();
    assert_eq!((fates["left"], &summary["Left"], &summary["Ended"]), (4, &4.into(), &"done".into()));
    assert!(undo.lines()[0]["Reason"].as_str().unwrap().contains("not found there"), "{}", undo.out);
}

fn newest_journal(place: &Place) -> std::path::PathBuf {
    let journals = place.home.folder.join("state/edatop/journals");
    let mut paths: Vec<_> = std::fs::read_dir(journals).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    paths.pop().unwrap()
}

/// The journal's last line is taken away, as a crash would have done.
fn cut_off(place: &Place) {
    let path = newest_journal(place);
    let text = std::fs::read_to_string(&path).unwrap();
    let (rest, _) = text.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(path, format!("{rest}\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_still_gives_its_messages_and_says_what_is_lost() {
    let place = Place::with("damaged", &ORDERS).await;
    place.run(&["redrive", "orders-dlq", "--yes"]).await.is(0);
    let path = newest_journal(&place);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"deleted\"", "\"DELETED\"", 1)).unwrap();
    let undo = place.run(&["journal", "undo", "last", "--dry-run"]).await;
    undo.is(0).says("1 line of the journal ").says("what stood there alone is not brought back");
    std::fs::write(&path, text.replacen("\"begun\"", "\"BEGUN\"", 1)).unwrap();
    let export = place.run(&["journal", "export", "last", "--file", "saved"]).await;
    export.is(1).says("4 messages written to saved").says("1 line of the journal ").says(" cannot be read");
    place.run(&["import", "orders", "--file", "saved", "--yes"]).await.is(0);
    assert_eq!(place.drain(&place.source).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_comes_before_the_next() {
    let place = Place::with("cut-off", &ORDERS).await;
    place.run(&["redrive", "orders-dlq", "--yes"]).await.is(0);
    cut_off(&place);
    place.clients.sqs.send_message().queue_url(&place.dlq).message_body("new").send().await.unwrap();
    for arguments in [
        &["redrive", "orders-dlq", "--yes"][..],
        &["redrive", "orders-dlq", "--limit", "1", "--yes"],
        &["redrive", "orders-dlq", "--native", "--yes"],
        &["export", "orders-dlq", "--file", "f", "--delete", "--yes"],
        &["purge", "orders-dlq", "--file", "f", "--yes"],
    ] {
        place.run(arguments).await.is(4).says("`edatop redrive --resume ").says(" first, or --anyway");
    }
    place.run(&["redrive", "orders-dlq", "--dry-run"]).await.is(0).says("an earlier run here was cut off");
    let anyway = place.run(&["redrive", "orders-dlq", "--anyway", "--yes"]).await;
    assert_eq!(anyway.is(0).fates().1["Moved"], 1);
    place.run(&["redrive", "--resume", "--yes"]).await.is(0);
    assert_eq!(place.drain(&place.source).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_on_with_is_said_and_agreed_to_first() {
    let place = Place::with("resume-asks", &ORDERS).await;
    place.run(&["redrive", "orders-dlq", "--limit", "3", "--yes"]).await.is(0);
    cut_off(&place);
    let journal = newest_journal(&place);
    let (id, before) = (journal.file_stem().unwrap().to_str().unwrap(), std::fs::read(&journal).unwrap());
    for arguments in [&["redrive", "--resume"][..], &["redrive", "--resume", id]] {
        let asked = place.run(arguments).await;
        asked.is(2).says("nothing was changed: --yes is missing, and there is no terminal to ask on");
        asked.says(&format!("go on with {id}: redrive from orders-dlq to orders\n"));
        asked.says("it was cut off at 20").says(" ago, with 3 messages of 3 moved\n");
        assert_eq!((asked.out.as_str(), std::fs::read(&journal).unwrap() == before), ("", true));
    }
    // On a terminal the state is where it is without being named.
    std::fs::create_dir_all(place.home.folder.join(".local")).unwrap();
    std::os::unix::fs::symlink(place.home.folder.join("state"), place.home.folder.join(".local/state")).unwrap();
    let url = place.endpoint.url();
    tokio::task::block_in_place(|| {
        for (answer, said) in [("no\r", "not agreed to: nothing was changed"), ("yes\r", "done: 3 moved")] {
            let mut terminal = pty::Terminal::start(&place.home, &["redrive", "--resume", "--endpoint", &url], 120, 40);
            terminal.shows("Type yes to go on:");
            terminal.press(answer);
            terminal.shows(said);
        }
    });
    assert_eq!(place.drain(&place.source).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_that_cannot_be_gone_on_with_does_not_keep_the_others() {
    let place = Place::with("resume-all", &ORDERS).await;
    place.run(&["export", "orders-dlq", "--limit", "1", "--file", "f", "--delete", "--yes"]).await.is(0);
    cut_off(&place);
    let file = place.home.folder.join("f");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    place.run(&["redrive", "orders-dlq", "--anyway", "--yes"]).await.is(0);
    cut_off(&place);
    place.run(&["redrive", "--resume", "--yes"]).await.is(1);
    let left = place.run(&["journal", "ls", "--unfinished", "--format", "json"]).await.lines();
    assert_eq!((left.len(), &left[0]["Deed"]), (1, &"export".into()), "{left:?}");
}

/// Binary values too, but not here: the embedded endpoint keeps none. They are held in the tests of the file's own module.
#[tokio::test(flavor = "multi_thread")]
async fn export_and_import_bring_bodies_and_attributes_back() {
    let place = Place::with("export", &["a"]).await;
    let number = MessageAttributeValue::builder().data_type("Number.int").string_value("7").build().unwrap();
    let sent = place.clients.sqs.send_message().queue_url(&place.dlq).message_body("b\u{e9}\n");
    sent.message_attributes("n", number).send().await.unwrap();
    place.run(&["export", "orders-dlq", "--file", "copy"]).await.is(0).says("2 messages written").says("still in");
    place.run(&["export", "orders-dlq", "--file", "copy"]).await.is(2).says("is there already");
    place.run(&["export", "orders-dlq", "--file", "moved", "--delete"]).await.is(2).says("--yes is missing");
    let moved = place.run(&["export", "orders-dlq", "--file", "moved", "--delete", "--yes"]).await;
    assert_eq!(moved.is(0).fates().0["moved"], 2);
    let read = |name: &str| {
        let text = std::fs::read_to_string(place.home.folder.join(name)).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("Attributes")));
        lines.sort_by_key(|line| line["MessageId"].to_string());
        lines
    };
    assert_eq!(read("copy"), read("moved"));
    assert!(read("copy").iter().any(|line| line["MessageAttributes"]["n"]["DataType"] == "Number.int"));
    let imported = place.run(&["import", "orders-dlq", "--file", "moved", "--yes"]).await;
    assert_eq!(imported.is(0).fates().1["Moved"], 2);
    let again = place.run(&["peek", "orders-dlq"]).await;
    assert!(again.is(0).lines().iter().any(|line| line["MessageAttributes"]["n"]["DataType"] == "Number.int"));
    place.run(&["import", "orders-dlq", "--file", "nowhere", "--yes"]).await.is(2).says("nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_wants_a_place_for_what_it_deletes() {
    let place = Place::with("purge", &["a", "b"]).await;
    place.run(&["purge", "orders-dlq", "--yes"]).await.is(2).says("--file");
    let kept = place.run(&["purge", "orders-dlq", "--no-export", "--yes"]).await;
    assert_eq!(kept.is(0).says("journal undo").fates().1["Moved"], 2);
    place.run(&["journal", "export", "last", "--file", "kept"]).await.is(0).says("2 messages written");
    let back = place.run(&["journal", "undo", "last", "--yes"]).await;
    assert_eq!(back.is(0).fates().1["Moved"], 2);
    let run = place.run(&["purge", "orders-dlq", "--file", "file", "--yes"]).await;
    assert_eq!(run.is(0).fates().1["Moved"], 2);
    assert_eq!(std::fs::read_to_string(place.home.folder.join("file")).unwrap().lines().count(), 2);
    assert_eq!(place.drain(&place.dlq).await, [""; 0]);
}

/// Whoever can read the sum of one command can read those of all; and each says what it did, not that it moved.
#[tokio::test(flavor = "multi_thread")]
async fn all_sums_have_one_shape_and_each_its_own_words() {
    let place = Place::with("sums", &ORDERS).await;
    let mut shapes = std::collections::BTreeSet::new();
    for (arguments, said, moved) in [
        (&["redrive", "orders-dlq", "--dry-run"][..], "redrive all of ≈4 messages from orders-dlq to orders", 0),
        (&["redrive", "orders-dlq", "--limit", "1", "--dry-run"], "redrive 1 message from orders-dlq to orders", 0),
        (&["redrive", "orders-dlq", "--limit", "1", "--yes"], "done: 1 moved in", 1),
        (&["journal", "undo", "last", "--yes"], "done: 1 brought back in", 1),
        (&["export", "orders-dlq", "--file", "copy", "--dry-run"], "they stay where they are", 0),
        (&["export", "orders-dlq", "--file", "copy"], "they are still in orders-dlq", 0),
        (&["import", "orders", "--file", "copy", "--yes"], "done: 4 sent in", 4),
        (&["journal", "undo", "last", "--yes"], "done: 4 deleted in", 4),
        (
            &["export", "orders-dlq", "--limit", "2", "--file", "two", "--delete", "--yes"],
            "done: 2 written and deleted in",
            2,
        ),
        (
            &["purge", "orders-dlq", "--no-export", "--dry-run"],
            "delete all of ≈2 messages from orders-dlq; the journal",
            0,
        ),
        (&["purge", "orders-dlq", "--no-export", "--yes"], "done: 2 deleted in", 2),
        (&["redrive", "orders-dlq", "--yes"], "orders-dlq is empty", 0),
    ] {
        let run = place.run(arguments).await;
        let (_, summary) = run.is(0).says(said).fates();
        assert_eq!(summary["Moved"], moved, "{arguments:?}: {summary}");
        let is_dry = arguments.contains(&"--dry-run");
        assert_eq!((&summary["DryRun"], summary["Ended"] == "planned"), (&is_dry.into(), is_dry), "{summary}");
        assert_eq!(summary["Copied"], if arguments == ["export", "orders-dlq", "--file", "copy"] { 4 } else { 0 });
        shapes.insert(summary.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
    }
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    let listed = place.run(&["journal", "ls"]).await;
    listed.is(0);
    for words in ["delete    orders-dlq: 2 deleted", "import    ", ": 4 sent", "orders → orders-dlq: 1 brought back"]
    {
        assert!(listed.out.contains(words), "{words}: {}", listed.out);
    }
}

/// A consumer that fails puts them back only after all its receives: three of thirty seconds.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_says_until_when_they_may_come_back() {
    let place = Place::with("returns", &["a"]).await;
    let before = edatop::app::clock::now();
    let run = place.run(&["redrive", "orders-dlq", "--yes"]).await;
    run.is(0)
        .says("is back in orders-dlq in about 90 s, by ")
        .says("3 receives of 30 s each")
        .says("`edatop peek orders-dlq`");
    let until: jiff::Timestamp = run.fates().1["ReturnsUntil"].as_str().unwrap().parse().unwrap();
    let (least, most) =
        (before + jiff::SignedDuration::from_secs(90), edatop::app::clock::now() + jiff::SignedDuration::from_secs(90));
    assert!((least..=most).contains(&until), "{until}");
    // Nothing comes back from where nothing is given up.
    let back = place.run(&["journal", "undo", "last", "--yes"]).await;
    assert_eq!((back.is(0).fates().1["ReturnsUntil"].clone(), back.err.contains("is back in")), (Value::Null, false));
}

/// The embedded endpoint has no consumer here; what its log says is held in the tests of the file's own module.
#[tokio::test(flavor = "multi_thread")]
async fn why_is_a_field_of_each_line_and_says_what_is_not_known() {
    let place = Place::with("why", &ORDERS).await;
    let lines = place.run(&["peek", "orders-dlq", "--why", "--limit", "2"]).await.is(0).lines();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert!(line["Why"]["Cause"].is_null() && line["Why"]["Lines"] == Value::Array(Vec::new()), "{line}");
        assert!(line["Why"]["Notes"][0].as_str().unwrap().contains("orders"), "{line}");
    }
    let without = place.run(&["peek", "orders-dlq", "--limit", "1"]).await.is(0).lines();
    assert!(without[0].get("Why").is_none());
    place.run(&["peek", "orders-dlq", "--why", "--clusters"]).await.is(2).says("cannot be used with");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_takes_the_last_try_wants_the_queues_name() {
    let place = Place::with("cost", &[]).await;
    let policy = place.clients.sqs.get_queue_attributes().queue_url(&place.source).attribute_names(RedrivePolicy);
    let policy = policy.send().await.unwrap().attributes.unwrap().remove(&RedrivePolicy).unwrap();
    let policy = policy.replace(":3", ":1").replace(":\"3\"", ":\"1\"");
    let call = place.clients.sqs.set_queue_attributes().queue_url(&place.source);
    call.attributes(RedrivePolicy, policy).send().await.unwrap();
    place.clients.sqs.send_message().queue_url(&place.source).message_body("live").send().await.unwrap();
    place.run(&["peek", "orders"]).await.is(2).says("the only try").says("(--accept-cost orders)");
    place.run(&["peek", "orders", "--accept-cost", "other"]).await.is(2);
    let looked = place.run(&["peek", "orders", "--accept-cost", "orders"]).await;
    assert_eq!(looked.is(0).lines().len(), 1);
}

/// Where it is not needed too: a name that is wrong is a mistake, whatever it was for.
#[tokio::test(flavor = "multi_thread")]
async fn a_cost_accepted_for_another_queue_is_a_mistake_everywhere() {
    let place = Place::with("cost-name", &ORDERS).await;
    for arguments in [
        &["peek", "orders-dlq"][..],
        &["peek", "orders-dlq", "--clusters"],
        &["redrive", "orders-dlq", "--yes"],
        &["redrive", "orders-dlq", "--limit", "1", "--yes"],
        &["redrive", "orders-dlq", "--dry-run"],
        &["export", "orders-dlq", "--file", "f"],
        &["export", "orders-dlq", "--file", "f", "--delete", "--yes"],
    ] {
        for wrong in ["orders", "Orders-dlq", "orders-dlq "] {
            let run = place.run(&[arguments, &["--accept-cost", wrong]].concat()).await;
            run.is(2).says(&format!("--accept-cost says '{wrong}'")).says("it is orders-dlq that would be looked at");
        }
    }
    place.run(&["redrive", "orders-dlq", "--accept-cost", "orders-dlq", "--yes"]).await.is(0);
    let undo = ["journal", "undo", "last", "--yes", "--accept-cost"];
    let undone = place.run(&[&undo[..], &["orders-dlq"]].concat()).await;
    undone.is(2).says("--accept-cost says 'orders-dlq'").says("it is orders that would be looked at");
    place.run(&[&undo[..], &["orders"]].concat()).await.is(0);
    assert_eq!(place.drain(&place.dlq).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_finishes_what_is_in_hand_and_is_code_four() {
    let bodies: Vec<String> = (0..60).map(|number| number.to_string()).collect();
    let place = Place::with("interrupt", &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_edatop"))
        .args(["redrive", "orders-dlq", "--yes", "--rate", "10", "--endpoint", &place.endpoint.url()])
        .env_clear()
        .envs(place.home.variables())
        .env("XDG_STATE_HOME", place.home.folder.join("state"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let (code, said) = tokio::task::block_in_place(|| {
        // The first fate says that it is under way.
        std::io::BufRead::read_line(&mut out, &mut String::new()).unwrap();
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut out, &mut rest).unwrap();
        (child.wait().unwrap().code(), rest)
    });
    let summary: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!((code, &summary["Summary"]["Ended"]), (Some(4), &"cancelled".into()), "{said}");
    let (there, back) = (place.drain(&place.source).await, place.drain(&place.dlq).await);
    assert_eq!(there.len() as u64, summary["Summary"]["Moved"].as_u64().unwrap());
    assert!(!there.is_empty() && there.len() < 60 && there.len() + back.len() == 60, "{} {}", there.len(), back.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_the_word_is_typed() {
    let place = Place::with("typed", &["a"]).await;
    let url = place.endpoint.url();
    tokio::task::block_in_place(|| {
        let arguments = ["redrive", "orders-dlq", "--endpoint", &url];
        let mut terminal = pty::Terminal::start(&place.home, &arguments, 120, 40);
        terminal.shows("Type yes to go on:");
        terminal.press("no\r");
        terminal.shows("not agreed to: nothing was changed");
        let mut terminal = pty::Terminal::start(&place.home, &arguments, 120, 40);
        terminal.shows("Type yes to go on:");
        terminal.press("yes\r");
        terminal.shows("done: 1 moved");
    });
    assert_eq!(place.drain(&place.source).await, ["a"]);
}
