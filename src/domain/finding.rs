//! What is wrong with an architecture itself, whether or not anything flows through it: a rule's verdict with its evidence.

use serde::{Deserialize, Serialize};

use super::ResourceId;

/// How much a finding matters. Ordered from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, and may be meant so.
    Info,
    /// Hygiene: nothing is lost or late for it today.
    Low,
    /// Delays, repeats or stops something.
    Medium,
    /// Loses messages, or lets strangers in.
    High,
}

impl Severity {
    /// From the worst to the least.
    pub const ALL: [Self; 4] = [Self::High, Self::Medium, Self::Low, Self::Info];

    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What one rule says of one resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: Severity,
    pub resource: ResourceId,
    /// The other end, where the finding is about two.
    pub about: Option<ResourceId>,
    /// What is wrong, with the numbers that say so. It begins where the resource's name ends.
    pub sentence: String,
    /// What to do: a command, or the attribute to set.
    pub advice: String,
    /// The page of AWS's documentation behind it.
    pub page: &'static str,
    /// Why it may stay, if the user said so.
    pub ignored: Option<String>,
}

impl Finding {
    /// The command of the AWS CLI that the advice ends in, if it does.
    pub fn command(&self) -> Option<&str> {
        let at = if self.advice.starts_with("aws ") { 0 } else { self.advice.find(": aws ")? + ": ".len() };
        self.advice.get(at..)
    }
}

/// Findings that may stay, with the reason: `[[ignore]]` in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Ignore {
    /// The name of a rule; `*` is any.
    pub rule: String,
    /// An ARN or a name, in which `*` and `?` stand for what they stand for in a policy.
    pub resource: String,
    pub reason: String,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rule: String,
    resource: String,
    reason: Option<String>,
}

impl TryFrom<Written> for Ignore {
    type Error = String;

    fn try_from(Written { rule, resource, reason }: Written) -> Result<Self, Self::Error> {
        match reason.filter(|reason| !reason.trim().is_empty()) {
            Some(reason) => Ok(Self { rule, resource, reason }),
            None => Err(format!("what is ignored needs a reason: say why '{rule}' of '{resource}' may stay")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_where_the_advice_ends() {
        let finding = |advice: &str| Finding {
            rule: "r",
            severity: Severity::Low,
            resource: "q".into(),
            about: None,
            sentence: String::new(),
            advice: advice.to_owned(),
            page: "",
            ignored: None,
        };
        assert_eq!(finding("aws sqs x").command(), Some("aws sqs x"));
        assert_eq!(finding("delete it, or: aws sqs x").command(), Some("aws sqs x"));
        assert_eq!(finding("use a FIFO queue").command(), None);
    }

    #[test]
    fn severities_are_ordered_and_all_there() {
        assert!(Severity::ALL.is_sorted_by(|a, b| a > b));
        for severity in Severity::ALL {
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.word());
        }
    }
}
