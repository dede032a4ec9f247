//! Numbers as people say them. Each wrapper formats one unit and rounds to what matters.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// A span of time in seconds: `<1 s`, `42 s`, `22 min`, `3 h 05 min`, `3 d 21 h`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Age(pub f64);

impl Age {
    /// From one instant to another; zero if the clock went backwards.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        Self(to.duration_since(from).max(SignedDuration::ZERO).as_secs_f64())
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = if self.0.is_finite() { self.0.max(0.0) } else { return f.pad("∞") };
        let whole = seconds as u64;
        let text = match whole {
            0 => "<1 s".to_owned(),
            1..120 => format!("{whole} s"),
            120..7200 => format!("{} min", whole / 60),
            7200..172_800 if whole % 3600 < 60 => format!("{} h", whole / 3600),
            7200..172_800 => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
            _ if whole % 86_400 < 3600 => format!("{} d", whole / 86_400),
            _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
        };
        f.pad(&text)
    }
}

/// A whole number of things, shortened above ten thousand: `412`, `9,999`, `12.4k`, `3.1M`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Count(pub f64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        let text = if !n.is_finite() {
            "?".to_owned()
        } else if n.abs() < 1_000.0 {
            format!("{n:.0}")
        } else if n.abs() < 9_999.5 {
            let n = n.round() as i64;
            format!("{},{:03}", n / 1000, (n % 1000).abs())
        } else {
            shortened(n, 1000.0, &["", "k", "M", "G", "T"])
        };
        f.pad(&text)
    }
}

/// Bytes, in steps of 1,024: `512 B`, `3.4 KiB`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Bytes(pub f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&shortened(self.0, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB"]))
    }
}

/// Things per second: `0`, `0.2`, `14`, `1.2k`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct PerSecond(pub f64);

impl fmt::Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        let text = match n.abs() {
            n if n < 0.005 => "0".to_owned(),
            n if n < 0.095 => format!("{n:.2}"),
            n if n < 9.95 => format!("{n:.1}"),
            _ => Count(n.abs()).to_string(),
        };
        f.pad(&if n < 0.0 && text != "0" { format!("-{text}") } else { text })
    }
}

/// Things per second of which only a part was seen: `≥0.2`. None seen is written plain: "at least none" says no more.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct AtLeastPerSecond(pub f64);

impl fmt::Display for AtLeastPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = PerSecond(self.0).to_string();
        f.pad(&if rate == "0" { rate } else { format!("≥{rate}") })
    }
}

/// US dollars: `$0.00`, `$1.44`, `$120`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Dollars(pub f64);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&if self.0.abs() < 99.995 { format!("${:.2}", self.0) } else { format!("${:.0}", self.0) })
    }
}

fn shortened(n: f64, step: f64, units: &[&str]) -> String {
    let (mut n, mut unit) = (n, 0);
    while n.abs() >= step - 0.05 && unit + 1 < units.len() {
        n /= step;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && n.abs() < 99.95);
    format!("{n:.digits$}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0.2, "<1 s")]
    #[case(-5.0, "<1 s")]
    #[case(42.0, "42 s")]
    #[case(1320.0, "22 min")]
    #[case(11_100.0, "3 h 05 min")]
    #[case(334_800.0, "3 d 21 h")]
    #[case(f64::INFINITY, "∞")]
    fn ages(#[case] seconds: f64, #[case] text: &str) {
        assert_eq!(Age(seconds).to_string(), text);
    }

    #[rstest]
    #[case(0.0, "0")]
    #[case(412.0, "412")]
    #[case(9_999.0, "9,999")]
    #[case(12_400.0, "12.4k")]
    #[case(999_960.0, "1.0M")]
    #[case(f64::NAN, "?")]
    fn counts(#[case] n: f64, #[case] text: &str) {
        assert_eq!(Count(n).to_string(), text);
    }

    #[rstest]
    #[case(512.0, "512 B")]
    #[case(3500.0, "3.4 KiB")]
    #[case(1_048_576.0, "1.0 MiB")]
    fn bytes(#[case] n: f64, #[case] text: &str) {
        assert_eq!(Bytes(n).to_string(), text);
    }

    #[rstest]
    #[case(0.0, "0")]
    #[case(0.2, "0.2")]
    #[case(14.4, "14")]
    #[case(-0.5, "-0.5")]
    #[case(1200.0, "1,200")]
    fn rates(#[case] n: f64, #[case] text: &str) {
        assert_eq!(PerSecond(n).to_string(), text);
    }

    #[rstest]
    #[case(0.0, "0")]
    #[case(0.004, "0")]
    #[case(0.2, "≥0.2")]
    #[case(14.4, "≥14")]
    fn rates_seen_in_part(#[case] n: f64, #[case] text: &str) {
        assert_eq!(AtLeastPerSecond(n).to_string(), text);
    }
}
