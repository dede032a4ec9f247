//! How a run goes, on stderr: a bar where that is a terminal, a plain line now and then where it is not. A short run without a
//! terminal says nothing before its end.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli::complain,
    domain::units::Age,
    redrive::{
        journal::Deed,
        mover::{Progress, Stage},
        words::done,
    },
    widgets::text,
};

/// Between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// The bar, or what stands for it.
pub enum Bar {
    Drawn(ProgressBar, Deed),
    Plain { said: Instant, deed: Deed },
}

impl Bar {
    pub fn new(total: u64, deed: Deed, ascii: bool) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Plain { said: Instant::now(), deed };
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let signs = if ascii { "#>-" } else { "█▉▊▋▌▍▎▏ " };
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {wide_msg}") {
            bar.set_style(style.progress_chars(signs));
        }
        Self::Drawn(bar, deed)
    }

    pub fn show(&mut self, progress: &Progress) {
        match self {
            Self::Drawn(bar, deed) => {
                bar.set_length(progress.total.max(progress.moved + progress.refused));
                bar.set_position(progress.moved + progress.refused);
                bar.set_message(sentence(progress, *deed));
            }
            Self::Plain { said, deed } if said.elapsed() >= PLAIN_EVERY => {
                *said = Instant::now();
                complain(&sentence(progress, *deed));
            }
            Self::Plain { .. } => {}
        }
    }

    /// Takes the bar away, so that what follows stands alone.
    pub fn clear(&self) {
        if let Self::Drawn(bar, _) = self {
            bar.finish_and_clear();
        }
    }

    /// Lets a line through above the bar.
    pub fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        match self {
            Self::Drawn(bar, _) => bar.suspend(write),
            Self::Plain { .. } => write(),
        }
    }
}

/// `canary of 10, watching · 11 of ≈ 400 moved · 250/s · 2 s left · 1 came back`.
pub fn sentence(progress: &Progress, deed: Deed) -> String {
    let moved = format!("{} of ≈ {} {}", progress.moved, progress.total.max(progress.moved), done(deed));
    let mut parts = match progress.stage {
        // How fast a few go that are waited for says nothing of the rest.
        Stage::Canary { size, watching } => {
            let doing = if watching { "watching what becomes of it" } else { "on its way" };
            vec![format!("canary of {size}, {doing}"), moved]
        }
        Stage::All => {
            let rate = progress.rate().map(|rate| format!("{rate:.0}/s"));
            let left = progress.left().map(|left| format!("{} left", Age(left.as_secs_f64())));
            std::iter::once(moved).chain(rate).chain(left).collect()
        }
    };
    let counts =
        [(progress.refused, "refused"), (progress.bounced, "came back"), (progress.maybe_twice, "perhaps twice")];
    parts.extend(counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    parts.extend(progress.trouble.as_deref().map(|trouble| text::clean(trouble).into_owned()));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_in_one_line() {
        let progress = Progress {
            total: 400,
            moved: 100,
            bounced: 1,
            elapsed: Duration::from_secs(2),
            trouble: Some("slow\u{1b}[2J down".to_owned()),
            ..Progress::default()
        };
        let said = sentence(&progress, Deed::Redrive);
        let expected = "100 of ≈ 400 moved · 50/s · 6 s left · 1 came back · slow";
        assert!(said.starts_with(expected) && !said.contains('\u{1b}'), "{said}");
        let stage = Stage::Canary { size: 10, watching: true };
        let said = sentence(&Progress { stage, ..progress }, Deed::Redrive);
        let expected = "canary of 10, watching what becomes of it · 100 of ≈ 400 moved · 1 came back · slow";
        assert!(said.starts_with(expected) && !said.contains('\u{1b}'), "{said}");
        assert_eq!(sentence(&Progress { total: 3, ..Progress::default() }, Deed::Delete), "0 of ≈ 3 deleted");
    }
}
