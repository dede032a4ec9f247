//! Rules about who may write to queues and topics, and who could read them on disk.

use super::{
    Rule, Said,
    case::{Case, is_read_queue, quoted, set_queue},
    policy,
};
use crate::domain::{Kind, LinkKind, Severity};

const QUEUES_AND_TOPICS: &[Kind] = &[Kind::Queue, Kind::Topic];

/// Everybody may send.
pub(super) struct PubliclyWritable;

impl Rule for PubliclyWritable {
    fn name(&self) -> &'static str {
        "publicly-writable"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html"
    }

    fn page_on(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Topic => "https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
            _ => self.page(),
        }
    }

    fn kinds(&self) -> &'static [Kind] {
        QUEUES_AND_TOPICS
    }

    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let Some(text) = case.resource().attribute("Policy") else { return Vec::new() };
        let action = if case.resource().kind == Kind::Queue { "sqs:SendMessage" } else { "sns:Publish" };
        if !policy::is_public(text, action) {
            return Vec::new();
        }
        let sentence = format!("lets everybody in the world call {action}: the principal is * without a condition");
        let advice = "name the accounts or services that may, or add a condition on aws:SourceArn or aws:SourceAccount \
                      to the policy";
        vec![Said::new(Severity::High, sentence, advice.to_owned())]
    }
}

/// Whether one of AWS's services publishes to a topic in its own name.
fn fed_by_a_service(case: &Case<'_>) -> bool {
    case.store.topology.to(case.id()).any(|link| matches!(link.kind, LinkKind::Notifies | LinkKind::Targets))
}

/// Messages lie on disk as they came.
pub(super) struct Unencrypted;

impl Rule for Unencrypted {
    fn name(&self) -> &'static str {
        "unencrypted"
    }

    fn page(&self) -> &'static str {
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html"
    }

    fn page_on(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Topic => "https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
            _ => self.page(),
        }
    }

    fn kinds(&self) -> &'static [Kind] {
        QUEUES_AND_TOPICS
    }

    /// A queue says that it is not; of a topic that was read, silence says so.
    fn judge(&self, case: &Case<'_>) -> Vec<Said> {
        let resource = case.resource();
        if resource.attribute("KmsMasterKeyId").is_some_and(|key| !key.is_empty()) {
            return Vec::new();
        }
        let (is_plain, advice) = match resource.kind {
            Kind::Queue => {
                let is_plain = is_read_queue(resource) && resource.attribute("SqsManagedSseEnabled") == Some("false");
                (is_plain, set_queue(resource, "SqsManagedSseEnabled", "true"))
            }
            _ => {
                let was_read = resource.attribute("Owner").is_some() || resource.attribute("Policy").is_some();
                let arn = quoted(resource.id.as_str());
                // The policy of the key that AWS manages lets no other service use it.
                let key = if fed_by_a_service(case) { "arn:…" } else { "alias/aws/sns" };
                let set = format!(
                    "aws sns set-topic-attributes --topic-arn {arn} --attribute-name KmsMasterKeyId --attribute-value {key}"
                );
                let advice = match key {
                    "alias/aws/sns" => set,
                    _ => format!("with a key of your own that admits the services that publish here: {set}"),
                };
                (was_read, advice)
            }
        };
        if !is_plain {
            return Vec::new();
        }
        let sentence = match resource.kind {
            Kind::Queue => "is not encrypted at rest: neither by SQS itself nor with a key of KMS",
            _ => "is not encrypted at rest: no key of KMS is set",
        };
        vec![Said::new(Severity::Low, sentence.to_owned(), advice)]
    }
}
