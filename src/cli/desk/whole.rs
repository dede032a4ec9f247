//! A run of all that is in a queue, received as it goes: nothing is looked at before, so nothing is held and nothing costs twice.

use std::{path::PathBuf, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{
    Desk, Outcome, earlier, given_back,
    intent::{self, Consent},
    run::{self, Trip},
    unless_stopped,
};
use crate::{
    app::clock,
    cli::{export::unwritten, journal::shelf, opening::GivenUp},
    redrive::{
        export::Existing,
        into_file::IntoFile,
        journal::Destination,
        message::Message,
        mover::Sink,
        peek::hunt::{Hunt, Hunting},
        plan::{Plan, Split},
        undo::sources_of_brought_back,
    },
};

/// Says the plan, asks, and moves; into the file, if there is one.
///
/// # Errors
/// Before anything is moved.
pub async fn run(
    desk: &Desk,
    (mut plan, file): (Plan, Option<PathBuf>),
    consent: Consent<'_>,
    (ascii, stop): (bool, &CancellationToken),
) -> Outcome {
    let Some(from) = plan.from.queue().cloned() else {
        return Err(GivenUp::misused("only a queue can be taken as a whole"));
    };
    earlier::say_cut_off(desk, &from);
    plan.about = unless_stopped(stop, desk.standing(&from)).await?.total();
    if plan.about == 0 {
        return intent::nothing_there(&plan);
    }
    plan.split = split(desk, &plan).await?;
    let prospect = desk.prospect(&plan).await;
    let plan = plan.with_prospect(&prospect);
    if !intent::consent(&plan, &[], consent, stop).await? {
        return Ok(0);
    }
    let sink = file.map(|file| IntoFile::open(&file, Existing::Refuse)).transpose().map_err(|e| unwritten(&e))?;
    let sink = sink.map(|sink| Arc::new(sink) as Arc<dyn Sink>);
    let (journal, ledger) = run::begin(desk, &shelf()?, &plan, &[]).await?;
    let hunt = Arc::new(Hunt::for_all(Arc::clone(&desk.wire), from.clone(), Hunting::new(clock::now)));
    let supply = Arc::clone(&hunt) as _;
    let (options, total) = (plan.options, plan.about);
    let trip = Trip { journal, ledger, supply, sink, options, total, chosen: Vec::new(), refused: 0, ascii };
    let outcome = run::attend(desk, trip, stop).await;
    given_back(&hunt.close().await);
    earlier::say_in_flight(desk, &from).await;
    outcome
}

/// How many go to which source, where the endpoint shows them without a receive.
async fn split(desk: &Desk, plan: &Plan) -> Result<Option<Split>, GivenUp> {
    let (Destination::Sources(queues), Some(from)) = (&plan.to, plan.from.queue()) else { return Ok(None) };
    let Some(messages) = desk.wire.glimpse(from).await else { return Ok(None) };
    let brought_back = sources_of_brought_back(shelf()?.folder(), &plan.from);
    let source = |message: &Message| -> Option<String> {
        message.source().or_else(|| brought_back.get(&message.id).map(String::as_str)).map(ToOwned::to_owned)
    };
    let sources: Vec<_> = messages.iter().map(source).collect();
    Ok(Some(Split::of(sources.iter().map(Option::as_deref), queues)))
}
