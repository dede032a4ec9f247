//! Rules about who takes messages off a queue, and how.

use super::{
    Need, Rule, Said,
    case::{Case, is_read_queue, set_queue},
    need,
};
use crate::domain::{
    Kind, Link, LinkKind, Severity,
    reading::{DELETED, IN_FLIGHT, OUT_RATE, RECEIVED, VISIBLE},
    units::{Age, Count},
};

/// What AWS advises: six times what the function may take.
const VISIBILITY_PER_TIMEOUT: u64 = 6;

const CONFIGURE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html";
/// Who may read a queue.
const READERS: &[Need] = &[
    need("lambda", "lambda:ListEventSourceMappings"),
    need("pipes", "pipes:ListPipes").or_absent(),
    need("pipes", "pipes:DescribePipe").or_absent(),
];

/// "≈412 messages wait", where it is known that any do.
fn waiting(case: &Case<'_>) -> Option<String> {
    let visible = case.value(VISIBLE).filter(|visible| *visible >= 1.0)?;
    Some(format!("≈{} message{} wait{}", Count(visible), plural(visible), if visible < 1.5 { "s" } else { "" }))
}

fn plural(n: f64) -> &'static str {
    if n < 1.5 { "" } else { "s" }
}

/// A queue that holds messages and that nothing reads.
pub(super) struct Absent;

impl Rule for Absent {
    fn name(&self) -> &'static str {
        "no-consumer"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-architecture.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn needs(&self) -> &'static [Need] {
        READERS
    }

    fn is_live(&self) -> bool {
        true
    }

    /// What holds dead letters is read by people. Who receives by himself shows by messages in flight, received or leaving; where
    /// only one look was taken, little speaks against him.
    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(waiting) = waiting(case) else { return Vec::new() };
        let leaving = [OUT_RATE, RECEIVED, DELETED].map(|metric| case.value(metric));
        let is_read = case.value(IN_FLIGHT).is_some_and(|n| n >= 1.0) || leaving.iter().flatten().any(|n| *n > 0.0);
        let severity = if leaving.iter().all(Option::is_none) { Severity::Low } else { Severity::Medium };
        let feeds =
            case.store.topology.from(case.id()).any(|link| link.kind.carries() && link.kind != LinkKind::DeadLetters);
        if is_read || feeds || case.incoming(LinkKind::DeadLetters).next().is_some() {
            return Vec::new();
        }
        let kept = case.resource().number("MessageRetentionPeriod").map(|seconds| Age(seconds as f64).to_string());
        let kept = kept.map(|kept| format!(", and the queue keeps them {kept}")).unwrap_or_default();
        let sentence = format!("{waiting}, no function or pipe reads them and none is in flight{kept}");
        let url = case.resource().attribute("QueueUrl").unwrap_or(&case.resource().name);
        let advice = format!(
            "map the queue to a function, or start what receives from {url}; a reader that polls rarely is not seen"
        );
        vec![Said::new(severity, sentence, advice)]
    }
}

/// A mapping that is off.
pub(super) struct Disabled;

impl Rule for Disabled {
    fn name(&self) -> &'static str {
        "consumer-disabled"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue, Kind::Stream, Kind::Table]
    }

    fn is_live(&self) -> bool {
        true
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let off = case
            .store
            .topology
            .from(case.id())
            .filter(|link| matches!(link.kind, LinkKind::Invokes | LinkKind::Streams) && link.is_off());
        off.map(|link| {
            let state = link.attribute("State").unwrap_or("Disabled").to_lowercase();
            let waiting = waiting(case);
            let severity = if waiting.is_some() { Severity::High } else { Severity::Medium };
            let waiting = waiting.map(|waiting| format!(": {waiting}")).unwrap_or_default();
            let sentence = format!("feeds {}, but the mapping is {state}{waiting}", link.to.short_name());
            Said::new(severity, sentence, switched_on(link)).about(&link.to)
        })
        .collect()
    }
}

fn switched_on(link: &Link) -> String {
    match link.attribute("UUID") {
        Some(uuid) => format!("aws lambda update-event-source-mapping --uuid {} --enabled", super::case::quoted(uuid)),
        None => format!("switch {} on again, once it can take what has gathered", link.to.short_name()),
    }
}

/// A message is shown again while the function may still be at work on it.
pub(super) struct ShortVisibility;

impl Rule for ShortVisibility {
    fn name(&self) -> &'static str {
        "visibility-timeout"
    }

    fn page(&self) -> &'static str {
        CONFIGURE
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(visibility) = case.resource().number("VisibilityTimeout") else { return Vec::new() };
        let said = |(link, function): (&Link, &crate::domain::Resource)| {
            let timeout = function.number("Timeout")?;
            let window = link.attribute("MaximumBatchingWindowInSeconds").and_then(|text| text.parse().ok());
            let advised = timeout.saturating_mul(VISIBILITY_PER_TIMEOUT).saturating_add(window.unwrap_or(0));
            if visibility >= advised {
                return None;
            }
            let (name, times) = (&function.name, VISIBILITY_PER_TIMEOUT);
            let numbers = format!("hides a message for {visibility} s, {name} may take {timeout} s");
            let (severity, consequence) = if visibility < timeout {
                (Severity::Medium, "it is handled twice when it is slow".to_owned())
            } else {
                (
                    Severity::Low,
                    format!("AWS advises {times} times that, {advised} s, for retries when it is throttled"),
                )
            };
            let advice = set_queue(case.resource(), "VisibilityTimeout", advised.min(43_200));
            Some(Said::new(severity, format!("{numbers}: {consequence}"), advice).about(&link.to))
        };
        case.functions().filter_map(said).collect()
    }
}

/// One bad message brings its whole batch back.
pub(super) struct WholeBatches;

impl Rule for WholeBatches {
    fn name(&self) -> &'static str {
        "whole-batches"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/prescriptive-guidance/latest/lambda-event-filtering-partial-batch-responses-for-sqs/best-practices-partial-batch-responses.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        if !is_read_queue(case.resource()) {
            return Vec::new();
        }
        let said = |(link, function): (&Link, &crate::domain::Resource)| {
            let size =
                link.attribute("BatchSize").and_then(|text| text.parse::<u64>().ok()).filter(|size| *size > 1)?;
            let reports =
                link.attribute("FunctionResponseTypes").is_some_and(|all| all.contains("ReportBatchItemFailures"));
            if reports {
                return None;
            }
            let sentence = format!(
                "hands up to {size} messages at once to {}, which does not report which of them failed: all are tried again",
                function.name
            );
            let mapping = link.attribute("UUID").map_or_else(|| "…".to_owned(), super::case::quoted);
            let advice = format!(
                "let the function return batchItemFailures, then: aws lambda update-event-source-mapping --uuid {mapping} \
                 --function-response-types ReportBatchItemFailures"
            );
            Some(Said::new(Severity::Info, sentence, advice).about(&link.to))
        };
        case.functions().filter_map(said).collect()
    }
}
