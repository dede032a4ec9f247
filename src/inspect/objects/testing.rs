//! A bucket for tests: objects in memory, listed and read as S3 does it, and refusals to order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Facts, Got, List, Object, Page, Range, Reader, Refused, Versions, Why};

pub fn object(key: &str, at: i64) -> Object {
    Object { key: key.into(), bytes: 1, at: Timestamp::from_second(at).ok(), class: None }
}

/// The bucket.
#[derive(Debug, Default)]
pub struct Fake {
    pub objects: Mutex<BTreeMap<String, (Vec<u8>, i64)>>,
    /// Of a page; a thousand if none.
    pub page: usize,
    pub calls: Mutex<Vec<String>>,
    /// A read of the second range finds another object.
    pub changes: bool,
}

impl Fake {
    pub fn put(&self, key: &str, body: &[u8], at: i64) {
        self.objects.lock().unwrap().insert(key.to_owned(), (body.to_vec(), at));
    }

    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

#[async_trait]
impl Reader for Fake {
    async fn list(&self, list: List<'_>) -> Result<Page, Refused> {
        self.calls.lock().unwrap().push(format!("list {}", list.prefix));
        let objects = self.objects.lock().unwrap();
        let after = list.token.max(list.after).unwrap_or_default();
        let (mut page, mut seen) = (Page::default(), BTreeSet::new());
        for (key, (body, at)) in objects.iter().filter(|(key, _)| key.starts_with(list.prefix)) {
            let rest = &key[list.prefix.len()..];
            let name = match rest.split_once('/') {
                Some((part, _)) => format!("{}{part}/", list.prefix),
                None => key.clone(),
            };
            if name.as_str() <= after || seen.contains(&name) {
                continue;
            }
            if seen.len() == if self.page == 0 { 1_000 } else { self.page } {
                page.next = seen.last().cloned();
                break;
            }
            if name == *key {
                let at = Timestamp::from_second(*at).ok();
                page.objects.push(Object { key: key.as_str().into(), bytes: body.len() as u64, at, class: None });
            } else {
                page.prefixes.push(name.as_str().into());
            }
            seen.insert(name);
        }
        Ok(page)
    }

    async fn read(&self, range: Range<'_>) -> Result<Got, Refused> {
        self.calls.lock().unwrap().push(format!("read {} {}+{}", range.key, range.from, range.bytes));
        if self.changes && range.etag.is_some() {
            return Err(Refused::new(Why::Changed, "it was overwritten while it was read"));
        }
        let objects = self.objects.lock().unwrap();
        let Some((body, _)) = objects.get(range.key) else { return Err(Refused::new(Why::Gone, "it is gone")) };
        let from = (range.from as usize).min(body.len());
        let to = from.saturating_add(range.bytes as usize).min(body.len());
        let facts = Facts { etag: Some("\"1\"".to_owned()), ..Facts::default() };
        Ok(Got { bytes: body[from..to].to_vec(), total: body.len() as u64, facts })
    }

    async fn versions(&self, _: &str) -> Result<Versions, Refused> {
        Ok(Versions::default())
    }

    async fn tags(&self, _: &str) -> Result<Vec<(String, String)>, Refused> {
        Ok(Vec::new())
    }

    async fn sign(&self, key: &str) -> Result<String, Refused> {
        Ok(format!("https://signed/{key}"))
    }

    fn moved_to(&self) -> Option<String> {
        None
    }
}
