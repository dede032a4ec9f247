//! Where to: what `--to` means.

use super::Desk;
use crate::{
    cli::opening::GivenUp,
    redrive::{journal::Destination, queue::Queue},
};

/// What `--to` says for each message's own source.
pub const SOURCES: &str = "sources";

/// The destination that `--to` names.
///
/// # Errors
/// When there is no such queue, when it is the one that the messages are in, or when no queue sends its dead letters here.
pub async fn destination(desk: &Desk, from: &Queue, to: &str) -> Result<Destination, GivenUp> {
    if to == SOURCES {
        let sources = desk.sources(from).await?;
        if sources.is_empty() {
            let why = format!("no queue sends its dead letters to {}: say where to with --to QUEUE", from.name());
            return Err(GivenUp::misused(why));
        }
        return Ok(Destination::Sources(sources));
    }
    let queue = desk.find(to).await?;
    if queue.arn == from.arn {
        return Err(GivenUp::misused(format!("{} is where the messages are already", queue.name())));
    }
    Ok(Destination::Queue(Box::new(queue)))
}
