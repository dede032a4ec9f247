//! A short list of which one is taken: by its number, or with the cursor and enter.

use crossterm::event::KeyCode;
use ratatui::{buffer::Buffer, layout::Rect};

use super::Press;
use crate::{commands::Command, panes::View, theme::Role, widgets::text};

/// Those that have a number.
const NUMBERED: usize = 9;

/// The list.
#[derive(Debug)]
pub(super) struct Choices {
    lines: Vec<String>,
    at: usize,
    /// Where it was drawn last, and the first line of it.
    area: Rect,
    first: usize,
}

impl Choices {
    pub(super) fn new(lines: Vec<String>) -> Self {
        Self { lines, at: 0, area: Rect::default(), first: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The place of the one that is taken, if this key takes one.
    pub(super) fn key(&mut self, press: Press) -> Option<usize> {
        let last = self.lines.len().saturating_sub(1);
        match (press.event.code, press.command) {
            (KeyCode::Enter, _) => return Some(self.at).filter(|at| *at < self.lines.len()),
            (KeyCode::Char(digit @ '1'..='9'), _) => {
                let place = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(1) - 1;
                return Some(place).filter(|place| *place < self.lines.len());
            }
            (_, Some(Command::Up)) => self.at = self.at.saturating_sub(1),
            (_, Some(Command::Down)) => self.at = (self.at + 1).min(last),
            (_, Some(Command::Top)) => self.at = 0,
            (_, Some(Command::Bottom)) => self.at = last,
            _ => {}
        }
        None
    }

    /// The place of the one that was clicked at.
    pub(super) fn at(&self, at: ratatui::layout::Position) -> Option<usize> {
        let place = self.area.contains(at).then(|| self.first + usize::from(at.y - self.area.y))?;
        Some(place).filter(|place| *place < self.lines.len())
    }

    pub(super) fn draw(&mut self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let theme = view.theme;
        self.area = area;
        self.first = (self.at + 1).saturating_sub(usize::from(area.height).max(1));
        for (y, (place, line)) in (area.y..area.bottom()).zip(self.lines.iter().enumerate().skip(self.first)) {
            let row = Rect { y, height: 1, ..area };
            let number = if place < NUMBERED { format!(" {} ", place + 1) } else { "   ".to_owned() };
            let used = text::put(buf, row, &number, theme.style(Role::Key), "");
            let rest = Rect { x: row.x + used, width: row.width - used, ..row };
            text::put(buf, rest, &text::clean(line), theme.style(Role::Text), theme.glyphs.ellipsis);
            if place == self.at {
                buf.set_style(row, theme.style(Role::Selection));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;
    use rstest::rstest;

    fn press(code: KeyCode) -> Press {
        let command = match code {
            KeyCode::Up => Some(Command::Up),
            KeyCode::Down => Some(Command::Down),
            _ => None,
        };
        Press { event: KeyEvent::from(code), command }
    }

    #[rstest]
    #[case(&[KeyCode::Enter], Some(0))]
    #[case(&[KeyCode::Down, KeyCode::Down, KeyCode::Down, KeyCode::Enter], Some(2))]
    #[case(&[KeyCode::Down, KeyCode::Up, KeyCode::Enter], Some(0))]
    #[case(&[KeyCode::Char('3')], Some(2))]
    #[case(&[KeyCode::Char('4')], None)]
    #[case(&[KeyCode::Char('0')], None)]
    fn one_is_taken_by_number_or_cursor(#[case] keys: &[KeyCode], #[case] expected: Option<usize>) {
        let mut choices = Choices::new(vec!["a".into(), "b".into(), "c".into()]);
        let taken = keys.iter().filter_map(|code| choices.key(press(*code))).next();
        assert_eq!(taken, expected);
    }

    #[test]
    fn of_nothing_nothing_is_taken() {
        assert_eq!(Choices::new(Vec::new()).key(press(KeyCode::Enter)), None);
    }
}
