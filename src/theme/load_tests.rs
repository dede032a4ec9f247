//! Tests of finding, inheriting and surviving, and of what every embedded theme promises.

use std::path::PathBuf;

use ratatui::style::{Color, Modifier};

use super::*;
use crate::theme::colour::{self, Oklab, contrast};

/// A folder of theme files that is removed again.
struct Folder(PathBuf);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("edatop-theme-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        for (name, text) in files {
            std::fs::write(path.join(name), text).unwrap();
        }
        Self(path)
    }

    fn load(&self, name: &str) -> (Theme, Vec<Warning>) {
        Theme::load(name, Some(&self.0))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fg(theme: &Theme, role: Role) -> Option<Color> {
    theme.style(role).fg
}

fn rgb(color: Option<Color>) -> (u8, u8, u8) {
    match color {
        Some(Color::Rgb(r, g, b)) => (r, g, b),
        other => panic!("not a true colour: {other:?}"),
    }
}

#[test]
fn the_users_folder_comes_first() {
    let folder = Folder::with(&[("light.toml", "[roles]\nok = '#010203'\n"), ("mine.toml", "[roles]\nwarn = 9\n")]);
    let (light, warnings) = folder.load("light");
    assert_eq!(warnings, []);
    assert_eq!(fg(&light, Role::Ok), Some(Color::Rgb(1, 2, 3)));
    // What it leaves out comes from the embedded theme of the same name.
    let embedded = Theme::load("light", None).0;
    assert_eq!(fg(&light, Role::Crit), fg(&embedded, Role::Crit));
    assert_eq!(light.appearance(), Appearance::Light);
    // And a new one stands on dark.
    let mine = folder.load("mine").0;
    assert_eq!(fg(&mine, Role::Warn), Some(Color::Indexed(9)));
    assert_eq!(fg(&mine, Role::Crit), fg(&Theme::default(), Role::Crit));
    assert!(Theme::names(Some(&folder.0)).contains(&"mine".to_owned()));
}

#[test]
fn a_child_that_redefines_a_colour_recolours_the_roles_of_its_parent() {
    let folder = Folder::with(&[
        ("parent.toml", "[palette]\nsea = '#000001'\n[roles]\nok = 'sea'\nwarn = 'sea'\n"),
        ("child.toml", "inherits = 'parent'\n[palette]\nsea = '#000002'\n[roles]\nwarn = 'white'\n"),
    ]);
    let (theme, warnings) = folder.load("child");
    assert_eq!(warnings, []);
    assert_eq!((fg(&theme, Role::Ok), fg(&theme, Role::Warn)), (Some(Color::Rgb(0, 0, 2)), Some(Color::White)));
    assert_eq!(theme.name(), "child");
}

#[test]
fn a_light_theme_that_inherits_nothing_stands_on_light() {
    let folder = Folder::with(&[("paper.toml", "appearance = 'light'\n[roles]\nok = 'green'\n")]);
    let (theme, warnings) = folder.load("paper");
    assert_eq!(warnings, []);
    assert_eq!(fg(&theme, Role::Text), fg(&Theme::load("light", None).0, Role::Text));
    assert_eq!(theme.appearance(), Appearance::Light);
}

#[test]
fn a_theme_may_inherit_the_embedded_one_of_its_own_name() {
    let folder = Folder::with(&[("dark.toml", "inherits = 'dark'\n[roles]\nok = 'blue'\n")]);
    let (theme, warnings) = folder.load("dark");
    assert_eq!(warnings, []);
    assert_eq!(fg(&theme, Role::Ok), Some(Color::Blue));
    assert_eq!(fg(&theme, Role::Text), fg(&Theme::default(), Role::Text));
}

#[test]
fn each_mistake_is_reported_where_it_stands_and_the_rest_is_used() {
    let folder = Folder::with(&[(
        "mine.toml",
        "[palette]\nsea = '#nope'\n[roles]\nok = 'sea'\nglow = 'red'\nwarn = { fg = 'red', modifiers = ['loud'] }\n\
         crit = 'magenta'\n",
    )]);
    let (theme, warnings) = folder.load("mine");
    let lines: Vec<_> = warnings.iter().map(|warning| warning.line.unwrap()).collect();
    assert_eq!(lines, [2, 5, 4, 6], "{warnings:#?}");
    assert!(warnings.iter().all(|warning| warning.file.ends_with("mine.toml")));
    assert!(warnings[1].to_string().contains("mine.toml:5: there is no role 'glow'; there are text, dim"));
    assert_eq!(fg(&theme, Role::Crit), Some(Color::Magenta));
    assert_eq!(fg(&theme, Role::Ok), fg(&Theme::default(), Role::Ok));
}

#[test]
fn circles_strangers_and_broken_files_are_warnings() {
    let folder = Folder::with(&[
        ("a.toml", "inherits = 'b'\n[roles]\nok = 'red'\n"),
        ("b.toml", "\ninherits = 'a'\n[roles]\nwarn = 'red'\n"),
        ("lost.toml", "inherits = 'nowhere'\n"),
        ("broken.toml", "[roles]\nok = \n"),
        ("light.toml", "[[["),
    ]);
    let dark = Theme::default();
    let (theme, warnings) = folder.load("a");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].to_string().contains("b.toml:2: inheriting 'a' goes round in a circle"), "{}", warnings[0]);
    assert_eq!((fg(&theme, Role::Ok), fg(&theme, Role::Warn)), (Some(Color::Red), Some(Color::Red)));
    assert_eq!(fg(&theme, Role::Crit), fg(&dark, Role::Crit));

    let (theme, warnings) = folder.load("lost");
    assert!(warnings[0].to_string().contains("lost.toml:1: there is no theme 'nowhere'"), "{warnings:?}");
    assert_eq!(theme.styles, dark.styles);

    let (theme, warnings) = folder.load("broken");
    assert_eq!(warnings[0].line, Some(2));
    assert_eq!(theme.styles, dark.styles);

    let (theme, warnings) = folder.load("light");
    assert_eq!(warnings.len(), 1);
    assert_eq!(theme.styles, Theme::load("light", None).0.styles, "the embedded one replaces a broken one");
}

#[test]
fn a_name_cannot_leave_the_folder() {
    let folder = Folder::with(&[("secret.toml", "[roles]\nok = 'red'\n")]);
    let inner = folder.0.join("themes");
    std::fs::create_dir_all(&inner).unwrap();
    for name in ["../secret", "", "a/b", "/etc/passwd", "dark\0", "…", "\u{1b}[2J"] {
        let (theme, warnings) = Theme::load(name, Some(&inner));
        assert_eq!(theme.styles, Theme::default().styles, "{name:?}");
        assert!(warnings[0].reason.contains("no such theme, using dark; there are"), "{warnings:?}");
        assert!(!warnings[0].to_string().contains(char::is_control), "{warnings:?}");
    }
}

#[test]
fn embedded_themes_load_without_a_warning_and_style_every_role() {
    let names = Theme::names(None);
    assert_eq!(names, ["colour-blind", "dark", "high-contrast", "light"]);
    for name in names {
        let (theme, warnings) = Theme::load(&name, None);
        assert_eq!(warnings, [], "{name}");
        assert_eq!(theme.name(), name);
        for row in ROLES {
            assert_ne!(theme.style(row.role), Style::default(), "{name}: {} is not styled", row.key);
        }
    }
}

/// What the screen behind a theme is taken to be when the theme does not paint it.
fn background(theme: &Theme) -> (u8, u8, u8) {
    match (theme.style(Role::Text).bg, theme.appearance()) {
        (Some(Color::Rgb(r, g, b)), _) => (r, g, b),
        (_, Appearance::Dark) => (0x12, 0x12, 0x16),
        (_, Appearance::Light) => (0xfa, 0xfa, 0xfa),
    }
}

/// Roles that carry words one must be able to read, with the WCAG contrast each needs.
fn must_read(name: &str) -> Vec<(Role, f64)> {
    let body = if name == "high-contrast" { 7.0 } else { 4.5 };
    let loud = [Role::Text, Role::Title, Role::Accent, Role::Ok, Role::Warn, Role::Crit, Role::Unknown, Role::Key];
    let quiet =
        [Role::Dim, Role::Stale, Role::Header, Role::Footer, Role::Spark, Role::Link, Role::Estimate, Role::Match];
    loud.into_iter().map(|role| (role, body)).chain(quiet.into_iter().map(|role| (role, 3.0))).collect()
}

#[test]
fn every_theme_can_be_read_on_its_background_and_in_the_selection() {
    for name in Theme::names(None) {
        let theme = Theme::load(&name, None).0;
        let plain = background(&theme);
        let overlay = theme.style(Role::Overlay).bg.map_or(plain, |bg| rgb(Some(bg)));
        let selection = rgb(theme.style(Role::Selection).bg);
        for (place, behind) in [("screen", plain), ("overlay", overlay), ("selection", selection)] {
            for (role, least) in must_read(&name) {
                let ratio = contrast(rgb(fg(&theme, role)), behind);
                assert!(ratio >= least, "{name}: {} on {place} has {ratio:.2}, needs {least}", role.key());
            }
        }
        assert!(contrast(selection, plain) > 1.15, "{name}: the selection cannot be seen");
    }
}

#[test]
fn health_is_told_apart_at_a_glance() {
    for name in Theme::names(None) {
        let theme = Theme::load(&name, None).0;
        for (one, other) in [(Role::Ok, Role::Warn), (Role::Warn, Role::Crit), (Role::Ok, Role::Crit)] {
            let distance = Oklab::from_rgb(rgb(fg(&theme, one))).distance(Oklab::from_rgb(rgb(fg(&theme, other))));
            assert!(distance > 0.12, "{name}: {one:?} and {other:?} are {distance:.3} apart");
        }
    }
}

/// Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
const PROTANOPIA: [[f64; 3]; 3] =
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]];
const DEUTERANOPIA: [[f64; 3]; 3] =
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];

fn seen_with(matrix: &[[f64; 3]; 3], color: (u8, u8, u8)) -> Oklab {
    let (r, g, b) = colour::linear(color);
    let channel = |row: &[f64; 3]| {
        let v = (row[0] * r + row[1] * g + row[2] * b).clamp(0.0, 1.0);
        let encoded = if v <= 0.0031308 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
        (encoded * 255.0).round() as u8
    };
    Oklab::from_rgb((channel(&matrix[0]), channel(&matrix[1]), channel(&matrix[2])))
}

fn least_distance(theme: &Theme, matrix: &[[f64; 3]; 3]) -> f64 {
    let seen = [Role::Ok, Role::Warn, Role::Crit].map(|role| seen_with(matrix, rgb(fg(theme, role))));
    seen[0].distance(seen[1]).min(seen[1].distance(seen[2])).min(seen[0].distance(seen[2]))
}

#[test]
fn the_colour_blind_theme_keeps_health_apart_for_the_colour_blind() {
    let theme = Theme::load("colour-blind", None).0;
    for (name, matrix) in [("protanopia", &PROTANOPIA), ("deuteranopia", &DEUTERANOPIA)] {
        let least = least_distance(&theme, matrix);
        assert!(least > 0.15, "{name}: {least:.3}");
    }
    // The measure means something: traffic-light colours of one lightness fail it.
    let folder = Folder::with(&[("traffic.toml", "[roles]\nok = '#3aa655'\nwarn = '#a98f2c'\ncrit = '#d9534f'\n")]);
    assert!(least_distance(&folder.load("traffic").0, &DEUTERANOPIA) < 0.15);
}

#[test]
fn at_sixteen_colours_health_has_three_colours_and_the_selection_is_seen() {
    for name in Theme::names(None) {
        let theme = Theme::load(&name, None).0.at_depth(ColorDepth::Ansi16);
        let health = [Role::Ok, Role::Warn, Role::Crit].map(|role| fg(&theme, role).unwrap());
        assert!(health[0] != health[1] && health[1] != health[2] && health[0] != health[2], "{name}: {health:?}");
        assert!(theme.style(Role::Selection).add_modifier.contains(Modifier::REVERSED), "{name}");
    }
}
