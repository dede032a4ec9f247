//! Everything of one entry: as JSON where it is that, and with all lines of its request.

use std::sync::Arc;

use super::Reader;
use crate::{
    inspect::{
        tail::{
            book::Way,
            entry::{Entry, Key, Shape},
            requests::Report,
        },
        thread::seen::Sight,
    },
    overlays::inspect::{
        News,
        tail::model::{Body, Opened, RequestLine, Sheet},
    },
    redrive::why::invocations::uuid_text,
    widgets::text,
};

/// Pages looked through on either side for lines of the same request, and lines of it that are shown.
const PAGES: usize = 8;
const ENTRIES: usize = 1_024;
const MOST_LINES: usize = 500;
/// The most characters of a line among others.
pub(super) const LONGEST_LINE: usize = 600;

impl Reader {
    pub(super) fn open(&mut self) {
        let Some(key) = self.window.chosen().map(|row| row.key) else { return };
        let Some(entry) = self.book.get(key) else { return };
        let lines = self.lines_of_request(&entry);
        let report = lines.iter().find(|line| line.shape == Shape::Request);
        let report = report.and_then(|line| line.text.lines().find_map(Report::of)).map(|report| report.to_string());
        let lines = lines.iter().map(|line| RequestLine {
            at_ms: line.key.at_ms,
            level: line.level,
            text: in_list(line),
            is_it: line.key == key,
        });
        let opened = Opened {
            key,
            group: Arc::clone(&entry.origin.group),
            stream: Arc::clone(&entry.origin.stream),
            level: entry.level,
            events: entry.events,
            request: entry.request.map(uuid_text),
            report,
            body: body(&entry),
            lines: lines.collect(),
        };
        self.sheet = Sheet::Entry(Arc::new(opened));
        // What is read does not move.
        self.go(Some(key));
    }

    /// All entries of the same request that are near, the oldest first.
    fn lines_of_request(&mut self, entry: &Entry) -> Vec<Arc<Entry>> {
        let Some(request) = entry.request else { return Vec::new() };
        let is_of_it = |other: &Entry| other.request == Some(request) && other.origin == entry.origin;
        let mut lines = Vec::new();
        let before = Key { number: entry.key.number.saturating_add(1), ..entry.key };
        for (way, is_back) in [(Way::Back(Some(before)), true), (Way::On(Some(entry.key)), false)] {
            let mut next = Some(way);
            for _ in 0..PAGES {
                let Some(way) = next else { break };
                let page = self.book.page(way, ENTRIES, |_| false);
                let mut others = page.entries.into_iter().filter(|other| other.origin == entry.origin);
                // What another request said ends it; so does its own beginning, on the way back.
                let ended = others.any(|other| {
                    let is_other = !is_of_it(&other);
                    let is_head = is_back && other.shape == Shape::Request;
                    if !is_other {
                        lines.push(other);
                    }
                    is_other || is_head
                });
                next = page.next.filter(|_| !ended && lines.len() < MOST_LINES);
            }
        }
        lines.sort_by_key(|line| line.key);
        lines
    }

    /// What can be followed from the chosen one: its request, and all that its own lines name.
    pub(super) fn ids(&mut self) {
        let Some(entry) = self.window.chosen() else { return };
        let sight = match entry.request {
            Some(request) => Sight::default().called("request", &uuid_text(request)),
            None => Sight::default(),
        };
        self.out.tell(News::Ids(sight.text(&entry.text).ids(), Arc::clone(&entry.origin.group)));
    }

    pub(super) fn copy(&mut self) {
        let Some(entry) = self.window.chosen() else { return };
        self.out.tell(News::Copy { text: entry.text.to_string(), said: "copied the line".to_owned() });
    }
}

fn body(entry: &Entry) -> Body {
    let value = match entry.shape {
        Shape::Json => serde_json::from_str(&entry.text).ok(),
        _ => None,
    };
    value.map_or_else(|| Body::Text(entry.text.as_ref().into()), Body::Json)
}

/// The line of an entry among others: clean, and no longer than any screen is wide.
pub(super) fn in_list(entry: &Entry) -> String {
    let headline = entry.headline();
    let end = headline.char_indices().nth(LONGEST_LINE).map_or(headline.len(), |(end, _)| end);
    let cut = headline.get(..end).unwrap_or_default();
    let mut line = text::clean(cut).into_owned();
    if end < headline.len() {
        line.push('…');
    }
    line
}
