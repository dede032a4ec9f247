//! The screen.

use std::{io::IsTerminal, process::ExitCode, sync::Arc};

use jiff::tz::TimeZone;

use super::{MISUSED, complain};
use crate::{
    app::{
        self, App, Look, clock,
        run::{Mouse, Start},
    },
    aws::Connection,
    config::{Config, paths},
    panes::header::Session,
    pollers::POLLERS,
    store::findings,
    theme::{self, ColorDepth, Role, Shelf, Theme},
};

/// Opens the connection and runs the screen.
///
/// # Errors
/// The terminal's own.
pub async fn run(config: Config) -> color_eyre::Result<ExitCode> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        complain("the dashboard needs a terminal; `edatop snapshot` prints once and needs none");
        return Ok(ExitCode::from(MISUSED));
    }
    let aws = match Connection::open(&config.connect).await {
        Ok(aws) => Arc::new(aws),
        Err(error) => {
            complain(&error.to_string());
            return Ok(ExitCode::from(MISUSED));
        }
    };
    let (look, theme_warnings) = look(&config);
    let depth = look.depth;
    let mut app = App::new(session(&aws), look, TimeZone::system()).with_motion(config.motion);
    app.declare(config.links);
    let unknown_rules = findings::unknown_rules(&config.ignores);
    app.ignore(config.ignores);
    let warnings: Vec<String> = config.warnings.into_iter().chain(unknown_rules).chain(theme_warnings).collect();
    if !warnings.is_empty() {
        app.say(warnings.join(" · "), Role::Warn, clock::now());
    }
    let start = Start {
        paces: config.paces,
        mouse: if config.mouse { Mouse::Ours } else { Mouse::Terminals },
        follow_background: config.theme.is_none() && depth > ColorDepth::None,
        state: paths::state_folder(),
        scrollback: config.scrollback.0,
    };
    app::run::run(app, aws, start).await?;
    Ok(ExitCode::SUCCESS)
}

/// What the header can say before anything has answered.
fn session(aws: &Connection) -> Session {
    let place = match aws.endpoint() {
        None => "AWS".to_owned(),
        Some(endpoint) => format!("endpoint {}", endpoint.short()),
    };
    Session {
        place,
        region: aws.region().to_owned(),
        identity: aws.profile().unwrap_or_default().to_owned(),
        on_aws: aws.is_aws(),
        read_only: aws.is_read_only(),
        services: POLLERS.len(),
        ..Session::default()
    }
}

/// How to draw, and what is wrong with the theme.
fn look(config: &Config) -> (Look, Vec<String>) {
    let depth = theme::detect(|name| std::env::var(name).ok());
    let shelf = Shelf::read(paths::themes_folder().as_deref());
    let name = config.theme.as_deref().unwrap_or(theme::DEFAULT);
    let mut look = Look { theme: Theme::default(), depth, ascii: config.ascii, shelf };
    let warnings = look.change(name);
    (look, warnings)
}
