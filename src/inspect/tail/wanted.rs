//! Which groups are meant: names, and patterns with `*` and `?`. Pure.

use std::sync::Arc;

use crate::domain::glob;

/// What stands for all groups of functions.
pub const FUNCTIONS: &str = "/aws/lambda/*";
/// Groups that are followed at once.
pub const MOST_GROUPS: usize = 100;
/// Groups that are looked at for one pattern.
pub const MOST_LISTED: usize = 10_000;

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub names: Vec<Arc<str>>,
    pub patterns: Vec<Arc<str>>,
}

impl Wanted {
    /// Nothing asked for means all functions. A group's name has neither star nor question mark in it.
    pub fn of(asked: &[Arc<str>]) -> Self {
        let (mut patterns, mut names): (Vec<_>, Vec<_>) =
            asked.iter().cloned().partition(|one| one.contains(['*', '?']));
        names.sort();
        names.dedup();
        if asked.is_empty() {
            patterns.push(FUNCTIONS.into());
        }
        Self { names, patterns }
    }

    /// Whether a group is one of them.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| **one == *name) || self.patterns.iter().any(|pattern| glob::matches(pattern, name))
    }

    /// How the names of all that it matches begin: what the service is asked for.
    pub fn prefix(pattern: &str) -> &str {
        pattern.split(['*', '?']).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(asked: &[&str]) -> Wanted {
        Wanted::of(&asked.iter().map(|one| Arc::from(*one)).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_is_all_functions() {
        assert!(wanted(&[]).has("/aws/lambda/price") && !wanted(&[]).has("/aws/ecs/price"));
    }

    #[test]
    fn names_are_names_and_patterns_are_not() {
        let both = wanted(&["b", "/aws/*/price?", "b"]);
        assert_eq!(both.names, ["b".into()]);
        assert!(both.has("b") && both.has("/aws/lambda/prices") && !both.has("/aws/lambda/price") && !both.has("bb"));
        assert_eq!(Wanted::prefix("/aws/*/price?"), "/aws/");
        assert_eq!(Wanted::prefix("?"), "");
    }
}
