//! What a key asks for, and what that changes.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{
    FURTHEST, Reader,
    jobs::{Collect, Counting, Seek},
};
use crate::{
    inspect::tail::{
        book::Book,
        columns::Columns,
        entry::Folder,
        filter::{Filter, Wanted},
    },
    overlays::inspect::tail::model::{Ask, Sheet},
};

impl Reader {
    /// From twice as far back, all anew.
    pub(super) fn further(&mut self) -> bool {
        if self.since >= FURTHEST {
            self.out.say("lines are read from 14 days ago on, and no further", true);
            return false;
        }
        self.since = (self.since * 2).min(FURTHEST);
        self.folder = Folder::default();
        self.book = Book::new(self.settings.limits.clone());
        self.book.begin_count();
        self.window.cursor = None;
        self.window.begin();
        (self.pending, self.heard, self.came, self.read_to_ms) = (VecDeque::new(), BTreeMap::new(), 0, None);
        (self.seek, self.collect, self.clusters, self.sheet) = (None, None, None, Sheet::None);
        let hours = self.since.as_secs() / 3600;
        self.out.say(format!("reading the last {hours} hours"), false);
        true
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        self.out.change();
        // Whoever moves does not wait for what he looked for before.
        if matches!(ask, Ask::By(_) | Ask::Line(_) | Ask::Top | Ask::Follow(_) | Ask::At(_)) {
            (self.seek, self.begin) = (None, None);
        }
        match ask {
            Ask::By(lines) => {
                let at = self.window.at().saturating_add_signed(lines).min(self.window.rows.len().saturating_sub(1));
                if let Some(key) = self.window.rows.get(at).map(|row| row.key) {
                    self.go(Some(key));
                }
            }
            Ask::Line(key) => self.go(Some(key)),
            Ask::Top => self.go(self.book.first()),
            Ask::Follow(true) => self.go(None),
            Ask::Follow(false) => self.go(self.window.chosen().map(|row| row.key).or_else(|| self.book.last())),
            Ask::At(at_ms) => self.jump(at_ms),
            Ask::Error { next } => self.seek_error(next),
            Ask::Want(wanted) => {
                self.context = None;
                self.want(*wanted);
            }
            Ask::Columns(typed) => match Columns::new(&typed) {
                Ok(columns) => self.columns = columns,
                Err(mistake) => self.out.say(mistake.text, true),
            },
            Ask::Context => self.turn_context(),
            Ask::Open => self.open(),
            Ask::Clusters => {
                self.clusters = Some(Counting::default());
                self.sheet = Sheet::Clusters(Arc::new([]), false);
            }
            Ask::Only(title) => {
                let wanted = Wanted { cluster: Some(title), ..self.filter.wanted().clone() };
                self.shut();
                self.want(wanted);
                self.seek = Some(Seek::error(None, false));
            }
            Ask::Groups => self.sheet = Sheet::Groups,
            Ask::Toggle(group) => {
                let mut wanted = self.filter.wanted().clone();
                if !wanted.hidden.remove(&group) {
                    wanted.hidden.insert(group);
                }
                self.want(wanted);
            }
            Ask::Shut => self.shut(),
            Ask::Further => {}
            Ask::Copy => self.copy(),
            Ask::Ids => self.ids(),
            Ask::Write(path) => self.collect = Some(Collect::into_file(path)),
            Ask::Page => self.collect = Some(Collect::for_pager()),
            Ask::Edit => self.collect = Some(Collect::for_editor()),
        }
    }

    fn shut(&mut self) {
        (self.sheet, self.clusters) = (Sheet::None, None);
    }

    fn want(&mut self, wanted: Wanted) {
        match Filter::new(wanted) {
            Err(mistake) => self.out.say(mistake.text, true),
            Ok(filter) => {
                self.filter = filter;
                self.book.begin_count();
                self.window.begin();
                self.came = 0;
            }
        }
    }

    /// All lines around the chosen one; or back to what was wanted, and where the cursor was.
    fn turn_context(&mut self) {
        if let Some((wanted, cursor)) = self.context.take() {
            self.window.cursor = cursor;
            self.want(wanted);
            return;
        }
        let (before, cursor) = (self.filter.wanted().clone(), self.window.cursor);
        self.window.cursor = self.window.chosen().map(|row| row.key);
        self.want(Wanted::default());
        self.context = Some((before, cursor));
    }
}
