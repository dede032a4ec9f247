//! Rules about topics: who listens, and whether what is published can reach them.

use super::{
    Need, Rule, Said,
    case::{Case, is_fifo, quoted, set_queue},
    need, never,
    policy::{self, Answer, Request},
};
use crate::domain::{FILTER_NOT_KNOWN, Kind, Link, LinkKind, Resource, Severity, reading::SUBSCRIPTIONS};

const TOPICS: &[Kind] = &[Kind::Topic];
const SUBSCRIPTIONS_LISTED: &[Need] = &[need("sns", "sns:ListSubscriptions")];

fn is_pending(link: &Link) -> bool {
    link.attribute("PendingConfirmation") == Some("true")
}

fn confirmed<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Link> {
    case.outgoing(LinkKind::Subscribes).filter(|link| !is_pending(link))
}

/// Nobody listens.
pub(super) struct NoSubscriber;

impl Rule for NoSubscriber {
    fn name(&self) -> &'static str {
        "no-subscriber"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        TOPICS
    }

    fn needs(&self) -> &'static [Need] {
        SUBSCRIPTIONS_LISTED
    }

    /// The number of subscriptions is a reading; it counts those of other accounts too.
    fn is_live(&self) -> bool {
        true
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        if case.value(SUBSCRIPTIONS).is_none_or(|count| count >= 1.0) || confirmed(case).next().is_some() {
            return Vec::new();
        }
        let pending = case.outgoing(LinkKind::Subscribes).count();
        let listen = if pending > 0 { "have it confirmed" } else { "decide who is to listen" };
        let sender = case.store.topology.to(case.id()).find(|link| link.kind.carries());
        let pending = if pending > 0 {
            format!(" ({pending} wait{} for confirmation)", if pending == 1 { "s" } else { "" })
        } else {
            String::new()
        };
        // Nobody is told to delete what somebody publishes to.
        let (severity, consequence, first) = match sender {
            Some(link) => (Severity::High, format!("what {} publishes is lost", link.from.short_name()), listen),
            None => (Severity::Low, "what is published is lost".to_owned(), "delete the topic"),
        };
        let sentence = format!("has no confirmed subscriber{pending}: {consequence}");
        let advice = format!(
            "{first}, or: aws sns subscribe --topic-arn {} --protocol sqs --notification-endpoint …",
            quoted(case.id().as_str())
        );
        vec![Said::new(severity, sentence, advice)]
    }
}

/// A subscription that waits for somebody to confirm it.
pub(super) struct PendingConfirmation;

impl Rule for PendingConfirmation {
    fn name(&self) -> &'static str {
        "pending-confirmation"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        TOPICS
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let pending = case.outgoing(LinkKind::Subscribes).filter(|link| is_pending(link));
        pending
            .map(|link| {
                let protocol = link.attribute("Protocol").unwrap_or("its");
                let sentence = format!(
                    "sends nothing to {}: the {protocol} subscription is not confirmed yet",
                    link.to.short_name()
                );
                let again = format!(
                    "aws sns subscribe --topic-arn {} --protocol {} --notification-endpoint {}",
                    quoted(case.id().as_str()),
                    quoted(protocol),
                    quoted(link.to.as_str())
                );
                let advice = format!("follow the link in the message that was sent there; to send it again: {again}");
                Said::new(Severity::Medium, sentence, advice).about(&link.to)
            })
            .collect()
    }
}

/// A subscription to what is not there.
pub(super) struct SubscriberGone;

impl Rule for SubscriberGone {
    fn name(&self) -> &'static str {
        "subscriber-gone"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        TOPICS
    }

    fn misses(&self) -> &'static [Kind] {
        &[Kind::Queue, Kind::Function, Kind::DeliveryStream]
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let gone = confirmed(case).filter(|link| case.exists(&link.to) == Some(false));
        gone.map(|link| {
            let kept = match link.attribute("RedrivePolicy") {
                Some(_) => ": what was meant for it goes to its dead-letter queue",
                // Whether it has one is told with its filter.
                None if link.label.split("; ").any(|label| label == FILTER_NOT_KNOWN) => "",
                None => ": what was meant for it is lost",
            };
            let sentence = format!("sends to {}, which does not exist{kept}", link.to.short_name());
            let advice = match link.attribute("SubscriptionArn") {
                Some(arn) => format!("aws sns unsubscribe --subscription-arn {}", quoted(arn)),
                None => "create it again, or unsubscribe it".to_owned(),
            };
            Said::new(Severity::High, sentence, advice).about(&link.to)
        })
        .collect()
    }
}

/// A queue that does not let the topic in: its policy, or its key.
pub(super) struct SubscriberRefuses;

impl Rule for SubscriberRefuses {
    fn name(&self) -> &'static str {
        "subscriber-refuses"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        TOPICS
    }

    /// Also of the queues for what cannot be delivered: they need the same permission.
    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let mut judged: Vec<&crate::domain::ResourceId> = Vec::new();
        let mut said = Vec::new();
        for link in confirmed(case).chain(case.outgoing(LinkKind::DeadLetters)) {
            let Some(queue) = case.queue(&link.to).filter(|_| !judged.contains(&&link.to)) else { continue };
            judged.push(&link.to);
            let Some(why) = refusal(case, queue) else { continue };
            let what = if link.kind == LinkKind::DeadLetters { "what it cannot deliver" } else { "its messages" };
            let sentence = format!("cannot send {what} to {}: {why}", link.to.short_name());
            said.push(Said::new(Severity::High, sentence, admitted(case, queue)).about(&link.to));
        }
        said
    }
}

/// Why a queue refuses a topic, if that is certain.
fn refusal(case: &Case<'_>, queue: &Resource) -> Option<&'static str> {
    let account = case.id().arn()?.account;
    let request = Request {
        service: "sns.amazonaws.com",
        action: "sqs:SendMessage",
        resource: queue.id.as_str(),
        source: case.id().as_str(),
        account,
    };
    match policy::answer(queue.attribute("Policy"), &request) {
        Answer::NotAllowed if queue.attribute("Policy").is_none() => {
            Some("the queue has no policy, and without one AWS lets no topic in")
        }
        Answer::NotAllowed => Some("no statement of the queue's policy allows sqs:SendMessage for this topic"),
        Answer::Denied => Some("a statement of the queue's policy denies it"),
        // The key's policy, which AWS manages, does not let SNS use it.
        _ if queue.attribute("KmsMasterKeyId").is_some_and(|key| key.ends_with("alias/aws/sqs")) => {
            Some("it is encrypted with alias/aws/sqs, a key that SNS may not use")
        }
        Answer::Allowed | Answer::Unknown => None,
    }
}

/// The policy that would let the topic in.
fn admitted(case: &Case<'_>, queue: &Resource) -> String {
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": queue.id.as_str(),
            "Condition": { "ArnEquals": { "aws:SourceArn": case.id().as_str() } },
        }],
    });
    match queue.attribute("Policy") {
        None => set_queue(queue, "Policy", policy),
        Some(_) => {
            let statement = &policy["Statement"][0];
            format!(
                "add to the queue's policy (and encrypt with a key of your own that SNS may use, if with any): {statement}"
            )
        }
    }
}

/// A kind of subscriber that such a topic does not deliver to.
pub(super) struct Undeliverable;

impl Rule for Undeliverable {
    fn name(&self) -> &'static str {
        "fifo-delivery"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        TOPICS
    }

    /// Since September 2023 a FIFO topic delivers to standard queues too: allowed, but the order ends there.
    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let said = |link: &Link| {
            let (protocol, to) = (link.attribute("Protocol")?, link.to.short_name());
            let queue = protocol == "sqs";
            let (severity, sentence, advice) = match (is_fifo(case.id()), queue && is_fifo(&link.to)) {
                (false, true) => (
                    Severity::High,
                    format!("is a standard topic and {to} a FIFO queue: SNS does not deliver from one to the other"),
                    "use a FIFO topic, or a standard queue",
                ),
                (true, _) if !queue => (
                    Severity::High,
                    format!("is a FIFO topic: it delivers to queues alone, not to {to} by {protocol}"),
                    "subscribe a queue, and let that feed it",
                ),
                (true, false) => (
                    Severity::Info,
                    format!("is a FIFO topic and {to} a standard queue: order and deduplication end there"),
                    "use a FIFO queue if its reader counts on order",
                ),
                _ => return None,
            };
            Some(Said::new(severity, sentence, advice.to_owned()).about(&link.to))
        };
        confirmed(case).filter_map(said).collect()
    }
}

/// A filter policy that lets nothing through.
pub(super) struct FilterNeverMatches;

impl Rule for FilterNeverMatches {
    fn name(&self) -> &'static str {
        "filter-never-matches"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html"
    }

    fn kinds(&self) -> &'static [Kind] {
        TOPICS
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let said = |link: &Link| {
            let policy = link.attribute("FilterPolicy").filter(|_| link.label != FILTER_NOT_KNOWN)?;
            let why = never::filter_policy(policy)?;
            let sentence = format!("filters everything out before {}: {why}", link.to.short_name());
            let arn = link.attribute("SubscriptionArn").map_or_else(|| "…".to_owned(), quoted);
            let advice = format!(
                "aws sns set-subscription-attributes --subscription-arn {arn} --attribute-name FilterPolicy \
                 --attribute-value '{{…}}'"
            );
            Some(Said::new(Severity::High, sentence, advice).about(&link.to))
        };
        case.outgoing(LinkKind::Subscribes).filter_map(said).collect()
    }
}
