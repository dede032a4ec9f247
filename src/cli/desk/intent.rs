//! What is about to be done, said before it is done: the plan on stderr, and what a dry run leaves on stdout.

use serde_json::json;

use super::{Outcome, lines::Lines};
use crate::{cli::complain, redrive::plan::Plan};

/// Says the plan.
pub fn show(plan: &Plan) {
    for line in lines(plan) {
        eprintln!("{}", crate::widgets::text::clean(&line));
    }
}

/// What a dry run comes to.
///
/// # Errors
/// stdout's.
pub fn dry(plan: &Plan) -> Outcome {
    put(plan, true)?;
    Ok(0)
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

fn put(plan: &Plan, dry_run: bool) -> Outcome {
    let summary = json!({
        "Deed": plan.deed, "From": plan.from.name(), "To": plan.to.name(), "About": plan.about, "Moved": 0, "DryRun": dry_run,
    });
    Lines::default().put(&json!({ "Summary": summary }))?;
    Ok(0)
}

fn lines(plan: &Plan) -> Vec<String> {
    vec![format!("≈ {} messages from {} to {}", plan.about, plan.from.name(), plan.to.name())]
}
