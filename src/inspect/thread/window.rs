//! The time that a thread is searched in, as it is written: around an instant, or back from now. Pure: now and the zone are given.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp, Zoned, civil, tz::TimeZone};

use crate::redrive::why::lines::Span;

/// What is searched where nothing is said.
const WITHIN: Duration = Duration::from_hours(1);
/// No window reaches further.
const FURTHEST_S: u64 = 14 * 86_400;

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its middle; none for what ends now.
    pub around: Option<Timestamp>,
    /// To either side of it, or back from now.
    pub within: Duration,
}

impl Default for Window {
    fn default() -> Self {
        Self { around: None, within: WITHIN }
    }
}

impl Window {
    /// `10m`: the last ten minutes. `14:03`: an hour to either side of it. `14:03 10m`: ten minutes to either side.
    ///
    /// # Errors
    /// When it is none of these, in words.
    pub fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        if let Ok(within) = duration(text) {
            return Ok(Self { around: None, within });
        }
        if let Ok(at) = moment(text, now, zone) {
            return Ok(Self { around: Some(at), ..Self::default() });
        }
        match text.rsplit_once(char::is_whitespace) {
            Some((at, within)) if duration(within).is_ok() => {
                Ok(Self { around: Some(moment(at.trim(), now, zone)?), within: duration(within)? })
            }
            _ => Err(format!("'{text}' is no time: give 10m for the last ten minutes, 14:03, or 14:03 10m")),
        }
    }

    /// From when to when.
    pub fn span(&self, now: Timestamp) -> Span {
        let ms = i64::try_from(self.within.as_millis()).unwrap_or(i64::MAX / 4);
        match self.around {
            Some(at) => {
                let at = at.as_millisecond();
                Span { from_ms: at.saturating_sub(ms), to_ms: at.saturating_add(ms) }
            }
            None => {
                let to_ms = now.as_millisecond();
                Span { from_ms: to_ms.saturating_sub(ms), to_ms }
            }
        }
    }

    /// As it can be read again.
    pub fn written(&self, zone: &TimeZone) -> String {
        let within = Length(self.within);
        match self.around {
            Some(at) => format!("{} {within}", at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S")),
            None => within.to_string(),
        }
    }

    /// `in the last 1h`, `within 10m of 11-21 14:03:00`.
    pub fn says(&self, zone: &TimeZone) -> String {
        let within = Length(self.within);
        match self.around {
            Some(at) => format!("within {within} of {}", at.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S")),
            None => format!("in the last {within}"),
        }
    }
}

/// A length of time, in the largest unit that it is whole in.
struct Length(Duration);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
        let whole = units.iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
        let (unit, letter) = whole.unwrap_or(&(1, "s"));
        write!(f, "{}{letter}", seconds / unit)
    }
}

/// An instant, a local date and time, or a time of today.
///
/// # Errors
/// When it is none of these, in words.
pub fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = |at: civil::DateTime| at.to_zoned(zone.clone()).map(|at: Zoned| at.timestamp()).ok();
    let today = || {
        let time = text.parse::<civil::Time>().ok()?;
        let at = local(now.to_zoned(zone.clone()).date().to_datetime(time))?;
        // The evening before, just after midnight.
        if at > now { at.checked_sub(SignedDuration::from_hours(24)).ok() } else { Some(at) }
    };
    text.parse::<civil::DateTime>()
        .ok()
        .and_then(local)
        .or_else(today)
        .ok_or_else(|| format!("'{text}' is no time: give 14:03, 2026-11-21T14:03 or 2026-11-21T14:03:07Z"))
}

/// `90s`, `10m`, `2h`, `1d`.
///
/// # Errors
/// When it is no length, or too long a one, in words.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no length of time: give 90s, 10m, 2h or 1d");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    match number.checked_mul(seconds) {
        Some(all) if (1..=FURTHEST_S).contains(&all) => Ok(Duration::from_secs(all)),
        _ => Err(format!("'{text}' is not between a second and 14 days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn now() -> Timestamp {
        "2026-11-21T14:00:00Z".parse().unwrap()
    }

    #[rstest]
    #[case("90s", 90)]
    #[case("10m", 600)]
    #[case("2h", 7_200)]
    #[case("1d", 86_400)]
    #[case("45", 45)]
    fn lengths_of_time(#[case] text: &str, #[case] seconds: u64) {
        assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
    }

    #[rstest]
    #[case("")]
    #[case("m")]
    #[case("0s")]
    #[case("15d")]
    #[case("3w")]
    #[case("99999999999999999999s")]
    fn what_is_no_length(#[case] text: &str) {
        assert!(duration(text).is_err());
    }

    #[rstest]
    #[case("", "2026-11-21T13:00:00Z", "2026-11-21T14:00:00Z")]
    #[case("10m", "2026-11-21T13:50:00Z", "2026-11-21T14:00:00Z")]
    #[case("13:03 5m", "2026-11-21T12:58:00Z", "2026-11-21T13:08:00Z")]
    #[case("23:30 30m", "2026-11-20T23:00:00Z", "2026-11-21T00:00:00Z")]
    #[case("2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z", "2026-11-20T11:00:00Z")]
    #[case("2026-11-20 10:00 1m", "2026-11-20T09:59:00Z", "2026-11-20T10:01:00Z")]
    fn windows(#[case] text: &str, #[case] from: Timestamp, #[case] to: Timestamp) {
        let span = Window::read(text, now(), &TimeZone::UTC).unwrap().span(now());
        assert_eq!((span.from_ms, span.to_ms), (from.as_millisecond(), to.as_millisecond()));
    }

    #[rstest]
    #[case("soon", "is no time")]
    #[case("14:03 soon", "is no time")]
    #[case("soon 10m", "'soon' is no time")]
    fn what_is_no_window_is_said(#[case] text: &str, #[case] part: &str) {
        let why = Window::read(text, now(), &TimeZone::UTC).unwrap_err();
        assert!(why.contains(part), "{why}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(ago in 0_i64..1_000_000, within in 1_u64..FURTHEST_S, is_around: bool) {
            let around = is_around.then(|| Timestamp::from_second(now().as_second() - ago).unwrap());
            let window = Window { around, within: Duration::from_secs(within) };
            prop_assert_eq!(Window::read(&window.written(&TimeZone::UTC), now(), &TimeZone::UTC), Ok(window));
        }
    }
}
