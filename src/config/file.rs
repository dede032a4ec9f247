//! The configuration file, `config.toml`. Every key is optional; an unknown one is a mistake.

use std::{path::Path, time::Duration};

use serde::Deserialize;

use super::Scrollback;
use crate::{
    domain::{Declaration, Ignore},
    pollers::Paces,
};

/// The file's keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct File {
    pub profile: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub read_only: bool,
    pub theme: Option<String>,
    pub ascii: bool,
    pub mouse: bool,
    pub motion: bool,
    pub metrics: bool,
    pub refresh: Refresh,
    pub tail: Tail,
    /// What no API tells: one `[[link]]` each.
    pub link: Vec<Declaration>,
    /// Findings that may stay.
    pub ignore: Vec<Ignore>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            profile: None,
            region: None,
            endpoint: None,
            read_only: false,
            theme: None,
            ascii: false,
            mouse: true,
            motion: true,
            metrics: true,
            refresh: Refresh::default(),
            tail: Tail::default(),
            link: Vec::new(),
            ignore: Vec::new(),
        }
    }
}

/// How often to read, in seconds.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refresh {
    /// The row under the cursor.
    pub focused: Option<f64>,
    /// What is on screen.
    pub visible: Option<f64>,
    /// All else.
    pub background: Option<f64>,
}

/// The log reader.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tail {
    /// Memory for the lines of each open one.
    pub scrollback: Scrollback,
}

impl Refresh {
    /// The paces, with the defaults where nothing is said.
    pub fn paces(&self) -> Paces {
        let base = Paces::default();
        let pick = |seconds: Option<f64>, default| {
            seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(default)
        };
        Paces {
            focused: pick(self.focused, base.focused),
            visible: pick(self.visible, base.visible),
            background: pick(self.background, base.background),
        }
    }
}

/// Reads a text; the error names file, line and reason.
///
/// # Errors
/// One sentence.
pub fn parse(text: &str, name: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| 1 + text.get(..span.start).unwrap_or_default().matches('\n').count());
        let at = line.map(|line| format!(":{line}")).unwrap_or_default();
        format!(
            "{name}{at}: {}; until it is mended the whole file is left out, and nothing that changes anything is sent",
            error.message().trim()
        )
    })
}

/// Reads the file if it is there.
///
/// # Errors
/// One sentence, for a file that cannot be read or holds a mistake. A missing file is no error unless it was asked for by name.
pub fn load(path: &Path, asked_for: bool) -> Result<File, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, &path.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked_for => Ok(File::default()),
        Err(error) => Err(format!("{} cannot be read: {error}; the defaults are used", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_names_file_line_and_reason() {
        let error = parse("theme = 'dark'\nthema = 'light'\n", "config.toml").unwrap_err();
        assert!(error.starts_with("config.toml:2: ") && error.contains("thema"), "{error}");
        let error = parse("theme = \n", "config.toml").unwrap_err();
        assert!(error.starts_with("config.toml:1: "), "{error}");
    }

    #[test]
    fn links_are_declared_one_by_one() {
        let text = "[[link]]\nfrom = 'a'\nto = 'table:b'\n[[link]]\nfrom = 'a'\nto = 'c'\nkind = 'dead-letters'\nlabel = 'x'\n";
        let links = parse(text, "config.toml").unwrap().link;
        assert_eq!(links.len(), 2);
        assert_eq!((links[1].kind, links[1].label.as_str()), (Some(crate::domain::LinkKind::DeadLetters), "x"));
        let error = parse("[[link]]\nfrom = 'a'\nkind = 'flows'\n", "config.toml").unwrap_err();
        assert!(error.starts_with("config.toml:3: "), "{error}");
    }

    #[test]
    fn what_is_ignored_needs_a_reason() {
        let entry = "[[ignore]]\nrule = 'no-dlq'\nresource = 'orders-*'\n";
        for text in [entry.to_owned(), format!("{entry}reason = ' '\n")] {
            let error = parse(&text, "config.toml").unwrap_err();
            assert!(error.starts_with("config.toml:1: ") && error.contains("needs a reason"), "{error}");
        }
        let file = parse(&format!("{entry}reason = 'a test queue'\n"), "config.toml").unwrap();
        assert_eq!(file.ignore[0].reason, "a test queue");
        assert!(parse(&format!("{entry}reason = 'x'\nwhy = 'y'\n"), "config.toml").is_err());
    }

    #[test]
    fn a_scrollback_that_is_none_is_told_with_its_line() {
        let scrollback = |text: &str| parse(text, "config.toml").map(|file| file.tail.scrollback);
        assert_eq!(scrollback("[tail]\nscrollback = '128 MiB'\n"), Ok(Scrollback(128 << 20)));
        assert_eq!(scrollback("[tail]\n"), Ok(Scrollback::default()));
        for (value, said) in
            [("64", "'64' has no unit"), ("'1 KiB'", "not between"), ("'2 weeks'", "'weeks' is no unit")]
        {
            let mistake = scrollback(&format!("[tail]\nscrollback = {value}\n")).unwrap_err();
            assert!(mistake.starts_with("config.toml:2: scrollback: ") && mistake.contains(said), "{mistake}");
        }
    }

    #[test]
    fn negative_and_absurd_periods_fall_back() {
        let file = parse("[refresh]\nvisible = -1.0\nbackground = 1e300\n", "config.toml").unwrap();
        assert_eq!(file.refresh.paces(), Paces::default());
    }
}
