//! Lambda: functions, what their environment names, and the event source mappings that feed them.
//!
//! Two listings tell nearly all: Lambda's whole control plane shares 15 calls a second on AWS, so a function is asked about on its
//! own only rarely, for its [`Destinations`].
//! Values of environment variables never leave this module but as ids of links and as mentions (see [`super::environment`]).

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionConfiguration};

use super::{
    Due, Inventory, Links, Look, Outbox, Poller, Tier, destinations::Destinations, environment,
    service_call::resource_of,
};
use crate::{
    aws::Trouble,
    domain::{Kind, Link, LinkKind, Resource, ResourceId, Scope, unqualified},
};

const LIST_FUNCTIONS: &str = "lambda:ListFunctions";
const LIST_MAPPINGS: &str = "lambda:ListEventSourceMappings";

#[derive(Default)]
pub struct Lambda {
    listed: Due,
    inventory: Inventory,
    links: Links,
    /// The links that the last complete listing of functions named, and of mappings: where one fails, its old ones stay.
    of_functions: Vec<Link>,
    of_mappings: Vec<Link>,
    destinations: Destinations,
}

#[async_trait]
impl Poller for Lambda {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Function]
    }

    /// All that is read here changes by deployment only: a cursor on a function makes nothing more urgent.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).min(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if !self.listed.is_due(look.scope, look.structure()) {
            return;
        }
        self.list_functions(look, out).await;
        if !out.is_hopeless() {
            self.list_mappings(look, out).await;
        }
        self.say_links(out).await;
        if !out.is_hopeless() {
            self.read_destinations(look, out).await;
        }
        self.listed.tried(look.scope, out.worst());
    }
}

impl Lambda {
    async fn list_functions(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut pages = look.aws.lambda().list_functions().into_paginator().send();
        let (mut named, mut links) = (BTreeSet::new(), Vec::new());
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return out.failed(LIST_FUNCTIONS, Trouble::from(error), None).await,
            };
            for function in page.functions.unwrap_or_default() {
                let Some((resource, its_links)) = described(&function) else { continue };
                named.insert(resource.id.clone());
                links.extend(its_links);
                out.say_all(self.inventory.found(self.destinations.described(resource), Vec::new())).await;
            }
        }
        self.of_functions = links;
        out.done(LIST_FUNCTIONS);
        out.say_all(self.inventory.keep_only(&named)).await;
    }

    async fn read_destinations(&mut self, look: Look<'_>, out: &mut Outbox) {
        // On AWS this may take its time: what the listings told is said before.
        out.flush().await;
        let functions: BTreeSet<ResourceId> = self.inventory.resources().map(|function| function.id.clone()).collect();
        self.destinations.read(look, functions, out).await;
        let functions: Vec<Resource> = self.inventory.resources().cloned().collect();
        for function in functions {
            out.say_all(self.inventory.found(self.destinations.described(function), Vec::new())).await;
        }
        self.say_links(out).await;
    }

    async fn say_links(&mut self, out: &mut Outbox) {
        let links = self.of_functions.iter().chain(&self.of_mappings).cloned().chain(self.destinations.links());
        out.say_all(self.links.replace_all(links)).await;
    }

    async fn list_mappings(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut pages = look.aws.lambda().list_event_source_mappings().into_paginator().send();
        let mut links = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => links.extend(page.event_source_mappings.unwrap_or_default().iter().flat_map(mapping_links)),
                Err(error) => return out.failed(LIST_MAPPINGS, Trouble::from(error), None).await,
            }
        }
        self.of_mappings = links;
        out.done(LIST_MAPPINGS);
    }
}

/// A function and the links that its configuration names; `None` without an ARN.
fn described(function: &FunctionConfiguration) -> Option<(Resource, Vec<Link>)> {
    let id = ResourceId::from(unqualified(function.function_arn()?));
    let name = function.function_name().unwrap_or(id.short_name()).to_owned();
    let dead_letters =
        function.dead_letter_config().and_then(|config| config.target_arn()).filter(|arn| !arn.is_empty());
    let set_group = function.logging_config().and_then(|config| config.log_group());
    let group = set_group.map_or_else(|| format!("/aws/lambda/{name}"), ToOwned::to_owned);
    let mut links = Vec::new();
    if let Some(target) = dead_letters {
        let link = Link::configured(id.clone(), LinkKind::DeadLetters, target);
        links.push(link.labelled("asynchronous invocations"));
    }
    if let Some(arn) = id.arn() {
        let group_arn = format!("arn:{}:logs:{}:{}:log-group:{group}", arn.partition, arn.region, arn.account);
        links.push(Link::configured(id.clone(), LinkKind::Logs, group_arn));
    }
    let variables = function.environment().and_then(|environment| environment.variables());
    let mut variables: Vec<(&str, &str)> =
        variables.into_iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    variables.sort_unstable();
    let said = environment::read(&id, variables);
    links.extend(said.links);
    let mut resource = Resource::new(id, Kind::Function, name)
        .with("Runtime", function.runtime().map(|runtime| runtime.as_str()))
        .with("PackageType", function.package_type().map(|package| package.as_str()))
        .with("Timeout", function.timeout())
        .with("MemorySize", function.memory_size())
        .with("LastModified", function.last_modified())
        .with("State", function.state().map(|state| state.as_str()))
        .with("StateReason", function.state_reason().filter(|reason| !reason.is_empty()))
        .with("LastUpdateStatus", function.last_update_status().map(|status| status.as_str()))
        .with("LogGroup", Some(group))
        .with("DeadLetterConfig", dead_letters);
    resource.mentions = said.mentions;
    Some((resource, links))
}

/// Source → function, and function → where it sends the batches it gave up.
fn mapping_links(mapping: &EventSourceMappingConfiguration) -> Vec<Link> {
    let Some(function) = mapping.function_arn().map(unqualified).map(ResourceId::from) else { return Vec::new() };
    let mut links = Vec::new();
    let failed = mapping.destination_config().and_then(|config| config.on_failure()).and_then(|to| to.destination());
    if let Some(to) = failed.filter(|to| !to.is_empty()) {
        let link = Link::configured(function.clone(), LinkKind::DeadLetters, to).labelled("failed batches");
        links.push(link.with("UUID", mapping.uuid()));
    }
    // A self-managed Kafka cluster has no ARN: there is no resource to draw the link from.
    let Some(source) = mapping.event_source_arn() else { return links };
    let batch = mapping.batch_size().map(|size| format!("batch {size}"));
    let window = window_seconds(mapping).map(|seconds| format!("window {seconds} s"));
    let label = batch.into_iter().chain(window).collect::<Vec<_>>().join(", ");
    let types: Vec<_> = mapping.function_response_types().iter().map(|kind| kind.as_str()).collect();
    let filters = mapping.filter_criteria().map(|criteria| criteria.filters()).unwrap_or_default();
    let filters: Vec<_> = filters.iter().filter_map(|filter| filter.pattern()).collect();
    let concurrency = mapping.scaling_config().and_then(|config| config.maximum_concurrency());
    links.push(
        Link::configured(resource_of(source), LinkKind::Invokes, function)
            .labelled(label)
            .with("EventSourceArn", Some(source))
            .with("UUID", mapping.uuid())
            .with("State", mapping.state())
            .with("StateTransitionReason", mapping.state_transition_reason())
            .with("LastProcessingResult", mapping.last_processing_result())
            .with("BatchSize", mapping.batch_size())
            .with("MaximumBatchingWindowInSeconds", mapping.maximum_batching_window_in_seconds())
            .with("TumblingWindowInSeconds", window_seconds(mapping))
            .with("ParallelizationFactor", mapping.parallelization_factor())
            .with("MaximumRetryAttempts", mapping.maximum_retry_attempts())
            .with("MaximumRecordAgeInSeconds", mapping.maximum_record_age_in_seconds())
            .with("BisectBatchOnFunctionError", mapping.bisect_batch_on_function_error())
            .with("MaximumConcurrency", concurrency)
            .with("StartingPosition", mapping.starting_position().map(|position| position.as_str()))
            .with("FunctionResponseTypes", (!types.is_empty()).then(|| types.join(", ")))
            .with("FilterCriteria", (!filters.is_empty()).then(|| filters.join(" or "))),
    );
    links
}

/// Zero means that there is no window.
fn window_seconds(mapping: &EventSourceMappingConfiguration) -> Option<i32> {
    mapping.tumbling_window_in_seconds().filter(|seconds| *seconds > 0)
}
