//! The newest objects under a prefix, for whoever has no screen: dates from the last, all else as far as the bound goes.

use std::collections::VecDeque;

use super::{List, Object, Reader, Refused, level::Level};
use crate::domain::date_prefix;

/// Pages that are listed at most, of a thousand each: half a cent on AWS for a thousand of them.
const MOST_PAGES: usize = 100;

/// What was found, and how far that was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Newest {
    /// The newest first.
    pub objects: Vec<Object>,
    /// Objects that were listed.
    pub listed: u64,
    pub pages: usize,
    /// Nothing that may be newer was left out.
    pub is_whole: bool,
}

/// The `wanted` newest objects under a prefix. Under dates only as many are listed as it takes.
///
/// # Errors
/// The listing's.
pub async fn newest(reader: &dyn Reader, prefix: &str, wanted: usize) -> Result<Newest, Refused> {
    let mut found = Newest { is_whole: true, ..Newest::default() };
    let mut waiting = VecDeque::from([prefix.to_owned()]);
    while let Some(prefix) = waiting.pop_front() {
        // What is left are earlier dates; all that is not dated goes first.
        if found.objects.len() >= wanted && is_dated(&prefix) {
            break;
        }
        let mut level = Level::default();
        while !level.is_whole() {
            if found.pages == MOST_PAGES {
                found.is_whole = false;
                break;
            }
            let token = match level.listed() {
                super::level::Listed::UpTo(token) => Some(token.clone()),
                _ => None,
            };
            let page = reader.list(List { prefix: &prefix, token: token.as_deref(), after: None }).await?;
            found.pages += 1;
            found.listed += page.objects.len() as u64;
            level.take(page);
        }
        found.objects.extend(level.objects().iter().map(|kept| kept.object.clone()));
        found.objects.sort_by_key(|object| std::cmp::Reverse(object.at));
        found.objects.truncate(wanted);
        let (dated, others): (Vec<_>, Vec<_>) =
            level.prefixes().iter().map(|prefix| String::from(prefix.as_ref())).partition(|prefix| is_dated(prefix));
        // Dates are gone through in depth, before what stood beside them.
        let later = waiting.iter().position(|prefix| is_dated(prefix)).unwrap_or(waiting.len());
        let earlier: Vec<_> = waiting.split_off(later).into();
        waiting.extend(others);
        waiting.extend(dated);
        waiting.extend(earlier);
    }
    Ok(found)
}

fn is_dated(prefix: &str) -> bool {
    date_prefix::is_dated(prefix)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Fake, *};

    fn keys(found: &Newest) -> Vec<&str> {
        found.objects.iter().map(|object| object.key.as_ref()).collect()
    }

    #[tokio::test]
    async fn under_dates_only_the_last_are_listed() {
        let bucket = Fake::default();
        for day in 1..29 {
            bucket.put(&format!("sales/2026/11/{day:02}/x"), b"1", day);
        }
        let found = newest(&bucket, "", 2).await.unwrap();
        assert_eq!(keys(&found), ["sales/2026/11/28/x", "sales/2026/11/27/x"]);
        assert!(found.is_whole);
        assert_eq!(bucket.calls().len(), 6, "four levels down, and two days");
    }

    #[tokio::test]
    async fn what_is_not_dated_is_listed_whole() {
        let bucket = Fake { page: 2, ..Fake::default() };
        for (at, key) in ["a/1", "a/2", "a/3", "b/1", "c"].iter().enumerate() {
            bucket.put(key, b"1", 10 - at as i64);
        }
        let found = newest(&bucket, "", 2).await.unwrap();
        assert_eq!((keys(&found), found.listed, found.is_whole), (vec!["a/1", "a/2"], 5, true));
    }
}
