//! Which key means which command.

use std::collections::HashMap;

use super::{COMMANDS, Command, Key, Place};

/// Built once from the table.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: HashMap<Key, Command>,
    /// What means something else on the map.
    on_map: HashMap<Key, Command>,
}

impl Default for Keymap {
    fn default() -> Self {
        let of = |on_map: bool| {
            COMMANDS
                .iter()
                .filter(|row| (row.place == Place::Map) == on_map)
                .flat_map(|row| row.keys.iter().filter_map(|key| Some((key.parse().ok()?, row.command))))
                .collect()
        };
        Self { keys: of(false), on_map: of(true) }
    }
}

impl Keymap {
    /// What a key means in a pane of this place.
    pub fn command(&self, key: Key, place: Place) -> Option<Command> {
        let own = if place == Place::Map { self.on_map.get(&key) } else { None };
        own.or_else(|| self.keys.get(&key)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_has_meanings_of_its_own_and_all_others() {
        let keymap = Keymap::default();
        let command = |key: &str, place| keymap.command(key.parse().unwrap(), place);
        assert_eq!(command("l", Place::Pane), Some(Command::Open));
        assert_eq!(command("l", Place::Map), Some(Command::Logs));
        assert_eq!(command("right", Place::Map), Some(Command::Along));
        assert_eq!(command("right", Place::Pane), Some(Command::NextPane));
        assert_eq!(command("enter", Place::Map), Some(Command::Open));
        assert_eq!(command("d", Place::Pane), None);
    }
}
