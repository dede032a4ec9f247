//! Kinesis Data Analytics and Managed Service for Apache Flink: applications, what they read, how long their window is, and where
//! they write.
//!
//! The second version of the API knows applications of both kinds. The first knows those in SQL only; AWS began to delete them in
//! January 2026, so whoever still answers it adds what the second did not name, and that it refuses is no news. A Flink
//! application keeps its sources and sinks in its code: what its properties name is all that can be known, and is inferred.

mod described;

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use super::{
    Look, Outbox, Poller, Spacing, Tier,
    kinesis::nothing_described,
    listing::{Asked, Listing},
};
use crate::{
    aws::Trouble,
    domain::{FailureKind, Kind, Scope},
};

const CONCURRENCY: usize = 4;
/// Calls a second on AWS: it names no quota, so few.
const CALLS_PER_SECOND: u32 = 2;
/// Names on one page; the first version gives ten without a wish, and fifty at most.
const PAGE: i32 = 50;
const LIST: &str = "kinesisanalytics:ListApplications";
const DESCRIBE: &str = "kinesisanalytics:DescribeApplication";
const LIST_V1: &str = "kinesisanalytics:ListApplications (version 1)";
const DESCRIBE_V1: &str = "kinesisanalytics:DescribeApplication (version 1)";

pub struct Analytics {
    applications: Listing,
    /// What only the first version of the API names.
    sql: Listing,
}

impl Default for Analytics {
    fn default() -> Self {
        let listing = || Listing::new(Kind::Application, "kinesisanalytics", "application");
        Self { applications: listing(), sql: listing() }
    }
}

#[async_trait]
impl Poller for Analytics {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Application]
    }

    /// All that is read here changes by deployment only.
    fn tier(&self, scope: &Scope) -> Tier {
        Tier::of(self.kinds(), scope).min(Tier::Visible)
    }

    async fn poll(&mut self, look: Look<'_>, out: &mut Outbox) {
        if self.applications.is_due(look) {
            self.list(look, out).await;
            self.applications.tried(look, out.worst());
        }
        if !out.is_hopeless() {
            self.describe(look, out).await;
        }
        if !out.is_hopeless() && self.sql.is_due(look) {
            self.list_sql(look, out).await;
            self.sql.tried(look, out.worst());
        }
        if !out.is_hopeless() {
            self.describe_sql(look, out).await;
        }
    }
}

impl Analytics {
    async fn list(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut pages = look.aws.analytics_v2().list_applications().into_paginator().send();
        let mut names = BTreeSet::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => names.extend(page.application_summaries.into_iter().map(|one| one.application_name)),
                Err(error) => return out.failed(LIST, Trouble::from(error), None).await,
            }
        }
        out.done(LIST);
        self.applications.complete(names, out).await;
        // What this version could not name before, it names now.
        for id in self.applications.take_over(&mut self.sql) {
            out.read(DESCRIBE_V1, &id);
        }
    }

    async fn describe(&mut self, look: Look<'_>, out: &mut Outbox) {
        let v2 = look.aws.analytics_v2();
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(self.applications.due(look))
            .map(async |name| {
                spacing.turn().await;
                let answer = v2.describe_application().application_name(&name).send().await;
                (name, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((name, answer)) = answers.next().await {
            let asked = Asked { name: &name, operation: DESCRIBE, look };
            let detail = answer.map_err(Trouble::from).and_then(|answer| {
                let detail = answer.application_detail.filter(|detail| !detail.application_arn.is_empty());
                detail.ok_or_else(|| nothing_described("application"))
            });
            match detail {
                Ok(detail) => self.applications.found(asked, described::of_v2(&detail), out).await,
                Err(trouble) => self.applications.unread(asked, trouble, out).await,
            }
            if out.is_hopeless() {
                return;
            }
        }
    }

    async fn list_sql(&mut self, look: Look<'_>, out: &mut Outbox) {
        let mut names = BTreeSet::new();
        let mut from: Option<String> = None;
        loop {
            let call = look.aws.analytics().list_applications().limit(PAGE);
            let page = match call.set_exclusive_start_application_name(from.take()).send().await {
                Ok(page) => page,
                Err(error) => {
                    let trouble = Trouble::from(error);
                    // A service that was retired refuses everybody: nothing is missing if it never named anything.
                    if self.sql.is_empty() && is_final(trouble.kind) {
                        return out.done(LIST_V1);
                    }
                    return out.failed(LIST_V1, trouble, None).await;
                }
            };
            let before = names.len();
            from = page.application_summaries.last().map(|last| last.application_name.clone());
            names.extend(page.application_summaries.into_iter().map(|one| one.application_name));
            // One that only repeats itself has come to its end, whatever it says.
            if !page.has_more_applications || names.len() == before {
                break;
            }
        }
        out.done(LIST_V1);
        // What both name is described by the one that knows more.
        names.retain(|name| !self.applications.has(name));
        self.sql.complete(names, out).await;
    }

    async fn describe_sql(&mut self, look: Look<'_>, out: &mut Outbox) {
        let v1 = look.aws.analytics();
        let spacing = Spacing::per_second(look.quota(CALLS_PER_SECOND));
        let mut answers = stream::iter(self.sql.due(look))
            .map(async |name| {
                spacing.turn().await;
                let answer = v1.describe_application().application_name(&name).send().await;
                (name, answer)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((name, answer)) = answers.next().await {
            let asked = Asked { name: &name, operation: DESCRIBE_V1, look };
            let detail = answer.map_err(Trouble::from).and_then(|answer| {
                let detail = answer.application_detail.filter(|detail| !detail.application_arn.is_empty());
                detail.ok_or_else(|| nothing_described("application"))
            });
            match detail {
                Ok(detail) => self.sql.found(asked, described::of_v1(&detail), out).await,
                Err(trouble) => self.sql.unread(asked, trouble, out).await,
            }
            if out.is_hopeless() {
                return;
            }
        }
    }
}

/// An answer that will be the same tomorrow.
fn is_final(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Denied
            | FailureKind::NotImplemented
            | FailureKind::NotFound
            | FailureKind::Refused
            | FailureKind::Other
    )
}
