//! Matching a text against a pattern with `*`, as EventBridge and SNS mean it: `*` stands for any run of characters,
//! `\*` and `\\` for themselves. Linear in memory and at worst quadratic in time; no regular expression is built.

/// A checked wildcard pattern: the literal pieces between the stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard {
    pieces: Vec<String>,
    source: String,
}

impl Wildcard {
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let mut pieces = vec![String::new()];
        let mut characters = source.chars();
        let mut after_star = false;
        while let Some(character) = characters.next() {
            let literal = match character {
                '*' if after_star => return Err("has two `*` in a row".into()),
                '*' => {
                    pieces.push(String::new());
                    after_star = true;
                    continue;
                }
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => escaped,
                    _ => return Err(r"has a `\` that escapes neither `*` nor `\`".into()),
                },
                other => other,
            };
            after_star = false;
            if let Some(last) = pieces.last_mut() {
                last.push(literal);
            }
        }
        Ok(Self { pieces, source: source.into() })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The shortest text that matches.
    pub(super) fn shortest(&self) -> String {
        self.pieces.concat()
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return text.is_empty() };
        let Some(mut text) = text.strip_prefix(first.as_str()) else { return false };
        let Some((last, middle)) = rest.split_last() else { return text.is_empty() };
        // The leftmost find is right for every middle piece: it leaves the most text for the ones that follow.
        for piece in middle {
            match text.find(piece.as_str()) {
                Some(at) => text = &text[at + piece.len()..],
                None => return false,
            }
        }
        text.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("*", "", true)]
    #[case("*.png", "a.png", true)]
    #[case("*.png", "a.png.txt", false)]
    #[case("dir/*/x", "dir/a/b/x", true)]
    #[case("a*a", "a", false)]
    #[case("a*a", "aa", true)]
    #[case("a*b*a", "aba", true)]
    #[case("exact", "exact", true)]
    #[case("exact", "exactly", false)]
    #[case(r"\*", "*", true)]
    #[case(r"\*", "a", false)]
    #[case(r"a\\*", r"a\b", true)]
    #[case("ü*ß", "über Maß", true)]
    fn matches_as_documented(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(Wildcard::parse(pattern).unwrap().matches(text), expected);
    }

    #[rstest]
    #[case("a**b")]
    #[case(r"a\b")]
    #[case(r"a\")]
    fn refuses(#[case] pattern: &str) {
        assert!(Wildcard::parse(pattern).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_a_regular_expression(pattern in "[ab]{0,3}(\\*[ab]{1,2}){0,3}\\*?", text in "[ab]{0,10}") {
            let regex = regex::Regex::new(&format!("^{}$", pattern.replace('*', ".*"))).unwrap();
            prop_assert_eq!(Wildcard::parse(&pattern).unwrap().matches(&text), regex.is_match(&text));
        }
    }
}
