//! The open levels of a bucket as rows that a cursor goes through. Pure.
//!
//! A prefix that is closed is forgotten, and listed anew when it is opened again. Must not: call anything, or know a cursor.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Object,
    level::{Kept, Level, Listed},
};

/// Rows of all open levels: with more, something has to be closed first.
pub const MOST_ROWS: usize = 30_000;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Prefix {
        prefix: Arc<str>,
        depth: u16,
    },
    /// The object of this index in the level of this prefix.
    Object {
        level: Arc<str>,
        index: usize,
        depth: u16,
    },
    /// There is more of the level of this prefix than was listed.
    More {
        level: Arc<str>,
        depth: u16,
    },
}

/// What a row stands for: it stays the same while rows come and go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Prefix(Box<str>),
    Object(Box<str>),
    More(Box<str>),
}

/// The open levels.
#[derive(Debug, Clone)]
pub struct Tree {
    root: Arc<str>,
    levels: BTreeMap<Arc<str>, Level>,
    rows: Vec<Row>,
}

impl Tree {
    /// Of all keys that begin with `root`.
    pub fn new(root: &str) -> Self {
        let root: Arc<str> = root.into();
        let levels = BTreeMap::from([(Arc::clone(&root), Level::default())]);
        Self { root, levels, rows: Vec::new() }
    }

    pub fn root(&self) -> &Arc<str> {
        &self.root
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn level(&self, prefix: &str) -> Option<&Level> {
        self.levels.get(prefix)
    }

    pub fn level_mut(&mut self, prefix: &str) -> Option<&mut Level> {
        self.levels.get_mut(prefix)
    }

    pub fn is_open(&self, prefix: &str) -> bool {
        self.levels.contains_key(prefix)
    }

    /// Opens a prefix; false if there are too many rows already.
    pub fn open(&mut self, prefix: &str) -> bool {
        if self.rows.len() > MOST_ROWS {
            return false;
        }
        self.levels.entry(prefix.into()).or_default();
        true
    }

    /// Closes a prefix and all that is open in it.
    pub fn close(&mut self, prefix: &str) {
        let root = Arc::clone(&self.root);
        self.levels.retain(|open, _| **open == *root || !open.starts_with(prefix));
    }

    /// The object of a row.
    pub fn object(&self, row: &Row) -> Option<&Kept> {
        match row {
            Row::Object { level, index, .. } => self.levels.get(level)?.objects().get(*index),
            Row::Prefix { .. } | Row::More { .. } => None,
        }
    }

    /// What a row stands for.
    pub fn name(&self, row: &Row) -> Option<Name> {
        Some(match row {
            Row::Prefix { prefix, .. } => Name::Prefix((**prefix).into()),
            Row::More { level, .. } => Name::More((**level).into()),
            Row::Object { .. } => Name::Object(self.object(row)?.object.key.clone()),
        })
    }

    /// Where something is among the rows.
    pub fn place(&self, name: &Name) -> Option<usize> {
        self.rows.iter().position(|row| match (row, name) {
            (Row::Prefix { prefix, .. }, Name::Prefix(wanted)) => **prefix == **wanted,
            (Row::More { level, .. }, Name::More(wanted)) => **level == **wanted,
            (row @ Row::Object { .. }, Name::Object(wanted)) => {
                self.object(row).is_some_and(|kept| kept.object.key == *wanted)
            }
            _ => false,
        })
    }

    /// The level that a row is in.
    pub fn level_of(&self, row: &Row) -> Arc<str> {
        match row {
            Row::Object { level, .. } | Row::More { level, .. } => Arc::clone(level),
            Row::Prefix { prefix, .. } => self.parent(prefix).unwrap_or_else(|| Arc::clone(&self.root)),
        }
    }

    /// The level above a prefix; none above the root.
    pub fn parent(&self, prefix: &str) -> Option<Arc<str>> {
        let above = |open: &&Arc<str>| prefix.len() > open.len() && prefix.starts_with(open.as_ref());
        self.levels.keys().filter(above).max_by_key(|open| open.len()).cloned()
    }

    /// From the root along the newest dates, as far as they are open.
    pub fn along_dates(&self) -> Vec<Arc<str>> {
        let mut path = vec![Arc::clone(&self.root)];
        while let Some(next) = path.last().and_then(|last| self.levels.get(last)?.leads_on()) {
            match self.levels.get_key_value(next) {
                Some((open, _)) => path.push(Arc::clone(open)),
                None => break,
            }
        }
        path
    }

    /// The newest of all objects that are listed.
    pub fn newest(&self) -> Option<&Object> {
        self.levels
            .values()
            .filter_map(|level| level.objects().first())
            .map(|kept| &kept.object)
            .max_by_key(|object| object.at)
    }

    /// Lays the rows out anew, after something changed.
    pub fn settle(&mut self) {
        let mut rows = Vec::new();
        self.lay(&Arc::clone(&self.root), 0, &mut rows);
        self.rows = rows;
    }

    fn lay(&self, prefix: &Arc<str>, depth: u16, rows: &mut Vec<Row>) {
        let Some(level) = self.levels.get(prefix) else { return };
        for inner in level.prefixes() {
            match self.levels.get_key_value(inner.as_ref()) {
                Some((open, _)) => {
                    rows.push(Row::Prefix { prefix: Arc::clone(open), depth });
                    self.lay(open, depth + 1, rows);
                }
                None => rows.push(Row::Prefix { prefix: Arc::from(inner.as_ref()), depth }),
            }
        }
        let object = |index| Row::Object { level: Arc::clone(prefix), index, depth };
        rows.extend((0..level.objects().len()).map(object));
        if matches!(level.listed(), Listed::UpTo(_)) {
            rows.push(Row::More { level: Arc::clone(prefix), depth });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Page, testing::object},
        *,
    };

    fn tree() -> Tree {
        let mut tree = Tree::new("");
        let page = |prefixes: &[&str], objects: &[&str]| Page {
            prefixes: prefixes.iter().map(|prefix| (*prefix).into()).collect(),
            objects: objects.iter().map(|key| object(key, key.len() as i64)).collect(),
            next: None,
        };
        tree.level_mut("").unwrap().take(page(&["2025/", "2026/"], &["readme"]));
        assert!(tree.open("2026/"));
        tree.level_mut("2026/").unwrap().take(page(&[], &["2026/a", "2026/bb"]));
        tree.settle();
        tree
    }

    fn names(tree: &Tree) -> Vec<Name> {
        tree.rows().iter().filter_map(|row| tree.name(row)).collect()
    }

    #[test]
    fn rows_are_levels_inside_each_other() {
        let tree = tree();
        let prefix = |text: &str| Name::Prefix(text.into());
        let object = |text: &str| Name::Object(text.into());
        let expected = [prefix("2026/"), object("2026/bb"), object("2026/a"), prefix("2025/"), object("readme")];
        assert_eq!(names(&tree), expected);
        for (index, name) in expected.iter().enumerate() {
            assert_eq!(tree.place(name), Some(index));
        }
        assert_eq!(tree.along_dates().iter().map(AsRef::as_ref).collect::<Vec<_>>(), ["", "2026/"]);
        assert_eq!(tree.newest().map(|object| object.key.as_ref()), Some("2026/bb"));
        assert_eq!(tree.level_of(&tree.rows()[1]).as_ref(), "2026/");
        assert_eq!(tree.level_of(&tree.rows()[0]).as_ref(), "");
    }

    #[test]
    fn what_is_closed_is_forgotten_but_not_the_root() {
        let mut tree = tree();
        tree.close("");
        tree.settle();
        assert!(tree.is_open("") && !tree.is_open("2026/"));
        assert_eq!(names(&tree).len(), 3);
    }
}
