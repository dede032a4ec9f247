//! What becomes of asynchronous invocations: where their results and their failures go. A part of the Lambda poller.
//!
//! A call a function, from the 15 a second that all of Lambda's control plane shares on AWS: spaced, and rare. A function that
//! cannot be asked keeps what it said.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws_sdk_lambda::types::FunctionEventInvokeConfig;
use futures_util::{StreamExt, stream};

use super::{Due, Look, Outbox, Spacing, pages::Pages, service_call::resource_of};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Link, LinkKind, Resource, ResourceId},
};

const CONCURRENCY: usize = 4;
/// Of the 15 a second that AWS allows the whole account: others deploy with the rest.
const CALLS_PER_SECOND: u32 = 4;
/// Functions that are asked about again in one round: listings, and the mappings in them, wait for it.
const MOST_AGAIN: usize = 20;
const LIST: &str = "lambda:ListFunctionEventInvokeConfigs";

/// What is remembered of all functions' asynchronous invocations.
#[derive(Debug, Default)]
pub struct Destinations {
    of_functions: BTreeMap<ResourceId, Known>,
}

#[derive(Debug, Default)]
struct Known {
    read: Due,
    /// Of the function itself, and of each alias and version that has its own.
    configurations: Vec<FunctionEventInvokeConfig>,
}

impl Destinations {
    /// Asks about the functions that are due; those that are not among `functions` are forgotten.
    pub async fn read(&mut self, look: Look<'_>, functions: BTreeSet<ResourceId>, out: &mut Outbox) {
        self.of_functions.retain(|id, _| functions.contains(id));
        for id in functions {
            self.of_functions.entry(id).or_default();
        }
        let due = self.due(look);
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(due)
            .map(async |id| {
                let answer = ask(look, &id, &spacing).await;
                (id, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((id, answer)) = answers.next().await {
            let Some(known) = self.of_functions.get_mut(&id) else { continue };
            match answer {
                Ok(configurations) => {
                    known.read.tried(look.scope, None);
                    known.configurations = configurations;
                    out.read(LIST, &id);
                }
                Err(trouble) => {
                    known.read.tried(look.scope, Some(trouble.kind));
                    out.failed(LIST, trouble, Some(&id)).await;
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    /// All that were never asked, and a few of those whose answer is old.
    fn due(&self, look: Look<'_>) -> Vec<ResourceId> {
        let is_due = |known: &Known| known.read.is_due(look.scope, look.rarely());
        let due = self.of_functions.iter().filter(|(_, known)| is_due(known));
        let (never, mut again): (Vec<_>, Vec<_>) = due.partition(|(_, known)| known.read.unread_for() == Duration::MAX);
        again.sort_by_key(|(_, known)| Reverse(known.read.unread_for()));
        never.into_iter().chain(again.into_iter().take(MOST_AGAIN)).map(|(id, _)| id.clone()).collect()
    }

    /// Function → where results and failures go.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        let all = self.of_functions.iter();
        all.flat_map(|(id, known)| known.configurations.iter().flat_map(move |one| links(id, one)))
    }

    /// A function with what is configured for its own invocations, not those of an alias.
    pub fn described(&self, function: Resource) -> Resource {
        let configurations = self.of_functions.get(&function.id).map(|known| &known.configurations);
        let own = configurations.into_iter().flatten().find(|one| qualifier(one).is_none_or(|name| name == "$LATEST"));
        function
            .with("MaximumRetryAttempts", own.and_then(|one| one.maximum_retry_attempts()))
            .with("MaximumEventAgeInSeconds", own.and_then(|one| one.maximum_event_age_in_seconds()))
    }
}

async fn ask(
    look: Look<'_>,
    function: &ResourceId,
    spacing: &Spacing,
) -> Result<Vec<FunctionEventInvokeConfig>, Trouble> {
    let mut pages = Pages::new();
    loop {
        spacing.turn().await;
        let call = look.aws.lambda().list_function_event_invoke_configs().function_name(function.short_name());
        match call.set_marker(pages.token.clone()).send().await {
            Ok(page) => {
                if !pages.turn(page.function_event_invoke_configs, page.next_marker) {
                    return Ok(pages.all);
                }
            }
            // There is none; or the function is gone, and the next listing says so.
            Err(error) => match Trouble::from(error) {
                trouble if trouble.kind == FailureKind::NotFound => return Ok(pages.all),
                trouble => return Err(trouble),
            },
        }
    }
}

/// `live` of `…:function:NAME:live`.
fn qualifier(configuration: &FunctionEventInvokeConfig) -> Option<&str> {
    configuration.function_arn()?.splitn(8, ':').nth(7)
}

fn links(function: &ResourceId, configuration: &FunctionEventInvokeConfig) -> Vec<Link> {
    let destinations = configuration.destination_config();
    let success = destinations.and_then(|to| to.on_success()).and_then(|to| to.destination());
    let failure = destinations.and_then(|to| to.on_failure()).and_then(|to| to.destination());
    let qualifier = qualifier(configuration).filter(|name| *name != "$LATEST");
    let link = |kind, to: Option<&str>, label: &str| {
        let link = Link::configured(function.clone(), kind, resource_of(to.filter(|to| !to.is_empty())?));
        let label = qualifier.map_or_else(|| label.to_owned(), |name| format!("{label} of {name}"));
        Some(
            link.labelled(label)
                .with("Qualifier", qualifier)
                .with("MaximumRetryAttempts", configuration.maximum_retry_attempts())
                .with("MaximumEventAgeInSeconds", configuration.maximum_event_age_in_seconds()),
        )
    };
    let success = link(LinkKind::Reports, success, "on success");
    success.into_iter().chain(link(LinkKind::DeadLetters, failure, "on failure")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::{DestinationConfig, OnFailure, OnSuccess};
    use rstest::rstest;

    const FUNCTION: &str = "arn:aws:lambda:r:1:function:f";

    fn configuration(qualifier: &str) -> FunctionEventInvokeConfig {
        let destinations = DestinationConfig::builder()
            .on_success(OnSuccess::builder().destination("arn:aws:sns:r:1:t").build())
            .on_failure(OnFailure::builder().destination("arn:aws:lambda:r:1:function:g:live").build())
            .build();
        FunctionEventInvokeConfig::builder()
            .function_arn(format!("{FUNCTION}{qualifier}"))
            .maximum_retry_attempts(1)
            .destination_config(destinations)
            .build()
    }

    #[rstest]
    #[case("", ["f Reports t [on success]", "f DeadLetters g [on failure]"], Some("1"))]
    #[case(":$LATEST", ["f Reports t [on success]", "f DeadLetters g [on failure]"], Some("1"))]
    #[case(":live", ["f Reports t [on success of live]", "f DeadLetters g [on failure of live]"], None)]
    fn results_and_failures(#[case] qualifier: &str, #[case] expected: [&str; 2], #[case] retries: Option<&str>) {
        let known = Known { configurations: vec![configuration(qualifier)], ..Known::default() };
        let destinations = Destinations { of_functions: [(FUNCTION.into(), known)].into() };
        let line = |link: Link| {
            format!("{} {:?} {} [{}]", link.from.short_name(), link.kind, link.to.short_name(), link.label)
        };
        assert_eq!(destinations.links().map(line).collect::<Vec<_>>(), expected);
        let function = destinations.described(Resource::new(FUNCTION, crate::domain::Kind::Function, "f"));
        assert_eq!(function.attribute("MaximumRetryAttempts"), retries);
    }
}
