//! When something is not well, and the sentence that says why.
//!
//! One rule, one `impl` [`Rule`], one row in [`RULES`], one test with a good and a bad architecture.

mod metrics;
mod unread;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Entry, Store};
use crate::domain::{
    Health, Kind, Link, LinkKind, ResourceId, Verdict,
    reading::{DELAYED, ERROR_LINES, IN_FLIGHT, IN_RATE, INVOCATIONS, OUT_RATE, VISIBLE},
    units::{Age, Count, PerSecond},
};
use metrics::{Fails, ReaderBehind};
use unread::Unread;

/// One thing that may be wrong with a resource.
pub trait Rule: Sync {
    /// Tells this rule's verdicts from others'.
    fn name(&self) -> &'static str;

    /// What it says of this resource, if it has anything to say.
    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)>;

    /// When it began, where the resource itself tells.
    fn began(&self, _case: &Case<'_>) -> Option<Timestamp> {
        None
    }
}

/// One resource before the rules.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub store: &'a Store,
    pub entry: &'a Entry,
    pub now: Timestamp,
    /// Whether it is somebody's dead-letter queue. Three rules ask, of every queue: it is looked up once.
    is_dead_letter_queue: bool,
}

/// All rules.
pub const RULES: &[&dyn Rule] = &[
    &DeadLetters,
    &Unserved,
    &ExpiresBeforeDrained,
    &DisabledMapping,
    &LogsErrors,
    &ReaderBehind,
    &Fails,
    &Gone,
    &CannotLook,
    &Unread,
];

/// The name of the rule that says so of what is no longer listed.
pub const GONE: &str = "gone";

/// A queue emptier than this by one reading's noise does not grow.
const GROWS_PER_SECOND: f64 = 0.05;
/// Errors counted longer ago than this are not those of the last minute.
const OLD_ERRORS_SECONDS: f64 = 120.0;
/// A loss nearer than this is critical whatever the rate.
const LOSS_IS_NEAR_SECONDS: f64 = 3_600.0;

/// Judges all resources; a verdict that was there before keeps the instant at which it began.
pub(super) fn judge_all(store: &Store, now: Timestamp) -> BTreeMap<ResourceId, Vec<Verdict>> {
    store
        .entries()
        // A stack or a tag is a name for others, which are judged themselves.
        .filter(|entry| entry.resource.kind != Kind::Group)
        .filter_map(|entry| {
            let is_dead_letter_queue = store.topology.dead_letter_sources(&entry.resource.id).next().is_some();
            let case = Case { store, entry, now, is_dead_letter_queue };
            let verdicts: Vec<Verdict> = RULES.iter().filter_map(|rule| verdict(*rule, &case)).collect();
            let changes = !(verdicts.is_empty() && entry.verdicts.is_empty());
            changes.then(|| (entry.resource.id.clone(), verdicts))
        })
        .collect()
}

fn verdict(rule: &dyn Rule, case: &Case<'_>) -> Option<Verdict> {
    let (health, reason) = rule.judge(case)?;
    let before = case.entry.verdicts.iter().find(|verdict| verdict.rule == rule.name() && verdict.health == health);
    let (since, already) = before.map_or((case.now, !case.entry.watched), |verdict| (verdict.since, verdict.already));
    let (since, already) = rule.began(case).map_or((since, already), |began| (began.min(since), false));
    Some(Verdict { health, rule: rule.name(), reason, since, already })
}

impl<'a> Case<'a> {
    fn id(&self) -> &'a ResourceId {
        &self.entry.resource.id
    }

    fn is_here(&self, kind: Kind) -> bool {
        self.entry.resource.kind == kind && self.entry.gone.is_none()
    }

    fn consumers(&self) -> impl Iterator<Item = &'a Link> {
        self.store.topology.readers(self.id())
    }
}

/// A dead-letter queue that is not empty.
struct DeadLetters;

impl Rule for DeadLetters {
    fn name(&self) -> &'static str {
        "dead-letters"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        if !case.is_here(Kind::Queue) || !case.is_dead_letter_queue {
            return None;
        }
        let dead = [VISIBLE, IN_FLIGHT, DELAYED].iter().filter_map(|metric| case.entry.value(*metric)).sum::<f64>();
        if dead < 1.0 {
            return None;
        }
        let mut text = format!("{} dead letter{}", Count(dead), if dead < 1.5 { "" } else { "s" });
        let sources: Vec<&str> =
            case.store.topology.dead_letter_sources(case.id()).map(|link| link.from.short_name()).collect();
        match &sources[..] {
            [one] => text.push_str(&format!(" from {one}")),
            many => text.push_str(&format!(" from {} sources", many.len())),
        }
        if let Some(loss) = case.entry.time_to_loss_by_age(case.now) {
            text.push_str(&format!(", first loss {loss}"));
        }
        if let Some(cause) = cause(case) {
            text.push_str(&format!(" · {cause}"));
        }
        Some((Health::Crit, text))
    }

    /// The oldest of them has been dead for so long, or has been on its way for so long: a message keeps its first enqueue time.
    fn began(&self, case: &Case<'_>) -> Option<Timestamp> {
        let age = case.entry.oldest_age()?;
        age.at.checked_sub(jiff::SignedDuration::try_from_secs_f64(age.value).ok()?).ok()
    }
}

/// What the consumer of a dead-letter queue's source said last when it failed.
fn cause(case: &Case<'_>) -> Option<String> {
    let topology = &case.store.topology;
    topology
        .dead_letter_sources(case.id())
        .flat_map(|source| topology.from(&source.from).filter(|link| link.kind == LinkKind::Invokes))
        .filter_map(|mapping| {
            let group = topology.log_group(&mapping.to)?;
            let said = case.store.get(group)?.last_error.as_ref()?;
            Some((said.at, format!("{}: {}", mapping.to.short_name(), first_line(&said.text))))
        })
        .max_by_key(|(at, _)| *at)
        .map(|(_, text)| text)
}

/// The first words that say something; that it is an error is known already.
fn first_line(text: &str) -> &str {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.strip_prefix("[ERROR]").map_or(line, str::trim_start)
}

/// A backlog that nothing takes, because its consumer is off or absent.
struct Unserved;

impl Rule for Unserved {
    fn name(&self) -> &'static str {
        "unserved"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        if !case.is_here(Kind::Queue) || case.is_dead_letter_queue {
            return None;
        }
        let visible = case.entry.value(VISIBLE)?;
        if visible < 1.0 {
            return None;
        }
        let grows = case.entry.value(IN_RATE).unwrap_or(0.0) - case.entry.value(OUT_RATE).unwrap_or(0.0);
        // Most queues that hold something are well: words are made only for those that are not.
        let backlog = || {
            let pace = if grows > GROWS_PER_SECOND { format!(", +{}/s", PerSecond(grows)) } else { String::new() };
            format!("backlog ≈{}{pace}", Count(visible))
        };
        let mut consumers = case.consumers().peekable();
        if consumers.peek().is_none() {
            let takes_nothing = case.entry.value(OUT_RATE).is_some_and(|out| out <= 0.0);
            let who = "no function reads it and nothing leaves";
            return (takes_nothing && grows > GROWS_PER_SECOND)
                .then(|| (Health::Warn, format!("{} · {who}", backlog())));
        }
        let mut off = Vec::new();
        for link in consumers {
            if !link.is_off() {
                return None;
            }
            off.push(link.to.short_name());
        }
        Some((Health::Warn, format!("{} · its consumer {} is disabled", backlog(), off.join(", "))))
    }
}

/// Messages that the queue will drop before anybody takes them.
struct ExpiresBeforeDrained;

impl Rule for ExpiresBeforeDrained {
    fn name(&self) -> &'static str {
        "expires"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        if !case.is_here(Kind::Queue) {
            return None;
        }
        let backlog = case.store.backlog(case.id(), case.now)?;
        let (loss, drains) = (backlog.loss?, backlog.drains_seconds?);
        let left = loss.seconds();
        // A dead-letter queue never drains by itself: it is named when the loss is near, not for days before.
        let outlives =
            if case.is_dead_letter_queue || drains.is_infinite() { left < 24.0 * 3_600.0 } else { drains > left };
        // Whatever the retention: a message young for its queue is no sign that the queue loses any.
        if !outlives || left > case.entry.retention_seconds()? / 2.0 {
            return None;
        }
        // A depth that stands still says that the loss may be near, not that it is.
        let is_sure = backlog.oldest_seconds.is_some();
        let health = if is_sure && left < LOSS_IS_NEAR_SECONDS { Health::Crit } else { Health::Warn };
        let takes = case.entry.value(OUT_RATE).is_some_and(|out| out > 0.0);
        let drain = match drains {
            drains if drains.is_finite() => format!("drains in {}", Age(drains)),
            _ if takes => "it does not shrink".to_owned(),
            _ => "nothing drains it".to_owned(),
        };
        let loss = if is_sure && left <= 0.0 {
            "messages are being lost now".to_owned()
        } else {
            format!("first loss {loss}")
        };
        Some((health, format!("≈{} waiting · {loss}, {drain}", Count(backlog.waiting))))
    }
}

/// A function that no longer gets what it is mapped to.
struct DisabledMapping;

impl Rule for DisabledMapping {
    fn name(&self) -> &'static str {
        "disabled-mapping"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        if !case.is_here(Kind::Function) {
            return None;
        }
        let off: Vec<&str> = case
            .store
            .topology
            .to(case.id())
            .filter(|link| link.kind == LinkKind::Invokes && link.is_off())
            .map(|link| link.from.short_name())
            .collect();
        (!off.is_empty()).then(|| (Health::Warn, format!("its mapping from {} is disabled", off.join(", "))))
    }
}

/// What says in a log group of its own how it fails.
const LOGGING: [Kind; 3] = [Kind::Function, Kind::DeliveryStream, Kind::Application];

/// A function, delivery stream or application whose log lines report errors, or a log group of nobody that does.
struct LogsErrors;

impl Rule for LogsErrors {
    fn name(&self) -> &'static str {
        "errors"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        let topology = &case.store.topology;
        let group = if LOGGING.iter().any(|kind| case.is_here(*kind)) {
            case.store.get(topology.log_group(case.id())?)?
        } else if case.is_here(Kind::LogGroup) && !topology.to(case.id()).any(|link| link.kind == LinkKind::Logs) {
            case.entry
        } else {
            return None;
        };
        let errors = group.reading(ERROR_LINES).filter(|errors| errors.value >= 1.0)?;
        let counted = format!("{} error{}", Count(errors.value), if errors.value < 1.5 { "" } else { "s" });
        let age = errors.age_seconds(case.now);
        if age > OLD_ERRORS_SECONDS {
            return Some((
                Health::Unknown,
                format!("{counted} in a minute when its log was last read, {} ago", Age(age)),
            ));
        }
        let mut text = format!("{counted} in the last minute");
        if let Some(calls) = group.value(INVOCATIONS).filter(|calls| *calls >= 1.0) {
            text.push_str(&format!(" over {} invocations", Count(calls)));
        }
        if let Some(said) = &group.last_error {
            text.push_str(&format!(" · {}", first_line(&said.text)));
        }
        Some((Health::Warn, text))
    }
}

/// It was there.
struct Gone;

impl Rule for Gone {
    fn name(&self) -> &'static str {
        GONE
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        let gone = case.entry.gone?;
        let held = case.entry.value(VISIBLE).filter(|held| *held >= 1.0);
        let held = held.map(|held| format!(" with ≈{} messages in it", Count(held))).unwrap_or_default();
        Some((
            Health::Warn,
            format!("gone since {} ago{held}: it was deleted, or is no longer listed", Age::between(gone, case.now)),
        ))
    }
}

/// Its poller fails: what is shown was true once.
struct CannotLook;

impl Rule for CannotLook {
    fn name(&self) -> &'static str {
        "unknown"
    }

    fn judge(&self, case: &Case<'_>) -> Option<(Health, String)> {
        let poll = case.store.polls.get(case.entry.poller)?;
        let failure = poll.failure_of(case.id()).or_else(|| poll.total_failure())?;
        let seen = match case.entry.read_at().or(poll.last_good) {
            Some(at) => format!("last read {} ago", Age::between(at, case.now)),
            None => "never read".to_owned(),
        };
        Some((Health::Unknown, format!("{} · {}: {}", seen, failure.operation, failure.error)))
    }
}

#[cfg(test)]
mod tests;
