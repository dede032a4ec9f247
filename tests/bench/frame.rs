//! What a frame costs with two thousand resources: drawing it, judging and ordering what changed, taking a report in.
//!
//! `cargo bench --bench frame`. After divan's table come the percentiles of two thousand frames: what a user feels is the slowest one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench stops at what is wrong by panicking"
)]

#[path = "../support/example.rs"]
#[allow(dead_code, reason = "shared with the screen tests")]
mod example;
#[path = "../support/screen.rs"]
#[allow(dead_code, reason = "shared with the screen tests")]
mod screen;

use std::time::{Duration, Instant};

use divan::Bencher;
use edatop::{
    app::Event,
    domain::{Report, reading::VISIBLE},
};
use ratatui::buffer::Buffer;
use screen::Screen;

const RESOURCES: usize = 2_000;
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];
const FRAMES: usize = 2_000;

fn main() {
    divan::main();
    for size in SIZES {
        percentiles(size);
    }
}

fn crowd((width, height): (u16, u16)) -> Screen {
    let mut screen = Screen::example(width, height);
    screen.report(example::many(screen.now, RESOURCES));
    screen.draw();
    screen
}

/// A thousand new depths.
fn depths(screen: &Screen, round: usize) -> Report {
    let at = screen.now;
    let name = |number: usize| example::queue(&format!("orders-{number:04}"));
    let facts = (0..1_000).map(|number| example::measured(name(number), VISIBLE, ((number + round) % 9) as f64, at));
    example::round("sqs", at, facts.collect())
}

#[divan::bench(args = SIZES)]
fn draw(bencher: Bencher<'_, '_>, size: (u16, u16)) {
    let mut screen = crowd(size);
    let mut buf = Buffer::empty(screen.area);
    bencher.bench_local(|| {
        buf.reset();
        screen.app.draw(screen.area, &mut buf, screen.now);
    });
}

/// What a second brings at the most four times: every rule, every row.
#[divan::bench]
fn judge_and_order(bencher: Bencher<'_, '_>) {
    let mut screen = crowd(SIZES[1]);
    bencher.bench_local(|| {
        screen.pass(1);
        screen.report(vec![example::round("sns", screen.now, Vec::new())]);
        screen.app.prepare(screen.now);
    });
}

#[divan::bench]
fn apply_a_thousand_facts(bencher: Bencher<'_, '_>) {
    let mut screen = crowd(SIZES[1]);
    let mut round = 0;
    bencher.bench_local(|| {
        screen.pass(1);
        round += 1;
        let report = depths(&screen, round);
        screen.app.update(Event::Report(report), screen.now);
    });
}

/// Frames as the loop makes them: a report now and then, judging when it is due, drawing.
fn percentiles(size: (u16, u16)) {
    let mut screen = crowd(size);
    let mut buf = Buffer::empty(screen.area);
    let mut drawn = Vec::with_capacity(FRAMES);
    let mut whole = Vec::with_capacity(FRAMES);
    for frame in 0..FRAMES {
        if frame % 30 == 0 {
            screen.pass(1);
            let report = depths(&screen, frame);
            screen.app.update(Event::Report(report), screen.now);
        }
        buf.reset();
        let start = Instant::now();
        screen.app.prepare(screen.now);
        let prepared = Instant::now();
        screen.app.draw(screen.area, &mut buf, screen.now);
        drawn.push(prepared.elapsed());
        whole.push(start.elapsed());
    }
    let (width, height) = size;
    for (what, times) in [("drawing", drawn), ("with judging", whole)] {
        let [p50, p99, max] = of(times);
        println!("{width}x{height}, {RESOURCES} resources, {what:>12}: p50 {p50:.2?}  p99 {p99:.2?}  max {max:.2?}");
    }
}

fn of(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    [at(0.5), at(0.99), at(1.0)]
}
