//! Completions and the manual page, generated from the definitions of the command line.

use std::process::ExitCode;

use clap::{Args, CommandFactory};

use super::Cli;

#[derive(Debug, Args)]
pub struct Shell {
    shell: clap_complete::Shell,
}

/// Prints a shell's completions.
///
/// # Errors
/// When stdout is closed.
pub fn completions(shell: Shell) -> color_eyre::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(shell.shell, &mut Cli::command(), "edatop", &mut text);
    super::print(&text)
}

/// Prints the manual page.
///
/// # Errors
/// When stdout is closed.
pub fn manual() -> color_eyre::Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    super::print(&page)
}
