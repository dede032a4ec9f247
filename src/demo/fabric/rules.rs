//! EventBridge rules: which targets an event goes to, and the clock that fires the scheduled ones.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_eventbridge::types::RuleState;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::REFRESH;
use super::invoke::Runner;
use crate::demo::clock::{iso, now_ms};
use crate::demo::{Clients, DemoError};
use crate::routing::EventPattern;

/// An enabled rule with its targets.
pub(super) struct RuleTargets {
    name: String,
    bus: String,
    pattern: Option<EventPattern>,
    every: Option<Duration>,
    pub(super) target_arns: Vec<String>,
}

impl RuleTargets {
    pub(super) fn matches(&self, bus: &str, event: &Value) -> bool {
        // PutEvents takes a bus by name or ARN.
        let same_bus = bus == self.bus || bus.rsplit('/').next() == Some(self.bus.as_str());
        same_bus && self.pattern.as_ref().is_some_and(|pattern| pattern.evaluate(event).is_match())
    }
}

/// The enabled rules of every bus.
pub(super) async fn read(clients: &Clients) -> Result<Vec<RuleTargets>, DemoError> {
    let mut known = Vec::new();
    let buses = clients.events.list_event_buses().send().await.map_err(DemoError::call("list event buses"))?;
    for bus in buses.event_buses().iter().filter_map(|bus| bus.name()) {
        let rules = clients.events.list_rules().event_bus_name(bus).send().await;
        let rules = rules.map_err(DemoError::call(format!("list the rules of bus '{bus}'")))?;
        for rule in rules.rules().iter().filter(|rule| rule.state() != Some(&RuleState::Disabled)) {
            let name = rule.name().unwrap_or_default();
            let targets = clients.events.list_targets_by_rule().rule(name).event_bus_name(bus).send().await;
            let targets = targets.map_err(DemoError::call(format!("list the targets of rule '{name}'")))?;
            known.push(RuleTargets {
                name: name.into(),
                bus: bus.into(),
                pattern: rule.event_pattern().and_then(|text| EventPattern::parse(text).ok()),
                every: rule.schedule_expression().and_then(rate),
                target_arns: targets.targets().iter().map(|target| target.arn().to_owned()).collect(),
            });
        }
    }
    Ok(known)
}

/// `rate(5 minutes)` as a duration. Cron expressions have none, so they do not fire here.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let unit_seconds = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return None,
    };
    count.parse::<u64>().ok()?.checked_mul(unit_seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Fires scheduled rules. A rule's clock starts when the rule is first seen.
pub(super) struct Schedules {
    clients: Clients,
    runner: Arc<Runner>,
    due: HashMap<String, Instant>,
}

impl Schedules {
    pub(super) fn new(clients: Clients, runner: Arc<Runner>) -> Self {
        Self { clients, runner, due: HashMap::new() }
    }

    pub(super) async fn run(mut self) {
        let mut ticks = interval(REFRESH);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Ok(rules) = read(&self.clients).await else { continue };
            for rule in &rules {
                let Some(every) = rule.every else { continue };
                if self.is_due(&rule.name, every) {
                    self.fire(rule).await;
                }
            }
            // A rule that was disabled or deleted starts over when it comes back.
            self.due.retain(|name, _| rules.iter().any(|rule| rule.name == *name));
        }
    }

    fn is_due(&mut self, name: &str, every: Duration) -> bool {
        let now = Instant::now();
        let due = self.due.entry(name.into()).or_insert(now + every);
        let fires = *due <= now;
        if fires {
            *due = now + every;
        }
        fires
    }

    async fn fire(&self, rule: &RuleTargets) {
        let event =
            json!({ "source": "aws.events", "detail-type": "Scheduled Event", "time": iso(now_ms()), "detail": {} });
        for (_, function) in rule.target_arns.iter().filter_map(|arn| arn.split_once(":function:")) {
            self.runner.invoke(function, event.clone()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("rate(1 minute)", Some(60))]
    #[case("rate(5 minutes)", Some(300))]
    #[case("rate(2 hours)", Some(7200))]
    #[case("rate(1 day)", Some(86_400))]
    #[case("rate(0 minutes)", None)]
    #[case("rate(18446744073709551615 days)", None)]
    #[case("cron(0 12 * * ? *)", None)]
    fn rates(#[case] expression: &str, #[case] seconds: Option<u64>) {
        assert_eq!(rate(expression), seconds.map(Duration::from_secs));
    }
}
