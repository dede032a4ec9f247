//! The message under the cursor: how it stands, why it failed, what is in it.

use std::{ops::Range, sync::Arc};

use ratatui::{buffer::Buffer, layout::Rect};

use super::model::{Body, Log, Opened, Picture};
use crate::{
    domain::units::{Age, Bytes},
    panes::View,
    theme::Role,
    widgets::{
        json_view::{JsonDocument, Limits},
        text,
    },
};

type Parts = Vec<(Role, String)>;

/// Lines of one text that are laid out: no screen shows more of a hex dump than that.
const MOST_LINES: usize = 5_000;

/// Lines of a log that stand above the body: a longer one stands below, and here only what is around its failure.
const FEW: usize = 16;
/// Of these, the lines before the failure.
const BEFORE: usize = 4;

/// What is shown of it, laid out once for a width.
#[derive(Debug, Default)]
pub(super) struct Page {
    of: Option<Arc<Opened>>,
    log: Option<Arc<Log>>,
    /// Why it stayed when it was to be moved.
    refused: Option<Arc<str>>,
    /// What does not depend on the width.
    document: Option<JsonDocument>,
    laid: Vec<Parts>,
    width: u16,
    offset: usize,
    height: usize,
}

impl Page {
    /// Another message, or the same with more known of it.
    pub(super) fn show(&mut self, picture: &Picture) {
        let opened = picture.opened.as_ref();
        if (&self.log, &self.refused) != (&picture.log, &picture.refused) {
            (self.log, self.refused, self.width) = (picture.log.clone(), picture.refused.clone(), 0);
        }
        if self.of.as_ref() == opened {
            return;
        }
        let id = |opened: Option<&Arc<Opened>>| opened.map(|opened| opened.id.clone());
        if id(self.of.as_ref()) != id(opened) {
            self.offset = 0;
        }
        self.document = opened.and_then(|opened| match &opened.body {
            Body::Json(value) => Some(JsonDocument::new(value, Limits::default())),
            Body::Lines(_) => None,
        });
        self.of = opened.cloned();
        self.width = 0;
    }

    pub(super) fn scroll(&mut self, lines: isize) {
        let most = (self.laid.len() + 1).saturating_sub(self.height);
        self.offset = self.offset.saturating_add_signed(lines).min(most);
    }

    pub(super) fn draw(&mut self, opened: Option<&Opened>, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(opened) = opened.filter(|_| !area.is_empty()) else { return };
        if self.width != area.width {
            self.laid = self.lay(opened, area.width);
            self.width = area.width;
        }
        self.height = usize::from(area.height);
        self.scroll(0);
        // Ages go on: this line is written anew each time.
        let standing = vec![(Role::Dim, standing(opened, view))];
        let lines = std::iter::once(&standing).chain(&self.laid);
        for (y, parts) in (area.top()..area.bottom()).zip(lines.skip(self.offset)) {
            let mut rest = Rect { y, height: 1, ..area };
            for (role, piece) in parts {
                let used = text::put(buf, rest, piece, view.theme.style(*role), view.theme.glyphs.ellipsis);
                rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            }
        }
    }

    fn lay(&self, opened: &Opened, width: u16) -> Vec<Parts> {
        let mut lines = vec![id_line(opened)];
        if let Some(why) = &self.refused {
            section(&mut lines, "stayed", width, &[(Role::Warn, why)]);
        }
        if let [first, rest @ ..] = opened.why.as_slice() {
            section(&mut lines, "why", width, &[(Role::Title, first.as_str())]);
            for line in rest {
                put_wrapped(&mut lines, line, (Role::Text, width));
            }
        }
        lay_log(&mut lines, self.log.as_deref(), width);
        let mut lines = self.lay_body(lines, opened, width);
        if let Some(log) = self.log.as_deref().filter(|log| log.lines.len() > FEW) {
            section(&mut lines, "all of the log", width, &[(Role::Dim, &log.says)]);
            put_log(&mut lines, log, 0..log.lines.len(), width);
        }
        lines
    }

    fn lay_body(&self, mut lines: Vec<Parts>, opened: &Opened, width: u16) -> Vec<Parts> {
        let layers = opened.layers.join(" · ");
        let edited = if opened.edited { "edited " } else { "" };
        section(&mut lines, "body", width, &[(Role::Match, edited), (Role::Dim, &layers)]);
        match (&opened.body, &self.document) {
            (Body::Json(_), Some(document)) => lines.extend(document.wrapped(width).rows()),
            (Body::Json(_), None) => {}
            (Body::Lines(text), _) => {
                for line in text.iter().take(MOST_LINES) {
                    put_wrapped(&mut lines, line, (Role::Text, width));
                }
            }
        }
        if !opened.attributes.is_empty() {
            section(&mut lines, "attributes", width, &[]);
            let named = |(name, value): &(String, String)| {
                let name = text::clean(name).into_owned();
                vec![(Role::Text, name), (Role::Dim, " ".to_owned()), (Role::Text, text::clean(value).into_owned())]
            };
            lines.extend(opened.attributes.iter().map(named));
        }
        lines
    }
}

/// What the log says, or that it is being asked, or why it says nothing.
fn lay_log(lines: &mut Vec<Parts>, log: Option<&Log>, width: u16) {
    let Some(log) = log else { return section(lines, "log", width, &[(Role::Dim, "being read")]) };
    let [first, rest @ ..] = log.notes.as_slice() else { return lay_found(lines, log, width) };
    if log.lines.is_empty() {
        section(lines, "log", width, &[(Role::Dim, first)]);
        rest.iter().for_each(|note| put_wrapped(lines, note, (Role::Dim, width)));
    } else {
        lay_found(lines, log, width);
        log.notes.iter().for_each(|note| put_wrapped(lines, note, (Role::Dim, width)));
    }
}

fn lay_found(lines: &mut Vec<Parts>, log: &Log, width: u16) {
    section(lines, "log", width, &[(Role::Dim, &log.says)]);
    let all = log.lines.len();
    if all <= FEW {
        return put_log(lines, log, 0..all, width);
    }
    let from = log.failure.saturating_sub(BEFORE).min(all - FEW);
    put_log(lines, log, from..from + FEW, width);
    lines.push(vec![(Role::Dim, format!("{} more lines: all of it stands below", all - FEW))]);
}

fn put_log(lines: &mut Vec<Parts>, log: &Log, range: Range<usize>, width: u16) {
    for line in log.lines.get(range).unwrap_or_default() {
        put_wrapped(lines, &line.text, (if line.bad { Role::Crit } else { Role::Text }, width));
    }
}

/// `4 min old · 3 receives · expires in 13 d`.
fn standing(opened: &Opened, view: &View<'_>) -> String {
    let dot = format!(" {} ", view.theme.glyphs.dot);
    let age = opened.sent_at.map(|at| format!("{} old", Age::between(at, view.now)));
    let receives = opened.receives.map(|count| format!("{count} receive{}", if count == 1 { "" } else { "s" }));
    let expires = opened.expires_at.map(|at| match at > view.now {
        true => format!("expires in {}", Age::between(view.now, at)),
        false => "expires any moment".to_owned(),
    });
    let parts = [age, receives, expires, Some(Bytes(opened.bytes as f64).to_string())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(&dot)
}

fn id_line(opened: &Opened) -> Parts {
    let mut parts = vec![(Role::Dim, opened.id.clone())];
    if let Some(source) = &opened.source {
        parts.push((Role::Dim, format!("  from {source}")));
    }
    if let Some(group) = &opened.group {
        parts.push((Role::Dim, format!("  group {group}")));
    }
    parts
}

/// An empty line, then a name and what follows it, as long as that is.
fn section(lines: &mut Vec<Parts>, name: &str, width: u16, after: &[(Role, &str)]) {
    lines.push(Vec::new());
    let mut parts: Parts = vec![(Role::Dim, format!("{name}  "))];
    let mut rest = Vec::new();
    let room = usize::from(width).saturating_sub(text::width(name) + 2);
    for (role, piece) in after.iter().filter(|(_, piece)| !piece.is_empty()) {
        let piece = text::clean(piece);
        let mut pieces = text::wrap(&piece, room.max(1)).into_iter();
        parts.push((*role, pieces.next().unwrap_or_default().to_owned()));
        rest.extend(
            pieces.map(|piece| vec![(Role::Dim, " ".repeat(text::width(name) + 2)), (*role, piece.to_owned())]),
        );
    }
    lines.push(parts);
    lines.extend(rest);
}

fn put_wrapped(lines: &mut Vec<Parts>, line: &str, (role, width): (Role, u16)) {
    let clean = text::clean(line);
    let room = usize::from(width).max(1);
    lines.extend(text::wrap(&clean, room).into_iter().take(MOST_LINES).map(|piece| vec![(role, piece.to_owned())]));
}
