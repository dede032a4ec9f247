//! Arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> color_eyre::Result<ExitCode> {
    let cli = edatop::cli::Cli::parse();
    color_eyre::config::HookBuilder::default().display_env_section(false).install()?;
    edatop::terminal::install_panic_hook();
    edatop::cli::run(cli)
}
