//! The terminal itself: entered, left, left for a while, and left by a panic.
//!
//! Whatever happens, the user gets back the terminal that he gave us: raw mode off, the main screen, the cursor, no mouse reports.

use std::{
    io::{self, Stdout, stdout},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crossterm::{
    cursor::Show,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute,
    terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};

/// How long a terminal may take to say its background: ssh over half the world.
const BACKGROUND_WITHIN: Duration = Duration::from_millis(100);

/// Whether the terminal is ours now: asked by the panic hook, which has nothing else to ask.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// Whether clicks and the wheel come to us, or stay with the terminal and its own selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    Ours,
    Terminals,
}

/// The real terminal, ours until this is dropped.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: Mouse,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// The terminal's own; it is given back then.
    pub fn enter(mouse: Mouse) -> io::Result<Self> {
        let screen = Self { terminal: Terminal::new(CrosstermBackend::new(stdout()))?, mouse };
        take(mouse)?;
        Ok(screen)
    }

    /// Takes the terminal over again after [`leave`].
    ///
    /// # Errors
    /// The terminal's own.
    pub fn resume(&mut self) -> io::Result<()> {
        take(self.mouse)?;
        execute!(stdout(), Clear(ClearType::All))?;
        // `Terminal::clear` would ask where the cursor is, and the answer would go to the task that reads the keys.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }

    /// Draws one frame.
    ///
    /// # Errors
    /// The terminal's own.
    pub fn draw(&mut self, frame: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(frame).map(|_| ())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back. May be called twice.
pub fn leave() {
    IS_OURS.store(false, Ordering::SeqCst);
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
}

fn take(mouse: Mouse) -> io::Result<()> {
    IS_OURS.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    match mouse {
        Mouse::Ours => execute!(stdout(), EnableMouseCapture),
        Mouse::Terminals => Ok(()),
    }
}

/// Whether the terminal's background is light, as it says itself. One that does not answer soon is taken to be dark.
pub fn is_light() -> bool {
    use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
    let mut options = QueryOptions::default();
    options.timeout = BACKGROUND_WITHIN;
    matches!(theme_mode(options), Ok(ThemeMode::Light))
}

/// Stops this job until the shell continues it, as ctrl-z does elsewhere: us and whoever started us in it (`cargo run`, a script), or
/// the shell would go on waiting for them.
///
/// # Errors
/// When the signal cannot be sent.
pub fn stop_job() -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};
    kill_current_process_group(Signal::STOP).map_err(io::Error::from)
}

/// A panic of this thread, which draws, gives the terminal back before it is reported. Any other one leaves the screen alone, because
/// that goes on being drawn: it goes to the log, and who waits for its task says what it means.
pub fn install_panic_hook() {
    let drawing = thread::current().id();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !IS_OURS.load(Ordering::SeqCst) {
            report(info);
        } else if thread::current().id() == drawing {
            leave();
            report(info);
        } else {
            tracing::error!("{info}");
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn only_a_panic_of_the_thread_that_draws_gives_the_terminal_back() {
        let before = std::panic::take_hook();
        let reported = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&reported);
        std::panic::set_hook(Box::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        }));
        install_panic_hook();

        IS_OURS.store(true, Ordering::SeqCst);
        assert!(thread::spawn(|| panic!("a poller")).join().is_err());
        assert!(IS_OURS.load(Ordering::SeqCst), "the screen stays");
        assert_eq!(reported.load(Ordering::SeqCst), 0, "nothing is written over it");

        assert!(std::panic::catch_unwind(|| panic!("a pane")).is_err());
        assert!(!IS_OURS.load(Ordering::SeqCst));
        assert_eq!(reported.load(Ordering::SeqCst), 1);

        assert!(thread::spawn(|| panic!("headless")).join().is_err());
        assert_eq!(reported.load(Ordering::SeqCst), 2, "without a screen it is said at once");
        std::panic::set_hook(before);
    }
}
