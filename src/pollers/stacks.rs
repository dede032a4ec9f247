//! CloudFormation: stacks, and what each contains. It names what belongs together; nothing flows along it.
//!
//! All of it is structure. Stacks are listed; what one contains is read when it was updated, and rarely besides. CloudFormation knows
//! resources by physical ids, a different form for each type: [`member`] makes our ids of them. A type without a row there is none
//! that is shown.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_cloudformation::types::{StackResourceSummary, StackStatus, StackSummary};

use super::{Due, Inventory, Look, Outbox, Poller, Spacing, Tier, pages::Pages};
use crate::{
    aws::Trouble,
    domain::{Arn, FailureKind, Kind, Link, LinkKind, Resource, ResourceId, Scope, unqualified},
};

/// More stacks than this are not read: the default limit of an account and Region.
const MOST_STACKS: usize = 2_000;
/// Calls a second on AWS, as part of what deployments need too.
const CALLS_PER_SECOND: u32 = 2;
const LIST_STACKS: &str = "cloudformation:ListStacks";
const LIST_RESOURCES: &str = "cloudformation:ListStackResources";

/// All states but those of a stack that is gone, or that is not there yet.
const LIVING: [StackStatus; 21] = [
    StackStatus::CreateComplete,
    StackStatus::CreateFailed,
    StackStatus::CreateInProgress,
    StackStatus::DeleteFailed,
    StackStatus::DeleteInProgress,
    StackStatus::ImportComplete,
    StackStatus::ImportInProgress,
    StackStatus::ImportRollbackComplete,
    StackStatus::ImportRollbackFailed,
    StackStatus::ImportRollbackInProgress,
    StackStatus::RollbackComplete,
    StackStatus::RollbackFailed,
    StackStatus::RollbackInProgress,
    StackStatus::UpdateComplete,
    StackStatus::UpdateCompleteCleanupInProgress,
    StackStatus::UpdateFailed,
    StackStatus::UpdateInProgress,
    StackStatus::UpdateRollbackComplete,
    StackStatus::UpdateRollbackCompleteCleanupInProgress,
    StackStatus::UpdateRollbackFailed,
    StackStatus::UpdateRollbackInProgress,
];

#[derive(Default)]
pub struct Stacks {
    listed: Due,
    inventory: Inventory,
    /// What was read of each stack's resources: the stack as it was then, and when.
    read: BTreeMap<ResourceId, (Resource, Due)>,
}

#[async_trait]
impl Poller for Stacks {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Group]
    }

    /// All that is read here changes by deployment only.
    fn tier(&self, _scope: &Scope) -> Tier {
        Tier::Background
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if !self.listed.is_due(look.scope, look.sparingly()) {
            return;
        }
        match living_stacks(look).await {
            Ok(stacks) => {
                out.done(LIST_STACKS);
                self.read_stacks(look, stacks, out).await;
            }
            Err(trouble) => out.failed(LIST_STACKS, trouble, None).await,
        }
        self.listed.tried(look.scope, out.worst());
    }
}

impl Stacks {
    async fn read_stacks(&mut self, look: Look<'_>, stacks: Vec<Resource>, out: &mut Outbox) {
        let named: BTreeSet<ResourceId> = stacks.iter().map(|stack| stack.id.clone()).collect();
        self.read.retain(|id, _| named.contains(id));
        out.say_all(self.inventory.keep_only(&named)).await;
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        for stack in stacks {
            let read = self.read.get(&stack.id);
            let is_due = read.is_none_or(|(as_read, due)| *as_read != stack || due.is_due(look.scope, look.rarely()));
            if is_due {
                self.read_members(look, &spacing, stack, out).await;
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    async fn read_members(&mut self, look: Look<'_>, spacing: &Spacing, stack: Resource, out: &mut Outbox) {
        let id = stack.id.clone();
        let (links, worst) = match members(look, spacing, &id).await {
            Ok(links) => {
                out.read(LIST_RESOURCES, &id);
                (links, None)
            }
            Err(trouble) => {
                let kind = trouble.kind;
                // Deleted since the listing: the next listing says so properly.
                if kind != FailureKind::NotFound {
                    out.failed(LIST_RESOURCES, trouble, Some(&id)).await;
                }
                (self.inventory.links(&id).to_vec(), Some(kind))
            }
        };
        out.say_all(self.inventory.found(stack.clone(), links)).await;
        let mut due = Due::default();
        due.tried(look.scope, worst);
        self.read.insert(id, (stack, due));
    }
}

/// All stacks that are there.
async fn living_stacks(look: Look<'_>) -> Result<Vec<Resource>, Trouble> {
    let call = look.aws.cloudformation().list_stacks().set_stack_status_filter(Some(LIVING.to_vec()));
    let mut pages = call.into_paginator().send();
    let mut stacks = Vec::new();
    while let Some(page) = pages.next().await {
        // Not every emulator heeds the filter.
        let page = page?.stack_summaries.unwrap_or_default();
        stacks.extend(
            page.iter()
                .filter(|stack| stack.stack_status().is_some_and(|is| LIVING.contains(is)))
                .filter_map(described),
        );
        if stacks.len() > MOST_STACKS {
            let text = format!("more than {MOST_STACKS} stacks: none is read, name flows by tags instead");
            return Err(Trouble { kind: FailureKind::Other, text });
        }
    }
    Ok(stacks)
}

fn described(stack: &StackSummary) -> Option<Resource> {
    let id = ResourceId::from(stack.stack_id()?);
    let name = stack.stack_name().unwrap_or(id.short_name()).to_owned();
    Some(
        Resource::new(id, Kind::Group, name)
            .with("StackStatus", stack.stack_status().map(StackStatus::as_str))
            .with("StackStatusReason", stack.stack_status_reason().filter(|reason| !reason.is_empty()))
            .with("LastUpdatedTime", stack.last_updated_time())
            .with("ParentId", stack.parent_id()),
    )
}

/// Links to all that a stack contains and that may be shown.
async fn members(look: Look<'_>, spacing: &Spacing, stack: &ResourceId) -> Result<Vec<Link>, Trouble> {
    let mut pages = Pages::new();
    loop {
        spacing.turn().await;
        let call = look.aws.cloudformation().list_stack_resources().stack_name(stack.as_str());
        let page = call.set_next_token(pages.token.clone()).send().await?;
        if !pages.turn(page.stack_resource_summaries, page.next_token) {
            break;
        }
    }
    let all = pages.all;
    // AWS writes `bus|rule`. Emulators leave the bus out: of a rule in a stack with a bus of its own, it is not known which it is on.
    let has_bus = all.iter().any(|resource| resource.resource_type() == Some("AWS::Events::EventBus"));
    let is_unclear = |resource: &StackResourceSummary| {
        has_bus
            && !look.aws.is_aws()
            && resource.resource_type() == Some("AWS::Events::Rule")
            && resource.physical_resource_id().is_some_and(|id| !id.contains('|'))
    };
    let links = all.iter().filter(|resource| !is_unclear(resource)).filter_map(|resource| {
        let to = stack.arn().and_then(|arn| member_of(&arn, resource))?;
        Some(Link::configured(stack.clone(), LinkKind::Contains, to))
    });
    Ok(links.collect())
}

fn member_of(stack: &Arn<'_>, resource: &StackResourceSummary) -> Option<ResourceId> {
    let is_deleted = resource.resource_status().is_some_and(|status| status.as_str() == "DELETE_COMPLETE");
    let physical = resource.physical_resource_id().filter(|id| !id.is_empty() && !is_deleted)?;
    member(stack, resource.resource_type()?, physical)
}

/// The id of what a stack's template calls by its type and CloudFormation by a physical id: a URL, a name or an ARN.
fn member(stack: &Arn<'_>, of_type: &str, physical: &str) -> Option<ResourceId> {
    let Arn { partition, region, account, .. } = *stack;
    let own = |service: &str, resource: &str| format!("arn:{partition}:{service}:{region}:{account}:{resource}");
    if physical.starts_with("arn:") {
        return known_type(of_type).then(|| unqualified(physical.strip_suffix(":*").unwrap_or(physical)).into());
    }
    let id = match of_type {
        "AWS::SQS::Queue" => own("sqs", physical.rsplit('/').next()?),
        "AWS::SNS::Topic" => own("sns", physical),
        "AWS::Lambda::Function" => own("lambda", &format!("function:{physical}")),
        "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => own("dynamodb", &format!("table/{physical}")),
        "AWS::S3::Bucket" => format!("arn:{partition}:s3:::{physical}"),
        "AWS::Events::Rule" => match physical.split_once('|') {
            Some((bus, rule)) if bus != "default" => own("events", &format!("rule/{bus}/{rule}")),
            Some((_, rule)) => own("events", &format!("rule/{rule}")),
            None => own("events", &format!("rule/{physical}")),
        },
        "AWS::Events::EventBus" => own("events", &format!("event-bus/{physical}")),
        "AWS::Kinesis::Stream" => own("kinesis", &format!("stream/{physical}")),
        "AWS::KinesisFirehose::DeliveryStream" => own("firehose", &format!("deliverystream/{physical}")),
        "AWS::KinesisAnalytics::Application" | "AWS::KinesisAnalyticsV2::Application" => {
            own("kinesisanalytics", &format!("application/{physical}"))
        }
        "AWS::StepFunctions::StateMachine" => own("states", &format!("stateMachine:{physical}")),
        "AWS::ApiGateway::RestApi" => format!("arn:{partition}:apigateway:{region}::/restapis/{physical}"),
        "AWS::ApiGatewayV2::Api" => format!("arn:{partition}:apigateway:{region}::/apis/{physical}"),
        "AWS::Logs::LogGroup" => own("logs", &format!("log-group:{physical}")),
        "AWS::Pipes::Pipe" => own("pipes", &format!("pipe/{physical}")),
        // The physical id leaves out the group; most schedules are in the one that is there from the start.
        "AWS::Scheduler::Schedule" => own("scheduler", &format!("schedule/default/{physical}")),
        _ => return None,
    };
    Some(id.into())
}

/// Whether [`member`] knows a type, whatever the form of its physical id.
fn known_type(of_type: &str) -> bool {
    const NONE: Arn<'_> = Arn { partition: "aws", service: "cloudformation", region: "", account: "", resource: "" };
    member(&NONE, of_type, "x").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const STACK: Arn<'_> =
        Arn { partition: "aws", service: "cloudformation", region: "r", account: "1", resource: "stack/s/u" };

    #[rstest]
    #[case("SQS::Queue", "https://sqs.r.amazonaws.com/1/orders.fifo", "arn:aws:sqs:r:1:orders.fifo")]
    #[case("SQS::Queue", "http://localhost:4566/queue/r/1/orders", "arn:aws:sqs:r:1:orders")]
    #[case("SNS::Topic", "arn:aws:sns:r:1:t", "arn:aws:sns:r:1:t")]
    #[case("Lambda::Function", "fn", "arn:aws:lambda:r:1:function:fn")]
    #[case("DynamoDB::Table", "orders", "arn:aws:dynamodb:r:1:table/orders")]
    #[case("S3::Bucket", "b", "arn:aws:s3:::b")]
    #[case("Events::Rule", "own|rule", "arn:aws:events:r:1:rule/own/rule")]
    #[case("Events::Rule", "default|rule", "arn:aws:events:r:1:rule/rule")]
    #[case("Events::Rule", "rule", "arn:aws:events:r:1:rule/rule")]
    #[case("Events::EventBus", "own", "arn:aws:events:r:1:event-bus/own")]
    #[case("Kinesis::Stream", "s", "arn:aws:kinesis:r:1:stream/s")]
    #[case("KinesisFirehose::DeliveryStream", "d", "arn:aws:firehose:r:1:deliverystream/d")]
    #[case("KinesisAnalyticsV2::Application", "a", "arn:aws:kinesisanalytics:r:1:application/a")]
    #[case("StepFunctions::StateMachine", "arn:aws:states:r:1:stateMachine:m", "arn:aws:states:r:1:stateMachine:m")]
    #[case("ApiGateway::RestApi", "abc", "arn:aws:apigateway:r::/restapis/abc")]
    #[case("ApiGatewayV2::Api", "abc", "arn:aws:apigateway:r::/apis/abc")]
    #[case("Logs::LogGroup", "/aws/lambda/fn", "arn:aws:logs:r:1:log-group:/aws/lambda/fn")]
    #[case("Pipes::Pipe", "p", "arn:aws:pipes:r:1:pipe/p")]
    #[case("Scheduler::Schedule", "s", "arn:aws:scheduler:r:1:schedule/default/s")]
    fn physical_ids(#[case] of_type: &str, #[case] physical: &str, #[case] id: &str) {
        assert_eq!(member(&STACK, &format!("AWS::{of_type}"), physical), Some(id.into()));
    }

    #[rstest]
    #[case("AWS::IAM::Role", "role")]
    #[case("AWS::Lambda::Version", "arn:aws:lambda:r:1:function:fn:1")]
    #[case("Custom::Thing", "arn:aws:sqs:r:1:q")]
    fn what_is_not_shown_is_no_member(#[case] of_type: &str, #[case] physical: &str) {
        assert_eq!(member(&STACK, of_type, physical), None);
    }
}
