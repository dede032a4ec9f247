//! Step Functions: state machines, and what their states call.
//!
//! Executions are not listed: a busy machine has thousands, and each page is a call. What a definition calls is read in
//! [`super::states_definition`]; the definition itself may hold anything and is not kept.

use aws_sdk_sfn::{
    operation::describe_state_machine::DescribeStateMachineOutput,
    types::{LogLevel, StateMachineListItem},
};

use super::{
    Look,
    catalogue::{Ask, Description, Listed, Listing, Untold},
    links::gathered,
    service_call::resource_of,
    states_definition,
};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Kind, Link, LinkKind, Resource},
};

const LIST: &str = "states:ListStateMachines";
const DESCRIBE: &str = "states:DescribeStateMachine";

/// State machines, for [`super::catalogue::of`].
pub struct StateMachines;

impl Listed for StateMachines {
    const KINDS: &'static [Kind] = &[Kind::StateMachine];
    const LIST: &'static str = LIST;
    const DESCRIBE: &'static [&'static str] = &[DESCRIBE];
    /// Of the 20 that the smaller Regions refill for the whole account.
    const CALLS_PER_SECOND: u32 = 5;

    async fn list(look: Look<'_>) -> Result<Listing, Trouble> {
        let mut pages = look.aws.states().list_state_machines().into_paginator().send();
        let mut listing = Listing::default();
        while let Some(page) = pages.next().await {
            if !listing.take(page?.state_machines.iter().map(listed)) {
                break;
            }
        }
        Ok(listing)
    }

    async fn describe(ask: Ask<'_>) -> Result<Description, Untold> {
        ask.turn().await;
        let call = ask.look.aws.states().describe_state_machine().state_machine_arn(ask.listed.id.as_str());
        let answer = call.send().await.map_err(Untold::at(DESCRIBE))?;
        described(ask.listed.clone(), &answer).map_err(Untold::at(DESCRIBE))
    }
}

fn listed(item: &StateMachineListItem) -> Description {
    let resource = Resource::new(item.state_machine_arn(), Kind::StateMachine, item.name())
        .with("Type", Some(item.r#type().as_str()))
        .with("CreationDate", Some(item.creation_date()));
    Description::new(resource, Vec::new())
}

fn described(resource: Resource, answer: &DescribeStateMachineOutput) -> Result<Description, Trouble> {
    let id = resource.id.clone();
    let definition = id.arn().and_then(|home| states_definition::read(answer.definition(), home));
    let Some(definition) = definition else {
        let text = "the definition is no JSON that states can be read from: what it calls is not known".to_owned();
        return Err(Trouble { kind: FailureKind::Other, text });
    };
    let mut links = gathered(&id, LinkKind::Calls, definition.calls);
    let logging = answer.logging_configuration().filter(|logging| logging.level() != Some(&LogLevel::Off));
    let groups = logging.into_iter().flat_map(|logging| logging.destinations());
    let groups = groups.filter_map(|destination| destination.cloud_watch_logs_log_group()?.log_group_arn());
    links.extend(groups.map(|group| Link::configured(id.clone(), LinkKind::Logs, resource_of(group))));
    let level = answer.logging_configuration().and_then(|logging| logging.level());
    let resource = resource
        .with("Status", answer.status().map(|status| status.as_str()))
        .with("States", Some(definition.states))
        .with("StatesNotRead", (definition.left_out > 0).then_some(definition.left_out))
        .with("LoggingLevel", level.map(|level| level.as_str()))
        .with("TracingEnabled", answer.tracing_configuration().map(|tracing| tracing.enabled()))
        .with("Description", answer.description().filter(|text| !text.is_empty()));
    Ok(Description::new(resource, links))
}
