//! EventBridge Scheduler: schedules, when they fire, and what they call.
//!
//! A target is an ARN, or any call of AWS with its parameters as the schedule's input. That input may be private: only what it acts
//! on is read, and it is not kept. Schedules of the classic rules are in [`super::events`].

use aws_sdk_scheduler::{
    operation::get_schedule::GetScheduleOutput,
    types::{ScheduleSummary, Target},
};
use serde_json::Value;

use super::{
    Look,
    catalogue::{Ask, Description, Listed, Listing, Untold},
    service_call::{Call, resource_of, values_in_json},
};
use crate::{
    aws::Trouble,
    domain::{Arn, Kind, Link, LinkKind, Resource, ResourceId},
};

const LIST: &str = "scheduler:ListSchedules";
const DESCRIBE: &str = "scheduler:GetSchedule";
/// The most that one page holds.
const PAGE: i32 = 100;
/// What a target begins with that is a call: `arn:aws:scheduler:::aws-sdk:SERVICE:ACTION`.
const CALL: &str = "aws-sdk:";

/// Schedules, for [`super::catalogue::of`].
pub struct Schedules;

impl Listed for Schedules {
    const KINDS: &'static [Kind] = &[Kind::Schedule];
    const LIST: &'static str = LIST;
    const DESCRIBE: &'static [&'static str] = &[DESCRIBE];
    const CALLS_PER_SECOND: u32 = 10;

    async fn list(look: Look<'_>) -> Result<Listing, Trouble> {
        let mut pages = look.aws.scheduler().list_schedules().max_results(PAGE).into_paginator().send();
        let mut listing = Listing::default();
        while let Some(page) = pages.next().await {
            if !listing.take(page?.schedules.iter().filter_map(listed)) {
                break;
            }
        }
        Ok(listing)
    }

    async fn describe(ask: Ask<'_>) -> Result<Description, Untold> {
        ask.turn().await;
        let call = ask.look.aws.scheduler().get_schedule().name(&ask.listed.name);
        let call = call.set_group_name(ask.listed.attribute("GroupName").map(ToOwned::to_owned));
        let answer = call.send().await.map_err(Untold::at(DESCRIBE))?;
        Ok(described(ask.listed.clone(), &answer))
    }
}

/// A schedule as the listing has it; `None` without an ARN.
fn listed(schedule: &ScheduleSummary) -> Option<Description> {
    let id = ResourceId::from(schedule.arn()?);
    let name = schedule.name().unwrap_or(id.short_name()).to_owned();
    let state = schedule.state().map(|state| state.as_str());
    let target = schedule.target().map(|target| target.arn()).filter(|arn| !arn.is_empty());
    // What a call acts on is in its input, which the listing does not have.
    let known = target.filter(|arn| call_of(arn).is_none()).map(resource_of);
    let links = known.map(|to| Link::configured(id.clone(), LinkKind::Targets, to).with("State", state));
    let resource = Resource::new(id, Kind::Schedule, name)
        .with("GroupName", schedule.group_name())
        .with("State", state)
        .with("Target", target)
        .with("LastModificationDate", schedule.last_modification_date());
    Some(Description::new(resource, links.into_iter().collect()))
}

fn described(resource: Resource, answer: &GetScheduleOutput) -> Description {
    let id = resource.id.clone();
    let state = answer.state().map(|state| state.as_str()).or(resource.attribute("State"));
    let mut links = Vec::new();
    if let Some(target) = answer.target() {
        let dead_letters =
            target.dead_letter_config().and_then(|config| config.arn()).filter(|queue| !queue.is_empty());
        let retries = target.retry_policy();
        for to in targets(&id, target) {
            let link = Link::configured(id.clone(), LinkKind::Targets, to)
                .labelled(call_of(target.arn()).map(|call| call.1).unwrap_or_default())
                .with("State", state)
                .with("DeadLetterConfig", dead_letters)
                .with("MaximumRetryAttempts", retries.and_then(|policy| policy.maximum_retry_attempts()))
                .with("MaximumEventAgeInSeconds", retries.and_then(|policy| policy.maximum_event_age_in_seconds()));
            links.push(link);
        }
        if let Some(queue) = dead_letters {
            links.push(Link::configured(id, LinkKind::DeadLetters, queue).labelled("undeliverable"));
        }
    }
    let window = answer.flexible_time_window();
    let resource = resource
        .with("ScheduleExpression", answer.schedule_expression())
        .with("ScheduleExpressionTimezone", answer.schedule_expression_timezone())
        .with("FlexibleTimeWindow", window.map(|window| window.mode().as_str()))
        .with("MaximumWindowInMinutes", window.and_then(|window| window.maximum_window_in_minutes()))
        .with("ActionAfterCompletion", answer.action_after_completion().map(|action| action.as_str()))
        .with("StartDate", answer.start_date())
        .with("EndDate", answer.end_date())
        .with("Description", answer.description().filter(|text| !text.is_empty()));
    Description::new(resource, links)
}

/// The service and the action of a target that is a call.
fn call_of(target: &str) -> Option<(&str, &str)> {
    let arn = Arn::parse(target).filter(|arn| arn.service == "scheduler")?;
    arn.resource.strip_prefix(CALL)?.split_once(':')
}

fn targets(schedule: &ResourceId, target: &Target) -> Vec<ResourceId> {
    let Some((service, action)) = call_of(target.arn()) else { return vec![resource_of(target.arn())] };
    let Some(home) = schedule.arn() else { return Vec::new() };
    let input: Value = target.input().and_then(|input| serde_json::from_str(input).ok()).unwrap_or_default();
    // Without parameters that can be read there is no telling that one is absent.
    if !input.is_object() {
        return Vec::new();
    }
    Call { home, service, action }.acts_on(|key| values_in_json(&input, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_scheduler::types::{DeadLetterConfig, ScheduleState};
    use rstest::rstest;

    const SCHEDULE: &str = "arn:aws:scheduler:eu-west-1:000000000001:schedule/default/s";

    fn links(target: &str, input: Option<&str>) -> Vec<Link> {
        let target = Target::builder()
            .arn(target)
            .role_arn("arn:aws:iam::1:role/r")
            .set_input(input.map(ToOwned::to_owned))
            .dead_letter_config(DeadLetterConfig::builder().arn("arn:aws:sqs:r:1:dlq").build());
        let answer =
            GetScheduleOutput::builder().state(ScheduleState::Disabled).target(target.build().unwrap()).build();
        described(Resource::new(SCHEDULE, Kind::Schedule, "s"), &answer).links
    }

    #[rstest]
    #[case("arn:aws:lambda:r:1:function:f:live", None, "f")]
    #[case(
        "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        Some(r#"{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/000000000001/q","MessageBody":"{}"}"#),
        "q sendMessage"
    )]
    #[case("arn:aws:scheduler:::aws-sdk:sns:publish", Some(r#"{"TopicArn":"arn:aws:sns:r:1:t"}"#), "t publish")]
    #[case("arn:aws:scheduler:::aws-sdk:eventbridge:putEvents", Some(r#"{"Entries":[{}]}"#), "default putEvents")]
    #[case("arn:aws:scheduler:::aws-sdk:eventbridge:putEvents", None, "")]
    #[case("arn:aws:scheduler:::aws-sdk:sqs:sendMessage", Some("not JSON"), "")]
    #[case("arn:aws:scheduler:::aws-sdk:sqs:sendMessage", Some(r#"{"QueueUrl":"<aws.scheduler.x>"}"#), "")]
    fn what_a_schedule_calls(#[case] target: &str, #[case] input: Option<&str>, #[case] expected: &str) {
        let links = links(target, input);
        let targets = links.iter().filter(|link| link.kind == LinkKind::Targets);
        let words: Vec<_> = targets.map(|link| format!("{} {}", link.to.short_name(), link.label)).collect();
        assert_eq!(words.join(", ").trim_end(), expected);
        assert!(links.iter().any(|link| link.kind == LinkKind::DeadLetters && link.to.short_name() == "dlq"));
    }

    #[test]
    fn a_schedule_that_is_disabled_is_off() {
        let links = links("arn:aws:lambda:r:1:function:f", None);
        assert!(links.iter().any(|link| link.kind == LinkKind::Targets && link.is_off()));
    }
}
