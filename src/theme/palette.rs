//! Colours as people write them, and how a role's line in a theme file becomes a style.
//!
//! A colour is `"#rrggbb"`, an ANSI name (`"red"`, `"light-blue"`, `"dark-gray"`, `"reset"`) or an index 0-255. A role may also
//! use a name from `[palette]`. Pure. To accept another notation: [`color`].

use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use super::file::StyleSpec;

/// Colours by name. A name defined here wins over an ANSI name, so a theme may say what its `red` is.
pub(super) type Palette = BTreeMap<String, Color>;

/// The modifiers a theme may name.
const MODIFIERS: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

/// Reads one colour. The error is the reason in words.
pub(super) fn color(text: &str) -> Result<Color, String> {
    Color::from_str(text).map_err(|_| {
        format!("'{text}' is not a colour; write \"#rrggbb\", an ANSI name such as \"light-blue\", or 0-255")
    })
}

/// Makes a style of one role's specification. The error is the reason in words.
pub(super) fn style(spec: &StyleSpec, palette: &Palette) -> Result<Style, String> {
    let mut style = Style::new();
    if let Some(name) = &spec.fg {
        style = style.fg(named(name, palette)?);
    }
    if let Some(name) = &spec.bg {
        style = style.bg(named(name, palette)?);
    }
    for name in &spec.modifiers {
        style = style.add_modifier(modifier(name)?);
    }
    Ok(style)
}

fn named(name: &str, palette: &Palette) -> Result<Color, String> {
    match palette.get(name) {
        Some(found) => Ok(*found),
        None => color(name).map_err(|reason| format!("{reason}, or a name from [palette]")),
    }
}

fn modifier(name: &str) -> Result<Modifier, String> {
    MODIFIERS.iter().find(|(key, _)| *key == name).map(|(_, modifier)| *modifier).ok_or_else(|| {
        let known: Vec<&str> = MODIFIERS.iter().map(|(key, _)| *key).collect();
        format!("'{name}' is not a modifier; there are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(fg: &str, modifiers: &[&str]) -> StyleSpec {
        StyleSpec { fg: Some(fg.into()), bg: None, modifiers: modifiers.iter().map(|m| (*m).into()).collect() }
    }

    #[test]
    fn colours_in_every_notation() {
        for (text, want) in [
            ("#0a0B0c", Color::Rgb(10, 11, 12)),
            ("light-blue", Color::LightBlue),
            ("LightBlue", Color::LightBlue),
            ("208", Color::Indexed(208)),
            ("reset", Color::Reset),
        ] {
            assert_eq!(color(text), Ok(want), "{text}");
        }
        for wrong in ["", "#fff", "#12345g", "256", "-1", "blurple", "#é12345"] {
            assert!(color(wrong).unwrap_err().contains("#rrggbb"), "{wrong}");
        }
    }

    #[test]
    fn the_palette_wins_over_ansi_names() {
        let palette = Palette::from([("red".to_owned(), Color::Rgb(1, 2, 3))]);
        assert_eq!(style(&spec("red", &["bold"]), &palette), Ok(Style::new().fg(Color::Rgb(1, 2, 3)).bold()));
        assert_eq!(style(&spec("blue", &[]), &palette), Ok(Style::new().fg(Color::Blue)));
        assert!(style(&spec("rouge", &[]), &palette).unwrap_err().contains("[palette]"));
        assert!(style(&spec("red", &["blinking"]), &palette).unwrap_err().contains("bold, dim"));
    }
}
