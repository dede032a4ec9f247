//! How many a plan is about: by the queue's own counter, and by the sources that they go back to.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::planning::Facts;
use crate::{
    app::clock,
    redrive::{
        journal::{Destination, Origin},
        plan::Split,
        queue::Standing,
        undo::sources_of_brought_back,
    },
};

/// How these go to their sources, if that is where they go. Of what an undo has brought back the journals say where it came from.
pub(super) async fn split(facts: &Facts, to: &Destination) -> Option<Split> {
    let Destination::Sources(queues) = to else { return None };
    let mut brought_back = HashMap::new();
    if let (true, Some(shelf)) = (facts.origins.iter().any(|(_, source)| source.is_none()), &facts.shelf) {
        let (folder, queue) = (shelf.folder().to_owned(), Origin::Queue(Box::new(facts.laid.queue().clone())));
        let read = tokio::task::spawn_blocking(move || sources_of_brought_back(&folder, &queue)).await;
        brought_back = read.unwrap_or_default();
    }
    let sources = facts.origins.iter().map(|(id, source)| match source {
        Some(source) => Some(&**source),
        None => brought_back.get(&**id).map(String::as_str),
    });
    Some(Split::of(sources, queues))
}

/// How many the queue has by its own counter, asked now; and a sentence that says so, or that it did not answer.
pub(super) async fn counted(facts: &Facts) -> (u64, String) {
    let at = clock::now().to_zoned(TimeZone::system()).strftime("%H:%M:%S");
    match facts.wire.standing(facts.laid.queue()).await {
        Ok(standing) => {
            let Standing { visible, in_flight, delayed } = standing;
            let said = format!(
                "counted by the queue at {at}: ≈{} messages; {visible} can be received, {in_flight} are in somebody's hands (those held here \
                 too), {delayed} are delayed",
                standing.total()
            );
            (standing.total(), said)
        }
        Err(refusal) => (
            facts.about,
            format!("the queue could not be asked at {at} how many it has ({refusal}): this is an older count"),
        ),
    }
}
