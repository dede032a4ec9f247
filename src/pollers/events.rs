//! EventBridge: buses, their rules, and the rules' targets with their dead-letter queues.
//!
//! All of it is structure. The SDK has no paginators for the classic API: tokens are followed by hand.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_eventbridge::types::{EventBus, Rule, Target};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::{
    Due, Inventory, Look, Outbox, Poller, Spacing, Tier, links::merged, pages::Pages, service_call::resource_of,
};
use crate::{
    aws::Trouble,
    domain::{
        FailureKind, Kind, Link, LinkKind, Resource, ResourceId, Scope,
        reading::{RULES, TARGETS},
    },
};

const CONCURRENCY: usize = 4;
/// Calls a second on AWS, of the 50 that the whole account has.
const CALLS_PER_SECOND: u32 = 10;
const LIST_BUSES: &str = "events:ListEventBuses";
const LIST_RULES: &str = "events:ListRules";
const LIST_TARGETS: &str = "events:ListTargetsByRule";
/// Said of what a target is given instead of the event: that there is something. What it is may be private.
const SET: &str = "set";

#[derive(Default)]
pub struct Events {
    listed: Due,
    inventory: Inventory,
}

#[async_trait]
impl Poller for Events {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Bus, Kind::Rule]
    }

    /// All that is read here changes by deployment only.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).min(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if !self.listed.is_due(look.scope, look.structure()) {
            return;
        }
        self.read_all(look, out).await;
        self.listed.tried(look.scope, out.worst());
    }
}

/// A rule with the bus that it listens to.
struct OnBus {
    bus: ResourceId,
    rule: Rule,
}

impl Events {
    async fn read_all(&mut self, look: Look<'_>, out: &mut Outbox) {
        let buses = match all_buses(look).await {
            Ok(buses) => buses,
            Err(trouble) => return out.failed(LIST_BUSES, trouble, None).await,
        };
        out.done(LIST_BUSES);
        let (mut named, mut rules) = (BTreeSet::new(), Vec::new());
        for bus in &buses {
            let Some(resource) = described_bus(bus) else { continue };
            let (id, name) = (resource.id.clone(), resource.name.clone());
            named.insert(id.clone());
            out.say_all(self.inventory.found(resource, Vec::new())).await;
            match rules_of(look, &name).await {
                Ok(found) => {
                    out.read(LIST_RULES, &id);
                    out.measured(&id, RULES, found.len() as f64, LIST_RULES).await;
                    rules.extend(found.into_iter().map(|rule| OnBus { bus: id.clone(), rule }));
                }
                Err(trouble) => {
                    // A bus whose rules could not be listed keeps its old ones; the others' may still be gone.
                    named.extend(self.known_rules(&name));
                    out.failed(LIST_RULES, trouble, Some(&id)).await;
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
        named.extend(rules.iter().filter_map(|on_bus| on_bus.rule.arn().map(ResourceId::from)));
        self.read_targets(look, rules, out).await;
        out.say_all(self.inventory.keep_only(&named)).await;
    }

    /// The rules that a bus had at its last listing. One that does not name its bus may be of any.
    fn known_rules(&self, bus: &str) -> Vec<ResourceId> {
        let is_on =
            |rule: &&Resource| rule.attribute("EventBusName").is_none_or(|name| name.rsplit('/').next() == Some(bus));
        let rules = self.inventory.resources().filter(|resource| resource.kind == Kind::Rule);
        rules.filter(is_on).map(|rule| rule.id.clone()).collect()
    }

    async fn read_targets(&mut self, look: Look<'_>, rules: Vec<OnBus>, out: &mut Outbox) {
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(rules)
            .map(async |on_bus| {
                spacing.turn().await;
                let targets = targets_of(look, &on_bus.rule).await;
                (on_bus, targets)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((on_bus, targets)) = answers.next().await {
            let Some(resource) = described_rule(&on_bus.rule) else { continue };
            let id = resource.id.clone();
            let mut links: Vec<Link> = routes(&on_bus, &id).into_iter().collect();
            let count = targets.as_ref().map(Vec::len).ok();
            match targets {
                Ok(targets) => links.extend(targets.iter().flat_map(|target| target_links(&id, target))),
                Err(trouble) => {
                    links.extend(self.inventory.links(&id).iter().filter(|old| old.from == id).cloned());
                    // Deleted since the listing: the next listing says so properly.
                    if trouble.kind != FailureKind::NotFound {
                        out.failed(LIST_TARGETS, trouble, Some(&id)).await;
                    }
                }
            }
            out.say_all(self.inventory.found(resource, merged(links))).await;
            if let Some(count) = count {
                out.read(LIST_TARGETS, &id);
                out.measured(&id, TARGETS, count as f64, LIST_TARGETS).await;
            }
            if out.is_hopeless() {
                return;
            }
        }
    }
}

async fn all_buses(look: Look<'_>) -> Result<Vec<EventBus>, Trouble> {
    let mut pages = Pages::new();
    loop {
        let page = look.aws.events().list_event_buses().set_next_token(pages.token.clone()).send().await?;
        if !pages.turn(page.event_buses, page.next_token) {
            return Ok(pages.all);
        }
    }
}

async fn rules_of(look: Look<'_>, bus: &str) -> Result<Vec<Rule>, Trouble> {
    let mut pages = Pages::new();
    loop {
        let call = look.aws.events().list_rules().event_bus_name(bus);
        let page = call.set_next_token(pages.token.clone()).send().await?;
        if !pages.turn(page.rules, page.next_token) {
            return Ok(pages.all);
        }
    }
}

async fn targets_of(look: Look<'_>, rule: &Rule) -> Result<Vec<Target>, Trouble> {
    let mut pages = Pages::new();
    loop {
        let call = look.aws.events().list_targets_by_rule().set_rule(rule.name.clone());
        let call = call.set_event_bus_name(rule.event_bus_name.clone());
        let page = call.set_next_token(pages.token.clone()).send().await?;
        if !pages.turn(page.targets, page.next_token) {
            return Ok(pages.all);
        }
    }
}

fn described_bus(bus: &EventBus) -> Option<Resource> {
    let id = ResourceId::from(bus.arn()?);
    let name = bus.name().unwrap_or(id.short_name()).to_owned();
    Some(
        Resource::new(id, Kind::Bus, name)
            .with("Description", bus.description().filter(|text| !text.is_empty()))
            .with("CreationTime", bus.creation_time()),
    )
}

fn described_rule(rule: &Rule) -> Option<Resource> {
    let id = ResourceId::from(rule.arn()?);
    let name = rule.name().unwrap_or(id.short_name()).to_owned();
    Some(
        Resource::new(id, Kind::Rule, name)
            .with("EventPattern", pattern(rule))
            .with("ScheduleExpression", schedule(rule))
            .with("State", rule.state().map(|state| state.as_str()))
            .with("EventBusName", rule.event_bus_name())
            .with("Description", rule.description())
            .with("ManagedBy", rule.managed_by()),
    )
}

/// Emulators write an absent pattern or schedule as an empty one.
fn pattern(rule: &Rule) -> Option<&str> {
    rule.event_pattern().filter(|pattern| !pattern.is_empty())
}

fn schedule(rule: &Rule) -> Option<&str> {
    rule.schedule_expression().filter(|schedule| !schedule.is_empty())
}

/// The bus hands events to a rule with a pattern; one with nothing but a schedule fires by itself.
fn routes(on_bus: &OnBus, id: &ResourceId) -> Option<Link> {
    let pattern = pattern(&on_bus.rule)?;
    let mut label = detail_types(pattern);
    if let Some(schedule) = schedule(&on_bus.rule) {
        let gap = if label.is_empty() { "" } else { ", " };
        label = format!("{label}{gap}{schedule}");
    }
    Some(Link::configured(on_bus.bus.clone(), LinkKind::Routes, id.clone()).labelled(label))
}

/// `sales-events, inventory-events`; else the sources; matchers other than plain text as JSON.
fn detail_types(pattern: &str) -> String {
    let pattern: Value = serde_json::from_str(pattern).unwrap_or_default();
    let named = ["detail-type", "source"].iter().find_map(|key| pattern.get(*key)?.as_array());
    let words = named.into_iter().flatten().map(|one| one.as_str().map_or_else(|| one.to_string(), ToOwned::to_owned));
    words.collect::<Vec<_>>().join(", ")
}

/// Rule → target, and rule → where events that cannot be delivered go.
fn target_links(rule: &ResourceId, target: &Target) -> Vec<Link> {
    if target.arn().is_empty() {
        return Vec::new();
    }
    let to = resource_of(target.arn());
    let dead_letters = target.dead_letter_config().and_then(|config| config.arn()).filter(|arn| !arn.is_empty());
    let retries = target.retry_policy().map(|policy| {
        let parts = [
            policy.maximum_retry_attempts().map(|attempts| format!("MaximumRetryAttempts {attempts}")),
            policy.maximum_event_age_in_seconds().map(|seconds| format!("MaximumEventAgeInSeconds {seconds}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    });
    let group = target.sqs_parameters().and_then(|parameters| parameters.message_group_id());
    let mut links = vec![
        Link::configured(rule.clone(), LinkKind::Targets, to.clone())
            .with("Id", Some(target.id()))
            .with("Input", target.input().map(|_| SET))
            .with("InputPath", target.input_path())
            .with("InputTransformer", target.input_transformer().map(|_| SET))
            .with("MessageGroupId", group)
            .with("DeadLetterConfig", dead_letters)
            .with("RetryPolicy", retries.filter(|retries| !retries.is_empty())),
    ];
    if let Some(queue) = dead_letters {
        let label = format!("undeliverable for {}", to.short_name());
        links.push(Link::configured(rule.clone(), LinkKind::DeadLetters, queue).labelled(label));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_eventbridge::types::InputTransformer;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"source":["shop"],"detail-type":["sales","stock"]}"#, "sales, stock")]
    #[case(r#"{"source":["shop"]}"#, "shop")]
    #[case(r#"{"detail-type":[{"prefix":"sa"}]}"#, r#"{"prefix":"sa"}"#)]
    #[case(r#"{"detail":{"x":[1]}}"#, "")]
    #[case("not json", "")]
    fn labels(#[case] pattern: &str, #[case] label: &str) {
        assert_eq!(detail_types(pattern), label);
    }

    #[rstest]
    #[case(Some(r#"{"source":["s"]}"#), None, Some("s"))]
    #[case(Some(r#"{"source":["s"]}"#), Some("rate(1 minute)"), Some("s, rate(1 minute)"))]
    #[case(None, Some("rate(1 minute)"), None)]
    #[case(Some(""), Some("rate(1 minute)"), None)]
    fn only_a_pattern_makes_a_route(
        #[case] pattern: Option<&str>,
        #[case] schedule: Option<&str>,
        #[case] label: Option<&str>,
    ) {
        let rule = Rule::builder()
            .set_event_pattern(pattern.map(ToOwned::to_owned))
            .set_schedule_expression(schedule.map(ToOwned::to_owned))
            .build();
        let route = routes(&OnBus { bus: "bus".into(), rule }, &"rule".into());
        assert_eq!(route.as_ref().map(|link| link.label.as_str()), label);
    }

    #[test]
    fn an_alias_links_to_its_function() {
        let target = Target::builder().id("1").arn("arn:aws:lambda:r:1:function:f:live").build().unwrap();
        assert_eq!(target_links(&"rule".into(), &target)[0].to.as_str(), "arn:aws:lambda:r:1:function:f");
    }

    #[test]
    fn what_a_target_is_given_instead_is_not_kept() {
        let transformer = InputTransformer::builder().input_template("hunter2").build().unwrap();
        let target = Target::builder().id("1").arn("arn:aws:sqs:r:1:q").input("hunter2").input_transformer(transformer);
        let links = target_links(&"rule".into(), &target.build().unwrap());
        assert_eq!((links[0].attribute("Input"), links[0].attribute("InputTransformer")), (Some(SET), Some(SET)));
        assert!(!format!("{links:?}").contains("hunter2"));
    }

    #[test]
    fn a_bus_that_cannot_be_listed_keeps_its_own_rules_only() {
        let mut events = Events::default();
        for (name, bus) in
            [("a", Some("shop")), ("b", Some("default")), ("c", None), ("d", Some("arn:…:event-bus/shop"))]
        {
            events.inventory.found(Resource::new(name, Kind::Rule, name).with("EventBusName", bus), Vec::new());
        }
        events.inventory.found(Resource::new("bus", Kind::Bus, "shop"), Vec::new());
        let kept = events.known_rules("shop");
        assert_eq!(kept.iter().map(ResourceId::as_str).collect::<Vec<_>>(), ["a", "c", "d"]);
    }
}
