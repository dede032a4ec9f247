//! All themes at hand: read once, then chosen from without touching a file.
//!
//! Must not: read anything after [`Shelf::read`].

use std::{collections::BTreeMap, path::Path};

use super::{Theme, Warning};

/// Every theme there is by its name, with the mistakes in it.
#[derive(Debug, Clone)]
pub struct Shelf {
    themes: BTreeMap<String, (Theme, Vec<Warning>)>,
}

impl Shelf {
    /// Reads the user's themes and the embedded ones.
    pub fn read(user_folder: Option<&Path>) -> Self {
        let names = Theme::names(user_folder).into_iter();
        Self { themes: names.map(|name| (name.clone(), Theme::load(&name, user_folder))).collect() }
    }

    /// A theme and what is wrong with it; the default one, and a warning, for a name that there is not.
    pub fn get(&self, name: &str) -> (Theme, Vec<Warning>) {
        let found = self.themes.get(name).cloned();
        found.unwrap_or_else(|| (Theme::default(), vec![Warning::no_such(name, &self.names())]))
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.themes.keys().cloned().collect()
    }
}

/// The embedded themes alone.
impl Default for Shelf {
    fn default() -> Self {
        Self::read(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_read_and_reads_no_more() {
        let folder = std::env::temp_dir().join(format!("edatop-shelf-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("mine.toml"), "inherits = 'light'\n[roles]\nnonsense = 'red'\n").unwrap();
        let shelf = Shelf::read(Some(&folder));
        let loaded = Theme::load("mine", Some(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(shelf.names().contains(&"mine".to_owned()) && shelf.names().contains(&"dark".to_owned()));
        assert_eq!(shelf.get("mine"), loaded);
        assert_eq!(loaded.1.len(), 1, "its mistake is kept: {:?}", loaded.1);
    }

    #[test]
    fn a_name_that_there_is_not_is_the_default_and_said() {
        let (theme, warnings) = Shelf::default().get("solar\u{1b}ised");
        assert_eq!(theme, Theme::default());
        let [warning] = &warnings[..] else { panic!("{warnings:?}") };
        assert!(warning.to_string().contains("no such theme") && !warning.to_string().contains('\u{1b}'));
    }
}
