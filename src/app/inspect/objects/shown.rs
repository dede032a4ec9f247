//! What of an open bucket is shown: the rows around the cursor, and what is under it.

use std::{ops::Range, sync::Arc};

use tokio::time::Instant;

use super::{REST, Stand};
use crate::{
    inspect::objects::{
        Facts, HEAD, Object,
        tree::{Name, Row},
    },
    overlays::inspect::objects::model::{Inside, Line, MARGIN, Shown, What},
};

/// Previews that are kept for when the cursor comes back.
const MOST_BEFORE: usize = 8;

/// The rows that are sent.
pub(super) fn window(rows: usize, at: usize) -> Range<usize> {
    at.saturating_sub(MARGIN).min(rows)..at.saturating_add(MARGIN).min(rows)
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

impl Stand {
    pub(super) fn line(&self, row: &Row) -> Line {
        let level = self.tree.level_of(row);
        let rest = |name: &str| name.strip_prefix(level.as_ref()).unwrap_or(name).to_owned();
        match row {
            Row::Prefix { prefix, depth } => {
                let is_open = self.tree.is_open(prefix);
                Line { depth: *depth, name: rest(prefix), what: What::Prefix { is_open } }
            }
            Row::More { depth, .. } => Line { depth: *depth, name: String::new(), what: What::More },
            Row::Object { depth, .. } => match self.tree.object(row) {
                Some(kept) => {
                    let object = &kept.object;
                    let what = What::Object {
                        bytes: object.bytes,
                        at: object.at,
                        came: kept.came,
                        archived: object.is_archived(),
                    };
                    // An object that is called like its level is what marks a folder.
                    let name = Some(rest(&object.key)).filter(|name| !name.is_empty());
                    Line { depth: *depth, name: name.unwrap_or_else(|| "(the prefix itself)".to_owned()), what }
                }
                None => Line { depth: *depth, name: String::new(), what: What::More },
            },
        }
    }

    /// The object under the cursor.
    pub(super) fn object(&self) -> Option<&Object> {
        self.row().and_then(|row| self.tree.object(row)).map(|kept| &kept.object)
    }

    /// What was shown is not under the cursor any more: the next is read when the cursor has rested.
    pub(super) fn forget_shown(&mut self) {
        self.stop_reading();
        if let Some(shown) = self.shown.take()
            && let Inside::Read(preview) = &shown.inside
            && preview.read <= HEAD
        {
            self.before.push_back(shown);
            if self.before.len() > MOST_BEFORE {
                self.before.pop_front();
            }
        }
        let Some(on) = self.on.clone() else { return };
        let shown = match &on {
            Name::Object(_) => self.before(),
            Name::Prefix(prefix) => {
                Some(Arc::new(self.blank(prefix, Inside::Said("a prefix: enter lists it, or closes it".into()))))
            }
            Name::More(level) => {
                Some(Arc::new(self.blank(level, Inside::Said("the next 1,000 are being listed".into()))))
            }
        };
        self.shown = shown;
        self.rest_at =
            matches!(self.shown.as_deref(), Some(Shown { inside: Inside::Reading, .. })).then(|| Instant::now() + REST);
    }

    /// What was read of the object under the cursor, if it is kept and still the same.
    fn before(&mut self) -> Option<Arc<Shown>> {
        let object = self.object()?.clone();
        let uri = self.uri(&object.key);
        let (key, modified) = (object.key.to_string(), modified(&object));
        let same = self.before.iter().position(|shown| shown.key == key && shown.modified == modified);
        if let Some(shown) = same.and_then(|index| self.before.remove(index)) {
            return Some(shown);
        }
        let class = object.class.as_deref().map(str::to_owned);
        let facts = Facts::default();
        Some(Arc::new(Shown { uri, key, modified, class, inside: Inside::Reading, facts, versions: None, tags: None }))
    }

    fn blank(&self, key: &str, inside: Inside) -> Shown {
        let facts = Facts::default();
        Shown {
            uri: self.uri(key),
            key: key.to_owned(),
            modified: None,
            class: None,
            inside,
            facts,
            versions: None,
            tags: None,
        }
    }

    fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// The object under the cursor was written anew: what is shown is what was.
    pub(super) fn see_overwritten(&mut self) {
        let Some(object) = self.object() else { return };
        let is_other =
            self.shown.as_ref().is_some_and(|shown| *shown.key == *object.key && shown.modified != modified(object));
        if is_other {
            self.shown = None;
            self.forget_shown();
        }
    }
}

/// Its time and size: another one of either is another object.
fn modified(object: &Object) -> Option<(jiff::Timestamp, u64)> {
    object.at.map(|at| (at, object.bytes))
}
