//! Which messages: the flags that peek, redrive and export share.

use clap::Args;

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
}
