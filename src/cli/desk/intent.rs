//! What is about to be done, said before it is done: the plan on stderr, the question, and what a dry run leaves on stdout.

use tokio_util::sync::CancellationToken;

use super::{
    Outcome,
    agree::{self, Word},
    lines::Lines,
    summary::{Ending, Summary, Sums},
};
use crate::{
    cli::{complain, opening::GivenUp},
    redrive::plan::Plan,
    widgets::text,
};

/// Whether and how the user must agree.
#[derive(Debug, Clone, Copy)]
pub struct Consent<'a> {
    pub yes: bool,
    pub dry_run: bool,
    pub word: Word<'a>,
    /// So many were refused already: nothing can be made of them that could be sent.
    pub refused: u64,
}

/// Says the plan, with what is to be noted beside it, and asks. Whether it may begin: a dry run may not.
///
/// # Errors
/// When the answer is no, or there is nobody to ask.
pub async fn consent(
    plan: &Plan,
    notes: &[String],
    consent: Consent<'_>,
    stop: &CancellationToken,
) -> Result<bool, GivenUp> {
    for line in plan.lines().iter().chain(notes) {
        eprintln!("{}", text::clean(line).trim_end());
    }
    if consent.dry_run {
        put(plan, Some(consent.refused))?;
        return Ok(false);
    }
    agree::agreed(consent.yes, consent.word, stop).await?;
    Ok(true)
}

/// An empty queue: nothing is asked and no journal is opened.
///
/// # Errors
/// stdout's.
pub fn nothing_there(plan: &Plan) -> Outcome {
    complain(&format!("{} is empty, as far as SQS knows: there is nothing to do", plan.from.name()));
    put(plan, None)?;
    Ok(0)
}

/// Of a dry run, how many were refused.
fn put(plan: &Plan, dry_run: Option<u64>) -> Result<(), GivenUp> {
    let sums = Sums { refused: dry_run.unwrap_or(0), ..Sums::default() };
    let ended = if dry_run.is_some() { Ending::Planned } else { Ending::Done };
    let summary = Summary { dry_run: dry_run.is_some(), sums, ended, ..Summary::of_plan(plan) };
    summary.put(&mut Lines::default())
}
