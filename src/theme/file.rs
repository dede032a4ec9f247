//! The format of a theme file, and where in the file each thing stands.
//!
//! ```toml
//! inherits = "dark"        # everything not said here comes from there
//! appearance = "dark"      # or "light": the terminal it was made for
//!
//! [palette]
//! coral = "#ff6b7d"        # or an ANSI name, or an index 0-255
//!
//! [roles]
//! crit = { fg = "coral", modifiers = ["bold"] }
//! link = "dark-gray"       # short for { fg = "dark-gray" }
//! ```
//!
//! This file knows shape and line numbers only; what a colour or a role means is `palette` and `roles`.
//! To add a field: here, with `deny_unknown_fields` kept, and in `load`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use toml::Spanned;

/// The terminal a theme was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Appearance {
    /// Light text on a dark background.
    #[default]
    Dark,
    /// Dark text on a light background.
    Light,
}

/// A theme file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThemeFile {
    pub inherits: Option<Spanned<String>>,
    pub appearance: Option<Appearance>,
    #[serde(default)]
    pub palette: BTreeMap<Spanned<String>, ColorSpec>,
    #[serde(default)]
    pub roles: BTreeMap<Spanned<String>, StyleSpec>,
}

/// A colour as written, not yet understood.
#[derive(Debug)]
pub(super) struct ColorSpec(pub String);

/// One role as written, not yet understood.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub(super) struct StyleSpec {
    #[serde(deserialize_with = "optional_color")]
    pub fg: Option<String>,
    #[serde(deserialize_with = "optional_color")]
    pub bg: Option<String>,
    pub modifiers: Vec<String>,
}

/// Why a file could not be read as a theme at all.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub line: Option<usize>,
    pub reason: String,
}

/// Reads a whole file.
pub(super) fn parse(text: &str) -> Result<ThemeFile, Malformed> {
    toml::from_str(text).map_err(|error| Malformed {
        line: error.span().map(|span| line_at(text, span.start)),
        reason: error.message().to_owned(),
    })
}

/// The line, counted from one, that holds the byte at `offset`.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn optional_color<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    ColorSpec::deserialize(deserializer).map(|spec| Some(spec.0))
}

impl<'de> Deserialize<'de> for ColorSpec {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColorVisitor;
        impl Visitor<'_> for ColorVisitor {
            type Value = ColorSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a colour: \"#rrggbb\", an ANSI name, or 0-255")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ColorSpec, E> {
                Ok(ColorSpec(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, index: i64) -> Result<ColorSpec, E> {
                Ok(ColorSpec(index.to_string()))
            }
        }
        deserializer.deserialize_any(ColorVisitor)
    }
}

impl<'de> Deserialize<'de> for StyleSpec {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StyleVisitor;
        impl<'de> Visitor<'de> for StyleVisitor {
            type Value = StyleSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a colour, or a table with fg, bg and modifiers")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<StyleSpec, E> {
                Ok(StyleSpec { fg: Some(text.to_owned()), ..StyleSpec::default() })
            }

            fn visit_i64<E: Error>(self, index: i64) -> Result<StyleSpec, E> {
                Ok(StyleSpec { fg: Some(index.to_string()), ..StyleSpec::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StyleSpec, A::Error> {
                // The derived reader, reachable under this name because of `remote = "Self"`.
                StyleSpec::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(StyleVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_is_read() {
        let file = parse(
            "inherits = 'dark'\nappearance = 'light'\n[palette]\nsea = '#102030'\nsand = 222\n[roles]\nok = 'sea'\n\
             warn = 3\ncrit = { fg = 'sea', bg = 4, modifiers = ['bold'] }\n",
        )
        .unwrap();
        assert_eq!(file.inherits.unwrap().as_ref(), "dark");
        assert_eq!(file.appearance, Some(Appearance::Light));
        assert_eq!(file.palette["sand"].0, "222");
        assert_eq!(file.roles["ok"].fg.as_deref(), Some("sea"));
        assert_eq!(file.roles["warn"].fg.as_deref(), Some("3"));
        assert_eq!(file.roles["crit"].bg.as_deref(), Some("4"));
        assert_eq!(file.roles["crit"].modifiers, ["bold"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, line, says) in [
            ("[palette]\nred = \n", 2, "string"),
            ("\ninherit = 'dark'\n", 2, "unknown field"),
            ("[roles]\n\nok = { foreground = 'red' }\n", 3, "unknown field"),
            ("[roles]\nok = true\n", 2, "a colour, or a table"),
            ("appearance = 'dusk'\n", 1, "unknown variant"),
        ] {
            let wrong = parse(text).unwrap_err();
            assert_eq!(wrong.line, Some(line), "{text:?}: {wrong:?}");
            assert!(wrong.reason.contains(says), "{text:?}: {wrong:?}");
        }
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!((line_at("", 0), line_at("a\nb", 1), line_at("a\nb", 2), line_at("a\n", 99)), (1, 1, 2, 2));
    }
}
