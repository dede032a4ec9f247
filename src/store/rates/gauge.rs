//! The sources, one after the other, at both ends of a link.

use jiff::Timestamp;

use super::{Bound, Rate};
use crate::{
    domain::{
        FILTER_NOT_KNOWN, Kind, Link, LinkKind, Metric, ResourceId, Unit,
        reading::{
            ARRIVALS, CALLS, DELETED, ERROR_LINES, FAULTS, IN_RATE, INVOCATIONS, ITEMS, LINES, MATCHED, OUT_RATE,
            PUBLISHED, RECEIVED, RECORDS_IN, RECORDS_OUT, REQUESTS, SENT, STARTED,
        },
    },
    store::Store,
};

/// Links followed for one rate: a rule may send to a bus whose rule sends on, in circles.
const MOST_STEPS: u8 = 4;

/// A link that is switched off.
const OFF: &str = "configured: the mapping is disabled";
/// A subscription that nobody has confirmed.
const UNCONFIRMED: &str = "configured: the subscription is not confirmed";
/// A part of a sum whose other parts are known.
const REST: &str = "derived: the rest of what arrives there";
/// What came to a queue and is not in it any more.
const BALANCE: &str = "derived: what came in, less what stayed";
/// What a queue grew by that nobody reads.
const RISES: &str = "derived: rises of the depth";
/// What was taken from a queue, and what it grew by.
const THROUGH: &str = "derived: function calls and growth of the depth";
/// The same, where a call may have been of more than one message.
const THROUGH_AT_LEAST: &str = "derived: function calls and growth of the depth, at least";
/// How a count grew.
const GROWTH: &str = "derived: growth of ItemCount, at least";
/// The growth of a count is that of so long, and of half as long at the least.
const GROWTH_SECONDS: f64 = 60.0;
const LEAST_GROWTH_SECONDS: f64 = GROWTH_SECONDS / 2.0;
/// What was handed out and not deleted.
const NOT_DELETED: &str = "derived: received, not deleted";

/// One look at the flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow<'a> {
    store: &'a Store,
    now: Timestamp,
    steps: u8,
}

impl<'a> Flow<'a> {
    pub(super) fn new(store: &'a Store, now: Timestamp) -> Self {
        Self { store, now, steps: MOST_STEPS }
    }

    /// What flows along a link.
    pub(super) fn along(self, link: &Link) -> Option<Rate> {
        if link.kind == LinkKind::Contains {
            return None;
        }
        if carries_nothing(link) {
            return self.nothing(link);
        }
        if link.kind == LinkKind::Invokes && self.kind_of(&link.from) == Kind::Queue {
            return self.taken(link);
        }
        best([self.sent_along(link), self.taken_in(link)])
    }

    /// What a queue's consumer was handed and did not delete.
    pub(super) fn back_along(self, link: &Link) -> Option<Rate> {
        if link.kind != LinkKind::Invokes || link.is_off() || self.kind_of(&link.from) != Kind::Queue {
            return None;
        }
        let (received, deleted) = (self.read(&link.from, RECEIVED)?, self.read(&link.from, DELETED)?);
        // Each counted for its own period: of two different minutes no difference is made.
        (received.at == deleted.at).then(|| {
            let per_second = (received.per_second - deleted.per_second).max(0.0);
            self.of_all_consumers(link, Rate { per_second, source: NOT_DELETED, ..received })
        })
    }

    /// As of the last listing that was answered: a mapping is listed with functions, a subscription with topics.
    fn nothing(self, link: &Link) -> Option<Rate> {
        let (lister, source) =
            if link.kind == LinkKind::Subscribes { (&link.from, UNCONFIRMED) } else { (&link.to, OFF) };
        let at = self.store.polls().get(self.store.get(lister)?.poller)?.last_good?;
        Some(Rate { per_second: 0.0, source, at, bound: Bound::Exact })
    }

    /// What the sender counts for this link alone.
    fn sent_along(self, link: &Link) -> Option<Rate> {
        match link.kind {
            LinkKind::Subscribes if passes_all(link) => self.read(&link.from, PUBLISHED),
            // Each target is called for each match.
            LinkKind::Targets => self.read(&link.from, MATCHED),
            // Each reader of a stream is given all of its records.
            LinkKind::Streams => self.read(&link.from, RECORDS_IN),
            LinkKind::Invokes if link.attribute("FilterCriteria").is_none() => best([
                self.read(&link.from, RECORDS_IN),
                // New keys only: what is overwritten is in the stream as well.
                self.read(&link.from, ARRIVALS).map(|rate| rate.with(Bound::AtLeast)),
            ]),
            LinkKind::Delivers => best([self.read(&link.from, RECORDS_OUT), self.read(&link.from, RECORDS_IN)]),
            LinkKind::Integrates => self.read(&link.from, REQUESTS).map(|rate| self.of_all_integrations(link, rate)),
            _ => None,
        }
    }

    /// What the receiver counts, as far as it is this link's.
    fn taken_in(self, link: &Link) -> Option<Rate> {
        let all = match link.kind {
            // SQS does not count what it moves itself as sent.
            LinkKind::DeadLetters => self.dead_letters_into(&link.to)?,
            _ => self.into(&link.to)?,
        };
        let mut others = self.senders(&link.to).filter(|other| other.key() != link.key()).peekable();
        if others.peek().is_none() {
            return Some(all);
        }
        let known = others.try_fold(0.0, |sum, other| {
            let rate = self.sent_along(other).filter(|rate| rate.bound == Bound::Exact)?;
            Some(sum + rate.per_second)
        });
        match known {
            Some(known) if all.bound == Bound::Exact => {
                Some(Rate { per_second: (all.per_second - known).max(0.0), source: REST, ..all })
            }
            _ => Some(all.with(Bound::Shared)),
        }
    }

    /// What a function took from a queue.
    fn taken(self, link: &Link) -> Option<Rate> {
        let queue = &link.from;
        let left = self.read(queue, OUT_RATE);
        let calls = self.into(&link.to).map(|calls| {
            let is_sole = self.senders(&link.to).count() == 1;
            // A batch holds one message at least; how many, only a batch of one tells.
            let bound = match link.attribute("BatchSize") {
                _ if !is_sole => Bound::Shared,
                Some("1") => Bound::Exact,
                _ => Bound::AtLeast,
            };
            calls.with(bound)
        });
        let told = best([self.read(queue, RECEIVED), self.read(queue, DELETED)]);
        best(
            [told, self.balance(queue), left]
                .map(|rate| rate.map(|rate| self.of_all_consumers(link, rate)))
                .into_iter()
                .chain([calls]),
        )
    }

    /// What must have left a queue: all that its senders say they sent, less what it grew by.
    fn balance(self, queue: &ResourceId) -> Option<Rate> {
        let grows = self.read(queue, IN_RATE)?.per_second - self.read(queue, OUT_RATE)?.per_second;
        let mut sent: Option<Rate> = None;
        for link in self.senders(queue) {
            let rate = self.sent_along(link).filter(|rate| rate.bound == Bound::Exact)?;
            sent = Some(sent.map_or(rate, |sum| Rate { per_second: sum.per_second + rate.per_second, ..rate }));
        }
        let sent = sent?;
        Some(Rate { per_second: (sent.per_second - grows).max(0.0), source: BALANCE, ..sent })
    }

    /// All that comes into a resource.
    pub(super) fn into(self, id: &ResourceId) -> Option<Rate> {
        let deeper = Self { steps: self.steps.checked_sub(1)?, ..self };
        match self.kind_of(id) {
            Kind::Queue => best([self.read(id, SENT), self.read(id, IN_RATE), self.through(id)]),
            Kind::Topic => best([self.read(id, PUBLISHED), deeper.busiest(id, LinkKind::Subscribes)]),
            Kind::Function => self.calls(id),
            Kind::Bus => deeper.busiest(id, LinkKind::Routes),
            Kind::Rule => best([self.read(id, MATCHED), deeper.busiest(id, LinkKind::Targets)]),
            Kind::Table => {
                best([self.read(id, ARRIVALS).map(|rate| rate.with(Bound::AtLeast)), self.growth(id, ITEMS)])
            }
            // Counted by their own instants; a listing that saw only a part says so.
            Kind::Bucket => self.read(id, ARRIVALS),
            Kind::LogGroup => self.read(id, LINES),
            Kind::Stream | Kind::DeliveryStream => self.read(id, RECORDS_IN),
            Kind::Api => self.read(id, REQUESTS),
            Kind::StateMachine => self.read(id, STARTED),
            _ => None,
        }
    }

    /// What came into a queue must have been taken by its function, or be there still, or be dead.
    fn through(self, id: &ResourceId) -> Option<Rate> {
        let mut consumers = self.store.topology().from(id).filter(|link| link.kind == LinkKind::Invokes);
        let link = consumers.next().filter(|link| !link.is_off() && consumers.next().is_none())?;
        self.senders(&link.to).all(|other| other.key() == link.key()).then_some(())?;
        let calls = self.calls(&link.to)?;
        let (failed, is_sure) = self.failed_calls(&link.to)?;
        let grows = self.read(id, IN_RATE)?.per_second - self.read(id, OUT_RATE)?.per_second;
        let dead = match self.store.topology().dead_letter_target(id) {
            Some(dead) if failed > 0.0 => self.along(dead).filter(|rate| rate.bound == Bound::Exact)?.per_second,
            _ => 0.0,
        };
        let per_second = (calls.per_second - failed + grows + dead).max(0.0);
        let of_one = link.attribute("BatchSize") == Some("1");
        let bound = if of_one && is_sure { Bound::Exact } else { Bound::AtLeast };
        Some(
            Rate { per_second, source: if bound == Bound::Exact { THROUGH } else { THROUGH_AT_LEAST }, ..calls }
                .with(bound),
        )
    }

    fn calls(self, function: &ResourceId) -> Option<Rate> {
        let group = self.store.topology().log_group(function);
        best([self.read(function, CALLS), group.and_then(|group| self.read(group, INVOCATIONS))])
    }

    /// Calls that failed a second, and whether that is known: a function may log an error and succeed.
    fn failed_calls(self, function: &ResourceId) -> Option<(f64, bool)> {
        if let Some(faults) = self.read(function, FAULTS) {
            return Some((faults.per_second, true));
        }
        let errors = self.read(self.store.topology().log_group(function)?, ERROR_LINES)?.per_second;
        Some((errors, errors == 0.0))
    }

    /// How fast a count has grown in the last minute; what was deleted or overwritten meanwhile is not seen.
    fn growth(self, id: &ResourceId, metric: Metric) -> Option<Rate> {
        let entry = self.store.get(id).filter(|entry| !self.store.is_stale(entry, metric, self.now))?;
        let last = entry.reading(metric).filter(|reading| !reading.source.contains("old"))?;
        let age = |at: Timestamp| last.at.duration_since(at).as_secs_f64();
        let series = entry.series(metric)?.newest_first().take_while(|(at, _)| age(*at) <= GROWTH_SECONDS);
        let (began, before) = series.last().filter(|(at, _)| age(*at) >= LEAST_GROWTH_SECONDS)?;
        let per_second = ((last.value - before) / age(began)).max(0.0);
        Some(Rate { per_second, source: GROWTH, at: last.at, bound: Bound::AtLeast })
    }

    /// What rises in a dead-letter queue; all of it, where nothing that we know takes anything out.
    fn dead_letters_into(self, id: &ResourceId) -> Option<Rate> {
        if self.kind_of(id) != Kind::Queue {
            return self.into(id);
        }
        let rises = self.read(id, IN_RATE)?;
        let is_left_alone = self.read(id, OUT_RATE).is_some_and(|falls| falls.per_second <= 0.0)
            && !self.store.topology().from(id).any(|link| link.kind.carries());
        Some(if is_left_alone { Rate { bound: Bound::Exact, source: RISES, ..rises } } else { rises })
    }

    /// A sender whose receivers each get all that it sends, or less, sends at least what the busiest of them gets.
    fn busiest(self, id: &ResourceId, kind: LinkKind) -> Option<Rate> {
        let links = self.store.topology().from(id).filter(|link| link.kind == kind);
        let rates = links.filter_map(|link| {
            let rate = self.taken_in(link).filter(|rate| rate.bound != Bound::Shared)?;
            Some(if passes_all(link) { rate } else { rate.with(Bound::AtLeast) })
        });
        best(rates.map(Some))
    }

    /// A queue's count is one consumer's own, if it has one consumer.
    fn of_all_consumers(self, link: &Link, rate: Rate) -> Rate {
        let readers = self.store.topology().from(&link.from);
        let readers = readers.filter(|other| other.kind == LinkKind::Invokes && !carries_nothing(other)).count();
        if readers > 1 { rate.with(Bound::Shared) } else { rate }
    }

    /// An API's requests are one integration's own, if it has one.
    fn of_all_integrations(self, link: &Link, rate: Rate) -> Rate {
        let ways = self.store.topology().from(&link.from).filter(|other| other.kind == LinkKind::Integrates).count();
        if ways > 1 { rate.with(Bound::Shared) } else { rate }
    }

    /// The links that bring something to a resource.
    fn senders(self, id: &'a ResourceId) -> impl Iterator<Item = &'a Link> {
        self.store.topology().to(id).filter(|link| link.kind.carries() && !carries_nothing(link))
    }

    fn kind_of(self, id: &ResourceId) -> Kind {
        let found = self.store.get(id).map(|entry| entry.resource.kind);
        found.or_else(|| id.arn().map(|arn| Kind::of_arn(&arn))).unwrap_or(Kind::External)
    }

    /// A reading as a rate, unless it is too old to say how much flows now.
    fn read(self, id: &ResourceId, metric: Metric) -> Option<Rate> {
        let entry = self.store.get(id)?;
        let reading = entry.reading(metric).filter(|_| !self.store.is_stale(entry, metric, self.now))?;
        let per_second = match metric.unit {
            Unit::PerSecond => reading.value,
            Unit::PerMinute => reading.value / 60.0,
            _ => return None,
        };
        let bound = if reading.is_lower_bound() { Bound::AtLeast } else { Bound::Exact };
        Some(Rate { per_second, source: reading.source, at: reading.at, bound })
    }
}

/// Whether nothing can come along it, as it is configured.
fn carries_nothing(link: &Link) -> bool {
    link.is_off() || link.attribute("PendingConfirmation") == Some("true")
}

/// Whether all that is sent goes along the link: no filter holds anything back.
fn passes_all(link: &Link) -> bool {
    link.label != FILTER_NOT_KNOWN
        && ["FilterPolicy", "FilterCriteria", "EventPattern"].iter().all(|filter| link.attribute(filter).is_none())
}

fn best(rates: impl IntoIterator<Item = Option<Rate>>) -> Option<Rate> {
    rates.into_iter().flatten().reduce(Rate::better)
}
