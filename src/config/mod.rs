//! What the user wants: flags over environment over file over default.
//!
//! A file with a mistake is refused as a whole, with its name, line and reason, and the defaults are used: the screen still comes up.

pub mod file;
pub mod paths;
pub mod scrollback;

use std::time::Duration;

use crate::{
    aws::ConnectOptions,
    domain::{Declaration, Ignore},
    pollers::Paces,
};

pub use file::{File, Refresh, Tail};
pub use scrollback::Scrollback;

/// All settings, settled.
#[derive(Debug, Clone, Default)]
pub struct Config {
    pub connect: ConnectOptions,
    pub paces: Paces,
    /// `None`: by the terminal's background.
    pub theme: Option<String>,
    pub ascii: bool,
    pub mouse: bool,
    pub links: Vec<Declaration>,
    /// Findings that may stay, with the reasons.
    pub ignores: Vec<Ignore>,
    /// Marks move on the map where something flows.
    pub motion: bool,
    /// Memory for the lines of each open log reader.
    pub scrollback: Scrollback,
    /// Mistakes to tell the user about.
    pub warnings: Vec<String>,
}

/// What the command line says; `None` and `false` leave the word to the file.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub profile: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub read_only: bool,
    pub refresh: Option<Duration>,
    pub theme: Option<String>,
    pub ascii: bool,
    pub no_motion: bool,
    pub no_metrics: bool,
    pub scrollback: Option<Scrollback>,
}

/// The fastest that anything is read.
const SHORTEST: Duration = Duration::from_millis(200);

/// Settles flags, environment and file.
pub fn settle(flags: Flags, env: impl Fn(&str) -> Option<String>, file: File, mut warnings: Vec<String>) -> Config {
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    let ignores = env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let from_env = env("AWS_ENDPOINT_URL").filter(|_| !ignores);
    let asked = flags.refresh.map_or_else(|| file.refresh.paces(), |visible| Paces { visible, ..Paces::default() });
    if [asked.focused, asked.visible, asked.background].iter().any(|pace| *pace < SHORTEST) {
        warnings.push(format!(
            "refresh faster than {} ms is not done: it would only load the endpoint",
            SHORTEST.as_millis()
        ));
    }
    // What follows from the user's number is not his to be scolded for.
    let mut paces = flags.refresh.map_or(asked, Paces::around);
    for pace in [&mut paces.focused, &mut paces.visible, &mut paces.background] {
        *pace = (*pace).max(SHORTEST);
    }
    Config {
        connect: ConnectOptions {
            profile: flags.profile.or(file.profile),
            region: flags.region.or_else(|| env("AWS_REGION")).or(file.region),
            endpoint: flags.endpoint.or(from_env).or(file.endpoint),
            read_only: flags.read_only || file.read_only,
            no_metrics: flags.no_metrics || !file.metrics,
            ..ConnectOptions::default()
        },
        paces,
        theme: flags.theme.or_else(|| env("EDATOP_THEME")).or(file.theme),
        ascii: flags.ascii || file.ascii,
        mouse: file.mouse,
        links: file.link,
        ignores: file.ignore,
        motion: file.motion && !flags.no_motion,
        scrollback: flags.scrollback.unwrap_or(file.tail.scrollback),
        warnings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        file::parse(text, "config.toml").unwrap()
    }

    #[test]
    fn flags_win_over_environment_over_file() {
        let text = "region = 'eu-west-1'\nendpoint = 'localhost:1'\ntheme = 'light'";
        let none = |_: &str| None;
        let env = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some("localhost:2".to_owned()),
            "AWS_REGION" => Some("eu-west-2".to_owned()),
            _ => None,
        };
        let config = settle(Flags::default(), none, file(text), vec![]);
        assert_eq!(config.connect.endpoint.as_deref(), Some("localhost:1"));
        let config = settle(Flags::default(), env, file(text), vec![]);
        assert_eq!(config.connect.endpoint.as_deref(), Some("localhost:2"));
        assert_eq!(config.connect.region.as_deref(), Some("eu-west-2"));
        let flags =
            Flags { endpoint: Some("localhost:3".into()), region: Some("us-east-1".into()), ..Flags::default() };
        let config = settle(flags, env, file(text), vec![]);
        assert_eq!(config.connect.endpoint.as_deref(), Some("localhost:3"));
        assert_eq!(config.connect.region.as_deref(), Some("us-east-1"));
        assert_eq!(config.theme.as_deref(), Some("light"));
    }

    #[test]
    fn scrollback_is_the_flags_else_the_files_else_sixty_four_mebibytes() {
        let settled = |flag: Option<usize>, text: &str| {
            let flags = Flags { scrollback: flag.map(Scrollback), ..Flags::default() };
            settle(flags, |_| None, file(text), vec![]).scrollback.0
        };
        assert_eq!(settled(None, ""), 64 << 20);
        assert_eq!(settled(None, "[tail]\nscrollback = '32 MiB'"), 32 << 20);
        assert_eq!(settled(Some(16 << 20), "[tail]\nscrollback = '32 MiB'"), 16 << 20);
    }

    #[test]
    fn nothing_is_read_faster_than_is_sane() {
        let flags = Flags { refresh: Some(Duration::from_millis(1)), ..Flags::default() };
        let config = settle(flags, |_| None, File::default(), vec![]);
        assert!(config.paces.focused >= SHORTEST);
        assert!(!config.warnings.is_empty());
        let config = settle(Flags::default(), |_| None, file("[refresh]\nfocused = 0.01\nvisible = 0.01"), vec![]);
        assert_eq!((config.paces.focused, config.warnings.len()), (SHORTEST, 1), "said once");
    }

    #[test]
    fn a_refresh_that_is_allowed_is_not_scolded() {
        for millis in [200, 300, 3_600_000] {
            let visible = Duration::from_millis(millis);
            let config =
                settle(Flags { refresh: Some(visible), ..Flags::default() }, |_| None, File::default(), vec![]);
            assert_eq!(config.warnings, Vec::<String>::new());
            assert_eq!(config.paces.visible, visible);
            assert!(config.paces.focused >= SHORTEST);
        }
    }
}
