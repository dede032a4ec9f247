//! The real binary in a pseudo-terminal, and the screen that it makes there.
//!
//! Tests wait for what they want to see, with a deadline; they never sleep.

use std::{
    io::{Read, Write},
    num::NonZero,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};

use crate::hermetic::Home;

/// Far longer than anything takes on a machine with other things to do.
const DEADLINE: Duration = Duration::from_secs(30);

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    seen: Arc<Seen>,
    // Closing it would hang the program up.
    _master: Box<dyn MasterPty + Send>,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    is_over: bool,
}

impl Terminal {
    /// Starts the binary with these arguments.
    pub fn start(home: &Home, arguments: &[&str], columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_edatop"));
        command.args(arguments);
        Self::run(command, home, columns, rows)
    }

    /// Starts the binary with these arguments in a script that has more to do after it.
    pub fn start_in_script(home: &Home, arguments: &[&str], columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", "\"$@\"; echo \"and then $?\"", "script", env!("CARGO_BIN_EXE_edatop")]);
        command.args(arguments);
        Self::run(command, home, columns, rows)
    }

    fn run(mut command: CommandBuilder, home: &Home, columns: u16, rows: u16) -> Self {
        let size = |cells| NonZero::new(cells).unwrap();
        let room = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(room).unwrap();
        command.env_clear();
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        command.cwd(&home.folder);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let state = State { parser: vt100::Parser::new(size(rows), size(columns), 0), is_over: false };
        let seen = Arc::new(Seen { state: Mutex::new(state), changed: Condvar::new() });
        let mut output = pair.master.try_clone_reader().unwrap();
        let watcher = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            // The kernel says that the other side is gone by an error.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                watcher.state.lock().unwrap().parser.process(&bytes[..count]);
                watcher.changed.notify_all();
            }
            watcher.state.lock().unwrap().is_over = true;
            watcher.changed.notify_all();
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { child, keyboard, seen, _master: pair.master }
    }

    pub fn press(&mut self, bytes: &str) {
        self.keyboard.write_all(bytes.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// What the shell does to a job, until it is back on its screen: one process of it may stop a little later than another, and a
    /// signal that came between would be lost on it.
    pub fn continue_job(&self) {
        let end = Instant::now() + DEADLINE;
        let mut state = self.seen.state.lock().unwrap();
        while !state.parser.screen().alternate_screen() && Instant::now() < end {
            kill_process_group(self.pid(), Signal::CONT).unwrap();
            state = self.seen.changed.wait_timeout(state, Duration::from_millis(50)).unwrap().0;
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap() as i32).unwrap()
    }

    /// Waits until the screen is as wanted; panics with what it shows if it never is.
    pub fn wait(&self, wanted: impl Fn(&vt100::Screen) -> bool) {
        let state = self.wait_for(|state| wanted(state.parser.screen()));
        assert!(
            wanted(state.parser.screen()),
            "it never came; the screen shows:\n{}",
            state.parser.screen().contents()
        );
    }

    /// Waits until a text is on screen.
    pub fn shows(&self, text: &str) {
        self.wait(|screen| screen.contents().contains(text));
    }

    fn wait_for(&self, is_done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let end = Instant::now() + DEADLINE;
        let mut state = self.seen.state.lock().unwrap();
        while !is_done(&state) && !state.is_over && Instant::now() < end {
            state = self.seen.changed.wait_timeout(state, end.saturating_duration_since(Instant::now())).unwrap().0;
        }
        state
    }

    /// Waits until the program has left the screen and the kernel says that the process is stopped.
    pub fn is_stopped(&self) -> bool {
        self.wait(|screen| !screen.alternate_screen());
        let status = waitpid(Some(self.pid()), WaitOptions::UNTRACED).unwrap();
        status.is_some_and(|(_, status)| status.stopped())
    }

    /// Waits for the end, and until all that it wrote has been seen.
    pub fn ends(&mut self) -> ExitStatus {
        let over = self.wait_for(|state| state.is_over).is_over;
        assert!(over, "it does not end");
        self.child.wait().unwrap()
    }

    /// What is still on after the program has gone or stopped: nothing may be.
    pub fn leftovers(&self) -> Vec<&'static str> {
        let state = self.seen.state.lock().unwrap();
        let screen = state.parser.screen();
        let checks = [
            (screen.alternate_screen(), "the alternate screen"),
            (screen.hide_cursor(), "a hidden cursor"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse reports"),
            (screen.bracketed_paste(), "bracketed paste"),
        ];
        checks.iter().filter(|(is_on, _)| *is_on).map(|(_, what)| *what).collect()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
    }
}
