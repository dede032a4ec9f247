//! Fifty thousand lines a second in the log reader: whether all are taken in, how long a key takes meanwhile, and in how much memory.
//!
//! `cargo bench --bench tail`, or `-- 30` for so many seconds. The real screen and the real task behind it; the lines are made up as fast
//! as a local source would bring them. Keys count until the next picture is painted. Fails when a line is missing, when the slowest
//! hundredth of the keys takes longer than a user would notice, or when more is kept in memory than is allowed.
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
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use edatop::{
    app::{
        Effect, Event, clock,
        inspect::{
            Start,
            tail::{self, Feed, Settings},
        },
    },
    aws::{ConnectOptions, Connection},
    inspect::tail::{Batch, Event as Said, book::Limits},
    overlays::inspect::{Ask, News, Subject},
};
use ratatui::buffer::Buffer;
use screen::Screen;
use tokio::{sync::mpsc, time::timeout};

const A_SECOND: u64 = 50_000;
const GROUPS: u64 = 20;
const SECONDS: u64 = 20;
/// What the slowest hundredth may take.
const TARGET: Duration = Duration::from_millis(50);
const MEMORY: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(SECONDS);
    // As many threads as the program itself has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if runtime.block_on(measure(seconds)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(seconds: u64) -> bool {
    let made = Arc::new(AtomicU64::new(0));
    let stopped = Arc::new(AtomicBool::new(false));
    let mut seat = Seat::new(Arc::clone(&made), Arc::clone(&stopped)).await;
    let began = Instant::now();
    let (mut times, mut most) = (Vec::new(), 0);
    let keys = ["k", "pgup", "j", "G", "k", "g", "G", "space", "space"];
    for key in keys.iter().cycle() {
        if began.elapsed() >= Duration::from_secs(seconds) {
            break;
        }
        times.push(seat.press(key).await);
        most = most.max(seat.in_memory);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let elapsed = began.elapsed();
    stopped.store(true, Ordering::Relaxed);
    let made_by_then = made.load(Ordering::Relaxed);
    let rate = made_by_then as f64 / elapsed.as_secs_f64();
    // What was made and is on its way is taken in.
    let ended = Instant::now();
    while seat.taken < made.load(Ordering::Relaxed) && ended.elapsed() < PATIENCE {
        seat.next_picture().await;
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let made = made.load(Ordering::Relaxed);
    println!("{made} lines made, {} taken in or said to be gone, {rate:.0} a second", seat.taken);
    println!("{} keys: p50 {:.2?}  p99 {:.2?}  max {:.2?}", times.len(), at(0.5), at(0.99), at(1.0));
    println!(
        "at most {:.1} MiB of lines in memory, {:.1} MiB on disk",
        most as f64 / f64::from(1 << 20),
        seat.on_disk as f64 / f64::from(1 << 20)
    );
    seat.taken == made && at(0.99) <= TARGET && most <= MEMORY && rate >= 0.95 * A_SECOND as f64
}

/// Somebody in front of the lines.
struct Seat {
    screen: Screen,
    asks: mpsc::Sender<Ask>,
    events: mpsc::Receiver<Event>,
    buf: Buffer,
    taken: u64,
    in_memory: usize,
    on_disk: u64,
}

impl Seat {
    async fn new(made: Arc<AtomicU64>, stopped: Arc<AtomicBool>) -> Self {
        let options = ConnectOptions { endpoint: Some("127.0.0.1:1".to_owned()), ..ConnectOptions::default() };
        let aws = Arc::new(Connection::open(&options).await.unwrap());
        let mut screen = Screen::example(120, 40);
        screen.now = clock::now();
        let effects = screen.press("2 l");
        let [Effect::Inspect(number, Ask::Open(subject))] = effects.as_slice() else { panic!("{effects:?}") };
        #[allow(irrefutable_let_patterns, reason = "other readers")]
        let Subject::Tail(subject) = subject.as_ref() else { panic!("{subject:?}") };
        let (sender, events) = mpsc::channel(64);
        let (asks, asked) = mpsc::channel(64);
        let start = Start { aws, events: sender, state: None, number: *number, asks: asked };
        let limits = Limits { memory: MEMORY, ..Limits::default() };
        tail::spawn(start, subject.clone(), Settings { limits, clock: clock::now }, feed(made, stopped));
        let buf = Buffer::empty(screen.area);
        Self { screen, asks, events, buf, taken: 0, in_memory: 0, on_disk: 0 }
    }

    fn paint(&mut self) {
        self.buf.reset();
        self.screen.now = clock::now();
        self.screen.app.prepare(self.screen.now);
        self.screen.app.draw(self.screen.area, &mut self.buf, self.screen.now);
    }

    fn told(&mut self, event: Event) -> bool {
        let is_picture = if let Event::Inspected(_, News::Tail(picture)) = &event {
            self.taken = picture.total + picture.forgotten;
            (self.in_memory, self.on_disk) = (picture.in_memory, picture.on_disk);
            true
        } else {
            false
        };
        self.screen.app.update(event, self.screen.now);
        is_picture
    }

    async fn next_picture(&mut self) {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await.expect("no picture came").unwrap();
            if self.told(event) {
                return;
            }
        }
    }

    /// From a key until the frame that shows what it did.
    async fn press(&mut self, key: &str) -> Duration {
        while let Ok(event) = self.events.try_recv() {
            self.told(event);
        }
        let began = Instant::now();
        for effect in self.screen.press(key) {
            if let Effect::Inspect(_, ask) = effect {
                self.asks.send(ask).await.unwrap();
                self.next_picture().await;
            }
        }
        self.paint();
        began.elapsed()
    }
}

/// A source that brings so many lines a second, a tenth of a second at a time, and waits when it is not listened to.
fn feed(made: Arc<AtomicU64>, stopped: Arc<AtomicBool>) -> Feed {
    Box::new(move |_, _, _| {
        let (out, batches) = mpsc::channel(4);
        let (made, stopped) = (Arc::clone(&made), Arc::clone(&stopped));
        tokio::spawn(async move {
            let groups: Vec<Arc<str>> = (0..GROUPS).map(|group| format!("/aws/lambda/f{group:02}").into()).collect();
            let mut tick = tokio::time::interval(Duration::from_millis(100));
            let mut number = 0;
            while !stopped.load(Ordering::Relaxed) {
                tick.tick().await;
                let at_ms = clock::now().as_millisecond();
                let events = (number..number + A_SECOND / 10).map(|number| Said {
                    group: Arc::clone(&groups[(number % GROUPS) as usize]),
                    stream: "2026/11/21/[$LATEST]0123456789abcdef".into(),
                    id: None,
                    at_ms,
                    ingested_ms: None,
                    text: format!(
                        r#"{{"level":"info","order_id":{number},"message":"priced the cart and told the table"}}"#
                    )
                    .into(),
                });
                let batch = Batch { events: events.collect(), notes: Vec::new(), read_to_ms: Some(at_ms) };
                if out.send(batch).await.is_err() {
                    return;
                }
                number += A_SECOND / 10;
                made.store(number, Ordering::Relaxed);
            }
        });
        batches
    })
}
