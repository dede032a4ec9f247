//! What the screen is shown of it all.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Reader, groups::tags, opening::in_list};
use crate::{
    inspect::tail::entry::Entry,
    overlays::inspect::tail::model::{Group, MARGIN, Picture, Row},
};

impl Reader {
    pub(super) fn picture(&mut self) -> Picture {
        let groups = self.groups();
        let at = self.window.at();
        let from = at.saturating_sub(MARGIN);
        let rows: Vec<Row> =
            self.window.rows.iter().skip(from).take(2 * MARGIN).map(|entry| self.row(entry, &groups)).collect();
        let kept = self.book.kept();
        let (shown, left) = self.book.shown();
        let instant = |ms: i64| Timestamp::from_millisecond(ms).ok();
        Picture {
            title: self.subject.title.clone(),
            at: at - from,
            is_top: self.window.is_top() && from == 0,
            is_end: self.window.is_end() && from + rows.len() == self.window.rows.len(),
            rows,
            groups,
            follows: self.window.cursor.is_none(),
            came: self.came,
            total: kept.entries,
            shown,
            left,
            in_memory: kept.in_memory,
            on_disk: kept.on_disk,
            forgotten: kept.forgotten,
            since: instant(self.since_ms),
            read_to: self.read_to_ms.and_then(instant),
            wanted: Some(Box::new(self.filter.wanted().clone())),
            columns: self.columns.titles(),
            context: self.context.is_some(),
            sheet: self.sheet.clone(),
            busy: self.busy(),
            trouble: self.filter.trouble().or(kept.trouble),
        }
    }

    fn groups(&self) -> Arc<[Group]> {
        let tags = tags(self.heard.keys().map(|name| &**name));
        let hidden = &self.filter.wanted().hidden;
        let groups = self.heard.iter().zip(tags).map(|((name, heard), tag)| Group {
            name: Arc::clone(name),
            tag,
            lines: heard.lines,
            per_second: heard.per_second,
            gaps: heard.gaps,
            trouble: heard.trouble.clone(),
            hidden: hidden.contains(name),
        });
        groups.collect()
    }

    fn row(&self, entry: &Entry, groups: &[Group]) -> Row {
        let text = in_list(entry);
        Row {
            key: entry.key,
            group: groups.binary_search_by(|group| group.name.cmp(&entry.origin.group)).unwrap_or_default(),
            level: entry.level,
            shape: entry.shape,
            marks: self.filter.marks(&text),
            text,
            more: entry.more_lines(),
            columns: self.columns.of(entry),
        }
    }

    fn busy(&self) -> Option<String> {
        if self.begin.is_some() || (self.read_to_ms.is_none() && self.book.kept().entries == 0) {
            return Some("reading what was said before".to_owned());
        }
        if self.seek.is_some() {
            return Some("looking for an error".to_owned());
        }
        self.collect.as_ref().map(|collect| collect.says())
    }
}
