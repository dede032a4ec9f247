//! DynamoDB: tables, their keys, streams and sizes, and whether items arrive.
//!
//! A table is never scanned to its end. Where somebody looks, one page of 25 keys is read now and then: keys that were not in any
//! sample before are arrivals, at the least. `ItemCount` is up to six hours old on AWS, and says so in its source.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TableDescription};
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::{Due, Inventory, Look, Outbox, Poller, Tier, table_streams::TableStreams};
use crate::{
    aws::Trouble,
    domain::{
        FailureKind, Kind, Resource, ResourceId, Scope,
        arn::partition_of,
        reading::{ARRIVALS, DESCRIBED_HOURS_AGO, ITEMS, SIZE},
    },
};

const CONCURRENCY: usize = 8;
const SAMPLES_AT_ONCE: usize = 4;
/// Tables sampled in one round.
const MOST_SAMPLED: usize = 16;
const SAMPLE: i32 = 25;
/// Keys remembered of one table: many samples' worth.
const MOST_KEYS: usize = 2_000;
/// Arrivals are those of the last minute.
const WINDOW: Duration = Duration::from_secs(60);
const LIST: &str = "dynamodb:ListTables";
const DESCRIBE: &str = "dynamodb:DescribeTable";
const SCAN: &str = "dynamodb:Scan";
const SCAN_SOURCE: &str = "dynamodb:Scan sample of 25";

#[derive(Default)]
pub struct DynamoDb {
    listed: Due,
    tables: BTreeMap<String, Table>,
    inventory: Inventory,
    streams: TableStreams,
}

/// What is remembered of a table; the key is its name.
#[derive(Debug, Default)]
struct Table {
    id: Option<ResourceId>,
    described: Due,
    sampled: Due,
    keys: Vec<String>,
    sample: Sample,
}

#[async_trait]
impl Poller for DynamoDb {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Table]
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if self.listed.is_due(look.scope, look.structure()) {
            self.list(look, out).await;
            self.listed.tried(look.scope, out.worst());
        }
        if !out.is_hopeless() {
            self.describe(look, out).await;
        }
        if !out.is_hopeless() {
            self.read_streams(look, out).await;
        }
        if !out.is_hopeless() {
            self.sample(look, out).await;
        }
    }
}

impl DynamoDb {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut pages = look.aws.dynamodb().list_tables().into_paginator().send();
        let mut names = BTreeSet::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => names.extend(page.table_names.unwrap_or_default()),
                Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
            }
        }
        out.done(LIST);
        self.tables.retain(|name, _| names.contains(name));
        for name in names {
            self.tables.entry(name).or_default();
        }
        let known: BTreeSet<ResourceId> = self.tables.values().filter_map(|table| table.id.clone()).collect();
        self.streams.keep_only(|id| known.contains(id));
        out.say_all(self.inventory.keep_only(&known)).await;
    }

    async fn read_streams(&mut self, look: Look<'_>, out: &mut Outbox) {
        for id in self.streams.read(look, out).await {
            if let Some(table) = self.inventory.get(&id).cloned() {
                out.say_all(self.inventory.found(self.streams.onto(table), Vec::new())).await;
            }
        }
    }

    async fn describe(&mut self, look: Look<'_>, out: &mut Outbox) {
        let due: Vec<String> = self
            .tables
            .iter()
            .filter(|(_, table)| table.described.is_due(look.scope, table.description_period(look)))
            .map(|(name, _)| name.clone())
            .collect();
        let client = look.aws.dynamodb();
        let mut answers = stream::iter(due)
            .map(async |name| {
                let answer = client.describe_table().table_name(&name).send().await;
                (name, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((name, answer)) = answers.next().await {
            let Some(table) = self.tables.get_mut(&name) else { continue };
            match answer.map_err(Trouble::from).and_then(|answer| answer.table.ok_or_else(no_table)) {
                Ok(description) => {
                    table.described.tried(look.scope, None);
                    let Some(resource) = described(&description) else { continue };
                    let id = resource.id.clone();
                    table.id = Some(id.clone());
                    out.read(DESCRIBE, &id);
                    table.keys = description.key_schema().iter().map(|key| key.attribute_name().to_owned()).collect();
                    out.say_all(self.inventory.found(self.streams.onto(resource), Vec::new())).await;
                    let source = if look.aws.is_aws() { DESCRIBED_HOURS_AGO } else { DESCRIBE };
                    for (metric, value) in [(ITEMS, description.item_count()), (SIZE, description.table_size_bytes())] {
                        if let Some(value) = value {
                            out.measured(&id, metric, value as f64, source).await;
                        }
                    }
                }
                Err(trouble) => {
                    table.described.tried(look.scope, Some(trouble.kind));
                    // One that could never be read is there all the same, and is said to be.
                    let id = match table.id.clone() {
                        Some(id) => id,
                        None => {
                            let id = unread_id(look, &name);
                            out.say_all(self.inventory.found(Resource::new(id.clone(), Kind::Table, name), Vec::new()))
                                .await;
                            table.id = Some(id.clone());
                            id
                        }
                    };
                    could_not_read(DESCRIBE, trouble, Some(&id), &mut self.listed, out).await;
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    async fn sample(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut due: Vec<(&String, &Table)> =
            self.tables.iter().filter(|(_, table)| table.sample_is_due(look)).collect();
        due.sort_by_key(|(_, table)| (table.id != look.scope.selected, std::cmp::Reverse(table.sampled.unread_for())));
        let due: Vec<(String, Vec<String>)> =
            due.into_iter().take(MOST_SAMPLED).map(|(name, table)| (name.clone(), table.keys.clone())).collect();
        let mut answers = stream::iter(due)
            .map(async |(name, keys)| {
                let answer = read_keys(look, &name, &keys).await;
                (name, answer)
            })
            .buffer_unordered(SAMPLES_AT_ONCE);
        while let Some((name, answer)) = answers.next().await {
            let Some(table) = self.tables.get_mut(&name) else { continue };
            let Some(id) = table.id.clone() else { continue };
            match answer {
                Ok(keys) => {
                    table.sampled.tried(look.scope, None);
                    out.read(SCAN, &id);
                    if let Some(arrivals) = table.sample.take(keys, Instant::now()) {
                        out.measured(&id, ARRIVALS, arrivals, SCAN_SOURCE).await;
                    }
                }
                Err(trouble) => {
                    table.sampled.tried(look.scope, Some(trouble.kind));
                    could_not_read(SCAN, trouble, Some(&id), &mut self.listed, out).await;
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
    }
}

impl Table {
    /// The numbers are live on emulators, where a call costs nothing; on AWS they change every six hours.
    fn description_period(&self, look: Look<'_>) -> Duration {
        match (look.aws.is_aws(), self.is_in_view(look.scope)) {
            (true, true) => look.structure(),
            (true, false) => look.structure().saturating_mul(4),
            (false, true) => look.paces.visible,
            (false, false) => look.structure(),
        }
    }

    fn is_selected(&self, scope: &Scope) -> bool {
        self.id.is_some() && self.id == scope.selected
    }

    fn is_in_view(&self, scope: &Scope) -> bool {
        self.id.as_ref().is_some_and(|id| scope.in_view.contains(id)) || self.is_selected(scope)
    }

    /// A sample costs read capacity: only of a table that is on screen. Where nobody looks, as in a snapshot, there is none.
    fn sample_is_due(&self, look: Look<'_>) -> bool {
        let tier = if self.is_selected(look.scope) { Tier::Focused } else { Tier::Visible };
        let costly = if look.aws.is_aws() { 3 } else { 1 };
        self.is_in_view(look.scope)
            && !self.keys.is_empty()
            && self.sampled.is_due(look.scope, look.paces.of(tier).saturating_mul(costly))
    }
}

/// The ARN of a table that was only listed; without the account while nobody has told it.
fn unread_id(look: Look<'_>, name: &str) -> ResourceId {
    let (region, account) = (look.aws.region(), look.aws.known_account().unwrap_or_default());
    format!("arn:{}:dynamodb:{region}:{account}:table/{name}", partition_of(region)).into()
}

async fn could_not_read(
    operation: &'static str,
    trouble: Trouble,
    id: Option<&ResourceId>,
    listed: &mut Due,
    out: &mut Outbox,
) {
    // Deleted since the listing: the next listing says so properly.
    if trouble.kind == FailureKind::NotFound {
        *listed = Due::default();
        return;
    }
    out.failed(operation, trouble, id).await;
}

fn no_table() -> Trouble {
    Trouble { kind: FailureKind::Garbage, text: "the answer describes no table; is the endpoint right?".to_owned() }
}

/// One page of keys, as fingerprints; nothing else of an item is asked for.
async fn read_keys(look: Look<'_>, name: &str, keys: &[String]) -> Result<Vec<u64>, Trouble> {
    // Key names may be reserved words: #k0, #k1 stand for them.
    let mut call = look.aws.dynamodb().scan().table_name(name).limit(SAMPLE);
    let places: Vec<String> = (0..keys.len()).map(|index| format!("#k{index}")).collect();
    for (place, key) in places.iter().zip(keys) {
        call = call.expression_attribute_names(place, key);
    }
    let page = call.projection_expression(places.join(", ")).send().await?;
    let fingerprint = |item: &std::collections::HashMap<String, AttributeValue>| {
        let mut hasher = DefaultHasher::new();
        for key in keys {
            hash_key(item.get(key), &mut hasher);
        }
        hasher.finish()
    };
    Ok(page.items().iter().map(fingerprint).collect())
}

/// A key is text, a number or bytes.
fn hash_key(value: Option<&AttributeValue>, hasher: &mut DefaultHasher) {
    match value {
        Some(AttributeValue::S(text)) => ("S", text).hash(hasher),
        Some(AttributeValue::N(number)) => ("N", number).hash(hasher),
        Some(AttributeValue::B(bytes)) => ("B", bytes.as_ref()).hash(hasher),
        _ => "".hash(hasher),
    }
}

/// Which keys were seen in samples, and when new ones came.
#[derive(Debug, Default)]
struct Sample {
    seen: HashSet<u64>,
    /// The order in which keys were first seen, to forget the oldest.
    order: VecDeque<u64>,
    arrivals: VecDeque<(Instant, usize)>,
    /// The first page was taken: what is new from now on has arrived.
    begun: bool,
}

impl Sample {
    /// Takes a page of keys; arrivals a minute, or nothing for the first page, when all is new.
    fn take(&mut self, keys: Vec<u64>, now: Instant) -> Option<f64> {
        let mut new = 0;
        for key in keys {
            if self.seen.insert(key) {
                self.order.push_back(key);
                new += 1;
            }
        }
        while self.order.len() > MOST_KEYS {
            if let Some(oldest) = self.order.pop_front() {
                self.seen.remove(&oldest);
            }
        }
        if !std::mem::replace(&mut self.begun, true) {
            return None;
        }
        self.arrivals.push_back((now, new));
        while self.arrivals.front().is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.arrivals.pop_front();
        }
        // In the first minute this counts less than a minute: what arrived at the least, never scaled up.
        Some(self.arrivals.iter().map(|(_, new)| *new as f64).sum())
    }
}

/// A table as its description has it; `None` without an ARN.
fn described(table: &TableDescription) -> Option<Resource> {
    let arn = table.table_arn()?;
    let name = table.table_name().map_or_else(|| ResourceId::from(arn).short_name().to_owned(), ToOwned::to_owned);
    let keys: Vec<String> = table
        .key_schema()
        .iter()
        .map(|key| format!("{} ({})", key.attribute_name(), key.key_type().as_str()))
        .collect();
    let indexes: Vec<&str> = table.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    let specification = table.stream_specification().filter(|specification| specification.stream_enabled());
    let view = specification.and_then(|specification| specification.stream_view_type());
    Some(
        Resource::new(arn, Kind::Table, name)
            .with("TableStatus", table.table_status().map(|status| status.as_str()))
            .with("KeySchema", (!keys.is_empty()).then(|| keys.join(", ")))
            .with("BillingMode", billing.map(|mode| mode.as_str()))
            .with("StreamEnabled", Some(specification.is_some()))
            // A table keeps the ARN of a stream that was switched off.
            .with("LatestStreamArn", table.latest_stream_arn().filter(|_| specification.is_some()))
            .with("StreamViewType", view.map(|view| view.as_str()))
            .with("GlobalSecondaryIndexes", (!indexes.is_empty()).then(|| indexes.join(", ")))
            .with("CreationDateTime", table.creation_date_time()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sample_says_nothing_and_new_keys_are_arrivals() {
        let (mut sample, start) = (Sample::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(sample.take(vec![1, 2], at(0)), None);
        assert_eq!(sample.take(vec![1, 2, 3], at(2)), Some(1.0));
        assert_eq!(sample.take(vec![3, 4, 5], at(4)), Some(3.0));
        assert_eq!(sample.take(vec![1], at(62)), Some(2.0));
        assert_eq!(sample.take(vec![1], at(64)), Some(0.0));
    }

    #[test]
    fn only_a_table_on_screen_is_looked_at() {
        let id = ResourceId::from("arn:aws:dynamodb:r:1:table/t");
        let table = Table { id: Some(id.clone()), ..Table::default() };
        // Its pane may be open, and others of its tables in view.
        let mut scope = Scope::default();
        scope.kinds.insert(Kind::Table);
        assert!(!table.is_in_view(&scope));
        scope.in_view.insert(id.clone());
        assert!(table.is_in_view(&scope));
        assert!(table.is_in_view(&Scope { selected: Some(id), ..Scope::default() }));
        assert!(!Table::default().is_in_view(&Scope::default()));
    }

    #[test]
    fn memory_is_bounded() {
        let (mut sample, now) = (Sample::default(), Instant::now());
        sample.take((0..MOST_KEYS as u64 + 10).collect(), now);
        assert_eq!((sample.seen.len(), sample.order.len()), (MOST_KEYS, MOST_KEYS));
        assert_eq!(sample.take(vec![MOST_KEYS as u64 + 9, 0], now), Some(1.0));
    }
}
