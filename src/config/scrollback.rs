//! How much memory the lines of an open log reader may take: a size with its unit, between bounds.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    domain::units::Bytes,
    inspect::tail::book::{LEAST_MEMORY, Limits},
};

/// More than this is no scrollback: what is older is on disk, and read back when somebody goes there.
const MOST: u64 = 16 << 30;
/// By name, in bytes. What counts in thousands is what others mean by it.
const UNITS: [(&str, u64); 6] =
    [("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000)];

/// Bytes of lines in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scrollback(pub usize);

impl Default for Scrollback {
    fn default() -> Self {
        Self(Limits::default().memory)
    }
}

impl FromStr for Scrollback {
    type Err = String;

    /// `64 MiB`, `64MiB`, `1.5 GiB`, `500 MB`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
        let unit = unit.trim().to_ascii_lowercase();
        let number: f64 = number.parse().map_err(|_| format!("'{text}' is no size: write one such as '64 MiB'"))?;
        if unit.is_empty() {
            return Err(format!("'{text}' has no unit: write '{text} MiB', or KiB, GiB, kB, MB, GB"));
        }
        let Some((_, bytes)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("'{unit}' is no unit: KiB, MiB, GiB, kB, MB and GB are"));
        };
        let bytes = number * *bytes as f64;
        if !(LEAST_MEMORY as f64..=MOST as f64).contains(&bytes) {
            let (least, most) = (Bytes(LEAST_MEMORY as f64), Bytes(MOST as f64));
            return Err(format!("'{text}' is not between {least} and {most}"));
        }
        // As large as the bounds allow, which fits.
        usize::try_from(bytes as u64).map(Self).map_err(|_| format!("'{text}' is more than this machine can address"))
    }
}

impl<'de> Deserialize<'de> for Scrollback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A number alone is a mistake of its own, and worth better words than that it is no text.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Number(toml::Value),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Text(text) => text,
            Written::Number(other) => other.to_string(),
        };
        text.parse().map_err(|mistake| D::Error::custom(format!("scrollback: {mistake}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("64 MiB", 64 << 20)]
    #[case(" 64mib ", 64 << 20)]
    #[case("1.5GiB", 3 << 29)]
    #[case("500 MB", 500_000_000)]
    #[case("10 MiB", LEAST_MEMORY)]
    #[case("16 GiB", MOST as usize)]
    fn a_size_has_a_unit(#[case] text: &str, #[case] bytes: usize) {
        assert_eq!(text.parse(), Ok(Scrollback(bytes)));
    }

    #[rstest]
    #[case("64", "has no unit: write '64 MiB'")]
    #[case("64 lines", "'lines' is no unit")]
    #[case("9 MiB", "not between 10.0 MiB and 16.0 GiB")]
    #[case("17 GiB", "not between")]
    #[case("much", "'much' is no size")]
    #[case("", "'' is no size")]
    #[case("1.2.3 MiB", "is no size")]
    #[case("-1 MiB", "is no size")]
    #[case("99999999999999999999999999 GiB", "not between")]
    fn a_mistake_is_said(#[case] text: &str, #[case] said: &str) {
        let mistake = text.parse::<Scrollback>().unwrap_err();
        assert!(mistake.contains(said), "{mistake}");
    }
}
