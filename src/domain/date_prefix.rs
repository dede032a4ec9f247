//! Keys laid out by date (`sales/2026/11/21/08/…`, `dt=2026-11-21/…`): the newest object is under the last prefix. Pure.
//!
//! A listing is in the order of the keys, never of time; only such a layout makes the newest cheap to find in a large bucket.

/// What stands before the first date of a key: `sales/` of `sales/2026/11/21/x`, the empty text of `2026/11/x`.
pub fn root(key: &str) -> Option<&str> {
    let mut start = 0;
    for (slash, _) in key.match_indices('/') {
        if is_year_first(&key[start..slash]) {
            return Some(&key[..start]);
        }
        start = slash + 1;
    }
    None
}

/// The last of some prefixes (each ends in `/`) that goes on with a date.
pub fn last<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    prefixes
        .into_iter()
        .filter(|prefix| prefix.trim_end_matches('/').rsplit('/').next().is_some_and(is_date_part))
        .max()
}

/// `2026`, `2026-11-21`, `20261121`, `year=2026`.
fn is_year_first(part: &str) -> bool {
    let digits = value(part);
    is_date_part(part) && (digits.starts_with("20") || digits.starts_with("19")) && digits.len() >= 4
}

/// `11`, `month=11`, `2026-11-21T08`.
fn is_date_part(part: &str) -> bool {
    let value = value(part);
    (1..=13).contains(&value.len())
        && value.starts_with(|c: char| c.is_ascii_digit())
        && value.chars().all(|c| c.is_ascii_digit() || c == '-' || c == 'T')
}

fn value(part: &str) -> &str {
    part.split_once('=').map_or(part, |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("sales/2026/11/21/08/x.json", Some("sales/"))]
    #[case("2026/11/x", Some(""))]
    #[case("a/b/dt=2026-11-21/x", Some("a/b/"))]
    #[case("a/20261121/x", Some("a/"))]
    #[case("a/12/x", None)]
    #[case("2026.json", None)]
    #[case("orders/ab20/x", None)]
    fn roots(#[case] key: &str, #[case] before: Option<&str>) {
        assert_eq!(root(key), before);
    }

    #[rstest]
    #[case(&["a/2025/", "a/2026/", "a/tmp/"], Some("a/2026/"))]
    #[case(&["a/month=09/", "a/month=11/"], Some("a/month=11/"))]
    #[case(&["a/tmp/"], None)]
    #[case(&[], None)]
    fn lasts(#[case] prefixes: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(last(prefixes.iter().copied()), expected);
    }

    proptest! {
        #[test]
        fn a_root_is_the_start_of_its_key(key in "[a-z0-9/=\\-é]*") {
            if let Some(before) = root(&key) {
                prop_assert!(key.starts_with(before) && (before.is_empty() || before.ends_with('/')));
            }
        }
    }
}
