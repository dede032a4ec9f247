//! A hundred thousand messages on the desk: how long it takes from a key to the frame that shows what it did.
//!
//! `cargo bench --bench desk_keys`, or `-- 1000` for another number. The real screen, the real desk behind it and real calls, to an
//! endpoint that makes its messages up. Keys that are answered by the desk's task count until its next picture is painted. Fails when
//! the slowest hundredth of any key takes longer than a user would notice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench that cannot go on fails")]

#[path = "../support/example.rs"]
#[allow(dead_code, reason = "shared with the screen tests")]
mod example;
#[path = "../support/screen.rs"]
#[allow(dead_code, reason = "shared with the screen tests")]
mod screen;

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use edatop::{
    app::{Effect, Event, clock, desk::Desks},
    aws::{ConnectOptions, Connection},
    domain::ResourceId,
    overlays::desk::model::{Ask, News, Subject},
};
use ratatui::buffer::Buffer;
use screen::Screen;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{sleep, timeout},
};

const MESSAGES: usize = 100_000;
/// Causes and shapes that the messages are of.
const KINDS: usize = 60;
const TURNS: usize = 100;
/// What the slowest hundredth may take.
const TARGET: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(MESSAGES);
    // As many threads as the program itself has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if runtime.block_on(measure(count)) <= TARGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Takes all in, then types. The worst of the slowest hundredths.
async fn measure(count: usize) -> Duration {
    let began = Instant::now();
    let mut seat = Seat::at(count).await;
    while seat.is_looking || seat.held < count as u64 {
        seat.next_picture().await;
        seat.paint();
    }
    println!("{count} messages laid out in {:.1} s", began.elapsed().as_secs_f64());
    let mut worst = Duration::ZERO;
    let mut tell = |what: &str, times: Vec<Duration>| {
        let [p50, p99, max] = of(times);
        println!("{what:>34}: p50 {p50:>9.2?}  p99 {p99:>9.2?}  max {max:>9.2?}");
        worst = worst.max(p99);
    };
    for (what, keys) in [
        ("next message", "j"),
        ("choose one", "space"),
        ("to the end and back", "G g"),
        ("next cluster and back", "left j k right"),
        ("all of them, and back", "left g j right"),
        ("choose a cluster, and not", "* *"),
        ("choose all listed, and not", "a a"),
    ] {
        let times = seat.turns(keys).await;
        tell(what, times);
    }
    for (what, keys, text) in [("/text", "/", "kind 7"), ("=jq", "=", ".body.number % 1000 == 7")] {
        let (typed, found) = seat.search(keys, text).await;
        tell(&format!("typing {what}"), typed);
        tell(&format!("moving while {what} is looked for"), found);
        let times = seat.turns("j").await;
        tell(&format!("next message of {what}"), times);
        seat.press("esc").await;
    }
    seat.desks.close().await;
    worst
}

fn of(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    [at(0.5), at(0.99), at(1.0)]
}

/// Somebody at the desk.
struct Seat {
    screen: Screen,
    desks: Desks,
    events: mpsc::Receiver<Event>,
    buf: Buffer,
    /// As the last picture had it.
    held: u64,
    is_looking: bool,
    to_look_through: u64,
}

impl Seat {
    async fn at(count: usize) -> Self {
        let url = endpoint(count).await;
        let options =
            ConnectOptions { endpoint: Some(url), region: Some("us-east-1".to_owned()), ..ConnectOptions::default() };
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        let (sender, events) = mpsc::channel(64);
        let mut screen = Screen::example(120, 40);
        screen.now = clock::now();
        let effects = screen.press("d");
        let [Effect::Desk(Ask::Open(subject))] = effects.as_slice() else { panic!("no desk is opened: {effects:?}") };
        let mut desks = Desks::new(aws, sender, None);
        desks.ask(Ask::Open(Box::new(Subject { queue: arn(), routes: Vec::new(), ..subject.as_ref().clone() })));
        let buf = Buffer::empty(screen.area);
        Self { screen, desks, events, buf, held: 0, is_looking: true, to_look_through: 0 }
    }

    fn paint(&mut self) {
        self.buf.reset();
        self.screen.now = clock::now();
        self.screen.app.prepare(self.screen.now);
        self.screen.app.draw(self.screen.area, &mut self.buf, self.screen.now);
    }

    /// Takes in what comes, up to the next picture.
    async fn next_picture(&mut self) {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await.expect("no picture came").unwrap();
            if self.told(event) {
                return;
            }
        }
    }

    /// Whether it was a picture.
    fn told(&mut self, event: Event) -> bool {
        let is_picture = if let Event::Desk(_, News::Picture(picture)) = &event {
            (self.held, self.is_looking) = (picture.header.held, picture.header.looking);
            self.to_look_through = picture.find.as_ref().map_or(0, |finding| finding.left);
            true
        } else {
            false
        };
        self.screen.app.update(event, self.screen.now);
        is_picture
    }

    /// From a key until the frame that shows what it did.
    async fn press(&mut self, key: &str) -> Duration {
        while let Ok(event) = self.events.try_recv() {
            self.told(event);
        }
        let began = Instant::now();
        let mut is_asked = false;
        for effect in self.screen.press(key) {
            if let Effect::Desk(ask) = effect {
                self.desks.ask(ask);
                is_asked = true;
            }
        }
        if is_asked {
            self.next_picture().await;
        }
        self.paint();
        began.elapsed()
    }

    async fn turns(&mut self, keys: &str) -> Vec<Duration> {
        let mut times = Vec::new();
        for _ in 0..TURNS {
            for key in keys.split(' ') {
                times.push(self.press(key).await);
                // What the key set going (a message read, a log fetched) is not the next key's.
                sleep(Duration::from_millis(5)).await;
            }
        }
        times
    }

    /// Types a search; then moves about until it is through.
    async fn search(&mut self, key: &str, text: &str) -> (Vec<Duration>, Vec<Duration>) {
        let mut typed = vec![self.press(key).await];
        for letter in text.chars() {
            let began = Instant::now();
            self.screen.write(&letter.to_string());
            self.paint();
            typed.push(began.elapsed());
        }
        typed.push(self.press("enter").await);
        let mut moved = vec![self.press("j").await];
        while self.to_look_through > 0 || moved.len() < 20 {
            moved.push(self.press(if moved.len() % 2 == 0 { "j" } else { "k" }).await);
        }
        (typed, moved)
    }
}

fn arn() -> ResourceId {
    ResourceId::from("arn:aws:sqs:us-east-1:000000000000:dlq")
}

/// A queue that makes its messages up; its URL.
async fn endpoint(count: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (base, given) = (url.clone(), Arc::new(AtomicUsize::new(0)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, (base.clone(), count), Arc::clone(&given)));
        }
    });
    url
}

async fn serve(stream: TcpStream, (url, count): (String, usize), given: Arc<AtomicUsize>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut target, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return;
            }
            let line = line.trim_end();
            let Some((name, value)) = line.split_once(": ") else {
                if line.is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => target = value.rsplit('.').next().unwrap_or_default().to_owned(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (status, answer) = match answer(&target, &asked, (&url, count), &given) {
            Some(answer) => (200, answer),
            None => (400, json!({"__type": "UnknownOperationException", "message": "not here"})),
        };
        let answer = answer.to_string();
        let head = format!("HTTP/1.1 {status} So\r\ncontent-type: application/x-amz-json-1.0\r\n");
        let answer = format!("{head}content-length: {}\r\n\r\n{answer}", answer.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(target: &str, asked: &Value, (url, count): (&str, usize), given: &AtomicUsize) -> Option<Value> {
    Some(match target {
        "GetQueueUrl" => json!({"QueueUrl": format!("{url}/000000000000/dlq")}),
        "GetQueueAttributes" => {
            let out = given.load(Ordering::Relaxed).min(count);
            json!({"Attributes": {
                "QueueArn": arn().as_str(),
                "ApproximateNumberOfMessages": (count - out).to_string(),
                "ApproximateNumberOfMessagesNotVisible": out.to_string(),
                "ApproximateNumberOfMessagesDelayed": "0",
            }})
        }
        "ListDeadLetterSourceQueues" => json!({"queueUrls": []}),
        "ReceiveMessage" => {
            let most = asked["MaxNumberOfMessages"].as_u64().unwrap_or(1) as usize;
            let from = given.fetch_add(most, Ordering::Relaxed).min(count);
            json!({"Messages": (from..count.min(from + most)).map(message).collect::<Vec<_>>()})
        }
        "ChangeMessageVisibilityBatch" => {
            let each = asked["Entries"].as_array().into_iter().flatten().map(|entry| json!({"Id": entry["Id"]}));
            json!({"Successful": each.collect::<Vec<_>>(), "Failed": []})
        }
        _ => return None,
    })
}

fn message(number: usize) -> Value {
    let kind = number % KINDS;
    let mut body = json!({"number": number, "type": format!("kind {kind}"), "poison": true});
    body[format!("field_{}", kind % 7)] = json!({"sku": format!("pen-{number}"), "price": "negotiable"});
    let sent = clock::now().as_millisecond() - (number as i64 * 37) % 86_400_000;
    json!({
        "MessageId": format!("{:08x}-0000-4000-8000-{number:012x}", number.wrapping_mul(0x9e37_79b9) as u32),
        "ReceiptHandle": format!("receipt-{number}"),
        "Body": body.to_string(),
        "Attributes": {"SentTimestamp": sent.to_string(), "ApproximateReceiveCount": "3"},
    })
}
