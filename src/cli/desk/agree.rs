//! The question before anything is changed. It is asked on a terminal; without one `--yes` must have answered it.

use std::io::{IsTerminal, Write};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{CUT_OFF, LEFT, intent::Consent};
use crate::{
    cli::{complain, opening::GivenUp},
    widgets::text,
};

/// What every command that changes something takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct Agreement {
    /// Print the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask: the plan is agreed to
    #[arg(long)]
    pub yes: bool,
}

impl Agreement {
    /// Whether and how the user must agree; so many were refused already.
    pub fn by(self, word: Word<'_>, refused: u64) -> Consent<'_> {
        Consent { yes: self.yes, dry_run: self.dry_run, word, refused }
    }
}

/// What is to be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    Yes,
    /// For what cannot be brought back by another run: the queue's own name.
    Name(&'a str),
}

/// Asks, unless `--yes` has answered already.
///
/// # Errors
/// When the answer is no, or there is nobody to ask.
pub async fn agreed(yes: bool, word: Word<'_>, stop: &CancellationToken) -> Result<(), GivenUp> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(GivenUp::misused("nothing was changed: --yes is missing, and there is no terminal to ask on"));
    }
    let expected = match word {
        Word::Yes => "yes",
        Word::Name(name) => name,
    };
    eprint!("Type {} to go on: ", text::clean(expected));
    let _ = std::io::stderr().flush();
    // A thread of its own: it may wait for ever, and must not keep the program from leaving.
    let mut answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        answer = &mut answer => match answer {
            Ok(Ok(line)) if is_agreement(&line, expected) => Ok(()),
            _ => Err(GivenUp { code: LEFT, why: "not agreed to: nothing was changed".to_owned() }),
        },
        () = stop.cancelled() => {
            complain("");
            Err(GivenUp { code: CUT_OFF, why: "left; nothing was changed".to_owned() })
        }
    }
}

fn is_agreement(line: &str, expected: &str) -> bool {
    let answer = line.trim();
    answer == expected || (expected == "yes" && answer.eq_ignore_ascii_case("y"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("yes\n", "yes", true)]
    #[case("y\n", "yes", true)]
    #[case("\n", "yes", false)]
    #[case("no\n", "yes", false)]
    #[case("", "yes", false)]
    #[case("orders-dlq\n", "orders-dlq", true)]
    #[case("yes\n", "orders-dlq", false)]
    #[case("Orders-dlq\n", "orders-dlq", false)]
    fn only_the_word_itself_agrees(#[case] line: &str, #[case] expected: &str, #[case] agrees: bool) {
        assert_eq!(is_agreement(line, expected), agrees);
    }
}
