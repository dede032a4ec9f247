//! Rules about EventBridge's rules: whether they are on, what they ask for, where they send.

use super::{
    Rule, Said,
    case::{Case, quoted},
    never,
};
use crate::domain::{Kind, LinkKind, Severity, reading::TARGETS};

const RULES: &[Kind] = &[Kind::Rule];

/// A rule's name and bus as the AWS CLI takes them.
fn on_bus(case: &Case<'_>) -> String {
    let bus = case.resource().attribute("EventBusName").filter(|bus| *bus != "default");
    let bus = bus.map(|bus| format!(" --event-bus-name {}", quoted(bus))).unwrap_or_default();
    format!("{}{bus}", quoted(&case.resource().name))
}

fn is_off(case: &Case<'_>) -> bool {
    case.resource().attribute("State") == Some("DISABLED")
}

fn sent_to(case: &Case<'_>) -> String {
    let targets: Vec<&str> = case.outgoing(LinkKind::Targets).map(|link| link.to.short_name()).collect();
    match &targets[..] {
        [] => "its targets".to_owned(),
        [one] => (*one).to_owned(),
        many => format!("{} targets", many.len()),
    }
}

/// Off: what it would match goes nowhere.
pub(super) struct RuleDisabled;

impl Rule for RuleDisabled {
    fn name(&self) -> &'static str {
        "rule-disabled"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-delete-rule.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        RULES
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        if !is_off(case) {
            return Vec::new();
        }
        let what = match case.resource().attribute("ScheduleExpression") {
            Some(schedule) => format!("{schedule} does not happen"),
            None => "what it would match is dropped".to_owned(),
        };
        let sentence = format!("is disabled: {what}, and {} gets nothing from it", sent_to(case));
        let advice = format!("aws events enable-rule --name {}", on_bus(case));
        vec![Said::new(Severity::Medium, sentence, advice)]
    }
}

/// A rule that matches, and sends to nobody.
pub(super) struct NoTarget;

impl Rule for NoTarget {
    fn name(&self) -> &'static str {
        "rule-without-target"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        RULES
    }

    /// The number of targets is a reading.
    fn is_live(&self) -> bool {
        true
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        if case.value(TARGETS).is_none_or(|count| count >= 1.0) || case.outgoing(LinkKind::Targets).next().is_some() {
            return Vec::new();
        }
        let advice = format!("aws events put-targets --rule {} --targets Id=…,Arn=…", on_bus(case));
        vec![Said::new(Severity::Medium, "has 0 targets: what it matches goes nowhere".to_owned(), advice)]
    }
}

/// A target that is not there.
pub(super) struct TargetGone;

impl Rule for TargetGone {
    fn name(&self) -> &'static str {
        "target-gone"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Rule, Kind::Schedule, Kind::Pipe]
    }

    fn misses(&self) -> &'static [Kind] {
        &[
            Kind::Queue,
            Kind::Function,
            Kind::Topic,
            Kind::LogGroup,
            Kind::Bus,
            Kind::Stream,
            Kind::DeliveryStream,
            Kind::StateMachine,
        ]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let gone = case.outgoing(LinkKind::Targets).filter(|link| case.exists(&link.to) == Some(false));
        gone.map(|link| {
            let to = link.to.short_name();
            let kept = match link.attribute("DeadLetterConfig") {
                Some(_) => "goes to its dead-letter queue",
                None => "is lost once the retries are over",
            };
            let sentence = format!("sends to {to}, which does not exist: what it matches {kept}");
            let advice = match (case.resource().kind, link.attribute("Id")) {
                (Kind::Rule, Some(id)) => {
                    format!(
                        "create it again, or: aws events remove-targets --rule {} --ids {}",
                        on_bus(case),
                        quoted(id)
                    )
                }
                _ => format!("create {to} again, or name another target"),
            };
            Said::new(Severity::High, sentence, advice).about(&link.to)
        })
        .collect()
    }
}

/// A pattern that no event has.
pub(super) struct PatternNeverMatches;

impl Rule for PatternNeverMatches {
    fn name(&self) -> &'static str {
        "pattern-never-matches"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        RULES
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(pattern) = case.resource().attribute("EventPattern") else { return Vec::new() };
        let Some(why) = never::event_pattern(pattern) else { return Vec::new() };
        let advice = format!(
            "try it with test-event-pattern; put-rule sets the whole rule anew, so begin with what it is: aws events \
             describe-rule --name {}",
            on_bus(case)
        );
        vec![Said::new(Severity::High, format!("can never match: {why}"), advice)]
    }
}
