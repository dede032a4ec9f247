//! Everything of one entry: when, where and in which request it was said, what it says, and all lines of its request.

use std::sync::Arc;

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};

use super::{
    lines::clock,
    model::{Body, Opened, Sheet},
};
use crate::{
    domain::{Level, units::Count},
    panes::View,
    theme::Role,
    widgets::{
        json_view::{JsonDocument, Limits},
        panel::Separator,
        text,
    },
};

type Parts = Vec<(Role, String)>;

/// Enough for the largest event there is: each of its million characters can be read.
const LIMITS: Limits = Limits { depth: 64, lines: 100_000, characters: 2 << 20 };

/// What is shown of it, laid out once for a width.
#[derive(Debug, Default)]
pub(super) struct Page {
    of: Option<Arc<Opened>>,
    document: Option<JsonDocument>,
    laid: Vec<Parts>,
    width: u16,
    offset: usize,
    height: usize,
}

impl Page {
    pub(super) fn show(&mut self, sheet: &Sheet) {
        let Sheet::Entry(opened) = sheet else {
            *self = Self::default();
            return;
        };
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, opened)) {
            return;
        }
        let document = match &opened.body {
            Body::Json(value) => Some(JsonDocument::new(value, LIMITS)),
            Body::Text(_) => None,
        };
        *self = Self { of: Some(Arc::clone(opened)), document, ..Self::default() };
    }

    pub(super) fn scroll(&mut self, lines: isize) {
        let most = self.laid.len().saturating_sub(self.height);
        self.offset = self.offset.saturating_add_signed(lines).min(most);
    }

    pub(super) fn page(&mut self, pages: isize) {
        let height = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        self.scroll(pages * height);
    }

    pub(super) fn draw(&mut self, opened: &Opened, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let place = Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(1),
        };
        if self.width != place.width {
            self.laid = self.lay(opened, place.width, view);
            self.width = place.width;
        }
        self.height = usize::from(place.height);
        self.scroll(0);
        let title = format!("{} in {}", clock(opened.key.at_ms, view), text::clean(&opened.group));
        let right = if self.laid.len() > self.height {
            format!("line {} of {} ", Count((self.offset + 1) as f64), Count(self.laid.len() as f64))
        } else {
            String::new()
        };
        Separator { title: &title, right: &right, focused: true, theme: view.theme }
            .render(Rect { height: 1, ..area }, buf);
        for (y, parts) in (place.top()..place.bottom()).zip(self.laid.iter().skip(self.offset)) {
            let mut rest = Rect { y, height: 1, ..place };
            for (role, piece) in parts {
                let used = text::put(buf, rest, piece, view.theme.style(*role), view.theme.glyphs.ellipsis);
                rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            }
        }
    }

    fn lay(&self, opened: &Opened, width: u16, view: &View<'_>) -> Vec<Parts> {
        let room = usize::from(width).max(1);
        let mut lines = Vec::new();
        let events = if opened.events > 1 { format!("{} events", opened.events) } else { String::new() };
        for (name, value) in [
            ("stream", opened.stream.to_string()),
            ("request", opened.request.clone().unwrap_or_default()),
            ("took", opened.report.clone().unwrap_or_default()),
            ("came in", events),
        ] {
            if !value.is_empty() {
                lines.push(vec![(Role::Dim, format!("{name:<9}")), (Role::Text, text::clean(&value).into_owned())]);
            }
        }
        lines.push(Vec::new());
        match (&opened.body, &self.document) {
            (_, Some(document)) => lines.extend(document.wrapped(width).rows()),
            (Body::Text(said), None) => {
                for (number, line) in said.lines().enumerate() {
                    let role = if number == 0 && opened.level == Level::Error { Role::Title } else { Role::Text };
                    put_wrapped(&mut lines, line, role, room);
                }
            }
            (Body::Json(_), None) => {}
        }
        if !opened.lines.is_empty() {
            lines.push(Vec::new());
            lines.push(vec![(Role::Dim, format!("all {} of its request", opened.lines.len()))]);
        }
        for line in &opened.lines {
            let glyphs = view.theme.glyphs;
            let (sign, role) = match line.level {
                Level::Error => (glyphs.crit, Role::Crit),
                Level::Warn => (glyphs.warn, Role::Warn),
                Level::Info => (glyphs.quiet, Role::Dim),
            };
            let at = (Role::Dim, format!("{} ", clock(line.at_ms, view)));
            let said = if line.is_it { Role::Title } else { Role::Text };
            lines.push(vec![at, (role, format!("{sign} ")), (said, line.text.clone())]);
        }
        lines
    }
}

fn put_wrapped(lines: &mut Vec<Parts>, line: &str, role: Role, room: usize) {
    let clean = text::clean(line);
    lines.extend(text::wrap(&clean, room).into_iter().map(|piece| vec![(role, piece.to_owned())]));
}
