//! What a look costs, said before it costs anything. Pure: a queue and what is known of it in, a verdict and lines out.
//!
//! Each receive raises a message's receive count. On a queue with a redrive policy the receive after the Nth moves the message to the
//! dead-letter queue, so the Nth receive leaves its consumer no try: a look must leave every message at N − 1 or less. What counts its
//! messages have nobody knows before the first receive; that is why it is of one message only.

use jiff::Timestamp;

use super::looks::Seen;
use crate::{aws::operations, domain::units::Age, redrive::queue::Queue};

/// A receive, and later the end of a lease, are of at most ten messages.
const CALLS_PER_TEN: u64 = 2;
/// After so many receives in a row that bring nothing a look ends.
const EMPTY_RECEIVES: u64 = 3;
/// What FIFO requests cost more.
const FIFO_FACTOR: f64 = 1.25;
const NOT_LISTED: f64 = 0.40;

/// Whether to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is received.
    Free,
    /// Received, but there is no redrive policy: a count that rises harms nobody.
    Safe,
    /// Allowed as long as no message is seen whose count is `stop_at`.
    Costs { stop_at: u32 },
    /// Not without the queue's name.
    Refused { why: String },
}

/// What a look at a queue costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    pub verdict: Verdict,
    /// In sentences, the most important first.
    pub lines: Vec<String>,
}

/// What is known beside the queue itself.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The endpoint shows its messages without receiving them.
    pub is_free: bool,
    /// How many messages it has, about.
    pub about: u64,
    /// What earlier looks saw.
    pub seen: Option<Seen>,
    pub now: Timestamp,
}

impl Cost {
    pub fn of(queue: &Queue, known: Known) -> Self {
        let verdict = verdict(queue, known);
        let lines = if verdict == Verdict::Free { free_lines() } else { lines(queue, known, &verdict) };
        Self { verdict, lines }
    }

    /// Whether a look may start. A refusal gives way to the queue's own name.
    ///
    /// # Errors
    /// In words, with what to do.
    pub fn permits(&self, queue: &Queue, accepted: Option<&str>) -> Result<(), String> {
        match &self.verdict {
            Verdict::Refused { why } if accepted.is_none_or(|name| !is_name_of(name, queue)) => {
                Err(format!("{why}; to look all the same, give the queue's name: {}", queue.name()))
            }
            _ => Ok(()),
        }
    }

    /// For where nothing is at stake, so that nobody is asked.
    pub fn in_one_line(&self) -> String {
        match self.verdict {
            Verdict::Free => "looking is free: this endpoint shows its messages without receiving them".to_owned(),
            _ => {
                let price = self.lines.last().map_or("", String::as_str);
                let is_fifo = self.lines.iter().any(|line| line.starts_with("FIFO"));
                let groups = if is_fifo { "; FIFO groups wait while they are held" } else { "" };
                format!("looking raises receive counts, which harms nothing here (no redrive policy){groups} · {price}")
            }
        }
    }

    /// The receive count at which a look stops; none if counts do not matter, or if somebody has said that they shall not.
    pub fn stop_at(&self) -> Option<u32> {
        match self.verdict {
            Verdict::Costs { stop_at } => Some(stop_at),
            _ => None,
        }
    }
}

/// Name, ARN or URL.
pub(super) fn is_name_of(name: &str, queue: &Queue) -> bool {
    name == queue.name() || name == queue.arn.as_str() || name == queue.url
}

fn verdict(queue: &Queue, known: Known) -> Verdict {
    if known.is_free {
        return Verdict::Free;
    }
    let Some(policy) = &queue.redrive_policy else { return Verdict::Safe };
    let (most, name) = (policy.max_receive_count, queue.name());
    let target = policy.target.short_name();
    let stop_at = most.saturating_sub(1);
    if stop_at == 0 {
        let why = format!("a look would use up the only try that messages of {name} have before they go to {target}");
        return Verdict::Refused { why };
    }
    match fresh(queue, known) {
        Some(seen) if seen.highest >= stop_at => {
            let (ago, received) = (Age::between(seen.at, known.now), times(seen.highest));
            let next = if seen.highest < most {
                format!("the one try that is left before {target} is its consumer's")
            } else {
                format!("the next receive moves it to {target}")
            };
            let why = format!("a look {ago} ago saw a message of {name} that was received {received}; {next}");
            Verdict::Refused { why }
        }
        _ => Verdict::Costs { stop_at },
    }
}

/// What was seen of messages that may still be there.
fn fresh(queue: &Queue, known: Known) -> Option<Seen> {
    known.seen.filter(|seen| seen.may_be_there(queue, known.now))
}

fn free_lines() -> Vec<String> {
    vec![
        "free: this endpoint shows its messages without receiving them, so no receive count changes and nothing is held".into(),
        "they are received only when they are moved".into(),
    ]
}

fn lines(queue: &Queue, known: Known, verdict: &Verdict) -> Vec<String> {
    let mut lines = vec![counts(queue, known)];
    match verdict {
        Verdict::Costs { stop_at } => lines.push(format!(
            "the first receive is of one message, because nobody knows the counts before; the look stops at the first that reaches {stop_at}"
        )),
        Verdict::Refused { why } => lines.push(format!("refused: {why}")),
        Verdict::Free | Verdict::Safe => {}
    }
    lines.push(if queue.is_fifo() {
        "FIFO: while messages are held, their groups are blocked for every consumer, and of a group ten can be seen at most".into()
    } else {
        "while messages are held, nobody else gets them; they go back at once when you leave".into()
    });
    lines.push(price(queue, known.about));
    lines
}

/// Which receive count each message will reach.
fn counts(queue: &Queue, known: Known) -> String {
    let highest = fresh(queue, known)
        .map(|seen| {
            format!(" (the highest seen so far was {}, {} ago)", seen.highest, Age::between(seen.at, known.now))
        })
        .unwrap_or_default();
    let rises = format!("each message's receive count rises by one{highest}");
    match &queue.redrive_policy {
        None => format!("{rises}; {} has no redrive policy, so no count can dead-letter them", queue.name()),
        Some(policy) => {
            let (most, target) = (policy.max_receive_count, policy.target.short_name());
            format!(
                "{rises}; {} has a redrive policy: once received {}, the next receive moves a message to {target}",
                queue.name(),
                times(most)
            )
        }
    }
}

fn price(queue: &Queue, about: u64) -> String {
    let calls = about.div_ceil(10) * CALLS_PER_TEN + EMPTY_RECEIVES;
    let each = operations::find("SQS", "ReceiveMessage").map_or(NOT_LISTED, |row| row.dollars_per_million) / 1e6;
    let dollars = calls as f64 * each * if queue.is_fifo() { FIFO_FACTOR } else { 1.0 };
    let dollars = if dollars < 0.01 { "less than $0.01".to_owned() } else { format!("≈ ${dollars:.2}") };
    format!("≈ {calls} requests for ≈ {about} messages: {dollars} at AWS's price")
}

fn times(count: u32) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        _ => format!("{count} times"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{
        super::pretend::{queue, queue_with_policy},
        *,
    };

    const DAY: i64 = 86_400;

    fn known(highest: Option<u32>, days_ago: i64) -> Known {
        let now = Timestamp::from_second(100 * DAY).unwrap();
        let at = Timestamp::from_second((100 - days_ago) * DAY).unwrap();
        Known { is_free: false, about: 1000, seen: highest.map(|highest| Seen { highest, at }), now }
    }

    #[rstest]
    #[case::never_looked_at(3, None, 0, Some(2))]
    #[case::one_try_used(3, Some(1), 0, Some(2))]
    #[case::its_consumer_has_one_try_left(3, Some(2), 0, None)]
    #[case::none_left(3, Some(3), 0, None)]
    #[case::those_messages_are_gone_by_now(3, Some(2), 5, Some(2))]
    #[case::only_one_try(1, None, 0, None)]
    #[case::zero_is_nonsense_and_safe(0, None, 0, None)]
    #[case::two_tries(2, None, 0, Some(1))]
    #[case::two_tries_one_used(2, Some(1), 0, None)]
    fn a_look_never_takes_the_last_try(
        #[case] max_receive_count: u32,
        #[case] highest: Option<u32>,
        #[case] days_ago: i64,
        #[case] stop_at: Option<u32>,
    ) {
        let queue = queue_with_policy("orders", max_receive_count);
        let cost = Cost::of(&queue, known(highest, days_ago));
        assert_eq!(cost.stop_at(), stop_at, "{cost:?}");
        assert_eq!(cost.permits(&queue, None).is_ok(), stop_at.is_some());
        assert_eq!(cost.permits(&queue, Some("another")).is_ok(), stop_at.is_some());
        assert!(cost.permits(&queue, Some("orders")).is_ok());
        assert!(cost.permits(&queue, Some(queue.arn.as_str())).is_ok());
    }

    #[rstest]
    #[case(queue("dlq"), false, Verdict::Safe)]
    #[case(queue("dlq"), true, Verdict::Free)]
    #[case(queue_with_policy("orders", 1), true, Verdict::Free)]
    fn without_a_policy_or_without_a_receive_nothing_is_at_stake(
        #[case] queue: Queue,
        #[case] is_free: bool,
        #[case] expected: Verdict,
    ) {
        let cost = Cost::of(&queue, Known { is_free, ..known(Some(9), 0) });
        assert_eq!(cost.verdict, expected);
    }

    #[test]
    fn what_harms_nothing_is_said_in_one_line() {
        let said = |queue: &Queue, is_free: bool| Cost::of(queue, Known { is_free, ..known(None, 0) }).in_one_line();
        assert_eq!(
            said(&queue("dlq.fifo"), false),
            "looking raises receive counts, which harms nothing here (no redrive policy); FIFO groups wait while they are held · \
             ≈ 203 requests for ≈ 1000 messages: less than $0.01 at AWS's price"
        );
        assert!(!said(&queue("dlq"), false).contains("FIFO"));
        assert!(said(&queue("dlq"), true).starts_with("looking is free"));
    }

    #[test]
    fn says_what_it_costs() {
        let lines = |queue: &Queue, known: Known| Cost::of(queue, known).lines;
        let said = lines(&queue_with_policy("orders", 3), known(Some(1), 1));
        assert_eq!(
            said,
            [
                "each message's receive count rises by one (the highest seen so far was 1, 24 h ago); orders has a redrive policy: \
                 once received 3 times, the next receive moves a message to orders-dlq",
                "the first receive is of one message, because nobody knows the counts before; the look stops at the first that \
                 reaches 2",
                "while messages are held, nobody else gets them; they go back at once when you leave",
                "≈ 203 requests for ≈ 1000 messages: less than $0.01 at AWS's price",
            ]
        );
        let said = lines(&queue("dlq.fifo"), Known { about: 1_000_000, ..known(None, 0) });
        assert_eq!(
            said,
            [
                "each message's receive count rises by one; dlq.fifo has no redrive policy, so no count can dead-letter them",
                "FIFO: while messages are held, their groups are blocked for every consumer, and of a group ten can be seen at most",
                "≈ 200003 requests for ≈ 1000000 messages: ≈ $0.10 at AWS's price",
            ]
        );
        let refused = Cost::of(&queue_with_policy("orders", 3), known(Some(2), 2));
        let why = "a look 2 d ago saw a message of orders that was received twice; the one try that is left before orders-dlq is \
                   its consumer's";
        assert_eq!(refused.verdict, Verdict::Refused { why: why.into() });
        assert_eq!(
            Cost::of(&queue_with_policy("orders", 1), known(None, 0)).permits(&queue("orders"), None).unwrap_err(),
            "a look would use up the only try that messages of orders have before they go to orders-dlq; \
             to look all the same, give the queue's name: orders"
        );
    }
}
