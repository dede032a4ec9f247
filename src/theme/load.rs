//! Finding themes: the user's folder first, then the ones embedded in the binary.
//!
//! A theme is a chain of layers, child first: the file asked for, what it inherits, and so on down to the embedded `dark`
//! or `light`. Palettes are merged before any role is resolved, so a child that only redefines a colour recolours
//! every role that uses it.
//!
//! A mistake never stops edatop: it becomes a [`Warning`] with file, line and reason, and the layer below is used.
//! Must not: panic, exit, or read anything outside the folder it was given.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ratatui::style::Style;

use super::file::{self, Appearance, ColorSpec, Malformed, StyleSpec, ThemeFile};
use super::palette::{self, Palette};
use super::{ColorDepth, DEFAULT, ROLES, Role, Theme, UNICODE};

/// A theme file larger than this is a mistake (the embedded ones are about 2 kB).
const MAX_FILE_BYTES: u64 = 256 * 1024;

#[derive(rust_embed::RustEmbed)]
#[folder = "themes/"]
struct Embedded;

/// A mistake in a theme, survived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file as the user would name it; embedded ones are `<built-in>/NAME.toml`.
    pub file: String,
    /// The line, counted from one, if there is one to point at.
    pub line: Option<usize>,
    /// What is wrong and what was done instead.
    pub reason: String,
}

impl Warning {
    pub(super) fn no_such(name: &str, known: &[String]) -> Self {
        let reason = format!("no such theme, using {DEFAULT}; there are {}", known.join(", "));
        // The name came from a command line and goes to a terminal: no escape sequence may ride along.
        Self { file: name.escape_debug().to_string(), line: None, reason }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

impl Theme {
    /// Loads a theme by name, at true colour and with Unicode glyphs.
    ///
    /// Always returns a usable theme; what went wrong on the way is in the warnings.
    pub fn load(name: &str, user_folder: Option<&Path>) -> (Self, Vec<Warning>) {
        let mut loader = Loader { user_folder, warnings: Vec::new() };
        let layers = loader.chain(name);
        let styles = loader.resolve(&layers);
        let appearance = layers.iter().find_map(|layer| layer.appearance).unwrap_or_default();
        let name = layers.first().map_or(DEFAULT, |layer| layer.name.as_str()).to_owned();
        (Self { name, appearance, depth: ColorDepth::True, styles, glyphs: &UNICODE }, loader.warnings)
    }

    /// Every theme there is, sorted: the user's and the embedded ones. An unreadable folder has none.
    pub fn names(user_folder: Option<&Path>) -> Vec<String> {
        let mut names: Vec<String> = Embedded::iter().filter_map(|file| stem(&file)).collect();
        if let Some(entries) = user_folder.and_then(|folder| std::fs::read_dir(folder).ok()) {
            names.extend(entries.flatten().filter_map(|entry| stem(&entry.file_name().to_string_lossy())));
        }
        names.sort();
        names.dedup();
        names
    }
}

/// `dark.toml` → `dark`, if it is a name this loader would accept.
fn stem(file: &str) -> Option<String> {
    file.strip_suffix(".toml").filter(|name| is_name(name)).map(str::to_owned)
}

/// Names are plain words, so a name can never lead out of the folder.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    User,
    Embedded,
}

/// One file of the chain, with a line number for everything it says.
struct Layer {
    origin: Origin,
    name: String,
    file: String,
    inherits: Option<(String, usize)>,
    appearance: Option<Appearance>,
    palette: Vec<(usize, String, ColorSpec)>,
    roles: Vec<(usize, String, StyleSpec)>,
}

impl Layer {
    fn new(origin: Origin, name: &str, file: String, (text, parsed): (&str, ThemeFile)) -> Self {
        let line = |offset| file::line_at(text, offset);
        let palette = parsed.palette.into_iter().map(|(key, spec)| (line(key.span().start), key.into_inner(), spec));
        let roles = parsed.roles.into_iter().map(|(key, spec)| (line(key.span().start), key.into_inner(), spec));
        Self {
            origin,
            name: name.to_owned(),
            inherits: parsed.inherits.map(|parent| (parent.as_ref().clone(), line(parent.span().start))),
            appearance: parsed.appearance,
            palette: palette.collect(),
            roles: roles.collect(),
            file,
        }
    }
}

struct Loader<'a> {
    user_folder: Option<&'a Path>,
    warnings: Vec<Warning>,
}

impl Loader<'_> {
    fn warn(&mut self, file: &str, line: Option<usize>, reason: String) {
        self.warnings.push(Warning { file: file.to_owned(), line, reason });
    }

    /// The layers of a theme, child first. Ends, because no file is entered twice.
    fn chain(&mut self, name: &str) -> Vec<Layer> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut next = self.find(name);
        if next.is_none() {
            self.warnings.push(Warning::no_such(name, &Theme::names(self.user_folder)));
            next = self.embedded(DEFAULT);
        }
        while let Some(layer) = next {
            next = self.parent(&layer, &layers);
            layers.push(layer);
        }
        layers
    }

    fn parent(&mut self, child: &Layer, below: &[Layer]) -> Option<Layer> {
        let seen = |layer: &Layer| {
            std::iter::once(child).chain(below).any(|old| old.origin == layer.origin && old.name == layer.name)
        };
        if let Some((parent, line)) = &child.inherits {
            // A user's `dark` that inherits `dark` means the embedded one; embedded themes stay among themselves.
            let own = child.origin == Origin::Embedded || *parent == child.name;
            match if own { self.embedded(parent) } else { self.find(parent) } {
                Some(layer) if !seen(&layer) => return Some(layer),
                Some(_) => self.warn(&child.file, Some(*line), format!("inheriting '{parent}' goes round in a circle")),
                None => self.warn(&child.file, Some(*line), format!("there is no theme '{parent}' to inherit")),
            }
        }
        // Nothing (usable) to inherit: a user's own version stands on the embedded one of its name, all else on dark or light.
        let base = match child.appearance {
            Some(Appearance::Light) => "light",
            _ => DEFAULT,
        };
        let same = if child.origin == Origin::User { self.embedded(&child.name) } else { None };
        same.or_else(|| self.embedded(base)).filter(|layer| !seen(layer) && !is_base(child))
    }

    fn find(&mut self, name: &str) -> Option<Layer> {
        if !is_name(name) {
            return None;
        }
        self.user(name).or_else(|| self.embedded(name))
    }

    fn user(&mut self, name: &str) -> Option<Layer> {
        let path = self.user_folder?.join(format!("{name}.toml"));
        let file = path.display().to_string();
        let size = std::fs::metadata(&path).ok()?.len();
        if size > MAX_FILE_BYTES {
            self.warn(
                &file,
                None,
                format!("{size} bytes is too large for a theme (at most {MAX_FILE_BYTES}), not used"),
            );
            return None;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => self.layer(Origin::User, name, file, &text),
            Err(error) => {
                self.warn(&file, None, format!("cannot be read ({error}), not used"));
                None
            }
        }
    }

    fn embedded(&mut self, name: &str) -> Option<Layer> {
        let found = Embedded::get(&format!("{name}.toml"))?;
        self.layer(Origin::Embedded, name, format!("<built-in>/{name}.toml"), &String::from_utf8_lossy(&found.data))
    }

    fn layer(&mut self, origin: Origin, name: &str, file: String, text: &str) -> Option<Layer> {
        match file::parse(text) {
            Ok(parsed) => Some(Layer::new(origin, name, file, (text, parsed))),
            Err(Malformed { line, reason }) => {
                self.warn(&file, line, format!("{reason}; the file is not used"));
                None
            }
        }
    }

    /// One style for each role, from the bottom layer up, so a mistake leaves what was below it.
    fn resolve(&mut self, layers: &[Layer]) -> [Style; Role::COUNT] {
        let palette = self.palette(layers);
        let mut styles = BTreeMap::new();
        for layer in layers.iter().rev() {
            for (line, key, spec) in &layer.roles {
                let style = Role::from_key(key).ok_or_else(|| {
                    let known: Vec<&str> = ROLES.iter().map(|row| row.key).collect();
                    format!("there is no role '{key}'; there are {}", known.join(", "))
                });
                match style.and_then(|role| Ok((role, palette::style(spec, &palette)?))) {
                    Ok((role, style)) => drop(styles.insert(role, style)),
                    Err(reason) => self.warn(&layer.file, Some(*line), reason),
                }
            }
        }
        std::array::from_fn(|index| ROLES.get(index).and_then(|row| styles.get(&row.role)).copied().unwrap_or_default())
    }

    fn palette(&mut self, layers: &[Layer]) -> Palette {
        let mut merged = Palette::new();
        for layer in layers.iter().rev() {
            for (line, name, ColorSpec(text)) in &layer.palette {
                match palette::color(text) {
                    Ok(color) => drop(merged.insert(name.clone(), color)),
                    Err(reason) => self.warn(&layer.file, Some(*line), reason),
                }
            }
        }
        merged
    }
}

/// Whether a layer is one of the two that everything else stands on.
fn is_base(layer: &Layer) -> bool {
    layer.origin == Origin::Embedded && (layer.name == DEFAULT || layer.name == "light")
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
