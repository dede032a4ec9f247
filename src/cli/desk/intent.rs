//! What is about to be done, said before it is done: the plan on stderr, the question, and what a dry run leaves on stdout.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    Outcome,
    agree::{self, Word},
    lines::Lines,
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
        put(plan, true)?;
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
    put(plan, false)?;
    Ok(0)
}

fn put(plan: &Plan, dry_run: bool) -> Result<(), GivenUp> {
    let (from, to) = (plan.from.name(), plan.to.name());
    let summary =
        json!({ "Deed": plan.deed, "From": from, "To": to, "About": plan.about, "Moved": 0, "DryRun": dry_run });
    Lines::default().put(&json!({ "Summary": summary }))
}
