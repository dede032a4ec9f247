//! One level of a bucket: what stands between a prefix and the next `/`. Pure.
//!
//! However many objects it has, the newest [`MOST_KEPT`] of those that were listed are kept: what it shows is said with how much of the
//! level was listed. Must not: call anything.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Object, Page};
use crate::domain::date_prefix;

/// Objects of one level that are kept: the newest of those that were listed.
pub const MOST_KEPT: usize = 10_000;
/// Prefixes of one level that are kept.
pub const MOST_PREFIXES: usize = 10_000;

/// How far a level was listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Listed {
    #[default]
    Nothing,
    /// There is more after this token.
    UpTo(String),
    Whole,
}

/// An object that is kept, and when it was seen to come, if that was while somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub object: Object,
    pub came: Option<Timestamp>,
}

/// One level.
#[derive(Debug, Clone, Default)]
pub struct Level {
    /// In the order that they are shown in: dates first and backwards, the rest by name.
    prefixes: Vec<Box<str>>,
    /// The newest first.
    objects: Vec<Kept>,
    /// How many objects the pages had.
    count: u64,
    pages: u64,
    listed: Listed,
    /// The greatest key or prefix that was listed.
    last: Option<Box<str>>,
    /// Prefixes that were left out.
    prefixes_left_out: u64,
}

impl Level {
    pub fn prefixes(&self) -> &[Box<str>] {
        &self.prefixes
    }

    pub fn objects(&self) -> &[Kept] {
        &self.objects
    }

    pub fn listed(&self) -> &Listed {
        &self.listed
    }

    pub fn is_whole(&self) -> bool {
        self.listed == Listed::Whole
    }

    /// Takes the next page in.
    pub fn take(&mut self, page: Page) {
        self.count += page.objects.len() as u64;
        self.pages += 1;
        self.see_last(&page);
        self.listed = page.next.map_or(Listed::Whole, Listed::UpTo);
        self.objects.extend(page.objects.into_iter().map(|object| Kept { object, came: None }));
        self.add_prefixes(page.prefixes);
        self.settle();
    }

    /// Takes the answer to another look in, and returns how many objects came since the last. `from_start` is whether it began where the
    /// level begins: what such a look at all of it does not have any more is gone.
    pub fn look_again(&mut self, page: Page, from_start: bool, now: Timestamp) -> u64 {
        let is_all = from_start && page.next.is_none();
        // It has grown beyond one page: the next look goes on after this one.
        if page.next.is_some() {
            self.pages = self.pages.max(2);
        }
        let oldest_kept = self.objects.last().and_then(|kept| kept.object.at).filter(|_| self.is_cut());
        self.see_last(&page);
        let mut known: HashMap<Box<str>, usize> = HashMap::with_capacity(self.objects.len());
        known.extend(self.objects.iter().enumerate().map(|(index, kept)| (kept.object.key.clone(), index)));
        let mut came = 0;
        let mut still_there = vec![false; self.objects.len()];
        for object in page.objects {
            match known.get(&object.key).and_then(|index| Some((*index, self.objects.get_mut(*index)?))) {
                Some((index, kept)) => {
                    still_there.get_mut(index).into_iter().for_each(|there| *there = true);
                    if object.at > kept.object.at {
                        came += 1;
                        kept.came = Some(now);
                    }
                    kept.object = object;
                }
                // Older than all that are kept, of which some were dropped: it may be one of those.
                None if oldest_kept.is_some() && object.at <= oldest_kept => {}
                None => {
                    came += 1;
                    self.count += 1;
                    self.objects.push(Kept { object, came: Some(now) });
                }
            }
        }
        if is_all {
            let mut index = 0;
            self.objects.retain(|_| {
                index += 1;
                still_there.get(index - 1).copied().unwrap_or(true)
            });
            self.count = self.objects.len() as u64;
        }
        self.add_prefixes(page.prefixes);
        self.settle();
        came
    }

    /// From where the next look has to list, to see what came: from the start where that is one page, else after the last key; nowhere
    /// while the level was not listed to its end.
    pub fn look_from(&self) -> Option<Option<&str>> {
        match (&self.listed, self.pages) {
            (Listed::Whole, ..=1) => Some(None),
            (Listed::Whole, _) => Some(self.last.as_deref()),
            (Listed::UpTo(_) | Listed::Nothing, _) => None,
        }
    }

    /// The prefix with the newest date, or the only one where there is nothing else: where to go on to find what is new.
    pub fn leads_on(&self) -> Option<&str> {
        match (self.newest_date(), self.prefixes.as_slice()) {
            (Some(date), _) => Some(date),
            (None, [only]) if self.objects.is_empty() && self.is_whole() => Some(only),
            _ => None,
        }
    }

    /// The prefix with the newest date. The list is in the order of names, so until it is whole a newer one may follow.
    pub fn newest_date(&self) -> Option<&str> {
        self.prefixes.first().map(AsRef::as_ref).filter(|prefix| date_prefix::is_dated(prefix))
    }

    /// What is shown, of how much: empty where all of it is.
    pub fn said(&self) -> String {
        let kept = self.objects.len();
        let left_out = match self.prefixes_left_out {
            0 => String::new(),
            more => format!(" · {more} more prefixes are not shown: / narrows"),
        };
        let said = match (&self.listed, self.is_cut()) {
            (Listed::Nothing, _) => String::new(),
            (Listed::UpTo(_), false) => format!("newest of the {} listed", grouped(self.count)),
            (Listed::UpTo(_), true) => {
                format!("newest {} of the {} listed", grouped(kept as u64), grouped(self.count))
            }
            (Listed::Whole, true) => format!("newest {} of all {}", grouped(kept as u64), grouped(self.count)),
            (Listed::Whole, false) if kept > 1 => format!("all {}, newest first", grouped(self.count)),
            (Listed::Whole, false) => String::new(),
        };
        format!("{said}{left_out}").trim_start_matches(" · ").to_owned()
    }

    fn is_cut(&self) -> bool {
        (self.objects.len() as u64) < self.count
    }

    fn see_last(&mut self, page: &Page) {
        let key = page.objects.last().map(|object| &object.key);
        let greatest = key.max(page.prefixes.last());
        if greatest > self.last.as_ref() {
            self.last = greatest.cloned();
        }
    }

    fn add_prefixes(&mut self, prefixes: Vec<Box<str>>) {
        let has_new =
            prefixes.iter().any(|prefix| self.prefixes.binary_search_by(|known| in_order(known, prefix)).is_err());
        if !has_new {
            return;
        }
        self.prefixes.extend(prefixes);
        self.prefixes.sort_by(|one, other| in_order(one, other));
        self.prefixes.dedup();
        let over = self.prefixes.len().saturating_sub(MOST_PREFIXES);
        self.prefixes.truncate(MOST_PREFIXES);
        self.prefixes_left_out += over as u64;
    }

    fn settle(&mut self) {
        self.objects.sort_by(|one, other| {
            let (one, other) = (&one.object, &other.object);
            other.at.cmp(&one.at).then_with(|| one.key.cmp(&other.key))
        });
        self.objects.truncate(MOST_KEPT);
    }
}

/// Dates before all else and the last first, the rest by name.
fn in_order(one: &str, other: &str) -> std::cmp::Ordering {
    match (date_prefix::is_dated(one), date_prefix::is_dated(other)) {
        (true, true) => other.cmp(one),
        (false, false) => one.cmp(other),
        (one, other) => other.cmp(&one),
    }
}

/// `1,000`: a number of listed objects is exact.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::testing::object, *};

    fn page(objects: &[(&str, i64)], prefixes: &[&str], next: bool) -> Page {
        Page {
            prefixes: prefixes.iter().map(|prefix| (*prefix).into()).collect(),
            objects: objects.iter().map(|(key, at)| object(key, *at)).collect(),
            next: next.then(|| "token".to_owned()),
        }
    }

    fn keys(level: &Level) -> Vec<&str> {
        level.objects().iter().map(|kept| kept.object.key.as_ref()).collect()
    }

    #[test]
    fn the_newest_come_first_and_it_says_of_how_many() {
        let mut level = Level::default();
        level.take(page(&[("a", 1), ("b", 3)], &["2025/", "2026/", "tmp/"], true));
        assert_eq!(keys(&level), ["b", "a"]);
        assert_eq!(level.prefixes().iter().map(AsRef::as_ref).collect::<Vec<_>>(), ["2026/", "2025/", "tmp/"]);
        assert_eq!(level.said(), "newest of the 2 listed");
        assert_eq!(level.look_from(), None, "a level that is not whole is not watched");
        level.take(page(&[("c", 2)], &[], false));
        assert_eq!((keys(&level), level.said()), (vec!["b", "c", "a"], "all 3, newest first".to_owned()));
        assert_eq!(level.look_from(), Some(Some("tmp/")));
        assert_eq!(level.leads_on(), Some("2026/"));
    }

    #[test]
    fn a_hundred_thousand_are_kept_as_the_newest_ten_thousand() {
        let mut level = Level::default();
        for number in 0..100 {
            let objects =
                (0..1_000).map(|index| object(&format!("k{number:03}-{index:03}"), (index * 7_919 + number) % 100_003));
            level.take(Page {
                objects: objects.collect(),
                next: (number < 99).then(|| "t".to_owned()),
                ..Page::default()
            });
        }
        assert_eq!(level.objects().len(), MOST_KEPT);
        assert_eq!(level.said(), "newest 10,000 of all 100,000");
        assert!(level.objects().windows(2).all(|pair| pair[0].object.at >= pair[1].object.at));
    }

    #[test]
    fn another_look_marks_what_came_and_forgets_what_went() {
        let now = Timestamp::from_second(100).unwrap();
        let mut level = Level::default();
        level.take(page(&[("a", 1), ("b", 2)], &[], false));
        assert_eq!(level.look_from(), Some(None));
        assert_eq!(level.look_again(page(&[("b", 2), ("c", 9)], &["d/"], false), true, now), 1);
        assert_eq!(keys(&level), ["c", "b"]);
        assert_eq!(level.objects()[0].came, Some(now));
        assert_eq!(level.look_again(page(&[("b", 10), ("c", 9)], &["d/"], false), true, now), 1, "overwritten");
        assert_eq!(keys(&level), ["b", "c"]);
        assert_eq!(level.look_again(page(&[("b", 10), ("c", 9)], &["d/"], false), true, now), 0);
    }

    #[test]
    fn a_level_that_grows_beyond_a_page_is_looked_at_after_its_last_key() {
        let now = Timestamp::from_second(100).unwrap();
        let mut level = Level::default();
        level.take(page(&[("a", 1)], &[], false));
        assert_eq!(level.look_again(page(&[("a", 1), ("b", 2)], &[], true), true, now), 1);
        assert_eq!(level.look_from(), Some(Some("b")));
        assert_eq!(level.look_again(page(&[("c", 3)], &[], false), false, now), 1);
        assert_eq!(keys(&level), ["c", "b", "a"]);
    }

    #[test]
    fn a_look_after_the_last_key_takes_nothing_away() {
        let now = Timestamp::from_second(100).unwrap();
        let mut level = Level::default();
        level.take(page(&[("a", 1)], &[], true));
        level.take(page(&[("b", 2)], &[], false));
        assert_eq!(level.look_again(page(&[("c", 3)], &[], false), false, now), 1);
        assert_eq!((keys(&level), level.said()), (vec!["c", "b", "a"], "all 3, newest first".to_owned()));
        assert_eq!(level.look_from(), Some(Some("c")));
    }

    #[test]
    fn an_only_prefix_leads_on_and_one_of_two_does_not() {
        let mut level = Level::default();
        level.take(page(&[], &["sales_revenue/"], false));
        assert_eq!(level.leads_on(), Some("sales_revenue/"));
        let mut level = Level::default();
        level.take(page(&[], &["a/", "b/"], false));
        assert_eq!(level.leads_on(), None);
    }
}
