//! What the terminal can show, and a theme converted to it.
//!
//! [`detect`] is pure: it is given a way to look variables up and never reads the environment itself. The conversion runs
//! once, when a theme is loaded. Without colour, meaning survives as bold, reversed and underlined.

use ratatui::style::{Color, Modifier, Style};

use super::colour::Oklab;
use super::{ROLES, Role, Theme};

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None at all: modifiers only.
    None,
    /// The sixteen ANSI colours, whose look the user chose.
    Ansi16,
    /// The xterm palette: 6×6×6 cube and 24 greys.
    Ansi256,
    /// 24 bits.
    True,
}

/// Decides the depth from `NO_COLOR`, `COLORTERM` and `TERM`, in that order.
///
/// `NO_COLOR` counts when it is set and not empty (<https://no-color.org>).
pub fn detect(lookup: impl Fn(&str) -> Option<String>) -> ColorDepth {
    let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
    if get("NO_COLOR").is_some() {
        return ColorDepth::None;
    }
    let term = get("TERM").unwrap_or_default();
    if term == "dumb" || term.starts_with("vt1") || term.starts_with("vt2") {
        return ColorDepth::None;
    }
    if get("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit"))
        || term.ends_with("-direct")
    {
        return ColorDepth::True;
    }
    // Terminals that have had 24 bits since their first release, for when COLORTERM is lost on the way (ssh, sudo).
    if ["xterm-kitty", "alacritty", "xterm-ghostty", "wezterm", "foot"].contains(&term.as_str()) {
        return ColorDepth::True;
    }
    if term.contains("256color") { ColorDepth::Ansi256 } else { ColorDepth::Ansi16 }
}

impl Theme {
    /// The same theme with its colours converted to the nearest ones `depth` has.
    #[must_use]
    pub fn at_depth(&self, depth: ColorDepth) -> Self {
        let mut theme = self.clone();
        theme.depth = depth;
        for (style, row) in theme.styles.iter_mut().zip(ROLES) {
            *style = convert(*style, row.role, depth);
        }
        theme
    }
}

fn convert(style: Style, role: Role, depth: ColorDepth) -> Style {
    let mut converted = Style {
        fg: style.fg.and_then(|color| color_at(color, depth)),
        bg: style.bg.and_then(|color| color_at(color, depth)),
        underline_color: style.underline_color.and_then(|color| color_at(color, depth)),
        ..style
    };
    // A quiet background does not survive sixteen colours (it would become the terminal's own), reversing does.
    if role == Role::Selection && depth <= ColorDepth::Ansi16 {
        converted.bg = None;
        converted = converted.add_modifier(Modifier::REVERSED);
    }
    if depth == ColorDepth::None {
        converted = converted.add_modifier(without_colour(role));
    }
    converted
}

/// What a role looks like when colour cannot say it.
fn without_colour(role: Role) -> Modifier {
    match role {
        Role::Crit => Modifier::BOLD.union(Modifier::REVERSED),
        Role::Warn | Role::Title | Role::Key => Modifier::BOLD,
        Role::Accent => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Match => Modifier::UNDERLINED,
        Role::Dim | Role::Stale | Role::Border => Modifier::DIM,
        _ => Modifier::empty(),
    }
}

fn color_at(color: Color, depth: ColorDepth) -> Option<Color> {
    match (depth, color) {
        (ColorDepth::None, _) => None,
        (ColorDepth::Ansi256, Color::Rgb(r, g, b)) => Some(nearest_256((r, g, b))),
        (ColorDepth::Ansi16, Color::Rgb(r, g, b)) => Some(nearest_16((r, g, b))),
        (ColorDepth::Ansi16, Color::Indexed(index)) => Some(match index {
            0..16 => color,
            _ => nearest_16(xterm(index)),
        }),
        _ => Some(color),
    }
}

/// The nearest of the 240 fixed xterm colours; the first sixteen are the user's and mean nothing definite.
fn nearest_256(rgb: (u8, u8, u8)) -> Color {
    let wanted = Oklab::from_rgb(rgb);
    let best = (16..=255_u8).min_by(|one, other| {
        let distance = |index: u8| Oklab::from_rgb(xterm(index)).distance(wanted);
        distance(*one).total_cmp(&distance(*other))
    });
    Color::Indexed(best.unwrap_or(15))
}

/// The colour of an xterm index of 16 or more.
fn xterm(index: u8) -> (u8, u8, u8) {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |digit: u8| STEPS.get(usize::from(digit % 6)).copied().unwrap_or(255);
    match index {
        232.. => (8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10),
        _ => {
            let cube = index.saturating_sub(16);
            (step(cube / 36), step(cube / 6), step(cube))
        }
    }
}

/// One of the sixteen by hue first: what a terminal shows for them differs, but red is red everywhere. Going by distance
/// would turn every soft colour into grey and lose its meaning.
fn nearest_16(rgb: (u8, u8, u8)) -> Color {
    let color = Oklab::from_rgb(rgb);
    if color.chroma() < 0.045 {
        return match color.lightness {
            l if l < 0.25 => Color::Black,
            l if l < 0.70 => Color::DarkGray,
            l if l < 0.90 => Color::Gray,
            _ => Color::White,
        };
    }
    let light = color.lightness > 0.62;
    let pick = |dark, bright| if light { bright } else { dark };
    match color.hue() {
        h if h < 62.0 => pick(Color::Red, Color::LightRed),
        h if h < 122.0 => pick(Color::Yellow, Color::LightYellow),
        h if h < 172.0 => pick(Color::Green, Color::LightGreen),
        h if h < 225.0 => pick(Color::Cyan, Color::LightCyan),
        h if h < 290.0 => pick(Color::Blue, Color::LightBlue),
        h if h < 350.0 => pick(Color::Magenta, Color::LightMagenta),
        _ => pick(Color::Red, Color::LightRed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides() {
        for (no_color, colorterm, term, want) in [
            (Some("1"), Some("truecolor"), Some("xterm-256color"), ColorDepth::None),
            (Some(""), Some("truecolor"), Some("xterm"), ColorDepth::True),
            (None, Some("24bit"), Some("xterm"), ColorDepth::True),
            (None, Some("24bit"), Some("dumb"), ColorDepth::None),
            (None, Some("yes"), Some("xterm-256color"), ColorDepth::Ansi256),
            (None, None, Some("tmux-256color"), ColorDepth::Ansi256),
            (None, None, Some("xterm-kitty"), ColorDepth::True),
            (None, None, Some("xterm-direct"), ColorDepth::True),
            (None, None, Some("linux"), ColorDepth::Ansi16),
            (None, None, Some("vt100"), ColorDepth::None),
            (None, None, None, ColorDepth::Ansi16),
        ] {
            let found = detect(|name| {
                let value = match name {
                    "NO_COLOR" => no_color,
                    "COLORTERM" => colorterm,
                    "TERM" => term,
                    _ => None,
                };
                value.map(str::to_owned)
            });
            assert_eq!(found, want, "{no_color:?} {colorterm:?} {term:?}");
        }
    }

    #[test]
    fn nearest_of_256() {
        for (rgb, want) in [((255, 0, 0), 196), ((0, 0, 0), 16), ((255, 255, 255), 231), ((0x80, 0x80, 0x80), 244)] {
            assert_eq!(nearest_256(rgb), Color::Indexed(want), "{rgb:?}");
        }
        assert_eq!(
            (xterm(16), xterm(231), xterm(208), xterm(255)),
            ((0, 0, 0), (255, 255, 255), (255, 135, 0), (238, 238, 238))
        );
    }

    #[test]
    fn soft_colours_keep_their_hue_in_sixteen() {
        for (rgb, want) in [
            ((0xff, 0x6b, 0x7d), Color::LightRed),
            ((0xe6, 0xb4, 0x55), Color::LightYellow),
            ((0x7c, 0xcf, 0xa0), Color::LightGreen),
            ((0x7f, 0xb4, 0xff), Color::LightBlue),
            ((0xc0, 0x26, 0x40), Color::Red),
            ((0x1f, 0x7a, 0x4d), Color::Green),
            ((0x10, 0x10, 0x10), Color::Black),
            ((0xff, 0xff, 0xff), Color::White),
            ((0x8b, 0x91, 0xa3), Color::DarkGray),
        ] {
            assert_eq!(nearest_16(rgb), want, "{rgb:?}");
        }
    }

    #[test]
    fn without_colour_nothing_has_a_colour_and_crit_still_stands_out() {
        let theme = Theme::default().at_depth(ColorDepth::None);
        for row in ROLES {
            let style = theme.style(row.role);
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{}", row.key);
        }
        let shown = |role| theme.style(role).add_modifier;
        assert!(shown(Role::Crit).contains(Modifier::BOLD | Modifier::REVERSED));
        assert!(shown(Role::Selection).contains(Modifier::REVERSED));
        assert_ne!(shown(Role::Warn), shown(Role::Text));
        assert_ne!(shown(Role::Warn), shown(Role::Crit));
    }

    #[test]
    fn true_colour_changes_nothing() {
        let theme = Theme::default();
        assert_eq!(theme.at_depth(ColorDepth::True), theme);
        let fewer = theme.at_depth(ColorDepth::Ansi256);
        assert!(matches!(fewer.style(Role::Crit).fg, Some(Color::Indexed(16..))));
        assert_eq!(fewer.depth(), ColorDepth::Ansi256);
    }
}
