//! An instant as it is written on the command line: so long ago, or a time stamp.

use jiff::{Span, SpanRelativeTo, Timestamp, civil::DateTime, tz::TimeZone};

/// `1h`, `10m`, `2d` are so long ago; a time without a zone is that of this machine.
pub fn instant(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    let ago = text.strip_suffix("ago").unwrap_or(text).trim();
    if let Ok(span) = ago.parse::<Span>()
        && let Ok(duration) = span.to_duration(SpanRelativeTo::days_are_24_hours())
    {
        return now.checked_sub(duration.abs()).map_err(|_| format!("'{text}' is too long ago"));
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let civil = text.parse::<DateTime>().ok().and_then(|local| local.to_zoned(TimeZone::system()).ok());
    civil
        .map(|local| local.timestamp())
        .ok_or_else(|| format!("'{text}' is no time; write 10m, 1h, 2d for so long ago, or 2026-11-21T10:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1h", 1_799_996_400)]
    #[case("10m", 1_799_999_400)]
    #[case("90 s", 1_799_999_910)]
    #[case("1h30m", 1_799_994_600)]
    #[case("2d", 1_799_827_200)]
    #[case("1h ago", 1_799_996_400)]
    #[case("now", 1_800_000_000)]
    #[case("2026-11-21T10:00:00Z", 1_795_255_200)]
    #[case("2026-11-21T10:00:00+01:00", 1_795_251_600)]
    fn instants(#[case] text: &str, #[case] second: i64) {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        assert_eq!(instant(text, now).map(|at| at.as_second()), Ok(second));
    }

    #[rstest]
    #[case("yesterday")]
    #[case("")]
    #[case("99999999999999h")]
    #[case("2026-13-01T00:00:00Z")]
    fn what_is_no_time_is_said(#[case] text: &str) {
        assert!(instant(text, Timestamp::UNIX_EPOCH).unwrap_err().contains(&format!("'{text}'")));
    }

    #[test]
    fn a_time_without_a_zone_is_ours() {
        let local = instant("2026-11-21T10:00:00", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(local.to_zoned(TimeZone::system()).datetime().hour(), 10);
    }
}
