//! What is said when the terminal is too small to tell the truth in. Fits into 20×5.
//!
//! ```text
//!   a bit more room?
//!      have 60×20
//!      need 80×24
//!       q quits
//! ```

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::panel::centered;
use super::text;
use crate::theme::{Role, Theme};

/// Fewest columns the screens are made for.
pub const MIN_WIDTH: u16 = 80;
/// Fewest lines the screens are made for.
pub const MIN_HEIGHT: u16 = 24;

/// Whether the screens have enough room.
pub const fn fits(area: Rect) -> bool {
    area.width >= MIN_WIDTH && area.height >= MIN_HEIGHT
}

/// The message.
#[derive(Debug, Clone, Copy)]
pub struct TooSmall<'a> {
    /// Where styles and glyphs come from.
    pub theme: &'a Theme,
}

impl Widget for TooSmall<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let times = self.theme.glyphs.times;
        let (mut have, mut need) = (String::new(), String::new());
        // Writing into a string does not fail.
        let _ = write!(have, "have {}{times}{}", area.width, area.height);
        let _ = write!(need, "need {MIN_WIDTH}{times}{MIN_HEIGHT}");
        let said = [
            (Role::Title, "a bit more room?"),
            (Role::Warn, have.as_str()),
            (Role::Text, need.as_str()),
            (Role::Dim, "q quits"),
        ];
        // With fewer than four lines the sizes come first: they say what to do.
        let said = match area.height {
            0..=2 => said.get(1..3),
            3 => said.get(0..3),
            _ => said.get(..),
        };
        let said = said.unwrap_or_default();
        let block = centered(area, area.width, said.len() as u16);
        for (y, (role, line)) in (block.top()..block.bottom()).zip(said) {
            let place = centered(Rect { y, height: 1, ..block }, text::width(line) as u16, 1);
            text::put(buf, place, line, self.theme.style(*role), self.theme.glyphs.ellipsis);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ASCII;
    use crate::widgets::testing::{blank, lines, style_at};

    #[test]
    fn it_says_what_there_is_and_what_it_takes() {
        let theme = Theme::default();
        let mut buf = blank(20, 5);
        TooSmall { theme: &theme }.render(buf.area, &mut buf);
        assert_eq!(lines(&buf), ["  a bit more room?", "     have 20×5", "     need 80×24", "      q quits", ""]);
        assert_eq!(style_at(&buf, 5, 1).fg, theme.style(Role::Warn).fg);
    }

    #[test]
    fn it_fits_anywhere() {
        let theme = Theme::default().with_glyphs(&ASCII);
        for width in 0..30 {
            for height in 0..7 {
                let mut buf = blank(width, height);
                TooSmall { theme: &theme }.render(buf.area, &mut buf);
                assert!(lines(&buf).concat().is_ascii());
                let sizes = width >= 11 && height >= 2;
                assert!(!sizes || lines(&buf).concat().contains("need 80x24"), "{width}x{height}: {:?}", lines(&buf));
            }
        }
    }

    #[test]
    fn the_least_size_is_enough() {
        assert!(fits(Rect::new(0, 0, 80, 24)));
        assert!(!fits(Rect::new(0, 0, 79, 24)) && !fits(Rect::new(0, 0, 80, 23)));
    }
}
