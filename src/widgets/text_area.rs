//! Some lines of text with a cursor in them: for what does not fit one line, such as a message's body.
//!
//! It knows nothing of what the text means. Rows and columns are counted in characters; what is drawn is cleaned as everything is.

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use super::text;
use crate::theme::{Role, Theme};

/// More than this is no message: SQS and SNS take 256 KiB, and nobody types that.
const MOST_CHARACTERS: usize = 64 * 1024;

/// Where the cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Left,
    Right,
    Up,
    Down,
    LineStart,
    LineEnd,
}

/// The text and its cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextArea {
    /// Never empty.
    lines: Vec<String>,
    row: usize,
    column: usize,
    top: usize,
}

impl TextArea {
    /// A text with the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut area = Self { lines: vec![String::new()], row: 0, column: 0, top: 0 };
        area.insert(text);
        area
    }

    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Puts a text in at the cursor; what is over the limit is left out.
    pub fn insert(&mut self, text: &str) {
        let mut room = MOST_CHARACTERS.saturating_sub(self.lines.iter().map(|line| line.len() + 1).sum());
        for letter in text.chars() {
            let Some(left) = room.checked_sub(letter.len_utf8()) else { return };
            room = left;
            match letter {
                '\n' => self.break_line(),
                '\t' => {
                    self.put(' ');
                    self.put(' ');
                }
                letter if letter.is_control() => {}
                letter => self.put(letter),
            }
        }
    }

    fn put(&mut self, letter: char) {
        let at = self.at();
        if let Some(line) = self.lines.get_mut(self.row) {
            line.insert(at, letter);
            self.column += 1;
        }
    }

    fn break_line(&mut self) {
        let at = self.at();
        if let Some(line) = self.lines.get_mut(self.row) {
            let rest = line.split_off(at);
            self.lines.insert(self.row + 1, rest);
            (self.row, self.column) = (self.row + 1, 0);
        }
    }

    /// Takes the character before the cursor away, or joins the line to the one before.
    pub fn backspace(&mut self) {
        if self.column > 0 || self.row > 0 {
            self.go(Move::Left);
            self.delete();
        }
    }

    /// Takes the character under the cursor away, or joins the next line to this one.
    pub fn delete(&mut self) {
        let at = self.at();
        if at < self.line().len() {
            if let Some(line) = self.lines.get_mut(self.row) {
                line.remove(at);
            }
        } else if self.row + 1 < self.lines.len() {
            let next = self.lines.remove(self.row + 1);
            if let Some(line) = self.lines.get_mut(self.row) {
                line.push_str(&next);
            }
        }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        *self = Self::new("");
    }

    pub fn go(&mut self, to: Move) {
        match to {
            Move::Left if self.column > 0 => self.column -= 1,
            Move::Left if self.row > 0 => (self.row, self.column) = (self.row - 1, usize::MAX),
            Move::Right if self.column < self.line().chars().count() => self.column += 1,
            Move::Right if self.row + 1 < self.lines.len() => (self.row, self.column) = (self.row + 1, 0),
            Move::Up => self.row = self.row.saturating_sub(1),
            Move::Down => self.row = (self.row + 1).min(self.lines.len() - 1),
            Move::LineStart => self.column = 0,
            Move::LineEnd => self.column = usize::MAX,
            Move::Left | Move::Right => {}
        }
        self.column = self.column.min(self.line().chars().count());
    }

    fn line(&self) -> &str {
        self.lines.get(self.row).map_or("", String::as_str)
    }

    /// The byte that the cursor stands before.
    fn at(&self) -> usize {
        self.line().char_indices().nth(self.column).map_or(self.line().len(), |(at, _)| at)
    }

    /// Draws the lines around the cursor; the cursor only where the typing goes.
    pub fn draw(&mut self, area: Rect, buf: &mut Buffer, focused: bool, theme: &Theme) {
        let (height, width) = (usize::from(area.height), usize::from(area.width));
        if height == 0 || width == 0 {
            return;
        }
        self.top = self.top.clamp((self.row + 1).saturating_sub(height), self.row);
        let before: String = self.line().chars().take(self.column).collect();
        // The same shift for all lines, so that their indentation stays true.
        let shift = (text::width(&text::clean(&before)) + 1).saturating_sub(width);
        for (y, line) in (area.y..area.bottom()).zip(self.lines.iter().skip(self.top)) {
            let shown = text::clean(line);
            let hidden = text::head(&shown, shift).len();
            let place = Rect { y, height: 1, ..area };
            text::put(
                buf,
                place,
                shown.get(hidden..).unwrap_or_default(),
                theme.style(Role::Text),
                theme.glyphs.ellipsis,
            );
        }
        if focused {
            let x = area.x + u16::try_from(text::width(&text::clean(&before)).saturating_sub(shift)).unwrap_or(0);
            let y = area.y + u16::try_from(self.row - self.top).unwrap_or(0);
            let cell = Rect { x, y, width: 1, height: 1 }.intersection(area);
            buf.set_style(cell, theme.style(Role::Accent).add_modifier(Modifier::REVERSED));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(text: &str, moves: &[Move]) -> TextArea {
        let mut area = TextArea::new(text);
        moves.iter().for_each(|to| area.go(*to));
        area
    }

    #[test]
    fn lines_break_and_join() {
        let mut area = typed("{\"a\":1}", &[Move::LineStart, Move::Right]);
        area.insert("\n");
        assert_eq!(area.text(), "{\n\"a\":1}");
        area.backspace();
        assert_eq!(area.text(), "{\"a\":1}");
        area.insert("\r\n\t");
        assert_eq!(area.text(), "{\n  \"a\":1}");
        area.go(Move::Up);
        area.go(Move::LineEnd);
        area.delete();
        assert_eq!(area.text(), "{  \"a\":1}");
        area.clear();
        area.backspace();
        area.delete();
        assert_eq!(area.text(), "");
    }

    #[test]
    fn the_cursor_keeps_within_the_text() {
        let mut area = typed("long line\nü", &[Move::Up, Move::LineEnd, Move::Down]);
        area.insert("x");
        assert_eq!(area.text(), "long line\nüx");
        let mut area = typed("a\nb", &[Move::LineStart, Move::Left, Move::Left, Move::Left]);
        area.insert("x");
        assert_eq!(area.text(), "xa\nb");
    }

    #[test]
    fn what_is_too_long_is_left_out() {
        assert!(TextArea::new(&"ü".repeat(100_000)).text().len() <= MOST_CHARACTERS);
    }

    proptest! {
        #[test]
        fn no_typing_panics(text in ".{0,20}(\n.{0,20}){0,3}", moves in prop::collection::vec(0..9_u8, 0..40), width in 0..9_u16, height in 0..4_u16) {
            let mut area = TextArea::new(&text);
            let mut buf = Buffer::empty(Rect::new(0, 0, 8, 3));
            for one in moves {
                match one {
                    0 => area.go(Move::Left),
                    1 => area.go(Move::Right),
                    2 => area.go(Move::Up),
                    3 => area.go(Move::Down),
                    4 => area.go(Move::LineStart),
                    5 => area.go(Move::LineEnd),
                    6 => area.backspace(),
                    7 => area.delete(),
                    _ => area.insert("é\n"),
                }
                area.draw(Rect::new(0, 0, width.min(8), height.min(3)), &mut buf, true, &Theme::default());
            }
        }

        #[test]
        fn what_goes_in_comes_out(text in "[a-z{}\": ü]{0,30}(\n[a-z{}\": ü]{0,30}){0,4}") {
            prop_assert_eq!(TextArea::new(&text).text(), text);
        }
    }
}
