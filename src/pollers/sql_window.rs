//! How long the window of an application's SQL is, where the code says so in one way only. Pure, and never a guess.
//!
//! Tumbling windows are written `STEP(… BY INTERVAL '60' SECOND)` and, by the standard, `TUMBLE(…, INTERVAL '1' MINUTE)`. Code
//! that has several lengths, or one that is not a plain number, has none that could be told in one word.

/// Seconds of the one tumbling window.
pub fn seconds(sql: &str) -> Option<u64> {
    let tokens = tokens(sql);
    let mut found = None;
    for at in opens(&tokens) {
        let seconds = interval_within(&tokens[at..])?;
        if found.replace(seconds).is_some_and(|other| other != seconds) {
            return None;
        }
    }
    found
}

/// Where the brackets of a `STEP` or `TUMBLE` begin.
fn opens(tokens: &[String]) -> Vec<usize> {
    let calls = tokens.windows(2).enumerate();
    calls
        .filter(|(_, pair)| matches!(pair[0].as_str(), "STEP" | "TUMBLE") && pair[1] == "(")
        .map(|(at, _)| at + 1)
        .collect()
}

/// The one `INTERVAL '60' SECOND` between these brackets.
fn interval_within(tokens: &[String]) -> Option<u64> {
    let (mut depth, mut found) = (0, None);
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "(" => depth += 1,
            ")" if depth == 1 => return found,
            ")" => depth -= 1,
            "INTERVAL" if found.is_some() => return None,
            "INTERVAL" => found = Some(interval(&tokens[at + 1..])?),
            _ => {}
        }
    }
    // The bracket is never closed: this is no SQL that we can read.
    None
}

/// `'60' SECOND`, `'1' MINUTE`; none of `'1:30' MINUTE TO SECOND`.
fn interval(tokens: &[String]) -> Option<u64> {
    let [amount, unit, rest @ ..] = tokens else { return None };
    if rest.first().is_some_and(|next| next == "TO") {
        return None;
    }
    let amount: u64 = amount.strip_prefix('\'')?.strip_suffix('\'')?.trim().parse().ok()?;
    let unit = match unit.as_str() {
        "SECOND" | "SECONDS" => 1,
        "MINUTE" | "MINUTES" => 60,
        "HOUR" | "HOURS" => 3_600,
        "DAY" | "DAYS" => 86_400,
        _ => return None,
    };
    amount.checked_mul(unit).filter(|seconds| *seconds > 0)
}

/// Words in capitals, literals with their quotes, and single signs. Comments are not there.
fn tokens(sql: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '-' if rest.starts_with("--") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let token = &rest[..end];
        if !first.is_whitespace() {
            tokens.push(if is_word(first) { token.to_ascii_uppercase() } else { token.to_owned() });
        }
        rest = &rest[end..];
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const STEP: &str = r#"CREATE OR REPLACE PUMP "P" AS INSERT INTO "REVENUE"
        SELECT STREAM STEP("S".ROWTIME BY INTERVAL '60' SECOND) AS t, "store", SUM("price") -- per store
        FROM "SOURCE_SQL_STREAM_001" AS "S" GROUP BY "store", STEP("S".ROWTIME BY INTERVAL '1' MINUTE);"#;

    #[rstest]
    #[case(STEP, Some(60))]
    #[case("select * from table(tumble(table sales, descriptor(t), interval '5' minutes))", Some(300))]
    #[case("GROUP BY TUMBLE(t, INTERVAL '1' HOUR)", Some(3_600))]
    // Two lengths, a composed length, one that slides, one that is not a number.
    #[case("STEP(a BY INTERVAL '60' SECOND) STEP(a BY INTERVAL '10' SECOND)", None)]
    #[case("STEP(a BY INTERVAL '1:30' MINUTE TO SECOND)", None)]
    #[case("SUM(a) OVER (RANGE INTERVAL '10' SECOND PRECEDING)", None)]
    #[case("STEP(a BY INTERVAL 'x' SECOND)", None)]
    #[case("STEP(a BY INTERVAL '0' SECOND)", None)]
    // Words that are no code.
    #[case("-- STEP(a BY INTERVAL '60' SECOND)", None)]
    #[case("/* STEP(a BY INTERVAL '60' SECOND) */ SELECT 1", None)]
    #[case("SELECT 'STEP(a BY INTERVAL ''60'' SECOND)'", None)]
    #[case("STEP(a BY INTERVAL '60' SECOND", None)]
    #[case("MISSTEP(a BY INTERVAL '60' SECOND)", None)]
    #[case("", None)]
    fn windows(#[case] sql: &str, #[case] expected: Option<u64>) {
        assert_eq!(seconds(sql), expected);
    }

    proptest! {
        #[test]
        fn never_panics(sql in "\\PC*") { seconds(&sql); }

        #[test]
        fn never_panics_near_sql(sql in "(STEP|TUMBLE|[(]|[)]|INTERVAL|'[0-9]{0,25}'|MINUTE|'|/[*]|--| |\n|é)*") {
            seconds(&sql);
        }
    }
}
