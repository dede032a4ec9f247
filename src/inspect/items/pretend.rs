//! A table in memory, for tests: pages as DynamoDB's, half a unit an item that was read, and half a unit for the page where none was.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use tokio::sync::Notify;

use super::{
    Description, Tables,
    description::{KeyAttribute, KeyKind, Keys, Stream},
    wire::{Answer, Request},
};
use crate::{aws::Trouble, domain::FailureKind};

type SdkItem = HashMap<String, AttributeValue>;

#[derive(Debug, Default)]
pub(crate) struct Pretend {
    items: Mutex<Vec<SdkItem>>,
    pages: AtomicU64,
    /// Twice the units, which come in halves.
    halves: AtomicU64,
    fails: Mutex<VecDeque<Trouble>>,
    circles: AtomicBool,
    holds: AtomicBool,
    held: Notify,
    given_up: Arc<Notify>,
}

/// An item with this number as its id.
pub(crate) fn numbered(number: usize) -> SdkItem {
    let text = |text: String| AttributeValue::S(text);
    HashMap::from([("id".to_owned(), text(number.to_string())), ("text".to_owned(), text(format!("item {number}")))])
}

impl Pretend {
    pub(crate) fn holding(items: impl IntoIterator<Item = SdkItem>) -> Arc<Self> {
        Arc::new(Self { items: Mutex::new(items.into_iter().collect()), ..Self::default() })
    }

    pub(crate) fn add(&self, item: SdkItem) {
        self.items.lock().unwrap().push(item);
    }

    /// Another value of an attribute.
    pub(crate) fn put(&self, place: usize, name: &str, text: &str) {
        self.items.lock().unwrap()[place].insert(name.to_owned(), AttributeValue::S(text.to_owned()));
    }

    pub(crate) fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    pub(crate) fn units(&self) -> f64 {
        self.halves.load(Ordering::Relaxed) as f64 / 2.0
    }

    pub(crate) fn fail_once(&self) {
        self.refuse(FailureKind::Throttled, "asked too often");
    }

    /// The next page is refused.
    pub(crate) fn refuse(&self, kind: FailureKind, text: &str) {
        self.fails.lock().unwrap().push_back(Trouble { kind, text: text.to_owned() });
    }

    /// No page is answered any more.
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::Relaxed);
    }

    /// Until somebody waits for a page that is held.
    pub(crate) async fn is_held(&self) {
        self.held.notified().await;
    }

    /// Until nobody waits for it any more.
    pub(crate) async fn is_given_up(&self) {
        self.given_up.notified().await;
    }

    pub(crate) fn go_in_circles(&self) {
        self.circles.store(true, Ordering::Relaxed);
    }
}

/// A call that is under way.
struct Call(Arc<Notify>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[async_trait]
impl Tables for Pretend {
    async fn describe(&self, table: &str) -> Result<Description, Trouble> {
        let partition = KeyAttribute { name: "id".to_owned(), kind: KeyKind::Text };
        Ok(Description {
            table_name: table.to_owned(),
            keys: Keys { partition, sort: None, has_more: false },
            stream: Some(Stream { stream_arn: "arn:stream".to_owned(), stream_view_type: None }),
            billing_mode: "PAY_PER_REQUEST".to_owned(),
            ..Description::default()
        })
    }

    async fn page(&self, request: Request) -> Result<Answer, Trouble> {
        if self.holds.load(Ordering::Relaxed) {
            self.held.notify_one();
            let _call = Call(Arc::clone(&self.given_up));
            std::future::pending::<()>().await;
        }
        let failure = self.fails.lock().unwrap().pop_front();
        if let Some(trouble) = failure {
            return Err(trouble);
        }
        let items = self.items.lock().unwrap();
        let at = |key: &SdkItem| match key.get("at") {
            Some(AttributeValue::N(digits)) => digits.parse().unwrap(),
            _ => 0_usize,
        };
        let from = request.from.as_ref().map_or(0, at);
        let to = (from + request.limit as usize).min(items.len());
        let wanted = request.condition.as_ref().map(|condition| condition.values[":p"].clone());
        let is_wanted = |item: &&SdkItem| wanted.as_ref().is_none_or(|id| item.get("id") == Some(id));
        let (found, next) = match wanted {
            Some(_) => (items.iter().filter(is_wanted).cloned().collect(), items.len()),
            None => (items[from..to].to_vec(), to),
        };
        let next = if self.circles.load(Ordering::Relaxed) { 1 } else { next };
        let halves = (found.len() as u64).max(1);
        self.halves.fetch_add(halves, Ordering::Relaxed);
        self.pages.fetch_add(1, Ordering::Relaxed);
        let going_on = || HashMap::from([("at".to_owned(), AttributeValue::N(next.to_string()))]);
        Ok(Answer { items: found, next: (next < items.len()).then(going_on), units: Some(halves as f64 / 2.0) })
    }
}
