//! Until when what was moved may come back: a consumer that fails on a message gives it up only after all its receives. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    journal::Begun,
    queue::{Queue, RedrivePolicy},
};
use crate::domain::units::Age;

/// The longest way back from the destinations of a run to where it took the messages from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returns {
    /// The dead-letter queue.
    to: String,
    visibility: Duration,
    receives: u32,
}

impl Returns {
    /// Of a run; none where nothing can come back.
    pub fn of(begun: &Begun) -> Option<Self> {
        Self::between(begun.from.queue()?, begun.to.queues())
    }

    /// From these to that dead-letter queue.
    pub fn between(dead: &Queue, sources: &[Queue]) -> Option<Self> {
        let ways = sources.iter().filter(|source| source.gives_up_to(dead)).filter_map(|source| {
            let RedrivePolicy { max_receive_count, .. } = source.redrive_policy.as_ref()?;
            Some(Self {
                to: dead.name().to_owned(),
                visibility: source.visibility_timeout,
                receives: *max_receive_count,
            })
        });
        ways.max_by_key(Self::takes)
    }

    /// How long after its first receive a message is given up.
    pub fn takes(&self) -> Duration {
        self.visibility.saturating_mul(self.receives)
    }

    /// When the last that is received by now is back, if its consumer fails on it each time.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        now.checked_add(SignedDuration::try_from(self.takes()).ok()?).ok()
    }

    /// In a sentence, with the command that looks.
    pub fn in_words(&self, now: Timestamp) -> String {
        let Self { to, visibility, receives } = self;
        let until = self.until(now).map(|at| at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string());
        let times = if *receives == 1 { "1 receive".to_owned() } else { format!("{receives} receives") };
        format!(
            "what its consumer fails on is back in {to} in about {}, by {} ({times} of {} each; later if it has to wait before): \
             `edatop peek {to}` looks then",
            Age(self.takes().as_secs_f64()),
            until.unwrap_or_default(),
            Age(visibility.as_secs_f64())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn queue(name: &str, visibility: u32, policy: Option<(&str, u32)>) -> Queue {
        let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        let mut attributes: BTreeMap<_, _> =
            [("QueueArn".to_owned(), arn(name)), ("VisibilityTimeout".to_owned(), visibility.to_string())].into();
        if let Some((target, count)) = policy {
            let policy = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{count}}}"#, arn(target));
            attributes.insert("RedrivePolicy".to_owned(), policy);
        }
        Queue::from_attributes("http://h", &attributes).unwrap()
    }

    #[test]
    fn the_longest_way_back_counts() {
        let dead = queue("dlq", 30, None);
        let (fast, slow) = (queue("a", 10, Some(("dlq", 3))), queue("b", 40, Some(("dlq", 2))));
        let returns = Returns::between(&dead, &[fast, slow]).unwrap();
        let said = returns.in_words(Timestamp::UNIX_EPOCH);
        assert!(said.starts_with("what its consumer fails on is back in dlq in about 80 s, by "), "{said}");
        assert!(said.contains(" (2 receives of 40 s each;") && said.contains("`edatop peek dlq`"), "{said}");
        assert_eq!(returns.until(Timestamp::UNIX_EPOCH), Some(Timestamp::from_second(80).unwrap()));
    }

    #[test]
    fn from_elsewhere_nothing_comes_back() {
        let dead = queue("dlq", 30, None);
        let others = [queue("a", 10, Some(("other", 3))), queue("b", 10, None)];
        assert_eq!(Returns::between(&dead, &others), None);
    }
}
