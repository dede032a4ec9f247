//! CloudWatch Logs: groups, how many lines and errors a minute they take, and what the errors say.
//!
//! Events are read by `FilterLogEvents` without a filter pattern (LocalStack ignores it): what an error is, [`log_lines`](crate::domain::log_lines)
//! decides. AWS allows 5 such calls a second for a whole account and Region; one of them is ours, spent on what is looked at first.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LogGroup};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    Due, Inventory, Look, Outbox, Poller, Tier,
    log_tail::{Event, Tail},
};
use crate::{
    aws::Trouble,
    domain::{
        Arn, Fact, FailureKind, Heard, Kind, Level, Reading, Resource, ResourceId, Scope,
        log_lines::headline,
        reading::{ERROR_LINES, INVOCATIONS, LINES, NEWEST, STORED},
    },
};

const CONCURRENCY: usize = 8;
/// Pages of one group in one round; what is left is read in the next.
const MOST_PAGES: u32 = 5;
/// Errors and warnings of one group repeated in one round: the newest.
const MOST_HEARD: usize = 20;
/// One round in this many belongs to those that waited longest, so that a full screen does not starve the rest.
const FAIR_ROUND: u32 = 4;
const LIST: &str = "logs:DescribeLogGroups";
const READ: &str = "logs:FilterLogEvents";
const READ_IN_PART: &str = "logs:FilterLogEvents, at least: some were skipped";

#[derive(Default)]
pub struct Logs {
    listed: Due,
    inventory: Inventory,
    groups: BTreeMap<ResourceId, Group>,
    allowance: Allowance,
    rounds: u32,
}

#[derive(Debug)]
struct Group {
    name: String,
    /// The function that writes here by AWS's naming: who looks at it looks at its log.
    function: Option<ResourceId>,
    read: Due,
    tail: Tail,
}

/// Calls that may be spent: they grow with time, up to a burst.
#[derive(Debug, Default)]
struct Allowance {
    left: f64,
    topped_up: Option<Instant>,
}

impl Allowance {
    fn top_up(&mut self, look: Look<'_>) -> u32 {
        let (per_second, burst) = if look.aws.is_aws() { (1.0, 5.0) } else { (20.0, 100.0) };
        let grown = self.topped_up.map_or(burst, |at| at.elapsed().as_secs_f64() * per_second);
        self.left = (self.left + grown).min(burst);
        self.topped_up = Some(Instant::now());
        self.left as u32
    }
}

#[async_trait]
impl Poller for Logs {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::LogGroup]
    }

    /// An error may be said at any time: never slower than what is visible.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).max(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if self.listed.is_due(look.scope, look.structure()) {
            self.list(look, out).await;
            self.listed.tried(look.scope, out.worst());
        }
        if !out.is_hopeless() {
            self.read_events(look, out).await;
        }
    }
}

impl Logs {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut pages = look.aws.logs().describe_log_groups().into_paginator().send();
        let mut named = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
            };
            for group in page.log_groups.unwrap_or_default() {
                let Some(resource) = described(&group) else { continue };
                let id = resource.id.clone();
                self.groups.entry(id.clone()).or_insert_with(|| Group::new(&resource));
                out.say_all(self.inventory.found(resource, Vec::new())).await;
                if let Some(bytes) = group.stored_bytes() {
                    out.measured(&id, STORED, bytes as f64, LIST).await;
                }
                named.insert(id);
            }
        }
        self.groups.retain(|id, _| named.contains(id));
        out.done(LIST);
        out.say_all(self.inventory.keep_only(&named)).await;
    }

    /// The groups that are due, the most wanted first.
    fn wanted(&mut self, look: Look<'_>) -> Vec<ResourceId> {
        self.rounds = self.rounds.wrapping_add(1);
        let fair = self.rounds.is_multiple_of(FAIR_ROUND);
        let mut due: Vec<_> = self
            .groups
            .iter()
            .map(|(id, group)| (id, group, group.interest(id, look.scope)))
            .filter(|(_, group, interest)| group.read.is_due(look.scope, interest.period(look)))
            .collect();
        due.sort_by_key(|(_, group, interest)| {
            (if fair { Interest::Selected } else { *interest }, std::cmp::Reverse(group.read.unread_for()))
        });
        due.into_iter().map(|(id, ..)| id.clone()).collect()
    }

    async fn read_events(&mut self, look: Look<'_>, out: &mut Outbox) {
        let granted = self.allowance.top_up(look);
        let left = AtomicU32::new(granted);
        let now_ms = out.now().as_millisecond();
        let wanted = self.wanted(look);
        let readers: Vec<_> = wanted
            .into_iter()
            .take(granted as usize)
            .filter_map(|id| {
                let group = self.groups.get(&id)?;
                let (from_ms, token) = group.tail.start(now_ms);
                Some(Reader { id, name: group.name.clone(), from_ms, token })
            })
            .collect();
        let mut answers = stream::iter(readers).map(|reader| reader.read(look, &left)).buffer_unordered(CONCURRENCY);
        while let Some(answer) = answers.next().await {
            let Some(group) = self.groups.get_mut(&answer.id) else { continue };
            let trouble = answer.trouble.as_ref().map(|trouble| trouble.kind);
            if answer.spent {
                group.read.tried(look.scope, trouble);
                group.learn(answer, now_ms, out).await;
            }
            if trouble == Some(FailureKind::NotFound) {
                // Deleted since the listing: the next listing says so properly.
                self.listed = Due::default();
            }
            // What an endpoint lacks it lacks for all.
            if out.is_hopeless() || trouble == Some(FailureKind::NotImplemented) {
                break;
            }
        }
        drop(answers);
        self.allowance.left -= f64::from(granted - left.load(Ordering::Relaxed));
    }
}

/// Why a group is read, the best reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Interest {
    Selected,
    InView,
    Function,
    Other,
}

impl Interest {
    fn period(self, look: Look<'_>) -> std::time::Duration {
        match self {
            Self::Selected => look.paces.focused,
            Self::InView => look.paces.visible,
            // Nothing to pay for and nobody to starve on an emulator.
            Self::Function if !look.aws.is_aws() => look.paces.visible,
            Self::Function => look.paces.background,
            Self::Other => look.structure().saturating_mul(2),
        }
    }
}

impl Group {
    fn new(resource: &Resource) -> Self {
        let function = resource.name.strip_prefix("/aws/lambda/").zip(resource.id.arn()).map(|(name, arn)| {
            let Arn { partition, region, account, .. } = arn;
            format!("arn:{partition}:lambda:{region}:{account}:function:{name}").into()
        });
        Self { name: resource.name.clone(), function, read: Due::default(), tail: Tail::default() }
    }

    fn interest(&self, id: &ResourceId, scope: &Scope) -> Interest {
        let ours = |other: &ResourceId| other == id || self.function.as_ref() == Some(other);
        if scope.selected.as_ref().is_some_and(ours) {
            Interest::Selected
        } else if scope.in_view.contains(id) || self.function.as_ref().is_some_and(|f| scope.in_view.contains(f)) {
            Interest::InView
        } else if self.function.is_some() {
            Interest::Function
        } else {
            Interest::Other
        }
    }

    async fn learn(&mut self, answer: Answer, now_ms: i64, out: &mut Outbox) {
        let id = &answer.id;
        let mut heard = VecDeque::new();
        for event in &answer.events {
            let Some(at_ms) = event.timestamp() else { continue };
            let text = event.message().unwrap_or_default();
            let stream = event.log_stream_name().unwrap_or_default();
            let level = self.tail.take(Event { stream, at_ms, text }, now_ms);
            let Some(level) = level.filter(|level| *level > Level::Info) else { continue };
            let Ok(at) = Timestamp::from_millisecond(at_ms) else { continue };
            if heard.len() == MOST_HEARD {
                heard.pop_front();
            }
            heard.push_back(Fact::Heard(Heard { id: id.clone(), at, level, text: headline(text) }));
        }
        out.say_all(heard).await;
        if let Some(trouble) = answer.trouble {
            self.tail.begin_anew();
            return match trouble.kind {
                FailureKind::NotFound => {}
                FailureKind::NotImplemented => out.failed(READ, trouble, None).await,
                _ => out.failed(READ, trouble, Some(id)).await,
            };
        }
        out.read(READ, id);
        let (as_of_ms, skipped) = self.tail.ended(answer.from_ms, answer.token, now_ms);
        if skipped {
            tracing::warn!(group = self.name, "more log events than can be read: some were skipped, rates are too low");
        }
        let counts = self.tail.last_minute(as_of_ms);
        let Ok(at) = Timestamp::from_millisecond(as_of_ms) else { return };
        let source = if self.tail.has_gap(as_of_ms) { READ_IN_PART } else { READ };
        let of_function = self.function.is_some() || counts.reports > 0;
        let newest = self.tail.newest_ms().map(|newest| (NEWEST, newest as f64 / 1e3));
        let numbers = [(LINES, f64::from(counts.lines)), (ERROR_LINES, f64::from(counts.errors))];
        let invocations = of_function.then_some((INVOCATIONS, f64::from(counts.reports)));
        for (metric, value) in numbers.into_iter().chain(invocations).chain(newest) {
            let reading = Reading { value, source, at };
            out.say(Fact::Measured { id: id.clone(), metric, reading }).await;
        }
    }
}

/// One reading of one group.
struct Reader {
    id: ResourceId,
    name: String,
    from_ms: i64,
    token: Option<String>,
}

/// What a reading gave, even when it failed half-way.
struct Answer {
    id: ResourceId,
    from_ms: i64,
    events: Vec<FilteredLogEvent>,
    /// To go on with, if pages are left.
    token: Option<String>,
    trouble: Option<Trouble>,
    /// Whether a call was made at all: the others may have spent what there was.
    spent: bool,
}

impl Reader {
    async fn read(self, look: Look<'_>, left: &AtomicU32) -> Answer {
        let Self { id, name, from_ms, token } = self;
        let mut answer = Answer { id, from_ms, events: Vec::new(), token, trouble: None, spent: false };
        for _ in 0..MOST_PAGES {
            if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
                break;
            }
            answer.spent = true;
            let call = look.aws.logs().filter_log_events().log_group_name(&name).start_time(from_ms);
            match call.set_next_token(answer.token.clone()).send().await {
                Ok(page) => {
                    answer.events.extend(page.events.unwrap_or_default());
                    // A page may be empty and not be the last; a token that does not move is the end all the same.
                    let next = page.next_token.filter(|token| !token.is_empty());
                    if next.is_none() || next == answer.token {
                        answer.token = None;
                        return answer;
                    }
                    answer.token = next;
                }
                Err(error) => {
                    answer.trouble = Some(error.into());
                    return answer;
                }
            }
        }
        if answer.spent {
            tracing::debug!(group = name, "more log events than one round reads: the rest waits for the next");
        }
        answer
    }
}

/// A group as the listing has it; `None` without an ARN.
fn described(group: &LogGroup) -> Option<Resource> {
    let arn = group.log_group_arn().or(group.arn())?;
    let id = ResourceId::from(arn.strip_suffix(":*").unwrap_or(arn));
    let name = group.log_group_name().unwrap_or(id.short_name()).to_owned();
    let created = group.creation_time().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Some(
        Resource::new(id, Kind::LogGroup, name)
            .with("retentionInDays", group.retention_in_days())
            .with("creationTime", created)
            .with("logGroupClass", group.log_group_class().map(|class| class.as_str()))
            .with("metricFilterCount", group.metric_filter_count().filter(|count| *count > 0)),
    )
}
