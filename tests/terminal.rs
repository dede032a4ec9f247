//! The real binary in a real (pseudo-)terminal, where nothing answers: it comes up, says so, and gives the terminal back however it
//! ends. What the screen shows otherwise is tested without a terminal, in `screens`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "support/hermetic.rs"]
mod hermetic;
#[path = "support/pty.rs"]
mod pty;

use std::process::{Command, Stdio};

use hermetic::Home;
use pty::Terminal;
use rustix::process::Signal;

/// Nobody listens on this port.
const NOBODY: [&str; 2] = ["--endpoint", "127.0.0.1:1"];

fn start(home: &Home) -> Terminal {
    let terminal = Terminal::start(home, &NOBODY, 100, 30);
    terminal.wait(|screen| screen.alternate_screen() && screen.contents().contains("edatop"));
    terminal
}

#[test]
fn comes_up_says_that_nobody_answers_and_leaves_on_q() {
    let home = Home::new("q");
    let mut terminal = start(&home);
    terminal.shows("127.0.0.1:1");
    terminal.shows("no answer");
    terminal.shows("connection refused");
    terminal.press("?");
    terminal.shows("go to the next thing");
    terminal.press("q");
    terminal.wait(|screen| !screen.contents().contains("go to the next thing"));
    terminal.press("2");
    terminal.shows("no functions here yet");
    terminal.press("q");
    assert!(terminal.ends().success());
    assert_eq!(terminal.leftovers(), Vec::<&str>::new());
}

#[test]
fn ctrl_c_leaves_whatever_lies_on_top() {
    let home = Home::new("ctrl-c");
    let mut terminal = start(&home);
    terminal.press("?");
    terminal.shows("go to the next thing");
    terminal.press("\u{3}");
    assert!(terminal.ends().success());
    assert_eq!(terminal.leftovers(), Vec::<&str>::new());
}

#[test]
fn sigterm_leaves_in_order() {
    let home = Home::new("sigterm");
    let mut terminal = start(&home);
    terminal.signal(Signal::TERM);
    assert!(terminal.ends().success());
    assert_eq!(terminal.leftovers(), Vec::<&str>::new());
}

#[test]
fn goes_to_the_background_and_comes_back() {
    let home = Home::new("sigtstp");
    let mut terminal = start(&home);
    for stop in ["by signal", "by key"] {
        match stop {
            "by signal" => terminal.signal(Signal::TSTP),
            _ => terminal.press("\u{1a}"),
        }
        assert!(terminal.is_stopped(), "{stop}");
        assert_eq!(terminal.leftovers(), Vec::<&str>::new(), "{stop}");
        terminal.signal(Signal::CONT);
        terminal.wait(|screen| screen.alternate_screen() && screen.contents().contains("edatop"));
    }
    terminal.press("?");
    terminal.shows("go to the next thing");
    terminal.press("\u{3}");
    assert!(terminal.ends().success());
}

#[test]
fn goes_to_the_background_with_the_script_that_started_it() {
    let home = Home::new("script");
    let mut terminal = Terminal::start_in_script(&home, &NOBODY, 100, 30);
    terminal.wait(|screen| screen.alternate_screen() && screen.contents().contains("edatop"));
    terminal.press("\u{1a}");
    assert!(terminal.is_stopped(), "the script is what the shell waits for");
    assert_eq!(terminal.leftovers(), Vec::<&str>::new());
    terminal.continue_job();
    terminal.wait(|screen| screen.alternate_screen() && screen.contents().contains("edatop"));
    terminal.press("q");
    terminal.shows("and then 0");
    assert!(terminal.ends().success());
}

#[test]
fn says_kindly_that_it_has_too_little_room() {
    let home = Home::new("small");
    let mut terminal = Terminal::start(&home, &NOBODY, 20, 5);
    terminal.shows("a bit more room?");
    terminal.shows("have 20×5");
    terminal.shows("need 80×24");
    terminal.press("q");
    assert!(terminal.ends().success());
    assert_eq!(terminal.leftovers(), Vec::<&str>::new());
}

#[test]
fn a_mistake_in_the_configuration_is_said_on_screen() {
    let home = Home::new("mistaken");
    home.write("config/edatop/config.toml", "ascii = true\nthema = 'light'\n");
    let mut terminal = start(&home);
    terminal.shows("config.toml:2");
    terminal.press("q");
    assert!(terminal.ends().success());
}

#[test]
fn a_theme_that_is_none_is_said_on_screen() {
    let home = Home::new("themeless");
    let mut terminal = Terminal::start(&home, &[NOBODY[0], NOBODY[1], "--theme", "solarised"], 120, 30);
    terminal.shows("solarised: no such theme");
    terminal.press("q");
    assert!(terminal.ends().success());
}

#[test]
fn without_a_terminal_it_says_what_else_there_is() {
    let home = Home::new("no-terminal");
    let output = Command::new(env!("CARGO_BIN_EXE_edatop"))
        .args(NOBODY)
        .env_clear()
        .envs(home.variables())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "edatop: the dashboard needs a terminal; `edatop snapshot` prints once and needs none\n");
}

#[test]
fn read_only_is_said_in_the_header() {
    let home = Home::new("read-only");
    let mut terminal = Terminal::start(&home, &[NOBODY[0], NOBODY[1], "--read-only"], 120, 30);
    terminal.shows("read-only");
    terminal.press("q");
    assert!(terminal.ends().success());
}
