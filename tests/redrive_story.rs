//! A whole story on LocalStack: a thousand messages of two queues die of five causes in functions that really fail; the causes are told
//! apart; the messages of one are edited and sent back; their consumer takes them, and all others stay as they were. Counted by a
//! plain client before and after.
//!
//! `EDATOP_TEST_ENDPOINTS=localstack=http://127.0.0.1:4566 cargo test --test redrive_story -- --ignored --nocapture`
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Write},
    process::{Command, Stdio},
    time::Duration,
};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{Environment, FunctionCode, FunctionResponseType, Runtime},
};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use edatop::demo::Clients;
use serde_json::{Value, json};
use support::{
    driver::until,
    emulators,
    hermetic::{Home, program},
    letters::{self, Letter},
    queues::ledger::tokens_in,
};

const FUNCTION: &str = include_str!("redrive_story.py");
/// What they die of, of which queue, and how many.
const CAUSES: [(&str, &str, usize); 5] = [
    ("KeyError", "orders", 310),
    ("PermissionError", "payments", 250),
    ("ValueError", "orders", 200),
    ("LookupError", "payments", 140),
    ("TimeoutError", "orders", 100),
];
const ALL: usize = 1_000;
/// The cause that is mended, and how.
const MENDED: &str = "ValueError";
const EDIT: &str = ".body.amount = 1";
/// Six times the functions' own timeout: a message whose lease ends before a slow start of its function has run dies of nothing.
const VISIBILITY_TIMEOUT_SECONDS: &str = "30";
/// A thousand messages through functions that start in a second.
const PATIENCE: Duration = Duration::from_secs(240);

struct Story {
    url: String,
    name: String,
    clients: Clients,
    home: Home,
    queues: BTreeMap<&'static str, String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs LocalStack, named in EDATOP_TEST_ENDPOINTS"]
async fn one_cause_of_five_is_mended_and_its_messages_go_back() {
    let (_, url) =
        emulators::named().into_iter().find(|(name, _)| name == "localstack").expect("a localstack is named");
    let story = Story::begin(&url).await;
    let causes = story.messages_die().await;

    let before = story.dead_letters().await;
    assert_eq!(tokens(&before), causes.keys().cloned().collect(), "before");
    let clusters = story.edatop(&["peek", &story.queue("dlq"), "--clusters"], 0);
    for cluster in &clusters {
        eprintln!("{} × {}", cluster["Count"], cluster["Title"]);
    }
    story.are_told_apart(&clusters, &causes);

    let key =
        clusters.iter().find(|cluster| cluster["Title"].as_str().unwrap().contains(MENDED)).unwrap()["Key"].clone();
    let redrive = ["redrive", &story.queue("dlq"), "--cluster", key.as_str().unwrap(), "--edit", EDIT, "--yes"];
    let lines = story.edatop(&redrive, 0);
    let summary = &lines.last().unwrap()["Summary"];
    eprintln!("{summary}");
    let mended: BTreeSet<String> =
        causes.iter().filter(|(_, cause)| **cause == MENDED).map(|(token, _)| token.clone()).collect();
    assert_eq!(summary["Moved"], json!(mended.len()));

    let done = story.url_of("done");
    until(PATIENCE, "the consumer has taken them", async || story.count(&done).await >= mended.len() as u64).await;
    let after = story.dead_letters().await;
    let others: Vec<&Letter> = before.iter().filter(|letter| !mended.contains(&letter.token)).collect();
    assert_eq!(
        bodies(&after),
        bodies(&others.into_iter().cloned().collect::<Vec<_>>()),
        "the others stay as they were"
    );
    let taken = letters::drain(&story.clients.sqs, &done).await;
    assert_eq!(tokens(&taken), mended, "exactly these were taken");
    let twice = (taken.len() - mended.len()) as u64;
    assert!(twice <= summary["MaybeTwice"].as_u64().unwrap(), "{twice} twice, {summary}");
    assert!(taken.iter().all(|letter| serde_json::from_str::<Value>(&letter.body).unwrap()["amount"] == 1));
    for source in ["orders", "payments"] {
        assert_eq!(story.count(&story.url_of(source)).await, 0, "{source}");
    }
    eprintln!("{} taken, {} left as they were, {twice} twice", mended.len(), after.len());
    story.end().await;
}

impl Story {
    async fn begin(url: &str) -> Self {
        let name = format!("edatop-story-{:06x}", fastrand::u32(..1 << 24));
        let clients = Clients::new(url).unwrap();
        let home = Home::new(&name);
        let mut story = Self { url: url.to_owned(), name, clients, home, queues: BTreeMap::new() };
        for queue in ["done", "dlq"] {
            story.make_queue(queue, None).await;
        }
        let dead = story.arn("dlq").await;
        for source in ["orders", "payments"] {
            story.make_queue(source, Some(&dead)).await;
            story.make_consumer(source).await;
        }
        story
    }

    fn queue(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    fn url_of(&self, name: &str) -> String {
        self.queues[name].clone()
    }

    async fn arn(&self, name: &str) -> String {
        let arn = QueueAttributeName::QueueArn;
        let call = self.clients.sqs.get_queue_attributes().queue_url(self.url_of(name)).attribute_names(arn.clone());
        call.send().await.unwrap().attributes.unwrap()[&arn].clone()
    }

    async fn make_queue(&mut self, name: &'static str, dead: Option<&str>) {
        let mut call = self.clients.sqs.create_queue().queue_name(self.queue(name));
        if let Some(dead) = dead {
            let policy = json!({ "deadLetterTargetArn": dead, "maxReceiveCount": 1 });
            call = call
                .attributes(QueueAttributeName::RedrivePolicy, policy.to_string())
                .attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY_TIMEOUT_SECONDS);
        }
        self.queues.insert(name, call.send().await.unwrap().queue_url.unwrap());
    }

    async fn make_consumer(&self, source: &str) {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("app.py", zip::write::SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
        archive.write_all(FUNCTION.as_bytes()).unwrap();
        let code = FunctionCode::builder().zip_file(Blob::new(archive.finish().unwrap().into_inner())).build();
        let environment = Environment::builder()
            .variables("AWS_ENDPOINT_URL", &self.url)
            .variables("DONE_QUEUE_URL", self.url_of("done"));
        let lambda = &self.clients.lambda;
        let function =
            lambda.create_function().function_name(self.queue(source)).runtime(Runtime::Python312).code(code);
        let function = function.handler("app.handler").timeout(5).environment(environment.build());
        function.role("arn:aws:iam::000000000000:role/edatop-test").send().await.unwrap();
        let mapping = lambda.create_event_source_mapping().function_name(self.queue(source)).batch_size(10);
        let mapping = mapping.event_source_arn(self.arn(source).await);
        mapping.function_response_types(FunctionResponseType::ReportBatchItemFailures).send().await.unwrap();
    }

    /// Sends them all, mixed, and waits until they have died. Their tokens, with what each dies of.
    async fn messages_die(&self) -> BTreeMap<String, &'static str> {
        let mut causes = Vec::new();
        for (cause, source, count) in CAUSES {
            causes.extend(std::iter::repeat_n((cause, source), count));
        }
        fastrand::shuffle(&mut causes);
        let mut of_queue: BTreeMap<&str, Vec<SendMessageBatchRequestEntry>> = BTreeMap::new();
        let mut known = BTreeMap::new();
        for (number, (cause, source)) in causes.into_iter().enumerate() {
            let token = letters::token(number);
            let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
            let entry = entry.message_body(deadly(cause, number, &token).to_string()).build().unwrap();
            of_queue.entry(source).or_default().push(entry);
            known.insert(token, cause);
        }
        for (source, entries) in of_queue {
            for batch in entries.chunks(10) {
                let call = self.clients.sqs.send_message_batch().queue_url(self.url_of(source));
                assert!(call.set_entries(Some(batch.to_vec())).send().await.unwrap().failed.is_empty());
            }
        }
        let dead = self.url_of("dlq");
        until(PATIENCE, "all have died", async || self.count(&dead).await == ALL as u64).await;
        known
    }

    async fn count(&self, url: &str) -> u64 {
        letters::count(&self.clients.sqs, url).await
    }

    /// What lies on the dead-letter queue, read where reading changes nothing.
    async fn dead_letters(&self) -> Vec<Letter> {
        let page = emulators::messages_of(&self.url, &self.url_of("dlq")).await;
        let letter = |message: &Value| {
            let body = message["Body"].as_str().unwrap().to_owned();
            let token = tokens_in(&body).next().unwrap().to_owned();
            Letter { token, group: String::new(), body }
        };
        page.iter().map(letter).collect()
    }

    /// Runs it; its lines.
    fn edatop(&self, arguments: &[&str], code: i32) -> Vec<Value> {
        let output = Command::new(program())
            .args(arguments)
            .args(["--endpoint", &self.url])
            .env_clear()
            .envs(self.home.variables())
            .env("XDG_STATE_HOME", self.home.folder.join("state"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Five clusters, the largest first, and each of one cause.
    fn are_told_apart(&self, clusters: &[Value], causes: &BTreeMap<String, &str>) {
        let counts: Vec<u64> = clusters.iter().map(|cluster| cluster["Count"].as_u64().unwrap()).collect();
        assert_eq!(counts, CAUSES.map(|(.., count)| count as u64), "{clusters:#?}");
        let mut inside: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for message in self.edatop(&["peek", &self.queue("dlq")], 0) {
            let token = tokens_in(message["Body"].as_str().unwrap()).next().unwrap();
            inside.entry(message["Cluster"].as_str().unwrap().to_owned()).or_default().insert(causes[token]);
        }
        assert!(inside.values().all(|causes| causes.len() == 1), "mixed: {inside:?}");
        for (cause, source, count) in CAUSES {
            let named = |cluster: &&Value| cluster["Title"].as_str().unwrap().contains(cause);
            let cluster = clusters.iter().find(named).unwrap_or_else(|| panic!("no cluster names {cause}"));
            assert_eq!(cluster["Count"], json!(count), "{cause}");
            assert!(cluster["Source"].as_str().unwrap().ends_with(source), "{cause}: {}", cluster["Source"]);
        }
    }

    async fn end(&self) {
        let mappings = self.clients.lambda.list_event_source_mappings().send().await.unwrap();
        for mapping in mappings.event_source_mappings() {
            if mapping.event_source_arn().is_some_and(|arn| arn.contains(&self.name)) {
                self.clients.lambda.delete_event_source_mapping().uuid(mapping.uuid().unwrap()).send().await.unwrap();
            }
        }
        for source in ["orders", "payments"] {
            self.clients.lambda.delete_function().function_name(self.queue(source)).send().await.unwrap();
        }
        for url in self.queues.values() {
            self.clients.sqs.delete_queue().queue_url(url).send().await.unwrap();
        }
    }
}

/// A body that the function fails at in this way.
fn deadly(cause: &str, number: usize, token: &str) -> Value {
    let mut order = json!({ "token": token, "order": number, "sku": "pen", "amount": 3, "carrier": "post" });
    let payment = |card: &str, currency: &str| json!({ "token": token, "card": card, "currency": currency });
    match cause {
        "KeyError" => order["sku"] = json!("quill"),
        "ValueError" => order["amount"] = json!(-(number as i64) - 1),
        "TimeoutError" => order["carrier"] = json!("slow"),
        "PermissionError" => return payment(&format!("{number:08}0000"), "EUR"),
        _ => return payment(&format!("{number:08}1111"), "XXX"),
    }
    order
}

fn tokens(letters: &[Letter]) -> BTreeSet<String> {
    letters.iter().map(|letter| letter.token.clone()).collect()
}

fn bodies(letters: &[Letter]) -> BTreeMap<&str, &str> {
    letters.iter().map(|letter| (letter.token.as_str(), letter.body.as_str())).collect()
}
