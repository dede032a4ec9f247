//! The row under the cursor, laid out once for a width.

use std::sync::Arc;

use ratatui::{buffer::Buffer, layout::Rect};

use super::Opened;
use crate::{panes::View, theme::Role, widgets::text};

/// Lines that are laid out, and characters of one: `p` shows all of it.
const MOST_LINES: usize = 5_000;
const MOST_CHARACTERS: usize = 4_000;

type Parts = Vec<(Role, String)>;

#[derive(Debug, Default)]
pub(super) struct Page {
    of: Option<Arc<Opened>>,
    laid: Vec<Parts>,
    width: u16,
    offset: usize,
    height: usize,
}

impl Page {
    pub(super) fn show(&mut self, opened: Option<&Arc<Opened>>) {
        if self.of.as_ref() == opened {
            return;
        }
        let number = |opened: Option<&Arc<Opened>>| opened.map(|opened| opened.number);
        if number(self.of.as_ref()) != number(opened) {
            self.offset = 0;
        }
        (self.of, self.width) = (opened.cloned(), 0);
    }

    pub(super) fn scroll(&mut self, lines: isize) {
        let most = self.laid.len().saturating_sub(self.height);
        self.offset = self.offset.saturating_add_signed(lines).min(most);
    }

    pub(super) fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let Some(opened) = self.of.as_ref().filter(|_| !area.is_empty()) else { return };
        if self.width != area.width {
            (self.laid, self.width) = (lay(opened, usize::from(area.width)), area.width);
        }
        self.height = usize::from(area.height);
        self.scroll(0);
        for (y, parts) in (area.top()..area.bottom()).zip(self.laid.iter().skip(self.offset)) {
            let mut rest = Rect { y, height: 1, ..area };
            for (role, piece) in parts {
                let used = text::put(buf, rest, piece, view.theme.style(*role), view.theme.glyphs.ellipsis);
                rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            }
        }
    }
}

fn lay(opened: &Opened, width: usize) -> Vec<Parts> {
    let mut laid = Vec::new();
    for note in &opened.notes {
        let clean = text::clean(note);
        laid.extend(text::wrap(&clean, width.max(1)).into_iter().map(|piece| vec![(Role::Dim, piece.to_owned())]));
    }
    for line in &opened.lines {
        if laid.len() >= MOST_LINES {
            laid.push(vec![(Role::Dim, "more lines than are shown here: p shows all".to_owned())]);
            break;
        }
        put(&mut laid, line, width);
    }
    laid
}

/// A line of JSON as it is, its name quieter than its value; what is too long goes on below, indented as it is.
fn put(laid: &mut Vec<Parts>, line: &str, width: usize) {
    let cut = line.char_indices().nth(MOST_CHARACTERS).map(|(end, _)| end);
    let clean = text::clean(cut.and_then(|end| line.get(..end)).unwrap_or(line)).into_owned();
    let body = clean.trim_start_matches(' ');
    let indent = (clean.len() - body.len()).min(width / 2);
    let before = " ".repeat(indent);
    // The mark behind a name stands outside of strings, and a name has no quote that is not escaped.
    let name = body.starts_with('"').then(|| body.find("\": ")).flatten().map_or(0, |at| at + 3);
    let room = width.saturating_sub(indent).max(2);
    if text::width(body) <= room {
        let (name, value) = body.split_at(name);
        laid.push(vec![(Role::Text, before.clone()), (Role::Dim, name.to_owned()), (Role::Text, value.to_owned())]);
    } else {
        let mut rest = body;
        while !rest.is_empty() && laid.len() < MOST_LINES {
            let mut piece = text::head(rest, room);
            if piece.is_empty() {
                piece = rest;
            }
            laid.push(vec![(Role::Text, before.clone()), (Role::Text, piece.to_owned())]);
            rest = rest.get(piece.len()..).unwrap_or_default();
        }
    }
    if let Some(end) = cut {
        let more = line.len() - end;
        laid.push(vec![(Role::Text, before), (Role::Dim, format!("{more} more bytes of it: p shows all"))]);
    }
}
