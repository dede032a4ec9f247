//! Texts with `*` (any characters) and `?` (any one), as policies, our own configuration and names of log groups are written.

/// Whether all of `text` is what the pattern says. Never slower than the product of their lengths.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how far the text was when it was met.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                // The star takes one character more.
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("*", "", true)]
    #[case("orders-*", "orders-dlq", true)]
    #[case("*dlq", "orders-dlq", true)]
    #[case("o*-*q", "orders-dlq", true)]
    #[case("orders-???", "orders-dlq", true)]
    #[case("orders-??", "orders-dlq", false)]
    #[case("orders", "orders-dlq", false)]
    #[case("**x", "aaaa", false)]
    fn stars_and_question_marks(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(matches(pattern, text), expected);
    }

    proptest! {
        #[test]
        fn everything_matches_itself_and_a_star(text in "[a-c:*?]{0,12}", rest in "[a-c]{0,6}") {
            prop_assert!(matches(&text, &text));
            let started = format!("{text}*");
            let longer = format!("{text}{rest}");
            prop_assert!(matches(&started, &longer));
        }
    }
}
