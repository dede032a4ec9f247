//! Which key means which command.

use std::collections::HashMap;

use super::{COMMANDS, Command, Key, Place};

/// Built once from the table.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: HashMap<Key, Command>,
    /// What means something else in a place.
    own: HashMap<(Place, Key), Command>,
}

impl Default for Keymap {
    fn default() -> Self {
        let (mut keys, mut own) = (HashMap::new(), HashMap::new());
        for row in COMMANDS.iter() {
            for key in row.keys.iter().filter_map(|key| key.parse().ok()) {
                if row.place.has_own_keys() {
                    own.insert((row.place, key), row.command);
                } else {
                    keys.insert(key, row.command);
                }
            }
        }
        Self { keys, own }
    }
}

impl Keymap {
    /// What a key means in a pane of this place.
    pub fn command(&self, key: Key, place: Place) -> Option<Command> {
        self.own.get(&(place, key)).or_else(|| self.keys.get(&key)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_has_meanings_of_its_own_and_all_others() {
        let keymap = Keymap::default();
        let command = |key: &str, place| keymap.command(key.parse().unwrap(), place);
        assert_eq!(command("l", Place::Pane), Some(Command::Logs));
        assert_eq!(command("l", Place::Map), Some(Command::Logs));
        assert_eq!(command("n", Place::Tail), Some(Command::NextError));
        assert_eq!(command("right", Place::Map), Some(Command::Along));
        assert_eq!(command("right", Place::Pane), Some(Command::NextPane));
        assert_eq!(command("enter", Place::Map), Some(Command::Open));
        assert_eq!(command("d", Place::Pane), Some(Command::Desk));
        assert_eq!(command("d", Place::Map), Some(Command::DeadLetters));
        assert_eq!(command("a", Place::Pane), None);
        assert_eq!(command("a", Place::Desk), Some(Command::ChooseAll));
        assert_eq!(command("space", Place::Desk), Some(Command::Choose));
    }
}
