//! What is about to be done, in words and numbers, before anything moves. The desk and `--dry-run` show the same lines. Pure.

use std::time::Duration;

use super::{
    journal::{Deed, Destination, Origin, Scope},
    queue::{Queue, Standing},
    words::{messages, promise, verb, way},
};
use crate::domain::units;

/// Messages that AWS's own move task moves in a second, at most.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
pub const MOVE_TASK_RATE: u32 = 500;
/// How long a stage of a canary waits at most, however surely what waits before it becomes less.
pub const CANARY_LONGEST: Duration = Duration::from_mins(30);
/// A message that is lost so soon is worth a word.
const SOON: Duration = Duration::from_secs(86_400);

/// A move, ready to be confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub deed: Deed,
    pub from: Origin,
    pub to: Destination,
    pub scope: Scope,
    /// How many, as far as is known; approximate unless they were chosen one by one.
    pub about: u64,
    /// How many of them go to which source, where they are known one by one.
    pub split: Option<Split>,
    /// How bodies or attributes were edited.
    pub edited: Option<String>,
    pub options: Options,
    /// What could go wrong, in sentences; the worst first.
    pub risks: Vec<String>,
}

/// Where messages go that each go to their own source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Names of queues, and how many go there.
    to: Vec<(String, u64)>,
    /// These name no queue that could be sent to.
    nowhere: u64,
}

impl Split {
    /// Of messages that say, or do not say, the ARN of the queue that they came from; as the mover will decide.
    pub fn of<'a>(sources: impl Iterator<Item = Option<&'a str>>, queues: &[Queue]) -> Self {
        let mut counts = vec![0_u64; queues.len()];
        let mut nowhere = 0;
        for source in sources {
            let index = match source {
                Some(arn) => queues.iter().position(|queue| queue.arn.as_str() == arn),
                None if queues.len() == 1 => Some(0),
                None => None,
            };
            match index.and_then(|index| counts.get_mut(index)) {
                Some(count) => *count += 1,
                None => nowhere += 1,
            }
        }
        let names = queues.iter().map(|queue| queue.name().to_owned());
        let mut to: Vec<_> = names.zip(counts).filter(|(_, count)| *count > 0).collect();
        to.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self { to, nowhere }
    }

    /// `30 to orders, 10 to payments`; nothing where there is nothing to tell apart.
    fn lines(&self, queues: usize) -> Vec<String> {
        let mut lines = Vec::new();
        if queues > 1 && !self.to.is_empty() {
            let each = self.to.iter().map(|(name, count)| format!("{} to {name}", units::Count(*count as f64)));
            lines.push(each.collect::<Vec<_>>().join(", "));
        }
        if self.nowhere > 0 {
            lines.push(format!(
                "{} came from no queue that sends its dead letters here: refused, and left; --to names a queue for them",
                messages(self.nowhere)
            ));
        }
        lines
    }
}

/// How fast, and how carefully.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Messages a second; none for as fast as it goes.
    pub rate: Option<f64>,
    /// One first, then ten, then all, each after the last ones' fate is known.
    pub canary: bool,
    /// Calls under way at once, of ten messages each.
    pub concurrency: usize,
    /// The share of messages that may come back before the run stops.
    pub bounce_limit: f64,
    /// How long a canary is watched at most.
    pub canary_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { rate: None, canary: false, concurrency: 4, bounce_limit: 0.2, canary_patience: Duration::from_secs(60) }
    }
}

/// What is known beside the plan itself, for its risks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prospect {
    /// How many messages are where they are taken from.
    pub there: Option<Standing>,
    /// How many wait at the destination already.
    pub waiting: Option<Standing>,
    /// Who takes them there.
    pub consumer: Option<Consumer>,
    /// Until the first of them is lost where it is now.
    pub first_loss: Option<Duration>,
    /// Of FIFO groups only some messages were chosen.
    pub splits_groups: bool,
    /// The endpoint has AWS's own move task.
    pub has_move_task: bool,
}

/// Who takes messages from a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consumer {
    pub name: String,
    /// Its event source mapping is on.
    pub is_enabled: bool,
    /// What it said last when it failed, if nothing has gone well since.
    pub still_fails: Option<String>,
}

impl Plan {
    /// The plan with its risks.
    #[must_use]
    pub fn with_prospect(mut self, prospect: &Prospect) -> Self {
        self.risks = risks(&self, prospect);
        self
    }

    /// All of it, a sentence a line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} {} {}", verb(self.deed), self.how_many(), way(&self.from, &self.to))];
        lines.extend(self.split.iter().flat_map(|split| split.lines(self.to.queues().len())));
        lines.extend([self.pace(), promise(&self.from, &self.to).to_owned()]);
        lines.extend(self.edited.as_ref().map(|edited| format!("edited before they are sent: {edited}")));
        if self.options.canary {
            let patience = self.options.canary_patience.as_secs();
            lines.push(format!("canary: 1 first, then 10, then all; each step waits up to {patience} s for the consumer to be done with them"));
        }
        if self.can_come_back() {
            let share = self.options.bounce_limit * 100.0;
            lines.push(format!("stops by itself when {share} % of them have come back"));
        }
        lines.extend(self.risks.iter().map(|risk| format!("mind: {risk}")));
        lines
    }

    /// Whether what the consumer does not manage ends up where it was taken from.
    fn can_come_back(&self) -> bool {
        self.from.queue().is_some_and(|from| self.to.queues().iter().any(|queue| queue.gives_up_to(from)))
    }

    fn how_many(&self) -> String {
        let about = units::Count(self.about as f64);
        match &self.scope {
            Scope::Chosen { count } => messages(*count),
            // What lies in a file was counted.
            Scope::All { limit: None } if self.from.queue().is_none() => messages(self.about),
            Scope::All { limit: None } => format!("all of ≈{}", messages(self.about)),
            Scope::All { limit: Some(limit) } => format!("the first {limit} of ≈{about} messages"),
            Scope::Where { expression, limit: None } => format!("those of ≈{about} messages where {expression}"),
            Scope::Where { expression, limit: Some(limit) } => {
                format!("the first {limit} of ≈{about} messages where {expression}")
            }
        }
    }

    fn pace(&self) -> String {
        let at_once = self.options.concurrency;
        match self.options.rate {
            Some(rate) => {
                let span = Duration::try_from_secs_f64(self.about as f64 / rate).unwrap_or(Duration::MAX);
                format!("at {rate} messages a second: about {}", units::Age(span.as_secs_f64()))
            }
            None => format!("as fast as it goes, {at_once} calls of 10 messages at once"),
        }
    }
}

/// What could go wrong, the worst first.
fn risks(plan: &Plan, prospect: &Prospect) -> Vec<String> {
    let mut risks = Vec::new();
    bounce(prospect, &mut risks);
    fate_of_deletes(plan, &mut risks);
    order(plan, prospect, &mut risks);
    copies(plan, &mut risks);
    time_left(plan, prospect, &mut risks);
    wait_behind(plan, prospect, &mut risks);
    let whole = matches!(plan.scope, Scope::All { limit: None }) && plan.edited.is_none();
    if prospect.has_move_task && whole && matches!(plan.to, Destination::Sources(_)) {
        risks.push(format!(
            "the queue could do it by itself (native): at most {MOVE_TASK_RATE} a second, one at a time, with new ids and a new retention, \
             and neither journal nor undo"
        ));
    }
    risks
}

fn wait_behind(plan: &Plan, prospect: &Prospect, risks: &mut Vec<String>) {
    let Some(waiting) = prospect.waiting.filter(|waiting| waiting.total() > 0) else { return };
    let mut said = format!("at the destination already: ≈{}", messages(waiting.total()));
    if plan.options.canary && waiting.visible > 0 {
        let longest = units::Age(CANARY_LONGEST.as_secs_f64());
        said.push_str(&format!(
            "; before those are taken the canary is not judged, and it waits for them as long as they become fewer, {longest} at most"
        ));
    }
    risks.push(said);
}

fn bounce(prospect: &Prospect, risks: &mut Vec<String>) {
    match &prospect.consumer {
        Some(Consumer { name, is_enabled: false, .. }) => {
            risks.push(format!("{name} is switched off: it will not take them"));
        }
        Some(Consumer { name, still_fails: Some(said), .. }) => {
            risks.push(format!("{name} still fails, and they may come back: {said}"));
        }
        Some(_) | None => {}
    }
}

fn fate_of_deletes(plan: &Plan, risks: &mut Vec<String>) {
    if plan.deed == Deed::Delete {
        risks.push("afterwards they are in the journal alone; `edatop journal undo` brings them back".to_owned());
    }
}

fn order(plan: &Plan, prospect: &Prospect, risks: &mut Vec<String>) {
    let fifo = |queue: &&Queue| queue.is_fifo();
    if plan.to.queues().iter().any(|queue| queue.is_fifo()) {
        risks.push(
            "order within a group is kept among those moved; they come after what is in the destination by now"
                .to_owned(),
        );
    }
    if prospect.splits_groups {
        risks.push("of some groups only a part was chosen: it will overtake the rest of its group".to_owned());
    }
    let from_fifo = plan.from.queue().filter(fifo).is_some();
    if from_fifo && plan.to.queues().iter().any(|queue| !queue.is_fifo()) {
        risks.push("a standard queue keeps neither order nor group".to_owned());
    }
}

fn copies(plan: &Plan, risks: &mut Vec<String>) {
    if plan.to.queues().iter().any(|queue| !queue.is_fifo()) {
        risks.push(
            "a standard queue may get one twice, when the answer to its send is lost; the end of the run says how many"
                .to_owned(),
        );
    }
    if plan.to.queues().iter().any(Queue::is_fifo) {
        risks.push(
            "each gets a fresh deduplication id, as its old one may be swallowed; a second send within five minutes makes no copy"
                .to_owned(),
        );
    }
}

fn time_left(plan: &Plan, prospect: &Prospect, risks: &mut Vec<String>) {
    if let Some(loss) = prospect.first_loss.filter(|loss| *loss < SOON) {
        risks.push(format!("where they are, the first is lost in {}", units::Age(loss.as_secs_f64())));
    }
    let retention = plan.to.queues().iter().map(|queue| queue.retention).min();
    if let Some(retention) = retention.filter(|retention| *retention < SOON) {
        risks.push(format!("the destination keeps them for {} only", units::Age(retention.as_secs_f64())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn queue(name: &str) -> Queue {
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        let attributes: BTreeMap<_, _> = [("QueueArn".to_owned(), arn)].into();
        Queue::from_attributes("http://h", &attributes).unwrap()
    }

    fn plan(to: &str, scope: Scope) -> Plan {
        Plan {
            deed: Deed::Redrive,
            from: Origin::Queue(Box::new(queue("stats-dlq"))),
            to: Destination::Sources(vec![queue(to)]),
            scope,
            about: 40,
            split: None,
            edited: None,
            options: Options { rate: Some(10.0), canary: true, ..Options::default() },
            risks: Vec::new(),
        }
    }

    #[test]
    fn says_what_from_where_to_where_and_how_fast() {
        let lines = plan("stats", Scope::Chosen { count: 40 }).lines();
        assert_eq!(lines[0], "redrive 40 messages from stats-dlq to stats");
        assert_eq!(lines[1], "at 10 messages a second: about 4 s");
        assert!(lines.iter().any(|line| line.starts_with("canary: 1 first")), "{lines:?}");
    }

    #[test]
    fn says_how_many_go_to_which_source() {
        let two = [queue("stats"), queue("audit")];
        let (stats, audit) = (Some(two[0].arn.as_str()), Some(two[1].arn.as_str()));
        let of = |queues: &[Queue], sources: &[Option<&str>]| Plan {
            to: Destination::Sources(queues.to_vec()),
            split: Some(Split::of(sources.iter().copied(), queues)),
            ..plan("stats", Scope::Chosen { count: 4 })
        };
        let lines = of(&two, &[audit, stats, audit, None, Some("arn:aws:sqs:us-east-1:0:gone")]).lines();
        assert_eq!(lines[1], "2 to audit, 1 to stats");
        assert!(lines[2].starts_with("2 messages came from no queue that sends its dead letters here"), "{lines:?}");
        // To the only one there is goes also what names none.
        assert!(of(&two[..1], &[stats, None]).lines()[1].starts_with("at 10 messages a second"));
    }

    #[test]
    fn says_what_is_done_and_how_nothing_is_lost_by_it() {
        let dlq = || Origin::Queue(Box::new(queue("stats-dlq")));
        let to_file = Destination::File("kept.jsonl".into());
        let lines = |deed, from, to| Plan { deed, from, to, ..plan("stats", Scope::Chosen { count: 1 }) }.lines();
        let deleted = lines(Deed::Delete, dlq(), Destination::Journal);
        assert_eq!(deleted[0], "delete 1 message from stats-dlq; the journal keeps them");
        assert_eq!(deleted[2], "each message is in the journal, on disk, before it is deleted");
        let exported = lines(Deed::Export, dlq(), to_file);
        assert_eq!(exported[0], "delete 1 message from stats-dlq, each after it was written to kept.jsonl");
        let sent = lines(Deed::Import, Origin::File("kept.jsonl".into()), Destination::Queue(Box::new(queue("stats"))));
        assert_eq!(sent[0], "send 1 message from kept.jsonl to stats");
        assert!(sent[2].ends_with("before it is sent; the file stays as it is"), "{sent:?}");
        for lines in [deleted, exported, sent] {
            assert!(!lines.iter().any(|line| line.contains("come back")), "nothing can: {lines:?}");
        }
    }

    #[test]
    fn the_worst_comes_first() {
        let consumer = Consumer { name: "stats-fn".into(), is_enabled: true, still_fails: Some("ValueError".into()) };
        let prospect = Prospect {
            consumer: Some(consumer),
            first_loss: Some(Duration::from_secs(3_600)),
            has_move_task: true,
            ..Prospect::default()
        };
        let plan = plan("stats", Scope::All { limit: None }).with_prospect(&prospect);
        assert!(plan.risks[0].contains("stats-fn still fails"), "{:?}", plan.risks);
        for part in ["may get one twice", "the first is lost in 60 min", "by itself (native)"] {
            assert!(plan.risks.iter().any(|risk| risk.contains(part)), "{part}: {:?}", plan.risks);
        }
    }

    #[test]
    fn who_is_switched_off_is_named() {
        let consumer = Consumer { name: "stats-fn".into(), is_enabled: false, still_fails: Some("ValueError".into()) };
        let prospect = Prospect { consumer: Some(consumer), ..Prospect::default() };
        let plan = plan("stats", Scope::All { limit: None }).with_prospect(&prospect);
        assert_eq!(plan.risks[0], "stats-fn is switched off: it will not take them");
        assert!(!plan.risks.iter().any(|risk| risk.contains("ValueError")), "nothing will fail: {:?}", plan.risks);
    }

    #[test]
    fn fifo_speaks_of_order_and_not_of_copies() {
        let plan = plan("stats.fifo", Scope::Chosen { count: 1 })
            .with_prospect(&Prospect { splits_groups: true, ..Prospect::default() });
        assert!(plan.lines()[0].contains("1 message from"));
        assert!(plan.risks.iter().any(|risk| risk.contains("overtake")));
        assert!(!plan.risks.iter().any(|risk| risk.contains("twice")));
    }
}
