//! How edatop looks: roles, palettes, theme files, colour depth and glyphs.
//!
//! A widget or pane never names a colour. It names a [`Role`] ("this is a warning") and asks the [`Theme`] for the
//! style, so a theme file, a 16-colour terminal and `NO_COLOR` all work without anyone drawing differently.
//!
//! | file | what |
//! |---|---|
//! | `roles` | the closed list of roles: one table that feeds the parser, the warnings and the documentation |
//! | `palette` | colours as people write them, and one role's style |
//! | `file` | the format of `themes/*.toml` |
//! | `load` | the user's folder first, then the embedded themes; mistakes become warnings |
//! | `shelf` | all themes at hand, so that changing one needs no file |
//! | `depth` | what the terminal can show, and a theme converted to it |
//! | `colour` | perceptual distance and contrast: the arithmetic behind `depth` and the tests |
//! | `glyphs` | every non-text symbol, in Unicode and in ASCII |
//!
//! Colour means health and nothing else, plus one accent for focus; everything healthy is quiet.
//!
//! Must not: know AWS, read the clock or the environment, end the process. Only `load` reads files, and only when asked.
//!
//! To add a theme: one file in `themes/`. To add a role: one row in `roles`, then its line in `themes/dark.toml` and
//! `themes/light.toml` (a test tells you if you forget).

mod colour;
mod depth;
mod file;
mod glyphs;
mod load;
mod palette;
mod roles;
mod shelf;

pub use depth::{ColorDepth, detect};
pub use file::Appearance;
pub use glyphs::{ASCII, Glyphs, UNICODE};
pub use load::Warning;
pub use roles::{ROLES, Role, RoleRow};
pub use shelf::Shelf;

use ratatui::style::Style;

/// The theme used when none is named.
pub const DEFAULT: &str = "dark";

/// A loaded theme: one style for each role, and the glyph set. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    name: String,
    appearance: Appearance,
    depth: ColorDepth,
    styles: [Style; Role::COUNT],
    /// The symbols to draw with.
    pub glyphs: &'static Glyphs,
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        // The array is as long as the enum, so the fallback is unreachable; `get` keeps that a non-event if it changes.
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// The name it was loaded by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was made for a dark or a light terminal.
    pub fn appearance(&self) -> Appearance {
        self.appearance
    }

    /// The colours it is limited to.
    pub fn depth(&self) -> ColorDepth {
        self.depth
    }

    /// The same theme drawn with `glyphs` ([`UNICODE`] or [`ASCII`]).
    #[must_use]
    pub fn with_glyphs(mut self, glyphs: &'static Glyphs) -> Self {
        self.glyphs = glyphs;
        self
    }
}

/// The default theme as embedded in the binary.
impl Default for Theme {
    fn default() -> Self {
        Self::load(DEFAULT, None).0
    }
}
