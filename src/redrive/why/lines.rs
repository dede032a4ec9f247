//! Reading a log group over a span of time, in a bounded number of pages.
//!
//! The calls are behind [`LogReader`], so that tests can be a log. Must not: know what a line means.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::aws::Trouble;

/// One event of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub at_ms: i64,
    pub stream: Arc<str>,
    pub text: String,
}

/// From when to when, both within, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Span {
    pub fn contains(self, at_ms: i64) -> bool {
        (self.from_ms..=self.to_ms).contains(&at_ms)
    }

    /// The span that has both in it.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { from_ms: self.from_ms.min(other.from_ms), to_ms: self.to_ms.max(other.to_ms) }
    }
}

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask<'a> {
    pub group: &'a str,
    pub span: Span,
    /// A CloudWatch Logs filter pattern. Some endpoints take no notice of it.
    pub pattern: Option<&'a str>,
}

/// Some lines, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub lines: Vec<Line>,
    /// To go on with. A page may be empty and not be the last.
    pub next: Option<String>,
}

/// Where lines come from.
#[async_trait]
pub trait LogReader: fmt::Debug + Send + Sync {
    /// # Errors
    /// The call's.
    async fn page(&self, ask: &Ask<'_>, token: Option<String>) -> Result<Page, Trouble>;
}

/// How a reading ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    pub pages: u32,
    pub lines: u64,
    /// Lines from here on were not read, as far as is known.
    pub unread_from_ms: Option<i64>,
    pub trouble: Option<Trouble>,
}

/// Reads until the end, the last allowed page, or the first refusal.
pub async fn read(reader: &dyn LogReader, ask: &Ask<'_>, most_pages: u32, mut take: impl FnMut(Line)) -> Ending {
    let mut ending = Ending::default();
    let mut newest_ms = ask.span.from_ms;
    let mut token = None;
    while ending.pages < most_pages {
        ending.pages += 1;
        let page = match reader.page(ask, token.clone()).await {
            Ok(page) => page,
            Err(trouble) => {
                ending.trouble = Some(trouble);
                break;
            }
        };
        for line in page.lines {
            // An endpoint may take the span less seriously.
            if ask.span.contains(line.at_ms) {
                newest_ms = newest_ms.max(line.at_ms);
                ending.lines += 1;
                take(line);
            }
        }
        // A token that does not move is the end all the same.
        match page.next.filter(|next| !next.is_empty() && Some(next) != token.as_ref()) {
            Some(next) => token = Some(next),
            None => return ending,
        }
    }
    ending.unread_from_ms = Some(newest_ms);
    ending
}

#[cfg(test)]
pub mod testing {
    //! A log made of lines, a few a page.

    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    pub struct FakeLog {
        pub lines: Vec<Line>,
        pub page: usize,
        pub calls: AtomicU32,
        /// The call that is refused, counted from one.
        pub refuses: Option<u32>,
        pub knows_patterns: bool,
    }

    impl FakeLog {
        /// `(milliseconds, stream, text)`.
        pub fn new(lines: &[(i64, &str, &str)]) -> Self {
            let line = |(at_ms, stream, text): &(i64, &str, &str)| Line {
                at_ms: *at_ms,
                stream: (*stream).into(),
                text: (*text).to_owned(),
            };
            Self { lines: lines.iter().map(line).collect(), page: 3, ..Self::default() }
        }
    }

    #[async_trait]
    impl LogReader for FakeLog {
        async fn page(&self, ask: &Ask<'_>, token: Option<String>) -> Result<Page, Trouble> {
            let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
            if self.refuses == Some(call) {
                return Err(Trouble { kind: crate::domain::FailureKind::Denied, text: "no".into() });
            }
            let start: usize = token.map_or(0, |token| token.parse().unwrap());
            let within = |line: &&Line| {
                ask.span.contains(line.at_ms)
                    && (!self.knows_patterns || ask.pattern.is_none_or(|p| line.text.contains(p.trim_matches('"'))))
            };
            let all: Vec<Line> = self.lines.iter().filter(within).cloned().collect();
            let end = (start + self.page).min(all.len());
            let next = (end < all.len()).then(|| end.to_string());
            Ok(Page { lines: all[start..end].to_vec(), next })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::FakeLog, *};

    const ASK: Ask<'_> = Ask { group: "g", span: Span { from_ms: 10, to_ms: 90 }, pattern: None };

    async fn read_all(log: &FakeLog, most_pages: u32) -> (Vec<i64>, Ending) {
        let mut times = Vec::new();
        let ending = read(log, &ASK, most_pages, |line| times.push(line.at_ms)).await;
        (times, ending)
    }

    #[tokio::test]
    async fn reads_all_pages_or_says_from_where_it_did_not() {
        let log = FakeLog::new(&[10, 20, 30, 40, 50, 60, 70, 99].map(|at| (at, "s", "x")));
        let (times, ending) = read_all(&log, 9).await;
        assert_eq!((times.len(), ending), (7, Ending { pages: 3, lines: 7, ..Ending::default() }));
        let (times, ending) = read_all(&log, 2).await;
        assert_eq!((times, ending.unread_from_ms), (vec![10, 20, 30, 40, 50, 60], Some(60)));
    }

    #[tokio::test]
    async fn a_refusal_keeps_what_was_read() {
        let log = FakeLog { refuses: Some(2), ..FakeLog::new(&[10, 20, 30, 40].map(|at| (at, "s", "x"))) };
        let (times, ending) = read_all(&log, 9).await;
        assert_eq!(
            (times.len(), ending.trouble.map(|t| t.text), ending.unread_from_ms),
            (3, Some("no".into()), Some(30))
        );
    }
}
