//! Which entries are shown: a text or a regular expression, what not, how loud, a jq condition, a cluster, and which groups.
//!
//! Regular expressions are of a bounded size and take no longer than their text is long; jq runs on its leash. A condition that cannot be
//! asked of an entry counts as false, and how often that was is said. To add a way of choosing: a field of [`Wanted`].

use std::{collections::BTreeSet, fmt, ops::Range, sync::Arc};

use regex::Regex;

use super::entry::{Entry, Shape};
use crate::{
    domain::Level,
    redrive::{
        choose::bounded_regex,
        jq::{Mistake, Program},
        why::Cause,
    },
};

/// What is to be found, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    /// Capital letters only matter if it has one.
    Text(String),
    Regex(String),
}

impl Find {
    /// `/a regex/`, or else a text; nothing where nothing is typed.
    pub fn typed(typed: &str) -> Option<Self> {
        let inner = typed.strip_prefix('/').filter(|rest| !rest.is_empty());
        match inner {
            Some(rest) => Some(Self::Regex(rest.strip_suffix('/').unwrap_or(rest).to_owned())),
            None => Some(typed).filter(|typed| !typed.is_empty()).map(|typed| Self::Text(typed.to_owned())),
        }
    }

    /// # Errors
    /// What is wrong with it.
    pub fn compile(&self) -> Result<Regex, Mistake> {
        match self {
            Self::Text(text) => bounded_regex(&regex::escape(text), !text.chars().any(char::is_uppercase)),
            Self::Regex(expression) => bounded_regex(expression, false),
        }
    }
}

impl fmt::Display for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Regex(expression) => write!(f, "/{expression}/"),
        }
    }
}

/// What is wanted, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub find: Option<Find>,
    pub exclude: Option<Find>,
    /// As loud as this, or louder.
    pub level: Level,
    /// A condition over the JSON that an entry is, or over its text.
    pub jq: Option<String>,
    /// Failures of this kind alone, as their masked words say.
    pub cluster: Option<Arc<str>>,
    pub hidden: BTreeSet<Arc<str>>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { find: None, exclude: None, level: Level::Info, jq: None, cluster: None, hidden: BTreeSet::new() }
    }
}

impl Wanted {
    /// Everything is shown.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// Judges entries.
#[derive(Debug, Default)]
pub struct Filter {
    wanted: Wanted,
    find: Option<Regex>,
    exclude: Option<Regex>,
    jq: Option<Program>,
    /// How often the condition could not be asked, and why, first.
    failed: u64,
    trouble: Option<String>,
}

impl Filter {
    /// # Errors
    /// What is wrong with an expression.
    pub fn new(wanted: Wanted) -> Result<Self, Mistake> {
        let find = wanted.find.as_ref().map(Find::compile).transpose()?;
        let exclude = wanted.exclude.as_ref().map(Find::compile).transpose()?;
        let jq = wanted.jq.as_deref().map(Program::new).transpose()?;
        Ok(Self { wanted, find, exclude, jq, failed: 0, trouble: None })
    }

    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Whether an entry is to be shown. With a condition it may take a while.
    pub fn shows(&mut self, entry: &Entry) -> bool {
        let wanted = &self.wanted;
        if wanted.hidden.contains(&entry.origin.group) {
            return false;
        }
        // What is missing is said whatever is looked for.
        if entry.shape == Shape::Note {
            return true;
        }
        if entry.level < wanted.level
            || self.find.as_ref().is_some_and(|regex| !regex.is_match(&entry.text))
            || self.exclude.as_ref().is_some_and(|regex| regex.is_match(&entry.text))
        {
            return false;
        }
        if let Some(cluster) = &wanted.cluster
            && (entry.level != Level::Error || Cause::of_line(&entry.text).title() != **cluster)
        {
            return false;
        }
        match self.jq.as_ref().map(|program| program.is_true_of(&entry.text)) {
            None | Some(Ok(true)) => true,
            Some(Ok(false)) => false,
            // A text that is no JSON has no fields: that is no news.
            Some(Err(_)) if entry.shape != Shape::Json => false,
            Some(Err(error)) => {
                self.failed += 1;
                self.trouble.get_or_insert(error);
                false
            }
        }
    }

    /// What went wrong with the condition, in a sentence.
    pub fn trouble(&self) -> Option<String> {
        let error = self.trouble.as_ref()?;
        Some(format!("jq: {} could not be asked, as they are not what it expects: {error}", self.failed))
    }

    /// Where what is looked for stands in a text.
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        const MOST: usize = 64;
        let found = self.find.iter().flat_map(|regex| regex.find_iter(text)).filter(|found| !found.is_empty());
        found.take(MOST).map(|found| found.range()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::tail::entry::{Key, Origin};
    use rstest::rstest;

    fn entry(text: &str) -> Entry {
        Entry {
            key: Key::first_of(0),
            origin: Arc::new(Origin { group: "g".into(), stream: "s".into() }),
            level: crate::domain::log_lines::level_of(text),
            shape: if text.starts_with('{') { Shape::Json } else { Shape::Text },
            request: None,
            events: 1,
            text: text.into(),
        }
    }

    fn wanted(change: impl FnOnce(&mut Wanted)) -> Filter {
        let mut wanted = Wanted::default();
        change(&mut wanted);
        Filter::new(wanted).unwrap()
    }

    #[rstest]
    #[case("cart", "Cart 3", true)]
    #[case("Cart", "cart 3", false)]
    #[case("/c.rt$/", "a cart", true)]
    #[case("/c.rt$", "a cart 3", false)]
    #[case("a.b", "axb", false)]
    fn texts_and_expressions(#[case] typed: &str, #[case] text: &str, #[case] shown: bool) {
        assert_eq!(wanted(|wanted| wanted.find = Find::typed(typed)).shows(&entry(text)), shown);
        assert_eq!(wanted(|wanted| wanted.exclude = Find::typed(typed)).shows(&entry(text)), !shown);
    }

    #[test]
    fn conditions_levels_clusters_and_groups() {
        let order = r#"{"level":"warn","order_id":7}"#;
        let mut jq = wanted(|wanted| wanted.jq = Some(".order_id > 5".into()));
        assert!(jq.shows(&entry(order)) && !jq.shows(&entry(r#"{"order_id":3}"#)) && !jq.shows(&entry("text")));
        assert_eq!(jq.trouble(), None, "a text has no fields, and that is no news");
        let mut deep = wanted(|wanted| wanted.jq = Some(".order_id.of > 5".into()));
        assert!(!deep.shows(&entry(order)));
        assert!(
            deep.trouble().is_some_and(|said| said.starts_with("jq: 1 could not be asked")),
            "{:?}",
            deep.trouble()
        );
        let mut loud = wanted(|wanted| wanted.level = Level::Warn);
        assert!(loud.shows(&entry(order)) && !loud.shows(&entry("quiet")));
        let mut cluster = wanted(|wanted| wanted.cluster = Some("ValueError: no cart ‹n›".into()));
        assert!(
            cluster.shows(&entry("[ERROR] ValueError: no cart 3")) && !cluster.shows(&entry("[ERROR] ValueError: x"))
        );
        let mut hidden = wanted(|wanted| wanted.hidden = ["g".into()].into());
        assert!(!hidden.shows(&entry("x")));
    }

    #[test]
    fn gaps_are_shown_whatever_is_looked_for() {
        let mut filter = wanted(|wanted| (wanted.find, wanted.level) = (Find::typed("zzz"), Level::Error));
        assert!(filter.shows(&Entry { shape: Shape::Note, ..entry("a gap") }));
    }

    #[test]
    fn what_would_backtrack_forever_does_not_and_what_is_too_large_is_refused() {
        let began = std::time::Instant::now();
        let mut filter = wanted(|wanted| wanted.find = Find::typed("/(a+)+$/"));
        assert!(!filter.shows(&entry(&format!("{}b", "a".repeat(100_000)))));
        assert!(began.elapsed().as_secs() < 5);
        assert!(Find::typed("/(a{999}){999}/").unwrap().compile().unwrap_err().text.contains("too large"));
        assert!(Find::typed("/(/").unwrap().compile().unwrap_err().text.starts_with("not a regular expression"));
    }

    #[test]
    fn marks_are_where_it_was_found() {
        let filter = wanted(|wanted| wanted.find = Find::typed("an"));
        assert_eq!(filter.marks("banana"), [1..3, 3..5]);
        assert!(wanted(|wanted| wanted.find = Find::typed("/x*/")).marks("abc").is_empty());
    }
}
