//! The terminal itself: entered, left, left for a while, and left by a panic.
//!
//! Whatever happens, the user gets back the terminal that he gave us: raw mode off, the main screen, the cursor, no mouse reports.

use std::io::{self, Stdout, stdout};

use crossterm::{
    cursor::Show,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute,
    terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Terminal, backend::CrosstermBackend};

/// The real terminal.
pub type Tui = Terminal<CrosstermBackend<Stdout>>;

/// Restores the terminal when dropped.
#[derive(Debug)]
pub struct Guard(());

/// Takes the terminal over.
///
/// # Errors
/// The terminal's own.
pub fn enter() -> io::Result<(Tui, Guard)> {
    let guard = Guard(());
    take()?;
    Ok((Terminal::new(CrosstermBackend::new(stdout()))?, guard))
}

/// Gives the terminal back. May be called twice.
pub fn leave() {
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
}

/// Takes the terminal over again after [`leave`].
///
/// # Errors
/// The terminal's own.
pub fn resume(terminal: &mut Tui) -> io::Result<()> {
    take()?;
    execute!(stdout(), Clear(ClearType::All))?;
    // `Terminal::clear` would ask where the cursor is, and the answer would go to the task that reads the keys.
    *terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    Ok(())
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Stops this process until the shell continues it, as ctrl-z does elsewhere.
///
/// # Errors
/// When the signal cannot be sent.
pub fn stop_process() -> io::Result<()> {
    use rustix::process::{Signal, getpid, kill_process};
    kill_process(getpid(), Signal::STOP).map_err(io::Error::from)
}

/// A panic gives the terminal back before it is reported.
pub fn install_panic_hook() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        leave();
        report(info);
    }));
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}
