//! The rows of the table of commands, by where they work. To add one: a row in the file of its place.

mod desk;
mod panes;
mod readers;

use std::sync::LazyLock;

use super::{Command, Group, Place, Row, row};

/// All commands, in the order of the help.
pub static COMMANDS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    [
        panes::PANES,
        desk::DESK,
        readers::TAIL,
        readers::ITEMS,
        readers::RECORDS,
        readers::OBJECTS,
        readers::DELIVERIES,
        readers::THREAD,
        readers::PROBE,
        panes::LEAVING,
    ]
    .concat()
});
