//! Which messages: the flags that peek, redrive and export share.

use clap::Args;

use crate::{cli::opening::GivenUp, redrive::queue::Queue};

/// What narrows a queue's messages down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Choice {
    /// Only messages that this jq expression over {body, attributes, system} is true for
    #[arg(long = "where", value_name = "JQ")]
    pub condition: Option<String>,
    /// Only messages of this cluster: its number or its key, as `edatop peek QUEUE --clusters` lists them
    #[arg(long, value_name = "N|KEY")]
    pub cluster: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Look although it may dead-letter messages or leave their consumer no try; the queue's name, so that it is meant
    #[arg(long, value_name = "QUEUE-NAME")]
    pub accept_cost: Option<String>,
}

impl Choice {
    /// Whether all that is there is meant.
    pub fn is_all(&self) -> bool {
        self.condition.is_none() && self.cluster.is_none() && self.limit.is_none()
    }

    /// Refuses an `--accept-cost` that is meant for another queue than this one.
    ///
    /// # Errors
    /// When it says another name.
    pub fn is_meant_for(&self, queue: &Queue) -> Result<(), GivenUp> {
        costs_meant(self.accept_cost.as_slice(), std::iter::once(queue))
    }
}

/// Refuses names of queues, given so that a cost is meant, that are not exactly those of the queues that are looked at: a name from the
/// shell's history must not let a look pass at a queue that nobody thought of.
///
/// # Errors
/// When one is another's.
pub fn costs_meant<'a>(names: &[String], queues: impl Iterator<Item = &'a Queue>) -> Result<(), GivenUp> {
    let there: Vec<&str> = queues.map(Queue::name).collect();
    match names.iter().find(|name| !there.contains(&name.as_str())) {
        None => Ok(()),
        Some(other) => Err(GivenUp::misused(format!(
            "--accept-cost says '{other}', but it is {} that would be looked at: give that name exactly, or leave --accept-cost out",
            if there.is_empty() { "no queue".to_owned() } else { there.join(" or ") }
        ))),
    }
}
