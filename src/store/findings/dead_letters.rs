//! Rules about where messages go that nobody could handle, and how long they stay there.

use serde_json::Value;

use super::{
    Need, Rule, Said,
    case::{Case, is_fifo, is_read_queue, set_queue},
    need,
};
use crate::domain::{Kind, Link, LinkKind, ResourceId, Severity, units::Age};

/// The longest that SQS keeps anything.
const LONGEST_RETENTION_SECONDS: u64 = 14 * 86_400;
/// What AWS advises in front of a function.
const FEWEST_RECEIVES_OF_A_FUNCTION: u64 = 5;

const ABOUT_QUEUES: &str =
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html";

/// The link from a queue to its dead-letter queue, which is no older than the queue's attributes.
fn dead_letters<'a>(case: &Case<'a>) -> Option<&'a Link> {
    case.outgoing(LinkKind::DeadLetters).next()
}

/// The queues, not topics or functions, that a queue takes dead letters of.
fn sources<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Link> {
    case.incoming(LinkKind::DeadLetters).filter(|link| link.from.arn().is_some_and(|arn| arn.service == "sqs"))
}

/// Letters that die in a circle never rest.
pub(super) struct Loop;

impl Rule for Loop {
    fn name(&self) -> &'static str {
        "dlq-loop"
    }

    fn page(&self) -> &'static str {
        ABOUT_QUEUES
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(way) = circle(case) else { return Vec::new() };
        let sentence = match way.len() {
            1 => {
                "is its own dead-letter queue: what fails there is received again and again until it expires".to_owned()
            }
            n => format!("comes back to itself over {n} dead-letter queues: what fails circulates until it expires"),
        };
        let advice = format!(
            "name a queue of its own for dead letters, one without a redrive policy: {}",
            set_queue(case.resource(), "RedrivePolicy", r#"{"deadLetterTargetArn":"…","maxReceiveCount":"5"}"#)
        );
        let said = Said::new(Severity::High, sentence, advice);
        vec![match way.first() {
            Some(next) if way.len() > 1 => said.about(next),
            _ => said,
        }]
    }
}

/// The queues on the way from one queue's redrive policy back to that queue.
fn circle<'a>(case: &Case<'a>) -> Option<Vec<&'a ResourceId>> {
    let mut way: Vec<&ResourceId> = Vec::new();
    let mut here = case.id();
    loop {
        let next = &case.store.topology.dead_letter_target(here)?.to;
        if way.contains(&next) {
            // A circle that this queue only leads into.
            return None;
        }
        way.push(next);
        if next == case.id() {
            return Some(way);
        }
        here = next;
    }
}

/// A dead-letter queue with a dead-letter queue of its own.
pub(super) struct Chain;

impl Rule for Chain {
    fn name(&self) -> &'static str {
        "dlq-chain"
    }

    fn page(&self) -> &'static str {
        ABOUT_QUEUES
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let (Some(source), Some(next)) = (sources(case).next(), dead_letters(case)) else { return Vec::new() };
        if circle(case).is_some() || source.from == *case.id() {
            return Vec::new();
        }
        let receives = next.attribute("maxReceiveCount").unwrap_or("some");
        let sentence = format!(
            "holds the dead letters of {} and hands them on to {} after {receives} receives: looking at them moves them",
            source.from.short_name(),
            next.to.short_name()
        );
        vec![Said::new(Severity::Medium, sentence, set_queue(case.resource(), "RedrivePolicy", "")).about(&next.to)]
    }
}

/// Dead letters are sent to what is not there.
pub(super) struct TargetGone;

impl Rule for TargetGone {
    fn name(&self) -> &'static str {
        "dlq-gone"
    }

    fn page(&self) -> &'static str {
        ABOUT_QUEUES
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue, Kind::Topic, Kind::Function, Kind::Rule, Kind::Schedule, Kind::Pipe]
    }

    fn misses(&self) -> &'static [Kind] {
        &[Kind::Queue, Kind::Topic]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let gone = case.outgoing(LinkKind::DeadLetters).filter(|link| case.exists(&link.to) == Some(false));
        gone.map(|link| {
            let what = if link.label.is_empty() { String::new() } else { format!(" ({})", link.label) };
            let sentence = format!("sends its dead letters to {}, which does not exist{what}", link.to.short_name());
            Said::new(Severity::High, sentence, format!("create it again, or name another queue than {}", link.to))
                .about(&link.to)
        })
        .collect()
    }
}

/// The dead-letter queue does not take dead letters of this queue.
pub(super) struct Forbidden;

impl Rule for Forbidden {
    fn name(&self) -> &'static str {
        "dlq-forbids"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(text) = case.resource().attribute("RedriveAllowPolicy") else { return Vec::new() };
        let Ok(policy) = serde_json::from_str::<Value>(text) else { return Vec::new() };
        let permission = policy.get("redrivePermission").and_then(Value::as_str).unwrap_or("allowAll");
        let listed = policy.get("sourceQueueArns").and_then(Value::as_array);
        let listed: Vec<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
        let refused = sources(case).filter(|link| match permission {
            "denyAll" => true,
            "byQueue" => !listed.contains(&link.from.as_str()),
            _ => false,
        });
        refused
            .map(|link| {
                let why = match permission {
                    "denyAll" => "allows no source (denyAll)".to_owned(),
                    _ => format!("names {} other source{}", listed.len(), if listed.len() == 1 { "" } else { "s" }),
                };
                let source = link.from.short_name();
                let sentence = format!("is to take the dead letters of {source}, but its RedriveAllowPolicy {why}");
                let allow = set_queue(case.resource(), "RedriveAllowPolicy", r#"{"redrivePermission":"allowAll"}"#);
                let advice = format!("add {} to sourceQueueArns, or: {allow}", link.from);
                Said::new(Severity::High, sentence, advice).about(&link.from)
            })
            .collect()
    }
}

/// FIFO queues need FIFO dead-letter queues, standard ones standard.
pub(super) struct OfAnotherType;

impl Rule for OfAnotherType {
    fn name(&self) -> &'static str {
        "dlq-type"
    }

    fn page(&self) -> &'static str {
        ABOUT_QUEUES
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let other = case.outgoing(LinkKind::DeadLetters).filter(|link| is_fifo(&link.from) != is_fifo(&link.to));
        other
            .map(|link| {
                let (own, its) = if is_fifo(&link.from) { ("FIFO", "standard") } else { ("standard", "FIFO") };
                let target = link.to.short_name();
                let sentence =
                    format!("is a {own} queue and its dead-letter queue {target} a {its} one: SQS moves nothing there");
                Said::new(Severity::High, sentence, format!("create a {own} queue for its dead letters and name that"))
                    .about(&link.to)
            })
            .collect()
    }
}

/// A dead-letter queue that keeps its letters no longer than the queue that they come from.
///
/// A standard queue's letters keep their first enqueue time, so they are lost early. A FIFO queue's begin anew.
pub(super) struct KeptTooShort;

impl Rule for KeptTooShort {
    fn name(&self) -> &'static str {
        "dlq-retention"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(own) = case.resource().number("MessageRetentionPeriod") else { return Vec::new() };
        let said = |link: &Link| {
            let its = case.queue(&link.from)?.number("MessageRetentionPeriod")?;
            let (own_age, its_age) = (Age(own as f64), Age(its as f64));
            let source = link.from.short_name();
            if link.from == *case.id() || own > its || (is_fifo(case.id()) && own == its) {
                return None;
            }
            let (severity, why) = match (is_fifo(case.id()), own >= LONGEST_RETENTION_SECONDS) {
                (true, _) => (Severity::Low, "what died has less time than what waits"),
                (false, true) => (Severity::Low, "the age counts from the first sending, and SQS keeps nothing longer"),
                (false, false) => (Severity::High, "the age counts from the first sending, so letters are lost early"),
            };
            let sentence = format!("keeps dead letters {own_age}, its source {source} keeps messages {its_age}: {why}");
            let advice = if own >= LONGEST_RETENTION_SECONDS {
                format!("keep messages in {source} for less than 14 days")
            } else {
                set_queue(case.resource(), "MessageRetentionPeriod", LONGEST_RETENTION_SECONDS)
            };
            Some(Said::new(severity, sentence, advice).about(&link.from))
        };
        sources(case).filter_map(said).collect()
    }
}

const MAPPINGS: &[Need] = &[need("lambda", "lambda:ListEventSourceMappings")];

/// A queue in front of a function without anywhere to put what the function cannot handle.
pub(super) struct Missing;

impl Rule for Missing {
    fn name(&self) -> &'static str {
        "no-dlq"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn needs(&self) -> &'static [Need] {
        MAPPINGS
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        if !is_read_queue(case.resource()) || dead_letters(case).is_some() || sources(case).next().is_some() {
            return Vec::new();
        }
        let Some((link, function)) = case.functions().next() else { return Vec::new() };
        let kept = case.resource().number("MessageRetentionPeriod").map(|seconds| Age(seconds as f64).to_string());
        let sentence = format!(
            "has no dead-letter queue: what {} cannot handle is tried again for {} and is then lost",
            function.name,
            kept.as_deref().unwrap_or("as long as the queue keeps it")
        );
        let policy = r#"{"deadLetterTargetArn":"…","maxReceiveCount":"5"}"#;
        let advice = format!("make a queue for them, then: {}", set_queue(case.resource(), "RedrivePolicy", policy));
        vec![Said::new(Severity::High, sentence, advice).about(&link.to)]
    }
}

/// Messages are given up after few tries.
pub(super) struct FewReceives;

impl Rule for FewReceives {
    fn name(&self) -> &'static str {
        "max-receive-count"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Queue]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(link) = dead_letters(case) else { return Vec::new() };
        let Some(count) = link.attribute("maxReceiveCount").and_then(|count| count.parse::<u64>().ok()) else {
            return Vec::new();
        };
        let function = case.functions().next().map(|(_, function)| function.name.as_str());
        let (severity, sentence) = match (count, function) {
            (0..=1, _) => {
                let sentence = "gives a message up after its first receive: one crash, or one look, and it is dead";
                (Severity::Medium, sentence.to_owned())
            }
            (2..FEWEST_RECEIVES_OF_A_FUNCTION, Some(function)) => {
                let sentence =
                    format!("gives a message up after {count} receives; before the function {function}, AWS advises 5");
                (Severity::Low, sentence)
            }
            _ => return Vec::new(),
        };
        let policy = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"5"}}"#, link.to);
        vec![Said::new(severity, sentence, set_queue(case.resource(), "RedrivePolicy", policy)).about(&link.to)]
    }
}
