//! The groups of a tail: how much each says, and how its reading stands.

use tokio::time::{Duration, Instant};

use super::Reader;
use crate::inspect::tail::Note;

/// Lines a second are measured over this long.
const OVER: Duration = Duration::from_secs(2);

/// What is known of a group.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    pub(super) lines: u64,
    pub(super) per_second: f64,
    /// Lines when they were measured last.
    before: u64,
    pub(super) gaps: u32,
    pub(super) trouble: Option<String>,
}

impl Reader {
    pub(super) fn hear(&mut self, note: &Note) {
        let (Note::Gap { group, .. } | Note::Trouble { group, .. } | Note::Recovered { group } | Note::Gone { group }) =
            note;
        let heard = self.heard.entry(group.clone()).or_default();
        match note {
            Note::Gap { .. } => heard.gaps += 1,
            Note::Trouble { text, .. } => heard.trouble = Some(text.clone()),
            Note::Gone { .. } => heard.trouble = Some("it is gone".to_owned()),
            Note::Recovered { .. } => heard.trouble = None,
        }
    }

    /// How many lines a second each group said.
    pub(super) fn measure(&mut self) {
        let elapsed = self.measured.elapsed();
        if elapsed < OVER {
            return;
        }
        self.measured = Instant::now();
        for heard in self.heard.values_mut() {
            heard.per_second = (heard.lines - heard.before) as f64 / elapsed.as_secs_f64();
            heard.before = heard.lines;
        }
        self.out.change();
    }
}

/// A few letters for each name that no other has: the last word's first ones, or a number where that is not enough.
pub(super) fn tags<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for name in names {
        let last = name.rsplit('/').find(|part| !part.is_empty()).unwrap_or(name);
        let words: Vec<&str> = last.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let short: String = match words.as_slice() {
            [word] => word.chars().take(4).collect(),
            words => words.iter().filter_map(|word| word.chars().next()).take(4).collect(),
        };
        let tries = (1..).map(|number| if number == 1 { short.clone() } else { format!("{short}{number}") });
        if let Some(tag) = tries.take(tags.len() + 1).find(|tag| !tags.contains(tag)) {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_has_a_tag_of_its_own() {
        let names = ["/aws/lambda/analytics-fn", "/aws/lambda/audit-fn", "/aws/lambda/orders", "x", ""];
        assert_eq!(tags(names.into_iter()), ["af", "af2", "orde", "x", ""]);
    }
}
