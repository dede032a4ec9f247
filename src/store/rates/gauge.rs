//! The sources, one after the other, at both ends of a link.

use jiff::Timestamp;

use super::{Bound, Rate};
use crate::{
    domain::{
        FILTER_NOT_KNOWN, Kind, Link, LinkKind, Metric, PLACES, ResourceId, Unit,
        reading::{
            ARRIVALS, CALLS, DELETED, ERROR_LINES, FAULTS, IN_RATE, INVOCATIONS, ITEMS, LINES, MATCHED, OUT_RATE,
            PUBLISHED, RECEIVED, RECORDS_IN, RECORDS_OUT, REQUESTS, SENT, STARTED,
        },
    },
    store::Store,
};

/// Links followed for one rate: a rule may send to a bus whose rule sends on, in circles.
const MOST_STEPS: u8 = 4;

/// What is switched off: a mapping, and what has a state of its own.
const MAPPING_OFF: &str = "configured: the mapping is disabled";
const PIPE_OFF: &str = "configured: the pipe is stopped";
const RULE_OFF: &str = "configured: the rule is disabled";
const SCHEDULE_OFF: &str = "configured: the schedule is disabled";
/// A subscription that nobody has confirmed.
const UNCONFIRMED: &str = "configured: the subscription is not confirmed";
/// A part of a sum whose other parts are known.
const REST: &str = "derived: the rest of what arrives there";
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

/// One look at what flows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge<'a> {
    store: &'a Store,
    now: Timestamp,
    steps: u8,
}

impl<'a> Gauge<'a> {
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
        if self.takes_from_a_queue(link) {
            return self.taken(link);
        }
        best([self.sent_along(link), self.taken_in(link)])
    }

    /// What a queue's consumer was handed and did not delete.
    pub(super) fn back_along(self, link: &Link) -> Option<Rate> {
        if link.is_off() || !self.takes_from_a_queue(link) {
            return None;
        }
        let (received, deleted) = (self.read(&link.from, RECEIVED)?, self.read(&link.from, DELETED)?);
        // Each counted for its own period: of two different minutes no difference is made.
        (received.at == deleted.at).then(|| {
            let per_second = (received.per_second - deleted.per_second).max(0.0);
            self.of_all_consumers(link, Rate { per_second, source: NOT_DELETED, ..received })
        })
    }

    /// A function or pipe that takes what is in a queue: what one takes, no other gets.
    fn takes_from_a_queue(self, link: &Link) -> bool {
        matches!(link.kind, LinkKind::Invokes | LinkKind::Streams) && self.kind_of(&link.from) == Kind::Queue
    }

    /// As of the last listing that was answered: what reads is listed with the reader, all else with the sender.
    fn nothing(self, link: &Link) -> Option<Rate> {
        let is_read = matches!(link.kind, LinkKind::Invokes | LinkKind::Streams);
        let lister = if is_read { &link.to } else { &link.from };
        let source = match self.kind_of(lister) {
            _ if link.kind == LinkKind::Subscribes => UNCONFIRMED,
            Kind::Pipe => PIPE_OFF,
            Kind::Rule => RULE_OFF,
            Kind::Schedule => SCHEDULE_OFF,
            _ => MAPPING_OFF,
        };
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
            LinkKind::Invokes | LinkKind::Streams if passes_all(link) => best([
                self.read(&link.from, RECORDS_IN),
                // New keys only: what is overwritten is in the stream as well.
                self.read(&link.from, ARRIVALS).map(|rate| rate.with(Bound::AtLeast)),
            ]),
            // What came in says nothing of what was written: a broken destination gets none of it.
            LinkKind::Delivers if link.attribute("Destination") == Some("S3") => self.read(&link.from, RECORDS_OUT),
            LinkKind::Integrates => self.read(&link.from, REQUESTS).map(|rate| self.of_all_integrations(link, rate)),
            _ => None,
        }
    }

    /// What the receiver counts, as far as it is this link's.
    fn taken_in(self, link: &Link) -> Option<Rate> {
        let all = match link.kind {
            // SQS does not count what it moves itself as sent.
            LinkKind::DeadLetters => self.dead_letters_into(&link.to)?,
            _ if self.is_one_for_one(link) => self.into(&link.to)?,
            _ => self.into(&link.to)?.with(Bound::AtLeast),
        };
        let mut others = self.senders(&link.to).filter(|other| other.key() != link.key()).peekable();
        if others.peek().is_none() {
            return Some(all);
        }
        let known = others.try_fold(0.0, |sum, other| {
            let rate = self.sent_along(other).filter(|rate| rate.bound == Bound::Exact)?;
            // Of two different minutes no difference is made, and none of records and calls.
            (rate.at == all.at && self.is_one_for_one(other)).then_some(sum + rate.per_second)
        });
        match known {
            Some(known) if all.bound == Bound::Exact => {
                Some(Rate { per_second: (all.per_second - known).max(0.0), source: REST, ..all })
            }
            _ => Some(all.with(Bound::Shared)),
        }
    }

    /// What a function or pipe took from a queue.
    fn taken(self, link: &Link) -> Option<Rate> {
        let queue = &link.from;
        let calls = self.into(&link.to).map(|calls| {
            let is_sole = self.senders(&link.to).count() == 1;
            // A batch holds one message at least; how many, only a batch of one tells.
            let bound = match self.is_one_for_one(link) {
                _ if !is_sole => Bound::Shared,
                true => Bound::Exact,
                false => Bound::AtLeast,
            };
            calls.with(bound)
        });
        // What a filter refuses is received and deleted too, and reaches nobody.
        let left = passes_all(link).then(|| {
            let told = best([self.read(queue, RECEIVED), self.read(queue, DELETED)]);
            best([told, self.read(queue, OUT_RATE)]).map(|rate| self.of_all_consumers(link, rate))
        });
        best([left.flatten(), calls])
    }

    /// Whether the receiver counts one for each that the link carries. A call may be of a whole batch, and an object of many records.
    fn is_one_for_one(self, link: &Link) -> bool {
        let is_called = matches!(self.kind_of(&link.to), Kind::Function | Kind::StateMachine);
        match link.kind {
            LinkKind::Transforms => false,
            LinkKind::Invokes => link.attribute("BatchSize") == Some("1"),
            LinkKind::Delivers => !is_called && self.kind_of(&link.to) != Kind::Bucket,
            // A pipe hands on in batches, as large as its source gave them.
            LinkKind::Targets | LinkKind::Calls => !is_called || self.kind_of(&link.from) != Kind::Pipe,
            _ => true,
        }
    }

    /// All that comes into a resource.
    pub(super) fn into(self, id: &ResourceId) -> Option<Rate> {
        let deeper = Self { steps: self.steps.checked_sub(1)?, ..self };
        match self.kind_of(id) {
            Kind::Queue => best([self.read(id, SENT), self.read(id, IN_RATE), self.through(id)]),
            Kind::Topic => best([self.read(id, PUBLISHED), deeper.busiest(id, LinkKind::Subscribes)]),
            Kind::Function => self.calls(id),
            // Each rule has a pattern, and what none of them matches goes nowhere.
            Kind::Bus => deeper.busiest(id, LinkKind::Routes).map(|rate| rate.with(Bound::AtLeast)),
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
        let mut readers = self.store.topology().readers(id);
        let link = readers.next().filter(|link| !link.is_off() && readers.next().is_none())?;
        self.senders(&link.to).all(|other| other.key() == link.key()).then_some(())?;
        let calls = self.calls(&link.to)?;
        let (failed, is_sure) = self.failed_calls(&link.to)?;
        let grows = self.read(id, IN_RATE)?.per_second - self.read(id, OUT_RATE)?.per_second;
        let dead = match self.store.topology().dead_letter_target(id) {
            Some(dead) if failed > 0.0 => self.along(dead).filter(|rate| rate.bound == Bound::Exact)?.per_second,
            _ => 0.0,
        };
        let per_second = (calls.per_second - failed + grows + dead).max(0.0);
        let is_sure = is_sure && passes_all(link);
        let bound = if is_sure && self.is_one_for_one(link) { Bound::Exact } else { Bound::AtLeast };
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
        let last = entry.reading(metric).filter(|reading| !reading.is_old_by_nature())?;
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
        let readers = self.store.topology().readers(&link.from).filter(|other| !carries_nothing(other));
        if readers.count() > 1 { rate.with(Bound::Shared) } else { rate }
    }

    /// An API's requests are one integration's own, if all routes lead there. Not every route leads to something with a name.
    fn of_all_integrations(self, link: &Link, rate: Rate) -> Rate {
        let api = self.store.get(&link.from).map(|entry| &entry.resource);
        let routes = api.and_then(|api| api.number("Routes").or_else(|| api.number("Methods")));
        let own = link.attribute(PLACES).and_then(|count| count.parse::<u64>().ok());
        let ways = self.store.topology().from(&link.from).filter(|other| other.kind == LinkKind::Integrates).count();
        if ways == 1 && own.is_some() && own == routes { rate } else { rate.with(Bound::Shared) }
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
