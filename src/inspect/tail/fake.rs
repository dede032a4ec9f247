//! A log service for tests: events that arrive when they are to, a few a page, and calls that fail.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{sync::mpsc, time::Instant};

use super::{
    event::Event,
    source::{Ask, Found, Live, LogSource, Page},
};
use crate::{aws::Trouble, domain::FailureKind};

/// When a test begins, in milliseconds since 1970.
pub const BEGAN_MS: i64 = 1_800_000_000_000;
/// How long a call takes.
pub const TAKES: Duration = Duration::from_millis(5);

thread_local!(static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) });

/// The wall clock of a test with paused time: it goes as that does.
pub fn clock() -> Timestamp {
    let began = BEGAN.get().unwrap_or_else(Instant::now);
    BEGAN.set(Some(began));
    let elapsed = i64::try_from(began.elapsed().as_millis()).unwrap();
    Timestamp::from_millisecond(BEGAN_MS + elapsed).unwrap()
}

/// Begins the clock anew: each test with paused time has one of its own.
pub fn begin() {
    BEGAN.set(Some(Instant::now()));
}

/// An event, and when it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arriving {
    pub arrives_ms: i64,
    pub event: Event,
}

pub fn event(group: &str, at_ms: i64, text: &str) -> Event {
    Event { group: group.into(), stream: "s".into(), id: None, at_ms, ingested_ms: None, text: text.into() }
}

/// What goes wrong with one group.
#[derive(Debug, Clone)]
pub struct Fault {
    /// From when to when.
    pub from_ms: i64,
    pub to_ms: i64,
    pub kind: FailureKind,
}

#[derive(Debug, Default)]
pub struct FakeLogs {
    /// By group; one that is not here does not exist.
    pub groups: Mutex<BTreeMap<String, Vec<Arriving>>>,
    pub page: usize,
    pub faults: Mutex<BTreeMap<String, Vec<Fault>>>,
    /// Calls that are refused, counted from one.
    pub refuses: BTreeSet<usize>,
    pub calls: Mutex<Vec<(Instant, Ask)>>,
    /// How long a live session is; none where there are none.
    pub live_lasts: Option<Duration>,
}

impl FakeLogs {
    pub fn new(events: impl IntoIterator<Item = Arriving>, page: usize) -> Self {
        let logs = Self { page, ..Self::default() };
        events.into_iter().for_each(|one| logs.write(one));
        logs
    }

    pub fn write(&self, one: Arriving) {
        self.groups.lock().unwrap().entry(one.event.group.to_string()).or_default().push(one);
    }

    pub fn fails(&self, group: &str, fault: Fault) {
        self.faults.lock().unwrap().entry(group.to_owned()).or_default().push(fault);
    }

    fn fault(&self, group: &str, now_ms: i64) -> Option<Trouble> {
        let faults = self.faults.lock().unwrap();
        let fault = faults.get(group)?.iter().find(|fault| (fault.from_ms..fault.to_ms).contains(&now_ms))?;
        Some(Trouble { kind: fault.kind, text: format!("{:?}", fault.kind) })
    }
}

#[async_trait]
impl LogSource for FakeLogs {
    async fn page(&self, ask: &Ask) -> Result<Page, Trouble> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push((Instant::now(), ask.clone()));
            calls.len()
        };
        tokio::time::sleep(TAKES).await;
        let now_ms = clock().as_millisecond();
        if let Some(trouble) = self.fault(&ask.group, now_ms) {
            return Err(trouble);
        }
        if self.refuses.contains(&number) {
            return Err(Trouble { kind: FailureKind::Other, text: "no".into() });
        }
        let groups = self.groups.lock().unwrap();
        let Some(all) = groups.get(&*ask.group) else {
            return Err(Trouble { kind: FailureKind::NotFound, text: "gone".into() });
        };
        let mut there: Vec<(i64, usize, &Event)> = all
            .iter()
            .enumerate()
            .filter(|(_, one)| one.arrives_ms <= now_ms && one.event.at_ms >= ask.from_ms)
            .map(|(number, one)| (one.event.at_ms, number, &one.event))
            .collect();
        there.sort_by_key(|(at_ms, number, _)| (*at_ms, *number));
        // As the services do it: after this event, wherever it stands by now.
        let after = ask.token.as_ref().map(|token| {
            let (at_ms, number) = token.split_once('/').unwrap();
            (at_ms.parse::<i64>().unwrap(), number.parse::<usize>().unwrap())
        });
        there.retain(|(at_ms, number, _)| after.is_none_or(|after| (*at_ms, *number) > after));
        let has_more = there.len() > self.page;
        there.truncate(self.page);
        let next = there.last().filter(|_| has_more).map(|(at_ms, number, _)| format!("{at_ms}/{number}"));
        Ok(Page { events: there.into_iter().map(|(.., event)| event.clone()).collect(), next })
    }

    async fn groups(&self, prefix: &str, most: usize) -> Result<(Vec<Found>, bool), Trouble> {
        tokio::time::sleep(TAKES).await;
        if let Some(trouble) = self.fault("list", clock().as_millisecond()) {
            return Err(trouble);
        }
        let groups = self.groups.lock().unwrap();
        let names = groups.keys().filter(|name| name.starts_with(prefix));
        let found: Vec<_> =
            names.map(|name| Found { name: Arc::from(name.as_str()), arn: Some(Arc::from(name.as_str())) }).collect();
        let has_more = found.len() > most;
        Ok((found.into_iter().take(most).collect(), has_more))
    }

    async fn live(&self, groups: &[Found], out: mpsc::Sender<Live>) -> Result<(), Trouble> {
        let Some(lasts) = self.live_lasts else {
            return Err(Trouble { kind: FailureKind::NotImplemented, text: "no live tail here".into() });
        };
        let (began, mut from_ms) = (Instant::now(), clock().as_millisecond());
        out.send(Live::Began).await.unwrap();
        while began.elapsed() < lasts {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let to_ms = clock().as_millisecond();
            let named = |name: &str| groups.iter().any(|group| &*group.name == name);
            let events = {
                let all = self.groups.lock().unwrap();
                let heard = all.iter().filter(|(name, _)| named(name)).flat_map(|(_, events)| events);
                let new = heard.filter(|one| one.arrives_ms > from_ms && one.arrives_ms <= to_ms);
                new.map(|one| one.event.clone()).collect()
            };
            from_ms = to_ms;
            if out.send(Live::Update { events, sampled: false }).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn ids_are_stable(&self) -> bool {
        false
    }
}
