//! S3: buckets, how many objects a bounded listing sees, and the newest of them.
//!
//! A listing costs $5 a million calls and comes in the order of keys, not of time. So at most three pages of a bucket are read; in a
//! larger bucket whose keys are laid out by date the newest is found under the last prefix, else it is the newest of those seen,
//! and its source says so.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_s3::{
    config::Region,
    operation::list_objects_v2::ListObjectsV2Output,
    types::{Bucket as Listed, EncodingType, Object},
};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::{
    Due, Inventory, Look, Outbox, Poller,
    notifications::{Asked, Notifications},
};
use crate::{
    aws::Trouble,
    domain::{
        FailureKind, Kind, Resource, ResourceId,
        arn::partition_of,
        date_prefix,
        reading::{ARRIVALS, NEWEST, OBJECTS, SIZE},
        url_text::decoded,
    },
};

const CONCURRENCY: usize = 4;
/// Pages of 1,000 objects of one bucket in one reading.
const MOST_PAGES: usize = 3;
/// Levels of date prefixes: year, month, day, hour, minute.
const MOST_LEVELS: usize = 5;
/// Arrivals are those of the last minute.
const WINDOW_S: i64 = 60;
const LIST: &str = "s3:ListBuckets";
const READ: &str = "s3:ListObjectsV2";
/// By the number of pages that were read to the end.
const WHOLE: [&str; MOST_PAGES] =
    ["s3:ListObjectsV2, all of 1 page", "s3:ListObjectsV2, all of 2 pages", "s3:ListObjectsV2, all of 3 pages"];
const AT_LEAST: &str = "s3:ListObjectsV2, at least: 3 pages and there are more";
const LAST_PREFIX: &str = "s3:ListObjectsV2, at least: the last date prefix";

#[derive(Default)]
pub struct S3 {
    listed: Due,
    buckets: BTreeMap<ResourceId, Bucket>,
    inventory: Inventory,
    notifications: Notifications,
}

/// What is remembered of a bucket.
#[derive(Debug)]
struct Bucket {
    resource: Resource,
    region: Option<String>,
    read: Due,
    /// The last reading of all pages that are read at most.
    read_pages: Due,
    /// Too large for its pages, and its keys are laid out by date after this prefix.
    dates_under: Option<String>,
}

#[async_trait]
impl Poller for S3 {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Bucket]
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if self.listed.is_due(look.scope, look.structure()) {
            self.list(look, out).await;
            self.listed.tried(look.scope, out.worst());
        }
        if !out.is_hopeless() {
            self.read_objects(look, out).await;
        }
        if !out.is_hopeless() {
            let asked = self.buckets.iter().map(|(id, bucket)| bucket.asked(id)).collect();
            self.notifications.read(look, asked, out).await;
        }
    }
}

impl S3 {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        // Only a listing in pages tells the buckets' Regions.
        let mut pages = look.aws.s3().list_buckets().max_buckets(1000).into_paginator().send();
        let mut named = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
            };
            for listed in page.buckets.unwrap_or_default() {
                let Some(mut resource) = described(&listed, look.aws.region()) else { continue };
                let id = resource.id.clone();
                let bucket = self.buckets.entry(id.clone()).or_insert_with(|| Bucket::new(resource.clone()));
                resource = resource.with("NewestKey", bucket.resource.attribute("NewestKey"));
                bucket.resource = resource.clone();
                bucket.region = listed.bucket_region.filter(|region| !region.is_empty());
                out.say_all(self.inventory.found(resource, Vec::new())).await;
                named.insert(id);
            }
        }
        self.buckets.retain(|id, _| named.contains(id));
        out.done(LIST);
        out.say_all(self.inventory.keep_only(&named)).await;
    }

    async fn read_objects(&mut self, look: Look<'_>, out: &mut Outbox) {
        let now = out.now();
        let due: Vec<Reader> = self
            .buckets
            .iter()
            .filter(|(id, bucket)| bucket.read.is_due(look.scope, period(look, id)))
            .map(|(id, bucket)| Reader {
                now,
                id: id.clone(),
                name: bucket.resource.name.clone(),
                region: bucket.region.clone(),
                // Between two readings of its pages, a large bucket is asked for its last dates alone.
                dates_under: bucket
                    .dates_under
                    .clone()
                    .filter(|_| !bucket.read_pages.is_due(look.scope, slow_period(look))),
            })
            .collect();
        let mut answers = stream::iter(due).map(|reader| reader.read(look)).buffer_unordered(CONCURRENCY);
        while let Some((id, answer)) = answers.next().await {
            let Some(bucket) = self.buckets.get_mut(&id) else { continue };
            match answer {
                Ok(seen) => {
                    bucket.read.tried(look.scope, None);
                    out.read(READ, &id);
                    if let Some(newest) = &seen.newest {
                        bucket.resource.attributes.insert("NewestKey".to_owned(), newest.1.clone());
                    } else if seen.is_whole() {
                        bucket.resource.attributes.remove("NewestKey");
                    }
                    out.say_all(self.inventory.found(bucket.resource.clone(), Vec::new())).await;
                    if let Some(pages) = &seen.pages {
                        bucket.read_pages.tried(look.scope, None);
                        bucket.dates_under = seen.dates_under.clone().filter(|_| pages.truncated);
                    }
                    tell(&id, &seen, out).await;
                }
                Err(trouble) => {
                    bucket.read.tried(look.scope, Some(trouble.kind));
                    if trouble.kind == FailureKind::NotFound {
                        // Deleted since the listing: the next listing says so properly.
                        self.listed = Due::default();
                    } else {
                        out.failed(READ, trouble, Some(&id)).await;
                    }
                }
            }
            if out.is_hopeless() {
                return;
            }
        }
    }
}

impl Bucket {
    fn new(resource: Resource) -> Self {
        Self { resource, region: None, read: Due::default(), read_pages: Due::default(), dates_under: None }
    }

    fn asked(&self, id: &ResourceId) -> Asked {
        Asked { id: id.clone(), name: self.resource.name.clone(), region: self.region.clone() }
    }
}

async fn tell(id: &ResourceId, seen: &Seen, out: &mut Outbox) {
    let source = match &seen.pages {
        Some(pages) if !pages.truncated => WHOLE[pages.read.clamp(1, MOST_PAGES) - 1],
        Some(_) => AT_LEAST,
        None => LAST_PREFIX,
    };
    if let Some(pages) = &seen.pages {
        out.measured(id, OBJECTS, pages.objects as f64, source).await;
        out.measured(id, SIZE, pages.bytes as f64, source).await;
    }
    let newest_source = if seen.descended { LAST_PREFIX } else { source };
    if let Some((at, _)) = &seen.newest {
        out.measured(id, NEWEST, *at as f64, newest_source).await;
    }
    out.measured(id, ARRIVALS, seen.recent.len() as f64, newest_source).await;
}

/// How often a bucket is read: money counts on AWS, the eye elsewhere.
fn period(look: Look<'_>, id: &ResourceId) -> Duration {
    let selected = look.scope.selected.as_ref() == Some(id);
    let in_scope = look.scope.kinds.contains(&Kind::Bucket) || look.scope.in_view.contains(id);
    match (selected, in_scope, look.aws.is_aws()) {
        (true, _, true) => look.paces.focused.saturating_mul(5),
        (true, _, false) => look.paces.focused,
        (_, true, true) => look.paces.background,
        (_, true, false) => look.paces.visible,
        _ => slow_period(look),
    }
}

fn slow_period(look: Look<'_>) -> Duration {
    if look.aws.is_aws() { look.paces.background.max(Duration::from_secs(60)) } else { look.structure() }
}

/// Reads one bucket once.
struct Reader {
    now: Timestamp,
    id: ResourceId,
    name: String,
    region: Option<String>,
    /// Only the last dates under this prefix.
    dates_under: Option<String>,
}

/// What a reading saw of a bucket.
#[derive(Debug, Default)]
struct Seen {
    /// Absent when only the last dates were read.
    pages: Option<Pages>,
    /// Seconds since 1970, and the key.
    newest: Option<(i64, String)>,
    /// Fingerprints of the keys written in the last minute: a key may be seen in a page and under a prefix.
    recent: HashSet<u64>,
    dates_under: Option<String>,
    descended: bool,
}

#[derive(Debug, Default)]
struct Pages {
    read: usize,
    objects: usize,
    bytes: i64,
    truncated: bool,
}

impl Seen {
    fn is_whole(&self) -> bool {
        self.pages.as_ref().is_some_and(|pages| !pages.truncated)
    }

    fn take(&mut self, object: &Object, now: Timestamp) {
        let Some(key) = object.key() else { return };
        if self.dates_under.is_none() {
            self.dates_under = date_prefix::root(key).map(ToOwned::to_owned);
        }
        let Some(at) = object.last_modified().map(aws_sdk_s3::primitives::DateTime::secs) else { return };
        if self.newest.as_ref().is_none_or(|(newest, _)| at > *newest) {
            self.newest = Some((at, key.to_owned()));
        }
        if at > now.as_second() - WINDOW_S {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            self.recent.insert(hasher.finish());
        }
    }
}

impl Reader {
    async fn read(self, look: Look<'_>) -> (ResourceId, Result<Seen, Trouble>) {
        let seen = self.try_read(look).await;
        (self.id, seen)
    }

    async fn try_read(&self, look: Look<'_>) -> Result<Seen, Trouble> {
        let mut seen = Seen { dates_under: self.dates_under.clone(), ..Seen::default() };
        if self.dates_under.is_none() {
            seen.pages = Some(self.read_pages(look, &mut seen).await?);
        }
        if let (false, Some(root)) = (seen.is_whole(), seen.dates_under.clone()) {
            self.descend(look, root, &mut seen).await?;
        }
        Ok(seen)
    }

    async fn read_pages(&self, look: Look<'_>, seen: &mut Seen) -> Result<Pages, Trouble> {
        let (mut pages, mut token) = (Pages::default(), None);
        while pages.read < MOST_PAGES {
            let page = self.page(look, None, token).await?;
            pages.read += 1;
            pages.objects += page.contents().len();
            pages.bytes += page.contents().iter().filter_map(Object::size).sum::<i64>();
            page.contents().iter().for_each(|object| seen.take(object, self.now));
            pages.truncated = page.is_truncated() == Some(true) && page.next_continuation_token().is_some();
            if !pages.truncated {
                break;
            }
            token = page.next_continuation_token;
        }
        Ok(pages)
    }

    /// From year to month to day, always the last, until there are objects.
    async fn descend(&self, look: Look<'_>, mut prefix: String, seen: &mut Seen) -> Result<(), Trouble> {
        seen.descended = true;
        for _ in 0..=MOST_LEVELS {
            let page = self.page(look, Some(&prefix), None).await?;
            page.contents().iter().for_each(|object| seen.take(object, self.now));
            let prefixes = page.common_prefixes().iter().filter_map(|one| one.prefix());
            match date_prefix::last(prefixes) {
                Some(last) => prefix = last.to_owned(),
                None => break,
            }
        }
        Ok(())
    }

    /// One page; with a prefix, of that level alone.
    async fn page(
        &self,
        look: Look<'_>,
        prefix: Option<&str>,
        token: Option<String>,
    ) -> Result<ListObjectsV2Output, Trouble> {
        let call = look.aws.s3().list_objects_v2().bucket(&self.name).set_continuation_token(token);
        // One key with a control character would make the whole answer unreadable.
        let call = call.encoding_type(EncodingType::Url);
        let call = match prefix {
            Some(prefix) => call.prefix(prefix).delimiter("/"),
            None => call,
        };
        let answer = match elsewhere(look, self.region.as_deref()) {
            Some(region) => call.customize().config_override(in_region(region)).send().await,
            None => call.send().await,
        };
        Ok(readable(answer?))
    }
}

/// Names as they are, if they came as they are written in URLs.
fn readable(mut page: ListObjectsV2Output) -> ListObjectsV2Output {
    if page.encoding_type == Some(EncodingType::Url) {
        let keys = page.contents.iter_mut().flatten().filter_map(|object| object.key.as_mut());
        let prefixes = page.common_prefixes.iter_mut().flatten().filter_map(|one| one.prefix.as_mut());
        keys.chain(prefixes).for_each(|name| *name = decoded(name));
    }
    page
}

/// The Region of a bucket that is not in ours: a bucket answers in its own only.
pub(super) fn elsewhere(look: Look<'_>, region: Option<&str>) -> Option<String> {
    region.filter(|region| look.aws.is_aws() && *region != look.aws.region()).map(ToOwned::to_owned)
}

pub(super) fn in_region(region: String) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::new().region(Region::new(region))
}

/// A bucket as the listing has it; `None` without a name.
fn described(bucket: &Listed, region: &str) -> Option<Resource> {
    let name = bucket.name()?;
    let region = bucket.bucket_region().unwrap_or(region);
    let id = format!("arn:{}:s3:::{name}", partition_of(region));
    Some(
        Resource::new(id, Kind::Bucket, name)
            .with("Region", bucket.bucket_region().filter(|region| !region.is_empty()))
            .with("CreationDate", bucket.creation_date()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::primitives::DateTime;
    use rstest::rstest;

    fn object(key: &str, at: i64) -> Object {
        Object::builder().key(key).last_modified(DateTime::from_secs(at)).build()
    }

    #[test]
    fn knows_the_newest_and_counts_a_key_once() {
        let now = Timestamp::from_second(10_000).unwrap();
        let mut seen = Seen::default();
        for (key, at) in [("a", 9_000), ("s/2026/1", 9_990), ("b", 9_950), ("b", 9_950)] {
            seen.take(&object(key, at), now);
        }
        assert_eq!(seen.newest, Some((9_990, "s/2026/1".to_owned())));
        assert_eq!((seen.recent.len(), seen.dates_under.as_deref()), (2, Some("s/")));
    }

    #[rstest]
    #[case("eu-west-1", "aws")]
    #[case("cn-north-1", "aws-cn")]
    #[case("us-gov-east-1", "aws-us-gov")]
    fn partitions(#[case] region: &str, #[case] name: &str) {
        assert_eq!(partition_of(region), name);
    }
}
