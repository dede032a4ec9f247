//! Writing one row: cells go straight into the buffer, in the order of the columns.
//!
//! A cell of a column that is not shown costs nothing but the call. Numbers are formatted into one reused string, so a
//! row of numbers allocates nothing.

use std::borrow::Cow;
use std::fmt::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::layout::{Align, Placed, TableLayout};
use crate::theme::{Role, Theme};
use crate::widgets::sparkline::{Pen, Scale};
use crate::widgets::text;

/// What one cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// One text in one role.
    Text(Role, Cow<'a, str>),
    /// Texts in several roles, one after another. Always left-aligned.
    Spans(&'a [(Role, Cow<'a, str>)]),
    /// Nothing.
    Empty,
}

impl<'a> Cell<'a> {
    /// One text in one role.
    pub fn new(role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(role, text.into())
    }
}

/// Takes the cells of one row, left to right, one call for each declared column.
pub struct RowWriter<'a> {
    buf: &'a mut Buffer,
    layout: &'a TableLayout,
    line: u16,
    theme: &'a Theme,
    /// The declared column the next cell is for.
    column: usize,
    /// How many of the placed columns lie behind.
    placed: usize,
    scratch: Scratch,
}

impl<'a> RowWriter<'a> {
    pub(super) fn new(buf: &'a mut Buffer, layout: &'a TableLayout, line: u16, theme: &'a Theme) -> Self {
        Self { buf, layout, line, theme, column: 0, placed: 0, scratch: Scratch::default() }
    }

    /// The theme the table is drawn with.
    pub fn theme(&self) -> &'a Theme {
        self.theme
    }

    /// The next cell.
    pub fn cell(&mut self, cell: &Cell<'_>) -> &mut Self {
        match cell {
            Cell::Text(role, text) => self.text(*role, text),
            Cell::Spans(spans) => self.spans(spans),
            Cell::Empty => self.skip(),
        }
    }

    /// The next cell holds a text.
    pub fn text(&mut self, role: Role, text: &str) -> &mut Self {
        if let Some((area, align)) = self.next() {
            write(self.buf, (area, align), text, (self.theme.style(role), self.theme));
        }
        self
    }

    /// The next cell holds a text whose beginning and end both matter, such as an ARN.
    pub fn name(&mut self, role: Role, text: &str) -> &mut Self {
        if let Some((area, align)) = self.next() {
            let safe = text::clean(text);
            let fitted = text::fit_middle_with(&safe, usize::from(area.width), self.theme.glyphs.ellipsis);
            write(self.buf, (area, align), &fitted, (self.theme.style(role), self.theme));
        }
        self
    }

    /// The next cell holds something formatted: `row.value(Role::Text, format_args!("{count}"))`.
    pub fn value(&mut self, role: Role, value: fmt::Arguments<'_>) -> &mut Self {
        if let Some((area, align)) = self.next() {
            self.scratch.clear();
            // Fails only if a Display of the caller's does; then what it wrote so far is shown.
            let _ = self.scratch.write_fmt(value);
            write(self.buf, (area, align), self.scratch.as_str(), (self.theme.style(role), self.theme));
        }
        self
    }

    /// The next cell holds texts in several roles.
    pub fn spans(&mut self, spans: &[(Role, Cow<'_, str>)]) -> &mut Self {
        if let Some((mut area, _)) = self.next() {
            for (role, text) in spans {
                let used = text::put(self.buf, area, text, self.theme.style(*role), self.theme.glyphs.ellipsis);
                area = Rect { x: area.x + used, width: area.width - used, ..area };
            }
        }
        self
    }

    /// The next cell holds a sparkline, oldest sample first.
    pub fn spark<I>(&mut self, role: Role, scale: Scale, samples: I) -> &mut Self
    where
        I: DoubleEndedIterator<Item = Option<f64>> + Clone,
    {
        if let Some((area, _)) = self.next() {
            Pen { scale, role, theme: self.theme }.draw(area, self.buf, samples);
        }
        self
    }

    /// The next cell is drawn by `draw`, which must stay inside the area it is given.
    pub fn draw(&mut self, draw: impl FnOnce(Rect, &mut Buffer)) -> &mut Self {
        if let Some((area, _)) = self.next() {
            draw(area, self.buf);
        }
        self
    }

    /// The next cell stays empty.
    pub fn skip(&mut self) -> &mut Self {
        self.next();
        self
    }

    /// Where the next cell goes, unless its column is not shown.
    fn next(&mut self) -> Option<(Rect, Align)> {
        let column = self.column;
        self.column += 1;
        let Placed { x, width, align, .. } = *self.layout.columns.get(self.placed).filter(|it| it.column == column)?;
        self.placed += 1;
        Some((Rect { x, y: self.line, width, height: 1 }, align))
    }
}

fn write(buf: &mut Buffer, (area, align): (Rect, Align), content: &str, (style, theme): (Style, &Theme)) {
    match align {
        Align::Left => text::put(buf, area, content, style, theme.glyphs.ellipsis),
        Align::Right => text::put_right(buf, area, content, style, theme.glyphs.ellipsis),
    };
}

/// A short string on the stack: a formatted number is written here and shown from here, without an allocation.
#[derive(Debug)]
struct Scratch {
    bytes: [u8; Self::CAPACITY],
    used: usize,
}

impl Scratch {
    /// More than any cell shows; what goes beyond is cut.
    const CAPACITY: usize = 128;

    fn clear(&mut self) {
        self.used = 0;
    }

    fn as_str(&self) -> &str {
        // Only whole characters are copied in, so this is always text.
        self.bytes.get(..self.used).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self { bytes: [0; Self::CAPACITY], used: 0 }
    }
}

impl Write for Scratch {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = text.floor_char_boundary(Self::CAPACITY - self.used);
        let end = self.used + kept;
        if let (Some(to), Some(from)) = (self.bytes.get_mut(self.used..end), text.as_bytes().get(..kept)) {
            to.copy_from_slice(from);
            self.used = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scratch_keeps_whole_characters() {
        let mut scratch = Scratch::default();
        for _ in 0..50 {
            write!(scratch, "≈{}", 42).unwrap();
        }
        assert!(scratch.as_str().starts_with("≈42≈42"));
        assert!(scratch.as_str().len() <= Scratch::CAPACITY);
        scratch.clear();
        assert_eq!(scratch.as_str(), "");
    }
}
