//! Which key means which command.

use std::collections::HashMap;

use super::{COMMANDS, Command, Key};

/// Built once from the table.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: HashMap<Key, Command>,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = COMMANDS
            .iter()
            .flat_map(|row| row.keys.iter().filter_map(|key| Some((key.parse().ok()?, row.command))))
            .collect();
        Self { keys }
    }
}

impl Keymap {
    pub fn command(&self, key: Key) -> Option<Command> {
        self.keys.get(&key).copied()
    }
}
