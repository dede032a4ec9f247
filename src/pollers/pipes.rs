//! EventBridge Pipes: what each reads, what it asks on the way, and where it sends.
//!
//! The listing names source, enrichment and target. The filter and where lost records go are in the description alone.

use aws_sdk_pipes::{
    operation::describe_pipe::DescribePipeOutput,
    types::{Pipe, PipeSourceParameters},
};

use super::{
    Look, address,
    catalogue::{Ask, Description, Listed, Listing, Untold},
    service_call::resource_of,
};
use crate::{
    aws::Trouble,
    domain::{Kind, Link, LinkKind, Resource, ResourceId},
};

const LIST: &str = "pipes:ListPipes";
const DESCRIBE: &str = "pipes:DescribePipe";

/// Pipes, for [`super::catalogue::of`].
pub struct Pipes;

impl Listed for Pipes {
    const KINDS: &'static [Kind] = &[Kind::Pipe];
    const LIST: &'static str = LIST;
    const DESCRIBE: &'static [&'static str] = &[DESCRIBE];
    const CALLS_PER_SECOND: u32 = 5;

    async fn list(look: Look<'_>) -> Result<Listing, Trouble> {
        let mut pages = look.aws.pipes().list_pipes().into_paginator().send();
        let mut listing = Listing::default();
        while let Some(page) = pages.next().await {
            if !listing.take(page?.pipes.unwrap_or_default().iter().filter_map(listed)) {
                break;
            }
        }
        Ok(listing)
    }

    async fn describe(ask: Ask<'_>) -> Result<Description, Untold> {
        ask.turn().await;
        let call = ask.look.aws.pipes().describe_pipe().name(&ask.listed.name);
        let answer = call.send().await.map_err(Untold::at(DESCRIBE))?;
        Ok(described(ask.listed.clone(), &answer))
    }
}

/// A pipe as the listing has it; `None` without an ARN.
fn listed(pipe: &Pipe) -> Option<Description> {
    let id = ResourceId::from(pipe.arn()?);
    let name = pipe.name().unwrap_or(id.short_name()).to_owned();
    let ends = Ends {
        source: pipe.source(),
        enrichment: pipe.enrichment(),
        target: pipe.target(),
        state: pipe.current_state().map(|state| state.as_str()),
    };
    let links = ends.links(&id, None);
    let resource = Resource::new(id, Kind::Pipe, name)
        .with("CurrentState", ends.state)
        .with("DesiredState", pipe.desired_state().map(|state| state.as_str()))
        .with("StateReason", pipe.state_reason().filter(|reason| !reason.is_empty()))
        .with("Source", pipe.source())
        .with("Enrichment", pipe.enrichment().filter(|arn| !arn.is_empty()))
        .with("Target", pipe.target())
        .with("LastModifiedTime", pipe.last_modified_time());
    Some(Description::new(resource, links))
}

fn described(resource: Resource, answer: &DescribePipeOutput) -> Description {
    let id = resource.id.clone();
    let ends = Ends {
        source: answer.source(),
        enrichment: answer.enrichment(),
        target: answer.target(),
        state: answer.current_state().map(|state| state.as_str()).or(resource.attribute("CurrentState")),
    };
    let parameters = answer.source_parameters();
    let filters = parameters.and_then(|parameters| parameters.filter_criteria()).map(|criteria| criteria.filters());
    let filters: Vec<&str> = filters.unwrap_or_default().iter().filter_map(|filter| filter.pattern()).collect();
    let filters = (!filters.is_empty()).then(|| filters.join(" or "));
    let mut links = ends.links(&id, filters.as_deref());
    if let Some(queue) = parameters.and_then(dead_letters) {
        links.push(Link::configured(id.clone(), LinkKind::DeadLetters, queue).labelled("failed batches"));
    }
    let logging = answer.log_configuration().and_then(|logging| logging.cloudwatch_logs_log_destination());
    let group = logging.and_then(|destination| destination.log_group_arn());
    links.extend(group.map(|group| Link::configured(id, LinkKind::Logs, resource_of(group))));
    let resource = resource
        .with("BatchSize", parameters.and_then(batch_size))
        .with("FilterCriteria", filters)
        .with("Description", answer.description().filter(|text| !text.is_empty()));
    Description::new(resource, links)
}

/// What a pipe is between.
struct Ends<'a> {
    source: Option<&'a str>,
    enrichment: Option<&'a str>,
    target: Option<&'a str>,
    state: Option<&'a str>,
}

impl Ends<'_> {
    fn links(&self, pipe: &ResourceId, filters: Option<&str>) -> Vec<Link> {
        let named = |arn: Option<&str>| arn.filter(|arn| !arn.is_empty()).map(end);
        let source = named(self.source).map(|source| Link::configured(source, LinkKind::Streams, pipe.clone()));
        let enrichment = named(self.enrichment).map(|called| Link::configured(pipe.clone(), LinkKind::Calls, called));
        let target = named(self.target).map(|target| Link::configured(pipe.clone(), LinkKind::Targets, target));
        let source = source.map(|link| link.labelled(filters.unwrap_or_default()).with("FilterCriteria", filters));
        let enrichment = enrichment.map(|link| link.labelled("enrichment"));
        [source, enrichment, target].into_iter().flatten().map(|link| link.with("State", self.state)).collect()
    }
}

/// The resource at an end of a pipe. A self-managed broker has an address instead of an ARN.
fn end(named: &str) -> ResourceId {
    address::of_web(named).unwrap_or_else(|| resource_of(named))
}

fn dead_letters(parameters: &PipeSourceParameters) -> Option<&str> {
    let of_kinesis = parameters.kinesis_stream_parameters().and_then(|stream| stream.dead_letter_config());
    let of_table = parameters.dynamo_db_stream_parameters().and_then(|stream| stream.dead_letter_config());
    of_kinesis.or(of_table)?.arn().filter(|arn| !arn.is_empty())
}

fn batch_size(parameters: &PipeSourceParameters) -> Option<i32> {
    let of_queue = parameters.sqs_queue_parameters().and_then(|queue| queue.batch_size());
    let of_kinesis = parameters.kinesis_stream_parameters().and_then(|stream| stream.batch_size());
    let of_table = parameters.dynamo_db_stream_parameters().and_then(|stream| stream.batch_size());
    of_queue.or(of_kinesis).or(of_table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_pipes::types::{
        DeadLetterConfig, DynamoDbStreamStartPosition, Filter, FilterCriteria, PipeSourceDynamoDbStreamParameters,
        PipeState,
    };
    use rstest::rstest;

    const PIPE: &str = "arn:aws:pipes:r:1:pipe/p";
    const STREAM: &str = "arn:aws:dynamodb:r:1:table/t/stream/2026-01-01T00:00:00.000";

    fn lines(description: &Description) -> Vec<String> {
        let line = |link: &Link| {
            format!("{} {:?} {} [{}]", link.from.short_name(), link.kind, link.to.short_name(), link.label)
        };
        description.links.iter().map(line).collect()
    }

    #[test]
    fn a_pipe_is_between_its_source_and_its_target() {
        let pipe = Pipe::builder()
            .arn(PIPE)
            .name("p")
            .source(STREAM)
            .enrichment("arn:aws:lambda:r:1:function:f:live")
            .target("arn:aws:states:r:1:stateMachine:m")
            .build();
        let listed = listed(&pipe).unwrap();
        assert_eq!(lines(&listed), ["t Streams p []", "p Calls f [enrichment]", "p Targets m []"]);
    }

    #[test]
    fn the_description_tells_the_filter_and_where_lost_records_go() {
        let stream = PipeSourceDynamoDbStreamParameters::builder()
            .starting_position(DynamoDbStreamStartPosition::Latest)
            .batch_size(5)
            .dead_letter_config(DeadLetterConfig::builder().arn("arn:aws:sqs:r:1:dlq").build());
        let filters = FilterCriteria::builder().filters(Filter::builder().pattern(r#"{"a":[1]}"#).build()).build();
        let parameters = PipeSourceParameters::builder()
            .filter_criteria(filters)
            .dynamo_db_stream_parameters(stream.build().unwrap())
            .build();
        let answer = DescribePipeOutput::builder().source(STREAM).source_parameters(parameters).build();
        let description = described(Resource::new(PIPE, Kind::Pipe, "p"), &answer);
        assert_eq!(lines(&description), [r#"t Streams p [{"a":[1]}]"#, "p DeadLetters dlq [failed batches]"]);
        assert_eq!(description.resource.attribute("BatchSize"), Some("5"));
    }

    #[rstest]
    #[case(PipeState::Running, false)]
    #[case(PipeState::Stopped, true)]
    #[case(PipeState::Stopping, true)]
    #[case(PipeState::StartFailed, true)]
    #[case(PipeState::Updating, false)]
    fn a_pipe_that_stands_still_is_off(#[case] state: PipeState, #[case] is_off: bool) {
        let pipe = Pipe::builder().arn(PIPE).source(STREAM).current_state(state).build();
        assert_eq!(listed(&pipe).unwrap().links[0].is_off(), is_off);
    }
}
