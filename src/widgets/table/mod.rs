//! A table that asks for the rows it shows, and for no others.
//!
//! ```text
//!    NAME              ≈VISIBLE↓ IN FLIGHT  LAST 2 MIN        column titles, the sorted one marked
//!  ✖ stats                    0          1  ▁▁▂▁▁▃▁▁▁▂  ┃
//!  ▲ Openings.fifo          412          0  ▁▂▂▃▃▄▄▅▅▅  ┃     chosen: the whole width is highlighted
//!  · mailing                  2          1  ▂▁▂▁▂▁▂▁▂▂  │     a scrollbar, only when rows overflow
//! ```
//!
//! The pane keeps [`ScrollState`] and the [`TableLayout`] the last drawing returned; the layout says what a click hit. Rows are
//! written by a closure through [`RowWriter`], straight into the buffer.
//!
//! Must not: own rows, sort or filter. Columns are placed in `layout`, cells written in `row`, scrolling is in `scroll`.

mod layout;
mod row;
mod scroll;

pub use layout::{Align, Column, Placed, TableLayout, Width};
pub use row::{Cell, RowWriter};
pub use scroll::ScrollState;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text;
use crate::theme::{Role, Theme};

/// The column rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Index into the columns.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// A table ready to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// The columns, left to right.
    pub columns: &'a [Column<'a>],
    /// How many rows there are, shown or not.
    pub rows: usize,
    /// The column to mark in the header.
    pub sort: Option<Sort>,
    /// What is said when there are no rows.
    pub empty: &'a str,
    /// Where styles and glyphs come from.
    pub theme: &'a Theme,
}

impl Table<'_> {
    /// Draws the table and returns where everything went.
    ///
    /// `write_row` is called once for each row that is visible, in order. `scroll` is clamped to the rows, and moved so that the
    /// selection shows.
    pub fn render<F>(&self, area: Rect, buf: &mut Buffer, scroll: &mut ScrollState, mut write_row: F) -> TableLayout
    where
        F: FnMut(usize, &mut RowWriter<'_>),
    {
        let area = area.intersection(buf.area);
        let body_height = usize::from(area.height.saturating_sub(1));
        scroll.settle(self.rows, body_height);
        let overflows = self.rows > body_height;
        let layout = TableLayout::new(self.columns, area, (scroll.offset, self.rows), overflows);
        if area.is_empty() {
            return layout;
        }
        self.header(buf, &layout);
        if self.rows == 0 {
            let line = Rect { y: area.y + 1, height: area.height.saturating_sub(1).min(1), ..area };
            text::put(buf, line, self.empty, self.theme.style(Role::Dim), self.theme.glyphs.ellipsis);
        }
        for (line, index) in layout.visible_rows() {
            write_row(index, &mut RowWriter::new(buf, &layout, line, self.theme));
            if index == scroll.selected {
                buf.set_style(Rect { y: line, height: 1, ..layout.body }, self.theme.style(Role::Selection));
            }
        }
        if overflows {
            self.scrollbar(buf, &layout);
        }
        layout
    }

    fn header(&self, buf: &mut Buffer, layout: &TableLayout) {
        let (style, glyphs) = (self.theme.style(Role::Header), self.theme.glyphs);
        for placed in &layout.columns {
            let Some(column) = self.columns.get(placed.column) else { continue };
            let mark = match self.sort {
                Some(sort) if sort.column == placed.column && sort.descending => glyphs.sort_descending,
                Some(sort) if sort.column == placed.column => glyphs.sort_ascending,
                _ => "",
            };
            let whole = Rect { x: placed.x, y: layout.area.y, width: placed.width, height: 1 };
            // The mark keeps its column even when the title is cut: it is the news, the title is known.
            let reserved = u16::from(!mark.is_empty()).min(whole.width);
            let for_title = Rect { width: whole.width - reserved, ..whole };
            let used = match column.align {
                Align::Left => text::put(buf, for_title, column.title, style, glyphs.ellipsis),
                Align::Right => {
                    text::put_right(buf, for_title, column.title, style, glyphs.ellipsis);
                    for_title.width
                }
            };
            let for_mark = Rect { x: whole.x + used, width: reserved, ..whole };
            text::put(buf, for_mark, mark, self.theme.style(Role::Accent), "");
        }
    }

    fn scrollbar(&self, buf: &mut Buffer, layout: &TableLayout) {
        let Some(thumb) = layout.thumb() else { return };
        let x = layout.area.right().saturating_sub(1);
        for y in layout.body.top()..layout.body.bottom() {
            let (symbol, role) = match thumb.contains(&y) {
                true => (self.theme.glyphs.scroll_thumb, Role::Dim),
                false => (self.theme.glyphs.scroll_track, Role::Border),
            };
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_symbol(symbol).set_style(self.theme.style(role));
            }
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
