//! What `edatop::routing` says, held against what emulators do: TestEventPattern, and messages really published.
//!
//! Ignored by default, because it needs emulators: name them as `tests/endpoints.rs` says. Patterns and messages come from a seed.
//! Where an emulator does not do what AWS documents, its mistake has a row in [`MISTAKES`]; any other difference fails, and so does a
//! row that explains nothing any more.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Command, Output},
};

use aws_sdk_sns::types::MessageAttributeValue;
use edatop::{
    demo::{Clients, Embedded},
    routing::{EventPattern, FilterPolicy, MessageAttribute, MessageAttributes, Scope},
};
use fastrand::Rng;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use support::emulators;
use support::hermetic::Home;

const SEED: u64 = 20_261_121;
const EVENT_PLANS: usize = 80;
const ATTRIBUTE_PLANS: usize = 36;
const BODY_PLANS: usize = 36;
const MESSAGES_A_PLAN: usize = 5;
const CONCURRENCY: usize = 8;

/// Which language a plan is written in, and who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Language {
    Events,
    Attributes,
    Body,
}
use Language::{Attributes, Body, Events};

/// Every operator, with the languages that document it.
const OPERATORS: &[(&str, &[Language])] = &[
    ("text", &[Events, Attributes, Body]),
    ("number", &[Events, Attributes, Body]),
    ("true", &[Events, Body]),
    ("null", &[Events, Body]),
    ("empty text", &[Events, Body]),
    ("one of several", &[Events, Attributes, Body]),
    ("prefix", &[Events, Attributes, Body]),
    ("prefix in any case", &[Events]),
    ("suffix", &[Events, Attributes, Body]),
    ("suffix in any case", &[Events]),
    ("equals-ignore-case", &[Events, Attributes, Body]),
    ("wildcard", &[Events, Attributes, Body]),
    ("anything-but text", &[Events, Attributes, Body]),
    ("anything-but number", &[Events, Attributes, Body]),
    ("anything-but list", &[Events, Attributes, Body]),
    ("anything-but prefix", &[Events, Attributes, Body]),
    ("anything-but suffix", &[Events, Attributes, Body]),
    ("anything-but wildcard", &[Events, Attributes, Body]),
    ("anything-but any case", &[Events]),
    ("numeric", &[Events, Attributes, Body]),
    ("numeric range", &[Events, Attributes, Body]),
    ("cidr", &[Events, Attributes, Body]),
    ("cidr of version 6", &[Events, Attributes, Body]),
    ("exists", &[Events, Attributes, Body]),
    ("exists not", &[Events, Attributes, Body]),
];

/// A key of a plan: what is asked of it follows from operator and seed alone.
#[derive(Debug, Clone)]
struct Wish {
    key: String,
    operator: &'static str,
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Flat,
    Nested,
    Or,
    Array,
}

/// One pattern or policy, and how to make messages that it should let through or not.
#[derive(Debug, Clone)]
struct Plan {
    language: Language,
    shape: Shape,
    wishes: Vec<Wish>,
}

const WORDS: [&str; 6] = ["alpha", "Beta", "gamma-1", "delta.png", "épsilon", "order/42"];

impl Wish {
    /// The list of conditions, and the value that meets them or not.
    fn of(&self, hit: bool, random: &mut Rng) -> (Value, Option<Value>) {
        let mut fixed = Rng::with_seed(self.seed);
        let word = WORDS[fixed.usize(..WORDS.len())];
        let number = fixed.i32(-50..50);
        let other = |random: &mut Rng| loop {
            let one = WORDS[random.usize(..WORDS.len())];
            if one != word {
                return one;
            }
        };
        let head: String = word.chars().take(3).collect();
        let tail: String = word.chars().skip(word.chars().count() - 3).collect();
        let upper = |text: &str| text.to_uppercase();
        let far = number + 1 + random.i32(0..20);
        let near = if random.bool() { json!(number) } else { json!(f64::from(number)) };
        let pick = |hit_value: Value, miss_value: Value| Some(if hit { hit_value } else { miss_value });
        let (condition, value) = match self.operator {
            "text" => (json!(word), pick(json!(word), json!(other(random)))),
            "number" => (json!(number), pick(near, json!(far))),
            "true" => (json!(true), pick(json!(true), json!(false))),
            "null" => (json!(null), pick(json!(null), json!("null"))),
            "empty text" => (json!(""), pick(json!(""), json!(null))),
            "one of several" => {
                let list = json!([word, { "prefix": "zeta" }, number]);
                let hits = [json!(word), json!("zeta-9"), json!(number)];
                return (list, pick(hits[random.usize(..3)].clone(), json!(format!("no-{far}"))));
            }
            "prefix" => (json!({ "prefix": head }), pick(json!(format!("{head}x")), json!(format!("x{head}")))),
            "prefix in any case" => {
                let asked = json!({ "prefix": { "equals-ignore-case": head } });
                (asked, pick(json!(upper(word)), json!(other(random))))
            }
            "suffix" => (json!({ "suffix": tail }), pick(json!(format!("x{tail}")), json!(format!("{tail}x")))),
            "suffix in any case" => {
                let asked = json!({ "suffix": { "equals-ignore-case": tail } });
                (asked, pick(json!(upper(word)), json!(other(random))))
            }
            "equals-ignore-case" => {
                (json!({ "equals-ignore-case": word }), pick(json!(upper(word)), json!(upper(other(random)))))
            }
            "wildcard" => {
                let between = if random.bool() { "" } else { "/a/b" };
                let asked = json!({ "wildcard": format!("{head}*{tail}") });
                (asked, pick(json!(format!("{head}{between}{tail}")), json!(format!("{head}{between}{tail}."))))
            }
            "anything-but text" => (json!({ "anything-but": word }), pick(json!(other(random)), json!(word))),
            "anything-but number" => (json!({ "anything-but": number }), pick(json!(far), near)),
            "anything-but list" => {
                (json!({ "anything-but": [word, "zeta"] }), pick(json!(format!("{word}.")), json!(word)))
            }
            "anything-but prefix" => {
                (json!({ "anything-but": { "prefix": head } }), pick(json!(other(random)), json!(word)))
            }
            "anything-but suffix" => {
                (json!({ "anything-but": { "suffix": tail } }), pick(json!(other(random)), json!(word)))
            }
            "anything-but wildcard" => {
                let asked = json!({ "anything-but": { "wildcard": format!("*{tail}") } });
                (asked, pick(json!(other(random)), json!(word)))
            }
            "anything-but any case" => {
                let asked = json!({ "anything-but": { "equals-ignore-case": word } });
                (asked, pick(json!(other(random)), json!(upper(word))))
            }
            "numeric" => match fixed.u8(..5) {
                0 => (json!({ "numeric": ["=", number] }), pick(near, json!(far))),
                1 => (json!({ "numeric": ["<", number] }), pick(json!(f64::from(number) - 0.5), near)),
                2 => (json!({ "numeric": ["<=", number] }), pick(near, json!(f64::from(number) + 0.01))),
                3 => (json!({ "numeric": [">", number] }), pick(json!(f64::from(number) + 0.01), near)),
                _ => (json!({ "numeric": [">=", number] }), pick(near, json!(f64::from(number) - 0.01))),
            },
            "numeric range" => {
                let asked = json!({ "numeric": [">", number, "<=", number + 10] });
                let misses = [json!(number), json!(number + 11), json!(f64::from(number) - 0.5)];
                let inside = number + 1 + random.i32(0..10);
                (asked, pick(json!(inside), misses[random.usize(..3)].clone()))
            }
            "cidr" => {
                let net = fixed.u8(..);
                let asked = json!({ "cidr": format!("10.{net}.0.0/16") });
                let host = random.u8(..);
                (asked, pick(json!(format!("10.{net}.{host}.7")), json!(format!("10.{}.0.1", net.wrapping_add(1)))))
            }
            "cidr of version 6" => {
                let asked = json!({ "cidr": "2001:db8:1::/48" });
                (asked, pick(json!(format!("2001:db8:1::{:x}", random.u16(..))), json!("2001:db8:2::1")))
            }
            "exists" => (json!({ "exists": true }), hit.then(|| json!(word))),
            "exists not" => (json!({ "exists": false }), (!hit).then(|| json!(word))),
            unknown => panic!("no operator {unknown}"),
        };
        (json!([condition]), value)
    }
}

impl Plan {
    fn new(language: Language, number: usize, random: &mut Rng) -> Self {
        let known: Vec<&str> =
            OPERATORS.iter().filter(|(_, languages)| languages.contains(&language)).map(|row| row.0).collect();
        let shape = match number % 8 {
            5 if language != Attributes => Shape::Nested,
            6 => Shape::Or,
            7 => Shape::Array,
            _ => Shape::Flat,
        };
        let count = if shape == Shape::Or || number % 4 == 1 { 2 } else { 1 };
        // The first goes through all operators in turn, so that none is left out.
        let wish = |index: usize, random: &mut Rng| Wish {
            key: ["first", "second"][index].to_owned(),
            operator: if index == 0 { known[number % known.len()] } else { known[random.usize(..known.len())] },
            seed: random.u64(..),
        };
        let wishes = (0..count).map(|index| wish(index, random)).collect();
        Self { language, shape, wishes }
    }

    fn pattern(&self) -> Value {
        let random = &mut Rng::with_seed(0);
        let asked = |wish: &Wish, random: &mut Rng| (wish.key.clone(), wish.of(true, random).0);
        match self.shape {
            Shape::Or => {
                let alternatives = self.wishes.iter().map(|wish| Map::from_iter([asked(wish, random)]));
                json!({ "$or": alternatives.collect::<Vec<_>>() })
            }
            Shape::Nested => {
                let inner: Map<String, Value> = self.wishes.iter().map(|wish| asked(wish, random)).collect();
                json!({ "outer": { "inner": inner } })
            }
            _ => self.wishes.iter().map(|wish| asked(wish, random)).collect::<Map<_, _>>().into(),
        }
    }

    fn message(&self, hit: bool, random: &mut Rng) -> Map<String, Value> {
        let spoiled = random.usize(..self.wishes.len());
        let mut keys = Map::new();
        for (index, wish) in self.wishes.iter().enumerate() {
            let good = match self.shape {
                Shape::Or => hit && index == spoiled,
                _ => hit || index != spoiled,
            };
            if let (_, Some(value)) = wish.of(good, random) {
                let listed = self.shape == Shape::Array && !value.is_null();
                keys.insert(wish.key.clone(), if listed { json!([value, "unasked"]) } else { value });
            }
        }
        if self.shape == Shape::Nested {
            keys = Map::from_iter([("outer".to_owned(), json!({ "inner": keys }))]);
        }
        // A message with nothing in it is a matter of its own: see the unit tests.
        keys.insert("unasked".to_owned(), json!("yes"));
        keys
    }
}

/// One pattern with one message, and both answers.
#[derive(Debug, Clone)]
struct Pair {
    plan: Plan,
    pattern: Value,
    message: Map<String, Value>,
    ours: bool,
    /// `None`: the emulator refused the pattern, or broke on the message.
    theirs: Option<bool>,
}

impl Pair {
    fn uses(&self, operator: &str) -> bool {
        self.plan.wishes.iter().any(|wish| wish.operator == operator)
    }
}

/// An emulator that does not do what AWS documents.
struct Mistake {
    endpoint: &'static str,
    what: &'static str,
    explains: fn(&Pair) -> bool,
}

/// Each checked against AWS's pages on comparison operators (EventBridge) and on filter policies (SNS).
const MISTAKES: &[Mistake] = &[
    Mistake {
        endpoint: "localstack",
        what: "in TestEventPattern the `*` of a wildcard stands for one character at least; AWS: for any number, none too",
        explains: |pair| pair.plan.language == Events && pair.uses("wildcard") && pair.ours,
    },
    Mistake {
        endpoint: "localstack",
        what: "SNS refuses `wildcard`, breaks on `anything-but` with suffix or wildcard; AWS documents all three",
        explains: |pair| {
            let unknown = ["wildcard", "anything-but suffix", "anything-but wildcard"];
            pair.plan.language != Events && pair.theirs.is_none() && unknown.iter().any(|operator| pair.uses(operator))
        },
    },
    Mistake {
        endpoint: "localstack",
        what: "a Number attribute is a text, so that no number in a policy equals it; AWS compares numbers",
        explains: |pair| {
            let lost = pair.ours && (pair.uses("number") || pair.uses("one of several"));
            let found = !pair.ours && pair.uses("anything-but number");
            pair.plan.language == Attributes && pair.theirs == Some(!pair.ours) && (lost || found)
        },
    },
    Mistake {
        endpoint: "localstack",
        what: "SNS breaks on a policy with `prefix` when the body has a number there; AWS: prefix looks at texts only",
        explains: |pair| pair.plan.language == Body && pair.theirs.is_none() && pair.uses("one of several"),
    },
    Mistake {
        endpoint: "ministack",
        what: "a null in a body counts as absent, and the text \"null\" as null; AWS: `null` in a policy matches null",
        explains: |pair| pair.plan.language == Body && pair.uses("null"),
    },
];

/// The real program, asked about an event in a file.
async fn route(name: &str, url: &str, event: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let (name, url, event) = (name.to_owned(), url.to_owned(), event.to_owned());
    let more: Vec<String> = more.iter().map(|one| (*one).to_owned()).collect();
    let run = move || {
        let home = Home::new(&name);
        let file = home.write("event.json", &event);
        let mut command = Command::new(env!("CARGO_BIN_EXE_edatop"));
        command.args(["route", "--event", &file, "--endpoint", &url]).args(more);
        command.env_clear().envs(home.variables()).output().unwrap()
    };
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(run).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_who_gets_it_and_who_does_not() {
    let demo = Embedded::start(1).await.unwrap();
    let url = demo.url();
    let (code, out, err) = route("gets", &url, "{}", &["EventFork", "--attributes", "event=login"]).await;
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with("◇ EventFork: 1 of 3 subscribers gets it\n"), "{out}");
    assert!(out.contains("  ✔ ▤ AnalyticsQueue\n    ✔ ƒ EventAnalytics\n"), "{out}");
    let missed: Vec<&str> = out.lines().filter(|line| line.contains("✖ ▤")).collect();
    assert_eq!(missed.len(), 2, "{out}");
    assert!(missed.iter().all(|line| line.ends_with(r#"`event` is "login", wanted "signup""#)), "{out}");

    let attributes = r#"{"event":{"Type":"String","Value":"logout"}}"#;
    let (code, out, err) =
        route("nobody", &url, "{}", &["EventFork", "--attributes", attributes, "--format", "json"]).await;
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&answer["goes_nowhere"], &answer["certain"]), (&json!(true), &json!(true)));
    assert_eq!(answer["summary"], "goes nowhere: none of 3 subscribers gets it");
    let steps = answer["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    assert!(
        steps.iter().all(|step| step["fate"] == "filtered" && step["path"] == "event" && step["found"] == "\"logout\"")
    );
    demo.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_what_is_wrong_with_the_question() {
    let demo = Embedded::start(1).await.unwrap();
    let url = demo.url();
    let (code, _, err) = route("unknown", &url, "{}", &["EventFrok"]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("no topic and no bus is called 'EventFrok'") && err.contains("EventFork"), "{err}");
    let (code, _, err) = route("not-json", &url, "{\n\"a\": }", &["default"]).await;
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("line 2 column 6"), "{err}");
    let (code, _, err) = route("attribute", &url, "{}", &["EventFork", "--attributes", "login"]).await;
    assert!(code == Some(2) && err.contains("'login' is not name=value"), "{err}");
    demo.shut_down().await;
    let (code, _, err) = route("unreached", "http://127.0.0.1:9", "{}", &["EventFork"]).await;
    assert_eq!(code, Some(3), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs emulators, named in EDATOP_TEST_ENDPOINTS"]
async fn our_answers_are_those_of_every_named_endpoint() {
    let mut wrong = Vec::new();
    for (name, url) in emulators::that_deliver() {
        let clients = Clients::new(&url).unwrap();
        let mut pairs = event_pairs(&clients).await;
        for language in [Attributes, Body] {
            pairs.extend(message_pairs(&clients, language).await);
        }
        wrong.extend(judge(&name, &pairs));
    }
    assert!(wrong.is_empty(), "{} are not explained:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is left without an explanation.
fn judge(endpoint: &str, pairs: &[Pair]) -> Vec<String> {
    let mut wrong = Vec::new();
    for language in [Events, Attributes, Body] {
        let of: Vec<&Pair> = pairs.iter().filter(|pair| pair.plan.language == language).collect();
        let matched = of.iter().filter(|pair| pair.ours).count();
        let share = matched * 100 / of.len();
        let differ = of.iter().filter(|pair| pair.theirs != Some(pair.ours)).count();
        eprintln!("{endpoint}: {language:?}: {} pairs, {share} % match, {differ} differ", of.len());
        assert!((30..=70).contains(&share), "{endpoint}: {language:?}: {share} % match: the sample says little");
        for (operator, languages) in OPERATORS {
            let ways: BTreeSet<bool> = of.iter().filter(|pair| pair.uses(operator)).map(|pair| pair.ours).collect();
            assert!(!languages.contains(&language) || ways.len() == 2, "{language:?}: '{operator}' went one way only");
        }
    }
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mistakes: Vec<&Mistake> = MISTAKES.iter().filter(|mistake| mistake.endpoint == endpoint).collect();
    for pair in pairs.iter().filter(|pair| pair.theirs != Some(pair.ours)) {
        match mistakes.iter().find(|mistake| (mistake.explains)(pair)) {
            Some(mistake) => *explained.entry(mistake.what).or_default() += 1,
            None => {
                let (pattern, message) = (&pair.pattern, Value::from(pair.message.clone()));
                let operators: Vec<&str> = pair.plan.wishes.iter().map(|wish| wish.operator).collect();
                let (language, ours, theirs) = (pair.plan.language, pair.ours, pair.theirs);
                wrong.push(format!(
                    "{endpoint}: {language:?} {operators:?}: {pattern} with {message}: we say {ours}, it says {theirs:?}"
                ));
            }
        }
    }
    for mistake in mistakes {
        let count = explained.get(mistake.what).copied().unwrap_or_default();
        eprintln!("{endpoint}: {count} times: {}", mistake.what);
        if count == 0 {
            wrong.push(format!("{endpoint}: no longer so: {}", mistake.what));
        }
    }
    wrong
}

async fn event_pairs(clients: &Clients) -> Vec<Pair> {
    let random = &mut Rng::with_seed(SEED);
    let mut pairs = Vec::new();
    for number in 0..EVENT_PLANS {
        let plan = Plan::new(Events, number, random);
        let pattern = json!({ "detail": plan.pattern() });
        for index in 0..MESSAGES_A_PLAN {
            let message = plan.message(index % 2 == number % 2, random);
            let event = json!({
                "version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "detail-type": "t", "source": "s",
                "account": "000000000000", "time": "2026-11-21T08:00:00Z", "region": "us-east-1", "resources": [],
                "detail": message,
            });
            let ours = EventPattern::parse(&pattern.to_string()).unwrap().evaluate(&event).is_match();
            pairs.push((Pair { plan: plan.clone(), pattern: pattern.clone(), message, ours, theirs: None }, event));
        }
    }
    let ask = async |(mut pair, event): (Pair, Value)| {
        let call = clients.events.test_event_pattern().event_pattern(pair.pattern.to_string());
        pair.theirs = call.event(event.to_string()).send().await.ok().map(|answer| answer.result);
        pair
    };
    stream::iter(pairs).map(ask).buffered(CONCURRENCY).collect().await
}

async fn message_pairs(clients: &Clients, language: Language) -> Vec<Pair> {
    let random = &mut Rng::with_seed(SEED + 1);
    let plans = if language == Body { BODY_PLANS } else { ATTRIBUTE_PLANS };
    let mut batches = Vec::new();
    for number in 0..plans {
        let plan = Plan::new(language, number, random);
        let messages = (0..2 * MESSAGES_A_PLAN).map(|index| plan.message(index % 2 == 0, random)).collect::<Vec<_>>();
        batches.push((number, plan, messages));
    }
    let deliver = async |(number, plan, messages): (usize, Plan, Vec<Map<String, Value>>)| {
        let name = format!("edatop-routing-{}-{number}", std::process::id());
        delivered(clients, &name, &plan, messages).await
    };
    stream::iter(batches).map(deliver).buffered(CONCURRENCY).collect::<Vec<_>>().await.concat()
}

/// A topic, a queue with the plan's policy, and the messages: who came out at the other end.
async fn delivered(clients: &Clients, name: &str, plan: &Plan, messages: Vec<Map<String, Value>>) -> Vec<Pair> {
    let topic = clients.sns.create_topic().name(name).send().await.unwrap().topic_arn.unwrap();
    let queue = clients.sqs.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap();
    let scope = if plan.language == Body { Scope::MessageBody } else { Scope::MessageAttributes };
    let pattern = plan.pattern();
    let policy = FilterPolicy::parse(&pattern.to_string(), scope).unwrap();
    let subscribed = clients
        .sns
        .subscribe()
        .topic_arn(&topic)
        .protocol("sqs")
        .endpoint(format!("arn:aws:sqs:us-east-1:000000000000:{name}"))
        .attributes("FilterPolicy", pattern.to_string())
        .attributes("FilterPolicyScope", format!("{scope:?}"))
        .attributes("RawMessageDelivery", "true")
        .send()
        .await;
    let mut pairs = Vec::new();
    for (id, message) in messages.into_iter().enumerate() {
        let (body, attributes) = written(plan.language, id, &message);
        let ours = policy.evaluate(&attributes, &body).is_match();
        let publish = clients.sns.publish().topic_arn(&topic).message(body);
        let publish =
            attributes.iter().fold(publish, |call, (name, one)| call.message_attributes(name, for_publish(one)));
        let is_in = publish.send().await.is_ok() && subscribed.is_ok();
        let (plan, pattern) = (plan.clone(), pattern.clone());
        pairs.push(Pair { plan, pattern, message, ours, theirs: is_in.then_some(false) });
    }
    if subscribed.is_ok() {
        let expected = pairs.iter().filter(|pair| pair.ours).count();
        for id in received(clients, &queue, expected).await {
            pairs[id].theirs = Some(true);
        }
    }
    clients.sns.delete_topic().topic_arn(&topic).send().await.unwrap();
    clients.sqs.delete_queue().queue_url(&queue).send().await.unwrap();
    pairs
}

/// The ids of the messages in the queue. Looks again until as many came as should, and then once more for those that should not.
async fn received(clients: &Clients, queue: &str, expected: usize) -> BTreeSet<usize> {
    let (mut ids, mut in_vain) = (BTreeSet::new(), 0);
    while in_vain < if ids.len() >= expected { 1 } else { 3 } {
        let call = clients.sqs.receive_message().queue_url(queue).max_number_of_messages(10).wait_time_seconds(1);
        let messages = call.send().await.unwrap().messages.unwrap_or_default();
        in_vain = if messages.is_empty() { in_vain + 1 } else { 0 };
        for message in messages {
            let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            ids.insert(usize::try_from(body["id"].as_u64().unwrap()).unwrap());
            clients
                .sqs
                .delete_message()
                .queue_url(queue)
                .receipt_handle(message.receipt_handle().unwrap())
                .send()
                .await
                .unwrap();
        }
    }
    ids
}

fn written(language: Language, id: usize, message: &Map<String, Value>) -> (String, MessageAttributes) {
    if language == Body {
        let mut body = message.clone();
        body.insert("id".to_owned(), json!(id));
        return (Value::from(body).to_string(), MessageAttributes::new());
    }
    let attribute = |value: &Value| match value {
        Value::Array(_) => MessageAttribute::StringArray(value.to_string()),
        Value::Number(number) => MessageAttribute::Number(number.to_string()),
        other => MessageAttribute::String(other.as_str().unwrap().to_owned()),
    };
    let attributes = message.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    (json!({ "id": id }).to_string(), attributes)
}

fn for_publish(attribute: &MessageAttribute) -> MessageAttributeValue {
    let (data_type, value) = match attribute {
        MessageAttribute::String(text) => ("String", text),
        MessageAttribute::Number(text) => ("Number", text),
        MessageAttribute::StringArray(text) => ("String.Array", text),
        MessageAttribute::Binary => panic!("no plan has binary attributes"),
    };
    MessageAttributeValue::builder().data_type(data_type).string_value(value).build().unwrap()
}
