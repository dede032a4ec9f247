//! Who takes from a queue, and how they do: switched off, still failing, or well again.
//!
//! From what the store knows, or from a few pages of their logs where no store was filled. Must not: make calls itself ([`LogReader`]
//! does), or call one failing of whom something went well since.

use jiff::Timestamp;

use super::{
    cause::Cause,
    invocations::{Assembler, Failure},
    lines::{Ask, LogReader, Span, read},
    route,
};
use crate::{
    domain::{Health, Link, ResourceId, reading::INVOCATIONS, units::Age},
    redrive::plan::Consumer,
    store::{Entry, Store},
};

/// How far back a failure is looked for: near ones first, as logs are read from their oldest line.
const BACK_MS: [i64; 3] = [2 * 60_000, 30 * 60_000, 6 * 3_600_000];
/// Pages read of each.
const MOST_PAGES: u32 = 3;
/// Consumers of one queue whose logs are read.
const MOST_CONSUMERS: usize = 4;
/// What counts a minute says nothing of the seconds within.
const MINUTE_MS: i64 = 60_000;

/// A function that a queue is mapped to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub function: ResourceId,
    pub is_enabled: bool,
}

/// Whether a mapping in this state takes nothing.
pub fn is_off(state: &str) -> bool {
    ["Disabled", "Disabling"].iter().any(|off| state.eq_ignore_ascii_case(off))
}

/// The one for whose sake messages are the most likely to come back, or to wait.
pub fn worst(consumers: impl IntoIterator<Item = Consumer>) -> Option<Consumer> {
    consumers.into_iter().max_by_key(|one| (one.is_enabled && one.still_fails.is_some(), !one.is_enabled))
}

/// Those that take from a queue, as the store knows them.
pub fn of_store(store: &Store, queue: &ResourceId, now: Timestamp) -> Vec<Consumer> {
    let consumer = |link: &Link| {
        let entry = store.get(&link.to)?;
        Some(Consumer {
            name: entry.resource.name.clone(),
            is_enabled: !link.attribute("State").is_some_and(is_off),
            still_fails: failing(store, entry, now),
        })
    };
    store.topology().readers(queue).filter_map(consumer).collect()
}

/// What a resource's log said last when it failed, if nothing has gone well since. Where no log is known, what the rules say of it.
fn failing(store: &Store, entry: &Entry, now: Timestamp) -> Option<String> {
    let group = store.topology().log_group(&entry.resource.id).and_then(|group| store.get(group));
    let Some((group, last)) = group.and_then(|group| Some((group, group.last_error.as_ref()?))) else {
        let worst = entry.verdicts.iter().max_by_key(|verdict| verdict.health);
        return worst.filter(|worst| worst.health > Health::Unknown).map(|worst| worst.reason.clone());
    };
    // Nothing failed after the last failure: an invocation of a whole minute after it went well.
    let is_well =
        |(at, count): (Timestamp, f64)| count >= 1.0 && at.as_millisecond() - MINUTE_MS >= last.at.as_millisecond();
    let went_well = group.series(INVOCATIONS).is_some_and(|series| series.newest_first().any(is_well));
    (!went_well).then(|| said(&Cause::of_line(&last.text).headline(), last.at, now, true))
}

/// `ValueError: cannot price cart 4 (4 min ago, and nothing went well since)`.
fn said(headline: &str, at: Timestamp, now: Timestamp, is_all_known: bool) -> String {
    let since = if is_all_known { ", and nothing went well since" } else { "" };
    format!("{headline} ({} ago{since})", Age::between(at, now))
}

/// Those that are mapped to a queue, and what their logs say.
pub async fn of_logs(reader: &dyn LogReader, mappings: Vec<Mapping>, now: Timestamp) -> Vec<Consumer> {
    let mut consumers = Vec::new();
    for Mapping { function, is_enabled } in mappings.into_iter().take(MOST_CONSUMERS) {
        let name = function.short_name().to_owned();
        let group = route::Consumer::named(function).log_group;
        // Who is switched off fails no more.
        let still_fails = if is_enabled { last_failure(reader, &group, now).await } else { None };
        consumers.push(Consumer { name, is_enabled, still_fails });
    }
    consumers
}

/// The newest failure of a log, if nothing has gone well since.
async fn last_failure(reader: &dyn LogReader, group: &str, now: Timestamp) -> Option<String> {
    let to_ms = now.as_millisecond();
    for back in BACK_MS {
        let mut assembler = Assembler::of_failures();
        let span = Span { from_ms: to_ms - back, to_ms };
        let ask = Ask { group, span, pattern: Some(super::correlate::ERRORS) };
        let ending = read(reader, &ask, MOST_PAGES, |line| assembler.take(line)).await;
        let invocations = assembler.finish().0;
        let newest = invocations.iter().flat_map(|invocation| &invocation.failures).max_by_key(|failure| failure.at_ms);
        if let Some(newest) = newest {
            return since(reader, newest, (group, now), ending.unread_from_ms.is_none()).await;
        }
        if ending.trouble.is_some() {
            return None;
        }
    }
    None
}

/// What to say of a failure, after a look at what came after it.
async fn since(
    reader: &dyn LogReader,
    failure: &Failure,
    (group, now): (&str, Timestamp),
    is_newest: bool,
) -> Option<String> {
    let mut assembler = Assembler::of_all();
    let span = Span { from_ms: failure.at_ms, to_ms: now.as_millisecond() };
    let ending = read(reader, &Ask { group, span, pattern: None }, MOST_PAGES, |line| assembler.take(line)).await;
    if assembler.finish().0.iter().any(|invocation| invocation.went_well()) {
        return None;
    }
    let at = Timestamp::from_millisecond(failure.at_ms).ok()?;
    Some(said(&failure.cause.headline(), at, now, is_newest && ending.unread_from_ms.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Fact, Heard, Kind, Level, LinkKind, Reading, Report, Resource},
        redrive::why::lines::testing::FakeLog,
    };
    use rstest::rstest;

    const A: &str = "33e4c44c-c563-4733-8a04-45c280096c35";
    const QUEUE: &str = "arn:aws:sqs:r:1:orders";
    const FUNCTION: &str = "arn:aws:lambda:r:1:function:price";
    const GROUP: &str = "arn:aws:logs:r:1:log-group:/custom/price";
    const MINUTE: i64 = 60_000;

    fn now() -> Timestamp {
        Timestamp::from_second(100_000_000).unwrap()
    }

    fn at(minutes_ago: i64) -> Timestamp {
        Timestamp::from_millisecond(now().as_millisecond() - minutes_ago * MINUTE).unwrap()
    }

    async fn asked(is_enabled: bool, page: usize, lines: &[(i64, &str)]) -> (Option<String>, u32) {
        let lines: Vec<_> =
            lines.iter().map(|(ago, text)| (at(*ago).as_millisecond(), text.replace("$A", A))).collect();
        let lines: Vec<_> = lines.iter().map(|(at, text)| (*at, "s", text.as_str())).collect();
        let log = FakeLog { page, ..FakeLog::new(&lines) };
        let mapping = Mapping { function: FUNCTION.into(), is_enabled };
        let consumers = of_logs(&log, vec![mapping], now()).await;
        assert_eq!((consumers[0].name.as_str(), consumers[0].is_enabled), ("price", is_enabled));
        (consumers[0].still_fails.clone(), log.calls.into_inner())
    }

    const FAILS: [(i64, &str); 2] = [(20, "START RequestId: $A Version: 1"), (20, "[ERROR] ValueError: no")];

    #[tokio::test]
    async fn who_failed_last_still_fails() {
        let said = "ValueError: no (20 min ago, and nothing went well since)".to_owned();
        assert_eq!(asked(true, 9, &FAILS).await.0, Some(said.clone()));
        // The end of what failed is nothing that went well.
        let lines = [&FAILS[..], &[(20, "END RequestId: $A"), (19, "REPORT RequestId: $A\tDuration: 1 ms")]].concat();
        assert_eq!(asked(true, 9, &lines).await.0, Some(said));
        // Nor is what began before.
        let other = [(21, "START RequestId: $B Version: 1"), (3, "REPORT RequestId: $A\tDuration: 1 ms")];
        assert!(asked(true, 9, &[&FAILS[..1], &other[..1], &FAILS[1..], &other[1..]].concat()).await.0.is_some());
    }

    #[tokio::test]
    async fn whoever_did_well_since_fails_no_more() {
        let well = [(5, "START RequestId: $A Version: 1"), (5, "REPORT RequestId: $A\tDuration: 1 ms")];
        assert_eq!(asked(true, 9, &[&FAILS[..], &well].concat()).await.0, None);
        assert_eq!(asked(true, 9, &well).await.0, None);
        assert_eq!(asked(false, 9, &FAILS).await, (None, 0), "of who is switched off no log is read");
    }

    #[tokio::test]
    async fn reading_is_bounded_and_no_more_is_said_than_was_read() {
        let many: Vec<_> = (0..50).map(|_| (1, "[ERROR] ValueError: no")).collect();
        let (said, calls) = asked(true, 1, &many).await;
        assert_eq!((said.as_deref(), calls), (Some("ValueError: no (60 s ago)"), 2 * MOST_PAGES));
        assert_eq!(asked(true, 9, &[]).await, (None, 3));
    }

    fn store(state: &str, facts: impl IntoIterator<Item = Fact>) -> Store {
        let found = [(QUEUE, Kind::Queue, "orders"), (FUNCTION, Kind::Function, "price"), (GROUP, Kind::LogGroup, "g")];
        let mut all: Vec<_> =
            found.into_iter().map(|(id, kind, name)| Fact::Found(Resource::new(id, kind, name))).collect();
        all.push(Fact::Linked(Link::configured(QUEUE, LinkKind::Invokes, FUNCTION).with("State", Some(state))));
        all.push(Fact::Linked(Link::configured(FUNCTION, LinkKind::Logs, GROUP)));
        all.extend(facts);
        let mut store = Store::default();
        store.apply(Report { poller: "test", at: now(), facts: all, round: None });
        store
    }

    fn error(minutes_ago: i64) -> Fact {
        let text = "[ERROR] ValueError: no".to_owned();
        Fact::Heard(Heard { id: GROUP.into(), at: at(minutes_ago), level: Level::Error, text })
    }

    fn invocations(minutes_ago: i64, value: f64) -> Fact {
        Fact::Measured {
            id: GROUP.into(),
            metric: INVOCATIONS,
            reading: Reading { value, source: "t", at: at(minutes_ago) },
        }
    }

    #[rstest]
    #[case("Enabled", vec![], true, None)]
    #[case("Disabled", vec![], false, None)]
    #[case("Enabled", vec![error(4)], true, Some("ValueError: no (4 min ago, and nothing went well since)"))]
    #[case("Enabled", vec![invocations(4, 9.0), error(4)], true, Some("ValueError: no (4 min ago, and nothing went well since)"))]
    #[case("Enabled", vec![error(4), invocations(2, 0.0)], true, Some("ValueError: no (4 min ago, and nothing went well since)"))]
    #[case("Enabled", vec![error(4), invocations(2, 3.0), invocations(1, 0.0)], true, None)]
    fn the_store_knows_who_fails(
        #[case] state: &str,
        #[case] facts: Vec<Fact>,
        #[case] is_enabled: bool,
        #[case] still_fails: Option<&str>,
    ) {
        let expected = Consumer { name: "price".into(), is_enabled, still_fails: still_fails.map(ToOwned::to_owned) };
        assert_eq!(of_store(&store(state, facts), &QUEUE.into(), now()), [expected]);
    }

    #[test]
    fn the_worst_is_who_fails_then_who_is_switched_off() {
        let one = |name: &str, is_enabled, said: Option<&str>| Consumer {
            name: name.to_owned(),
            is_enabled,
            still_fails: said.map(ToOwned::to_owned),
        };
        let (well, off, fails) = (one("a", true, None), one("b", false, None), one("c", true, Some("no")));
        assert_eq!(worst([fails.clone(), off.clone(), well.clone()]), Some(fails));
        assert_eq!(worst([well, off.clone()]), Some(off));
        assert_eq!(worst([]), None);
    }
}
