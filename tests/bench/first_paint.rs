//! From pressing enter in the shell to a screen that says something, where nothing answers: `cargo bench --bench first_paint`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench stops at what is wrong by panicking"
)]

#[path = "../support/hermetic.rs"]
#[allow(dead_code, reason = "shared with the tests of the binary")]
mod hermetic;
#[path = "../support/pty.rs"]
#[allow(dead_code, reason = "shared with the tests of the binary")]
mod pty;

use std::time::{Duration, Instant};

const RUNS: usize = 20;

fn main() {
    let home = hermetic::Home::new("first-paint");
    // The first start reads the binary from disk; that is the disk's time.
    paint(&home);
    let mut times: Vec<Duration> = (0..RUNS).map(|_| paint(&home)).collect();
    times.sort_unstable();
    let milliseconds = |index: usize| times[index].as_secs_f64() * 1e3;
    let (median, p99) = (milliseconds(RUNS / 2), milliseconds(RUNS - 1));
    println!("first paint over {RUNS} starts: median {median:.1} ms, slowest {p99:.1} ms");
}

fn paint(home: &hermetic::Home) -> Duration {
    let start = Instant::now();
    let mut terminal = pty::Terminal::start(home, &["--endpoint", "127.0.0.1:1"], 120, 40);
    terminal.wait(|screen| screen.alternate_screen() && screen.contents().contains("edatop"));
    let painted = start.elapsed();
    terminal.press("q");
    terminal.ends();
    painted
}
