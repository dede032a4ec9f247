//! Rules about the log groups of functions.

use super::{
    Rule, Said,
    case::{Case, quoted},
};
use crate::domain::{Kind, LinkKind, Severity, reading::STORED, units::Bytes};

/// A function whose lines go to a group that is not there.
pub(super) struct GroupMissing;

impl Rule for GroupMissing {
    fn name(&self) -> &'static str {
        "log-group-missing"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Function]
    }

    fn misses(&self) -> &'static [Kind] {
        &[Kind::LogGroup]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let missing = case.outgoing(LinkKind::Logs).filter(|link| case.exists(&link.to) == Some(false));
        missing
            .map(|link| {
                let group = link.to.short_name();
                let sentence = format!("has no log group {group}: it never ran, or its role may not create the group");
                let advice = format!("aws logs create-log-group --log-group-name {}", quoted(group));
                Said::new(Severity::Low, sentence, advice).about(&link.to)
            })
            .collect()
    }
}

/// Lines that are kept, and paid for, for ever.
pub(super) struct NeverExpires;

impl Rule for NeverExpires {
    fn name(&self) -> &'static str {
        "logs-never-expire"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::LogGroup]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let function = case.incoming(LinkKind::Logs).find(|link| case.living(&link.from).is_some());
        let Some(function) = function.filter(|_| case.resource().attribute("retentionInDays").is_none()) else {
            return Vec::new();
        };
        let stored = case.value(STORED).map(|bytes| format!(", {} so far", Bytes(bytes))).unwrap_or_default();
        let sentence = format!("keeps the lines of {} for ever{stored}", function.from.short_name());
        let name = quoted(&case.resource().name);
        let advice = format!("aws logs put-retention-policy --log-group-name {name} --retention-in-days 30");
        vec![Said::new(Severity::Low, sentence, advice).about(&function.from)]
    }
}
